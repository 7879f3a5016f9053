"""A dashboard on a free port, for the benchmarks and browser tests of the pages."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@contextmanager
def dashboard(database: Path, log: Path) -> Iterator[tuple[str, int]]:
    """Serve a database; give the address and the process id, and end it afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "redgrid", "--db", str(database), "serve", "--port", str(port)]
    with log.open("w") as out:
        process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out, env=os.environ | {})
        try:
            _wait(port, process, log)
            yield f"http://localhost:{port}", process.pid
        finally:
            process.terminate()
            process.wait(20)


def _wait(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError(log.read_text())
        try:
            with urllib.request.urlopen(f"http://localhost:{port}/_stcore/health") as answer:
                if answer.status == 200:
                    time.sleep(3)  # the caches are warmed in the background
                    return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(log.read_text())


def make_demo_database(path: Path, grids: int, members: int) -> None:
    """Fill a database with the demo through the command itself."""
    command = [sys.executable, "-m", "redgrid", "--db", str(path), "demo"]
    command += ["--grids", str(grids), "--members", str(members)]
    subprocess.run(command, check=True, cwd=ROOT, capture_output=True)
