"""The walking route itself: which ways the shortest walk between two points takes."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.attachments import Attachments
from geo.doors import doors_of, seeds_of
from geo.graph import FAR, TICKS_PER_MS, WalkGraph, walk_graph
from geo.network import WalkNetwork
from geo.profiles import SpeedProfile, speed_profile
from geo.search import arcs_of, search, ticks_of, workspace_for
from geo.snap import positions

Places = list[NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class Route:
    """A walk: seconds (whole milliseconds), metres, and its line in the CRS of the network."""

    seconds: float
    metres: float
    line: shapely.LineString


def walking_route(
    network: WalkNetwork,
    origins: Attachments,
    origin: int,
    destinations: Attachments,
    destination: int,
    *,
    profile: str | SpeedProfile = "standard",
    gates: gpd.GeoDataFrame | None = None,
) -> Route | None:
    """Return the shortest walk from one attached point to another, None where there is none.

    `origin` and `destination` are rows of the attachments; `gates` (metric, as in `geo.study`)
    lets the line bend at the gate that is passed. The seconds are those of `walking_times`.
    """
    profile = speed_profile(profile)
    graph = walk_graph(network, profile)
    direct = _inner_walk(origins, origin, destinations, destination, profile)
    best = _over_network(network, graph, origins, origin, destinations, destination, gates)
    if best is None or (direct is not None and direct.seconds <= best.seconds):
        return direct
    return best


def _inner_walk(
    origins: Attachments,
    origin: int,
    destinations: Attachments,
    destination: int,
    profile: SpeedProfile,
) -> Route | None:
    """Return the straight walk behind one wall."""
    compound = origins.compound[origin]
    if compound < 0 or compound != destinations.compound[destination]:
        return None
    line = shapely.LineString([origins.xy[origin], destinations.xy[destination]])
    return Route(round(line.length / profile.speed_m_s, 3), line.length, line)


def _over_network(
    network: WalkNetwork,
    graph: WalkGraph,
    origins: Attachments,
    origin: int,
    destinations: Attachments,
    destination: int,
    gates: gpd.GeoDataFrame | None,
) -> Route | None:
    start, goal = _only(origins, origin), _only(destinations, destination)
    doors, goal_doors = doors_of(graph, start), doors_of(graph, goal)
    seeds = seeds_of(graph, doors)
    work = workspace_for(graph, FAR - 1)
    search(arcs_of(graph), seeds.node, seeds.ticks, seeds.node, FAR - 1, work)
    ticks = ticks_of(work).astype(np.int64)
    ends = [
        (int(ticks[node] + rest + goal_doors.access[k]), k, side)
        for k, edge in enumerate(goal.edge.tolist())
        for side, node, rest in (
            (0, graph.edge_u[edge], goal_doors.from_u[k]),
            (1, graph.edge_v[edge], graph.edge_ticks[edge] - goal_doors.from_u[k]),
        )
    ]
    along = [
        (
            int(abs(doors.from_u[i] - goal_doors.from_u[k]))
            + int(doors.access[i] + goal_doors.access[k]),
            k,
            i,
        )
        for i in range(len(start.edge))
        for k in range(len(goal.edge))
        if start.edge[i] == goal.edge[k]
    ]
    by_node, on_edge = min(ends, default=None), min(along, default=None)
    if on_edge is not None and (by_node is None or on_edge[0] <= by_node[0]):
        total, k, i = on_edge
        part = _stretch(network, int(goal.edge[k]), start.fraction[i], goal.fraction[k])
        places = [*_access(start, i, gates), part, *_access(goal, k, gates)[::-1]]
        return _route(total, places)
    if by_node is None or by_node[0] >= FAR:
        return None
    total, k, side = by_node
    edge = int(goal.edge[k])
    node = int(graph.edge_u[edge] if side == 0 else graph.edge_v[edge])
    back = [_stretch(network, edge, float(side), goal.fraction[k])]
    node, passed = _backwards(network, graph, seeds.node, seeds.ticks, ticks, node)
    first = _first_leg(network, graph, start, node, int(ticks[node]), gates)
    places = [*first, *passed, *back, *_access(goal, k, gates)[::-1]]
    return _route(total, places)


def _only(attached: Attachments, row: int) -> Attachments:
    """Return the attachments of a single point."""
    mine = attached.point == row
    return Attachments(
        n_points=1,
        point=np.zeros(int(mine.sum()), np.int32),
        edge=attached.edge[mine],
        fraction=attached.fraction[mine],
        access_m=attached.access_m[mine],
        gate=attached.gate[mine],
        xy=attached.xy[row : row + 1],
        compound=attached.compound[row : row + 1],
        left_out=attached.left_out[row : row + 1],
    )


def _backwards(
    network: WalkNetwork,
    graph: WalkGraph,
    seed_nodes: NDArray[np.int32],
    seed_ticks: NDArray[np.int64],
    ticks: NDArray[np.int64],
    node: int,
) -> tuple[int, Places]:
    """Follow the times back to a seed; return it and the shapes passed, in walking order."""
    shapes: Places = []
    first = dict.fromkeys(seed_nodes.tolist(), FAR)
    for seed, start in zip(seed_nodes.tolist(), seed_ticks.tolist(), strict=True):
        first[seed] = min(first[seed], start)
    while first.get(node) != ticks[node]:
        public = int(graph.node_public[node])
        for arc in range(graph.arc_start[node], graph.arc_start[node + 1]):
            edge = int(graph.arc_edge[arc])
            other, spent = graph.arc_head_ticks[arc].tolist()
            if edge >= 0 and other != node and ticks[other] + spent == ticks[node]:
                shape = network.shape_of(edge)
                shapes.append(shape if graph.edge_u[edge] == other else shape[::-1])
                node = other
                break
        else:
            if public < 0 or ticks[public] != ticks[node]:
                break
            node = public
    return node, shapes[::-1]


def _first_leg(
    network: WalkNetwork,
    graph: WalkGraph,
    start: Attachments,
    node: int,
    node_ticks: int,
    gates: gpd.GeoDataFrame | None,
) -> Places:
    """Return the way from the origin's door to the node where the walk enters the network."""
    doors = doors_of(graph, start)
    for k, edge in enumerate(start.edge.tolist()):
        to_u = int(doors.from_u[k] + doors.access[k])
        to_v = int(graph.edge_ticks[edge] - doors.from_u[k] + doors.access[k])
        for side, end, spent in ((0.0, graph.edge_u[edge], to_u), (1.0, graph.edge_v[edge], to_v)):
            if end == node and spent == node_ticks:
                return [
                    *_access(start, k, gates),
                    _stretch(network, edge, start.fraction[k], side),
                ]
    return [start.xy[:1], network.xy[graph.node[node]][None]]  # out of a zone: drawn straight


