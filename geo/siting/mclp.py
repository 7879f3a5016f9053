"""MCLP: open p more sites so that the most weight is within the limit. Proven, or with its gap."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from geo.siting.branching import Clock, Outcome, branch_and_bound
from geo.siting.constrained import solve_constrained
from geo.siting.constraints import SitingConstraints
from geo.siting.covering import (
    EXACT_TOTAL,
    CoveringSets,
    Floats,
    Ints,
    MergedDemand,
    covering_sets,
    merge_demand,
)
from geo.siting.instance import (
    Choice,
    Times,
    read_choice,
    read_limit,
    read_time_limit,
    read_times,
    read_weights,
    read_whole,
)
from geo.siting.mclp_node import root_node
from geo.siting.mclp_search import Rows, covered_weight, greedy, lowest_ids, rows_of, swap
from geo.siting.plan import PROOF_TOLERANCE, OnProgress, ShouldStop, SitingPlan


@dataclass(frozen=True)
class MclpInstance:
    """A checked MCLP without its p: what can be shared by all plans of a curve.

    `rows` are numbered in `unit`s: a weight of 1 (a merged whole weight) is `unit` in there, so
    that prices between two whole weights are whole numbers too.
    """

    times: Times
    weights: Floats  # (n,) as given
    limit_s: float
    choice: Choice
    merged: MergedDemand  # candidates that are not mandatory
    columns: Ints  # of those candidates in times
    rows: Rows
    unit: float

    @classmethod
    def prepare(
        cls,
        times: Times,
        weights: Floats,
        limit_s: float,
        choice: Choice,
        sets: CoveringSets | None = None,
    ) -> "MclpInstance":
        """Build the covering sets, unless they are given, and merge the demand."""
        free = np.setdiff1d(choice.candidates, choice.mandatory)
        fixed = np.union1d(choice.existing, choice.mandatory)
        of_free = Choice(fixed, np.zeros(0, np.int64), free)
        merged = merge_demand(sets or covering_sets(times, limit_s), weights, of_free)
        total = float(merged.weight.sum())
        unit = float(2.0 ** np.floor(np.log2(EXACT_TOTAL / total))) if total else 1.0
        rows = rows_of(merged.start, merged.candidate, len(free), merged.weight * unit)
        return cls(times, weights, limit_s, choice, merged, free, rows, unit)

    def covered(self, rows_covered: float) -> float:
        """Return the weight covered in all, in the unit of the given weights."""
        return (rows_covered / self.unit + self.merged.served_weight) / self.merged.scale

    def sites(self, candidates: Ints) -> tuple[int, ...]:
        """Return the new sites as columns of times, ascending, mandatory ones with them."""
        both = np.concatenate([self.columns[candidates], self.choice.mandatory])
        return tuple(sorted(both.tolist()))

    def least_difference(self, best: float) -> float:
        """Return by how much a plan must be better to count, in units of `rows`."""
        if self.merged.scale == 1.0:
            return self.unit
        return max(self.unit, 0.25 * PROOF_TOLERANCE * best)


def solve_mclp(
    times: Any,  # noqa: ANN401 - an array or any scipy sparse form
    weights: ArrayLike | None,
    *,
    p: int,
    limit_s: float,
    existing: ArrayLike = (),
    forbidden: ArrayLike = (),
    mandatory: ArrayLike = (),
    constraints: SitingConstraints | None = None,
    time_limit_s: float | None = None,
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> SitingPlan:
    """Open p new sites beside the existing ones so that the most weight is covered.

    Covered is demand with an open site within `limit_s`, equality included. The same input gives
    the same plan, in whatever order the demand rows stand; a site is exchanged for a lower column
    number where that covers as much.

    Parameters
    ----------
    times
        (n, m) seconds from demand to sites: an array (inf = unreachable) or sparse (missing =
        unreachable, a stored 0 is 0 s).
    weights
        (n,) not negative; None weighs each row 1.
    p
        Number of new sites, mandatory ones included.
    limit_s
        Seconds, positive.
    existing, forbidden, mandatory
        Columns that are open anyway, that may not be opened, that must be.
    constraints
        Side constraints; with them the answer is that of `geo.siting.constrained`.
    time_limit_s
        After so many seconds the best plan is returned with its certified bound, as "feasible".
    on_progress
        Called with objective, bound and new sites when one of them gets better.
    should_stop
        Asked about ten times a second; True ends the solve like the time limit.

    Raises
    ------
    SitingError
        An argument is out of range, of the wrong shape or contradicts another.
    """
    if constraints is not None:
        return solve_constrained(
            "mclp",
            times,
            weights,
            constraints=constraints,
            p=p,
            limit_s=limit_s,
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
    limit = read_limit(limit_s)
    choice = read_choice(read.m, read_whole(p, "p"), existing, forbidden, mandatory)
    instance = MclpInstance.prepare(read, weight, limit, choice)
    out, best, _ = search(instance, p, clock, on_progress)
    return plan_of(instance, out, best, clock.seconds())


def search(
    instance: MclpInstance,
    p: int,
    clock: Clock,
    on_progress: OnProgress | None = None,
    starts: tuple[Ints, ...] = (),
    prices: Floats | None = None,
) -> tuple[Outcome, Ints, Floats]:
    """Find p new sites, mandatory ones included; return the outcome, candidates, good prices.

    `starts` are plans to begin from beside the greedy one; `prices` good ones of a near problem.
    """
    rows = instance.rows
    p -= len(instance.choice.mandatory)
    sites, covered = swap(rows, greedy(rows, p)[0])
    for start in starts:
        other, also = swap(rows, start)
        if also > covered:
            sites, covered = other, also
    unit = instance.least_difference(covered)
    root = root_node(rows, p, sites, unit, prices)

    def tell(value: float, bound: float, best: Ints) -> None:
        if on_progress is not None:
            on_progress(
                instance.covered(root.total - value),
                instance.covered(root.total - bound),
                instance.sites(best),
            )

    out = branch_and_bound(
        root, root.total - covered, sites, unit=unit, is_over=clock.is_over, tell=tell
    )
    best = lowest_ids(rows, out.sites)
    # What stayed uncovered becomes what is covered: the bound is from above.
    out.value, out.bound = covered_weight(rows, best), root.total - out.bound
    return out, best, root.first_found_prices


def plan_of(instance: MclpInstance, out: Outcome, best: Ints, seconds: float) -> SitingPlan:
    """Return the outcome as a plan on all demand rows."""
    sites = instance.sites(best)
    open_sites = tuple(sorted((*sites, *instance.choice.existing.tolist())))
    assigned, time_s = instance.times.nearest(open_sites)
    covered = time_s <= instance.limit_s
    is_whole = instance.merged.scale == 1.0
    within = instance.weights[covered]
    objective = float(within.sum()) if is_whole else math.fsum(within)
    # Rounding to whole numbers moves each weight by half a unit at most.
    rounding = 0.0 if is_whole else instance.times.n / instance.merged.scale
    proven = out.proven and rounding <= PROOF_TOLERANCE * float(instance.weights.sum())
    bound = objective if proven else max(objective, instance.covered(out.bound) + rounding)
    return SitingPlan(
        "mclp",
        sites,
        open_sites,
        objective,
        bound,
        "optimal" if proven or bound == objective else "feasible",
        covered,
        assigned,
        seconds,
        n_nodes=out.n_nodes,
        n_rows=instance.merged.n_rows,
    )
