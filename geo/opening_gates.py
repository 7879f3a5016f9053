"""Gates: where a new one, or an old one opened, would bring most people within the limit."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray

from geo.attach import attach
from geo.attachments import Attachments
from geo.compounds import walled_network
from geo.crs import WGS84
from geo.explain import MISSING_LINK
from geo.gates import attach_through_gates, open_gates, passable_compounds
from geo.graph import walk_graph
from geo.ground import Ground
from geo.opening_bounds import bound_of_opening
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
from geo.snap import positions, snap_points
from geo.text import Text
from geo.whatif import Edit, NewGate, OpenedGate, apply_edits

STEP_M = 10.0  # along a wall, between the places where a gate might be
TO_WAY_M = 25.0  # the farthest that a public way may lie from a new gate
FROM_GATE_M = 60.0  # a new gate is at least so far from those that are there
GATE_COLUMNS = [
    *("kind", "compound_id", "compound", "gate_ids", "weight", "members", "households"),
    *("n_points", "before_s", "after_s", "points", "lon", "lat", "edits"),
    *("title_zh", "title_en", "sentence_zh", "sentence_en", "geometry"),
]
SIDES = (
    Text("东侧", "east side"),
    Text("北侧", "north side"),
    Text("西侧", "west side"),
    Text("南侧", "south side"),
)


def rank_gates(
    ground: Ground,
    stations: gpd.GeoDataFrame,
    *,
    limit_s: float,
    weight: ArrayLike,
    most: int = 20,
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> gpd.GeoDataFrame:
    """Rank gates by the weight that they would bring within the limit, if made or opened.

    Three kinds. "new_gate": a gate for its own people in the wall of a compound, within TO_WAY_M of
    a public way that no compound, building, river or railway cuts off, FROM_GATE_M from the gates
    that are there; the best place of each compound. "open_gate": a gate that is shut at the moment
    of the ground, opened for its own people. "open_all": all gates of a compound opened to
    everybody at all hours, so that others may walk through it.

    The gains are what the edits would give (`geo.whatif`). A compound without known gates is passed
    over (its homes join the nearest way already), and so is, for new gates, one that anyone may
    cross. Opening to everybody is worked out anew, study by study, as long as a bound from below on
    the times (straight through the compound between its ways out) could still place it.

    Parameters
    ----------
    ground, stations, limit_s, weight, most, on_progress, should_stop
        As in `geo.opening_links.rank_links`.

    Returns
    -------
    gates
        Best first, index 1…: kind, compound_id, compound (name), gate_ids (tuple of those opened),
        weight, members, households (newly within the limit), n_points, before_s, after_s (median
        walk of these points), points (their ids), lon, lat (WGS84), edits (tuple), title_zh,
        title_en (what is done), sentence_zh, sentence_en (and what it brings), geometry (point in
        the CRS of the study). Ties by kind and compound.

    Raises
    ------
    SitingError
        The limit is not positive, or the weights do not fit the points.
    """
    standing = stand(ground, stations, limit_s=limit_s, weight=weight)
    study = ground.study
    if not standing.weight[standing.outside].any() or len(stations) == 0 or study.gates.empty:
        return _frame([], ground)
    rows = _for_their_own(standing, _new_places(standing), "new_gate")
    rows += _for_their_own(standing, _shut_gates(ground), "open_gate")
    rows += _open_to_all(standing, rows, most, on_progress, should_stop)
    rows.sort(key=lambda row: (-row["weight"], row["kind"], row["compound_id"], row["gate_ids"]))
    return _frame([_described(ground, row) for row in rows[:most]], ground)


def _new_places(standing: Standing) -> gpd.GeoDataFrame:
    """Return places for gates in walls (compound_id, gate_id -1, geometry), row by row."""
    ground = standing.ground
    study, network = ground.study, ground.network
    in_them = [ground.doors.compound[standing.outside], standing.site_doors.compound]
    inhabited = np.unique(np.concatenate(in_them))
    walled = study.compounds[
        study.compounds.index.isin(inhabited)
        & ~study.compounds.index.isin(list(passable_compounds(study.gates, ground.at)))
        & (study.compounds.area > 0)
    ]
    rims = shapely.boundary(walled.geometry.to_crs(network.crs).to_numpy())
    n = np.maximum((shapely.length(rims) // STEP_M).astype(np.int64), 4)
    rim = np.repeat(np.arange(len(rims)), n)
    along = (np.arange(len(rim)) - np.repeat(np.cumsum(n) - n, n)) / n[rim]
    places = shapely.line_interpolate_point(rims[rim], along, normalized=True)
    frame = _gate_frame(walled.index.to_numpy(np.int64)[rim], places, ground)
    return frame[_is_fit(standing, frame)].reset_index(drop=True)


def _gate_frame(
    compound: NDArray[np.int64], places: NDArray[np.object_], ground: Ground
) -> gpd.GeoDataFrame:
    columns = {"compound_id": compound, "gate_id": -1, "open_to_all": False, "hours": None}
    return gpd.GeoDataFrame(columns, geometry=places, crs=ground.network.crs)


def _is_fit(standing: Standing, places: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Return which places (n,) are near a public way, open on it, and far from other gates."""
    ground = standing.ground
    xy, way_xy, distance_m = _ways_at(ground, places)
    fit = distance_m <= TO_WAY_M
    gates = ground.study.gates
    gate_xy = shapely.get_coordinates(gates.geometry.to_crs(ground.network.crs).to_numpy())
    owner = gates["compound_id"].to_numpy(np.int64)
    for compound, rows in places.groupby("compound_id").indices.items():  # a wall at a time
        away = xy[rows][:, None] - gate_xy[owner == compound][None]
        fit[rows] &= (np.linalg.norm(away, axis=2) >= FROM_GATE_M).all(axis=1)
    legs = shapely.linestrings(np.stack([xy, np.where(fit[:, None], way_xy, xy)], axis=1))
    base = ground.study.base
    barriers = base[base["kind"].isin(list(MISSING_LINK))].geometry.to_numpy()
    touching = shapely.STRtree(barriers).query(legs, predicate="intersects")[0]
    fit[touching] = False
    inner = shapely.buffer(closed_ground(standing), -0.5)  # the leg starts on its own wall
    fit[shapely.STRtree(inner).query(legs, predicate="intersects")[0]] = False
    return fit


