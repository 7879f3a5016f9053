"""Service areas: they nest, are never empty at a station, and agree with exact times."""

import gc
import weakref
from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.attach import attach
from geo.errors import ReachError
from geo.network import WalkNetwork
from geo.raster import Window, fill, network_raster, pixel_size_m, raster_of
from geo.reach import walking_times
from geo.service_area import service_areas
from geo.snap import snap_blocks, snap_points


def lattice(side: int, step: float = 90.0, seed: int = 0) -> WalkNetwork:
    random = np.random.default_rng(seed)
    i, j = np.meshgrid(np.arange(side), np.arange(side), indexing="ij")
    xy = np.column_stack([i.ravel(), j.ravel()]) * step + random.uniform(-20, 20, (side**2, 2))
    node = np.arange(side**2).reshape(side, side)
    edges = np.concatenate(
        [
            np.column_stack([node[:-1].ravel(), node[1:].ravel()]),
            np.column_stack([node[:, :-1].ravel(), node[:, 1:].ravel()]),
        ]
    )
    edges = edges[random.random(len(edges)) > 0.15]
    return WalkNetwork(xy, edges, np.linalg.norm(xy[edges[:, 0]] - xy[edges[:, 1]], axis=1), 4548)


def test_the_area_agrees_with_exact_times_at_random_points():
    network = lattice(30)
    site = np.array([[1300.0, 1300.0]])
    random = np.random.default_rng(1)
    points = random.uniform(0, 2600, (8000, 2))
    reached = walking_times(network, site, points, limit_s=900).indices
    exact = np.zeros(len(points), bool)
    exact[reached] = True
    area = service_areas(network, site, minutes=(15,)).geometry.iloc[0]
    inside = shapely.contains_xy(area, *points.T)
    assert (inside & exact).sum() / (inside | exact).sum() > 0.98


def test_a_small_piece_under_other_streets_agrees_with_exact_times_too():
    streets = lattice(8)
    # A tunnel of 90 m that meets none of the streets: a few pixels wide, cut by every one of them.
    xy = np.concatenate([streets.xy, [[310.0, 300.0], [370.0, 367.0]]])
    n = len(streets.xy)
    edges = np.concatenate([streets.edge_nodes, [[n, n + 1]]])
    lengths = np.linalg.norm(xy[edges[:, 0]] - xy[edges[:, 1]], axis=1)
    network = WalkNetwork(xy, edges, lengths, 4548)
    site = attach(network, xy[n:][:1])
    assert site.edge.tolist() == [len(edges) - 1]
    points = np.random.default_rng(1).uniform(200, 480, (8000, 2))
    exact = np.zeros(len(points), bool)
    exact[walking_times(network, site, points, limit_s=900).indices] = True
    inside = shapely.contains_xy(service_areas(network, site, minutes=(15,)).geometry[0], *points.T)
    assert (inside & exact).sum() / (inside | exact).sum() > 0.97


def test_a_long_edge_that_bulges_is_drawn_as_far_as_it_is_walked():
    arc = np.column_stack([np.linspace(0, 100, 41), 700 * np.sin(np.linspace(0, np.pi, 41))])
    length = np.linalg.norm(np.diff(arc, axis=0), axis=1).sum()
    network = WalkNetwork(
        arc[[0, -1]], [[0, 1]], [length], 4548, vertex_xy=arc, vertex_start=[0, len(arc)]
    )
    area = service_areas(network, arc[:1], minutes=(5, 22)).geometry
    assert area.iloc[1].contains(shapely.LineString(arc))
    assert area.iloc[0].bounds[3] == pytest.approx(333, abs=8)


def test_the_raster_is_made_once_for_a_network_and_goes_with_it():
    network = lattice(6)
    service_areas(network, network.xy[:1], minutes=(5,))
    usable = np.ones(len(network.edge_nodes), bool)
    raster = raster_of(network, usable)
    assert raster.tile_filled.any()
    assert raster_of(network, usable) is raster
    there = weakref.ref(network)
    del network, raster
    gc.collect()
    assert there() is None


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 1600), st.floats(0, 1600)), min_size=1, max_size=3),
    st.integers(0, 3),
)
def test_rings_nest_are_valid_and_hold_the_stations(sites: list[tuple[float, float]], seed: int):
    network = lattice(19, seed=seed)
    areas = service_areas(network, np.array(sites), minutes=(1, 5, 10, 15))
    assert areas["minutes"].tolist() == [1, 5, 10, 15]
    assert areas.is_valid.all()
    shapes = areas.geometry.tolist()
    for inner, outer in pairwise(shapes):
        assert inner.difference(outer).area < 1e-6
    doors = attach(network, np.array(sites))
    for row in np.unique(doors.point):
        assert shapely.Point(sites[row]).intersects(shapes[0].buffer(1e-6))


