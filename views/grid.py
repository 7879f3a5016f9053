"""Grid chief: who is out of reach, which station serves whom, and which way they walk."""

import math
from dataclasses import replace

import geopandas as gpd
import pandas as pd
import streamlit as st

from data.exports import csv_bytes, geopackage_bytes
from geo.attach import attach
from geo.coverage import Coverage
from geo.crs import WGS84
from geo.route import Route, walking_route
from geo.text import Text
from layers.building import building_layer
from layers.figures import grid_figure
from layers.map_layer import Bounds, MapLayer, joint_bounds
from layers.route import route_layer
from views.live_map import MapEvents, live_map
from views.page import MAP_HEIGHT, Page, open_page, preset, set_state, show_selected
from views.plain import as_html
from views.shared import coverage_layers, ground_at, ground_layers

COMPARED = ("members_share", "households_share", "median_s", "p90_s", "members_per_km2")
POINT_KEY = "grid.point"


def render() -> None:
    """Draw the page."""
    page = open_page(Text("网格", "Grid"))
    coverage = page.coverage()
    grid = _choice(page)
    points = coverage.points[(coverage.points["grid_id"] == grid)]
    chosen = st.session_state.get(POINT_KEY)
    chosen = chosen if chosen in points.index else None
    left, right = st.columns([2.2, 1.2], gap="medium")
    with right:
        _figures(page, coverage, grid)
        route = None if chosen is None else _route(page, coverage, str(chosen))
        _told_route(page, coverage, points, chosen, route)
    with left:
        _map(page, coverage, grid, points, chosen, route)
    _homes(page, coverage, points, chosen)


def _choice(page: Page) -> int:
    """Draw the choice of a grid and return its id."""
    grids = page.study.grids.sort_values("code")
    codes = grids["code"].tolist()
    index = codes.index(page.state.grid) if page.state.grid in codes else 0
    label = {
        code: f"{name} · {community}" if community else name
        for code, name, community in zip(codes, grids["name"], grids["community"], strict=True)
    }
    code = st.selectbox(
        page.say("网格", "Grid"),
        codes,
        format_func=label.__getitem__,
        key=preset("grid.code", codes[index]),
        label_visibility="collapsed",
        width=420,
    )
    if code != page.state.grid:
        set_state(replace(page.state, grid=code))
    return int(grids.index[codes.index(code)])


def _figures(page: Page, coverage: Coverage, grid: int) -> None:
    """Draw the grid's own figures beside those of the whole."""
    own, whole = coverage.grids.loc[grid], coverage.total.iloc[0]
    whole_density = whole["members"] / whole["area_km2"] if whole["area_km2"] else math.nan
    rows = ""
    for column in COMPARED:
        figure = grid_figure(column)
        other = whole_density if column == "members_per_km2" else float(whole[column])
        rows += (
            f"<tr><td>{as_html(figure.title.say(page.lang))}</td>"
            f"<td><b>{as_html(figure.say(float(own[column]), page.lang))}</b></td>"
            f"<td>{as_html(figure.say(float(other), page.lang))}</td></tr>"
        )
    head = page.say("<th></th><th>本网格</th><th>全街道</th>", "<th></th><th>here</th><th>all</th>")
    st.html(
        f"<table class='rg-own'>{head}{rows}</table>"
        f"<p class='rg-said'>{as_html(own[f'sentence_{page.lang}'])}</p>"
    )


def _map(
    page: Page,
    coverage: Coverage,
    grid: int,
    points: gpd.GeoDataFrame,
    chosen: object,
    route: Route | None,
) -> None:
    names = {int(i): str(name) for i, name in coverage.stations["name"].items()}
    homes = building_layer(points, 60.0 * coverage.minutes, page.lang, station_names=names)
    homes = replace(homes, is_shown=True, min_zoom=0)
    figure = page.state.shown_figure
    grids, density, *others = coverage_layers(page.asked, figure, page.lang)
    pale = replace(grids, style={**grids.style, "fill_opacity": 0.15}, legend=None)
    layers: list[MapLayer] = [*ground_layers(*page.key, page.lang), pale, density, *others, homes]
    if route is not None:
        line = gpd.GeoDataFrame(
            {"name": [""], "seconds": [route.seconds], "metres": [route.metres]},
            geometry=[route.line],
            crs=page.study.crs,
        )
        layers.append(route_layer(line, page.lang))

    def clicked(events: MapEvents) -> None:
        if events.clicked is None:
            return
        layer, feature = events.clicked
        if layer == homes.id:
            st.session_state[POINT_KEY] = feature
        elif layer in {"grids", "density"} and int(feature) in page.study.grids.index:
            code = str(page.study.grids.loc[int(feature), "code"])
            st.session_state["grid.code"] = code
            set_state(replace(page.state, grid=code))

    live_map(
        layers,
        key="grid.map",
        lang=page.lang,
        height=MAP_HEIGHT,
        selected=("grids", str(grid)) if chosen is None else (homes.id, str(chosen)),
        fit=_bounds_of(page, grid) if route is None else joint_bounds([homes, layers[-1]]),
        on_event=clicked,
    )


