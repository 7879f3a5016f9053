"""Set covering: brute force, laws, refusals, and why it cannot be, in words."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from geo.errors import SitingError
from geo.siting import SitingConstraints, solve_lscp
from geo.siting.cover import lowest_equals, smallest_cover
from geo.siting.cover_bound import cover_model, narrowed, nothing_narrowed, relaxed
from geo.siting.cover_patches import lacking_patches, need_more
from geo.siting.cover_search import searched_cover
from geo.siting.highs import Milp, Stop, solve_milp
from geo.siting.infeasible import said_seconds, said_share
from geo.siting.reduction import pack, reduce_cover, unpack

INF = np.inf


def instance(seed: int):
    """Return times with some missing, weights with zeros, lists and a share, all seeded."""
    random = np.random.default_rng(seed)
    n, m = int(random.integers(1, 11)), int(random.integers(2, 8))
    times = random.integers(1, 20, (n, m)).astype(float)
    times[random.random((n, m)) < 0.2] = INF
    whole = seed % 2 == 0
    weights = random.integers(0, 6, n).astype(float) if whole else random.random(n)
    columns = random.permutation(m).tolist()
    existing = columns[: int(random.integers(0, 2))]
    forbidden = columns[2:3] if random.random() < 0.3 else []
    mandatory = columns[1:2] if random.random() < 0.3 else []
    share = 1.0 if random.random() < 0.4 else float(np.round(random.uniform(0.05, 1), 2))
    limit = float(random.integers(1, 20))
    lists = {"existing": existing, "forbidden": forbidden, "mandatory": mandatory}
    return times, weights, limit, share, lists


def fewest_by_trying(times, weights, limit, share, lists) -> int | None:
    never = {*lists["existing"], *lists["forbidden"]}
    free = [j for j in range(times.shape[1]) if j not in never]
    for k in range(len(free) + 1):
        for new in itertools.combinations(free, k):
            if not set(lists["mandatory"]) <= set(new):
                continue
            open_sites = [*new, *lists["existing"]]
            covered = (times[:, open_sites] <= limit).any(axis=1)
            if weights[covered].sum() >= share * weights.sum() - 1e-9:
                return k
    return None


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**6))
def test_no_plan_has_fewer_sites_than_the_one_found(seed: int):
    times, weights, limit, share, lists = instance(seed)
    plan = solve_lscp(times, weights, limit_s=limit, share=share, **lists)
    best = fewest_by_trying(times, weights, limit, share, lists)
    if best is None:
        assert plan.status == "infeasible"
        assert plan.objective == INF
        assert plan.reasons
        return
    assert plan.status == "optimal"
    assert len(plan.sites) == plan.objective == plan.bound == best
    assert weights[plan.covered].sum() >= share * weights.sum() - 1e-9
    covered = (times[:, list(plan.open_sites)] <= limit).any(axis=1)
    assert plan.covered.tolist() == covered.tolist()
    assert set(lists["mandatory"]) <= set(plan.sites)
    assert not set(lists["forbidden"]) & set(plan.sites)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_a_share_on_more_sites_agrees_with_a_second_opinion_by_highs(seed: int):
    random = np.random.default_rng(seed)
    times = random.uniform(0, 100, (60, 18))
    weights = random.integers(1, 50, 60).astype(float)
    share = float(np.round(random.uniform(0.5, 0.98), 2))
    asked = {"limit_s": float(random.uniform(8, 30)), "share": share}
    plan = solve_lscp(times, weights, **asked)
    other = solve_lscp(times, weights, constraints=SitingConstraints(), **asked)
    assert (plan.status, plan.objective, plan.bound) == (
        other.status,
        other.objective,
        other.bound,
    )


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_the_order_of_demand_changes_nothing(seed: int):
    times, weights, limit, share, lists = instance(seed * 2)  # whole weights: sums are exact
    order = np.random.default_rng(seed).permutation(len(weights))
    one = solve_lscp(times, weights, limit_s=limit, share=share, **lists)
    other = solve_lscp(times[order], weights[order], limit_s=limit, share=share, **lists)
    assert one.sites == other.sites
    assert one.status == other.status


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_another_candidate_or_a_longer_limit_or_a_smaller_share_never_needs_more(seed: int):
    times, weights, limit, share, lists = instance(seed)
    here = solve_lscp(times, weights, limit_s=limit, share=share, **lists).objective
    more = np.column_stack([times, np.random.default_rng(seed).integers(1, 20, len(times))])
    assert solve_lscp(more, weights, limit_s=limit, share=share, **lists).objective <= here
    assert solve_lscp(times, weights, limit_s=limit + 3, share=share, **lists).objective <= here
    assert solve_lscp(times, weights, limit_s=limit, share=share / 2, **lists).objective <= here


def test_sparse_and_dense_times_give_the_same_plan():
    times, weights, limit, share, lists = instance(8)
    row, column = np.nonzero(np.isfinite(times))
    sparse = csr_array((times[row, column], (row, column)), times.shape)
    one = solve_lscp(times, weights, limit_s=limit, share=share, **lists)
    other = solve_lscp(sparse, weights, limit_s=limit, share=share, **lists)
    assert (one.sites, one.status) == (other.sites, other.status)


def test_a_time_equal_to_the_limit_is_covered_and_one_above_is_not():
    assert solve_lscp([[900.0]], limit_s=900).status == "optimal"
    assert solve_lscp([[np.nextafter(900.0, 901)]], limit_s=900).status == "infeasible"


def test_a_share_is_taken_as_it_is_written():
    # 0.07 is a little more than 7/100 in binary; seven of a hundred must do all the same.
    times = np.full((100, 2), INF)
    times[:7, 0] = times[7:, 1] = 1.0
    plan = solve_lscp(times, limit_s=1, share=0.07, forbidden=[1])
    assert (plan.status, plan.sites) == ("optimal", (0,))
    assert solve_lscp(times, limit_s=1, share=0.0701, forbidden=[1]).status == "infeasible"


def test_of_equal_sites_the_lowest_is_chosen():
    times = np.array([[1.0, 1.0, 9.0], [9.0, 1.0, 1.0], [9.0, 1.0, 1.0]])
    assert solve_lscp(times[1:], limit_s=5).sites == (1,)
    assert solve_lscp(times[:1], limit_s=5).sites == (0,)


def test_demand_without_weight_need_not_be_covered():
    times = np.array([[1.0, INF], [INF, INF]])
    assert solve_lscp(times, [3.0, 0.0], limit_s=5).sites == (0,)
    assert solve_lscp(times, limit_s=5).status == "infeasible"


def test_what_stands_already_is_not_built_again():
    times = np.array([[1.0, 9.0], [9.0, 1.0]])
    plan = solve_lscp(times, limit_s=5, existing=[0])
    assert (plan.sites, plan.open_sites, plan.objective) == ((1,), (0, 1), 1.0)
    assert solve_lscp(times, limit_s=5, existing=[0, 1]).sites == ()


def test_who_is_out_of_reach_and_what_would_do_is_said_in_both_languages():
    times = np.array([[60.0, 90.0], [1200.0, 1500.0], [1800.0, 1300.0]])
    plan = solve_lscp(times, [2.0, 1.0, 1.0], limit_s=900)
    assert [text.en for text in plan.reasons] == [
        (
            "No existing or candidate site is within 15 min of 2 demand points (1, 2); all sites "
            "together cover 50% of the weight, and 100% is asked for."
        ),
        "With these candidates the limit must be at least 21.7 min (1300 s).",
        (
            "The set of candidate sites is too small, not their number: building more of them "
            "does not help. Add candidates there."
        ),
    ]
    assert plan.reasons[1].zh == "现有备选点位下，时限至少要放宽到 21.7 分钟（1300 秒）。"
    assert "缺的是备选点位，不是数量" in plan.reasons[2].zh
    assert solve_lscp(times, [2.0, 1.0, 1.0], limit_s=1300).status == "optimal"
    assert solve_lscp(times, [2.0, 1.0, 1.0], limit_s=1299).status == "infeasible"


def test_where_no_way_leads_no_limit_would_do():
    plan = solve_lscp([[1.0], [INF]], limit_s=5)
    assert (
        plan.reasons[1].en == "No limit would do: no way leads from 1 demand point (1) to any site."
    )
    assert "放宽时限也不行" in plan.reasons[1].zh


def test_the_least_limit_for_a_share_is_the_least():
    times = np.arange(10.0, 110.0, 10.0)[:, None]
    plan = solve_lscp(times, limit_s=40, share=0.8)
    assert "at least 1.4 min (80 s)" in plan.reasons[1].en
    assert solve_lscp(times, limit_s=80, share=0.8).status == "optimal"


@pytest.mark.parametrize("share", [0, -0.1, 1.01, float("nan"), "much"])
def test_a_share_that_is_none_is_refused(share: object):
    with pytest.raises(SitingError, match="share must be above 0 and at most 1"):
        solve_lscp([[1.0]], limit_s=5, share=share)


def hard_cover(seed: int = 3) -> np.ndarray:
    """Return times of a cover that takes HiGHS long to prove."""
    random = np.random.default_rng(seed)
    return np.where(random.random((220, 110)) < 0.06, 1.0, INF)


def test_a_plan_out_of_time_is_feasible_with_a_true_bound():
    times = hard_cover()
    times[np.arange(220), np.arange(220) % 110] = 1.0
    plan = solve_lscp(times, limit_s=5, time_limit_s=0.0)
    assert plan.status == "feasible"
    assert plan.bound < plan.objective
    assert plan.covered.all()
    longer = solve_lscp(times, limit_s=5, time_limit_s=2.0)
    assert plan.bound <= longer.objective <= plan.objective
    assert longer.bound >= plan.bound


def test_progress_tells_plans_and_bounds_that_close_in_and_stop_is_asked():
    times = hard_cover()
    times[np.arange(220), np.arange(220) % 110] = 1.0
    told, asked = [], []

    def should_stop() -> bool:
        asked.append(1)
        return len(asked) > 3

    plan = solve_lscp(
        times, limit_s=5, on_progress=lambda *seen: told.append(seen), should_stop=should_stop
    )
    assert asked
    assert plan.status == "feasible"
    objectives, bounds = [seen[0] for seen in told], [seen[1] for seen in told]
    assert objectives == sorted(objectives, reverse=True)
    assert bounds == sorted(bounds)
    assert all(len(seen[2]) == seen[0] for seen in told)


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 10**6))
def test_reduction_keeps_the_size_of_the_smallest_cover(seed: int):
    random = np.random.default_rng(seed)
    n, m = int(random.integers(1, 12)), int(random.integers(1, 9))
    flags = random.random((n, m)) < random.uniform(0.1, 0.6)
    flags[np.arange(n), random.integers(0, m, n)] = True
    if seed % 3 == 0:  # more than one word
        flags = np.pad(flags, ((0, 0), (0, 70)))[:, random.permutation(m + 70)]
    width = flags.shape[1]
    bits = pack(flags)
    assert (unpack(bits, width) == flags).all()
    used = np.flatnonzero(flags.any(axis=0))
    best = next(
        k
        for k in range(1, m + 1)
        if any(flags[:, list(c)].any(axis=1).all() for c in itertools.combinations(used, k))
    )
    reduced = reduce_cover(bits, width)
    assert len(reduced.taken) <= best
    answer = smallest_cover(bits, width)
    assert len(answer.columns) == answer.bound == best
    lowest = lowest_equals(answer.columns, bits, width)
    assert len(lowest) == best
    assert flags[:, lowest].any(axis=1).all()
    for k in range(best + 2):
        asked = smallest_cover(bits, width, at_most=k)
        assert (asked.bound > k) == (k < best)
        if k >= best:
            assert len(asked.columns) <= k
            assert flags[:, asked.columns].any(axis=1).all()


def test_reduction_drops_dominated_rows_and_the_higher_of_equal_columns():
    flags = np.array(
        [[1, 1, 1, 0, 0], [1, 1, 0, 0, 0], [0, 0, 1, 1, 0], [1, 1, 0, 1, 0], [0, 0, 1, 1, 1]], bool
    )
    reduced = reduce_cover(pack(flags), 5)
    assert reduced.rows.tolist() == []
    assert reduced.taken.tolist() == [0, 2]
    ring = np.array([[1, 1, 0, 0], [0, 1, 1, 0], [1, 0, 1, 0], [1, 0, 1, 1]], bool)
    left = reduce_cover(pack(ring), 4)
    assert (left.rows.tolist(), left.columns.tolist()) == ([0, 1, 2], [0, 1, 2])


def overlapping_rows(seed: int, n_columns: int = 9):
    """Return rows of two to four columns each: many odd circles, so a loose relaxation."""
    random = np.random.default_rng(seed)
    rows = np.zeros((int(random.integers(4, 22)), n_columns), bool)
    for row in rows:
        row[random.choice(n_columns, int(random.integers(2, 5)), replace=False)] = True
    return rows


def covers_by_trying(rows):
    """Return (k, c) all covers, one a row."""
    chosen = np.array(list(itertools.product([False, True], repeat=rows.shape[1])))
    return chosen[(chosen.astype(int) @ rows.T.astype(int) > 0).all(axis=1)]


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 10**6))
def test_every_cover_has_as_many_columns_of_a_patch_as_that_needs(seed: int):
    rows = overlapping_rows(seed)
    first = relaxed(nothing_narrowed(rows), Stop())
    assert first is not None
    patches = lacking_patches(rows, first.x)
    covers = covers_by_trying(rows)
    assert (covers.astype(int) @ patches.columns.T.astype(int) >= patches.need).all()
    assert (patches.columns @ first.x < patches.need).all()  # a cut that cuts


def test_three_rows_that_pairwise_share_a_column_need_two():
    rows = np.array([[1, 1, 0], [0, 1, 1], [1, 0, 1]], bool)
    patches = lacking_patches(rows, np.full(3, 0.5))
    assert patches.columns.tolist() == [[True, True, True]]
    assert patches.need.tolist() == [2.0]
    words = np.array([0b011, 0b110, 0b101], np.uint64)
    assert need_more(words, 1, 100)
    assert not need_more(words, 2, 100)
    assert not need_more(words, 1, 1)  # out of steps: not sure


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 10**6))
def test_what_is_narrowed_down_still_holds_a_smallest_cover(seed: int):
    rows = overlapping_rows(seed)
    fewest = int(covers_by_trying(rows).sum(axis=1).min())
    for most in (fewest - 1, fewest, fewest + 1):
        whole = nothing_narrowed(rows)
        left = narrowed(whole, relaxed(whole, Stop()), most, Stop())
        assert left.bound <= fewest or left.bound == most + 1 == fewest
        if left.bound > most:
            assert most < fewest
            continue
        n_taken = len(left.taken)
        answer = solve_milp(cover_model(left, most=most - n_taken), is_count=True)
        if most < fewest:
            assert answer.outcome == "infeasible"
        else:
            assert answer.values is not None
            assert n_taken + answer.values.sum() == fewest
            chosen = np.concatenate([left.taken, left.columns[answer.values > 0]])
            assert rows[:, chosen].any(axis=1).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_a_smallest_cover_is_proven_where_the_relaxation_is_loose(seed: int):
    rows = overlapping_rows(seed, 14)
    fewest = int(covers_by_trying(rows).sum(axis=1).min())
    answer = smallest_cover(pack(rows), 14)
    assert len(answer.columns) == answer.bound == fewest
    assert rows[:, answer.columns].any(axis=1).all()
    asked = smallest_cover(pack(rows), 14, at_most=fewest - 1)
    assert asked.bound == fewest


def test_local_search_returns_covers_and_finds_a_smaller_one():
    random = np.random.default_rng(5)
    flags = random.random((60, 40)) < 0.12
    flags[np.arange(60), random.integers(0, 40, 60)] = True
    all_of_them = np.flatnonzero(flags.any(axis=0))
    found = searched_cover(flags, all_of_them, 1)
    assert flags[:, found].any(axis=1).all()
    assert len(found) == smallest_cover(pack(flags), 40).bound
    assert searched_cover(flags, all_of_them, 1).tolist() == found.tolist()


def test_highs_leaves_standard_output_alone(capfd: pytest.CaptureFixture[str]):
    one = np.ones(1)
    model = Milp(one, csr_array([[1.0]]), one, one * INF, one * 0, one * 3, one > 0)
    answer = solve_milp(model, Stop())
    assert (answer.outcome, answer.bound) == ("optimal", 1.0)
    assert capfd.readouterr().out == ""


def test_said_times_and_shares_never_promise_too_much():
    assert said_seconds(59.01).en == "59.1 s"
    assert said_seconds(901).en == "15.1 min (901 s)"
    assert said_share(0.9999) == "99.9%"
    assert said_share(1.0) == "100%"
