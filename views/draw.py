"""Drawing on the map: stations, gates, links, compounds, grids; what is saved can be undone."""

from typing import Any

import pandas as pd
import streamlit as st

from data.batches import undo
from data.drawing import SOURCE, store_drawing
from data.queries import load_batches
from data.viewer import Viewer
from geo.demand import demand_points
from geo.errors import GeoError
from geo.network_doctor import diagnose_network
from geo.text import Language, Text, counted
from geo.topology.editing import NEW
from layers.draft import gate_layer
from layers.drawing import changed_outline_layer, outline_layer, sketch_layers
from layers.map_layer import Bounds, MapLayer
from views.draw_fields import ask_fields
from views.draw_state import Sketch, begin, sketch, tell_next, told
from views.draw_tools import (
    TOOLS,
    counts,
    drafted,
    drawing_of,
    grid_edit,
    is_complete,
    shape_of,
    take_click,
)
from views.live_map import MapEvents, live_map
from views.page import MAP_HEIGHT, Page, open_desk
from views.plain import as_markdown
from views.shared import engine_of, ground_layers, reading, study_of

TOOL = "draw.tool"
ROOM_DEG = 0.003  # round a place that the network doctor names


def render() -> None:
    """Draw the page."""
    page = open_desk(Text("绘制", "Draw"))
    said = told()
    if said is not None:
        st.success(as_markdown(said.say(page.lang)))
    name = st.segmented_control(
        page.say("画什么", "What to draw"),
        list(TOOLS),
        format_func=lambda key: TOOLS[key].title.say(page.lang),
        key=TOOL,
        default="station",
        required=True,
    )
    drawing = sketch(str(name))
    st.caption(TOOLS[drawing.tool].hint.say(page.lang))
    wide, narrow = st.columns([2.6, 1])
    with narrow:
        place = _doctor(page)
        _panel(page, drawing)
        _drawn(page)
    with wide:
        _map(page, drawing, place)


@st.cache_resource(show_spinner=False, max_entries=6)
def _known_layers(
    database: str, viewer: Viewer, version: str, lang: Language
) -> tuple[MapLayer, MapLayer]:
    """Return the outlines of the grids and the gates, built once a version."""
    study = study_of(database, viewer, version)
    return outline_layer(study.grids, lang), gate_layer(study.gates, lang)


def _map(page: Page, drawing: Sketch, place: Bounds | None) -> None:
    def clicked(events: MapEvents) -> None:
        layer, feature = events.clicked or ("", "")
        grid = int(feature) if layer == "grids" else None
        take_click(drawing, grid, events.place)

    outlines, gates = _known_layers(*page.key, page.lang)
    layers = [
        *ground_layers(*page.key, page.lang),
        outlines,
        gates,
        *_after(page, drawing),
        *sketch_layers(drawing.places, page.lang, is_area=TOOLS[drawing.tool].is_area),
    ]
    selected = ("grids", str(drawing.chosen[-1])) if drawing.chosen else None
    live_map(
        layers,
        key="draw.map",
        lang=page.lang,
        height=MAP_HEIGHT,
        selected=selected,
        fit=place or outlines.bounds,
        wants_place=True,
        on_event=clicked,
    )


def _after(page: Page, drawing: Sketch) -> list[MapLayer]:
    """Return the outlines that the sketch would make of the grids, where it is complete."""
    if TOOLS[drawing.tool].kind != "grids" or not is_complete(drawing):
        return []
    try:
        edit = grid_edit(page.study, drawing)
    except GeoError:
        return []  # the panel says it
    moved = counts(page.study, edit).index
    grids = page.study.grids
    after = edit.applied(grids.to_crs(4326))
    after = after.loc[[i for i in moved if i in after.index]]
    names = [grids["name"].get(i, page.say("新网格", "new grid")) for i in after.index]
    return [changed_outline_layer(after.assign(name=names), page.lang)]


# --- beside the map ------------------------------------------------------------------------------


def _panel(page: Page, drawing: Sketch) -> None:
    """Ask what else belongs to the drawing; save it, or begin anew."""
    tool = TOOLS[drawing.tool]
    _chosen(page, drawing)
    fields = ask_fields(page, drawing)
    if tool.kind == "grids" and is_complete(drawing):
        _counts(page, drawing)
    with st.container(horizontal=True):
        if st.button(
            page.say("保存", "Save"),
            type="primary",
            disabled=not is_complete(drawing),
            key="draw.save",
        ):
            _save(page, drawing, fields)
        has_any = bool(drawing.places or drawing.chosen)
        if st.button(page.say("退一步", "One back"), disabled=not has_any, key="draw.back"):
            (drawing.places or drawing.chosen).pop()
            st.rerun()
        if st.button(page.say("重画", "Anew"), disabled=not has_any, key="draw.anew"):
            begin(drawing.tool)
            st.rerun()


