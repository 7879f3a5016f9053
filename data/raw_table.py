"""A file as it was read: headings, cells as text, row numbers, geometry, and what was noticed."""

import math
from dataclasses import dataclass, field
from datetime import date, datetime, time

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import CRS

from data.errors import ImportDataError
from data.findings import Note
from geo.text import Text

LARGEST_FILE_BYTES = 1 << 30  # 1 GiB, also for what an archive unpacks to


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
