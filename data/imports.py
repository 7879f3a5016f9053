"""Taking files in: one import is one transaction and one batch that can be undone."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Any

import pandas as pd
import sqlalchemy as sa

from data.batches import BatchSource, begin_batch, list_batches, undo
from data.errors import ImportDataError
from data.fields import KINDS, Kind
from data.files import read_file, read_network
from data.findings import Findings
from data.frames import network_row, store_frames
from data.linking import link_buildings, link_gates, link_grids, link_members
from data.models import ImportBatch, RefusedRow
from data.positions import Reference
from data.replacing import former_rows, hide, point_to_successors, successors
from data.report import ImportReport
from data.row_keys import row_keys
from data.staging import Staged, stage
from data.store import writing
from data.tables import insert_rows, table_of
from geo.text import Text

__all__ = ["ImportReport", "import_file", "list_batches", "store_frames", "undo"]

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class _Request:
    """One file to import and how."""

    kind: Kind
    path: Path
    sha256: str
    reference: Reference
    is_replacing: bool
    is_dry_run: bool
    on_progress: Progress | None


def import_file(
    engine: sa.Engine,
    kind: str,
    path: Path | str,
    *,
    datum: str | None = None,
    crs: str | None = None,
    replace: bool = False,
    again: bool = False,
    dry_run: bool = False,
    on_progress: Progress | None = None,
) -> ImportReport:
    """Import one file of one kind, in one transaction.

    Every row is kept or refused with its reason; bad rows never stop the good ones. Where no row
    can be kept nothing is written (`ImportReport.is_refused`).

    Parameters
    ----------
    kind
        One of `data.fields.KINDS`.
    datum, crs
        What the file's coordinates are in; counts before what the file itself says.
    replace
        Put the whole kind anew: all rows there are now give way (undoing brings them back).
        Otherwise rows are added, and those that are there already are refused.
    again
        Import a file although the same bytes are in the database already.
    dry_run
        Do everything and write nothing.
    on_progress
        Hears of rows written and rows in all.

    Raises
    ------
    ImportDataError
        The file cannot be read, lacks what its kind needs, or is in the database already.
    """
    if kind not in KINDS:
        names = ", ".join(KINDS)
        raise ImportDataError(
            Text(f"没有“{kind}”这种数据；可用：{names}。", f"There is no kind {kind!r}: {names}.")
        )
    path = Path(path)
    request = _Request(
        kind=KINDS[kind],
        path=path,
        sha256=_digest(path),
        reference=Reference.given(datum, crs),
        is_replacing=replace,
        is_dry_run=dry_run,
        on_progress=on_progress,
    )
    findings = Findings(is_of_persons=kind == "members")
    _note_demo(engine, findings)
    if not again:
        _refuse_same_file(engine, request)
    if kind == "network":
        return _import_network(engine, request, findings)
    raw = read_file(path, request.kind, findings)
    findings.notes.extend(raw.notes)
    if not len(raw):
        raise ImportDataError(
            Text(f"{path.name} 只有表头，没有数据。", f"{path.name} has headings but no rows.")
        )
    staged = stage(raw, request.kind, request.reference, findings)
    return _write(engine, request, staged, findings)


def _digest(path: Path) -> str:
    if path.is_dir() or not path.exists():
        raise ImportDataError(
            Text(f"没有文件 {path}。", f"There is no file {path}.")
            if not path.exists()
            else Text(f"{path} 是文件夹，不是文件。", f"{path} is a folder, not a file.")
        )
    try:
        with path.open("rb") as file:
            if path.stat().st_size == 0:
                raise ImportDataError(
                    Text(f"{path.name} 是空文件。", f"{path.name} is an empty file.")
                )
            return file_digest(file, "sha256").hexdigest()
    except PermissionError as error:
        raise ImportDataError(
            Text(f"没有权限读取 {path}。", f"There is no permission to read {path}.")
        ) from error


def _refuse_same_file(engine: sa.Engine, request: _Request) -> None:
    table = ImportBatch.__table__
    query = sa.select(table.c.id).where(
        table.c.sha256 == request.sha256,
        table.c.kind == request.kind.name,
        table.c.undone_at.is_(None),
    )
    with engine.connect() as connection:
        former = connection.execute(query).scalar()
    if former is not None:
        raise ImportDataError(
            Text(
                f"{request.path.name} 已经导入过（导入 {former}），内容完全相同。"
                "确实要再导入一次，请加 --again。",
                f"{request.path.name} is in the database already, byte for byte (import {former})."
                " To import it once more, add --again.",
            ),
            [former],
        )


def _note_demo(engine: sa.Engine, findings: Findings) -> None:
    table = ImportBatch.__table__
    query = sa.select(sa.func.count()).where(table.c.is_demo, table.c.undone_at.is_(None))
    with engine.connect() as connection:
        findings.note(
            "数据库里有演示数据；真实数据请放在另一个数据库（--db）",
            "the database holds demo data; keep real data in a database of its own (--db)",
            int(connection.execute(query).scalar_one()),
        )


def _import_network(engine: sa.Engine, request: _Request, findings: Findings) -> ImportReport:
    network = read_network(request.path, request.reference, findings)
    rows = network_row(network, request.path.name)
    # One network is one row; its ways, those cut and left out, are counted in the notes.
    reference = request.reference.name or network.crs.to_string()[:80]
    return _write(engine, request, Staged(rows, {}, (), reference), findings)


def _write(
    engine: sa.Engine, request: _Request, staged: Staged, findings: Findings
) -> ImportReport:
    kind = request.kind.name
    batch_id = None
    with writing(engine, is_kept=not request.is_dry_run) as connection:
        rows, made = _linked(connection, kind, staged, findings)
        former = former_rows(connection, kind, is_replacing=request.is_replacing)
        rows["key"] = _keys(rows, kind, findings)
        _refuse_duplicates(connection, kind, rows, former, staged, findings)
        kept = rows[~rows.index.isin(findings.refused_rows())]
        if len(kept):
            batch_id = _insert(connection, request, staged, kept, made, former, findings)
    n_read, n_kept = len(rows), len(kept)
    return ImportReport(
        kind=kind,
        source=request.path.name,
        batch_id=None if request.is_dry_run else batch_id,
        n_read=n_read,
        n_kept=n_kept,
        n_refused=n_read - n_kept,
        refused=tuple(sorted(findings.refused, key=lambda cell: cell.row)),
        notes=tuple(findings.notes),
        headings=staged.headings,
        unread=staged.unread,
        reference=staged.reference,
        sha256=request.sha256,
        is_dry_run=request.is_dry_run,
    )


def _linked(
    connection: sa.Connection, kind: str, staged: Staged, findings: Findings
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Return the rows joined to the database, and the communities that they make."""
    rows = staged.rows.copy()
    if kind == "grids":
        return link_grids(connection, rows, findings)
    if kind == "gates":
        rows = link_gates(connection, rows, staged.headings, findings)
    elif kind == "buildings":
        rows = link_buildings(connection, rows, findings)
    elif kind == "members":
        rows = link_members(connection, rows, staged.headings, findings)
    elif kind == "compounds":
        _forget_zero_households(rows, findings)
    elif kind == "stations":
        _complete_stations(rows, staged, findings)
    return rows, None


