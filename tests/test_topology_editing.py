"""Grids split, merged and given ground: the tiling stays sound and nothing else moves."""

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Point, Polygon, box

from data.demo import make_demo
from geo.errors import GridError
from geo.topology.editing import (
    NEW,
    GridEdit,
    add_grid,
    merge_grids,
    split_grid,
    take_ground,
)

METRIC = "EPSG:4548"


def squares(n: int = 3, side: float = 100.0) -> gpd.GeoDataFrame:
    """Return n x n squares near the middle of the zone, ids 10, 11, … from the south-west."""
    corners = [(500_000 + side * i, 3_570_000 + side * j) for j in range(n) for i in range(n)]
    shapes = [box(x, y, x + side, y + side) for x, y in corners]
    return gpd.GeoDataFrame(
        {"code": [f"341103003001{i:03d}" for i in range(n * n)], "name": [*map(str, range(n * n))]},
        geometry=shapes,
        index=range(10, 10 + n * n),
        crs=METRIC,
    )


@pytest.fixture(scope="module")
def town() -> gpd.GeoDataFrame:
    """Return the demo's grids, in degrees."""
    return make_demo().frames["grids"]


def is_sound(grids: gpd.GeoDataFrame) -> bool:
    """Tell whether polygons are valid and share their borders, vertex by vertex."""
    shapes = grids.geometry.to_numpy()
    return bool(shapely.is_valid(shapes).all() and shapely.coverage_is_valid(shapes))


def untouched(before: gpd.GeoDataFrame, edit: GridEdit) -> bool:
    """Tell whether every row that the edit does not name is the very same afterwards."""
    after = edit.applied(before)
    rest = before.index.difference([*edit.changed, *edit.removed])
    return bool(
        shapely.equals_identical(
            before.geometry[rest].to_numpy(), after.geometry[rest].to_numpy()
        ).all()
    )


def test_a_grid_is_split_and_its_neighbours_learn_the_new_corners() -> None:
    grids = squares()
    line = LineString([(500_130, 3_570_050), (500_130, 3_570_250)])  # through the middle one
    edit = split_grid(grids, 14, line)
    after = edit.applied(grids)
    assert is_sound(after)
    assert after.geometry[14].area == pytest.approx(7_000)  # the larger side keeps the id
    assert after.geometry[NEW].area == pytest.approx(3_000)
    assert set(edit.changed) == {14, 11, 17}  # south and north of it each got a vertex
    assert after.geometry[11].equals(grids.geometry[11])
    assert untouched(grids, edit)


def test_a_zigzag_that_crosses_often_still_makes_two() -> None:
    grids = squares(1)
    zigzag = [(500_000 + 50 + (60 if k % 2 else -60), 3_570_010 + 20 * k) for k in range(5)]
    line = LineString([(500_050, 3_569_990), *zigzag, (500_050, 3_570_110)])
    edit = split_grid(grids, 10, line)
    after = edit.applied(grids)
    assert is_sound(after)
    assert after.geometry.area.sum() == pytest.approx(10_000)
    assert len(after) == 2


def test_neighbours_are_merged() -> None:
    grids = squares()
    edit = merge_grids(grids, 14, 15)
    after = edit.applied(grids)
    assert edit.removed == (15,)
    assert after.geometry[14].area == pytest.approx(20_000)
    assert after.geometry[14].geom_type == "Polygon"
    assert is_sound(after)
    assert untouched(grids, edit)


def test_ground_is_taken_from_neighbours_and_from_outside() -> None:
    grids = squares()
    ground = box(500_150, 3_570_150, 500_330, 3_570_220)  # of 14, 15, 17, 18 and outside
    edit = take_ground(grids, 14, ground)
    after = edit.applied(grids)
    assert is_sound(after)
    assert after.geometry[14].area == pytest.approx(10_000 + 180 * 70 - 50 * 50)
    assert after.geometry.union_all().area == pytest.approx(90_000 + 30 * 70)
    assert untouched(grids, edit)


