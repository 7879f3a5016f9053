"""The inner loops from a search to its answer at points on edges. Compiled; no checks in here."""

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.graph import TICKS_PER_MS, UNREACHED
from geo.search import NO_LABEL, SITE_BITS, Arcs, At, Ids, Ints, Workspace, clean, search

Floats = NDArray[np.float64]


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


@njit(cache=True, nogil=True)
def door_ticks(
    edge_ticks: Ints, edge: Ids, fraction: Floats, access_m: Floats, ticks_a_metre: float
) -> tuple[Ints, Ints]:
    """Return the ticks from the first end of each edge (k,) and those between point and edge."""
    from_u, access = np.empty(len(edge), np.int64), np.empty(len(edge), np.int64)
    for row in range(len(edge)):
        from_u[row] = np.rint(fraction[row] * edge_ticks[edge[row]])
        access[row] = np.rint(access_m[row] * ticks_a_metre)
    return from_u, access


@njit(cache=True, nogil=True)
def rounded_seconds(ticks: Any) -> Any:  # noqa: ANN401 - a number or an array of them
    """Return whole milliseconds, in seconds."""
    return ((ticks + TICKS_PER_MS // 2) // TICKS_PER_MS) / 1000.0


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
    state = work.state
    for i in range(n_touched):
        node = work.touched[i]
        here = state[node, 0]
        for arc in range(state[node, 1], state[node + 1, 1]):
            edge = arcs.edge[arc]
            if edge < 0 or targets.start[edge] == targets.start[edge + 1]:
                continue
            head = arcs.head_ticks[arc, 0]
            there = state[head, 0]
            if there < here or (there == here and head < node):
                continue  # the edge is visited from its other end
            at_u = np.int64(state[ends.u[edge], 0])
            at_v = np.int64(state[ends.v[edge], 0])
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
) -> tuple[Floats, Ints]:
    """Return seconds and site of each point after a search from all sites: inf, -1 if none.

    Over the ends of the point's edges, and along an edge that a site stands on; ties go to the
    lower site.
    """
    n = len(points.start) - 1
    seconds, site = np.full(n, np.inf), np.full(n, -1)
    first_door = np.full(len(ends.u), -1, np.int32)  # of each edge; further ones by `next_door`
    next_door = np.full(len(sites.edge), -1, np.int32)
    door_site = np.empty(len(sites.edge), np.int64)
    for one in range(len(sites.start) - 1):
        for door in range(sites.start[one], sites.start[one + 1]):
            door_site[door] = one
            next_door[door] = first_door[sites.edge[door]]
            first_door[sites.edge[door]] = door
    for point in range(n):
        label = NO_LABEL
        for row in range(points.start[point], points.start[point + 1]):
            edge, along = At(points.edge[At(row)]), points.from_u[At(row)]
            access, rest = points.access[At(row)], ends.ticks[edge] - along
            over_u = work.state[At(ends.u[edge]), 0] + ((along + access) << SITE_BITS)
            over_v = work.state[At(ends.v[edge]), 0] + ((rest + access) << SITE_BITS)
            label = min(label, over_u, over_v)
            door = first_door[edge]
            while door >= 0:
                over = abs(sites.from_u[door] - along) + sites.access[door] + access
                label = min(label, (over << SITE_BITS) + door_site[door])
                door = next_door[door]
        if label >> SITE_BITS <= limit:
            seconds[point] = rounded_seconds(label >> SITE_BITS)
            site[point] = label & ((1 << SITE_BITS) - 1)
    return seconds, site
