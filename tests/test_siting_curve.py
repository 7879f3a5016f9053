"""Coverage curves: each point is the optimum on its own; the greedy order beside it."""

import numpy as np
import pytest
from hypothesis import given, settings
from siting_cases import Problem, covered_weight, every_choice, problems

from geo.siting import SitingPlan, coverage_curve, solve_mclp
from geo.siting.curve import greedy_order


@settings(max_examples=100, deadline=None)
@given(problem=problems())
def test_each_point_is_the_best_of_its_size(problem: Problem):
    p_max = max(problem.p, 1)
    plans = coverage_curve(
        problem.times,
        problem.weights,
        p_max=p_max,
        limit_s=problem.limit_s,
        existing=problem.existing,
    )
    assert [len(plan.sites) for plan in plans] == list(range(1, p_max + 1))
    for plan in plans:
        of_size = problem._replace(p=len(plan.sites))
        best = max(covered_weight(problem, sites) for sites in every_choice(of_size))
        assert plan.status == "optimal"
        assert plan.objective == pytest.approx(best, rel=1e-9, abs=1e-12)


def test_the_curve_agrees_with_single_solves_and_rises():
    random = np.random.default_rng(1)
    times = random.uniform(0, 3000, (400, 25))
    weights = random.integers(1, 9, 400)
    made: list[SitingPlan] = []
    plans = coverage_curve(times, weights, p_max=8, limit_s=300, existing=[2], on_plan=made.append)
    assert plans == made
    before = 0.0
    for plan in plans:
        alone = solve_mclp(times, weights, p=len(plan.sites), limit_s=300, existing=[2])
        assert plan.objective == alone.objective
        assert plan.objective >= before
        before = plan.objective


def test_the_greedy_order_by_hand_and_its_regret():
    # Site 0 covers most alone, but 1 and 2 together cover all.
    times = np.array([[1, 9, 1], [1, 1, 9], [1, 9, 1], [1, 1, 9], [9, 1, 9], [9, 9, 1]])
    order = greedy_order(times, None, p_max=2, limit_s=5)
    assert order.sites == (0, 1)
    assert order.gains == (4.0, 1.0)
    assert order.covered == (4.0, 5.0)
    plans = coverage_curve(times, None, p_max=2, limit_s=5)
    assert [plan.objective for plan in plans] == [4.0, 6.0]
    assert plans[1].sites == (1, 2)
    assert order.regret(plans) == (0.0, 1.0)


@settings(max_examples=60, deadline=None)
@given(problem=problems())
def test_greedy_gains_never_grow_and_never_beat_the_optimum(problem: Problem):
    p_max = max(problem.p, 1)
    options = {"p_max": p_max, "limit_s": problem.limit_s, "existing": problem.existing}
    order = greedy_order(problem.times, problem.weights, **options)
    plans = coverage_curve(problem.times, problem.weights, **options)
    assert all(a >= b - 1e-9 for a, b in zip(order.gains, order.gains[1:], strict=False))
    assert all(regret >= -1e-9 for regret in order.regret(plans))
    for k in range(1, p_max + 1):
        sites = (*problem.existing, *order.sites[:k])
        assert order.covered[k - 1] == pytest.approx(covered_weight(problem, sites), abs=1e-9)


def test_out_of_time_the_rest_of_the_curve_is_feasible_with_true_bounds():
    random = np.random.default_rng(2)
    times = random.uniform(0, 3000, (2000, 60))
    plans = coverage_curve(times, None, p_max=6, limit_s=200, time_limit_s=0)
    best = coverage_curve(times, None, p_max=6, limit_s=200, time_limit_s=20)
    assert {plan.status for plan in plans} == {"feasible"}
    for plan, other in zip(plans, best, strict=True):
        assert plan.objective <= other.objective <= plan.bound
