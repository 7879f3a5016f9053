"""The answer to a question: the solver that knows its problem and conditions, asked on a case."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.errors import SitingError
from geo.planning.case import Floats, SitingCase, dense_times, mixed_weight, nearest_open
from geo.planning.people import named_reasons
from geo.planning.question import WALKING, Question
from geo.planning.warm_up import compile_constrained, compile_solver
from geo.robust import Variant
from geo.siting import (
    SitingConstraints,
    SitingPlan,
    solve_constrained,
    solve_lscp,
    solve_mclp,
    solve_p_center,
    solve_p_median,
)
from geo.siting.plan import OnProgress, ShouldStop
from geo.text import Text

SOLVERS: dict[str, Callable[..., SitingPlan]] = {
    "mclp": solve_mclp,
    "lscp": solve_lscp,
    "p_median": solve_p_median,
}


def solve(
    case: SitingCase,
    question: Question,
    *,
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> SitingPlan:
    """Answer a question; the sites of the plan are rows of `case.sites`.

    The p-median and the p-center look at the demand that has weight and that some site can reach:
    a home without any way would make every plan equally bad.

    Raises
    ------
    SitingError
        The question does not fit the case, see `geo.siting`.
    """
    as_set = Variant(
        key="base",
        title=Text("", ""),
        times=case.times,
        weights=mixed_weight(case, question.weights),
        limit_s=case.limit_s,
        existing=tuple(case.existing),
    )
    return answer_variant(case, question, as_set, on_progress=on_progress, should_stop=should_stop)


def answer_variant(
    case: SitingCase,
    question: Question,
    variant: Variant,
    *,
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> SitingPlan:
    """Ask the solver of the problem; with side constraints the one that knows them."""
    mandatory = _columns(case, question.mandatory)
    common: dict[str, Any] = {
        "existing": list(variant.existing),
        "mandatory": mandatory,
        "forbidden": sorted({*_columns(case, question.forbidden), *variant.forbidden}),
        "time_limit_s": question.time_limit_s,
        "on_progress": on_progress,
        "should_stop": should_stop,
    }
    times, weight, problem = variant.times, variant.weights, question.problem
    rows = np.ones(len(weight), bool)
    if problem in WALKING:
        rows = (np.diff(times.indptr) > 0) & (weight > 0)
        times, weight = dense_times(times[rows]), weight[rows]
    compile_solver(problem)
    constraints = _constraints(case, question, rows)
    if constraints is not None:
        compile_constrained()
    if constraints is not None and problem == "p_center":
        raise SitingError(
            Text(
                "“让最远的人最近”不能加附加条件；请去掉附加条件，或换一个问题。",
                "The farthest person nearest takes no further conditions; leave them out, or ask "
                "another question.",
            )
        )
    asked: dict[str, Any] = {}
    if problem == "lscp":
        asked = {"limit_s": variant.limit_s, "share": question.share}
    elif problem == "mclp":
        asked = {"limit_s": variant.limit_s, "p": question.p}
    else:
        asked = {"p": question.p}
    if constraints is not None:
        plan = solve_constrained(problem, times, weight, constraints=constraints, **asked, **common)
    elif problem == "p_center":
        plan = solve_p_center(times, **asked, **common)
    else:
        plan = SOLVERS[problem](times, weight, **asked, **common)
    if len(rows) != len(case.points):  # a variant of some of the demand
        return plan
    plan = named_reasons(case, plan, question, np.flatnonzero(rows))
    return _over_all(case, plan) if problem in WALKING else plan


def _over_all(case: SitingCase, plan: SitingPlan) -> SitingPlan:
    """Return a plan of some demand points with `covered` and `assigned` of all."""
    seconds, assigned = nearest_open(case, plan.open_sites)
    return dataclasses.replace(plan, covered=seconds <= case.limit_s, assigned=assigned)


def _columns(case: SitingCase, candidate_ids: Sequence[int]) -> list[int]:
    """Return the columns of candidates; one that is not among the sites is refused by name."""
    of_id = {
        int(source): column
        for column, (kind, source) in enumerate(
            zip(case.sites["kind"], case.sites["source_id"], strict=True)
        )
        if kind == "candidate"
    }
    gone = [i for i in candidate_ids if i not in of_id]
    if gone:
        raise SitingError(
            Text(
                f"没有编号为 {gone[0]} 的备选点位，或它接不上路网。",
                f"There is no candidate site {gone[0]}, or it joins no way.",
            ),
            gone,
        )
    return [of_id[i] for i in candidate_ids]


def _constraints(
    case: SitingCase, question: Question, rows: NDArray[np.bool_]
) -> SitingConstraints | None:
    """Return the side constraints of a question on these demand points, None where none binds."""
    given: dict[str, Any] = {}
    if question.may_close:
        given["may_close"] = question.may_close
    if question.spacing_m > 0:
        xy = case.sites.geometry.get_coordinates().to_numpy()
        given |= {"spacing_m": question.spacing_m, "site_xy": xy, "is_spaced_from_existing": True}
    if question.budget is not None:
        given |= {"budget": question.budget, "site_cost": _costs(case)}
    if question.capacity is not None:
        given["site_capacity"] = np.full(len(case.sites), float(question.capacity))
    if question.has_backup:
        given["has_backup"] = True
    if question.one_per_community:
        given["site_group"] = case.sites["community_id"].fillna(-1).astype(int).to_numpy()
    if question.is_fair:
        given["demand_group"] = case.points["grid_id"].fillna(-1).astype(int).to_numpy()[rows]
    return SitingConstraints(**given) if given else None


def _costs(case: SitingCase) -> Floats:
    """Return the cost of each site (m,), nothing for what is there; an unknown one is refused."""
    cost: Floats = case.sites["cost"].to_numpy(np.float64).copy()
    cost[: case.n_existing] = 0.0
    unknown = case.sites.loc[np.isnan(cost), "name"].tolist()
    if unknown:
        raise SitingError(
            Text(
                f"{len(unknown)} 个备选点位没有费用（如 {unknown[0]}），不能按预算选；请补费用。",
                f"{len(unknown)} candidate sites have no cost (such as {unknown[0]}), so a budget "
                "cannot be kept; add the costs.",
            ),
            unknown,
        )
    return cost
