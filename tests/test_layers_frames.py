"""From frames to layers: what is coloured how, what tooltips say, what an empty frame gives."""
# ruff: noqa: PD011 - `values` are those of a layer, not of a frame

import math
from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.network import EdgeKind, WalkNetwork
from layers import (
    MapLayer,
    building_layer,
    candidate_layer,
    density_layer,
    grid_layer,
    route_layer,
    service_area_layer,
    station_layer,
)
from layers.base import street_lines
from layers.palette import BLUES, BRAND_RED, DARK, PURPLES, TEAL, UNKNOWN, VIOLETS

CRS = "EPSG:4548"
PLACE = shapely.Point(500_000, 3_570_000)


def grids(shares: list[float], members: list[float] | None = None) -> gpd.GeoDataFrame:
    n = len(shares)
    columns = {
        "name": [f"第{i}网格" for i in range(n)],
        "community": "甲社区",
        "members": members or [1.0] * n,
        "members_share": shares,
    }
    boxes = [PLACE.buffer(100).envelope for _ in range(n)]
    return gpd.GeoDataFrame(columns, geometry=boxes, crs=CRS, index=range(11, 11 + n))


def points(seconds: list[float], reason: str = "") -> gpd.GeoDataFrame:
    n = len(seconds)
    columns = {"name": "3栋", "seconds": seconds, "reason": reason, "households": math.nan}
    columns["station_id"] = pd.array([7] * n, dtype="Int64")
    index = [f"building:{i}" for i in range(n)]
    return gpd.GeoDataFrame(columns, geometry=[PLACE] * n, crs=CRS, index=index)


def stations(*, is_open: list[bool], state: str = "open") -> gpd.GeoDataFrame:
    n = len(is_open)
    columns = {
        "name": [f"驿站{i}" for i in range(n)],
        "state": state,
        "is_open": is_open,
        "services": [("助餐", "阅读")] * n,
        "hours": None,
    }
    return gpd.GeoDataFrame(columns, geometry=[PLACE] * n, crs=CRS)


def rings(minutes: list[float]) -> gpd.GeoDataFrame:
    shapes = [PLACE.buffer(60 * level) for level in minutes]
    return gpd.GeoDataFrame({"minutes": minutes}, geometry=shapes, crs=CRS)


def candidates(n: int) -> gpd.GeoDataFrame:
    columns = {"name": ["老礼堂"] * n, "address": "", "cost": 120_000.0, "area_m2": math.nan}
    return gpd.GeoDataFrame(columns, geometry=[PLACE] * n, crs=CRS)


def routes(n: int) -> gpd.GeoDataFrame:
    line = shapely.LineString([(500_000, 3_570_000), (500_100, 3_570_000)])
    return gpd.GeoDataFrame({"seconds": [90.0] * n, "metres": 100.0}, geometry=[line] * n, crs=CRS)


MAKERS: dict[str, Callable[[int], MapLayer]] = {
    "grids": lambda n: grid_layer(grids([0.5] * n), "members_share", "zh"),
    "density": lambda n: density_layer(grids([0.5] * n), "zh"),
    "buildings": lambda n: building_layer(points([60.0] * n), 900, "zh"),
    "stations": lambda n: station_layer(stations(is_open=[True] * n), "zh"),
    "candidates": lambda n: candidate_layer(candidates(n), "zh"),
    "service_areas": lambda n: service_area_layer(rings([5.0, 10.0, 15.0][:n]), "zh"),
    "route": lambda n: route_layer(routes(n), "zh"),
}


@pytest.mark.parametrize("id_", MAKERS)
def test_an_empty_frame_is_an_empty_layer_of_the_same_id(id_: str):
    layer = MAKERS[id_](0)
    assert layer.id == id_
    assert layer.geometry["features"] == []
    assert (len(layer.values), len(layer.colours), layer.bounds) == (0, 0, None)


@pytest.mark.parametrize("id_", MAKERS)
def test_values_and_colours_are_those_of_the_features(id_: str):
    layer = MAKERS[id_](3)
    drawn = [feature["id"] for feature in layer.geometry["features"]]
    assert len(drawn) == 3
    assert list(layer.values) == drawn
    assert set(layer.colours) <= set(drawn)
    told = {key for row in layer.values.values() for key in row}
    assert {field.key for field in layer.tooltip} & told


@pytest.mark.parametrize("id_", MAKERS)
def test_the_legend_shows_every_colour_that_is_drawn(id_: str):
    layer = MAKERS[id_](3)
    assert layer.legend is not None
    assert set(layer.colours.values()) <= {item.colour for item in layer.legend.items}


@pytest.mark.parametrize("id_", [name for name in MAKERS if name != "stations"])
def test_red_is_for_stations_alone(id_: str):
    layer = MAKERS[id_](3)
    assert layer.legend is not None
    shown = {item.colour for item in layer.legend.items} | set(layer.colours.values())
    for colour in shown:
        red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
        assert red - max(green, blue) < 110, colour


