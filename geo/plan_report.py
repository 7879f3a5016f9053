"""A siting plan as plain values, for JSON, CSV and the command line."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from geo.crs import WGS84
from geo.plan_story import Step, closed_said, left_said, plan_headline, plan_steps
from geo.planning import Question, SitingCase, mixed_weight
from geo.report import plain
from geo.siting import SitingPlan
from geo.text import Language, Text, counted


def plan_report(
    case: SitingCase, plan: SitingPlan, question: Question, *, target: float
) -> dict[str, Any]:
    """Return a plan as JSON-ready values; infinite and unknown numbers are None.

    Keys: question, profile, minutes, as_of, data_date, status, objective, bound, gap, seconds,
    headline_zh, headline_en, sites (new ones in the order in which building them adds most),
    closed (stations that the plan closes), covered, total (of the weight), left_out (people who
    stay out of reach), reasons (why there is no plan).
    """
    weight = mixed_weight(case, question.weights)
    headline = plan_headline(case, plan, question)
    study = case.ground.study
    steps = plan_table(case, plan, question, target=target).to_dict("records")
    closed = [i for i in case.existing if i not in plan.open_sites]
    return {
        "question": question.to_json(),
        "profile": case.ground.profile.name,
        "minutes": case.minutes,
        "as_of": None if case.at is None else case.at.isoformat(timespec="minutes"),
        "data_date": study.data_date,
        "is_demo": study.is_demo,
        "n_candidates": len(case.sites) - case.n_existing,
        "n_existing": case.n_existing,
        "n_demand": len(case.points),
        "status": plan.status,
        "objective": plain(float(plan.objective)),
        "bound": plain(float(plan.bound)),
        "gap": plain(float(plan.gap)),
        "seconds": round(plan.seconds, 3),
        "headline_zh": headline.zh,
        "headline_en": headline.en,
        "sites": [{str(k): plain(v) for k, v in row.items()} for row in steps],
        "closed": case.sites.loc[closed, "name"].tolist(),
        "covered": plain(float(weight[plan.covered].sum())),
        "total": plain(float(weight.sum())),
        "left_out": {
            name: plain(float(np.nansum(case.points.loc[~plan.covered, name])))
            for name in ("members", "households")
        },
        "reasons_zh": [reason.zh for reason in plan.reasons],
        "reasons_en": [reason.en for reason in plan.reasons],
    }


def plan_table(
    case: SitingCase, plan: SitingPlan, question: Question, *, target: float
) -> pd.DataFrame:
    """Return one row a new station, in the order in which building them helps most.

    Columns: rank, id (of the candidate), name, lon, lat, adds_members, adds_households,
    out_members, out_households (who is still beyond the limit), saves_s, mean_s, farthest_s (the
    mean and the farthest walk once it is there; None where some have no way), share (of the weight
    within the limit once it is there), lifted (grids that reach the target), cost, sentence_zh,
    sentence_en.
    """
    places = case.sites.geometry.to_crs(WGS84)
    steps = plan_steps(case, plan, question, target=target)
    return pd.DataFrame([_row(case, step, places[step.site]) for step in steps], columns=COLUMNS)


COLUMNS = [
    *("rank", "id", "name", "lon", "lat", "adds_members", "adds_households", "out_members"),
    *("out_households", "saves_s", "mean_s", "farthest_s", "share", "lifted", "cost"),
    *("sentence_zh", "sentence_en"),
]


def _row(case: SitingCase, step: Step, place: Any) -> dict[str, Any]:  # noqa: ANN401 - a point
    return {
        "rank": step.rank,
        "id": int(case.sites.loc[step.site, "source_id"]),
        "name": step.name,
        "lon": round(place.x, 6),
        "lat": round(place.y, 6),
        "adds_members": step.adds.get("members", 0.0),
        "adds_households": step.adds.get("households", 0.0),
        "out_members": step.out.get("members", 0.0),
        "out_households": step.out.get("households", 0.0),
        "saves_s": round(step.saves_s, 3),
        "mean_s": plain(round(step.mean_s[1], 3)),
        "farthest_s": plain(round(step.farthest_s[1], 3)),
        "share": step.share,
        "lifted": "、".join(step.lifted),
        "cost": case.sites.loc[step.site, "cost"],
        "sentence_zh": step.sentence.zh,
        "sentence_en": step.sentence.en,
    }


def report_lines(
    case: SitingCase, plan: SitingPlan, question: Question, *, target: float, language: Language
) -> list[str]:
    """Return what the command prints: headline, basis, table, a sentence a station, who is left."""
    steps = plan_steps(case, plan, question, target=target)
    table = _aligned(steps, language).splitlines() if steps else []
    rest = (closed_said(case, plan), *(step.sentence for step in steps))
    rest = (*rest, left_said(case, plan, question))
    return [
        plan_headline(case, plan, question).say(language),
        _basis(case).say(language),
        *table,
        *(said.say(language) for said in rest if said.zh),
        *(reason.say(language) for reason in plan.reasons[plan.status == "infeasible" :]),
    ]


def _basis(case: SitingCase) -> Text:
    """Say under what a plan holds: limit, walker, moment, data, candidates."""
    study, walker = case.ground.study, case.ground.profile.title
    n, old = len(case.sites) - case.n_existing, case.n_existing
    at = "" if case.at is None else f"{case.at:%Y-%m-%d %H:%M}"
    demo = Text("演示数据 ", "demo data of ") if study.is_demo else Text("数据 ", "data of ")
    return Text(
        f"{case.minutes:g} 分钟 · {walker.zh}{f' · {at}' if at else ''} · "
        f"{demo.zh}{study.data_date} · 备选点位 {n} 个 · 现有驿站 {old} 个",
        f"{case.minutes:g} min · {walker.en}{f' · {at}' if at else ''} · "
        f"{demo.en}{study.data_date} · {counted(n, 'candidate')} · "
        f"{counted(old, 'station')} today",
    )


def _aligned(steps: Sequence[Step], language: Language) -> str:
    """Return the stations as a table of text; Chinese signs take the width of two others."""
    titles = (
        Text("顺序", "No."),
        Text("地点", "Where"),
        Text("新增党员", "Members"),
        Text("新增户", "Households"),
        Text("仍走不到户", "Still out"),
        Text("覆盖", "Covered"),
        Text("达标网格", "Grids lifted"),
    )
    rows = [
        (
            step.rank,
            step.name,
            f"{step.adds.get('members', 0.0):,.0f}",
            f"{step.adds.get('households', 0.0):,.0f}",
            f"{step.out.get('households', 0.0):,.0f}",
            "—" if np.isnan(step.share) else f"{step.share:.1%}",
            len(step.lifted),
        )
        for step in steps
    ]
    table = pd.DataFrame(rows, columns=[title.say(language) for title in titles])
    with pd.option_context("display.unicode.east_asian_width", True):  # noqa: FBT003 - pandas' own
        return str(table.to_string(index=False))
