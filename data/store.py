"""Opening the database: engine, SQLite's safety switches, and migrations when they are due."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from data.errors import StoreError
from data.settings import database_url
from geo.text import Text

BUSY = Text(
    "另一个程序正在写入数据库，请稍后再试。",
    "Another process is writing to the database. Try again later.",
)
# SQLite's codes: busy, locked; and permission, read-only, input/output, full, cannot open.
BUSY_ERRORS = frozenset({5, 6})
DISK_ERRORS = frozenset({3, 8, 10, 13, 14})
BUSY_TIMEOUT_S = 30.0  # two imports at once: the second waits for the first
MIGRATIONS = Path(__file__).parent / "migrations"


def open_database(place: str | Path) -> sa.Engine:
    """Open a database (URL, or path of a SQLite file), made or brought up to date where needed.

    SQLite runs with foreign keys, a write-ahead log and full synchronisation: what was
    acknowledged survives a power cut.

    Raises
    ------
    StoreError
        The place cannot be opened, is no database of ours, or was written by a newer version.
    """
    url = _checked_url(str(place))
    try:
        engine = sa.create_engine(url, connect_args=_connect_args(url))
    except (sa.exc.NoSuchModuleError, ModuleNotFoundError) as error:
        name = url.drivername
        raise StoreError(
            Text(
                f"没有安装数据库 {name} 的驱动程序。",
                f"The driver of the database {name} is not installed.",
            )
        ) from error
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _switch_on_safety)
        sa.event.listen(engine, "begin", _begin)
    try:
        _migrate(engine)
        _use_write_ahead_log(engine)
    except (sa.exc.DBAPIError, sqlite3.DatabaseError) as error:
        engine.dispose()
        if _sqlite_code(error) in BUSY_ERRORS:
            raise StoreError(BUSY) from error
        raise StoreError(
            Text(
                f"数据库 {url.render_as_string()} 打不开：{_cause(error)}。请检查路径和权限。",
                f"The database {url.render_as_string()} cannot be opened ({_cause(error)}). "
                "Check the path and its permissions.",
            )
        ) from error
    except StoreError:
        engine.dispose()
        raise
    return engine


@contextmanager
def writing(engine: sa.Engine, *, is_kept: bool = True) -> Iterator[sa.Connection]:
    """Give a connection that holds the write lock from its start: one transaction, all or nothing.

    With `is_kept` false all is taken back at the end, as if it had never been.

    Raises
    ------
    StoreError
        Another process keeps writing for longer than the time that one waits.
    """
    with engine.connect().execution_options(is_writing=True) as connection:
        try:
            transaction = connection.begin()
        except sa.exc.OperationalError as error:
            raise StoreError(BUSY) from error
        try:
            with transaction:
                yield connection
                if not is_kept:
                    transaction.rollback()
        except sa.exc.OperationalError as error:
            if not _is_of_the_disk(error):
                raise  # a mistake of ours
            raise StoreError(
                Text(
                    f"数据库写不进去：{_cause(error)}。什么也没有写入；请检查磁盘空间和文件权限。",
                    f"The database cannot be written ({_cause(error)}). Nothing was written; "
                    "check the disk's free space and the permissions of the file.",
                )
            ) from error


def _checked_url(place: str) -> sa.URL:
    try:
        url = sa.make_url(database_url(place))
    except sa.exc.ArgumentError as error:
        raise StoreError(
            Text(
                "数据库地址读不懂。例：redgrid.db 或 sqlite:////data/redgrid.db。",
                "The address of the database cannot be read. For example: redgrid.db or "
                "sqlite:////data/redgrid.db.",
            )
        ) from error
    _check_folder(url)
    return url


def _check_folder(url: sa.URL) -> None:
    if url.get_backend_name() != "sqlite" or url.database in {None, "", ":memory:"}:
        return
    path = Path(str(url.database))
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise StoreError(
            Text(
                f"数据库路径 {path} 不可用：它是文件夹，或所在的文件夹不存在。",
                f"The database path {path} cannot be used: it is a folder, or its folder does not "
                "exist.",
            )
        )


def _connect_args(url: sa.URL) -> dict[str, Any]:
    return {"timeout": BUSY_TIMEOUT_S} if url.get_backend_name() == "sqlite" else {}


def _switch_on_safety(connection: sqlite3.Connection, _record: object) -> None:
    # Autocommit mode of the driver: `BEGIN` is sent by `_begin`, so that DDL is transactional too.
    connection.isolation_level = None
    for pragma in ("foreign_keys=ON", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")


def _use_write_ahead_log(engine: sa.Engine) -> None:
    """Let reading go on while an import writes. Kept in the file; set once it is known as ours."""
    if engine.dialect.name == "sqlite":
        connection = engine.raw_connection()  # outside of any transaction
        try:
            connection.cursor().execute("PRAGMA journal_mode=WAL")
        finally:
            connection.close()


def _begin(connection: sa.Connection) -> None:
    is_writing = connection.get_execution_options().get("is_writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing else "BEGIN")


def _migrate(engine: sa.Engine) -> None:
    script = ScriptDirectory(str(MIGRATIONS))
    with engine.connect() as connection:
        if _is_current(connection, script):
            return
    with writing(engine) as connection:
        # Asked again under the lock: another process may have migrated meanwhile.
        if _is_current(connection, script):
            return
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _is_current(connection: sa.Connection, script: ScriptDirectory) -> bool:
    revision = MigrationContext.configure(connection).get_current_revision()
    if revision is None:
        _refuse_strange_tables(connection)
        return False
    try:
        script.get_revision(revision)
    except CommandError as error:
        raise StoreError(
            Text(
                f"数据库由更新版本的红网写成（结构版本 {revision}）。请升级红网后再打开。",
                f"The database was written by a newer redgrid (schema {revision}). "
                "Upgrade redgrid to open it.",
            )
        ) from error
    return revision == script.get_current_head()


def _refuse_strange_tables(connection: sa.Connection) -> None:
    tables = set(sa.inspect(connection).get_table_names()) - {"alembic_version", "spatial_ref_sys"}
    if tables:
        shown = ", ".join(sorted(tables)[:5])
        raise StoreError(
            Text(
                f"这个数据库不是红网的：里面有别的表（{shown}）。请换一个路径。",
                f"This database is not redgrid's: it holds other tables ({shown}). "
                "Choose another path.",
            )
        )


def _is_of_the_disk(error: sa.exc.DBAPIError) -> bool:
    return _sqlite_code(error) in DISK_ERRORS


def _sqlite_code(error: Exception) -> int:
    """Return SQLite's primary code of an error; 0 where it has none."""
    code = getattr(getattr(error, "orig", error), "sqlite_errorcode", None)
    return int(code or 0) & 0xFF


def _cause(error: Exception) -> str:
    return str(getattr(error, "orig", error)).rstrip(".")
