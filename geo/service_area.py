"""Service areas: what can be reached on foot within some minutes, as polygons for the map.

The area is the contour of exact walking times on a raster of the network. It illustrates; whether
a residence is covered is decided at its door, never by this polygon.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from contourpy import FillType, contour_generator
from numba import njit
from numpy.typing import NDArray

from geo.attach import Points, attach
from geo.attachments import Attachments
from geo.doors import doors_of
from geo.errors import ReachError
from geo.graph import FAR, TICKS_PER_S, WalkGraph, walk_graph
from geo.kernel import EdgeEnds
from geo.network import WalkNetwork
from geo.profiles import SpeedProfile, speed_profile
from geo.raster import (
    NetworkRaster,
    Window,
    fill,
    raster_of,
    refined_raster,
    whole_of,
    window_of,
)
from geo.reach import node_ticks
from geo.search import Ids, Ints
from geo.snap import positions
from geo.text import Text

Grid = NDArray[np.float64]
Pixels = NDArray[np.float32]
SHAPE_STEP = 32  # windows are drawn in arrays whose sides are multiples of it


def service_areas(
    network: WalkNetwork,
    sites: Points | Attachments,
    *,
    minutes: Sequence[float] = (5, 10, 15),
    profile: str | SpeedProfile = "standard",
    raster: NetworkRaster | None = None,
    **attach_options: Any,  # noqa: ANN401 - passed on to `attach`
) -> gpd.GeoDataFrame:
    """Draw what can be reached from any of the sites, one area a level.

    Parameters
    ----------
    network
        The walk network; with walls, the one made by `geo.compounds.walled_network`.
    sites
        Points or attachments, as in `geo.reach.walking_times`.
    minutes
        The levels.
    profile
        A speed profile or its name.
    raster
        What `geo.raster.network_raster` laid over this network, if it is at hand; most of the
        time goes into filling it.
    **attach_options
        Passed to `geo.attach.attach` for sites that are not attached yet.

    Returns
    -------
    areas
        One row a level, ascending: minutes (float) and geometry (polygon or multipolygon in the
        CRS of the network, with holes); each contains the ones before it. Reaches no farther
        from the ways than the raster's limit. Empty without attached sites.

    Raises
    ------
    ReachError
        A level is not above zero, or the profile is not known.
    """
    levels = require_minutes(minutes)
    profile = speed_profile(profile)
    if not isinstance(sites, Attachments):
        sites = attach(network, sites, profile=profile, **attach_options)
    if raster is None:
        raster = raster_of(network, walk_graph(network, profile).usable)
    seconds, raster, window = _times_on_raster(network, sites, profile, raster, 60.0 * levels[-1])
    walk_s = raster.pixel_m / profile.speed_m_s
    areas = [area_within(seconds, raster, window, 60.0 * level, walk_s) for level in levels]
    areas = [_with_doorsteps(area, sites, raster.pixel_m) for area in areas]
    for row in range(1, len(areas)):
        if not shapely.contains(areas[row], areas[row - 1]):
            areas[row] = shapely.union(areas[row], areas[row - 1])
    return gpd.GeoDataFrame({"minutes": levels}, geometry=areas, crs=network.crs)


def _times_on_raster(
    network: WalkNetwork,
    sites: Attachments,
    profile: SpeedProfile,
    raster: NetworkRaster,
    limit_s: float,
) -> tuple[Grid, NetworkRaster, Window]:
    """Return the seconds to each pixel of a window that holds all that can be reached, and where.

    A small area is drawn on a finer raster of its own. The array may be larger than the window, by
    rows and columns that are not reached.
    """
    graph = walk_graph(network, profile)
    ticks = node_ticks(network, sites, profile=profile, limit_s=limit_s)
    if len(sites.edge) == 0:
        return np.full((2, 2), np.inf), raster, Window(0, 0, 2, 2)
    low, high, edges = _reached_box(network, graph, sites, raster.shape_m, ticks, limit_s)
    margin = raster.limit_m + 2 * raster.pixel_m
    window = window_of(raster, low - margin, high + margin)
    fill(raster, window)
    seconds = _window_seconds(graph, sites, raster, window, ticks)
    refined = refined_raster(raster, window, seconds <= limit_s, edges)
    if refined is not None:
        raster, window = refined, whole_of(refined)
        seconds = _window_seconds(graph, sites, raster, window, ticks)
    return seconds, raster, window


def _window_seconds(
    graph: WalkGraph, sites: Attachments, raster: NetworkRaster, window: Window, ticks: Ids
) -> Grid:
    """Return the seconds to each pixel, with a few unreached rows and columns more."""
    cut = (
        slice(window.row, window.row + window.rows),
        slice(window.column, window.column + window.columns),
    )
    doors = doors_of(graph, sites)
    order = np.argsort(doors.edge, kind="stable")
    seconds: Grid = _pixel_seconds(
        raster.edge[cut],
        raster.fraction[cut],
        raster.distance_m[cut],
        EdgeEnds(graph.edge_u, graph.edge_v, graph.edge_ticks),
        ticks,
        doors.edge[order],
        doors.from_u[order],
        doors.access[order],
        1.0 / TICKS_PER_S,
        1.0 / graph.profile.speed_m_s,
        -(-window.rows // SHAPE_STEP) * SHAPE_STEP,
        -(-window.columns // SHAPE_STEP) * SHAPE_STEP,
    )
    return seconds


def _reached_box(
    network: WalkNetwork,
    graph: WalkGraph,
    sites: Attachments,
    shape_m: NDArray[np.float64],
    ticks: Ids,
    limit_s: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.integer]]:
    """Return the corners of a box that holds every reached stretch of way, in metres, and the ways.

    An edge is walked from a node, or from a site on it, as far as the time that is left; the
    stretch then lies within its drawn length of there.
    """
    limit = limit_s * TICKS_PER_S
    reached = np.flatnonzero(ticks < FAR)
    n_arcs = graph.arc_start[reached + 1] - graph.arc_start[reached]
    tail = np.repeat(reached, n_arcs)
    first = graph.arc_start[reached] - (np.cumsum(n_arcs) - n_arcs)
    edge = graph.arc_edge[np.repeat(first, n_arcs) + np.arange(len(tail))]
    tail, edge = tail[edge >= 0], edge[edge >= 0]
    own = positions(network, sites.edge, sites.fraction)
    places = np.concatenate([network.xy[graph.node[tail]], own])
    left = np.concatenate([limit - ticks[tail], np.full(len(own), limit)])
    edge = np.concatenate([edge, sites.edge])
    share = np.clip(left / np.maximum(graph.edge_ticks[edge], 1), 0.0, 1.0)
    far_m = (share * shape_m[edge])[:, None]
    return (places - far_m).min(axis=0), (places + far_m).max(axis=0), edge


@njit(cache=True, nogil=True)
def _pixel_seconds(
    edge: NDArray[np.int32],
    fraction: Pixels,
    distance_m: Pixels,
    ends: EdgeEnds,
    ticks: Ids,
    door_edge: NDArray[np.int32],
    door_from_u: Ints,
    door_access: Ints,
    s_per_tick: float,
    s_per_m: float,
    n_rows: int,
    n_columns: int,
) -> Grid:
    """Return the seconds to each pixel (n_rows, n_columns), inf where no reached edge is near.

    Doors by edge. The window may have fewer rows and columns.
    """
    rows, columns = edge.shape
    seconds = np.full((n_rows, n_columns), np.inf)
    n_doors = len(door_edge)
    for row in range(rows):
        last = -1
        first_door = n_doors
        for column in range(columns):
            e = edge[row, column] - 1
            if e < 0:
                continue
            if e != last:
                last = e
                first_door = np.searchsorted(door_edge, e)
            whole = ends.ticks[e]
            along = fraction[row, column] * whole
            best = min(ticks[ends.u[e]] + along, ticks[ends.v[e]] + (whole - along))
            door = first_door
            while door < n_doors and door_edge[door] == e:
                best = min(best, abs(along - door_from_u[door]) + door_access[door])
                door += 1
            if best < FAR:
                seconds[row, column] = best * s_per_tick + distance_m[row, column] * s_per_m
    return seconds


def require_minutes(minutes: Sequence[float]) -> list[float]:
    """Return the levels in ascending order.

    Raises
    ------
    ReachError
        There is none, or one is not a number above zero.
    """
    levels = sorted({float(level) for level in minutes})
    if not levels or not all(np.isfinite(level) and level > 0 for level in levels):
        raise ReachError(
            Text(
                f"服务圈的分钟数须为大于零的数，现为 {list(minutes)}。",
                f"The minutes of service areas must be numbers above zero, not {list(minutes)}.",
            )
        )
    return levels


def area_within(
    seconds: Grid, raster: NetworkRaster, window: Window, level_s: float, walk_s: float
) -> shapely.Geometry:
    """Return the (multi)polygon of pixels within a level, in the CRS of the raster.

    Times are cut to the level ± one pixel's walk (`walk_s`) before contouring: across a jump (two
    sides of a wall or of a river) the line then runs midway, not where a straight line between a
    small and a huge number happens to cross. The cut is monotone in the level, so areas nest.
    """
    signed = seconds - level_s
    np.clip(signed, -walk_s, walk_s, out=signed)
    column, row = _pixel_places(*signed.shape)
    contours = contour_generator(column, row, signed, name="serial", fill_type=FillType.OuterOffset)
    points, offsets = contours.filled(-2.0 * walk_s, 0.0)
    if not points:
        return shapely.MultiPolygon()
    sizes = np.array([len(part) for part in points])
    shifts = np.concatenate(([0], np.cumsum(sizes)))
    rings = np.concatenate(
        [shift + offset[:-1] for shift, offset in zip(shifts[:-1], offsets, strict=True)]
    )
    rings = np.append(rings, shifts[-1]).astype(np.int64)
    polygons = np.concatenate(([0], np.cumsum([len(offset) - 1 for offset in offsets])))
    corner = (raster.x0 + window.column * raster.pixel_m, raster.y0 + window.row * raster.pixel_m)
    coordinates = np.concatenate(points) * raster.pixel_m + corner
    shapes = shapely.from_ragged_array(
        shapely.GeometryType.POLYGON, coordinates, (rings, polygons.astype(np.int64))
    )
    area = shapely.MultiPolygon(list(np.atleast_1d(shapes)))
    return area if shapely.is_valid(area) else shapely.make_valid(area, method="structure")


@lru_cache(maxsize=16)
def _pixel_places(rows: int, columns: int) -> tuple[Grid, Grid]:
    """Return column and row of each pixel, (rows, columns) both; read-only.

    Kept, as making them would take longer than the contour; windows come in few shapes for that.
    """
    row, column = np.mgrid[:rows, :columns].astype(float)
    return column.copy(), row.copy()


def _with_doorsteps(area: shapely.Geometry, sites: Attachments, pixel_m: float) -> shapely.Geometry:
    """Add a pixel's disc round every attached site that the area does not hold."""
    places = np.asarray(shapely.points(sites.xy[np.unique(sites.point)]), dtype=object)
    missed = places[~shapely.intersects(area, places)]
    if len(missed) == 0:
        return area
    return shapely.union_all([area, *shapely.buffer(missed, pixel_m)])
