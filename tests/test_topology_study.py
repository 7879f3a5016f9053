"""The faults of a study's tiling in the quality report and in `redgrid check`."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from click.testing import CliRunner, Result
from shapely.affinity import translate
from shapely.geometry import Point, box
from small_street import EAST, NORTH, small_street

from data.demo import make_demo
from data.frames import store_frames
from data.store import open_database
from geo.demand import demand_points
from geo.grid_quality import grid_faults, grid_summaries
from geo.quality import check_study
from geo.study import Study
from redgrid import cli


def overlapping() -> Study:
    """Return the small street with its first grid reaching 8 m into the second."""
    study = small_street()
    wider = [box(1000, -99, 2000, 99), box(0, -99, 1008, 99)]
    shapes = [translate(shape, EAST, NORTH) for shape in wider]
    home = study.buildings.geometry.copy()
    home[3] = Point(EAST + 1004, NORTH + 10)
    return replace(
        study,
        grids=study.grids.set_geometry(shapes),
        buildings=study.buildings.set_geometry(home),
    )


def test_the_faults_of_a_study_are_numbered_and_name_its_grids():
    study = overlapping()
    found = grid_faults(study, demand_points(study))
    overlap = found[found["kind"] == "overlap"].iloc[0]
    assert found.index.tolist() == list(range(1, len(found) + 1))
    assert set(overlap["names"]) == {"=第2网格", "第1网格"}
    assert overlap["area_m2"] == pytest.approx(8 * 198)


def test_the_homes_in_an_overlap_are_the_people_affected():
    found = {finding.key: finding for finding in check_study(overlapping())}
    assert (found["grid_overlap"].households, found["grid_overlap"].members) == (20, 4)
    assert found["grid_overlap"].ids == (2, 1)


def test_households_of_a_grid_are_counted_at_its_homes_unless_its_row_says():
    study = small_street()
    sizes = {s.kind: s.ids for s in grid_summaries(study, demand_points(study))}
    assert sizes["too_few_households"] == [1, 2]  # 40 and 60 households
    told = replace(study, grids=study.grids.assign(households=[400.0, np.nan]))
    sizes = {s.kind: s.ids for s in grid_summaries(told, demand_points(told))}
    assert sizes["too_few_households"] == [1]
    unknown = study.buildings.assign(households=[10.0, np.nan, 20.0, 40.0])
    some = replace(study, buildings=unknown)
    sizes = {s.kind: s.ids for s in grid_summaries(some, demand_points(some))}
    assert sizes["too_few_households"] == [2]


def test_no_grids_no_faults():
    study = small_street()
    empty = replace(study, grids=study.grids.iloc[:0])
    assert grid_summaries(empty, demand_points(empty)) == []


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a demo of nine grids, one drawn 4 m too far, and one compound without gates."""
    made = make_demo(grids=9, members=20)
    grids = made.frames["grids"].to_crs(4548)
    wide = grids.geometry.copy()
    wide.iloc[4] = wide.iloc[4].buffer(4.0, join_style="mitre")
    gates = made.frames["gates"]
    frames = {
        **made.frames,
        "grids": grids.set_geometry(wide).to_crs(4326),
        "gates": gates[gates["compound_key"] != "c0"],
    }
    path = tmp_path_factory.mktemp("check") / "town.db"
    engine = open_database(path)
    store_frames(engine, {**frames, "network": made.network}, source="t")
    engine.dispose()
    return str(path)


def run(database: str, *words: str) -> Result:
    answer = CliRunner().invoke(cli, ["--db", database, "--lang", "en", "check", *words])
    assert answer.exit_code == 0, answer.output
    return answer


def test_the_command_lists_each_fault_of_the_grids(database: str):
    rows = json.loads(run(database, "--grids", "--json").stdout)
    overlaps = [row for row in rows if row["kind"] == "overlap"]
    assert len(overlaps) >= 3
    for row in overlaps:
        assert row["is_mendable"]
        assert row["geometry"]["type"] == "Polygon"
        assert row["area_m2"] > 1
        assert 118 < row["lon"] < 119
    table = run(database, "--grids", "--csv").stdout.splitlines()
    assert table[0].startswith("no,kind,severity")
    assert len(table) == len(rows) + 1
    assert "overlap on" in run(database, "--grids").stdout


def test_the_command_writes_mended_grids_that_go_in_again(database: str, tmp_path: Path):
    database = shutil.copy(database, tmp_path / "own.db")  # what is imported stays here
    path = tmp_path / "mended.geojson"
    told = run(database, "--grids", "--repaired", str(path)).stderr
    assert "border moved by" in told
    mended = gpd.read_file(path)
    assert len(mended) == 9
    assert mended["code"].str.fullmatch(r"\d{15}").all()
    options = ["import", "grids", str(path), "--replace"]
    again = CliRunner().invoke(cli, ["--db", database, *options])
    assert again.exit_code == 0, again.output
    rows = json.loads(run(database, "--grids", "--json").stdout)
    assert not [row for row in rows if row["kind"] in {"gap", "overlap", "unmatched_border"}]


def test_the_command_lists_the_places_where_the_network_needs_an_editor(database: str):
    rows = json.loads(run(database, "--network", "--json").stdout)
    lines = run(database, "--network").stdout.splitlines()
    table = run(database, "--network", "--csv").stdout.splitlines()
    assert [row["kind"] for row in rows].count("no_gates") == 1
    assert all(118.2 < row["lon"] < 118.4 for row in rows)
    assert f",{str(rows[0]['lon'])[:8]}" in table[1]
    assert len(lines) == len(rows)
    assert len(table) == len(rows) + 1
    assert [row["households"] for row in rows] == sorted(
        (row["households"] for row in rows), reverse=True
    )


@pytest.mark.parametrize(
    "words",
    [["--csv"], ["--repaired", "x"], ["--grids", "--csv", "--json"], ["--grids", "--network"]],
)
def test_options_that_make_no_sense_together_are_refused(words: list[str]):
    assert CliRunner().invoke(cli, ["check", *words]).exit_code == 2
