"""What opening a compound to everybody can bring at most, so that few cases are worked out."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from geo.attachments import Attachments
from geo.graph import walk_graph
from geo.ground import Ground
from geo.opening_gains import Floats, Standing, on_ways, some_of
from geo.reach import nearest_site, walking_times
from geo.snap import positions, snap_points

MARGIN_S = 0.05  # more than rounding can move a time


@dataclass(frozen=True, eq=False)
class Outlets:
    """Where walks enter compounds: the public ends of inner ways, and the gates."""

    compound: NDArray[np.int64]  # (k,)
    edge: NDArray[np.int32]
    fraction: Floats
    xy: Floats
    seconds: Floats  # from the nearest station

    def some(self, keep: NDArray[np.bool_]) -> "Outlets":
        """Return some of the rows."""
        return Outlets(
            self.compound[keep],
            self.edge[keep],
            self.fraction[keep],
            self.xy[keep],
            self.seconds[keep],
        )


def bound_of_opening(standing: Standing, compounds: list[int]) -> Floats:
    """Return a weight (k,) that opening each compound to everybody cannot exceed.

    Whoever walks through goes from one of the compound's ways out to another, and no shorter than
    straight; whoever lives inside, or behind a gate beside it, is reached from a way out or a gate
    no sooner than straight either. Ways are taken to be no shorter than the straight line. Where a
    station stands inside, everything may change: the bound is all that is outside.
    """
    ground = standing.ground
    outside = np.flatnonzero(standing.outside)
    goals = some_of(ground.doors, outside)
    ends, gates = _inner_ends(standing), _gates(standing)
    bounds = np.zeros(len(compounds))
    for k, compound in enumerate(compounds):  # a compound at a time: few, and each is small
        if (standing.site_doors.compound == compound).any():
            bounds[k] = standing.weight[outside].sum()
            continue
        own_ends = ends.some(ends.compound == compound)
        own_gates = gates.some(gates.compound == compound)
        within = _beyond(standing, own_ends, goals)
        beside = np.isin(goals.compound, _compounds_beside(ground, compound))
        for outlets in (own_ends, own_gates):
            soon_s = _straight_s(ground, outlets, goals.xy[beside])
            within[beside] |= soon_s <= standing.limit_s + MARGIN_S
        bounds[k] = standing.weight[outside[within]].sum()
    return bounds


def _inner_ends(standing: Standing) -> Outlets:
    """Return the public nodes that inner ways lead to, a row a compound and node."""
    ground = standing.ground
    network, graph = ground.network, walk_graph(ground.network, ground.profile)
    public = np.flatnonzero((graph.edge_zone == 0) & graph.usable)
    inner = np.flatnonzero(network.edge_compound >= 0)
    nodes, first = np.unique(network.edge_nodes[public].T.ravel(), return_index=True)
    pairs = np.column_stack(
        [
            np.repeat(network.edge_compound[inner], 2),
            network.edge_nodes[inner].ravel().astype(np.int64),
        ]
    )
    pairs = np.unique(pairs[np.isin(pairs[:, 1], nodes)], axis=0)
    at = first[np.searchsorted(nodes, pairs[:, 1])]
    edge = np.tile(public, 2)[at].astype(np.int32)
    fraction = (at >= len(public)).astype(np.float64)
    return _outlets(standing, pairs[:, 0], edge, fraction)


def _gates(standing: Standing) -> Outlets:
    """Return where the gates join the public ways; those too far from any are left off."""
    ground = standing.ground
    network, gates = ground.network, ground.study.gates
    usable = walk_graph(network, ground.profile).usable & (network.edge_compound < 0)
    xy = shapely.get_coordinates(gates.geometry.to_crs(network.crs).to_numpy()).reshape(-1, 2)
    edge, fraction, _ = snap_points(network, xy, usable=usable, limit_m=ground.snap_limit_m)
    joined = edge >= 0
    owner = gates["compound_id"].to_numpy(np.int64)
    return _outlets(standing, owner[joined], edge[joined], fraction[joined])


def _outlets(
    standing: Standing, compound: NDArray[np.int64], edge: NDArray[np.int32], fraction: Floats
) -> Outlets:
    ground = standing.ground
    xy = positions(ground.network, edge, fraction)
    times = nearest_site(
        ground.network,
        standing.site_doors,
        on_ways(edge, fraction, xy),
        profile=ground.profile,
    )
    return Outlets(compound, edge, fraction, xy, times["seconds"].to_numpy(float))


def _beyond(standing: Standing, ends: Outlets, goals: Attachments) -> NDArray[np.bool_]:
    """Mark the points (n,) that a straight way through could bring within the limit."""
    ground, limit_s = standing.ground, standing.limit_s + MARGIN_S
    within = np.zeros(goals.n_points, bool)
    soon_s = _straight_s(ground, ends, ends.xy)
    saves = (soon_s < ends.seconds - MARGIN_S) & (soon_s < limit_s)
    if not saves.any():
        return within
    sooner, soon_s = ends.some(saves), soon_s[saves]
    times = walking_times(
        ground.network,
        on_ways(sooner.edge, sooner.fraction, sooner.xy),
        goals,
        profile=ground.profile,
        limit_s=limit_s - float(soon_s.min()),
    )
    row = np.repeat(np.arange(len(soon_s)), np.diff(times.indptr))
    within[times.indices[soon_s[row] + times.data <= limit_s]] = True
    return within


def _straight_s(ground: Ground, outlets: Outlets, xy: Floats) -> Floats:
    """Return the least time (n,) over the outlets: to each, and straight on to the place."""
    if len(outlets.edge) == 0 or len(xy) == 0:
        return np.full(len(xy), np.inf)
    on_s = cdist(outlets.xy, xy) / ground.profile.speed_m_s
    return np.asarray((outlets.seconds[:, None] + on_s).min(axis=0))


def _compounds_beside(ground: Ground, compound: int) -> NDArray[np.int64]:
    """Return the compound and those with a gate that might join its ways, once they are public."""
    study = ground.study
    outline = study.compounds.geometry.loc[compound]
    away_m = study.gates.geometry.distance(outline).to_numpy(float)
    near = away_m <= ground.snap_limit_m
    return np.append(study.gates["compound_id"].to_numpy(np.int64)[near], compound)
