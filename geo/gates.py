"""Points behind walls: each joins the network through every open gate of its compound."""

from datetime import datetime

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.attachments import Attachments
from geo.doors import doors_of, ends_of, seeds_of, targets_of
from geo.graph import TICKS_PER_S, walk_graph
from geo.hours import is_open
from geo.kernel import times_of_rows
from geo.network import WalkNetwork
from geo.profiles import SpeedProfile
from geo.search import arcs_of, workspace_for
from geo.snap import snap_points

GATE_TO_INNER_PATH_M = 15.0  # an inner path that comes this near to a gate leads to it
INNER_LIMIT = 3600 * TICKS_PER_S
Rows = tuple[
    NDArray[np.int32],
    NDArray[np.int32],
    NDArray[np.float64],
    NDArray[np.float64],
    NDArray[np.int64],
]


def attach_through_gates(
    network: WalkNetwork,
    profile: SpeedProfile,
    xy: NDArray[np.float64],
    walled: NDArray[np.int64],
    gates: gpd.GeoDataFrame,
    *,
    at: datetime | None,
    snap_limit_m: float,
) -> tuple[Rows, NDArray[np.bool_]]:
    """Return the attachments (point, edge, fraction, access_m, gate) and who has no open gate.

    `walled` (n,) is the compound of each point, -1 for none. The second array (n,) marks the
    points whose compound has gates of which none is open.
    """
    usable = walk_graph(network, profile).usable
    gates = gates[open_gates(gates, at)]
    shut = (walled >= 0) & ~np.isin(walled, gates["compound_id"].to_numpy(np.int64))
    gate_xy = shapely.get_coordinates(gates.geometry.to_crs(network.crs).to_numpy())
    edge, fraction, distance_m = snap_points(
        network,
        gate_xy,
        usable=usable & (network.edge_compound < 0),
        limit_m=snap_limit_m,
    )
    point, gate = _pairs(walled, gates["compound_id"].to_numpy(np.int64), edge >= 0)
    inner_m = np.linalg.norm(xy[point] - gate_xy[gate], axis=1)
    along = _inner_metres(network, profile, xy, walled, gate_xy, gates, (point, gate))
    access_m = np.where(np.isfinite(along), along, inner_m) + distance_m[gate]
    rows = (
        point.astype(np.int32),
        edge[gate],
        fraction[gate],
        access_m,
        gates.index.to_numpy(np.int64)[gate],
    )
    return rows, shut


def _pairs(
    walled: NDArray[np.int64], compound_of_gate: NDArray[np.int64], serves: NDArray[np.bool_]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return every pair of a point and a serving gate of its compound."""
    inside = np.flatnonzero(walled >= 0)
    points = pd.DataFrame({"compound": walled[inside], "point": inside})
    doors = pd.DataFrame(
        {"compound": compound_of_gate[serves], "gate": np.flatnonzero(serves)},
    )
    pairs = points.merge(doors, on="compound").sort_values(["point", "gate"])
    return pairs["point"].to_numpy(np.intp), pairs["gate"].to_numpy(np.intp)


def _inner_metres(
    network: WalkNetwork,
    profile: SpeedProfile,
    xy: NDArray[np.float64],
    walled: NDArray[np.int64],
    gate_xy: NDArray[np.float64],
    gates: gpd.GeoDataFrame,
    pairs: tuple[NDArray[np.intp], NDArray[np.intp]],
) -> NDArray[np.float64]:
    """Return the metres along inner paths for each pair, inf where none lead there.

    Searches from the gates over the edges of their own compound; steps and crossings inside are
    in it as the metres that could be walked on the level in that time.
    """
    point, gate = pairs
    metres = np.full(len(point), np.inf)
    is_inner = network.edge_compound >= 0
    if not is_inner.any() or len(point) == 0:
        return metres
    graph = walk_graph(network, profile)
    usable = graph.usable & is_inner
    used_gates, gate_row = np.unique(gate, return_inverse=True)
    used_points, point_row = np.unique(point, return_inverse=True)
    compound_of_gate = gates["compound_id"].to_numpy(np.int64)[used_gates]
    starts = _join_inner(
        network, gate_xy[used_gates], compound_of_gate, usable, GATE_TO_INNER_PATH_M
    )
    goals = _join_inner(network, xy[used_points], walled[used_points], usable, np.inf)
    doors, goal_doors = doors_of(graph, starts), doors_of(graph, goals)
    seeds = seeds_of(graph, doors, leaves_zone=False)
    counts, reached, ticks = times_of_rows(
        arcs_of(graph),
        ends_of(graph),
        doors,
        seeds.start,
        seeds.node,
        seeds.ticks,
        targets_of(graph, goals, goal_doors),
        len(used_points),
        INNER_LIMIT,
        np.arange(len(used_gates)),
        workspace_for(graph, INNER_LIMIT),
    )
    origin = np.repeat(np.arange(len(used_gates)), counts)
    found = pd.Series(
        ticks / TICKS_PER_S * profile.speed_m_s,
        index=pd.MultiIndex.from_arrays([origin, reached]),
    )
    wanted = pd.MultiIndex.from_arrays([gate_row, point_row])
    return found.reindex(wanted).fillna(np.inf).to_numpy()


def _join_inner(
    network: WalkNetwork,
    xy: NDArray[np.float64],
    compound: NDArray[np.int64],
    usable: NDArray[np.bool_],
    limit_m: float,
) -> Attachments:
    """Join points to the nearest inner edge, where that belongs to their own compound."""
    edge, fraction, distance_m = snap_points(
        network, xy, usable=usable, limit_m=min(limit_m, 500.0)
    )
    own = np.flatnonzero((edge >= 0) & (network.edge_compound[edge] == compound))
    return Attachments(
        n_points=len(xy),
        point=own.astype(np.int32),
        edge=edge[own],
        fraction=fraction[own],
        access_m=distance_m[own],
        gate=np.full(len(own), -1, np.int64),
        xy=xy,
        compound=compound,
        left_out=np.zeros(len(xy), np.int8),
    )


def open_gates(gates: gpd.GeoDataFrame, at: datetime | None) -> NDArray[np.bool_]:
    """Return which gates are open at a local moment; unknown hours and no moment count as open."""
    if at is None:
        return np.ones(len(gates), bool)
    return np.array([hours is None or is_open(hours, at) for hours in gates["hours"]], bool)


def passable_compounds(gates: gpd.GeoDataFrame, at: datetime | None) -> set[int]:
    """Return the ids of compounds that anyone may cross: all known gates open to all, and open."""
    lets_through = gates["open_to_all"].to_numpy(bool) & open_gates(gates, at)
    all_open = pd.Series(lets_through).groupby(gates["compound_id"].to_numpy()).all()
    return {int(compound) for compound in all_open.index[all_open]}
