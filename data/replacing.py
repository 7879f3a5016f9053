"""Putting new rows in the place of current ones, so that undoing can bring those back."""

from collections import Counter
from collections.abc import Sequence

import pandas as pd
import sqlalchemy as sa

from data.batches import TITLES
from data.errors import ImportDataError
from data.linking import current_rows
from data.row_keys import loose_keys
from data.tables import LINKS, table_of
from geo.errors import shown_ids
from geo.text import Text


def former_rows(connection: sa.Connection, kind: str, *, is_replacing: bool) -> pd.DataFrame:
    """Return the current rows that an import of this kind may replace: id, key, name and more.

    All of them where the whole kind is replaced. Otherwise only communities that were made from
    the grids' column, which give way to a real one.
    """
    names = {
        "communities": ("code", "is_derived"),
        "buildings": ("compound_name", "number"),
    }.get(kind, ())
    named = ("name",) if "name" in table_of(kind).c else ()
    rows = current_rows(connection, kind, "id", "key", *named, *names)
    if is_replacing:
        return rows
    if kind == "communities":
        return rows[rows["is_derived"].astype(bool)]
    return rows.iloc[:0]


def successors(kind: str, former: pd.DataFrame, rows: pd.DataFrame) -> dict[int, int]:
    """Return which new row (its index) takes the place of which former one (its id).

    The same key; else the same loose key where it names one row on both sides.
    """
    new_keys = {key: row for row, key in zip(rows.index, rows["key"], strict=True) if key}
    found = {
        int(i): int(new_keys[key])
        for i, key in zip(former["id"], former["key"], strict=True)
        if key in new_keys
    }
    if kind != "buildings" and ("name" not in former or "name" not in rows):
        return found  # buildings are known by compound and number
    taken = set(found.values())
    old_loose, new_loose = loose_keys(kind, former), loose_keys(kind, rows)
    old_counts, new_counts = Counter(old_loose), Counter(new_loose)
    new_at = dict(zip(new_loose, rows.index, strict=True))
    for i, key in zip(former["id"], old_loose, strict=True):
        is_single = key.strip() and old_counts[key] == 1 and new_counts[key] == 1
        if is_single and int(i) not in found and new_at[key] not in taken:
            found[int(i)] = int(new_at[key])
    return found


def hide(connection: sa.Connection, kind: str, ids: Sequence[int], *, batch_id: int) -> None:
    """Mark rows as replaced by an import."""
    table = table_of(kind)
    change = (
        sa.update(table).where(table.c.id == sa.bindparam("row_id")).values(replaced_by=batch_id)
    )
    if ids:
        connection.execute(change, [{"row_id": int(i)} for i in ids])


def point_to_successors(
    connection: sa.Connection, kind: str, former: pd.DataFrame, new_ids: dict[int, int]
) -> None:
    """Point rows of other kinds from former rows to those that took their place (id → id).

    Raises
    ------
    ImportDataError
        Something still belongs to a former row that has no successor.
    """
    table = table_of(kind)
    pairs = [{"former": old, "successor": new} for old, new in new_ids.items()]
    if pairs:
        mark = sa.update(table).where(table.c.id == sa.bindparam("successor"))
        connection.execute(mark.values(replaces_id=sa.bindparam("former")), pairs)
    lost = {int(i) for i in former["id"]} - new_ids.keys()
    names = dict(zip(former["id"], former["name"], strict=True)) if "name" in former else {}
    for child_kind, column, parent_kind in LINKS:
        if parent_kind != kind:
            continue
        child = table_of(child_kind)
        pointed = connection.execute(sa.select(child.c[column]).distinct()).scalars().all()
        orphaned = sorted(lost & {i for i in pointed if i is not None})
        if orphaned:
            shown = shown_ids([names.get(i, i) for i in orphaned])
            raise ImportDataError(
                Text(
                    f"新文件里没有 {len(orphaned)} 个{TITLES[kind].zh}，"
                    f"但仍有{TITLES[child_kind].zh}属于它们：{shown}。"
                    f"请补上它们，或先更换{TITLES[child_kind].zh}。",
                    f"{len(orphaned)} {TITLES[kind].en} are missing from the new file while "
                    f"{TITLES[child_kind].en} still belong to them: {shown}. Add them, or replace "
                    f"the {TITLES[child_kind].en} first.",
                ),
                orphaned,
            )
        if pairs:
            change = sa.update(child).where(child.c[column] == sa.bindparam("former"))
            connection.execute(change.values({column: sa.bindparam("successor")}), pairs)
