import sqlite3

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from data.batches import list_batches
from data.errors import StoreError
from data.imports import import_file
from data.models import Base, ImportBatch
from data.store import open_database, writing
from data.tables import KINDS, table_of


def statements(connection):
    """Return each table's and index's statement as a sorted list of its lines."""
    query = "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"
    return {
        name: sorted(line.strip().rstrip(",") for line in (sql or "").splitlines())
        for name, sql in connection.exec_driver_sql(query)
        if "alembic_version" not in name
    }


def test_the_migrations_make_what_the_models_say(database):
    made = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    Base.metadata.create_all(made)
    with database.connect() as migrated, made.connect() as modelled:
        context = MigrationContext.configure(migrated, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
        # Alembic does not compare CHECKs; the statements themselves do.
        assert statements(migrated) == statements(modelled)
    made.dispose()


def test_every_constraint_has_a_name():
    for table in Base.metadata.tables.values():
        assert all(constraint.name for constraint in table.constraints), table.name


def test_every_row_knows_its_import_and_its_row_in_the_file():
    for kind in KINDS:
        assert {"batch_id", "source_row", "replaced_by"} <= set(table_of(kind).c.keys())
        assert not table_of(kind).c.batch_id.nullable


def test_sqlite_is_opened_with_its_safety_switches_on(database):
    with database.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("foreign_keys", "journal_mode", "synchronous", "busy_timeout")
        }
    assert pragmas == {
        "foreign_keys": 1,
        "journal_mode": "wal",
        "synchronous": 2,
        "busy_timeout": 30_000,
    }


def test_opening_again_keeps_what_is_there(database, tmp_path):
    with writing(database) as connection:
        connection.execute(sa.insert(ImportBatch).values(**batch_values()))
    again = open_database(tmp_path / "redgrid.db")
    with again.connect() as connection:
        assert connection.execute(sa.select(sa.func.count(ImportBatch.id))).scalar() == 1
    again.dispose()


def batch_values():
    return {
        "kind": "grids",
        "source": "a.csv",
        "data_date": "2026-01-01",
        "imported_at": sa.func.now(),
        "n_read": 2,
        "n_kept": 1,
        "n_refused": 1,
        "notes": [],
    }


def test_a_batch_whose_rows_do_not_add_up_is_refused_by_the_database(database):
    with (
        pytest.raises(sa.exc.IntegrityError, match="nothing_dropped"),
        writing(database) as connection,
    ):
        connection.execute(sa.insert(ImportBatch).values(**{**batch_values(), "n_kept": 0}))


def test_what_is_not_to_be_kept_is_taken_back(database):
    with writing(database, is_kept=False) as connection:
        connection.execute(sa.insert(ImportBatch).values(**batch_values()))
    with database.connect() as connection:
        assert connection.execute(sa.select(sa.func.count(ImportBatch.id))).scalar() == 0


def test_a_database_of_a_newer_version_is_refused(database, tmp_path):
    with writing(database) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError) as caught:
        open_database(tmp_path / "redgrid.db")
    assert caught.value.say("zh").startswith("数据库由更新版本的红网写成（结构版本 9999）")
    assert caught.value.say("en").startswith("The database was written by a newer redgrid")


def test_the_database_of_another_program_is_refused_and_left_as_it_is(tmp_path):
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE notes (id INTEGER)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"it holds other tables \(notes\)"):
        open_database(path)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused(tmp_path):
    path = tmp_path / "letter.db"
    path.write_text("Dear colleagues, " * 100)
    with pytest.raises(StoreError, match=r"cannot be opened \(file is not a database\)"):
        open_database(path)


@pytest.mark.parametrize("place", ["", "no/such/folder/redgrid.db"])
def test_a_folder_or_a_path_without_one_is_refused(tmp_path, place):
    with pytest.raises(StoreError, match="cannot be used: it is a folder, or its folder does not"):
        open_database(tmp_path / place)


def test_ids_are_never_used_twice(database):
    with writing(database) as connection:
        first = connection.execute(sa.insert(ImportBatch).values(**batch_values()))
        connection.execute(sa.delete(ImportBatch))
        second = connection.execute(sa.insert(ImportBatch).values(**batch_values()))
    assert second.inserted_primary_key[0] > first.inserted_primary_key[0]


def test_a_database_that_another_process_keeps_writing_to_is_said_to_be_busy(
    database, tmp_path, monkeypatch
):
    monkeypatch.setattr("data.store.BUSY_TIMEOUT_S", 0.1)
    other = open_database(tmp_path / "redgrid.db")
    with (
        writing(database),
        pytest.raises(StoreError, match="Another process is writing"),
        writing(other),
    ):
        pass
    with writing(other):
        pass  # free again
    other.dispose()


def test_reading_goes_on_while_an_import_writes(database, tmp_path):
    other = open_database(tmp_path / "redgrid.db")
    with writing(database) as connection, other.connect() as reader:
        connection.execute(sa.insert(ImportBatch).values(**batch_values()))
        assert reader.execute(sa.select(sa.func.count(ImportBatch.id))).scalar() == 0
    other.dispose()


@pytest.mark.parametrize("place", ["dragon://here", "://", "postgresql+nodriver://h/d"])
def test_an_address_that_cannot_be_a_database_is_refused(place):
    with pytest.raises(StoreError, match=r"cannot be read|is not installed"):
        open_database(place)


def test_a_full_disk_is_said_and_nothing_is_written(database, tmp_path):
    path = tmp_path / "sites.csv"
    rows = "\n".join(f"site {i},{118 + i / 1e4},32" for i in range(20_000))
    path.write_text(f"name,lon,lat\n{rows}", encoding="utf-8")

    def make_small(connection, _record):
        connection.execute("PRAGMA max_page_count=100")

    database.dispose()
    sa.event.listen(database, "connect", make_small)
    with pytest.raises(
        StoreError, match=r"cannot be written \(database or disk is full\)"
    ) as caught:
        import_file(database, "candidates", path, datum="wgs84")
    assert "什么也没有写入" in caught.value.say("zh")
    sa.event.remove(database, "connect", make_small)
    database.dispose()
    assert list_of_batches(database) == []


def list_of_batches(engine):
    with engine.connect() as connection:
        return list_batches(connection)


def test_a_mistake_of_ours_is_not_called_a_full_disk(database):
    with pytest.raises(sa.exc.OperationalError), writing(database) as connection:
        connection.exec_driver_sql("SELECT * FROM no_such_table")


def test_a_database_that_is_locked_whole_is_said_to_be_busy(database, tmp_path, monkeypatch):
    monkeypatch.setattr("data.store.BUSY_TIMEOUT_S", 0.1)
    database.dispose()
    path = tmp_path / "redgrid.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA locking_mode=EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    other.execute("UPDATE import_batch SET source = source")
    try:
        with pytest.raises(StoreError, match="Another process is writing"):
            open_database(path)
    finally:
        other.close()
