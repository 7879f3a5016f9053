"""What every page has: state, controls, style, and the sentences when something is missing."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, time

import pandas as pd
import streamlit as st

from data.settings import Settings
from data.viewer import Viewer
from geo.coverage import Coverage
from geo.errors import GeoError
from geo.profiles import PROFILES
from geo.study import Study
from geo.text import Language, Text
from views.plain import as_markdown
from views.shared import Asked, coverage_of, current_version, study_of
from views.state import MINUTES, TARGETS, WEIGHTS, PageState, read_state, weight_title, write_state

STYLE = """
<style>
[data-testid="stMainBlockContainer"] {padding: 3.5rem 1.4rem 1.5rem; max-width: 118rem;}
[data-testid="stMainBlockContainer"] h3 {font-size: 1.05rem; line-height: 1.5;
  padding: .6rem 0 .1rem;}
[data-testid="stHeading"] [data-testid="stMarkdownContainer"] {margin-bottom: 0;}
[class*="st-key-controls"] [data-testid="stButtonGroup"] button,
[class*="st-key-controls"] [data-testid="stPopover"] button {min-height: 2.5rem;}
[data-testid="stVerticalBlock"] {gap: .55rem;}
.rg-title {margin: 0; line-height: 1.35; white-space: nowrap;}
.rg-title b {font-size: 1.3rem; letter-spacing: .02em; display: block;}
.rg-title span {opacity: .72; font-size: .84rem; margin-right: .5rem;}
[class*="st-key-card_"] {padding: .5rem .9rem; position: relative; gap: 0;}
[class*="st-key-card_"] [data-testid="stPopover"] {position: absolute; top: .1rem; right: .3rem;
  width: auto;}
[class*="st-key-card_"] [data-testid="stPopover"] button {opacity: .7; min-height: 1.6rem;
  padding: 0 .3rem; font-size: .8rem;}
