"""Rows of the database as a table with a number for each, and what was changed in it since."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import shapely
import sqlalchemy as sa

from data.cells import BASE_KINDS, STATES, plain_cell
from data.column_mapping import PLACE_FIELDS
from data.fields import KINDS, ROW_ID, Field, Kind
from data.findings import Findings
from data.linking import current_rows
from data.raw_table import RawTable
from data.staging import Staged
from data.tables import table_of
from geo.hours import describe, from_json

MEMBER_KINDS = {"community": "社区", "in_service": "在职", "mobile": "流动", "other": "其他"}
STATE_WORDS = {state: words[0] for state, words in STATES.items()}
BASE_WORDS = {kind: words[1] for kind, words in BASE_KINDS.items()}
NOT_STORED = {"home"}  # fields that are read and not kept
LINK_FIELDS = {
    "grids": ("community", "community_code", "code"),
    "gates": ("compound",),
    "buildings": ("compound",),
    "members": ("compound", "number"),
}
POINT_DECIMALS = 8
# What a former row keeps that no column of the table says.
KEPT_COLUMNS = ("footprint", "original_x", "original_y", "original_datum")
LINK_COLUMNS = ("community_id", "compound_id", "building_id", "compound_name", "is_derived")


@dataclass(frozen=True)
class Exported:
    """The current rows of a kind as an office sees them: `rows` has a list of cells for each id."""

    fields: tuple[str, ...]
    headings: tuple[str, ...]
    rows: dict[int, list[str]]


@dataclass(frozen=True, eq=False)
class Trip:
    """Which rows of a file stand for which rows of the database, and what was changed.

    `former`: row in the file → id of the current row whose place it takes; `unchanged`: rows that
    say what is known already; `changes`: row → headings that differ.
    """

    former: dict[int, int] = field(default_factory=dict)
    unchanged: frozenset[int] = frozenset()
    changes: dict[int, list[str]] = field(default_factory=dict)
    n_new: int = 0


def exported_fields(kind: Kind) -> tuple[Field, ...]:
    """Return the fields of a kind that an exported table has as columns."""
    return tuple(field for field in kind.fields if field.name not in NOT_STORED)


def shown_heading(field: Field) -> str:
    """Return what a field's column is called in tables of ours: its title, where it is read."""
    return field.title.zh if field.title.zh in field.headings else field.headings[0]


def has_point_columns(kind: Kind) -> bool:
    """Tell whether a table of a kind has columns of longitude and latitude."""
    return kind.shape in {"point", "polygon_or_point"} or kind.name == "members"


def export_rows(connection: sa.Connection, kind_name: str) -> Exported:
    """Return the current rows of a kind as texts that the import reads back as they are."""
    kind = KINDS[kind_name]
    fields = exported_fields(kind)
    table = table_of(kind_name)
    records = connection.execute(
        sa.select(table).where(table.c.replaced_by.is_(None)).order_by(table.c.id)
    ).mappings()
    lookup = _lookups(connection, kind_name)
    has_points = has_point_columns(kind)
    names = [field.name for field in fields] + (["lon", "lat"] if has_points else [])
    headings = [shown_heading(field) for field in fields]
    headings += [PLACE_FIELDS["lon"][0], PLACE_FIELDS["lat"][0]] if has_points else []
    rows = {}
    for record in records:
        cells = [_cell(kind_name, field.name, record, lookup) for field in fields]
        rows[int(record["id"])] = cells + (_point_cells(record["geometry"]) if has_points else [])
    return Exported(tuple(names), tuple(headings), rows)


def _lookups(connection: sa.Connection, kind: str) -> dict[str, dict[int, Any]]:
    lookup: dict[str, dict[int, Any]] = {}
    if kind == "grids":
        known = current_rows(connection, "communities", "id", "code", "name")
        lookup["community"] = dict(zip(known["id"], known["name"], strict=True))
        lookup["community_code"] = dict(zip(known["id"], known["code"], strict=True))
    if kind in {"gates", "members"}:
        known = current_rows(connection, "compounds", "id", "name")
        lookup["compound"] = dict(zip(known["id"], known["name"], strict=True))
    if kind == "members":
        known = current_rows(connection, "buildings", "id", "compound_name", "number")
        pairs = zip(known["compound_name"], known["number"], strict=True)
        lookup["building"] = dict(zip(known["id"], pairs, strict=True))
    return lookup


def _cell(
    kind: str, name: str, record: Mapping[Any, Any], lookup: dict[str, dict[int, Any]]
) -> str:
    if kind == "grids" and name in {"community", "community_code"}:
        return str(lookup[name].get(record["community_id"]) or "")
    if kind == "gates" and name == "compound":
        return str(lookup["compound"].get(record["compound_id"], ""))
    if kind == "buildings" and name == "compound":
        return str(record["compound_name"])
    if kind == "members" and name in {"compound", "number"}:
        building = lookup["building"].get(record["building_id"], ("", ""))
        compound = lookup["compound"].get(record["compound_id"], "") or building[0]
        return str(compound if name == "compound" else building[1])
    return value_text(kind, name, record[name])


def value_text(kind: str, name: str, value: Any) -> str:  # noqa: ANN401 - of any column
    """Return a stored value as the cell that the import reads back as the same value."""
    if value is None:
        return ""
    if name == "hours":
        return describe(from_json(value), "zh")
    if name in {"kind", "state"}:
        words = {"members": MEMBER_KINDS, "base": BASE_WORDS, "stations": STATE_WORDS}
        return words[kind][str(value)]
    if isinstance(value, list):
        return "、".join(map(str, value))
    return _plain_text(value)


