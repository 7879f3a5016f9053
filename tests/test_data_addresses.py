"""Rows that say where they are by an address: linked where that is sure, asked where it is not."""

import json
import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from address_town import fill, table, take_in
from sqlalchemy.orm import Session

from data.doctor import diagnose
from data.geocoding.aliases import PlaceRef, address_key, without_room
from data.geocoding.gazetteer import gazetteer_frame, gazetteer_version, load_gazetteer
from data.viewer import Viewer

VIEWER = Viewer.everything()


@pytest.fixture
def town(database: sa.Engine) -> sa.Engine:
    fill(database)
    return database


def places_of(engine: sa.Engine, kind: str) -> dict[str, object]:
    """Return what the matched rows of a kind are known to be: level and confidence by row id."""
    checks = table(engine, "location_check")
    mine = checks[checks["kind"] == kind]
    return {
        int(row.row_id): (row.state, row.level, row.who) for row in mine.itertuples(index=False)
    }


def reviews(engine: sa.Engine) -> dict[int, tuple[str, str, list[str]]]:
    """Return by row of the file: text, reason, candidates."""
    items = table(engine, "review_item")
    return {
        int(row.source_row): (
            row.text,
            row.reason,
            [f"{option['kind']}:{option['id']}" for option in json.loads(row.candidates)],
        )
        for row in items.itertuples(index=False)
    }


STATIONS = (
    "驿站名称,地址\n"
    "甲站,龙蟠大道88号\n"
    "乙站,碧水家园1栋\n"  # there are two of them
    "丙站,天逸华俯桂园3幢\n"  # one character wrong
    "丁站,火星路5号\n"
    "戊站,\n"
    "己站,天逸华府桂园9栋\n"  # no such building is known
)


def test_stations_without_coordinates_are_placed_by_their_address(town, tmp_path: Path):
    report = take_in(town, tmp_path, "stations", STATIONS)
    assert (report.n_read, report.n_kept, report.n_refused) == (6, 2, 4)
    stations = table(town, "station")
    assert stations["name"].tolist() == ["甲站", "丙站"]
    assert stations["original_datum"].tolist() == ["address", "address"]
    known = table(town, "building").set_index("number").loc["3栋", "geometry"]
    assert stations["geometry"].iloc[1] == known  # the very point of building 3
    assert places_of(town, "stations") == {
        1: ("matched", "compound", "import"),
        2: ("matched", "building", "import"),
    }


def test_the_report_counts_by_level_and_what_is_to_be_reviewed(town, tmp_path: Path):
    report = take_in(town, tmp_path, "stations", STATIONS)
    assert report.as_dict()["matched"] == {"building": 1, "compound": 1}
    assert report.as_dict()["to_review"] == 3
    said = report.summary("zh")
    assert "按地址比对到楼栋" in said
    assert "放入“地址核对”等人确认" in said
    assert "wait in the review" in report.summary("en")


def test_doubtful_addresses_wait_with_their_candidates(town, tmp_path: Path):
    take_in(town, tmp_path, "stations", STATIONS)
    found = reviews(town)
    assert found.keys() == {3, 5, 7}  # the row without an address has nothing to be asked
    assert found[3] == ("碧水家园1栋", "ambiguous", ["buildings:9", "buildings:10"])
    assert found[5] == ("火星路5号", "unmatched", [])
    assert found[7][1] == "coarse"
    assert found[7][2][:2] == ["compounds:1", "buildings:5"]  # the compound, then the nearest
    waiting = json.loads(table(town, "review_item")["waiting"].iloc[0])
    assert (waiting["name"], waiting["state"]) == ("乙站", "open")


def test_given_coordinates_count_and_blank_ones_give_way_to_the_address(town, tmp_path: Path):
    report = take_in(
        town,
        tmp_path,
        "candidates",
        "名称,地址,经度,纬度\n甲,龙蟠南苑2号楼,118.2,32.2\n乙,龙蟠南苑2号楼,,\n"
        "丙,龙蟠南苑2号楼,暂无数据,\n丁,,,\n戊,龙蟠南苑2号楼,32.25,118.3\n",
        datum="wgs84",
    )
    sites = table(town, "candidate_site")
    assert sites["name"].tolist() == ["甲", "乙", "丙"]
    assert sites["original_datum"].tolist() == ["wgs84", "address", "address"]
    assert [(cell.row, cell.rule) for cell in report.refused] == [
        (5, "coordinates"),
        (6, "swapped"),
    ]
    assert places_of(town, "candidates").keys() == {2, 3}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (STATIONS, "stations"),
        ("备选点位,地址,面积\n甲,龙蟠大道88号,100\n", "candidates"),
        ("党员类别,小区,楼栋号,详细地址\n社区党员,碧水家园,1栋,碧水家园1栋\n", "members"),
    ],
)
def test_the_kind_of_a_table_of_addresses_is_guessed(town, tmp_path: Path, text: str, kind: str):
    path = tmp_path / "表.csv"
    path.write_text(text, encoding="utf-8")
    found = diagnose(town, path)
    assert (found.kind and found.kind.name) == kind
    assert found.problem is None
    assert len(found.places()) == (2 if kind == "stations" else kind == "candidates")


