"""What no limit and no station changes: the walled network and the doors that open on it."""

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime

import geopandas as gpd
import numpy as np

from geo.attach import attach
from geo.attachments import Attachments
from geo.compounds import walled_network
from geo.demand import demand_points
from geo.graph import walk_graph
from geo.hours import is_open
from geo.network import WalkNetwork
from geo.profiles import SpeedProfile
from geo.raster import NetworkRaster, network_raster
from geo.study import Study

SNAP_LIMIT_M = 100.0


@dataclass(frozen=True, eq=False)
class Ground:
    """A study made ready for one way of walking at one state of its gates. Read-only.

    Laying it is the slow part; every limit, station and weight then works on the same ground.
    """

    study: Study
    profile: SpeedProfile
    at: datetime | None
    snap_limit_m: float
    network: WalkNetwork
    points: gpd.GeoDataFrame  # demand points, see geo.demand
    doors: Attachments  # of the points
    raster: NetworkRaster


def ground_key(study: Study, profile: SpeedProfile, at: datetime | None) -> tuple[Hashable, ...]:
    """Return what a ground depends on: two moments with the same gates open share one ground."""
    closed = () if at is None else closed_gates(study.gates, at)
    return (study.version, profile.name, closed)


def closed_gates(gates: gpd.GeoDataFrame, at: datetime) -> tuple[int, ...]:
    """Return the ids of the gates that are shut at a moment."""
    shut = [hours is not None and not is_open(hours, at) for hours in gates["hours"]]
    return tuple(int(i) for i in gates.index[np.array(shut, bool)])


def lay_ground(
    study: Study,
    profile: SpeedProfile,
    at: datetime | None = None,
    *,
    snap_limit_m: float = SNAP_LIMIT_M,
) -> Ground:
    """Make a study ready: put up the walls, join every door to the network, lay the raster.

    `at` is a local wall-clock moment (None: all gates open); `snap_limit_m` in metres.
    """
    network = walled_network(study.network, study.compounds, study.gates, at=at)
    points = demand_points(study)
    doors = attach(
        network,
        points,
        profile=profile,
        compounds=study.compounds,
        gates=study.gates,
        at=at,
        snap_limit_m=snap_limit_m,
        compound_ids=points["compound_id"],
    )
    raster = network_raster(
        network, walk_graph(network, profile).usable, limit_m=min(snap_limit_m, SNAP_LIMIT_M)
    )
    return Ground(study, profile, at, snap_limit_m, network, points, doors, raster)
