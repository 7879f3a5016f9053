"""The review queue: decided one by one, followed by the same address, undone as if never said."""

import json
from pathlib import Path

import geopandas as gpd
import openpyxl
import pytest
import shapely
import sqlalchemy as sa
from address_town import fill, table, take_in
from sqlalchemy.orm import Session

from data.batches import list_batches
from data.doctor import diagnose
from data.errors import ReviewError
from data.geocoding.aliases import PlaceRef
from data.geocoding.gazetteer import load_gazetteer
from data.geocoding.outcomes import PlaceOption
from data.geocoding.rematching import rematch
from data.geocoding.review import (
    decide,
    find_places,
    last_settled,
    queue,
    set_aside,
    skip,
    undo,
    with_online,
)
from data.geocoding.verification import location_history, location_states, set_location_state
from data.imports import import_file
from data.imports import undo as undo_import
from data.models import LocationState, ReviewReason, ReviewState
from data.queries import load_refused, load_study, study_version
from data.return_sheet import return_sheet
from data.viewer import Viewer
from geo.geocode import MatchLevel

VIEWER = Viewer("li", "everything")
STATIONS = "驿站名称,地址,服务内容,启用日期\n乙站,碧水家园1栋,阅读,2024-05-01\n丁站,火星路5号,,\n"
MEMBERS = (
    "党员类别,小区,楼栋号,职务\n社区党员,碧水家园,1栋,委员\n在职党员,碧水家园,１幢,\n"
    "社区党员,龙蟠南苑,8栋,\n社区党员,天逸华府桂园,1栋,\n"
)


@pytest.fixture
def town(database: sa.Engine) -> sa.Engine:
    fill(database)
    return database


def waiting(engine: sa.Engine, *, with_settled: bool = False):
    with Session(engine) as session:
        return queue(session, VIEWER, with_settled=with_settled)


def settled_last(engine: sa.Engine):
    with Session(engine) as session:
        return last_settled(session, VIEWER)


def everything(engine: sa.Engine) -> dict[str, list[tuple[object, ...]]]:
    """Return the rows of all tables that an undone decision must leave as they were."""
    names = ("import_batch", "refused_row", "member", "station", "building")
    found = {name: [tuple(row) for row in table(engine, name).itertuples()] for name in names}
    items = table(engine, "review_item")[["id", "row_id", "waiting", "state", "place_id"]]
    found["review_item"] = [tuple(map(str, row)) for row in items.itertuples()]
    return json.loads(json.dumps(found, default=str))


def test_unmatched_come_first_then_the_doubtful_then_the_coarse(town, tmp_path: Path):
    take_in(town, tmp_path, "members", MEMBERS)
    take_in(town, tmp_path, "stations", STATIONS)
    entries = waiting(town)
    assert [entry.reason for entry in entries] == [
        ReviewReason.UNMATCHED, *[ReviewReason.AMBIGUOUS] * 3, ReviewReason.COARSE,
    ]  # fmt: skip
    assert [entry.text for entry in entries[1:]] == [
        "碧水家园 1栋", "碧水家园 1幢", "碧水家园1栋", "龙蟠南苑 8栋",
    ]  # fmt: skip
    assert [entry.n_same for entry in entries] == [1, 3, 3, 3, 1]
    assert entries[1].source.startswith("members-")
    assert [str(option.place) for option in entries[1].options] == ["buildings:9", "buildings:10"]


def test_a_decision_puts_a_waiting_station_into_its_table(town, tmp_path: Path):
    report = take_in(town, tmp_path, "stations", STATIONS)
    with Session(town) as session:
        version = study_version(session, VIEWER)
    (entry,) = [entry for entry in waiting(town) if entry.text == "碧水家园1栋"]
    assert decide(town, VIEWER, entry.id, PlaceRef("buildings", 10)) == 1
    with Session(town) as session:
        study = load_study(session, VIEWER)
        assert study.version != version  # who looks sees it at once
        refused = load_refused(session, VIEWER, report.batch_id)
    (station,) = study.stations.itertuples()
    assert (station.name, station.services, str(station.opens_on)) == (
        "乙站",
        ("阅读",),
        "2024-05-01",
    )
    where = gpd.GeoSeries([station.geometry], crs=study.crs).to_crs(4326).iloc[0]
    assert where.distance(shapely.Point(118.3453, 32.2653)) < 1e-6
    assert refused["source_row"].tolist() == [3]
    with town.connect() as connection:
        batch = list_batches(connection)[-1]
    assert (batch["n_read"], batch["n_kept"], batch["n_refused"]) == (2, 1, 1)
    assert [entry.text for entry in waiting(town)] == ["火星路5号"]


