"""A raster of the walk network: which edge each pixel belongs to. It does not depend on a source.

Pixel (row, column) has its centre at `x0 + column * pixel_m`, `y0 + row * pixel_m`. For each: the
nearest usable edge, the position on it and the distance to it, as far as the snap limit. It is
filled tile by tile where it is first asked for, and kept: a city costs only what is looked at.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from geo.network import WalkNetwork
from geo.snap import snap_points

TILE = 128  # pixels
UNFILLED, NO_EDGE = 0, -1  # in `edge`, which holds the edge's position + 1
PIXEL_RANGE_M = (2.5, 10.0)
PIXELS_PER_SPACING = 8.0  # pixels across the typical gap between two ways
MOST_PIXELS = 2**31


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
    tile_filled: NDArray[np.bool_] = field(repr=False)


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
        tile_filled=np.zeros((-(-rows // TILE), -(-columns // TILE)), bool),
    )


def pixel_size_m(network: WalkNetwork) -> float:
    """Return a pixel that resolves the typical gap between two ways of this network, in metres.

    In a lattice of ways `s` apart there are 2 / s metres of way per square metre; the gap is
    taken as that `s` of the cells (200 m) that hold a way, so that empty land does not count.
    """
    middle = network.vertex_xy[network.vertex_start[:-1]]
    cells = np.unique(np.floor(middle / 200.0), axis=0)
    density = network.edge_length_m.sum() / max(len(cells) * 200.0**2, 1.0)
    spacing = 2.0 / max(density, 1e-6)
    return float(np.clip(spacing / PIXELS_PER_SPACING, *PIXEL_RANGE_M))


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