def _plain_text(value: object) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float):
        return "" if math.isnan(value) else str(int(value)) if value.is_integer() else repr(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def _point_cells(wkb: bytes | None) -> list[str]:
    shape = None if wkb is None else shapely.from_wkb(wkb)
    if shape is None or shape.geom_type != "Point":
        return ["", ""]  # an outline stays as it is
    return [_degrees(shapely.get_x(shape)), _degrees(shapely.get_y(shape))]


def _degrees(value: float) -> str:
    return f"{value:.{POINT_DECIMALS}f}".rstrip("0").rstrip(".")


def is_trip(raw: RawTable) -> bool:
    """Tell whether a table has our column of row numbers."""
    return ROW_ID in raw.headings


def compare(
    connection: sa.Connection, kind: str, raw: RawTable, findings: Findings
) -> tuple[Trip, Exported]:
    """Compare a table that was exported before with what the database holds now.

    Rows without a number are new. A number that is not known, or stands twice, refuses its row.
    """
    exported = export_rows(connection, kind)
    current = _current_ids(connection, kind)
    at = {name: raw.headings.index(name) for name in exported.headings if name in raw.headings}
    former: dict[int, int] = {}
    unchanged: set[int] = set()
    changes: dict[int, list[str]] = {}
    seen: set[int] = set()
    n_new = 0
    for i, text in enumerate(raw.columns[raw.headings.index(ROW_ID)]):
        row = int(raw.source_rows[i])
        if not text:
            n_new += 1
            continue
        known = current.get(int(text)) if text.isdecimal() else None
        if known is None or known in seen:
            findings.refuse(row, ROW_ID, text, "duplicate_in_file" if known else "id_unknown")
            continue
        seen.add(known)
        was = dict(zip(exported.headings, exported.rows[known], strict=True))
        differing = [h for h, c in at.items() if _plain(raw.columns[c][i]) != _plain(was[h])]
        if differing:
            former[row], changes[row] = known, differing
        else:
            unchanged.add(row)
    return Trip(former, frozenset(unchanged), changes, n_new), exported


def _plain(text: str) -> str:
    """Return a cell so that two which mean the same are the same: 3500.0 and 3500."""
    plain = plain_cell(text)
    try:
        number = float(plain)
    except ValueError:
        return plain
    return f"{number:.12g}" if math.isfinite(number) else plain


def _current_ids(connection: sa.Connection, kind: str) -> dict[int, int]:
    """Return the current row that stands for each id, former ones too."""
    table = table_of(kind)
    rows = connection.execute(sa.select(table.c.id, table.c.replaced_by, table.c.replaces_id)).all()
    successor = {former: i for i, _, former in rows if former is not None}
    current = {}
    for i, replaced_by, _ in rows:
        now, is_current = i, replaced_by is None
        while not is_current and now in successor:
            now = successor[now]
            is_current = now not in successor
        if is_current:
            current[int(i)] = int(now)
    return current


def complete(
    connection: sa.Connection, kind_name: str, staged: Staged, trip: Trip, exported: Exported
) -> pd.DataFrame:
    """Return the staged rows without the unchanged ones, each former row's rest filled in.

    What the file has no column for, and the geometry where no coordinate was changed, are as they
    were.
    """
    kind, table = KINDS[kind_name], table_of(kind_name)
    rows = staged.rows[~staged.rows.index.isin(trip.unchanged)].copy()
    missing = [f for f in exported_fields(kind) if f.name not in staged.headings]
    kept = [name for name in ("geometry", *KEPT_COLUMNS) if name in table.c]
    filled = {
        name: list(rows[name]) if name in rows else [None] * len(rows)
        for name in (*(f.name for f in missing), *kept)
    }
    query = sa.select(table.c.id, *(table.c[c] for c in kept)).where(table.c.replaced_by.is_(None))
    stored = {int(record["id"]): record for record in connection.execute(query).mappings()}
    points = {PLACE_FIELDS["lon"][0], PLACE_FIELDS["lat"][0]}
    for i, row in enumerate(rows.index):
        known = trip.former.get(int(row))
        if known is None:
            continue
        texts = dict(zip(exported.fields, exported.rows[known], strict=True))
        for f in missing:
            filled[f.name][i] = _read(f.parse, texts[f.name])
        if not points & set(trip.changes[int(row)]):
            for name in kept:
                value = stored[known][name]
                is_shape = name in {"geometry", "footprint"}
                filled[name][i] = shapely.from_wkb(value) if is_shape else value
    return rows.assign(
        **{name: pd.Series(cells, index=rows.index, dtype=object) for name, cells in filled.items()}
    )


def _read(parse: Callable[[str], Any] | None, text: str) -> Any:  # noqa: ANN401 - of its type
    return text if parse is None else parse(text)


def keeps_links(kind: str, trip: Trip, row: int) -> bool:
    """Tell whether a changed row still belongs where it belonged."""
    if row not in trip.former:
        return False
    headings = {f.name: shown_heading(f) for f in KINDS[kind].fields}
    linking = {headings[name] for name in LINK_FIELDS.get(kind, ())}
    return not linking & set(trip.changes[row])


def former_links(connection: sa.Connection, kind: str, trip: Trip) -> pd.DataFrame:
    """Return what each changed row belonged to; index = row in the file."""
    table = table_of(kind)
    names = [name for name in LINK_COLUMNS if name in table.c]
    known = current_rows(connection, kind, "id", *names).set_index("id")
    ids = np.array(list(trip.former.values()), dtype=np.int64)
    links = known.reindex(ids).astype(object)
    links.index = pd.Index(list(trip.former))
    return links.where(links.notna(), None)
