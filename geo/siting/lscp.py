"""Location set covering: the fewest new sites that cover all demand, or a share of its weight."""

import math
import time
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from geo.siting.constrained import solve_constrained
from geo.siting.constraints import SitingConstraints, read_share
from geo.siting.cover import OnFound, lowest_equals, smallest_cover
from geo.siting.covering import MergedDemand, covering_sets, merge_demand
from geo.siting.highs import Milp, Stop, solve_milp
from geo.siting.infeasible import out_of_reach, out_of_reach_reasons
from geo.siting.instance import (
    Choice,
    Times,
    read_choice,
    read_limit,
    read_times,
    read_weights,
)
from geo.siting.plan import OnProgress, ShouldStop, SitingPlan
from geo.siting.reduction import pack_columns
from geo.text import Text

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Found = Callable[[float, float, Ints], None]
STRICTER = (0.0, 1e-7, 1e-5)  # relative: added to the weight asked for until rounding keeps it


class FewestSites(NamedTuple):
    """New sites as numbers among the candidates, and the fewest that any plan needs."""

    candidates: Ints  # ascending
    bound: int


def solve_lscp(
    times: object,
    weights: ArrayLike | None = None,
    *,
    limit_s: float,
    existing: ArrayLike = (),
    share: float = 1.0,
    forbidden: ArrayLike = (),
    mandatory: ArrayLike = (),
    constraints: SitingConstraints | None = None,
    time_limit_s: float | None = None,
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> SitingPlan:
    """Find the fewest new sites that cover all demand within the limit, or a share of its weight.

    Location set covering (Toregas et al. 1971); a share below one is partial covering (Daskin and
    Owen 1999). Rows and columns are reduced first, the rest is proven by HiGHS.

    Parameters
    ----------
    times
        (n demand, m sites) seconds, an array (inf = unreachable) or sparse (missing =
        unreachable).
    weights
        (n,) whole or not; all 1 if left out. Demand of weight 0 need not be covered.
    limit_s
        A time equal to it is covered.
    existing, forbidden, mandatory
        Columns that are open already, may not be opened, must be opened.
    share
        Of the total weight that must be covered, above 0 and at most 1.
    constraints
        See `SitingConstraints`; with them the answer is that of `solve_constrained`.
    time_limit_s
        After so many seconds the best plan so far comes back, "feasible" with its bound.
    on_progress, should_stop
        See `geo.siting.plan`.

    Returns
    -------
    plan
        `objective` is the number of new sites, the mandatory ones included; inf where even all
        sites cannot do, and `reasons` say who is out of reach and which limit would do.

    Raises
    ------
    SitingError
        An argument is of the wrong shape or out of range.
    """
    if constraints is not None:
        return solve_constrained(
            "lscp",
            times,
            weights,
            constraints=constraints,
            limit_s=limit_s,
            share=share,
            existing=existing,
            forbidden=forbidden,
            mandatory=mandatory,
            time_limit_s=time_limit_s,
            on_progress=on_progress,
            should_stop=should_stop,
        )
    began = time.perf_counter()
    read = read_times(times)
    weight = read_weights(weights, read.n)
    limit, part = read_limit(limit_s), read_share(share)
    choice = read_choice(read.m, None, existing, forbidden, mandatory)
    stop = Stop(None if time_limit_s is None else time.monotonic() + time_limit_s, should_stop)
    merged = merge_demand(covering_sets(read, limit), weight, choice)
    missing = _need(merged, part) - merged.served_weight
    if missing > merged.weight.sum():
        reach = out_of_reach(read, weight, choice, limit_s=limit, share=part)
        reasons = out_of_reach_reasons(reach, limit_s=limit, share=part)
        return _plan(read, choice, limit, None, began, reasons)

    def found(best: float, bound: float, candidates: Ints) -> None:
        if on_progress is not None:
            on_progress(best, bound, tuple(choice.candidates[candidates].tolist()))

    fewest = fewest_sites(merged, choice, part, stop=stop, on_found=found)
    return _plan(read, choice, limit, fewest, began)


def fewest_sites(
    merged: MergedDemand,
    choice: Choice,
    share: float = 1.0,
    *,
    stop: Stop | None = None,
    on_found: Found | None = None,
) -> FewestSites:
    """Find the fewest candidates on merged demand, the mandatory ones among them.

    All of them together cover the share asked for.
    """
    stop = stop or Stop()
    must = np.searchsorted(choice.candidates, choice.mandatory)
    row = np.repeat(np.arange(merged.n_rows), np.diff(merged.start))
    is_met = np.zeros(merged.n_rows, bool)
    is_met[row[np.isin(merged.candidate, must)]] = True
    missing = _need(merged, share) - merged.served_weight - merged.weight[is_met].sum()
    is_open = ~is_met & (merged.weight > 0)
    if missing <= 0:
        return FewestSites(must, len(must))

    def told(candidates: Ints, bound: int) -> None:
        if on_found is not None:
            both = np.union1d(must, candidates)
            on_found(len(both), bound + len(must), both)

    if missing < merged.weight[is_open].sum():
        answer = _partial(merged, is_open, missing, stop, told)
    else:
        answer = _full(merged, is_open, stop, told)
    new = np.union1d(must, answer.candidates)
    told(answer.candidates, answer.bound)
    return FewestSites(new, answer.bound + len(must))


def _need(merged: MergedDemand, share: float) -> float:
    """Return the whole weight that must be covered.

    The share is taken as it is written (0.07 of 100 is 7, not a little more). Where weights were
    scaled to whole numbers, half a unit a row is what the scaling may have cost.
    """
    total = merged.served_weight + merged.lost_weight + float(merged.weight.sum())
    need = float(math.ceil(Fraction(str(share)) * int(total)))
    return need if merged.scale == 1 or share == 1 else need - len(merged.of_demand)


def _full(
    merged: MergedDemand, is_open: NDArray[np.bool_], stop: Stop, told: OnFound
) -> FewestSites:
    start, column = _rows(merged, is_open)
    bits = pack_columns(start, column, merged.n_candidates)
    answer = smallest_cover(bits, merged.n_candidates, stop, on_found=told)
    return FewestSites(lowest_equals(answer.columns, bits, merged.n_candidates), answer.bound)


def _partial(
    merged: MergedDemand,
    is_open: NDArray[np.bool_],
    missing: float,
    stop: Stop,
    told: OnFound,
) -> FewestSites:
    """Choose columns and covered rows together; the weight asked for is one more row."""
    start, column = _rows(merged, is_open)
    weight = merged.weight[is_open]
    order = _canonical(start, column)
    n_rows, n_columns = len(weight), merged.n_candidates
    covers = sparse.csr_array((np.ones(len(column)), column, start), (n_rows, n_columns))[order]
    weight = weight[order]
    greedy = greedy_share(covers, weight, missing)
    told(greedy, 1)
    best, bound = greedy, 1
    for stricter in STRICTER:
        model = partial_model(covers, weight, missing * (1 + stricter))
        values = np.zeros(n_columns + n_rows)
        values[best] = 1.0
        values[n_columns:] = np.asarray(covers @ values[:n_columns]) > 0
        answer = solve_milp(model, stop, is_count=True, start=values)
        if not stricter and np.isfinite(answer.bound):
            bound = max(bound, int(answer.bound))
        if answer.values is None:
            break
        chosen = np.flatnonzero(answer.values[:n_columns] > 0.5)
        is_enough = weight[covers[:, chosen].sum(axis=1) > 0].sum() >= missing
        if is_enough and len(chosen) <= len(best):
            best = chosen
        if is_enough or stop.is_due():
            break
    return FewestSites(best, min(bound, len(best)))


def partial_model(covers: sparse.csr_array, weight: Floats, missing: float) -> Milp:
    """Return the model: fewest columns such that the rows they touch weigh `missing` together."""
    n_rows, n_columns = covers.shape
    links = sparse.hstack([covers, -sparse.eye_array(n_rows)])
    total = sparse.hstack(
        [sparse.csr_array((1, n_columns)), sparse.csr_array(weight[None, :] / missing)]
    )
    return Milp(
        cost=np.concatenate([np.ones(n_columns), np.zeros(n_rows)]),
        matrix=sparse.csr_array(sparse.vstack([links, total], format="csr")),
        row_low=np.concatenate([np.zeros(n_rows), [1.0]]),
        row_high=np.full(n_rows + 1, np.inf),
        low=np.zeros(n_columns + n_rows),
        high=np.ones(n_columns + n_rows),
        is_whole=np.arange(n_columns + n_rows) < n_columns,
    )


def greedy_share(covers: sparse.csr_array, weight: Floats, missing: float) -> Ints:
    """Return columns, the one that adds most first (the lowest of equals), until it is enough."""
    by_column = covers.T.tocsr()
    left = weight.astype(np.float64)
    chosen: list[int] = []
    while weight.sum() - left.sum() < missing:
        best = int(np.argmax(by_column @ left))
        chosen.append(best)
        left[by_column.indices[by_column.indptr[best] : by_column.indptr[best + 1]]] = 0.0
    return np.array(sorted(chosen), np.int64)


def _rows(merged: MergedDemand, kept: NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """Return some merged rows in compressed form: start and candidates."""
    size = np.diff(merged.start)
    start = np.concatenate(([0], np.cumsum(size[kept]))).astype(np.int64)
    return start, merged.candidate[np.repeat(kept, size)].astype(np.int64)


def _canonical(start: Ints, column: Ints) -> list[int]:
    """Return the order of rows by their sets, so that the order of demand cannot matter."""
    sets = [tuple(column[a:b].tolist()) for a, b in pairwise(start)]
    return sorted(range(len(sets)), key=sets.__getitem__)


def _plan(
    times: Times,
    choice: Choice,
    limit_s: float,
    fewest: FewestSites | None,
    began: float,
    reasons: tuple[Text, ...] = (),
) -> SitingPlan:
    new = [] if fewest is None else choice.candidates[fewest.candidates].tolist()
    open_sites = sorted([*choice.existing.tolist(), *new])
    assigned, seconds = times.nearest(open_sites)
    bound = np.inf if fewest is None else float(fewest.bound)
    is_proven = len(new) <= bound
    return SitingPlan(
        problem="lscp",
        sites=tuple(new),
        open_sites=tuple(open_sites),
        objective=np.inf if fewest is None else float(len(new)),
        bound=bound,
        status="infeasible" if fewest is None else "optimal" if is_proven else "feasible",
        covered=np.asarray(seconds <= limit_s),
        assigned=assigned,
        seconds=time.perf_counter() - began,
        reasons=reasons,
    )
