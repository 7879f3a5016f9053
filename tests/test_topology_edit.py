"""Grids split, merged and reshaped: the neighbours follow, and nobody is lost."""

import numpy as np
import pytest
import shapely
import shapely.ops
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.affinity import translate
from shapely.geometry import LineString, Polygon
from tilings import EAST, METRES, NORTH, block, box, grids, is_tiling, pair, points

from geo.errors import GridError
from geo.topology.edit import counts_in, merge_grids, reshape_border, split_grid


def line(*xy: tuple[float, float]) -> LineString:
    return translate(LineString(xy), EAST, NORTH)


def placed(shape: Polygon) -> Polygon:
    return translate(shape, EAST, NORTH)


def test_a_grid_is_split_and_the_neighbour_gets_the_vertex():
    frame = grids(pair())
    new = {"id": 9, "code": "341103003001009", "name": "新网格"}
    done = split_grid(frame, 1, line((-10, 30), (110, 30)), [new])
    assert is_tiling(done)
    assert done.index.tolist() == [1, 2, 9]
    assert done.area.tolist() == pytest.approx([7000, 10_000, 3000])
    assert done.loc[9, "name"] == "新网格"
    assert (EAST + 100, NORTH + 30) in done.geometry[2].exterior.coords
    assert frame.area.tolist() == [10_000, 10_000]


@pytest.mark.parametrize("end", [(50, 30), (-10, 31)], ids=["stops inside", "passes by"])
def test_a_line_that_does_not_part_the_grid_is_refused(end: tuple[float, float]):
    start = (-10, 30) if end[0] > 0 else (-20, 30)
    with pytest.raises(GridError, match=r"^The line makes 1 parts of the grid, 2 are wanted"):
        split_grid(grids(pair()), 1, line(start, end), [{"id": 9}])


def test_neighbours_are_merged_and_strangers_are_not():
    merged = merge_grids(grids([*pair(), box(300, 0, 400, 100)]), 1, 2)
    assert merged.index.tolist() == [1, 3]
    assert merged.area[1] == pytest.approx(20_000)
    with pytest.raises(GridError, match=r"no border in common"):
        merge_grids(grids([*pair(), box(300, 0, 400, 100)]), 1, 3)
    with pytest.raises(GridError, match=r"^There is no grid 7\."):
        merge_grids(grids(pair()), 1, 7)


def test_a_moved_border_takes_from_one_neighbour_and_leaves_to_it():
    frame = grids(pair())
    grown = Polygon([(0, 0), (100, 0), (130, 50), (100, 100), (0, 100)])
    done = reshape_border(frame, 1, placed(grown))
    assert is_tiling(done)
    assert done.area.tolist() == pytest.approx([11_500, 8500])
    shrunk = Polygon([(0, 0), (100, 0), (70, 50), (100, 100), (0, 100)])
    done = reshape_border(done, 1, placed(shrunk))
    assert is_tiling(done)
    assert done.area.tolist() == pytest.approx([8500, 11_500])


def test_an_outline_that_crosses_itself_or_covers_a_grid_is_refused():
    with pytest.raises(GridError, match=r"no valid polygon"):
        reshape_border(grids(pair()), 1, placed(Polygon([(0, 0), (9, 9), (9, 0), (0, 9)])))
    with pytest.raises(GridError, match=r"covers the whole of grid 2") as caught:
        reshape_border(grids(pair()), 1, placed(box(0, 0, 200, 100)))
    assert caught.value.ids == (2,)


def test_counts_before_and_after_name_every_home_once():
    frame = grids(pair())
    homes = points([(50, 10), (50, 50), (100, 50), (150, 50)], ["a", "b", "c", "d"])
    homes = homes.assign(households=[10.0, np.nan, 5.0, 7.0], members=[1.0, 2.0, 3.0, 4.0])
    before = counts_in(frame, homes)
    assert before["homes"].tolist() == [3, 1]
    inner = homes.drop(index="c").to_crs(4326)
    assert counts_in(frame, inner)["homes"].tolist() == [2, 1]
    assert before["households"].tolist() == [15, 7]
    done = split_grid(frame, 1, line((-10, 30), (110, 30)), [{"id": 9}])
    after = counts_in(done, homes)
    assert after["homes"].to_dict() == {1: 2, 2: 1, 9: 1}
    assert after["members"].sum() == before["members"].sum()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), y=st.floats(5, 355), degrees=st.booleans())
def test_splitting_and_merging_back_keeps_tiling_and_area(seed: int, y: float, degrees: bool):  # noqa: FBT001
    frame = block(3, seed=seed)
    row = min(int(y // 120), 2)
    cut = line((-50, y), (500, y + 3))
    chosen = next(i for i in frame.index if frame.geometry[i].centroid.y - NORTH > 120 * row)
    parts = shapely.get_parts(shapely.ops.split(frame.geometry[chosen], cut))
    if degrees:
        series = frame.geometry.to_crs(4326)
        cut = type(frame.geometry)([cut], crs=frame.crs).to_crs(4326)[0]
        frame = frame.set_geometry(series)
        parts = shapely.get_parts(shapely.ops.split(frame.geometry[chosen], cut))
    if len(parts) != 2:
        return
    done = split_grid(frame, chosen, cut, [{"id": 99}])
    assert is_tiling(done)
    areas = [shapely.area(f.geometry.to_numpy()).sum() for f in (done, frame)]
    assert areas[0] == pytest.approx(areas[1], rel=1e-7)
    back = merge_grids(done, chosen, 99)
    assert is_tiling(back)
    shapes = [f.geometry.to_crs(METRES)[chosen] for f in (back, frame)]
    assert shapes[0].symmetric_difference(shapes[1]).area < 0.1  # nodes stand on millimetres


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 1000),
    at=st.tuples(st.floats(-60, 60), st.floats(-60, 60)),
    reach=st.floats(5, 40),
    grows=st.booleans(),
)
def test_whatever_border_is_moved_the_grids_still_tile(
    seed: int,
    at: tuple[float, float],
    reach: float,
    grows: bool,  # noqa: FBT001
):
    frame = block(3, seed=seed)
    old = frame.geometry[5]  # in the middle: all round it are others
    blot = translate(old.centroid, *at).buffer(reach)
    new = old.union(blot) if grows else old.difference(blot)
    if new.geom_type != "Polygon":
        return
    done = reshape_border(frame, 5, new)
    assert is_tiling(done)
    assert done.geometry[5].symmetric_difference(new).area < 1.0
    holes = sum(shapely.area(shapely.polygons(ring)) for ring in new.interiors)
    lost = (
        shapely.area(frame.geometry.to_numpy()).sum() - shapely.area(done.geometry.to_numpy()).sum()
    )
    assert lost == pytest.approx(holes, abs=1.0)  # what was cut out in the middle has no heir
