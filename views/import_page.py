"""A file goes in: what it is, which column is which, what becomes of each row; then it is taken."""

from datetime import date

import streamlit as st

from data.diagnosis import Diagnosis
from data.doctor import diagnose
from data.fields import KINDS
from data.imports import commit, undo
from data.report import ImportReport
from data.templates import export_table, has_rows, template
from geo.errors import GeoError
from geo.text import Text, counted
from views.import_choices import choose_columns, choose_what
from views.import_datum import choose_datum
from views.import_outcome import (
    XLSX,
    list_findings,
    offer_mends,
    offer_return_sheet,
    preview,
    tell_figures,
)
from views.import_upload import Upload, uploaded
from views.page import Page, open_desk
from views.plain import as_markdown
from views.shared import engine_of


def render() -> None:
    """Draw the page."""
    page = open_desk(Text("导入", "Import"))
    _tables(page)
    sent = st.file_uploader(
        page.say(
            "把文件拖到这里：Excel、CSV、GeoJSON、Shapefile（几个文件一起或 ZIP）、GeoPackage、"
            "OSM。确认之前什么都不会写入。",
            "Drop a file here: Excel, CSV, GeoJSON, shapefile (its files together, or a ZIP), "
            "GeoPackage, OSM. Nothing is written before you say so.",
        ),
        accept_multiple_files=True,
        key="import.files",
    )
    upload = uploaded(list(sent))
    if upload is None:
        return
    if upload.report is not None:
        _done(page, upload, upload.report)
        return
    try:
        found = _diagnosis(page, upload)
    except GeoError as error:
        st.error(as_markdown(error.say(page.lang)))
        return
    choose_what(page, upload, found)
    choose_columns(page, upload, found)
    if found.problem is not None and not (found.needs_datum and found.datum is not None):
        st.error(as_markdown(found.problem.say(page.lang)))
    choose_datum(page, upload, found)
    if found.report is not None:
        _outcome(page, upload, found, found.report)
    preview(page, found)


def _tables(page: Page) -> None:
    """Offer empty tables to be filled in, and what is there to be edited."""
    with st.popover(page.say("空白模板 / 导出现有数据", "Blank tables / what is there")):
        kinds = {name: kind for name, kind in KINDS.items() if kind.fields}
        name = st.selectbox(
            page.say("种类", "Kind"),
            list(kinds),
            format_func=lambda key: kinds[key].title.say(page.lang),
            key="import.table_kind",
        )
        st.caption(
            page.say(
                "导出的表在 Excel 里改好后再拖进来，只会改动改过的行。",
                "Edit the table of what is there in Excel and drop it here: only rows that were "
                "edited change.",
            )
        )
        engine = engine_of(page.settings.database)
        day = date.today()  # noqa: DTZ011 - the office's day
        try:
            with engine.connect() as connection:
                blank = template(connection, name)
        except GeoError as error:
            st.caption(as_markdown(error.say(page.lang)))
        else:
            st.download_button(
                page.say("空白模板", "Blank table"),
                blank,
                f"redgrid-{name}-template-{day}.xlsx",
                XLSX,
                key="import.template",
                on_click="ignore",
                width="stretch",
            )
        with engine.connect() as connection:
            has_any = has_rows(connection, name)
        st.download_button(
            page.say("现有数据", "What is there"),
            lambda: _exported(page, name),  # thousands of rows take seconds: made when asked
            f"redgrid-{name}-export-{day}.xlsx",
            XLSX,
            key="import.export",
            on_click="ignore",
            width="stretch",
            disabled=not has_any,
        )


def _exported(page: Page, kind: str) -> bytes:
    with engine_of(page.settings.database).connect() as connection:
        return export_table(connection, kind)


def _diagnosis(page: Page, upload: Upload) -> Diagnosis:
    """Return what the file is by what was said of it so far, looked at once."""
    if upload.diagnosis is None or upload.version != page.version:
        said = upload.choices
        with st.spinner(page.say("正在检查文件…", "Looking at the file…")):
            upload.diagnosis = diagnose(
                engine_of(page.settings.database),
                upload.path,
                said.kind,
                datum=said.datum,
                crs=said.crs,
                sheet=said.sheet,
                mapping=said.mapping,
                mends=said.mends,
                replace=said.replace,
                again=said.again,
            )
        upload.version = page.version
    return upload.diagnosis


def _outcome(page: Page, upload: Upload, found: Diagnosis, report: ImportReport) -> None:
    tell_figures(page, report)
    for note in report.notes:
        st.caption(
            f"· {as_markdown(note.text.say(page.lang))}" + (f" ({note.n})" if note.n > 1 else "")
        )
    offer_mends(page, upload, report.mends)
    list_findings(page, report)
    can = found.problem is None and not report.is_refused
    with st.container(horizontal=True, vertical_alignment="center"):
        label = page.say(f"导入 {report.n_kept} 行", f"Import {counted(report.n_kept, 'row')}")
        if st.button(label, type="primary", disabled=not can, key="import.commit"):
            _commit(page, upload, found)
        offer_return_sheet(page, found, report)


def _commit(page: Page, upload: Upload, found: Diagnosis) -> None:
    try:
        with st.spinner(page.say("正在写入…", "Writing…")):
            upload.report = commit(engine_of(page.settings.database), found)
    except GeoError as error:
        st.error(as_markdown(error.say(page.lang)))
        return
    st.rerun()


def _done(page: Page, upload: Upload, report: ImportReport) -> None:
    """Say what was written, and let it be taken back."""
    lines = report.summary(page.lang).splitlines()
    box = st.error if report.is_refused else st.success
    box(as_markdown(lines[0]))
    tell_figures(page, report)
    list_findings(page, report)
    with st.container(horizontal=True):
        if upload.diagnosis is not None:
            offer_return_sheet(page, upload.diagnosis, report)
        if report.batch_id is not None and st.button(
            page.say("撤销这次导入", "Undo this import"), key="import.undo"
        ):
            try:
                undo(engine_of(page.settings.database), report.batch_id)
            except GeoError as error:
                st.error(as_markdown(error.say(page.lang)))
                return
            upload.report = upload.diagnosis = None
            st.rerun()