def _ways_at(ground: Ground, places: gpd.GeoDataFrame) -> tuple[Floats, Floats, Floats]:
    """Return the places (n, 2), where they join the public ways (n, 2), and the metres between."""
    xy = shapely.get_coordinates(places.geometry.to_numpy()).reshape(-1, 2)
    edge, fraction, distance_m = _joins(ground, xy)
    way_xy = xy.copy()
    joined = edge >= 0
    way_xy[joined] = positions(ground.network, edge[joined], fraction[joined])
    return xy, way_xy, distance_m


def _joins(ground: Ground, xy: Floats) -> tuple[NDArray[np.int32], Floats, Floats]:
    network = ground.network
    usable = walk_graph(network, ground.profile).usable & (network.edge_compound < 0)
    return snap_points(network, xy, usable=usable, limit_m=ground.snap_limit_m)


def _shut_gates(ground: Ground) -> gpd.GeoDataFrame:
    """Return the gates that are shut and would, opened, not yet let others through."""
    gates = ground.study.gates
    shut = gates[~open_gates(gates, ground.at)]
    lets_through = [
        int(row.compound_id) in passable_compounds(_opened(gates, [row.Index]), ground.at)
        for row in shut.itertuples()  # a few
    ]
    kept = shut[~np.array(lets_through, bool)].to_crs(ground.network.crs)
    frame = _gate_frame(kept["compound_id"].to_numpy(np.int64), kept.geometry.to_numpy(), ground)
    return frame.assign(gate_id=kept.index.to_numpy(np.int64))


def _opened(gates: gpd.GeoDataFrame, ids: list[int]) -> gpd.GeoDataFrame:
    opened = gates.copy()
    opened.loc[ids, "open_to_all"] = True
    for one in ids:
        opened.at[one, "hours"] = None  # noqa: PD008 - an object cell
    return opened


