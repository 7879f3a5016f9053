"""Where a station could be: along the walk network, at gates, at buildings; less what is barred."""

import geopandas as gpd
import numpy as np
import shapely
from numba import njit
from numpy.typing import NDArray
from pyproj import CRS

from geo.compounds import edge_lines
from geo.contract import morton
from geo.crs import require_metric_crs
from geo.errors import SitingError
from geo.network import EdgeFlag, WalkNetwork
from geo.snap import positions
from geo.text import Text

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

ORIGINS = {
    "along": Text("沿路", "along a way"),
    "gate": Text("小区大门", "at a gate"),
    "building": Text("楼栋", "at a building"),
}
SAME_PLACE_M = 1e-6  # spacing that a rounding error would break is kept
NOT_ON = EdgeFlag.STEPS | EdgeFlag.PRIVATE | EdgeFlag.BRIDGE | EdgeFlag.TUNNEL


def candidates_along(
    network: WalkNetwork,
    area: gpd.GeoDataFrame | gpd.GeoSeries,
    *,
    every_m: float,
    forbidden: gpd.GeoDataFrame | gpd.GeoSeries | None = None,
) -> gpd.GeoDataFrame:
    """Place candidates along the public ways inside an area, every so many metres.

    Not on steps, bridges, tunnels, private ways or ways inside a compound. On one way they lie
    `every_m` apart or a little more; none of two ways are nearer than that in a straight line. So
    every public place in the area is within twice that of a candidate, unless one side of it is
    barred. The same input gives the same places, in the same order.

    Parameters
    ----------
    network
        The walk network; its CRS is that of the result.
    area, forbidden
        Polygons in any CRS. A place on the rim of the area is inside, one on the rim of a
        forbidden polygon is not.
    every_m
        Above 0.

    Returns
    -------
    candidates
        Index 0…k-1, in the order of a Morton curve: name (of the way with a number, or
        "沿路 1"), origin ("along"), source_id (the edge), geometry (points in the network's CRS).

    Raises
    ------
    SitingError
        `every_m` is no positive number, or the area has no CRS.
    """
    step_m = _positive(every_m)
    edge, fraction = _places_on_ways(network, step_m)
    xy = positions(network, edge.astype(np.int32), fraction)
    kept = _inside(xy, network.crs, area, forbidden)
    edge, xy = edge[kept], xy[kept]
    # Nodes of several edges give one place; nearer than the spacing the first one stays.
    order = np.lexsort((edge, xy[:, 1], xy[:, 0]))
    by = order[np.argsort(morton(xy[order]), kind="stable")] if len(xy) else order
    edge, xy = edge[by], xy[by]
    far = _apart(xy, step_m - SAME_PLACE_M)
    edge, xy = edge[far], xy[far]
    names = [str(network.edge_name[one]) or ORIGINS["along"].zh for one in edge.tolist()]
    return _frame(xy, network.crs, _numbered(names, always=True), "along", edge)


def candidates_at_gates(
    gates: gpd.GeoDataFrame,
    compounds: gpd.GeoDataFrame,
    area: gpd.GeoDataFrame | gpd.GeoSeries,
    *,
    forbidden: gpd.GeoDataFrame | gpd.GeoSeries | None = None,
) -> gpd.GeoDataFrame:
    """Take the gates inside an area as candidates; frames as in `geo.study`, gates in metres.

    Columns and order as in `candidates_along`: source_id is the gate's id, the order that of the
    ids, the name that of the compound and the gate.
    """
    crs = require_metric_crs(gates, "gates")
    used = _with_place(gates).sort_index(kind="stable")
    xy = shapely.get_coordinates(used.geometry.to_numpy())
    used, xy = _kept(used, xy, crs, area, forbidden)
    known = compounds["name"].reindex(used["compound_id"]).fillna("").astype(str).tolist()
    of_gate = used["name"].fillna("").astype(str).tolist()
    names = [
        f"{compound} {gate}".strip() or ORIGINS["gate"].zh
        for compound, gate in zip(known, of_gate, strict=True)
    ]
    return _frame(xy, crs, _numbered(names), "gate", used.index.to_numpy(np.int64))


