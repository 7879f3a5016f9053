"""MCLP, LSCP and p-median with side constraints, proven by HiGHS on merged demand."""

import time
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from geo.errors import SitingError
from geo.siting.constrained_exact import TINY, by_group, keeps_rules, served, travel
from geo.siting.constrained_model import Setting, constrained_model, objective_scale
from geo.siting.constrained_reasons import impossible_reasons
from geo.siting.constrained_setting import cover_setting, median_setting
from geo.siting.constraints import SitingConstraints, read_constraints, read_share
from geo.siting.covering import covering_sets
from geo.siting.highs import Milp, MilpAnswer, Stop, solve_milp, stop_after
from geo.siting.infeasible import said_share
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
from geo.siting.plan import OnProgress, ShouldStop, SitingPlan
from geo.siting.site_solve import FIRST_S, best_sites, fairest_sites
from geo.text import Text

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

PROBLEMS = ("lscp", "mclp", "p_median")
SOLVED = 1e-7  # relative: how near HiGHS's bound must come to the exact objective
ATTEMPTS = 20  # solutions that keep a rule only up to HiGHS's tolerance are cut off, so often


class Solved(NamedTuple):
    """The best choice of sites, as exact figures, and the bound on the objective."""

    is_open: Flags | None  # (u,); None = there is none
    objective: float
    bound: float
    is_proven: bool


