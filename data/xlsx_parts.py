"""What an .xlsx package holds beside its cells, found without opening it as a workbook.

Read before any library does: how much it unpacks to, how far its cells reach, hidden rows and
columns, formulas without a value, macros (never run) and links to other files (never followed).
"""

import html
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from data.findings import Note
from data.raw_table import LARGEST_FILE_BYTES, MOST_CELLS, unreadable
from geo.text import Text

# What Python says of a package that is damaged, locked, or packed in a strange way.
DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, OSError, NotImplementedError, RuntimeError, EOFError),
    *(struct.error, ValueError),
)
CHUNK_BYTES = 1 << 20
MOST_PARTS = 5_000
SCANNED_BYTES = 300 << 20  # of one sheet; more is refused before it is held in memory
SHEET_PART = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
ATTRIBUTE = re.compile(rb'([\w:]+)\s*=\s*(?:"([^"]*)"|\'([^\']*)\')')
SHEET = re.compile(rb"<(?:\w+:)?sheet\b([^>]*)>")
RELATION = re.compile(rb"<(?:\w+:)?Relationship\b([^>]*)>")
HIDDEN_ROW = re.compile(rb'<(?:\w+:)?row\b(?=[^>]*\bhidden="(?:1|true)")[^>]*\br="(\d+)"')
HIDDEN_COLUMN = re.compile(rb'<(?:\w+:)?col\b(?=[^>]*\bhidden="(?:1|true)")([^>]*)>')
FILLED_CELL = re.compile(rb'<(?:\w+:)?c\b[^>]*?\br="([A-Z]{1,3})(\d{1,7})"[^>]*(?<!/)>')
FORMULA = re.compile(
    rb'<(?:\w+:)?c\b[^>]*?\br="([A-Z]{1,3})(\d{1,7})"[^>]*><(?:\w+:)?f\b[^>]*?(?:/>|>[^<]*</(?:\w+:)?f>)'
    rb"(<(?:\w+:)?v[^>]*>[^<]+)?"
)

ERROR_CELL = re.compile(rb'<(?:\w+:)?c\b(?=[^>]*\bt="e")[^>]*?\br="([A-Z]{1,3})(\d{1,7})"')


@dataclass(frozen=True)
class SheetFacts:
    """What is known of one sheet; rows and columns count from 0."""

    hidden_rows: tuple[int, ...] = ()
    hidden_columns: tuple[int, ...] = ()
    n_formulas: int = 0
    without_value: frozenset[tuple[int, int]] = frozenset()  # formulas
    errors: frozenset[tuple[int, int]] = frozenset()  # #DIV/0! and the like


@dataclass(frozen=True)
class Package:
    """What is known of a workbook."""

    sheets: dict[str, SheetFacts] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()


def inspect_package(path: Path) -> Package:
    """Return what a workbook holds; an empty answer where it is no .xlsx package.

    Raises
    ------
    ImportDataError
        It unpacks to too much, whatever its directory says, or its cells reach too far.
    """
    if not zipfile.is_zipfile(path):
        return Package(notes=_notes_of_old_format(path))
    try:
        with zipfile.ZipFile(path) as archive:
            _check_sizes(path, archive)
            names = archive.namelist()
            facts = {}
            for name in names:
                if SHEET_PART.fullmatch(name):
                    facts[name.lower()] = _scan(path.name, archive.read(name))
            sheets = {
                sheet: facts[part.lower()]
                for sheet, part in _sheet_parts(archive, names).items()
                if part.lower() in facts
            }
    except DAMAGED as error:
        if hasattr(error, "text"):
            raise  # one of ours, which says more
        return Package()  # the reader will say that it is damaged or locked
    return Package(sheets, _notes(names))


def _check_sizes(path: Path, archive: zipfile.ZipFile) -> None:
    """Unpack every part without keeping it: what the directory says of sizes may be a lie."""
    parts = archive.infolist()
    declared = sum(part.file_size for part in parts)
    if declared > LARGEST_FILE_BYTES:
        raise _too_large(path.name, declared)
    if len(parts) > MOST_PARTS:
        raise unreadable(
            path.name,
            f"压缩包里有 {len(parts)} 个文件，太多了。请在 Excel 中另存为新的 XLSX。",
            f"it packs {len(parts)} files, too many. Save it as a new XLSX in Excel.",
        )
    total = 0
    with path.open("rb") as file:
        for part in parts:
            for size in _real_sizes(file, part):
                total += size
                if total > LARGEST_FILE_BYTES:
                    raise _too_large(path.name, total)
            if SHEET_PART.fullmatch(part.filename) and part.file_size > SCANNED_BYTES:
                raise _too_large(path.name, part.file_size, SCANNED_BYTES)


