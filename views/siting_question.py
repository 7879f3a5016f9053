"""The form in which a planner asks: problem, numbers, weights, candidates, conditions."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from geo.planning import PROBLEMS, Problem, Question
from geo.study import WEIGHT_TITLES
from geo.text import Text
from views.page import Page, counted_weights
from views.siting_shared import Candidates, candidates_of
from views.siting_state import drawn_places

TITLES: Mapping[Problem, Text] = {
    "mclp": Text("再建几个，让最多的人走得到", "Build some: most people within reach"),
    "lscp": Text("最少建几个，让这么多人走得到", "The fewest for a share within reach"),
    "p_median": Text("再建几个，让平均步行时间最短", "Build some: the shortest mean walk"),
    "p_center": Text("再建几个，让最远的人最近", "Build some: the farthest person nearest"),
}
SOURCES = {
    "table": Text("台账里的备选点位", "The table"),
    "ways": Text("沿路每隔一段", "Along the ways"),
    "gates": Text("小区大门口", "Compound gates"),
    "entrances": Text("楼栋门口", "Building doors"),
    "drawn": Text("在地图上点的", "Pointed at"),
}
EVERY_M = (50, 100, 150, 200, 300)
MOST_LISTED = 300  # candidates; more are no list to choose from
MIXED = ("members", "households", "elderly")


def ask(page: Page) -> tuple[Question, Candidates]:
    """Draw the form and return the question and where the candidates come from."""
    problem = st.radio(
        page.say("要解决什么", "What is asked"),
        PROBLEMS,
        format_func=lambda name: TITLES[name].say(page.lang),
        key="siting.problem",
    )
    left, right = st.columns(2)
    with left:
        p, share = _size(page, problem)
    with right:
        source = _source(page)
    weights: tuple[tuple[str, float], ...] = ((page.state.weight, 1.0),)
    with st.expander(page.say("更多条件", "More conditions")):
        weights = _mix(page) or weights
        conditions = _conditions(page, problem) | _sites_named(page, source)
    question = Question(problem=problem, p=p, share=share, weights=weights, **conditions)
    return question, source


def _size(page: Page, problem: Problem) -> tuple[int, float]:
    """Draw how many stations, or which share."""
    if problem == "lscp":
        percent = st.number_input(
            page.say("覆盖 %", "Covered %"), 1, 100, value=95, key="siting.share"
        )
        return 1, percent / 100
    p = st.number_input(page.say("新建几个", "New stations"), 1, 60, value=3, key="siting.p")
    return int(p), 1.0


def _source(page: Page) -> Candidates:
    """Draw where the candidates come from; without a table they come from the ways."""
    drawn = tuple(drawn_places())
    has = {"table": len(page.study.candidates) > 0, "drawn": len(drawn) > 0}
    offered = [name for name in SOURCES if has.get(name, True)]
    kind = st.selectbox(
        page.say("备选点位", "Candidates"),
        offered,
        format_func=lambda name: SOURCES[name].say(page.lang),
        key="siting.source",
    )
    if kind != "ways":
        return kind, 0, drawn if kind == "drawn" else ()
    every_m = st.selectbox(
        page.say("每隔（米）", "Every (metres)"), EVERY_M, index=2, key="siting.every_m"
    )
    return kind, int(every_m), ()


def _mix(page: Page) -> tuple[tuple[str, float], ...] | None:
    """Draw the shares of a mix of weights; None where it is not wanted."""
    if not st.toggle(page.say("混合权重", "Mix of weights"), key="siting.is_mixed"):
        return None
    known = [name for name in MIXED if name in counted_weights(page.study)]
    parts = [
        (
            name,
            float(
                st.slider(WEIGHT_TITLES[name].say(page.lang), 0, 100, 50, key=f"siting.part.{name}")
            ),
        )
        for name in known
    ]
    return tuple((name, part) for name, part in parts if part > 0) or None


def _conditions(page: Page, problem: Problem) -> dict[str, Any]:
    """Draw the side conditions that the problem knows."""
    if problem == "p_center":
        st.caption(
            page.say(
                "这个问题只能指定必建和不建的点位。",
                "This problem takes only sites that must or must not be built.",
            )
        )
        return {}
    spacing = st.number_input(
        page.say("新站之间至少（米）", "New stations apart (m)"),
        0,
        5000,
        0,
        50,
        key="siting.spacing",
    )
    may_close = st.number_input(
        page.say("可以关掉几个老站（迁址）", "Stations that may close"),
        0,
        20,
        0,
        key="siting.close",
    )
    chosen: dict[str, Any] = {"spacing_m": float(spacing), "may_close": int(may_close)}
    if page.study.candidates["cost"].notna().any():
        budget = st.number_input(
            page.say("预算（与台账同单位，空 = 不限）", "Budget (as in the table; empty: none)"),
            min_value=0.0,
            value=None,
            key="siting.budget",
        )
        chosen["budget"] = None if budget is None else float(budget)
    capacity = st.number_input(
        page.say("每站最多服务（按所选权重，空 = 不限）", "A station serves at most (empty: any)"),
        min_value=0.0,
        value=None,
        step=10.0,
        key="siting.capacity",
    )
    chosen["capacity"] = None if capacity is None else float(capacity)
    chosen["one_per_community"] = st.checkbox(
        page.say("每个社区至少一个", "At least one in each community"), key="siting.communities"
    )
    if problem != "p_median":
        chosen["is_fair"] = st.checkbox(
            page.say("先让最弱的网格最好", "The weakest grid first"), key="siting.fair"
        )
        chosen["has_backup"] = st.checkbox(
            page.say("双重覆盖才算（一站关了也走得到）", "Covered twice (one may close)"),
            key="siting.backup",
        )
    return chosen


def _sites_named(page: Page, source: Candidates) -> dict[str, Any]:
    """Draw which candidates must be built and which must not, where few enough can be listed."""
    sites = candidates_of(*page.key, source)
    if not 0 < len(sites) <= MOST_LISTED:
        return {}
    titles = _told_apart(sites["name"])
    chosen: dict[str, Any] = {}
    for name, title in (
        ("mandatory", page.say("必建的点位", "Must be built")),
        ("forbidden", page.say("不建的点位", "Must not be built")),
    ):
        key = f"siting.{name}.{source[0]}.{source[1]}"  # each source numbers its own sites
        if key in st.session_state:
            st.session_state[key] = [i for i in st.session_state[key] if i in titles]
        ids = st.multiselect(title, list(titles), format_func=titles.__getitem__, key=key)
        chosen[name] = tuple(map(int, ids))
    return chosen


def _told_apart(names: "pd.Series[Any]") -> dict[int, str]:
    """Return the name of each site by id; those that share one get their number."""
    shares = names.duplicated(keep=False)
    rows = zip(names.index.astype(int), names.astype(str), shares, strict=True)
    return {i: f"{name} ({i})" if shared else name for i, name, shared in rows}
