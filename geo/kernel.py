"""The inner loops: bounded Dijkstra on a WalkGraph, in ticks. Compiled; no checks in here.

A bounded search keeps its front in buckets no wider than most edges take (Dial 1969; within a
bucket labels may be corrected, as in Meyer & Sanders 2003, so the order there does not matter).
The search for the nearest site, which may go on to the end of the network, uses a binary heap of
packed keys. The work arrays are as long as the graph but are reset only where a search touched
them, and origins are taken in spatial order, so the cost of a search depends on what it reaches
and not on the size of the city.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.graph import FAR, NODE_BITS, UNREACHED

NODE_MASK = (1 << NODE_BITS) - 1
Ints = NDArray[np.int64]
Ids = NDArray[np.int32]


class Arcs(NamedTuple):
    """The part of a WalkGraph that a search reads."""

    start: Ids  # (N + 1,)
    head_ticks: Ids  # (A, 2) head and ticks side by side, for one look into memory
    edge: Ids  # (A,)


class Doors(NamedTuple):
    """Points on edges, grouped by point: point p has the rows [start[p], start[p + 1])."""

    start: Ints  # (n + 1,)
    edge: Ids  # (k,)
    from_u: Ints  # (k,) ticks along the edge from its first end
    access: Ints  # (k,) ticks between the point and the edge


class Targets(NamedTuple):
    """The same grouped by edge: edge e has the rows [start[e], start[e + 1])."""

    start: Ints  # (m + 1,)
    point: Ids
    from_u: Ints
    access: Ints


class EdgeEnds(NamedTuple):
    """Both ends of each edge as routing nodes, and its ticks."""

    u: Ids
    v: Ids
    ticks: Ints


@njit(cache=True, nogil=True, inline="always")
def _push(heap: Ints, size: int, key: int) -> int:
    position = size
    while position > 0:
        parent = (position - 1) >> 1
        if heap[parent] <= key:
            break
        heap[position] = heap[parent]
        position = parent
    heap[position] = key
    return size + 1


@njit(cache=True, nogil=True, inline="always")
def _pop(heap: Ints, size: int) -> int:
    """Take the root out; the smallest key was heap[0]. Return the new size."""
    size -= 1
    last = heap[size]
    position = 0
    child = 1
    while child < size:
        if child + 1 < size and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= last:
            break
        heap[position] = heap[child]
        position = child
        child = 2 * position + 1
    heap[position] = last
    return size


class Workspace(NamedTuple):
    """The arrays of a bounded search, made once (`new_workspace`) and clean between searches."""

    ticks: Ids  # (N,) FAR where not reached
    touched: Ids  # (N,)
    bucket: Ids  # first node of each bucket, NONE for an empty one
    after: Ids  # (N,) next node in the same bucket, NONE at its end
    before: Ids  # (N,) previous node, NONE at its beginning, IDLE for a node in no bucket
    bits: int  # of ticks in a bucket


NONE, IDLE = -1, -2


def new_workspace(n_nodes: int, limit: int, bits: int) -> Workspace:
    """Return a clean workspace for searches as far as `limit` ticks, in buckets of 2**bits ticks.

    Allocated by NumPy, which asks the system for large pages: a search jumps about in it.
    """
    return Workspace(
        np.full(n_nodes, FAR, np.int32),
        np.empty(n_nodes, np.int32),
        np.full((limit >> bits) + 2, NONE, np.int32),
        np.full(n_nodes, NONE, np.int32),
        np.full(n_nodes, IDLE, np.int32),
        bits,
    )


@njit(cache=True, nogil=True, inline="always")
def _enter(node: int, into: int, bucket: Ids, after: Ids, before: Ids) -> None:
    first = bucket[into]
    after[node] = first
    before[node] = NONE
    if first != NONE:
        before[first] = node
    bucket[into] = node


@njit(cache=True, nogil=True, inline="always")
def _leave(node: int, out_of: int, bucket: Ids, after: Ids, before: Ids) -> None:
    left, right = before[node], after[node]
    if left == NONE:
        bucket[out_of] = right
    else:
        after[left] = right
    if right != NONE:
        before[right] = left


@njit(cache=True, nogil=True)
def search(  # noqa: PLR0912 - one pass, compiled; a split would copy its state
    arcs: Arcs, seeds: Ids, seed_ticks: Ints, limit: int, work: Workspace
) -> int:
    """Walk from the seeds as far as the limit; return how many nodes were touched.

    Afterwards `work.ticks` holds the ticks of the nodes in `work.touched`; `clean` them before the
    next search. `limit` must be less than FAR and no more than the workspace was made for.
    """
    ticks, touched, bucket = work.ticks, work.touched, work.bucket
    after, before, bits = work.after, work.before, work.bits
    n_touched, n_open = 0, 0
    here_bucket = len(bucket) - 1
    for i in range(len(seeds)):
        node, start = seeds[i], seed_ticks[i]
        known = ticks[node]
        if start <= limit and start < known:
            if known == FAR:
                touched[n_touched] = node
                n_touched += 1
                n_open += 1
            else:
                _leave(node, known >> bits, bucket, after, before)
            ticks[node] = start
            _enter(node, start >> bits, bucket, after, before)
            here_bucket = min(here_bucket, start >> bits)
    while n_open > 0:
        node = bucket[here_bucket]
        if node == NONE:
            here_bucket += 1
            continue
        right = after[node]
        bucket[here_bucket] = right
        if right != NONE:
            before[right] = NONE
        before[node] = IDLE
        n_open -= 1
        here = np.int64(ticks[node])
        for arc in range(arcs.start[node], arcs.start[node + 1]):
            head = arcs.head_ticks[arc, 0]
            there = here + arcs.head_ticks[arc, 1]
            known = ticks[head]
            if there < known and there <= limit:
                if known == FAR:
                    touched[n_touched] = head
                    n_touched += 1
                ticks[head] = there
                into = there >> bits
                if before[head] == IDLE:  # new, or reached again sooner within this bucket
                    n_open += 1
                elif known >> bits != into:
                    _leave(head, known >> bits, bucket, after, before)
                else:
                    continue
                _enter(head, into, bucket, after, before)
    return n_touched


@njit(cache=True, nogil=True, inline="always")
def clean(work: Workspace, n_touched: int) -> None:
    """Make a workspace ready for the next search."""
    for i in range(n_touched):
        work.ticks[work.touched[i]] = FAR


@njit(cache=True, nogil=True)
def reach_many(arcs: Arcs, sources: Ids, limit: int, work: Workspace) -> Ints:
    """Return how many nodes each source reaches within the limit."""
    counts = np.empty(len(sources), np.int64)
    at_once = np.zeros(1, np.int64)
    for i in np.argsort(sources):
        counts[i] = search(arcs, sources[i : i + 1], at_once, limit, work)
        clean(work, counts[i])
    return counts


@njit(cache=True, nogil=True)
def search_nearest(
    arcs: Arcs,
    seeds: Ids,
    seed_ticks: Ints,
    seed_site: Ids,
    limit: int,
    ticks: Ints,
    site: Ids,
    heap: Ints,
) -> None:
    """Walk from all sites at once; ties go to the lower site.

    `ticks` (N,) holds UNREACHED and `site` (N,) -1; afterwards the ticks to the nearest site and
    which one it is. `heap` needs room for every arc twice and every seed.
    """
    size = 0
    for i in range(len(seeds)):
        node = seeds[i]
        start = seed_ticks[i]
        is_nearer = start < ticks[node] or (start == ticks[node] and seed_site[i] < site[node])
        if start <= limit and is_nearer:
            ticks[node] = start
            site[node] = seed_site[i]
            if size == len(heap):
                heap = _grown(heap)
            size = _push(heap, size, (start << NODE_BITS) | np.int64(node))
    while size > 0:
        key = heap[0]
        size = _pop(heap, size)
        node = key & NODE_MASK
        here = key >> NODE_BITS
        if here > ticks[node]:
            continue
        for arc in range(arcs.start[node], arcs.start[node + 1]):
            there = here + arcs.head_ticks[arc, 1]
            head = arcs.head_ticks[arc, 0]
            is_nearer = there < ticks[head] or (there == ticks[head] and site[node] < site[head])
            if is_nearer and there <= limit:
                ticks[head] = there
                site[head] = site[node]
                if size == len(heap):
                    heap = _grown(heap)
                size = _push(heap, size, (there << NODE_BITS) | np.int64(head))


@njit(cache=True, nogil=True)
def _grown(heap: Ints) -> Ints:
    larger = np.empty(2 * len(heap) + 64, np.int64)
    larger[: len(heap)] = heap
    return larger


@njit(cache=True, nogil=True)
def _offer(point: int, value: int, best: Ints, found: Ids, n_found: int) -> int:
    """Keep the smaller time of a point; return how many points have one."""
    if value < best[point]:
        if best[point] == UNREACHED:
            found[n_found] = point
            n_found += 1
        best[point] = value
    return n_found


@njit(cache=True, nogil=True)
def reach_targets(
    arcs: Arcs,
    ends: EdgeEnds,
    targets: Targets,
    limit: int,
    work: Workspace,
    n_touched: int,
    best: Ints,
    found: Ids,
    n_found: int,
) -> int:
    """Offer to each target the time over the ends of its edge; visits each reached edge once."""
    ticks = work.ticks
    for i in range(n_touched):
        node = work.touched[i]
        here = ticks[node]
        for arc in range(arcs.start[node], arcs.start[node + 1]):
            edge = arcs.edge[arc]
            if edge < 0 or targets.start[edge] == targets.start[edge + 1]:
                continue
            head = arcs.head_ticks[arc, 0]
            if ticks[head] < here or (ticks[head] == here and head < node):
                continue  # the edge is visited from its other end
            at_u = np.int64(ticks[ends.u[edge]])
            at_v = np.int64(ticks[ends.v[edge]])
            for row in range(targets.start[edge], targets.start[edge + 1]):
                along = targets.from_u[row]
                value = min(at_u + along, at_v + ends.ticks[edge] - along) + targets.access[row]
                if value <= limit:
                    n_found = _offer(targets.point[row], value, best, found, n_found)
    return n_found


@njit(cache=True, nogil=True)
def reach_along_edges(
    doors: Doors,
    origin: int,
    targets: Targets,
    limit: int,
    best: Ints,
    found: Ids,
    n_found: int,
) -> int:
    """Offer the walk along the origin's own edges, which passes neither of their ends."""
    for door in range(doors.start[origin], doors.start[origin + 1]):
        edge = doors.edge[door]
        for row in range(targets.start[edge], targets.start[edge + 1]):
            value = (
                abs(doors.from_u[door] - targets.from_u[row])
                + doors.access[door]
                + targets.access[row]
            )
            if value <= limit:
                n_found = _offer(targets.point[row], value, best, found, n_found)
    return n_found


