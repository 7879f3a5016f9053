"""Mends that are offered, never made unasked: what stands in a cell → what was probably meant.

A coordinate is mended only where the result lies among what is known: the grids and compounds of
the database, or else the other rows of the file.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from data.cells import plain_cell
from data.column_mapping import place_columns
from data.findings import Findings
from data.raw_table import RawTable
from geo.text import Text

Pair = tuple[float, float]
Box = tuple[float, float, float, float]  # west, south, east, north in degrees

MENDS = {
    "swapped": Text("经度和纬度互换", "longitude and latitude change places"),
    "written": Text("坐标里的文字、度分秒换算成度", "words, degrees and minutes become degrees"),
    "digit": Text("经纬度补上漏掉的一位数字", "one digit that was left out is put back"),
    "dot": Text("经纬度补上漏掉的小数点", "the decimal point that was left out is put back"),
    "minutes": Text(
        "度分秒写成了小数（118.1836 = 118°18′36″），换算成度",
        "minutes and seconds written as decimals (118.1836 = 118°18′36″) become degrees",
    ),
    "date": Text("被 Excel 变成日期的楼栋号改回", "building numbers that Excel made dates"),
}
CHINA: Box = (73.0, 3.0, 136.0, 54.0)
FEWEST_ROWS = 5  # that agree, to say where a file lies
SPREADS = 8.0  # how many median deviations off the middle is still among the others
LEAST_REACH_DEGREES = 0.15
DECIMALS = 7
PLACELESS = frozenset({"coordinates", "out_of_range", "swapped"})
DMS = re.compile(
    r"(?P<d>\d{1,3})(?:°|度|º|:|\s)\s*(?P<m>\d{1,2}(?:\.\d+)?)(?:['′’‘´`]|分|:|\s|$)\s*"
    r"(?:(?P<s>\d{1,2}(?:\.\d+)?)\s*(?:[\"″”“]|''|′′|秒|$))?"
)
WORDS = re.compile(r"(?:东经|北纬|经度|纬度|longitude|latitude|lng|lon|lat|[enEN]|[:：=°度])")

NORTH, EAST = "北纬|纬度|lat|n$|^n", "东经|经度|lon|lng|e$|^e"


@dataclass(frozen=True)
class CellMend:
    """One row: the heading, what stands there, and what it becomes."""

    row: int
    column: str
    before: str
    after: str

    def as_dict(self) -> dict[str, Any]:
        """Return a value for JSON."""
        return {"row": self.row, "column": self.column, "before": self.before, "after": self.after}


@dataclass(frozen=True)
class Mend:
    """All cells that one kind of mend changes; `kind` is one of `MENDS`."""

    kind: str
    cells: tuple[CellMend, ...]
    is_applied: bool = False

    @property
    def title(self) -> Text:
        """What it does, in words."""
        return MENDS[self.kind]

    def as_dict(self) -> dict[str, Any]:
        """Return a value for JSON."""
        cells = [cell.as_dict() for cell in self.cells]
        return {"kind": self.kind, "applied": self.is_applied, "cells": cells}


def find_mends(
    raw: RawTable,
    places: NDArray[np.object_] | None,
    findings: Findings,
    number_column: int | None,
    known: Box | None,
) -> tuple[Mend, ...]:
    """Return what could be mended in a table.

    Parameters
    ----------
    places
        Geometry (n,) in EPSG:4326 as the rows were read, None where refused.
    number_column
        Position of the column of building numbers.
    known
        Where the database's grids and compounds lie; None where it has none.
    """
    offered: dict[str, list[CellMend]] = defaultdict(list)
    if places is not None:
        box = known or _box_of(places)
        for i in _doubtful(raw, places, findings, box):
            kind, cells = _mend_place(raw, i, box)
            offered[kind].extend(cells)
    offered.pop("", None)
    if number_column is not None:
        heading = raw.headings[number_column]
        for row, cell in zip(raw.source_rows, raw.columns[number_column], strict=True):
            found = re.fullmatch(r"\d{4}-(\d\d)-(\d\d)", cell)
            if found:
                after = f"{int(found[1])}-{int(found[2])}"
                offered["date"].append(CellMend(int(row), heading, cell, after))
    return tuple(Mend(kind, tuple(offered[kind])) for kind in MENDS if offered.get(kind))


def apply_mends(raw: RawTable, mends: Iterable[Mend], kinds: Collection[str]) -> RawTable:
    """Return the table with the mends of some kinds made."""
    made = [mend for mend in mends if mend.kind in kinds]
    position = {int(row): i for i, row in enumerate(raw.source_rows)}
    columns = [list(column) for column in raw.columns]
    geometry = None if raw.geometry is None else raw.geometry.copy()
    for mend in made:
        for cell in mend.cells:
            i = position[cell.row]
            if cell.column == "geometry" and geometry is not None:
                geometry[i] = _turned(geometry[i])
            else:
                columns[raw.headings.index(cell.column)][i] = cell.after
    return replace(raw, columns=tuple(columns), geometry=geometry)


def _box_of(places: NDArray[np.object_]) -> Box | None:
    """Return where most rows of a file lie; None where too few do."""
    xy = _centres(places)
    inside = xy[_is_in(xy, CHINA)]
    if len(inside) < FEWEST_ROWS:
        return None
    middle = np.median(inside, axis=0)
    spread = np.median(np.abs(inside - middle), axis=0)
    reach = np.maximum(SPREADS * spread, LEAST_REACH_DEGREES)
    west, south = middle - reach
    east, north = middle + reach
    return float(west), float(south), float(east), float(north)


def _doubtful(
    raw: RawTable, places: NDArray[np.object_], findings: Findings, box: Box | None
) -> list[int]:
    """Return the positions of rows whose place was refused or lies far from all others."""
    refused = {cell.row for cell in findings.refused if cell.rule in PLACELESS}
    is_refused = np.array([int(row) in refused for row in raw.source_rows], dtype=bool)
    if box is None:
        return [int(i) for i in np.flatnonzero(is_refused)]
    xy = _centres(places)
    is_far = np.isfinite(xy).all(axis=1) & ~_is_in(xy, box)
    return [int(i) for i in np.flatnonzero(is_refused | is_far)]


def _centres(places: NDArray[np.object_]) -> NDArray[np.float64]:
    bounds = shapely.bounds(places)
    return np.asarray((bounds[:, :2] + bounds[:, 2:]) / 2)


def _is_in(xy: NDArray[np.float64], box: Box) -> NDArray[np.bool_]:
    west, south, east, north = box
    x, y = xy[:, 0], xy[:, 1]
    return np.asarray((x >= west) & (x <= east) & (y >= south) & (y <= north))


def _mend_place(raw: RawTable, i: int, box: Box | None) -> tuple[str, list[CellMend]]:
    """Return the kind of mend and the cells of one row; "" where there is none."""
    row = int(raw.source_rows[i])
    if raw.geometry is not None:
        shape = raw.geometry[i]
        if shape is None or not _all_in(_turned(shape), box or CHINA):
            return "", []
        return "swapped", [CellMend(row, "geometry", _shown(shape), _shown(_turned(shape)))]
    columns = list(place_columns(raw).values())
    if not columns:
        return "", []
    texts = [raw.columns[at][i] for at in columns]
    kind, pair = _meant(texts, box)
    if pair is None:
        return "", []
    after = [_degrees(value) for value in pair]
    if len(columns) == 1:
        after = [",".join(after)]
    cells = [
        CellMend(row, raw.headings[at], before, text)
        for at, before, text in zip(columns, texts, after, strict=True)
        if before != text
    ]
    return kind, cells


def _all_in(shape: Any, box: Box) -> bool:  # noqa: ANN401 - any shapely geometry
    return bool(_is_in(shapely.get_coordinates(shape), box).all())


def _turned(shape: Any) -> Any:  # noqa: ANN401 - any shapely geometry
    return shapely.transform(shape, lambda xy: xy[:, ::-1])


def _shown(shape: Any) -> str:  # noqa: ANN401 - any shapely geometry
    x, y = shapely.get_coordinates(shape)[0]
    return f"{x:.6g},{y:.6g}"


def _degrees(value: float) -> str:
    return f"{value:.{DECIMALS}f}".rstrip("0").rstrip(".")


def _meant(texts: Sequence[str], box: Box | None) -> tuple[str, Pair | None]:
    """Return the first kind of mend that brings a pair among what is known, and the pair."""
    where = box or CHINA
    pair = _numbers(texts)
    if pair is None:
        written = _written(texts)
        return ("written", written) if written and _holds(where, written) else ("", None)
    ways: list[tuple[str, Callable[[Pair], list[Pair]]]] = [("swapped", lambda p: [p[::-1]])]
    if box is not None:  # these would fit anywhere: only a known place can tell
        ways += [("minutes", _from_minutes), ("dot", _with_dot), ("digit", _with_digit)]
    for kind, way in ways:
        fitting = {found for found in way(pair) if _holds(where, found)}
        if len(fitting) == 1:
            return kind, fitting.pop()
    return "", None


def _holds(box: Box, pair: Pair) -> bool:
    return bool(_is_in(np.array([pair]), box)[0])


def _numbers(texts: Sequence[str]) -> Pair | None:
    parts = [plain_cell(text).strip("°") for text in texts]
    if len(parts) == 1:
        parts = re.split(r"[,;、\s]+", parts[0])
    try:
        x, y = (float(part) for part in parts)
    except ValueError:
        return None
    return (x, y) if np.isfinite([x, y]).all() else None


def _written(texts: Sequence[str]) -> Pair | None:
    """Read degrees, minutes and seconds, words beside a number, or a decimal comma."""
    parts = [plain_cell(text) for text in texts]
    if len(parts) == 1:
        halves = re.split(r"[,;、]|(?<=[\"″”秒'′分en])\s+(?=\D*\d)", parts[0])
        parts = [half for half in halves if half.strip()]
    values = [_one_written(part) for part in parts]
    if len(values) != 2 or None in values:
        return None
    x, y = values
    # "北纬…，东经…": the words tell which is which.
    is_turned = re.search("北纬|纬度|lat|n", parts[0]) and re.search(
        "东经|经度|lon|lng|e", parts[1]
    )
    return (y, x) if is_turned else (x, y)  # type: ignore[return-value]


def _one_written(part: str) -> float | None:
    bare = re.sub(r"东经|北纬|经度|纬度|longitude|latitude|lng|lon|lat|[en]|^\s*[:=]", " ", part)
    bare = bare.strip(" :=")
    found = DMS.fullmatch(bare)
    if found:
        minutes, seconds = float(found["m"]), float(found["s"] or 0)
        if minutes >= 60 or seconds >= 60:
            return None
        return int(found["d"]) + minutes / 60 + seconds / 3600
    number = WORDS.sub("", bare).strip().replace(",", ".")
    return float(number) if re.fullmatch(r"\d{1,3}\.\d+", number) else None


def _from_minutes(pair: Pair) -> list[Pair]:
    x, y = (_minute_value(value) for value in pair)
    return [] if x is None or y is None else [(x, y)]


def _minute_value(value: float) -> float | None:
    """Read 118.1836 as 118°18′36″; None where there is no such minute or second."""
    whole = int(value)
    rest = round((value - whole) * 100, 8)
    minutes = int(rest)
    seconds = round((rest - minutes) * 100, 6)
    if value < 0 or minutes >= 60 or seconds >= 60:
        return None
    return round(whole + minutes / 60 + seconds / 3600, DECIMALS)


def _with_dot(pair: Pair) -> list[Pair]:
    """Return pairs whose numbers without a decimal point have one behind the degrees."""
    return [(x, y) for x in _dotted(pair[0], 3) for y in _dotted(pair[1], 2) if (x, y) != pair]


def _dotted(value: float, n_digits: int) -> list[float]:
    digits = str(int(value)) if value == int(value) else ""
    if len(digits) > n_digits + 1:
        return [float(f"{digits[:n_digits]}.{digits[n_digits:]}")]
    return [value]


def _with_digit(pair: Pair) -> list[Pair]:
    """Return pairs in which one number has one more digit before its decimal point."""
    x, y = pair
    return [(more, y) for more in _longer(x)] + [(x, more) for more in _longer(y)]


def _longer(value: float) -> list[float]:
    whole, _, decimals = f"{abs(value):.{DECIMALS}f}".partition(".")
    if len(whole) > 2:
        return []
    texts = {
        whole[:at] + digit + whole[at:] for at in range(len(whole) + 1) for digit in "0123456789"
    }
    return sorted(float(f"{text}.{decimals}") for text in texts if not text.startswith("0"))