def _chosen(page: Page, drawing: Sketch) -> None:
    grids = page.study.grids
    names = [str(grids["name"].get(i, i)) for i in drawing.chosen]
    if names:
        joined = page.say("、", ", ").join(names)
        st.markdown(as_markdown(page.say(f"选中：{joined}", f"Chosen: {joined}")))
    if drawing.places:
        n = len(drawing.places)
        st.caption(page.say(f"已点 {n} 处", f"{counted(n, 'place')} clicked"))


def _counts(page: Page, drawing: Sketch) -> None:
    """Say who lives in the grids concerned, before and after."""
    try:
        table = counts(page.study, grid_edit(page.study, drawing))
        if drawing.follows_streets:
            draft = drafted(page.study, shape_of(drawing))
            st.caption(as_markdown(draft.text.say(page.lang)))
    except GeoError as error:
        st.warning(as_markdown(error.say(page.lang)))
        return
    names = page.study.grids["name"]
    new = page.say("新网格", "new grid")
    shown = pd.DataFrame(
        {
            page.say("网格", "Grid"): [
                new if i == NEW else str(names.get(i, i)) for i in table.index
            ],
            **{
                title: [f"{was:,.0f} → {is_:,.0f}" for was, is_ in table[list(columns)].to_numpy()]
                for title, columns in (
                    (page.say("户", "Households"), ("households_before", "households_after")),
                    (page.say("党员", "Members"), ("members_before", "members_after")),
                )
            },
        }
    )
    st.dataframe(shown, hide_index=True, key="draw.counts")


def _save(page: Page, drawing: Sketch, fields: dict[str, Any]) -> None:
    try:
        written = drawing_of(page.study, drawing, fields)
        batch = store_drawing(engine_of(page.settings.database), written)
    except GeoError as error:
        st.error(as_markdown(error.say(page.lang)))
        return
    title = TOOLS[drawing.tool].title
    tell_next(Text(f"已保存：{title.zh}（导入 {batch}）。", f"Saved: {title.en} (import {batch})."))
    begin(drawing.tool)
    st.rerun()


def _drawn(page: Page) -> None:
    """List what was drawn, the newest first, each to be undone."""
    with reading(page.settings.database) as session:
        batches = load_batches(session, page.viewer)
    mine = batches[(batches["source"] == SOURCE) & batches["undone_at"].isna()].head(8)
    if mine.empty:
        return
    st.subheader(page.say("最近画的", "Drawn of late"))
    kinds = {tool.kind: tool.title for tool in reversed(TOOLS.values())}
    kinds["grids"] = Text("网格", "Grids")
    for number, kind in mine["kind"].items():
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(as_markdown(f"{number} · {kinds[kind].say(page.lang)}"))
            if st.button(page.say("撤销", "Undo"), key=f"draw.undo.{number}"):
                try:
                    undo(engine_of(page.settings.database), int(str(number)))
                except GeoError as error:
                    st.error(as_markdown(error.say(page.lang)))
                    return
                st.rerun()


# --- where the network needs somebody -----------------------------------------------------------


def _doctor(page: Page) -> Bounds | None:
    """List where the network is in doubt, with the people concerned; a chosen row is shown."""
    found = _findings_of(*page.key)
    if found.empty:
        return None
    n = len(found)
    label = page.say(f"路网待查的 {n} 处", f"{counted(n, 'place')} of the network in doubt")
    with st.expander(label, key="draw.doctor"):
        shown = pd.DataFrame(
            {
                page.say("户", "Households"): found["households"].to_numpy(),
                page.say("说明", "What"): found[f"text_{page.lang}"].to_numpy(),
            }
        )
        picked = st.dataframe(
            shown,
            hide_index=True,
            key="draw.doctor_rows",
            on_select="rerun",
            selection_mode="single-row",
            height=min(38 + 35 * n, 240),
        )
    rows = picked["selection"]["rows"]
    if not rows or rows[0] >= n:
        return None
    lon, lat = (float(found[name].iloc[rows[0]]) for name in ("lon", "lat"))
    return lon - ROOM_DEG, lat - ROOM_DEG, lon + ROOM_DEG, lat + ROOM_DEG


@st.cache_resource(show_spinner=False, max_entries=3)
def _findings_of(database: str, viewer: Viewer, version: str) -> pd.DataFrame:
    study = study_of(database, viewer, version)
    return pd.DataFrame(diagnose_network(study, demand_points(study)).drop(columns="geometry"))
