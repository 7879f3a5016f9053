"""Service areas: what can be reached on foot within some minutes, as polygons for the map.

The area is the contour of exact walking times on a raster of the network. It illustrates; whether
a residence is covered is decided at its door, never by this polygon.
"""

from collections.abc import Sequence
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
from geo.raster import NetworkRaster, Window, fill, network_raster, window_of
from geo.reach import node_ticks
from geo.search import Ids, Ints
from geo.text import Text

Grid = NDArray[np.float32]


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
        raster = network_raster(network, walk_graph(network, profile).usable)
    seconds, window = _times_on_raster(network, sites, profile, raster, 60.0 * levels[-1])
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
) -> tuple[Grid, Window]:
    """Return the seconds to each pixel of the window that can be reached, and the window."""
    graph = walk_graph(network, profile)
    ticks = node_ticks(network, sites, profile=profile, limit_s=limit_s)
    reached = network.xy[graph.node[ticks < FAR]]
    own = np.unique(sites.edge)
    shapes = [network.shape_of(edge) for edge in own]
    places = np.concatenate([reached, *shapes, np.empty((0, 2))])
    if len(sites.edge) == 0:
        return np.full((2, 2), np.inf, np.float32), Window(0, 0, 2, 2)
    margin = raster.limit_m + 2 * raster.pixel_m + _overhang(network, graph, ticks)
    window = window_of(raster, places.min(axis=0) - margin, places.max(axis=0) + margin)
    fill(raster, window)
    cut = (
        slice(window.row, window.row + window.rows),
        slice(window.column, window.column + window.columns),
    )
    doors = doors_of(graph, sites)
    order = np.argsort(doors.edge, kind="stable")
    seconds = _pixel_seconds(
        raster.edge[cut],
        raster.fraction[cut],
        raster.distance_m[cut],
        EdgeEnds(graph.edge_u, graph.edge_v, graph.edge_ticks),
        ticks,
        doors.edge[order],
        doors.from_u[order],
        doors.access[order],
        1.0 / TICKS_PER_S,
        1.0 / profile.speed_m_s,
    )
    return seconds, window


@njit(cache=True, nogil=True)
def _pixel_seconds(
    edge: NDArray[np.int32],
    fraction: Grid,
    distance_m: Grid,
    ends: EdgeEnds,
    ticks: Ids,
    door_edge: NDArray[np.int32],
    door_from_u: Ints,
    door_access: Ints,
    s_per_tick: float,
    s_per_m: float,
) -> Grid:
    """Return the seconds to each pixel, inf where no reached edge is near; doors by edge."""
    rows, columns = edge.shape
    seconds = np.full((rows, columns), np.inf, np.float32)
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


def _overhang(network: WalkNetwork, graph: WalkGraph, ticks: NDArray[np.int32]) -> float:
    """Return how far a half-walked edge may bulge out of the box of the reached nodes, metres."""
    is_reached = (ticks[graph.edge_u] < FAR) | (ticks[graph.edge_v] < FAR)
    return float(network.edge_length_m[is_reached].max(initial=0.0))


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
    signed = np.clip(seconds - np.float32(level_s), -walk_s, walk_s)
    contours = contour_generator(z=signed, name="serial", fill_type=FillType.OuterOffset)
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


def _with_doorsteps(area: shapely.Geometry, sites: Attachments, pixel_m: float) -> shapely.Geometry:
    """Add a pixel's disc round every attached site that the area does not hold."""
    places = np.asarray(shapely.points(sites.xy[np.unique(sites.point)]), dtype=object)
    missed = places[~shapely.intersects(area, places)]
    if len(missed) == 0:
        return area
    return shapely.union_all([area, *shapely.buffer(missed, pixel_m)])