def _bounds_of(page: Page, grid: int) -> Bounds:
    west, south, east, north = page.study.grids.loc[[grid]].to_crs(WGS84).total_bounds.tolist()
    return west, south, east, north


def _route(page: Page, coverage: Coverage, point: str) -> Route | None:
    """Return the walk from a demand point to its nearest station."""
    row = coverage.points.loc[point]
    if not math.isfinite(row["seconds"]):
        return None
    state, study, ground = page.state, page.study, ground_at(page.asked)
    station = study.stations.loc[[int(row["station_id"])]]
    doors = attach(
        ground.network,
        station,
        profile=ground.profile,
        compounds=study.compounds,
        gates=study.gates,
        at=state.at,
        snap_limit_m=ground.snap_limit_m,
    )
    goal = coverage.points.index.get_loc(point)
    return walking_route(
        ground.network, doors, 0, ground.doors, goal, profile=ground.profile, gates=study.gates
    )


def _told_route(
    page: Page,
    coverage: Coverage,
    points: gpd.GeoDataFrame,
    chosen: object,
    route: Route | None,
) -> None:
    if chosen is None:
        st.caption(
            page.say(
                "点地图上或表里的楼栋，看它到最近驿站怎么走。",
                "Click a building on the map or in the table to see its way to the nearest "
                "station.",
            )
        )
        return
    row = points.loc[chosen]
    if route is None:
        st.info(
            page.say("这里没有路走到开放的驿站。", "No way leads from here to an open station.")
        )
        return
    station = str(coverage.stations.loc[int(row["station_id"]), "name"])
    st.html(
        f"<p class='rg-said' data-testid='route'><b>{as_html(row['name'])}</b> → "
        f"<b>{as_html(station)}</b><br>"
        + as_html(
            page.say(
                f"步行 {route.seconds / 60:.1f} 分钟，约 {route.metres:.0f} 米",
                f"{route.seconds / 60:.1f} minutes on foot, about {route.metres:.0f} m",
            )
        )
        + "</p>"
    )


def _homes(page: Page, coverage: Coverage, points: gpd.GeoDataFrame, chosen: object) -> None:
    """Draw who is out of reach, then everyone with the station that serves them; and downloads."""
    table = homes_table(page, coverage, points)
    outside = ~points["covered"].to_numpy() & (points["reason"] == "").to_numpy()
    minutes = coverage.minutes
    n = int(outside.sum())
    far, everyone = st.tabs(
        [
            page.say(
                f"{minutes:g} 分钟走不到的 {n} 处", f"{n} out of reach of {minutes:g} minutes"
            ),
            page.say(f"全部 {len(points)} 处", f"All {len(points)}"),
        ]
    )
    with far:
        if n:
            _home_rows(table[outside], "grid.far", chosen)
        else:
            st.success(page.say("本网格全部走得到。", "Everyone in this grid is within reach."))
    with everyone:
        _home_rows(table, "grid.all", chosen)
    name = (
        f"redgrid-{page.study.grids['code'].get(points['grid_id'].iloc[0], '')}"
        if len(points)
        else "redgrid"
    )
    with st.container(horizontal=True):
        st.download_button(
            page.say("下载 CSV", "Download CSV"),
            lambda: csv_bytes(table),
            f"{name}.csv",
            "text/csv",
            key="grid.csv",
            on_click="ignore",
        )
        st.download_button(
            page.say("下载 GeoPackage", "Download GeoPackage"),
            lambda: geopackage_bytes(
                {"homes": points.drop(columns=["barrier"], errors="ignore").to_crs(WGS84)}
            ),
            f"{name}.gpkg",
            "application/geopackage+sqlite3",
            key="grid.gpkg",
            on_click="ignore",
        )


def _home_rows(table: pd.DataFrame, key: str, chosen: object) -> None:
    """Draw residences as rows; a click on one shows its way on the map, a second hides it."""

    def picked() -> None:
        rows = st.session_state[key]["selection"]["rows"]
        st.session_state[POINT_KEY] = table.index[rows[0]] if rows else None

    show_selected(key, table, chosen)
    st.dataframe(table, hide_index=True, key=key, on_select=picked, selection_mode="single-row")


def homes_table(page: Page, coverage: Coverage, points: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the demand points of a grid as its chief reads them, farthest first."""
    names = coverage.stations["name"]
    minutes = (points["seconds"] / 60).round(1)
    station = points["station_id"].map(names).astype(object)
    return pd.DataFrame(
        {
            page.say("小区", "Compound"): points["compound"],
            page.say("楼栋", "Building"): points["name"],
            page.say("户", "Households"): points["households"],
            page.say("党员", "Members"): points["members"],
            page.say("最近驿站", "Nearest station"): station.where(station.notna(), ""),
            page.say("分钟", "Minutes"): minutes.where(minutes < math.inf),
            page.say("直线米", "Metres by crow"): points["crow_m"].round(0),
        },
        index=points.index,
    )
