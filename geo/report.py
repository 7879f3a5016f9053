"""The figures of a coverage as plain values, for JSON, CSV and downloads."""

import math
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from geo.coverage import Coverage
from geo.study import WEIGHT_TITLES, WEIGHTS, Study
from geo.text import Language, Text

SHARED = ("code", "name", "community", "n_points", "area_km2", "area_share", "median_s", "p90_s")
PER_WEIGHT = ("", "_covered", "_share", "_backup", "_crow_covered", "_unknown", "_left_out")
DENSITY = ("members_per_km2", "members_per_100_households", "nearest_station_id")
SENTENCES = ("sentence_zh", "sentence_en")


def coverage_report(coverage: Coverage, study: Study) -> dict[str, Any]:
    """Return the answer as JSON-ready values; unknown and unreachable are None, never NaN.

    Keys: profile, minutes, as_of (the moment asked for, ISO, or None), data_date, total, grids,
    communities, stations, left_out. Counts are sums of known values; `*_share` lies in 0..1;
    `*_s` are seconds.
    """
    return {
        "profile": coverage.profile.name,
        "speed_m_s": round(coverage.profile.speed_m_s, 4),
        "minutes": coverage.minutes,
        "as_of": None if coverage.at is None else _moment(coverage.at),
        "data_date": study.data_date,
        "is_demo": study.is_demo,
        "total": _rows(coverage.total, with_id=False)[0],
        "grids": _rows(coverage.grids),
        "communities": _rows(coverage.communities),
        "stations": _stations(coverage.stations),
        "left_out": [
            {str(k): plain(v) for k, v in row.items()}
            for row in coverage.left_out.to_dict("records")
        ],
    }


def grid_table(coverage: Coverage) -> pd.DataFrame:
    """Return the grids as a flat table, index = id, in the order of their codes."""
    return pd.DataFrame(coverage.grids[_columns(coverage.grids)]).sort_values("code")


def plain(value: object) -> object:
    """Return a value that JSON can carry: no NumPy types, no NaN, no infinity."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return value


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="minutes")


def _columns(frame: pd.DataFrame) -> list[str]:
    wanted = [
        *SHARED,
        *(weight + ending for weight in WEIGHTS for ending in PER_WEIGHT),
        *DENSITY,
        *SENTENCES,
    ]
    return [column for column in wanted if column in frame]


def _rows(frame: pd.DataFrame, *, with_id: bool = True) -> list[dict[str, Any]]:
    """Return one dict a row; counts of people and homes as whole numbers where they are whole."""
    table = frame[_columns(frame)]
    rows = []
    for key, row in zip(table.index, table.to_dict("records"), strict=True):
        values = {str(column): _whole(plain(value)) for column, value in row.items()}
        rows.append({"id": int(key), **values} if with_id else values)
    return rows


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _stations(stations: pd.DataFrame) -> list[dict[str, Any]]:
    columns = ["name", "state", "is_open", "why_closed", "members_served", "households_served"]
    return [
        {"id": int(key), **{str(c): _whole(plain(v)) for c, v in row.items()}}
        for key, row in zip(stations.index, stations[columns].to_dict("records"), strict=True)
    ]


def summary_lines(coverage: Coverage, study: Study, language: Language) -> list[str]:
    """Return the answer as lines for a terminal: the total, then the grids, weakest first."""
    total = coverage.total.iloc[0]
    lines = [
        Text(
            f"{coverage.minutes:g} 分钟 · {coverage.profile.title.zh} · 数据 {study.data_date}"
            + (" · 演示数据" if study.is_demo else ""),
            f"{coverage.minutes:g} minutes · {coverage.profile.title.en} · data of "
            f"{study.data_date}" + (" · demo data" if study.is_demo else ""),
        ).say(language)
    ]
    lines += [
        f"{WEIGHT_TITLES[weight].say(language)}\t{total[f'{weight}_covered']:.0f}"
        f" / {total[weight]:.0f}\t{total[f'{weight}_share']:.1%}"
        for weight in ("members", "households", "residents", "buildings")
        if total[weight] > 0
    ]
    left_out = Text(f"未计入 {len(coverage.left_out)} 处", f"{len(coverage.left_out)} left out")
    lines.append(left_out.say(language))
    weakest = coverage.grids.sort_values(["households_share", "members_share", "code"])
    sentence = f"sentence_{language}"
    return lines + [text for text in weakest[sentence] if text]
