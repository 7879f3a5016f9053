"""Candidates along ways, at gates and at buildings, less what is barred."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist

from geo.errors import CrsError, SitingError
from geo.network import EdgeFlag, WalkNetwork
from geo.siting.candidates import (
    candidates_along,
    candidates_at_buildings,
    candidates_at_gates,
)

CRS = 4548
WORLD = gpd.GeoSeries([shapely.box(-1e4, -1e4, 1e4, 1e4)], crs=CRS)


def network_of(xy: list[tuple[float, float]], edges: list[tuple[int, int]], **more) -> WalkNetwork:
    points = np.array(xy, float)
    ends = np.array(edges)
    length = np.linalg.norm(points[ends[:, 0]] - points[ends[:, 1]], axis=1)
    return WalkNetwork(points, ends, length, CRS, **more)


def places(frame: gpd.GeoDataFrame) -> set[tuple[float, float]]:
    return {(round(p.x, 3), round(p.y, 3)) for p in frame.geometry}


def test_a_straight_way_gets_a_place_every_hundred_metres_and_at_both_ends():
    found = candidates_along(network_of([(0, 0), (300, 0)], [(0, 1)]), WORLD, every_m=100)
    assert places(found) == {(0, 0), (100, 0), (200, 0), (300, 0)}
    assert found.crs.to_epsg() == CRS
    assert list(found.index) == [0, 1, 2, 3]
    assert set(found["origin"]) == {"along"}


def test_a_way_that_is_no_multiple_is_divided_evenly_never_closer():
    found = candidates_along(network_of([(0, 0), (250, 0)], [(0, 1)]), WORLD, every_m=100)
    assert places(found) == {(0, 0), (125, 0), (250, 0)}


def test_a_junction_is_one_place():
    cross = network_of([(0, 0), (100, 0), (0, 100), (-100, 0)], [(0, 1), (0, 2), (0, 3)])
    assert len(candidates_along(cross, WORLD, every_m=100)) == 4


@pytest.mark.parametrize(
    "flag", [EdgeFlag.STEPS, EdgeFlag.PRIVATE, EdgeFlag.BRIDGE, EdgeFlag.TUNNEL]
)
def test_no_candidate_stands_on_steps_bridges_tunnels_or_private_ways(flag: EdgeFlag):
    way = network_of([(0, 0), (300, 0)], [(0, 1)], edge_flags=np.array([flag]))
    assert len(candidates_along(way, WORLD, every_m=100)) == 0


def test_ways_inside_a_compound_have_none():
    way = network_of([(0, 0), (300, 0)], [(0, 1)], edge_compound=np.array([7]))
    assert len(candidates_along(way, WORLD, every_m=100)) == 0


def test_the_rim_of_the_area_is_inside_and_the_rim_of_a_forbidden_polygon_is_not():
    way = network_of([(0, 0), (300, 0)], [(0, 1)])
    area = gpd.GeoSeries([shapely.box(100, -1, 300, 1)], crs=CRS)
    barred = gpd.GeoSeries([shapely.box(300, -1, 400, 1)], crs=CRS)
    found = candidates_along(way, area, every_m=100, forbidden=barred)
    assert places(found) == {(100, 0), (200, 0)}


def test_the_area_may_come_in_degrees():
    way = network_of([(500000, 3570000), (500300, 3570000)], [(0, 1)])
    box = shapely.box(500050, 3569000, 500250, 3571000)
    area = gpd.GeoSeries([box], crs=CRS).to_crs(4326)
    assert places(candidates_along(way, area, every_m=100)) == {
        (500100, 3570000),
        (500200, 3570000),
    }


def test_names_come_from_the_street_with_a_number():
    names = np.array(["和平路", ""], dtype=object)
    way = network_of([(0, 0), (100, 0), (0, 500), (100, 500)], [(0, 1), (2, 3)], edge_name=names)
    found = candidates_along(way, WORLD, every_m=100)
    assert sorted(found["name"]) == ["和平路 1", "和平路 2", "沿路 1", "沿路 2"]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(20, 200))
def test_candidates_keep_their_distance_and_leave_no_way_far_from_one(seed: int, every_m: float):
    random = np.random.default_rng(seed)
    xy = [tuple(p) for p in random.uniform(0, 600, (8, 2))]
    edges = [tuple(e) for e in random.integers(0, 8, (10, 2)) if e[0] != e[1]]
    way = network_of(xy, edges)
    found = candidates_along(way, WORLD, every_m=every_m)
    there = shapely.get_coordinates(found.geometry.to_numpy())
    assert len(there) < 2 or pdist(there).min() >= every_m - 1e-5
    for a, b in edges:
        for share in random.random(5):
            place = np.array(xy[a]) + share * (np.array(xy[b]) - np.array(xy[a]))
            assert np.linalg.norm(there - place, axis=1).min() <= 2 * every_m
    again = candidates_along(way, WORLD, every_m=every_m)
    pd.testing.assert_frame_equal(pd.DataFrame(found), pd.DataFrame(again))


@pytest.mark.parametrize("every_m", [0, -5, float("nan"), float("inf"), "far"])
def test_the_step_must_be_a_positive_number(every_m: object):
    way = network_of([(0, 0), (300, 0)], [(0, 1)])
    with pytest.raises(SitingError, match="every_m must be a positive number of metres"):
        candidates_along(way, WORLD, every_m=every_m)


def test_an_area_without_a_crs_is_refused():
    way = network_of([(0, 0), (300, 0)], [(0, 1)])
    with pytest.raises(SitingError, match="area has no CRS") as caught:
        candidates_along(way, gpd.GeoSeries([shapely.box(0, 0, 1, 1)]), every_m=10)
    assert "没有坐标系" in caught.value.say("zh")


def gates_and_compounds() -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    compounds = gpd.GeoDataFrame(
        {"name": ["华府", "书苑"]},
        geometry=[shapely.box(0, 0, 100, 100), shapely.box(200, 0, 300, 100)],
        index=[4, 9],
        crs=CRS,
    )
    gates = gpd.GeoDataFrame(
        {"compound_id": [9, 4, 4, 4], "name": ["", "南门", "北门", ""]},
        geometry=[
            shapely.Point(200, 50),
            shapely.Point(50, 0),
            shapely.Point(50, 100),
            shapely.Point(50, 100),
        ],
        index=[30, 12, 11, 40],
        crs=CRS,
    )
    return gates, compounds


def test_gates_are_candidates_by_id_and_two_at_one_place_are_one():
    found = candidates_at_gates(*gates_and_compounds(), WORLD)
    assert found["source_id"].tolist() == [11, 12, 30]
    assert found["name"].tolist() == ["华府 北门", "华府 南门", "书苑"]
    assert set(found["origin"]) == {"gate"}


def test_gates_outside_the_area_or_barred_are_left_out():
    gates, compounds = gates_and_compounds()
    area = gpd.GeoSeries([shapely.box(0, 0, 150, 150)], crs=CRS)
    barred = gpd.GeoSeries([shapely.box(40, 90, 60, 110)], crs=CRS)
    found = candidates_at_gates(gates, compounds, area, forbidden=barred)
    assert found["source_id"].tolist() == [12]


def test_gates_must_be_in_metres():
    gates, compounds = gates_and_compounds()
    with pytest.raises(CrsError, match="whose unit is 'degree'"):
        candidates_at_gates(gates.to_crs(4326), compounds, WORLD)


def test_an_entrance_is_the_side_of_the_building_that_faces_the_way():
    house = shapely.box(40, 20, 60, 40)
    buildings = gpd.GeoDataFrame(
        {"footprint": [house, None], "name": ["", "门房"], "number": ["3幢", ""], "address": "路"},
        geometry=[house.centroid, shapely.Point(80, 80)],
        index=[5, 6],
        crs=CRS,
    )
    way = network_of([(0, 0), (100, 0)], [(0, 1)])
    found = candidates_at_buildings(buildings, WORLD, network=way)
    assert found.geometry.iloc[0].y == pytest.approx(20)
    assert (found.geometry.iloc[1].x, found.geometry.iloc[1].y) == (80, 80)
    assert found["name"].tolist() == ["路 3幢", "门房"]
    without = candidates_at_buildings(buildings, WORLD)
    assert without.geometry.iloc[0].y == pytest.approx(30)


def test_nothing_inside_gives_an_empty_frame_with_its_columns():
    way = network_of([(0, 0), (300, 0)], [(0, 1)])
    area = gpd.GeoSeries([shapely.box(1e5, 1e5, 2e5, 2e5)], crs=CRS)
    found = candidates_along(way, area, every_m=100)
    assert len(found) == 0
    assert list(found.columns) == ["name", "origin", "source_id", "geometry"]
