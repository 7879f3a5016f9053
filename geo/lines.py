"""A walk network from any layer of lines, joined where the lines really meet.

Lines join where they cross or touch on the same level, and end to end. A bridge or tunnel joins
others at its ends only. So a path under a bridge stays apart from the road on it.
"""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from geo.contract import Segments, contract
from geo.crs import to_metric_crs
from geo.errors import CrsError, NetworkError
from geo.network import EdgeFlag, EdgeKind, WalkNetwork
from geo.osm_tags import NOT_WALKED, PRIVATE_ACCESS, WALKED
from geo.text import Text

SAME_END_M = 0.05  # ends this near are one node
TOUCH_M = 0.5  # an end this near to another line touches it (drawn by hand, rounded by software)
SAME_PLACE_M = 0.01  # along one line

COLUMNS = {  # what is read of the frame -> headings that are understood
    "kind": ("highway", "fclass", "kind", "class", "type", "道路类型", "道路等级", "类型"),
    "name": ("name", "名称", "道路名称", "路名"),
    "bridge": ("bridge", "桥", "桥梁"),
    "tunnel": ("tunnel", "隧道"),
    "layer": ("layer", "层", "层级"),
    "access": ("access", "private", "通行", "准入"),
    "steps": ("steps", "台阶"),
}
NOTHING = {"", "0", "no", "none", "nan", "null", "false", "f", "n", "否", "无", "不是", "<na>"}


@dataclass(frozen=True, eq=False)
class Joints:
    """Places on lines that are, or may become, nodes: k of them. The first 2n are the ends."""

    line: NDArray[np.intp]  # (k,)
    along_m: NDArray[np.float64]  # (k,) metres from the line's start
    xy: NDArray[np.float64]  # (k, 2)
    links: NDArray[np.intp]  # (l, 2) pairs that are one node


def network_from_lines(frame: gpd.GeoDataFrame) -> WalkNetwork:
    """Return the walk network of a layer of lines.

    Parameters
    ----------
    frame
        LineString or MultiLineString, Z ignored. In degrees it is projected to the zone of its
        centre; a metric CRS is kept, whatever its name. Columns of COLUMNS are read where they
        are there, in any case: a kind as in OSM's highway (motorways and the like are left out;
        other words are kept as OTHER), name, bridge, tunnel, layer, access, steps.

    Returns
    -------
    network
        `counts` tells: lines, not_lines (other or empty geometry), not_walked, joined_crossings.

    Raises
    ------
    CrsError
        There is no CRS.
    NetworkError
        No line is left.
    """
    if frame.crs is None:
        raise CrsError(
            Text(
                "路网没有坐标系；请注明，例如 --crs EPSG:4548 或 --datum gcj02。",
                "The lines have no CRS; name it, for example --crs EPSG:4548 or --datum gcj02.",
            )
        )
    parts, counts = _walked_parts(frame)
    if parts.empty:
        raise NetworkError(
            Text(
                f"{len(frame)} 行里没有可步行的线；路网要用线（LineString）。",
                f"None of the {len(frame)} rows is a line that can be walked.",
            )
        )
    parts = to_metric_crs(parts)
    lines = parts.geometry.to_numpy()
    joints = _joints(lines, parts["level"].to_numpy())
    counts["joined_crossings"] = (len(joints.line) - 2 * len(lines)) // 2
    return contract(_cut_at_joints(parts, lines, joints, counts), parts.crs)


def _walked_parts(frame: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, dict[str, int]]:
    """Return single two-dimensional lines with kind, flags, name and level."""
    tags = _tags(frame)
    parts = gpd.GeoDataFrame(tags, geometry=shapely.force_2d(frame.geometry.to_numpy()))
    parts = parts.set_crs(frame.crs)
    is_line = parts.geom_type.isin(["LineString", "MultiLineString", "LinearRing"])
    is_line &= ~parts.geometry.is_empty & (shapely.length(parts.geometry.to_numpy()) > 0)
    is_walked = parts.pop("is_walked")
    counts = {
        "lines": len(frame),
        "not_lines": int((~is_line).sum()),
        "not_walked": int((is_line & ~is_walked).sum()),
    }
    kept = parts[is_line & is_walked].explode(ignore_index=True)
    return kept[shapely.length(kept.geometry.to_numpy()) > 0].reset_index(drop=True), counts


def _tags(frame: gpd.GeoDataFrame) -> pd.DataFrame:
    headings = {str(column).strip().lower(): column for column in frame.columns}

    def text(what: str) -> pd.Series:
        known = next((headings[name] for name in COLUMNS[what] if name in headings), None)
        if known is None or known == frame.geometry.name:
            return pd.Series("", index=frame.index)
        return pd.Series(frame[known].map(_text))

    highway = text("kind").str.lower()
    kind = highway.map(WALKED).fillna(EdgeKind.OTHER).astype(np.uint8)
    bridge, tunnel = (~text(what).str.lower().isin(NOTHING) for what in ("bridge", "tunnel"))
    steps = ~text("steps").str.lower().isin(NOTHING) | (kind == EdgeKind.STEPS)
    access = text("access").str.lower()
    private = access.isin(PRIVATE_ACCESS - {"no"} | {"yes", "true", "1", "t", "私有", "内部"})
    # Geofabrik writes layer 0 where no layer is tagged, on bridges too.
    layer = pd.to_numeric(text("layer"), errors="coerce").replace(0.0, np.nan)
    by_kind = bridge.astype(int) - tunnel.astype(int)
    return pd.DataFrame(
        {
            "kind": kind.to_numpy(),
            "name": text("name").to_numpy(dtype=object),
            "flags": (
                steps * int(EdgeFlag.STEPS)
                + private * int(EdgeFlag.PRIVATE)
                + bridge * int(EdgeFlag.BRIDGE)
                + tunnel * int(EdgeFlag.TUNNEL)
            ).astype(np.uint8),
            "level": layer.fillna(by_kind).to_numpy(float),
            "is_walked": ~highway.isin(NOT_WALKED).to_numpy(),
        },
        index=frame.index,
    )


