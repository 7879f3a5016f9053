"""What the figures rest on: imports, doubts in the data, and everything that is left out."""

from datetime import UTC

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from data.batches import TITLES
from data.exports import csv_bytes
from data.queries import load_batches, load_refused
from data.viewer import Viewer
from geo.coverage import Coverage
from geo.quality import Finding, check_study
from geo.text import Text
from views.page import Page, open_page
from views.plain import as_markdown
from views.shared import reading, study_of

# What a demand point or a station is called where it is listed.
KINDS = {
    "building": Text("楼栋", "building"),
    "compound": Text("小区", "compound"),
    "place": Text("党员住处", "home of members"),
    "station": Text("红色驿站", "station"),
}


def render() -> None:
    """Draw the page."""
    page = open_page(Text("数据", "Data"))
    _quality(page)
    _left_out(page, page.coverage())
    with reading(page.settings.database) as session:
        batches = load_batches(session, page.viewer)
        _imports(page, batches)
        _refused(page, session, batches)


def _quality(page: Page) -> None:
    st.subheader(page.say("数据质量", "Data quality"))
    findings = _findings_of(*page.key)
    for finding in findings:
        st.markdown(f"- {as_markdown(finding.text.say(page.lang))}")
    if not findings:
        st.success(page.say("没有发现问题。", "Nothing was found."))


@st.cache_resource(show_spinner=False, max_entries=3)
def _findings_of(database: str, viewer: Viewer, version: str) -> list[Finding]:
    """Return the doubts of a version: a tiling of thousands of grids takes seconds to look at."""
    return check_study(study_of(database, viewer, version))


def _left_out(page: Page, coverage: Coverage) -> None:
    """List what counts in no share, and why."""
    n = len(coverage.left_out)
    st.subheader(page.say(f"未计入的 {n} 处", f"{n} left out"))
    if n == 0:
        st.caption(page.say("每一处都计入了。", "Everything counts."))
        return
    listed = pd.DataFrame(
        {
            page.say("种类", "Kind"): [
                KINDS[kind].say(page.lang) for kind in coverage.left_out.kind
            ],
            page.say("编号", "No."): coverage.left_out["id"],
            page.say("名称", "Name"): coverage.left_out["name"],
            page.say("原因", "Why"): coverage.left_out[f"reason_{page.lang}"],
        }
    )
    _table(page, listed, "left_out", f"redgrid-left-out-{page.study.data_date}")


def _imports(page: Page, batches: pd.DataFrame) -> None:
    st.subheader(page.say("导入记录", "Imports"))
    titles = [TITLES[kind].say(page.lang) if kind in TITLES else kind for kind in batches["kind"]]
    shown = pd.DataFrame(
        {
            page.say("编号", "No."): batches.index,
            page.say("时间", "When"): [
                _local(moment) for moment in pd.to_datetime(batches["imported_at"])
            ],
            page.say("种类", "Kind"): titles,
            page.say("来源", "Source"): batches["source"].to_numpy(),
            page.say("数据日期", "Data of"): batches["data_date"].to_numpy(),
            page.say("坐标系", "Datum"): batches["reference"].fillna("").to_numpy(),
            page.say("读入", "read"): batches["n_read"].to_numpy(),
            page.say("收下", "kept"): batches["n_kept"].to_numpy(),
            page.say("退回", "refused"): batches["n_refused"].to_numpy(),
            page.say("撤销", "undone"): [
                _local(moment) for moment in pd.to_datetime(batches["undone_at"])
            ],
        }
    )
    st.dataframe(shown, hide_index=True, key="data.batches")
    st.caption(
        page.say(
            "撤销一次导入：redgrid import undo 编号",
            "To undo an import: redgrid import undo NUMBER",
        )
    )


def _refused(page: Page, session: Session, batches: pd.DataFrame) -> None:
    """List the rows that one import gave back."""
    refusing = batches[batches["n_refused"] > 0]
    if refusing.empty:
        return
    st.subheader(page.say("退回的行", "Refused rows"))
    label = {
        number: page.say(
            f"导入 {number} · {source} · 退回 {n} 行", f"import {number} · {source} · {n}"
        )
        for number, source, n in refusing[["source", "n_refused"]].itertuples(name=None)
    }
    number = st.selectbox(
        page.say("导入", "Import"),
        list(label),
        format_func=label.__getitem__,
        key="data.refusing",
        label_visibility="collapsed",
    )
    rows = load_refused(session, page.viewer, number)
    listed = pd.DataFrame(
        {
            page.say("行", "Row"): rows["source_row"],
            page.say("列", "Column"): rows["column"],
            page.say("值", "Value"): rows["value"],
            page.say("原因", "Why"): rows[f"reason_{page.lang}"],
        }
    )
    _table(page, listed, "refused", f"redgrid-refused-{number}")


def _table(page: Page, listed: pd.DataFrame, key: str, name: str) -> None:
    """Draw a list, and what downloads it for Excel."""
    st.dataframe(listed, hide_index=True, key=f"data.{key}", height=min(38 + 35 * len(listed), 300))
    st.download_button(
        page.say("下载清单", "Download list"),
        lambda: csv_bytes(listed),
        f"{name}.csv",
        "text/csv",
        key=f"data.{key}.csv",
        on_click="ignore",
    )


def _local(moment: pd.Timestamp) -> str:
    """Return a stored moment (UTC) as the office's clock showed it, "" for none."""
    if pd.isna(moment):
        return ""
    return f"{moment.to_pydatetime().replace(tzinfo=UTC).astimezone():%Y-%m-%d %H:%M}"
