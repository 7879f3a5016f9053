"""Side constraints: every one against brute force, refusals, and which one cannot be kept."""

import itertools
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from geo.errors import SitingError
from geo.siting import (
    SitingConstraints,
    SitingPlan,
    solve_constrained,
    solve_lscp,
    solve_mclp,
    solve_p_median,
)

INF = np.inf


@dataclass
class Case:
    """A small instance and its side constraints."""

    times: np.ndarray
    weights: np.ndarray
    limit_s: float
    p: int
    share: float
    existing: list[int]
    forbidden: list[int]
    mandatory: list[int]
    given: dict

    def solve(self, problem: str, **more) -> SitingPlan:
        """Return the plan of a problem."""
        return solve_constrained(
            problem,
            self.times,
            self.weights,
            constraints=SitingConstraints(**self.given),
            p=None if problem == "lscp" else self.p,
            limit_s=None if problem == "p_median" else self.limit_s,
            share=self.share,
            existing=self.existing,
            forbidden=self.forbidden,
            mandatory=self.mandatory,
            **more,
        )

    def choices(self, *, counts_p: bool):
        """Yield every set of open sites that keeps the rules about sites, and its net size."""
        never = {*self.existing, *self.forbidden}
        free = [j for j in range(self.times.shape[1]) if j not in never]
        for closing in range(min(self.given.get("may_close", 0), len(self.existing)) + 1):
            for closed in itertools.combinations(self.existing, closing):
                kept = [j for j in self.existing if j not in closed]
                for size in range(len(free) + 1):
                    if counts_p and size > self.p + closing:
                        break
                    for new in itertools.combinations(free, size):
                        if set(self.mandatory) <= set(new) and self.keeps(list(new), kept):
                            yield [*new, *kept], size - closing

    def keeps(self, new: list[int], kept: list[int]) -> bool:
        """Say whether open sites keep budget, spacing and communities."""
        given, usable = self.given, {*range(self.times.shape[1])} - {*self.forbidden}
        if given.get("budget") is not None and given["site_cost"][new].sum() > given["budget"]:
            return False
        if given.get("spacing_m"):
            xy = given["site_xy"]
            others = kept if given["is_spaced_from_existing"] else []
            pairs = [*itertools.combinations(new, 2), *itertools.product(new, others)]
            if any(np.linalg.norm(xy[a] - xy[b]) < given["spacing_m"] for a, b in pairs):
                return False
        if given.get("site_group") is not None:
            group = given["site_group"]
            wanted = {int(group[j]) for j in usable} - {-1}
            return wanted <= {int(group[j]) for j in [*new, *kept]}
        return True

    def covered(self, open_sites: list[int]) -> np.ndarray:
        """Return which demand has as many sites within the limit as it needs."""
        times_covered = (self.times[:, open_sites] <= self.limit_s).sum(axis=1)
        return times_covered >= (2 if self.given.get("has_backup") else 1)

    def groups(self) -> list[np.ndarray]:
        """Return the demand of each grid of some weight."""
        group = self.given.get("demand_group")
        if group is None:
            return []
        masks = [group == g for g in np.unique(group[group >= 0])]
        return [mask for mask in masks if self.weights[mask].sum() > 0]

    def served(self, open_sites: list[int], *, all_of_it: bool, limit_s: float) -> float | None:
        """Return the weight served (or, all of it, the weight x seconds) by a linear program."""
        cells = [
            (i, j)
            for i in range(len(self.weights))
            for j in open_sites
            if self.times[i, j] <= limit_s and np.isfinite(self.times[i, j]) and self.weights[i] > 0
        ]
        needy = [i for i in range(len(self.weights)) if self.weights[i] > 0]
        if not cells:
            return 0.0 if not needy or not all_of_it else None
        weight = self.weights
        cost = [weight[i] * self.times[i, j] if all_of_it else -weight[i] for i, j in cells]
        rows = np.array([[float(i == row) for i, _ in cells] for row in needy])
        load = np.array([[weight[i] * (j == site) for i, j in cells] for site in open_sites])
        room = self.given["site_capacity"][open_sites]
        solved = (
            linprog(cost, A_ub=load, b_ub=room, A_eq=rows, b_eq=np.ones(len(needy)))
            if all_of_it
            else linprog(
                cost,
                A_ub=np.vstack([load, rows]),
                b_ub=np.concatenate([room, np.ones(len(needy))]),
            )
        )
        return None if solved.status == 2 else abs(float(solved.fun))


