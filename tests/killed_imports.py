"""Kill importers at random moments and tell what each left behind, as one JSON line a trial.

Run by test_data_kill.py in a process of its own, so that forking meets no threads of the tests:
    python killed_imports.py FOLDER TRIALS SEED
"""

import json
import os
import random
import shutil
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path

from data.imports import import_file, undo
from data.store import open_database
from data.tables import KINDS, table_of

N_ROWS = 3_000


def ledger(folder: Path, name: str, prefix: str) -> Path:
    """Write a ledger of compounds; every tenth row has no coordinates."""
    path = folder / name
    rows = (
        f"{prefix}{i},{i % 50},{118 + i / 10_000},{32 if i % 10 else ''}" for i in range(N_ROWS)
    )
    path.write_text("name,households,lon,lat\n" + "\n".join(rows), encoding="utf-8")
    return path


def actions(folder: Path) -> dict[str, Callable[[Path], object]]:
    """Return what is killed: each takes the path of a database that holds one import."""
    second = ledger(folder, "second.csv", "b")
    options = {"datum": "wgs84"}
    return {
        "import": lambda path: import_file(open_database(path), "compounds", second, **options),
        "replace": lambda path: import_file(
            open_database(path), "compounds", second, replace=True, **options
        ),
        "undo": lambda path: undo(open_database(path), 1),
    }


def state(path: Path) -> list[object]:
    """Return what a database holds, after checking that it is sound."""
    connection = sqlite3.connect(path)
    try:
        sound = [
            connection.execute("PRAGMA integrity_check").fetchall(),
            connection.execute("PRAGMA foreign_key_check").fetchall(),
        ]
        tables = [table_of(kind).name for kind in KINDS] + ["refused_row", "import_batch"]
        counts = {t: connection.execute(f"SELECT count(*) FROM {t}").fetchone() for t in tables}  # noqa: S608
        current = connection.execute(
            "SELECT count(*), sum(households) FROM compound WHERE replaced_by IS NULL"
        ).fetchone()
        undone = connection.execute(
            "SELECT id, undone_at IS NOT NULL FROM import_batch ORDER BY id"
        ).fetchall()
    finally:
        connection.close()
    return json.loads(json.dumps([sound, counts, current, undone]))


def copy(path: Path, to: Path) -> Path:
    """Copy a database that nobody has open."""
    for ending in ("", "-wal", "-shm"):
        Path(f"{to}{ending}").unlink(missing_ok=True)
    shutil.copy(path, to)
    return to


def killed(run: Callable[[Path], object], path: Path, after_s: float | None) -> bool:
    """Run in a child, kill it after a while (None: never); tell whether it said it was done."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        run(path)
        os.write(write_end, b"done")
        os._exit(0)
    if after_s is not None:
        time.sleep(after_s)
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        return pipe.read() == b"done"


def main(folder: Path, trials: int, seed: int) -> None:
    """Run all trials and print one JSON line for each."""
    draw = random.Random(seed)  # noqa: S311 - moments, not secrets
    base = folder / "base.db"
    engine = open_database(base)
    import_file(engine, "compounds", ledger(folder, "first.csv", "a"), datum="wgs84")
    engine.dispose()
    before = state(base)
    for name, run in actions(folder).items():
        finished = copy(base, folder / "finished.db")
        start = time.perf_counter()
        killed(run, finished, None)
        took_s = time.perf_counter() - start
        after = state(finished)
        for _ in range(trials // 3 + 1):
            path = copy(base, folder / "trial.db")
            said_done = killed(run, path, draw.uniform(0, 1.6 * took_s))
            found = state(path)
            outcome = {str(before): "before", str(after): "after"}.get(str(found), "neither")
            print(json.dumps({"action": name, "found": outcome, "said_done": said_done}))  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
