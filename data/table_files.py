"""Reading CSV and Excel files: cells stay text, rows keep the number that Excel shows."""

import csv
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import python_calamine

from data.findings import Note
from data.raw_table import LARGEST_FILE_BYTES, RawTable, cell_text, unreadable
from geo.text import Text

DELIMITERS = (",", ";", "\t")


def read_csv(path: Path) -> RawTable:
    """Read a CSV file: UTF-8 (with or without BOM), UTF-16 with BOM, or GB18030; , ; or tab.

    Raises
    ------
    ImportDataError
        The file is empty, is no text, or its quotes do not close.
    """
    text, encoding = decoded(path.name, path.read_bytes())
    csv.field_size_limit(1 << 20)
    first_line = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(DELIMITERS, key=lambda sign: _outside_quotes(first_line, sign))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        records = [[cell.strip() for cell in record] for record in reader]
    except csv.Error as error:
        raise unreadable(
            path.name,
            f"第 {reader.line_num} 行的引号不成对。",
            f"a quotation mark does not close at line {reader.line_num}.",
        ) from error
    note = Note(Text(f"文字编码：{encoding}", f"Encoding: {encoding}"))
    return _table(path.name, records, (note,))


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


def read_excel(path: Path) -> RawTable:
    """Read the first sheet with cells of an Excel file (.xlsx, .xls).

    Whole numbers keep all their digits (15-digit codes survive); dates become ISO text.

    Raises
    ------
    ImportDataError
        The file is damaged, no Excel file, locked by a password, or unpacks to too much.
    """
    _check_size(path)
    try:
        with path.open("rb") as stream:
            book = python_calamine.CalamineWorkbook.from_filelike(stream)
            sheets = {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise unreadable(
            path.name,
            "它不是完好的 Excel 文件（可能已损坏、有密码，或是改了扩展名的网页）。"
            "请在 Excel 中打开后另存为 XLSX。",
            "it is no sound Excel file (damaged, locked, or a web page by another name). "
            "Open it in Excel and save it as XLSX.",
        ) from error
    texts = {name: [[cell_text(cell) for cell in row] for row in sheets[name]] for name in sheets}
    filled = [name for name, records in texts.items() if any(map(any, records))]
    if not filled:
        raise _empty(path.name)
    notes: tuple[Note, ...] = ()
    if len(filled) > 1:
        others = ", ".join(filled[1:])
        notes = (
            Note(
                Text(
                    f"只读取工作表“{filled[0]}”，未读取：{others}",
                    f"Read the sheet {filled[0]!r} only; not read: {others}",
                )
            ),
        )
    return _table(path.name, texts[filled[0]], notes)


def _check_size(path: Path) -> None:
    if not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(part.file_size for part in archive.infolist())
    except (zipfile.BadZipFile, OSError):
        return  # the reader will say that it is damaged
    if size > LARGEST_FILE_BYTES:
        raise unreadable(
            path.name,
            f"解压后有 {size >> 20} MB，超过上限 {LARGEST_FILE_BYTES >> 20} MB。",
            f"it unpacks to {size >> 20} MB; the limit is {LARGEST_FILE_BYTES >> 20} MB.",
        )


def _table(name: str, records: Sequence[list[str]], notes: tuple[Note, ...]) -> RawTable:
    """Make the table: the first row with a cell is the heading; rows without a cell are no rows."""
    at = next((i for i, record in enumerate(records) if any(record)), None)
    if at is None:
        raise _empty(name)
    width = max(i + 1 for i, heading in enumerate(records[at]) if heading)
    headings = [*records[at][:width]]
    body = [(i + 1, record) for i, record in enumerate(records) if i > at and any(record)]
    too_long = tuple(
        (row, next(filter(None, record[width:]))) for row, record in body if any(record[width:])
    )
    padded = [record[:width] + [""] * (width - len(record)) for _, record in body]
    columns = [list(column) for column in zip(*padded, strict=True)] or [[] for _ in headings]
    source_rows = np.array([row for row, _ in body], dtype=np.int64)
    return RawTable(tuple(headings), tuple(columns), source_rows, too_long=too_long, notes=notes)


def _empty(name: str) -> Exception:
    return unreadable(name, "文件里没有内容。", "there is nothing in it.")
