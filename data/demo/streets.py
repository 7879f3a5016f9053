"""The streets of the demo town as a walk network: bridges, underpasses, signals, river paths."""

import numpy as np
from numpy.typing import NDArray

from data.demo.names import street_name
from data.demo.plane import CRS_M, stops
from data.demo.plots import Drawing
from data.demo.town import RAIL_HALF_M, RIVER_BANK_M, Town
from geo.contract import Segments, contract
from geo.network import EdgeFlag, EdgeKind, WalkNetwork

Lines = list[tuple[NDArray[np.float64], EdgeKind, int, str]]
UNDERPASS_M = 26.0


def walk_network(town: Town, drawing: Drawing) -> WalkNetwork:
    """Return the network of all streets, lanes and paths of the town, in EPSG:4548."""
    lines = [*_through_streets(town, drawing), *_cross_streets(town, drawing)]
    lines += [*_river_paths(town, drawing), *drawing.lines]
    vertices = np.concatenate([line[0] for line in lines])
    keys = np.round(vertices * 100).astype(np.int64)
    unique, node = np.unique(keys, axis=0, return_inverse=True)
    node = node.ravel()
    size = np.array([len(line[0]) for line in lines])
    of_line = np.repeat(np.arange(len(lines)), size)
    joined = of_line[1:] == of_line[:-1]
    ends = np.column_stack([node[:-1], node[1:]])[joined]
    owner = of_line[:-1][joined]
    xy = town.plane.bend(unique / 100.0)
    n = len(ends)
    signals = 0.5 * np.isin(ends, _signal_nodes(town, unique)).sum(axis=1)
    return contract(
        Segments(
            xy=xy,
            ends=ends.astype(np.int64),
            length_m=np.round(np.linalg.norm(xy[ends[:, 0]] - xy[ends[:, 1]], axis=1), 3),
            kind=np.array([line[1] for line in lines], np.uint8)[owner],
            flags=np.array([line[2] for line in lines], np.uint8)[owner],
            name=np.array([line[3] for line in lines], dtype=object)[owner],
            crossings=np.zeros(n, np.float32),
            signals=signals.astype(np.float32),
            counts={"raw_segments": n},
        ),
        CRS_M,
    )


def _signal_nodes(town: Town, unique: NDArray[np.int64]) -> NDArray[np.intp]:
    """Return the nodes where an arterial meets a through street: there are traffic lights."""
    xs = np.round(np.array(town.arterial_x) * 100).astype(np.int64)
    ys = np.round(np.array(town.street_y) * 100).astype(np.int64)
    return np.flatnonzero(np.isin(unique[:, 0], xs) & np.isin(unique[:, 1], ys))


def _through_streets(town: Town, drawing: Drawing) -> Lines:
    """Streets from west to east; the railway cuts all but the arterials, which go under it."""
    lines: Lines = []
    width = town.plane.width_m
    for row, y in enumerate(town.street_y):
        events = list(drawing.events_y.get(y, ()))
        for band in (row - 1, row):
            if 0 <= band < len(town.cross_x):
                events += town.cross_x[band]
        is_arterial = row in town.arterial_rows
        kind = EdgeKind.MAJOR if is_arterial else EdgeKind.STREET
        name = street_name(row, is_arterial=is_arterial)
        start = 0.0
        for rail in town.rail_xs:
            gap = UNDERPASS_M if is_arterial else RAIL_HALF_M
            lines.append((_along(start, rail - gap, y, events), kind, 0, name))
            if is_arterial:
                under = _along(rail - gap, rail + gap, y, [])
                lines.append((under, kind, int(EdgeFlag.TUNNEL), name))
            start = rail + gap
        lines.append((_along(start, width, y, events), kind, 0, name))
    return lines


def _along(x0: float, x1: float, y: float, events: list[float]) -> NDArray[np.float64]:
    x = stops(x0, x1, *events)
    return np.round(np.column_stack([x, np.full(len(x), y)]), 2)


def _cross_streets(town: Town, drawing: Drawing) -> Lines:
    """Streets and lanes across a band; over the river only the arterials go on."""
    lines: Lines = []
    for (band, x), events in _all_cross(town, drawing).items():
        y0, y1 = town.street_y[band], town.street_y[band + 1]
        is_arterial = x in town.arterial_x
        is_lane = x not in town.cross_x[band]
        kind = EdgeKind.MAJOR if is_arterial else EdgeKind.SERVICE if is_lane else EdgeKind.STREET
        number = 40 + (town.arterial_x.index(x) if is_arterial else int(x) // 60 + band * 7)
        name = "" if is_lane else street_name(number, is_arterial=is_arterial)

        def part(a: float, b: float, flags: int = 0) -> None:
            y = stops(a, b, *events)  # noqa: B023 - called at once
            line = np.round(np.column_stack([np.full(len(y), x), y]), 2)  # noqa: B023
            lines.append((line, kind, flags, name))  # noqa: B023

        if band not in town.river_bands:
            part(y0, y1)
            continue
        river = round((y0 + y1) / 2, 2)
        banks = round(river - RIVER_BANK_M, 2), round(river + RIVER_BANK_M, 2)
        part(y0, banks[0])
        if is_arterial:
            part(banks[0], banks[1], int(EdgeFlag.BRIDGE))
        part(banks[1], y1)
    return lines


def _all_cross(town: Town, drawing: Drawing) -> dict[tuple[int, float], list[float]]:
    """Return every cross street and lane, by band and x, with the places where ways join it."""
    streets = {(band, x) for band, xs in enumerate(town.cross_x) for x in xs}
    return {
        key: list(drawing.events_x.get(key, ())) for key in sorted(streets | {*drawing.events_x})
    }


def _river_paths(town: Town, drawing: Drawing) -> Lines:
    """Draw a footpath along each bank, joined to the streets that end there."""
    lines: Lines = []
    for band in sorted(town.river_bands):
        river = round((town.street_y[band] + town.street_y[band + 1]) / 2, 2)
        events = [x for other, x in _all_cross(town, drawing) if other == band]
        for y in (round(river - RIVER_BANK_M, 2), round(river + RIVER_BANK_M, 2)):
            start = 0.0
            for rail in (*town.rail_xs, None):
                end = town.plane.width_m if rail is None else rail - RAIL_HALF_M
                lines.append((_along(start, end, y, events), EdgeKind.FOOT, 0, ""))
                start = end + 2 * RAIL_HALF_M
    return lines
