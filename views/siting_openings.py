"""Sometimes a gate beats a station: gates and links ranked by what opening them would add."""

from typing import NamedTuple

import geopandas as gpd
import pandas as pd
import streamlit as st

from geo.errors import SitingError
from geo.openings import compare_openings, rank_gates, rank_links
from geo.plan_curve import best_alone
from geo.planning import Question
from geo.planning.people import UNITS
from geo.stations import why_closed
from geo.text import Text
from views.page import Page
from views.plain import as_markdown
from views.shared import ground_at
from views.siting_job import Job
from views.siting_shared import case_of
from views.siting_state import OPENINGS, choices, draft, keep_draft

MOST = 10
EVERY_M = 150  # candidates along the ways where the study has no table of them
SENTENCE_PX = 860


class Ranking(NamedTuple):
    """Gates and links by what they bring, and the best of them beside the best new station."""

    openings: pd.DataFrame
    said: Text | None


def draw(page: Page) -> None:
    """Draw what ranks the openings, and the ranking; a row that is picked goes into the draft."""
    st.subheader(page.say("开个门、架座桥，能多多少人", "What a gate or a bridge would add"))
    job: Job[Ranking] | None = st.session_state.get(OPENINGS)
    asked = (*choices(page), page.state.weight)
    is_stale = job is None or st.session_state.get(f"{OPENINGS}.asked") != asked
    if st.button(page.say("排一排", "Rank them"), key="siting.rank", disabled=not is_stale):
        job = Job(lambda *_: _ranking(page)).start()
        st.session_state[OPENINGS], st.session_state[f"{OPENINGS}.asked"] = job, asked
        job.wait(2.0)
        is_stale = False
    if job is None or is_stale:
        return
    if job.is_running:
        st.caption(page.say("计算中…", "Working it out…"))
    elif job.error is not None:
        st.error(as_markdown(job.error.say(page.lang)))
    elif job.has_failed:
        st.error(page.say("计算出错，原因已记入日志。", "It failed; the log says why."))
    elif job.result is not None:
        _table(page, job.result)


def _ranking(page: Page) -> Ranking:
    """Return gates and links together, those that bring most of the weight first.

    Beside them stands the candidate that alone would bring most, in a sentence.
    """
    state, study = page.state, page.study
    ground = ground_at(page.asked)
    stations = study.stations[why_closed(study.stations, state.at) == ""]
    weight = ground.points[state.weight].fillna(0.0).to_numpy(float)
    common = {"limit_s": 60.0 * state.minutes, "weight": weight, "most": MOST}
    links, gates = (rank(ground, stations, **common) for rank in (rank_links, rank_gates))
    columns = ["weight", "members", "households", "sentence_zh", "sentence_en", "edits"]
    ranked = [pd.DataFrame(frame)[columns] for frame in (links, gates)]
    together = pd.concat(ranked, ignore_index=True)
    together = together.sort_values("weight", ascending=False, kind="stable")
    return Ranking(together.reset_index(drop=True), _compared(page, links, gates))


def _compared(page: Page, links: gpd.GeoDataFrame, gates: gpd.GeoDataFrame) -> Text | None:
    """Say whether the best new station, gate or link brings most; None without a candidate."""
    weight = page.state.weight
    source = "table" if len(page.study.candidates) else "ways"
    try:
        case = case_of(page.asked, (source, EVERY_M, ()))
    except SitingError:
        return None
    name, gain = best_alone(case, Question(weights=((weight, 1.0),)))
    unit = Text(*(UNITS[weight][k] for k in (0, 2)))
    return compare_openings(Text(name, name), gain, links=links, gates=gates, unit=unit).said


def _table(page: Page, found: Ranking) -> None:
    ranked = found.openings
    if found.said is not None:
        st.markdown(f"**{as_markdown(found.said.say(page.lang))}**")
    if ranked.empty:
        st.info(
            page.say("没有哪个门或通道能多带来人。", "No gate or link would bring anybody more.")
        )
        return
    key = "siting.openings.table"

    def picked() -> None:
        for row in st.session_state[key]["selection"]["rows"]:
            new = [edit for edit in ranked["edits"].iloc[row] if edit not in draft()]
            keep_draft([*draft(), *new])

    shown = pd.DataFrame(
        {
            page.say("做什么", "What"): ranked[f"sentence_{page.lang}"],
            page.say("多走得到的党员", "Members gained"): ranked["members"],
            page.say("多走得到的户", "Households gained"): ranked["households"],
        }
    )
    st.dataframe(
        shown,
        hide_index=True,
        key=key,
        on_select=picked,
        selection_mode="single-row",
        column_config={page.say("做什么", "What"): st.column_config.TextColumn(width=SENTENCE_PX)},
    )
    st.caption(page.say("勾选一行，就放进当前的改动里。", "Tick a row to add it to the changes."))