def _text(value: object) -> str:
    """Return a cell as text; a list (as some writers store OSM tags) by its first entry."""
    if isinstance(value, list | tuple | np.ndarray):
        value = value[0] if len(value) else ""
    if value is None or value is pd.NA or value != value:  # noqa: PLR0124 - NaN
        return ""
    text = str(value).strip()
    return text.removesuffix(".0") if isinstance(value, float) else text  # 0/1 beside a gap


def _joints(lines: NDArray[np.object_], level: NDArray[np.float64]) -> Joints:
    """Find where lines meet: ends with ends, crossings on one level, ends on other lines."""
    n = len(lines)
    length_m = shapely.length(lines)
    ends = np.stack(
        [shapely.get_coordinates(shapely.get_point(lines, k)) for k in (0, -1)], axis=1
    ).reshape(-1, 2)
    line = [np.repeat(np.arange(n), 2)]
    along = [np.column_stack([np.zeros(n), length_m]).ravel()]
    xy = [ends]
    links = [KDTree(ends).query_pairs(SAME_END_M, output_type="ndarray")]
    n_joints = 2 * n
    for one, two, place in (_crossings(lines, level), _touches(lines, level, ends)):
        k = len(one)
        line += [one, two]
        along += [shapely.line_locate_point(lines[i], shapely.points(place)) for i in (one, two)]
        xy += [place, place]
        links.append(np.column_stack([np.arange(k), np.arange(k) + k]) + n_joints)
        n_joints += 2 * k
    return Joints(
        np.concatenate(line), np.concatenate(along), np.concatenate(xy), np.concatenate(links)
    )


def _crossings(
    lines: NDArray[np.object_], level: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Return the pairs of lines on one level that meet, and each place where they do."""
    one, two = shapely.STRtree(lines).query(lines, predicate="intersects")
    kept = (one < two) & (level[one] == level[two])
    one, two = one[kept], two[kept]
    meeting = shapely.intersection(lines[one], lines[two])
    place, pair = shapely.get_coordinates(meeting, return_index=True)
    return one[pair], two[pair], place


def _touches(
    lines: NDArray[np.object_], level: NDArray[np.float64], ends: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Return line, other line and place where an end lies on, or a hand's breadth off, another.

    On the same level; or the end of a bridge or tunnel on a line at the ground, for there it ends.
    """
    points = shapely.points(ends)
    end, other = shapely.STRtree(lines).query(points, predicate="dwithin", distance=TOUCH_M)
    line = end // 2
    on_level = (level[line] == level[other]) | ((level[line] != 0) & (level[other] == 0))
    kept = (line != other) & on_level
    return line[kept], other[kept], ends[end[kept]]


def _cut_at_joints(
    parts: gpd.GeoDataFrame,
    lines: NDArray[np.object_],
    joints: Joints,
    counts: dict[str, int],
) -> Segments:
    """Return every straight piece between neighbouring vertices and joints of the lines."""
    vertex_xy, vertex_line = shapely.get_coordinates(lines, return_index=True)
    step = np.concatenate(([0.0], np.linalg.norm(np.diff(vertex_xy, axis=0), axis=1)))
    step[np.concatenate(([True], np.diff(vertex_line) != 0))] = 0.0
    run = np.cumsum(step)
    first = np.searchsorted(vertex_line, np.arange(len(lines)))
    n_joints = len(joints.line)
    line = np.concatenate([joints.line, vertex_line])
    along = np.concatenate([joints.along_m, run - run[first][vertex_line]])
    xy = np.concatenate([joints.xy, vertex_xy])
    is_joint = np.arange(len(line)) < n_joints
    # The start of a line stands first and its end last, joints before vertices of one place.
    order = np.lexsort((~is_joint, along, line))
    near = (np.diff(line[order]) == 0) & (np.diff(along[order]) <= SAME_PLACE_M)
    merged = np.column_stack([order[:-1][near], order[1:][near]])
    node = _joined(len(line), np.concatenate([joints.links, merged]))
    place = np.zeros((node.max() + 1, 2))
    place[node[::-1]] = xy[::-1]  # the first of each node's members gives the place: an end
    a, b = order[:-1], order[1:]
    is_piece = (line[a] == line[b]) & (node[a] != node[b])
    ends = np.column_stack([node[a[is_piece]], node[b[is_piece]]])
    of_line = line[a[is_piece]]
    zeros = np.zeros(len(ends), np.float32)
    return Segments(
        xy=place,
        ends=ends.astype(np.int64),
        length_m=np.linalg.norm(place[ends[:, 0]] - place[ends[:, 1]], axis=1),
        kind=parts["kind"].to_numpy(np.uint8)[of_line],
        flags=parts["flags"].to_numpy(np.uint8)[of_line],
        name=parts["name"].to_numpy(dtype=object)[of_line],
        crossings=zeros,
        signals=zeros,
        counts=counts | {"raw_segments": len(ends)},
    )


def _joined(n: int, links: NDArray[np.intp]) -> NDArray[np.int64]:
    """Return which node each of n places belongs to (n,)."""
    graph = coo_array((np.ones(len(links), np.int8), (links[:, 0], links[:, 1])), shape=(n, n))
    _, node = connected_components(graph, directed=False)
    return np.asarray(node, np.int64)
