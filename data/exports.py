"""Downloads as bytes: tables as CSV, frames as GeoPackage, and a scenario in both and as JSON."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.coverage import Coverage
from geo.crs import WGS84
from geo.scenario import Scenario, to_json
from geo.study import WEIGHT_TITLES, WEIGHTS
from geo.text import Language, Text


def as_cell(text: object) -> object:
    """Return a cell that no spreadsheet takes for a formula."""
    if isinstance(text, str) and text.lstrip()[:1] in {"=", "+", "-", "@", "\t", "\r"}:
        return "'" + text
    return text


def csv_bytes(table: pd.DataFrame) -> bytes:
    """Return a table as CSV that Excel opens: with a byte-order mark, no cell a formula."""
    return bytes(table.map(as_cell).to_csv(index=False).encode("utf-8-sig"))


def geopackage_bytes(layers: Mapping[str, gpd.GeoDataFrame]) -> bytes:
    """Return frames as the layers of one GeoPackage; an index that has a name becomes a column."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "redgrid.gpkg"
        for name, frame in layers.items():
            frame.reset_index(drop=frame.index.name is None).to_file(
                path, driver="GPKG", layer=name
            )
        return path.read_bytes()


def scenario_json(scenario: Scenario) -> bytes:
    """Return the file that reopens the scenario (`geo.scenario.from_json`)."""
    return to_json(scenario).encode()


def scenario_csv(before: Coverage, after: Coverage, lang: Language = "zh") -> bytes:
    """Return the grids before and after as a spreadsheet with headings in one language.

    One row a grid, in the order of codes: code, name, community; for each weight that anything is
    known of its sum, covered before and after, share before, after and the change in percentage
    points; median minutes before and after (blank = half out of reach). The last row is the total.
    """
    weights = [weight for weight in WEIGHTS if before.total[weight].iloc[0] > 0]
    was = before.grids.sort_values("code")
    total = before.total.assign(name=Text("合计", "Total").say(lang), community="")
    tables = [
        _grid_figures(was, after.grids.reindex(was.index), weights, lang),
        _grid_figures(total, after.total, weights, lang),
    ]
    return csv_bytes(pd.concat([table for table in tables if len(table)]))


def scenario_gpkg(before: Coverage, after: Coverage) -> bytes:
    """Return the scenario as a GeoPackage in WGS84; times are seconds, empty = out of reach.

    Layers: `stations` (after; column `change`: "new", "moved", "closed" or ""), `new_stations`
    (those not there before), `grids` (before and after), `service_areas` (after), `buildings` (and
    compounds of which no building is known; seconds and station before and after). Nobody's place
    is in it: no members, and no points that only members put on the map.
    """
    stations = _stations(before, after)
    layers = {
        "stations": stations,
        "new_stations": stations[stations["change"] == "new"],
        "grids": _grids(before, after),
        "service_areas": after.areas,
        "buildings": _buildings(before, after),
    }
    return geopackage_bytes({name: frame.to_crs(WGS84) for name, frame in layers.items()})


def _grid_figures(
    was: pd.DataFrame, then: pd.DataFrame, weights: list[str], lang: Language
) -> pd.DataFrame:
    """Return the figures of areas before and after; both frames have the same index."""

    def said(zh: str, en: str) -> str:
        return Text(zh, en).say(lang)

    columns: dict[str, pd.Series] = {
        said("编码", "Code"): was["code"],
        said("网格", "Grid"): was["name"],
        said("社区", "Community"): was["community"],
    }
    for weight in weights:
        title = WEIGHT_TITLES[weight].say(lang)
        share_was, share_then = 100.0 * was[f"{weight}_share"], 100.0 * then[f"{weight}_share"]
        columns |= {
            title: was[weight],
            title + said(" 覆盖 前", " covered before"): was[f"{weight}_covered"],
            title + said(" 覆盖 后", " covered after"): then[f"{weight}_covered"],
            title + said(" % 前", " % before"): share_was.round(2),
            title + said(" % 后", " % after"): share_then.round(2),
            title + said(" 百分点 增减", " points of change"): (share_then - share_was).round(2),
        }
    for ending, frame in ((said("前", "before"), was), (said("后", "after"), then)):
        minutes = (frame["median_s"] / 60).round(1)
        columns[said("中位分钟 ", "median min ") + ending] = minutes.where(np.isfinite(minutes))
    return pd.DataFrame(columns)


def _stations(before: Coverage, after: Coverage) -> gpd.GeoDataFrame:
    was, then = before.stations, after.stations
    same = then.index.intersection(was.index)
    change = pd.Series("new", index=then.index, dtype=object)
    change[same] = ""
    moved = same[(then.geometry[same].to_numpy() != was.geometry[same].to_numpy())]
    change[moved] = "moved"
    change[same[(was.loc[same, "is_open"] & ~then.loc[same, "is_open"]).to_numpy()]] = "closed"
    shown = ["name", "address", "state", "is_open", "why_closed", "households_served"]
    return gpd.GeoDataFrame(then[shown].assign(change=change), geometry=then.geometry, crs=then.crs)


def _grids(before: Coverage, after: Coverage) -> gpd.GeoDataFrame:
    was = before.grids.sort_values("code")
    both = {"before": was, "after": after.grids.reindex(was.index)}
    columns: dict[str, pd.Series] = {name: was[name] for name in ("code", "name", "community")}
    for weight in WEIGHTS:
        columns[weight] = was[weight]
        for figure in ("covered", "share"):
            for when, frame in both.items():
                columns[f"{weight}_{figure}_{when}"] = frame[f"{weight}_{figure}"]
    for when, frame in both.items():
        columns[f"median_s_{when}"] = _finite(frame["median_s"])
    return gpd.GeoDataFrame(columns, geometry=was.geometry, crs=was.crs)


def _buildings(before: Coverage, after: Coverage) -> gpd.GeoDataFrame:
    """Return the homes; a point that stands for members alone has 0 buildings and is left out."""
    was = before.points[(before.points["buildings"] != 0).to_numpy()]
    then = after.points.reindex(was.index)
    rows = was[["kind", "source_id", "name", "compound", "grid_id", "households"]].assign(
        seconds_before=_finite(was["seconds"]),
        seconds_after=_finite(then["seconds"]),
        covered_before=was["covered"],
        covered_after=then["covered"],
        station_before=was["station_id"],
        station_after=then["station_id"],
    )
    return gpd.GeoDataFrame(rows, geometry=was.geometry, crs=was.crs)


def _finite(values: pd.Series) -> pd.Series:
    """Return the values with nothing in place of infinity, which no database column holds."""
    return values.where(np.isfinite(values))
