"""Each fault of a tiling is found by itself, with its size, its place and the grids concerned."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.affinity import translate
from shapely.geometry import LineString, Point, Polygon
from tilings import EAST, METRES, NORTH, block, box, breaker, grids, pair, points

from data.demo import make_demo
from geo.errors import CrsError, GridError
from geo.topology import GridRules, check_grids
from geo.topology.check import COLUMNS
from geo.topology.sentences import SENTENCES


def only(found: gpd.GeoDataFrame) -> pd.Series:
    assert len(found) == 1, found[["kind", "text_en"]].to_string()
    return found.iloc[0]


def moved(xy: tuple[float, float]) -> list[Polygon]:
    """Return the pair with the right grid's middle vertex elsewhere."""
    left, _ = pair()
    return [left, Polygon([(100, 0), (200, 0), (200, 100), (100, 100), xy])]


def test_a_sound_tiling_has_no_findings_and_all_columns():
    found = check_grids(grids(pair()))
    assert found.empty
    assert [c for c in found.columns if c != "geometry"] == list(COLUMNS)
    assert found.crs == METRES


def test_no_grids_at_all_have_no_findings():
    assert check_grids(grids([])).empty


def test_the_demo_is_a_tiling_without_faults():
    made = make_demo(members=0)
    frames = made.frames
    found = check_grids(frames["grids"], communities=frames["communities"].rename_axis("id"))
    assert found.empty


def test_a_gap_is_found_with_area_width_place_and_both_grids():
    fault = only(check_grids(grids(moved((104, 50))).to_crs(4326)))
    assert fault.kind == "gap"
    assert set(fault.grid_ids) == {1, 2}
    assert fault.area_m2 == pytest.approx(200, rel=1e-3)  # base 100 m, height 4 m
    assert fault.width_m == pytest.approx(4, abs=0.25)
    assert fault.is_mendable
    assert fault.severity == "warning"
    place = gpd.GeoSeries([Point(fault.lon, fault.lat)], crs=4326).to_crs(METRES)[0]
    gap = Polygon([(100, 0), (104, 50), (100, 100)])
    assert place.distance(translate(gap, EAST, NORTH)) < 0.01
    assert "第1网格" in fault.text_zh
    assert "200" in fault.text_zh


def test_an_overlap_is_found_with_area_and_both_grids():
    fault = only(check_grids(grids(moved((96, 50)))))
    assert (fault.kind, fault.grid_ids) == ("overlap", (1, 2))
    assert fault.area_m2 == pytest.approx(200)
    assert fault.is_mendable


def test_what_is_smaller_than_a_square_metre_is_told_as_a_border_that_does_not_fit():
    found = check_grids(grids(moved((100.01, 50))))
    assert found.empty  # half a square metre of gap: mended, not told
    found = check_grids(grids(moved((99.99, 50))))
    assert set(found["kind"]) <= {"unmatched_border"}
    assert len(check_grids(grids(moved((100.03, 50))), rules=GridRules(least_area_m2=1.0))) == 1


def test_a_vertex_that_the_neighbour_lacks_is_a_note():
    left, _ = pair()
    right = box(100, 0, 200, 100)
    found = check_grids(grids([left, right]))
    assert set(found["kind"]) == {"unmatched_border"}
    assert set(found["severity"]) == {"note"}


def test_a_wide_gap_is_a_question_and_the_outside_is_no_gap():
    ring = Polygon(box(0, 0, 300, 300).exterior, [box(100, 100, 200, 200).exterior])
    fault = only(check_grids(grids([ring])))
    assert (fault.kind, fault.severity, fault.is_mendable) == ("gap", "question", False)
    assert fault.area_m2 == pytest.approx(10_000)
    assert fault.width_m == pytest.approx(100, rel=0.02)
    apart = [box(0, 0, 100, 100), box(150, 0, 250, 100)]
    assert check_grids(grids(apart)).empty


def test_a_grid_in_the_hole_of_another_is_no_gap():
    ring = Polygon(box(0, 0, 300, 300).exterior, [box(100, 100, 200, 200).exterior])
    assert check_grids(grids([ring, box(100, 100, 200, 200)])).empty