def candidates_at_buildings(
    buildings: gpd.GeoDataFrame,
    area: gpd.GeoDataFrame | gpd.GeoSeries,
    *,
    network: WalkNetwork | None = None,
    forbidden: gpd.GeoDataFrame | gpd.GeoSeries | None = None,
) -> gpd.GeoDataFrame:
    """Take the entrances of buildings inside an area as candidates; buildings in metres.

    The entrance is not known: with a network in the same CRS it is taken to be the point of the
    outline that is nearest to a way; without one, or without a footprint, the building's point.
    Columns and order as in `candidates_at_gates`.
    """
    crs = require_metric_crs(buildings, "buildings")
    used = _with_place(buildings).sort_index(kind="stable")
    xy = shapely.get_coordinates(shapely.centroid(used.geometry.to_numpy()))
    if network is not None and len(network.edge_nodes):
        xy = _entrances(used, xy, network)
    used, xy = _kept(used, xy, crs, area, forbidden)
    parts = [
        used[column].fillna("").astype(str).tolist() if column in used else [""] * len(used)
        for column in ("address", "name", "number")
    ]
    names = [
        name or f"{address} {number}".strip() or ORIGINS["building"].zh
        for address, name, number in zip(*parts, strict=True)
    ]
    return _frame(xy, crs, _numbered(names), "building", used.index.to_numpy(np.int64))


def _places_on_ways(network: WalkNetwork, step_m: float) -> tuple[Ints, Floats]:
    """Return places as edge and share of its length: both ends, and evenly between them."""
    is_on = ((network.edge_flags & NOT_ON) == 0) & (network.edge_compound < 0)
    edges = np.flatnonzero(is_on)
    parts = np.maximum(np.floor(network.edge_length_m[edges] / step_m + 1e-9), 1).astype(np.int64)
    edge = np.repeat(edges, parts + 1)
    start = np.concatenate(([0], np.cumsum(parts + 1)))
    number = np.arange(start[-1]) - np.repeat(start[:-1], parts + 1)
    return edge, number / np.repeat(parts, parts + 1)


def _inside(
    xy: Floats,
    crs: CRS,
    area: gpd.GeoDataFrame | gpd.GeoSeries,
    forbidden: gpd.GeoDataFrame | gpd.GeoSeries | None,
) -> Flags:
    """Return which places lie in the area and in no forbidden polygon."""
    points = shapely.points(xy)
    kept = np.asarray(shapely.intersects(_union(area, crs, "area"), points))
    if forbidden is not None and len(forbidden):
        kept &= ~shapely.intersects(_union(forbidden, crs, "forbidden"), points)
    return kept


def _kept(
    frame: gpd.GeoDataFrame,
    xy: Floats,
    crs: CRS,
    area: gpd.GeoDataFrame | gpd.GeoSeries,
    forbidden: gpd.GeoDataFrame | gpd.GeoSeries | None,
) -> tuple[gpd.GeoDataFrame, Floats]:
    """Return rows and places inside, of several at one place the first."""
    inside = np.flatnonzero(_inside(xy, crs, area, forbidden))
    _, first = np.unique(np.round(xy[inside], 6), axis=0, return_index=True)
    rows = inside[np.sort(first)]
    return frame.iloc[rows], xy[rows]


def _union(shapes: gpd.GeoDataFrame | gpd.GeoSeries, crs: CRS, name: str) -> shapely.Geometry:
    if shapes.crs is None:
        raise SitingError(
            Text(
                f"范围 {name} 没有坐标系；请注明，例如 EPSG:4326。",
                f"{name} has no CRS; name it, EPSG:4326 for example.",
            )
        )
    polygons = shapely.make_valid(shapes.geometry.to_crs(crs).dropna().to_numpy())
    union = shapely.union_all(polygons)
    shapely.prepare(union)
    return union


