"""Why a grid is weak, in one sentence a leader can repeat."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.text import Text

MISSING_LINK = {  # what is lacking where people across a barrier are near by crow
    "water": Text("缺一座过河桥", "a bridge is missing"),
    "rail": Text("缺一处铁路通道", "a way across the railway is missing"),
}
BARRIER_M = 500.0
LONG_DETOUR = Text("直线不远，路要绕行", "near in a straight line, but the way round is long")
TOO_FAR = Text("附近没有驿站", "there is no station near")
NO_WAY = Text("没有路走到驿站", "no way leads to a station")


def barriers_between(
    points: gpd.GeoDataFrame, stations: gpd.GeoDataFrame, base: gpd.GeoDataFrame
) -> NDArray[np.object_]:
    """Return which barrier ("water", "rail" or "") keeps each point (n,) from a near station.

    A barrier is a river, canal or railway at least BARRIER_M long: round a pond one walks. A point
    has a barrier where it is within the limit of a station in a straight line, but not on
    foot, and that line crosses the barrier. `points` has covered, crow_covered and
    crow_station_id; all frames are in one metric CRS. Water is named before rail.
    """
    kinds = np.full(len(points), "", dtype=object)
    barriers = base[base["kind"].isin(list(MISSING_LINK)) & (_extent_m(base) >= BARRIER_M)]
    cut_off = np.flatnonzero(points["crow_covered"].to_numpy() & ~points["covered"].to_numpy())
    if len(cut_off) == 0 or barriers.empty:
        return kinds
    rows = points.iloc[cut_off]
    ends = stations.geometry.loc[rows["crow_station_id"].astype(np.int64)]
    lines = shapely.linestrings(
        np.stack(
            [shapely.get_coordinates(rows.geometry), shapely.get_coordinates(ends.to_numpy())],
            axis=1,
        )
    )
    line_row, barrier_row = barriers.sindex.query(lines, predicate="intersects")
    crossed = barriers["kind"].to_numpy()[barrier_row]
    for kind in ("rail", "water"):
        kinds[cut_off[line_row[crossed == kind]]] = kind
    return kinds


def _extent_m(base: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Return the diagonal of each shape's box (n,), in metres."""
    low_x, low_y, high_x, high_y = base.bounds.to_numpy(np.float64).reshape(-1, 4).T
    return np.asarray(np.hypot(high_x - low_x, high_y - low_y))


def weak_sentences(
    areas: pd.DataFrame, points: gpd.GeoDataFrame, *, column: str, minutes: float
) -> pd.DataFrame:
    """Say for each area in one sentence who is out of reach, how far, and what is missing.

    Parameters
    ----------
    areas
        Index = id, with `name`.
    points
        Demand points that count, with `column` (the id of the area), covered, crow_covered,
        seconds, households, members, barrier (see `barriers_between`).
    column
        "grid_id" or "community_id".
    minutes
        The limit.

    Returns
    -------
    sentences
        Index of `areas`: sentence_zh, sentence_en; "" where nobody is out of reach.
    """
    needed = [column, "households", "members", "seconds", "crow_covered", "barrier"]
    outside = pd.DataFrame(points.loc[~points["covered"] & points[column].notna(), needed])
    outside["barrier"] = outside["barrier"].astype(object)  # compared area by area: plain is quick
    names, nothing = areas["name"].astype(str).to_dict(), Text("", "")
    said = {
        area_id: _sentence(names[area_id], left, minutes)
        for area_id, left in outside.groupby(column)  # a sentence an area: few, and text
    }
    texts = [said.get(area_id, nothing) for area_id in areas.index]
    return pd.DataFrame(
        {"sentence_zh": [text.zh for text in texts], "sentence_en": [text.en for text in texts]},
        index=areas.index,
        dtype=str,
    )


def _sentence(name: str, left: pd.DataFrame, minutes: float) -> Text:
    households, members = np.nansum(left["households"]), np.nansum(left["members"])
    if households > 0:
        who = Text(f"{households:.0f} 户", f"{households:.0f} households")
    elif members > 0:
        who = Text(f"{members:.0f} 名党员", f"{members:.0f} members")
    else:
        who = Text(f"{len(left)} 处", f"{len(left)} places")
    nearest_s = left["seconds"].to_numpy(float)
    why = _reason(left)
    if not np.isfinite(nearest_s).any():
        return Text(
            f"{name}：{who.zh}在 {minutes:g} 分钟外，{NO_WAY.zh}。",
            f"{name}: {who.en} beyond {minutes:g} minutes; {NO_WAY.en}.",
        )
    typical = np.ceil(np.median(nearest_s[np.isfinite(nearest_s)]) / 60)
    return Text(
        f"{name}：{who.zh}在 {minutes:g} 分钟外，到最近驿站约 {typical:.0f} 分钟，{why.zh}。",
        f"{name}: {who.en} beyond {minutes:g} minutes, "
        f"about {typical:.0f} to the nearest station; {why.en}.",
    )


def _reason(left: pd.DataFrame) -> Text:
    """Name what holds back most of those out of reach (by households where known)."""
    share = left["households"].fillna(0).to_numpy(float)
    share = share if share.sum() > 0 else np.ones(len(left))
    weight = {kind: share[(left["barrier"] == kind).to_numpy()].sum() for kind in MISSING_LINK}
    near = share[left["crow_covered"].to_numpy()].sum()
    worst = max(weight, key=lambda kind: weight[kind])
    if weight[worst] >= share.sum() / 3:
        return MISSING_LINK[worst]
    return LONG_DETOUR if near >= share.sum() / 2 else TOO_FAR
