"""The list of imports: beginning one, listing them, undoing one."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from data.errors import ImportDataError
from data.models import ImportBatch
from data.store import writing
from data.tables import KINDS, LINKS, iso_today, table_of
from geo.text import Text

TITLES = {
    "communities": Text("社区", "communities"),
    "grids": Text("网格", "grids"),
    "compounds": Text("小区", "compounds"),
    "gates": Text("出入口", "gates"),
    "buildings": Text("楼栋", "buildings"),
    "members": Text("党员", "members"),
    "stations": Text("红色驿站", "stations"),
    "candidates": Text("备选点位", "candidate sites"),
    "base": Text("底图要素", "base features"),
    "network": Text("步行网络", "walk network"),
    "links": Text("通道", "links"),
    "frames": Text("整套数据", "a whole data set"),
}


@dataclass(frozen=True)
class BatchSource:
    """Where the rows of an import came from."""

    kind: str
    name: str
    sha256: str | None = None
    size_bytes: int | None = None
    reference: str | None = None
    is_demo: bool = False
    is_replacing: bool = False
    data_date: str | None = None  # ISO; today if left out


def utc_now() -> datetime:
    """Return the moment in UTC as the tables keep it: without a zone."""
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)


def begin_batch(
    connection: sa.Connection,
    source: BatchSource,
    *,
    n_kept: int,
    n_refused: int = 0,
    notes: tuple[dict[str, Any], ...] = (),
) -> int:
    """Insert the row of an import and return its id."""
    values = {
        "kind": source.kind,
        "source": source.name,
        "sha256": source.sha256,
        "size_bytes": source.size_bytes,
        "reference": source.reference,
        "is_demo": source.is_demo,
        "is_replacing": source.is_replacing,
        "data_date": source.data_date or iso_today(),
        "imported_at": utc_now(),
        "n_read": n_kept + n_refused,
        "n_kept": n_kept,
        "n_refused": n_refused,
        "notes": list(notes),
    }
    result = connection.execute(sa.insert(ImportBatch).values(values))
    return int(result.inserted_primary_key[0])  # type: ignore[index]


def list_batches(session_or_connection: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    """Return all imports, oldest first, undone ones too."""
    table = ImportBatch.__table__
    query = sa.select(table).order_by(table.c.id)
    return [dict(row) for row in session_or_connection.execute(query).mappings()]


def undo(engine: sa.Engine, batch_id: int) -> dict[str, int]:
    """Take an import back: its rows go, those that it replaced come back. Return rows by kind.

    Raises
    ------
    ImportDataError
        There is no such import, it is undone already, or later imports build on it.
    """
    with writing(engine) as connection:
        _check_can_be_undone(connection, batch_id)
        for link in LINKS:
            _point_back(connection, link, batch_id)
        removed = _remove_rows(connection, batch_id)
        for kind in KINDS:
            table = table_of(kind)
            connection.execute(
                sa.update(table).where(table.c.replaced_by == batch_id).values(replaced_by=None)
            )
        connection.execute(
            sa.update(ImportBatch).where(ImportBatch.id == batch_id).values(undone_at=utc_now())
        )
    return removed


def _check_can_be_undone(connection: sa.Connection, batch_id: int) -> None:
    row = connection.execute(
        sa.select(ImportBatch.undone_at).where(ImportBatch.id == batch_id)
    ).first()
    if row is None:
        raise ImportDataError(
            Text(
                f"没有编号为 {batch_id} 的导入。用 redgrid import list 查看全部导入。",
                f"There is no import {batch_id}. See `redgrid import list` for all of them.",
            )
        )
    if row.undone_at is not None:
        raise ImportDataError(
            Text(f"导入 {batch_id} 已经撤销过。", f"Import {batch_id} is undone already.")
        )
    for kind in KINDS:
        _refuse_if_replaced(connection, kind, batch_id)
        _refuse_if_taken(connection, kind, batch_id)


def _refuse_if_replaced(connection: sa.Connection, kind: str, batch_id: int) -> None:
    table = table_of(kind)
    query = (
        sa.select(table.c.replaced_by, sa.func.count())
        .where(table.c.batch_id == batch_id, table.c.replaced_by.is_not(None))
        .group_by(table.c.replaced_by)
        .order_by(table.c.replaced_by)
    )
    later = connection.execute(query).all()
    if later:
        ids = ", ".join(str(i) for i, _ in later)
        n = sum(n for _, n in later)
        raise ImportDataError(
            Text(
                f"导入 {batch_id} 的 {n} 行{TITLES[kind].zh}已被后来的导入 {ids} 替换。"
                "请先撤销它。",
                f"{n} {TITLES[kind].en} of import {batch_id} were replaced by import {ids}. "
                "Undo that first.",
            ),
            [i for i, _ in later],
        )


def _refuse_if_taken(connection: sa.Connection, kind: str, batch_id: int) -> None:
    """Refuse if a row that would come back meets a later one with the same key."""
    former, now = table_of(kind).alias("former"), table_of(kind).alias("now")
    query = (
        sa.select(now.c.batch_id)
        .distinct()
        .join(former, former.c.key == now.c.key)
        .where(
            former.c.replaced_by == batch_id,
            now.c.replaced_by.is_(None),
            now.c.batch_id != batch_id,
        )
        .order_by(now.c.batch_id)
    )
    later = connection.execute(query).scalars().all()
    if later:
        ids = ", ".join(map(str, later))
        raise ImportDataError(
            Text(
                f"撤销导入 {batch_id} 会恢复原来的{TITLES[kind].zh}，"
                f"但后来的导入 {ids} 已有同样的行。请先撤销它。",
                f"Undoing import {batch_id} would bring back {TITLES[kind].en} that import {ids} "
                "has brought again since. Undo that first.",
            ),
            later,
        )


def _point_back(connection: sa.Connection, link: tuple[str, str, str], batch_id: int) -> None:
    """Point rows of other imports from this import's rows to those which these replaced."""
    kind, column, parent_kind = link
    child, parent = table_of(kind), table_of(parent_kind)
    points_here = sa.and_(
        child.c[column].in_(sa.select(parent.c.id).where(parent.c.batch_id == batch_id)),
        child.c.batch_id != batch_id,
    )
    former = sa.select(parent.c.replaces_id).where(parent.c.id == child.c[column]).scalar_subquery()
    lost = (
        connection.execute(
            sa.select(child.c.batch_id).where(points_here, former.is_(None)).distinct()
        )
        .scalars()
        .all()
    )
    if lost:
        ids = ", ".join(map(str, sorted(lost)))
        raise ImportDataError(
            Text(
                f"导入 {ids} 的{TITLES[kind].zh}属于导入 {batch_id} "
                f"的{TITLES[parent_kind].zh}。请先撤销导入 {ids}。",
                f"The {TITLES[kind].en} of import {ids} belong to {TITLES[parent_kind].en} of "
                f"import {batch_id}. Undo import {ids} first.",
            ),
            sorted(lost),
        )
    connection.execute(sa.update(child).where(points_here).values({column: former}))


def _remove_rows(connection: sa.Connection, batch_id: int) -> dict[str, int]:
    removed = {}
    for kind in reversed(KINDS):  # what points goes before what is pointed to
        table = table_of(kind)
        n = connection.execute(sa.delete(table).where(table.c.batch_id == batch_id)).rowcount
        if n:
            removed[kind] = n
    return removed