def some_case(seed: int, *rules: str) -> Case:
    """Return a seeded case with the named rules and, now and then, some others."""
    random = np.random.default_rng(seed)
    n, m = int(random.integers(2, 9)), int(random.integers(3, 7))
    times = random.integers(1, 20, (n, m)).astype(float)
    times[random.random((n, m)) < 0.15] = INF
    whole = seed % 2 == 0
    weights = random.integers(0, 6, n).astype(float) if whole else np.round(random.random(n), 3)
    columns = random.permutation(m).tolist()
    existing = sorted(columns[: int(random.integers(0, 3))])
    free = [j for j in columns if j not in existing]
    forbidden = free[:1] if random.random() < 0.3 else []
    free = [j for j in free if j not in forbidden]
    p = int(random.integers(0 if existing else 1, len(free) + 1)) if free else 0
    mandatory = free[-1:] if p and random.random() < 0.2 else []
    share = 1.0 if random.random() < 0.5 else float(np.round(random.uniform(0.2, 1), 2))
    given: dict = {}
    if "close" in rules or random.random() < 0.3:
        given["may_close"] = int(random.integers(0, 3))
    if "spacing" in rules:
        given["spacing_m"] = float(random.uniform(1, 6))
        given["site_xy"] = random.uniform(0, 10, (m, 2))
        given["is_spaced_from_existing"] = bool(random.random() < 0.5)
    if "budget" in rules or random.random() < 0.3:
        given["site_cost"] = random.integers(1, 9, m).astype(float)
        given["budget"] = float(random.integers(0, 25))
    if "community" in rules:
        given["site_group"] = random.integers(-1, 3, m)
    if "capacity" in rules:
        given["site_capacity"] = random.integers(1, 10, m).astype(float) * (1 if whole else 0.3)
    if "backup" in rules:
        given["has_backup"] = True
    if "fair" in rules:
        given["demand_group"] = random.integers(-1, 3, n)
    limit = float(random.integers(3, 20))
    return Case(times, weights, limit, p, share, existing, forbidden, mandatory, given)


def check_optimal(plan: SitingPlan, best: float | None, *, largest: bool) -> None:
    """Compare a plan with the best by trying; None: there is none."""
    if best is None:
        assert plan.status == "infeasible"
        assert plan.reasons
        assert all(text.zh and text.en for text in plan.reasons)
        return
    assert plan.status == "optimal"
    assert plan.objective == pytest.approx(best, rel=1e-6, abs=1e-6)
    assert plan.bound == pytest.approx(plan.objective, rel=1e-9, abs=1e-9)
    assert (plan.bound >= plan.objective) if largest else (plan.bound <= plan.objective)


RULES = [("close",), ("spacing",), ("budget",), ("community",), ("backup",), ("spacing", "budget")]


@pytest.mark.parametrize("rules", RULES)
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_mclp_under_each_rule_covers_the_most(rules: tuple[str, ...], seed: int):
    case = some_case(seed, *rules)
    found = [case.weights[case.covered(o)].sum() for o, _ in case.choices(counts_p=True)]
    plan = case.solve("mclp")
    check_optimal(plan, max(found, default=None), largest=True)
    if found:
        assert case.weights[plan.covered].sum() == pytest.approx(plan.objective)
        kept = [j for j in case.existing if j in plan.open_sites]
        assert case.keeps(list(plan.sites), kept)
        assert len(plan.sites) <= case.p + len(case.existing) - len(kept)


