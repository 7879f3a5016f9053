import json
import subprocess
import sys
import time
from datetime import datetime, timedelta

import pytest
from click.testing import CliRunner

from redgrid import EXAMPLES, cli


@pytest.fixture
def run(tmp_path):
    """Run `redgrid` on a database in a folder of its own."""

    def command(*arguments, language="en"):
        options = ["--db", str(tmp_path / "office.db"), "--lang", language]
        return CliRunner().invoke(cli, [*options, *map(str, arguments)])

    return command


def csv_file(tmp_path, text, name="社区.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_import_list_and_undo(run, tmp_path):
    done = run("import", "communities", csv_file(tmp_path, "社区名称\n甲\n,\n"))
    assert done.exit_code == 0
    assert done.stdout == ""
    assert "社区.csv: 1 rows read, 1 kept, 0 refused; import 1" in done.stderr
    listed = run("import", "list")
    assert "\tcommunities\t社区.csv\t1 = 1 + 0" in listed.stdout
    undone = run("import", "undo", 1, language="zh")
    assert (undone.exit_code, undone.stderr) == (0, "已撤销导入 1：社区 1 行\n")
    assert json.loads(run("import", "list", "--json").stdout)[0]["undone_at"]


def test_data_goes_to_stdout_and_talk_to_stderr(run, tmp_path):
    path = csv_file(tmp_path, "name,lon,lat\n甲,118,32\n乙,,\n")
    done = run("import", "compounds", path, "--datum", "wgs84", "--json", language="zh")
    account = json.loads(done.stdout)
    assert (account["read"], account["kept"], account["refused"]) == (2, 1, 1)
    assert account["refused_rows"][0]["reason_zh"] == "没有坐标，或坐标读不懂"
    assert "第 3 行，lon, lat列 “, ”：没有坐标，或坐标读不懂" in done.stderr


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("zh", "没有文件 nowhere.csv。"), ("en", "There is no file nowhere.csv.")],
)
def test_a_refusal_is_one_sentence_and_status_1(run, language, sentence):
    done = run("import", "grids", "nowhere.csv", language=language)
    assert (done.exit_code, done.stdout, done.stderr) == (1, "", f"{sentence}\n")


def test_a_file_refused_whole_ends_with_status_1(run, tmp_path):
    path = csv_file(tmp_path, "name,lon,lat\n,118,32\n")
    done = run("import", "compounds", path, "--datum", "wgs84")
    assert done.exit_code == 1
    assert "all refused, nothing written" in done.stderr


def test_wrong_usage_ends_with_status_2(run):
    assert run("import", "dragons", "x.csv").exit_code == 2
    assert run("import", "grids").exit_code == 2
    assert run("import", "grids", "x.csv", "--datum", "mars").exit_code == 2


def test_a_setting_that_cannot_be_is_a_refusal(monkeypatch, tmp_path):
    monkeypatch.setenv("REDGRID_PORT", "many")
    done = CliRunner().invoke(cli, ["--db", str(tmp_path / "a.db"), "import", "list"])
    assert done.exit_code == 1
    assert "REDGRID_PORT" in done.stderr


def test_a_dry_run_writes_nothing(run, tmp_path):
    path = csv_file(tmp_path, "name\n甲\n")
    assert "nothing written" in run("import", "communities", path, "--dry-run").stderr
    assert run("import", "list").stdout == ""


def test_replace_and_again_reach_the_import(run, tmp_path):
    path = csv_file(tmp_path, "name\n甲\n")
    run("import", "communities", path)
    assert "byte for byte" in run("import", "communities", path).stderr
    assert run("import", "communities", path, "--again").exit_code == 1
    assert run("import", "communities", path, "--again", "--replace").exit_code == 0


@pytest.mark.parametrize("kind", EXAMPLES)
def test_every_kind_has_an_example_in_its_help(run, kind):
    assert f"redgrid import {kind} {EXAMPLES[kind]}" in run("import", kind, "-h").stdout


def test_the_help_comes_at_once_and_python_m_does_the_same():
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "redgrid", "-h"], capture_output=True, text=True, check=True
    )
    assert time.perf_counter() - start < 1.5
    assert done.stdout.startswith("Usage: redgrid [OPTIONS] COMMAND")
    heavy = (
        "import sys, redgrid; sys.exit(bool({'geopandas', 'numba', 'pandas'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", heavy], check=False).returncode == 0


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="Setting the zone needs POSIX.")
def test_the_list_tells_the_time_of_the_office_s_own_clock(run, tmp_path, monkeypatch):
    run("import", "communities", csv_file(tmp_path, "社区名称\n甲\n"))
    stored = json.loads(run("import", "list", "--json").stdout)[0]["imported_at"]
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    try:
        shown = run("import", "list").stdout.split("\t")[1]
    finally:
        monkeypatch.undo()
        time.tzset()
    later = datetime.fromisoformat(shown) - datetime.fromisoformat(stored)
    assert later == timedelta(hours=8)


def test_the_refused_of_an_import_that_is_not_there_are_an_error(run):
    done = run("import", "refused", 9)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("There is no import 9.")
