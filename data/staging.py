"""From a file as read to rows for a table: columns found, cells read, shapes checked."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from data.cells import CellError, is_unknown, parse_count, parse_services
from data.column_mapping import ColumnMapping, match_columns, with_place_headings
from data.errors import ImportDataError
from data.fields import REASON, ROW_ID, ROW_NUMBER, Field, Kind, is_personal
from data.findings import Findings, masked, without_personal
from data.models import Datum
from data.positions import Reference, read_positions
from data.raw_table import RawTable
from geo.text import Text

POINT, POLYGON, MULTI_POINT, MULTI_POLYGON = 0, 3, 4, 6
CODE_FIELDS = {"code", "community_code"}
# 3.41103E+14: what Excel makes of 15 digits when it saves a CSV file.
ROUNDED_CODE = re.compile(r"\d(?:\.\d+)?[eE]\+?\d{1,2}")
OURS = frozenset({"", ROW_ID, ROW_NUMBER, REASON})
ADDRESSED = ("buildings", "stations", "candidates")
UNREAD = "\0"  # stands for a cell whose fault is said already
KEEPS_TEXT = {None, parse_services}  # what the parsers of text columns can be


@dataclass(frozen=True, eq=False)
class Staged:
    """Rows on their way into a table.

    `rows`: index = row in the file; a column for each field of the kind that the file has, and
    geometry (shapely, EPSG:4326), footprint (buildings), original_x, original_y, original_datum.
    Refused rows are still there; `data.findings` names them.
    """

    rows: pd.DataFrame
    headings: dict[str, str]  # field -> heading in the file
    unread: tuple[str, ...]  # headings of columns that were not read
    reference: str


def stage(
    raw: RawTable,
    kind: Kind,
    reference: Reference,
    findings: Findings,
    mapping: ColumnMapping | None = None,
) -> Staged:
    """Read the columns of a kind from a raw table; bad cells refuse their row in `findings`.

    Raises
    ------
    ImportDataError
        A column that the kind cannot do without is missing, or nothing gives the positions.
    """
    is_trip = ROW_ID in raw.headings  # exported by us: in WGS84, and outlines stay as they are
    if is_trip and not reference.name:
        reference = Reference(datum=Datum.WGS84)
    # Where an address can stand for the place, a row may do without coordinates.
    by_address = raw.geometry is None and has_addresses(raw, kind, mapping)
    placed = replace(kind, shape="optional") if is_trip or by_address else kind
    positions = read_positions(with_place_headings(raw, mapping), placed, reference, findings)
    taken = set(positions.used) if positions else set()
    columns = match_columns(raw.headings, kind, taken, mapping)
    if not is_trip:
        check_columns(raw, kind, columns)
    for row, cell in raw.too_long:
        findings.refuse(row, "", cell, "too_many_cells")
    values = {
        field.name: _read_column(raw, field, columns[field.name], findings)
        for field in kind.fields
        if field.name in columns
    }
    rows = pd.DataFrame(values, index=raw.source_rows, dtype=object)
    if positions is not None:
        rows["geometry"] = positions.geometry
        rows["original_x"], rows["original_y"] = positions.original_x, positions.original_y
        rows["original_datum"] = positions.reference.name
        _check_shapes(rows, kind, findings)
    unread = _name_unread(raw, {*columns.values(), *taken}, findings)
    headings = {name: raw.headings[i] for name, i in columns.items()}
    return Staged(rows, headings, unread, positions.reference.name if positions else "")


def has_addresses(raw: RawTable, kind: Kind, mapping: ColumnMapping | None = None) -> bool:
    """Tell whether an address can place the rows of a table: the kind is one, and has a column."""
    return kind.name in ADDRESSED and "address" in match_columns(raw.headings, kind, set(), mapping)


def check_columns(raw: RawTable, kind: Kind, columns: dict[str, int]) -> None:
    """Raise ImportDataError where a column that the kind cannot do without is missing."""
    missing = [field for field in kind.fields if field.is_needed and field.name not in columns]
    if kind.name == "grids" and not columns.keys() & {"name", "code"}:
        missing = [field for field in kind.fields if field.name in {"name", "code"}]
    if missing:
        wanted = "、".join("/".join(field.headings[:4]) for field in missing)
        found = "、".join(raw.headings)
        raise ImportDataError(
            Text(
                f"缺少必需的列：{wanted}。现有列：{found or '没有'}。",
                f"A column is missing: {wanted}. The file has: {found or 'none'}.",
            )
        )


def _read_column(raw: RawTable, field: Field, at: int, findings: Findings) -> NDArray[np.object_]:
    """Return the values (n,) of a field; None where unknown or refused."""
    texts: Sequence[str] = raw.columns[at]
    heading = raw.headings[at]
    if field.parse in KEEPS_TEXT and field.name not in CODE_FIELDS:
        texts, n_hidden = without_personal(
            texts, findings.known_codes, is_of_persons=findings.is_of_persons
        )
        findings.note(
            f"“{heading}”列中有身份证号或电话号码，已去掉，不入库",
            f"ID-card or telephone numbers in the column {heading!r} were taken out, not stored",
            n_hidden,
        )
    texts = list(texts)
    _take_out_faults(raw, at, texts, findings)
    if field.parse is parse_count:
        _count_once(raw, at, texts, findings)
    read: dict[str, Any] = {}
    broken: dict[str, str] = {}
    for text in set(texts):  # most cells of a column repeat
        try:
            read[text] = _value(text, field)
        except CellError as error:
            broken[text] = error.rule
    values = np.empty(len(texts), dtype=object)
    for i, text in enumerate(texts):
        if text in broken:
            findings.refuse(raw.source_rows[i], heading, text, broken[text])
        else:
            values[i] = read[text]
    return values


def _take_out_faults(raw: RawTable, at: int, texts: list[str], findings: Findings) -> None:
    """Refuse the rows whose cell in a column is a formula without a value, and blank it."""
    faults = [fault for fault in raw.faults if fault.column == at]
    position = {int(row): i for i, row in enumerate(raw.source_rows)} if faults else {}
    for fault in faults:
        findings.refuse(fault.row, raw.headings[at], fault.text, fault.rule)
        texts[position[fault.row]] = UNREAD


def _count_once(raw: RawTable, at: int, texts: list[str], findings: Findings) -> None:
    """Leave a count that a merge spreads over several rows to the first of them."""
    is_shared = [(int(row), at) in raw.shared for row in raw.source_rows]
    for i in np.flatnonzero(is_shared):
        texts[i] = ""
    findings.note(
        f"“{raw.headings[at]}”列有合并单元格：数值只记在第一行，其余行按未知",
        f"merged cells in the column {raw.headings[at]!r}: the number counts in their first row, "
        "the others are not known",
        sum(is_shared),
    )


def _value(text: str, field: Field) -> Any:  # noqa: ANN401 - of the field's type
    if text == UNREAD:
        return None  # the row is refused already
    if field.name in CODE_FIELDS and ROUNDED_CODE.fullmatch(text):
        raise CellError("code_rounded")
    if field.is_needed and is_unknown(text):
        raise CellError("needed")
    if field.parse is not None:
        return field.parse(text)
    return "" if is_unknown(text) else text.strip()


def _check_shapes(rows: pd.DataFrame, kind: Kind, findings: Findings) -> None:
    """Refuse shapes that the kind cannot have, mend invalid outlines, split buildings."""
    geometry = np.array(rows["geometry"], dtype=object)
    types = shapely.get_type_id(geometry)
    single = (types == MULTI_POINT) & (shapely.get_num_geometries(geometry) == 1)
    geometry[single] = shapely.get_geometry(geometry[single], 0)
    types = shapely.get_type_id(geometry)
    allowed, rule = {
        "polygon": ((POLYGON, MULTI_POLYGON), "polygon"),
        "point": ((POINT,), "point"),
        "polygon_or_point": ((POINT, POLYGON, MULTI_POLYGON), "polygon_or_point"),
        "optional": ((POINT,) if kind.name == "members" else (POLYGON, MULTI_POLYGON), "polygon"),
        "any": (tuple(range(8)), "geometry"),
    }[kind.shape]
    rule = "point" if kind.name == "members" else rule
    is_wrong = ~np.isin(types, allowed) & ~shapely.is_missing(geometry)
    # A table of communities may have points; they say nothing of the outline and are not kept.
    for i in np.flatnonzero(is_wrong):
        findings.refuse(int(rows.index.to_numpy()[i]), "geometry", geometry[i].geom_type, rule)
        geometry[i] = None
    _mend(geometry, findings)
    rows["geometry"] = geometry
    if kind.name == "buildings":
        is_area = shapely.get_dimensions(geometry) == 2
        footprint = geometry.copy()
        footprint[~is_area] = None
        geometry[is_area] = shapely.point_on_surface(geometry[is_area])
        rows["footprint"], rows["geometry"] = footprint, geometry


def _mend(geometry: NDArray[np.object_], findings: Findings) -> None:
    """Make invalid outlines valid, in place; lines and points that are left over fall away."""
    is_bad = (shapely.get_dimensions(geometry) == 2) & ~shapely.is_valid(geometry)
    if is_bad.any():
        geometry[is_bad] = shapely.make_valid(
            geometry[is_bad], method="structure", keep_collapsed=False
        )
        findings.note(
            "面自相交或无效，已修正", "outlines that were not valid were mended", int(is_bad.sum())
        )


def _name_unread(raw: RawTable, used: set[int], findings: Findings) -> tuple[str, ...]:
    # A file without headings has its first row in their place.
    unread = [masked(h)[0] for i, h in enumerate(raw.headings) if i not in used and h not in OURS]
    personal = [heading for heading in unread if is_personal(heading)]
    if personal:
        findings.note(
            f"个人信息列未读取、不入库：{'、'.join(personal)}",
            f"Columns about persons are left unread: {', '.join(personal)}",
            len(personal),
        )
    others = [heading for heading in unread if heading not in personal]
    if others:
        findings.note(
            f"未使用的列：{'、'.join(others)}",
            f"Columns not used: {', '.join(others)}",
            len(others),
        )
    return tuple(unread)
