"""A broken tiling is mended: borders fit, little moves, and whose home changes grid is named."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.affinity import translate
from shapely.geometry import Polygon
from tilings import EAST, METRES, NORTH, block, box, breaker, grids, is_tiling, pair, points

from data.demo import make_demo
from geo.topology import GridRules, check_grids, repair_grids
from geo.topology.changes import COLUMNS

SOUND = pair()


def with_right(*ring: tuple[float, float]) -> gpd.GeoDataFrame:
    return grids([SOUND[0], Polygon(ring)])


def corners(shape: Polygon) -> set[tuple[float, float]]:
    """Return the vertices in the metres of the drawing, to the centimetre."""
    xy = shapely.get_coordinates(translate(shape, -EAST, -NORTH))
    return set(map(tuple, np.round(xy, 2).tolist()))


def test_a_sound_tiling_comes_back_as_it_was():
    frame = grids(pair())
    repaired, changes = repair_grids(frame)
    assert changes.empty
    assert list(changes.columns) == list(COLUMNS)
    assert all(a is b for a, b in zip(repaired.geometry, frame.geometry, strict=True))


def test_a_narrow_gap_goes_to_the_grid_that_borders_on_most_of_it():
    frame = with_right((100, 0), (200, 0), (200, 100), (100, 100), (104, 50))
    repaired, changes = repair_grids(frame)
    # Two sides of the triangle are the right grid's, one is the left's: the dent is filled.
    assert is_tiling(repaired)
    assert repaired.area.tolist() == pytest.approx([10_000, 10_000])
    assert changes.index.tolist() == [2] or changes.loc[1, "max_move_m"] == 0
    assert changes.loc[2, "max_move_m"] == pytest.approx(4, abs=0.01)
    assert changes.loc[2, "gained_m2"] == pytest.approx(200)
    assert "最多移动 4.0 米" in changes.loc[2, "text_zh"]


def test_a_narrow_overlap_goes_to_the_claimant_that_borders_on_most_of_it():
    frame = with_right((100, 0), (200, 0), (200, 100), (100, 100), (96, 50))
    repaired, changes = repair_grids(frame)
    assert is_tiling(repaired)
    assert repaired.area.tolist() == pytest.approx([10_000, 10_000])
    assert changes.loc[2, "lost_m2"] == pytest.approx(200)
    assert check_grids(repaired).empty


def test_equal_shares_go_to_the_lower_code_whatever_the_order():
    # A strip of 4 m between two straight borders: both border on 100 m of it.
    for codes, wider in ((["1", "2"], 1), (["2", "1"], 2)):
        frame = grids([box(0, 0, 100, 100), box(104, 0, 204, 100)], code=codes)
        for given_frame in (frame, frame.iloc[::-1]):
            repaired, _ = repair_grids(given_frame)
            assert is_tiling(repaired)
            assert repaired.area[wider] == pytest.approx(10_400, rel=1e-4)
            assert repaired.index.tolist() == given_frame.index.tolist()


def test_what_is_too_wide_for_one_border_is_parted_midway():
    frame = grids([box(0, 0, 100, 100), box(108, 0, 208, 100), box(0, 100, 208, 200)])
    repaired, changes = repair_grids(frame)
    assert is_tiling(repaired)
    assert repaired.area.sum() == pytest.approx(208 * 200, rel=1e-3)
    assert changes["max_move_m"].max() <= 5.0
    assert repaired.area[1] == pytest.approx(10_400, rel=0.02)
    assert repaired.area[2] == pytest.approx(10_400, rel=0.02)


def test_wide_gaps_and_overlaps_are_left_as_questions():
    ring = Polygon(box(0, 0, 300, 300).exterior, [box(100, 100, 200, 200).exterior])
    lake = grids([ring])
    repaired, changes = repair_grids(lake)
    assert changes.empty
    assert repaired.geometry.iloc[0] is lake.geometry.iloc[0]
    double = grids([box(0, 0, 100, 100), box(70, 0, 200, 100)])
    repaired, _ = repair_grids(double)
    assert repaired.area.tolist() == pytest.approx([10_000, 13_000])
    assert check_grids(repaired)["kind"].tolist() == ["overlap"]


def test_a_grid_never_vanishes_inside_another_or_between_two():
    frame = grids([box(0, 0, 200, 100), box(20, 40, 180, 48)])
    repaired, changes = repair_grids(frame)
    assert repaired.area.tolist() == pytest.approx([20_000, 1280])
    assert changes.empty or changes["area_after_m2"].min() > 0
    squeezed = grids([box(0, 0, 104, 100), box(100, 0, 108, 100), box(104, 0, 208, 100)])
    repaired, changes = repair_grids(squeezed)
    assert repaired.area[2] == pytest.approx(800)
    assert changes.empty or changes["area_after_m2"].min() > 0
    assert (check_grids(repaired)["kind"] == "overlap").any()


def test_the_narrow_arm_of_a_wide_gap_is_mended_and_the_wide_part_stays():
    hole = Polygon(
        [
            (100, 100),
            (200, 100),
            (200, 200),
            (100, 200),
            (100, 153),
            (60, 153),
            (60, 150),
            (100, 150),
        ]
    )
    frame = grids([Polygon(box(0, 0, 300, 300).exterior, [hole.exterior])])
    repaired, changes = repair_grids(frame)
    assert changes.loc[1, "gained_m2"] == pytest.approx(120, rel=1e-3)
    assert 300 * 300 - repaired.area[1] == pytest.approx(10_000, rel=1e-4)


def test_a_spike_is_cut_and_counted():
    left = Polygon([(0, 0), (60, 0), (60.4, -30), (60.8, 0), *SOUND[0].exterior.coords[1:-1]])
    repaired, changes = repair_grids(grids([left, SOUND[1]]))
    assert is_tiling(repaired)
    assert changes.loc[1, "n_spikes"] == 1
    assert changes.loc[1, "max_move_m"] < 0.01
    assert repaired.area[1] == pytest.approx(10_000)
    assert corners(repaired.geometry[1]) == corners(grids(pair()).geometry[1])


def test_an_invalid_outline_is_made_valid():
    bow = Polygon([(0, 0), (100, 100), (100, 0), (0, 100)])
    repaired, changes = repair_grids(grids([bow]))
    assert repaired.geometry.is_valid.all()
    assert changes.loc[1, "was_invalid"]
    assert repaired.area[1] == pytest.approx(5000)


def test_a_missing_vertex_is_put_in_and_nothing_moves():
    frame = grids([SOUND[0], box(100, 0, 200, 100)])
    repaired, changes = repair_grids(frame)
    assert is_tiling(repaired)
    assert changes.index.tolist() == [2]
    assert changes.loc[2, "max_move_m"] < 0.001
    assert repaired.geometry[1] is frame.geometry[1]


def test_homes_that_change_their_grid_are_named():
    frame = with_right((100, 0), (200, 0), (200, 100), (100, 100), (96, 50))
    homes = points([(98, 50), (50, 50), (97, 52), (150, 50)], ["甲", "乙", "丙", "丁"])
    _, changes = repair_grids(frame, points=homes.to_crs(4326))
    assert changes.loc[2, "points_lost"] == ("甲", "丙")
    assert all(not names for names in changes["points_gained"])
    assert "划出 2 处住所（甲, 丙）" in changes.loc[2, "text_zh"]


def test_attributes_order_crs_and_what_is_not_drawn_are_kept():
    frame = with_right((100, 0), (200, 0), (200, 100), (100, 100), (104, 50))
    more = pd.concat([frame, grids([None]).set_axis([9])]).assign(note=["a", "b", "c"]).iloc[::-1]
    repaired, _ = repair_grids(more.to_crs(4326))
    plain = pd.DataFrame(repaired.drop(columns="geometry"))
    assert plain.equals(pd.DataFrame(more.drop(columns="geometry")))
    assert repaired.crs == 4326
    assert repaired.geometry.iloc[0] is None


def test_far_grids_keep_their_coordinates_to_the_bit_and_so_do_unmoved_vertices():
    sound = block(5).to_crs(4326)
    metric = sound.to_crs(METRES)
    shape = metric.geometry.iloc[0]
    ring = shapely.get_coordinates(shape)[:-1]
    inner = 4  # a vertex of the border with the next grid
    ring[inner] += [3.0, 1.0]
    bent = sound.geometry.copy()
    bent.iloc[0] = gpd.GeoSeries([Polygon(ring)], crs=METRES).to_crs(4326)[0]
    broken = sound.set_geometry(bent)
    repaired, changes = repair_grids(broken)
    assert is_tiling(repaired)
    assert len(changes) <= 2
    for row in range(2, 25):
        if broken.index[row] not in changes.index:
            assert repaired.geometry.iloc[row] is broken.geometry.iloc[row]
    known = {tuple(xy) for xy in shapely.get_coordinates(broken.geometry.to_numpy()).tolist()}
    kept = {tuple(xy) for xy in shapely.get_coordinates(repaired.geometry.to_numpy()).tolist()}
    assert len(kept - known) <= 2


def test_a_smaller_reach_leaves_more_questions():
    frame = with_right((100, 0), (200, 0), (200, 100), (100, 100), (104, 50))
    repaired, changes = repair_grids(frame, rules=GridRules(max_move_m=1.0))
    assert changes["max_move_m"].max() <= 1.1
    left = check_grids(repaired, rules=GridRules(max_move_m=1.0))
    assert not left.empty
    assert not left["is_mendable"].any()


@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.parametrize("jitter_m", [0.0, 2.5])
def test_the_broken_demo_is_found_fault_by_fault_and_mended(seed: int, jitter_m: float):
    broken_tiling = breaker()
    frames = make_demo(members=0).frames
    sound = frames["grids"].to_crs(METRES)
    broken, planted = broken_tiling.break_tiling(sound, seed=seed, jitter_m=jitter_m)
    found = check_grids(broken)
    assert broken_tiling.missed(found, planted) == []
    if jitter_m == 0:
        assert broken_tiling.false_alarms(found, planted).empty
    else:
        assert broken_tiling.wrong_places(found, broken, sound, seed) == 0
    repaired, changes = repair_grids(broken.to_crs(4326), points=frames["buildings"])
    assert is_tiling(repaired)
    assert changes["max_move_m"].max() <= 5.0
    assert check_grids(repaired).empty
    again, none = repair_grids(repaired)
    assert none.empty
    assert again.geometry.equals(repaired.geometry)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(2, 4),
    jitter_m=st.sampled_from([0.0, 1.0, 2.5, 5.0]),
    degrees=st.booleans(),
)
def test_laws_of_repair(seed: int, n: int, jitter_m: float, degrees: bool):  # noqa: FBT001
    sound = block(n, seed=seed)
    broken, _ = breaker().break_tiling(
        sound, seed=seed, n_gaps=n, n_overlaps=n, n_spikes=2, jitter_m=jitter_m
    )
    if degrees:
        broken = broken.to_crs(4326)
    repaired, changes = repair_grids(broken)
    assert is_tiling(repaired)
    assert repaired.geometry.is_valid.all()
    assert repaired["code"].tolist() == broken["code"].tolist()
    # What the tiling covers is what the grids covered together, the gaps filled.
    whole = np.asarray(repaired.to_crs(METRES).geometry.to_numpy())
    assert shapely.area(whole).sum() == pytest.approx(shapely.union_all(whole).area, rel=1e-6)
    outline = shapely.union_all(shapely.make_valid(broken.to_crs(METRES).geometry.to_numpy()))
    assert shapely.area(whole).sum() == pytest.approx(outline.area, rel=0.02)
    left = check_grids(repaired)
    assert not left["is_mendable"].any(), left[["kind", "area_m2", "width_m"]].to_string()
    again, none = repair_grids(repaired)
    assert none.empty, none.to_string()
    assert again.geometry.equals(repaired.geometry)
    turned, _ = repair_grids(broken.sample(frac=1, random_state=seed))
    assert turned.loc[broken.index].geometry.equals(repaired.geometry)
    assert set(changes.index) <= set(broken.index)