def _for_their_own(standing: Standing, places: gpd.GeoDataFrame, kind: str) -> list[dict[str, Any]]:
    """Return whom each gate brings if it is open to its own people; of new ones the best each."""
    ground = standing.ground
    xy = shapely.get_coordinates(places.geometry.to_numpy()).reshape(-1, 2)
    edge, fraction, _ = _joins(ground, xy)
    kept = np.flatnonzero(edge >= 0)
    if len(kept) == 0:
        return []
    places, xy = places.iloc[kept].reset_index(drop=True), xy[kept]
    ways = on_ways(edge[kept], fraction[kept], xy)
    times = _times_by_gate(standing, places, ways)
    wins = times[(times["seconds"] <= standing.limit_s) & standing.outside[times["point"]]]
    wins = wins.assign(weight=standing.weight[wins["point"]])
    wins = wins.assign(walk=wins["weight"] * wins["seconds"])
    totals = wins.groupby("place")[["weight", "walk"]].sum().reset_index()
    totals["compound_id"] = places["compound_id"].to_numpy()[totals["place"]]
    totals = totals[totals["weight"] > 0]
    totals = totals.sort_values(["weight", "walk", "place"], ascending=[False, True, True])
    if kind == "new_gate":
        totals = totals.drop_duplicates("compound_id")
    nobody = np.empty(0, np.intp)
    rows = []
    for place in totals["place"].tolist():  # one a compound
        own = wins[wins["place"] == place].sort_values("point")
        gained, after_s = own["point"].to_numpy(np.intp), own["seconds"].to_numpy(float)
        gate_id = int(places["gate_id"].iloc[place])
        rows.append(
            {
                "kind": kind,
                "compound_id": int(places["compound_id"].iloc[place]),
                "gate_ids": () if gate_id < 0 else (gate_id,),
                "geometry": places.geometry.iloc[place],
                **counted_row(standing, gained, nobody, after_s),
            }
        )
    return rows


def _times_by_gate(standing: Standing, places: gpd.GeoDataFrame, ways: Attachments) -> pd.DataFrame:
    """Return the times through each gate (place, point, seconds), where there are any."""
    ground = standing.ground
    to_way = nearest_site(ground.network, standing.site_doors, ways, profile=ground.profile)
    to_way_s = to_way["seconds"].to_numpy(float)
    point, place, access_s = _inner_walks(ground, ground.doors, places)
    inward = pd.DataFrame(
        {"place": place, "point": point, "seconds": whole_ms(to_way_s[place] + access_s)}
    )
    site, place, access_s = _inner_walks(ground, standing.site_doors, places)
    if len(site) == 0:
        return inward
    # A station behind the wall: through the gate others come to it.
    starts = pd.Series(access_s).groupby(place).min()
    used = starts.index.to_numpy(np.intp)
    outward = walking_times(
        ground.network,
        some_of(ways, used),
        ground.doors,
        profile=ground.profile,
        limit_s=max(standing.limit_s - float(starts.min()), 0.0),
    )
    row = np.repeat(np.arange(len(used)), np.diff(outward.indptr))
    seconds = whole_ms(starts.to_numpy()[row] + outward.data)
    both = pd.concat(
        [
            inward,
            pd.DataFrame({"place": used[row], "point": outward.indices, "seconds": seconds}),
        ]
    )
    return both.groupby(["place", "point"])["seconds"].min().reset_index()


def _inner_walks(
    ground: Ground, doors: Attachments, places: gpd.GeoDataFrame
) -> tuple[Rows, Rows, Floats]:
    """Return point, place and the seconds from the point to the way outside that gate."""
    walled = np.where(np.isin(doors.compound, places["compound_id"]), doors.compound, -1)
    rows, _ = attach_through_gates(
        ground.network,
        ground.profile,
        doors.xy,
        walled,
        places,
        at=None,
        snap_limit_m=ground.snap_limit_m,
    )
    point, _, _, access_m, place = rows
    return point.astype(np.intp), place.astype(np.intp), access_m / ground.profile.speed_m_s


def _open_to_all(
    standing: Standing,
    others: list[dict[str, Any]],
    most: int,
    on_progress: OnProgress | None,
    should_stop: ShouldStop | None,
) -> list[dict[str, Any]]:
    """Return whom each compound brings if all its gates are opened to everybody."""
    ground = standing.ground
    gates = ground.study.gates
    passable = passable_compounds(gates, ground.at)
    with_walls = ground.study.compounds.index[ground.study.compounds.area > 0]
    compounds = sorted({int(c) for c in gates["compound_id"]} & set(with_walls) - passable)
    bounds = bound_of_opening(standing, compounds)
    rows: list[dict[str, Any]] = []
    order = np.argsort(-bounds, kind="stable").tolist()
    for n_done, k in enumerate(order):
        found = sorted((row["weight"] for row in (*others, *rows)), reverse=True)
        is_beaten = len(found) >= most and bounds[k] < found[most - 1]
        if bounds[k] <= 0 or is_beaten or (should_stop is not None and should_stop()):
            break
        row = _opened_to_all(standing, compounds[k])
        if row["weight"] > 0:
            rows.append(row)
        if on_progress is not None:
            on_progress(n_done + 1, len(order))
    return rows


