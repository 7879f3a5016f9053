"""What a study holds: columns always there, unknown kept unknown, grids and compounds by place."""

import time

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import CRS
from sqlalchemy.orm import Session

from data.errors import ImportDataError
from data.imports import store_frames
from data.queries import load_study
from data.viewer import Viewer
from geo.hours import parse_hours
from geo.network import WalkNetwork
from geo.study import MEMBER_KINDS

COUNTS = ("members", *MEMBER_KINDS)
COLUMNS = {
    "communities": {"code", "name"},
    "grids": {"code", "name", "community_id", "community"},
    "compounds": {"name", "address", "households", "residents", "elderly", *COUNTS},
    "gates": {"compound_id", "name", "open_to_all", "hours"},
    "buildings": {
        *("compound_id", "grid_id", "number", "name", "address", "levels", "footprint"),
        *("households", "residents", "elderly", *COUNTS),
    },
    "stations": {
        *("name", "address", "services", "hours", "opens_on", "closes_on", "state"),
    },
    "candidates": {"name", "address", "cost", "area_m2"},
    "base": {"kind", "name"},
    "places": {"grid_id", *COUNTS},
}


def study_of(engine):
    with Session(engine) as session:
        return load_study(session, Viewer.everything())


def points(*lonlat, **columns):
    lon, lat = zip(*lonlat, strict=True)
    return gpd.GeoDataFrame(columns, geometry=gpd.points_from_xy(lon, lat), crs=4326)


def boxes(*corners, **columns):
    return gpd.GeoDataFrame(columns, geometry=[shapely.box(*c) for c in corners], crs=4326)


def square_network(crs=4548):
    return WalkNetwork(
        xy=np.array([[623000.0, 3570000], [623100, 3570000]]),
        edge_nodes=np.array([[0, 1]], dtype=np.int32),
        edge_length_m=np.array([100.0]),
        crs=CRS(crs),
    )


def test_an_empty_database_gives_an_empty_study_with_all_its_columns(database):
    study = study_of(database)
    for name, columns in COLUMNS.items():
        frame = getattr(study, name)
        assert columns <= set(frame.columns), name
        assert len(frame) == 0
        assert frame.crs == study.crs
    assert study.crs.axis_info[0].unit_name == "metre"
    assert len(study.network.xy) == 0
    assert (study.is_demo, study.data_date) == (False, "")


def test_a_full_study_has_the_same_columns_and_its_ids_as_index(database):
    frames = {
        "communities": boxes((118.3, 32.2, 118.4, 32.3), code=["1"], name=["甲"]),
        "grids": boxes((118.3, 32.2, 118.4, 32.3), code=["g"], name=["一"], community_code=["1"]),
        "compounds": points((118.31, 32.21), key=["c"], name=["桂园"]),
        "gates": points((118.31, 32.21), compound_key=["c"], hours=[parse_hours("24小时")]),
        "buildings": points((118.31, 32.21), key=["b"], compound_key=["c"], number=["1栋"]),
        "members": points((118.35, 32.25), kind=["community"]),
        "stations": points((118.31, 32.22), name=["站"], state=["open"]),
        "candidates": points((118.31, 32.22), name=["点"]),
        "base": boxes((118.3, 32.2, 118.31, 32.21), kind=["water"]),
        "network": square_network(),
    }
    store_frames(database, frames, source="all", is_demo=True, data_date="2026-03-01")
    study = study_of(database)
    for name, columns in COLUMNS.items():
        frame = getattr(study, name)
        assert columns <= set(frame.columns), name
        assert frame.index.tolist() == [1]
        assert frame.index.name == "id"
        assert frame.crs == study.crs == CRS(4548)
    assert (study.is_demo, study.data_date) == (True, "2026-03-01")
    assert study.grids["community"].tolist() == ["甲"]
    assert study.places["grid_id"].tolist() == [1]
    assert study.gates["hours"].iloc[0] == parse_hours("24小时")


