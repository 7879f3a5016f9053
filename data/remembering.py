"""Remembering what the office said of a file's columns, for the next file with these headings."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from data.batches import utc_now
from data.column_mapping import ColumnMapping, heading_signature
from data.models import RememberedMapping


def recall_mapping(
    connection: sa.Connection, headings: Sequence[str], kind: str | None
) -> tuple[str, dict[str, str]] | None:
    """Return kind and mapping of the last file with these headings; None if there was none.

    With `kind` given, only a mapping of that kind.
    """
    table = RememberedMapping.__table__
    query = sa.select(table.c.kind, table.c.columns).where(
        table.c.signature == heading_signature(headings)
    )
    row: Any = connection.execute(query).first()
    if row is None or kind not in {None, row.kind}:
        return None
    known = {name: heading for name, heading in row.columns.items() if heading in {"", *headings}}
    return row.kind, known


def remember_mapping(
    connection: sa.Connection, headings: Sequence[str], kind: str, mapping: ColumnMapping
) -> None:
    """Remember the mapping of files with these headings, in place of what was remembered."""
    table = RememberedMapping.__table__
    signature = heading_signature(headings)
    connection.execute(sa.delete(RememberedMapping).where(table.c.signature == signature))
    values = {
        "signature": signature,
        "kind": kind,
        "columns": dict(mapping),
        "saved_at": utc_now(),
    }
    connection.execute(sa.insert(RememberedMapping).values(values))
