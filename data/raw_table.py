"""A file as it was read: headings, cells as text, row numbers, geometry, and what was noticed."""

import math
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import CRS

from data.errors import ImportDataError
from data.findings import Note
from geo.text import Text

LARGEST_FILE_BYTES = 1 << 30  # 1 GiB, also for what an archive unpacks to
MOST_ROWS = 300_000  # of a table: more than any office's ledger; a city's layer is a vector file
MOST_CELLS = 6_000_000  # as a rectangle from A1 to the last cell with content


@dataclass(frozen=True)
class LeftOut:
    """A row that is no row of data, and why: `what` is one of `LEFT_OUT`."""

    row: int
    what: str
    text: str

    @property
    def title(self) -> Text:
        """What the row is, in words."""
        return LEFT_OUT[self.what]

    def as_dict(self) -> dict[str, Any]:
        """Return a value for JSON."""
        return {"row": self.row, "what": self.what, "text": self.text}


LEFT_OUT = {
    "title": Text("标题行", "title"),
    "total": Text("合计行", "total"),
    "note": Text("说明行", "note"),
    "numbering": Text("列号行", "numbers of the columns"),
    "heading": Text("重复的表头", "headings once more"),
}


@dataclass(frozen=True)
class SheetChoice:
    """A sheet of a workbook, or a layer of a file, that could have been read."""

    name: str
    n_rows: int
    fit: int  # known headings
    is_hidden: bool = False


@dataclass(frozen=True)
class CellFault:
    """A cell that has no value to be read: its row, the position of its column, text and rule."""

    row: int
    column: int
    text: str
    rule: str


@dataclass(frozen=True, eq=False)
class RawTable:
    """n rows of one file; the cells are text ("" = empty), one list of n a column."""

    headings: tuple[str, ...]
    columns: tuple[list[str], ...]
    source_rows: NDArray[np.int64]  # (n,) as a person counts: sheet row, or feature from 1
    geometry: NDArray[np.object_] | None = None  # (n,) shapely geometries or None
    crs: CRS | None = None  # of `geometry`, as the file says
    too_long: tuple[tuple[int, str], ...] = ()  # (row, first cell beyond the headings)
    notes: tuple[Note, ...] = field(default_factory=tuple)
    left_out: tuple[LeftOut, ...] = ()
    heading_rows: tuple[int, ...] = ()  # sheet rows; empty where the format has no such
    sheet: str = ""  # that was read
    sheets: tuple[SheetChoice, ...] = ()  # all of them
    shared: frozenset[tuple[int, int]] = frozenset()  # (row, column) filled from a merged cell
    faults: tuple[CellFault, ...] = ()

    def __len__(self) -> int:
        return len(self.source_rows)


def unreadable(name: str, zh: str, en: str) -> ImportDataError:
    """Return the error of a file that cannot be read; `zh` and `en` say why and what to do."""
    return ImportDataError(Text(f"{name} 无法导入：{zh}", f"{name} cannot be imported: {en}"))


def cell_text(value: object) -> str:
    """Return a cell or attribute as text, the way that the office reads it.

    Whole numbers keep all their digits and get no ".0"; a date without a time is only a date.
    """
    if value is None or value is pd.NaT or value is pd.NA:
        return ""
    if isinstance(value, bool | np.bool_):
        return "是" if value else "否"
    if isinstance(value, float | np.floating):
        number = float(value)
        if math.isnan(number):
            return ""
        return str(int(number)) if number.is_integer() and abs(number) < 2**53 else str(number)
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date | time) else str(value).strip()