def test_a_narrow_cleft_that_opens_outwards_is_a_gap_and_a_step_in_the_outline_is_none():
    cleft = [box(0, 0, 100, 100), Polygon([(100, 0), (200, 0), (200, 100), (106, 100)])]
    fault = only(check_grids(grids(cleft)))
    assert fault.kind == "gap"
    assert set(fault.grid_ids) == {1, 2}
    assert fault.area_m2 == pytest.approx(300, rel=0.05)
    step = [box(0, 0, 100, 100), Polygon([(100, 0), (200, 0), (200, 104), (100, 104), (100, 100)])]
    assert check_grids(grids(step)).empty


def test_a_wide_overlap_is_an_error_that_asks():
    fault = only(check_grids(grids([box(0, 0, 100, 100), box(70, 0, 200, 100)])))
    assert (fault.kind, fault.severity, fault.is_mendable) == ("overlap", "error", False)
    assert fault.area_m2 == pytest.approx(3000)


def test_a_narrow_grid_inside_another_is_never_swallowed():
    found = check_grids(grids([box(0, 0, 200, 100), box(20, 40, 180, 48)]))
    overlap = found[found["kind"] == "overlap"].iloc[0]
    assert not overlap.is_mendable
    assert (found["kind"] == "sliver").sum() == 1


def test_a_spike_is_told_once_with_its_length():
    left, right = pair()
    spiky = Polygon([(0, 0), (60, 0), (60.4, -30), (60.8, 0), *left.exterior.coords[1:-1]])
    fault = only(check_grids(grids([spiky, right])))
    assert fault.kind == "spike"
    assert "30" in fault.text_en
    into = Polygon(
        [*left.exterior.coords[:2], (100, 20), (130, 20.3), (100, 20.6), *left.exterior.coords[2:]]
    )
    assert set(check_grids(grids([into, right]))["kind"]) == {"spike"}  # its overlap goes with it


def test_a_pointed_plot_whose_neighbours_share_the_point_is_no_spike():
    wedge = Polygon([(0, 0), (200, 0), (0, 30)])
    beside = Polygon([(0, 30), (200, 0), (200, 80), (0, 80)])
    assert check_grids(grids([wedge, beside])).empty


def test_an_invalid_outline_is_told_with_its_reason_and_place():
    bow = Polygon([(0, 0), (100, 100), (100, 0), (0, 100)])
    found = check_grids(grids([bow]))
    fault = found[found["kind"] == "invalid"].iloc[0]
    assert "交叉" in fault.text_zh
    assert "crosses itself" in fault.text_en
    place = gpd.GeoSeries([Point(fault.lon, fault.lat)], crs=4326).to_crs(METRES)[0]
    assert place.distance(Point(EAST + 50, NORTH + 50)) < 0.1


def test_parts_and_what_is_not_drawn_are_told():
    two = grids([box(0, 0, 100, 100).union(box(150, 0, 160, 100)), None])
    found = check_grids(two)
    assert found.set_index("kind").loc["multi_part", "n"] == 2
    assert found.set_index("kind").loc["multi_part", "area_m2"] == pytest.approx(1000)
    assert found.set_index("kind").loc["not_drawn", "grid_ids"] == (2,)
    line = grids(pair()).set_geometry([LineString([(0, 0), (1, 1)]), Point(0, 0)], crs=METRES)
    assert check_grids(line)["kind"].tolist() == ["not_drawn"] * 2


@pytest.mark.parametrize(
    "code", ["", "34110300300100", "3411030030010011", "34110300300100A", None]
)
def test_a_code_that_is_not_15_digits_is_told(code: object):
    frame = grids(pair(), code=["341103003001001", code])
    fault = only(check_grids(frame))
    assert (fault.kind, fault.grid_ids) == ("malformed_code", (2,))


def test_codes_as_numbers_of_a_spreadsheet_are_codes():
    assert check_grids(grids(pair(), code=[341103003001001.0, 341103003001002.0])).empty


def test_a_code_on_two_grids_is_told_once_with_both():
    fault = only(check_grids(grids(pair(), code=["341103003001001"] * 2)))
    assert (fault.kind, fault.grid_ids, fault.n) == ("duplicate_code", (1, 2), 2)
    assert fault.area_m2 == pytest.approx(20_000)


