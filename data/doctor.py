"""The import doctor: what a file is and what would become of it, before anything is written.

`diagnose` reads only; `data.imports.commit` takes a diagnosis in. What the user changes (kind,
sheet, columns, datum, mends) is a new diagnosis of the same file.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from hashlib import file_digest
from pathlib import Path

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from data.checking import check
from data.column_mapping import check_mapping, match_columns, place_columns, with_place_headings
from data.datum_guess import ask_map, asked_in_vain
from data.diagnosis import Choices, Diagnosis, make_report
from data.doubts import known_box
from data.errors import ImportDataError
from data.fields import KINDS, Kind
from data.files import OSM_KINDS, is_osm_file, read_file, read_network
from data.findings import Findings
from data.frames import network_row
from data.kind_guess import KindGuess, guess_kind, heading_fit
from data.linking import current_rows
from data.mending import MENDS, Mend, apply_mends, find_mends
from data.models import ImportBatch
from data.positions import Reference, UnknownDatumError
from data.raw_table import RawTable
from data.remembering import recall_mapping
from data.staging import Staged, stage
from geo.errors import GeoError
from geo.text import Text

Database = sa.Engine | sa.Connection | Session


def diagnose(
    database: Database,
    path: Path | str,
    kind: str | None = None,
    *,
    datum: str | None = None,
    crs: str | None = None,
    sheet: str | None = None,
    mapping: Mapping[str, str] | None = None,
    mends: Collection[str] = (),
    replace: bool = False,
    again: bool = False,
) -> Diagnosis:
    """Say what a file is and what would become of each row; nothing is written.

    Parameters
    ----------
    kind
        One of `data.fields.KINDS`; guessed from the file where it is left out.
    datum, crs
        What the coordinates are in; counts before what the file itself says.
    sheet
        Of a workbook, or the layer of a GeoPackage; the one that fits best if left out.
    mapping
        Headings by field ("" = none), also for "lon", "lat", "lonlat"; fields that are left out
        are guessed. Without any, what was said of the last file with these headings counts.
    mends
        Kinds of mends (`data.mending.MENDS`) to make; the others are only offered.
    replace, again
        As in `data.imports.import_file`.

    Raises
    ------
    ImportDataError
        The file cannot be read at all, or a kind, field, heading or mend is not known. What can
        be put right by saying more is the diagnosis's `problem` instead.
    """
    choices = Choices(kind, sheet, mapping, datum, crs, frozenset(mends), replace, again)
    with _reading(database) as connection:
        prepared = prepare(connection, Path(path), choices)
        return _checked(connection, prepared)


@contextmanager
def _reading(database: Database) -> Iterator[sa.Connection]:
    if isinstance(database, sa.Engine):
        with database.connect() as connection:
            yield connection
    else:
        yield database.connection() if isinstance(database, Session) else database


def prepare(connection: sa.Connection, path: Path, choices: Choices) -> Diagnosis:
    """Read and stage a file, as `diagnose`, without comparing its rows with the database."""
    _check_choices(choices)
    digest = _digest(path)
    source = path.name if choices.sheet is None else f"{path.name}#{choices.sheet}"
    codes = frozenset(current_rows(connection, "grids", "code")["code"])
    findings = Findings(is_of_persons=choices.kind == "members", known_codes=codes)
    _note_demo(connection, findings)
    kind = None if choices.kind is None else KINDS[choices.kind]
    start = Diagnosis(path, source, digest, choices, kind, KindGuess(choices.kind, TOLD))
    start = replace(start, problem=_same_file(connection, start), findings=findings)
    if kind is None and is_osm_file(path):
        start = replace(start, kind=KINDS["network"], guess=KindGuess("network", OSM_REASON))
    if start.kind is not None and start.kind.name == "network":
        return _with_network(start)
    try:
        raw = read_file(path, kind, findings, choices.sheet, lambda h: heading_fit(kind, h))
    except GeoError:
        if start.problem is not None:
            raise start.problem from None
        raise
    if not len(raw):
        raise ImportDataError(
            Text(f"{path.name} 只有表头，没有数据。", f"{path.name} has headings but no rows.")
        )
    findings.notes.extend(raw.notes)
    return _with_table(connection, replace(start, original=raw, table=raw))


TOLD = Text("种类由您指定", "the kind was told")
OSM_REASON = Text(
    f"是 OpenStreetMap 文件，看作步行网络（也可用于：{'、'.join(OSM_KINDS)}）",
    f"an OpenStreetMap file, taken for the walk network (possible are: {', '.join(OSM_KINDS)})",
)


def _check_choices(choices: Choices) -> None:
    Reference.given(choices.datum, choices.crs)
    if choices.kind is not None and choices.kind not in KINDS:
        raise _unknown(Text("种数据", "kind"), choices.kind, KINDS)
    for name in sorted(choices.mends - MENDS.keys()):
        raise _unknown(Text("种更正", "mend"), name, MENDS)


def _unknown(what: Text, name: str, known: Collection[str]) -> ImportDataError:
    names = ", ".join(known)
    return ImportDataError(
        Text(
            f"没有“{name}”这{what.zh}；可用：{names}。",
            f"There is no {what.en} {name!r}: {names}.",
        )
    )


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


def _note_demo(connection: sa.Connection, findings: Findings) -> None:
    table = ImportBatch.__table__
    query = sa.select(sa.func.count()).where(table.c.is_demo, table.c.undone_at.is_(None))
    findings.note(
        "数据库里有演示数据；真实数据请放在另一个数据库（--db）",
        "the database holds demo data; keep real data in a database of its own (--db)",
        int(connection.execute(query).scalar_one()),
    )


def _same_file(connection: sa.Connection, diagnosis: Diagnosis) -> ImportDataError | None:
    """Return the refusal of a file that is in the database already, byte for byte."""
    if diagnosis.choices.again or diagnosis.kind is None:
        return None
    table = ImportBatch.__table__
    query = sa.select(table.c.id, table.c.source).where(
        table.c.sha256 == diagnosis.sha256,
        table.c.kind == diagnosis.kind.name,
        table.c.undone_at.is_(None),
    )
    sheet = diagnosis.choices.sheet
    former = [
        i
        for i, source in connection.execute(query).all()
        # The sheets of a workbook are imported one by one.
        if sheet is None or "#" not in source or source.endswith(f"#{sheet}")
    ]
    if not former:
        return None
    return ImportDataError(
        Text(
            f"{diagnosis.path.name} 已经导入过（导入 {former[0]}），内容完全相同。"
            "确实要再导入一次，请加 --again。",
            f"{diagnosis.path.name} is in the database already, byte for byte "
            f"(import {former[0]}). To import it once more, add --again.",
        ),
        [former[0]],
    )


def _with_network(start: Diagnosis) -> Diagnosis:
    if start.problem is not None:
        return start
    reference = Reference.given(start.choices.datum, start.choices.crs)
    try:
        network = read_network(start.path, reference, start.findings)
    except UnknownDatumError as error:
        return replace(start, problem=error)
    # One network is one row; its ways, those cut and left out, are counted in the notes.
    name = reference.name or network.crs.to_string()[:80]
    staged = Staged(network_row(network, start.path.name), {}, (), name)
    return replace(start, staged=staged)


def _with_table(connection: sa.Connection, start: Diagnosis) -> Diagnosis:
    """Find the kind and the columns of a table, stage it, and offer mends."""
    raw, choices = start.table, start.choices
    if raw is None:
        return start
    recalled = recall_mapping(connection, raw.headings, choices.kind)
    mapping = choices.mapping
    if recalled is not None and mapping is None:
        mapping = recalled[1]
        start = replace(start, is_remembered=True)
    if start.kind is None:
        guess = guess_kind(raw, _names(start.path, raw))
        if recalled is not None:
            reason = Text("上次同样的表头是这种数据", "The last file with these headings was")
            guess = KindGuess(recalled[0], reason, guess.scores)
        if guess.kind is None:
            return replace(start, guess=guess, problem=ImportDataError(guess.reason))
        start = replace(start, kind=KINDS[guess.kind], guess=guess)
        start.findings.is_of_persons = guess.kind == "members"
        start = replace(start, problem=_same_file(connection, start))
        if guess.kind == "network":
            return _with_network(replace(start, original=None, table=None))
    kind = start.kind
    if kind is None:
        return start
    if mapping is not None:
        check_mapping(raw, kind, mapping)
    used = _mapping_in_use(raw, kind, mapping)
    start = replace(start, mapping=used)
    return _staged(connection, start, kind, mapping)


def _names(path: Path, raw: RawTable) -> list[str]:
    titles = [row.text for row in raw.left_out if row.what == "title"]
    return [path.stem, raw.sheet, *titles]


def _mapping_in_use(raw: RawTable, kind: Kind, mapping: Mapping[str, str] | None) -> dict[str, str]:
    places = place_columns(with_place_headings(raw, mapping))
    columns = match_columns(raw.headings, kind, set(places.values()), mapping)
    return {name: raw.headings[at] for name, at in {**columns, **places}.items()}


def _staged(
    connection: sa.Connection,
    start: Diagnosis,
    kind: Kind,
    mapping: Mapping[str, str] | None,
) -> Diagnosis:
    raw = start.table
    if raw is None:
        return start
    told = Reference.given(start.choices.datum, start.choices.crs)
    answer = ask_map(connection, raw, kind, told, start.findings, mapping)
    reference = answer.reference
    start = replace(start, datum=answer.finding)
    before = start.findings.copy()
    try:
        staged = stage(raw, kind, reference, start.findings, mapping)
        mends = _mends(connection, start, staged, mapping)
        if start.choices.mends:
            made = [m for m in mends if m.kind in start.choices.mends]
            raw = apply_mends(raw, made, start.choices.mends)
            start = replace(start, findings=before, table=raw)
            staged = stage(raw, kind, reference, before, mapping)
            mends = tuple(replace(m, is_applied=m in made) for m in mends)
    except UnknownDatumError as error:
        question = UnknownDatumError(asked_in_vain(answer.finding, error.text))
        return replace(start, problem=start.problem or question)
    except GeoError as error:
        return replace(start, problem=start.problem or error)
    return replace(start, staged=staged, mends=mends)


def _mends(
    connection: sa.Connection,
    start: Diagnosis,
    staged: Staged,
    mapping: Mapping[str, str] | None,
) -> tuple[Mend, ...]:
    raw = start.table
    if raw is None or start.kind is None:
        return ()
    shapes = staged.rows.get("geometry")
    number = start.mapping.get("number") if start.kind.name in {"buildings", "members"} else None
    return find_mends(
        with_place_headings(raw, mapping),
        None if shapes is None else np.asarray(shapes, dtype=object),
        start.findings,
        None if number is None else raw.headings.index(number),
        known_box(connection),
    )


def _checked(connection: sa.Connection, prepared: Diagnosis) -> Diagnosis:
    """Compare the rows with the database and say what a commit would do."""
    if prepared.kind is None or prepared.staged is None:
        return prepared
    findings = prepared.findings.copy()
    try:
        checked = check(
            connection,
            prepared.kind.name,
            prepared.table,
            prepared.staged,
            findings,
            is_replacing=prepared.choices.replace,
        )
    except GeoError as error:
        return replace(prepared, problem=prepared.problem or error)
    report = make_report(prepared, checked, findings, batch_id=None, is_dry_run=True)
    return replace(prepared, report=report, checked=checked)
