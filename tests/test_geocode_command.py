"""`redgrid geocode`: texts and tables, JSON and CSV, exit codes, and services that are off."""

import csv
import io
import json
from pathlib import Path

import pytest
from address_town import fill, take_in
from click.testing import CliRunner
from map_services import KEY, Reply, amap_found, amap_refused, serving
from sqlalchemy.orm import Session

from data.geocoding.aliases import PlaceRef
from data.geocoding.review import decide, queue
from data.store import open_database
from data.viewer import Viewer
from geo.crs import from_wgs84
from redgrid import cli

STATIONS = (
    "驿站名称,地址\n甲站,龙蟠大道88号\n乙站,火星路5号\n丙站,碧水家园1栋\n丁站,=龙蟠南苑2号楼\n"
)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Run `redgrid` on the town, in a folder of its own, without any key."""
    monkeypatch.chdir(tmp_path)
    for name in ("AMAP", "BAIDU", "TIANDITU", "NOMINATIM"):
        monkeypatch.delenv(f"REDGRID_{name}_KEY", raising=False)
    engine = open_database(tmp_path / "town.db")
    fill(engine)
    engine.dispose()

    def command(*arguments: object, language: str = "zh"):
        options = ["--db", str(tmp_path / "town.db"), "--lang", language]
        return CliRunner().invoke(cli, [*options, *map(str, arguments)])

    return command


def table_of(answer) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.stdout)))


def test_a_text_is_answered_in_json(run):
    answer = run("geocode", "安徽省滁州市龙蟠南苑二幢1单元502室")
    assert answer.exit_code == 0
    found = json.loads(answer.stdout)
    assert (found["kind"], found["id"], found["level"]) == ("buildings", 7, "building")
    assert found["claimed"]
    assert found["confidence"] > 0.8
    assert found["missing"] == "1单元502室"
    assert "1 个地址，楼栋 1，不确定 0" in answer.stderr


def test_an_ambiguous_text_gives_its_alternatives_and_exit_status_1(run):
    answer = run("geocode", "碧水家园1栋", language="en")
    assert answer.exit_code == 1
    found = json.loads(answer.stdout)
    assert (found["claimed"], found["ambiguous"], found["lon"]) == (False, True, None)
    assert [option["id"] for option in found["alternatives"]] == [9, 10]
    assert "1 addresses, not sure 1." in answer.stderr


def test_a_table_is_answered_in_csv_row_by_row(run, tmp_path: Path):
    path = tmp_path / "驿站.csv"
    path.write_text(STATIONS, encoding="gb18030")
    answer = run("geocode", path, "--column", "地址")
    assert answer.exit_code == 0
    rows = table_of(answer)
    assert [row["row"] for row in rows] == ["2", "3", "4", "5"]
    assert [row["claimed"] for row in rows] == ["True", "False", "False", "True"]
    assert rows[0]["address"] == "龙蟠大道88号"
    assert len(json.loads(rows[2]["alternatives"])) == 2
    assert rows[3]["text"] == "'=龙蟠南苑2号楼"  # no formula goes into a spreadsheet
    assert json.loads(run("geocode", path, "--json").stdout)[0]["id"] == 1


def test_a_decision_counts_before_any_match(run, tmp_path: Path):
    engine = open_database(tmp_path / "town.db")
    take_in(engine, tmp_path, "stations", "驿站名称,地址\n丙站,碧水家园1栋\n")
    with Session(engine) as session:
        (entry,) = queue(session, Viewer.everything())
    decide(engine, Viewer.everything(), entry.id, PlaceRef("buildings", 10))
    engine.dispose()
    found = json.loads(run("geocode", "碧水家园 一栋").stdout)
    assert (found["id"], found["how"], found["confidence"]) == (10, "decision", 1.0)


@pytest.mark.parametrize(
    "arguments",
    [
        ["geocode", "桂园", "--json", "--csv"],
        ["geocode", "桂园", "--online", "amap"],  # of what kind?
        ["geocode", "桂园", "--online", "amap", "--kind", "members"],
        ["geocode", "桂园", "--online", "google", "--kind", "stations"],
        ["geocode", "没有这个.csv"],
        ["geocode"],
    ],
)
def test_wrong_usage_is_exit_status_2(run, arguments: list[str]):
    assert run(*arguments).exit_code == 2


def test_a_column_that_is_not_there_is_said(run, tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_text(STATIONS, encoding="utf-8")
    answer = run("geocode", path, "--column", "位置")
    assert answer.exit_code == 1
    assert "表中没有“位置”列；现有列：驿站名称、地址" in answer.stderr


def test_without_a_key_a_service_is_off_and_nothing_is_sent(run):
    answer = run("geocode", "火星路5号", "--online", "amap", "--kind", "stations")
    assert answer.exit_code == 1
    assert "REDGRID_AMAP_KEY" in answer.stderr


def test_online_only_what_is_not_sure_here_is_asked(run, tmp_path: Path, monkeypatch):
    path = tmp_path / "驿站.csv"
    path.write_text(STATIONS, encoding="utf-8")
    lon, lat = (float(v) for v in from_wgs84(118.31, 32.26, "gcj02"))
    with serving([Reply(amap_found(lon, lat))]) as service:
        monkeypatch.setenv("REDGRID_AMAP_KEY", KEY)
        monkeypatch.setenv("REDGRID_AMAP_URL", service.url)
        answer = run("geocode", path, "--online", "amap", "--kind", "stations", "--city", "滁州市")
        assert [(q["address"], q["city"]) for q in service.asked] == [
            ("火星路5号", "滁州市"), ("碧水家园1栋", "滁州市"),
        ]  # fmt: skip
        again = run("geocode", path, "--online", "amap", "--kind", "stations", "--city", "滁州市")
        assert len(service.asked) == 2  # kept
    assert answer.exit_code == 0
    row = table_of(answer)[1]
    assert float(row["online_lon"]) == pytest.approx(118.31, abs=2e-6)
    assert (row["online_service"], row["claimed"]) == ("amap", "False")
    assert again.stdout == answer.stdout
    assert KEY not in answer.output


def test_a_quota_that_is_used_up_is_said_and_exit_status_1(run, tmp_path: Path, monkeypatch):
    path = tmp_path / "驿站.csv"
    path.write_text(STATIONS, encoding="utf-8")
    with serving([Reply(amap_refused("10003", "DAILY_QUERY_OVER_LIMIT"))]) as service:
        monkeypatch.setenv("REDGRID_AMAP_KEY", KEY)
        monkeypatch.setenv("REDGRID_AMAP_URL", service.url)
        answer = run("geocode", path, "--online", "amap", "--kind", "stations")
        assert len(service.asked) == 1
    assert answer.exit_code == 1
    assert answer.stderr.count("高德的配额已用完（10003 DAILY_QUERY_OVER_LIMIT）") == 1
    assert len(table_of(answer)) == 4  # what is known here is given all the same


@pytest.mark.parametrize("heading", ["姓名", "联系电话", "党支部"])
def test_a_register_of_persons_is_never_asked_online(run, tmp_path: Path, monkeypatch, heading):
    path = tmp_path / "党员.csv"
    path.write_text(f"{heading},地址\n甲,火星路5号\n", encoding="utf-8")
    with serving([Reply(amap_found(118.3, 32.2))]) as service:
        monkeypatch.setenv("REDGRID_AMAP_KEY", KEY)
        monkeypatch.setenv("REDGRID_AMAP_URL", service.url)
        answer = run("geocode", path, "--online", "amap", "--kind", "stations")
        assert service.asked == []
    assert answer.exit_code == 1
    assert f"表中有个人信息列“{heading}”" in answer.stderr
    local = run("geocode", path)  # here it may be matched
    assert local.exit_code == 1
    assert table_of(local)[0]["level"] == "none"
