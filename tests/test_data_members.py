"""Members: joined to where they live; nothing stored by which they could be named."""

import re
import unicodedata

import geopandas as gpd
import openpyxl
import pytest
import shapely
import sqlalchemy as sa
from sqlalchemy.orm import Session

from data.findings import without_personal
from data.imports import import_file, store_frames
from data.models import Member
from data.queries import load_study
from data.viewer import Viewer

ID_CARD, PHONE, NAME = "341103198001011234", "13812345678", "王小明"


@pytest.fixture
def town(database):
    """Return a database with two compounds of one name, one of another, and buildings."""
    compounds = gpd.GeoDataFrame(
        {"key": ["a", "b", "c"], "name": ["桂园", "南苑", "南苑"]},
        geometry=gpd.points_from_xy([118.30, 118.32, 118.34], [32.25] * 3),
        crs=4326,
    )
    buildings = gpd.GeoDataFrame(
        {
            "key": ["a1", "a2", "a2'", "b5", "c6"],
            "compound_key": ["a", "a", "a", "b", "c"],
            "number": ["1栋", "2栋", "2号楼", "5幢", "六幢"],
        },
        geometry=gpd.points_from_xy([118.30, 118.301, 118.302, 118.32, 118.34], [32.25] * 5),
        crs=4326,
    )
    store_frames(database, {"compounds": compounds, "buildings": buildings}, source="town")
    return database


def take_in(engine, tmp_path, text, **options):
    path = tmp_path / "党员.csv"
    path.write_text(text, encoding="utf-8")
    return import_file(engine, "members", path, **options)


def members_of(engine):
    with engine.connect() as connection:
        query = sa.select(Member.source_row, Member.building_id, Member.compound_id)
        return [tuple(row) for row in connection.execute(query.order_by(Member.source_row))]


def study_of(engine):
    with Session(engine) as session:
        return load_study(session, Viewer.everything())


def test_members_join_their_building_however_its_number_is_written(town, tmp_path):
    report = take_in(
        town,
        tmp_path,
        "党员类别,小区,楼栋号\n"
        "社区党员,桂园,一幢\n"
        "在职党员,桂 园,01号楼\n"
        "流动党员,南苑,5栋\n"  # two compounds of that name; one of them has a building 5
        "离休党员,南苑,６＃\n",
    )
    assert members_of(town) == [(2, 1, 1), (3, 1, 1), (4, 4, None), (5, 5, None)]
    assert ("党员类别不是社区、在职或流动，记为其他", 1) in [
        (note.text.zh, note.n) for note in report.notes
    ]
    buildings = study_of(town).buildings
    assert buildings["members"].tolist() == [2, 0, 0, 1, 1]
    assert buildings["members_in_service"].tolist() == [1, 0, 0, 0, 0]
    assert buildings["members_other"].tolist() == [0, 0, 0, 0, 1]


def test_where_two_buildings_answer_the_member_belongs_to_the_compound_only(town, tmp_path):
    report = take_in(town, tmp_path, "小区,楼栋号\n桂园,2栋\n桂园,99栋\n桂园,\n")
    assert members_of(town) == [(2, None, 1), (3, None, 1), (4, None, 1)]
    assert ("党员只能对到小区，没有对到楼栋", 3) in [
        (note.text.zh, note.n) for note in report.notes
    ]
    study = study_of(town)
    assert study.compounds["members"].tolist() == [3, 0, 0]
    assert study.buildings["members"].sum() == 0


def test_members_without_a_place_are_refused_and_named(town, tmp_path):
    report = take_in(town, tmp_path, "小区,楼栋号,职务\n桂园,1栋,\n北苑,1栋,\n南苑,9栋,\n,,委员\n")
    assert [(cell.row, cell.rule) for cell in report.refused] == [
        *((3, "place_unknown"), (4, "compound_ambiguous"), (5, "place_unknown"))
    ]
    assert (report.n_read, report.n_kept, report.n_refused) == (4, 1, 3)


def test_members_with_coordinates_only_stand_at_their_own_point(town, tmp_path):
    take_in(
        town,
        tmp_path,
        '党员类别,经纬度\n社区党员,"118.35,32.26"\n在职党员,"118.35,32.26"\n社区党员,"118.36,32.26"\n',
        datum="wgs84",
    )
    places = study_of(town).places
    assert places["members"].tolist() == [2, 1]
    assert places["members_community"].tolist() == [1, 1]
    assert places["members_in_service"].tolist() == [1, 0]


