"""The figures that a grid can be coloured by: title, fixed classes, and how a value is said."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from geo.study import MEMBER_KINDS, WEIGHT_TITLES
from geo.text import Language, Text
from layers.palette import BLUES, PURPLES, TEAL, ramp

Unit = Literal["share", "minutes", "per_km2", "per_100", "km2", "count"]
NOT_KNOWN = Text("未知", "not known")
NO_SHARE = Text("无对象或未知", "none there, or not known")  # no member in the grid: no share
NOT_REACHABLE = Text("走不到", "not reachable")

# Lower bounds of all classes but the first. The same value means the same colour on every map.
SHARE_BREAKS = (0.2, 0.4, 0.6, 0.8, 0.95)
MINUTE_BREAKS = (5.0, 10.0, 15.0, 20.0, 30.0)
PER_KM2_BREAKS = (1.0, 50.0, 100.0, 200.0, 400.0)
PER_100_BREAKS = (0.5, 1.0, 2.0, 3.0, 5.0)
MEMBER_BANDS = (1.0, 5.0, 10.0)  # 0, 1–4, 5–9, 10+ members in a grid


@dataclass(frozen=True)
class Figure:
    """A column of `Coverage.grids`, its title and its classes.

    A value equal to a break belongs to the class above it, except for minutes: 15 minutes is
    within 15 minutes.
    """

    column: str
    title: Text
    unit: Unit
    breaks: tuple[float, ...]
    ramp: tuple[str, ...]

    @property
    def colours(self) -> list[str]:
        """One colour a class, from the lowest to the highest."""
        return ramp(self.ramp, len(self.breaks) + 1)

    def classes(self, values: NDArray[np.float64]) -> NDArray[np.intp]:
        """Return the class of each value (n,), -1 where it is not known (NaN)."""
        shown = values / 60.0 if self.unit == "minutes" else values
        side: Literal["left", "right"] = "left" if self.unit == "minutes" else "right"
        return np.where(np.isnan(shown), -1, np.searchsorted(self.breaks, shown, side=side))

    def say(self, value: float, lang: Language) -> str:
        """Return one value as it is read: "87%", "12.5 分钟", "未知"."""
        if math.isnan(value):
            return "—" if self.unit in {"share", "per_100"} else NOT_KNOWN.say(lang)
        if self.unit == "minutes":
            if math.isinf(value):
                return NOT_REACHABLE.say(lang)
            return Text(f"{value / 60:.1f} 分钟", f"{value / 60:.1f} min").say(lang)
        if self.unit == "share":
            return share_text(value)
        if self.unit == "km2":
            return f"{value:.2f} km²"
        return f"{value:,.0f}" if self.unit == "count" else f"{value:,.1f}"

    def unknown_label(self, lang: Language) -> str:
        """Return the label of what has no class."""
        return (NO_SHARE if self.unit in {"share", "per_100"} else NOT_KNOWN).say(lang)

    def labels(self, lang: Language) -> list[str]:
        """Return one label a class, from the lowest to the highest."""
        if not self.breaks:
            return [Text("全部", "all").say(lang)]
        if self.breaks == MEMBER_BANDS:
            return ["0", "1–4", "5–9", "10+"]
        edges = [f"{100 * edge:g}" if self.unit == "share" else f"{edge:g}" for edge in self.breaks]
        unit = {"share": "%", "minutes": Text(" 分钟", " min").say(lang)}.get(self.unit, "")
        first, last = ("≤ ", "> ") if self.unit == "minutes" else ("< ", "≥ ")
        between = [f"{low}–{high}{unit}" for low, high in pairwise(edges)]
        return [f"{first}{edges[0]}{unit}", *between, f"{last}{edges[-1]}{unit}"]


def share_text(value: float) -> str:
    """Return a share in percent; only a full share says 100 %, only an empty one 0 %."""
    percent = 100.0 * value
    if 99.5 <= percent < 100.0 or 0.0 < percent < 0.5:
        return f"{min(max(percent, 0.1), 99.9):.1f}%"
    return f"{percent:.0f}%"


def grid_figure(column: str, values: Sequence[float] | NDArray[np.float64] = ()) -> Figure:
    """Return the figure of a column of `Coverage.grids`.

    Shares, minutes and densities have fixed classes. Counts have none that fit every weight: theirs
    follow from the largest of `values`, in steps of 1, 2 or 5 times a power of ten.
    """
    weight, _, kind = _split(column)
    if column in {"median_s", "p90_s"}:
        return Figure(column, SPECIAL[column], "minutes", MINUTE_BREAKS, PURPLES)
    if column == "members_per_km2":
        return Figure(column, SPECIAL[column], "per_km2", PER_KM2_BREAKS, BLUES)
    if column == "members_per_100_households":
        return Figure(column, SPECIAL[column], "per_100", PER_100_BREAKS, BLUES)
    if column == "area_share" or kind == "share":
        title = SPECIAL.get(column) or _titled(weight, COUNT_KINDS["share"])
        return Figure(column, title, "share", SHARE_BREAKS, TEAL)
    title = SPECIAL.get(column) or _titled(weight, COUNT_KINDS.get(kind, Text("", "")))
    if column == "members" or column in MEMBER_KINDS:
        return Figure(column, title, "count", MEMBER_BANDS, BLUES)
    unit: Unit = "km2" if column == "area_km2" else "count"
    return Figure(column, title, unit, _round_breaks(np.asarray(values, float)), BLUES)


SPECIAL = {
    "median_s": Text("步行时间中位数", "Median walking time"),
    "p90_s": Text("九成住户的步行时间", "Walking time of nine in ten households"),
    "members_per_km2": Text("每平方公里党员", "Members per km²"),
    "members_per_100_households": Text("每百户党员", "Members per 100 households"),
    "area_share": Text("面积覆盖率", "Area covered"),
    "area_km2": Text("面积(平方公里)", "Area in km²"),
    "n_points": Text("需求点", "Demand points"),
}
COUNT_KINDS = {
    "share": Text("覆盖率", "covered"),
    "covered": Text("覆盖数", "covered (number)"),
    "backup": Text("双重覆盖数", "covered twice"),
    "crow_covered": Text("直线圈覆盖数", "within the straight-line circle"),
    "unknown": Text("未知的点", "points not known"),
    "left_out": Text("未计入数", "left out"),
}


def _split(column: str) -> tuple[str, str, str]:
    """Split "members_community_share" into weight, "_" and kind."""
    for kind in COUNT_KINDS:
        if column.endswith(f"_{kind}") and column.removesuffix(f"_{kind}") in WEIGHT_TITLES:
            return column.removesuffix(f"_{kind}"), "_", kind
    return column, "", ""


def _titled(weight: str, kind: Text) -> Text:
    """Return "党员覆盖率", "Members covered"."""
    title = WEIGHT_TITLES.get(weight, Text(weight, weight))
    english = f"{title.en} {kind.en}".strip()
    return Text(f"{title.zh}{kind.zh}", english[:1].upper() + english[1:])


def _round_breaks(values: NDArray[np.float64]) -> tuple[float, ...]:
    """Return up to five breaks in round steps up to the largest finite value."""
    finite = values[np.isfinite(values)]
    top = float(finite.max()) if len(finite) else 0.0
    if top < 1e-4:  # nothing, or less than any figure is said to
        return ()
    power = 10.0 ** math.floor(math.log10(top / 5))
    step = next(m * power for m in (1, 2, 5, 10) if m * power * 6 > top)
    if float(np.round(top)) == top:
        step = max(step, 1.0)
    return tuple(round(step * i, 6) for i in range(1, 6) if step * i <= top)
