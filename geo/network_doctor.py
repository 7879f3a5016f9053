"""What is wrong with the walk network, place by place, and the people whom each place affects."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from geo.attach import SNAP_LIMIT_M, metres_of
from geo.compounds import edge_lines
from geo.crs import WGS84
from geo.errors import shown_ids
from geo.health import health
from geo.network import WalkNetwork
from geo.snap import snap_points
from geo.study import Study
from geo.text import Text

TOGETHER_M = 100.0  # homes far from every way and this near to one another are one place
COLUMNS = (
    *("kind", "ids", "name", "n_homes", "households", "members", "length_m", "distance_m"),
    *("lon", "lat", "text_zh", "text_en"),
)
Row = dict[str, Any]


def diagnose_network(
    study: Study, points: gpd.GeoDataFrame, *, snap_limit_m: float = SNAP_LIMIT_M
) -> gpd.GeoDataFrame:
    """Return the places where the network needs an editor, those with most people first.

    Parameters
    ----------
    study
        Its network, compounds and gates are looked at.
    points
        Homes as `geo.demand.demand_points` gives them.
    snap_limit_m
        A home farther than this from every way is left out of all figures.

    Returns
    -------
    places
        In the CRS of the study, numbered from 1. kind: "island" (ways cut off from the main
        network; geometry: the straight line to it, the missing link as the crow flies),
        "far_homes" (geometry: the homes), "no_gates" (a walled compound; geometry: its outline).
        ids (tuple: homes, or the compound), name, n_homes, households, members (sums of what is
        known), length_m (of an island's ways, else NaN), distance_m (to the main network, to the
        nearest way; NaN for compounds), lon, lat, text_zh, text_en. Islands without homes come
        last, the longest first.
    """
    rows = [*_compounds_without_gates(study, points)]
    if len(study.network.edge_nodes):
        rows += _islands(study.network, points, snap_limit_m)
        rows += _far_homes(study.network, points, snap_limit_m)
    shapes = [row.pop("geometry") for row in rows]
    table = pd.DataFrame(rows, columns=[c for c in COLUMNS if c not in {"lon", "lat"}])
    at = shapely.get_coordinates(shapely.point_on_surface(np.array(shapes, dtype=object)))
    to_degrees = Transformer.from_crs(study.crs, WGS84, always_xy=True)
    lon, lat = to_degrees.transform(at[:, 0], at[:, 1])
    table["lon"], table["lat"] = np.round(lon, 7), np.round(lat, 7)
    found = gpd.GeoDataFrame(table[list(COLUMNS)], geometry=shapes, crs=study.crs)
    found = found.sort_values(
        ["households", "members", "n_homes", "length_m"], ascending=False, kind="stable"
    )
    return found.set_axis(pd.RangeIndex(1, len(found) + 1, name="no"))


def _people(homes: pd.DataFrame) -> Row:
    return {
        "n_homes": len(homes),
        "households": float(np.nansum(homes["households"])),
        "members": float(np.nansum(homes["members"])),
    }


def _compounds_without_gates(study: Study, points: gpd.GeoDataFrame) -> list[Row]:
    compounds = study.compounds
    walled = compounds[compounds.geometry.area > 0]
    open_ones = walled[~walled.index.isin(study.gates["compound_id"])]
    rows = []
    for number, name, shape in zip(
        open_ones.index, open_ones["name"], open_ones.geometry, strict=True
    ):
        people = _people(points[points["compound_id"] == number])
        count = f"{people['households']:.0f}"
        rows.append(
            {
                "kind": "no_gates",
                "ids": (number,),
                "name": name,
                **people,
                "length_m": np.nan,
                "distance_m": np.nan,
                "text_zh": f"小区“{name or number}”没有出入口，{count} 户按最近的路计算；"
                "请补录大门。",
                "text_en": f"Compound {name or number} has no gate; its {count} households are "
                "counted from the nearest way. Add the gates.",
                "geometry": shape,
            }
        )
    return rows


def _islands(network: WalkNetwork, points: gpd.GeoDataFrame, snap_limit_m: float) -> list[Row]:
    """Find the pieces that hang together with the main network nowhere."""
    component = health(network).component[network.edge_nodes[:, 0]]
    if component.max(initial=0) == 0:
        return []
    lines = edge_lines(network)
    main = shapely.STRtree(lines[component == 0])
    edge, _, _ = snap_points(network, metres_of(network, points), limit_m=snap_limit_m)
    at_piece = np.where(edge >= 0, component[edge], -1)
    rows = []
    for piece in range(1, int(component.max()) + 1):
        mine = component == piece
        if not mine.any():
            continue  # a node without a way
        ways = shapely.multilinestrings(lines[mine])
        nearest = main.geometries[main.query_nearest(ways, all_matches=False)[0]]
        link = shapely.shortest_line(ways, nearest)
        homes = points[at_piece == piece]
        rows.append(_island(homes, link, float(network.edge_length_m[mine].sum())))
    return rows


def _island(homes: pd.DataFrame, link: shapely.Geometry, length_m: float) -> Row:
    people = _people(homes)
    gap = float(shapely.length(link))
    count, long, near = f"{people['households']:.0f}", f"{length_m:.0f}", f"{gap:.1f}"
    text = Text(
        f"有 {long} 米的路与主路网不相连，最近处相距 {near} 米，涉及 {count} 户；"
        "请查看此处是否漏了一段路、一座桥或一个门。",
        f"{long} m of ways are cut off from the main network, {near} m away at the nearest; "
        f"{count} households. Is a path, a bridge or a gate missing here?",
    )
    return {
        "kind": "island",
        "ids": tuple(homes.index.tolist()),
        "name": "",
        **people,
        "length_m": length_m,
        "distance_m": gap,
        "text_zh": text.zh,
        "text_en": text.en,
        "geometry": link,
    }


def _far_homes(network: WalkNetwork, points: gpd.GeoDataFrame, snap_limit_m: float) -> list[Row]:
    """Group the homes that no way comes near; those without coordinates are no place."""
    xy = metres_of(network, points)
    edge, _, _ = snap_points(network, xy, limit_m=snap_limit_m)
    far = np.flatnonzero((edge < 0) & np.isfinite(xy).all(axis=1))
    if len(far) == 0:
        return []
    _, _, away_m = snap_points(network, xy[far], limit_m=np.inf)
    rows = []
    for group in _groups(xy[far]):
        homes = points.iloc[far[group]]
        people = _people(homes)
        names = homes["name"].tolist() if "name" in homes else homes.index.tolist()
        shown = shown_ids([n or i for n, i in zip(names, homes.index, strict=True)])
        count, away = f"{people['households']:.0f}", f"{away_m[group].min():.0f}"
        rows.append(
            {
                "kind": "far_homes",
                "ids": tuple(homes.index.tolist()),
                "name": shown,
                **people,
                "length_m": np.nan,
                "distance_m": float(away_m[group].min()),
                "text_zh": f"{len(homes)} 处住所（{shown}）离最近的路 {away} 米以上，{count} 户"
                "未计入；请检查坐标或补路。",
                "text_en": f"{len(homes)} homes ({shown}) are {away} m or more from every way; "
                f"{count} households are left out. Check the coordinates or add the way.",
                "geometry": shapely.MultiPoint(xy[far[group]]),
            }
        )
    return rows


def _groups(xy: NDArray[np.float64]) -> list[NDArray[np.intp]]:
    """Return the rows of places (n, 2) in groups whose members lie near one another."""
    pairs = KDTree(xy).query_pairs(TOGETHER_M, output_type="ndarray")
    links = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=2 * (len(xy),))
    n, label = connected_components(links, directed=False)
    return [np.flatnonzero(label == k) for k in range(n)]