def _with_place(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return frame[~(frame.geometry.isna() | frame.geometry.is_empty)]


def _entrances(buildings: gpd.GeoDataFrame, xy: Floats, network: WalkNetwork) -> Floats:
    """Return the point of each outline that is nearest to the nearest public way."""
    usable = np.flatnonzero((network.edge_flags & NOT_ON) == 0)
    lines = edge_lines(network)[usable]
    footprints = (
        buildings["footprint"].to_numpy(object)
        if "footprint" in buildings
        else buildings.geometry.to_numpy()
    )
    has_outline = shapely.is_geometry(footprints) & (shapely.area(footprints) > 0)
    rows = np.flatnonzero(has_outline)
    if len(rows) == 0 or len(lines) == 0:
        return xy
    outlines = shapely.boundary(footprints[rows])
    row, line = shapely.STRtree(lines).query_nearest(outlines, all_matches=True)
    _, first = np.unique(row, return_index=True)  # of equally near ways the one with lowest edge
    lowest = np.minimum.reduceat(line, first)
    nearest = shapely.shortest_line(outlines, lines[lowest])
    xy = xy.copy()
    xy[rows] = shapely.get_coordinates(shapely.get_point(nearest, 0))
    return xy


def _apart(xy: Floats, distance_m: float) -> Ints:
    """Return the places, in order, that are no nearer than a distance to one taken before."""
    if len(xy) == 0:
        return np.zeros(0, np.int64)
    cell = np.floor((xy - xy.min(axis=0)) / distance_m).astype(np.int64)
    columns = int(cell[:, 1].max()) + 3  # a rim of empty cells on both sides
    key = (cell[:, 0] + 1) * columns + cell[:, 1] + 1
    keys, place = np.unique(key, return_inverse=True)
    return np.flatnonzero(_taken(xy, key, keys, place.astype(np.int64), columns, distance_m))


@njit(cache=True, nogil=True)
def _taken(
    xy: Floats, key: Ints, keys: Ints, place: Ints, columns: int, distance_m: float
) -> Flags:
    """Take places one by one; a cell is a distance wide, so only its neighbours can be near."""
    head = np.full(len(keys), -1, np.int64)
    following = np.full(len(xy), -1, np.int64)
    taken = np.zeros(len(xy), np.bool_)
    for i in range(len(xy)):
        is_free = True
        for across in range(-1, 2):
            for along in range(-1, 2):
                wanted = key[i] + across * columns + along
                at = np.searchsorted(keys, wanted)
                if at == len(keys) or keys[at] != wanted:
                    continue
                j = head[at]
                while j >= 0 and is_free:
                    dx, dy = xy[i, 0] - xy[j, 0], xy[i, 1] - xy[j, 1]
                    is_free = dx * dx + dy * dy >= distance_m * distance_m
                    j = following[j]
        if is_free:
            taken[i] = True
            following[i] = head[place[i]]
            head[place[i]] = i
    return taken


def _numbered(names: list[str], *, always: bool = False) -> list[str]:
    """Return names made different by numbers: every one, or those that come twice."""
    count: dict[str, int] = {}
    for name in names:
        count[name] = count.get(name, 0) + 1
    seen: dict[str, int] = {}
    out = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        out.append(f"{name} {seen[name]}" if always or count[name] > 1 else name)
    return out


def _frame(
    xy: Floats, crs: CRS, names: list[str], origin: str, source_id: Ints
) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "name": np.array(names, dtype=object),
            "origin": np.full(len(names), origin, dtype=object),
            "source_id": source_id.astype(np.int64),
        },
        geometry=gpd.GeoSeries(gpd.points_from_xy(xy[:, 0], xy[:, 1]), crs=crs),
        crs=crs,
    )


def _positive(every_m: float) -> float:
    try:
        step = float(every_m)
    except (TypeError, ValueError):
        step = np.nan
    if not (np.isfinite(step) and step > 0):
        raise SitingError(
            Text(
                f"间隔 every_m 应为正数（米），收到 {every_m!r}。",
                f"every_m must be a positive number of metres, not {every_m!r}.",
            )
        )
    return step
