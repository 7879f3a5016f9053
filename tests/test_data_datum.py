"""Imports that name no datum, or the wrong one: the map is asked."""

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import CRS

from data.doctor import diagnose
from data.errors import ImportDataError
from data.frames import store_frames
from data.imports import import_file
from data.store import open_database
from geo.crs import WGS84, from_wgs84
from geo.datum.hypotheses import transformer

METRES = CRS.from_epsg(4548)
CENTRE = np.array([623_500.0, 3_571_000.0])
ESTATES = CENTRE + np.random.default_rng(5).uniform(-1_500, 1_500, (60, 2))
NAMES = [f"第{row}小区" for row in range(len(ESTATES))]


@pytest.fixture
def office(tmp_path):
    """Return a database that knows sixty compounds."""
    engine = open_database(tmp_path / "office.db")
    shapes = gpd.GeoSeries(gpd.points_from_xy(*ESTATES.T), crs=METRES).buffer(60).to_crs(WGS84)
    columns = {"key": NAMES, "name": NAMES, "address": ""}
    frame = gpd.GeoDataFrame(columns, geometry=shapes.to_numpy(), crs=WGS84)
    store_frames(engine, {"compounds": frame}, source="office")
    yield engine
    engine.dispose()


def degrees(datum: str, off_m: float = 15.0) -> tuple[np.ndarray, np.ndarray]:
    xy = ESTATES + np.random.default_rng(9).normal(0, off_m, ESTATES.shape)
    return from_wgs84(*transformer(METRES, WGS84).transform(xy[:, 0], xy[:, 1]), datum)


def stations_csv(folder, x, y, headings="name,lon,lat"):
    path = folder / "stations.csv"
    rows = "".join(f"驿站{i},{a},{b}\n" for i, (a, b) in enumerate(zip(x, y, strict=True)))
    path.write_text(f"{headings}\n{rows}", encoding="utf-8")
    return path


def stations_geojson(folder, x, y):
    path = folder / "stations.geojson"
    features = [
        {
            "type": "Feature",
            "properties": {"name": f"驿站{i}"},
            "geometry": shapely.geometry.mapping(shapely.Point(a, b)),
        }
        for i, (a, b) in enumerate(zip(x, y, strict=True))
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features})
    path.write_text(text, encoding="utf-8")
    return path


def notes(report) -> str:
    return "\n".join(note.text.en for note in report.notes)


def stored(engine) -> pd.DataFrame:
    query = "SELECT original_datum, geometry FROM station"
    with engine.connect() as connection:
        return pd.read_sql(query, connection)


@pytest.mark.parametrize("datum", ["wgs84", "gcj02", "bd09"])
def test_a_table_without_a_datum_takes_the_one_the_map_shows_and_says_so(office, tmp_path, datum):
    path = stations_csv(tmp_path, *degrees(datum))
    report = import_file(office, "stations", path)
    assert (report.n_kept, report.reference) == (60, datum)
    assert "Nothing says in which datum the file is; by the map: The coordinates are" in notes(
        report
    )
    assert "of 60 points within 30 m of a known compound" in notes(report)
    rows = stored(office)
    assert set(rows["original_datum"]) == {datum}
    lon_lat = shapely.get_coordinates(shapely.from_wkb(rows["geometry"].to_numpy(object)))
    there = np.column_stack(transformer(WGS84, METRES).transform(*lon_lat.T))
    assert np.hypot(*(there - ESTATES).T).max() < 80


def test_metres_without_a_crs_find_their_zone(office, tmp_path):
    lon, lat = degrees("wgs84")
    x, y = transformer(WGS84, CRS.from_epsg(4527)).transform(lon, lat)
    report = import_file(office, "stations", stations_csv(tmp_path, x, y, "name,x,y"))
    assert (report.n_kept, report.reference) == (60, "EPSG:4527")
    assert "Xian 1980" in notes(report)