def test_a_table_that_may_be_of_homes_is_not_guessed_to_be_of_buildings(town, tmp_path: Path):
    path = tmp_path / "表.csv"
    path.write_text("小区,楼栋号,详细地址\n碧水家园,1栋,碧水家园1栋502\n", encoding="utf-8")
    found = diagnose(town, path)
    assert found.kind is None
    assert "请选择种类" in found.problem.say("zh")


def test_a_building_is_not_put_in_the_middle_of_its_compound(town, tmp_path: Path):
    take_in(town, tmp_path, "buildings", "小区名称,楼栋号,地址\n龙蟠南苑,7栋,清流路12号\n")
    assert len(table(town, "building")) == 10
    assert reviews(town)[2][1] == "coarse"


def test_a_trial_run_writes_no_review(town, tmp_path: Path):
    report = take_in(town, tmp_path, "stations", STATIONS, dry_run=True)
    assert report.as_dict()["to_review"] == 3
    assert table(town, "review_item").empty
    assert table(town, "location_check").empty


def test_a_file_of_doubtful_rows_alone_is_taken_in_to_wait(town, tmp_path: Path):
    report = take_in(town, tmp_path, "stations", "驿站名称,地址\n乙站,碧水家园1栋\n")
    assert (report.n_kept, report.is_refused) == (0, False)
    assert report.batch_id is not None
    assert len(reviews(town)) == 1


MEMBERS = (
    "党员类别,小区,楼栋号,家庭住址\n"
    "社区党员,天逸华府桂园,三幢,\n"
    "社区党员,天逸华俯桂园,4幢,\n"
    "社区党员,,,安徽省滁州市南谯区龙蟠南苑2号楼1单元502\n"
    "社区党员,碧水家园,1栋,\n"
    "社区党员,龙蟠南苑,8栋,\n"
    "社区党员,,,火星小区王小明家3栋402\n"
    "社区党员,龙蟠南苑,,\n"
    "社区党员,,,紫薇路9号碧水家园1栋606室\n"
)


def test_members_are_linked_by_their_address_and_never_to_a_doubtful_building(town, tmp_path):
    report = take_in(town, tmp_path, "members", MEMBERS)
    members = table(town, "member").set_index("source_row")
    buildings = members["building_id"].dropna().astype(int).to_dict()
    assert buildings == {2: 3, 3: 4, 4: 7, 9: 10}  # the road tells which 碧水家园
    assert members.loc[[6, 8], "compound_id"].tolist() == [2, 2]
    assert report.as_dict()["matched"] == {"building": 4, "compound": 2}
    assert {row: (reason, options) for row, (_, reason, options) in reviews(town).items()} == {
        5: ("ambiguous", ["buildings:9", "buildings:10"]),
        6: ("coarse", ["compounds:2", "buildings:8", "buildings:7", "buildings:6"]),
        7: ("unmatched", []),
    }
    items = table(town, "review_item").set_index("source_row")
    assert items["waiting"].isna().to_dict() == {5: False, 6: True, 7: False}  # 6 is in its table


def test_a_home_in_another_compound_than_the_row_names_is_a_question(town, tmp_path: Path):
    take_in(
        town,
        tmp_path,
        "members",
        "小区,家庭住址\n"
        "龙蟠南苑,天逸华府桂园3栋2单元301\n"  # both have a building 3
        "龙蟠南苑,3号楼2单元301\n"
        "南苑,清流路12号龙蟠南苑三号楼\n",
    )
    members = table(town, "member").set_index("source_row")
    assert members["building_id"].fillna(0).to_dict() == {2: 0, 3: 8, 4: 8}
    assert members.loc[2, "compound_id"] == 2
    assert reviews(town).keys() == {2}