def test_an_unknown_share_is_grey_and_hatched_and_in_the_legend():
    layer = grid_layer(grids([0.97, math.nan]), "members_share", "zh")
    assert layer.hatched == {"12"}
    assert layer.colours["12"] == UNKNOWN
    assert layer.legend is not None
    assert layer.legend.items[-1].sign == "hatch"
    known = grid_layer(grids([0.97, 0.2]), "members_share", "zh")
    assert known.legend is not None
    assert "hatch" not in [item.sign for item in known.legend.items]


def test_another_figure_is_the_same_geometry():
    frame = grids([0.97, 0.2])
    one, other = grid_layer(frame, "members_share", "zh"), grid_layer(frame, "members", "en")
    assert one.version == other.version
    assert one.colours != other.colours


@given(st.floats(60, 7200), st.floats(0, 1.999))
def test_a_building_within_the_limit_is_never_coloured_like_one_beyond(
    limit_s: float, ratio: float
):
    at_limit, near, far = building_layer(
        points([limit_s, limit_s * min(ratio, 1.0), np.nextafter(limit_s, np.inf)]), limit_s, "zh"
    ).colours.values()
    assert far not in {at_limit, near}


def test_what_cannot_be_reached_and_what_is_left_out_are_told_apart():
    within, beyond, no_way = building_layer(
        points([10.0, 5000.0, math.inf]), 900, "zh"
    ).colours.values()
    (left_out,) = building_layer(points([10.0], "beyond_snap"), 900, "zh").colours.values()
    assert len({within, beyond, no_way, left_out}) == 4


def test_unknown_households_are_not_said_to_be_none():
    (row,) = building_layer(points([60.0]), 900, "zh").values.values()
    assert row["households"] == "未知"


def test_the_nearest_station_is_said_by_name():
    layer = building_layer(points([60.0]), 900, "zh", station_names={7: "天逸驿站"})
    assert layer.values["building:0"]["station"] == "天逸驿站"


def test_stations_are_red_and_hollow_when_they_do_not_count():
    layer = station_layer(stations(is_open=[True, False]), "zh")
    assert set(layer.colours.values()) == {BRAND_RED}
    assert layer.hollow == {"1"}
    assert layer.values["0"]["state"] != layer.values["1"]["state"]
    assert layer.values["0"]["services"] == "助餐、阅读"


def test_a_planned_station_is_not_said_to_be_closed_now():
    layer = station_layer(stations(is_open=[False], state="planned"), "en")
    assert layer.values["0"]["state"] == "planned"


def test_rings_are_drawn_from_the_longest_walk_to_the_shortest():
    layer = service_area_layer(rings([5.0, 15.0, 10.0]), "zh")
    assert [feature["id"] for feature in layer.geometry["features"]] == ["15", "10", "5"]
    assert layer.legend is not None
    assert [item.label for item in layer.legend.items] == ["5 分钟", "10 分钟", "15 分钟"]


def test_rings_are_told_apart_without_colours():
    layer = service_area_layer(rings([5.0, 10.0, 15.0]), "zh")
    assert len({(s["dash"], s["weight"]) for s in layer.feature_styles.values()}) == 3


@pytest.mark.parametrize("colours", [TEAL, BLUES, PURPLES, VIOLETS])
def test_what_is_dark_on_light_ground_is_light_on_dark_ground(colours: tuple[str, ...]):
    def light(colour: str) -> float:
        red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    by_day, by_night = [light(c) for c in colours], [light(DARK[c]) for c in colours]
    assert by_day == sorted(by_day, reverse=True)
    assert by_night == sorted(by_night)


def test_the_circle_of_a_grid_lies_inside_it_and_grows_with_its_members():
    frame = grids([1.0] * 4, [0.0, 4.0, 5.0, 10.0])
    horseshoe = PLACE.buffer(100).envelope - PLACE.buffer(80).envelope
    frame = frame.set_geometry([horseshoe] * 4, crs=CRS)  # its centroid lies outside
    layer = density_layer(frame, "zh")
    for feature in layer.geometry["features"]:
        place = shapely.Point(feature["geometry"]["coordinates"])
        assert frame.to_crs(4326).loc[int(feature["id"])].geometry.contains(place)
    radii = [layer.feature_styles[str(i)]["radius"] for i in frame.index]
    assert radii == sorted(set(radii))


def test_streets_are_the_edges_of_their_kind_with_all_their_bends():
    network = WalkNetwork(
        xy=np.array([[0, 0], [10, 0], [10, 20]], float),
        edge_nodes=np.array([[0, 1], [1, 2], [0, 2]]),
        edge_length_m=np.array([10.0, 20.0, 30.0]),
        crs=CRS,
        vertex_xy=np.array([[0, 0], [10, 0], [10, 0], [10, 20], [0, 0], [0, 20], [10, 20]], float),
        vertex_start=np.array([0, 2, 4, 7]),
        edge_kind=np.array([EdgeKind.MAJOR, EdgeKind.FOOT, EdgeKind.MAJOR]),
    )
    lines = street_lines(network, (EdgeKind.MAJOR,))
    assert lines.index.tolist() == [0, 2]
    assert [line.wkt for line in lines.geometry] == [
        "LINESTRING (0 0, 10 0)",
        "LINESTRING (0 0, 0 20, 10 20)",
    ]
