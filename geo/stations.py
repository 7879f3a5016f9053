"""Which stations are open at a moment, and why the others are not."""

from datetime import date, datetime

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.hours import is_open
from geo.text import Text

WHY_CLOSED = {
    "planned": Text("规划中", "planned"),
    "not_yet": Text("尚未启用", "not yet open on that day"),
    "closed": Text("已关闭", "closed for good"),
    "hours": Text("不在开放时间", "outside its hours"),
    "no_place": Text("没有坐标", "without coordinates"),
}


def why_closed(stations: gpd.GeoDataFrame, at: datetime | None) -> NDArray[np.object_]:
    """Return for each station "" if it serves at that moment, otherwise a key of WHY_CLOSED.

    Without a moment (`at` is None) every station in state "open" serves, whatever its hours. At a
    moment, its dates decide before its state (a planned station with an opening date serves from
    that date on), and a station whose hours are not known counts as open all day.
    """
    return np.array([_why_closed(row, at) for _, row in stations.iterrows()], dtype=object)


def _why_closed(station: pd.Series, at: datetime | None) -> str:
    place, state, hours = station.geometry, str(station["state"]), station["hours"]
    if place is None or place.is_empty:
        return "no_place"
    if at is None:
        return "" if state == "open" else state
    opens, closes = _day(station["opens_on"]), _day(station["closes_on"])
    is_before = opens is not None and at.date() < opens
    checks = {
        "closed": (closes is not None and closes <= at.date())
        or (state == "closed" and closes is None),
        "planned": state == "planned" and (opens is None or is_before),
        "not_yet": is_before,
        "hours": hours is not None and not is_open(hours, at),
    }
    return next((why for why, holds in checks.items() if holds), "")


def _day(value: object) -> date | None:
    return None if pd.isna(value) else pd.Timestamp(value).date()  # type: ignore[call-overload, arg-type]
