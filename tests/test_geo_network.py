"""The walk network: defaults, refusals, saving without loss, contraction to junctions."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from pyproj import CRS

from geo.contract import Segments, contract
from geo.errors import NetworkError
from geo.health import health
from geo.network import ARRAYS, EdgeKind, WalkNetwork

XY = np.array([[0, 0], [3, 4.0]])


def segments(xy: np.ndarray, ends: list, *, kind: list | None = None) -> Segments:
    n = len(ends)
    ends = np.array(ends, np.int64).reshape(-1, 2)
    return Segments(
        xy=xy,
        ends=ends,
        length_m=np.linalg.norm(xy[ends[:, 0]] - xy[ends[:, 1]], axis=1),
        kind=np.array(kind or [4] * n, np.uint8),
        flags=np.zeros(n, np.uint8),
        name=np.full(n, "", dtype=object),
        crossings=np.full(n, 0.5, np.float32),
        signals=np.zeros(n, np.float32),
    )


def test_left_out_an_edge_is_a_straight_public_level_path():
    network = WalkNetwork(XY, [[0, 1]], [5], 4548)
    assert_array_equal(network.shape_of(0), XY)
    assert network.edge_flags.tolist() == [0]
    assert network.edge_compound.tolist() == [-1]
    assert network.edge_name.tolist() == [""]


def test_arrays_are_read_only_and_our_own():
    lengths = np.array([5.0])
    network = WalkNetwork(XY, [[0, 1]], lengths, 4548)
    lengths[0] = 7
    assert network.edge_length_m.tolist() == [5]
    with pytest.raises(ValueError, match="read-only"):
        network.edge_length_m[0] = 1


@pytest.mark.parametrize(
    ("edges", "lengths", "crs", "message"),
    [
        (
            [[0, 2]],
            [5],
            4548,
            r"^1 edges end at a node that is not among the 2 \(the first: edge 0\)",
        ),
        ([[0, 1]], [-5], 4548, r"^1 edges have a length that is negative or no number"),
        ([[0, 1]], [np.nan], 4548, r"^1 edges have a length that is negative or no number"),
        ([[0, 1]], [5, 6], 4548, r"^edge_length_m has 2 values for 1 edges"),
        ([[0, 1]], [5], 4326, r"^The network's CRS WGS 84 is measured in 'degree', not in metres"),
        ([[0, 1]], [5], 2277, r"is measured in 'US survey foot', not in metres"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(edges: list, lengths: list, crs: int, message: str):
    with pytest.raises(NetworkError, match=message):
        WalkNetwork(XY, edges, lengths, crs)


def test_saved_and_loaded_nothing_is_lost(tmp_path):
    network = WalkNetwork(
        XY,
        [[0, 1], [0, 0]],
        [5.0, 1 / 3],
        CRS.from_epsg(4548),
        edge_name=["人民路 `x`", ""],
        edge_flags=[1, 2],
        edge_compound=[-1, 7],
        counts={"highways": 3},
    )
    network.save(tmp_path / "network.npz")
    back = WalkNetwork.load(tmp_path / "network.npz")
    for name in ARRAYS:
        assert_array_equal(getattr(back, name), getattr(network, name))
    assert back.crs == network.crs
    assert back.counts == network.counts


def test_content_that_is_no_network_is_refused():
    with pytest.raises(NetworkError, match=r"^This is no saved walk network, or it is damaged"):
        WalkNetwork.from_bytes(b"PK\x03\x04 nonsense")


def test_plain_nodes_go_and_their_places_stay_in_the_shape():
    xy = np.array([[0, 0], [10, 0], [10, 10], [20, 10.0]])
    network = contract(segments(xy, [[0, 1], [1, 2], [2, 3]]), CRS.from_epsg(4548))
    assert len(network.xy) == 2
    assert network.edge_length_m.tolist() == [30]
    assert network.edge_crossings.tolist() == [1.5]
    assert {tuple(p) for p in network.shape_of(0)} == {tuple(p) for p in xy}


def test_a_change_of_kind_is_a_node():
    xy = np.array([[0, 0], [10, 0], [20, 0.0]])
    network = contract(segments(xy, [[0, 1], [1, 2]], kind=[4, 5]), CRS.from_epsg(4548))
    assert len(network.edge_nodes) == 2
    assert sorted(network.edge_kind.tolist()) == [EdgeKind.FOOT, EdgeKind.STEPS]


def test_a_ring_without_junctions_keeps_one_node():
    xy = np.array([[0, 0], [10, 0], [10, 10.0]])
    network = contract(segments(xy, [[0, 1], [1, 2], [2, 0]]), CRS.from_epsg(4548))
    assert network.edge_nodes.tolist() == [[0, 0]]
    assert_allclose(network.edge_length_m, [20 + np.sqrt(200)])


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.integers(0, 9)).filter(lambda e: e[0] != e[1]),
        min_size=1,
        max_size=16,
    )
)
def test_contraction_keeps_length_and_shortest_paths(ends: list[tuple[int, int]]):
    xy = np.column_stack([np.arange(10) * 7.0, (np.arange(10) * 37 % 11) * 5.0])
    raw = segments(xy, ends)
    network = contract(raw, CRS.from_epsg(4548))
    assert_allclose(network.edge_length_m.sum(), raw.length_m.sum())
    for edge in range(len(network.edge_nodes)):
        shape = network.shape_of(edge)
        assert_allclose(shape[[0, -1]], network.xy[network.edge_nodes[edge]])
        assert_allclose(
            np.linalg.norm(np.diff(shape, axis=0), axis=1).sum(), network.edge_length_m[edge]
        )
    before, after = nx.MultiGraph(), nx.MultiGraph()
    for (u, v), length in zip(raw.ends.tolist(), raw.length_m, strict=True):
        before.add_edge(tuple(xy[u]), tuple(xy[v]), weight=length)
    for (u, v), length in zip(network.edge_nodes.tolist(), network.edge_length_m, strict=True):
        after.add_edge(tuple(network.xy[u]), tuple(network.xy[v]), weight=length)
    expected = dict(nx.all_pairs_dijkstra_path_length(before))
    found = dict(nx.all_pairs_dijkstra_path_length(after))
    for one, two in ((a, b) for a in found for b in found):
        assert (two in found[one]) == (two in expected[one])
        if two in found[one]:
            assert found[one][two] == pytest.approx(expected[one][two])


def test_health_names_pieces_dead_ends_and_stray_points():
    xy = np.array([[0, 0], [100, 0], [200, 0], [0, 5000], [100, 5000.0]])
    network = WalkNetwork(xy, [[0, 1], [1, 2], [3, 4]], [100, 100, 100], 4548)
    found = health(network, np.array([[50, 10], [50, 300], [50, 4990.0]]))
    assert found.components["n_nodes"].tolist() == [3, 2]
    assert found.share_in_largest == 0.6
    assert found.dead_ends.tolist() == [0, 2, 3, 4]
    assert found.far_points == [1]
    assert found.island_points == [2]
