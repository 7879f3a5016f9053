"""Scenarios: the draft kept under a name, opened again, compared side by side, taken away."""

import json
from collections.abc import Sequence
from contextlib import suppress

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from data.batches import utc_now
from data.errors import MissingScenarioError
from data.exports import scenario_csv, scenario_gpkg, scenario_json
from data.scenarios import (
    delete_scenario,
    list_scenarios,
    load_scenario,
    rename_scenario,
    save_scenario,
)
from geo.comparison import TODAY, compare, differences_by_grid
from geo.coverage import Coverage
from geo.errors import GeoError
from geo.profiles import speed_profile
from geo.scenario import Proof, Scenario, from_json, moved_on
from geo.study import WEIGHT_TITLES
from geo.text import Text, counted
from geo.whatif import edits_to_json
from layers.figures import share_text
from layers.map_layer import MapLayer
from views.live_map import live_map
from views.page import Page
from views.plain import as_markdown
from views.shared import engine_of, ground_layers
from views.siting_shared import draft_coverage, draft_layers, without_legends
from views.siting_state import answer, choices, draft, keep_draft, note

SIDE_MAP_HEIGHT = 380
NO_EDITS = "[]"
NAME, CHOSEN, ONE, UPLOAD = "siting.name", "siting.chosen", "siting.one", "siting.upload"


def panel(page: Page) -> None:
    """Draw what saves the draft, and the scenarios that are kept."""
    _save(page)
    _reopen(page)
    with Session(engine_of(page.settings.database)) as session:
        kept = list_scenarios(session, page.viewer)
    if not kept:
        st.caption(page.say("还没有保存的方案。", "No scenario is kept yet."))
        return
    titles = {row["id"]: f"{row['name']} · {row['created_at']:%Y-%m-%d}" for row in kept}
    # Set anew at each run: the browser knows options by their titles, which a rename changes.
    chosen = st.session_state.get(CHOSEN, list(titles)[:2])
    st.session_state[CHOSEN] = [one for one in chosen if one in titles]
    if st.session_state.get(ONE) not in titles:
        st.session_state[ONE] = next(iter(titles))
    st.session_state[ONE] = int(st.session_state[ONE])
    st.multiselect(
        page.say("对比这些方案", "Compare these"),
        list(titles),
        format_func=titles.__getitem__,
        key=CHOSEN,
    )
    one = st.selectbox(
        page.say("一个方案", "One scenario"),
        list(titles),
        format_func=titles.__getitem__,
        key=ONE,
    )
    _manage(page, int(one))


def _save(page: Page) -> None:
    """Draw the name and what keeps the draft under it."""
    edits = draft()
    if not edits:
        st.caption(
            page.say(
                "先求解或手工试，再把结果存成方案。",
                "Solve or try by hand first, then keep it here.",
            )
        )
        return
    with st.form("siting.save", border=False):
        name = st.text_input(page.say("方案名称", "Name of the scenario"), key=NAME, max_chars=60)
        if st.form_submit_button(
            page.say(f"保存（{len(edits)} 处改动）", f"Keep {counted(len(edits), 'change')}")
        ):
            try:
                engine = engine_of(page.settings.database)
                kept = save_scenario(engine, _scenario(page, name), page.viewer)
            except GeoError as error:
                st.error(as_markdown(error.say(page.lang)))
                return
            st.session_state[ONE] = kept
            st.session_state[CHOSEN] = [kept, *st.session_state.get(CHOSEN, [])]
            st.rerun()


def _scenario(page: Page, name: str) -> Scenario:
    """Return the draft as a scenario, with the question and its proof if they are the draft's."""
    known, state = answer(), page.state
    question = proof = None
    if (
        known is not None
        and known.plan is not None
        and known.is_drafted()
        and (known.choices == choices(page))
    ):
        question = known.question.to_json()
        proof = Proof(known.plan.objective, known.plan.bound, known.plan.status)
    return Scenario(
        name=name,
        profile=state.profile,
        minutes=state.minutes,
        at=state.at,
        weight=state.weight,
        edits=tuple(draft()),
        question=question,
        proof=proof,
        data_date=page.study.data_date,
        version=page.study.version,
        created_at=utc_now(),
    )