def test_a_station_a_hundred_metres_off_still_has_an_area_around_it():
    network = WalkNetwork(np.array([[0, 0], [500, 0.0]]), [[0, 1]], [500], 4548)
    area = service_areas(network, np.array([[250, 99.0]]), minutes=(1,)).geometry.iloc[0]
    assert area.contains(shapely.Point(250, 99))


def test_without_attached_sites_the_areas_are_empty():
    areas = service_areas(lattice(4), np.empty((0, 2)))
    assert areas["minutes"].tolist() == [5, 10, 15]
    assert areas.is_empty.all()


def test_a_river_between_two_streets_is_not_crossed_by_the_area():
    xy = np.array([[0, 0], [2000, 0], [0, 60], [2000, 60.0]])
    network = WalkNetwork(xy, [[0, 1], [2, 3]], [2000, 2000], 4548)
    area = service_areas(network, np.array([[1000, 0.0]]), minutes=(10,)).geometry.iloc[0]
    assert area.contains(shapely.Point(1000, 25))
    assert not area.intersects(shapely.Point(1000, 45))


@pytest.mark.parametrize("minutes", [(), (0,), (-5, 5), (np.nan,)])
def test_levels_that_are_no_times_are_refused(minutes: tuple[float, ...]):
    with pytest.raises(ReachError, match=r"^The minutes of service areas must be numbers above"):
        service_areas(lattice(3), np.zeros((1, 2)), minutes=minutes)


def test_a_raster_filled_in_parts_is_the_raster_filled_at_once():
    network = lattice(12)
    whole, parts = network_raster(network, pixel_m=5.0), network_raster(network, pixel_m=5.0)
    rows, columns = whole.edge.shape
    fill(whole, Window(0, 0, rows, columns))
    for row in (200, 0):
        for column in (130, 0):
            fill(parts, Window(row, column, min(150, rows - row), columns - column))
    done = parts.edge != 0
    assert done.any()
    for name in ("edge", "fraction", "distance_m"):
        np.testing.assert_array_equal(getattr(parts, name)[done], getattr(whole, name)[done])


def test_the_pixel_follows_the_density_of_the_ways():
    assert pixel_size_m(lattice(20, step=30)) < pixel_size_m(lattice(20, step=90)) <= 10


@given(
    st.lists(st.tuples(st.floats(0, 400), st.floats(0, 400)), min_size=1, max_size=4),
    st.integers(1, 6),
)
@settings(max_examples=40, deadline=None)
def test_points_in_blocks_are_snapped_as_points_alone(centres: list[tuple], side: int):
    network = lattice(5)
    middles = np.array(centres)
    _, _, nearest_m = snap_points(network, middles, limit_m=100.0)
    edge, fraction, distance_m = snap_blocks(
        network, middles, nearest_m, block_m=6.0, side=side, limit_m=100.0
    )
    step = ((np.arange(side) + 0.5) / side - 0.5) * 6.0
    for block, (x, y) in enumerate(middles):
        places = np.column_stack([np.tile(x + step, side), np.repeat(y + step, side)])
        alone = snap_points(network, places, limit_m=100.0)
        np.testing.assert_array_equal(edge[block].ravel(), alone[0])
        np.testing.assert_allclose(fraction[block].ravel(), alone[1], atol=1e-12)
        np.testing.assert_allclose(distance_m[block].ravel(), alone[2], atol=1e-9)


def test_the_position_on_an_edge_never_exceeds_its_end():
    random = np.random.default_rng(2)
    for _ in range(200):
        shape = random.uniform(0, 100, (7, 2))
        length = np.linalg.norm(np.diff(shape, axis=0), axis=1).sum()
        network = WalkNetwork(
            shape[[0, -1]], [[0, 1]], [length], 4548, vertex_xy=shape, vertex_start=[0, 7]
        )
        fraction = snap_points(network, shape[-1:])[1]
        assert 1 - 1e-12 <= fraction[0] <= 1
