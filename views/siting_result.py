"""What a plan or a draft does: before and after, the stations in order, who is left, by grid."""

import numpy as np
import pandas as pd
import streamlit as st

from geo.coverage import Coverage
from geo.plan_story import Step, closed_said, left_said, plan_headline, plan_steps
from geo.planning import Question, SitingCase
from geo.siting import SitingPlan
from geo.study import WEIGHT_TITLES
from layers.figures import share_text
from layers.palette import TEAL
from views.page import Page
from views.plain import as_html, as_markdown
from views.siting_curve import curve_drawn
from views.siting_sensitivity import sensitivity
from views.siting_state import Answer

WORSE = "light-dark(#a3261d, #f2a79f)"
ROW_PX, MOST_ROWS = 35, 20  # of the table of stations
PLAIN = "list-style: none; padding: 0"  # the sentences say their number
SAME = "color: inherit; opacity: .65"
Cell = tuple[str, str, str, bool | None]  # title, value, change, whether the change is good


def before_after(page: Page, now: Coverage, after: Coverage) -> None:
    """Draw four figures with what the draft changes."""
    weight, target = page.state.weight, page.state.target / 100
    other = "members" if weight == "households" else "households"
    cells = "".join(
        _cell(*figure)
        for figure in (
            *(_share_cell(page, now, after, name) for name in (weight, other)),
            _weak_cell(page, now, after, target),
            _median_cell(page, now, after),
        )
    )
    st.html(f"<div class='rg-after' data-testid='after'>{cells}</div>")


def _cell(title: str, value: str, change: str, is_better: bool | None) -> str:  # noqa: FBT001
    style = {True: "", False: f" style='color: {WORSE}'", None: f" style='{SAME}'"}[is_better]
    return (
        f"<div><small>{as_html(title)}</small><b>{as_html(value)}</b>"
        f"<span{style}>{as_html(change)}</span></div>"
    )


def _share_cell(page: Page, now: Coverage, after: Coverage, weight: str) -> Cell:
    title = WEIGHT_TITLES[weight]
    was, is_ = (c.total.iloc[0] for c in (now, after))
    more = is_[f"{weight}_covered"] - was[f"{weight}_covered"]
    share = float(is_[f"{weight}_share"])
    return (
        page.say(f"{title.zh}覆盖率", f"{title.en.capitalize()} covered"),
        "—" if np.isnan(share) else share_text(share),
        f"{more:+,.0f}" if more else "±0",
        more > 0 if more else None,
    )


def _weak_cell(page: Page, now: Coverage, after: Coverage, target: float) -> Cell:
    was, is_ = (
        int((c.grids[f"{page.state.weight}_share"].dropna() < target).sum()) for c in (now, after)
    )
    return (
        page.say("未达标网格", "Grids below target"),
        str(is_),
        f"{is_ - was:+d}" if is_ - was else "±0",
        is_ < was if is_ != was else None,
    )


def _median_cell(page: Page, now: Coverage, after: Coverage) -> Cell:
    was, is_ = (float(c.total["median_s"].iloc[0]) / 60 for c in (now, after))
    value = f"{is_:.1f}" if np.isfinite(is_) else "—"
    is_other = bool(np.isfinite(is_ - was) and abs(is_ - was) >= 0.05)
    change = f"{is_ - was:+.1f}" if is_other else "±0"
    is_better = bool(is_ < was) if is_other else None
    return page.say("中位分钟", "Median minutes"), value, change, is_better


def plan_told(page: Page, known: Answer) -> None:
    """Draw the headline, the stations in order with a sentence each, who stays out, the curve."""
    case, plan, question = known.case, known.plan, known.question
    if plan is None:
        return
    with st.container(key="siting.headline"):
        st.subheader(as_markdown(plan_headline(case, plan, question).say(page.lang)))
    if plan.status == "infeasible":
        for reason in plan.reasons[1:]:
            st.markdown(f"- {as_markdown(reason.say(page.lang))}")
        return
    steps = plan_steps(case, plan, question, target=page.state.target / 100)
    left, right = st.columns([1.4, 1], gap="medium")
    with left:
        _sentences(page, known, plan, steps)
    with right:
        curve_drawn(page, known)
    if steps:
        st.dataframe(
            _steps_table(page, case, question, steps),
            hide_index=True,
            key="siting.steps",
            height=ROW_PX * (min(len(steps), MOST_ROWS) + 1) + 3,
            column_config={
                page.say("达标网格", "Grids lifted"): st.column_config.TextColumn(width=360)
            },
        )
    sensitivity(page, known)


