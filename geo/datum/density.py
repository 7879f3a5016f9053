"""How likely points are on a map of known places, moved by any small shift.

A point of a file is taken as a known place plus noise, or as a stray: its density is the known
places' own, blurred by the noise, mixed with an even one. How wide the noise and how many the
strays are is not known, so each of a few widths and shares is a model of its own and their
likelihoods are averaged. A width that is too sharp for the file thereby condemns itself.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.special import logsumexp

Floats = NDArray[np.float64]

NOISE_M = (10.0, 25.0, 60.0, 150.0)  # standard deviations, each axis
STRAY_SHARES = (0.05, 0.5)
REACH_NOISE_M = 60.0  # one of NOISE_M: what a point is near to
FINEST_CELL_M = 15.0
MOST_CELLS = 2_000_000
MARGIN_M = 1_500.0  # of the even density round the known places


@dataclass(frozen=True, eq=False)
class Density:
    """The logarithm of each model's density (per square metre) on a raster."""

    low: Floats  # (2,) metres: the corner of the first cell
    cell_m: float
    shape: tuple[int, int]
    tables: tuple[NDArray[np.float32], ...]  # one a model, (cells,)
    floors: tuple[float, ...]  # one a model: of what lies outside of the raster

    def reaches(self, xy: Floats) -> NDArray[np.bool_]:
        """Tell which points (n, 2) lie near a known place: no strays at REACH_NOISE_M."""
        model = NOISE_M.index(REACH_NOISE_M) * len(STRAY_SHARES)
        at = np.floor((xy - self.low) / self.cell_m)
        is_inside = ((at >= 0) & (at < self.shape)).all(axis=1)
        cell = np.where(is_inside, at[:, 0] * self.shape[1] + at[:, 1], 0).astype(np.int64)
        return np.asarray(is_inside & (self.tables[model][cell] > self.floors[model] + np.log(2.0)))

    def log_likelihood(self, xy: Floats, weights: Floats, shifts: Floats) -> Floats:
        """Return (k,) the log-likelihood of points (n, 2) in metres, moved by shifts (k, 2).

        `weights`: (n,) by how much each point counts.
        """
        at = np.floor((xy[:, None] + shifts[None] - self.low) / self.cell_m)
        is_inside = ((at >= 0) & (at < self.shape)).all(axis=-1)
        cell = np.where(is_inside, at[..., 0] * self.shape[1] + at[..., 1], 0).astype(np.int64)
        by_model = [
            weights @ np.where(is_inside, table[cell], np.float32(floor))
            for table, floor in zip(self.tables, self.floors, strict=True)
        ]
        return np.asarray(logsumexp(by_model, axis=0) - np.log(len(by_model)))


def density_of(
    xy: Floats, mass: Floats, spread_m: Floats, low: Floats, high: Floats
) -> Density | None:
    """Return the density of known places within a window; None where there is none.

    Parameters
    ----------
    xy, mass
        (n, 2) metres and (n,) how much of a place each point stands for.
    spread_m
        (n,) how far apart the points of its place stand: they are blurred by as much.
    low, high
        (2,) corners of the window, metres.
    """
    is_here = ((xy >= low) & (xy <= high)).all(axis=1)
    if not is_here.any():
        return None
    xy, mass, spread_m = xy[is_here], mass[is_here], spread_m[is_here]
    low, high = xy.min(axis=0) - MARGIN_M, xy.max(axis=0) + MARGIN_M
    area_m2 = float(np.prod(high - low))
    cell_m = max(FINEST_CELL_M, float(np.sqrt(area_m2 / MOST_CELLS)))
    shape = tuple(int(n) for n in np.ceil((high - low) / cell_m))
    places = np.zeros(shape, dtype=np.float32)
    for spread in np.unique(spread_m):
        of_spread = np.zeros(shape, dtype=np.float32)
        chosen = spread_m == spread
        at = np.floor((xy[chosen] - low) / cell_m).astype(np.int64)
        np.add.at(of_spread, (at[:, 0], at[:, 1]), mass[chosen].astype(np.float32))
        places += _blurred(of_spread, spread / cell_m)
    places /= places.sum() * cell_m**2
    tables, floors = [], []
    for noise_m in NOISE_M:
        near = _blurred(places, max(noise_m / cell_m, 0.5)).ravel()
        for share in STRAY_SHARES:
            tables.append(np.log((1 - share) * near + share / area_m2).astype(np.float32))
            floors.append(float(np.log(share / area_m2)))
    return Density(low, cell_m, (shape[0], shape[1]), tuple(tables), tuple(floors))


def _blurred(raster: NDArray[np.float32], cells: float) -> NDArray[np.float32]:
    if cells < 0.3:
        return raster
    return np.asarray(gaussian_filter(raster, cells, mode="constant", truncate=3.5))
