"""How certain the place of each row is, to be seen and said: 自报, 比对, 实地, 确认."""

from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from data.batches import TITLES
from data.geocoding.verification import (
    LOCATED,
    STATE_TITLES,
    location_history,
    location_names,
    location_states,
    set_location_state,
)
from data.models import LocationState
from data.viewer import Viewer
from geo.errors import GeoError
from geo.geocode import MatchLevel
from geo.geocode.levels import LEVEL_NAMES
from views.page import Page
from views.plain import as_markdown
from views.shared import engine_of, reading

SHOWN_ROWS = 2_000


def edit_states(page: Page, viewer: Viewer) -> None:
    """List the rows of a kind with their certainty; the one that is picked can be vouched for."""
    st.subheader(page.say("位置状态", "Certainty of places"))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        kind = st.selectbox(
            page.say("种类", "Kind"),
            LOCATED,
            index=LOCATED.index("stations"),
            format_func=lambda name: TITLES[name].say(page.lang),
            key="review.states.kind",
            width=160,
        )
        wanted = st.selectbox(
            page.say("状态", "State"),
            [None, *LocationState],
            format_func=lambda s: page.say("全部", "All") if s is None else _title(page, s),
            key="review.states.state",
            width=160,
        )
    with reading(page.settings.database) as session:
        states = location_states(session, viewer, kind)
        names = location_names(session, viewer, kind)
    counts = states["state"].value_counts()
    st.caption(" · ".join(f"{_title(page, s)} {int(counts.get(s, 0)):,}" for s in LocationState))
    shown = states if wanted is None else states[states["state"] == wanted]
    shown = shown.iloc[:SHOWN_ROWS]
    picked = st.dataframe(
        _table(page, shown, names),
        hide_index=True,
        height=260,
        key=f"review.states.{kind}",
        on_select="rerun",
        selection_mode="single-row",
    )
    rows = picked["selection"]["rows"]
    if rows and rows[0] < len(shown):
        _edit(page, viewer, kind, int(shown.index[rows[0]]))


def _title(page: Page, state: LocationState) -> str:
    return STATE_TITLES[LocationState(state)].say(page.lang)


def _table(page: Page, states: pd.DataFrame, names: dict[int, str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            page.say("编号", "No."): states.index,
            page.say("名称", "Name"): [names.get(i, "") for i in states.index],
            page.say("状态", "State"): [_title(page, state) for state in states["state"]],
            page.say("匹配级别", "Level"): [_level(page, level) for level in states["level"]],
            page.say("把握", "Confidence"): [
                "" if pd.isna(share) else f"{share:.0%}" for share in states["confidence"]
            ],
            page.say("谁", "Who"): [_who(page, who) for who in states["who"]],
            page.say("何时", "When"): [local_time(moment) for moment in states["at"]],
        }
    )


def _level(page: Page, level: str | None) -> str:
    return "" if level is None or pd.isna(level) else LEVEL_NAMES[MatchLevel(level)].say(page.lang)


def _who(page: Page, who: str) -> str:
    return page.say("导入时", "at import") if who == "import" else who


def local_time(moment: datetime | None) -> str:
    """Return a moment in UTC as the clock on the wall said it; "" where there was none."""
    if moment is None or pd.isna(moment):
        return ""
    local = pd.Timestamp(moment).replace(tzinfo=UTC).to_pydatetime().astimezone()
    return local.strftime("%Y-%m-%d %H:%M")


def _edit(page: Page, viewer: Viewer, kind: str, row_id: int) -> None:
    """Let the picked row be vouched for, and show who said what of it before."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        for state in LocationState:
            if st.button(_title(page, state), key=f"review.states.set.{state.value}"):
                try:
                    engine = engine_of(page.settings.database)
                    set_location_state(engine, viewer, kind, row_id, state)
                except GeoError as error:
                    st.error(as_markdown(error.say(page.lang)))
                else:
                    st.rerun()
    with reading(page.settings.database) as session:
        history = location_history(session, viewer, kind, row_id)
    for entry in history:
        said = (local_time(entry["at"]), _title(page, entry["state"]), _who(page, entry["who"]))
        st.markdown(f"- {as_markdown(' · '.join(said))}")
