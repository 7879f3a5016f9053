"""Footbridges and passages that are not there yet: a network with links put in."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from geo.compounds import cut_edges
from geo.errors import NetworkError
from geo.network import EdgeKind, WalkNetwork
from geo.snap import positions, snap_points
from geo.text import Text

JOIN_LIMIT_M = 100.0


def with_links(network: WalkNetwork, ends_xy: NDArray[np.float64]) -> WalkNetwork:
    """Return the network with a straight public footway for each pair of places.

    Each end joins the nearest way at its exact position, and the way there is part of the link.

    Parameters
    ----------
    network
        A network without walls put up.
    ends_xy
        (k, 2, 2) metres in the CRS of the network: both ends of each link.

    Raises
    ------
    NetworkError
        An end lies farther than JOIN_LIMIT_M from every way.
    """
    ends_xy = np.asarray(ends_xy, np.float64).reshape(-1, 2, 2)
    for ends in ends_xy:  # a handful; each may join another
        network = _with_link(network, ends)
    return network


def join_links(
    network: WalkNetwork, ends_xy: NDArray[np.float64]
) -> tuple[WalkNetwork, NDArray[np.bool_]]:
    """Return the network with the links that join it, and which do (k,); as `with_links`."""
    ends_xy = np.asarray(ends_xy, np.float64).reshape(-1, 2, 2)
    is_joined = np.zeros(len(ends_xy), dtype=bool)
    for row, ends in enumerate(ends_xy):
        try:
            network = _with_link(network, ends)
        except NetworkError:
            continue
        is_joined[row] = True
    return network, is_joined


def _with_link(network: WalkNetwork, ends: NDArray[np.float64]) -> WalkNetwork:
    edge, fraction, distance_m = snap_points(network, ends, limit_m=JOIN_LIMIT_M)
    if (edge < 0).any():
        raise NetworkError(
            Text(
                f"新通道有一端 {JOIN_LIMIT_M:g} 米之内没有路；请把它画到路边。",
                f"An end of the new link has no way within {JOIN_LIMIT_M:g} m; draw it to a way.",
            )
        )
    cuts: dict[int, list[float]] = {}
    for one, share in zip(edge.tolist(), fraction.tolist(), strict=True):
        cuts.setdefault(one, []).append(share)
    joined = positions(network, edge, fraction)
    network = cut_edges(network, cuts)
    nodes = [_nearest_node(network, xy) for xy in joined]
    shape = np.vstack([joined[:1], ends, joined[1:]])
    length_m = float(np.linalg.norm(ends[1] - ends[0]) + distance_m.sum())
    return replace(
        network,
        edge_nodes=np.vstack([network.edge_nodes, nodes]),
        edge_length_m=np.append(network.edge_length_m, length_m),
        vertex_xy=np.vstack([network.vertex_xy, shape]),
        vertex_start=np.append(network.vertex_start, len(network.vertex_xy) + len(shape)),
        edge_kind=np.append(network.edge_kind, np.uint8(EdgeKind.FOOT)),
        edge_flags=np.append(network.edge_flags, np.uint8(0)),
        edge_crossings=np.append(network.edge_crossings, np.float32(0)),
        edge_signals=np.append(network.edge_signals, np.float32(0)),
        edge_compound=np.append(network.edge_compound, -1),
        edge_name=np.append(network.edge_name, ""),
    )


def _nearest_node(network: WalkNetwork, xy: NDArray[np.float64]) -> int:
    """Return the node at a place where an edge was cut, or the end that is within a centimetre."""
    return int(np.argmin(np.linalg.norm(network.xy - xy, axis=1)))