def _sentences(page: Page, known: Answer, plan: SitingPlan, steps: list[Step]) -> None:
    """Draw what the plan closes, what each new station does, who stays out, what else holds."""
    closed = closed_said(known.case, plan).say(page.lang)
    if closed:
        st.html(f"<p class='rg-said'>{as_html(closed)}</p>")
    if steps:
        items = "".join(f"<li>{as_html(step.sentence.say(page.lang))}</li>" for step in steps)
        st.html(f"<ul class='rg-weak' style='{PLAIN}' data-testid='steps'>{items}</ul>")
    else:
        st.info(page.say("不需要新建驿站。", "No new station is needed."))
    said = (left_said(known.case, plan, known.question), *plan.reasons)
    lines = "".join(f"<p class='rg-said'>{as_html(one.say(page.lang))}</p>" for one in said)
    st.html(f"<div data-testid='left'>{lines}</div>")


def _steps_table(
    page: Page, case: SitingCase, question: Question, steps: list[Step]
) -> pd.DataFrame:
    walk = page.say("平均步行（分）", "Mean walk (min)")
    if question.problem == "p_center":
        walk = page.say("最远步行（分）", "Farthest walk (min)")
    rows = [
        {
            page.say("顺序", "Order"): step.rank,
            page.say("地点", "Where"): step.name,
            page.say("新增党员", "Members"): f"{step.adds.get('members', 0.0):,.0f}",
            page.say("新增户", "Households"): f"{step.adds.get('households', 0.0):,.0f}",
            walk: _from_to(step.farthest_s if question.problem == "p_center" else step.mean_s),
            page.say("累计覆盖", "Covered"): "—"
            if np.isnan(step.share)
            else share_text(step.share),
            page.say("仍走不到（党员 / 户）", "Still out (members / households)"): (
                f"{step.out.get('members', 0.0):,.0f} / {step.out.get('households', 0.0):,.0f}"
            ),
            page.say("费用", "Cost"): _cost(case, step),
            page.say("达标网格", "Grids lifted"): page.say("、", ", ").join(step.lifted) or "—",
        }
        for step in steps
    ]
    table = pd.DataFrame(rows)
    return table.dropna(axis="columns", how="all")


def _cost(case: SitingCase, step: Step) -> str | None:
    cost = float(case.sites.loc[step.site, "cost"])
    return None if np.isnan(cost) else f"{cost:,.10g}"


def _from_to(walk_s: tuple[float, float]) -> str:
    """Return minutes before and after; a dash where somebody has no way."""
    before, after = ("—" if np.isinf(s) else f"{s / 60:.1f}" for s in walk_s)
    return f"{before} → {after}"


def by_grid(page: Page, now: Coverage, after: Coverage) -> None:
    """Draw each grid before and after, those that change most first."""
    st.subheader(page.say("各网格前后", "Grid by grid"))
    weight = page.state.weight
    was, is_ = now.grids[f"{weight}_share"], after.grids[f"{weight}_share"]
    more = after.grids[f"{weight}_covered"] - now.grids[f"{weight}_covered"]
    table = pd.DataFrame(
        {
            page.say("网格", "Grid"): now.grids["name"],
            page.say("社区", "Community"): now.grids["community"],
            page.say("现在", "Now"): was.round(3),
            page.say("之后", "After"): is_.round(3),
            page.say(
                f"多走得到的{WEIGHT_TITLES[weight].zh}",
                f"{WEIGHT_TITLES[weight].en.capitalize()} gained",
            ): more,
            page.say("中位分钟", "Median min"): (after.grids["median_s"] / 60).round(1),
        }
    ).reindex((-more.abs()).sort_values(kind="stable").index)
    shares = [page.say("现在", "Now"), page.say("之后", "After")]
    st.dataframe(
        table,
        hide_index=True,
        height=320,
        key="siting.by_grid",
        column_config={
            column: st.column_config.ProgressColumn(
                column, format="percent", min_value=0, max_value=1, color=TEAL[4]
            )
            for column in shares
        },
    )
