"""A raster of the walk network: which edge each pixel belongs to. It does not depend on a source.

Pixel (row, column) has its centre at `x0 + column * pixel_m`, `y0 + row * pixel_m`. For each: the
nearest usable edge, the position on it and the distance to it, as far as the snap limit. It is
filled tile by tile where it is first asked for, and kept: a city costs only what is looked at.
"""

from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from geo.network import WalkNetwork
from geo.snap import snap_blocks, snap_points

TILE = 128  # pixels
UNFILLED, NO_EDGE = 0, -1  # in `edge`, which holds the edge's position + 1
LARGEST_PIXEL_M = 7.0
PIXELS_PER_SPACING = 12.0  # pixels across the typical gap between two ways
WALK_PIXELS, WALK_BOX_M2 = 90_000, 2200.0**2  # that the box of a 15-minute walk may take
MOST_PIXELS = 2**31
FEW_PIXELS = 4_000  # an area of fewer is drawn on finer ones
FINE_PIXELS = 24_000  # looked up anew for it, at most
MOST_FINE_PIXELS = 120_000  # of the box that holds them
SMALLEST_PIXEL_M = 0.5


@dataclass(frozen=True, eq=False)
class Window:
    """A rectangle of pixels: rows [row, row + rows), columns [column, column + columns)."""

    row: int
    column: int
    rows: int
    columns: int


@dataclass(frozen=True, eq=False)
class NetworkRaster:
    """The arrays, (rows, columns); zero where not filled yet. See `network_raster`."""

    network: WalkNetwork
    usable: NDArray[np.bool_]
    pixel_m: float
    limit_m: float
    x0: float
    y0: float
    edge: NDArray[np.int32]
    fraction: NDArray[np.float32]
    distance_m: NDArray[np.float32]
    shape_m: NDArray[np.float64] = field(repr=False)  # (m,) drawn length of each edge
    tile_filled: NDArray[np.bool_] = field(repr=False)


def raster_of(network: WalkNetwork, usable: NDArray[np.bool_]) -> NetworkRaster:
    """Return the raster of a network and its usable edges, made once and kept with the network."""
    key = ("raster", np.packbits(usable).tobytes())
    if key not in network.kept:
        network.kept[key] = network_raster(network, usable)
    return cast("NetworkRaster", network.kept[key])