def test_of_a_home_address_nothing_is_stored(town, tmp_path: Path):
    report = take_in(town, tmp_path, "members", MEMBERS)
    town.dispose()
    with town.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    stored = (tmp_path / "redgrid.db").read_bytes().decode("utf-8", errors="replace")
    stored += str(report.as_dict())
    for secret in ("王小明", "火星小区", "1单元"):
        assert secret not in stored
    for room in ("402", "502", "606"):  # not as part of a digest or of another number
        assert not re.search(rf"(?<![0-9a-f.]){room}(?![0-9a-f])", stored)
    assert reviews(town)[7][0] == "***"
    assert reviews(town)[6][0] == "龙蟠南苑 8栋"  # of columns of their own: compound and building


def test_two_buildings_of_one_number_are_a_question(database, tmp_path: Path):
    fill(database)
    take_in(
        database, tmp_path, "buildings", "小区名称,楼栋号,经度,纬度\n龙蟠南苑,2幢,118.318,32.25\n",
        datum="wgs84",
    )  # fmt: skip
    take_in(database, tmp_path, "members", "家庭住址\n龙蟠南苑2号楼\n清流路12号龙蟠南苑二栋\n")
    members = table(database, "member")
    assert members["building_id"].isna().all()
    assert members["compound_id"].tolist() == [2, 2]
    assert {options for _, _, found in reviews(database).values() for options in found} == {
        *("buildings:7", "buildings:11"),
    }


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("龙蟠南苑2号楼", "龙蟠南苑 二幢"),
        ("龙蟠南苑2号楼1单元502室", "龙蟠南苑2栋"),
        ("龙蟠大道８８号", "龙蟠大道88号"),
    ],
)
def test_ways_of_writing_one_address_share_their_key(one: str, other: str):
    assert address_key(one) == address_key(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("龙蟠南苑", "龙蟠南苑对面"),
        ("龙蟠南苑", "龙蟠南苑东100米"),
        ("龙蟠大道与清流路交叉口", "龙蟠大道与凤阳路交叉口"),
        ("龙蟠南苑2号楼", "龙蟠南苑3号楼"),
        ("南谯区龙蟠大道1号", "琅琊区龙蟠大道1号"),
    ],
)
def test_a_decision_on_one_address_is_none_on_another(one: str, other: str):
    assert address_key(one) != address_key(other)


@pytest.mark.parametrize("nothing", ["", "  ", None, 7, float("nan"), "、"])
def test_nothing_has_no_key(nothing: object):
    assert address_key(nothing) == ""


def test_a_key_tells_nothing_of_the_text():
    assert "王小明" not in address_key("王小明家3栋")
    assert len(address_key("王小明家3栋")) == 32


@pytest.mark.parametrize(
    ("text", "kept"),
    [("龙蟠南苑2号楼1单元502室", "龙蟠南苑2号楼"), ("龙蟠大道88号", "龙蟠大道88号")],
)
def test_units_and_rooms_are_cut_off(text: str, kept: str):
    assert without_room(text) == kept


def test_the_gazetteer_holds_compounds_buildings_gates_and_stations(town, tmp_path: Path):
    take_in(
        town, tmp_path, "gates", "小区名称,名称,经度,纬度\n龙蟠南苑,东门,118.311,32.25\n",
        datum="wgs84",
    )  # fmt: skip
    take_in(town, tmp_path, "stations", "驿站名称,地址\n龙蟠驿站,龙蟠大道88号\n")
    with town.connect() as connection:
        frame = gazetteer_frame(connection)
        gazetteer = load_gazetteer(connection, VIEWER)
    assert frame["kind"].value_counts().to_dict() == {
        "building": 10, "compound": 4, "gate": 1, "station": 1,
    }  # fmt: skip
    for text, place in (
        ("龙蟠南苑", "compounds:2"),
        ("龙蟠南苑东门", "gates:1"),
        ("清流路12号龙蟠南苑3号楼", "buildings:8"),
        ("龙蟠驿站", "stations:1"),
    ):
        match = gazetteer.match(text)
        assert (match.id, match.is_claimed) == (place, True), text
    assert PlaceRef.read("buildings:8") == ("buildings", 8)


def test_the_gazetteer_is_made_once_a_version(town, tmp_path: Path):
    with Session(town) as session:
        first, version = load_gazetteer(session, VIEWER), gazetteer_version(session, VIEWER)
        assert load_gazetteer(session, VIEWER) is first
    take_in(town, tmp_path, "stations", "驿站名称,地址\n龙蟠驿站,龙蟠大道88号\n")
    with Session(town) as session:
        assert gazetteer_version(session, VIEWER) != version
        assert load_gazetteer(session, VIEWER) is not first


def test_an_empty_database_has_an_empty_gazetteer(database):
    with Session(database) as session:
        assert not load_gazetteer(session, VIEWER).match("龙蟠南苑2号楼").is_claimed
