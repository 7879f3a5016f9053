"""Walking times against an independent implementation on the split graph, by hand, and by law."""

import itertools
from dataclasses import dataclass

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from shapely.geometry import Point

from geo.attach import attach
from geo.attachments import Attachments, LeftOut
from geo.errors import CrsError, NetworkError, ReachError
from geo.network import EdgeFlag, WalkNetwork
from geo.profiles import PROFILES, SpeedProfile
from geo.reach import nearest_site, walking_times
from geo.route import walking_route

METRE_A_SECOND = SpeedProfile("one", PROFILES["standard"].title, 1.0)


def street(*lengths: float) -> WalkNetwork:
    """Return a straight street along x with nodes at the running sums of the lengths."""
    x = np.concatenate(([0.0], np.cumsum(lengths)))
    nodes = np.column_stack([np.arange(len(lengths)), np.arange(1, len(lengths) + 1)])
    return WalkNetwork(np.column_stack([x, np.zeros(len(x))]), nodes, np.array(lengths), 4548)


def seconds(network: WalkNetwork, start: tuple, goal: tuple, **options: object) -> float:
    times = walking_times(
        network, np.array([start], float), np.array([goal], float), limit_s=1e5, **options
    )
    return float(times.data[0]) if times.nnz else np.inf


def test_a_kilometre_at_the_standard_takes_exactly_a_quarter_of_an_hour_and_is_covered():
    network = street(*[1000 / 7] * 7)
    times = walking_times(network, np.array([[0, 0.0]]), np.array([[1000.0, 0]]), limit_s=900)
    assert times.data.tolist() == [900.0]
    assert (
        walking_times(network, np.array([[0, 0.0]]), np.array([[1000.0, 0]]), limit_s=899.999).nnz
        == 0
    )


def test_access_legs_count_at_both_ends():
    network = street(100)
    assert seconds(network, (0, 30), (100, 40), profile=METRE_A_SECOND) == 170


def test_two_points_on_one_edge_walk_along_it():
    network = street(100)
    assert seconds(network, (20, 0), (50, 0), profile=METRE_A_SECOND) == 30


def test_a_walk_of_no_time_is_stored():
    times = walking_times(street(100), np.array([[40.0, 0]]), np.array([[40.0, 0]]), limit_s=0)
    assert times.nnz == 1
    assert times.data[0] == 0


def test_the_shorter_of_parallel_edges_is_walked():
    xy = np.array([[0, 0], [100, 0], [150, 0.0]])
    network = WalkNetwork(xy, [[0, 1], [0, 1], [1, 2]], [300, 100, 50], 4548)
    assert seconds(network, (0, 0), (150, 0), profile=METRE_A_SECOND) == 150


def test_a_loop_is_reached_from_both_sides():
    square = np.array([[0, 0], [0, 100], [100, 100], [100, 0], [0, 0.0]])
    network = WalkNetwork(
        np.array([[0, 0.0]]), [[0, 0]], [400], 4548, vertex_xy=square, vertex_start=[0, 5]
    )
    assert seconds(network, (0, 10), (10, 0), profile=METRE_A_SECOND) == 20


def test_steps_crossings_and_signals_take_the_time_of_the_profile():
    xy = np.array([[0, 0], [100, 0.0]])
    network = WalkNetwork(
        xy, [[0, 1]], [100], 4548, edge_flags=[EdgeFlag.STEPS], edge_crossings=[1], edge_signals=[2]
    )
    slow = SpeedProfile("slow", PROFILES["adult"].title, 1.0, 2.0, 5.0, 20.0)
    assert seconds(network, (0, 0), (100, 0), profile=slow) == 2 * 100 + 5 + 2 * 20


def test_a_wheelchair_neither_uses_steps_nor_joins_them():
    xy = np.array([[0, 0], [100, 0], [100, 40.0]])
    network = WalkNetwork(xy, [[0, 1], [1, 2]], [100, 40], 4548, edge_flags=[0, EdgeFlag.STEPS])
    assert seconds(network, (0, 0), (100, 40), profile="adult") < np.inf
    doors = attach(network, np.array([[100, 40.0]]), profile="wheelchair")
    assert doors.edge.tolist() == [0]
    assert doors.access_m.tolist() == [40]


def test_points_beyond_the_snap_limit_are_left_out_and_at_the_limit_they_are_not():
    doors = attach(street(100), np.array([[50, 50], [50, 50.01], [np.nan, 0]]), snap_limit_m=50)
    assert doors.left_out.tolist() == [
        LeftOut.ATTACHED,
        LeftOut.BEYOND_SNAP_LIMIT,
        LeftOut.NO_COORDINATES,
    ]


def test_ids_come_back_and_ties_go_to_the_first_site():
    places = gpd.GeoSeries([Point(100, 0), Point(0, 0)], index=[70, 7], crs=4548)
    points = gpd.GeoSeries(
        [Point(50, 0), Point(10, 0), Point(50, 900)], index=list("abc"), crs=4548
    )
    nearest = nearest_site(street(100), places, points)
    assert nearest.index.tolist() == ["a", "b", "c"]
    assert nearest["site_id"].iloc[:2].tolist() == [70, 7]
    assert nearest["seconds"].tolist() == [45, 9, np.inf]
    assert nearest["site_id"].isna().tolist() == [False, False, True]


