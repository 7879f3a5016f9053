"""Coverage against the number of new stations: today, the best, built one by one, the knee."""

import altair as alt
import pandas as pd
import streamlit as st

from geo.plan_curve import Curve, knee_said, staging_said
from layers.figures import share_text
from layers.palette import BRAND_RED, TEAL
from views.page import Page
from views.plain import as_html, as_markdown
from views.siting_state import Answer

GREY = "#8a7a5c"


def curve_drawn(page: Page, known: Answer) -> None:
    """Draw the curve, its knee and its staged build-out; say so while it is being worked out."""
    job = known.curving
    if job is None or job.is_running:
        st.caption(page.say("曲线计算中…", "Working out the curve…"))
        return
    found = job.result
    if found is None:
        st.caption(page.say("曲线没有算出来。", "The curve could not be worked out."))
        return
    if found.total == 0:
        return
    st.altair_chart(_chart(page, found), height=260, key="siting.curve")
    st.caption(as_markdown(knee_said(found).say(page.lang)))
    if known.question.has_conditions:
        st.caption(
            page.say(
                "曲线只看步行时限内的覆盖，不计附加条件。",
                "The curve is of coverage within the limit, without the further conditions.",
            )
        )
    staging = as_html(staging_said(found, known.question).say(page.lang))
    st.html(f"<p class='rg-said' data-testid='staging'>{staging}</p>")
    with st.expander(page.say("逐个建的顺序", "The order one by one")):
        st.dataframe(_table(page, found), hide_index=True, key="siting.staged")


def _chart(page: Page, found: Curve) -> alt.LayerChart:
    number, share = page.say("新建驿站数", "New stations"), page.say("覆盖率", "Covered")
    best, staged = page.say("最优", "best"), page.say("逐个建", "one by one")
    line = page.say("建法", "How")
    points = found.points
    shares = pd.concat(
        [
            pd.DataFrame({number: points.index, share: points[column] / found.total, line: name})
            for column, name in (("staged", staged), ("best", best))
        ],
        ignore_index=True,
    )
    colour = alt.Color(
        line,
        type="nominal",
        scale=alt.Scale(domain=[best, staged], range=[TEAL[4], GREY]),
        legend=alt.Legend(orient="top", title=None),
    )
    dash = alt.StrokeDash(
        line,
        type="nominal",
        scale=alt.Scale(domain=[best, staged], range=[[1, 0], [4, 3]]),
        legend=None,
    )
    base = alt.Chart(shares).encode(
        x=alt.X(number, type="quantitative", axis=alt.Axis(tickMinStep=1, format="d")),
        y=alt.Y(share, type="quantitative", axis=alt.Axis(format="%"), scale=alt.Scale(zero=False)),
        tooltip=[number, alt.Tooltip(share, format=".1%"), line],
    )
    lines = base.mark_line(point=alt.OverlayMarkDef(size=45)).encode(color=colour, strokeDash=dash)
    marks = {0: (page.say("今天", "today"), "#7a8896")}
    if found.knee is not None:
        marks[found.knee] = (page.say("拐点", "knee"), BRAND_RED)
    named = alt.Chart(
        pd.DataFrame(
            [
                {number: n, share: points["best"][n] / found.total, "name": name, "colour": colour_}
                for n, (name, colour_) in marks.items()
            ]
        )
    ).encode(
        x=alt.X(number, type="quantitative"),
        y=alt.Y(share, type="quantitative"),
        color=alt.Color("colour", type="nominal", scale=None, legend=None),
    )
    spots = named.mark_point(filled=True, size=170, opacity=1)
    words = named.mark_text(align="left", dx=11, dy=9, fontSize=13, fontWeight="bold").encode(
        text="name:N"
    )
    chart: alt.LayerChart = alt.layer(lines, spots, words).resolve_scale(color="independent")
    return chart


def _table(page: Page, found: Curve) -> pd.DataFrame:
    points = found.points.iloc[1:]
    yes, no = page.say("已证明", "proven"), page.say("未证明", "not proven")
    return pd.DataFrame(
        {
            page.say("个数", "Number"): points.index,
            page.say("最优覆盖", "Best"): [share_text(v / found.total) for v in points["best"]],
            page.say("证明", "Proof"): [yes if is_ else no for is_ in points["is_proven"]],
            page.say("逐个建", "One by one"): [
                share_text(v / found.total) for v in points["staged"]
            ],
            page.say("少", "Less"): [f"{v:,.0f}" for v in points["regret"]],
            page.say("这一步建", "This step builds"): points["site"],
        }
    )
