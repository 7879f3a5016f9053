"""The best choice of sites under side rules where demand need not be shared out: proven.

A first plan by rounding and exchanges, then branch and bound over the linear program of the sites.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from geo.siting.branching import Outcome, Tell, branch_and_bound
from geo.siting.constrained_exact import TINY
from geo.siting.constrained_model import Relaxed, Setting, reach_rows, site_rows
from geo.siting.highs import Milp, Stop, solve_milp
from geo.siting.serving import Serving, serving_of
from geo.siting.site_node import Search, SiteNode
from geo.siting.site_program import Aim, SiteProgram, site_program
from geo.siting.site_search import SiteSearch, site_search

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

SOLVED = 1e-8  # relative: what a proof may leave open where values are not whole
FIRST_S = 1.0  # for a first choice of sites that keeps the rules, even when time is up
NO_SITES = np.zeros(0, np.int64)


class SiteAnswer(NamedTuple):
    """The best choice, its cost (minus the worth, the sites, or minus the share), and a bound."""

    is_open: Flags | None  # (u,)
    cost: float
    bound: float
    is_proven: bool


def best_sites(
    setting: Setting,
    objective: str,
    stop: Stop,
    *,
    least: Floats | None = None,
    start: Flags | None = None,
    tell: Tell = None,
) -> SiteAnswer:
    """Minimise "sites" or maximise "worth"; `least` (k,) is the weight that each grid must get.

    `start` (u,) is a choice that keeps all rules, if one is known.
    """
    task = _task(setting, objective, least)
    out = task.solved(start, stop, tell)
    if np.isinf(out.value):
        return SiteAnswer(None, np.inf, out.bound, out.proven)
    return SiteAnswer(task.tidied(out.sites), out.value, out.bound, out.proven)


def fairest_sites(setting: Setting, stop: Stop) -> SiteAnswer:
    """Make the least share covered of any grid as large as can be.

    A better plan covers more of every grid than the best so far does of its worst one: that need
    makes the program tight, so it is posed anew for each better plan.
    """
    total = setting.group_total
    task = _task(setting, "share", None)
    most = task.serving.worth(np.ones(task.serving.n_sites, np.bool_))[: len(total)]
    bound = -float((most / total).min())
    best, is_none = task.first(stop)
    if best is None:
        return SiteAnswer(None, np.inf, bound, is_proven=is_none)
    cost = task.cost(best)
    must, all_open = setting.must.astype(float), np.ones(task.serving.n_sites)
    bound = max(bound, min(task.program.relax(must, all_open, np.inf).bound, cost))
    while cost > bound + TINY * abs(bound):
        # Any choice will do that covers more of each: the fewest sites lead there soonest.
        needed = _task(setting, "sites", _more_than(-cost * total, setting))
        out = needed.solved(None, stop, None, is_first_enough=True)
        if np.isfinite(out.value):
            best = task.local.descended(needed.flags(out.sites))
            cost = task.cost(best)
        elif out.proven:
            break
        if stop.is_due():
            return SiteAnswer(best, cost, bound, is_proven=False)
    return SiteAnswer(best, cost, cost, is_proven=True)


@dataclass(frozen=True, eq=False)
class _Task:
    """A setting with an aim, and what is needed to work on it."""

    setting: Setting
    serving: Serving
    aim: Aim
    local: SiteSearch
    program: SiteProgram

    @property
    def is_whole(self) -> bool:
        """Say whether costs are whole numbers."""
        if self.aim.objective == "share":
            return False
        return self.aim.objective == "sites" or self.setting.is_count

    def flags(self, sites: NDArray[np.int64]) -> Flags:
        """Return (u,) True at the sites."""
        is_open = np.zeros(self.serving.n_sites, np.bool_)
        is_open[sites] = True
        return is_open

    def cost(self, is_open: Flags) -> float:
        """Return what a choice costs, summed exactly; inf where it breaks a rule."""
        if not self.local.keeps(is_open):
            return np.inf
        worth, least = self.serving.worth(is_open), self.aim.least
        if (worth < least - TINY * np.abs(least)).any() or not np.isfinite(worth).all():
            return np.inf
        whole = float(worth.sum())
        if whole < self.aim.least_total - TINY * abs(self.aim.least_total):
            return np.inf
        if self.aim.objective == "sites":
            return float(is_open.sum())
        if self.aim.objective == "share":
            return -float((worth[: len(self.aim.total)] / self.aim.total).min())
        return -float(np.rint(whole)) if self.is_whole else -whole

    def tidied(self, sites: NDArray[np.int64]) -> Flags:
        """Return a choice as good as these sites that closes no station for nothing."""
        is_open = self.flags(sites)
        other = self.local.tidied(is_open)
        return other if self.cost(other) <= self.cost(is_open) else is_open

    def first(self, stop: Stop) -> tuple[Flags | None, bool]:
        """Return a good choice that keeps the rules on sites, and whether there surely is none.

        It is the one that agrees most with the linear program, bettered by exchanges.
        """
        u = self.serving.n_sites
        root = self.program.relax(self.setting.must.astype(float), np.ones(u), np.inf)
        if root.bound == np.inf:
            return None, True
        blocks = [*site_rows(self.setting, Relaxed()), *reach_rows(self.setting)]
        parts = [block.matrix for block in blocks]
        wish = root.opening - (0.5 if self.setting.p is None else 0.0)
        model = Milp(
            cost=-np.round(wish, 6),
            matrix=sparse.csr_array(sparse.vstack([sparse.csr_array((0, u)), *parts])),
            row_low=np.concatenate([NO_SITES, *(b.low for b in blocks)]),
            row_high=np.concatenate([NO_SITES, *(b.high for b in blocks)]),
            low=self.setting.must.astype(float),
            high=np.ones(u),
            is_whole=np.ones(u, np.bool_),
        )
        answer = solve_milp(model, stop.at_least(FIRST_S))
        if answer.values is None:
            return None, answer.outcome == "infeasible"
        is_open = answer.values > 0.5
        return (self.local.descended(is_open) if self.local.keeps(is_open) else None), False

    def solved(
        self,
        start: Flags | None,
        stop: Stop,
        tell: Tell,
        *,
        is_first_enough: bool = False,
    ) -> Outcome:
        """Search for the cheapest choice, or any; the value stays inf where there is none."""
        value, sites = np.inf, NO_SITES
        first, is_none = self.first(stop)
        if is_none:
            return Outcome(value, sites, value, 0, proven=True)
        for choice in (start, first):
            cost = np.inf if choice is None else self.cost(choice)
            if choice is not None and cost < value:
                value, sites = cost, np.flatnonzero(choice)
        if tell is not None and np.isfinite(value):
            tell(value, -np.inf, sites)
        met = [value]

        def heard(value: float, bound: float, sites: NDArray[np.int64]) -> None:
            met[0] = value
            if tell is not None and np.isfinite(value):
                tell(value, bound, sites)

        def is_over() -> bool:
            return stop.is_due() or (is_first_enough and np.isfinite(met[0]))

        size = abs(value) if np.isfinite(value) else self.program.size
        unit = 1.0 if self.is_whole else max(SOLVED * size, 1e-300)
        u = self.serving.n_sites
        seen = np.zeros((2, u)), np.zeros((2, u))
        search = Search(self.program, self.local, self.cost, unit, self.is_whole, *seen)
        low = self.setting.must.astype(float)
        root = SiteNode(search, low, np.ones(u), -np.inf, is_root=True)
        return branch_and_bound(root, value, sites, unit=unit, is_over=is_over, tell=heard)


def _task(setting: Setting, objective: str, least: Floats | None) -> _Task:
    serving = serving_of(setting)
    needed = np.full(serving.n_groups, -np.inf)
    total = -np.inf
    if setting.problem == "lscp":
        if len(setting.group_total):
            needed[: len(setting.needed)] = setting.needed
        else:
            total = float(setting.needed.sum())
    elif least is not None:
        needed[: len(least)] = least
    shares = setting.group_total if objective == "share" else np.zeros(0)
    aim = Aim(objective, needed, total, shares)
    local = site_search(setting, serving, aim)
    return _Task(setting, serving, aim, local, site_program(setting, serving, aim))


def _more_than(worth: Floats, setting: Setting) -> Floats:
    """Return the least weight (k,) that a plan covers of each grid if it covers more than this."""
    if setting.is_count:
        return np.asarray(np.floor(worth + TINY * np.abs(worth) + TINY) + 1.0)
    smallest = np.full(len(worth), np.inf)
    is_in = setting.group >= 0
    np.minimum.at(smallest, setting.group[is_in], setting.weight[is_in])
    return np.maximum(worth * (1 + 4 * TINY), np.where(worth > 0, 0.0, smallest))
