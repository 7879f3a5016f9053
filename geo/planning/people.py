"""The people of a siting case in words: how many, in which grids, where only a few places are."""

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.planning.case import SitingCase, mixed_weight
from geo.planning.question import Question
from geo.siting import SitingPlan
from geo.siting.reason import Reason
from geo.study import WEIGHT_TITLES
from geo.text import Text, counted

Flags = NDArray[np.bool_]
Rows = NDArray[np.int64]

MIXTURE = Text("混合权重", "the mixed weight")
NOBODY = Text("没有人", "nobody")
# How a number of each weight is said: the Chinese measure word and noun, the English noun.
UNITS = {
    "members": ("名党员", "member", "members"),
    "members_community": ("名社区党员", "community member", "community members"),
    "members_in_service": ("名在职党员", "in-service member", "in-service members"),
    "members_mobile": ("名流动党员", "mobile member", "mobile members"),
    "members_other": ("名其他党员", "other member", "other members"),
    "households": ("户", "household", "households"),
    "residents": ("名居民", "resident", "residents"),
    "elderly": ("名老年人", "elderly person", "elderly people"),
    "buildings": ("栋楼", "building", "buildings"),
}
GRIDS_SHOWN, PLACES_SHOWN = 3, 3


def said_weight(value: float, question: Question) -> Text:
    """Say a weight of a question: so many of what is counted, or per cent of a mix."""
    if len(question.weights) > 1:  # of 1000 in all
        return Text(f"{value / 10:.1f}% 的混合权重", f"{value / 10:.1f}% of the mixed weight")
    zh, one, many = UNITS[question.weights[0][0]]
    return Text(f"{value:,.0f} {zh}", counted(round(value), one, many))


def weight_title(question: Question) -> Text:
    """Return the name of what a question counts."""
    return MIXTURE if len(question.weights) > 1 else WEIGHT_TITLES[question.weights[0][0]]


def said_people(members: float, households: float) -> Text:
    """Say how many members and households, leaving off what is none of them."""
    parts = [
        Text(f"{n:,.0f} {UNITS[name][0]}", counted(round(n), UNITS[name][1]))
        for name, n in (("members", members), ("households", households))
        if round(n)
    ]
    if not parts:
        return NOBODY
    return Text("、".join(part.zh for part in parts), " and ".join(part.en for part in parts))


def people_at(case: SitingCase, rows: Flags) -> Text:
    """Say how many members and households live at some demand points (n,)."""
    members, households = (np.nansum(case.points.loc[rows, w]) for w in ("members", "households"))
    return said_people(float(members), float(households))


def grids_of(case: SitingCase, rows: Flags, weight: NDArray[np.float64]) -> Text:
    """Name the grids of some demand points (n,), those with most of a weight (n,) first."""
    grid = case.points["grid_id"][rows].to_numpy()
    lost = pd.Series(weight[rows]).groupby(grid).sum()
    worst = lost.sort_values(ascending=False, kind="stable").index[:GRIDS_SHOWN]
    grids = case.ground.study.grids
    names = [str(name) for name in grids["name"].reindex(worst).dropna()]
    n, more = len(lost), len(lost) - len(names)
    if not names:
        return Text("", "")
    rest = f" and {more} more" if more else ""
    return Text(
        "、".join(names) + (f"等 {n} 个网格" if more else ""),
        f"{'grid' if n == 1 else 'grids'} {', '.join(names)}{rest}",
    )


def named_reasons(
    case: SitingCase, plan: SitingPlan, question: Question, of_case: Rows
) -> SitingPlan:
    """Return a plan whose reasons speak of people, grids, places and sites by their names.

    `of_case` holds the row of `case.points` for each demand row that the solver saw.
    """
    if not plan.reasons:
        return plan
    weight = mixed_weight(case, question.weights)
    title = weight_title(question)
    said = [
        _named(case, reason, weight, title, of_case) if isinstance(reason, Reason) else reason
        for reason in plan.reasons
    ]
    return replace(plan, reasons=tuple(said))


def _named(
    case: SitingCase, reason: Reason, weight: NDArray[np.float64], title: Text, of_case: Rows
) -> Text:
    sites = case.sites["name"].iloc[list(reason.sites)].astype(str).tolist()
    rows = np.zeros(len(case.points), bool)
    rows[of_case[list(reason.rows)]] = True
    return reason.named(
        demand=_whose(case, rows, weight),
        sites=Text(" 与 ".join(sites), " and ".join(sites)),
        weight=title,
    )


def _whose(case: SitingCase, rows: Flags, weight: NDArray[np.float64]) -> Text:
    """Say who lives at some demand points and where: by grid, a few places by name."""
    who, where = people_at(case, rows), grids_of(case, rows, weight)
    n = int(rows.sum())
    if who == NOBODY:
        who = Text(f"{n} 个需求点", counted(n, "demand point"))
    at = Text("", "")
    if n <= PLACES_SHOWN:
        places = case.points["name"][rows].astype(str).tolist()
        at = Text(f"（{'、'.join(places)}）", f" ({', '.join(places)})")
    of_grids = Text(f"{where.zh}的 ", f" in {where.en}") if where.zh else Text("", "")
    return Text(f"{of_grids.zh}{who.zh}{at.zh}", f"{who.en}{of_grids.en}{at.en}")
