"""Which table holds which kind, and putting frames of rows into them."""

import math
from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import shapely
import sqlalchemy as sa

from data.models import (
    Base,
    BaseFeature,
    Building,
    CandidateSite,
    Community,
    Compound,
    Gate,
    Grid,
    Link,
    Member,
    NetworkVersion,
    Station,
)
from data.models.base import Geometry

CHUNK_ROWS, FEW_ROWS = 5_000, 100
# In the order of writing: what others point to comes first.
MODELS: dict[str, type[Base]] = {
    "communities": Community,
    "grids": Grid,
    "compounds": Compound,
    "gates": Gate,
    "buildings": Building,
    "members": Member,
    "stations": Station,
    "candidates": CandidateSite,
    "base": BaseFeature,
    "network": NetworkVersion,
    "links": Link,
}
KINDS = tuple(MODELS)
# (kind that points, its column, kind that is pointed to)
LINKS = (
    ("grids", "community_id", "communities"),
    ("gates", "compound_id", "compounds"),
    ("buildings", "compound_id", "compounds"),
    ("members", "compound_id", "compounds"),
    ("members", "building_id", "buildings"),
)


def table_of(kind: str) -> sa.Table:
    """Return the table of a kind."""
    table = MODELS[kind].__table__
    if not isinstance(table, sa.Table):  # a mapped class may also select from a join
        raise TypeError(kind)
    return table


def insert_rows(
    connection: sa.Connection,
    kind: str,
    rows: pd.DataFrame,
    *,
    batch_id: int,
    on_progress: Callable[[int, int], None] | None = None,
) -> "pd.Series[int]":
    """Insert rows and return their ids; `on_progress` hears of rows done and rows in all.

    `rows`: index = row number in the source (unique); columns of the table, more are ignored and
    missing ones are filled with "" (text), false, or nothing. The ids have the same index.
    """
    table = table_of(kind)
    if rows.empty:
        return pd.Series(dtype="int64", index=rows.index)
    columns = {c.name: c for c in table.columns if c.name not in {"id", "batch_id", "source_row"}}
    values = {name: table_cells(rows, column) for name, column in columns.items()}
    names = list(values)
    records = [
        {"batch_id": batch_id, "source_row": int(source), **dict(zip(names, row, strict=True))}
        for source, row in zip(rows.index, zip(*values.values(), strict=True), strict=True)
    ]
    for start in range(0, len(records), CHUNK_ROWS):
        connection.execute(sa.insert(table), records[start : start + CHUNK_ROWS])
        if on_progress is not None:
            on_progress(min(start + CHUNK_ROWS, len(records)), len(records))
    query = sa.select(table.c.source_row, table.c.id).where(table.c.batch_id == batch_id)
    if len(records) <= FEW_ROWS:  # one that joins a large import later
        query = query.where(table.c.source_row.in_([int(source) for source in rows.index]))
    id_of = dict(connection.execute(query).all())
    ids = np.array([id_of[int(source)] for source in rows.index], dtype=np.int64)
    return pd.Series(ids, index=rows.index, dtype="int64")


def table_cells(rows: pd.DataFrame, column: sa.Column[Any]) -> list[Any]:
    """Return the values of one column as the database takes them: None where unknown."""
    if column.name not in rows:
        return [_filling(column)] * len(rows)
    cells = rows[column.name]
    if isinstance(column.type, Geometry):
        return list(shapely.to_wkb(np.asarray(cells, dtype=object)))
    filling = _filling(column)
    return [filling if _is_nothing(cell) else _plain(cell) for cell in cells.to_numpy(object)]


def _filling(column: sa.Column[Any]) -> object:
    if column.nullable:
        return None
    if isinstance(column.type, sa.Boolean):
        return False
    if isinstance(column.type, sa.JSON):
        return []
    return (
        "" if isinstance(column.type, sa.String) and not isinstance(column.type, sa.Enum) else None
    )


def _is_nothing(cell: object) -> bool:
    return (
        cell is None
        or cell is pd.NA
        or cell is pd.NaT
        or (isinstance(cell, float) and math.isnan(cell))
    )


def _plain(cell: object) -> object:
    if isinstance(cell, pd.Timestamp):
        return cell.date()
    if isinstance(cell, np.generic):
        return cell.item()
    return cell if not isinstance(cell, tuple) else list(cell)


def iso_today() -> str:
    """Return today's date on this machine's clock, as ISO text."""
    return date.today().isoformat()  # noqa: DTZ011 - the office's own calendar day
