"""Coverage against the number of new sites, each point proven, and the greedy order beside it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from geo.siting.branching import Clock
from geo.siting.covering import Floats, Ints
from geo.siting.instance import (
    read_choice,
    read_limit,
    read_time_limit,
    read_times,
    read_weights,
    read_whole,
)
from geo.siting.mclp import MclpInstance, plan_of, search
from geo.siting.mclp_search import greedy, one_more
from geo.siting.plan import ShouldStop, SitingPlan


@dataclass(frozen=True)
class GreedyOrder:
    """Sites in the order in which each adds most to those before it, ties to the lowest column."""

    sites: tuple[int, ...]
    gains: tuple[float, ...]  # weight that each adds
    covered: tuple[float, ...]  # weight covered after each, existing sites included

    def regret(self, plans: Sequence[SitingPlan]) -> tuple[float, ...]:
        """Return for each plan what the greedy order covers less with as many new sites.

        Not below 0 where the plan is proven. Plans with more sites than the order are left out.
        """
        return tuple(
            plan.objective - self.covered[len(plan.sites) - 1]
            for plan in plans
            if 0 < len(plan.sites) <= len(self.covered)
        )


def coverage_curve(
    times: Any,  # noqa: ANN401 - an array or any scipy sparse form
    weights: ArrayLike | None,
    *,
    p_max: int,
    limit_s: float,
    existing: ArrayLike = (),
    forbidden: ArrayLike = (),
    time_limit_s: float | None = None,
    on_plan: Callable[[SitingPlan], None] | None = None,
    should_stop: ShouldStop | None = None,
) -> list[SitingPlan]:
    """Return the MCLP plans for p = 1 … p_max new sites, each proven on its own.

    The demand is merged once, and each plan starts from the one before: its sites and one more,
    and its prices. Arguments and errors as in `solve_mclp`; `time_limit_s` is for the whole curve,
    what it leaves unproven is "feasible" with its bound. `on_plan` gets each plan when it is made.
    """
    clock = Clock(read_time_limit(time_limit_s), should_stop)
    read = read_times(times)
    weight = read_weights(weights, read.n)
    limit = read_limit(limit_s)
    choice = read_choice(read.m, read_whole(p_max, "p_max", 1), existing, forbidden)
    instance = MclpInstance.prepare(read, weight, limit, choice)
    plans: list[SitingPlan] = []
    starts: tuple[Ints, ...] = ()
    prices: Floats | None = None
    for p in range(1, p_max + 1):
        before = clock.seconds()
        out, best, prices = search(instance, p, clock, starts=starts, prices=prices)
        plans.append(plan_of(instance, out, best, clock.seconds() - before))
        if on_plan is not None:
            on_plan(plans[-1])
        if p < p_max:
            starts = (one_more(instance.rows, best),)
    return plans


def greedy_order(
    times: Any,  # noqa: ANN401 - an array or any scipy sparse form
    weights: ArrayLike | None,
    *,
    p_max: int,
    limit_s: float,
    existing: ArrayLike = (),
    forbidden: ArrayLike = (),
) -> GreedyOrder:
    """Return p_max new sites in the order in which a build-out that looks one step ahead goes.

    Arguments and errors as in `coverage_curve`.
    """
    read = read_times(times)
    weight = read_weights(weights, read.n)
    limit = read_limit(limit_s)
    choice = read_choice(read.m, read_whole(p_max, "p_max", 1), existing, forbidden)
    instance = MclpInstance.prepare(read, weight, limit, choice)
    order, gains = greedy(instance.rows, p_max)
    of_rows = instance.unit * instance.merged.scale
    return GreedyOrder(
        tuple(instance.columns[order].tolist()),
        tuple((gains / of_rows).tolist()),
        tuple(instance.covered(total) for total in np.cumsum(gains).tolist()),
    )
