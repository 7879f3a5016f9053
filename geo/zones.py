"""Restricted zones: edges that lead to places inside them and never through.

An edge is restricted if it is private or lies in a compound (`edge_compound`, set by
`geo.compounds.walled_network`).
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geo.network import EdgeFlag, WalkNetwork


def edge_zones(network: WalkNetwork) -> NDArray[np.int32]:
    """Return the zone of each edge (m,): 0 public, 1… restricted.

    The edges of one compound are one zone. Private edges outside compounds are a zone for each
    connected piece; a piece that touches one compound only (its driveway) belongs to that zone.
    """
    private = (network.edge_flags & EdgeFlag.PRIVATE) != 0
    in_compound = network.edge_compound >= 0
    zones = np.zeros(len(private), np.int32)
    compounds, row = np.unique(network.edge_compound[in_compound], return_inverse=True)
    zones[in_compound] = row + 1
    outside = np.flatnonzero(private & ~in_compound)
    if len(outside) == 0:
        return zones
    n_nodes = len(network.xy)
    ends = network.edge_nodes[outside]
    links = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(n_nodes, n_nodes))
    _, piece_of_node = connected_components(links, directed=False)
    piece = piece_of_node[ends[:, 0]]
    zones[outside] = len(compounds) + 1 + np.unique(piece, return_inverse=True)[1]
    _join_driveways(network, zones, outside, piece, piece_of_node)
    return zones


def _join_driveways(
    network: WalkNetwork,
    zones: NDArray[np.int32],
    outside: NDArray[np.intp],
    piece: NDArray[np.int32],
    piece_of_node: NDArray[np.int32],
) -> None:
    """Give the private pieces that touch exactly one compound the zone of that compound."""
    inner = np.flatnonzero(network.edge_compound >= 0)
    touching = np.unique(
        np.column_stack(
            [
                piece_of_node[network.edge_nodes[inner]].ravel(),
                np.repeat(zones[inner], 2),
            ]
        ),
        axis=0,
    )
    touching = touching[np.isin(touching[:, 0], piece)]
    pieces, first, n_zones = np.unique(touching[:, 0], return_index=True, return_counts=True)
    single = dict(
        zip(pieces[n_zones == 1].tolist(), touching[first[n_zones == 1], 1].tolist(), strict=True)
    )
    for edge, its_piece in zip(outside.tolist(), piece.tolist(), strict=True):
        zones[edge] = single.get(its_piece, zones[edge])
