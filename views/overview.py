"""Leadership: how well are we covered, where is the gap."""

from dataclasses import replace

import pandas as pd
import streamlit as st

from data.exports import csv_bytes
from geo.coverage import Coverage
from geo.study import WEIGHT_TITLES
from geo.text import Language, Text
from layers.figures import grid_figure
from layers.folium_map import folium_html
from layers.map_layer import MapLayer
from views.figures import headline
from views.live_map import MapEvents, live_map
from views.page import MAP_HEIGHT, Page, open_page, preset, set_state, show_selected
from views.plain import as_html
from views.shared import coverage_layers, ground_layers, once_a_coverage
from views.state import FIGURES, PageState

N_WEAKEST = 6


def render() -> None:
    """Draw the page."""
    page = open_page(Text("网格党建服务覆盖", "Service coverage by grid"))
    coverage = page.coverage()
    headline(page, coverage)
    left, right = st.columns([2.5, 1], gap="medium")
    with left:
        layers = _map(page)
    with right:
        _weakest(page, coverage)
    _table(page, coverage)
    _downloads(page, coverage, layers)


def _map(page: Page) -> list[MapLayer]:
    state = page.state
    figure = st.selectbox(
        page.say("地图颜色", "Map colours"),
        FIGURES,
        format_func=lambda name: grid_figure(name).title.say(page.lang),
        key=preset(f"overview.figure.{state.weight}", state.shown_figure),
        label_visibility="collapsed",
        width=260,
    )
    if figure != state.shown_figure:
        state = replace(state, figure="" if figure == f"{state.weight}_share" else figure)
        set_state(state)
    layers = map_layers(replace(page, state=state))
    chosen = _grid_id(page, state)

    def clicked(events: MapEvents) -> None:
        if events.clicked is not None and events.clicked[0] in {"grids", "density"}:
            _choose(page, state, int(events.clicked[1]))

    live_map(
        layers,
        key="overview.map",
        lang=page.lang,
        height=MAP_HEIGHT,
        selected=None if chosen is None else ("grids", str(chosen)),
        on_event=clicked,
    )
    return layers


def map_layers(page: Page) -> list[MapLayer]:
    """Return all layers of the overview's map."""
    return [
        *ground_layers(*page.key, page.lang),
        *coverage_layers(page.asked, page.state.shown_figure, page.lang),
    ]


def _grid_id(page: Page, state: PageState) -> int | None:
    if not state.grid:
        return None
    rows = page.study.grids.index[page.study.grids["code"] == state.grid]
    return int(rows[0]) if len(rows) else None


def _choose(page: Page, state: PageState, grid: int) -> None:
    """Select a grid everywhere; a second click on it lets it go."""
    code = str(page.study.grids.loc[grid, "code"]) if grid in page.study.grids.index else ""
    set_state(replace(state, grid="" if code == state.grid else code))


def _weakest(page: Page, coverage: Coverage) -> None:
    """Draw the chosen grid's figures, then the weakest grids with a sentence each."""
    chosen = _grid_id(page, page.state)
    weight = page.state.weight
    if chosen is not None:
        _chosen_grid(page, coverage, chosen)
    sentences = once_a_coverage(
        coverage,
        ("weakest", weight, page.lang),
        lambda: weakest_sentences(coverage, weight, page.lang),
    )
    shown = sentences[: N_WEAKEST if chosen is None else 3]
    title = page.say("最需要帮助的网格", "Grids that need help most")
    if coverage.points.empty:
        st.info(
            page.say(
                "还没有住户，无从判断哪里走不到。请导入：redgrid import buildings 文件。",
                "There are no residences yet, so nobody can be out of reach. Import them: "
                "redgrid import buildings FILE.",
            )
        )
        return
    if not shown:
        st.success(page.say("所有网格都在时限之内。", "Every grid is within the limit."))
        return
    items = "".join(f"<li>{as_html(text)}</li>" for text in shown)
    st.html(f"<b>{title}</b><ol class='rg-weak'>{items}</ol>")


def weakest_sentences(coverage: Coverage, weight: str, lang: Language) -> list[str]:
    """Return the sentences of weak grids, first where most of a weight is out of reach."""
    lost = coverage.grids[weight] - coverage.grids[f"{weight}_covered"]
    order = pd.DataFrame({"lost": -lost, "code": coverage.grids["code"]}).sort_values(
        ["lost", "code"]
    )
    return [text for text in coverage.grids.loc[order.index, f"sentence_{lang}"] if text]


