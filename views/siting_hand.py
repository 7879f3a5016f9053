"""Trying by hand: place, drag and close stations, open gates, add links; what each would add."""

from dataclasses import replace

import geopandas as gpd
import streamlit as st

from geo.crs import WGS84
from geo.text import Text, counted
from geo.wall_near import WALL_NEAR_M, wall_near
from geo.whatif import (
    ClosedStation,
    Edit,
    MovedStation,
    NewGate,
    NewLink,
    NewStation,
    OpenedGate,
)
from layers.draft import gate_layer, start_layer
from layers.map_layer import MapLayer
from views.live_map import MapEvents
from views.page import Page
from views.plain import as_markdown
from views.siting_state import draft, drawn_places, keep_draft, keep_drawn, note

TOOLS = {
    "station": Text("放驿站", "Station"),
    "close": Text("关驿站", "Close"),
    "gate": Text("开门", "Gate"),
    "link": Text("加通道", "Link"),
    "site": Text("点备选", "Candidate"),
}
HINTS = {
    "station": Text(
        "点地图放一个新驿站，可以拖动它。", "Click the map to put a station; drag it as you like."
    ),
    "close": Text(
        "点一个现有驿站把它关掉，再点一次恢复。", "Click a station to close it, again to reopen it."
    ),
    "gate": Text(
        "点小区围墙边开一个新门；点现有的门，让它全天对所有人开放。",
        "Click beside a compound's wall for a new gate, or a gate to open it to everyone.",
    ),
    "link": Text(
        "点两处，在它们之间加一座桥或一条通道。",
        "Click two places: a bridge or passage joins them.",
    ),
    "site": Text(
        "点出可以建站的地方，再到“求最优”里选“在地图上点的”。",
        "Click where a station could be; then choose “Pointed at” under “Find the best”.",
    ),
}
TOOL, START = "siting.tool", "siting.link_start"
STATIONS = ("stations", "new_stations")


def panel(page: Page) -> None:
    """Draw the tools and the list of changes."""
    tool = st.segmented_control(
        page.say("工具", "Tool"),
        list(TOOLS),
        format_func=lambda name: TOOLS[name].say(page.lang),
        key=TOOL,
        default="station",
        required=True,
    )
    st.caption(HINTS[str(tool)].say(page.lang))
    if tool == "link" and START in st.session_state:
        st.info(page.say("已选一端，再点另一端。", "One end is chosen; click the other."))
    _drawn(page)
    edits = draft()
    if not edits:
        st.caption(page.say("还没有改动。", "Nothing is changed yet."))
        return
    for row, edit in enumerate(edits):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(as_markdown(said(page, edit)))
            if st.button("✕", key=f"siting.drop.{row}", help=page.say("去掉", "Take out")):
                keep_draft(edits[:row] + edits[row + 1 :])
                st.rerun()
    if st.button(page.say("全部清空", "Clear all"), key="siting.clear_all"):
        keep_draft([])
        st.rerun()


def _drawn(page: Page) -> None:
    """Say how many candidate sites were pointed at."""
    n = len(drawn_places())
    if n == 0:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            page.say(f"地图上点了 {n} 个备选点。", f"{counted(n, 'candidate site')} pointed at.")
        )
        if st.button("✕", key="siting.drop_drawn", help=page.say("全部去掉", "Take them out")):
            keep_drawn([])
            st.rerun()


def said(page: Page, edit: Edit) -> str:
    """Return a change in words."""
    stations, compounds = page.study.stations, page.study.compounds
    if isinstance(edit, NewStation):
        return page.say(f"新驿站：{edit.name}", f"New station: {edit.name}")
    if isinstance(edit, MovedStation | ClosedStation):
        name = stations["name"].get(edit.station_id, edit.station_id)
        if isinstance(edit, MovedStation):
            return page.say(f"移动驿站：{name}", f"Moved: {name}")
        return page.say(f"关闭驿站：{name}", f"Closed: {name}")
    if isinstance(edit, NewGate):
        name = compounds["name"].get(edit.compound_id, edit.compound_id)
        return page.say(f"新开的门：{name}", f"New gate: {name}")
    if isinstance(edit, NewLink):
        return _link_said(page, edit)
    gate = page.study.gates["compound_id"].get(edit.gate_id)
    name = compounds["name"].get(gate, "")
    return page.say(f"对所有人开放的门：{name}", f"Gate open to all: {name}")


