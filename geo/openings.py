"""Where a gate or a missing link beats a station: both ranked, and set beside the best new site."""

from dataclasses import dataclass

import geopandas as gpd
import pandas as pd

from geo.opening_gates import rank_gates
from geo.opening_links import rank_links
from geo.text import Text

__all__ = ["Compared", "compare_openings", "rank_gates", "rank_links"]

COMPARED_COLUMNS = ("what", "weight", "title_zh", "title_en")


@dataclass(frozen=True, eq=False)
class Compared:
    """The best new station, gate and link side by side, and in one sentence which is best."""

    rows: pd.DataFrame  # most weight first: what ("station" "gate" "link"), weight, title_zh, _en
    said: Text


def compare_openings(
    station: Text,
    station_weight: float,
    *,
    links: gpd.GeoDataFrame,
    gates: gpd.GeoDataFrame,
    unit: Text,
) -> Compared:
    """Set what the best new station adds beside the best gate and the best link.

    Parameters
    ----------
    station
        The name of the site.
    station_weight
        What it alone would newly bring within the limit, in the same weight as the rankings.
    links, gates
        What `rank_links` and `rank_gates` return; either may be empty.
    unit
        What is counted ("户", "households").
    """
    here = Text(f"在{station.zh}建站", f"A station at {station.en}")
    rows = [("station", float(station_weight), here.zh, here.en)]
    for what, ranking in (("gate", gates), ("link", links)):
        if len(ranking):
            best = ranking.iloc[0]
            rows.append((what, float(best["weight"]), best["title_zh"], best["title_en"]))
    frame = pd.DataFrame(rows, columns=list(COMPARED_COLUMNS))
    frame = frame.sort_values("weight", ascending=False, kind="stable", ignore_index=True)
    return Compared(frame, _said(frame, unit))


def _said(rows: pd.DataFrame, unit: Text) -> Text:
    """Name the best of all, and the best of the other sort."""
    best = rows.iloc[0]
    is_station = best["what"] == "station"
    others = rows[(rows["what"] == "station") != is_station]
    first = Text(
        f"{best['title_zh']}，多 {best['weight']:.0f} {unit.zh}",
        f"{best['title_en']} brings {best['weight']:.0f} {unit.en}",
    )
    if others.empty:
        return Text(
            f"{first.zh}；没有门或通道能多带来人。",
            f"{first.en}; no gate or link would bring anybody.",
        )
    other = others.iloc[0]
    return Text(
        f"{first.zh}；{other['title_zh']}，多 {other['weight']:.0f} {unit.zh}。",
        f"{first.en}; {_uncapped(other['title_en'])}, {other['weight']:.0f}.",
    )


def _uncapped(title: str) -> str:
    return title.replace("A ", "a ", 1) if title.startswith("A ") else title
