"""OpenStreetMap files: the walk network, buildings with households, and what the map draws.

Reads .osm, .osm.gz, .osm.bz2 and .osm.pbf (pyosmium). Which ways are walked, and what tags mean, is
in `geo.osm_tags`. Extracts are often clipped: a way is cut where a node is missing, and the missing
references are counted.

Waiting at crossings: a way tagged as a crossing carries one crossing, spread over its length; a
crossing node that no such way passes is charged by halves to the footways that meet in it. Walking
along a carriageway past a crossing costs nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import osmium
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from geo.contract import Segments, contract
from geo.crs import WGS84, metric_crs
from geo.errors import NetworkError
from geo.network import EdgeFlag, EdgeKind, WalkNetwork
from geo.osm_tags import Tags, WayTags, is_gate, node_crossing, way_tags
from geo.text import Text

COORDINATE_UNIT = 1e-7  # degrees, of the integers in OSM files
MISSING = 2**31 - 1  # osmium's coordinate of a node that the file does not hold


@dataclass
class RawWays:
    """The walked ways of a file: their tags, and their nodes one after the other."""

    tags: list[WayTags] = field(default_factory=list)
    n_refs: list[int] = field(default_factory=list)
    refs: list[int] = field(default_factory=list)
    # 1e-7 degrees, MISSING where the file lacks the node
    places: dict[int, tuple[int, int]] = field(default_factory=dict)
    n_highways: int = 0
    ids: set[int] = field(default_factory=set)  # of the ways
    outlines: dict[int, WayTags] = field(default_factory=dict)  # of walked areas, by id of the way
    crossings: list[int] = field(default_factory=list)  # ids of marked nodes, walked or not
    signals: list[int] = field(default_factory=list)
    gates: list[int] = field(default_factory=list)


def read_osm_network(path: str | Path) -> WalkNetwork:
    """Return the walk network of an OSM file, in metres of the zone of its centre.

    `counts` tells: highways, ways_walked, nodes_walked, missing_node_references, ways_cut,
    crossings, signals, gates, raw_segments.

    Raises
    ------
    NetworkError
        The file cannot be read as OSM, or no way in it is walked.
    """
    with readable_osm(path):
        ways = _read(path)
    refs = np.array(ways.refs, np.int64)
    ids = np.unique(refs)
    lon_lat = np.array([ways.places[ref] for ref in ids.tolist()], float).reshape(-1, 2)
    lon_lat[(lon_lat == MISSING).any(axis=1)] = np.nan
    lon_lat *= COORDINATE_UNIT
    row = np.searchsorted(ids, refs)
    known = np.isfinite(lon_lat[row, 0]) if len(row) else np.zeros(0, bool)
    if not known.any():
        raise NetworkError(
            Text(
                f"{Path(path).name} 里没有可步行的道路；请检查是不是道路数据。",
                f"{Path(path).name} holds no way that is walked; check that it has roads.",
            )
        )
    centre = (np.nanmin(lon_lat, axis=0) + np.nanmax(lon_lat, axis=0)) / 2
    crs = metric_crs(*centre)
    found = np.isfinite(lon_lat[:, 0])
    xy = np.full(lon_lat.shape, np.nan)
    xy[found] = np.column_stack(_into_metres(crs).transform(*lon_lat[found].T))
    way = np.repeat(np.arange(len(ways.tags)), ways.n_refs)
    joined = (way[1:] == way[:-1]) & known[1:] & known[:-1] & (row[1:] != row[:-1])
    first = np.flatnonzero(joined)
    segments = _segments(ways, xy, row, way, first, ids)
    segments.counts.update(
        highways=ways.n_highways,
        ways_walked=len(ways.tags),
        nodes_walked=int(found.sum()),
        missing_node_references=int((~found).sum()),
        ways_cut=len(np.unique(way[~known])),
    )
    return contract(segments, crs)


@lru_cache(maxsize=8)
def _into_metres(crs: CRS) -> Transformer:
    """Return the way from WGS84 degrees; kept, as finding it takes as long as reading a file."""
    return Transformer.from_crs(WGS84, crs, always_xy=True)


@contextmanager
def readable_osm(path: str | Path) -> Iterator[None]:
    """Turn what pyosmium says of a bad file into a sentence."""
    if not Path(path).is_file():
        raise NetworkError(
            Text(f"找不到文件 {path}。", f"There is no file {path}."),
        )
    try:
        yield
    except (RuntimeError, ValueError, SystemError) as error:
        cause = str(error).strip().splitlines()[0] if str(error).strip() else "unknown"
        raise NetworkError(
            Text(
                f"{Path(path).name} 不能作为 OpenStreetMap 文件读取（{cause}）。"
                "需要 .osm、.osm.gz、.osm.bz2 或 .osm.pbf。",
                f"{Path(path).name} cannot be read as OpenStreetMap data ({cause}). "
                "It must be .osm, .osm.gz, .osm.bz2 or .osm.pbf.",
            )
        ) from error


def _read(path: str | Path) -> RawWays:
    """Read ways and marked nodes in one pass; pyosmium puts the places of nodes into the ways.

    Only what is rare takes another pass: the outlines of walked areas that are multipolygons, and
    the nodes of files that give them after the ways (Overpass) or with negative ids (JOSM).
    """
    ways = RawWays()
    kinds = osmium.osm.NODE | osmium.osm.WAY | osmium.osm.RELATION
    reader = osmium.FileProcessor(str(path), kinds).with_locations()
    for thing in reader.with_filter(osmium.filter.KeyFilter("highway", "crossing", "barrier")):
        if thing.is_node():
            _mark(ways, thing.id, thing.tags)
            continue
        if "highway" not in thing.tags:
            continue
        meant = way_tags(thing.tags)
        if thing.is_relation():
            if meant is not None and thing.tags.get("type") == "multipolygon":
                ways.outlines |= {m.ref: meant for m in thing.members if m.type == "w"}
            continue
        ways.n_highways += 1
        if meant is not None:
            _take(ways, thing, meant)
    outlines = {way: meant for way, meant in ways.outlines.items() if way not in ways.ids}
    if outlines:
        reader = osmium.FileProcessor(str(path), osmium.osm.NODE | osmium.osm.WAY).with_locations()
        for way in reader.with_filter(osmium.filter.EntityFilter(osmium.osm.WAY)):
            if way.id in outlines:  # osmium's IdFilter takes longer for a few ids
                _take(ways, way, outlines[way.id])
    _place_late_nodes(ways, path)
    return ways


def _take(ways: RawWays, way: Any, meant: WayTags) -> None:  # noqa: ANN401 - osmium has no type
    """Add a walked way of two nodes or more."""
    nodes = way.nodes
    n_nodes = len(nodes)
    if n_nodes < 2:
        return
    ways.ids.add(way.id)
    ways.tags.append(meant)
    ways.n_refs.append(n_nodes)
    refs, places = ways.refs, ways.places
    for node in nodes:
        ref = node.ref
        refs.append(ref)
        if ref not in places:
            place = node.location
            places[ref] = (place.x, place.y)


def _place_late_nodes(ways: RawWays, path: str | Path) -> None:
    """Look up the nodes that stand after the ways, or have negative ids; osmium knows neither."""
    places = ways.places
    is_late = bool(places) and all(x == MISSING for x, _ in places.values())
    if not is_late and min(places, default=0) >= 0:
        return
    for node in osmium.FileProcessor(str(path), osmium.osm.NODE):
        if node.id in places and node.location.valid():
            places[node.id] = (node.location.x, node.location.y)


def _mark(ways: RawWays, node: int, tags: Tags) -> None:
    what = node_crossing(tags)
    if what:
        (ways.signals if what == "signals" else ways.crossings).append(node)
    if is_gate(tags):
        ways.gates.append(node)


def _segments(
    ways: RawWays,
    xy: NDArray[np.float64],
    row: NDArray[np.intp],
    way: NDArray[np.intp],
    first: NDArray[np.intp],
    ids: NDArray[np.int64],
) -> Segments:
    """Return the segments between neighbouring known nodes, with their share of the waiting."""
    ends = np.column_stack([row[first], row[first + 1]])
    length_m = np.linalg.norm(xy[ends[:, 0]] - xy[ends[:, 1]], axis=1)
    of_way = way[first]
    kind = np.array([tags.kind for tags in ways.tags], np.uint8)[of_way]
    is_crossing, is_signal, is_gate_node = (
        np.isin(ids, np.array(those, np.int64))
        for those in (ways.crossings, ways.signals, ways.gates)
    )
    crosses = np.array([tags.is_crossing for tags in ways.tags], bool)
    signalled = np.array([tags.has_signals for tags in ways.tags], bool)
    node_signal_on_way = np.zeros(len(ways.tags), bool)
    np.logical_or.at(node_signal_on_way, way, is_signal[row])
    signalled |= node_signal_on_way
    whole_m = np.bincount(of_way, weights=length_m, minlength=len(ways.tags))
    share = length_m / np.where(whole_m > 0, whole_m, 1.0)[of_way]
    by_way = np.where(crosses[of_way], share, 0.0)
    on_crossing_way = np.zeros(len(ids), bool)
    on_crossing_way[row[crosses[way]]] = True
    on_foot = np.isin(kind, (EdgeKind.FOOT, EdgeKind.STEPS)) & ~crosses[of_way]
    flags = np.array([tags.flags for tags in ways.tags], np.uint8)[of_way]
    flags = np.where(is_gate_node[ends].any(axis=1), flags | EdgeFlag.GATE, flags)

    def by_node(nodes: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Half of each marked node that no crossing way passes, on footways only."""
        halves = 0.5 * (nodes & ~on_crossing_way)[ends].sum(axis=1)
        return np.where(on_foot, halves, 0.0)

    names = np.array([tags.name for tags in ways.tags], dtype=object)
    return Segments(
        xy=xy,
        ends=ends.astype(np.int64),
        length_m=length_m,
        kind=kind,
        flags=flags.astype(np.uint8),
        name=names[of_way],
        crossings=(by_way * ~signalled[of_way] + by_node(is_crossing)).astype(np.float32),
        signals=(by_way * signalled[of_way] + by_node(is_signal)).astype(np.float32),
        counts={
            "crossings": int(is_crossing.sum()),
            "signals": int(is_signal.sum()),
            "gates": int(is_gate_node.sum()),
            "raw_segments": len(ends),
        },
    )
