"""p-median: brute force, laws, reachability, limits of time, OR-Library, spopt."""

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from siting_cases import Problem, every_choice, problems, weighted_time

from geo.siting import solve_p_median
from geo.siting.rises import Rises

REAL = Path(__file__).resolve().parents[2] / "shared" / "data" / "siting"


def square(n: int, seed: int = 0) -> np.ndarray:
    """Return whole distances between n random points."""
    xy = np.random.default_rng(seed).uniform(0, 1000, (n, 2))
    return np.rint(np.linalg.norm(xy[:, None] - xy[None], axis=2))


def test_a_case_by_hand():
    times = np.array([[0, 10, 7], [10, 0, 7], [9, 9, 1]])
    plan = solve_p_median(times, [1, 1, 5], p=1)
    assert plan.sites == (2,)
    assert (plan.objective, plan.bound, plan.status, plan.gap) == (19.0, 19.0, "optimal", 0.0)
    assert plan.assigned.tolist() == [2, 2, 2]
    assert plan.problem == "p_median"
    beside = solve_p_median(times, [1, 1, 5], p=1, existing=[2])
    assert (beside.sites, beside.open_sites, beside.objective) == ((0,), (0, 2), 12.0)


@settings(max_examples=300, deadline=None)
@given(problem=problems())
def test_no_other_sites_are_nearer(problem: Problem):
    plan = solve_p_median(problem.times, problem.weights, p=problem.p, existing=problem.existing)
    best = min(weighted_time(problem, sites) for sites in every_choice(problem))
    if np.isinf(best):
        assert plan.status == "infeasible"
        assert (plan.objective, plan.sites) == (np.inf, ())
        assert len(plan.reasons) == 1
        return
    assert plan.status == "optimal"
    assert plan.objective == pytest.approx(best, rel=1e-9, abs=1e-12)
    assert plan.objective == pytest.approx(weighted_time(problem, plan.open_sites), rel=1e-12)
    assert len(plan.sites) == problem.p
    assert plan.bound == plan.objective


@settings(max_examples=150, deadline=None)
@given(problem=problems(reachable=True), data=st.data())
def test_mandatory_sites_are_open_and_forbidden_ones_are_not(problem: Problem, data: st.DataObject):
    free = [j for j in range(problem.times.shape[1]) if j not in problem.existing]
    marks = data.draw(st.lists(st.sampled_from("nmf"), min_size=len(free), max_size=len(free)))
    must = tuple(j for j, mark in zip(free, marks, strict=True) if mark == "m")[: problem.p]
    never = tuple(j for j, mark in zip(free, marks, strict=True) if mark == "f")
    never = never[: len(free) - problem.p]
    plan = solve_p_median(
        problem.times,
        problem.weights,
        p=problem.p,
        existing=problem.existing,
        forbidden=never,
        mandatory=must,
    )
    choices = every_choice(problem, forbidden=never, mandatory=must)
    best = min(weighted_time(problem, sites) for sites in choices)
    if np.isinf(best):
        assert plan.status == "infeasible"
        return
    assert plan.objective == pytest.approx(best, rel=1e-9, abs=1e-12)
    assert set(must) <= set(plan.sites)
    assert not set(never) & set(plan.open_sites)


@settings(max_examples=60, deadline=None)
@given(problem=problems(), data=st.data())
def test_the_order_of_the_demand_rows_changes_nothing(problem: Problem, data: st.DataObject):
    order = data.draw(st.permutations(range(len(problem.weights))))
    options = {"p": problem.p, "existing": problem.existing}
    plan = solve_p_median(problem.times, problem.weights, **options)
    other = solve_p_median(problem.times[order], problem.weights[order], **options)
    assert (other.status, other.sites, other.objective) == (
        plan.status,
        plan.sites,
        plan.objective,
    )


def test_more_sites_and_more_candidates_never_cost_more():
    times = square(60)
    weights = np.random.default_rng(1).integers(1, 9, 60)
    before = np.inf
    for p in range(1, 10):
        plan = solve_p_median(times, weights, p=p)
        fewer = solve_p_median(times[:, :-10], weights, p=p)
        assert plan.objective <= before
        assert plan.objective <= fewer.objective
        before = plan.objective


def test_among_equals_the_lowest_columns_are_taken():
    assert solve_p_median(np.ones((3, 5)), None, p=2).sites == (0, 1)
    assert solve_p_median(np.ones((3, 5)), None, p=2, existing=[1]).sites == (0, 2)


def test_demand_that_no_site_reaches_is_named_unless_it_weighs_nothing():
    times = np.array([[1.0, 2.0], [np.inf, np.inf], [3.0, 1.0]])
    plan = solve_p_median(times, [1, 1, 1], p=1)
    assert plan.status == "infeasible"
    assert plan.reasons[0].en == (
        "1 demand rows with a weight are out of reach of every site (rows: 1). "
        "Check where they join the network, add candidates, or give them weight 0."
    )
    without = solve_p_median(times, [1, 0, 1], p=1)
    assert (without.status, without.sites, without.objective) == ("optimal", (1,), 3.0)
    assert without.assigned.tolist() == [1, -1, 1]
    assert without.covered.tolist() == [True, False, True]


