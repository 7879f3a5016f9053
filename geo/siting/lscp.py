"""Location set covering: the fewest new sites that cover all demand, or a share of its weight."""

import math
import time
from collections.abc import Callable
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.siting.constrained import solve_constrained
from geo.siting.constraints import SitingConstraints, read_share
from geo.siting.cover import lowest_equals, smallest_cover
from geo.siting.covering import MergedDemand, covering_sets, merge_demand
from geo.siting.highs import Stop, stop_after
from geo.siting.infeasible import out_of_reach, out_of_reach_reasons
from geo.siting.instance import (
    Choice,
    Times,
    read_choice,
    read_limit,
    read_time_limit,
    read_times,
    read_weights,
)
from geo.siting.mclp import MclpInstance
from geo.siting.partial import Fewest, fewest_for_share
from geo.siting.plan import OnProgress, ShouldStop, SitingPlan
from geo.siting.reduction import pack_columns
from geo.text import Text

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


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
    Owen 1999), solved as an MCLP of ever fewer sites. For all demand rows and columns are reduced
    first, the rest is proven by HiGHS.

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
    stop = stop_after(read_time_limit(time_limit_s), should_stop)
    sets = covering_sets(read, limit)
    merged = merge_demand(sets, weight, choice)
    need = _need(merged, part)
    if need - merged.served_weight > merged.weight.sum():
        reach = out_of_reach(read, weight, choice, limit_s=limit, share=part)
        reasons = out_of_reach_reasons(reach, limit_s=limit, share=part)
        return _plan(read, choice, limit, None, began, reasons)

    def found(at: Fewest) -> None:
        if on_progress is not None:
            on_progress(float(len(at.sites)), float(at.bound), at.sites)

    if need - merged.served_weight == merged.weight.sum():
        fewest = fewest_sites(merged, choice, stop=stop, on_found=found)
    else:
        instance = MclpInstance.prepare(read, weight, limit, choice, sets)
        fewest = fewest_for_share(instance, need / merged.scale, stop=stop, on_found=found)
    return _plan(read, choice, limit, fewest, began)


def fewest_sites(
    merged: MergedDemand,
    choice: Choice,
    *,
    stop: Stop | None = None,
    on_found: Callable[[Fewest], None] | None = None,
) -> Fewest:
    """Find the fewest candidates that cover all merged demand, the mandatory ones among them."""
    stop = stop or Stop()
    must = np.searchsorted(choice.candidates, choice.mandatory)
    size = np.diff(merged.start)
    row = np.repeat(np.arange(merged.n_rows), size)
    is_open = merged.weight > 0
    is_open[row[np.isin(merged.candidate, must)]] = False
    start = np.concatenate(([0], np.cumsum(size[is_open]))).astype(np.int64)
    column = merged.candidate[np.repeat(is_open, size)].astype(np.int64)
    bits = pack_columns(start, column, merged.n_candidates)

    def told(candidates: Ints, bound: int) -> None:
        if on_found is not None:
            both = np.union1d(must, candidates)
            on_found(Fewest(tuple(choice.candidates[both].tolist()), bound + len(must)))

    answer = smallest_cover(bits, merged.n_candidates, stop, on_found=told)
    lowest = lowest_equals(answer.columns, bits, merged.n_candidates)
    told(lowest, answer.bound)
    new = choice.candidates[np.union1d(must, lowest)]
    return Fewest(tuple(new.tolist()), answer.bound + len(must))


def _need(merged: MergedDemand, share: float) -> float:
    """Return the whole weight that must be covered.

    The share is taken as it is written (0.07 of 100 is 7, not a little more). Where weights were
    scaled to whole numbers, half a unit a row is what the scaling may have cost.
    """
    total = merged.served_weight + merged.lost_weight + float(merged.weight.sum())
    need = float(math.ceil(Fraction(str(share)) * int(total)))
    return need if merged.scale == 1 or share == 1 else need - len(merged.of_demand)


def _plan(
    times: Times,
    choice: Choice,
    limit_s: float,
    fewest: Fewest | None,
    began: float,
    reasons: tuple[Text, ...] = (),
) -> SitingPlan:
    new = () if fewest is None else fewest.sites
    open_sites = sorted([*choice.existing.tolist(), *new])
    assigned, seconds = times.nearest(open_sites)
    bound = np.inf if fewest is None else float(fewest.bound)
    is_proven = len(new) <= bound
    return SitingPlan(
        problem="lscp",
        sites=new,
        open_sites=tuple(open_sites),
        objective=np.inf if fewest is None else float(len(new)),
        bound=bound,
        status="infeasible" if fewest is None else "optimal" if is_proven else "feasible",
        covered=np.asarray(seconds <= limit_s),
        assigned=assigned,
        seconds=time.perf_counter() - began,
        reasons=reasons,
    )