def test_a_point_on_the_border_of_two_grids_belongs_to_the_lower_id(database):
    frames = {
        "grids": boxes(
            (118.3, 32.2, 118.4, 32.3), (118.4, 32.2, 118.5, 32.3), code=["a", "b"], name=["a", "b"]
        ),
        "buildings": points((118.39, 32.25), (118.41, 32.25), (118.6, 32.25), key=list("abc")),
    }
    store_frames(database, frames, source="x")
    assert study_of(database).buildings["grid_id"].tolist()[:2] == [1, 2]
    assert study_of(database).buildings["grid_id"].isna().tolist() == [False, False, True]


def test_a_building_without_a_compound_belongs_to_the_outline_that_holds_it(database):
    frames = {
        "compounds": boxes((118.3, 32.2, 118.31, 32.21), key=["c"], name=["桂园"]),
        "buildings": points((118.305, 32.205), (118.32, 32.205), key=["in", "out"]),
    }
    store_frames(database, frames, source="x")
    assert study_of(database).buildings["compound_id"].isna().tolist() == [False, True]


def test_unknown_counts_stay_unknown(database):
    nan = np.nan
    buildings = points((118.3, 32.2), (118.31, 32.2), key=["a", "b"], households=[nan, 0.0])
    store_frames(database, {"buildings": buildings}, source="x")
    study = study_of(database)
    np.testing.assert_array_equal(study.buildings["households"], [nan, 0])
    assert study.buildings["residents"].isna().all()


def test_one_stray_row_does_not_move_the_zone_of_the_study(database):
    lonlat = [*((118.3 + i / 100, 32.2) for i in range(5)), (75.0, 39.5)]
    store_frames(database, {"buildings": points(*lonlat, key=list("abcdef"))}, source="x")
    assert study_of(database).crs.to_epsg() == 4548  # the zone of 117 E, not of Kashgar


def test_the_newest_network_is_used(database):
    store_frames(database, {"network": square_network(4548)}, source="old")
    store_frames(database, {"network": square_network(4549)}, source="new")
    assert study_of(database).network.crs.to_epsg() == 4549


def test_frames_with_unknown_names_or_references_are_refused_whole(database):
    good = points((118.3, 32.2), key=["a"], name=["桂园"])
    with pytest.raises(ImportDataError, match="There is no kind 'dragons'"):
        store_frames(database, {"dragons": good}, source="x")
    with pytest.raises(ImportDataError, match="There is no column of compounds 'colour'"):
        store_frames(database, {"compounds": good.assign(colour="red")}, source="x")
    gates = points((118.3, 32.2), compound_key=["b"])
    with pytest.raises(ImportDataError, match="refer to 'b', which is not among the frames"):
        store_frames(database, {"compounds": good, "gates": gates}, source="x")
    with pytest.raises(ImportDataError, match="or rows that the database has already"):
        store_frames(
            database,
            {"stations": points((118, 32), (118, 32), name=["站", "站"], state=["open", "open"])},
            source="x",
        )
    assert len(study_of(database).compounds) == 0


def test_a_large_district_is_loaded_in_time(database):
    """A tenth of the largest: 11,000 buildings in 630 grids; budget a tenth of 10 s."""
    random = np.random.default_rng(0)
    edges = np.linspace(118.2, 118.4, 26)
    corners = [(x, y - 86, x + 0.008, y - 86 + 0.008) for x in edges[:-1] for y in edges[:-1]]
    codes = [f"341103003001{i:03d}" for i in range(len(corners))]
    lonlat = random.uniform((118.2, 32.2), (118.4, 32.4), (11_000, 2))
    buildings = points(*lonlat, key=[f"b{i}" for i in range(11_000)])
    buildings["footprint"] = shapely.buffer(buildings.geometry.to_numpy(), 1e-4, quad_segs=1)
    members = {"building_key": buildings["key"][:520], "kind": ["community"] * 520}
    frames = {
        "grids": boxes(*corners, code=codes, name=codes),
        "buildings": buildings,
        "members": gpd.GeoDataFrame(members),
    }
    store_frames(database, frames, source="large")
    start = time.process_time()
    study = study_of(database)
    took_s = time.process_time() - start
    assert study.buildings["members"].sum() == 520
    assert study.buildings["grid_id"].notna().sum() > 10_000
    assert took_s < 1.0
