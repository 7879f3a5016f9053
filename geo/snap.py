"""The nearest edge of each point: exact on the shapes of the edges, by a hash of segments."""

import weakref
from hashlib import sha256
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.network import WalkNetwork

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Ids = NDArray[np.int32]

SEGMENTS_PER_CELL = 2.0
LARGEST_TABLE = 2**24  # cells


class SegmentHash(NamedTuple):
    """The segments of all usable edges, and which of them each square cell holds."""

    x0: float
    y0: float
    cell_m: float
    rows: int
    columns: int
    cell_start: Ints  # (rows * columns + 1,)
    cell_segment: Ids
    ends: Floats  # (s, 4) x, y of both ends
    edge: Ids  # (s,)
    before: Floats  # (s,) share of the edge's shape that lies before the segment
    share: Floats  # (s,) share of the edge's shape that the segment is


_hashes: "weakref.WeakKeyDictionary[WalkNetwork, dict[bytes, SegmentHash]]" = (
    weakref.WeakKeyDictionary()
)


def snap_points(
    network: WalkNetwork,
    xy: Floats,
    *,
    usable: NDArray[np.bool_] | None = None,
    limit_m: float = 100.0,
) -> tuple[Ids, Floats, Floats]:
    """Find the nearest usable edge of each point, as the crow flies.

    Parameters
    ----------
    network
        m edges; their shapes count, not their end nodes.
    xy
        (n, 2) metres in the CRS of the network; not finite = not snapped.
    usable
        (m,) edges that may be taken; all if left out.
    limit_m
        The farthest that an edge may lie; exactly the limit is taken.

    Returns
    -------
    edge, fraction, distance_m
        (n,) each: position of the edge (-1 if none lies within the limit), share of its shape's
        length from its first node, and metres to it (inf if none). Ties go to the lower edge.
    """
    segments = segment_hash(network, usable)
    points = np.ascontiguousarray(xy, dtype=np.float64).reshape(-1, 2)
    edge, fraction, distance_m = _snap(segments, points, float(limit_m))
    return edge, fraction, distance_m


def snap_blocks(
    network: WalkNetwork,
    centres: Floats,
    nearest_m: Floats,
    *,
    block_m: float,
    side: int,
    usable: NDArray[np.bool_] | None = None,
    limit_m: float = 100.0,
) -> tuple[Ids, Floats, Floats]:
    """Find the nearest usable edge of small squares of points; exact, many times faster.

    Around each of n `centres` (n, 2) lie `side` x `side` points in the middles of equal parts of a
    square `block_m` wide, rows upwards. `nearest_m` (n,) is the distance of the centre to the
    nearest edge, or more. Returns edge, fraction, distance_m as `snap_points`, (n, side, side).
    """
    segments = segment_hash(network, usable)
    return _snap_blocks(segments, centres, nearest_m, block_m, side, limit_m)  # type: ignore[no-any-return]


def positions(network: WalkNetwork, edge: Ids, fraction: Floats) -> Floats:
    """Return the places (n, 2) in metres at shares of edges' shapes."""
    xy, start = network.vertex_xy, network.vertex_start
    places = np.empty((len(edge), 2))
    for row, (one, share) in enumerate(zip(edge.tolist(), fraction.tolist(), strict=True)):
        shape = xy[start[one] : start[one + 1]]
        run = np.concatenate(([0.0], np.cumsum(np.linalg.norm(np.diff(shape, axis=0), axis=1))))
        at = share * run[-1]
        places[row] = np.interp(at, run, shape[:, 0]), np.interp(at, run, shape[:, 1])
    return places


def segment_hash(network: WalkNetwork, usable: NDArray[np.bool_] | None) -> SegmentHash:
    """Return the hash of a network's segments; made once for each set of usable edges."""
    known = _hashes.setdefault(network, {})
    key = b"" if usable is None or usable.all() else sha256(np.packbits(usable).tobytes()).digest()
    if key not in known:
        known[key] = _make_hash(network, usable if key else None)
    return known[key]