def test_a_decision_is_followed_by_every_row_with_the_same_address(town, tmp_path: Path):
    take_in(town, tmp_path, "members", MEMBERS)
    first, second, _ = waiting(town)
    assert decide(town, VIEWER, second.id, PlaceRef("buildings", 9)) == 2
    members = table(town, "member").set_index("source_row")
    assert members.loc[[2, 3], "building_id"].tolist() == [9, 9]
    assert members.loc[[2, 3], "compound_id"].tolist() == [3, 3]
    assert members.loc[2, "post"] == "委员"
    assert members.loc[3, "kind"] == "in_service"
    assert first.id not in {entry.id for entry in waiting(town)}


def test_a_coarse_member_moves_to_the_building_that_was_said(town, tmp_path: Path):
    take_in(town, tmp_path, "members", MEMBERS)
    entry = waiting(town)[-1]
    assert entry.text == "龙蟠南苑 8栋"
    decide(town, VIEWER, entry.id, PlaceRef("buildings", 8))
    member = table(town, "member").set_index("source_row").loc[4]
    assert (member["building_id"], member["compound_id"]) == (8, 2)


def test_undoing_a_decision_leaves_everything_as_it_was(town, tmp_path: Path):
    take_in(town, tmp_path, "members", MEMBERS)
    take_in(town, tmp_path, "stations", STATIONS)
    before = everything(town)
    decide(town, VIEWER, waiting(town)[1].id, PlaceRef("buildings", 9))
    for entry in waiting(town):
        decide(town, VIEWER, entry.id, PlaceRef("compounds", 1))
    assert waiting(town) == []
    assert everything(town) != before
    n_undone = []
    while (last := settled_last(town)) is not None:
        n_undone.append(undo(town, VIEWER, last.id))
    assert sorted(n_undone) == [1, 1, 3]
    assert everything(town) == before
    assert len(waiting(town)) == 5


def test_what_was_settled_last_is_known_within_one_second(town, tmp_path: Path):
    take_in(town, tmp_path, "members", MEMBERS)
    first, second, third = waiting(town)
    for entry, act in ((third, skip), (first, set_aside), (second, skip)):
        act(town, VIEWER, entry.id)
        last = settled_last(town)
        assert last is not None
        assert last.id == entry.id


def test_a_decision_holds_for_the_next_import(town, tmp_path: Path):
    take_in(town, tmp_path, "members", MEMBERS)
    decide(town, VIEWER, waiting(town)[0].id, PlaceRef("buildings", 10))
    report = take_in(town, tmp_path, "members", "家庭住址\n碧水家园一号楼3单元1102\n")
    assert (report.n_kept, report.as_dict()["to_review"]) == (1, 0)
    assert table(town, "member")["building_id"].iloc[-1] == 10


def test_an_undone_decision_is_forgotten(town, tmp_path: Path):
    take_in(town, tmp_path, "members", MEMBERS)
    entry = waiting(town)[0]
    decide(town, VIEWER, entry.id, PlaceRef("buildings", 10))
    undo(town, VIEWER, entry.id)
    report = take_in(town, tmp_path, "members", "家庭住址\n碧水家园一号楼3单元1102\n")
    assert (report.n_kept, report.as_dict()["to_review"]) == (0, 1)


def test_a_name_that_was_decided_is_known_with_every_building(town, tmp_path: Path):
    take_in(town, tmp_path, "stations", "驿站名称,地址\n甲站,老丝绸厂宿舍\n")
    (entry,) = waiting(town)
    decide(town, VIEWER, entry.id, PlaceRef("compounds", 2))
    with Session(town) as session:
        match = load_gazetteer(session, VIEWER).match("老丝绸厂宿舍3号楼")
    assert (match.id, match.is_claimed) == ("buildings:8", True)