@njit(cache=True, nogil=True)
def times_of_rows(
    arcs: Arcs,
    ends: EdgeEnds,
    doors: Doors,
    seed_start: Ints,
    seeds: Ids,
    seed_ticks: Ints,
    targets: Targets,
    n_points: int,
    limit: int,
    origins: Ints,
    work: Workspace,
) -> tuple[Ints, Ids, Ints]:
    """Return what these origins reach: counts, points (ascending for each), ticks."""
    best = np.full(n_points, UNREACHED, np.int64)
    found = np.empty(n_points, np.int32)
    counts = np.zeros(len(origins), np.int64)
    points = np.empty(1024, np.int32)
    values = np.empty(1024, np.int64)
    n_out = 0
    for turn in range(len(origins)):
        origin = origins[turn]
        a, b = seed_start[origin], seed_start[origin + 1]
        n_touched = search(arcs, seeds[a:b], seed_ticks[a:b], limit, work)
        n_found = reach_targets(arcs, ends, targets, limit, work, n_touched, best, found, 0)
        n_found = reach_along_edges(doors, origin, targets, limit, best, found, n_found)
        clean(work, n_touched)
        if n_out + n_found > len(points):
            room = 2 * (n_out + n_found)
            more_points, more_values = np.empty(room, np.int32), np.empty(room, np.int64)
            more_points[:n_out], more_values[:n_out] = points[:n_out], values[:n_out]
            points, values = more_points, more_values
        reached = np.sort(found[:n_found])
        for i in range(n_found):
            point = reached[i]
            points[n_out + i] = point
            values[n_out + i] = best[point]
            best[point] = UNREACHED
        n_out += n_found
        counts[turn] = n_found
    return counts, points[:n_out].copy(), values[:n_out].copy()


