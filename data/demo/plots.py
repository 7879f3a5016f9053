"""What stands on a block: walled compounds with gates and inner paths, lane houses, parks."""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.demo.plane import stops
from data.demo.town import RAIL_HALF_M, RIVER_BANK_M, Block
from geo.network import EdgeKind

STREET_HALF_M = 14.0
LANE_HALF_M = 7.0
SMALLEST_PLOT_M = 75.0
COMPOUND_SHARE = 0.68
OPEN_COMPOUND_SHARE = 0.1
NIGHT_GATE_SHARE = 0.22
NIGHT_HOURS = "每天6:00-22:00"
KINDS = ("old", "mid", "new", "lane")
ROW_M = {"old": 58.0, "mid": 74.0, "new": 92.0, "lane": 56.0}
COLUMN_M = {"old": 74.0, "mid": 80.0, "new": 86.0, "lane": 46.0}
DEPTH_M = {"old": 12.0, "mid": 14.0, "new": 19.0, "lane": 10.0}
GAP_M = {"old": 16.0, "mid": 24.0, "new": 46.0, "lane": 20.0}


@dataclass(frozen=True)
class Plot:
    """A rectangle to build on; `sides` are those with a street or lane: S, N, W, E -> its line."""

    x0: float
    x1: float
    y0: float
    y1: float
    sides: dict[str, float]


@dataclass
class Drawing:
    """All that is drawn, in lists that grow block by block; drawn coordinates in metres."""

    lines: list[tuple[np.ndarray, EdgeKind, int, str]] = field(default_factory=list)
    events_y: dict[float, list[float]] = field(default_factory=dict)  # on the street at this y
    events_x: dict[tuple[int, float], list[float]] = field(default_factory=dict)  # band, x
    compounds: list[dict[str, Any]] = field(default_factory=list)
    gates: list[dict[str, Any]] = field(default_factory=list)
    buildings: list[dict[str, Any]] = field(default_factory=list)
    greens: list[tuple[float, float, float, float]] = field(default_factory=list)

    def path(self, points: list[tuple[float, float]], kind: EdgeKind) -> None:
        """Add an unnamed way through points; each leg runs along one axis."""
        self.lines.append((axis_line(points), kind, 0, ""))


def axis_line(points: list[tuple[float, float]]) -> NDArray[np.float64]:
    """Return the vertices (k, 2) of a line whose legs each run along one axis."""
    legs = []
    for (xa, ya), (xb, yb) in pairwise(points):
        run = stops(ya, yb) if xa == xb else stops(xa, xb)
        still = np.full(len(run), xa if xa == xb else ya)
        legs.append(np.column_stack([still, run] if xa == xb else [run, still]))
    return np.round(np.concatenate([legs[0], *(leg[1:] for leg in legs[1:])]), 2)


def draw_block(drawing: Drawing, block: Block, random: np.random.Generator) -> None:
    """Fill one block."""
    if block.is_park:
        _draw_park(drawing, block)
        return
    for plot in _plots(drawing, block):
        if plot.x1 - plot.x0 < SMALLEST_PLOT_M or plot.y1 - plot.y0 < SMALLEST_PLOT_M:
            continue
        is_walled = random.random() < COMPOUND_SHARE and bool(plot.sides)
        kind = KINDS[int(random.choice(3, p=(0.42, 0.33, 0.25)))] if is_walled else "lane"
        _draw_plot(drawing, block, plot, kind, random)


