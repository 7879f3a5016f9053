"""Coverage of a small study: all columns, sums, hours, what is left out and why."""

from dataclasses import replace
from datetime import date, datetime

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
from shapely.geometry import LineString, Point, box

from geo.coverage import Coverage, cover, ring_minutes
from geo.demand import demand_points
from geo.errors import ReachError
from geo.ground import ground_key, lay_ground
from geo.hours import parse_hours
from geo.network import WalkNetwork
from geo.profiles import PROFILES
from geo.quality import check_study
from geo.report import coverage_report, grid_table, summary_lines
from geo.study import MEMBER_KINDS, WEIGHTS, Study

CRS = 4548
AT_NOON, AT_EIGHT = datetime(2026, 6, 3, 12), datetime(2026, 10, 1, 20)  # noqa: DTZ001


def frame(columns: dict[str, object], shapes: list, ids: list[int]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=shapes, index=pd.Index(ids, name="id"), crs=CRS)


def buildings(rows: list[tuple[int, float, float, float, float]]) -> gpd.GeoDataFrame:
    """Return buildings: id, x, y, households, members; the grid is west or east of x = 1000."""
    ids = [row[0] for row in rows]
    members = np.array([row[4] for row in rows], float)
    columns: dict[str, object] = {
        "compound_id": pd.array([pd.NA] * len(rows), dtype="Int64"),
        "grid_id": pd.array(
            [pd.NA if row[2] > 500 else 1 + (row[1] >= 1000) for row in rows], "Int64"
        ),
        "number": "",
        "name": [f"楼 {i}" for i in ids],
        "address": "",
        "levels": 6.0,
        "households": [row[3] for row in rows],
        "residents": [2 * row[3] for row in rows],
        "elderly": np.nan,
        "members": members,
        **{
            kind: members if kind == "members_community" else 0.0 * members for kind in MEMBER_KINDS
        },
        "footprint": None,
    }
    return frame(columns, [Point(row[1], row[2]) for row in rows], ids)


def study() -> Study:
    """Return a street of 2 km with a lane at its west end.

    A station at 0 is shut at night; one at 2000 is planned.
    """
    street = WalkNetwork(
        np.array([[0, 0], [1000, 0], [2000, 0], [0, 200.0]]),
        [[0, 1], [1, 2], [0, 3]],
        [1000, 1000, 200],
        CRS,
    )
    return Study(
        crs=street.crs,
        network=street,
        communities=frame({"code": ["c"], "name": ["社区"]}, [box(0, -100, 2000, 100)], [4]),
        grids=frame(
            {
                "code": ["341103003001001", "341103003001002"],
                "name": ["第1网格", "第2网格"],
                "community_id": pd.array([4, 4], dtype="Int64"),
                "community": ["社区", "社区"],
            },
            [box(0, -100, 1000, 100), box(1000, -100, 2000, 100)],
            [1, 2],
        ),
        compounds=frame(
            {"name": [], "address": [], **{w: [] for w in WEIGHTS if w != "buildings"}}, [], []
        ),
        gates=frame({"compound_id": [], "name": [], "open_to_all": [], "hours": []}, [], []),
        buildings=buildings(
            [
                (1, 500, 10, 10, 2),
                (2, 990, 10, 30, 1),
                (3, 1001, 0, np.nan, 1),
                (4, 1900, 90, 20, 4),
                (5, 1500, 101, 5, 8),
                (6, 1500, 9000, 5, 16),
            ]
        ),
        stations=frame(
            {
                "name": ["甲", "乙"],
                "address": "",
                "services": [("政策咨询",), ()],
                "hours": [parse_hours("周一至周五8:00-20:00;节假日休息"), None],
                "opens_on": [None, date(2026, 9, 1)],
                "closes_on": [None, None],
                "state": ["open", "planned"],
            },
            [Point(0, 0), Point(2000, 0)],
            [11, 12],
        ),
        candidates=frame({"name": [], "address": [], "cost": [], "area_m2": []}, [], []),
        base=frame(
            {"kind": ["water"], "name": ["河"]}, [LineString([(995, -900), (995, 900)])], [1]
        ),
        is_demo=False,
        data_date="2026-06-01",
        version="v1",
        places=frame(
            {
                "grid_id": pd.array([1], dtype="Int64"),
                "members": [3.0],
                **{kind: [3.0 if kind == "members_mobile" else 0.0] for kind in MEMBER_KINDS},
            },
            [Point(100, 0)],
            [1],
        ),
    )


