"""A walk network under one speed profile, as the directed graph that the kernel walks on.

Time is kept in whole ticks of 1/32 ms: rounding an edge to ticks can never add up to 10 ms on a
walk, and a walk of exactly the limit stays within half a millisecond of it. Results are rounded to
whole milliseconds at the door and then compared with the limit.

Restricted zones (see `geo.zones`) are exact in one plain search: a node that touches several zones
has a copy in each and a public one, and a one-way arc of no time leads from the public copy into
each restricted one. So a walk can end in a zone and cannot come out of it. Walks that begin in a
zone get, as further starting points, the public nodes that its own ways lead to (`geo.kernel`).
"""

import weakref
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.contract import morton
from geo.errors import NetworkError
from geo.network import EdgeFlag, WalkNetwork
from geo.profiles import SpeedProfile, speed_profile
from geo.text import Text
from geo.zones import edge_zones

TICKS_PER_MS = 32
TICKS_PER_S = 1000 * TICKS_PER_MS
FAR = 2**31 - 1  # ticks of a node that a bounded search did not reach; 18.6 hours
UNREACHED = np.int64(2**38)  # the same of a point, beyond any sum of ticks and access
BUCKET_BITS = (15, 19)


@dataclass(frozen=True, eq=False)
class WalkGraph:
    """N routing nodes and A arcs in compressed rows; m edges as in the network. Read-only."""

    profile: SpeedProfile
    arc_start: NDArray[np.int32]  # (N + 1,)
    arc_head_ticks: NDArray[np.int32]  # (A, 2) routing node it leads to, ticks
    arc_edge: NDArray[np.int32]  # (A,) edge of the arc; -1 for the arcs into a zone
    node: NDArray[np.int32]  # (N,) network node of each routing node
    node_zone: NDArray[np.int32]  # (N,) 0 public
    node_public: NDArray[np.int32]  # (N,) public copy of a zone's node, -1 without one
    edge_u: NDArray[np.int32]  # (m,) routing nodes of the edge's ends
    edge_v: NDArray[np.int32]
    edge_ticks: NDArray[np.int64]  # (m,)
    edge_zone: NDArray[np.int32]  # (m,)
    usable: NDArray[np.bool_]  # (m,) the profile can walk it
    bucket_bits: int  # a search keeps its front in buckets of 2**bits ticks


_graphs: "weakref.WeakKeyDictionary[WalkNetwork, dict[SpeedProfile, WalkGraph]]" = (
    weakref.WeakKeyDictionary()
)


def walk_graph(network: WalkNetwork, profile: str | SpeedProfile) -> WalkGraph:
    """Return the graph of a network under a profile; made once for each pair.

    Raises
    ------
    NetworkError
        An edge takes longer than 18 hours.
    """
    profile = speed_profile(profile)
    known = _graphs.setdefault(network, {})
    if profile not in known:
        known[profile] = _make_graph(network, profile)
    return known[profile]


def edge_seconds(network: WalkNetwork, profile: SpeedProfile) -> NDArray[np.float64]:
    """Return the time of each edge (m,): length / speed x steps factor + waiting at crossings."""
    is_steps = (network.edge_flags & EdgeFlag.STEPS) != 0
    factor = np.where(is_steps, profile.steps_factor, 1.0)
    waiting = (
        network.edge_crossings * profile.crossing_delay_s
        + network.edge_signals * profile.signal_delay_s
    )
    return network.edge_length_m / profile.speed_m_s * factor + waiting