def _reopen(page: Page) -> None:
    """Draw what takes a scenario file; its changes become the draft."""
    with st.expander(page.say("打开方案文件（JSON）", "Open a scenario file (JSON)")):
        given = st.file_uploader(
            "JSON", type=["json"], key=UPLOAD, label_visibility="collapsed", max_upload_size=5
        )
        if given is None or not st.button(page.say("打开", "Open"), key="siting.open_file"):
            return
        try:
            scenario = from_json(given.getvalue())
        except GeoError as error:
            st.error(as_markdown(error.say(page.lang)))
            return
        _take(page, scenario)


def _take(page: Page, scenario: Scenario) -> None:
    """Make a scenario the draft; say where the page's choices or data are not those it had."""
    keep_draft(list(scenario.edits))
    state, stale = page.state, moved_on(scenario, page.study)
    now = (state.profile, state.minutes, state.at)
    if now != (scenario.profile, scenario.minutes, scenario.at):
        walker = speed_profile(scenario.profile).title
        moment = "" if scenario.at is None else f"{scenario.at:%Y-%m-%d %H:%M}, "
        note(
            Text(
                f"这个方案是按 {moment}{scenario.minutes:g} 分钟、{walker.zh}存的；"
                "现在按页面上的选择重算。",
                f"The scenario was kept under {moment}{scenario.minutes:g} minutes, {walker.en}; "
                "it is worked out anew under the choices of the page.",
            )
        )
    elif stale is not None:
        note(stale)
    st.rerun()


def _manage(page: Page, one: int) -> None:
    """Draw what opens, renames, deletes and downloads one scenario."""
    engine = engine_of(page.settings.database)
    with Session(engine) as session:
        scenario = load_scenario(session, page.viewer, one)
    stale = moved_on(scenario, page.study)
    if stale is not None:
        st.warning(as_markdown(stale.say(page.lang)))
    with st.container(horizontal=True):
        if st.button(page.say("打开", "Open"), key="siting.open"):
            _take(page, scenario)
        st.button(
            page.say("删除", "Delete"), key="siting.delete", on_click=_delete, args=(page, one)
        )
        with st.popover(page.say("改名", "Rename")):
            title = page.say("新名称", "New name")
            st.text_input(title, value=scenario.name, key=f"siting.rename.{one}")
            st.button(
                page.say("改名", "Rename"),
                key="siting.rename_now",
                on_click=_rename,
                args=(page, one),
            )
    after = _coverage(page, scenario)
    if after is not None:
        _downloads(page, scenario, after)


def _delete(page: Page, one: int) -> None:
    """Delete a scenario, before the page is drawn."""
    with suppress(MissingScenarioError):  # somebody else deleted it meanwhile
        delete_scenario(engine_of(page.settings.database), page.viewer, one)


def _rename(page: Page, one: int) -> None:
    """Give a scenario the name that was typed, before the page is drawn."""
    name = str(st.session_state[f"siting.rename.{one}"])
    try:
        rename_scenario(engine_of(page.settings.database), page.viewer, one, name)
    except GeoError as error:
        note(error.text)


def _downloads(page: Page, scenario: Scenario, after: Coverage) -> None:
    now = page.coverage()
    offers = (
        ("CSV", "csv", "text/csv", lambda: scenario_csv(now, after, page.lang)),
        ("GeoPackage", "gpkg", "application/geopackage+sqlite3", lambda: scenario_gpkg(now, after)),
        ("JSON", "json", "application/json", lambda: scenario_json(scenario)),
    )
    with st.container(horizontal=True):
        for title, ending, kind, make in offers:
            st.download_button(
                title,
                make,
                f"redgrid-scenario.{ending}",
                kind,
                key=f"siting.{ending}",
                on_click="ignore",
            )


def _coverage(page: Page, scenario: Scenario) -> Coverage | None:
    """Return a scenario's coverage under the page's choices; say why where there is none."""
    try:
        return draft_coverage(page.asked, _text(scenario))
    except GeoError as error:
        st.error(as_markdown(f"{scenario.name}: {error.say(page.lang)}"))
        return None


