"""p-center: brute force, laws, known optima, refusals, and why it cannot be, in words."""

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from geo.errors import SitingError
from geo.siting import p_center, solve_lscp, solve_p_center

INF = np.inf


def instance(seed: int):
    """Return times, p and lists, all seeded; every third has pairs without a way."""
    random = np.random.default_rng(seed)
    n, m = int(random.integers(1, 12)), int(random.integers(2, 8))
    times = random.integers(1, 20, (n, m)).astype(float)
    times[random.random((n, m)) < (0.3 if seed % 3 == 0 else 0.0)] = INF
    columns = random.permutation(m).tolist()
    existing = columns[: int(random.integers(0, 2))]
    forbidden = columns[1:2] if m > 2 and random.random() < 0.3 else []
    free = [j for j in range(m) if j not in {*existing, *forbidden}]
    p = int(random.integers(1, len(free) + 1)) if free else 0
    mandatory = free[-1:] if p and random.random() < 0.3 else []
    return times, p, {"existing": existing, "forbidden": forbidden, "mandatory": mandatory}


def least_worst_by_trying(times, p, lists) -> float:
    never = {*lists["existing"], *lists["forbidden"]}
    free = [j for j in range(times.shape[1]) if j not in never]
    worst = [
        times[:, [*new, *lists["existing"]]].min(axis=1).max()
        for new in itertools.combinations(free, p)
        if set(lists["mandatory"]) <= set(new)
    ]
    return min(worst)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**6), st.booleans())
def test_no_p_sites_have_a_shorter_longest_time(seed: int, starts_with_few: bool):  # noqa: FBT001
    times, p, lists = instance(seed)
    small, p_center.SMALL = p_center.SMALL, 1 if starts_with_few else p_center.SMALL
    try:
        plan = solve_p_center(times, p=p, **lists)
    finally:
        p_center.SMALL = small
    best = least_worst_by_trying(times, p, lists)
    if np.isinf(best):
        assert plan.status == "infeasible"
        assert plan.reasons
        return
    assert plan.status == "optimal"
    assert plan.objective == plan.bound == best
    assert len(plan.sites) == p
    assert times[:, list(plan.open_sites)].min(axis=1).max() == best
    assert plan.covered.all()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_the_order_of_demand_changes_nothing(seed: int):
    times, p, lists = instance(seed)
    order = np.random.default_rng(seed).permutation(len(times))
    one, other = solve_p_center(times, p=p, **lists), solve_p_center(times[order], p=p, **lists)
    assert (one.sites, one.objective) == (other.sites, other.objective)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_more_sites_never_are_worse_and_covering_agrees(seed: int):
    random = np.random.default_rng(seed)
    times = random.integers(1, 50, (15, 7)).astype(float)
    worst = [solve_p_center(times, p=p).objective for p in range(1, 8)]
    assert worst == sorted(worst, reverse=True)
    for p, limit in enumerate(worst, 1):
        assert solve_lscp(times, limit_s=limit).objective <= p
        shorter = solve_lscp(times, limit_s=limit - 0.5)
        assert shorter.objective > p


def test_sparse_times_may_leave_out_what_has_no_way():
    times = csr_array(([3.0, 4.0, 5.0], ([0, 1, 2], [0, 1, 1])), (3, 2))
    plan = solve_p_center(times, p=2)
    assert (plan.objective, plan.assigned.tolist()) == (5.0, [0, 1, 1])


def test_sites_that_are_not_needed_go_to_whoever_is_farthest_then():
    times = np.array([[5.0, 5.0, 9.0], [9.0, 9.0, 2.0], [5.0, 1.0, 9.0]])
    plan = solve_p_center(times, p=3)
    assert plan.sites == (0, 1, 2)
    assert plan.objective == 5.0


def test_nobody_can_be_helped_where_no_way_leads():
    plan = solve_p_center([[1.0, 2.0], [INF, INF]], p=1)
    assert plan.status == "infeasible"
    assert plan.objective == INF
    assert plan.reasons[0].en.startswith("No way leads from 1 demand points (1) to any existing")
    assert "没有路通到" in plan.reasons[0].zh


def test_the_least_number_of_sites_that_reach_everybody_is_said():
    times = np.where(np.eye(4) > 0, 1.0, INF)
    plan = solve_p_center(times, p=2, existing=[0])
    assert plan.reasons[0].en == "2 new sites cannot reach all demand; at least 3 are needed."
    assert plan.reasons[0].zh == "2 个新点位到不了所有需求点；至少要 3 个。"
    assert solve_p_center(times, p=3, existing=[0]).status == "optimal"


def test_p_larger_than_the_sites_is_refused():
    with pytest.raises(SitingError, match=r"p = 3 is more than the 2 sites that may be new"):
        solve_p_center(np.ones((2, 3)), p=3, existing=[1])


def test_a_plan_out_of_time_is_feasible_with_a_true_bound():
    random = np.random.default_rng(2)
    xy = random.uniform(0, 1000, (700, 2))
    times = np.linalg.norm(xy[:, None] - xy[None], axis=2)
    early = solve_p_center(times, p=12, time_limit_s=0.0)
    assert early.status == "feasible"
    assert early.bound < early.objective == times[:, list(early.sites)].min(axis=1).max()
    told: list[tuple[float, float, tuple[int, ...]]] = []
    done = solve_p_center(times, p=12, on_progress=lambda *seen: told.append(seen))
    assert done.status == "optimal"
    assert early.bound <= done.objective <= early.objective
    assert [seen[0] for seen in told] == sorted((seen[0] for seen in told), reverse=True)
    assert [seen[1] for seen in told] == sorted(seen[1] for seen in told)
    assert all(seen[1] <= done.objective <= seen[0] for seen in told)


@pytest.mark.real
def test_san_francisco_has_its_known_optima(real_data: Path):
    times = (
        pd.read_csv(
            real_data / "siting" / "SF_network_distance_candidateStore_16_censusTract_205_new.csv"
        )
        .pivot_table(index="DestinationName", columns="name", values="distance")
        .to_numpy()
    )
    assert round(solve_p_center(times, p=4).objective, 2) == 7403.06
    assert solve_lscp(times, limit_s=5000).objective == 8
