"""Walking times between points: one to many, many to many, the nearest site, and the way itself."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from geo.attach import Points, attach
from geo.attachments import Attachments
from geo.doors import Seeds, doors_of, ends_of, seeds_of, targets_of
from geo.errors import ReachError
from geo.graph import FAR, TICKS_PER_MS, WalkGraph, walk_graph
from geo.kernel import Doors, nearest_of_doors, rounded_seconds, times_of_rows
from geo.network import WalkNetwork
from geo.profiles import SpeedProfile, speed_profile
from geo.search import Workspace, arcs_of, search, ticks_of, workspace_for
from geo.text import Text

THREADS = 2


def walking_times(
    network: WalkNetwork,
    origins: Points | Attachments,
    destinations: Points | Attachments,
    *,
    profile: str | SpeedProfile = "standard",
    limit_s: float,
    **attach_options: Any,  # noqa: ANN401 - passed on to `attach`
) -> csr_array:
    """Return the walking time of every pair within a limit.

    Parameters
    ----------
    network
        The walk network; with walls, the one made by `geo.compounds.walled_network`.
    origins, destinations
        n and m points (frame or series with a CRS, or (n, 2) metres in the network's CRS), or
        what `attach` made of them.
    profile
        A speed profile or its name.
    limit_s
        In seconds; exactly the limit is stored. Nobody is walked farther than 18.6 hours.
    **attach_options
        Passed to `attach` for what is not attached yet.

    Returns
    -------
    times
        (n, m) seconds, whole milliseconds, columns ascending; a pair that is not stored is not
        reachable within the limit, and a stored 0.0 is a walk of no time.

    Raises
    ------
    ReachError
        The limit is not a number of zero or more, or the profile is not known.
    """
    profile = speed_profile(profile)
    limit = _limit_ticks(limit_s)
    starts = _attached(network, origins, profile, attach_options)
    goals = _attached(network, destinations, profile, attach_options)
    graph = walk_graph(network, profile)
    doors, goal_doors = doors_of(graph, starts), doors_of(graph, goals)
    seeds = seeds_of(graph, doors)
    targets = targets_of(graph, goals, goal_doors)

    parts = np.array_split(_spatial_order(seeds), THREADS)

    def rows(origins: NDArray[np.int64]) -> tuple[NDArray[Any], ...]:
        counts, points, ticks = times_of_rows(
            arcs_of(graph),
            ends_of(graph),
            doors,
            seeds.start,
            seeds.node,
            seeds.ticks,
            targets,
            goals.n_points,
            limit,
            origins,
            workspace_for(graph, limit),
        )
        return counts, points, ticks

    with ThreadPoolExecutor(THREADS) as pool:
        done = list(pool.map(rows, parts))
    times = _stacked(done, parts, goals.n_points)
    return _with_inner_walks(times, starts, goals, profile, limit_s)


def nearest_site(
    network: WalkNetwork,
    sites: Points | Attachments,
    points: Points | Attachments,
    *,
    profile: str | SpeedProfile = "standard",
    limit_s: float | None = None,
    **attach_options: Any,  # noqa: ANN401 - passed on to `attach`
) -> pd.DataFrame:
    """Return the nearest site of each point and the time to it.

    Arguments as in `walking_times`; without a limit as far as the network goes.

    Returns
    -------
    nearest
        One row a point (index of `points` if it is a frame): site_id (the index value of `sites`,
        its row number if it has none; NA where none is within the limit) and seconds (whole
        milliseconds, inf where none). Ties go to the site that stands first.
    """
    profile = speed_profile(profile)
    limit = FAR - 1 if limit_s is None else _limit_ticks(limit_s)
    starts = _attached(network, sites, profile, attach_options)
    goals = _attached(network, points, profile, attach_options)
    graph = walk_graph(network, profile)
    doors, goal_doors = doors_of(graph, starts), doors_of(graph, goals)
    work = _search_from_all(graph, doors, limit, has_sites=True)
    seconds, site = nearest_of_doors(ends_of(graph), doors, goal_doors, limit, work)
    _offer_inner_walks(starts, goals, profile, limit_s, seconds, site)
    ids = sites.index if isinstance(sites, gpd.GeoDataFrame | gpd.GeoSeries) else None
    index = points.index if isinstance(points, gpd.GeoDataFrame | gpd.GeoSeries) else None
    return pd.DataFrame(
        {"site_id": _site_ids(site, ids).array, "seconds": seconds},
        index=pd.RangeIndex(goals.n_points) if index is None else index,
    )


def node_ticks(
    network: WalkNetwork,
    sites: Attachments,
    *,
    profile: str | SpeedProfile,
    limit_s: float,
) -> NDArray[np.int32]:
    """Return the ticks from the nearest site to each routing node (N,), FAR beyond the limit."""
    graph = walk_graph(network, speed_profile(profile))
    doors = doors_of(graph, sites)
    return ticks_of(_search_from_all(graph, doors, _limit_ticks(limit_s), has_sites=False))


def _spatial_order(seeds: Seeds) -> NDArray[np.int64]:
    """Return the origins by the routing node they start from: those are numbered in space."""
    n = len(seeds.start) - 1
    first = np.full(n, -1, np.int64)
    has_seed = np.diff(seeds.start) > 0
    first[has_seed] = seeds.node[seeds.start[:-1][has_seed]]
    return np.argsort(first, kind="stable")


def _stacked(
    done: list[tuple[NDArray[Any], ...]], parts: list[NDArray[np.int64]], n_points: int
) -> csr_array:
    """Return the rows of all parts as one matrix, in the order of the origins."""
    counts, points, ticks = (np.concatenate([part[k] for part in done]) for k in range(3))
    origin = np.concatenate(parts)
    n_of = np.zeros(len(origin), np.int64)
    n_of[origin] = counts
    indptr = np.concatenate(([0], np.cumsum(n_of)))
    began = np.concatenate(([0], np.cumsum(counts)))[:-1]
    move = np.repeat(indptr[origin] - began, counts) + np.arange(len(points))
    columns, values = np.empty_like(points), np.empty(len(points))
    columns[move], values[move] = points, rounded_seconds(ticks)
    return csr_array((values, columns, indptr), shape=(len(origin), n_points))


def _limit_ticks(limit_s: float) -> int:
    """Return the limit in ticks, with the half millisecond that rounds to it."""
    if not (np.isfinite(limit_s) and limit_s >= 0):
        raise ReachError(
            Text(
                f"时限 {limit_s} 不是秒数；请给零或正数。",
                f"The limit {limit_s} is not a time; give zero or more seconds.",
            )
        )
    whole_ms = int(np.floor(limit_s * 1000.0 + 1e-6))
    return min(whole_ms * TICKS_PER_MS + TICKS_PER_MS // 2 - 1, FAR - 1)


def _attached(
    network: WalkNetwork,
    points: Points | Attachments,
    profile: SpeedProfile,
    attach_options: dict[str, Any],
) -> Attachments:
    if isinstance(points, Attachments):
        return points
    return attach(network, points, profile=profile, **attach_options)


def _search_from_all(graph: WalkGraph, doors: Doors, limit: int, *, has_sites: bool) -> Workspace:
    """Walk from all sites at once; the workspace then holds the label of each node."""
    seeds = seeds_of(graph, doors)
    site = np.repeat(np.arange(len(seeds.start) - 1, dtype=np.int32), np.diff(seeds.start))
    work = workspace_for(graph, limit, has_sites=has_sites)
    search(arcs_of(graph), seeds.node, seeds.ticks, site, limit, work)
    return work


def _inner_walks(
    starts: Attachments, goals: Attachments, profile: SpeedProfile
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Return the pairs behind the same wall and the straight walk between them, in seconds."""
    if not (starts.compound >= 0).any():
        return np.empty(0, np.intp), np.empty(0, np.intp), np.empty(0)
    origins = pd.DataFrame({"compound": starts.compound, "origin": range(starts.n_points)})
    points = pd.DataFrame({"compound": goals.compound, "point": range(goals.n_points)})
    pairs = origins[origins["compound"] >= 0].merge(points, on="compound")
    origin = pairs["origin"].to_numpy(np.intp)
    point = pairs["point"].to_numpy(np.intp)
    metres = np.linalg.norm(starts.xy[origin] - goals.xy[point], axis=1)
    return origin, point, np.rint(metres / profile.speed_m_s * 1000.0) / 1000.0


def _with_inner_walks(
    times: csr_array,
    starts: Attachments,
    goals: Attachments,
    profile: SpeedProfile,
    limit_s: float,
) -> csr_array:
    """Put in the straight walks inside one compound where they are shorter."""
    origin, point, seconds = _inner_walks(starts, goals, profile)
    near = seconds <= limit_s
    if not near.any():
        return times
    row = np.repeat(np.arange(times.shape[0]), np.diff(times.indptr))
    rows = np.concatenate([row, origin[near]])
    columns = np.concatenate([times.indices, point[near]])
    values = np.concatenate([times.data, seconds[near]])
    order = np.lexsort((values, columns, rows))
    rows, columns, values = rows[order], columns[order], values[order]
    is_first = np.ones(len(rows), bool)
    is_first[1:] = (np.diff(rows) != 0) | (np.diff(columns) != 0)
    indptr = np.searchsorted(rows[is_first], np.arange(times.shape[0] + 1))
    return csr_array((values[is_first], columns[is_first], indptr), shape=times.shape)


def _offer_inner_walks(
    starts: Attachments,
    goals: Attachments,
    profile: SpeedProfile,
    limit_s: float | None,
    seconds: NDArray[np.float64],
    site: NDArray[np.int64],
) -> None:
    """Take the straight walk inside one compound where it is shorter; writes into both arrays."""
    origin, point, inner = _inner_walks(starts, goals, profile)
    order = np.lexsort((origin, inner))[::-1]  # the best is written last
    for one in order.tolist():
        at = point[one]
        is_nearer = (inner[one], origin[one]) < (seconds[at], site[at])
        if is_nearer and (limit_s is None or inner[one] <= limit_s):
            seconds[at], site[at] = inner[one], origin[one]


def _site_ids(site: NDArray[np.int64], ids: pd.Index | None) -> "pd.Series[Any]":
    """Return the index values of the sites (n,), NA for -1."""
    is_none = site < 0
    taken = site if ids is None or len(ids) == 0 else ids.to_numpy()[np.maximum(site, 0)]
    if np.issubdtype(taken.dtype, np.integer):
        return pd.Series(pd.arrays.IntegerArray(taken.astype(np.int64, copy=False), is_none))
    return pd.Series(taken, dtype=object).mask(is_none, pd.NA)
