"""Every nasty file of tests/office_files, and files whose bytes were changed by seed."""

import io
import os
import time
import zipfile
from contextlib import suppress
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import sqlalchemy as sa
from office_files import vector
from office_files.cases import CASES, LANDED, document

from data.batches import list_batches
from data.doctor import diagnose
from data.errors import ImportDataError
from data.imports import commit, store_frames
from data.store import open_database
from data.tables import KINDS, table_of
from geo.errors import GeoError

DOCUMENT = Path(__file__).parents[1] / "docs" / "office_files.md"
# 500 in all is the long form: REDGRID_MUTATIONS=500. Each takes some 50 ms.
N_MUTATED = int(os.environ.get("REDGRID_MUTATIONS", "100"))
LONGEST_S = 10.0
MUTATED = [case for case in CASES if case.name not in {"压缩炸弹.xlsx", "百万行.csv", "一角.xlsx"}]
BEFORE = {
    "grids": gpd.GeoDataFrame(
        {"code": vector.CODES, "name": vector.NAMES}, geometry=vector.squares(), crs=4326
    ),
    "compounds": gpd.GeoDataFrame(
        {"key": ["a", "b"], "name": ["春园小区", "夏园小区"]},
        geometry=gpd.points_from_xy([118.301, 118.303], [32.251, 32.253]),
        crs=4326,
    ),
}


def contents(engine):
    """Return every row of every kind."""
    with engine.connect() as connection:
        return {
            kind: [tuple(row) for row in connection.execute(sa.select(table_of(kind)))]
            for kind in KINDS
        }


def test_there_are_at_least_forty_and_each_has_a_name_of_its_own():
    assert len({case.name for case in CASES}) == len(CASES) >= 40
    assert set(LANDED) <= {case.name for case in CASES}


def test_the_document_is_what_the_script_writes():
    assert DOCUMENT.read_text(encoding="utf-8") == document()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_nasty_file_is_said_and_lands_as_documented(database, tmp_path, case):
    store_frames(database, {kind: BEFORE[kind] for kind in case.before}, source="before")
    path = tmp_path / "in" / case.name
    path.parent.mkdir()
    case.make(path)
    before = contents(database)
    if case.is_refused:
        with pytest.raises(ImportDataError) as caught:
            commit(database, diagnose(database, path, case.kind, **case.options))
        said = caught.value.say("zh")
        assert contents(database) == before
    else:
        diagnosis = diagnose(database, path, case.kind, **case.options)
        assert contents(database) == before
        report = commit(database, diagnosis)
        said = report.summary("zh")
        assert report.n_kept == case.kept
        assert tuple((cell.row, cell.rule) for cell in report.refused) == case.rules
        assert tuple((cell.row, cell.rule) for cell in report.doubts) == case.doubts
        assert len(report.left_out) == case.unread
    for sentence in case.says:
        assert sentence in said
    if case.name in LANDED:
        column, values = LANDED[case.name]
        table = table_of(case.kind)
        query = sa.select(table.c[column]).where(table.c.batch_id == report.batch_id)
        with database.connect() as connection:
            assert connection.execute(query.order_by(table.c.source_row)).scalars().all() == values


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_without_a_word_of_what_it_is_there_is_an_answer_or_a_question(database, tmp_path, case):
    path = tmp_path / case.name
    case.make(path)
    if case.is_refused and case.kind is None:
        with pytest.raises(ImportDataError):
            diagnose(database, path)
        return
    guessed = diagnose(database, path).kind
    assert guessed is None or guessed.name == case.kind


def mutated(content, random):
    """Return bytes with some changed, cut out, repeated or cut off at the end."""
    changed = bytearray(content)
    for _ in range(int(random.integers(1, 6))):
        at, n = int(random.integers(0, max(len(changed), 1))), int(random.integers(1, 40))
        way = random.integers(0, 5)
        if way <= 1:
            changed[at : at + n] = random.integers(0, 256, size=n, dtype=np.uint8).tobytes()
        elif way == 2:
            del changed[at : at + n]
        elif way == 3:
            changed[at:at] = changed[at : at + n]
        elif len(changed) > 100:
            del changed[-n:]
    return bytes(changed)


def mutated_inside(content, random):
    """Return a package with the bytes of one part changed, so that it is opened at all."""
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    telling = [name for name in parts if name.endswith((".xml", ".rels", ".dbf", ".shp", ".shx"))]
    name = telling[int(random.integers(0, len(telling)))]
    parts[name] = mutated(parts[name], random)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as package:
        for each, part in parts.items():
            package.writestr(each, part)
    return packed.getvalue()


@pytest.mark.parametrize("part", range(10))
def test_mutated_files_give_a_sentence_or_rows_that_add_up(tmp_path, part):
    """No other error than ours, none that hangs, and nothing written but what the report says."""
    random = np.random.default_rng(20261125 + part)
    engine = open_database(tmp_path / "office.db")
    sources = {}
    for i in range(N_MUTATED // 10):
        case = MUTATED[int(random.integers(0, len(MUTATED)))]
        if case.name not in sources:
            case.make(tmp_path / case.name)
            sources[case.name] = (tmp_path / case.name).read_bytes()
        path = tmp_path / f"{i}-{case.name}"
        is_inside = case.name.endswith((".xlsx", ".xlsm", ".zip")) and random.random() < 0.7
        is_inside = is_inside and zipfile.is_zipfile(tmp_path / case.name)
        change = mutated_inside if is_inside else mutated
        path.write_bytes(change(sources[case.name], random))
        before = contents(engine)
        start = time.process_time()
        report = None
        with suppress(GeoError):  # every other error is a defect
            report = commit(engine, diagnose(engine, path, case.kind, again=True, **case.options))
            assert report.n_read == report.n_kept + report.n_refused
        assert time.process_time() - start < LONGEST_S, case.name
        after = contents(engine)
        if report is None or report.batch_id is None:
            assert after == before
        else:
            grown = sum(map(len, after.values())) - sum(map(len, before.values()))
            assert grown >= report.n_kept
    with engine.connect() as connection:
        for batch in list_batches(connection):
            assert batch["n_read"] == batch["n_kept"] + batch["n_refused"]
    engine.dispose()
