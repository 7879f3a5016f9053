"""MCLP: brute force, laws, ties, limits of time, and spopt as a second opinion."""

import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from siting_cases import Problem, covered_weight, every_choice, problems

from geo.siting import solve_mclp
from geo.siting.covering import covering_sets, merge_demand
from geo.siting.instance import read_choice, read_times
from geo.siting.mclp_node import MclpNode, root_node
from geo.siting.mclp_search import greedy, rows_of
from geo.siting.volume import BOUND


def city(n: int, m: int, seed: int = 0, side_m: float = 6000.0) -> tuple[np.ndarray, np.ndarray]:
    """Return seconds between random points of a square, and whole weights."""
    random = np.random.default_rng(seed)
    homes, sites = random.uniform(0, side_m, (n, 2)), random.uniform(0, side_m, (m, 2))
    times = np.linalg.norm(homes[:, None] - sites[None], axis=2) / 1.11
    return times, random.integers(1, 50, n).astype(float)


HARD = city(3000, 120, seed=3)  # with p = 20 at 700 s, not proven without branching


def test_a_case_by_hand():
    times = np.array([[0, 900, np.inf], [901, 100, 50], [np.inf, np.inf, 900], [900, 5, 5]])
    plan = solve_mclp(times, [5, 4, 3, 2], p=1, limit_s=900)
    assert plan.sites == plan.open_sites == (1,)
    assert plan.covered.tolist() == [True, True, False, True]
    assert plan.assigned.tolist() == [1, 1, -1, 1]
    assert (plan.objective, plan.bound, plan.status, plan.gap) == (11.0, 11.0, "optimal", 0.0)
    assert plan.problem == "mclp"


def test_equal_to_the_limit_is_covered_and_just_above_is_not():
    times = np.array([[900.0, np.nextafter(900.0, 1000.0)]])
    assert solve_mclp(times, [1], p=1, limit_s=900).sites == (0,)
    only_above = solve_mclp(times[:, 1:], [1], p=1, limit_s=900)
    assert only_above.objective == 0
    assert only_above.assigned.tolist() == [0]  # the nearest, though not covered


@settings(max_examples=300, deadline=None)
@given(problem=problems())
def test_no_other_sites_cover_more(problem: Problem):
    plan = solve_mclp(
        problem.times,
        problem.weights,
        p=problem.p,
        limit_s=problem.limit_s,
        existing=problem.existing,
    )
    best = max(covered_weight(problem, sites) for sites in every_choice(problem))
    assert plan.status == "optimal"
    assert plan.objective == pytest.approx(best, rel=1e-9, abs=1e-12)
    assert plan.objective == pytest.approx(covered_weight(problem, plan.open_sites), rel=1e-12)
    assert len(plan.sites) == problem.p
    assert not set(plan.sites) & set(problem.existing)
    assert plan.bound == plan.objective


@settings(max_examples=150, deadline=None)
@given(problem=problems(), data=st.data())
def test_mandatory_sites_are_open_and_forbidden_ones_are_not(problem: Problem, data: st.DataObject):
    free = [j for j in range(problem.times.shape[1]) if j not in problem.existing]
    marks = data.draw(st.lists(st.sampled_from("nmf"), min_size=len(free), max_size=len(free)))
    must = tuple(j for j, mark in zip(free, marks, strict=True) if mark == "m")[: problem.p]
    never = tuple(j for j, mark in zip(free, marks, strict=True) if mark == "f")
    never = never[: len(free) - problem.p]
    plan = solve_mclp(
        problem.times,
        problem.weights,
        p=problem.p,
        limit_s=problem.limit_s,
        existing=problem.existing,
        forbidden=never,
        mandatory=must,
    )
    choices = every_choice(problem, forbidden=never, mandatory=must)
    best = max(covered_weight(problem, sites) for sites in choices)
    assert plan.objective == pytest.approx(best, rel=1e-9, abs=1e-12)
    assert set(must) <= set(plan.sites)
    assert not set(never) & set(plan.open_sites)


