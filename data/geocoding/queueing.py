"""What an import leaves behind of its addresses: how sure each place is, and who must be asked."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import pandas as pd
import sqlalchemy as sa

from data.batches import utc_now
from data.geocoding.outcomes import Review
from data.models import LocationCheck, LocationState, ReviewItem, ReviewState
from data.tables import table_cells, table_of

BY_IMPORT = "import"  # who matched, in the history of a location
# Columns that a decision fills, or that belong to the row's place in its table.
_NOT_WAITING = frozenset(
    (
        *("id", "batch_id", "source_row", "replaced_by", "replaces_id", "key"),
        *("geometry", "footprint", "original_x", "original_y", "original_datum"),
        *("building_id", "compound_id"),
    )
)


def store_places(
    connection: sa.Connection,
    kind: str,
    batch_id: int,
    kept: pd.DataFrame,
    doubtful: pd.DataFrame,
    ids: "pd.Series[int]",
) -> None:
    """Write the certainty of the rows that were matched, and the questions of those in doubt.

    `ids`: of the rows that were inserted, index = row in the file.
    """
    if "match_level" in kept:
        known = kept[kept["match_level"].notna()]
        columns = (known.index, known["match_level"], known["match_confidence"])
        checks = [
            matched_entry(kind, int(ids.loc[row]), level, float(confidence), BY_IMPORT)
            for row, level, confidence in zip(*columns, strict=True)
        ]
        if checks:
            connection.execute(sa.insert(LocationCheck), checks)
    if len(doubtful):
        waiting = waiting_columns(kind, doubtful)
        items = [
            _item(kind, batch_id, int(row), review, ids, waiting)
            for row, review in zip(doubtful.index, doubtful["review"], strict=True)
        ]
        connection.execute(sa.insert(ReviewItem), items)


def matched_entry(
    kind: str, row_id: int, level: object, confidence: float, who: str, *, is_move: bool = False
) -> dict[str, Any]:
    """Return an entry for the history of a location that was matched."""
    return {
        "kind": kind,
        "row_id": row_id,
        "state": LocationState.MATCHED,
        "level": level,
        "confidence": confidence,
        "who": who,
        "at": utc_now(),
        "is_move": is_move,
    }


def waiting_columns(kind: str, rows: pd.DataFrame) -> dict[int, dict[str, Any]]:
    """Return what of rows waits for a place, by row, as JSON keeps it."""
    columns = [c for c in table_of(kind).columns if c.name not in _NOT_WAITING]
    cells = {column.name: table_cells(rows, column) for column in columns}
    names = list(cells)
    return {
        int(row): {name: _json(value) for name, value in zip(names, values, strict=True)}
        for row, values in zip(rows.index, zip(*cells.values(), strict=True), strict=True)
    }


def _json(value: Any) -> Any:  # noqa: ANN401 - of any column
    return value.isoformat() if isinstance(value, date | datetime) else value


def _item(
    kind: str,
    batch_id: int,
    row: int,
    review: Review,
    ids: "pd.Series[int]",
    waiting: Mapping[int, dict[str, Any]],
) -> dict[str, Any]:
    outcome, is_kept = review.outcome, row in ids.index
    return {
        "batch_id": batch_id,
        "kind": kind,
        "source_row": row,
        "row_id": int(ids.loc[row]) if is_kept else None,
        "waiting": None if is_kept else waiting[row],
        "text": review.text,
        "key": outcome.key,
        "reason": outcome.reason,
        "level": outcome.level,
        "confidence": outcome.confidence,
        "candidates": [option.as_dict() for option in outcome.options],
        "state": ReviewState.OPEN,
    }
