"""Every benchmark runs tiny, so that none can rot; what each prints is JSON."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import absent

CHROMIUM = "/usr/bin/chromium"  # where the benchmark looks for it
BENCH = Path(__file__).resolve().parents[1] / "bench"
TINY = (
    *("bench_reach", "bench_snap", "bench_service_area", "bench_osm", "bench_sessions"),
    *("bench_siting", "bench_siting_cover", "bench_datum", "bench_siting_constrained"),
    *("bench_topology", "bench_geocode"),
)


@pytest.mark.parametrize("name", TINY)
@pytest.mark.filterwarnings("ignore")  # the peers' own, where they are installed
def test_the_benchmark_still_runs_and_prints_json(
    name: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.syspath_prepend(str(BENCH))
    monkeypatch.delitem(sys.modules, "cases", raising=False)
    importlib.import_module(name).main(tiny=True)
    require_json_lines(capfd.readouterr().out)


@pytest.mark.browser
def test_the_benchmark_of_the_dashboard_still_runs_and_prints_json():
    if not Path(CHROMIUM).is_file():
        absent("No chromium on this machine: install Debian's package chromium.")
    # In a process of its own: a browser of other tests may hold this one's event loop.
    command = [sys.executable, str(BENCH / "bench_dashboard.py"), "--tiny"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=180)
    require_json_lines(done.stdout)


def require_json_lines(printed: str) -> None:
    lines = [line[line.index("{") :] for line in printed.splitlines() if "{" in line]
    rows = [json.loads(line) for line in lines]
    assert rows
    assert all("bench" in row for row in rows)


def test_every_benchmark_is_known_to_the_makefile_and_to_the_page_of_figures():
    page = (BENCH.parent / "docs" / "performance.md").read_text(encoding="utf-8")
    for path in BENCH.glob("bench_*.py"):
        assert path.name in page
