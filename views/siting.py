"""Planner: where the next stations go, what each adds and why; tried by hand on the map."""

import json
import math
from dataclasses import replace
from typing import Any

import streamlit as st

from geo.coverage import Coverage
from geo.crs import WGS84
from geo.errors import GeoError
from geo.plan_curve import curve
from geo.plan_story import plan_edits, proof_said
from geo.planning import Question, SitingCase, solve
from geo.text import Text, counted
from geo.whatif import Edit, NewStation, edits_to_json
from layers.candidate import candidate_layer
from layers.map_layer import MapLayer
from views import siting_hand, siting_openings, siting_result, siting_scenarios
from views.figures import warn_of_lost_stations
from views.live_map import MapEvents, live_map
from views.page import MAP_HEIGHT, Page, open_page
from views.plain import as_markdown
from views.shared import ground_layers
from views.siting_job import Job
from views.siting_question import ask
from views.siting_shared import Candidates, candidates_of, case_of, draft_coverage, draft_layers
from views.siting_state import (
    ANSWER,
    Answer,
    answer,
    choices,
    draft,
    drawn_places,
    keep_draft,
    note,
    noted,
    running,
)

MODES = {
    "solve": Text("求最优", "Find the best"),
    "hand": Text("手工试", "Try by hand"),
    "scenarios": Text("方案", "Scenarios"),
}
TABLE: Candidates = ("table", 0, ())
LOOK_EVERY_S = 0.4  # while work runs beside the page
WORTH_WAITING_S = 0.5  # most solves are done by then, and nothing flickers
SEEN, FITTING = "siting.seen", "siting.fitting"
CURVE_P_MAX = 12
MOST_SHOWN = 200  # candidates; more bury the map, and stand behind the layer switch


def render() -> None:
    """Draw the page."""
    page = open_page(Text("选址", "Siting"))
    seen = _how_far()
    left, right = st.columns([1, 2.2], gap="medium")
    with left:
        told = noted()
        if told is not None:
            st.warning(as_markdown(told.say(page.lang)))
        mode = st.segmented_control(
            page.say("做什么", "What to do"),
            list(MODES),
            format_func=lambda name: MODES[name].say(page.lang),
            key="siting.mode",
            default="solve",
            required=True,
            label_visibility="collapsed",
        )
        source = TABLE
        if mode == "hand":
            siting_hand.panel(page)
        elif mode == "scenarios":
            siting_scenarios.panel(page)
        else:
            source = _solve_panel(page)
    now, after = page.coverage(), _after(page)
    with right:
        siting_result.before_after(page, now, after)
        warn_of_lost_stations(page, after)
        _map(page, source, is_by_hand=mode == "hand")
    if mode == "scenarios":
        siting_scenarios.comparison(page)
        return
    if mode == "hand":
        siting_openings.draw(page)
    else:
        _told(page)
    siting_result.by_grid(page, now, after)
    _look_again(seen)


# --- solving -------------------------------------------------------------------------------------


def _solve_panel(page: Page) -> Candidates:
    """Draw the form, what starts and stops a solve, and how far it is."""
    question, source = ask(page)
    known = answer()
    is_running = known is not None and known.solving.is_running
    if known is not None and not is_running:
        _take(known)
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(
            page.say("求解", "Solve"), type="primary", key="siting.solve", disabled=is_running
        ):
            _start(page, question, source)
        if (
            known is not None
            and is_running
            and st.button(page.say("停止", "Stop"), key="siting.stop")
        ):
            known.solving.cancel()
        if draft() and not is_running and st.button(page.say("清空", "Clear"), key="siting.clear"):
            keep_draft([])
            st.session_state.pop(ANSWER, None)
            st.rerun()
    _progress(page, is_running=is_running)
    return source


def _take(known: Answer) -> None:
    """Make a plan that has just been found the draft, and begin to work out its curve."""
    if known.plan is None or known.curving is not None:
        return
    case, question = known.case, known.question
    keep_draft(plan_edits(case, known.plan))
    known.curving = Job(
        lambda _, stops: curve(case, question, p_max=CURVE_P_MAX, should_stop=stops)
    ).start()
    known.curving.wait(LOOK_EVERY_S)


def _start(page: Page, question: Question, source: Candidates) -> None:
    """Begin to solve; a quick solve is done before the page is."""
    try:
        case = case_of(page.asked, source)
    except GeoError as error:
        st.error(as_markdown(error.say(page.lang)))
        return
    keep_draft([])
    job = Job(lambda hear, stops: solve(case, question, on_progress=hear, should_stop=stops))
    st.session_state[ANSWER] = Answer(case, question, source, choices(page), job.start())
    job.wait(WORTH_WAITING_S)
    st.rerun()


