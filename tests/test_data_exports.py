"""Downloads: read again by other programs, no cell a formula, nobody's place in them."""

import io
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from small_street import CRS, EAST, NORTH, small_street, station_at
from test_scenario import PLAN

from data.exports import as_cell, csv_bytes, scenario_csv, scenario_gpkg, scenario_json
from geo.coverage import Coverage, cover
from geo.scenario import from_json
from geo.whatif import ClosedStation, MovedStation, apply_edits

LAYERS = ["stations", "new_stations", "grids", "service_areas", "buildings"]


@pytest.fixture(scope="module")
def before() -> Coverage:
    return cover(small_street())


@pytest.fixture(scope="module")
def after() -> Coverage:
    return cover(apply_edits(small_street(), [station_at("=cmd()", 2000)]))


@pytest.fixture(scope="module")
def layers(
    before: Coverage, after: Coverage, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, gpd.GeoDataFrame]:
    path = tmp_path_factory.mktemp("exports") / "scenario.gpkg"
    path.write_bytes(scenario_gpkg(before, after))
    names = gpd.list_layers(path)["name"].tolist()
    return {name: gpd.read_file(path, layer=name) for name in names}


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", " =1", "\t=1"])
def test_a_cell_that_a_spreadsheet_would_run_is_neutralised(cell: str):
    assert as_cell(cell) == "'" + cell


@pytest.mark.parametrize("cell", ["第1网格", 5, 1.5, None, "3栋"])
def test_plain_cells_stay(cell: object):
    assert as_cell(cell) == cell


def test_a_table_opens_in_a_spreadsheet_as_it_is():
    table = pd.DataFrame({"名": ["=1+1", "甲,乙"], "户": [3, 4]})
    raw = csv_bytes(table)
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.decode("utf-8-sig") == '名,户\n\'=1+1,3\n"甲,乙",4\n'


def test_the_scenarios_json_opens_it_again():
    assert from_json(scenario_json(PLAN)) == PLAN


def test_the_csv_has_each_grid_before_and_after_and_the_total(before: Coverage, after: Coverage):
    raw = scenario_csv(before, after, "en")
    table = pd.read_csv(io.BytesIO(raw), dtype={"Code": str}, keep_default_na=False)
    assert table["Code"].tolist() == ["341103003001001", "341103003001002", ""]
    assert table["Grid"].tolist() == ["第1网格", "'=第2网格", "Total"]
    assert table["households covered before"].tolist() == [40, 0, 40]
    assert table["households covered after"].tolist() == [40, 60, 100]
    assert table["households % before"].tolist() == [100, 0, 40]
    assert table["households % after"].tolist() == [100, 100, 100]
    assert table["households points of change"].tolist() == [0, 100, 60]
    assert table["members covered after"].tolist() == [4, 7, 11]
    assert table["median min before"].tolist() == [15.0, 28.6, 22.6]  # 900, 1719, 1359 s
    assert table["median min after"].tolist() == [15.0, 1.6, 7.6]  # 900, 99, 459 s
    assert not [name for name in table if name.startswith("elderly")]  # nobody counted them


def test_half_out_of_reach_is_a_blank_and_the_headings_are_chinese_by_default(before: Coverage):
    closed = cover(apply_edits(small_street(), [ClosedStation(11)]))
    table = pd.read_csv(io.BytesIO(scenario_csv(before, closed)))
    assert table["中位分钟 后"].isna().all()
    assert table["网格"].tolist()[-1] == "合计"
    assert table["户 百分点 增减"].tolist() == [-100, 0, -40]


def test_the_geopackage_has_its_layers_in_wgs84(layers: dict[str, gpd.GeoDataFrame]):
    assert sorted(layers) == sorted(LAYERS)
    assert {str(frame.crs) for frame in layers.values()} == {"EPSG:4326"}
    assert layers["service_areas"]["minutes"].tolist() == [5, 10, 15]


def test_stations_say_what_became_of_them(layers: dict[str, gpd.GeoDataFrame]):
    stations = layers["stations"].set_index("id")
    assert stations["change"].to_dict() == {11: "", 12: "new"}
    assert layers["new_stations"]["name"].tolist() == ["=cmd()"]
    place = layers["new_stations"].to_crs(CRS).geometry[0]
    assert (place.x, place.y) == pytest.approx((EAST + 2000, NORTH), abs=0.01)


def test_moved_and_closed_stations_are_marked_and_no_station_is_new(
    before: Coverage, tmp_path: Path
):
    for edit, change in ((MovedStation(11, 117.01, 32.25), "moved"), (ClosedStation(11), "closed")):
        path = tmp_path / f"{change}.gpkg"
        path.write_bytes(scenario_gpkg(before, cover(apply_edits(small_street(), [edit]))))
        assert gpd.read_file(path, layer="stations")["change"].tolist() == [change]
        assert len(gpd.read_file(path, layer="new_stations")) == 0


def test_homes_have_their_walk_before_and_after(layers: dict[str, gpd.GeoDataFrame]):
    homes = layers["buildings"].set_index("source_id")
    np.testing.assert_allclose(homes["seconds_before"], [459, 900, 1359, 1719], atol=0.01)
    np.testing.assert_allclose(homes["seconds_after"], [459, 900, 459, 99], atol=0.01)
    assert homes["covered_before"].tolist() == [True, True, False, False]
    assert homes["covered_after"].tolist() == [True, True, True, True]
    assert homes["station_after"].tolist() == [11, 11, 12, 12]


def test_nobodys_place_is_in_the_geopackage(before: Coverage, layers: dict[str, gpd.GeoDataFrame]):
    assert "place" in set(before.points["kind"])  # a member stands on the map, by coordinates
    assert set(layers["buildings"]["kind"]) == {"building"}
    people = ("member", "resident", "elderly")
    assert not [column for column in layers["buildings"] if column.startswith(people)]
    assert not [column for column in layers["stations"] if column.startswith(people)]


def test_what_is_out_of_reach_has_no_seconds(before: Coverage, tmp_path: Path):
    path = tmp_path / "closed.gpkg"
    closed = cover(apply_edits(small_street(), [ClosedStation(11)]))
    path.write_bytes(scenario_gpkg(before, closed))
    homes = gpd.read_file(path, layer="buildings")
    assert homes["seconds_after"].isna().all()
    assert homes["station_after"].isna().all()
    assert gpd.read_file(path, layer="service_areas").geometry.is_empty.tolist() == [True] * 3


def test_grids_stand_before_and_after(layers: dict[str, gpd.GeoDataFrame]):
    grids = layers["grids"].set_index("code")
    assert grids["households_covered_before"].tolist() == [40, 0]
    assert grids["households_covered_after"].tolist() == [40, 60]
    assert grids["members_share_after"].tolist() == [1, 1]
    np.testing.assert_allclose(grids["median_s_after"], [900, 99], atol=0.01)