def solve_constrained(
    problem: str,
    times: object,
    weights: ArrayLike | None = None,
    *,
    constraints: SitingConstraints,
    p: int | None = None,
    limit_s: float | None = None,
    share: float = 1.0,
    existing: ArrayLike = (),
    forbidden: ArrayLike = (),
    mandatory: ArrayLike = (),
    time_limit_s: float | None = None,
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> SitingPlan:
    """Solve "lscp", "mclp" or "p_median" under side constraints; arguments as in its own solver.

    At most p new sites are built, one more for each existing site that closes. The objective is
    the weight covered (with capacities the weight served, with backup the weight covered twice),
    the new sites less the closed ones, or weight x seconds. What closed is in `existing` and not
    in `open_sites`. With backup `covered` marks demand within the limit of two open sites.

    Raises
    ------
    SitingError
        An argument is refused, or time ran out before any plan was found.
    """
    began = time.perf_counter()
    if problem not in PROBLEMS:
        raise SitingError(
            Text(
                f"没有名为 {problem!r} 的问题；可选：{', '.join(PROBLEMS)}。",
                f"There is no problem {problem!r}; choose one of {', '.join(PROBLEMS)}.",
            )
        )
    read = read_times(times)
    weight = read_weights(weights, read.n)
    rules = read_constraints(constraints, problem=problem, n=read.n, m=read.m)
    count = None if problem == "lscp" else read_whole(p, "p")
    choice = read_choice(read.m, None if rules.may_close else count, existing, forbidden, mandatory)
    stop = stop_after(read_time_limit(time_limit_s), should_stop)
    if problem == "p_median":
        setting, limit = median_setting(read, weight, choice, rules, count), np.inf
    else:
        limit = read_limit(limit_s)  # type: ignore[arg-type]  # None is refused there
        part = read_share(share) if problem == "lscp" else 1.0
        setting = cover_setting(problem, read, weight, choice, rules, count, limit, part)
    solved, said = _solved(setting, _Telling(stop, setting, on_progress))
    if solved.is_open is None:
        said = impossible_reasons(
            setting, read, weight, choice, limit_s=limit, share=share, stop=stop
        )
    return _plan(setting, read, choice, limit, solved, said, began)


class _Telling(NamedTuple):
    """When to stop, and whom to tell."""

    stop: Stop
    setting: Setting
    on_progress: OnProgress | None

    def costs(self, cost: float, bound: float, is_open: Flags) -> None:
        """Tell a cost to be small and its bound as the objective that was asked for."""
        if self.on_progress is not None:
            setting = self.setting
            sign = -1.0 if setting.problem == "mclp" else 1.0
            less = setting.n_existing if setting.problem == "lscp" else 0
            new = setting.sites[is_open & ~setting.is_existing]
            self.on_progress(sign * cost - less, sign * bound - less, tuple(new.tolist()))

    def sites(self, cost: float, bound: float, chosen: Ints) -> None:
        """Tell what a search over the sites found."""
        self.costs(cost, bound, np.isin(np.arange(len(self.setting.sites)), chosen))

    def during(self, model: Milp, scale: float) -> Stop:
        """Return a stop that tells each better solution, and each better bound with the best."""
        if self.on_progress is None:
            return self.stop
        best, opened = [np.inf, -np.inf], [np.zeros(len(self.setting.sites), np.bool_)]

        def better(values: Floats) -> None:
            cost = float(model.cost @ values)
            if cost < best[0]:
                best[0], opened[0] = cost, values[: len(self.setting.sites)] > 0.5
                self.costs(cost * scale, best[1] * scale, opened[0])

        def bounds(_primal: float, dual: float) -> None:
            if np.isfinite(dual) and dual > best[1] + 1e-9 * abs(dual):
                best[1] = dual
                if np.isfinite(best[0]):
                    self.costs(best[0] * scale, dual * scale, opened[0])

        return self.stop._replace(on_better=better, on_bounds=bounds)


def _solved(setting: Setting, telling: _Telling) -> tuple[Solved, tuple[Text, ...]]:
    """Solve a setting; where there are grids first for the least share, then for the total."""
    objective = {"lscp": "sites", "p_median": "seconds", "mclp": "weight"}[setting.problem]
    if setting.problem != "mclp" or len(setting.group_total) == 0:
        return _best(setting, objective, telling, None), ()
    fair = _best(setting, "share", telling, None)
    if fair.is_open is None:
        return fair, ()
    least = fair.objective * setting.group_total * (1 - TINY)
    solved = _best(setting, "weight", telling, least, fair.is_open)
    said = Text(
        f"覆盖最差的网格覆盖了 {said_share(fair.objective)} 的权重，在此前提下总覆盖最大。",
        f"The grid covered least has {said_share(fair.objective)} of its weight covered; "
        "the total is as large as that allows.",
    )
    hopeless = len(np.setdiff1d(np.arange(len(setting.group_total)), setting.group))
    if hopeless:
        said = Text(
            f"有 {hopeless} 个网格任何点位都到不了，最差网格只能是 0%，因此只看总覆盖；"
            "请先在那里增加备选点位。",
            f"{hopeless} grids are reached by no site, so the worst share is 0% in any plan and "
            "only the total counts. Add candidates there first.",
        )
    return solved._replace(is_proven=solved.is_proven and fair.is_proven), (said,)


def _best(
    setting: Setting,
    objective: str,
    telling: _Telling,
    least_share: Floats | None,
    start: Flags | None = None,
) -> Solved:
    """Search over the sites alone; where demand must be shared out, over a model of all of it."""
    # To cover all, or a share of each grid, is a small model whose rows HiGHS tightens best.
    is_all = setting.problem == "lscp" and (
        len(setting.needed) == 0 or len(setting.group_total) > 0
    )
    sizes = np.bincount(setting.row, minlength=len(setting.weight))
    if setting.rules.capacity is not None or is_all or not sizes.all():
        return _by_model(setting, objective, telling, least_share)
    if objective == "share":
        answer = fairest_sites(setting, telling.stop)
    else:
        goal = "sites" if objective == "sites" else "worth"
        answer = best_sites(
            setting, goal, telling.stop, least=least_share, start=start, tell=telling.sites
        )
    if answer.is_open is None:
        if not answer.is_proven:
            raise _no_plan_in_time()
        return Solved(None, np.nan, np.nan, is_proven=True)
    less = setting.n_existing if objective == "sites" else 0
    sign = -1.0 if objective in {"weight", "share"} else 1.0
    value, bound = sign * answer.cost - less, sign * answer.bound - less
    return Solved(answer.is_open, value, value if answer.is_proven else bound, answer.is_proven)


def _by_model(
    setting: Setting, objective: str, telling: _Telling, least_share: Floats | None
) -> Solved:
    """Minimise and check with exact sums; a choice that breaks a rule by a hair is cut off."""
    model = constrained_model(setting, objective=objective, least_share=least_share)
    scale = objective_scale(setting) if objective in {"weight", "seconds"} else 1.0
    is_count = objective == "sites" or (objective != "share" and setting.is_count)
    stop = telling.stop if objective == "share" else telling.during(model, scale)
    answer = MilpAnswer("unknown", None, -np.inf)
    start, bound = _without_capacity(setting, objective, model, telling.stop)
    for _ in range(ATTEMPTS):
        if start is not None and model.cost @ start <= bound / scale + SOLVED * abs(bound / scale):
            answer = MilpAnswer("optimal", start, bound / scale)  # capacities do not bind
        else:
            answer = solve_milp(model, stop, is_count=is_count, start=start)
        answer = answer._replace(bound=max(answer.bound, bound / scale))
        if answer.values is None and start is not None and answer.outcome == "unknown":
            answer = answer._replace(outcome="feasible", values=start)
        if answer.values is None:
            break
        is_open = answer.values[: len(setting.sites)] > 0.5
        if keeps_rules(setting, is_open, answer.values, least_share):
            return _exact(setting, objective, answer, is_open, scale)
        model, start = _without(model, is_open), None
    if answer.outcome == "infeasible":
        return Solved(None, np.nan, np.nan, is_proven=True)
    raise _no_plan_in_time()


def _without_capacity(
    setting: Setting, objective: str, model: Milp, stop: Stop
) -> tuple[Floats | None, float]:
    """Return a first solution (k,) of a model with capacities, and a bound on its cost.

    The sites are those that would be best if capacities did not bind; whom each serves then is a
    linear program. No plan under capacities costs less than the best without.
    """
    if setting.rules.capacity is None or objective not in {"weight", "seconds"}:
        return None, -np.inf
    sizes = np.bincount(setting.row, minlength=len(setting.weight))
    if not sizes.all():
        return None, -np.inf
    free = replace(setting, rules=replace(setting.rules, capacity=None))
    answer = best_sites(free, "worth", stop)
    if answer.is_open is None:
        return None, -np.inf
    n_sites = len(setting.sites)
    is_open = answer.is_open.astype(float)
    fixed = replace(
        model,
        low=np.concatenate([is_open, model.low[n_sites:]]),
        high=np.concatenate([is_open, model.high[n_sites:]]),
        is_whole=np.zeros(len(model.cost), np.bool_),
    )
    return solve_milp(fixed, stop.at_least(FIRST_S)).values, answer.bound


def _no_plan_in_time() -> SitingError:
    return SitingError(
        Text(
            "在给定时间内没有找到满足全部约束的方案，也没有证明不存在；请延长求解时间或放宽约束。",
            "No plan that keeps all constraints was found in the time given, nor was it proven "
            "that there is none. Allow more time, or relax a constraint.",
        )
    )


def _exact(
    setting: Setting, objective: str, answer: MilpAnswer, is_open: Flags, scale: float
) -> Solved:
    """Return the objective summed anew from the chosen sites, and the bound on it."""
    values = answer.values if answer.values is not None else np.zeros(0)
    bound = answer.bound * scale
    if objective == "sites":
        value = float(is_open.sum()) - setting.n_existing
        bound -= setting.n_existing
    elif objective == "seconds":
        value = travel(setting, is_open, values)
    elif objective == "share":
        value = float((by_group(setting, is_open, values) / setting.group_total).min())
        bound = -bound
    else:
        value = float(served(setting, is_open, values).sum())
        bound = -bound
    if objective in {"weight", "seconds"} and setting.is_count:
        value = float(np.rint(value))
    is_max = objective in {"weight", "share"}
    bound = max(bound, value) if is_max else min(bound, value)
    is_near = abs(bound - value) <= SOLVED * max(abs(value), 1e-300)
    is_proven = answer.outcome == "optimal" and (is_near or abs(bound - value) < TINY)
    return Solved(is_open, value, value if is_proven else bound, is_proven)


def _without(model: Milp, is_open: Flags) -> Milp:
    """Return the model without one choice of sites."""
    row = np.zeros(model.matrix.shape[1])
    row[: len(is_open)] = np.where(is_open, -1.0, 1.0)
    matrix = sparse.vstack([model.matrix, sparse.csr_array(row[None, :])], format="csr")
    return replace(
        model,
        matrix=sparse.csr_array(matrix),
        row_low=np.append(model.row_low, 1.0 - is_open.sum()),
        row_high=np.append(model.row_high, np.inf),
    )


def _plan(
    setting: Setting,
    times: Times,
    choice: Choice,
    limit_s: float,
    solved: Solved,
    reasons: tuple[Text, ...],
    began: float,
) -> SitingPlan:
    is_none = solved.is_open is None
    open_sites = choice.existing if solved.is_open is None else setting.sites[solved.is_open]
    new = np.setdiff1d(open_sites, choice.existing)
    assigned, nearest_s = times.nearest(open_sites.tolist())
    within = nearest_s <= limit_s if np.isfinite(limit_s) else np.isfinite(nearest_s)
    if setting.rules.n_cover > 1:
        sets = covering_sets(times, limit_s)
        row = np.repeat(np.arange(times.n), np.diff(sets.start))
        within = np.bincount(row, np.isin(sets.site, open_sites), times.n) >= 2
    nothing = 0.0 if setting.problem == "mclp" else np.inf
    return SitingPlan(
        problem=setting.problem,
        sites=tuple(new.tolist()),
        open_sites=tuple(open_sites.tolist()),
        objective=nothing if is_none else solved.objective,
        bound=nothing if is_none else solved.bound,
        status="infeasible" if is_none else "optimal" if solved.is_proven else "feasible",
        covered=np.asarray(within),
        assigned=assigned,
        seconds=time.perf_counter() - began,
        reasons=reasons,
        n_rows=len(setting.weight),
    )
