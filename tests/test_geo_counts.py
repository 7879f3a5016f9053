"""Counting who is covered, on arrays: by hand, by law, by refusal."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from shapely.geometry import Point, box

from geo.counts import coverage_by_grid
from geo.errors import ReachError


def two_grids() -> gpd.GeoDataFrame:
    shapes = [box(0, 0, 10, 10), box(10, 0, 20, 10)]
    return gpd.GeoDataFrame({"code": ["a", "b"]}, geometry=shapes, index=[7, 3], crs=4548)


def points_in(grid_ids: list[int | None]) -> pd.DataFrame:
    return pd.DataFrame({"grid_id": pd.array(grid_ids, dtype="Int64")})


def test_a_point_at_exactly_the_limit_is_covered_and_a_millisecond_later_is_not():
    counts = coverage_by_grid(
        two_grids(),
        points_in([7, 7]),
        np.array([900.0, 900.001]),
        {"members": np.array([1.0, 2.0])},
        limit_s=900,
    )
    assert counts.loc[7, "members_covered"] == 1
    assert counts.loc[7, "members_share"] == pytest.approx(1 / 3)


def test_unknown_weights_count_for_nothing_and_are_counted_as_unknown():
    counts = coverage_by_grid(
        two_grids(),
        points_in([7, 7, 3]),
        np.array([10.0, 10.0, 10.0]),
        {"households": np.array([5.0, np.nan, np.nan])},
        limit_s=900,
    )
    assert counts["households"].tolist() == [5, 0]
    assert counts["households_unknown"].tolist() == [1, 1]
    assert counts.loc[7, "households_share"] == 1
    assert np.isnan(counts.loc[3, "households_share"])


def test_backup_and_crow_columns_follow_their_arrays():
    counts = coverage_by_grid(
        two_grids(),
        points_in([7, 7, 3]),
        np.array([10.0, 20.0, np.inf]),
        {"members": np.array([1.0, 2.0, 4.0])},
        limit_s=900,
        n_within=np.array([1, 2, 0]),
        crow_covered=np.array([True, True, True]),
    )
    assert counts["members_backup"].tolist() == [2, 0]
    assert counts["members_crow_covered"].tolist() == [3, 4]


def test_medians_are_weighted_by_households_and_unreachable_is_infinite():
    counts = coverage_by_grid(
        two_grids(),
        points_in([7, 7, 3, 3]),
        np.array([60.0, 600.0, np.inf, 30.0]),
        {"households": np.array([1.0, 9.0, 9.0, 1.0])},
        limit_s=900,
    )
    assert counts["median_s"].tolist() == [600, np.inf]


def test_points_without_a_grid_column_count_where_they_lie():
    points = gpd.GeoDataFrame(geometry=[Point(5, 5), Point(15, 5), Point(10, 5)], crs=4548)
    counts = coverage_by_grid(two_grids(), points, np.zeros(3), {"members": np.ones(3)}, limit_s=1)
    assert counts["members"].tolist() == [1, 2]  # the border counts for the lowest id, 3


def test_a_point_in_no_grid_is_in_no_row():
    counts = coverage_by_grid(
        two_grids(), points_in([None, 7]), np.zeros(2), {"members": np.ones(2)}, limit_s=1
    )
    assert counts["members"].sum() == 1


@pytest.mark.parametrize("limit_s", [0, -1, np.nan, np.inf])
def test_a_limit_that_is_no_time_is_refused(limit_s: float):
    with pytest.raises(ReachError, match=r"^The limit .* is not above 0 s\.$"):
        coverage_by_grid(two_grids(), points_in([7]), np.zeros(1), {}, limit_s=limit_s)


def test_weights_of_another_length_are_refused_by_name():
    with pytest.raises(ReachError, match=r"^members needs 1 values, one a point, .* \(2,\)\.$"):
        coverage_by_grid(
            two_grids(), points_in([7]), np.zeros(1), {"members": np.ones(2)}, limit_s=1
        )


def test_negative_weights_are_refused_with_their_place():
    with pytest.raises(ReachError, match=r"the first at position 1;") as caught:
        coverage_by_grid(
            two_grids(),
            points_in([7, 7]),
            np.zeros(2),
            {"members": np.array([0.0, -1.0])},
            limit_s=1,
        )
    assert caught.value.ids == (1,)


cases = st.lists(
    st.tuples(
        st.sampled_from([7, 3, None]),
        st.one_of(st.floats(0, 2000), st.just(np.inf)),
        st.one_of(st.floats(0, 100), st.just(np.nan)),
    ),
    max_size=30,
)


@given(cases, st.floats(1, 1000), st.floats(0, 1000))
def test_a_longer_limit_never_covers_less_and_order_does_not_matter(
    rows: list[tuple[int | None, float, float]], limit_s: float, more_s: float
):
    grid_ids, seconds, weight = ([row[k] for row in rows] for k in range(3))
    given_points = points_in(grid_ids)

    def counted(order: np.ndarray, limit: float) -> pd.DataFrame:
        return coverage_by_grid(
            two_grids(),
            given_points.iloc[order],
            np.array(seconds, float)[order],
            {"members": np.array(weight, float)[order]},
            limit_s=limit,
        )

    straight = np.arange(len(rows))
    short, long = counted(straight, limit_s), counted(straight, limit_s + more_s)
    assert (long["members_covered"] >= short["members_covered"] - 1e-9).all()
    back = counted(straight[::-1], limit_s)
    assert_array_equal(back["n_points"], short["n_points"])
    np.testing.assert_allclose(back["members_covered"], short["members_covered"])
    assert_array_equal(back["median_s"], short["median_s"])


def test_grids_may_be_named_by_text_and_weights_be_a_single_array():
    grids = gpd.GeoDataFrame(
        geometry=[box(10, 0, 20, 10), box(0, 0, 10, 10)], index=["乙", "丙"], crs=4548
    )
    points = gpd.GeoDataFrame(geometry=[Point(5, 5), Point(10, 5), Point(15, 5)], crs=4548)
    seconds, people = np.array([60.0, 60, 1000]), np.array([1.0, 10, 100])
    for weights, name in ((people, "weight"), (pd.Series(people, name="homes"), "homes")):
        counts = coverage_by_grid(grids, points, seconds, weights, limit_s=900)
        assert counts.index.tolist() == ["乙", "丙"]
        # On the border the lower id counts, and 丙 (4e19) sorts before 乙 (4e59).
        assert counts[name].tolist() == [100, 11]
        assert counts[f"{name}_covered"].tolist() == [0, 11]
