"""What is asked of a drawing beside the map: names, states, hours, codes."""

from typing import Any

import pandas as pd
import streamlit as st

from data.cells import CellError, parse_opening_hours
from geo.text import Text
from views.draw_state import Sketch
from views.draw_tools import next_code
from views.page import Page

STATES = {
    "open": Text("开放", "open"),
    "planned": Text("规划", "planned"),
    "closed": Text("关闭", "closed"),
}
BLANK_HOURS = {
    "station": Text("空白即不详", "blank: not known"),
    "gate": Text("空白即全天", "blank: always"),
}


def ask_fields(page: Page, drawing: Sketch) -> dict[str, Any]:
    """Draw the fields of a tool and return what they say, by column of the table."""
    if drawing.tool in {"station", "gate", "link"}:
        return _named(page, drawing.tool)
    if drawing.tool == "compound":
        return _compound(page)
    if drawing.tool == "add":
        drawing.follows_streets = st.toggle(
            page.say("按圈内没有网格的楼栋，沿街道起草", "Draft it along the streets"),
            key="draw.follows_streets",
        )
        return _new_grid(page, None)
    if drawing.tool == "split" and drawing.chosen:
        return _new_grid(page, drawing.chosen[0])
    return {}


def _named(page: Page, tool: str) -> dict[str, Any]:
    """Ask for what a station, gate or link has: a name, and more."""
    told: dict[str, Any] = {}
    if tool == "station":
        told["state"] = st.selectbox(
            page.say("状态", "State"),
            list(STATES),
            format_func=lambda key: STATES[key].say(page.lang),
            key="draw.state",
        )
    if tool == "gate":
        label = page.say("对所有人开放", "Open to everyone")
        told["is_open_to_all"] = st.toggle(label, key="draw.to_all")
    told["name"] = st.text_input(page.say("名称", "Name"), key=f"draw.{tool}").strip()
    if tool in BLANK_HOURS:
        told["hours"] = _hours(page, f"draw.{tool}_hours", BLANK_HOURS[tool].say(page.lang))
    return told


def _new_grid(page: Page, split: int | None) -> dict[str, Any]:
    """Ask for name, code and community of a grid that is new; `split` is what it was part of."""
    study = page.study
    if split is None:
        community = st.selectbox(
            page.say("所属社区", "Community"),
            [None, *study.communities.index.tolist()],
            format_func=lambda i: "—" if i is None else str(study.communities["name"].get(i, i)),
            key="draw.community",
        )
        name = ""
    else:
        known = study.grids["community_id"].get(split)
        community = None if pd.isna(known) else int(known)
        old = str(study.grids["name"].get(split, ""))
        name = page.say(f"{old}（新）", f"{old} (new)")
    return {
        "name": st.text_input(
            page.say("新网格名称", "Name of the new grid"),
            value=name,
            key=f"draw.grid_name.{split}",
        ).strip(),
        "code": st.text_input(
            page.say("新网格编码", "Code of the new grid"),
            value=next_code(study, community),
            key=f"draw.grid_code.{split}.{community}",
        ).strip(),
        "community_id": community,
    }


def _hours(page: Page, key: str, blank: str) -> dict[str, Any] | None:
    """Ask for opening hours in words; what cannot be read is said at once and not taken."""
    text = st.text_input(
        page.say("开放时间", "Opening hours"),
        placeholder=page.say("如 周一至周五 8:30-17:30", "as in 周一至周五 8:30-17:30"),
        help=blank,
        key=key,
    )
    try:
        return parse_opening_hours(text)
    except CellError:
        st.error(
            page.say(
                "开放时间读不懂，保存时会留空；例：周一至周五 8:30-17:30；周末休息。",
                "These hours cannot be read and would be left blank; for example "
                "周一至周五 8:30-17:30；周末休息.",
            )
        )
        return None


def _compound(page: Page) -> dict[str, Any]:
    """Ask whether the outline is of a compound that is known, or of a new one."""
    compounds = page.study.compounds
    which = st.selectbox(
        page.say("哪个小区", "Which compound"),
        [None, *compounds.index.tolist()],
        format_func=lambda i: (
            page.say("新的小区", "a new one") if i is None else str(compounds["name"].get(i, i))
        ),
        key="draw.compound",
    )
    if which is not None:
        return {"id": which}
    name = st.text_input(page.say("小区名称", "Name"), key="draw.compound_name").strip()
    return {"id": None, "name": name}
