"""Taking files in: one import is one transaction and one batch that can be undone."""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import pandas as pd
import sqlalchemy as sa

from data.batches import BatchSource, begin_batch, list_batches, undo
from data.checking import Checked, check
from data.diagnosis import Choices, Diagnosis, make_report
from data.doctor import prepare
from data.errors import ImportDataError
from data.findings import Findings
from data.frames import store_frames
from data.geocoding.queueing import store_places
from data.models import RefusedRow
from data.remembering import remember_mapping
from data.replacing import hide, point_to_successors, successors
from data.report import ImportReport
from data.row_keys import row_keys
from data.store import writing
from data.tables import insert_rows
from geo.text import Text

__all__ = ["ImportReport", "commit", "import_file", "list_batches", "store_frames", "undo"]

Progress = Callable[[int, int], None]


def import_file(
    engine: sa.Engine,
    kind: str | None,
    path: Path | str,
    *,
    datum: str | None = None,
    crs: str | None = None,
    sheet: str | None = None,
    mapping: Mapping[str, str] | None = None,
    mends: Collection[str] = (),
    replace: bool = False,
    again: bool = False,
    dry_run: bool = False,
    on_progress: Progress | None = None,
) -> ImportReport:
    """Import one file of one kind, in one transaction: a diagnosis and its commit.

    Every row is kept or refused with its reason; bad rows never stop the good ones. Where no row
    can be kept, or waits for somebody to say where it is, nothing is written
    (`ImportReport.is_refused`).

    Parameters
    ----------
    kind
        One of `data.fields.KINDS`; None: guessed from the file.
    datum, crs
        What the file's coordinates are in; counts before what the file itself says.
    sheet, mapping, mends
        As in `data.doctor.diagnose`.
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
    choices = Choices(kind, sheet, mapping, datum, crs, frozenset(mends), replace, again)
    with engine.connect() as connection:
        diagnosis = prepare(connection, Path(path), choices)
    return commit(engine, diagnosis, dry_run=dry_run, on_progress=on_progress)


def commit(
    engine: sa.Engine,
    diagnosis: Diagnosis,
    *,
    dry_run: bool = False,
    on_progress: Progress | None = None,
) -> ImportReport:
    """Write what a diagnosis kept, in one transaction and one batch that can be undone.

    The rows are compared with the database once more, under the lock: it may have changed since.

    Raises
    ------
    ImportDataError
        The diagnosis has a problem that nobody has put right.
    """
    if diagnosis.problem is not None:
        raise diagnosis.problem
    if diagnosis.kind is None or diagnosis.staged is None:
        raise ImportDataError(
            Text("还没有确定这是哪种数据。", "It is not settled yet which kind of data this is.")
        )
    findings = diagnosis.findings.copy()
    batch_id = None
    with writing(engine, is_kept=not dry_run) as connection:
        checked = check(
            connection,
            diagnosis.kind.name,
            diagnosis.table,
            diagnosis.staged,
            findings,
            is_replacing=diagnosis.choices.replace,
        )
        if len(checked.kept) or len(checked.doubtful):
            batch_id = _insert(connection, diagnosis, checked, findings, on_progress)
        if diagnosis.choices.mapping and diagnosis.table is not None:
            headings = diagnosis.table.headings
            told = diagnosis.choices.mapping
            blank = {name: "" for name, heading in told.items() if not heading}
            mapping = {**diagnosis.mapping, **blank}
            remember_mapping(connection, headings, diagnosis.kind.name, mapping)
    return make_report(
        diagnosis,
        checked,
        findings,
        batch_id=None if dry_run else batch_id,
        is_dry_run=dry_run,
    )


def _insert(
    connection: sa.Connection,
    diagnosis: Diagnosis,
    checked: Checked,
    findings: Findings,
    on_progress: Progress | None,
) -> int:
    if diagnosis.kind is None or diagnosis.staged is None:
        raise TypeError(diagnosis)  # `commit` has asked
    kind, kept, former = diagnosis.kind.name, checked.kept, checked.former
    is_replacing = diagnosis.choices.replace
    source = BatchSource(
        kind,
        diagnosis.source,
        sha256=diagnosis.sha256,
        size_bytes=diagnosis.path.stat().st_size,
        reference=diagnosis.staged.reference,
        is_replacing=is_replacing,
    )
    n_unchanged = len(checked.trip.unchanged - findings.refused_rows())
    batch_id = begin_batch(
        connection,
        source,
        n_kept=len(kept),
        n_refused=checked.n_read - len(kept) - n_unchanged,
        notes=tuple(note.as_dict() for note in findings.notes),
    )
    if checked.made is not None and len(checked.made):
        kept = _insert_communities(connection, kept, checked.made, batch_id)
    takes_place = successors(kind, former, kept)
    takes_place |= {i: row for row, i in checked.trip.former.items() if row in kept.index}
    replaced = set(former["id"]) if is_replacing else set(takes_place)
    hide(connection, kind, sorted(int(i) for i in replaced), batch_id=batch_id)
    ids = insert_rows(connection, kind, kept, batch_id=batch_id, on_progress=on_progress)
    new_ids = {old: int(ids.loc[row]) for old, row in takes_place.items()}
    gone = former[former["id"].isin(replaced)]
    point_to_successors(connection, kind, gone, new_ids)
    _store_refused(connection, kind, batch_id, findings)
    store_places(connection, kind, batch_id, kept, checked.doubtful, ids)
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
