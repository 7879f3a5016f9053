"""A page with one live map, for the browser tests: small layers, names that look like code."""

import json
import os
from dataclasses import replace
from datetime import date

import geopandas as gpd
import shapely
import streamlit as st

from layers import (
    MapLayer,
    building_layer,
    grid_layer,
    joint_bounds,
    route_layer,
    service_area_layer,
    station_layer,
)
from views.live_map import MapEvents, live_map

CRS = "EPSG:4548"
EAST, NORTH = 500_000.0, 3_570_000.0  # on the central meridian, 117 E
NAMES = json.loads(os.environ["HARNESS_NAMES"])  # grid, station, title: the test chooses them
SIDE = 300.0
FIGURES = ("members_share", "median_s", "members")


def at(x: float, y: float) -> shapely.Point:
    return shapely.Point(EAST + x, NORTH + y)


@st.cache_resource
def make_layers(figure: str) -> list[MapLayer]:
    """Return grids in a row of three, a station in the first, buildings, rings and a route."""
    boxes = [
        shapely.box(EAST + SIDE * i, NORTH, EAST + SIDE * (i + 1), NORTH + SIDE) for i in range(3)
    ]
    grids = gpd.GeoDataFrame(
        {
            "name": ["甲网格", NAMES["grid"], "丙网格"],
            "community": ["龙蟠社区", "龙蟠社区", ""],
            "members": [12.0, 3.0, 0.0],
            "members_share": [1.0, 0.25, float("nan")],
            "median_s": [240.0, 930.0, float("inf")],
        },
        geometry=boxes,
        crs=CRS,
        index=[11, 12, 13],
    )
    stations = gpd.GeoDataFrame(
        {
            "name": [NAMES["station"]],
            "state": ["open"],
            "services": [("借阅", "议事")],
            "opens_on": [date(2026, 1, 1)],
        },
        geometry=[at(150, 220)],
        crs=CRS,
        index=[1],
    )
    points = gpd.GeoDataFrame(
        {"name": [f"{i}号楼" for i in range(40)], "seconds": [30.0 * i for i in range(40)]},
        geometry=[at(20 + 21 * i, 40 + 9 * (i % 4)) for i in range(40)],
        crs=CRS,
        index=[f"building:{i}" for i in range(40)],
    )
    rings = gpd.GeoDataFrame(
        {"minutes": [5.0, 10.0, 15.0]},
        geometry=[
            at(150, 220).buffer(r, quad_segs=600) for r in (60, 90, 120)
        ],  # long enough to weigh
        crs=CRS,
    )
    route = gpd.GeoDataFrame(
        {"seconds": [300.0], "metres": [333.0]},
        geometry=[shapely.LineString([at(620, 60), at(620, 250), at(150, 220)])],
        crs=CRS,
    )
    return [
        grid_layer(grids, figure, "zh"),
        service_area_layer(rings, "zh"),
        replace(building_layer(points, 900.0, "zh"), is_shown=False, min_zoom=0),
        replace(route_layer(route, "zh"), title=NAMES["title"]),
        station_layer(stations, "zh"),
    ]


def note(events: MapEvents) -> None:
    st.session_state.chosen = events.clicked
    st.session_state.place = events.place


st.set_page_config(layout="wide")
figure = st.radio("figure", FIGURES, horizontal=True)
fit_first = st.checkbox("fit the first grid")
if st.checkbox("show the map", value=True):
    layers = make_layers(figure)
    west, south, east, north = joint_bounds(layers) or (0.0, 0.0, 1.0, 1.0)
    live_map(
        layers,
        key="harness.map",
        lang="zh",
        height=460,
        selected=st.session_state.get("chosen"),
        fit=(west, south, (2 * west + east) / 3, north) if fit_first else None,
        attribution="测试数据 <i>",
        wants_place=True,
        on_event=note,
    )
st.session_state.runs = st.session_state.get("runs", 0) + 1
st.text(f"runs={st.session_state.runs} chosen={st.session_state.get('chosen')}")
place = st.session_state.get("place")
st.text(f"place={place and tuple(round(x, 3) for x in place)}")