@njit(cache=True, nogil=True)
def nearest_of_targets(
    ends: EdgeEnds,
    targets_edge: Ids,
    targets_point: Ids,
    from_u: Ints,
    access: Ints,
    ticks: Ints,
    site: Ids,
    best: Ints,
    best_site: Ids,
) -> None:
    """Give each point the nearest site over the ends of its edges; ties go to the lower site."""
    for row in range(len(targets_edge)):
        edge = targets_edge[row]
        u, v = ends.u[edge], ends.v[edge]
        along = from_u[row]
        for end in range(2):
            node = u if end == 0 else v
            if site[node] < 0:
                continue
            rest = along if end == 0 else ends.ticks[edge] - along
            value = ticks[node] + rest + access[row]
            point = targets_point[row]
            if value < best[point] or (value == best[point] and site[node] < best_site[point]):
                best[point] = value
                best_site[point] = site[node]


@njit(cache=True, nogil=True)
def nearest_along_edges(
    doors: Doors,
    n_sites: int,
    targets: Targets,
    limit: int,
    best: Ints,
    best_site: Ids,
) -> None:
    """Offer the walk along the sites' own edges; ties go to the lower site."""
    for one in range(n_sites):
        for door in range(doors.start[one], doors.start[one + 1]):
            edge = doors.edge[door]
            for row in range(targets.start[edge], targets.start[edge + 1]):
                value = (
                    abs(doors.from_u[door] - targets.from_u[row])
                    + doors.access[door]
                    + targets.access[row]
                )
                point = targets.point[row]
                is_nearer = value < best[point] or (value == best[point] and one < best_site[point])
                if value <= limit and is_nearer:
                    best[point] = value
                    best_site[point] = one