def _forget_zero_households(rows: pd.DataFrame, findings: Findings) -> None:
    """Take 0 households of a compound as not known: ledgers write 0 where nobody has counted."""
    if "households" in rows:
        is_zero = rows["households"] == 0
        rows.loc[is_zero, "households"] = None
        findings.note(
            "小区户数写作 0，按未知处理",
            "compounds with 0 households; taken as not known",
            int(is_zero.sum()),
        )


def _complete_stations(rows: pd.DataFrame, staged: Staged, findings: Findings) -> None:
    if "state" not in rows:
        rows["state"] = "open"
    if {"opens_on", "closes_on"} <= set(rows):
        for row, opens, closes in zip(rows.index, rows["opens_on"], rows["closes_on"], strict=True):
            if opens and closes and closes < opens:
                heading = staged.headings["closes_on"]
                findings.refuse(row, heading, closes.isoformat(), "dates_in_order")


def _keys(rows: pd.DataFrame, kind: str, findings: Findings) -> "pd.Series[Any]":
    """Return the keys of the rows that are not refused yet; None for the others."""
    good = rows[~rows.index.isin(findings.refused_rows())]
    keys = pd.Series(row_keys(kind, good), index=good.index, dtype=object)
    return keys.reindex(rows.index).where(lambda known: known.notna(), None)


