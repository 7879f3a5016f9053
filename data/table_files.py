"""Reading CSV files, and tables from sheets: cells stay text, rows keep the sheet's number."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from data.findings import Note
from data.raw_table import MOST_ROWS, CellFault, RawTable, SheetChoice, unreadable
from data.sheet_layout import Layout, find_layout
from geo.text import Text

DELIMITERS = (",", ";", "\t", "，", "；", "|")
LARGEST_TEXT_BYTES = 256 << 20
EXCEL_ERRORS = frozenset(
    {"#REF!", "#N/A", "#NAME?", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!"}
)


def read_csv(path: Path) -> RawTable:
    """Read a CSV file: UTF-8 (with or without BOM), UTF-16 with BOM, or GB18030.

    Its cells are separated by comma, semicolon, tab, bar, or the Chinese comma or semicolon.

    Raises
    ------
    ImportDataError
        The file is empty, is no text, too large, or its quotes do not close.
    """
    if path.stat().st_size > LARGEST_TEXT_BYTES:
        raise unreadable(
            path.name,
            f"它大于 {LARGEST_TEXT_BYTES >> 20} MB，超过上限。请分成几个文件。",
            f"it is larger than {LARGEST_TEXT_BYTES >> 20} MB, the limit. Split it.",
        )
    text, encoding = decoded(path.name, path.read_bytes())
    csv.field_size_limit(1 << 20)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    records = []
    try:
        for record in reader:
            records.append([cell.strip().strip("\u200b\ufeff") for cell in record])
            check_count(path.name, len(records))
    except csv.Error as error:
        raise unreadable(
            path.name,
            f"第 {reader.line_num} 行的引号不成对。",
            f"a quotation mark does not close at line {reader.line_num}.",
        ) from error
    layout = find_layout(records)
    if layout is None:
        raise nothing_in(path.name)
    note = Note(Text(f"文字编码：{encoding}", f"Encoding: {encoding}"))
    return make_table(records, layout, (note,))


def _delimiter(text: str) -> str:
    """Return the sign that splits the first lines into most cells, the same number in each."""
    lines = [line for line in text[:50_000].splitlines() if line.strip()][:20]

    def score(sign: str) -> tuple[int, int]:
        counts = [_outside_quotes(line, sign) for line in lines]
        most = max(counts, default=0)
        return sum(1 for n in counts if n == most) if most else 0, most

    plain = {sign: score(sign) for sign in DELIMITERS}
    if lines and any(_outside_quotes(lines[0], sign) for sign in DELIMITERS[:3]):
        # The usual signs in the first line decide alone: others may well stand in cells.
        return max(DELIMITERS[:3], key=lambda sign: _outside_quotes(lines[0], sign))
    return max(DELIMITERS, key=lambda sign: plain[sign])


def check_count(name: str, n_rows: int) -> None:
    """Raise ImportDataError where a table has too many rows."""
    if n_rows > MOST_ROWS:
        raise unreadable(
            name,
            f"行数超过上限 {MOST_ROWS}。请按社区或按年分成几个文件。",
            f"it has more than {MOST_ROWS} rows, more than can be read at once. Split it.",
        )


def decoded(name: str, content: bytes) -> tuple[str, str]:
    """Return the text of a file and the name of its encoding.

    Raises
    ------
    ImportDataError
        The bytes are no text in UTF-8, UTF-16 with BOM or GB18030.
    """
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            return content.decode(encoding, errors="replace"), "UTF-16"
    if b"\x00" not in content:
        for encoding in ("utf-8-sig", "gb18030"):
            try:
                text = content.decode(encoding)
            except UnicodeDecodeError:
                continue
            if not _has_control_characters(text):
                _refuse_markup(name, text)
                return text, "UTF-8" if encoding == "utf-8-sig" else "GB18030"
    raise unreadable(
        name,
        "它不是文本文件（既不是 UTF-8 也不是 GB18030）。",
        "it is no text file (neither UTF-8 nor GB18030).",
    )


def _has_control_characters(text: str) -> bool:
    return any(ord(letter) < 32 and letter not in "\t\r\n\x0b\x0c" for letter in text[:100_000])


def _refuse_markup(name: str, text: str) -> None:
    if text[:500].lstrip().lower().startswith(("<!doctype", "<html", "<?xml", "<table")):
        raise unreadable(
            name,
            "它是网页或 XML 文件，不是表格。请在 Excel 中打开后另存为 XLSX。",
            "it is a web page or XML, not a table. Open it in Excel and save it as XLSX.",
        )


def _outside_quotes(line: str, sign: str) -> int:
    return "".join(line.split('"')[::2]).count(sign)


def make_table(
    records: Sequence[list[str]],
    layout: Layout,
    notes: tuple[Note, ...],
    *,
    without_value: frozenset[tuple[int, int]] = frozenset(),
    errors: frozenset[tuple[int, int]] = frozenset(),
    name: str = "",
    choices: tuple[SheetChoice, ...] = (),
) -> RawTable:
    """Make the table of a sheet: what its layout takes for the body.

    `without_value`, `errors`: (row, column) from 0 of formulas without a result, and of errors.
    """
    width = len(layout.headings)
    body = [(i + 1, records[i]) for i in layout.body]
    too_long = tuple(
        (row, next(filter(None, record[width:]))) for row, record in body if any(record[width:])
    )
    padded = [record[:width] + [""] * (width - len(record)) for _, record in body]
    columns = [list(column) for column in zip(*padded, strict=True)]
    return RawTable(
        layout.headings,
        tuple(columns or [[] for _ in layout.headings]),
        np.array([row for row, _ in body], dtype=np.int64),
        too_long=too_long,
        notes=(*notes, *_layout_notes(layout)),
        left_out=layout.left_out,
        heading_rows=tuple(row + 1 for row in layout.heading_rows),
        sheet=name,
        sheets=choices,
        shared=frozenset((row + 1, column) for row, column in layout.shared),
        faults=tuple(_faults(body, width, without_value, errors)),
    )


def _layout_notes(layout: Layout) -> list[Note]:
    notes = []
    if len(layout.heading_rows) > 1:
        first, last = layout.heading_rows[0] + 1, layout.heading_rows[-1] + 1
        zh, en = (
            f"表头是第 {first} 至 {last} 行，上下连成一个",
            f"Headings in rows {first} to {last}",
        )
        notes.append(Note(Text(zh, en)))
    if layout.shared:
        zh, en = "合并单元格按原表填充的格", "cells filled from the sheet's own merges"
        notes.append(Note(Text(zh, en), len(layout.shared)))
    return notes


def _faults(
    body: Sequence[tuple[int, list[str]]],
    width: int,
    without_value: frozenset[tuple[int, int]],
    errors: frozenset[tuple[int, int]],
) -> list[CellFault]:
    """Return cells whose formula has no result, or an error for one."""
    faults = []
    for row, record in body:
        for column, cell in enumerate(record[:width]):
            if (row - 1, column) in errors or (cell.startswith("#") and cell in EXCEL_ERRORS):
                faults.append(CellFault(row, column, cell, "formula_error"))
            elif not cell and (row - 1, column) in without_value:
                faults.append(CellFault(row, column, "", "formula_without_value"))
    return faults


def nothing_in(name: str) -> Exception:
    """Return the error of a file without any content."""
    return unreadable(name, "文件里没有内容。", "there is nothing in it.")
