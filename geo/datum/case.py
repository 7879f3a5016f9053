"""A file under each of its readings, set against the map: how likely at any shift."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.special import logsumexp

from geo.crs import WGS84
from geo.datum.areas import AreaClaims
from geo.datum.density import Density, density_of
from geo.datum.hypotheses import Hypothesis, hypotheses_for, transformer
from geo.datum.known import SMALL_M, MetricPlaces, points_for
from geo.datum.named import Pairs

Floats = NDArray[np.float64]

POINT_LAYERS = ("buildings", "compounds", "streets")
REACH_M = 2_500.0  # from the known map; a reading that puts nothing there is out
LARGE_M = 1_000.0  # no estate is larger
MOST_POINTS = 400  # whose likelihood is computed
CELL_M, MOST_VOTES = 100.0, 200.0  # points of one cell have one vote; all together at most so many


@dataclass(frozen=True, eq=False)
class Case:
    """All that is compared: the file under each reading, and the map, in metres of one CRS."""

    hypotheses: tuple[Hypothesis, ...]
    lon_lat: tuple[tuple[Floats, Floats], ...]
    xy: tuple[Floats, ...]  # one a reading, (n, 2); NaN where there is no place
    is_near: NDArray[np.bool_]  # (n,) on the map or near it under any reading
    votes: Floats  # (s,) of the sample
    sample: NDArray[np.int64]  # (s,) positions of the points that are weighed
    compared: tuple[str, ...]  # layers, the one that is told of first
    densities: tuple[Density, ...]
    pairs: Pairs
    places: Floats  # (k, 2) metres of the known places that names are compared with
    claims: AreaClaims | None

    @property
    def is_usable(self) -> NDArray[np.bool_]:
        """Which points (n,) are near the map, and a place under every reading."""
        return self.is_near & np.isfinite(self.xy).all(axis=(0, 2))


def middles(shapes: NDArray[np.object_]) -> Floats:
    """Return x, y of the middle of each shape (n, 2); NaN where there is none."""
    with np.errstate(over="ignore", invalid="ignore"):  # coordinates may be any number at all
        middle = shapely.centroid(shapes)
    xy = np.column_stack([shapely.get_x(middle), shapely.get_y(middle)])
    return np.where(np.isfinite(xy), xy, np.nan)


def case_of(
    x: Floats,
    y: Floats,
    metric: MetricPlaces,
    compared: tuple[str, ...],
    is_weighed: NDArray[np.bool_] | None = None,
) -> Case | None:
    """Return the case without names; None if no reading puts a point near the map.

    Points that are not weighed (n,) have no say in the fit to the layers.
    """
    to_degrees = transformer(metric.crs, WGS84)
    lon, _ = to_degrees.transform(*((metric.low + metric.high) / 2))
    to_metres = transformer(WGS84, metric.crs)
    finite = np.isfinite(x) & np.isfinite(y)
    plausible, lon_lat, metres = [], [], []
    is_near = np.zeros(len(x), dtype=bool)
    for hypothesis in hypotheses_for(x[finite], y[finite], float(lon)):
        there = hypothesis.to_wgs84(x, y)
        xy = np.column_stack(to_metres.transform(*there))
        xy[~np.isfinite(xy).all(axis=1)] = np.nan
        near = ((xy >= metric.low - REACH_M) & (xy <= metric.high + REACH_M)).all(axis=1)
        if near.any():
            plausible.append(hypothesis)
            lon_lat.append(there)
            metres.append(xy)
            is_near |= near
    if not plausible:
        return None
    if is_weighed is not None:
        is_near &= is_weighed
    sample = np.flatnonzero(is_near & np.isfinite(metres).all(axis=(0, 2)))
    if len(sample) > MOST_POINTS:
        chosen = np.random.default_rng(0).choice(len(sample), MOST_POINTS, replace=False)
        sample = sample[np.sort(chosen)]
    middle = metres[len(metres) // 2][sample]
    return Case(
        tuple(plausible),
        tuple(lon_lat),
        tuple(metres),
        is_near,
        _votes(middle),
        sample,
        compared,
        _densities(metric, compared, [xy[sample] for xy in metres]),
        Pairs(np.empty(0, int), np.empty(0, int), np.empty(0), 0),
        np.empty((0, 2)),
        None,
    )


def _votes(xy: Floats) -> Floats:
    """Return by how much each point (s, 2) counts: equal shares of its cell's one vote."""
    if not len(xy):
        return np.empty(0)
    cells = np.floor(xy / CELL_M).astype(np.int64)
    _, cell, n = np.unique(cells, axis=0, return_inverse=True, return_counts=True)
    votes = 1 / n[cell.ravel()]
    return np.asarray(votes * min(1.0, MOST_VOTES / votes.sum()))


def _densities(
    metric: MetricPlaces, compared: Sequence[str], samples: Sequence[Floats]
) -> tuple[Density, ...]:
    every = np.concatenate(samples)
    if not len(every):
        return ()
    low, high = every.min(axis=0) - REACH_M, every.max(axis=0) + REACH_M
    is_whole = bool((low <= metric.low).all() and (high >= metric.high).all())
    window = None if is_whole else (*low.tolist(), *high.tolist())
    found = [_densities_of(metric, name, window) for name in compared if name in metric.layers]
    return tuple(density for densities in found for density in densities)


@lru_cache(maxsize=8)
def _densities_of(
    metric: MetricPlaces, name: str, window: tuple[float, ...] | None
) -> tuple[Density, ...]:
    """Return the densities of one layer within a window (corners in metres), or of all of it."""
    shapes = metric.layers[name]
    bounds = shapely.bounds(shapes)
    low, high = (metric.low, metric.high) if window is None else (window[:2], window[2:])
    low, high = np.array(low), np.array(high)
    is_here = (bounds[:, :2] <= high).all(axis=1) & (bounds[:, 2:] >= low).all(axis=1)
    if not is_here.any():
        return ()
    shapes, bounds = shapes[is_here], bounds[is_here]
    side_m = (bounds[:, 2:] - bounds[:, :2]).max(axis=1)
    is_estate = (shapely.get_dimensions(shapes) == 2) & (side_m > SMALL_M) & (side_m <= LARGE_M)
    densities = [density_of(*points_for(shapes), low, high)]
    if is_estate.any():  # a ledger may give the middle of an estate, or any place in it
        centres = middles(shapes[is_estate])
        mass = np.ones(len(centres))
        densities.append(density_of(centres, mass, 0.0 * mass, low, high))
    return tuple(density for density in densities if density is not None)


def log_likelihood(case: Case, at: int, shifts: Floats) -> Floats:
    """Return (k,) of one reading, moved by shifts (k, 2)."""
    xy = case.xy[at]
    total = np.zeros(len(shifts))
    if case.densities:
        by_layer = [
            density.log_likelihood(xy[case.sample], case.votes, shifts)
            for density in case.densities
        ]
        total += logsumexp(by_layer, axis=0)
    residual = xy[case.pairs.row] - case.places[case.pairs.place]
    total += case.pairs.log_likelihood(residual, shifts)
    if case.claims is not None:
        total += case.claims.log_likelihood(at, shifts)
    return total