def _link_said(page: Page, link: NewLink) -> str:
    ends = gpd.points_from_xy([link.lon, link.to_lon], [link.lat, link.to_lat], crs=WGS84)
    start, end = ends.to_crs(page.study.crs)
    length_m = start.distance(end)
    return page.say(f"新通道：{length_m:.0f} 米", f"New link: {length_m:.0f} m")


def layers(page: Page) -> list[MapLayer]:
    """Return what can be pointed at when trying by hand: the gates, and a link's first end."""
    start = st.session_state.get(START)
    return [gate_layer(page.study.gates, page.lang), start_layer(start, page.lang)]


def moved(events: MapEvents) -> None:
    """Take a new station that was dragged to its new place."""
    if events.moved is None or events.place is None or events.moved[0] != "new_stations":
        return
    edits, which = draft(), int(events.moved[1])
    new = [(row, edit) for row, edit in enumerate(edits) if isinstance(edit, NewStation)]
    if which < len(new):
        row, station = new[which]
        lon, lat = events.place
        edits[row] = replace(station, lon=lon, lat=lat)
        keep_draft(edits)


def clicked(page: Page, events: MapEvents) -> None:
    """Do what the chosen tool does where the map was clicked."""
    if events.moved is not None or (events.clicked is None and events.place is None):
        return
    tool = st.session_state.get(TOOL, "station")
    if tool == "close":
        _toggle_station(events)
    elif tool == "gate":
        _open_gate(page, events)
    elif events.place is not None and tool == "site":
        keep_drawn([*drawn_places(), events.place])
    elif events.place is not None and tool == "link":
        _link(events.place)
    elif events.place is not None and (events.clicked or ("",))[0] not in STATIONS:
        _place_station(page, events.place)


def _place_station(page: Page, place: tuple[float, float]) -> None:
    edits = draft()
    names = {edit.name for edit in edits if isinstance(edit, NewStation)}
    number = next(n for n in range(1, len(names) + 2) if _new_name(page, n) not in names)
    keep_draft([*edits, NewStation(_new_name(page, number), *place)])


def _new_name(page: Page, number: int) -> str:
    return page.say(f"新驿站{number}", f"New station {number}")


def _toggle_station(events: MapEvents) -> None:
    if events.clicked is None:
        return
    layer, feature = events.clicked
    edits = draft()
    if layer == "stations":
        closed = ClosedStation(int(feature))
        kept = [edit for edit in edits if edit != closed]
        keep_draft(kept if len(kept) < len(edits) else [*edits, closed])
    elif layer == "new_stations":
        rows = [row for row, edit in enumerate(edits) if isinstance(edit, NewStation)]
        if int(feature) < len(rows):
            del edits[rows[int(feature)]]
            keep_draft(edits)


def _open_gate(page: Page, events: MapEvents) -> None:
    edits = draft()
    if events.clicked is not None and events.clicked[0] == "gates":
        opened = OpenedGate(int(events.clicked[1]))
        kept = [edit for edit in edits if edit != opened]
        keep_draft(kept if len(kept) < len(edits) else [*edits, opened])
        return
    if events.place is None:
        return
    gate = wall_near(page.study.compounds, *events.place)
    if gate is None:
        note(
            Text(
                f"{WALL_NEAR_M:g} 米之内没有小区围墙；请点在围墙边上。",
                f"There is no compound's wall within {WALL_NEAR_M:g} m; click beside a wall.",
            )
        )
        return
    keep_draft([*edits, NewGate(*gate)])


def _link(place: tuple[float, float]) -> None:
    start: tuple[float, float] | None = st.session_state.pop(START, None)
    if start is None:
        st.session_state[START] = place
        return
    keep_draft([*draft(), NewLink(start[0], start[1], place[0], place[1])])
