"""Who is within the limit of an open station: per point, per grid, per community and in total."""

from dataclasses import dataclass
from datetime import datetime

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import KDTree

from geo.attach import attach
from geo.attachments import Attachments, LeftOut
from geo.counts import Floats, coverage_by_grid
from geo.explain import barriers_between, weak_sentences
from geo.ground import SNAP_LIMIT_M, Ground, lay_ground
from geo.profiles import SpeedProfile, speed_profile
from geo.reach import nearest_site, walking_times
from geo.service_area import service_areas
from geo.stations import WHY_CLOSED, why_closed
from geo.study import WEIGHTS, Study
from geo.text import Text

__all__ = [
    "REASONS",
    "Coverage",
    "cover",
    "coverage_by_grid",
    "left_out_reasons",
    "ring_minutes",
]

# Why a point is left out: it is counted in no share, and listed.
REASONS = {
    "no_coordinates": Text("没有坐标", "has no coordinates"),
    "outside_network": Text("在步行网络范围之外", "lies outside the walk network's extent"),
    "beyond_snap": Text("离步行网络太远", "is too far from the walk network"),
    "outside_grids": Text("不在任何网格内", "lies in no grid"),
}


@dataclass(frozen=True, eq=False)
class Coverage:
    """The answer for one study, profile, limit and moment. Read-only. Metric CRS of the study.

    points       one row a demand point, index = text id ("building:12", "compound:7"): kind,
                 source_id (int), name, compound (text), grid_id, community_id (Int64), WEIGHTS
                 columns, seconds (inf = not reachable), station_id (Int64), n_stations (within the
                 limit), covered (bool), crow_m (metres to the nearest open station), crow_covered
                 (bool), reason ("" or why it is left out: a key of REASONS), geometry (point)
    grids, communities, total
                 one row each (index = id; total: index 0), with code, name, community (grids only),
                 n_points, area_km2, area_share, median_s, p90_s (weighted by households where
                 known, otherwise by buildings), and for each weight w: w, w_covered, w_share,
                 w_backup, w_crow_covered, w_unknown (points whose w is not known), w_left_out;
                 grids and communities also members_per_km2, members_per_100_households,
                 nearest_station_id, sentence_zh, sentence_en (why it is weak, "" where it is
                 not), geometry
    areas        one row a level, ascending: minutes, geometry (rings nested)
    stations     study stations + is_open (bool) and why_closed ("" or key), members_served and
                 households_served (nearest within the limit)
    left_out     kind, id, name, reason (key), reason_zh, reason_en
    """

    profile: SpeedProfile
    minutes: float
    at: datetime | None
    points: gpd.GeoDataFrame
    grids: gpd.GeoDataFrame
    communities: gpd.GeoDataFrame
    total: pd.DataFrame
    areas: gpd.GeoDataFrame
    stations: gpd.GeoDataFrame
    left_out: pd.DataFrame


def ring_minutes(minutes: float) -> list[float]:
    """Return the levels to draw up to a limit: every 5 minutes, above 15 every 10."""
    step = 5.0 if minutes <= 15 else 10.0
    rings = [float(level) for level in np.arange(step, minutes, step)]
    return [*rings, float(minutes)]


