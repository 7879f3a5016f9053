"""Missing links: the footbridges and passages that would bring most people within the limit."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import KDTree

from geo.crs import WGS84
from geo.graph import walk_graph
from geo.ground import Ground
from geo.link_doors import Nearer, doors_nearer_to
from geo.link_names import barrier_crossed, link_title, name_at
from geo.network import EdgeFlag
from geo.opening_gains import (
    Floats,
    OnProgress,
    Rows,
    ShouldStop,
    Standing,
    closed_ground,
    counted_row,
    gain_text,
    on_ways,
    some_of,
    stand,
    whole_ms,
)
from geo.reach import nearest_site, walking_times
from geo.snap import positions
from geo.whatif import NewLink

STEP_M = 20.0  # between the places that a link may join
LONGEST_M = 150.0
LEAST_SAVING_S = 60.0  # at the far end; less is no missing link
APART_M = 200.0  # between the middles of two links that are listed
NEARLY_AS_GOOD = 0.95  # of the best link near by: then the shortest is listed
ENDS_M = 0.5  # of a link, that may touch what it joins
CHUNK = 512  # far ends walked from between two looks at the clock
LINK_COLUMNS = [
    *("weight", "members", "households", "n_points", "before_s", "after_s", "points"),
    *("metres", "barrier", "barrier_name", "lon", "lat", "to_lon", "to_lat", "edits"),
    *("title_zh", "title_en", "sentence_zh", "sentence_en", "geometry"),
]


@dataclass(frozen=True, eq=False)
class Pairs:
    """Links that might be built: k rows, each from a place near a station to one far on foot."""

    near: Rows  # (k,) places
    far: Rows
    metres: Floats
    arrival_s: Floats  # from the nearest station over the link to the far end
    lines: NDArray[np.object_]

    def some(self, keep: NDArray[np.bool_] | Rows) -> "Pairs":
        """Return some of the rows."""
        return Pairs(
            self.near[keep],
            self.far[keep],
            self.metres[keep],
            self.arrival_s[keep],
            self.lines[keep],
        )


@dataclass(frozen=True, eq=False)
class Places:
    """Places on public ways that a link may join."""

    edge: NDArray[np.int32]
    fraction: Floats
    xy: Floats
    seconds: Floats  # to the nearest station


@dataclass(frozen=True, eq=False)
class Gains:
    """Links that bring somebody: who, and in what time."""

    pairs: Pairs
    weight: Floats
    gained: list[Rows]
    lost: list[Rows]
    after_s: list[Floats]


def rank_links(
    ground: Ground,
    stations: gpd.GeoDataFrame,
    *,
    limit_s: float,
    weight: ArrayLike,
    longest_m: float = LONGEST_M,
    most: int = 20,
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> gpd.GeoDataFrame:
    """Rank the footbridges and passages that are missing by the weight they would bring.

    A link runs straight between two places on public ways (every STEP_M, and where ways end or
    meet). It crosses no compound, no building and no other public way; all other ground, water and
    railways count as ground that can be crossed: who owns it, and what a bridge costs, is not
    known here. Of the links whose middles are within APART_M of each other one is listed. One in
    front of a station or a gate, which would then join the link and not its way, is passed over.

    The gains are what `geo.whatif.NewLink` would give, to the millisecond: with one link from a
    to b a walk takes min(T(point), T(a) + link + d(b, point)), both ways, where T is the time from
    the nearest station today; who lives nearer to the link than to any way joins it.

    Parameters
    ----------
    ground
        What `geo.ground.lay_ground` made of the study.
    stations
        The open ones, any CRS.
    limit_s
        Seconds; exactly the limit is within.
    weight
        (n,) what to count of each demand point of the ground, zero or more.
    longest_m
        Of a link, in metres.
    most
        Links to return at most.
    on_progress, should_stop
        Called with what is done of what there is; True ends with the best links seen so far.

    Returns
    -------
    links
        Best first, index 1…: weight, members, households (newly within the limit), n_points,
        before_s, after_s (median walk of these points), points (their ids), metres, barrier
        ("water", "rail", ""), barrier_name, lon, lat, to_lon, to_lat (WGS84; from the end that is
        nearer to a station), edits (a tuple of one `NewLink`), title_zh, title_en (what is
        built), sentence_zh, sentence_en (and what it brings), geometry
        (line in the CRS of the study). Ties: the shorter link, then the lower places.

    Raises
    ------
    SitingError
        The limit is not positive, or the weights do not fit the points.
    """
    standing = stand(ground, stations, limit_s=limit_s, weight=weight)
    if not standing.weight[standing.outside].any() or len(stations) == 0:
        return _frame([], ground)
    places = _places(standing)
    pairs = _open_pairs(standing, places, _pairs(standing, places, longest_m))
    nearer = doors_nearer_to(ground, standing.site_doors, pairs.lines)
    fits = ~nearer.moves_fixed
    pairs, nearer = pairs.some(fits), nearer.some(fits)
    gains = _gains(standing, places, pairs, nearer, on_progress, should_stop)
    chosen = _spread(gains)[:most]
    return _frame([_row(standing, places, gains, row) for row in chosen], ground)


def _places(standing: Standing) -> Places:
    """Return places every STEP_M on public ways but bridges and tunnels, and their nodes."""
    ground = standing.ground
    network, graph = ground.network, walk_graph(ground.network, ground.profile)
    spans = (network.edge_flags & (EdgeFlag.BRIDGE | EdgeFlag.TUNNEL)) != 0
    ways = np.flatnonzero(graph.usable & (graph.edge_zone == 0) & ~spans)
    n_parts = np.maximum(np.ceil(network.edge_length_m[ways] / STEP_M), 1).astype(np.int64)
    of_part = np.repeat(np.arange(len(ways)), n_parts - 1)
    part = np.arange(len(of_part)) - np.repeat(np.cumsum(n_parts - 1) - (n_parts - 1), n_parts - 1)
    ends = network.edge_nodes[ways].T.ravel()
    _, first = np.unique(ends, return_index=True)
    edge = np.concatenate([ways[of_part], np.tile(ways, 2)[first]]).astype(np.int32)
    fraction = np.concatenate(
        [(part + 1) / n_parts[of_part], np.repeat([0.0, 1.0], len(ways))[first]]
    )
    xy = positions(network, edge, fraction)
    times = nearest_site(
        network, standing.site_doors, on_ways(edge, fraction, xy), profile=ground.profile
    )
    return Places(edge, fraction, xy, times["seconds"].to_numpy(float))


def _pairs(standing: Standing, places: Places, longest_m: float) -> Pairs:
    """Return the pairs whose link would save the far end time and leave some within the limit."""
    is_near = np.flatnonzero(places.seconds < standing.limit_s)
    speed = standing.ground.profile.speed_m_s
    empty = np.empty(0)
    if len(is_near) == 0:
        return Pairs(is_near, is_near, empty, empty, np.empty(0, object))
    near_tree, tree = KDTree(places.xy[is_near]), KDTree(places.xy)
    found = near_tree.sparse_distance_matrix(tree, longest_m, output_type="coo_matrix")
    near, far, metres = is_near[found.row], found.col.astype(np.intp), found.data
    arrival_s = places.seconds[near] + metres / speed
    saves = places.seconds[far] - arrival_s >= LEAST_SAVING_S
    helps = saves & (arrival_s < standing.limit_s) & (metres > 2 * ENDS_M)
    order = np.flatnonzero(helps)
    order = order[np.lexsort((near[order], far[order]))]
    near, far = near[order], far[order]
    lines = shapely.linestrings(np.stack([places.xy[near], places.xy[far]], axis=1))
    return Pairs(near, far, metres[order], arrival_s[order], np.asarray(lines, object))


def _open_pairs(standing: Standing, places: Places, pairs: Pairs) -> Pairs:
    """Keep the links that nothing blocks; of each far end the soonest and the shortest."""
    network = standing.ground.network
    share = ENDS_M / np.maximum(pairs.metres, 2 * ENDS_M)
    a, b = places.xy[pairs.near], places.xy[pairs.far]
    inset = (b - a) * share[:, None]
    middles = shapely.linestrings(np.stack([a + inset, b - inset], axis=1))
    blocked = np.zeros(len(pairs.near), bool)
    public = np.flatnonzero(network.edge_compound < 0)
    ways = _edge_shapes(standing.ground, public)
    for shapes in (closed_ground(standing), ways):
        line, _ = shapely.STRtree(shapes).query(middles, predicate="intersects")
        blocked[line] = True
    free = pairs.some(~blocked)
    soonest = np.lexsort((free.near, free.metres, free.arrival_s, free.far))
    shortest = np.lexsort((free.near, free.arrival_s, free.metres, free.far))
    first = np.union1d(_first_of(free.far, soonest), _first_of(free.far, shortest))
    return free.some(first)


def _edge_shapes(ground: Ground, edges: Rows) -> NDArray[np.object_]:
    network = ground.network
    shapes = [
        network.vertex_xy[network.vertex_start[e] : network.vertex_start[e + 1]] for e in edges
    ]
    owner = np.repeat(np.arange(len(edges)), [len(shape) for shape in shapes])
    vertices = np.concatenate(shapes) if shapes else np.empty((0, 2))
    return np.asarray(shapely.linestrings(vertices, indices=owner), dtype=object)


def _first_of(groups: Rows, order: Rows) -> Rows:
    """Return the row that stands first in `order` of each group."""
    _, first = np.unique(groups[order], return_index=True)
    return order[first]


def _gains(
    standing: Standing,
    places: Places,
    pairs: Pairs,
    nearer: Nearer,
    on_progress: OnProgress | None,
    should_stop: ShouldStop | None,
) -> Gains:
    """Work out whom each link brings; links that bring nobody are left off."""
    kept, weights, gained, lost, after = [], [], [], [], []
    outside = np.flatnonzero(standing.outside)
    for row, columns, beyond_s in _walks(
        standing, places, pairs, outside, on_progress, should_stop
    ):
        seconds = standing.seconds.copy()
        by_link = whole_ms(pairs.arrival_s[row] + beyond_s)
        seconds[outside[columns]] = np.minimum(seconds[outside[columns]], by_link)
        moved, moved_s = _moved(standing, places, pairs, nearer, row)
        seconds[moved] = moved_s
        touched = np.union1d(outside[columns], moved)
        is_in, was_in = (
            seconds[touched] <= standing.limit_s,
            standing.seconds[touched] <= standing.limit_s,
        )
        wins, loses = touched[is_in & ~was_in], touched[was_in & ~is_in]
        total = standing.weight[wins].sum() - standing.weight[loses].sum()
        if total > 0:
            wins, loses = wins[standing.counts[wins]], loses[standing.counts[loses]]
            kept.append(row)
            weights.append(total)
            gained.append(wins)
            lost.append(loses)
            after.append(seconds[wins])
    rows = np.array(kept, np.intp)
    return Gains(pairs.some(rows), np.array(weights, float), gained, lost, after)


def _walks(
    standing: Standing,
    places: Places,
    pairs: Pairs,
    outside: Rows,
    on_progress: OnProgress | None,
    should_stop: ShouldStop | None,
) -> Iterator[tuple[int, NDArray[np.int32], Floats]]:
    """Yield for each link the people outside that its far end reaches, and the seconds to them."""
    ground = standing.ground
    goals = some_of(ground.doors, outside)
    ends = np.unique(pairs.far)
    for first in range(0, len(ends), CHUNK):
        if should_stop is not None and should_stop():
            return
        chunk = ends[first : first + CHUNK]
        rows = np.flatnonzero(np.isin(pairs.far, chunk))
        starts = on_ways(places.edge[chunk], places.fraction[chunk], places.xy[chunk])
        budget_s = max(standing.limit_s - float(pairs.arrival_s[rows].min()), 0.0)
        times = walking_times(
            ground.network, starts, goals, profile=ground.profile, limit_s=budget_s
        )
        for row in rows.tolist():
            at = int(np.searchsorted(chunk, pairs.far[row]))
            part = slice(times.indptr[at], times.indptr[at + 1])
            yield row, times.indices[part], times.data[part]
        if on_progress is not None:
            on_progress(min(first + CHUNK, len(ends)), len(ends))


def _moved(
    standing: Standing, places: Places, pairs: Pairs, nearer: Nearer, row: int
) -> tuple[Rows, Floats]:
    """Return the points that would join the link itself, and their times."""
    points, access_m, along_m = nearer.of(row)
    speed = standing.ground.profile.speed_m_s
    from_near = places.seconds[pairs.near[row]] + along_m / speed
    from_far = (
        min(places.seconds[pairs.far[row]], pairs.arrival_s[row])
        + (pairs.metres[row] - along_m) / speed
    )
    return points, whole_ms(np.minimum(from_near, from_far) + access_m / speed)


def _spread(gains: Gains) -> list[int]:
    """Return the links to list, best first: of those close together one."""
    pairs, weight = gains.pairs, gains.weight
    order = np.lexsort((pairs.far, pairs.near, pairs.metres, -weight))
    middle = shapely.get_coordinates(
        shapely.line_interpolate_point(pairs.lines, 0.5, normalized=True)
    )
    is_left = np.ones(len(order), bool)
    chosen = []
    for best in order.tolist():
        if not is_left[best]:
            continue
        beside = np.linalg.norm(middle - middle[best], axis=1) <= APART_M
        as_good = order[(is_left & beside & (weight >= NEARLY_AS_GOOD * weight[best]))[order]]
        shortest = int(as_good[np.argmin(pairs.metres[as_good])])
        chosen.append(shortest)
        is_left &= ~beside & (np.linalg.norm(middle - middle[shortest], axis=1) > APART_M)
    rank = {row: k for k, row in enumerate(order.tolist())}
    return sorted(chosen, key=lambda row: rank[row])


def _row(standing: Standing, places: Places, gains: Gains, row: int) -> dict[str, Any]:
    """Return one row of the answer."""
    ground, pairs = standing.ground, gains.pairs
    line = pairs.lines[row]
    ends = gpd.GeoSeries(
        shapely.points(shapely.get_coordinates(line)), crs=ground.network.crs
    ).to_crs(WGS84)
    lon, lat, to_lon, to_lat = (float(k) for p in ends for k in (p.x, p.y))
    barrier, barrier_name = barrier_crossed(ground, line)
    counted = counted_row(standing, gains.gained[row], gains.lost[row], gains.after_s[row])
    values = {
        **counted,
        "metres": float(pairs.metres[row]),
        "barrier": barrier,
        "barrier_name": barrier_name,
        "lon": lon,
        "lat": lat,
        "to_lon": to_lon,
        "to_lat": to_lat,
        "edits": (NewLink(lon, lat, to_lon, to_lat),),
        "geometry": line,
    }
    where = [
        name_at(ground, int(places.edge[place]), places.xy[place])
        for place in (pairs.near[row], pairs.far[row])
    ]
    title = link_title(barrier, barrier_name, float(pairs.metres[row]), where)
    gain = gain_text(counted)
    return {
        **values,
        "title_zh": title.zh,
        "title_en": title.en,
        "sentence_zh": f"{title.zh}，{gain.zh}。",
        "sentence_en": f"{title.en}: {gain.en}.",
    }


def _frame(rows: list[dict[str, Any]], ground: Ground) -> gpd.GeoDataFrame:
    frame = pd.DataFrame(rows, columns=LINK_COLUMNS)
    frame.index = pd.RangeIndex(1, len(rows) + 1, name="rank")
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=ground.network.crs)
