"""Counting who is covered: sums, shares and quantiles by group, on arrays."""

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.demand import grid_at
from geo.errors import ReachError
from geo.text import Text

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def coverage_by_grid(
    grids: gpd.GeoDataFrame,
    points: pd.DataFrame,
    seconds: Floats,
    weights: Mapping[str, Floats] | pd.DataFrame | pd.Series | Floats,
    *,
    limit_s: float,
    n_within: NDArray[np.int64] | None = None,
    crow_covered: Flags | None = None,
) -> pd.DataFrame:
    """Count who is covered in each grid; a point at exactly the limit is covered.

    Parameters
    ----------
    grids
        g grids, index = id, metric CRS if points have no column `grid_id`.
    points
        n points with a column `grid_id`, or with geometry (then the grid that holds each point,
        the lowest id on a border). A point in no grid is in no row.
    seconds
        (n,) walking time to the nearest site; inf or NaN = not reachable.
    weights
        By name (n,) persons or households a point; NaN = not known: it counts for nothing, and the
        number of such points is given. A single array or series is named "weight" or as itself.
    limit_s
        The limit in seconds.
    n_within, crow_covered
        (n,) number of sites within the limit, and whether the straight line is within it; left
        out, their columns are not made.

    Returns
    -------
    by_grid
        One row a grid (index of `grids`): n_points, median_s, p90_s (weighted by households if
        given and known, otherwise each point once; inf where half, or a tenth, are out of reach;
        NaN without points), and for each weight w: w, w_covered, w_share (NaN where w is 0),
        w_unknown, and w_backup, w_crow_covered where asked for.

    Raises
    ------
    ReachError
        A length differs from n, a weight is negative, or the limit is not a number above zero.
    """
    if isinstance(weights, pd.Series):
        weights = {str(weights.name or "weight"): weights.to_numpy(float)}
    elif not isinstance(weights, Mapping | pd.DataFrame):
        weights = {"weight": np.asarray(weights, float)}
    columns = {str(name): np.asarray(values, float) for name, values in weights.items()}
    seconds = np.where(np.isnan(seconds), np.inf, np.asarray(seconds, float))
    _require_fitting(len(points), seconds, columns, limit_s)
    if "grid_id" in points:
        grid_of = points["grid_id"]
    else:
        placed = gpd.GeoSeries(points.geometry, crs=points.crs).to_crs(grids.crs)
        # By row, as ids may be text; the lowest id has the lowest row.
        rows = grid_at(grids.sort_index().reset_index(drop=True), placed)
        grid_of = pd.Series(rows, index=points.index).map(
            dict(enumerate(grids.index.sort_values()))
        )
    code = grids.index.get_indexer(pd.Index(grid_of.astype(object).where(grid_of.notna(), None)))
    return _counts(
        code, grids.index, seconds, columns, limit_s, n_within=n_within, crow=crow_covered
    )


def _require_fitting(
    n: int, seconds: Floats, columns: Mapping[str, Floats], limit_s: float
) -> None:
    if not (np.isfinite(limit_s) and limit_s > 0):
        raise ReachError(
            Text(f"时限 {limit_s} 不是大于零的秒数。", f"The limit {limit_s} is not above 0 s.")
        )
    for name, values in {"seconds": seconds, **columns}.items():
        if values.shape != (n,):
            raise ReachError(
                Text(
                    f"“{name}”应有 {n} 个值（每个需求点一个），现有形状 {values.shape}。",
                    f"{name} needs {n} values, one a point, and has shape {values.shape}.",
                )
            )
        negative = np.flatnonzero(values < 0)
        if len(negative):
            raise ReachError(
                Text(
                    f"“{name}”有 {len(negative)} 个负值，先见于第 {negative[0]} 位；请改正。",
                    f"{name} has {len(negative)} negative values, the first at position "
                    f"{negative[0]}; they must be zero or more.",
                ),
                ids=negative.tolist(),
            )


def _counts(
    code: NDArray[np.intp],
    index: pd.Index,
    seconds: Floats,
    columns: Mapping[str, Floats],
    limit_s: float,
    *,
    n_within: NDArray[np.int64] | None,
    crow: Flags | None,
) -> pd.DataFrame:
    """Sum by group; `code` (n,) is the row of `index` that a point counts for, -1 for none."""
    n_groups = len(index)
    inside = code >= 0
    group = code[inside]

    def total(values: Floats) -> Floats:
        return np.bincount(group, weights=values[inside], minlength=n_groups).astype(float)

    covered = seconds <= limit_s
    counts: dict[str, NDArray[np.generic]] = {
        "n_points": np.bincount(group, minlength=n_groups),
    }
    households = columns.get("households")
    counts["median_s"] = weighted_quantile(
        group, n_groups, seconds[inside], 0.5, households, inside
    )
    counts["p90_s"] = weighted_quantile(group, n_groups, seconds[inside], 0.9, households, inside)
    for name, values in columns.items():
        is_known = np.isfinite(values)
        known = np.where(is_known, values, 0.0)
        everyone = total(known)
        reached = total(known * covered)
        counts[name] = everyone
        counts[f"{name}_covered"] = reached
        with np.errstate(invalid="ignore", divide="ignore"):
            counts[f"{name}_share"] = np.where(everyone > 0, reached / everyone, np.nan)
        if n_within is not None:
            counts[f"{name}_backup"] = total(known * (n_within >= 2))
        if crow is not None:
            counts[f"{name}_crow_covered"] = total(known * crow)
        counts[f"{name}_unknown"] = total((~is_known).astype(float)).astype(np.int64)
    return pd.DataFrame(counts, index=index)


def weighted_quantile(
    group: NDArray[np.intp],
    n_groups: int,
    values: Floats,
    share: float,
    weight: Floats | None,
    inside: Flags,
) -> Floats:
    """Return per group the least value that `share` of the weight does not exceed (n_groups,).

    A group whose weights are all unknown or zero counts each point once. NaN without points.
    """
    ones = np.ones(len(values))
    w = ones if weight is None else np.nan_to_num(weight[inside])
    has_weight = np.bincount(group, weights=w, minlength=n_groups) > 0
    w = np.where(has_weight[group], w, ones)
    order = np.lexsort((values, group))
    sorted_group, running = group[order], np.cumsum(w[order])
    sums = np.bincount(group, weights=w, minlength=n_groups)
    before = np.concatenate(([0.0], np.cumsum(sums)))[:-1]
    reached = running - before[sorted_group] >= share * sums[sorted_group] - 1e-9
    result = np.full(n_groups, np.nan)
    # Written from the back, so that the first that reaches the share is the one that stays.
    rows = np.flatnonzero(reached & (w[order] > 0))[::-1]
    result[sorted_group[rows]] = values[order][rows]
    return result