@pytest.mark.parametrize("rules", [*RULES, ("fair",)])
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_lscp_under_each_rule_needs_the_fewest(rules: tuple[str, ...], seed: int):
    case = some_case(seed, *rules)

    def is_enough(open_sites: list[int]) -> bool:
        covered, weight = case.covered(open_sites), case.weights
        by_grid = case.groups() if case.share < 1 and "fair" in rules else []
        masks = by_grid or [weight >= 0]
        return all(
            weight[covered & mask].sum() >= case.share * weight[mask].sum() - 1e-9 for mask in masks
        )

    found = [size for o, size in case.choices(counts_p=False) if is_enough(o)]
    check_optimal(case.solve("lscp"), min(found, default=None), largest=False)


@pytest.mark.parametrize("rules", [("close",), ("spacing",), ("budget",), ("community",)])
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_p_median_under_each_rule_walks_least(rules: tuple[str, ...], seed: int):
    case = some_case(seed, *rules)
    needy = case.weights > 0
    found = []
    for open_sites, _ in case.choices(counts_p=True):
        nearest = case.times[:, open_sites].min(axis=1, initial=INF)[needy]
        if np.isfinite(nearest).all():
            found.append(float(case.weights[needy] @ nearest))
    check_optimal(case.solve("p_median"), min(found, default=None), largest=False)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_capacities_serve_the_most_and_may_split_demand(seed: int):
    case = some_case(seed, "capacity")
    served = [
        case.served(o, all_of_it=False, limit_s=case.limit_s)
        for o, _ in case.choices(counts_p=True)
    ]
    plan = case.solve("mclp")
    check_optimal(plan, max(served, default=None), largest=True)
    if served:
        assert plan.objective <= case.weights[plan.covered].sum() + 1e-6


def test_a_start_is_no_answer_where_the_best_is_known_without_a_search() -> None:
    """The solver once told the best objective and handed back the solution it had begun with."""
    case = some_case(3530, "capacity")
    plan = case.solve("mclp")
    assert (plan.objective, plan.status) == (16.0, "optimal")


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_capacities_of_a_covering_and_of_a_p_median_are_kept(seed: int):
    case = some_case(seed, "capacity")
    case.share = 1.0
    sizes = [
        size
        for o, size in case.choices(counts_p=False)
        if case.served(o, all_of_it=True, limit_s=case.limit_s) is not None
    ]
    check_optimal(case.solve("lscp"), min(sizes, default=None), largest=False)
    walks = [case.served(o, all_of_it=True, limit_s=1e9) for o, _ in case.choices(counts_p=True)]
    walks = [walk for walk in walks if walk is not None]
    check_optimal(case.solve("p_median"), min(walks, default=None), largest=False)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_the_worst_grid_comes_first_then_the_total(seed: int):
    case = some_case(seed, "fair")
    weight, masks = case.weights, case.groups()
    found = []
    for open_sites, _ in case.choices(counts_p=True):
        covered = case.covered(open_sites)
        shares = [weight[covered & mask].sum() / weight[mask].sum() for mask in masks]
        found.append((round(min(shares, default=0.0), 9), float(weight[covered].sum())))
    plan = case.solve("mclp")
    best = max(found, default=None)
    check_optimal(plan, None if best is None else best[1], largest=True)
    if best is not None and masks:
        shares = [weight[plan.covered & mask].sum() / weight[mask].sum() for mask in masks]
        assert min(shares) == pytest.approx(best[0], abs=1e-9)
        assert "worst share is 0%" in plan.reasons[0].en or "covered least" in plan.reasons[0].en


def test_a_grid_that_no_site_reaches_is_said_to_make_fairness_moot():
    times = np.array([[1.0, 9.0], [9.0, 1.0], [9.0, 9.0]])
    rule = SitingConstraints(demand_group=[0, 0, 1])
    plan = solve_mclp(times, [1.0, 2.0, 3.0], p=1, limit_s=5, constraints=rule)
    assert plan.sites == (1,)
    assert plan.reasons[0].en.startswith("1 grids are reached by no site")
    assert plan.reasons[0].zh.startswith("有 1 个网格任何点位都到不了")


