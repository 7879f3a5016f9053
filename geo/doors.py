"""Attachments in the form that the kernel reads, and the starting points of walks from them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.attachments import Attachments
from geo.graph import FAR, TICKS_PER_S, WalkGraph
from geo.kernel import Doors, EdgeEnds, Targets, door_ticks
from geo.search import Ids, Ints, arcs_of, clean, search, workspace_for


@dataclass(frozen=True, eq=False)
class Seeds:
    """Where walks begin: origin i begins at the rows [start[i], start[i + 1])."""

    start: Ints
    node: Ids  # routing nodes
    ticks: Ints


def ends_of(graph: WalkGraph) -> EdgeEnds:
    """Return the ends and ticks of all edges."""
    return EdgeEnds(graph.edge_u, graph.edge_v, graph.edge_ticks)


def doors_of(graph: WalkGraph, attached: Attachments) -> Doors:
    """Return the attachments as ticks, grouped by point."""
    ticks_a_metre = TICKS_PER_S / graph.profile.speed_m_s
    from_u, access = door_ticks(
        graph.edge_ticks, attached.edge, attached.fraction, attached.access_m, ticks_a_metre
    )
    counts = np.bincount(attached.point, minlength=attached.n_points)
    start = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    return Doors(start, attached.edge.astype(np.int32, copy=False), from_u, access)


def targets_of(graph: WalkGraph, attached: Attachments, doors: Doors) -> Targets:
    """Return the same grouped by edge."""
    order = np.argsort(doors.edge, kind="stable")
    counts = np.bincount(doors.edge, minlength=len(graph.edge_u))
    return Targets(
        np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
        attached.point[order].astype(np.int32),
        doors.from_u[order],
        doors.access[order],
    )


def seeds_of(graph: WalkGraph, doors: Doors, *, leaves_zone: bool = True) -> Seeds:
    """Return where the walks of each point begin.

    Both ends of its edges; for an edge in a restricted zone also the public nodes that the zone's
    own ways lead to, so that whoever lives inside comes out, and nobody passes through. Without
    `leaves_zone` a walk that begins in a zone stays in it.
    """
    n_points = len(doors.start) - 1
    point = np.repeat(np.arange(n_points), np.diff(doors.start))
    to_v = graph.edge_ticks[doors.edge] - doors.from_u
    parts: list[tuple[NDArray[np.intp], Ids, Ints]] = [
        (point, graph.edge_u[doors.edge], doors.from_u + doors.access),
        (point, graph.edge_v[doors.edge], to_v + doors.access),
    ]
    inside = np.flatnonzero(graph.edge_zone[doors.edge] > 0)
    if leaves_zone and len(inside):
        parts += _ways_out(graph, doors, point, to_v, inside)
    points = np.concatenate([part[0] for part in parts])
    nodes = np.concatenate([part[1] for part in parts])
    ticks = np.concatenate([part[2] for part in parts])
    order = np.argsort(points, kind="stable")
    start = np.searchsorted(points[order], np.arange(n_points + 1)).astype(np.int64)
    return Seeds(start, nodes[order].astype(np.int32), ticks[order].astype(np.int64))


def _ways_out(
    graph: WalkGraph,
    doors: Doors,
    point: NDArray[np.intp],
    to_v: Ints,
    inside: NDArray[np.intp],
) -> list[tuple[NDArray[np.intp], Ids, Ints]]:
    """Search each origin's zone from within: its public nodes and the time to them."""
    work = workspace_for(graph, FAR - 1)
    found = []
    for door in inside:
        edge = doors.edge[door]
        ends = np.array([graph.edge_u[edge], graph.edge_v[edge]], np.int32)
        n_touched = search(
            arcs_of(graph),
            ends,
            np.array([doors.from_u[door], to_v[door]]) + doors.access[door],
            ends,
            FAR - 1,
            work,
        )
        nodes = work.touched[:n_touched]
        exits = nodes[graph.node_public[nodes] >= 0]
        found.append(
            (
                np.full(len(exits), point[door]),
                graph.node_public[exits],
                work.state[exits, 0].astype(np.int64),
            )
        )
        clean(work, n_touched)
    return found
