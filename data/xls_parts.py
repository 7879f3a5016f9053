"""What an .xls file hides: rows and columns out of sight, formulas; and one that is safe to read.

Reads the records of the old binary format (BIFF8 in an OLE file, [MS-XLS], [MS-CFB]) that say so;
the cells themselves are the reader's. A damaged file gives what could be found, never an error.
The reader takes sizes and chains of a file for true, and a damaged one makes it take all memory:
so it gets a file made anew, of the one stream that counts, with its sizes checked.
"""

import struct
from collections.abc import Iterator
from pathlib import Path

from data.raw_table import MOST_CELLS
from data.xlsx_parts import SheetFacts, too_far

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
LARGEST_BYTES = 256 << 20
LAST_SECTOR = 0xFFFFFFFA  # numbers from here on are marks
TABLE_MARK, END_MARK, FREE_MARK = 0xFFFFFFFD, 0xFFFFFFFE, 0xFFFFFFFF
HEADER_FAT_SECTORS = 109
SMALL_SECTOR = 64
DIMENSIONS, SHARED_TEXTS = 0x0200, 0x00FC
CELLS = frozenset({0x0006, 0x00BD, 0x00D6, 0x00FD, 0x0203, 0x0204, 0x0205, 0x027E})
BOUND_SHEET, ROW, COLUMN_INFO, BOF, EOF = 0x0085, 0x0208, 0x007D, 0x0809, 0x000A
FORMULA, TRUTH_OR_ERROR = 0x0006, 0x0205
HIDDEN_ROW, HIDDEN_COLUMN = 0x20, 0x01
LAST_COLUMN = 255


def inspect_xls(path: Path) -> dict[str, SheetFacts]:
    """Return what is known of each sheet of an .xls file; nothing where it is none."""
    book = workbook_stream(path)
    try:
        return {name: _facts(book, start) for name, start in _sheets(book)}
    except (struct.error, IndexError, ValueError):
        return {}


def is_old_format(path: Path) -> bool:
    """Tell whether a file is an OLE file, whatever its name."""
    with path.open("rb") as file:
        return file.read(len(SIGNATURE)) == SIGNATURE


def workbook_stream(path: Path) -> bytes:
    """Return the bytes of the stream Workbook of an .xls file; empty where there is none."""
    if path.stat().st_size > LARGEST_BYTES:
        return b""
    try:
        return _workbook_stream(path.read_bytes())
    except (struct.error, IndexError, ValueError):
        return b""


def sound_xls(path: Path) -> bytes | None:
    """Return an .xls file made anew of the workbook of another; None where that is damaged.

    Raises
    ------
    ImportDataError
        Its cells reach too far.
    """
    book = bytearray(workbook_stream(path))
    n_rows = n_columns = 0
    try:
        for at, number, length in _places(book):
            if number == SHARED_TEXTS and struct.unpack_from("<I", book, at + 4)[0] > len(book):
                return None
            if number in CELLS and length >= 4:
                row, column = struct.unpack_from("<HH", book, at)
                n_rows, n_columns = max(n_rows, row + 1), max(n_columns, column + 1)
            if number == DIMENSIONS and length >= 12:
                # What it says is only a hint, and often far too much.
                struct.pack_into("<IIHH", book, at, 0, 1, 0, 1)
    except struct.error:
        return None
    if n_rows * n_columns > MOST_CELLS:
        raise too_far(path.name, n_rows, n_columns)
    return _ole_file(bytes(book)) if book else None


def _places(book: bytes | bytearray) -> Iterator[tuple[int, int, int]]:
    """Yield where the content of each record is, its number and its length."""
    at = 0
    while at + 4 <= len(book):
        number, length = struct.unpack_from("<HH", book, at)
        yield at + 4, number, min(length, len(book) - at - 4)
        at += 4 + length


def _ole_file(book: bytes) -> bytes:
    """Return an OLE file (sectors of 4 kB) with one stream, Workbook."""
    size = 1 << 12
    n = -(-max(len(book), 1) // size)
    n_tables = 1
    while n_tables * (size // 4) < n_tables + 2 + n:
        n_tables += 1
    # Tables, directory, the root's own stream (which must be there and holds nothing), workbook.
    start = n_tables + 2
    table = [*[TABLE_MARK] * n_tables, *[END_MARK] * 2, *range(start + 1, start + n), END_MARK]
    table += [FREE_MARK] * (n_tables * size // 4 - len(table))
    entries = _entry("Root Entry", 5, n_tables + 1, 0, 1) + _entry("Workbook", 2, start, n * size)
    header = SIGNATURE + bytes(16) + struct.pack("<HHHHH6x", 0x3E, 4, 0xFFFE, 12, 6)
    header += struct.pack("<9I", 1, n_tables, n_tables, 0, 4096, END_MARK, 0, END_MARK, 0)
    first = [*range(n_tables), *[FREE_MARK] * (HEADER_FAT_SECTORS - n_tables)]
    header += struct.pack(f"<{HEADER_FAT_SECTORS}I", *first)
    parts = (header, struct.pack(f"<{len(table)}I", *table), entries, bytes(size), book)
    return b"".join(part.ljust(-(-len(part) // size) * size, b"\0") for part in parts)


def _entry(name: str, kind: int, first: int, n_bytes: int, child: int = 0xFFFFFFFF) -> bytes:
    encoded = (name + "\0").encode("utf-16-le")
    entry = encoded.ljust(64, b"\0") + struct.pack("<HBB", len(encoded), kind, 1)
    entry += struct.pack("<3I", FREE_MARK, FREE_MARK, child) + bytes(36)
    return entry + struct.pack("<IQ", first, n_bytes)


def _workbook_stream(content: bytes) -> bytes:
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
            if n_bytes < struct.unpack_from("<I", content, 56)[0]:
                return _short_stream(content, size, table, directory, first)[:n_bytes]
            return _chain(content, size, table, first)[:n_bytes]
    return b""


def _short_stream(
    content: bytes, size: int, table: list[int], directory: bytes, first: int
) -> bytes:
    """Return a stream that is shorter than the cut-off: of small sectors in the root's stream."""
    (start,) = struct.unpack_from("<I", directory, 116)
    small = _chain(content, size, table, start)
    packed = _chain(content, size, table, struct.unpack_from("<I", content, 60)[0])
    follows = list(struct.unpack(f"<{len(packed) // 4}I", packed[: len(packed) // 4 * 4]))
    return _chain(bytes(SMALL_SECTOR) + small, SMALL_SECTOR, follows, first)


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