def cover(
    study: Study,
    *,
    profile: str | SpeedProfile = "standard",
    minutes: float = 15,
    at: datetime | None = None,
    snap_limit_m: float = SNAP_LIMIT_M,
    ground: Ground | None = None,
) -> Coverage:
    """Work out who of a study walks to an open station within some minutes.

    Parameters
    ----------
    study
        The frames, see `geo.study`.
    profile
        A speed profile or its name.
    minutes
        The limit; exactly the limit is covered.
    at
        A local wall-clock moment: only stations and gates open then count. None: every station in
        state "open" and every gate.
    snap_limit_m
        A door farther than this from the network is left out and listed.
    ground
        What `lay_ground` made for the same study, profile and gates, if it is at hand.

    Raises
    ------
    ReachError
        The profile is not known or the minutes are not above zero.
    """
    profile = speed_profile(profile)
    if ground is None:
        ground = lay_ground(study, profile, at, snap_limit_m=snap_limit_m)
    closed = why_closed(study.stations, at)
    stations = study.stations.assign(is_open=closed == "", why_closed=closed)
    doors = attach(
        ground.network,
        stations[stations["is_open"]],
        profile=profile,
        compounds=study.compounds,
        gates=study.gates,
        at=at,
        snap_limit_m=ground.snap_limit_m,
    )
    points = _timed_points(ground, stations[stations["is_open"]], doors, 60.0 * minutes)
    areas = service_areas(
        ground.network,
        doors,
        minutes=ring_minutes(minutes),
        profile=profile,
        raster=ground.raster,
    )
    reach = areas.geometry.iloc[-1] if len(areas) else shapely.MultiPolygon()
    grids = _area_rows(study.grids, "grid_id", points, reach, minutes)
    grids.insert(2, "community", study.grids["community"])
    return Coverage(
        profile=profile,
        minutes=minutes,
        at=at,
        points=points,
        grids=grids,
        communities=_area_rows(study.communities, "community_id", points, reach, minutes),
        total=_total_row(study, points, reach, minutes),
        areas=areas,
        stations=_served(stations, points),
        left_out=_left_out(points, stations, doors),
    )


def _timed_points(
    ground: Ground, sites: gpd.GeoDataFrame, doors: Attachments, limit_s: float
) -> gpd.GeoDataFrame:
    """Add to the demand points what each has of the open stations, and why some are left out."""
    points, profile = ground.points, ground.profile
    nearest = nearest_site(ground.network, doors, ground.doors, profile=profile)
    times = walking_times(ground.network, doors, ground.doors, profile=profile, limit_s=limit_s)
    seconds = nearest["seconds"].to_numpy(float)
    row_of_site = nearest["site_id"]
    site_ids = pd.array(sites.index, dtype="Int64")
    station_id = pd.array([pd.NA] * len(points), dtype="Int64")
    has_site = row_of_site.notna().to_numpy()
    station_id[np.flatnonzero(has_site)] = site_ids[row_of_site[has_site].astype(int)]
    crow_m, crow_station = _nearest_by_crow(points, sites)
    crow_covered = crow_m / profile.speed_m_s <= limit_s
    timed = points.assign(
        seconds=seconds,
        station_id=station_id,
        n_stations=np.bincount(times.indices, minlength=len(points)),
        covered=seconds <= limit_s,
        crow_m=crow_m,
        crow_covered=crow_covered,
        crow_station_id=crow_station,
        reason=left_out_reasons(ground),
    )
    return timed.assign(barrier=barriers_between(timed, sites, ground.study.base))


def _nearest_by_crow(
    points: gpd.GeoDataFrame, sites: gpd.GeoDataFrame
) -> tuple[Floats, pd.api.extensions.ExtensionArray]:
    """Return the straight-line metres to the nearest site (n,), inf without any, and its id."""
    metres = np.full(len(points), np.inf)
    ids = pd.array([pd.NA] * len(points), dtype="Int64")
    place = shapely.get_coordinates(points.geometry.force_2d().to_numpy())
    if len(sites) == 0 or len(points) == 0 or len(place) != len(points):
        return metres, ids
    has_place = np.isfinite(place).all(axis=1)
    tree = KDTree(shapely.get_coordinates(sites.geometry.to_numpy()))
    distance_m, row = tree.query(place[has_place])
    metres[has_place] = distance_m
    ids[np.flatnonzero(has_place)] = sites.index.to_numpy()[row]
    return metres, ids


def left_out_reasons(ground: Ground) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    """Return why each point is left out: the first that holds of REASONS, "" if none."""
    points, network = ground.points, ground.network
    reasons = np.full(len(points), "", dtype=object)
    if len(ground.study.grids):
        reasons[points["grid_id"].isna().to_numpy()] = "outside_grids"
    reasons[ground.doors.left_out == LeftOut.BEYOND_SNAP_LIMIT] = "beyond_snap"
    place = ground.doors.xy
    low, high = network.bounds(ground.snap_limit_m)
    reasons[((place < low) | (place > high)).any(axis=1)] = "outside_network"
    reasons[~np.isfinite(place).all(axis=1)] = "no_coordinates"
    return reasons


