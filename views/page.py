"""What every page has: state, controls, style, and the sentences when something is missing."""

from dataclasses import dataclass, replace
from datetime import datetime, time

import streamlit as st

from data.settings import Settings
from data.viewer import Viewer
from geo.coverage import Coverage
from geo.errors import GeoError
from geo.profiles import PROFILES
from geo.study import Study
from geo.text import Language, Text
from views.shared import coverage_of, current_version, study_of
from views.state import MINUTES, TARGETS, WEIGHTS, PageState, read_state, weight_title, write_state

STYLE = """
<style>
[data-testid="stMainBlockContainer"] {padding: 3.5rem 1.4rem 1.5rem; max-width: 118rem;}
html, body, [data-testid="stApp"], [data-testid="stApp"] button, [data-testid="stApp"] input {
  font-family: system-ui, "Noto Sans CJK SC", "Microsoft YaHei", "PingFang SC", sans-serif;}
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
  color: #a8590a !important; opacity: 1 !important; font-weight: 600;}
.rg-card {line-height: 1.2;}
.rg-card .t {font-size: .84rem; opacity: .78; white-space: nowrap;}
.rg-card .v {font-size: 1.72rem; font-weight: 650; font-variant-numeric: tabular-nums;}
.rg-card .v small {font-size: .9rem; font-weight: 400; opacity: .75;}
.rg-card .n {font-size: .8rem; opacity: .85; font-variant-numeric: tabular-nums;}
.rg-light {display: inline-block; font-size: .78rem; font-weight: 600; padding: 0 .42rem;
  border-radius: 3px; margin-left: .45rem; vertical-align: .28rem;}
.rg-light.met {background: #0b6e6e; color: #fff;}
.rg-light.near {background: #f0c659; color: #332500;}
.rg-light.off {background: #fff; color: #7a3e00; box-shadow: inset 0 0 0 1.5px #b35c00;}
.rg-weak {margin: 0; padding: 0 0 0 1.3rem; font-size: .9rem; line-height: 1.5;}
.rg-weak li {margin-bottom: .3rem;}
[data-testid="stMetricValue"], [data-testid="stDataFrame"] {font-variant-numeric: tabular-nums;}
@media (max-width: 640px) {
  [data-testid="stMainBlockContainer"] {padding: 4.2rem .7rem 1rem;}
  .rg-card .v {font-size: 1.3rem;}
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

    def coverage(self) -> Coverage:
        """Return the coverage for the page's choices."""
        state = self.state
        return coverage_of(*self.key, state.profile, state.minutes, state.at)

    def say(self, zh: str, en: str) -> str:
        """Return one of two sentences."""
        return Text(zh, en).say(self.lang)


def open_page(title: Text) -> Page:
    """Draw the head of a page and its controls; stop with a sentence where something is missing."""
    settings = st.session_state["settings"]
    st.html(STYLE)
    state, refused = read_state(st.query_params.to_dict(), settings.language)
    try:
        version = current_version(settings, Viewer.everything())
        study = study_of(settings.database, Viewer.everything(), version)
    except GeoError as error:
        st.error(error.say(state.lang))
        st.stop()
    page = Page(settings, Viewer.everything(), version, state, study)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        _head(page, title)
        page = replace(page, state=_controls(page))
    for sentence in refused:
        st.warning(sentence.say(page.lang))
    for what in ("grids", "network", "stations"):
        frame = study.network.edge_nodes if what == "network" else getattr(study, what)
        if len(frame) == 0:
            st.info(EMPTY[what].say(page.lang))
            if what != "stations":
                st.stop()
    return page


def set_state(state: PageState) -> None:
    """Write a state to the address bar."""
    st.query_params.from_dict(write_state(state))


def _head(page: Page, title: Text) -> None:
    study, lang = page.study, page.lang
    demo = f'<span class="rg-demo">{page.say("演示数据", "Demo data")}</span>'
    date = page.say(f"数据日期 {study.data_date}", f"data of {study.data_date}")
    st.html(
        f'<p class="rg-title"><b>{title.say(lang)}</b>'
        f"{demo if study.is_demo else ''}<span>{date}</span></p>",
        width="content",
    )


def _controls(page: Page) -> PageState:
    """Draw the controls and return the state they say; a change is written to the address bar."""
    state, lang = page.state, page.lang
    minutes = st.segmented_control(
        page.say("步行时限（分钟）", "Walk within (minutes)"),
        MINUTES,
        default=state.minutes,
        key="page.minutes",
        required=True,
    )
    profile = st.selectbox(
        page.say("步速", "Walker"),
        list(PROFILES),
        index=list(PROFILES).index(state.profile),
        format_func=lambda name: PROFILES[name].title.say(lang),
        key="page.profile",
        width=130,
    )
    weight = st.selectbox(
        page.say("按什么计", "Counted in"),
        WEIGHTS,
        index=WEIGHTS.index(state.weight),
        format_func=lambda name: weight_title(name).say(lang),
        key="page.weight",
        width=130,
    )
    target = st.selectbox(
        page.say("目标", "Target"),
        TARGETS,
        index=TARGETS.index(state.target),
        format_func=lambda share: f"{share}%",
        key="page.target",
        width=96,
    )
    at = _moment(page)
    language = st.segmented_control(
        page.say("语言", "Language"),
        ("zh", "en"),
        default=lang,
        format_func={"zh": "中文", "en": "EN"}.__getitem__,
        key="page.lang",
        required=True,
    )
    chosen = replace(
        state,
        minutes=minutes,
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


def _moment(page: Page) -> datetime | None:
    """Draw the choice of date and hour; None while all stations in use count."""
    at = page.state.at
    label = at.strftime("%Y-%m-%d %H:%M") if at else page.say("不限时刻", "Any time")
    with st.popover(label, key="page.moment"):
        is_chosen = st.toggle(
            page.say("只算此刻开放的驿站和小区门", "Only what is open at this moment"),
            value=at is not None,
            key="page.at_chosen",
        )
        if not is_chosen:
            return None
        now = at or datetime.now().replace(second=0, microsecond=0)  # noqa: DTZ005 - local time
        day = st.date_input(page.say("日期", "Date"), value=now.date(), key="page.date")
        hour = st.time_input(
            page.say("钟点", "Hour"), value=time(now.hour, now.minute), key="page.time"
        )
    return datetime.combine(day, hour) if day and hour else at