def test_no_sites_and_no_points_give_empty_answers():
    none = np.empty((0, 2))
    network = street(100)
    assert walking_times(network, none, np.zeros((2, 2)), limit_s=9).shape == (0, 2)
    assert walking_times(network, np.zeros((2, 2)), none, limit_s=9).shape == (2, 0)
    assert np.isinf(nearest_site(network, none, np.zeros((2, 2)))["seconds"]).all()


@pytest.mark.parametrize("limit_s", [-1, np.nan, np.inf])
def test_a_limit_that_is_no_time_is_refused(limit_s: float):
    with pytest.raises(ReachError, match=r"^The limit .* is not a time; give zero or more seconds"):
        walking_times(street(1), np.zeros((1, 2)), np.zeros((1, 2)), limit_s=limit_s)


def test_an_unknown_profile_is_refused_by_name():
    with pytest.raises(ReachError, match=r"^There is no speed profile 'car'"):
        walking_times(street(1), np.zeros((1, 2)), np.zeros((1, 2)), limit_s=1, profile="car")


def test_points_without_a_crs_are_refused():
    with pytest.raises(CrsError, match=r"^The points have no CRS"):
        attach(street(1), gpd.GeoSeries([Point(0, 0)]))


def test_points_in_degrees_are_brought_to_the_network():
    network = street(100)
    there = gpd.GeoSeries([Point(50, 20)], crs=4548).to_crs(4326)
    assert_allclose(attach(network, there).xy, [[50, 20]], atol=1e-6)


def test_an_edge_that_no_one_walks_is_refused():
    with pytest.raises(NetworkError, match=r"is 99999999 m long, which is no walk"):
        attach(WalkNetwork([[0, 0], [1, 0]], [[0, 1]], [99_999_999], 4548), np.zeros((1, 2)))


@dataclass(frozen=True)
class Town:
    """A small random network with public and private edges, and points on its edges."""

    network: WalkNetwork
    origins: Attachments
    points: Attachments


@st.composite
def towns(draw: st.DrawFn) -> Town:
    """Draw up to 7 nodes and 12 edges (parallel, loops, some private), and points on them."""
    n = draw(st.integers(2, 7))
    node = st.integers(0, n - 1)
    edges = draw(
        st.lists(st.tuples(node, node, st.integers(1, 400), st.booleans()), min_size=1, max_size=12)
    )
    private = [is_private and k % 2 == 0 for k, (*_, is_private) in enumerate(edges)]
    xy = np.array([[50.0 * k, 30.0 * (k % 3)] for k in range(n)])
    network = WalkNetwork(
        xy,
        [edge[:2] for edge in edges],
        [edge[2] for edge in edges],
        4548,
        edge_flags=[EdgeFlag.PRIVATE if p else 0 for p in private],
    )
    place = st.lists(
        st.tuples(st.integers(0, len(edges) - 1), st.integers(0, 16), st.integers(0, 60)),
        min_size=1,
        max_size=5,
    )
    return Town(network, on_edges(draw(place)), on_edges(draw(place)))


def on_edges(places: list[tuple[int, int, int]]) -> Attachments:
    """Return points at sixteenths of edges, some metres off."""
    edge, sixteenths, access = (np.array(column) for column in zip(*places, strict=True))
    n = len(places)
    return Attachments(
        n_points=n,
        point=np.arange(n, dtype=np.int32),
        edge=edge.astype(np.int32),
        fraction=sixteenths / 16.0,
        access_m=access.astype(float),
        gate=np.full(n, -1),
        xy=np.zeros((n, 2)),
        compound=np.full(n, -1),
        left_out=np.zeros(n, np.int8),
    )


