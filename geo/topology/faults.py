"""Where a tiling is no tiling: overlaps between its polygons and gaps among them, in metres."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import BufferJoinStyle

from geo.topology.tiling import Floats, Rows, Shapes

NOISE_M2 = 1e-6  # of an intersection of polygons that only touch
TOUCH_M = 0.002  # two millimetres: what lies this near touches
HAIR_M = 0.01
# A cleft from outside is one between grids: the second of them borders on this much of it, as a
# share of the first. A step in the outline of the whole lies at one grid.
SECOND_SHARE = 0.15


@dataclass(frozen=True, eq=False)
class Overlaps:
    """k overlaps of two polygons each, the lower row first; an overlap in pieces is k rows."""

    first: Rows
    second: Rows
    shapes: Shapes


@dataclass(frozen=True, eq=False)
class Gaps:
    """k places that no polygon covers: enclosed, or narrow clefts that open outwards."""

    shapes: Shapes
    is_open: NDArray[np.bool_]


def overlaps(shapes: Shapes) -> Overlaps:
    """Return where two of the polygons (n,) lie on one another."""
    first, second = touching_pairs(shapes)
    common = shapely.intersection(shapes[first], shapes[second])
    has_area = shapely.area(common) > NOISE_M2
    parts, of = shapely.get_parts(common[has_area], return_index=True)
    # A collection may hold a multi-polygon; lines and points have no area.
    parts, inner = shapely.get_parts(parts, return_index=True)
    of = of[inner]
    kept = shapely.area(parts) > NOISE_M2
    rows = np.flatnonzero(has_area)[of[kept]]
    return Overlaps(first[rows], second[rows], np.asarray(parts[kept], dtype=object))


def touching_pairs(shapes: Shapes) -> tuple[Rows, Rows]:
    """Return the pairs of rows (k,), (k,) whose polygons touch or overlap, each once."""
    a, b = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    once = a < b
    return a[once], b[once]


def gaps(shapes: Shapes, *, mouth_m: float) -> Gaps:
    """Return what the polygons (n,) leave open between them; the outside is no gap.

    A cleft that opens to the outside counts where it is no wider than `mouth_m` and lies between
    two polygons.
    """
    whole = shapely.get_parts(shapely.union_all(shapes))
    whole = whole[shapely.area(whole) > 0]
    if len(whole) == 0:
        return Gaps(np.empty(0, dtype=object), np.empty(0, bool))
    filled = shapely.polygons(shapely.get_exterior_ring(whole))
    enclosed = _holes(whole, np.asarray(filled, dtype=object))
    clefts = _clefts(shapes, shapely.union_all(filled), mouth_m)
    return Gaps(
        np.concatenate([enclosed, clefts]),
        np.repeat([False, True], [len(enclosed), len(clefts)]),
    )


def _holes(whole: Shapes, filled: Shapes) -> Shapes:
    """Return the holes of the whole, less the parts that stand in them."""
    if len(whole) == 1:
        holes = shapely.polygons(shapely.get_rings(whole[0])[1:])
    else:
        rest = shapely.difference(shapely.union_all(filled), shapely.union_all(whole))
        holes = shapely.get_parts(rest)
    holes = np.asarray(holes, dtype=object)
    return holes[shapely.area(holes) > NOISE_M2]


def _clefts(shapes: Shapes, filled: shapely.Geometry, mouth_m: float) -> Shapes:
    """Close what is narrow from outside; mitred, so that the corners of the outline stay."""
    closed = offset(offset(filled, mouth_m / 2), -mouth_m / 2)
    parts = shapely.get_parts(shapely.difference(closed, filled))
    parts = np.asarray(parts[shapely.area(parts) > NOISE_M2], dtype=object)
    if len(parts) == 0:
        return parts
    # The difference may trail hair-thin arms along the outline; they are no border of the cleft.
    solid = np.array([offset(offset(part, -HAIR_M), HAIR_M) for part in parts], dtype=object)
    _, part, metres = contacts(solid, shapes)
    kept = []
    for k in range(len(parts)):
        lengths = np.sort(metres[part == k])[::-1]
        kept.append(len(lengths) > 1 and lengths[1] >= SECOND_SHARE * lengths[0])
    return np.asarray(parts[np.array(kept)], dtype=object)


def offset(shape: shapely.Geometry, distance_m: float) -> shapely.Geometry:
    """Return a shape grown or shrunk with sharp corners."""
    return shapely.buffer(shape, distance_m, join_style=BufferJoinStyle.mitre)


def contacts(places: Shapes, shapes: Shapes) -> tuple[Rows, Rows, Floats]:
    """Return which polygons border on which places: row, place, metres of common border."""
    place, row = shapely.STRtree(shapes).query(places, predicate="dwithin", distance=TOUCH_M)
    rims = shapely.boundary(places[place])
    wanted, which = np.unique(row, return_inverse=True)
    near = shapely.buffer(shapes[wanted], TOUCH_M, quad_segs=2)
    metres = shapely.length(shapely.intersection(rims, near[which]))
    kept = metres > 4 * TOUCH_M
    return row[kept], place[kept], metres[kept]


def width_m(shapes: Shapes) -> Floats:
    """Return how wide each polygon is at its widest (n,): the diameter of the largest circle."""
    if len(shapes) == 0:
        return np.empty(0)
    mean = 2 * shapely.area(shapes) / np.maximum(shapely.length(shapes), 1e-9)
    tolerance = np.clip(0.05 * mean, 0.01, 5.0)
    return np.asarray(2 * shapely.length(shapely.maximum_inscribed_circle(shapes, tolerance)))


def is_narrow(shapes: Shapes, most_m: float) -> NDArray[np.bool_]:
    """Return whether each polygon is nowhere wider than `most_m` (n,)."""
    # A hair more, so that a strip of exactly the width is narrow.
    return np.asarray(shapely.is_empty(shapely.buffer(shapes, -(most_m / 2 + 1e-6))), bool)