def test_too_few_sites_to_reach_everybody_is_infeasible_with_the_reason():
    times = np.array([[1.0, np.inf], [np.inf, 1.0]])
    plan = solve_p_median(times, [1, 1], p=1)
    assert plan.status == "infeasible"
    assert plan.reasons[0].en == (
        "No 1 new sites reach every demand row with a weight. Raise p or add candidates."
    )
    assert solve_p_median(times, [1, 1], p=2).objective == 2


def test_sparse_times_are_read_as_unreachable_where_nothing_is_stored():
    times = square(30, seed=3)
    near = times <= 600
    sparse = csr_array(
        (times[near], np.nonzero(near)[1], np.concatenate([[0], np.cumsum(near.sum(axis=1))])),
        shape=times.shape,
    )
    dense = np.where(near, times, np.inf)
    plan, other = (solve_p_median(t, None, p=5) for t in (dense, sparse))
    assert plan.status == "optimal"
    assert (other.sites, other.objective) == (plan.sites, plan.objective)


def test_without_time_the_plan_is_feasible_and_its_bound_is_true():
    times = square(200, seed=4)
    plan = solve_p_median(times, None, p=8, time_limit_s=0)
    best = solve_p_median(times, None, p=8)
    assert (plan.status, best.status) == ("feasible", "optimal")
    assert 0 <= plan.bound <= best.objective <= plan.objective
    assert plan.gap == pytest.approx((plan.objective - plan.bound) / plan.objective)


def test_progress_only_gets_better_and_it_stops_when_asked_to():
    times = square(300, seed=5)
    seen: list[tuple[float, float, tuple[int, ...]]] = []
    plan = solve_p_median(times, None, p=8, on_progress=lambda *now: seen.append(now))
    objectives, bounds = [one[0] for one in seen], [one[1] for one in seen]
    assert objectives == sorted(objectives, reverse=True)
    assert bounds == sorted(bounds)
    assert all(bound <= plan.objective <= objective for objective, bound, _ in seen)
    stopped = solve_p_median(times, None, p=8, should_stop=lambda: True)
    assert stopped.status == "feasible"


def test_the_candidate_whose_both_parts_rose_is_branched_on():
    rises = Rises(4)
    for candidate, out, into in ((0, 9.0, 0.0), (1, 3.0, 3.0), (2, 1.0, 1.0)):
        for _ in range(20):
            rises.add(candidate, is_open=False, choice=0.5, rise=out)
            rises.add(candidate, is_open=True, choice=0.5, rise=into)
    half = np.array([0.5, 0.5, 0.5, 1.0])
    assert rises.best(np.arange(4), half, 100.0) == 1
    assert rises.best(np.array([0, 2, 3]), half[1:], 100.0) == 1
    assert rises.best(np.arange(4), half, 1e-3) == 0  # more than what is open is of no use
    assert rises.best(np.arange(4), np.ones(4), 100.0) == -1  # no doubt


def test_weights_of_any_size_are_proven():
    times = square(80, seed=6)
    weights = np.random.default_rng(7).integers(1, 9, 80)
    plan = solve_p_median(times, weights, p=5)
    for factor in (1e-9, 0.1, 1e9):
        other = solve_p_median(times, weights * factor, p=5)
        assert other.status == "optimal"
        assert other.objective == pytest.approx(plan.objective * factor, rel=1e-9)


@pytest.mark.real
@pytest.mark.skipif(not REAL.is_dir(), reason="the real inputs are not there")
@pytest.mark.parametrize(
    ("number", "known"), [(1, 5819), (2, 4093), (3, 4250), (4, 3034), (5, 1355)]
)
def test_the_library_has_the_published_optima(
    number: int, known: float, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parents[1] / "bench"))
    monkeypatch.delitem(sys.modules, "cases", raising=False)
    from bench_siting_cover import pmed  # noqa: PLC0415 - the folder is no package

    times, p = pmed(number)
    plan = solve_p_median(times, None, p=p)
    assert (plan.status, plan.objective) == ("optimal", known)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of PuLP, in spopt
def test_spopt_finds_the_same():
    reason = "spopt is the independent second opinion; it comes with the peers extra"
    spopt = pytest.importorskip("spopt.locate", reason=reason)
    pulp = pytest.importorskip("pulp", reason=reason)
    times = square(80, seed=9)
    weights = np.random.default_rng(9).integers(1, 9, 80)
    model = spopt.PMedian.from_cost_matrix(times, weights, p_facilities=6)
    model.solve(pulp.PULP_CBC_CMD(msg=False))
    plan = solve_p_median(times, weights, p=6)
    assert plan.status == "optimal"
    mean = model.problem.objective.value()
    assert mean == pytest.approx(plan.objective) or mean * weights.sum() == pytest.approx(
        plan.objective
    )