def independent_times(town: Town) -> np.ndarray:
    """Return all times at 1 m/s by networkx, on the graph with the points put in as nodes.

    Private edges: for each pair, a walk is a stretch of private edges around the origin, public
    edges, and a stretch of private edges around the destination, tried over every way to split.
    """
    network = town.network
    private = (network.edge_flags & EdgeFlag.PRIVATE) != 0
    whole, public = nx.Graph(), nx.Graph()
    inner = nx.Graph()
    for graph in (whole, public, inner):
        graph.add_nodes_from(range(len(network.xy)))
    sets = (("o", town.origins), ("p", town.points))
    on_edge: dict[int, list[tuple[float, tuple[str, int]]]] = {}
    for label, doors in sets:
        for k in range(doors.n_points):
            on_edge.setdefault(int(doors.edge[k]), []).append(
                (float(doors.fraction[k]), (label, k))
            )
    for edge, (u, v) in enumerate(network.edge_nodes.tolist()):
        length = float(network.edge_length_m[edge])
        chain = [(0.0, u), *sorted(on_edge.get(edge, []), key=str), (1.0, v)]
        chain = [chain[0], *sorted(chain[1:-1], key=lambda item: item[0]), chain[-1]]
        if len(chain) == 2 and u == v:
            continue
        for (a, one), (b, two) in itertools.pairwise(chain):
            for graph in (inner,) if private[edge] else (public,):
                weight = (b - a) * length
                if not graph.has_edge(one, two) or graph[one][two]["weight"] > weight:
                    graph.add_edge(one, two, weight=weight)
    times = np.full((town.origins.n_points, town.points.n_points), np.inf)
    far = dict(nx.all_pairs_dijkstra_path_length(public))
    near = dict(nx.all_pairs_dijkstra_path_length(inner))
    for i, j in np.ndindex(times.shape):
        o, p = ("o", i), ("p", j)
        ends_o = near.get(o, {}) | {o: 0.0}
        ends_p = near.get(p, {}) | {p: 0.0}
        best = near.get(o, {}).get(p, np.inf)  # both behind the same private ways
        for a, to_a in ends_o.items():
            for b, to_b in ends_p.items():
                best = min(best, to_a + far.get(a, {}).get(b, np.inf) + to_b)
        times[i, j] = best + town.origins.access_m[i] + town.points.access_m[j]
    return times


def dense(times: object, shape: tuple[int, int]) -> np.ndarray:
    full = np.full(shape, np.inf)
    for row in range(shape[0]):
        part = slice(times.indptr[row], times.indptr[row + 1])
        full[row, times.indices[part]] = times.data[part]
    return full


@settings(max_examples=250, deadline=None)
@given(towns())
def test_times_are_those_of_an_independent_implementation(town: Town):
    expected = independent_times(town)
    times = walking_times(
        town.network, town.origins, town.points, profile=METRE_A_SECOND, limit_s=50_000
    )
    found = dense(times, expected.shape)
    assert_array_equal(np.isfinite(found), np.isfinite(expected))
    reachable = np.isfinite(expected)
    assert_allclose(found[reachable], expected[reachable], atol=0.005)


@settings(max_examples=150, deadline=None)
@given(towns())
def test_the_nearest_site_is_the_least_of_all_times_and_the_first_on_a_tie(town: Town):
    expected = dense(
        walking_times(town.network, town.origins, town.points, profile=METRE_A_SECOND, limit_s=5e4),
        (town.origins.n_points, town.points.n_points),
    )
    nearest = nearest_site(town.network, town.origins, town.points, profile=METRE_A_SECOND)
    assert_array_equal(nearest["seconds"], expected.min(axis=0))
    for point, site in enumerate(nearest["site_id"]):
        if np.isfinite(expected[:, point].min()):
            assert expected[site, point] == expected[:, point].min()


@settings(max_examples=100, deadline=None)
@given(towns(), st.integers(0, 800))
def test_a_limit_keeps_exactly_the_pairs_within_it(town: Town, limit_s: int):
    every = walking_times(
        town.network, town.origins, town.points, profile=METRE_A_SECOND, limit_s=5e4
    )
    shape = (town.origins.n_points, town.points.n_points)
    kept = walking_times(
        town.network, town.origins, town.points, profile=METRE_A_SECOND, limit_s=limit_s
    )
    all_times, within = dense(every, shape), dense(kept, shape)
    assert_array_equal(within, np.where(all_times <= limit_s, all_times, np.inf))


@settings(max_examples=60, deadline=None)
@given(towns())
def test_the_route_takes_the_time_that_was_said(town: Town):
    times = dense(
        walking_times(town.network, town.origins, town.points, profile=METRE_A_SECOND, limit_s=5e4),
        (town.origins.n_points, town.points.n_points),
    )
    for i, j in np.ndindex(times.shape):
        route = walking_route(town.network, town.origins, i, town.points, j, profile=METRE_A_SECOND)
        assert (route is None) == np.isinf(times[i, j])
        if route is not None:
            assert route.seconds == times[i, j]


@settings(max_examples=60, deadline=None)
@given(towns(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(town: Town, random: object):
    shape = (town.origins.n_points, town.points.n_points)
    straight = dense(walking_times(town.network, town.origins, town.points, limit_s=5e4), shape)
    order = list(range(shape[1]))
    random.shuffle(order)
    moved = on_edges(
        [
            (
                int(town.points.edge[k]),
                int(town.points.fraction[k] * 16),
                int(town.points.access_m[k]),
            )
            for k in order
        ]
    )
    assert_array_equal(
        dense(walking_times(town.network, town.origins, moved, limit_s=5e4), shape),
        straight[:, order],
    )


def test_there_and_back_take_the_same_time_on_public_ways():
    random = np.random.default_rng(7)
    network = street(*random.uniform(20, 90, 40))
    places = np.column_stack([random.uniform(0, 2000, 30), random.uniform(-40, 40, 30)])
    there = walking_times(network, places, places, limit_s=900).toarray()
    assert_array_equal(there, there.T)