def _progress(page: Page, *, is_running: bool) -> None:
    """Say how far a solve is: best so far, bound and gap; or why there is no plan."""
    known = answer()
    if known is None:
        st.caption(
            page.say(
                "选好问题，点“求解”。每个答案都带证明：已证明最优，或离最优最多差多少。",
                "Choose a question and solve it. Every answer is proven best, or says how far from "
                "the best it may be.",
            )
        )
        return
    job = known.solving
    if is_running:
        so_far, n = proof_said(_gap(job), is_proven=False), len(job.sites)
        if job.sites:
            keep_draft(_new_stations(known.case, job.sites))
        st.info(
            page.say(
                f"正在求解…目前最好的方案建 {n} 个，{so_far.zh}。",
                f"Solving… the best plan so far has {counted(n, 'site')}, {so_far.en}.",
            )
        )
    elif job.error is not None:  # no plan in time, or a question that cannot be asked
        st.warning(as_markdown(job.error.say(page.lang)))
    elif job.has_failed:
        st.error(page.say("求解出错，原因已记入日志。", "The solve failed; the log says why."))


def _gap(job: Job[Any]) -> float:
    """Return how far the best so far may be from the best there is, inf while nobody knows."""
    if job.best is None or job.bound is None or not job.best:
        return math.inf
    return abs(job.bound - job.best) / abs(job.best)


def _new_stations(case: SitingCase, sites: tuple[int, ...]) -> list[Edit]:
    places = case.sites.geometry.to_crs(WGS84)
    return [
        NewStation(str(case.sites.loc[i, "name"]), places[i].x, places[i].y)
        for i in sites
        if i >= case.n_existing
    ]


def _look_again(seen: list[tuple[object, ...]]) -> None:
    """Look now and then while work runs beside the page, without drawing it in between.

    `seen` is how far it was before the page was drawn: what ended meanwhile is not missed.
    """
    st.session_state[SEEN] = seen
    if seen or next(running(), None) is not None:
        _look()


@st.fragment(run_every=LOOK_EVERY_S)
def _look() -> None:
    """Draw the page anew when the work has something new to show."""
    if _how_far() != st.session_state.get(SEEN):
        st.rerun()


def _how_far() -> list[tuple[object, ...]]:
    return [(id(job), job.sites, job.bound) for job in running()]


# --- showing -------------------------------------------------------------------------------------


def _edits_text() -> str:
    return json.dumps(edits_to_json(draft()), ensure_ascii=False)


def _after(page: Page) -> Coverage:
    """Return the coverage with the draft; one that does not fit the data gives way to the last."""
    edits = draft()
    try:
        after = draft_coverage(page.asked, _edits_text())
    except GeoError as error:
        fitting = st.session_state.pop(FITTING, [])
        keep_draft(fitting if fitting != edits else [])
        note(error.text)
        st.rerun()
    st.session_state[FITTING] = edits
    return after


def _map(page: Page, source: Candidates, *, is_by_hand: bool) -> None:
    layers: list[MapLayer] = [
        layer for layer in ground_layers(*page.key, page.lang) if layer.id != "candidates"
    ]
    layers += draft_layers(page.asked, _edits_text(), page.state.shown_figure, page.lang)
    if is_by_hand and drawn_places():
        source = ("drawn", 0, tuple(drawn_places()))
    sites = candidates_of(*page.key, source)
    candidates = candidate_layer(sites, page.lang)
    is_shown = len(sites) <= MOST_SHOWN and (not is_by_hand or source[0] == "drawn")
    layers.append(replace(candidates, is_shown=is_shown, is_selectable=False))
    if is_by_hand:
        layers += siting_hand.layers(page)

    def told(events: MapEvents) -> None:
        siting_hand.moved(events)
        if is_by_hand:
            siting_hand.clicked(page, events)

    live_map(
        layers,
        key="siting.map",
        lang=page.lang,
        height=MAP_HEIGHT,
        wants_place=is_by_hand,
        on_event=told,
    )


def _told(page: Page) -> None:
    """Tell the plan: headline, steps, curve, who stays out, sensitivity."""
    known = answer()
    if known is None or known.plan is None:
        return
    if known.choices != choices(page):
        st.info(
            page.say(
                "时限、步速、时刻或数据变了，下面是变化之前求得的方案；要更新请再求解。",
                "Minutes, walker, moment or data have changed since this plan was found; solve "
                "again to renew it.",
            )
        )
    elif known.plan.status != "infeasible" and not known.is_drafted():
        st.info(
            page.say(
                "求解之后又手工改过：地图和上面的数字按改动后算，下面说的是求得的方案。",
                "Changed by hand since: the map and the figures above hold with those changes, "
                "what follows is the plan that was found.",
            )
        )
    siting_result.plan_told(page, known)
