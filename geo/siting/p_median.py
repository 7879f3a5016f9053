"""p-median: open p more sites so that the weighted time is least. Proven, or with its gap."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import ArrayLike

from geo.siting.branching import Clock, branch_and_bound
from geo.siting.constrained import solve_constrained
from geo.siting.constraints import SitingConstraints
from geo.siting.covering import EXACT_TOTAL, Floats, Ids, Ints
from geo.siting.instance import (
    Choice,
    Times,
    read_choice,
    read_time_limit,
    read_times,
    read_weights,
    read_whole,
)
from geo.siting.median_node import median_root
from geo.siting.median_search import (
    Lists,
    descend_median,
    flags,
    greedy_median,
    lowest_ids_median,
    total_cost,
)
from geo.siting.plan import PROOF_TOLERANCE, OnProgress, ShouldStop, SitingPlan
from geo.text import Text


@dataclass(frozen=True)
class MedianInstance:
    """A checked p-median in whole numbers: costs are weight x seconds x scale."""

    times: Times
    weights: Floats  # (n,)
    choice: Choice
    columns: Ints  # candidates that are not mandatory, as columns of times
    lists: Lists
    penalty: float  # the cap of a row that some plan cannot reach; more than any plan costs
    scale: float
    unit: float  # least difference of two plans
    is_whole: bool

    @classmethod
    def prepare(cls, times: Times, weights: Floats, choice: Choice) -> "MedianInstance":
        """Sort the times of each row and scale the costs to whole numbers."""
        columns = np.setdiff1d(choice.candidates, choice.mandatory)
        fixed = np.union1d(choice.existing, choice.mandatory)
        rows = np.flatnonzero(weights > 0)
        _, base_s = times.nearest(fixed.tolist())
        column = np.full(times.m, -1, np.int32)
        column[columns] = np.arange(len(columns), dtype=np.int32)
        start, candidate, seconds = _sorted_lists(times, rows, column, base_s)
        cost = seconds * np.repeat(weights[rows], np.diff(start))
        base = base_s[rows] * weights[rows]
        # The worst that each row can cost; a penalty where no site may be open in reach.
        worst = np.where(np.isfinite(base), base, 0.0)
        some = np.diff(start) > 0
        worst[some] = np.maximum(worst[some], cost[start[1:][some] - 1])
        has_gaps = ~np.isfinite(base) & (np.diff(start) < len(columns))
        total = math.fsum(worst)
        most = total + has_gaps.sum() * (total + 1.0)
        is_whole = bool((cost == np.rint(cost)).all() and (worst == np.rint(worst)).all())
        scale = float(2.0 ** np.floor(np.log2(EXACT_TOTAL / most))) if most else 1.0
        is_whole = is_whole and scale >= 1.0
        penalty = np.ceil((total + 1.0) * scale)
        cap = np.where(np.isfinite(base), np.rint(base * scale), penalty)
        full = ~np.isfinite(base) & ~has_gaps & some
        cap[full] = penalty
        # Weights beside their largest: prices of heavy rows move in larger steps.
        step = weights[rows] / weights[rows].max() if len(rows) else weights[rows]
        lists = _in_own_order(Lists(start, candidate, np.rint(cost * scale), cap, step))
        unit = scale if is_whole else 1.0
        return cls(times, weights, choice, columns, lists, float(penalty), scale, unit, is_whole)

    def sites(self, candidates: Ints) -> tuple[int, ...]:
        """Return the new sites as columns of times, ascending, mandatory ones with them."""
        both = np.concatenate([self.columns[candidates], self.choice.mandatory])
        return tuple(sorted(both.tolist()))


def solve_p_median(
    times: Any,  # noqa: ANN401 - an array or any scipy sparse form
    weights: ArrayLike | None,
    *,
    p: int,
    existing: ArrayLike = (),
    forbidden: ArrayLike = (),
    mandatory: ArrayLike = (),
    constraints: SitingConstraints | None = None,
    time_limit_s: float | None = None,
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> SitingPlan:
    """Open p new sites beside the existing ones so that the sum of weight x time is least.

    Each demand goes to its nearest open site. Every demand with a weight must reach one: if no p
    sites can do that the plan is "infeasible", with the reason; a demand of weight 0 may stay out
    of reach. Arguments, errors and ties as in `solve_mclp`; the bound is from below.
    """
    if constraints is not None:
        return solve_constrained(
            "p_median",
            times,
            weights,
            constraints=constraints,
            p=p,
            existing=existing,
            forbidden=forbidden,
            mandatory=mandatory,
            time_limit_s=time_limit_s,
            on_progress=on_progress,
            should_stop=should_stop,
        )
    clock = Clock(read_time_limit(time_limit_s), should_stop)
    read = read_times(times)
    weight = read_weights(weights, read.n)
    choice = read_choice(read.m, read_whole(p, "p"), existing, forbidden, mandatory)
    cut_off = _out_of_reach(read, weight, choice)
    if len(cut_off):
        return _infeasible(read, choice, _nobody_reaches(cut_off), clock.seconds())
    instance = MedianInstance.prepare(read, weight, choice)
    return _solved(instance, p - len(choice.mandatory), clock, on_progress)


def _solved(
    instance: MedianInstance, p: int, clock: Clock, on_progress: OnProgress | None
) -> SitingPlan:
    """Search from a greedy plan; return the outcome as a plan on all demand rows."""
    lists, c = instance.lists, len(instance.columns)
    sites, value = descend_median(lists, greedy_median(lists, c, p), c)
    unit = instance.unit
    if not instance.is_whole:
        unit = max(unit, 0.25 * PROOF_TOLERANCE * value)
    root = median_root(lists, c, p, sites, unit)

    def tell(value: float, bound: float, best: Ints) -> None:
        if on_progress is not None and value < instance.penalty:
            on_progress(value / instance.scale, bound / instance.scale, instance.sites(best))

    out = branch_and_bound(root, value, sites, unit=unit, is_over=clock.is_over, tell=tell)
    if out.value >= instance.penalty:
        reason = _not_together(p + len(instance.choice.mandatory), proven=out.proven)
        return _infeasible(instance.times, instance.choice, reason, clock.seconds())
    best = lowest_ids_median(lists, out.sites, c)
    new = instance.sites(best)
    open_sites = tuple(sorted((*new, *instance.choice.existing.tolist())))
    assigned, seconds = instance.times.nearest(open_sites)
    counts = instance.weights > 0
    objective = math.fsum(instance.weights[counts] * seconds[counts])
    rounding = 0.0 if instance.is_whole else instance.times.n / instance.scale
    proven = out.proven and rounding <= PROOF_TOLERANCE * max(
        objective, total_cost(lists, flags(np.zeros(0, np.int64), c)) / instance.scale
    )
    bound = objective if proven else min(objective, out.bound / instance.scale - rounding)
    return SitingPlan(
        "p_median",
        new,
        open_sites,
        objective,
        max(bound, 0.0),
        "optimal" if proven else "feasible",
        assigned >= 0,
        assigned,
        clock.seconds(),
        n_nodes=out.n_nodes,
        n_rows=len(lists.cap),
    )


def _out_of_reach(times: Times, weights: Floats, choice: Choice) -> Ints:
    """Return the demand rows with a weight that no allowed site reaches."""
    allowed = np.union1d(choice.candidates, choice.existing)
    assigned, _ = times.nearest(allowed.tolist())
    return np.flatnonzero((assigned < 0) & (weights > 0))


def _infeasible(times: Times, choice: Choice, reason: Text, seconds: float) -> SitingPlan:
    """Return the plan of what is open today, with the reason why there is none."""
    now = tuple(choice.existing.tolist())
    assigned, _ = times.nearest(now)
    return SitingPlan(
        "p_median",
        (),
        now,
        np.inf,
        np.inf,
        "infeasible",
        assigned >= 0,
        assigned,
        seconds,
        (reason,),
    )


def _nobody_reaches(rows: Ints) -> Text:
    shown = ", ".join(map(str, rows[:5].tolist())) + ("…" if len(rows) > 5 else "")
    return Text(
        f"{len(rows)} 个有权重的需求点没有任何点位可达(行号:{shown})。"
        "请检查其接入路网的位置,增加备选点位,或将其权重设为 0。",
        f"{len(rows)} demand rows with a weight are out of reach of every site (rows: {shown}). "
        "Check where they join the network, add candidates, or give them weight 0.",
    )


def _not_together(p: int, *, proven: bool) -> Text:
    if proven:
        return Text(
            f"新建 {p} 个点位无法让所有有权重的需求点都可达。请增大 p 或增加备选点位。",
            f"No {p} new sites reach every demand row with a weight. Raise p or add candidates.",
        )
    return Text(
        f"限时内没有找到能让所有需求点可达的 {p} 个点位;可能存在。请放宽时限或增大 p。",
        f"No {p} new sites that reach every demand row were found in time; there may be some. "
        "Give it more time or raise p.",
    )


def _sorted_lists(
    times: Times, rows: Ints, column: Ids, base_s: Floats
) -> tuple[Ints, Ids, Floats]:
    """Return for each row its candidates nearer than the nearest fixed site, by time, then id."""
    lists: tuple[Ints, Ids, Floats]
    if times.dense is not None:
        lists = _dense_lists(times.dense, rows, column, base_s)
    else:
        lists = _sparse_lists(times.start, times.site, times.seconds, rows, column, base_s)
    return lists


@njit(cache=True, nogil=True)
def _in_own_order(lists: Lists) -> Lists:
    """Return the rows in an order that depends on what they hold alone, not on where they stood."""
    n = len(lists.cap)
    key = np.empty(n)
    for i in range(n):
        key[i] = lists.cap[i] + 0.7548776662 * lists.step[i]
        for k in range(lists.start[i], lists.start[i + 1]):
            key[i] += lists.cost[k] * (1.0 + (0.6180339887 * (lists.candidate[k] + 1)) % 1.0)
    order = np.argsort(key, kind="mergesort")
    start = np.zeros(n + 1, np.int64)
    candidate, cost = np.empty_like(lists.candidate), np.empty_like(lists.cost)
    for i in range(n):
        a, b = lists.start[order[i]], lists.start[order[i] + 1]
        start[i + 1] = start[i] + b - a
        candidate[start[i] : start[i + 1]] = lists.candidate[a:b]
        cost[start[i] : start[i + 1]] = lists.cost[a:b]
    return Lists(start, candidate, cost, lists.cap[order], lists.step[order])


@njit(cache=True, nogil=True)
def _dense_lists(
    dense: Floats, rows: Ints, column: Ids, base_s: Floats
) -> tuple[Ints, Ids, Floats]:
    n, m = len(rows), dense.shape[1]
    start = np.zeros(n + 1, np.int64)
    for i in range(n):
        size = 0
        for j in range(m):
            value = dense[rows[i], j]
            size += column[j] >= 0 and value < base_s[rows[i]] and value < np.inf
        start[i + 1] = start[i] + size
    candidate, seconds = np.empty(start[n], np.int32), np.empty(start[n])
    for i in range(n):
        at = start[i]
        for j in range(m):
            value = dense[rows[i], j]
            if column[j] >= 0 and value < base_s[rows[i]] and value < np.inf:
                candidate[at], seconds[at] = column[j], value
                at += 1
        _sort(candidate, seconds, start[i], at)
    return start, candidate, seconds


@njit(cache=True, nogil=True)
def _sparse_lists(
    row_start: Ints, site: Ids, value_s: Floats, rows: Ints, column: Ids, base_s: Floats
) -> tuple[Ints, Ids, Floats]:
    n = len(rows)
    start = np.zeros(n + 1, np.int64)
    most = 0
    for i in range(n):
        most += row_start[rows[i] + 1] - row_start[rows[i]]
    candidate, seconds = np.empty(most, np.int32), np.empty(most)
    at = 0
    for i in range(n):
        for k in range(row_start[rows[i]], row_start[rows[i] + 1]):
            value = value_s[k]
            if column[site[k]] >= 0 and value < base_s[rows[i]] and value < np.inf:
                candidate[at], seconds[at] = column[site[k]], value
                at += 1
        start[i + 1] = at
        _sort(candidate, seconds, start[i], at)
    return start, candidate[:at].copy(), seconds[:at].copy()


@njit(cache=True, nogil=True)
def _sort(candidate: Ids, seconds: Floats, begin: int, end: int) -> None:
    """Sort a stretch by time; equal times keep their order, which is that of the ids."""
    order = np.argsort(seconds[begin:end], kind="mergesort")
    candidate[begin:end] = candidate[begin:end][order]
    seconds[begin:end] = seconds[begin:end][order]