.rg-demo {border: 1px solid currentColor; border-radius: 3px; padding: 0 .4rem; font-size: .78rem;
  color: light-dark(#a8590a, #f0b35c) !important; opacity: 1 !important; font-weight: 600;}
.rg-card {line-height: 1.2;}
.rg-card .t {font-size: .84rem; opacity: .78; white-space: nowrap;}
.rg-card .v {font-size: 1.72rem; font-weight: 650; font-variant-numeric: tabular-nums;}
.rg-card .v small {font-size: .9rem; font-weight: 400; opacity: .75;}
.rg-card .n {font-size: .8rem; opacity: .85; font-variant-numeric: tabular-nums;}
.rg-light {display: inline-block; font-size: .78rem; font-weight: 600; padding: 0 .42rem;
  border-radius: 3px; margin-left: .45rem; vertical-align: .28rem;}
.rg-light.met {background: #0b6e6e; color: #fff;}
.rg-light.near {background: #f0c659; color: #332500;}
.rg-light.off {background: light-dark(#fff, #2c1d0b); color: light-dark(#7a3e00, #f3b66f);
  box-shadow: inset 0 0 0 1.5px #b35c00;}
.rg-weak {margin: 0; padding: 0 0 0 1.3rem; font-size: .9rem; line-height: 1.5;}
.rg-after {display: flex; flex-wrap: wrap; gap: .3rem 2rem; font-variant-numeric: tabular-nums;}
.rg-after div {line-height: 1.3;}
.rg-after small {display: block; font-size: .8rem; opacity: .78;}
.rg-after b {font-size: 1.35rem; font-weight: 650;}
.rg-after span {margin-left: .4rem; font-size: .92rem; color: light-dark(#0a6b55, #8fd9c4);}
.rg-own {width: 100%; font-size: .92rem; text-align: left; font-variant-numeric: tabular-nums;}
.rg-own th, .rg-own td {padding: .12rem .3rem .12rem 0;}
.rg-said {font-size: .92rem; margin: .4rem 0;}
.rg-weak li {margin-bottom: .3rem;}
[data-testid="stMetricValue"], [data-testid="stDataFrame"] {font-variant-numeric: tabular-nums;}
@media (max-width: 640px) {
  [data-testid="stMainBlockContainer"] {padding: 4.2rem .7rem 1rem;}
  .rg-card .v {font-size: 1.3rem; white-space: nowrap;}
  .rg-light {margin-left: .3rem; padding: 0 .3rem;}
  [class*="st-key-card_"] {padding: .45rem .6rem;}
  [data-testid="stColumn"]:has([class*="st-key-card_"]) {min-width: calc(50% - .5rem) !important;
    flex: 1 1 calc(50% - .5rem) !important;}
}
</style>
"""
EMPTY = {
    "grids": Text(
        "还没有网格。请导入网格边界：redgrid import grids 文件，或放入演示：redgrid demo。",
        "There are no grids yet. Import them: redgrid import grids FILE, or try: redgrid demo.",
    ),
    "network": Text(
        "还没有步行路网，无法计算步行时间。请导入：redgrid import network 文件。",
        "There is no walk network, so no walking time. Import one: redgrid import network FILE.",
    ),
    "stations": Text(
        "还没有驿站。请导入：redgrid import stations 文件。",
        "There are no stations yet. Import them: redgrid import stations FILE.",
    ),
}


MAP_HEIGHT = "clamp(380px, min(61vh, 105vw), 760px)"
VersionOf = Callable[[Settings, Viewer], str]
# What a session remembers of its address bar.
WRITTEN, LAST_PATH, FOLLOWS = "page.written", "page.last_path", "page.follows"


@dataclass(frozen=True, eq=False)
class Page:
    """What a page works with: who looks, at what, with which choices."""

    settings: Settings
    viewer: Viewer
    version: str
    state: PageState
    study: Study

    @property
    def lang(self) -> Language:
        """The language of the page."""
        return self.state.lang

    @property
    def key(self) -> tuple[str, Viewer, str]:
        """What every shared thing is kept under."""
        return self.settings.database, self.viewer, self.version

    @property
    def asked(self) -> Asked:
        """What a coverage for the page's choices is asked of."""
        return Asked(*self.key, self.state.profile, self.state.minutes, self.state.at)

    def coverage(self) -> Coverage:
        """Return the coverage for the page's choices."""
        return coverage_of(self.asked)

    def say(self, zh: str, en: str) -> str:
        """Return one of two sentences."""
        return Text(zh, en).say(self.lang)


def open_page(title: Text) -> Page:
    """Draw the head of a page and its controls; stop with a sentence where something is missing."""
    page, refused = _begin()
    study, state = page.study, page.state
    if state.grid and not (study.grids["code"] == state.grid).any() and len(study.grids):
        refused.append(
            Text(
                f"没有编码为 {state.grid} 的网格。",
                f"There is no grid with the code {state.grid}.",
            )
        )
        state = replace(state, grid="")
    offered = counted_weights(study)
    if state.weight not in offered:
        if "weight" in st.query_params:
            refused.append(_no_weight(state.weight, offered[0]))
        state = replace(state, weight=offered[0])
    page = replace(page, state=state)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="controls"):
        _head(page, title)
        page = replace(page, state=_controls(page, offered))
    if refused:
        st.warning("  \n".join(as_markdown(sentence.say(page.lang)) for sentence in refused))
    for what in ("grids", "network", "stations"):
        frame = study.network.edge_nodes if what == "network" else getattr(study, what)
        if len(frame) == 0:
            st.info(EMPTY[what].say(page.lang))
            if what != "stations":
                st.stop()
    return page


def open_desk(title: Text, version_of: VersionOf = current_version) -> Page:
    """Draw the head of a page about files and rows: it asks for no walk and needs no data yet.

    `version_of`: what its study hangs on; a page that changes single rows must not wait for a new
    study after each.
    """
    page, _ = _begin(version_of)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="controls"):
        _head(page, title)
        state = replace(page.state, lang=_language(page))
    if state != page.state:
        set_state(state)
        st.rerun()
    return page


def _begin(version_of: VersionOf = current_version) -> tuple[Page, list[Text]]:
    """Return a page as its address says, and what of the address is refused."""
    settings = st.session_state["settings"]
    st.html(STYLE)
    state, refused = read_state(st.query_params.to_dict(), settings.language)
    try:
        version = version_of(settings, Viewer.everything())
        study = study_of(settings.database, Viewer.everything(), version)
    except GeoError as error:
        st.error(as_markdown(error.say(state.lang)))
        st.stop()
    return Page(settings, Viewer.everything(), version, state, study), refused


def _no_weight(weight: str, instead: str) -> Text:
    missing, shown = weight_title(weight), weight_title(instead)
    return Text(
        f"数据里没有{missing.zh}数，改按{shown.zh}计。",
        f"The data hold no numbers of {missing.en}; {shown.en} are counted instead.",
    )


def set_state(state: PageState) -> None:
    """Write a state to the address bar."""
    written = write_state(state)
    st.query_params.from_dict(written)
    st.session_state[WRITTEN] = written


def known_language(settings: Settings) -> Language:
    """Return the language of the address bar, or of the page that was left through the menu."""
    params = st.query_params.to_dict() or st.session_state.get(WRITTEN, {})
    return read_state(params, settings.language)[0].lang


def follow_address(path: str) -> None:
    """Bring address bar and controls together; once a run, before the page at `path` is drawn.

    The links of the menu carry no choices, so the last ones are written back. Any other address
    that the page has not written itself comes from Back or Forward: the controls follow it.
    """
    params, written = st.query_params.to_dict(), st.session_state.get(WRITTEN)
    came_from, st.session_state[LAST_PATH] = st.session_state.get(LAST_PATH, path), path
    st.session_state[FOLLOWS] = False
    if written is not None and params != written:
        if not params and came_from != path:
            st.query_params.from_dict(written)
            params = written
        else:
            st.session_state[FOLLOWS] = True
    st.session_state[WRITTEN] = params


def preset(key: str, value: object) -> str:
    """Give a control its value where the address decides, not the user; return its key."""
    if key not in st.session_state or st.session_state.get(FOLLOWS, False):
        st.session_state[key] = value
    return key


def show_selected(key: str, table: pd.DataFrame, row: object) -> None:
    """Tick the row with this label in a table that is about to be drawn; None or unknown: none."""
    rows = [k for k, label in enumerate(table.index) if label == row]
    st.session_state[key] = {"selection": {"rows": rows, "columns": [], "cells": []}}


def _head(page: Page, title: Text) -> None:
    study, lang = page.study, page.lang
    demo = f'<span class="rg-demo">{page.say("演示数据", "Demo data")}</span>'
    date = page.say(f"数据日期 {study.data_date}", f"data of {study.data_date}")
    st.html(
        f'<p class="rg-title"><b>{title.say(lang)}</b>'
        f"{demo if study.is_demo else ''}<span>{date}</span></p>",
        width="content",
    )


def counted_weights(study: Study) -> list[str]:
    """Return the weights of which the study knows any, in the order offered; never none."""
    frames = (study.buildings, study.compounds, study.places)
    known = [
        weight
        for weight in WEIGHTS
        if any(weight in frame and frame[weight].sum() > 0 for frame in frames)
        or (weight == "buildings" and len(study.buildings))
    ]
    return known or [WEIGHTS[0]]


def _controls(page: Page, offered: list[str]) -> PageState:
    """Draw the controls and return the state they say; a change is written to the address bar."""
    state, lang = page.state, page.lang
    minutes = st.segmented_control(
        page.say("步行时限（分钟）", "Walk within (minutes)"),
        MINUTES,
        key=preset("page.minutes", state.minutes),
        required=True,
    )
    profile = st.selectbox(
        page.say("步速", "Walker"),
        list(PROFILES),
        format_func=lambda name: PROFILES[name].title.say(lang),
        key=preset("page.profile", state.profile),
        width=130,
    )
    if st.session_state.get("page.weight") not in offered:
        st.session_state.pop("page.weight", None)  # the data behind an open page have changed
    weight = st.selectbox(
        page.say("按什么计", "Counted in"),
        offered,
        format_func=lambda name: weight_title(name).say(lang),
        key=preset("page.weight", state.weight),
        width=130,
    )
    target = st.selectbox(
        page.say("目标", "Target"),
        TARGETS,
        format_func=lambda share: f"{share}%",
        key=preset("page.target", state.target),
        width=96,
    )
    at = _moment(page)
    language = _language(page)
    chosen = replace(
        state,
        minutes=minutes or state.minutes,
        profile=profile,
        weight=weight,
        target=target,
        at=at,
        lang=language,
    )
    if chosen != state:
        set_state(chosen)
        if chosen.lang != state.lang:
            st.rerun()
    return chosen


def _language(page: Page) -> Language:
    chosen = st.segmented_control(
        page.say("语言", "Language"),
        ("zh", "en"),
        format_func={"zh": "中文", "en": "EN"}.__getitem__,
        key=preset("page.lang", page.lang),
        required=True,
    )
    return "en" if chosen == "en" else "zh"


def _moment_in_controls(at: datetime | None) -> datetime | None:
    """Return the moment that the controls are about to say; what the address says comes after."""
    state = st.session_state
    if state.get(FOLLOWS, False) or "page.at_chosen" not in state:
        return at
    if not state["page.at_chosen"]:
        return None
    day, hour = state.get("page.date"), state.get("page.time")
    return datetime.combine(day, hour) if day and hour else at or _this_minute()


def _this_minute() -> datetime:
    return datetime.now().replace(second=0, microsecond=0)  # noqa: DTZ005 - local wall-clock time


def _moment(page: Page) -> datetime | None:
    """Draw the choice of date and hour; None while all stations in use count."""
    at = page.state.at
    shown = _moment_in_controls(at)
    label = shown.strftime("%Y-%m-%d %H:%M") if shown else page.say("不限时刻", "Any time")
    with st.popover(label, key="page.moment"):
        is_chosen = st.toggle(
            page.say("只算此刻开放的驿站和小区门", "Only what is open at this moment"),
            key=preset("page.at_chosen", at is not None),
        )
        if not is_chosen:
            return None
        now = at or _this_minute()
        day = st.date_input(page.say("日期", "Date"), key=preset("page.date", now.date()))
        hour = st.time_input(
            page.say("钟点", "Hour"), key=preset("page.time", time(now.hour, now.minute))
        )
    return datetime.combine(day, hour) if day and hour else at