def test_the_worst_grid_is_lifted_though_the_total_falls():
    times = np.array([[1.0, 9.0], [1.0, 9.0], [1.0, 1.0], [9.0, 1.0]])
    weights = [5.0, 5.0, 1.0, 1.0]
    groups = SitingConstraints(demand_group=[0, 0, 0, 1])
    most = solve_mclp(times, weights, p=1, limit_s=5)
    fair = solve_mclp(times, weights, p=1, limit_s=5, constraints=groups)
    assert (most.sites, most.objective) == ((0,), 11.0)
    assert (fair.sites, fair.objective) == ((1,), 2.0)
    assert fair.reasons[0].en.startswith("The grid covered least has 9% of its weight covered")


def test_without_any_rule_the_answer_is_that_of_the_plain_solver():
    case = some_case(4)
    case.given = {}
    lists = {"existing": case.existing, "forbidden": case.forbidden, "mandatory": case.mandatory}
    plain = solve_mclp(case.times, case.weights, p=case.p, limit_s=case.limit_s, **lists)
    assert case.solve("mclp").objective == plain.objective
    none = SitingConstraints()
    same = solve_mclp(
        case.times, case.weights, p=case.p, limit_s=case.limit_s, constraints=none, **lists
    )
    assert same.objective == plain.objective


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_the_order_of_demand_changes_nothing(seed: int):
    case = some_case(seed * 2, "spacing", "budget")
    one = case.solve("mclp")
    order = np.random.default_rng(seed).permutation(len(case.weights))
    case.times, case.weights = case.times[order], case.weights[order]
    assert case.solve("mclp").sites == one.sites


def test_relocation_moves_a_station_and_keeps_the_number():
    times = np.array([[1.0, 9.0, 9.0], [9.0, 1.0, 9.0], [9.0, 9.0, 1.0]])
    weights = [1.0, 5.0, 5.0]
    stay = solve_mclp(times, weights, p=1, limit_s=5, existing=[0])
    assert stay.objective == 6.0
    move = SitingConstraints(may_close=1)
    moved = solve_mclp(times, weights, p=1, limit_s=5, existing=[0], constraints=move)
    assert (moved.objective, moved.sites, moved.open_sites) == (10.0, (1, 2), (1, 2))


def test_sites_just_the_spacing_apart_keep_it():
    times = np.array([[1.0, 9.0], [9.0, 1.0]])
    xy = [[0.0, 0.0], [300.0, 400.0]]
    for spacing_m, covered in ((500.0, 2.0), (500.1, 1.0)):
        rule = SitingConstraints(spacing_m=spacing_m, site_xy=xy)
        assert solve_mclp(times, None, p=2, limit_s=5, constraints=rule).objective == covered
    walk = np.array([[0.0, 700.0], [900.0, 0.0]])  # on foot it is another distance each way
    rule = SitingConstraints(spacing_m=701.0, site_distance_m=walk)
    assert solve_mclp(times, None, p=2, limit_s=5, constraints=rule).objective == 1.0


def test_a_cost_equal_to_the_budget_is_within_it():
    times = np.array([[1.0, 9.0, 9.0], [9.0, 1.0, 9.0], [9.0, 9.0, 1.0]])
    for budget, covered in ((0.3, 2.0), (0.29, 1.0)):
        rule = SitingConstraints(site_cost=[0.1, 0.2, 0.9], budget=budget)
        assert solve_mclp(times, None, p=3, limit_s=5, constraints=rule).objective == covered


def said(plan: SitingPlan) -> list[str]:
    assert plan.status == "infeasible"
    return [text.en for text in plan.reasons]


TWO_SIDES = np.array([[1.0, 9.0, 1.0], [9.0, 1.0, 1.0]])


