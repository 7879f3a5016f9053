"""Plans in words: the order within a plan, who stays out, today and after."""

import numpy as np
import pytest

from geo.errors import SitingError
from geo.siting import solve_lscp
from geo.siting.explain import left_out, plan_reasons, ranked_steps
from geo.text import Text

#                      site 0    1    2    3
TIMES = np.array(
    [
        [100.0, 900.0, 900.0, 100.0],
        [900.0, 100.0, 900.0, 100.0],
        [900.0, 900.0, 100.0, 900.0],
        [900.0, 900.0, 900.0, 900.0],
    ]
)
WEIGHTS = np.array([5.0, 7.0, 1.0, 2.0])
HOUSEHOLDS = Text("户", "households")


def test_the_site_that_adds_most_comes_first_and_the_next_count_only_what_is_new():
    steps = ranked_steps(TIMES, WEIGHTS, [0, 2, 3], limit_s=100)
    assert [(s.rank, s.site, s.adds, s.total) for s in steps] == [
        (1, 3, 12.0, 12.0),
        (2, 2, 1.0, 13.0),
        (3, 0, 0.0, 13.0),
    ]


def test_what_existing_sites_cover_is_not_added_again():
    steps = ranked_steps(TIMES, WEIGHTS, [1, 3], limit_s=100, existing=[0])
    assert [(s.site, s.adds, s.total) for s in steps] == [(1, 7.0, 12.0), (3, 0.0, 12.0)]


def test_equal_gains_go_to_the_lower_number():
    times = np.array([[1.0, 1.0], [1.0, 1.0]])
    assert [s.site for s in ranked_steps(times, None, [1, 0], limit_s=5)] == [0, 1]


def test_the_heaviest_left_out_comes_first_and_those_no_site_reaches_are_marked():
    left = left_out(TIMES, WEIGHTS, [0], limit_s=100)
    assert left.rows == (1, 3, 2)
    assert left.weight == 10.0
    assert left.out_of_all == (3,)


def test_a_plan_in_sentences():
    plan = solve_lscp(TIMES, WEIGHTS, limit_s=100, share=0.8)
    said = plan_reasons(
        TIMES,
        WEIGHTS,
        plan,
        limit_s=100,
        site_names=["a", "b", "c", "d"],
        demand_names=["一幢", "二幢", "三幢", "四幢"],
        unit=HOUSEHOLDS,
    )
    assert [text.en for text in said] == [
        (
            "Within 1.7 min (100 s) the existing sites cover 0 households (0%); "
            "with 1 new ones it is 12 (80%)."
        ),
        "New site 1, d: 12 more households, 80% in all.",
        (
            "Still beyond the limit: 2 places with 3 households (四幢, 三幢). "
            "No candidate reaches 1 of them."
        ),
        "Proven: no plan is better by this measure.",
    ]
    assert said[1].zh == "第 1 个新站 d：新覆盖 12 户，累计 80%。"


def test_a_plan_that_does_not_exist_keeps_its_reasons():
    plan = solve_lscp(TIMES, WEIGHTS, limit_s=100)
    assert plan.status == "infeasible"
    assert plan_reasons(TIMES, WEIGHTS, plan, limit_s=100) == plan.reasons


def test_sites_outside_the_matrix_are_refused():
    with pytest.raises(SitingError, match="sites has columns 9 outside"):
        ranked_steps(TIMES, WEIGHTS, [9], limit_s=100)
