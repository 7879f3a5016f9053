"""The inner loops: bounded Dijkstra on a WalkGraph, in ticks. Compiled; no checks in here.

A search keeps its front in buckets no wider than most edges take (Dial 1969; within a bucket
labels may be corrected, as in Meyer & Sanders 2003, so the order there does not matter). The work
arrays are as long as the graph but are reset only where a search touched them, and origins are
taken in spatial order, so the cost of a search depends on what it reaches and not on the size of
the city.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.graph import FAR, UNREACHED

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


class Workspace(NamedTuple):
    """The arrays of a bounded search, made once (`new_workspace`) and clean between searches."""

    ticks: Ids  # (N,) FAR where not reached
    touched: Ids  # (N,)
    bucket: Ids  # first node of each bucket, NONE for an empty one
    after: Ids  # (N,) next node in the same bucket, NONE at its end
    before: Ids  # (N,) previous node, NONE at its beginning, IDLE for a node in no bucket
    bits: int  # of ticks in a bucket
    site: Ids  # (N,) the site that each node is nearest to; empty where nobody asks


NONE, IDLE = -1, -2


def new_workspace(n_nodes: int, limit: int, bits: int, *, has_sites: bool) -> Workspace:
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
        np.full(n_nodes if has_sites else 0, NONE, np.int32),
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
def search(  # noqa: C901, PLR0912, PLR0915 - one pass, compiled; a split would copy its state
    arcs: Arcs, seeds: Ids, seed_ticks: Ints, seed_site: Ids, limit: int, work: Workspace
) -> int:
    """Walk from the seeds as far as the limit; return how many nodes were touched.

    Afterwards `work.ticks` holds the ticks of the nodes in `work.touched`; `clean` them before the
    next search. `limit` must be less than FAR and no more than the workspace was made for. With a
    workspace for sites, `work.site` tells the nearest site (`seed_site`); ties go to the lower.
    """
    ticks, touched, bucket = work.ticks, work.touched, work.bucket
    after, before, bits, site = work.after, work.before, work.bits, work.site
    has_sites = len(site) > 0
    n_touched, n_open = 0, 0
    here_bucket = len(bucket) - 1
    for i in range(len(seeds)):
        node, start = seeds[i], seed_ticks[i]
        known = ticks[node]
        is_tie = has_sites and start == known and seed_site[i] < site[node]
        if start <= limit and (start < known or is_tie):
            if known == FAR:
                touched[n_touched] = node
                n_touched += 1
                n_open += 1
            else:
                _leave(node, known >> bits, bucket, after, before)
            if has_sites:
                site[node] = seed_site[i]
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
            if there > known or there > limit:
                continue
            if there < known or (has_sites and site[node] < site[head]):
                if known == FAR:
                    touched[n_touched] = head
                    n_touched += 1
                if has_sites:
                    site[head] = site[node]
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
    if len(work.site) > 0:
        for i in range(n_touched):
            work.site[work.touched[i]] = NONE


@njit(cache=True, nogil=True)
def reach_many(arcs: Arcs, sources: Ids, limit: int, work: Workspace) -> Ints:
    """Return how many nodes each source reaches within the limit."""
    counts = np.empty(len(sources), np.int64)
    at_once = np.zeros(1, np.int64)
    nobody = np.zeros(1, np.int32)
    for i in np.argsort(sources):
        counts[i] = search(arcs, sources[i : i + 1], at_once, nobody, limit, work)
        clean(work, counts[i])
    return counts


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
        n_touched = search(arcs, seeds[a:b], seed_ticks[a:b], seeds[a:b], limit, work)
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
def nearest_of_doors(
    ends: EdgeEnds,
    sites: Doors,
    points: Doors,
    limit: int,
    work: Workspace,
) -> tuple[Ints, Ids]:
    """Return ticks and site of each point after a search from all sites: UNREACHED, -1 if none.

    Over the ends of the point's edges, and along an edge that a site stands on; ties go to the
    lower site.
    """
    n = len(points.start) - 1
    best, best_site = np.full(n, UNREACHED, np.int64), np.full(n, -1, np.int32)
    first_door = np.full(len(ends.u), -1, np.int32)  # of each edge; further ones by `next_door`
    next_door = np.full(len(sites.edge), -1, np.int32)
    door_site = np.empty(len(sites.edge), np.int32)
    for one in range(len(sites.start) - 1):
        for door in range(sites.start[one], sites.start[one + 1]):
            door_site[door] = one
            next_door[door] = first_door[sites.edge[door]]
            first_door[sites.edge[door]] = door
    for point in range(n):
        value, site = np.int64(UNREACHED), np.int32(-1)
        for row in range(points.start[point], points.start[point + 1]):
            edge, along, access = points.edge[row], points.from_u[row], points.access[row]
            u, v = ends.u[edge], ends.v[edge]
            over_u = work.ticks[u] + along + access
            over_v = work.ticks[v] + ends.ticks[edge] - along + access
            if work.site[u] >= 0 and _is_nearer(over_u, work.site[u], value, site):
                value, site = over_u, work.site[u]
            if work.site[v] >= 0 and _is_nearer(over_v, work.site[v], value, site):
                value, site = over_v, work.site[v]
            door = first_door[edge]
            while door >= 0:
                over = abs(sites.from_u[door] - along) + sites.access[door] + access
                if _is_nearer(over, door_site[door], value, site):
                    value, site = over, door_site[door]
                door = next_door[door]
        if value <= limit:
            best[point], best_site[point] = value, site
    return best, best_site


@njit(cache=True, nogil=True, inline="always")
def _is_nearer(value: int, site: int, best: int, best_site: int) -> bool:
    return value < best or (value == best and site < best_site)
