"""What becomes of a file's rows: figures, mends, every finding, the first rows and their places."""

from collections import Counter
from dataclasses import replace

import geopandas as gpd
import pandas as pd
import streamlit as st

from data.diagnosis import Diagnosis
from data.findings import RULES, RefusedCell
from data.mending import Mend
from data.report import ImportReport
from data.return_sheet import return_sheet
from geo.text import counted
from layers.import_rows import STATES, import_rows_layer
from layers.map_layer import Bounds
from views.import_choices import say
from views.import_upload import Upload
from views.live_map import live_map
from views.page import Page
from views.plain import as_markdown
from views.shared import ground_layers

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHOWN_ROWS = 2_000
MAP_HEIGHT = 420


def tell_figures(page: Page, report: ImportReport) -> None:
    """Say how many rows were read, kept, doubted and refused."""
    n_doubts = len({cell.row for cell in report.doubts})
    figures = [
        (page.say("读到", "Read"), report.n_read),
        (page.say("收下", "Kept"), report.n_kept),
        (page.say("其中存疑", "Doubtful of these"), n_doubts),
        (page.say("退回", "Refused"), report.n_refused),
    ]
    if report.n_asked:
        title = page.say("地址待核对（见“地址核对”页）", "Addresses to review (page Addresses)")
        figures.append((title, report.n_asked))
    if report.n_unchanged or report.n_changed:
        figures.append((page.say("未变", "Unchanged"), report.n_unchanged))
        figures.append((page.say("更改", "Changed"), report.n_changed))
    figures.append((page.say("非数据行", "Not data"), len(report.left_out)))
    cells = "".join(f"<div><small>{title}</small><b>{n:,}</b></div>" for title, n in figures)
    st.html(f'<div class="rg-after" data-testid="import-figures">{cells}</div>')


def offer_mends(page: Page, upload: Upload, mends: tuple[Mend, ...]) -> None:
    """Offer each kind of mend for all its rows at once."""
    made = set(upload.choices.mends)
    for mend in mends:
        first = mend.cells[0]
        label = page.say(
            f"更正 {len(mend.cells)} 处：{mend.title.zh}",
            f"Mend {counted(len(mend.cells), 'cell')}: {mend.title.en}",
        )
        example = page.say(
            f"第 {first.row} 行：{first.before} → {first.after}",
            f"row {first.row}: {first.before} → {first.after}",
        )
        if st.checkbox(
            f"{as_markdown(label)} · {as_markdown(example)}",
            value=mend.kind in made,
            key=f"import.mend.{upload.mark}.{mend.kind}",
        ):
            made.add(mend.kind)
        else:
            made.discard(mend.kind)
    say(upload, replace(upload.choices, mends=frozenset(made)))


def list_findings(page: Page, report: ImportReport) -> None:
    """List every cell that was refused or is doubtful, and rows that are no data."""
    cells = [("refused", cell) for cell in report.refused]
    cells += [("doubt", cell) for cell in report.doubts]
    if cells:
        st.markdown(_by_rule(page, cells))
        listed = pd.DataFrame(
            {
                page.say("行", "Row"): [cell.row for _, cell in cells],
                page.say("处理", "Becomes"): [STATES[s][0].say(page.lang) for s, _ in cells],
                page.say("列", "Column"): [cell.column for _, cell in cells],
                page.say("值", "Value"): [cell.value for _, cell in cells],
                page.say("说明", "What"): [cell.reason.say(page.lang) for _, cell in cells],
            }
        )
        height = min(38 + 35 * len(listed), 260)
        st.dataframe(listed, hide_index=True, key="import.findings", height=height)
    if report.left_out:
        with st.expander(
            page.say(
                f"{len(report.left_out)} 行不是数据", f"{len(report.left_out)} rows are not data"
            )
        ):
            rows = {
                page.say("行", "Row"): [row.row for row in report.left_out],
                page.say("看作", "Taken for"): [
                    row.title.say(page.lang) for row in report.left_out
                ],
                page.say("内容", "Text"): [row.text for row in report.left_out],
            }
            st.dataframe(pd.DataFrame(rows), hide_index=True, key="import.left_out")


def _by_rule(page: Page, cells: list[tuple[str, RefusedCell]]) -> str:
    """Return how often each rule was broken, the most frequent first."""
    counts = Counter((state, cell.rule) for state, cell in cells)
    return "  \n".join(
        f"{STATES[state][0].say(page.lang)} · {as_markdown(RULES[rule].say(page.lang))}：**{n}**"
        for (state, rule), n in counts.most_common()
    )


def offer_return_sheet(page: Page, found: Diagnosis, report: ImportReport) -> None:
    """Offer the refused rows in the office's own layout, with reasons."""
    if not report.refused or found.original is None:
        return
    st.download_button(
        page.say(f"下载退回表（{report.n_refused} 行）", f"Return sheet ({report.n_refused})"),
        lambda: return_sheet(found, report, page.lang),
        f"{page.say('退回表', 'returned')}-{found.path.stem}.xlsx",
        XLSX,
        key="import.returned",
        on_click="ignore",
    )


def preview(page: Page, found: Diagnosis) -> None:
    """Show the first rows as they stand, and where all of them lie."""
    places = found.places()
    if len(places):
        live_map(
            [*ground_layers(*page.key, page.lang), import_rows_layer(places, page.lang)],
            key="import.map",
            lang=page.lang,
            height=MAP_HEIGHT,
            fit=_bounds(places),
        )
    if found.table is None:
        return
    shown = found.preview(SHOWN_ROWS)
    n = len(found.table)
    st.caption(
        page.say(
            f"文件里的 {n} 行" + (f"（显示前 {len(shown)} 行）" if n > len(shown) else ""),
            f"{counted(n, 'row')} of the file"
            + (f" (the first {len(shown)} are shown)" if n > len(shown) else ""),
        )
    )
    if found.report is not None:
        kept = STATES["kept"][0].say(page.lang)
        states = _states(page, found.report)
        shown.insert(
            0, page.say("处理", "Becomes"), [states.get(int(row), kept) for row in shown.index]
        )
    shown.index.name = page.say("行", "row")
    st.dataframe(shown, key="import.preview", height=min(38 + 35 * len(shown), 360))


def _bounds(places: gpd.GeoDataFrame) -> Bounds:
    """Return where the rows without doubt lie; where none is, all rows."""
    sure = places[places["state"] == "kept"]
    west, south, east, north = (sure if len(sure) else places).total_bounds
    return float(west), float(south), float(east), float(north)


def _states(page: Page, report: ImportReport) -> dict[int, str]:
    doubts = {cell.row: STATES["doubt"][0].say(page.lang) for cell in report.doubts}
    refused = {cell.row: STATES["refused"][0].say(page.lang) for cell in report.refused}
    return doubts | refused