def test_a_home_address_is_split_and_not_stored(town, tmp_path):
    report = take_in(town, tmp_path, "家庭住址\n桂园1栋3单元502室\n桂园\n某路某号某室\n")
    assert members_of(town) == [(2, 1, 1), (3, None, 1)]
    assert [(cell.row, cell.value) for cell in report.refused] == [(4, "***")]
    assert "502" not in everything_stored(town)


def everything_stored(engine):
    """Return all bytes of the database as text: tables, log and free pages."""
    engine.dispose()
    folder = sa.make_url(str(engine.url)).database
    with engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
    from pathlib import Path  # noqa: PLC0415

    files = Path(folder).parent.glob("redgrid.db*")
    return "".join(path.read_bytes().decode("utf-8", errors="replace") for path in files)


def test_names_id_cards_and_telephones_are_left_unread_and_said_so(town, tmp_path):
    report = take_in(
        town,
        tmp_path,
        "姓名,身份证号,联系电话,党员类别,职务,党支部,小区,楼栋\n"
        f"{NAME},{ID_CARD},{PHONE},社区党员,书记 {PHONE},第一支部({ID_CARD}),桂园,1栋\n"
        f"{NAME},{ID_CARD},{PHONE},社区党员,书记,第一支部,{PHONE},1栋\n",
    )
    notes = [note.text.zh for note in report.notes]
    assert "个人信息列未读取、不入库：姓名、身份证号、联系电话" in notes
    assert "“职务”列中有身份证号或电话号码，已去掉，不入库" in notes
    assert [(cell.row, cell.value) for cell in report.refused] == [(3, "*** 1栋")]
    stored, account = everything_stored(town), str(report.as_dict())
    for secret in (NAME, ID_CARD, PHONE):
        assert secret not in stored
        assert secret not in account
        assert secret not in report.summary("zh")
    with town.connect() as connection:
        row = connection.execute(sa.select(Member.post, Member.branch)).one()
    assert tuple(row) == ("书记 ***", "第一支部(***)")


@pytest.mark.parametrize(
    "number",
    [
        *(PHONE, f"+86{PHONE}", f"0086-{PHONE}", f"86 {PHONE}", f"电话.{PHONE}", "138-1234-5678"),
        *(
            "138 1234 5678",
            "138.1234.5678",
            "１３８１２３４５６７８",
            "0550-3011224",
            "(0550)3011224",
        ),
        *("（0550）3011224", "0550—3011224", ID_CARD, ID_CARD[:-1] + "x", f"证{ID_CARD}号"),
        *("341103 19800101 1234", "341103-19800101-1234"),
    ],
)
def test_numbers_of_persons_are_found_however_they_are_written(number):
    (kept,), n = without_personal([f"书记 {number}，住三楼"])
    assert n == 1
    assert "***" in kept
    assert not re.search(r"\d{4}", unicodedata.normalize("NFKC", kept))


@pytest.mark.parametrize(
    "text", ["118.13912345678,32.25", "341103003001001", "2024-01-05", "中都大道1381号", "1.5"]
)
def test_other_numbers_are_no_numbers_of_persons(text):
    assert without_personal([text]) == ([text], 0)


def test_a_room_or_a_shifted_cell_of_a_refused_row_is_not_stored(town, tmp_path):
    report = take_in(
        town,
        tmp_path,
        "小区,楼栋号,经度,纬度\n"
        "无此苑,9栋3单元502室,,\n"
        f"无此苑,502室,{NAME},男\n"
        f"桂园,1栋,118.3,32.25,{NAME}\n"
        "桂园,1栋,118.3,32.25\n",
        datum="wgs84",
    )
    shown = {(cell.row, cell.rule, cell.value) for cell in report.refused}
    assert shown == {
        (2, "place_unknown", "无此苑 9栋"),
        (3, "coordinates", "***"),
        (4, "too_many_cells", "***"),
    }
    stored = everything_stored(town)
    assert NAME not in stored
    assert "502" not in stored