def _make_graph(network: WalkNetwork, profile: SpeedProfile) -> WalkGraph:
    ticks = np.rint(edge_seconds(network, profile) * TICKS_PER_S).astype(np.int64)
    if len(ticks) and ticks.max() >= 2**31:
        longest = int(ticks.argmax())
        raise NetworkError(
            Text(
                f"第 {longest} 条路段长 {network.edge_length_m[longest]:.0f} 米，不像步行路段；"
                "请检查坐标单位。",
                f"Edge {longest} is {network.edge_length_m[longest]:.0f} m long, which is no "
                "walk; check the unit of the coordinates.",
            ),
            ids=[longest],
        )
    is_steps = (network.edge_flags & EdgeFlag.STEPS) != 0
    usable = np.ones(len(ticks), bool) if profile.uses_steps else ~is_steps
    zones = edge_zones(network)
    node, node_zone, ends = _routing_nodes(network, zones)
    node_public = _public_copies(node, node_zone)
    start, head_ticks, arc_edge = _arcs(ends, ticks, usable, node_public)
    return WalkGraph(
        profile=profile,
        arc_start=start,
        arc_head_ticks=head_ticks,
        arc_edge=arc_edge,
        node=node,
        node_zone=node_zone,
        node_public=node_public,
        edge_u=np.ascontiguousarray(ends[:, 0]),
        edge_v=np.ascontiguousarray(ends[:, 1]),
        edge_ticks=ticks,
        edge_zone=zones,
        usable=usable,
        bucket_bits=_bucket_bits(ticks[usable]),
    )


def _bucket_bits(ticks: NDArray[np.int64]) -> int:
    """Return the width of a bucket: half of what the median edge takes, from 1 to 16 s."""
    typical = float(np.median(ticks)) if len(ticks) else 0.0
    return int(np.clip(np.log2(max(typical / 2, 1.0)), *BUCKET_BITS))


def _routing_nodes(
    network: WalkNetwork, zones: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Return node (N,), zone (N,) and the ends of each edge as routing nodes (m, 2).

    They are numbered along a Morton curve, so that a search stays in few pages of memory; the
    copies of one node stand side by side.
    """
    n_zones = int(zones.max(initial=0)) + 1
    order = np.argsort(morton(network.xy), kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    if n_zones == 1:  # nothing is restricted: the network's own nodes
        return (
            order.astype(np.int32),
            np.zeros(len(order), np.int32),
            rank[network.edge_nodes].astype(np.int32),
        )
    pair = rank[network.edge_nodes] * n_zones + zones[:, None]
    pairs = np.unique(pair)
    place, n_copies = np.unique(pairs // n_zones, return_counts=True)
    # Where zones meet, the node itself is public: whoever comes out of one may enter the other.
    pairs = np.union1d(pairs, place[n_copies > 1] * n_zones)
    return (
        order[pairs // n_zones].astype(np.int32),
        (pairs % n_zones).astype(np.int32),
        np.searchsorted(pairs, pair).astype(np.int32),
    )


def _public_copies(node: NDArray[np.int32], zone: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return for each zone copy the routing node of its public copy, -1 without one (N,)."""
    public = np.full(int(node.max(initial=-1)) + 1, -1, np.int32)
    is_public = zone == 0
    public[node[is_public]] = np.flatnonzero(is_public)
    return np.where(is_public, -1, public[node]).astype(np.int32)


def _arcs(
    ends: NDArray[np.int32],
    ticks: NDArray[np.int64],
    usable: NDArray[np.bool_],
    node_public: NDArray[np.int32],
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Return start, (head, ticks) and edge of the arcs, grouped by tail."""
    edge = np.flatnonzero(usable).astype(np.int32)
    u, v = ends[edge, 0], ends[edge, 1]
    is_loop = u == v  # one arc is enough to find its points, and it never shortens a walk
    copies = np.flatnonzero(node_public >= 0).astype(np.int32)
    tail = np.concatenate([u, v[~is_loop], node_public[copies]])
    head = np.concatenate([v, u[~is_loop], copies])
    of_edge = np.concatenate([edge, edge[~is_loop], np.full(len(copies), -1, np.int32)])
    order = np.argsort(tail, kind="stable")
    of_edge = of_edge[order]
    arc_ticks = np.where(of_edge >= 0, ticks[of_edge], 0)
    counts = np.bincount(tail, minlength=len(node_public))
    start = np.concatenate(([0], np.cumsum(counts))).astype(np.int32)
    return start, np.column_stack([head[order], arc_ticks]).astype(np.int32), of_edge
