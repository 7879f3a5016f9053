"""What a plan consists of: what each new site adds, in which order, and who stays out."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.siting.instance import read_columns, read_limit, read_times, read_weights

Floats = NDArray[np.float64]
By = Literal["covered", "mean", "farthest"]
BY_PROBLEM: dict[str, By] = {
    "mclp": "covered",
    "lscp": "covered",
    "p_median": "mean",
    "p_center": "farthest",
}


class Step(NamedTuple):
    """One new site, in the order in which building them helps most.

    The two walks are those before the site and with it; inf where somebody whom some site of the
    matrix reaches has no way yet.
    """

    rank: int  # from 1
    site: int  # column of times
    adds: float  # weight newly within the limit, given the existing sites and the ones before
    total: float  # weight within the limit once it is there
    mean_saved_s: float  # less walking, weighted mean over demand that had a way before
    mean_s: tuple[float, float]  # weighted mean walk
    farthest_s: tuple[float, float]  # of demand of some weight


class LeftOut(NamedTuple):
    """Demand of some weight that the plan does not cover."""

    rows: tuple[int, ...]  # heaviest first, ties by number
    weight: float
    out_of_all: tuple[int, ...]  # those of them that no site in the matrix reaches in time


def ranked_steps(
    times: object,
    weights: ArrayLike | None,
    sites: Sequence[int],
    *,
    limit_s: float,
    existing: Sequence[int] = (),
    by: By = "covered",
) -> list[Step]:
    """Order the new sites of a plan by what each next one does, given those before it.

    `by` "covered": brings most weight within the limit, then saves most walking; "mean": the
    least weight without a way, then the shortest mean walk; "farthest": the shortest farthest
    walk, then as "mean". Ties go to the lowest number.
    """
    read = read_times(times)
    weight = read_weights(weights, read.n)
    limit = read_limit(limit_s)
    left = read_columns(sites, read.m, "sites").tolist()
    _, best_s = read.nearest(read_columns(existing, read.m, "existing").tolist())
    has_way = np.isfinite(read.nearest(range(read.m))[1]) & (weight > 0)
    alone = {site: read.nearest([site])[1] for site in left}
    steps: list[Step] = []
    while left:
        scored = []
        for site in left:
            with_it = np.minimum(best_s, alone[site])
            scored.append((*_score(by, weight, has_way, limit, best_s, with_it), site))
        site = min(scored)[-1]
        with_it = np.minimum(best_s, alone[site])
        steps.append(
            Step(
                rank=len(steps) + 1,
                site=site,
                adds=float(weight[(with_it <= limit) & (best_s > limit)].sum()),
                total=float(weight[with_it <= limit].sum()),
                mean_saved_s=_mean_saved(weight, best_s, with_it),
                mean_s=(_mean(weight, has_way, best_s), _mean(weight, has_way, with_it)),
                farthest_s=(_farthest(has_way, best_s), _farthest(has_way, with_it)),
            )
        )
        best_s = with_it
        left.remove(site)
    return steps


def left_out(
    times: object, weights: ArrayLike | None, open_sites: Sequence[int], *, limit_s: float
) -> LeftOut:
    """Return the demand that open sites leave beyond the limit, heaviest first."""
    read = read_times(times)
    weight = read_weights(weights, read.n)
    limit = read_limit(limit_s)
    _, seconds = read.nearest(read_columns(open_sites, read.m, "open_sites").tolist())
    _, best_s = read.nearest(range(read.m))
    rows = np.flatnonzero((seconds > limit) & (weight > 0))
    rows = rows[np.lexsort((rows, -weight[rows]))]
    never = rows[best_s[rows] > limit]
    return LeftOut(tuple(rows.tolist()), float(weight[rows].sum()), tuple(never.tolist()))


def _score(
    by: By,
    weight: Floats,
    has_way: NDArray[np.bool_],
    limit_s: float,
    before_s: Floats,
    after_s: Floats,
) -> tuple[float, ...]:
    """Return what orders the sites: the smallest comes first."""
    if by == "covered":
        gain = float(weight[(after_s <= limit_s) & (before_s > limit_s)].sum())
        return -gain, -_mean_saved(weight, before_s, after_s)
    lost = has_way & ~np.isfinite(after_s)
    walks = has_way & ~lost
    mean = (float(weight[lost].sum()), float(weight[walks] @ after_s[walks]))
    return mean if by == "mean" else (_farthest(has_way, after_s), *mean)


def _mean(weight: Floats, has_way: NDArray[np.bool_], seconds: Floats) -> float:
    if not has_way.any():
        return 0.0
    return float(weight[has_way] @ seconds[has_way] / weight[has_way].sum())


def _farthest(has_way: NDArray[np.bool_], seconds: Floats) -> float:
    return float(seconds[has_way].max(initial=0.0))


def _mean_saved(weight: Floats, before_s: Floats, after_s: Floats) -> float:
    counts = np.isfinite(before_s) & (weight > 0)
    if not counts.any():
        return 0.0
    return float(weight[counts] @ (before_s[counts] - after_s[counts]) / weight[counts].sum())
