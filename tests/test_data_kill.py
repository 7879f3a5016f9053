import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

TRIALS = 50


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Killing needs POSIX.")
def test_a_killed_import_leaves_the_database_as_before_or_as_after(tmp_path):
    script = Path(__file__).parent / "killed_imports.py"
    run = subprocess.run(
        [sys.executable, str(script), str(tmp_path), str(TRIALS), "20261124"],
        capture_output=True,
        text=True,
        check=False,
        cwd=script.parents[1],
        env={**os.environ, "PYTHONPATH": str(script.parents[1])},
    )
    assert run.returncode == 0, run.stderr
    trials = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(trials) >= TRIALS
    found = Counter(trial["found"] for trial in trials)
    assert found["neither"] == 0, found
    # Both ends were met, so that the moments lay where they could do harm.
    assert found["before"] >= 5, found
    assert found["after"] >= 5, found
    # What was acknowledged is kept.
    assert all(trial["found"] == "after" for trial in trials if trial["said_done"])