def test_aliases_of_persons_hold_no_text(town, tmp_path: Path):
    take_in(town, tmp_path, "members", MEMBERS)
    decide(town, VIEWER, waiting(town)[0].id, PlaceRef("buildings", 10))
    assert table(town, "address_alias")["text"].tolist() == [""]
    assert table(town, "address_alias")["decided_by"].tolist() == ["li"]


def test_aliases_follow_a_place_that_was_imported_anew(town, tmp_path: Path):
    take_in(town, tmp_path, "members", MEMBERS)
    decide(town, VIEWER, waiting(town)[0].id, PlaceRef("buildings", 10))
    path = tmp_path / "buildings.csv"
    rows = [
        *(f"天逸华府桂园,{n}栋,{118.3 + n * 0.0006},32.25" for n in range(1, 6)),
        *(f"龙蟠南苑,{n}号楼,{118.31 + n * 0.0006},32.25" for n in range(1, 4)),
        *("碧水家园,1栋,118.3203,32.2503", "碧水家园,1栋,118.3453,32.2653"),
    ]
    path.write_text("小区名称,楼栋号,经度,纬度\n" + "\n".join(rows), encoding="utf-8")
    import_file(town, "buildings", path, datum="wgs84", replace=True)
    take_in(town, tmp_path, "members", "家庭住址\n碧水家园一号楼3单元1102\n")
    member = table(town, "member").iloc[-1]
    building = table(town, "building").set_index("id").loc[int(member["building_id"])]
    assert building["replaces_id"] == 10
    assert building["replaced_by"] != building["replaced_by"]  # current: NaN


def test_aliases_follow_a_building_whose_point_was_mended(town, tmp_path: Path):
    building = "小区名称,楼栋号,经度,纬度\n龙蟠南苑,9号楼,{},32.25\n"
    take_in(town, tmp_path, "buildings", building.format(118.319), datum="wgs84")
    take_in(town, tmp_path, "candidates", "名称,地址\n甲,老丝绸厂\n")
    decide(town, VIEWER, waiting(town)[0].id, PlaceRef("buildings", 11))
    moved = building.format(118.3195)
    take_in(town, tmp_path, "buildings", moved, datum="wgs84", replace=True)
    assert take_in(town, tmp_path, "candidates", "名称,地址\n乙,老丝绸厂\n").n_kept == 1
    placed = shapely.from_wkb(table(town, "candidate_site")["geometry"].iloc[-1])
    assert placed.equals(shapely.Point(118.3195, 32.25))


def test_aliases_find_a_place_again_that_was_undone_and_imported_once_more(town, tmp_path: Path):
    building = "小区名称,楼栋号,经度,纬度\n龙蟠南苑,9号楼,118.319,32.25\n"
    first = take_in(town, tmp_path, "buildings", building, datum="wgs84")
    take_in(town, tmp_path, "candidates", "名称,地址\n甲,老丝绸厂\n")
    decide(town, VIEWER, waiting(town)[0].id, PlaceRef("buildings", 11))
    undo_import(town, first.batch_id)
    gone = take_in(town, tmp_path, "candidates", "名称,地址\n乙,老丝绸厂\n")
    assert (gone.n_kept, gone.n_asked) == (0, 1)
    take_in(town, tmp_path, "buildings", building, datum="wgs84")
    assert take_in(town, tmp_path, "candidates", "名称,地址\n丙,老丝绸厂\n").n_kept == 1


def test_skipped_items_come_last_and_none_of_these_leaves_the_queue(town, tmp_path: Path):
    take_in(town, tmp_path, "members", MEMBERS)
    first, second, third = waiting(town)
    skip(town, VIEWER, first.id)
    assert [entry.id for entry in waiting(town)] == [second.id, third.id, first.id]
    set_aside(town, VIEWER, second.id)
    assert [entry.id for entry in waiting(town)] == [third.id, first.id]
    undo(town, VIEWER, second.id)
    undo(town, VIEWER, first.id)
    assert [entry.id for entry in waiting(town)] == [first.id, second.id, third.id]
    assert {entry.state for entry in waiting(town)} == {ReviewState.OPEN}


def refused(act, *args: object) -> str:
    with pytest.raises(ReviewError) as caught:
        act(*args)
    return caught.value.say("zh")