@settings(max_examples=60, deadline=None)
@given(problem=problems(), data=st.data())
def test_the_order_of_the_demand_rows_changes_nothing(problem: Problem, data: st.DataObject):
    order = data.draw(st.permutations(range(len(problem.weights))))
    options = {"p": problem.p, "limit_s": problem.limit_s, "existing": problem.existing}
    plan = solve_mclp(problem.times, problem.weights, **options)
    other = solve_mclp(problem.times[order], problem.weights[order], **options)
    assert other.sites == plan.sites
    assert other.objective == plan.objective
    assert other.covered.tolist() == plan.covered[order].tolist()


def test_the_order_of_many_rows_with_uneven_weights_changes_nothing():
    times, _ = city(800, 40, seed=5)
    random = np.random.default_rng(6)
    weights, order = random.random(800), random.permutation(800)
    plan = solve_mclp(times, weights, p=5, limit_s=700)
    other = solve_mclp(times[order], weights[order], p=5, limit_s=700)
    assert (other.sites, other.objective, other.bound) == (plan.sites, plan.objective, plan.bound)


def test_more_sites_never_cover_less_and_another_candidate_never_hurts():
    times, weights = city(400, 30, seed=1)
    before = 0.0
    for p in range(1, 8):
        plan = solve_mclp(times, weights, p=p, limit_s=800)
        fewer = solve_mclp(times[:, :-3], weights, p=p, limit_s=800)
        assert plan.objective >= before
        assert plan.objective >= fewer.objective
        before = plan.objective


def test_among_equals_the_lowest_columns_are_taken():
    times = np.zeros((3, 5))
    assert solve_mclp(times, [1, 1, 1], p=2, limit_s=1).sites == (0, 1)
    assert solve_mclp(times, [1, 1, 1], p=2, limit_s=1, existing=[0]).sites == (1, 2)


def test_dense_and_sparse_times_give_the_same_plan_and_a_stored_zero_is_no_time():
    times, weights = city(300, 20, seed=2)
    times[0, 3] = 0.0
    near = times <= 1000
    sparse = csr_array(
        (times[near], np.nonzero(near)[1], np.concatenate([[0], np.cumsum(near.sum(axis=1))])),
        shape=times.shape,
    )
    dense = np.where(near, times, np.inf)
    plan, other = (solve_mclp(t, weights, p=4, limit_s=800) for t in (dense, sparse))
    assert other.sites == plan.sites
    assert other.assigned.tolist() == plan.assigned.tolist()
    one = csr_array((np.zeros(1), [0], [0, 1]), shape=(1, 1))
    assert solve_mclp(one, [7], p=1, limit_s=1).objective == 7


def test_without_time_the_plan_is_feasible_and_its_bound_is_true():
    times, weights = HARD
    plan = solve_mclp(times, weights, p=20, limit_s=700, time_limit_s=0)
    assert plan.status == "feasible"
    assert plan.objective < plan.bound <= weights.sum()
    assert plan.gap == pytest.approx((plan.bound - plan.objective) / plan.objective)
    best = solve_mclp(times, weights, p=20, limit_s=700)
    assert best.status == "optimal"
    assert plan.objective <= best.objective <= plan.bound


def test_progress_only_gets_better_and_ends_at_the_plan():
    times, weights = HARD
    seen: list[tuple[float, float, tuple[int, ...]]] = []
    plan = solve_mclp(times, weights, p=20, limit_s=700, on_progress=lambda *now: seen.append(now))
    objectives, bounds = [one[0] for one in seen], [one[1] for one in seen]
    assert objectives == sorted(objectives)
    assert bounds == sorted(bounds, reverse=True)
    assert all(objective <= plan.objective <= bound for objective, bound, _ in seen)
    assert all(len(sites) == 20 for _, _, sites in seen)


