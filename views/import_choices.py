"""What a file is and which of its columns is which: as it was guessed, until the user says else."""

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from data.column_mapping import PLACE_TITLES
from data.diagnosis import Choices, Diagnosis
from data.fields import KINDS, Kind
from data.raw_table import SheetChoice
from geo.text import Text, counted
from views.import_upload import Upload
from views.page import Page
from views.plain import as_markdown

DATUMS = {
    "": Text("自动判断", "find out"),
    "wgs84": Text("WGS84", "WGS84"),
    "cgcs2000": Text("CGCS2000（国家2000）", "CGCS2000"),
    "gcj02": Text("GCJ-02（高德、腾讯）", "GCJ-02 (Amap, Tencent)"),
    "bd09": Text("BD-09（百度）", "BD-09 (Baidu)"),
}


def choose_what(page: Page, upload: Upload, found: Diagnosis) -> None:
    """Say what the file was taken for and why; let the user say otherwise."""
    st.markdown(
        f"**{as_markdown(found.source)}** — {as_markdown(found.guess.reason.say(page.lang))}"
    )
    said = upload.choices
    datums = [*DATUMS, *([said.crs] if said.crs else [])]
    with st.container(horizontal=True, vertical_alignment="bottom", key="import.what"):
        name = "" if found.kind is None else found.kind.name
        options = ["", *KINDS]
        kind = st.selectbox(
            page.say("这是什么", "What it is"),
            options,
            index=options.index(name),
            format_func=lambda key: _kind_title(key).say(page.lang),
            key=f"import.kind.{upload.mark}.{name}",
            width=200,
        )
        sheet = _sheet(page, upload, found)
        datum = st.selectbox(
            page.say("坐标系", "Datum"),
            datums,
            index=datums.index(said.datum or said.crs or ""),
            format_func=lambda key: DATUMS[key].say(page.lang) if key in DATUMS else key,
            key=f"import.datum.{upload.mark}.{said.datum or said.crs}",
            width=230,
        )
        is_new = st.toggle(
            page.say("整体更换这一类", "Put the whole kind anew"),
            value=said.replace,
            key=f"import.replace.{upload.mark}",
            help=page.say(
                "库里这一类的所有行都让位给这个文件；撤销导入即恢复。",
                "All rows of the kind give way to this file; undoing the import brings them back.",
            ),
        )
    is_crs = datum not in DATUMS
    new = replace(
        said,
        datum=None if is_crs else datum or None,
        crs=datum if is_crs else None,
        replace=is_new,
        sheet=sheet,
    )
    if kind != name:
        new = replace(new, kind=kind or None, mapping=None, mends=frozenset())
    if sheet != said.sheet:
        new = replace(new, mapping=None, mends=frozenset())
    say(upload, new)
    if found.problem is not None and _is_there_already(found) and not said.again:
        again = st.button(
            page.say("仍要再导入一次", "Import it once more all the same"), key="import.again"
        )
        if again:
            say(upload, replace(said, again=True))


def _is_there_already(found: Diagnosis) -> bool:
    return found.problem is not None and "--again" in found.problem.text.en


def _kind_title(name: str) -> Text:
    return KINDS[name].title if name else Text("请选择", "choose")


def _sheet(page: Page, upload: Upload, found: Diagnosis) -> str | None:
    """Let the user choose among several sheets; None: the one that fits best."""
    sheets = () if found.table is None else found.table.sheets
    said = upload.choices.sheet
    if len(sheets) < 2 or found.table is None:
        return said
    by_name = {sheet.name: sheet for sheet in sheets}
    chosen = st.selectbox(
        page.say("工作表", "Sheet"),
        list(by_name),
        index=list(by_name).index(found.table.sheet),
        format_func=lambda name: _sheet_title(by_name[name]).say(page.lang),
        key=f"import.sheet.{upload.mark}",
        width=240,
    )
    return said if chosen == found.table.sheet else chosen


def _sheet_title(sheet: SheetChoice) -> Text:
    hidden = Text("，隐藏", ", hidden") if sheet.is_hidden else Text("", "")
    return Text(
        f"{sheet.name}（{sheet.n_rows} 行{hidden.zh}）",
        f"{sheet.name} ({counted(sheet.n_rows, 'row')}{hidden.en})",
    )


def say(upload: Upload, choices: Choices) -> None:
    """Take what the user says; where it is new the page is drawn again."""
    if choices != upload.choices:
        upload.say(choices)
        st.rerun()


def choose_columns(page: Page, upload: Upload, found: Diagnosis) -> None:
    """Show which column serves which field; let the user say otherwise."""
    if found.kind is None or found.table is None or not found.kind.fields:
        return
    titles = _field_titles(found.kind, has_geometry=found.table.geometry is not None)
    missing = [
        field.title.say(page.lang)
        for field in found.kind.fields
        if field.is_needed and not found.mapping.get(field.name)
    ]
    label = page.say(
        f"各列的用处（认出 {len(found.mapping)} 列）", f"Columns ({len(found.mapping)} known)"
    )
    is_open = bool(missing) or upload.choices.mapping is not None
    with st.expander(label, expanded=is_open, key="import.columns"):
        if found.is_remembered:
            st.caption(
                page.say("按上次同样表头的文件来。", "As for the last file with these headings.")
            )
        headings = list(dict.fromkeys(h for h in found.table.headings if h))
        told: dict[str, str] = {}
        boxes = st.columns(4)
        for k, (name, title) in enumerate(titles.items()):
            now = found.mapping.get(name, "")
            with boxes[k % 4]:
                told[name] = st.selectbox(
                    title.say(page.lang) + (" *" if title.say(page.lang) in missing else ""),
                    ["", *headings],
                    index=["", *headings].index(now),
                    format_func=lambda heading: heading or "—",
                    key=f"import.column.{upload.mark}.{found.kind.name}.{name}.{now}",
                )
    changed = {
        name: heading for name, heading in told.items() if heading != found.mapping.get(name, "")
    }
    if changed:
        say(upload, replace(upload.choices, mapping=told_mapping(found.mapping, told, changed)))


def told_mapping(
    used: Mapping[str, str], told: Mapping[str, str], changed: Mapping[str, str]
) -> dict[str, str]:
    """Return the mapping after a change: a column given to one field leaves its former one."""
    given = {heading for heading in changed.values() if heading}
    return {
        name: "" if name not in changed and used.get(name) in given else heading
        for name, heading in told.items()
    }


def _field_titles(kind: Kind, *, has_geometry: bool) -> dict[str, Text]:
    titles = {field.name: field.title for field in kind.fields}
    if not has_geometry and kind.shape in {"point", "polygon_or_point", "optional", "any"}:
        titles |= PLACE_TITLES
    return titles
