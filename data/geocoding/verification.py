"""How certain the place of each row is, and who vouches for it: 自报, 比对, 实地, 确认."""

from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from data.batches import utc_now
from data.errors import ReviewError
from data.linking import current_rows
from data.models import LocationCheck, LocationState
from data.store import writing
from data.tables import table_of
from data.viewer import Viewer
from geo.text import Text

LOCATED = ("members", "buildings", "compounds", "stations", "candidates")
STATE_TITLES = {
    LocationState.REPORTED: Text("自报", "reported"),
    LocationState.MATCHED: Text("比对", "matched"),
    LocationState.SURVEYED: Text("实地", "surveyed"),
    LocationState.CONFIRMED: Text("确认", "confirmed"),
}
_T = LocationCheck.__table__
_PLACE = ("geometry", "building_id", "compound_id")  # what of a row is its place
_ENTRY = ("state", "level", "confidence", "who", "at")


def location_states(session: Session, viewer: Viewer, kind: str) -> pd.DataFrame:
    """Return how certain the places of the current rows of a kind are.

    Index: id of the row; columns state (LocationState), level, confidence (of the match that
    brought it, None where there was none), who and at (UTC; "" and None: as the file said).
    A row that took the place of another inherits its state while it lies at the same place.
    """
    del viewer  # roles come later
    table = table_of(_located(kind))
    place = [table.c[name] for name in _PLACE if name in table.c]
    columns = (table.c.id, table.c.replaces_id, table.c.replaced_by, *place)
    rows = {row.id: row for row in session.execute(sa.select(*columns)).all()}
    newest: dict[int, dict[str, Any]] = {}
    history = sa.select(_T).where(_T.c.kind == kind).order_by(_T.c.id)
    for entry in session.execute(history).mappings():
        before = newest.get(entry["row_id"], {})
        told = {name: entry[name] for name in _ENTRY}
        if entry["level"] is None:  # somebody vouched for it: how it was matched stays known
            told |= {name: before.get(name) for name in ("level", "confidence")}
        newest[entry["row_id"]] = told
    current = [i for i, row in rows.items() if row.replaced_by is None]
    found = [_inherited(i, rows, newest) for i in current]
    index = pd.Index(current, name="id", dtype="int64")
    return pd.DataFrame(found, columns=list(_ENTRY), index=index, dtype=object)


_REPORTED = {
    "state": LocationState.REPORTED, "level": None, "confidence": None, "who": "", "at": None,
}  # fmt: skip


def _inherited(
    row_id: int, rows: dict[int, Any], newest: dict[int, dict[str, Any]]
) -> dict[str, Any]:
    """Return the newest entry of a row, or of those that it replaced at the same place."""
    at = row_id
    while at not in newest:
        former = rows.get(rows[at].replaces_id)
        if former is None or tuple(former[3:]) != tuple(rows[at][3:]):
            return _REPORTED
        at = former.id
    return newest[at]


def location_names(session: Session, viewer: Viewer, kind: str) -> dict[int, str]:
    """Return what the current rows of a kind are called; members have no name, only a number."""
    del viewer  # roles come later
    if _located(kind) == "members":
        return {}
    connection = session.connection()
    if kind != "buildings":
        rows = current_rows(connection, kind, "id", "name")
        return dict(zip(rows["id"], rows["name"], strict=True))
    compounds = current_rows(connection, "compounds", "id", "name")
    name_of = dict(zip(compounds["id"], compounds["name"], strict=True))
    columns = ("id", "compound_id", "compound_name", "number", "name")
    return {
        i: f"{name_of.get(inside, said)}{number or name}"
        for i, inside, said, number, name in current_rows(connection, kind, *columns).itertuples(
            index=False
        )
    }


def set_location_state(
    engine: sa.Engine, viewer: Viewer, kind: str, row_id: int, state: LocationState
) -> None:
    """Say how certain the place of a row is; the entry keeps who said it, and when.

    Raises
    ------
    ReviewError
        Rows of that kind have no place of their own, or there is no such row.
    """
    table = table_of(_located(kind))
    holds = (table.c.id == row_id) & table.c.replaced_by.is_(None)
    with writing(engine) as connection:
        if connection.execute(sa.select(table.c.id).where(holds)).first() is None:
            raise ReviewError(
                Text(
                    f"没有编号为 {row_id} 的行；它可能已被替换或撤销。",
                    f"There is no row {row_id}; it may have been replaced or undone.",
                )
            )
        said = {"kind": kind, "row_id": row_id, "state": state, "who": viewer.name}
        connection.execute(sa.insert(LocationCheck).values(**said, at=utc_now(), is_move=False))


def location_history(
    session: Session, viewer: Viewer, kind: str, row_id: int
) -> list[dict[str, Any]]:
    """Return who said what of a place, the newest first: state, level, confidence, who, at."""
    del viewer  # roles come later
    mine = (_T.c.kind == _located(kind)) & (_T.c.row_id == row_id)
    rows = session.execute(sa.select(_T).where(mine).order_by(_T.c.id.desc())).mappings()
    return [{name: row[name] for name in _ENTRY} for row in rows]


def _located(kind: str) -> str:
    if kind not in LOCATED:
        kinds = ", ".join(LOCATED)
        raise ReviewError(
            Text(
                f"“{kind}”没有位置状态；可用：{kinds}。",
                f"Rows of {kind!r} have no state of location; there are {kinds}.",
            )
        )
    return kind
