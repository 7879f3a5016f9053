"""What the figures rest on: imports, doubts in the data, and everything that is left out."""

import pandas as pd
import streamlit as st

from data.imports import list_batches
from geo.quality import check_study
from geo.text import Text
from views.page import Page, open_page
from views.plain import as_markdown
from views.shared import engine_of


def render() -> None:
    """Draw the page."""
    page = open_page(Text("数据", "Data"))
    coverage = page.coverage()
    st.subheader(page.say("数据质量", "Data quality"))
    findings = check_study(page.study)
    for finding in findings:
        st.markdown(f"- {as_markdown(finding.text.say(page.lang))}")
    if not findings:
        st.success(page.say("没有发现问题。", "Nothing was found."))
    st.subheader(
        page.say(f"未计入的 {len(coverage.left_out)} 处", f"{len(coverage.left_out)} left out")
    )
    if len(coverage.left_out):
        shown = coverage.left_out[["kind", "id", "name", f"reason_{page.lang}"]]
        st.dataframe(shown, hide_index=True, key="data.left_out", height=260)
    st.subheader(page.say("导入记录", "Imports"))
    st.dataframe(_batches(page), hide_index=True, key="data.batches")
    st.caption(
        page.say(
            "撤销一次导入：redgrid import undo 编号",
            "To undo an import: redgrid import undo NUMBER",
        )
    )


def _batches(page: Page) -> pd.DataFrame:
    with engine_of(page.settings.database).connect() as connection:
        batches = pd.DataFrame(list_batches(connection))
    wanted = {
        "id": page.say("编号", "No."),
        "imported_at": page.say("时间", "When"),
        "kind": page.say("种类", "Kind"),
        "source": page.say("来源", "Source"),
        "n_read": page.say("读入", "read"),
        "n_kept": page.say("收下", "kept"),
        "n_refused": page.say("退回", "refused"),
        "undone_at": page.say("撤销", "undone"),
    }
    kept = [column for column in wanted if column in batches]
    return batches[kept].rename(columns=wanted).iloc[::-1].astype(object).fillna("").astype(str)