def _refuse_duplicates(
    connection: sa.Connection,
    kind: str,
    rows: pd.DataFrame,
    former: pd.DataFrame,
    staged: Staged,
    findings: Findings,
) -> None:
    """Refuse rows whose key an earlier row or a current row of the database has."""
    table = table_of(kind)
    query = sa.select(table.c.id, table.c.key).where(
        table.c.replaced_by.is_(None), table.c.key.is_not(None)
    )
    gives_way = set(former["id"])
    there = {key for i, key in connection.execute(query).all() if i not in gives_way}
    field = "code" if "code" in staged.headings else "name"
    heading = staged.headings.get(field, "")
    values = rows[field] if field in rows else pd.Series("", index=rows.index)
    seen: set[str] = set()
    for row, key, value in zip(rows.index, rows["key"], values, strict=True):
        if key is None:
            continue
        if key in there or key in seen:
            rule = "duplicate" if key in there else "duplicate_in_file"
            findings.refuse(row, heading, value, rule)
        seen.add(key)


def _insert(
    connection: sa.Connection,
    request: _Request,
    staged: Staged,
    kept: pd.DataFrame,
    made: pd.DataFrame | None,
    former: pd.DataFrame,
    findings: Findings,
) -> int:
    kind = request.kind.name
    source = BatchSource(
        kind,
        request.path.name,
        sha256=request.sha256,
        size_bytes=request.path.stat().st_size,
        reference=staged.reference,
        is_replacing=request.is_replacing,
    )
    if made is not None:
        made = made[made["reference"].isin(kept["made_community"])]
        findings.note("按网格所写新建社区", "communities made from the grids' column", len(made))
    batch_id = begin_batch(
        connection,
        source,
        n_kept=len(kept),
        n_refused=len(findings.refused_rows()),
        notes=tuple(note.as_dict() for note in findings.notes),
    )
    if made is not None and len(made):
        kept = _insert_communities(connection, kept, made, batch_id)
    takes_place = successors(kind, former, kept)
    replaced = former["id"] if request.is_replacing else pd.Series(list(takes_place), dtype=object)
    hide(connection, kind, [int(i) for i in replaced], batch_id=batch_id)
    ids = insert_rows(connection, kind, kept, batch_id=batch_id, on_progress=request.on_progress)
    new_ids = {old: int(ids.loc[row]) for old, row in takes_place.items()}
    gone = former[former["id"].isin(replaced)]
    point_to_successors(connection, kind, gone, new_ids)
    _store_refused(connection, kind, batch_id, findings)
    return batch_id


def _insert_communities(
    connection: sa.Connection, grids: pd.DataFrame, made: pd.DataFrame, batch_id: int
) -> pd.DataFrame:
    """Insert the communities that grids name, and return the grids pointing to them."""
    rows = made.assign(key=pd.Series(row_keys("communities", made), index=made.index))
    ids = insert_rows(connection, "communities", rows, batch_id=batch_id)
    id_of = dict(zip(made["reference"], ids, strict=True))
    pointed = [
        id_of.get(reference, known)
        for reference, known in zip(grids["made_community"], grids["community_id"], strict=True)
    ]
    return grids.assign(community_id=pd.Series(pointed, index=grids.index, dtype=object))


def _store_refused(connection: sa.Connection, kind: str, batch_id: int, findings: Findings) -> None:
    records = [
        {
            "batch_id": batch_id,
            "kind": kind,
            "source_row": cell.row,
            "column": cell.column,
            "value": cell.value,
            "rule": cell.rule,
            "reason_zh": cell.reason.zh,
            "reason_en": cell.reason.en,
        }
        for cell in findings.refused
    ]
    if records:
        connection.execute(sa.insert(RefusedRow), records)
