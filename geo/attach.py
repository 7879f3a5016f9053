"""Where points join the walk network: edge, position on it, and the metres between (DESIGN: 接入).

A point outside walls joins the nearest edge. A point in a compound with known gates joins through
each gate that is open: along the inner paths where they lead from the gate to the point, otherwise
straight, and from the gate to the nearest edge outside.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.attachments import Attachments, LeftOut
from geo.errors import CrsError
from geo.gates import attach_through_gates, passable_compounds
from geo.graph import walk_graph
from geo.network import WalkNetwork
from geo.profiles import SpeedProfile, speed_profile
from geo.snap import positions, snap_points
from geo.text import Text

SNAP_LIMIT_M = 100.0
Points: TypeAlias = gpd.GeoDataFrame | gpd.GeoSeries | NDArray[np.float64]


def attach(
    network: WalkNetwork,
    points: Points,
    *,
    profile: str | SpeedProfile = "standard",
    compounds: gpd.GeoDataFrame | None = None,
    gates: gpd.GeoDataFrame | None = None,
    at: datetime | None = None,
    snap_limit_m: float = SNAP_LIMIT_M,
    compound_ids: Iterable[Any] | None = None,
) -> Attachments:
    """Join points to the network.

    Parameters
    ----------
    network
        The network; where there are compounds, the one made by `geo.compounds.walled_network`.
    points
        n points: a frame or series with any CRS, or (n, 2) metres in the CRS of the network.
    profile
        Decides which edges can be used (a wheelchair joins no steps).
    compounds, gates
        Frames as in `geo.study`, any CRS; without them there are no walls.
    at
        Local wall-clock moment that decides which gates are open; None = all.
    snap_limit_m
        The farthest that an edge may lie from a point (or from its gate).
    compound_ids
        (n,) the compound that each point is known to belong to, NA for none; left out, the
        compound polygon that holds it.

    Raises
    ------
    CrsError
        A frame has no CRS.
    """
    profile = speed_profile(profile)
    graph = walk_graph(network, profile)
    xy = metres_of(network, points)
    edge, fraction, distance_m = snap_points(network, xy, usable=graph.usable, limit_m=snap_limit_m)
    left_out = np.where(edge < 0, LeftOut.BEYOND_SNAP_LIMIT, LeftOut.ATTACHED).astype(np.int8)
    left_out[~np.isfinite(xy).all(axis=1)] = LeftOut.NO_COORDINATES
    walled = np.full(len(xy), -1, np.int64)
    if compounds is not None and gates is not None and len(gates) and len(compounds):
        belongs = compounds_of(network, xy, compounds, compound_ids)
        walled = np.where(np.isin(belongs, gates["compound_id"].unique()), belongs, -1)
        walled[_on_open_inner_path(network, belongs, edge, fraction, compounds, gates, at)] = -1
    free = np.flatnonzero((edge >= 0) & (walled < 0)).astype(np.int32)
    rows = [(free, edge[free], fraction[free], distance_m[free], np.full(len(free), -1))]
    if (walled >= 0).any():
        through, shut = attach_through_gates(
            network, profile, xy, walled, gates, at=at, snap_limit_m=snap_limit_m
        )
        rows.append(through)
        inside = walled >= 0
        left_out[inside] = np.where(
            np.isin(np.flatnonzero(inside), through[0]),
            LeftOut.ATTACHED,
            np.where(shut[inside], LeftOut.GATES_SHUT, LeftOut.GATES_APART),
        )
    point, edge, fraction, access_m, gate = (
        np.concatenate([row[k] for row in rows]) for k in range(5)
    )
    order = np.lexsort((gate, point))
    return Attachments(
        n_points=len(xy),
        point=point[order].astype(np.int32),
        edge=edge[order].astype(np.int32),
        fraction=fraction[order],
        access_m=access_m[order],
        gate=gate[order].astype(np.int64),
        xy=xy,
        compound=walled,
        left_out=left_out,
    )


def metres_of(network: WalkNetwork, points: Points) -> NDArray[np.float64]:
    """Return points as (n, 2) metres in the CRS of the network; NaN for a point without place."""
    if isinstance(points, np.ndarray):
        return np.array(points, dtype=np.float64).reshape(-1, 2)
    if points.crs is None:
        raise CrsError(
            Text(
                "这些点没有坐标系；请先注明（例如 EPSG:4326）。",
                "The points have no CRS; set it first (EPSG:4326, for example).",
            )
        )
    shapes = points.geometry.to_crs(network.crs).to_numpy()
    xy = np.full((len(shapes), 2), np.nan)
    has_place = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    is_point = shapely.get_type_id(shapes[has_place]) == shapely.GeometryType.POINT
    places = np.where(is_point, shapes[has_place], shapely.point_on_surface(shapes[has_place]))
    xy[has_place] = shapely.get_coordinates(places)
    return xy


def compounds_of(
    network: WalkNetwork,
    xy: NDArray[np.float64],
    compounds: gpd.GeoDataFrame,
    compound_ids: Iterable[Any] | None,
) -> NDArray[np.int64]:
    """Return the compound id of each point (n,), -1 for none; the lowest id where two overlap."""
    if compound_ids is not None:
        return np.array([-1 if pd.isna(c) else int(c) for c in compound_ids], np.int64)
    ids = np.full(len(xy), np.iinfo(np.int64).max)
    outlines = compounds.geometry.to_crs(network.crs)
    placed = np.flatnonzero(np.isfinite(xy).all(axis=1))
    row, which = outlines.sindex.query(shapely.points(xy[placed]), predicate="intersects")
    np.minimum.at(ids, placed[row], compounds.index.to_numpy(np.int64)[which])
    return np.where(ids == np.iinfo(np.int64).max, -1, ids)


def _on_open_inner_path(
    network: WalkNetwork,
    belongs: NDArray[np.int64],
    edge: NDArray[np.int32],
    fraction: NDArray[np.float64],
    compounds: gpd.GeoDataFrame,
    gates: gpd.GeoDataFrame,
    at: datetime | None,
) -> NDArray[np.bool_]:
    """Mark the points (n,) of a compound open to all whose nearest way lies inside it.

    There the inner paths are public ways, and the gates stand on them.
    """
    is_open_to_all = np.isin(belongs, list(passable_compounds(gates, at))) & (edge >= 0)
    rows = np.flatnonzero(is_open_to_all)
    if len(rows) == 0:
        return is_open_to_all
    outlines = compounds.geometry.to_crs(network.crs)
    places = shapely.points(positions(network, edge[rows], fraction[rows]))
    is_inside = shapely.intersects(outlines.loc[belongs[rows]].to_numpy(), places)
    is_open_to_all[rows[~is_inside]] = False
    return is_open_to_all