def _text(scenario: Scenario) -> str:
    return json.dumps(edits_to_json(scenario.edits), ensure_ascii=False)


# --- side by side -------------------------------------------------------------------------------


def comparison(page: Page) -> None:
    """Draw the chosen scenarios side by side, all under the choices of the page."""
    with Session(engine_of(page.settings.database)) as session:
        kept = {row["id"] for row in list_scenarios(session, page.viewer)}
        chosen = [i for i in st.session_state.get(CHOSEN, []) if i in kept]
        scenarios = [load_scenario(session, page.viewer, i) for i in chosen]
    coverages = {s.name: c for s in scenarios if (c := _coverage(page, s)) is not None}
    if not coverages:
        return
    st.subheader(page.say("并排对比", "Side by side"))
    st.caption(
        page.say(
            "都按页面上的时限、步速、时刻和权重重新计算。",
            "All worked out anew under the minutes, walker, moment and weight of the page.",
        )
    )
    now = page.coverage()
    st.dataframe(_figures(page, now, coverages), hide_index=True, key="siting.compared")
    _side_maps(page, [s for s in scenarios if s.name in coverages])
    st.dataframe(
        _by_grid(page, now, coverages), hide_index=True, key="siting.differences", height=320
    )


def _figures(page: Page, now: Coverage, coverages: dict[str, Coverage]) -> pd.DataFrame:
    weight, title = page.state.weight, WEIGHT_TITLES[page.state.weight]
    table = compare(now, coverages, weight, target=page.state.target / 100)
    names = [page.say("今天", "Today") if name == TODAY else name for name in table.index]
    return pd.DataFrame(
        {
            page.say("方案", "Scenario"): names,
            page.say("驿站", "Stations"): table["n_open"],
            page.say(f"走得到的{title.zh}", f"{title.en.capitalize()} covered"): table["covered"],
            page.say("覆盖率", "Share"): [
                "—" if pd.isna(share) else share_text(share) for share in table["share"]
            ],
            page.say("比今天多", "More than today"): table["covered_change"],
            page.say("户覆盖率", "Households"): [
                "—" if pd.isna(share) else share_text(share) for share in table["households_share"]
            ],
            page.say("未达标网格", "Below target"): table["n_below"],
            page.say("中位分钟", "Median min"): (table["median_s"] / 60).round(1),
            page.say("九成在（分）", "p90 min"): (table["p90_s"] / 60).round(1),
        }
    )


def _by_grid(page: Page, now: Coverage, coverages: dict[str, Coverage]) -> pd.DataFrame:
    table = differences_by_grid(now, coverages, page.state.weight)
    columns = {
        page.say("网格", "Grid"): table[(TODAY, "name")],
        page.say("社区", "Community"): table[(TODAY, "community")],
        page.say("今天 %", "Today %"): (100 * table[(TODAY, "share")]).round(1),
    }
    for name in coverages:
        columns[f"{name} %"] = (100 * table[(name, "share")]).round(1)
        columns[f"{name} ±"] = table[(name, "covered_change")]
    shown = pd.DataFrame(columns)
    changes = pd.DataFrame({name: table[(name, "covered_change")].abs() for name in coverages})
    return shown.loc[(-changes.sum(axis=1)).sort_values(kind="stable").index]


def _side_maps(page: Page, scenarios: Sequence[Scenario]) -> None:
    """Draw the first two chosen scenarios as maps beside each other; today beside a single one."""
    sides = [(one.name, _text(one)) for one in scenarios[:2]]
    if len(sides) == 1:
        sides.insert(0, (page.say("今天", "Today"), NO_EDITS))
    shown = ground_layers(*page.key, page.lang)
    ground = without_legends([layer for layer in shown if layer.id != "candidates"])
    for place, (column, (name, edits)) in enumerate(zip(st.columns(2), sides, strict=True)):
        figure = page.state.shown_figure
        drawn: list[MapLayer] = draft_layers(page.asked, edits, figure, page.lang)
        with column:
            st.markdown(f"**{as_markdown(name)}**")
            live_map(
                [*ground, *without_legends(drawn)],
                key=f"siting.side.{place}",
                lang=page.lang,
                height=SIDE_MAP_HEIGHT,
            )