def _opened_to_all(standing: Standing, compound: int) -> dict[str, Any]:
    """Walk anew in the study with all gates of one compound open to everybody."""
    gates = standing.ground.study.gates
    ids = gates.index[gates["compound_id"] == compound].tolist()
    seconds = _seconds_with(standing, [OpenedGate(one) for one in ids])
    is_in, was_in = seconds <= standing.limit_s, standing.seconds <= standing.limit_s
    gained = np.flatnonzero(is_in & ~was_in & standing.counts)
    lost = np.flatnonzero(was_in & ~is_in & standing.counts)
    return {
        "kind": "open_all",
        "compound_id": compound,
        "gate_ids": tuple(int(one) for one in ids),
        "geometry": gates.geometry.loc[ids[0]],
        **counted_row(standing, gained, lost, seconds[gained]),
    }


def _seconds_with(standing: Standing, edits: list[Edit]) -> Floats:
    """Return the time (n,) to the nearest station in the study with edits of its gates."""
    ground = standing.ground
    study = apply_edits(ground.study, edits)
    network = walled_network(study.network, study.compounds, study.gates, at=ground.at)
    walls = {
        "profile": ground.profile,
        "compounds": study.compounds,
        "gates": study.gates,
        "at": ground.at,
        "snap_limit_m": ground.snap_limit_m,
    }
    doors = attach(network, ground.points, compound_ids=ground.points["compound_id"], **walls)
    sites = attach(network, standing.stations, **walls)
    return nearest_site(network, sites, doors, profile=ground.profile)["seconds"].to_numpy(float)


def _described(ground: Ground, row: dict[str, Any]) -> dict[str, Any]:
    """Add the edits, the place in degrees and the sentence."""
    study, place = ground.study, row["geometry"]
    degrees = gpd.GeoSeries([place], crs=ground.network.crs).to_crs(WGS84).iloc[0]
    compound = study.compounds.loc[row["compound_id"]]
    name = str(compound["name"])
    edits: tuple[Edit, ...] = tuple(OpenedGate(one) for one in row["gate_ids"])
    if row["kind"] == "new_gate":
        edits = (NewGate(row["compound_id"], degrees.x, degrees.y),)
        side = _side(compound.geometry, place)
        done = Text(f"在{name}{side.zh}开一个门", f"A gate in the {side.en} of {name}")
    elif row["kind"] == "open_gate":
        gate = str(study.gates.loc[row["gate_ids"][0], "name"])
        done = Text(f"让{name}{gate}此时也开", f"{name}, gate {gate} open at this hour too")
    else:
        n = len(row["gate_ids"])
        done = Text(f"让所有人通行{name}（{n} 个门）", f"{name} open to everybody ({n} gates)")
    gain = gain_text(row)
    return {
        **row,
        "compound": name,
        "lon": float(degrees.x),
        "lat": float(degrees.y),
        "edits": edits,
        "title_zh": done.zh,
        "title_en": done.en,
        "sentence_zh": f"{done.zh}，{gain.zh}。",
        "sentence_en": f"{done.en}: {gain.en}.",
    }


def _side(outline: shapely.Polygon, place: shapely.Point) -> Text:
    """Return the side of an outline that a place on it lies on, by the shape of its box."""
    west, south, east, north = outline.bounds
    x = (place.x - (west + east) / 2) / max(east - west, 1e-9)
    y = (place.y - (south + north) / 2) / max(north - south, 1e-9)
    quarter = round(np.degrees(np.arctan2(y, x)) / 90) % 4
    return SIDES[int(quarter)]


def _frame(rows: list[dict[str, Any]], ground: Ground) -> gpd.GeoDataFrame:
    frame = pd.DataFrame(rows, columns=GATE_COLUMNS)
    frame.index = pd.RangeIndex(1, len(rows) + 1, name="rank")
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=ground.network.crs)