def test_the_least_budget_is_named_and_does():
    times = TWO_SIDES[:, :2]
    short = SitingConstraints(site_cost=[3.0, 4.5], budget=7.0)
    plan = solve_lscp(times, limit_s=5, constraints=short)
    assert said(plan) == ["The budget of 7 is too small; at least 7.5 is needed."]
    assert plan.reasons[0].zh == "预算 7 不够；至少要 7.5。"
    enough = SitingConstraints(site_cost=[3.0, 4.5], budget=7.5)
    assert solve_lscp(times, limit_s=5, constraints=enough).status == "optimal"


def test_the_largest_spacing_is_named_and_does():
    times = TWO_SIDES[:, :2]
    xy = [[0.0, 0.0], [0.0, 250.0]]
    plan = solve_lscp(times, limit_s=5, constraints=SitingConstraints(spacing_m=300, site_xy=xy))
    assert said(plan) == ["The spacing of 300 m is too large; at most 250 m would do."]
    assert plan.reasons[0].zh == "最小间距 300 米太大；最多 250 米。"
    does = SitingConstraints(spacing_m=250, site_xy=xy)
    assert solve_lscp(times, limit_s=5, constraints=does).status == "optimal"


def test_the_least_number_for_the_communities_is_named():
    rule = SitingConstraints(site_group=np.array([0, 1, 2]))
    plan = solve_mclp(TWO_SIDES, None, p=1, limit_s=5, constraints=rule)
    assert said(plan)[0] == "1 new site cannot keep the other constraints; at least 3 are needed."
    assert plan.reasons[0].zh == "1 个新点位满足不了其他约束；至少要 3 个。"
    assert "in each community (3 of them)" in said(plan)[1]
    assert solve_mclp(TWO_SIDES, None, p=3, limit_s=5, constraints=rule).status == "optimal"


def test_mandatory_sites_too_near_are_named():
    rule = SitingConstraints(spacing_m=300, site_xy=[[0, 0], [0, 250.0], [900, 900]])
    plan = solve_mclp(TWO_SIDES, None, p=2, limit_s=5, mandatory=[0, 1], constraints=rule)
    assert said(plan)[0].startswith("The mandatory sites 0 and 1 are 250 m apart, less than")
    assert "必建点位 0 与 1 相距 250 米" in plan.reasons[0].zh


def test_who_has_no_second_site_is_named_with_the_least_limit():
    times = np.array([[1.0, 2.0, 9.0], [9.0, 1.0, 7.0]])
    plan = solve_lscp(times, limit_s=5, constraints=SitingConstraints(has_backup=True))
    assert said(plan)[0].startswith(
        "No two sites are within 5 s of 1 demand point (1); at most 50%"
    )
    assert "the limit must be at least 7 s" in said(plan)[0]
    backed = solve_lscp(times, limit_s=7, constraints=SitingConstraints(has_backup=True))
    assert backed.sites == (0, 1, 2)


def test_a_capacity_that_is_too_small_says_how_much_is_missing():
    rule = SitingConstraints(site_capacity=[1.0, 1.0, 0.5])
    plan = solve_lscp(TWO_SIDES, [2.0, 1.0], limit_s=5, constraints=rule)
    assert said(plan) == [
        (
            "All sites together have a capacity of 2.5, less than the demand of 3; "
            "0.5 is missing at the least."
        )
    ]


def test_where_several_rules_bind_together_it_is_said():
    times = TWO_SIDES[:, :2]
    rule = SitingConstraints(
        spacing_m=300, site_xy=[[0, 0], [0, 250.0]], site_cost=[3.0, 4.5], budget=5.0
    )
    plan = solve_lscp(times, limit_s=5, constraints=rule)
    assert said(plan)[0].startswith("No constraint alone is the cause")
    assert "at most 50% of the weight" in said(plan)[0]


def test_without_time_there_is_a_plan_with_a_true_bound():
    rule = SitingConstraints(site_cost=[1.0, 1.0, 1.0], budget=2.0)
    plan = solve_mclp(TWO_SIDES, None, p=1, limit_s=5, constraints=rule, time_limit_s=0.0)
    assert plan.status == "feasible"
    assert len(plan.sites) == 1
    assert plan.objective <= 2.0 <= plan.bound


