"""What a decision on an address does to the row it is about, and how that is taken back."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pandas as pd
import shapely
import sqlalchemy as sa

from data.errors import ReviewError
from data.fields import ROW_NUMBER
from data.geocoding.aliases import PlaceRef
from data.geocoding.placing import BY_ADDRESS, NO_PLACE_RULES
from data.geocoding.queueing import matched_entry
from data.models import ImportBatch, LocationCheck, RefusedRow, ReviewItem, ReviewState
from data.return_sheet import DIGEST_CHARACTERS
from data.row_keys import row_keys
from data.tables import insert_rows, table_of
from geo.geocode import MatchLevel
from geo.text import Text

_T = ReviewItem.__table__
_REFUSED = RefusedRow.__table__


@dataclass(frozen=True)
class Decision:
    """What somebody said an address means."""

    place: PlaceRef
    point: tuple[float, float]  # lon, lat
    level: MatchLevel
    who: str
    item_id: int  # that it was said of
    confidence: float = 1.0  # less where nobody said it


def this_moment() -> datetime:
    """Return the moment in UTC to the microsecond: two answers in one second keep their order."""
    return datetime.now(UTC).replace(tzinfo=None)


def apply(connection: sa.Connection, item: dict[str, Any], decision: Decision) -> None:
    """Move or insert the row of an item, and settle the item.

    Raises
    ------
    ReviewError
        The row waited, and its like is in its table already.
    """
    if item["row_id"] is None:
        row_id, former = _insert(connection, item, decision)
    else:
        row_id, former = item["row_id"], _move(connection, item, decision)
    sure = (decision.level, decision.confidence, decision.who)
    entry = matched_entry(item["kind"], row_id, *sure, is_move=True)
    connection.execute(sa.insert(LocationCheck), [entry])
    connection.execute(
        sa.update(ReviewItem)
        .where(_T.c.id == item["id"])
        .values(
            state=ReviewState.DECIDED,
            row_id=row_id,
            place_kind=decision.place.kind,
            place_id=decision.place.id,
            decided_by=decision.who,
            decided_at=this_moment(),
            decision=decision.item_id,
            former=former,
        )
    )


def _home(place: PlaceRef, compound_id: int | None) -> dict[str, int | None]:
    """Return where a member lives: in a building, or in a compound of which no more is known."""
    if place.kind == "buildings":
        return {"building_id": place.id, "compound_id": compound_id}
    return {"building_id": None, "compound_id": place.id}


def _move(connection: sa.Connection, item: dict[str, Any], decision: Decision) -> dict[str, Any]:
    """Give a member that is in its table another home; return the one before."""
    table = table_of(item["kind"])
    columns = (table.c.building_id, table.c.compound_id)
    query = sa.select(*columns).where(table.c.id == item["row_id"])
    before = dict(connection.execute(query).mappings().one())
    inside = _compound_of(connection, decision.place)
    now = _home(decision.place, inside)
    connection.execute(sa.update(table).where(table.c.id == item["row_id"]).values(**now))
    return before


def _compound_of(connection: sa.Connection, place: PlaceRef) -> int | None:
    if place.kind != "buildings":
        return None
    table = table_of("buildings")
    query = sa.select(table.c.compound_id).where(table.c.id == place.id)
    return connection.execute(query).scalar()


def _insert(
    connection: sa.Connection, item: dict[str, Any], decision: Decision
) -> tuple[int, dict[str, Any]]:
    """Put the row of an item that waited into its table; return its id, and what to undo."""
    kind, row = item["kind"], item["source_row"]
    values = _read(kind, item["waiting"] or {})
    if kind == "members":
        values |= _home(decision.place, _compound_of(connection, decision.place))
    else:
        values |= {"geometry": shapely.Point(*decision.point), "original_datum": BY_ADDRESS}
    cells = {name: _single(value) for name, value in values.items()}
    rows = pd.DataFrame(cells, index=[row])
    key = returned_key(connection, item) if kind == "members" else row_keys(kind, rows)[0]
    _refuse_twin(connection, kind, key)
    rows["key"] = key
    refused = _take_refusals(connection, item)
    ids = insert_rows(connection, kind, rows, batch_id=item["batch_id"])
    _count(connection, item["batch_id"], 1)
    return int(ids.loc[row]), {"inserted": True, "refused": refused}


def returned_key(connection: sa.Connection, item: dict[str, Any]) -> str | None:
    """Return by what a return sheet calls the row of an item, so that it comes in once only."""
    table = ImportBatch.__table__
    query = sa.select(table.c.sha256).where(table.c.id == item["batch_id"])
    digest = connection.execute(query).scalar()
    return digest and f"{ROW_NUMBER}\t{digest[:DIGEST_CHARACTERS]}-{item['source_row']}"


def _single(value: object) -> "np.ndarray[tuple[int], np.dtype[np.object_]]":
    """Return a column of one cell, whatever it holds."""
    cell = np.empty(1, dtype=object)
    cell[0] = value
    return cell


def _read(kind: str, waiting: dict[str, Any]) -> dict[str, Any]:
    """Return the columns of a row that waited, as its table takes them."""
    table = table_of(kind)
    return {
        name: _moment(table.c[name].type, value)
        for name, value in waiting.items()
        if name in table.c
    }


def _moment(kind: object, value: Any) -> Any:  # noqa: ANN401 - of any column
    if value is not None and isinstance(kind, sa.DateTime):
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if value is not None and isinstance(kind, sa.Date) else value


def _refuse_twin(connection: sa.Connection, kind: str, key: str | None) -> None:
    table = table_of(kind)
    holds = (table.c.key == key) & table.c.replaced_by.is_(None)
    if key is not None and connection.execute(sa.select(table.c.id).where(holds)).first():
        raise ReviewError(
            Text(
                "数据库中已有同样的一行；若是重复，请按 0（都不是）放下这一条。",
                "The same row is in the database already; if it is there twice, set it aside (0).",
            )
        )


def _take_refusals(connection: sa.Connection, item: dict[str, Any]) -> list[dict[str, Any]]:
    """Take the refusals of a row off the list of its import, and return them."""
    mine = (
        (_REFUSED.c.batch_id == item["batch_id"])
        & (_REFUSED.c.source_row == item["source_row"])
        & _REFUSED.c.rule.in_(NO_PLACE_RULES)
    )
    rows = [dict(row) for row in connection.execute(sa.select(_REFUSED).where(mine)).mappings()]
    connection.execute(sa.delete(RefusedRow).where(mine))
    return rows


def _count(connection: sa.Connection, batch_id: int, n: int) -> None:
    """Count rows of an import as kept that were refused; negative: the other way."""
    table = ImportBatch.__table__
    connection.execute(
        sa.update(ImportBatch)
        .where(table.c.id == batch_id)
        .values(n_kept=table.c.n_kept + n, n_refused=table.c.n_refused - n)
    )


def take_back(connection: sa.Connection, item: dict[str, Any], who: str) -> None:
    """Bring the row of a decided item back to what it was, and open the item again.

    Raises
    ------
    ReviewError
        Other rows build on the row that the decision put in.
    """
    former = dict(item["former"] or {})
    table = table_of(item["kind"])
    is_inserted = former.pop("inserted", False)
    if is_inserted:
        try:
            connection.execute(sa.delete(table).where(table.c.id == item["row_id"]))
        except sa.exc.IntegrityError as error:
            raise ReviewError(
                Text(
                    "已有别的数据依赖这一行，不能撤销。",
                    "Other rows build on this one by now, so it cannot be undone.",
                )
            ) from error
        _count(connection, item["batch_id"], -1)
        if former["refused"]:
            connection.execute(sa.insert(RefusedRow), former["refused"])
    else:
        connection.execute(sa.update(table).where(table.c.id == item["row_id"]).values(**former))
    level = MatchLevel.BUILDING if former.get("building_id") else item["level"]
    entry = matched_entry(
        item["kind"], item["row_id"], level, item["confidence"], who, is_move=True
    )
    connection.execute(sa.insert(LocationCheck), [entry])
    connection.execute(
        sa.update(ReviewItem)
        .where(_T.c.id == item["id"])
        .values(
            state=ReviewState.OPEN,
            row_id=None if is_inserted else item["row_id"],
            place_kind=None,
            place_id=None,
            decided_by=None,
            decided_at=None,
            decision=None,
            former=sa.null(),
        )
    )