def test_what_cannot_be_decided_is_said_and_changes_nothing(town, tmp_path: Path):
    take_in(town, tmp_path, "stations", "驿站名称,地址\n龙蟠驿站,龙蟠大道88号\n乙站,碧水家园1栋\n")
    take_in(town, tmp_path, "members", MEMBERS)
    station = next(e for e in waiting(town) if e.kind == "stations")
    member = next(e for e in waiting(town) if e.kind == "members")
    before = everything(town)
    home = PlaceRef("buildings", 9)
    assert "没有编号 999" in refused(decide, town, VIEWER, 999, home)
    assert "只能对到楼栋或小区" in refused(decide, town, VIEWER, member.id, PlaceRef("stations", 1))
    assert "已不在数据库中" in refused(decide, town, VIEWER, member.id, PlaceRef("buildings", 99))
    assert "不能作为位置" in refused(decide, town, VIEWER, station.id, PlaceRef("grids", 1))
    assert "无从撤销" in refused(undo, town, VIEWER, member.id)
    assert everything(town) == before
    decide(town, VIEWER, member.id, home)
    assert "已由li确认" in refused(decide, town, VIEWER, member.id, home)
    assert "已由li确认" in refused(skip, town, VIEWER, member.id)


def test_items_of_an_undone_import_are_gone(town, tmp_path: Path):
    report = take_in(town, tmp_path, "stations", STATIONS)
    entry = waiting(town)[0]
    undo_import(town, report.batch_id)
    assert waiting(town) == []
    assert "已撤销" in refused(decide, town, VIEWER, entry.id, PlaceRef("buildings", 9))


def test_an_import_is_undone_with_the_rows_that_decisions_brought_in(town, tmp_path: Path):
    report = take_in(town, tmp_path, "members", MEMBERS)
    decide(town, VIEWER, waiting(town)[0].id, PlaceRef("buildings", 9))
    undo_import(town, report.batch_id)
    assert table(town, "member").empty


def test_a_row_that_is_in_its_table_already_is_not_put_in_twice(town, tmp_path: Path):
    take_in(town, tmp_path, "stations", "驿站名称,地址\n乙站,碧水家园1栋\n")
    take_in(town, tmp_path, "stations", "驿站名称,地址\n乙站,碧水家园 1 栋\n")
    first, second = waiting(town)
    assert decide(town, VIEWER, first.id, PlaceRef("buildings", 9)) == 1
    assert len(table(town, "station")) == 1
    assert "已有同样的一行" in refused(decide, town, VIEWER, second.id, PlaceRef("buildings", 9))


@pytest.mark.parametrize("comes_first", ["decision", "return sheet"])
def test_a_member_that_was_returned_and_decided_comes_in_once(town, tmp_path: Path, comes_first):
    path = tmp_path / "党员.csv"
    path.write_text("党员类别,小区,楼栋号\n社区党员,碧水家园,1栋\n", encoding="utf-8")
    diagnosis = diagnose(town, path, "members")
    (tmp_path / "退回.xlsx").write_bytes(return_sheet(diagnosis))
    import_file(town, "members", path)
    book = openpyxl.load_workbook(tmp_path / "退回.xlsx")
    sheet = book.active
    sheet.cell(2, 2).value = "龙蟠南苑"  # put right by the office
    book.save(tmp_path / "改好.xlsx")
    (entry,) = waiting(town)
    if comes_first == "decision":
        decide(town, VIEWER, entry.id, PlaceRef("buildings", 9))
        report = import_file(town, "members", tmp_path / "改好.xlsx")
        assert [cell.rule for cell in report.refused] == ["duplicate"]
    else:
        assert import_file(town, "members", tmp_path / "改好.xlsx").n_kept == 1
        assert "已有同样的一行" in refused(decide, town, VIEWER, entry.id, PlaceRef("buildings", 9))
    assert len(table(town, "member")) == 1