def _area_rows(
    frame: gpd.GeoDataFrame,
    column: str,
    points: gpd.GeoDataFrame,
    reach: shapely.Geometry,
    minutes: float,
) -> gpd.GeoDataFrame:
    """Count one row a grid or a community; `column` of the points says which they count for."""
    counted = points[points["reason"] == ""]
    counts = coverage_by_grid(
        frame,
        counted.assign(grid_id=counted[column]),
        counted["seconds"].to_numpy(float),
        counted[list(WEIGHTS)],
        limit_s=60.0 * minutes,
        n_within=counted["n_stations"].to_numpy(),
        crow_covered=counted["crow_covered"].to_numpy(bool),
    )
    left = points[points["reason"] != ""].groupby(column)[list(WEIGHTS)].sum()
    left = left.reindex(frame.index, fill_value=0.0).add_suffix("_left_out")
    shape = frame.geometry
    area_m2 = shape.area.to_numpy()
    # Nobody known anywhere is no density of zero.
    is_known = bool(points["members"].notna().any())
    members = counts["members"].to_numpy() if is_known else np.full(len(frame), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        density = {
            "area_km2": area_m2 / 1e6,
            "area_share": shapely.area(shapely.intersection(shape.to_numpy(), reach)) / area_m2,
            "members_per_km2": members / (area_m2 / 1e6),
            "members_per_100_households": 100.0
            * members
            / np.where(counts["households"] > 0, counts["households"], np.nan),
        }
    rows = pd.concat(
        [
            frame[["code", "name"]],
            counts,
            left,
            pd.DataFrame(density, index=frame.index),
            _most_used_station(counted, column).reindex(frame.index).rename("nearest_station_id"),
            weak_sentences(frame, counted, column=column, minutes=minutes),
        ],
        axis=1,
    )
    return gpd.GeoDataFrame(rows, geometry=shape, crs=frame.crs)


def _most_used_station(counted: pd.DataFrame, column: str) -> pd.Series:
    """Return per area the station nearest for most of its points, the lowest id on a tie."""
    pairs = counted[[column, "station_id"]].dropna().value_counts().reset_index(name="n")
    pairs = pairs.sort_values([column, "n", "station_id"], ascending=[True, False, True])
    return pairs.drop_duplicates(column).set_index(column)["station_id"].astype("Int64")


def _total_row(
    study: Study, points: gpd.GeoDataFrame, reach: shapely.Geometry, minutes: float
) -> pd.DataFrame:
    """Count everyone once: one row, index 0."""
    whole = shapely.union_all(study.grids.geometry.to_numpy())
    everything = gpd.GeoDataFrame(
        {"code": [""], "name": [""]}, geometry=[whole], crs=study.crs, index=[0]
    )
    anyone = points.assign(all_of_it=pd.array(np.zeros(len(points), np.int64), dtype="Int64"))
    row = _area_rows(everything, "all_of_it", anyone, reach, minutes)
    return pd.DataFrame(row.drop(columns=["geometry", "sentence_zh", "sentence_en"]))


def _served(stations: gpd.GeoDataFrame, points: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Add to each station whom it serves: those covered to whom it is the nearest."""
    theirs = points[(points["reason"] == "") & points["covered"]].groupby("station_id")
    served = theirs[["members", "households"]].sum().add_suffix("_served")
    return stations.join(served.reindex(stations.index, fill_value=0.0))


def _left_out(
    points: gpd.GeoDataFrame, stations: gpd.GeoDataFrame, doors: Attachments
) -> pd.DataFrame:
    """List the demand points and the open stations that count for nothing, with the reason."""
    gone = points[points["reason"] != ""]
    rows = [
        pd.DataFrame(
            {
                "kind": gone["kind"],
                "id": gone["source_id"],
                "name": gone["name"],
                "reason": gone["reason"],
            }
        )
    ]
    lost = stations[stations["is_open"]][doors.left_out != LeftOut.ATTACHED]
    rows.append(
        pd.DataFrame(
            {"kind": "station", "id": lost.index, "name": lost["name"], "reason": "beyond_snap"}
        )
    )
    listed = pd.concat(rows, ignore_index=True)
    said = listed["reason"].map(REASONS | WHY_CLOSED)
    return listed.assign(reason_zh=[text.zh for text in said], reason_en=[text.en for text in said])