def _make_hash(network: WalkNetwork, usable: NDArray[np.bool_] | None) -> SegmentHash:
    xy, start = network.vertex_xy, network.vertex_start
    n_vertices = np.diff(start)
    edge_of_vertex = np.repeat(np.arange(len(n_vertices), dtype=np.int32), n_vertices)
    is_first = np.ones(len(xy), bool)
    is_first[start[1:] - 1] = False  # the last vertex of an edge begins no segment
    if usable is not None:
        is_first &= usable[edge_of_vertex]
    first = np.flatnonzero(is_first)
    length = np.zeros(len(xy))
    length[:-1] = np.linalg.norm(np.diff(xy, axis=0), axis=1)
    length[start[1:] - 1] = 0.0
    whole = np.add.reduceat(length, start[:-1]) if len(n_vertices) else np.zeros(0)
    run = np.cumsum(length) - length
    before = run - run[np.repeat(start[:-1], n_vertices)]
    safe = np.where(whole > 0, whole, 1.0)[edge_of_vertex]
    ends = np.concatenate([xy[first], xy[first + 1]], axis=1) if len(first) else np.zeros((0, 4))
    low = ends.reshape(-1, 2).min(axis=0) if len(ends) else np.zeros(2)
    high = ends.reshape(-1, 2).max(axis=0) if len(ends) else np.zeros(2)
    cell_m, rows, columns = _table_size(low, high, len(ends), float(length[first].sum()))
    cell_start, cell_segment = _fill_table(ends, low[0], low[1], cell_m, rows, columns)
    return SegmentHash(
        float(low[0]),
        float(low[1]),
        cell_m,
        rows,
        columns,
        cell_start,
        cell_segment,
        np.ascontiguousarray(ends),
        edge_of_vertex[first],
        (before / safe)[first],
        (length / safe)[first],
    )


def _table_size(low: Floats, high: Floats, n: int, length_m: float) -> tuple[float, int, int]:
    """Return a cell about as wide as a typical segment is long, and the table's shape."""
    extent = np.maximum(high - low, 1.0)
    by_length = length_m / max(n, 1)
    by_density = np.sqrt(extent[0] * extent[1] * SEGMENTS_PER_CELL / max(n, 1))
    cell_m = float(max(min(by_length, by_density), 1.0))
    while np.prod(np.floor(extent / cell_m) + 1) > LARGEST_TABLE:
        cell_m *= 2
    columns, rows = (int(k) for k in np.floor(extent / cell_m) + 1)
    return cell_m, rows, columns


@njit(cache=True, nogil=True)
def _fill_table(
    ends: Floats, x0: float, y0: float, cell_m: float, rows: int, columns: int
) -> tuple[Ints, Ids]:
    """Put each segment into every cell that it comes near; two passes, count and place."""
    start = np.zeros(rows * columns + 1, np.int64)
    segment = np.empty(0, np.int32)
    reach = (cell_m * 0.7072) ** 2
    for is_placing in (False, True):
        if is_placing:
            for cell in range(rows * columns):
                start[cell + 1] += start[cell]
            segment = np.empty(start[rows * columns], np.int32)
        for s in range(len(ends)):
            ax, ay, bx, by = ends[s, 0], ends[s, 1], ends[s, 2], ends[s, 3]
            low_column = max(int(np.floor((min(ax, bx) - x0) / cell_m)), 0)
            high_column = min(int(np.floor((max(ax, bx) - x0) / cell_m)), columns - 1)
            low_row = max(int(np.floor((min(ay, by) - y0) / cell_m)), 0)
            high_row = min(int(np.floor((max(ay, by) - y0) / cell_m)), rows - 1)
            for row in range(low_row, high_row + 1):
                for column in range(low_column, high_column + 1):
                    x = x0 + (column + 0.5) * cell_m
                    y = y0 + (row + 0.5) * cell_m
                    if _to_segment(x, y, ax, ay, bx, by)[0] > reach:
                        continue
                    cell = row * columns + column
                    if is_placing:
                        # start[cell] walks to the end of the cell; set back below
                        segment[start[cell]] = s
                        start[cell] += 1
                    else:
                        start[cell + 1] += 1
    for cell in range(rows * columns, 0, -1):
        start[cell] = start[cell - 1]
    start[0] = 0
    return start, segment


@njit(cache=True, nogil=True, inline="always")
def _to_segment(
    x: float, y: float, ax: float, ay: float, bx: float, by: float
) -> tuple[float, float]:
    """Return the squared distance to a segment and the position of its nearest point, 0..1."""
    dx, dy = bx - ax, by - ay
    square = dx * dx + dy * dy
    along = 0.0
    if square > 0.0:
        along = min(max(((x - ax) * dx + (y - ay) * dy) / square, 0.0), 1.0)
    ex, ey = x - (ax + along * dx), y - (ay + along * dy)
    return ex * ex + ey * ey, along