def _plots(drawing: Drawing, block: Block) -> list[Plot]:
    """Cut a block at its river and railway, and wide pieces by a lane."""
    spans_y = [(block.y0 + STREET_HALF_M, block.y1 - STREET_HALF_M, {"S", "N"})]
    if block.river_y is not None:
        spans_y = [
            (block.y0 + STREET_HALF_M, block.river_y - RIVER_BANK_M - 8.0, {"S"}),
            (block.river_y + RIVER_BANK_M + 8.0, block.y1 - STREET_HALF_M, {"N"}),
        ]
    west, east = block.x0 + STREET_HALF_M, block.x1 - STREET_HALF_M
    spans_x: list[tuple[float, float, dict[str, float]]] = []
    if block.rail_x is not None:
        rail = block.rail_x
        spans_x.append((west, rail - RAIL_HALF_M - 8.0, {"W": block.x0}))
        spans_x.append((rail + RAIL_HALF_M + 8.0, east, {"E": block.x1}))
    else:
        lane = round((block.x0 + block.x1) / 2, 2)
        _draw_lane(drawing, block, lane)
        spans_x.append((west, lane - LANE_HALF_M, {"W": block.x0, "E": lane}))
        spans_x.append((lane + LANE_HALF_M, east, {"W": lane, "E": block.x1}))
    ends = {"S": block.y0, "N": block.y1}
    return [
        Plot(
            round(x0, 2),
            round(x1, 2),
            round(y0, 2),
            round(y1, 2),
            {side: ends[side] for side in sorted(faces)} | sides,
        )
        for y0, y1, faces in spans_y
        for x0, x1, sides in spans_x
    ]


def _draw_lane(drawing: Drawing, block: Block, x: float) -> None:
    """Note a public lane through the middle of a block; it is drawn later, with the streets."""
    drawing.events_y.setdefault(block.y0, []).append(x)
    drawing.events_y.setdefault(block.y1, []).append(x)
    drawing.events_x.setdefault((block.band, x), [])


def _draw_park(drawing: Drawing, block: Block) -> None:
    x0, x1, y0, y1 = block.x0 + 10, block.x1 - 10, block.y0 + 10, block.y1 - 10
    drawing.greens.append((x0, y0, x1, y1))
    x, y = round((x0 + x1) / 2, 2), round((y0 + y1) / 2, 2)
    drawing.path([(x, block.y0), (x, y), (x, block.y1)], EdgeKind.FOOT)
    drawing.path([(block.x0, y), (x, y), (block.x1, y)], EdgeKind.FOOT)
    for street in (block.y0, block.y1):
        drawing.events_y.setdefault(street, []).append(x)
    for cross in (block.x0, block.x1):
        drawing.events_x.setdefault((block.band, cross), []).append(y)


