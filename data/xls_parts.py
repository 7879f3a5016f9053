"""What an .xls file hides: rows and columns out of sight, formulas, macros.

Reads the records of the old binary format (BIFF8 in an OLE file, [MS-XLS], [MS-CFB]) that say so;
the cells themselves are the reader's. A damaged file gives what could be found, never an error.
"""

import struct
from collections.abc import Iterator
from pathlib import Path

from data.xlsx_parts import SheetFacts

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
LARGEST_BYTES = 256 << 20
LAST_SECTOR = 0xFFFFFFFA  # numbers from here on are marks
HEADER_FAT_SECTORS = 109
BOUND_SHEET, ROW, COLUMN_INFO, BOF, EOF = 0x0085, 0x0208, 0x007D, 0x0809, 0x000A
FORMULA, TRUTH_OR_ERROR = 0x0006, 0x0205
HIDDEN_ROW, HIDDEN_COLUMN = 0x20, 0x01
LAST_COLUMN = 255


def inspect_xls(path: Path) -> dict[str, SheetFacts]:
    """Return what is known of each sheet of an .xls file; nothing where it is none."""
    if path.stat().st_size > LARGEST_BYTES:
        return {}
    content = path.read_bytes()
    try:
        book = _workbook_stream(content)
        return {name: _facts(book, start) for name, start in _sheets(book)}
    except (struct.error, IndexError, ValueError):
        return {}


def _workbook_stream(content: bytes) -> bytes:
    """Return the bytes of the stream Workbook; empty where there is none."""
    if not content.startswith(SIGNATURE):
        return b""
    size = 1 << min(struct.unpack_from("<H", content, 30)[0], 12)
    (first_directory,) = struct.unpack_from("<I", content, 48)
    table = _sector_table(content, size)
    directory = _chain(content, size, table, first_directory)
    for at in range(0, len(directory) - 127, 128):
        (length,) = struct.unpack_from("<H", directory, at + 64)
        name = directory[at : at + max(length - 2, 0)].decode("utf-16-le", errors="replace")
        if name in {"Workbook", "Book"}:
            first, n_bytes = struct.unpack_from("<II", directory, at + 116)
            return _chain(content, size, table, first)[:n_bytes]
    return b""


def _sector_table(content: bytes, size: int) -> list[int]:
    """Return for each sector the one that follows it."""
    (first_more,) = struct.unpack_from("<I", content, 68)
    sectors = list(struct.unpack_from(f"<{HEADER_FAT_SECTORS}I", content, 76))
    seen: set[int] = set()
    while first_more < LAST_SECTOR and first_more not in seen:
        seen.add(first_more)
        more = struct.unpack_from(f"<{size // 4}I", content, (first_more + 1) * size)
        sectors += more[:-1]
        first_more = more[-1]
    table: list[int] = []
    for sector in sectors:
        if sector < LAST_SECTOR:
            table += struct.unpack_from(f"<{size // 4}I", content, (sector + 1) * size)
    return table


def _chain(content: bytes, size: int, table: list[int], sector: int) -> bytes:
    parts, seen = [], set()
    while sector < len(table) and sector not in seen:
        seen.add(sector)
        parts.append(content[(sector + 1) * size : (sector + 2) * size])
        sector = table[sector]
    return b"".join(parts)


def _records(book: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    while at + 4 <= len(book):
        number, length = struct.unpack_from("<HH", book, at)
        yield number, book[at + 4 : at + 4 + length]
        at += 4 + length


def _sheets(book: bytes) -> Iterator[tuple[str, int]]:
    """Yield the name of each sheet and where its records begin."""
    for number, content in _records(book, 0):
        if number == EOF:
            return
        if number == BOUND_SHEET and len(content) > 8:
            (start,) = struct.unpack_from("<I", content)
            encoding = "utf-16-le" if content[7] & 1 else "latin-1"
            yield content[8:].decode(encoding, errors="replace"), start


def _facts(book: bytes, start: int) -> SheetFacts:
    rows: list[int] = []
    columns: list[int] = []
    errors: set[tuple[int, int]] = set()
    n_formulas, depth = 0, 0
    for number, content in _records(book, start):
        depth += (number == BOF) - (number == EOF)
        if depth == 0:
            break
        if depth > 1:
            continue  # a chart inside of the sheet
        if number == ROW and content[12] & HIDDEN_ROW:
            rows.append(struct.unpack_from("<H", content)[0])
        elif number == COLUMN_INFO and content[8] & HIDDEN_COLUMN:
            first, last = struct.unpack_from("<HH", content)
            columns.extend(range(first, min(last, LAST_COLUMN) + 1))
        elif number in {FORMULA, TRUTH_OR_ERROR} and _is_error(number, content):
            row, column = struct.unpack_from("<HH", content)
            errors.add((row, column))
        n_formulas += number == FORMULA
    return SheetFacts(tuple(rows), tuple(columns), n_formulas, errors=frozenset(errors))


def _is_error(number: int, content: bytes) -> bool:
    """Tell whether a cell holds #DIV/0! or the like, as a constant or as a formula's result."""
    if number == TRUTH_OR_ERROR:
        return content[7] == 1
    return content[12:14] == b"\xff\xff" and content[6] == 2
