"""Addresses in doubt, one after the other: a key chooses the place, for all rows like it."""

from collections.abc import Callable
from dataclasses import replace

import geopandas as gpd
import pandas as pd
import streamlit as st

from data.batches import TITLES
from data.geocoding.aliases import PlaceRef
from data.geocoding.outcomes import PlaceOption
from data.geocoding.rematching import rematch
from data.geocoding.review import (
    ReviewEntry,
    decide,
    find_places,
    last_settled,
    queue,
    set_aside,
    skip,
    undo,
)
from data.models import ReviewReason, ReviewState
from data.viewer import Viewer
from geo.errors import GeoError
from geo.geocode.levels import LEVEL_NAMES
from geo.text import Text, counted
from layers.map_layer import Bounds
from layers.place_option import place_option_layer
from views.live_map import live_map
from views.location_states import edit_states, local_time
from views.page import Page, open_desk
from views.plain import as_markdown
from views.review_online import offer_services
from views.shared import engine_of, ground_layers, reading, version_of_imports

REASONS = {
    ReviewReason.UNMATCHED: Text("没有匹配", "nothing matches"),
    ReviewReason.AMBIGUOUS: Text("有几处可能", "several places match"),
    ReviewReason.LOW: Text("把握不大", "one place, not sure enough"),
    ReviewReason.COARSE: Text("小区已知，楼栋未知", "the compound is known, the building is not"),
}
STATES = {
    ReviewState.OPEN: Text("待核对", "open"),
    ReviewState.SKIPPED: Text("已跳过", "skipped"),
    ReviewState.DECIDED: Text("已确认", "decided"),
    ReviewState.NONE: Text("都不是", "none of these"),
}
MAP_HEIGHT = "clamp(320px, 56vh, 620px)"
NEAR_DEGREES = 0.004  # around a single candidate: some 400 m
SHOWN_SETTLED = 200


def render() -> None:
    """Draw the page."""
    page = open_desk(Text("地址核对", "Addresses"), version_of_imports)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        viewer = _who(page)
        kind = _kind(page)
    _say_problem()
    with reading(page.settings.database) as session:
        entries = queue(session, viewer, kind=kind, with_settled=True)
        last = last_settled(session, viewer)
    waiting = [e for e in entries if e.state in {ReviewState.OPEN, ReviewState.SKIPPED}]
    _tell_figures(page, waiting, len(entries) - len(waiting))
    if waiting:
        _ask(page, viewer, waiting[0], last)
    else:
        st.success(page.say("没有待核对的地址。", "No address waits for you."))
        _undo_button(page, viewer, last)
    if waiting:
        st.button(
            page.say("按现有数据重新比对全部", "Match all again with what is known now"),
            key="review.rematch",
            on_click=_rematch,
            args=(page, viewer),
            help=page.say(
                "补导小区、楼栋后用：有把握的自动落位，其余仍待核对。",
                "After more compounds or buildings came in: what is sure by now is placed.",
            ),
        )
    _settled(page, viewer, entries[len(waiting) :])
    edit_states(page, viewer)


def _who(page: Page) -> Viewer:
    """Ask who decides; the name stands beside every decision."""
    name = st.text_input(
        page.say("经办人", "Decided by"), value=page.viewer.name, max_chars=40, key="review.who",
        width=160,
    )  # fmt: skip
    return replace(page.viewer, name=name.strip() or page.viewer.name)


def _kind(page: Page) -> str | None:
    kinds = (None, "members", "buildings", "stations", "candidates")
    everything = page.say("全部", "All")
    return st.selectbox(
        page.say("种类", "Kind"),
        kinds,
        format_func=lambda name: TITLES[name].say(page.lang) if name else everything,
        key="review.kind",
        width=160,
    )


def _tell_figures(page: Page, waiting: list[ReviewEntry], n_settled: int) -> None:
    figures = [(page.say("待核对", "Waiting"), len(waiting))]
    for reason, title in REASONS.items():
        n = sum(entry.reason is reason for entry in waiting)
        figures += [(title.say(page.lang), n)] if n else []
    figures.append((page.say("已处理", "Settled"), n_settled))
    cells = "".join(f"<div><small>{title}</small><b>{n:,}</b></div>" for title, n in figures)
    st.html(f'<div class="rg-after" data-testid="review-figures">{cells}</div>')


def _ask(page: Page, viewer: Viewer, entry: ReviewEntry, last: ReviewEntry | None) -> None:
    """Show one address with its candidates, and a key for each answer."""
    left, right = st.columns([2, 3], gap="medium")
    with left:
        st.subheader(as_markdown(entry.text))
        st.caption(as_markdown(_about(page, entry)))
        options = _options(page, viewer, entry)
        for number, option in enumerate(options, 1):
            st.button(
                as_markdown(_label(page, option)),
                key=f"review.option.{number}",
                shortcut=str(number),
                width="stretch",
                on_click=_act,
                args=(page, decide, viewer, entry.id, option.place),
            )
        with st.container(horizontal=True, gap="small"):
            st.button(
                page.say("都不是", "None of these"),
                key="review.none",
                shortcut="0",
                on_click=_act,
                args=(page, set_aside, viewer, entry.id),
            )
            st.button(
                page.say("跳过", "Skip"),
                key="review.skip",
                shortcut="S",
                on_click=_act,
                args=(page, skip, viewer, entry.id),
            )
            _undo_button(page, viewer, last)
        offer_services(page, viewer, entry)
    with right:
        _map(page, options)