def network_raster(
    network: WalkNetwork,
    usable: NDArray[np.bool_] | None = None,
    *,
    limit_m: float = 100.0,
    pixel_m: float | None = None,
) -> NetworkRaster:
    """Lay a raster over a network, unfilled.

    `usable` (m,) marks the edges that count (all if left out). The pixel follows the density of
    the network (`pixel_size_m`) if it is not given, in metres.
    """
    if usable is None:
        usable = np.ones(len(network.edge_nodes), bool)
    pixel = pixel_size_m(network) if pixel_m is None else pixel_m
    low, high = network.bounds(limit_m + 2 * pixel)
    columns, rows = (int(n) for n in np.ceil(np.maximum(high - low, 0.0) / pixel) + 1)
    while rows * columns > MOST_PIXELS:
        pixel *= 2
        columns, rows = columns // 2 + 1, rows // 2 + 1
    shape = (rows, columns)
    # zeros are given by the system on first touch: what is never looked at takes no memory.
    return NetworkRaster(
        network=network,
        usable=usable,
        pixel_m=pixel,
        limit_m=limit_m,
        x0=float(low[0]),
        y0=float(low[1]),
        edge=np.zeros(shape, np.int32),
        fraction=np.zeros(shape, np.float32),
        distance_m=np.zeros(shape, np.float32),
        shape_m=_drawn_lengths(network),
        tile_filled=np.zeros((-(-rows // TILE), -(-columns // TILE)), bool),
    )


def _drawn_lengths(network: WalkNetwork) -> NDArray[np.float64]:
    """Return the length of each edge's shape (m,) in metres."""
    start = network.vertex_start
    step = np.zeros(len(network.vertex_xy))
    step[:-1] = np.linalg.norm(np.diff(network.vertex_xy, axis=0), axis=1)
    step[start[1:] - 1] = 0.0  # from the last vertex of an edge to the first of the next
    return np.add.reduceat(step, start[:-1]) if len(start) > 1 else np.zeros(0)


def pixel_size_m(network: WalkNetwork) -> float:
    """Return a pixel that resolves the typical gap between two ways of this network, in metres.

    In a lattice of ways `s` apart there are 2 / s metres of way per square metre; the gap is
    taken as that `s` of the cells (200 m) that hold a way, so that empty land does not count.
    It is not so small that a walk of 15 minutes would take more than WALK_PIXELS to draw.
    """
    middle = network.vertex_xy[network.vertex_start[:-1]]
    cells = np.unique(np.floor(middle / 200.0), axis=0)
    density = network.edge_length_m.sum() / max(len(cells) * 200.0**2, 1.0)
    spacing = 2.0 / max(density, 1e-6)
    low, high = network.bounds()
    box_m2 = min(float(np.prod(np.maximum(high - low, 0.0) + 200.0)), WALK_BOX_M2)
    smallest = min(np.sqrt(box_m2 / WALK_PIXELS), LARGEST_PIXEL_M)
    return float(np.clip(spacing / PIXELS_PER_SPACING, smallest, LARGEST_PIXEL_M))


def window_of(raster: NetworkRaster, low: NDArray[np.float64], high: NDArray[np.float64]) -> Window:
    """Return the pixels between two corners (metres), cut to the raster."""
    rows, columns = raster.edge.shape
    first = np.floor((low - (raster.x0, raster.y0)) / raster.pixel_m).astype(int)
    last = np.ceil((high - (raster.x0, raster.y0)) / raster.pixel_m).astype(int)
    column, row = np.maximum(first, 0)
    end_column, end_row = np.minimum(last + 1, (columns, rows))
    return Window(
        int(row), int(column), max(int(end_row - row), 0), max(int(end_column - column), 0)
    )


def whole_of(raster: NetworkRaster) -> Window:
    """Return the window of all pixels."""
    return Window(0, 0, *raster.edge.shape)


def refined_raster(
    raster: NetworkRaster, window: Window, reached: NDArray[np.bool_], edges: NDArray[np.integer]
) -> NetworkRaster | None:
    """Return a finer raster of the reached pixels of a window.

    Looked up anew along the rim, where it matters; within, a fine pixel is as the coarse one that
    holds it. `edges` are those walked on: their own pixels belong to the rim too, for another way
    beside may have taken their middles. None for an area so large that its pixels are fine enough.
    `reached` may be larger than the window.
    """
    if not 0 < np.count_nonzero(reached) <= FEW_PIXELS:
        return None
    edges = np.unique(edges)
    rows, columns = np.flatnonzero(reached.any(axis=1)), np.flatnonzero(reached.any(axis=0))
    row, column = max(rows[0] - 1, 0), max(columns[0] - 1, 0)
    inside = reached[row : min(rows[-1] + 2, window.rows), column : columns[-1] + 2]
    inside = inside[:, : window.columns - column]
    on_edges = _pixels_of(raster, edges) - (window.row + row, window.column + column)
    on_edges = on_edges[((on_edges >= 0) & (on_edges < inside.shape)).all(axis=1)]
    walked = np.zeros_like(inside)
    walked[on_edges[:, 0], on_edges[:, 1]] = True
    is_rim = _is_rim(inside) | (walked & ~inside)
    most = min(FINE_PIXELS / np.count_nonzero(is_rim), MOST_FINE_PIXELS / inside.size)
    finer = min(int(np.sqrt(most)), int(raster.pixel_m / SMALLEST_PIXEL_M))
    if finer < 2:
        return None
    row, column = row + window.row, column + window.column
    cut = (slice(row, row + inside.shape[0]), slice(column, column + inside.shape[1]))
    edge, fraction, distance_m = raster.edge[cut], raster.fraction[cut], raster.distance_m[cut]
    where = np.nonzero(is_rim)
    low = (raster.x0 + column * raster.pixel_m, raster.y0 + row * raster.pixel_m)
    found = snap_blocks(
        raster.network,
        np.column_stack([where[1], where[0]]) * raster.pixel_m + low,
        np.where(edge[where] > 0, distance_m[where], np.inf),
        block_m=raster.pixel_m,
        side=finer,
        usable=raster.usable,
        limit_m=raster.limit_m,
    )
    pixel = raster.pixel_m / finer
    x0, y0 = (corner - raster.pixel_m / 2 + pixel / 2 for corner in low)
    return replace(
        raster,
        pixel_m=pixel,
        x0=x0,
        y0=y0,
        edge=_in_parts(edge, where, np.where(found[0] >= 0, found[0] + 1, NO_EDGE)),
        fraction=_in_parts(fraction, where, found[1]),
        distance_m=_in_parts(distance_m, where, found[2]),
        tile_filled=np.ones((1, 1), bool),
    )


def _in_parts(
    coarse: NDArray[Any], where: tuple[NDArray[np.intp], ...], parts: NDArray[Any]
) -> NDArray[Any]:
    """Return every pixel as the square of its parts: those given (k, n, n), else copies of it."""
    n = parts.shape[1]
    fine = coarse.repeat(n, axis=0).repeat(n, axis=1)
    fine.reshape(len(coarse), n, -1, n)[where[0], :, where[1], :] = parts
    return fine


def _pixels_of(raster: NetworkRaster, edges: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return row and column (k, 2) of pixels along the shapes of edges, one a pixel's walk."""
    shapes = [raster.network.shape_of(edge) for edge in edges.tolist()]
    starts = np.concatenate([shape[:-1] for shape in shapes])
    steps = np.concatenate([shape[1:] - shape[:-1] for shape in shapes])
    n = np.ceil(np.linalg.norm(steps, axis=1) / raster.pixel_m).astype(np.int64) + 1
    at = (np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n)) / np.repeat(n, n)
    places = np.repeat(starts, n, axis=0) + at[:, None] * np.repeat(steps, n, axis=0)
    pixels = np.rint((places - (raster.x0, raster.y0)) / raster.pixel_m).astype(np.int64)
    return np.ascontiguousarray(pixels[:, ::-1])


def _is_rim(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark the pixels of which a neighbour, or they themselves, differ: in here, out there."""
    wide = np.pad(inside, 1)
    rows, columns = inside.shape
    parts = [wide[i : i + rows, j : j + columns] for i in range(3) for j in range(3)]
    return np.asarray(np.logical_or.reduce(parts) & ~np.logical_and.reduce(parts))


def fill(raster: NetworkRaster, window: Window) -> None:
    """Fill the tiles that the window touches and that are not filled yet.

    Filling twice writes the same values, so that two threads may do it at once.
    """
    rows = range(window.row // TILE, -(-(window.row + window.rows) // TILE))
    columns = range(window.column // TILE, -(-(window.column + window.columns) // TILE))
    for tile_row in rows:
        for tile_column in columns:
            if not raster.tile_filled[tile_row, tile_column]:
                _fill_tile(raster, tile_row, tile_column)
                raster.tile_filled[tile_row, tile_column] = True


def _fill_tile(raster: NetworkRaster, tile_row: int, tile_column: int) -> None:
    rows, columns = raster.edge.shape
    row = np.arange(tile_row * TILE, min((tile_row + 1) * TILE, rows))
    column = np.arange(tile_column * TILE, min((tile_column + 1) * TILE, columns))
    x, y = np.meshgrid(
        raster.x0 + column * raster.pixel_m, raster.y0 + row * raster.pixel_m, copy=False
    )
    edge, fraction, distance_m = snap_points(
        raster.network,
        np.column_stack([x.ravel(), y.ravel()]),
        usable=raster.usable,
        limit_m=raster.limit_m,
    )
    where = np.ix_(row, column)
    shape = x.shape
    raster.fraction[where] = fraction.reshape(shape)
    raster.distance_m[where] = distance_m.reshape(shape)
    raster.edge[where] = np.where(edge >= 0, edge + 1, NO_EDGE).reshape(shape)
