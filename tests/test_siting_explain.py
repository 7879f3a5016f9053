"""What plans consist of: the order within a plan, and who stays out."""

import numpy as np
import pytest

from geo.errors import SitingError
from geo.siting.explain import left_out, ranked_steps

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


WALKS = np.array(  # 4 demand rows, 3 sites; the last row is reached by nobody
    [
        [50.0, 900.0, 500.0],
        [np.inf, 100.0, 600.0],
        [800.0, 400.0, 300.0],
        [np.inf, np.inf, np.inf],
    ]
)


def test_by_the_farthest_walk_the_site_that_shortens_it_most_comes_first():
    steps = ranked_steps(WALKS, [1, 1, 2, 9], [0, 1, 2], limit_s=100, by="farthest")
    assert [step.site for step in steps] == [2, 1, 0]
    assert [step.farthest_s for step in steps] == [(np.inf, 600), (600, 500), (500, 300)]
    assert [step.adds for step in steps] == [0, 1, 1]


def test_by_the_mean_walk_everybody_has_a_way_first_then_the_shortest_mean():
    steps = ranked_steps(WALKS, [5, 1, 2, 9], [0, 1, 2], limit_s=100, by="mean")
    assert [step.site for step in steps] == [2, 0, 1]
    means = [(np.inf, 462.5), (462.5, 181.25), (181.25, 118.75)]
    assert [step.mean_s for step in steps] == means
    assert [step.mean_saved_s for step in steps] == [0.0, 281.25, 62.5]


def test_sites_outside_the_matrix_are_refused():
    with pytest.raises(SitingError, match="sites has columns 9 outside"):
        ranked_steps(TIMES, WEIGHTS, [9], limit_s=100)