def test_a_grid_is_added_where_none_is() -> None:
    grids = squares().drop(14)  # a hole in the middle
    edit = add_grid(grids, box(500_090, 3_570_090, 500_180, 3_570_350))
    after = edit.applied(grids)
    assert is_sound(after)
    assert edit.removed == ()
    parts = shapely.get_parts(after.geometry[NEW])
    assert sorted(shapely.area(parts)) == pytest.approx([90 * 50, 80 * 100])
    assert untouched(grids, edit)
    filled = add_grid(grids, box(500_100, 3_570_100, 500_200, 3_570_200))
    assert filled.new is not None
    assert shapely.equals(filled.new, squares().geometry[14])
    first = add_grid(grids.iloc[:0], box(500_000, 3_570_000, 500_100, 3_570_100))
    assert first.new is not None
    assert shapely.area(first.new) == pytest.approx(10_000)


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (
            lambda g: split_grid(g, 14, LineString([(500_110, 3_570_110), (500_150, 3_570_150)])),
            "part",
        ),
        (lambda g: split_grid(g, 14, LineString([(0, 0), (1, 1)])), "part"),
        (lambda g: split_grid(g, 99, LineString([(0, 0), (1, 1)])), "no grid"),
        (lambda g: add_grid(g, box(500_010, 3_570_010, 500_250, 3_570_250)), "already"),
        (
            lambda g: add_grid(g, Polygon([(0, 0), (99, 99), (99, 0), (0, 99)])),
            "cross itself",
        ),
        (lambda g: merge_grids(g, 10, 14), "share no border"),  # they touch at a corner
        (lambda g: merge_grids(g, 10, 10), "share no border"),
        (lambda g: take_ground(g, 10, box(600_000, 0, 600_001, 1)), "meets"),
        (lambda g: take_ground(g, 14, box(500_120, 3_570_120, 500_130, 3_570_130)), "already"),
        (lambda g: take_ground(g, 14, box(500_090, 3_570_090, 500_210, 3_570_400)), "merge"),
        (
            lambda g: take_ground(
                g,
                14,
                Polygon(
                    [
                        (500_120, 3_570_120),
                        (500_250, 3_570_250),
                        (500_250, 3_570_120),
                        (500_120, 3_570_250),
                    ]
                ),
            ),
            "cross itself",
        ),
    ],
)
def test_slips_of_the_hand_are_told(act, said) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(GridError, match=said):
        act(squares())


@settings(max_examples=25, deadline=None)
@given(which=st.integers(0, 62), angle=st.floats(0, np.pi), seed=st.integers(0, 9))
def test_the_town_stays_a_tiling(
    town: gpd.GeoDataFrame, which: int, angle: float, seed: int
) -> None:
    grid = town.index[which]
    middle = town.to_crs(METRIC).geometry[grid].representative_point()
    reach = 3_000 * np.array([np.cos(angle), np.sin(angle)])
    ends = [
        Point(middle.x - reach[0], middle.y - reach[1]),
        Point(middle.x + reach[0], middle.y + reach[1]),
    ]
    line = gpd.GeoSeries([LineString(ends)], crs=METRIC).to_crs(town.crs).iloc[0]
    circle = gpd.GeoSeries([middle.buffer(60 + 40 * seed)], crs=METRIC).to_crs(town.crs).iloc[0]
    whole = town.to_crs(METRIC).geometry.union_all().area
    for edit in _edits(town, grid, line, circle):
        after = edit.applied(town)
        assert is_sound(after)
        assert untouched(town, edit)
        assert after.to_crs(METRIC).area.sum() == pytest.approx(
            after.to_crs(METRIC).geometry.union_all().area, abs=1.0
        )
        assert after.to_crs(METRIC).geometry.union_all().area >= whole - 1.0


def _edits(
    town: gpd.GeoDataFrame, grid: int, line: LineString, circle: Polygon
) -> Iterator[GridEdit]:
    yield split_grid(town, grid, line)
    around = town.index[town.geometry.touches(town.geometry[grid])]
    for other in around:
        try:
            yield merge_grids(town, grid, other)
        except GridError:  # they meet at a corner
            continue
    try:
        yield take_ground(town, grid, circle)
    except GridError as error:
        assert "already" in str(error) or "merge" in str(error)  # noqa: PT017 - either is right
