"""Doors in front of which a new link would pass, so that they would join it and not their way."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.attachments import Attachments, LeftOut
from geo.gates import passable_compounds
from geo.graph import walk_graph
from geo.ground import Ground
from geo.opening_gains import Floats, Rows
from geo.snap import snap_points

NEARER_M = 1e-6  # a tie goes to the way that is there


@dataclass(frozen=True, eq=False)
class Nearer:
    """Demand points that lie nearer to a link than to any way; sorted by link."""

    line: Rows
    point: Rows
    access_m: Floats
    along_m: Floats  # from the link's first end
    moves_fixed: NDArray[np.bool_]  # (links,) a station, gate or door behind one would move

    def of(self, line: int) -> tuple[Rows, Floats, Floats]:
        """Return points, metres to the link and metres along it, of one link."""
        part = slice(*np.searchsorted(self.line, [line, line + 1]).tolist())
        return self.point[part], self.access_m[part], self.along_m[part]

    def some(self, keep: NDArray[np.bool_]) -> "Nearer":
        """Return some of the links, numbered anew."""
        number = np.cumsum(keep) - 1
        of_kept = keep[self.line]
        return Nearer(
            number[self.line[of_kept]],
            self.point[of_kept],
            self.access_m[of_kept],
            self.along_m[of_kept],
            self.moves_fixed[keep],
        )


def doors_nearer_to(ground: Ground, sites: Attachments, lines: NDArray[np.object_]) -> Nearer:
    """Find the demand points that would join straight links (k lines in metres), and the rest.

    What stations, gates and the homes in a compound that anyone may cross join decides more than
    one walk, so that links which would move one of them are only marked.
    """
    doors, limit_m = ground.doors, ground.snap_limit_m
    gates = ground.study.gates
    passable = passable_compounds(gates, ground.at)
    in_passable = ground.points["compound_id"].isin(list(passable)).to_numpy()
    reach_m = _reach_m(doors, limit_m)
    is_free = reach_m > 0
    line, point = _within(lines, doors.xy, reach_m, is_free & ~in_passable)
    fixed_xy = [doors.xy[is_free & in_passable], sites.xy, _metres_of_gates(ground)]
    fixed_m = [reach_m[is_free & in_passable], _reach_m(sites, limit_m), _gate_reach_m(ground)]
    every_m = np.concatenate(fixed_m)
    moved, _ = _within(lines, np.concatenate(fixed_xy), every_m, every_m > 0)
    moves_fixed = np.zeros(len(lines), bool)
    moves_fixed[moved] = True
    places = shapely.points(doors.xy[point])
    order = np.lexsort((point, line))
    return Nearer(
        line[order],
        point[order],
        shapely.distance(lines[line], places)[order],
        shapely.line_locate_point(lines[line], places)[order],
        moves_fixed,
    )


def _reach_m(doors: Attachments, limit_m: float) -> Floats:
    """Return how near a link must come to be joined (n,): 0 for a door behind a gate."""
    reach_m = np.zeros(doors.n_points)
    reach_m[doors.left_out == LeftOut.BEYOND_SNAP_LIMIT] = limit_m + 2 * NEARER_M
    direct = doors.gate < 0
    reach_m[doors.point[direct]] = doors.access_m[direct]
    reach_m[~np.isfinite(doors.xy).all(axis=1) | (doors.compound >= 0)] = 0.0
    return reach_m


def _metres_of_gates(ground: Ground) -> Floats:
    gates = ground.study.gates.geometry.to_crs(ground.network.crs)
    return np.asarray(shapely.get_coordinates(gates.to_numpy())).reshape(-1, 2)


def _gate_reach_m(ground: Ground) -> Floats:
    network = ground.network
    usable = walk_graph(network, ground.profile).usable & (network.edge_compound < 0)
    _, _, distance_m = snap_points(
        network, _metres_of_gates(ground), usable=usable, limit_m=ground.snap_limit_m
    )
    return np.minimum(distance_m, ground.snap_limit_m + 2 * NEARER_M)


def _within(
    lines: NDArray[np.object_], xy: Floats, reach_m: Floats, may: NDArray[np.bool_]
) -> tuple[Rows, Rows]:
    """Return the pairs of a line and a point that lies nearer to it than its reach."""
    rows = np.flatnonzero(may)
    if len(rows) == 0 or len(lines) == 0:
        return np.empty(0, np.intp), np.empty(0, np.intp)
    tree = shapely.STRtree(lines)
    point, line = tree.query(shapely.points(xy[rows]), predicate="dwithin", distance=reach_m[rows])
    nearer = shapely.distance(lines[line], shapely.points(xy[rows[point]]))
    is_nearer = nearer < reach_m[rows[point]] - NEARER_M
    return np.asarray(line[is_nearer], np.intp), rows[point[is_nearer]]