def test_what_came_in_since_settles_what_waits(town, tmp_path: Path):
    take_in(town, tmp_path, "members", MEMBERS)
    take_in(town, tmp_path, "stations", STATIONS)
    assert rematch(town, VIEWER) == 0  # nothing came in since
    before = everything(town)
    building = "小区名称,楼栋号,经度,纬度\n龙蟠南苑,8栋,118.318,32.25\n"
    take_in(town, tmp_path, "buildings", building, datum="wgs84")
    assert rematch(town, VIEWER) == 1
    member = table(town, "member").set_index("source_row").loc[4]
    assert (member["building_id"], member["compound_id"]) == (11, 2)
    assert len(waiting(town)) == 4
    assert table(town, "address_alias").empty  # nobody decided
    last = settled_last(town)
    assert last is not None
    undo(town, VIEWER, last.id)
    assert everything(town)["member"] == before["member"]


def test_places_are_found_by_hand(town):
    with Session(town) as session:
        found = find_places(session, VIEWER, "members", "桂园3栋")
        assert str(found[0].place) == "buildings:3"  # a part of the name will do
        assert find_places(session, VIEWER, "members", "火星路5号") == ()


def test_what_a_service_names_can_place_a_station_but_never_a_member(town, tmp_path: Path):
    take_in(town, tmp_path, "stations", STATIONS)
    take_in(town, tmp_path, "members", MEMBERS)
    station = next(e for e in waiting(town) if e.text == "火星路5号")
    named = PlaceOption(PlaceRef("", 0), "火星路5号", 118.33, 32.26, MatchLevel.ROAD_NUMBER, 0.5)
    with_online(town, VIEWER, station.id, [named])
    (option,) = next(e for e in waiting(town) if e.id == station.id).options
    decide(town, VIEWER, station.id, option.place)
    placed = table(town, "station").iloc[-1]
    assert shapely.from_wkb(placed["geometry"]).equals(shapely.Point(118.33, 32.26))
    assert table(town, "address_alias").empty  # a point is no place for the next time
    member = next(e for e in waiting(town) if e.kind == "members")
    assert "不能在线查询" in refused(with_online, town, VIEWER, member.id, [named])


def test_the_state_of_a_location_is_known_with_who_and_when(town, tmp_path: Path):
    take_in(town, tmp_path, "members", MEMBERS)
    entry = waiting(town)[-1]
    decide(town, VIEWER, entry.id, PlaceRef("buildings", 8))
    with Session(town) as session:
        members = location_states(session, VIEWER, "members")
        compounds = location_states(session, VIEWER, "compounds")
    moved = members.loc[1]
    assert (moved["state"], moved["level"], moved["who"]) == ("matched", "building", "li")
    assert members.loc[2, "who"] == "import"
    assert set(compounds["state"]) == {LocationState.REPORTED}
    set_location_state(town, VIEWER, "members", 1, LocationState.SURVEYED)
    with Session(town) as session:
        now = location_states(session, VIEWER, "members").loc[1]
        history = location_history(session, VIEWER, "members", 1)
    assert (now["state"], now["level"]) == (LocationState.SURVEYED, MatchLevel.BUILDING)
    assert [entry["who"] for entry in history] == ["li", "li", "import"]
    assert "没有编号为 99" in refused(
        set_location_state, town, VIEWER, "members", 99, LocationState.CONFIRMED
    )
    assert "没有位置状态" in refused(
        set_location_state, town, VIEWER, "grids", 1, LocationState.CONFIRMED
    )


def test_vouching_for_a_place_moves_nothing(town):
    with Session(town) as session:
        version = study_version(session, VIEWER)
    set_location_state(town, VIEWER, "compounds", 1, LocationState.CONFIRMED)
    with Session(town) as session:
        assert study_version(session, VIEWER) == version


def test_a_new_version_of_a_row_inherits_its_state_at_the_same_place_only(town, tmp_path: Path):
    for row in (1, 2):
        set_location_state(town, VIEWER, "compounds", row, LocationState.CONFIRMED)
    path = tmp_path / "compounds.csv"
    path.write_text(
        "小区名称,地址,经度,纬度\n天逸华府桂园,龙蟠大道88号,118.3,32.25\n"
        "龙蟠南苑,清流路12号,118.3105,32.25\n碧水家园,凤阳路3号,118.32,32.25\n"
        "碧水家园,紫薇路9号,118.345,32.265\n",
        encoding="utf-8",
    )
    import_file(town, "compounds", path, datum="wgs84", replace=True)
    with Session(town) as session:
        states = location_states(session, VIEWER, "compounds")
    assert states["state"].tolist() == ["confirmed", "reported", "reported", "reported"]