def _draw_plot(
    drawing: Drawing, block: Block, plot: Plot, kind: str, random: np.random.Generator
) -> None:
    """Rows of buildings with paths between; for a compound also the wall and its gates."""
    n_columns = max(int((plot.x1 - plot.x0 - 16) // COLUMN_M[kind]), 1)
    n_rows = max(2 * round((plot.y1 - plot.y0 - 16) / ROW_M[kind] / 2), 2)
    column_m = (plot.x1 - plot.x0 - 16) / n_columns
    row_m = (plot.y1 - plot.y0 - 16) / n_rows
    spine_y = round((plot.y0 + plot.y1) / 2, 2)
    between = [plot.x0 + 8 + column_m * c for c in range(1, n_columns)] or [plot.x1 - 5.0]
    aisles = [round(x, 2) for x in between]
    entries = _entries(plot, kind, aisles, spine_y, random)
    compound = len(drawing.compounds) if kind != "lane" else None
    if compound is not None:
        _add_compound(drawing, block, plot, kind, entries, random)
    _draw_paths(drawing, block, plot, aisles, spine_y, entries)
    number = 0
    for row in range(n_rows):
        for column in range(n_columns):
            if random.random() < (0.06 if kind != "lane" else 0.16):
                continue  # a lawn, a bicycle shed, nothing
            number += 1
            x = plot.x0 + 8 + column_m * (column + 0.5)
            y = plot.y0 + 8 + row_m * (row + 0.5) + random.uniform(-2, 2)
            half_w = max((column_m - GAP_M[kind]) / 2 * random.uniform(0.86, 1.0), 5.0)
            half_d = DEPTH_M[kind] / 2
            drawing.buildings.append(
                {
                    "block": (block.band, block.column),
                    "community": block.community,
                    "compound": compound,
                    "kind": kind,
                    "number": number,
                    "box": (x - half_w, y - half_d, x + half_w, y + half_d),
                }
            )


def _entries(
    plot: Plot, kind: str, aisles: list[float], spine_y: float, random: np.random.Generator
) -> list[tuple[str, float, float, float]]:
    """Return the ways in: side, x, y on the plot's rim, and the line of the street outside."""
    sides = list(plot.sides)
    most = {"old": 3, "mid": 3, "new": 2, "lane": 4}[kind]
    fewest = 2 if kind == "lane" else 1
    n = min(int(random.integers(fewest, most + 1)), len(sides))
    chosen = sorted(random.choice(len(sides), n, replace=False).tolist())
    entries = []
    for k in chosen:
        side = sides[k]
        outside = plot.sides[side]
        if side in "SN":
            x = aisles[int(random.integers(len(aisles)))]
            entries.append((side, x, plot.y0 if side == "S" else plot.y1, outside))
        else:
            entries.append((side, plot.x0 if side == "W" else plot.x1, spine_y, outside))
    if kind == "old" and len(aisles) > 1 and "S" in sides and random.random() < 0.3:
        used = {x for side, x, _, _ in entries if side == "S"}
        free = [x for x in aisles if x not in used]
        if free and used:
            entries.append(("S", free[0], plot.y0, plot.sides["S"]))
    return entries


def _draw_paths(
    drawing: Drawing,
    block: Block,
    plot: Plot,
    aisles: list[float],
    spine_y: float,
    entries: list[tuple[str, float, float, float]],
) -> None:
    """Draw the spine from west to east, the aisles from south to north, and the ways in."""
    west, east = min(plot.x0 + 10, aisles[0]), max(plot.x1 - 10, aisles[-1])
    xs = sorted({round(west, 2), *aisles, round(east, 2)})
    drawing.path([(x, spine_y) for x in xs], EdgeKind.SERVICE)
    for x in aisles:
        ends = sorted({round(plot.y0 + 9, 2), spine_y, round(plot.y1 - 9, 2)})
        drawing.path([(x, y) for y in ends], EdgeKind.SERVICE)
    for side, x, y, outside in entries:
        if side in "SN":
            inner = round(plot.y0 + 9 if side == "S" else plot.y1 - 9, 2)
            drawing.path([(x, outside), (x, y), (x, inner)], EdgeKind.SERVICE)
            drawing.events_y.setdefault(outside, []).append(x)
        else:
            inner = xs[0] if side == "W" else xs[-1]
            drawing.path([(outside, y), (x, y), (inner, y)], EdgeKind.SERVICE)
            drawing.events_x.setdefault((block.band, outside), []).append(y)


def _add_compound(
    drawing: Drawing,
    block: Block,
    plot: Plot,
    kind: str,
    entries: list[tuple[str, float, float, float]],
    random: np.random.Generator,
) -> None:
    lets_all = bool(random.random() < OPEN_COMPOUND_SHARE)
    number = len(drawing.compounds)
    drawing.compounds.append(
        {
            "kind": kind,
            "community": block.community,
            "rim": (plot.x0, plot.y0, plot.x1, plot.y1),
            "on_x": [x for side, x, _, _ in entries if side in "SN"],
            "on_y": [y for side, _, y, _ in entries if side in "WE"],
        }
    )
    names = {"S": "南门", "N": "北门", "W": "西门", "E": "东门"}
    for k, (side, x, y, _) in enumerate(entries):
        shuts = k > 0 and random.random() < NIGHT_GATE_SHARE  # the first gate never shuts
        drawing.gates.append(
            {
                "compound": number,
                "name": names[side],
                "x": x,
                "y": y,
                "open_to_all": lets_all,
                "hours": NIGHT_HOURS if shuts else None,
            }
        )