@pytest.fixture(scope="module")
def covered() -> Coverage:
    return cover(study())


def test_every_place_counts_once_where_it_should(covered: Coverage):
    grids = covered.grids
    assert grids["members"].tolist() == [6, 5]
    assert grids["members_covered"].tolist() == [6, 0]
    assert grids["households"].tolist() == [40, 20]
    assert grids["households_covered"].tolist() == [40, 0]
    assert grids["households_unknown"].tolist() == [0, 1]
    assert grids["members_mobile"].tolist() == [3, 0]
    total = covered.total.iloc[0]
    for weight in WEIGHTS:
        for ending in ("", "_covered", "_backup", "_unknown", "_crow_covered"):
            assert total[weight + ending] == grids[weight + ending].sum()
    assert covered.communities["members"].tolist() == [11]


def test_the_limit_is_met_at_exactly_a_quarter_of_an_hour(covered: Coverage):
    points = covered.points
    assert points.loc["building:2", "seconds"] == 900  # 990 m along and 10 m off
    assert points.loc["building:2", "covered"]
    assert points.loc["building:3", "seconds"] == pytest.approx(900.9)
    assert not points.loc["building:3", "covered"]


def test_what_is_left_out_is_listed_with_its_reason_and_counted_apart(covered: Coverage):
    listed = covered.left_out.set_index("id")["reason"]
    assert listed.to_dict() == {5: "beyond_snap", 6: "outside_network"}
    assert covered.grids["members_left_out"].tolist() == [0, 8]
    assert covered.left_out["reason_zh"].str.len().gt(0).all()


def test_a_later_date_counts_a_planned_station_and_an_hour_those_open_then():
    in_june = cover(study(), at=AT_NOON)
    assert in_june.stations["why_closed"].tolist() == ["", "planned"]
    assert in_june.points.loc["building:4", "station_id"] == 11
    on_holiday = cover(study(), at=AT_EIGHT)
    assert on_holiday.stations["why_closed"].tolist() == ["hours", ""]
    assert on_holiday.points.loc["building:4", "station_id"] == 12
    assert on_holiday.grids["members_covered"].tolist() == [0, 5]


def test_two_stations_are_a_union_and_the_overlap_is_backup():
    both = study()
    both.stations.loc[12, "state"] = "open"
    answer = cover(both, minutes=20)
    total = answer.total.iloc[0]
    assert total["members"] == 11
    assert total["members_covered"] == 11
    assert total["members_backup"] == 2  # the two near the middle


def test_without_open_stations_nobody_is_covered_and_nothing_breaks():
    none = cover(study(), at=datetime(2026, 6, 3, 23))  # noqa: DTZ001
    assert none.total.loc[0, "members_covered"] == 0
    assert none.areas.is_empty.all()
    assert none.points["station_id"].isna().all()
    assert "没有路走到驿站" in none.grids.loc[1, "sentence_zh"]


def test_the_sentence_names_the_river_and_the_straight_line_that_deceives():
    far = study()
    far.network.edge_length_m.flags.writeable = True
    detour = replace(far, network=WalkNetwork(far.network.xy, [[0, 1], [1, 2]], [1000, 3000], CRS))
    answer = cover(detour, minutes=22)
    assert answer.points.loc["building:4", "crow_covered"] == (np.hypot(1900, 90) <= 22 * 60 / 0.9)
    weak = cover(study(), minutes=14.9)
    assert weak.grids.loc[1, "sentence_en"] == (
        "第1网格: 30 households beyond 14.9 minutes, about 15 to the nearest station; "
        "near in a straight line, but the way round is long."
    )