@njit(cache=True, nogil=True)
def _snap(segments: SegmentHash, xy: Floats, limit_m: float) -> tuple[Ids, Floats, Floats]:
    n = len(xy)
    edge = np.full(n, -1, np.int32)
    fraction = np.zeros(n)
    distance_m = np.full(n, np.inf)
    cell_m, rows, columns = segments.cell_m, segments.rows, segments.columns
    ends = segments.ends
    for p in range(n):
        x, y = xy[p, 0], xy[p, 1]
        if not (np.isfinite(x) and np.isfinite(y)) or len(ends) == 0:
            continue
        # Far points: how many rings of cells lie between the point and the table.
        column = int(np.floor(min(max((x - segments.x0) / cell_m, -1e9), 1e9)))
        row = int(np.floor(min(max((y - segments.y0) / cell_m, -1e9), 1e9)))
        outside = max(-column, column - columns + 1, -row, row - rows + 1)
        ring = max(outside, 0)
        in_x = (x - segments.x0) - column * cell_m
        in_y = (y - segments.y0) - row * cell_m
        border = min(in_x, cell_m - in_x, in_y, cell_m - in_y)
        best = limit_m * limit_m * (1.0 + 1e-12)
        best_segment = -1
        best_along = 0.0
        while True:
            nearest_possible = (ring - 1) * cell_m + border if ring > 0 else 0.0
            if nearest_possible > 0.0 and nearest_possible * nearest_possible > best:
                break
            if ring > outside + rows + columns:
                break
            for r in range(max(row - ring, 0), min(row + ring, rows - 1) + 1):
                is_edge_row = r in (row - ring, row + ring)
                step = 1 if is_edge_row or ring == 0 else 2 * ring
                for c in range(column - ring, column + ring + 1, step):
                    if c < 0 or c >= columns:
                        continue
                    cell = r * columns + c
                    for k in range(segments.cell_start[cell], segments.cell_start[cell + 1]):
                        s = segments.cell_segment[k]
                        square, along = _to_segment(
                            x, y, ends[s, 0], ends[s, 1], ends[s, 2], ends[s, 3]
                        )
                        if square < best or (
                            square == best
                            and (best_segment < 0 or segments.edge[s] < segments.edge[best_segment])
                        ):
                            best, best_segment, best_along = square, s, along
            ring += 1
        if best_segment >= 0:
            edge[p] = segments.edge[best_segment]
            # Shares are sums of rounded numbers: the end of an edge may come out above 1.
            fraction[p] = min(
                segments.before[best_segment] + best_along * segments.share[best_segment], 1.0
            )
            distance_m[p] = np.sqrt(best)
    return edge, fraction, distance_m


@njit(cache=True, nogil=True)
def _snap_blocks(
    segments: SegmentHash,
    centres: Floats,
    nearest_m: Floats,
    block_m: float,
    side: int,
    limit_m: float,
) -> tuple[Ids, Floats, Floats]:
    n = len(centres)
    edge = np.full((n, side, side), -1, np.int32)
    fraction = np.zeros((n, side, side))
    distance_m = np.full((n, side, side), np.inf)
    ends = segments.ends
    near = np.empty(64, np.int32)
    for block in range(n):
        x, y = centres[block, 0], centres[block, 1]
        # The nearest edge of any point of the block is this near to its centre.
        reach_m = min(nearest_m[block], limit_m) + 1.4143 * block_m
        n_near = 0
        column = int(np.floor((x - reach_m - segments.x0) / segments.cell_m))
        last_column = int(np.floor((x + reach_m - segments.x0) / segments.cell_m))
        row = int(np.floor((y - reach_m - segments.y0) / segments.cell_m))
        last_row = int(np.floor((y + reach_m - segments.y0) / segments.cell_m))
        for r in range(max(row, 0), min(last_row, segments.rows - 1) + 1):
            for c in range(max(column, 0), min(last_column, segments.columns - 1) + 1):
                cell = r * segments.columns + c
                for k in range(segments.cell_start[cell], segments.cell_start[cell + 1]):
                    s = segments.cell_segment[k]
                    square = _to_segment(x, y, ends[s, 0], ends[s, 1], ends[s, 2], ends[s, 3])[0]
                    if square > reach_m * reach_m or s in near[:n_near]:
                        continue
                    if n_near == len(near):
                        near = np.concatenate((near, near))
                    near[n_near] = s
                    n_near += 1
        for i in range(side):
            for j in range(side):
                px = x + ((j + 0.5) / side - 0.5) * block_m
                py = y + ((i + 0.5) / side - 0.5) * block_m
                best = limit_m * limit_m * (1.0 + 1e-12)
                best_segment, best_along = -1, 0.0
                for k in range(n_near):
                    s = near[k]
                    square, along = _to_segment(
                        px, py, ends[s, 0], ends[s, 1], ends[s, 2], ends[s, 3]
                    )
                    if square < best or (
                        square == best
                        and (best_segment < 0 or segments.edge[s] < segments.edge[best_segment])
                    ):
                        best, best_segment, best_along = square, s, along
                if best_segment >= 0:
                    edge[block, i, j] = segments.edge[best_segment]
                    fraction[block, i, j] = min(
                        segments.before[best_segment] + best_along * segments.share[best_segment],
                        1.0,
                    )
                    distance_m[block, i, j] = np.sqrt(best)
    return edge, fraction, distance_m