def test_it_stops_when_asked_to():
    times, weights = HARD
    asked = []

    def should_stop() -> bool:
        asked.append(time.perf_counter())
        return len(asked) > 1

    plan = solve_mclp(times, weights, p=20, limit_s=700, should_stop=should_stop)
    assert plan.status == "feasible"
    assert len(asked) == 2
    assert plan.bound > plan.objective


def test_other_threads_go_on_while_it_searches():
    times, weights = HARD
    solve_mclp(times, weights, p=20, limit_s=700, time_limit_s=0)  # compiled
    done = threading.Event()
    worker = threading.Thread(
        target=lambda: (
            solve_mclp(times, weights, p=20, limit_s=700, time_limit_s=1.0),
            done.set(),
        )
    )
    worker.start()
    longest, before = 0.0, time.perf_counter()
    while not done.wait(0.005):
        now = time.perf_counter()
        longest, before = max(longest, now - before), now
    worker.join()
    assert longest < 0.5


def branched(n_splits: int) -> tuple[MclpNode, list[MclpNode]]:
    """Return a root after its search, and the parts that wait after some splits in a row."""
    times, weights = HARD
    choice = read_choice(times.shape[1], 20)
    merged = merge_demand(covering_sets(read_times(times), 700.0), weights, choice)
    rows = rows_of(merged.start, merged.candidate, merged.n_candidates, merged.weight * 2.0**20)
    root = root_node(rows, 20, greedy(rows, 20)[0], 2.0**20)
    node, waiting = root, []
    for turn in range(n_splits):
        node.tighten(root.total)
        parts = node.split()
        node = parts.pop(turn % 2)
        waiting += parts
    return root, [node, *waiting]


def test_parts_that_wait_hold_no_rows_and_get_those_of_a_direct_merge():
    root, parts = branched(4)
    for part in parts:
        assert len(part.rows.candidate) == 0
        opened, ids = part.opened, part.ids
        must, keep = np.isin(root.ids, opened), np.isin(root.ids, ids)
        part.tighten(root.total)
        direct = root.reduced(must, keep)
        assert part.rows.start.tolist() == direct.rows.start.tolist()
        assert part.rows.candidate.tolist() == direct.rows.candidate.tolist()
        assert part.rows.weight.tolist() == direct.rows.weight.tolist()
        assert part.served == direct.served
        assert (part.prices >= 0).all()
        assert (part.prices <= part.rows.weight).all()


def test_the_prices_of_a_parent_are_worth_as_much_in_its_parts():
    root, (part, *_) = branched(1)
    parent_bound = root.bound
    part.tighten(root.total)
    assert part.dual is not None
    own_bound = root.total - part.served - part.dual.figures[BOUND]
    assert own_bound >= parent_bound - 1e-4 * root.total


def test_weights_of_any_size_are_proven():
    times, weights = city(200, 15, seed=4)
    plan = solve_mclp(times, weights, p=3, limit_s=900)
    for factor in (1e-9, 0.1, 1e12):
        other = solve_mclp(times, weights * factor, p=3, limit_s=900)
        assert other.status == "optimal"
        assert other.objective == pytest.approx(plan.objective * factor, rel=1e-9)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of PuLP, in spopt
def test_spopt_finds_the_same():
    reason = "spopt is the independent second opinion; it comes with the peers extra"
    spopt = pytest.importorskip("spopt.locate", reason=reason)
    pulp = pytest.importorskip("pulp", reason=reason)
    times, weights = city(500, 40, seed=8)
    model = spopt.MCLP.from_cost_matrix(times, weights, service_radius=700.0, p_facilities=6)
    model.solve(pulp.PULP_CBC_CMD(msg=False))
    plan = solve_mclp(times, weights, p=6, limit_s=700.0)
    assert plan.status == "optimal"
    assert abs(model.problem.objective.value()) == pytest.approx(plan.objective)