def test_what_the_map_cannot_tell_is_refused_with_what_was_measured(office, tmp_path):
    lon, lat = degrees("gcj02")
    path = stations_csv(tmp_path, lon[:6], lat[:6])
    with pytest.raises(ImportDataError) as caught:
        import_file(office, "stations", path)
    assert "Add --datum wgs84|cgcs2000|gcj02|bd09 or" in caught.value.text.en
    assert "Too few points can be compared with the map" in caught.value.text.en
    assert "按 GCJ-02（高德、腾讯） 读：6 个点中" in caught.value.text.zh
    diagnosis = diagnose(office, path, "stations")
    assert diagnosis.needs_datum
    assert diagnosis.datum is not None
    assert [len(reading.lon) for reading in diagnosis.datum.readings] == [6, 6, 6]
    assert stored(office).empty


def test_gcj02_points_labelled_wgs84_are_warned_of_and_not_moved(office, tmp_path):
    lon, lat = degrees("gcj02")
    path = stations_geojson(tmp_path, lon, lat)
    report = import_file(office, "stations", path, dry_run=True)
    assert report.reference == "EPSG:4326"
    assert "which the map contradicts; nothing was changed. Import again with --datum gcj02" in (
        notes(report)
    )
    right = import_file(office, "stations", path, datum="gcj02")
    assert "contradicts" not in notes(right)


def test_a_datum_told_wrongly_is_warned_of_too(office, tmp_path):
    path = stations_csv(tmp_path, *degrees("bd09"))
    told_wrongly = import_file(office, "stations", path, datum="wgs84", dry_run=True)
    assert "said to be WGS84" in notes(told_wrongly)
    assert "--datum bd09" in notes(told_wrongly)
    assert told_wrongly.reference == "wgs84"
    assert "contradicts" not in notes(import_file(office, "stations", path, datum="bd09"))


def test_latitude_before_longitude_is_offered_to_be_mended_in_the_datum_found(office, tmp_path):
    lon, lat = degrees("gcj02")
    path = stations_csv(tmp_path, lat, lon)
    diagnosis = diagnose(office, path, "stations")
    assert diagnosis.problem is None
    assert diagnosis.report is not None
    assert diagnosis.report.reference == "gcj02"
    assert {cell.rule for cell in diagnosis.report.refused} == {"swapped"}


@pytest.mark.parametrize(
    ("headings", "datum"),
    [("name,经度(百度),纬度(百度)", "bd09"), ("name,经度（GCJ-02）,纬度（GCJ-02）", "gcj02")],
)
def test_headings_that_name_a_datum_are_believed_and_held_against_the_map(
    office, database, tmp_path, headings, datum
):
    path = stations_csv(tmp_path, *degrees("bd09"), headings)
    report = import_file(database, "stations", path, dry_run=True)  # nothing known there
    assert report.reference == datum
    assert f"In {datum}, as the headings" in notes(report)
    held = import_file(office, "stations", path, dry_run=True)
    assert held.reference == datum
    assert ("which the map contradicts" in notes(held)) == (datum != "bd09")


def test_headings_that_name_two_datums_name_none(database, tmp_path):
    path = stations_csv(tmp_path, *degrees("bd09"), "name,经度(百度),纬度(高德)")
    with pytest.raises(ImportDataError, match="Nothing says in which datum"):
        import_file(database, "stations", path)


@pytest.mark.real
def test_wuhan_is_found_by_its_streets(database, real_data):
    import_file(database, "network", real_data / "wuhan/streets.parquet")
    report = import_file(database, "compounds", real_data / "wuhan/小区台账.csv")
    assert (report.n_kept, report.reference) == (4998, "bd09")


@pytest.mark.real
def test_wuhan_is_found_by_the_districts_that_its_addresses_name(database, real_data):
    import_file(database, "grids", real_data / "wuhan/区划.geojson", datum="gcj02")
    report = import_file(database, "compounds", real_data / "wuhan/小区台账.csv")
    assert (report.n_kept, report.reference) == (4998, "bd09")


@pytest.mark.real
def test_chuzhou_is_asked_by_its_districts_alone_with_bd09_likeliest(database, real_data):
    """Some twenty addresses near a border are not enough to be sure."""
    import_file(database, "grids", real_data / "chuzhou/区划.geojson", datum="gcj02")
    diagnosis = diagnose(database, real_data / "chuzhou/小区台账.csv", "compounds")
    assert diagnosis.needs_datum
    assert diagnosis.datum.likeliest.key == "bd09"
    assert diagnosis.datum.likeliest.n_inside - diagnosis.datum.readings[1].n_inside >= 5
