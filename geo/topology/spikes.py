"""Spikes: corners so sharp and thin that a slip of the mouse drew them, found and cut."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.topology.rules import GridRules
from geo.topology.tiling import NOTHING, Floats, Rows, Shapes

MILLIMETRES = 1000.0
SHORTEST_M = 1.0  # a spike is at least this long
SLIMMEST = 3.0  # and at least this many times as long as wide
BLUNT_M = 1.0  # a tip may end in an edge this short
ON_LINE_M = 0.02  # a foot of a cut spike this near to the line through its neighbours goes too
MOST_CUTS = 8  # rounds; a spike on a spike shows when the first is cut


@dataclass(frozen=True, eq=False)
class Spikes:
    """k spikes."""

    row: Rows  # of the polygon
    shapes: Shapes  # the triangle or quadrilateral that is cut, or a line where it has no area
    length_m: Floats
    width_m: Floats
    place: Floats  # (k, 2) the tip


@dataclass(frozen=True, eq=False)
class _Rings:
    """The vertices of all rings in one table, without the closing one and without repeats."""

    xy: Floats  # (v, 2)
    polygon: Rows  # (v,) row of the polygon
    ring: Rows  # (v,) number of the ring
    before: Rows  # (v,) the vertex before in the same ring
    after: Rows
    is_alone: NDArray[np.bool_]  # (v,) no other polygon has a vertex there


def find_spikes(drawn: Shapes, rules: GridRules) -> Spikes:
    """Return the spikes of polygons in metres (n,), valid or not.

    A spike is a corner of at most `spike_angle_deg` that is no wider than `spike_width_m` where
    its shorter side begins, and that is no corner of another polygon: a pointed plot between two
    roads has neighbours that share the point.
    """
    rings = _rings(drawn)
    tips = [_sharp(rings, rules), _blunt(rings, rules)]
    first, last, length, width = (np.concatenate([t[k] for t in tips]) for k in range(4))
    feet = rings.before[first], rings.after[last]
    corners = [rings.xy[i] for i in (feet[0], first, last, feet[1])]
    return Spikes(
        row=rings.polygon[first],
        shapes=_outlines(corners),
        length_m=length,
        width_m=width,
        place=(corners[1] + corners[2]) / 2,
    )


def cut_spikes(drawn: Shapes, rules: GridRules) -> tuple[Shapes, Rows, Floats]:
    """Return polygons without spikes (n,), how many were cut, the longest in metres."""
    shapes = drawn.copy()
    n_cut = np.zeros(len(drawn), np.intp)
    longest = np.zeros(len(drawn))
    for _ in range(MOST_CUTS):
        rings = _rings(shapes)
        tips = [_sharp(rings, rules), _blunt(rings, rules)]
        first, last, length, _ = (np.concatenate([t[k] for t in tips]) for k in range(4))
        if len(first) == 0:
            break
        gone = np.zeros(len(rings.xy), bool)
        gone[first] = gone[last] = True
        gone |= _idle_feet(rings, gone)
        np.add.at(n_cut, rings.polygon[first], 1)
        np.maximum.at(longest, rings.polygon[first], length)
        for row in np.unique(rings.polygon[first]):
            shapes[row] = _without(shapes[row], rings, gone, int(row))
    return shapes, n_cut, longest


def _rings(drawn: Shapes) -> _Rings:
    parts, polygon_of_part = shapely.get_parts(drawn, return_index=True)
    rings, part_of_ring = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    is_same = np.zeros(len(xy), bool)
    is_same[1:] = (ring[1:] == ring[:-1]) & (xy[1:] == xy[:-1]).all(axis=1)
    xy, ring = xy[~is_same], ring[~is_same]
    n = np.bincount(ring, minlength=len(rings))
    end = np.cumsum(n)
    closing = end[n > 0] - 1
    kept = np.ones(len(xy), bool)
    kept[closing] = False  # a ring ends where it began
    xy, ring = xy[kept], ring[kept]
    n = np.bincount(ring, minlength=len(rings))
    end = np.cumsum(n)
    start = end - n
    i = np.arange(len(xy))
    before = np.where(i == start[ring], end[ring] - 1, i - 1)
    after = np.where(i == end[ring] - 1, start[ring], i + 1)
    polygon = polygon_of_part[part_of_ring[ring]] if len(xy) else np.empty(0, np.intp)
    return _Rings(xy, polygon, ring, before, after, _alone(xy, polygon))


def _alone(xy: Floats, polygon: Rows) -> NDArray[np.bool_]:
    """Return whether a vertex is one of a single polygon, to the millimetre."""
    keys = np.rint(xy * MILLIMETRES).astype(np.int64)
    _, place = np.unique(keys, axis=0, return_inverse=True)
    place = place.ravel()
    lowest = np.full(place.max(initial=-1) + 1, np.iinfo(np.intp).max)
    highest = np.full(len(lowest), -1)
    np.minimum.at(lowest, place, polygon)
    np.maximum.at(highest, place, polygon)
    return np.asarray(lowest[place] == highest[place])


def _sharp(rings: _Rings, rules: GridRules) -> tuple[Rows, Rows, Floats, Floats]:
    """Return the spikes that end in a vertex: first and last of the tip, length, width."""
    tips = np.arange(len(rings.xy))
    return _thin(rings, tips, tips, rules)


def _blunt(rings: _Rings, rules: GridRules) -> tuple[Rows, Rows, Floats, Floats]:
    """Return the spikes that end in a short edge."""
    edge_m = np.linalg.norm(rings.xy[rings.after] - rings.xy, axis=1)
    first = np.flatnonzero(edge_m <= BLUNT_M)
    return _thin(rings, first, rings.after[first], rules)


def _thin(
    rings: _Rings, first: Rows, last: Rows, rules: GridRules
) -> tuple[Rows, Rows, Floats, Floats]:
    """Keep the tips whose two sides run back nearly the same way."""
    back = rings.xy[rings.before[first]] - rings.xy[first]
    forth = rings.xy[rings.after[last]] - rings.xy[last]
    a, b = np.linalg.norm(back, axis=1), np.linalg.norm(forth, axis=1)
    length = np.minimum(a, b)
    with np.errstate(invalid="ignore", divide="ignore"):
        unit_back, unit_forth = back / a[:, None], forth / b[:, None]
    # Where the shorter side begins, and the place on the longer side beside it.
    ends = (
        rings.xy[first] + unit_back * length[:, None],
        rings.xy[last] + (unit_forth * length[:, None]),
    )
    width = np.linalg.norm(ends[0] - ends[1], axis=1)
    with np.errstate(invalid="ignore"):
        cosine = (unit_back * unit_forth).sum(axis=1)
        is_spike = (
            (cosine >= np.cos(np.radians(rules.spike_angle_deg)))
            & (length >= SHORTEST_M)
            & (length >= SLIMMEST * width)
            & (width <= rules.spike_width_m)
        )
    is_spike &= rings.is_alone[first] & rings.is_alone[last]
    return first[is_spike], last[is_spike], length[is_spike], width[is_spike]


def _outlines(corners: list[Floats]) -> Shapes:
    rings = np.stack([*corners, corners[0]], axis=1)
    if len(rings) == 0:
        return np.empty(0, dtype=object)
    polygons = np.asarray(shapely.polygons(rings), dtype=object)
    flat = ~shapely.is_valid(polygons) | (shapely.area(polygons) <= 0)
    polygons[flat] = shapely.linestrings(rings[flat])
    return polygons


def _idle_feet(rings: _Rings, gone: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark the feet of cut spikes that lie on the line through their neighbours."""
    tips = np.flatnonzero(gone)
    idle = np.zeros(len(gone), bool)
    for foot in (*rings.before[tips].tolist(), *rings.after[tips].tolist()):
        if gone[foot] or not rings.is_alone[foot]:
            continue
        before, after = int(rings.before[foot]), int(rings.after[foot])
        while (gone[before] or idle[before]) and before != foot:
            before = int(rings.before[before])
        while (gone[after] or idle[after]) and after != foot:
            after = int(rings.after[after])
        if before == after or foot in (before, after):
            continue
        line = shapely.linestrings([rings.xy[before], rings.xy[after]])
        idle[foot] = shapely.distance(line, shapely.points(rings.xy[foot])) <= ON_LINE_M
    return idle


def _without(
    shape: shapely.Geometry, rings: _Rings, gone: NDArray[np.bool_], row: int
) -> shapely.Geometry:
    """Return a polygon without some of its vertices; a ring of fewer than three goes."""
    mine = np.flatnonzero(rings.polygon == row)
    numbers = iter(dict.fromkeys(rings.ring[mine].tolist()))
    polygons = []
    for part in shapely.get_parts(shape):
        kept_rings = []
        for _ in range(len(shapely.get_rings(part))):
            vertices = mine[rings.ring[mine] == next(numbers)]
            kept_rings.append(rings.xy[vertices[~gone[vertices]]])
        if len(kept_rings[0]) >= 3:
            polygons.append(
                shapely.Polygon(kept_rings[0], [r for r in kept_rings[1:] if len(r) > 2])
            )
    if not polygons:
        return NOTHING
    return polygons[0] if len(polygons) == 1 else shapely.multipolygons(polygons)
