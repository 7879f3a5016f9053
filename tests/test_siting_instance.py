"""The entrance of siting: what is refused and by what words; covering sets and merged demand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array, csr_array

from geo.errors import GeoError, SitingError
from geo.siting import coverage_curve, solve_mclp, solve_p_median
from geo.siting.covering import (
    NO_SITE,
    SERVED,
    covering_sets,
    merge_demand,
    transposed,
    whole_weights,
)
from geo.siting.instance import read_choice, read_limit, read_times, read_weights

TIMES = np.array([[1.0, 5.0, 9.0], [5.0, 1.0, 9.0]])
GOOD = {"times": TIMES, "weights": [1.0, 1.0], "p": 1, "limit_s": 5.0}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"times": TIMES[0]}, "times must be 2-D (demand x sites), not 1-D."),
        ({"times": [["a", "b"]]}, "times must be numbers."),
        (
            {"times": [[1.0, np.nan, 1.0], [1.0, 1.0, 1.0]]},
            "times has NaN in 1 cells, the first at row 0, column 1.",
        ),
        (
            {"times": [[1.0, 1.0, 1.0], [1.0, 1.0, -1e-9]]},
            "times has a negative time in 1 cells, the first at row 1, column 2.",
        ),
        (
            {"times": csr_array(([1.0, np.nan], [0, 2], [0, 1, 2]), shape=(2, 3))},
            "times has NaN in 1 cells, the first at row 1, column 2.",
        ),
        (
            {"times": csr_array(([1.0, 2.0], [1, 1], [0, 2, 2]), shape=(2, 3))},
            "times stores a cell twice; keep one value for each (demand, site).",
        ),
        (
            {"times": coo_array(([1.0, 2.0], ([0, 0], [1, 1])), shape=(2, 3))},
            "times stores a cell twice; keep one value for each (demand, site).",
        ),
        (
            {"weights": [1.0]},
            "weights must have shape (2,), one a row of times, not (1,).",
        ),
        (
            {"weights": [1.0, -1e-9]},
            "1 weights are negative or not finite (rows: 1).",
        ),
        (
            {"weights": [np.nan, np.inf]},
            "2 weights are negative or not finite (rows: 0, 1).",
        ),
        ({"p": -1}, "p must be a whole number of at least 0, not -1."),
        ({"p": 1.0}, "p must be a whole number of at least 0, not 1.0."),
        ({"p": True}, "p must be a whole number of at least 0, not True."),
        ({"p": 4}, "p = 4 is more than the 3 sites that may be new (of 3)."),
        (
            {"p": 2, "existing": [0], "forbidden": [1]},
            "p = 2 is more than the 1 sites that may be new (of 3).",
        ),
        ({"limit_s": 0}, "limit_s must be a positive finite number of seconds, not 0."),
        ({"limit_s": np.inf}, "limit_s must be a positive finite number of seconds, not inf."),
        ({"existing": [3]}, "existing has columns 3 outside 0...2."),
        ({"existing": [-1]}, "existing has columns -1 outside 0...2."),
        ({"forbidden": [1, 1]}, "forbidden has columns 1 more than once."),
        ({"mandatory": [0.5]}, "mandatory must be a list of column numbers (whole numbers)."),
        (
            {"existing": [True, False, False]},
            "existing must be a list of column numbers (whole numbers).",
        ),
        ({"mandatory": [0, 1]}, "2 sites are mandatory, more than p = 1."),
        (
            {"existing": [0], "mandatory": [0]},
            "Sites 0 are both in mandatory and in existing.",
        ),
        (
            {"forbidden": [2], "mandatory": [2]},
            "Sites 2 are both in mandatory and in forbidden.",
        ),
        (
            {"time_limit_s": -1},
            "time_limit_s must be a number of seconds of at least 0, not -1.",
        ),
    ],
)
def test_what_cannot_be_is_refused_by_name(change: dict[str, object], message: str):
    assert solve_mclp(**GOOD).status == "optimal"  # without the change there is no cause
    with pytest.raises(SitingError) as caught:
        solve_mclp(**(GOOD | change))
    assert str(caught.value) == message
    assert isinstance(caught.value, GeoError | ValueError)
    assert caught.value.say("zh") != message
    if "limit_s" not in change:
        with pytest.raises(SitingError) as of_median:
            solve_p_median(**{k: v for k, v in (GOOD | change).items() if k != "limit_s"})
        assert str(of_median.value) == message


def test_a_curve_without_points_is_refused():
    with pytest.raises(SitingError) as caught:
        coverage_curve(TIMES, None, p_max=0, limit_s=5)
    assert str(caught.value) == "p_max must be a whole number of at least 1, not 0."


def test_nothing_given_is_changed():
    times, weights = TIMES.copy(), np.array([0.1, 0.2])
    solve_mclp(times, weights, p=1, limit_s=5.0)
    solve_p_median(times, weights, p=1)
    assert (times == TIMES).all()
    assert weights.tolist() == [0.1, 0.2]
    unsorted = csr_array(([2.0, 1.0], [2, 0], [0, 2]), shape=(1, 3))
    assert solve_p_median(unsorted, None, p=1).sites == (0,)
    assert unsorted.indices.tolist() == [2, 0]


def test_no_demand_and_no_weight_are_no_trouble():
    empty = solve_mclp(np.zeros((0, 3)), [], p=2, limit_s=1)
    assert (empty.objective, empty.sites, empty.status) == (0.0, (0, 1), "optimal")
    light = solve_mclp(TIMES, [0, 0], p=1, limit_s=1)
    assert (light.objective, light.status, light.gap) == (0.0, "optimal", 0.0)
    assert solve_p_median(TIMES, [0, 0], p=1).objective == 0.0


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32), n=st.integers(1, 60), m=st.integers(1, 6))
def test_merged_rows_are_the_distinct_sets_with_their_weights(seed: int, n: int, m: int):
    random = np.random.default_rng(seed)
    times = random.integers(0, 4, (n, m)).astype(float)
    weights = random.integers(0, 9, n).astype(float)
    choice = read_choice(m, None, random.permutation(m)[: random.integers(0, 2)])
    merged = merge_demand(covering_sets(read_times(times), 1.0), weights, choice)
    expected: dict[tuple[int, ...], float] = {}
    served, lost = 0.0, 0.0
    for row in range(n):
        near = tuple(np.flatnonzero(times[row, choice.candidates] <= 1).tolist())
        if (times[row, choice.existing] <= 1).any():
            served += weights[row]
            assert merged.of_demand[row] == SERVED
        elif not near:
            lost += weights[row]
            assert merged.of_demand[row] == NO_SITE
        else:
            expected[near] = expected.get(near, 0.0) + weights[row]
            group = merged.of_demand[row]
            assert tuple(_row(merged.start, merged.candidate, group)) == near
    found = {
        tuple(_row(merged.start, merged.candidate, group)): merged.weight[group]
        for group in range(merged.n_rows)
    }
    assert found == expected
    assert (merged.served_weight, merged.lost_weight) == (served, lost)


def _row(start: np.ndarray, item: np.ndarray, row: int) -> list[int]:
    return item[start[row] : start[row + 1]].tolist()


def test_many_distinct_sets_outgrow_every_table():
    random = np.random.default_rng(0)
    within = random.random((30_000, 40)) < 0.3
    sets = covering_sets(read_times(np.where(within, 1.0, np.inf)), 1.0)
    merged = merge_demand(sets, np.ones(30_000), read_choice(40, None))
    assert merged.n_rows == len(np.unique(within[within.any(axis=1)], axis=0))
    assert merged.weight.sum() + merged.lost_weight == 30_000


def test_sets_the_other_way_round():
    sets = covering_sets(read_times(TIMES), 5.0)
    assert sets.start.tolist() == [0, 2, 4]
    assert sets.site.tolist() == [0, 1, 0, 1]
    start, row = transposed(sets.start, sets.site, 3)
    assert start.tolist() == [0, 2, 4, 4]
    assert row.tolist() == [0, 1, 0, 1]


def test_whole_weights_stay_and_others_keep_nearly_all_their_digits():
    whole = np.array([1.0, 2.0, 2.0**40])
    same, scale = whole_weights(whole)
    assert scale == 1.0
    assert same.tolist() == whole.tolist()
    parts = np.array([0.1, 0.2, 1 / 3])
    scaled, scale = whole_weights(parts)
    assert (scaled == np.rint(scaled)).all()
    assert np.allclose(scaled / scale, parts, rtol=0, atol=2.0**-50)


def test_reading_keeps_single_precision_and_refuses_text():
    assert read_times(TIMES.astype(np.float32)).dense.dtype == np.float32
    assert read_weights(None, 3).tolist() == [1, 1, 1]
    with pytest.raises(SitingError, match=r"^limit_s must be numbers\.$"):
        read_limit("900")
