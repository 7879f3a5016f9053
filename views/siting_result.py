"""What a plan or a draft does: before and after, the stations in order, the curve, by grid."""

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st

from geo.coverage import Coverage
from geo.plan_story import Step, plan_headline, plan_steps
from geo.planning import SitingCase, mixed_weight, nearest_open
from geo.siting import SitingPlan
from geo.study import WEIGHT_TITLES
from layers.figures import share_text
from layers.palette import BRAND_RED, TEAL
from views.page import Page
from views.plain import as_html, as_markdown
from views.siting_sensitivity import sensitivity
from views.siting_state import Answer

WORSE = "light-dark(#a3261d, #f2a79f)"
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
    """Draw the headline, the stations in order with a sentence each, and the curve."""
    case, plan, question = known.case, known.plan, known.question
    if plan is None:
        return
    st.subheader(as_markdown(plan_headline(case, plan, question).say(page.lang)))
    if plan.status == "infeasible":
        for reason in plan.reasons[1:]:
            st.markdown(f"- {as_markdown(reason.say(page.lang))}")
        return
    steps = plan_steps(case, plan, question, target=page.state.target / 100)
    left, right = st.columns([1.4, 1], gap="medium")
    with left:
        if steps:
            items = "".join(f"<li>{as_html(step.sentence.say(page.lang))}</li>" for step in steps)
            st.html(f"<ol class='rg-weak' data-testid='steps'>{items}</ol>")
            st.dataframe(_steps_table(page, case, steps), hide_index=True, key="siting.steps")
        else:
            st.info(page.say("不需要新建驿站。", "No new station is needed."))
        _left_outside(page, case, plan)
        sensitivity(page, known)
    with right:
        _curve(page, known)


def _steps_table(page: Page, case: SitingCase, steps: list[Step]) -> pd.DataFrame:
    rows = [
        {
            page.say("顺序", "Order"): step.rank,
            page.say("地点", "Where"): step.name,
            page.say("新增党员", "Members"): step.adds.get("members", 0.0),
            page.say("新增户", "Households"): step.adds.get("households", 0.0),
            page.say("人均少走（分）", "Saved (min)"): round(step.saves_s / 60, 2),
            page.say("累计覆盖", "Covered"): share_text(step.share),
            page.say("达标网格", "Grids lifted"): "、".join(step.lifted),
            page.say("费用", "Cost"): case.sites.loc[step.site, "cost"],
        }
        for step in steps
    ]
    table = pd.DataFrame(rows)
    return table.dropna(axis="columns", how="all")


def _left_outside(page: Page, case: SitingCase, plan: SitingPlan) -> None:
    """Say who stays out with the whole plan."""
    out = ~plan.covered
    homes = np.nansum(case.points.loc[out, "households"])
    members = np.nansum(case.points.loc[out, "members"])
    n_lost = len(case.lost)
    lost = page.say(
        f"；{n_lost} 个备选点位接不上路网，没有参加", f"; {n_lost} candidates join no way"
    )
    st.caption(
        page.say(
            f"全部建成后仍有 {homes:,.0f} 户、{members:,.0f} 名党员走不到",
            f"With all of them {homes:,.0f} households and {members:,.0f} members stay out",
        )
        + (lost if n_lost else "")
        + page.say("。", ".")
    )


def _curve(page: Page, known: Answer) -> None:
    """Draw coverage against the number of new stations: today, each proven best, the knee."""
    case, question, job = known.case, known.question, known.curving
    if job is None or job.result is None:
        st.caption(page.say("曲线计算中…", "Working out the curve…"))
        return
    plans, knee = job.result
    weight = mixed_weight(case, question.weights)
    seconds, _ = nearest_open(case, list(case.existing))
    total = weight.sum()
    if total == 0:
        return
    today = float(weight[seconds <= case.limit_s].sum())
    number, share = page.say("新建驿站数", "New stations"), page.say("覆盖率", "Covered")
    kind = page.say("点", "Point")
    names = [page.say("今天", "today"), page.say("最优", "best"), page.say("拐点", "knee")]
    rows = [
        {
            number: k,
            share: value / total,
            kind: names[0] if k == 0 else names[2] if k == knee else names[1],
            "size": 160 if k in {0, knee} else 60,
        }
        for k, value in enumerate([today, *(plan.objective for plan in plans)])
    ]
    base = alt.Chart(pd.DataFrame(rows)).encode(
        x=alt.X(number, type="quantitative", axis=alt.Axis(tickMinStep=1, format="d")),
        y=alt.Y(share, type="quantitative", axis=alt.Axis(format="%"), scale=alt.Scale(zero=False)),
        tooltip=[number, alt.Tooltip(share, format=".1%"), kind],
    )
    points = base.mark_point(filled=True, opacity=1).encode(
        size=alt.Size("size", type="quantitative", scale=None, legend=None),
        color=alt.Color(
            kind,
            type="nominal",
            scale=alt.Scale(domain=names, range=["#5b6b7a", TEAL[4], BRAND_RED]),
            legend=alt.Legend(orient="bottom", title=None),
        ),
    )
    st.altair_chart(base.mark_line(color=TEAL[4]) + points, height=260, key="siting.curve")
    n_proven = sum(plan.status == "optimal" for plan in plans)
    proven = page.say(
        f"{n_proven} / {len(plans)} 个点已证明最优。", f"{n_proven} of {len(plans)} points proven."
    )
    told = (
        page.say(f"建到第 {knee} 个之后，每多一个增加得很少。", f"After {knee}, each adds little. ")
        if knee
        else ""
    )
    st.caption(told + proven)


def by_grid(page: Page, now: Coverage, after: Coverage) -> None:
    """Draw each grid before and after, those that change most first."""
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