def _real_sizes(file: BinaryIO, part: zipfile.ZipInfo) -> Iterator[int]:
    """Yield how many bytes come out of a part, chunk by chunk."""
    if part.compress_type != zipfile.ZIP_DEFLATED:
        yield part.compress_size
        return
    file.seek(part.header_offset)
    header = file.read(30)
    skipped = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
    file.seek(part.header_offset + 30 + skipped)
    inflate, left = zlib.decompressobj(-15), part.compress_size
    while left > 0 and not inflate.eof:
        packed = file.read(min(CHUNK_BYTES, left))
        if not packed:
            return
        left -= len(packed)
        while packed and not inflate.eof:
            yield len(inflate.decompress(packed, CHUNK_BYTES))
            packed = inflate.unconsumed_tail


def _too_large(name: str, size: int, limit: int | None = None) -> Exception:
    most = LARGEST_FILE_BYTES if limit is None else limit
    return unreadable(
        name,
        f"解压后有 {size >> 20} MB，超过上限 {most >> 20} MB。",
        f"it unpacks to {size >> 20} MB; the limit is {most >> 20} MB.",
    )


def _scan(name: str, content: bytes) -> SheetFacts:
    last_row, letters = 0, set()
    for column, row in FILLED_CELL.findall(content):
        letters.add(column)
        last_row = max(last_row, int(row))
    last_column = max((column_number(letter.decode()) + 1 for letter in letters), default=0)
    if last_row * last_column > MOST_CELLS:
        raise too_far(name, last_row, last_column)
    formulas = FORMULA.findall(content) if b"<f" in content or b":f" in content else []
    columns: list[int] = []
    for found in HIDDEN_COLUMN.findall(content):
        pairs = _attributes(found)
        if not pairs.get("min", "").isdecimal() or not pairs.get("max", "").isdecimal():
            continue
        first, last = int(pairs["min"]), int(pairs["max"])
        columns.extend(range(first - 1, min(last, max(last_column, first))))
    return SheetFacts(
        hidden_rows=tuple(int(row) - 1 for row in HIDDEN_ROW.findall(content)),
        hidden_columns=tuple(columns),
        n_formulas=len(formulas),
        without_value=frozenset(_place(*cell[:2]) for cell in formulas if not cell[2]),
        errors=frozenset(_place(*cell) for cell in ERROR_CELL.findall(content)),
    )


def _place(column: bytes, row: bytes) -> tuple[int, int]:
    return int(row) - 1, column_number(column.decode())


def too_far(name: str, last_row: int, last_column: int) -> Exception:
    """Return the error of a sheet whose cells span too large a rectangle."""
    cell = f"{column_letter(last_column - 1)}{last_row}"
    return unreadable(
        name,
        f"内容一直到 {cell}，共 {last_row} 行 × {last_column} 列，超过上限。"
        "请删除多余的行列，或分成几个文件。",
        f"its cells reach to {cell}: {last_row} rows × {last_column} columns are more than can be "
        "read. Delete what is not needed, or split it.",
    )


def _sheet_parts(archive: zipfile.ZipFile, names: list[str]) -> dict[str, str]:
    """Return the part of each sheet by its name."""
    book, relations = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
    if book not in names or relations not in names:
        return {}
    targets = {}
    for found in RELATION.findall(archive.read(relations)):
        pairs = _attributes(found)
        target = pairs.get("Target", "").lstrip("/")
        targets[pairs.get("Id", "")] = target if target.startswith("xl/") else f"xl/{target}"
    parts = {}
    for found in SHEET.findall(archive.read(book)):
        pairs = _attributes(found)
        relation = next((value for key, value in pairs.items() if key.endswith(":id")), "")
        parts[html.unescape(pairs.get("name", ""))] = targets.get(relation, "")
    return parts


def _attributes(text: bytes) -> dict[str, str]:
    return {
        key.decode(): (double or single).decode("utf-8", errors="replace")
        for key, double, single in ATTRIBUTE.findall(text)
    }


def _notes(names: list[str]) -> tuple[Note, ...]:
    lower = [name.lower() for name in names]
    notes = []
    if any(name.endswith("vbaproject.bin") for name in lower):
        notes.append(MACROS)
    n_links = sum(1 for name in lower if re.fullmatch(r"xl/externallinks/[^/]+\.xml", name))
    if n_links:
        text = Text("引用了其他文件：没有打开它们", "Links to other files: none was opened")
        notes.append(Note(text, n_links))
    return tuple(notes)


def _notes_of_old_format(path: Path) -> tuple[Note, ...]:
    with path.open("rb") as file:
        content = file.read(LARGEST_FILE_BYTES)
    return (MACROS,) if "_VBA_PROJECT".encode("utf-16-le") in content else ()


def column_number(letters: str) -> int:
    """Return the position of a column from 0: A → 0, AA → 26."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def column_letter(position: int) -> str:
    """Return what Excel calls a column: 0 → A, 26 → AA."""
    letters, number = "", position + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


MACROS = Note(Text("文件含宏：没有运行，只读取单元格", "It holds macros: none was run"))