def _access(attached: Attachments, row: int, gates: gpd.GeoDataFrame | None) -> Places:
    """Return the point itself and, where it is known, the gate it goes through."""
    places = [attached.xy[:1]]
    gate = int(attached.gate[row])
    if gate >= 0 and gates is not None and gate in gates.index:
        places.append(shapely.get_coordinates(gates.geometry.loc[gate]))
    return places


def _stretch(
    network: WalkNetwork, edge: int, from_share: float, to_share: float
) -> NDArray[np.float64]:
    """Return the vertices between two positions on an edge, in walking order."""
    shape = network.shape_of(edge)
    run = np.concatenate(([0.0], np.cumsum(np.linalg.norm(np.diff(shape, axis=0), axis=1))))
    low, high = min(from_share, to_share), max(from_share, to_share)
    inner = shape[(run > low * run[-1]) & (run < high * run[-1])]
    ends = positions(network, np.array([edge, edge]), np.array([low, high]))
    part = np.concatenate([ends[:1], inner, ends[1:]])
    return part if from_share <= to_share else part[::-1]


def _route(ticks: int, places: Places) -> Route:
    xy = np.concatenate(places)
    moved = np.concatenate(([True], np.linalg.norm(np.diff(xy, axis=0), axis=1) > 1e-6))
    xy = xy[moved] if moved.sum() > 1 else xy[:2]
    line = shapely.LineString(xy)
    return Route(((ticks + TICKS_PER_MS // 2) // TICKS_PER_MS) / 1000.0, line.length, line)
