"""The real files beside the checkout, each row accounted for."""

from collections import Counter

import numpy as np
import pytest
import shapely
from sqlalchemy.orm import Session

from data.imports import import_file, undo
from data.queries import load_study
from data.viewer import Viewer
from geo.coverage import cover
from geo.report import coverage_report
from geo.snap import snap_points

pytestmark = pytest.mark.real


def study_of(engine):
    with Session(engine) as session:
        return load_study(session, Viewer.everything())


def test_wuhan_keeps_all_its_compounds_and_knows_what_it_does_not_know(database, real_data):
    report = import_file(database, "compounds", real_data / "wuhan/小区台账.csv", datum="bd09")
    assert (report.n_read, report.n_kept, report.n_refused) == (4998, 4998, 0)
    compounds = study_of(database).compounds
    assert compounds["households"].isna().sum() == 2947
    degrees = compounds.to_crs(4326).geometry
    outside = ~(degrees.x.between(108.36, 116.13) & degrees.y.between(29.03, 33.28))
    # Kept, though far off: 43 outside of the box round Hubei (47 outside of its outline).
    assert outside.sum() == 43


def test_wuhan_s_districts_are_grids_by_their_six_digits(database, real_data):
    report = import_file(database, "grids", real_data / "wuhan/区划.geojson", datum="gcj02")
    assert (report.n_read, report.n_kept) == (13, 13)
    assert ("网格编码不是 15 位数字", 13) in [(note.text.zh, note.n) for note in report.notes]
    assert "420106" in study_of(database).grids["code"].tolist()


def test_chuzhou_names_the_24_rows_without_coordinates(database, real_data):
    report = import_file(database, "compounds", real_data / "chuzhou/小区台账.csv", datum="bd09")
    assert (report.n_read, report.n_kept, report.n_refused) == (1425, 1401, 24)
    assert {cell.rule for cell in report.refused} == {"coordinates"}
    names = study_of(database).compounds["name"]
    assert names.duplicated().sum() > 280
    assert {"龙蟠南苑", "名儒园", "天逸华府桂园"} <= set(names)


def test_beijing_s_streets_are_grids_called_by_district_and_name(database, real_data):
    report = import_file(database, "grids", real_data / "beijing/streets_61.geojson")
    assert (report.n_read, report.n_kept) == (61, 61)
    study = study_of(database)
    assert study.grids["code"].is_unique
    assert sorted(study.communities["name"]) == ["东城区", "海淀区", "西城区"]
    assert study.grids["population"].notna().all()


def test_tsinghua_gives_a_network_and_its_homes(database, real_data):
    path = real_data / "beijing/tsinghua.osm.gz"
    network = import_file(database, "network", path)
    homes = import_file(database, "buildings", path)
    assert (network.n_read, network.n_kept) == (1, 1)
    study = study_of(database)
    assert study.crs == study.network.crs
    assert len(study.buildings) == homes.n_kept == homes.n_read
    assert homes.n_kept >= 117
    assert any("不是住宅" in note.text.zh and note.n > 300 for note in homes.notes)
    assert (study.buildings["households"] >= 1).all()
    assert np.isfinite(study.buildings["footprint"].area).all()
    undo(database, network.batch_id)
    assert len(study_of(database).network.xy) == 0


def test_tsinghua_gives_its_water_and_green(database, real_data):
    report = import_file(database, "base", real_data / "beijing/tsinghua.osm.gz")
    assert report.n_refused == 0
    assert set(study_of(database).base["kind"]) <= {"water", "green", "rail"}


def test_wuhan_s_streets_become_a_network_without_loss_in_the_database(database, real_data):
    report = import_file(database, "network", real_data / "wuhan/streets.parquet")
    assert report.n_kept == 1
    network = study_of(database).network
    # The length of all streets but the motorways: 6,705.9 km.
    assert network.edge_length_m.sum() == pytest.approx(6_705_907, rel=1e-4)


def test_wuhan_accounts_for_every_compound_by_district(database, real_data):
    """Acceptance: 4,998 rows, about 400 outside of the streets, half of the others within 42 m."""
    import_file(database, "network", real_data / "wuhan/streets.parquet")
    import_file(database, "compounds", real_data / "wuhan/小区台账.csv", datum="bd09")
    import_file(database, "grids", real_data / "wuhan/区划.geojson", datum="gcj02")
    study = study_of(database)
    answer = cover(study, minutes=15.0)
    report = coverage_report(answer, study)
    reasons = Counter(row["reason"] for row in report["left_out"] if row["kind"] == "compound")
    assert reasons["outside_network"] == 403
    xy = shapely.get_coordinates(study.compounds.geometry.to_numpy())
    _, _, distance_m = snap_points(study.network, xy, limit_m=1e7)
    outside = {row["id"] for row in report["left_out"] if row["reason"] == "outside_network"}
    inside = ~study.compounds.index.isin(outside)
    assert np.median(distance_m[inside]) == pytest.approx(42, abs=1)
    assert (distance_m[inside] < 300).mean() == pytest.approx(0.93, abs=0.01)
    assert reasons["beyond_snap"] == ((distance_m > 100) & inside).sum()
    # Every row once: counted or left out; every household known, unknown or left out.
    left_out = study.compounds.index.isin([row["id"] for row in report["left_out"]])
    total, households = report["total"], study.compounds["households"]
    assert total["n_points"] + sum(reasons.values()) == 4998
    assert total["households_unknown"] + households[left_out].isna().sum() == 2947
    assert total["households"] + total["households_left_out"] == households.sum()
    assert {"江岸区", "武昌区"} <= {grid["name"] for grid in report["grids"] if grid["households"]}