@pytest.mark.parametrize("rules", [("spacing", "budget"), ("close",), ("backup",), ("fair",)])
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_without_time_a_plan_keeps_the_rules_and_no_plan_beats_its_bound(
    rules: tuple[str, ...], seed: int
):
    case = some_case(seed, *rules)
    best = case.solve("mclp")
    plan = case.solve("mclp", time_limit_s=0.0)
    if best.status == "infeasible":
        assert plan.status == "infeasible"
        return
    assert plan.status in {"optimal", "feasible"}
    assert plan.objective == pytest.approx(case.weights[plan.covered].sum())
    kept = [j for j in case.existing if j in plan.open_sites]
    assert case.keeps(list(plan.sites), kept)
    assert len(plan.sites) <= case.p + len(case.existing) - len(kept)
    if "fair" not in rules:  # there the worst grid's share comes first
        assert plan.objective <= best.objective * (1 + 1e-9) <= plan.bound * (1 + 1e-6) + 1e-9


def test_without_time_capacities_still_get_a_plan_with_a_true_bound():
    rule = SitingConstraints(site_capacity=[1.0, 1.5, 0.5])
    for solver, more in ((solve_mclp, {"limit_s": 5}), (solve_p_median, {})):
        times = TWO_SIDES if solver is solve_mclp else TWO_SIDES[:, :2]
        given = rule if solver is solve_mclp else SitingConstraints(site_capacity=[1.0, 1.5])
        best = solver(times, [1.0, 1.0], p=2, constraints=given, **more)
        plan = solver(times, [1.0, 1.0], p=2, constraints=given, time_limit_s=0.0, **more)
        assert best.status == "optimal"
        assert best.objective == 2.0
        assert plan.status in {"optimal", "feasible"}
        assert min(plan.objective, plan.bound) <= 2.0 <= max(plan.objective, plan.bound)


REFUSED = [
    ({"may_close": -1}, "may_close must be a whole number of at least 0"),
    ({"spacing_m": -1.0}, "spacing_m must be a finite number of at least 0"),
    ({"spacing_m": 5.0}, "spacing_m is given; it needs site_xy too"),
    ({"spacing_m": 5.0, "site_xy": [[0, 0]]}, r"site_xy must be \(3, 2\) finite coordinates"),
    ({"spacing_m": 5.0, "site_distance_m": [[0.0]]}, r"site_distance_m must be a \(3, 3\) array"),
    ({"budget": 5.0}, "budget is given; it needs site_cost too"),
    ({"budget": 5.0, "site_cost": [1, 2]}, r"site_cost must have shape \(3,\)"),
    ({"budget": 5.0, "site_cost": [1, -2, 3]}, r"negative or not finite \(sites 1\)"),
    ({"site_capacity": [1, np.nan, 3]}, "site_capacity has 1 values that are negative or not"),
    ({"site_group": [0.5, 1, 2]}, "site_group must be 3 whole numbers"),
    ({"demand_group": [1]}, "demand_group must be 2 whole numbers"),
    ({"has_backup": True, "site_capacity": [1, 1, 1]}, "cannot be used together"),
]


@pytest.mark.parametrize(("rules", "message"), REFUSED)
def test_what_makes_no_sense_is_refused_by_name(rules: dict, message: str):
    with pytest.raises(SitingError, match=message):
        solve_mclp(TWO_SIDES, None, p=1, limit_s=5, constraints=SitingConstraints(**rules))


@pytest.mark.parametrize("rules", [{"has_backup": True}, {"demand_group": [0, 0]}])
def test_rules_about_coverage_do_not_apply_to_walking_least(rules: dict):
    with pytest.raises(SitingError, match="do not apply to p_median"):
        solve_p_median(TWO_SIDES, None, p=1, constraints=SitingConstraints(**rules))


def test_an_unknown_problem_is_refused():
    with pytest.raises(SitingError, match="There is no problem 'p_dispersion'"):
        solve_constrained("p_dispersion", TWO_SIDES, constraints=SitingConstraints())
