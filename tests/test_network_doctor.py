"""The network doctor names each place, the people behind it, and how far the link would be."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
from shapely.affinity import translate
from shapely.geometry import Point, box
from small_street import CRS, EAST, NORTH, frame, small_street

from geo.demand import demand_points
from geo.network import WalkNetwork
from geo.network_doctor import COLUMNS, diagnose_network
from geo.study import WEIGHTS, Study


def with_island(study: Study) -> Study:
    """Cut the street at 1200 m; the piece from 1230 m on is an island."""
    xy = np.add([[0, 0], [1200, 0], [1230, 0], [2000, 0], [0, 50], [10, 50]], [EAST, NORTH])
    # The third piece lies 50 m off, 10 m long, and nobody lives at it.
    network = WalkNetwork(xy, [[0, 1], [2, 3], [4, 5]], [1200, 770, 10], CRS)
    return replace(study, network=network)


def diagnosed(study: Study) -> gpd.GeoDataFrame:
    return diagnose_network(study, demand_points(study))


def test_a_sound_network_has_no_findings_and_all_columns():
    found = diagnosed(small_street())
    assert found.empty
    assert [c for c in found.columns if c != "geometry"] == list(COLUMNS)


def test_an_island_is_told_with_its_people_its_length_and_the_missing_link():
    found = diagnosed(with_island(small_street()))
    first, last = found.iloc[0], found.iloc[1]
    assert (first.kind, first.households, first.members, first.n_homes) == ("island", 60, 7, 2)
    assert first.ids == ("building:3", "building:4")
    assert first.length_m == 770
    assert first.distance_m == pytest.approx(30)
    assert first.geometry.length == pytest.approx(30)
    assert first.geometry.distance(Point(EAST + 1215, NORTH)) < 1e-6
    assert (last.households, last.length_m, last.distance_m) == (0, 10, 50)
    assert "60 户" in first.text_zh


def test_homes_far_from_every_way_are_one_place_where_they_stand_together():
    study = small_street()
    moved = study.buildings.geometry.copy()
    moved[1], moved[2], moved[4] = (
        Point(EAST + 500, NORTH + 101),
        Point(EAST + 560, NORTH + 130),
        Point(EAST + 1900, NORTH + 100),  # at the limit: not far
    )
    far = replace(study, buildings=study.buildings.set_geometry(moved))
    found = diagnosed(far)
    assert found["kind"].tolist() == ["far_homes"]
    place = found.iloc[0]
    assert place.ids == ("building:1", "building:2")
    assert (place.households, place.members) == (40, 3)
    assert place.distance_m == pytest.approx(101)
    assert "楼 1" in place.text_zh


def compound() -> gpd.GeoDataFrame:
    none = {w: [np.nan] for w in WEIGHTS if w != "buildings"}
    given = {"name": ["翠园"], "address": [""], **none, "members": [0.0]}
    return frame(given, [box(1400, 1, 1600, 60)], [8])


def test_a_walled_compound_without_gates_is_told_until_it_has_one():
    study = small_street()
    walled = replace(
        study,
        compounds=compound(),
        buildings=study.buildings.assign(compound_id=[None, None, 8, None]).astype(
            {"compound_id": "Int64"}
        ),
    )
    place = diagnosed(walled).iloc[0]
    assert (place["kind"], place["ids"], place["name"]) == ("no_gates", (8,), "翠园")
    assert place["households"] == 20
    gate = {"compound_id": [8], "name": ["南门"], "open_to_all": [False], "hours": [None]}
    gated = replace(walled, gates=frame(gate, [Point(1500, 1)], [1]))
    assert diagnosed(gated).empty


def test_those_with_most_households_come_first():
    study = with_island(small_street())
    moved = study.buildings.geometry.copy()
    moved[2] = translate(moved[2], 0, 500)
    found = diagnosed(replace(study, buildings=study.buildings.set_geometry(moved)))
    assert found["kind"].tolist() == ["island", "far_homes", "island"]
    assert found["households"].tolist() == [60, 30, 0]


def test_a_study_without_network_or_homes_is_no_crash():
    study = small_street()
    bare = WalkNetwork(np.empty((0, 2)), np.empty((0, 2), int), [], CRS)
    assert diagnosed(replace(study, network=bare)).empty
    nobody = replace(with_island(study), buildings=study.buildings.iloc[:0])
    assert diagnosed(nobody)["households"].tolist() == [0, 0]
