"""From raw segments to junctions: chains of plain nodes become one edge with its shape kept."""

from dataclasses import dataclass, field

import numpy as np
from numba import njit
from numpy.typing import NDArray
from pyproj import CRS

from geo.network import EdgeFlag, WalkNetwork

Ints = NDArray[np.int64]
MORTON_BITS = 21


@dataclass(frozen=True, eq=False)
class Segments:
    """Straight pieces of ways between neighbouring nodes; s segments over n raw nodes."""

    xy: NDArray[np.float64]  # (n, 2) metres
    ends: Ints  # (s, 2)
    length_m: NDArray[np.float64]  # (s,)
    kind: NDArray[np.uint8]  # (s,)
    flags: NDArray[np.uint8]  # (s,)
    name: NDArray[np.object_]  # (s,)
    crossings: NDArray[np.float32]  # (s,) shares of crossings, summed along an edge
    signals: NDArray[np.float32]
    counts: dict[str, int] = field(default_factory=dict)


def contract(segments: Segments, crs: CRS) -> WalkNetwork:
    """Return the network of junctions: nodes where ways meet, end or change.

    Segments are joined where exactly two of the same kind, flags and name meet. Lengths and shapes
    are kept; parallel edges and loops stay; a ring without any junction keeps one node. Nodes are
    numbered along a Morton curve, edges by their nodes and length, so that the same input gives
    the same network.
    """
    group = _groups(segments)
    chain_start, chain_node, chain_segment = _chains(
        np.ascontiguousarray(segments.ends), group, len(segments.xy)
    )
    n_edges = len(chain_start) - 1
    first = chain_node[chain_start[:-1]]
    last = chain_node[chain_start[1:] - 1]
    used = np.unique(np.concatenate([first, last]))
    order = used[np.argsort(morton(segments.xy[used]), kind="stable")]
    new_id = np.full(len(segments.xy), -1, np.int64)
    new_id[order] = np.arange(len(order))
    segment_start = chain_start - np.arange(n_edges + 1)  # a chain of k nodes has k - 1 segments
    where = chain_segment

    def summed(values: NDArray[np.floating]) -> NDArray[np.float64]:
        some = np.add.reduceat(values[where], segment_start[:-1]) if n_edges else values[:0]
        return some.astype(np.float64)

    length_m = summed(segments.length_m)
    flags = (
        np.bitwise_or.reduceat(segments.flags[where], segment_start[:-1])
        if n_edges
        else segments.flags[:0]
    )
    of_first = where[segment_start[:-1]]
    ends = np.column_stack([new_id[first], new_id[last]])
    flipped = ends[:, 0] > ends[:, 1]
    ends[flipped] = ends[flipped, ::-1]
    by = np.lexsort((length_m, ends[:, 1], ends[:, 0]))
    vertex_start, vertex_node = _ordered_vertices(chain_start, chain_node, by, flipped)
    return WalkNetwork(
        xy=segments.xy[order],
        edge_nodes=ends[by],
        edge_length_m=length_m[by],
        crs=crs,
        vertex_xy=segments.xy[vertex_node],
        vertex_start=vertex_start,
        edge_kind=segments.kind[of_first][by],
        edge_flags=flags[by],
        edge_crossings=summed(segments.crossings)[by].astype(np.float32),
        edge_signals=summed(segments.signals)[by].astype(np.float32),
        edge_name=segments.name[of_first][by],
        counts=segments.counts,
    )


def morton(xy: NDArray[np.float64]) -> NDArray[np.uint64]:
    """Return the position of each point (n,) on a Morton curve: near in space, near in order."""
    low = xy.min(axis=0) if len(xy) else np.zeros(2)
    extent = max(float((xy - low).max(initial=0.0)), 1e-9)
    cells = ((xy - low) / extent * (2**MORTON_BITS - 1)).astype(np.uint64)
    code = np.zeros(len(xy), np.uint64)
    for axis in (0, 1):
        bits = cells[:, axis]
        for shift, mask in (
            (16, 0x0000FFFF0000FFFF),
            (8, 0x00FF00FF00FF00FF),
            (4, 0x0F0F0F0F0F0F0F0F),
            (2, 0x3333333333333333),
            (1, 0x5555555555555555),
        ):
            bits = (bits | (bits << np.uint64(shift))) & np.uint64(mask)
        code |= bits << np.uint64(axis)
    return code


def _groups(segments: Segments) -> Ints:
    """Return a number for each segment (s,) that is equal where kind, flags and name are."""
    flags = segments.flags & ~np.uint8(EdgeFlag.GATE)
    names = {name: number for number, name in enumerate(dict.fromkeys(segments.name))}
    number = np.fromiter((names[name] for name in segments.name), np.int64, len(segments.name))
    return (number << 16) | (flags.astype(np.int64) << 8) | segments.kind


def _ordered_vertices(
    chain_start: Ints, chain_node: Ints, by: NDArray[np.intp], flipped: NDArray[np.bool_]
) -> tuple[Ints, Ints]:
    """Return the chains in the order `by`, the flipped ones backwards."""
    size = np.diff(chain_start)[by]
    start = np.concatenate(([0], np.cumsum(size)))
    step = np.arange(start[-1]) - np.repeat(start[:-1], size)
    is_flipped = np.repeat(flipped[by], size)
    from_first = np.repeat(chain_start[:-1][by], size) + step
    from_last = np.repeat(chain_start[1:][by], size) - 1 - step
    return start, chain_node[np.where(is_flipped, from_last, from_first)]


@njit(cache=True)
def _chains(  # noqa: C901 - one pass, compiled; a split would copy its state
    ends: Ints, group: Ints, n_nodes: int
) -> tuple[Ints, Ints, Ints]:
    """Return the chains: where each begins, its nodes, its segments (one fewer a chain)."""
    n = len(ends)
    degree = np.zeros(n_nodes + 1, np.int64)
    for s in range(n):
        degree[ends[s, 0] + 1] += 1
        degree[ends[s, 1] + 1] += 1
    start = np.cumsum(degree)
    fill = start[:-1].copy()
    at = np.empty(2 * n, np.int64)
    for s in range(n):
        for k in range(2):
            node = ends[s, k]
            at[fill[node]] = s
            fill[node] += 1
    is_plain = np.zeros(n_nodes, np.bool_)
    for node in range(n_nodes):
        a = start[node]
        if start[node + 1] - a == 2:
            one, two = at[a], at[a + 1]
            is_plain[node] = one != two and group[one] == group[two]
    seen = np.zeros(n, np.bool_)
    chain_start = np.zeros(n + 1, np.int64)
    chain_node = np.empty(2 * n, np.int64)
    chain_segment = np.empty(n, np.int64)
    n_chains, n_out, n_segments = 0, 0, 0
    for is_ring in (False, True):  # first from junctions, then the rings without any
        for node in range(n_nodes):
            if is_plain[node] != is_ring:
                continue
            for a in range(start[node], start[node + 1]):
                segment = at[a]
                if seen[segment]:
                    continue
                here = node
                chain_node[n_out] = here
                n_out += 1
                while True:
                    seen[segment] = True
                    chain_segment[n_segments] = segment
                    n_segments += 1
                    here = ends[segment, 0] + ends[segment, 1] - here
                    chain_node[n_out] = here
                    n_out += 1
                    if not is_plain[here] or here == node:
                        break
                    b = start[here]
                    segment = at[b] + at[b + 1] - segment
                n_chains += 1
                chain_start[n_chains] = n_out
    return chain_start[: n_chains + 1], chain_node[:n_out], chain_segment[:n_segments]