def communities(**columns: object) -> gpd.GeoDataFrame:
    shape = translate(box(0, 0, 150, 100), EAST, NORTH)
    given = {"code": ["341103003001"], "name": ["龙池社区"], **columns}
    return gpd.GeoDataFrame(given, geometry=[shape], index=[7], crs=METRES)


def test_a_grid_outside_its_community_is_told_with_the_area_outside():
    frame = grids(pair(), community_id=pd.array([7, 7], dtype="Int64"))
    fault = only(check_grids(frame, communities=communities().to_crs(4326)))
    assert (fault.kind, fault.grid_ids) == ("outside_community", (2,))
    assert fault.area_m2 == pytest.approx(5000, rel=1e-3)


def test_a_grid_without_community_or_under_anothers_code_is_told():
    frame = grids(pair(), community_id=pd.array([pd.NA, 7], dtype="Int64"))
    whole = communities(code=["341103003002"]).set_geometry([None], crs=METRES)
    found = check_grids(frame, communities=whole).set_index("kind")
    assert found.loc["orphan", "grid_ids"] == (1,)
    assert found.loc["code_prefix", "grid_ids"] == (2,)
    assert "341103003002" in found.loc["code_prefix", "text_zh"]


def test_homes_on_a_border_are_named():
    homes = points([(100.4, 30), (99.2, 60), (98.9, 70), (50, 50), (0.2, 50)], [11, 12, 13, 14, 15])
    fault = only(check_grids(grids(pair()), points=homes))
    assert (fault.kind, fault.grid_ids) == ("point_on_border", (1, 2))
    assert fault.point_ids == (11, 12)  # 1.1 m away, inside, and on the outline are not
    assert "11, 12" in fault.text_zh


def test_grids_too_small_and_too_large_are_told_and_unknown_ones_are_not():
    frame = grids(pair())
    for households, kinds in (
        ([299, 501], ["too_few_households", "too_many_households"]),
        ([300, 500], []),
        ([np.nan, 400], []),
    ):
        found = check_grids(frame, households=pd.Series(households, index=frame.index))
        assert sorted(found["kind"]) == kinds
    assert len(check_grids(frame.assign(households=[299.0, 400.0]))) == 1


def test_the_gravest_comes_first_and_the_largest_of_equals():
    shapes = [
        box(0, 0, 100, 100),
        box(60, 0, 200, 100),
        box(199, 0, 300, 100),
        box(298, 0, 400, 100),
    ]
    found = check_grids(grids(shapes, code=["1"] * 4))
    assert found["severity"].tolist() == sorted(
        found["severity"], key=["error", "warning", "question", "note"].index
    )
    warned = found[(found["severity"] == "warning")]["area_m2"].tolist()
    assert warned == sorted(warned, reverse=True)


def test_the_order_of_rows_does_not_matter():
    frame, _ = breaker().break_tiling(block(), seed=4, n_gaps=5, n_overlaps=5, n_spikes=3)
    turned = frame.sample(frac=1, random_state=1)
    told = [
        sorted((f.kind, tuple(sorted(f.grid_ids)), round(f.area_m2, 3)) for f in found.itertuples())
        for found in (check_grids(frame), check_grids(turned))
    ]
    assert told[0] == told[1]


def test_every_kind_has_a_sentence_that_fills_in_both_languages():
    frame = grids(pair(), code=["1", "1"], community_id=[None, None], households=[1.0, 999.0])
    broken = frame.set_geometry(
        [translate(s, EAST, NORTH) for s in (box(0, 0, 100, 100), box(90, 0, 92, 900))], crs=METRES
    )
    found = check_grids(broken, points=points([(100, 50), (90.5, 50)], ["甲", "乙"]))
    assert len(found) >= 7
    for text in (*found["text_zh"], *found["text_en"]):
        assert "{" not in text
        assert text.endswith(("。", "."))
    assert set(found["kind"]) <= set(SENTENCES)


def test_frames_without_crs_and_ids_twice_are_refused():
    with pytest.raises(CrsError, match=r"^grids has no CRS"):
        check_grids(gpd.GeoDataFrame(geometry=pair()))
    twice = grids(pair()).set_axis([5, 5])
    with pytest.raises(GridError, match=r"^1 ids stand on more than one row .*: 5\)") as caught:
        check_grids(twice)
    assert caught.value.ids == (5,)
