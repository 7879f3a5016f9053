"""Scenarios side by side: one row a scenario, and one row a grid, against today."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from geo.coverage import Coverage
from geo.errors import ScenarioError
from geo.study import WEIGHTS
from geo.text import Text

TODAY = ""  # the name of today's row and columns; no scenario can have it
TARGET = 0.8  # share of the weight that a grid should reach
PEOPLE = ("members", "households")


def compare(
    before: Coverage,
    others: Mapping[str, Coverage],
    weight: str = "households",
    *,
    target: float = TARGET,
    costs: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Return one row a scenario, today first (index `scenario`, "" = today).

    Columns: profile, minutes (figures of different limits do not compare), n_open (stations open),
    members, members_covered, members_share, households, households_covered, households_share,
    covered and share (of `weight`; share is NaN where its sum is 0), covered_change (against
    today, in units of the weight), share_change (in percentage points), median_s, p90_s (seconds,
    as `Coverage` weighs them; inf = out of reach), n_below (grids whose share of the weight is
    below `target`; grids without any of it do not count), cost (yuan; NaN = not known).

    Raises
    ------
    ScenarioError
        The weight is not known, or the target is no share.
    """
    _require_weight(weight)
    if not 0 <= target <= 1:
        raise ScenarioError(
            Text(
                f"目标 {target} 不是 0 到 1 之间的比例。",
                f"The target {target} is not a share between 0 and 1.",
            )
        )
    known = {} if costs is None else costs
    coverages = {TODAY: before, **others}
    rows = [_row(coverage, before, weight, target) for coverage in coverages.values()]
    table = pd.DataFrame(rows, index=pd.Index(list(coverages), name="scenario", dtype=object))
    return table.assign(cost=[float(known.get(name, np.nan)) for name in coverages])


def differences_by_grid(
    before: Coverage, others: Mapping[str, Coverage], weight: str = "households"
) -> pd.DataFrame:
    """Return one row a grid of `before` (index = id), in the order of their codes.

    Columns have two levels. Under "" (today): code, name, community, total (of the weight),
    covered, share. Under each scenario: covered, share, covered_change (against today, in units of
    the weight), share_change (in percentage points). NaN: no share where the grid has none of the
    weight, nothing where a scenario lacks the grid.

    Raises
    ------
    ScenarioError
        The weight is not known.
    """
    _require_weight(weight)
    today = before.grids.sort_values("code")
    covered, share = today[f"{weight}_covered"], today[f"{weight}_share"]
    columns: dict[tuple[str, str], pd.Series] = {
        (TODAY, "code"): today["code"],
        (TODAY, "name"): today["name"],
        (TODAY, "community"): today["community"],
        (TODAY, "total"): today[weight],
        (TODAY, "covered"): covered,
        (TODAY, "share"): share,
    }
    for name, coverage in others.items():
        then = coverage.grids.reindex(today.index)
        columns |= {
            (name, "covered"): then[f"{weight}_covered"],
            (name, "share"): then[f"{weight}_share"],
            (name, "covered_change"): then[f"{weight}_covered"] - covered,
            (name, "share_change"): 100.0 * (then[f"{weight}_share"] - share),
        }
    table = pd.DataFrame(columns, index=today.index)
    return table.rename_axis(columns=["scenario", "figure"])


def _row(coverage: Coverage, today: Coverage, weight: str, target: float) -> dict[str, object]:
    total, then = coverage.total.iloc[0], today.total.iloc[0]
    covered, share = f"{weight}_covered", f"{weight}_share"
    return {
        "profile": coverage.profile.name,
        "minutes": coverage.minutes,
        "n_open": int(coverage.stations["is_open"].sum()),
        **{
            name + ending: float(total[name + ending])
            for name in PEOPLE
            for ending in ("", "_covered", "_share")
        },
        "covered": float(total[covered]),
        "share": float(total[share]),
        "covered_change": float(total[covered] - then[covered]),
        "share_change": 100.0 * float(total[share] - then[share]),
        "median_s": float(total["median_s"]),
        "p90_s": float(total["p90_s"]),
        "n_below": int((coverage.grids[share] < target).sum()),
    }


def _require_weight(weight: str) -> None:
    if weight not in WEIGHTS:
        listed = ", ".join(WEIGHTS)
        raise ScenarioError(
            Text(
                f"没有名为“{weight}”的权重；可选：{listed}。",
                f"There is no weight {weight!r}; choose one of {listed}.",
            )
        )