def _about(page: Page, entry: ReviewEntry) -> str:
    kind, reason = TITLES[entry.kind].say(page.lang), REASONS[entry.reason].say(page.lang)
    row = page.say(f"第 {entry.source_row} 行", f"row {entry.source_row}")
    parts = [reason, kind, f"{entry.source} {row}"]
    if entry.n_same > 1:
        rows = counted(entry.n_same, "row")
        parts.append(
            page.say(f"同一地址共 {entry.n_same} 行，一次确定", f"settles {rows} of this address")
        )
    if entry.is_of_person and entry.text.startswith("*"):
        parts.append(
            page.say("住址不保存，请对照原表这一行", "homes are not kept; see this row of the file")
        )
    return " · ".join(parts)


def _options(page: Page, viewer: Viewer, entry: ReviewEntry) -> tuple[PlaceOption, ...]:
    """Return what can be chosen: the candidates, or what is looked for by hand."""
    wanted = st.text_input(
        page.say("另找地点（楼栋、小区、驿站、大门）", "Look for another place"),
        key=f"review.find.{entry.id}",
        max_chars=80,
    )
    if not wanted.strip():
        return entry.options
    with reading(page.settings.database) as session:
        found = find_places(session, viewer, entry.kind, wanted)
    if not found:
        st.warning(
            page.say("没有这样的地点；可只写名称的一部分。", "No such place; a part will do.")
        )
    return found


def _label(page: Page, option: PlaceOption) -> str:
    level = LEVEL_NAMES[option.level].say(page.lang)
    share = f" · {option.confidence:.0%}" if option.confidence else ""
    return f"{option.address} · {level}{share}"


def _map(page: Page, options: tuple[PlaceOption, ...]) -> None:
    places = gpd.GeoDataFrame(
        {
            "address": [option.address for option in options],
            "level": [LEVEL_NAMES[option.level].say(page.lang) for option in options],
        },
        index=pd.RangeIndex(1, len(options) + 1),
        geometry=gpd.points_from_xy([o.lon for o in options], [o.lat for o in options]),
        crs=4326,
    )
    layers = [x for x in ground_layers(*page.key, page.lang) if x.id != "candidates"]
    live_map(
        [*layers, place_option_layer(places, page.lang)],
        key="review.map",
        lang=page.lang,
        height=MAP_HEIGHT,
        fit=_around(places) if options else None,
    )


def _around(places: gpd.GeoDataFrame) -> Bounds:
    west, south, east, north = places.total_bounds
    return (
        float(west) - NEAR_DEGREES,
        float(south) - NEAR_DEGREES,
        float(east) + NEAR_DEGREES,
        float(north) + NEAR_DEGREES,
    )


def _act(page: Page, act: Callable[..., object], viewer: Viewer, *what: int | PlaceRef) -> None:
    """Do what a key says, before the page is drawn again; a refusal is shown there."""
    try:
        act(engine_of(page.settings.database), viewer, *what)
    except GeoError as error:
        st.session_state["review.problem"] = error.say(page.lang)


def _rematch(page: Page, viewer: Viewer) -> None:
    try:
        n = rematch(engine_of(page.settings.database), viewer)
    except GeoError as error:
        st.session_state["review.problem"] = error.say(page.lang)
        return
    rows = counted(n, "row")
    st.session_state["review.told"] = page.say(f"重新比对落位 {n} 行。", f"{rows} placed.")


def _say_problem() -> None:
    told = st.session_state.pop("review.told", None)
    if told:
        st.success(told)
    problem = st.session_state.pop("review.problem", None)
    if problem:
        st.error(as_markdown(problem))


def _undo_button(page: Page, viewer: Viewer, last: ReviewEntry | None) -> None:
    st.button(
        page.say("撤销上一步", "Undo the last"),
        key="review.undo",
        shortcut="U",
        disabled=last is None,
        on_click=_act,
        args=(page, undo, viewer, 0 if last is None else last.id),
        help=None if last is None else as_markdown(last.text),
    )


def _settled(page: Page, viewer: Viewer, entries: list[ReviewEntry]) -> None:
    """List what was settled, by whom and when; any of it can be undone."""
    if not entries:
        return
    with st.expander(page.say(f"已处理 {len(entries)} 条", f"{len(entries)} settled")):
        shown = entries[:SHOWN_SETTLED]
        table = pd.DataFrame(
            {
                page.say("地址", "Address"): [entry.text for entry in shown],
                page.say("种类", "Kind"): [TITLES[e.kind].say(page.lang) for e in shown],
                page.say("结果", "Outcome"): [STATES[e.state].say(page.lang) for e in shown],
                page.say("地点", "Place"): [_where(entry) for entry in shown],
                page.say("经办人", "By"): [entry.decided_by for entry in shown],
                page.say("时间", "When"): [local_time(entry.decided_at) for entry in shown],
            }
        )
        picked = st.dataframe(
            table,
            hide_index=True,
            key="review.settled",
            on_select="rerun",
            selection_mode="single-row",
        )
        rows = picked["selection"]["rows"]
        if rows and rows[0] < len(shown):
            st.button(
                page.say("撤销这一条", "Undo this one"),
                key="review.undo_one",
                on_click=_act,
                args=(page, undo, viewer, shown[rows[0]].id),
            )


def _where(entry: ReviewEntry) -> str:
    named = [option.address for option in entry.options if option.place == entry.place]
    return named[0] if named else str(entry.place or "")
