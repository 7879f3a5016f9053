"""The demo subdistrict: synthetic from its streets to its members, labelled 演示数据."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from data.demo.names import (
    PLACES,
    SERVICES,
    STREET,
    community_name,
    compound_name,
)
from data.demo.people import members_of, people_of
from data.demo.plane import Plane, stops
from data.demo.plots import Drawing, draw_block
from data.demo.streets import walk_network
from data.demo.town import RIVER_HALF_M, Town, plan_town
from geo.crs import WGS84
from geo.hours import parse_hours
from geo.network import WalkNetwork

CANDIDATES_A_GRID = 60 / 63
STATION_HOURS = (
    "周一至周五8:30-20:00；周末9:00-17:00；节假日休息",
    "周一至周五8:30-12:00,14:00-17:30；周六9:00-12:00；节假日休息",
)
DATA_DATE = "2026-06-30"


@dataclass(frozen=True, eq=False)
class DemoSubdistrict:
    """The frames as `data.imports.store_frames` takes them (EPSG:4326), and the network."""

    frames: dict[str, gpd.GeoDataFrame | pd.DataFrame]
    network: WalkNetwork


def make_demo(
    *, seed: int = 63, grids: int = 63, members: int = 520, stations: int = 2
) -> DemoSubdistrict:
    """Draw a subdistrict; the same arguments give the same bytes.

    Some 400 m x 370 m a grid round 118.31E 32.26N: communities and grids that tile it along its
    streets, walled compounds with gates, buildings, people, a river with few bridges, a railway
    with underpasses, parks, stations with services and hours, candidate sites.
    """
    random = np.random.Generator(np.random.PCG64(seed))
    town = plan_town(grids, random)
    drawing = Drawing()
    for block in town.blocks:
        draw_block(drawing, block, random)
    grid_frame, grid_cells = _grids(town)
    buildings = _buildings(drawing, town.plane, random)
    frames: dict[str, gpd.GeoDataFrame | pd.DataFrame] = {
        "communities": _communities(town, grid_frame, grid_cells),
        "grids": grid_frame.drop(columns="community"),
        "compounds": _compounds(drawing, buildings, town.plane),
        "gates": _gates(drawing, town.plane),
        "buildings": buildings.drop(columns=["kind", "compound", "community"]),
        "members": members_of(buildings, members, random),
        "stations": _stations(town, drawing, stations),
        "candidates": _candidates(town, grids, random),
        "base": _base(town, drawing),
    }
    return DemoSubdistrict(frames, walk_network(town, drawing))


def _frame(
    columns: Mapping[str, Any], drawn: Sequence[Any] | NDArray[np.object_], plane: Plane
) -> gpd.GeoDataFrame:
    shapes = plane.shape(np.array(drawn, dtype=object))
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=WGS84)


def _points(xy: NDArray[np.float64]) -> NDArray[np.object_]:
    return np.asarray(shapely.points(xy), dtype=object)


def _grids(town: Town) -> tuple[gpd.GeoDataFrame, NDArray[np.object_]]:
    """Return the grids; neighbours share every vertex of their common border."""
    rims = {}
    for row, y in enumerate(town.street_y):
        corners = [
            x
            for band in (row - 1, row)
            if 0 <= band < len(town.cross_x)
            for x in town.cross_x[band]
        ]
        rims[y] = stops(0.0, town.plane.width_m, *corners)
    drawn, codes, names, communities = [], [], [], []
    seen: dict[int, int] = {}
    for number, block in enumerate(town.blocks, start=1):
        south, north = (
            rims[y][(rims[y] >= block.x0) & (rims[y] <= block.x1)] for y in (block.y0, block.y1)
        )
        side = stops(block.y0, block.y1)
        ring = np.concatenate(
            [
                np.column_stack([south, np.full(len(south), block.y0)]),
                np.column_stack([np.full(len(side), block.x1), side])[1:],
                np.column_stack([north, np.full(len(north), block.y1)])[::-1][1:],
                np.column_stack([np.full(len(side), block.x0), side])[::-1][1:-1],
            ]
        )
        drawn.append(shapely.Polygon(ring))
        seen[block.community] = seen.get(block.community, 0) + 1
        codes.append(f"{STREET[1]}{block.community + 1:03d}{seen[block.community]:03d}")
        names.append(f"第{number}网格")
        communities.append(block.community)
    columns = {
        "code": codes,
        "name": names,
        "community_code": [f"{STREET[1]}{c + 1:03d}" for c in communities],
        "community": communities,
    }
    frame = _frame(columns, drawn, town.plane)
    return frame, frame.geometry.to_numpy()


def _communities(
    town: Town, grids: gpd.GeoDataFrame, cells: NDArray[np.object_]
) -> gpd.GeoDataFrame:
    numbers = list(range(town.n_communities))
    rows = [np.flatnonzero(grids["community"].to_numpy() == c) for c in numbers]
    shapes = [shapely.coverage_union_all(cells[r]) for r in rows]
    return gpd.GeoDataFrame(
        {
            "code": [f"{STREET[1]}{c + 1:03d}" for c in numbers],
            "name": [community_name(c) for c in numbers],
        },
        geometry=shapes,
        crs=WGS84,
    )


def _box(rim: tuple[float, float, float, float], on_x: list[float], on_y: list[float]) -> object:
    """Return a drawn rectangle with vertices where gates stand, and enough to bend smoothly."""
    x0, y0, x1, y1 = rim
    x, y = stops(x0, x1, *on_x), stops(y0, y1, *on_y)
    return shapely.Polygon(
        np.concatenate(
            [
                np.column_stack([x, np.full(len(x), y0)]),
                np.column_stack([np.full(len(y), x1), y])[1:],
                np.column_stack([x, np.full(len(x), y1)])[::-1][1:],
                np.column_stack([np.full(len(y), x0), y])[::-1][1:-1],
            ]
        )
    )


def _buildings(drawing: Drawing, plane: Plane, random: np.random.Generator) -> gpd.GeoDataFrame:
    table = pd.DataFrame(drawing.buildings)
    boxes = np.array(table.pop("box").tolist())
    people = people_of(table, random)
    footprints = plane.shape(np.asarray(shapely.box(*boxes.T), dtype=object))
    centres = np.column_stack([(boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2])
    number = [f"{n}栋" for n in table["number"]]
    compound = table["compound"]
    return gpd.GeoDataFrame(
        {
            "key": [f"b{k}" for k in range(len(table))],
            "compound_key": [None if pd.isna(c) else f"c{int(c)}" for c in compound],
            "number": [n if not pd.isna(c) else "" for n, c in zip(number, compound, strict=True)],
            "name": ["" if not pd.isna(c) else f"巷内{k + 1}号" for k, c in enumerate(compound)],
            **{column: people[column] for column in people},
            "footprint": footprints,
            "kind": table["kind"],
            "compound": compound,
            "community": table["community"],
        },
        geometry=list(plane.shape(_points(np.round(centres, 2)))),
        crs=WGS84,
    )


def _compounds(drawing: Drawing, buildings: gpd.GeoDataFrame, plane: Plane) -> gpd.GeoDataFrame:
    table = pd.DataFrame(drawing.compounds)
    sums = buildings.groupby("compound")[["households", "residents", "elderly"]].sum()
    sums = sums.reindex(range(len(table)), fill_value=0)
    columns: dict[str, Any] = {
        "key": [f"c{k}" for k in range(len(table))],
        "name": [compound_name(k, str(kind)) for k, kind in enumerate(table["kind"])],
        **{column: sums[column].to_numpy() for column in sums},
    }
    drawn = [
        _box(rim, on_x, on_y)
        for rim, on_x, on_y in zip(table["rim"], table["on_x"], table["on_y"], strict=True)
    ]
    return _frame(columns, drawn, plane)


def _gates(drawing: Drawing, plane: Plane) -> gpd.GeoDataFrame:
    table = pd.DataFrame(drawing.gates)
    columns = {
        "compound_key": [f"c{k}" for k in table["compound"]],
        "name": table["name"].tolist(),
        "open_to_all": table["open_to_all"].tolist(),
        "hours": [parse_hours(h) if h else None for h in table["hours"].fillna("")],
    }
    return _frame(columns, _points(table[["x", "y"]].to_numpy(float)), plane)


def _stations(town: Town, drawing: Drawing, n: int) -> gpd.GeoDataFrame:
    """Put the stations beside gates, spread from west to east and on both sides of the river."""
    places = []
    for k in range(n):
        goal_x = town.plane.width_m * (0.24 + 0.5 * k / max(n - 1, 1))
        goal_y = town.plane.height_m * (0.33 if k % 2 == 0 else 0.68)
        gate = min(
            drawing.gates,
            key=lambda g: ((g["x"] - goal_x) ** 2 + (g["y"] - goal_y) ** 2, g["compound"]),
        )
        compound = int(gate["compound"])
        kind = str(drawing.compounds[compound]["kind"])
        away = {"南门": (0, -9), "北门": (0, 9), "西门": (-4, 0), "东门": (4, 0)}[str(gate["name"])]
        places.append(
            {
                "name": f"{compound_name(compound, kind)}红色驿站",
                "address": f"{compound_name(compound, kind)}{gate['name']}旁",
                "x": float(gate["x"]) + away[0] + 5,
                "y": float(gate["y"]) + away[1],
            }
        )
    table = pd.DataFrame(places, columns=["name", "address", "x", "y"])
    return _frame(
        {
            "name": table["name"].tolist(),
            "address": table["address"].tolist(),
            "services": [list(SERVICES)] * n,
            "hours": [parse_hours(STATION_HOURS[k % len(STATION_HOURS)]) for k in range(n)],
            "opens_on": [date(2023 + k % 3, 7, 1) for k in range(n)],
            "closes_on": [None] * n,
            "state": ["open"] * n,
        },
        _points(table[["x", "y"]].to_numpy(float)) if n else [],
        town.plane,
    )


def _candidates(town: Town, grids: int, random: np.random.Generator) -> gpd.GeoDataFrame:
    """Premises of the street along the southern street of most grids."""
    n = min(max(round(grids * CANDIDATES_A_GRID), 1), len(town.blocks))
    chosen = np.sort(random.choice(len(town.blocks), n, replace=False))
    places, names = [], []
    for k, number in enumerate(chosen.tolist()):
        block = town.blocks[number]
        places.append(
            (round(block.x0 + random.uniform(0.2, 0.8) * (block.x1 - block.x0), 2), block.y0 + 8.0)
        )
        names.append(f"{community_name(block.community)}{PLACES[k % len(PLACES)]}{k + 1}号")
    area_m2 = np.rint(random.uniform(60, 320, n))
    return _frame(
        {
            "name": names,
            "cost": np.rint(area_m2 * random.uniform(180, 420, n) / 100) * 100,
            "area_m2": area_m2,
        },
        _points(np.array(places)),
        town.plane,
    )


def _base(town: Town, drawing: Drawing) -> gpd.GeoDataFrame:
    """River, railways and parks."""
    width, height = town.plane.width_m, town.plane.height_m
    drawn: list[Any] = []
    kinds, names = [], []
    for band in sorted(town.river_bands):
        y = (town.street_y[band] + town.street_y[band + 1]) / 2
        drawn.append(_box((-400.0, y - RIVER_HALF_M, width + 400.0, y + RIVER_HALF_M), [], []))
        kinds.append("water")
        names.append("演示河")
    for rail in town.rail_xs:
        run = stops(-400.0, height + 400.0)
        drawn.append(shapely.LineString(np.column_stack([np.full(len(run), rail), run])))
        kinds.append("rail")
        names.append("演示铁路")
    for x0, y0, x1, y1 in drawing.greens:
        drawn.append(_box((x0, y0, x1, y1), [], []))
        kinds.append("green")
        names.append("演示公园")
    return _frame({"kind": kinds, "name": names}, drawn, town.plane)