def test_all_columns_that_are_promised_are_there(covered: Coverage):
    promised = {
        "code",
        "name",
        "community",
        "n_points",
        "area_km2",
        "area_share",
        "median_s",
        "p90_s",
    }
    promised |= {"members_per_km2", "members_per_100_households", "nearest_station_id"}
    promised |= {"sentence_zh", "sentence_en", "geometry"}
    for weight in WEIGHTS:
        promised |= {weight + e for e in ("", "_covered", "_share", "_backup", "_unknown")}
    assert promised <= set(covered.grids.columns)
    assert promised - {"community"} <= set(covered.communities.columns)
    assert covered.grids["members_per_km2"].tolist() == [30, 25]
    assert covered.grids["members_per_100_households"].tolist() == [15, 25]
    assert covered.stations["members_served"].tolist() == [6, 0]


def test_the_report_is_plain_json_without_nan(covered: Coverage):
    report = coverage_report(covered, study())
    assert report["profile"] == "standard"
    assert report["minutes"] == 15
    assert report["total"]["members_covered"] == 6
    assert report["grids"][0]["members_share"] == 1
    assert report["grids"][1]["elderly_share"] is None
    assert report["left_out"][0]["reason"] == "beyond_snap"
    assert "nan" not in str(report).lower().replace("tenant", "")
    assert grid_table(covered)["code"].tolist() == ["341103003001001", "341103003001002"]
    assert "6 / 11" in "\n".join(summary_lines(covered, study(), "en"))


def test_one_ground_serves_every_limit_and_moments_with_the_same_gates():
    town = study()
    ground = lay_ground(town, PROFILES["standard"])
    assert cover(town, minutes=10, ground=ground).total.equals(cover(town, minutes=10).total)
    assert ground_key(town, PROFILES["standard"], AT_NOON) == ground_key(
        town, PROFILES["standard"], AT_EIGHT
    )


@pytest.mark.parametrize(
    ("minutes", "rings"), [(15, [5, 10, 15]), (10, [5, 10]), (30, [10, 20, 30]), (3, [3])]
)
def test_rings_follow_the_limit(minutes: float, rings: list[float]):
    assert ring_minutes(minutes) == rings


@pytest.mark.parametrize("minutes", [0, -5, np.nan])
def test_a_limit_that_is_none_is_refused(minutes: float):
    with pytest.raises(ReachError):
        cover(study(), minutes=minutes)


def test_without_a_network_the_check_says_so_and_no_more_of_it():
    bare = WalkNetwork(
        xy=np.empty((0, 2)),
        edge_nodes=np.empty((0, 2), np.int32),
        edge_length_m=np.empty(0),
        crs=pyproj.CRS(CRS),
    )
    found = {finding.key: finding for finding in check_study(replace(study(), network=bare))}
    assert found["no_network"].n == len(demand_points(study()))
    assert not found.keys() & {"beyond_snap", "station_beyond_snap", "on_island"}


def test_a_station_far_from_every_way_is_named_by_the_check():
    town = study()
    far = town.stations.geometry.translate(xoff=5_000.0)
    found = check_study(replace(town, stations=town.stations.set_geometry(far)))
    assert [f.ids for f in found if f.key == "station_beyond_snap"] == [tuple(town.stations.index)]
    assert not [f for f in check_study(town) if f.key == "station_beyond_snap"]


def test_doubts_in_the_data_name_whom_they_affect():
    found = {finding.key: finding for finding in check_study(study())}
    assert found["beyond_snap"].ids == ("building:5", "building:6")
    assert found["beyond_snap"].members == 24
    assert found["unknown_households"].n == 1
    assert found["outside_grids"].ids == ("building:6",)
    assert found["station_hours"].n == 1
    assert "compound_without_gates" not in found