def test_numbers_of_persons_among_services_are_taken_out(database, tmp_path):
    path = tmp_path / "stations.csv"
    path.write_text(
        f"name,services,lon,lat\nA,看书、办证（{PHONE}）,118.3,32.25\n", encoding="utf-8"
    )
    import_file(database, "stations", path, datum="wgs84")
    assert study_of(database).stations["services"].tolist() == [("看书", "办证(***)")]
    assert PHONE not in everything_stored(database)


def test_a_file_without_headings_keeps_no_number_of_its_first_row(town, tmp_path):
    path = tmp_path / "sites.csv"
    path.write_text(f"name,{PHONE},lon,lat\nA,b,118.3,32.25\n", encoding="utf-8")
    report = import_file(town, "candidates", path, datum="wgs84")
    assert report.unread == ("***",)
    assert PHONE not in everything_stored(town)


def test_the_table_of_members_has_no_column_for_a_name():
    assert set(Member.__table__.c.keys()) == {
        *("id", "batch_id", "source_row", "key", "replaced_by", "replaces_id"),
        *("kind", "post", "party_duty", "branch", "building_id", "compound_id"),
        *("geometry", "original_x", "original_y", "original_datum"),
    }


def test_id_numbers_that_excel_made_numbers_are_left_unread_too(town, tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["身份证号码", "小区", "楼栋"])
    book.active.append([int(ID_CARD), "桂园", 1])
    book.save(tmp_path / "党员.xlsx")
    report = import_file(town, "members", tmp_path / "党员.xlsx")
    assert (report.n_kept, report.unread) == (1, ("身份证号码",))
    assert members_of(town) == [(2, 1, 1)]


def test_without_any_member_the_count_is_unknown_and_with_one_it_is_zero_elsewhere(town, tmp_path):
    assert study_of(town).buildings["members"].isna().all()
    take_in(town, tmp_path, "小区,楼栋\n桂园,1栋\n")
    assert study_of(town).buildings["members"].tolist() == [1, 0, 0, 0, 0]


def test_old_id_cards_of_15_digits_are_never_stored_with_members(town, tmp_path):
    card, other, code = "341103500112123", "341103999999123", "341103003001001"
    frame = gpd.GeoDataFrame(
        {"code": [code], "name": ["一"]},
        geometry=[shapely.box(118, 32, 119, 33)],
        crs=4326,
    )
    store_frames(town, {"grids": frame}, source="grids")
    report = take_in(
        town,
        tmp_path,
        f"职务,党支部,小区\n书记 {card},支部{other},桂园\n网格 {code},{card},桂园\n书记,,{card}\n",
    )
    with town.connect() as connection:
        rows = connection.execute(sa.select(Member.post, Member.branch)).all()
    assert [tuple(row) for row in rows] == [("书记 ***", "支部***"), (f"网格 {code}", "***")]
    assert [(cell.row, cell.value) for cell in report.refused] == [(4, "***")]
    stored = everything_stored(town)
    assert card not in stored
    assert other not in stored


@pytest.mark.parametrize(
    ("text", "is_card"),
    [
        ("341103500112123", True),
        ("证号：341103500112123", True),
        ("341103001012001", True),  # a grid's code could hold a date: then the known codes tell
        ("341103003001001", False),  # month 30
        ("3411035001121234", False),  # 16 digits
        ("118.341103500112123", False),  # decimals of a coordinate
    ],
)
def test_15_digits_are_an_id_card_if_they_hold_a_date_and_are_no_known_code(text, is_card):
    assert without_personal([text])[1] == is_card
    assert without_personal([text], frozenset({text[-15:]}))[1] == 0


def test_a_grid_s_code_stays_in_a_column_of_codes(database, tmp_path):
    code = "341103001012001"
    path = tmp_path / "grids.geojson"
    shape = [shapely.box(118, 32, 119, 33)]
    gpd.GeoDataFrame({"网格编码": [code], "户数": ["多"]}, geometry=shape, crs=4326).to_file(path)
    refused = import_file(database, "grids", path)
    assert refused.refused[0].value == "多"
    gpd.GeoDataFrame({"网格编码": [code] * 2}, geometry=shape * 2, crs=4326).to_file(path)
    report = import_file(database, "grids", path)
    assert [(cell.column, cell.value) for cell in report.refused] == [("网格编码", code)]
    with database.connect() as connection:
        assert connection.execute(sa.text("SELECT code FROM grid")).scalar() == code