def _chosen_grid(page: Page, coverage: Coverage, grid: int) -> None:
    row = coverage.grids.loc[grid]
    figures = [f"{weight}_share" for weight in ("members", "households")]
    figures += ["median_s", "members_per_km2"]
    lines = "".join(
        f"<li>{as_html(grid_figure(name).title.say(page.lang))} "
        f"<b>{as_html(grid_figure(name).say(float(row[name]), page.lang))}</b></li>"
        for name in figures
    )
    where = f"{row['community']} · {row['code']}"
    st.html(
        f"<b>{as_html(row['name'])}</b> <small>{as_html(where)}</small>"
        f"<ul class='rg-weak' data-testid='chosen-grid'>{lines}</ul>"
    )


def _table(page: Page, coverage: Coverage) -> None:
    """Draw the grids as a table; the grid that is chosen on the map is ticked, and the reverse."""
    table = grid_table_for(page, coverage)
    shares = [column for column in map(str, table.columns) if column.endswith("%")]
    rounded = once_a_coverage(
        coverage,
        ("rounded table", page.state.weight, page.lang),
        lambda: table.round(dict.fromkeys(shares, 2)),
    )
    formats = dict(zip(map(str, table.columns[-3:]), ("%.1f", "%.1f", "%.2f"), strict=True))

    def picked() -> None:
        rows = st.session_state["overview.table"]["selection"]["rows"]
        code = str(coverage.grids.loc[table.index[rows[0]], "code"]) if rows else ""
        set_state(replace(page.state, grid=code))

    show_selected("overview.table", table, _grid_id(page, page.state))
    st.dataframe(
        rounded,
        hide_index=True,
        height=320,
        key="overview.table",
        on_select=picked,
        selection_mode="single-row",
        column_config={
            column: st.column_config.ProgressColumn(
                column, format="percent", min_value=0, max_value=1, color="#2a7f7f"
            )
            for column in shares
        }
        | {
            column: st.column_config.NumberColumn(format=shown) for column, shown in formats.items()
        },
    )


def grid_table_for(page: Page, coverage: Coverage) -> pd.DataFrame:
    """Return the grids as a leader reads them: index = id, titles as headings; not to change."""
    return once_a_coverage(
        coverage,
        ("table", page.state.weight, page.lang),
        lambda: _grid_table(page, coverage),
    )


def _grid_table(page: Page, coverage: Coverage) -> pd.DataFrame:
    grids, weight, lang = coverage.grids, page.state.weight, page.lang
    title = WEIGHT_TITLES[weight].say(lang)
    columns = {
        page.say("网格", "Grid"): grids["name"],
        page.say("社区", "Community"): grids["community"],
        page.say("编码", "Code"): grids["code"],
        title: grids[weight],
        page.say("覆盖 %", "covered %"): grids[f"{weight}_share"],
        page.say("画圆 %", "circle %"): grids[f"{weight}_crow_covered"] / grids[weight],
        page.say("双重 %", "twice %"): grids[f"{weight}_backup"] / grids[weight],
        page.say("中位分钟", "median min"): (grids["median_s"] / 60).round(1),
        page.say("党员/km²", "members/km²"): grids["members_per_km2"].round(1),
        page.say("党员/百户", "members/100 hh"): grids["members_per_100_households"].round(2),
    }
    lost = grids[weight] - grids[f"{weight}_covered"]
    order = (-lost).sort_values(kind="stable").index
    return pd.DataFrame(columns).reindex(order)


def _downloads(page: Page, coverage: Coverage, layers: list[MapLayer]) -> None:
    table = grid_table_for(page, coverage)
    name = f"redgrid-{page.study.data_date}-{page.state.minutes}min"
    title = page.say("网格党建服务覆盖", "Service coverage by grid")
    notes = [page.say("数据日期 ", "Data of ") + page.study.data_date]
    if page.study.is_demo:
        notes.append(page.say("演示数据", "Demo data"))
    with st.container(horizontal=True):
        st.download_button(
            page.say("下载表格", "Download table"),
            lambda: csv_bytes(table),
            f"{name}.csv",
            "text/csv",
            key="overview.csv",
            on_click="ignore",
        )
        st.download_button(
            page.say("下载地图", "Download map"),
            lambda: folium_html(layers, title=title, lang=page.lang, notes=notes).encode(),
            f"{name}.html",
            "text/html",
            key="overview.html",
            on_click="ignore",
        )
