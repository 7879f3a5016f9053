"""Is the network fit to walk on: pieces, dead ends, and points too far from it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geo.attach import SNAP_LIMIT_M, Points, metres_of
from geo.network import WalkNetwork
from geo.snap import snap_points


@dataclass(frozen=True, eq=False)
class NetworkHealth:
    """What `health` found."""

    n_nodes: int
    n_edges: int
    length_km: float
    component: NDArray[np.int32]  # (n,) of each node; 0 is the largest
    components: pd.DataFrame  # one row a piece, largest first: n_nodes, n_edges, length_m
    share_in_largest: float  # of the nodes
    dead_ends: NDArray[np.intp]  # nodes with a single edge end
    far_points: list[object]  # ids of the points beyond the snap limit or without coordinates
    island_points: list[object]  # ids of the points whose nearest edge is not in the largest piece


def health(
    network: WalkNetwork, points: Points | None = None, *, snap_limit_m: float = SNAP_LIMIT_M
) -> NetworkHealth:
    """Examine a network, and where points lie to it.

    `points` as in `geo.attach.attach`; their ids are the index of the frame, or row numbers.
    """
    n_nodes, n_edges = len(network.xy), len(network.edge_nodes)
    u, v = network.edge_nodes[:, 0], network.edge_nodes[:, 1]
    links = coo_array((np.ones(n_edges, np.int8), (u, v)), shape=(n_nodes, n_nodes))
    n_pieces, label = connected_components(links, directed=False)
    table = pd.DataFrame(
        {
            "n_nodes": np.bincount(label, minlength=n_pieces),
            "n_edges": np.bincount(label[u], minlength=n_pieces),
            "length_m": np.bincount(
                label[u], weights=network.edge_length_m, minlength=n_pieces
            ).astype(float),
        }
    )
    order = np.argsort(-table["n_nodes"].to_numpy(), kind="stable")
    rank = np.empty(n_pieces, np.int32)
    rank[order] = np.arange(n_pieces)
    component = rank[label]
    degree = np.bincount(network.edge_nodes.ravel(), minlength=n_nodes)
    far, island = _stray_points(network, component, points, snap_limit_m)
    return NetworkHealth(
        n_nodes=n_nodes,
        n_edges=n_edges,
        length_km=float(network.edge_length_m.sum()) / 1000.0,
        component=component,
        components=table.iloc[order].reset_index(drop=True),
        share_in_largest=float((component == 0).mean()) if n_nodes else 0.0,
        dead_ends=np.flatnonzero(degree == 1),
        far_points=far,
        island_points=island,
    )


def _stray_points(
    network: WalkNetwork,
    component: NDArray[np.int32],
    points: Points | None,
    snap_limit_m: float,
) -> tuple[list[object], list[object]]:
    if points is None:
        return [], []
    ids: NDArray[Any] = (
        np.arange(len(points)) if isinstance(points, np.ndarray) else points.index.to_numpy()
    )
    if not len(network.edge_nodes):
        return ids.tolist(), []
    edge, _, _ = snap_points(network, metres_of(network, points), limit_m=snap_limit_m)
    is_island = (edge >= 0) & (component[network.edge_nodes[edge, 0]] > 0)
    return ids[edge < 0].tolist(), ids[is_island].tolist()
