"""The import doctor: kind, columns, doubts and mends of a file before anything is written."""

from datetime import date

import geopandas as gpd
import openpyxl
import pytest
import shapely
import sqlalchemy as sa
from sqlalchemy.orm import Session

from data.batches import list_batches
from data.doctor import diagnose
from data.errors import ImportDataError
from data.imports import commit, import_file, undo
from data.models import Compound, RememberedMapping
from data.tables import table_of

PLACES = [(f"园{i}", f"118.3{i}1", f"32.2{i}1") for i in range(8)]


def csv_file(tmp_path, text, name="file.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def ledger(tmp_path, *rows, name="小区.csv"):
    """Write a ledger of eight sound compounds and some more rows."""
    lines = ["小区名称,经度,纬度", *map(",".join, (*PLACES, *rows))]
    return csv_file(tmp_path, "\n".join(lines), name)


def names_of(database, kind="compounds"):
    table = table_of(kind)
    query = sa.select(table.c.name).where(table.c.replaced_by.is_(None)).order_by(table.c.id)
    with database.connect() as connection:
        return connection.execute(query).scalars().all()


def found_mends(diagnosis):
    return {
        mend.kind: [(cell.row, cell.column, cell.before, cell.after) for cell in mend.cells]
        for mend in diagnosis.mends
    }


@pytest.mark.parametrize(
    ("kind", "text", "name"),
    [
        ("communities", "社区代码,社区名称\n341103003001,甲\n", "a.csv"),
        ("compounds", "小区名称,总户数,经度,纬度\n甲,1,118,32\n", "a.csv"),
        ("buildings", "小区名称,楼栋号,层数,经度,纬度\n甲,1,6,118,32\n", "a.csv"),
        ("gates", "小区,出入口名称,对外开放,经度,纬度\n甲,东门,是,118,32\n", "a.csv"),
        ("members", "姓名,党员类别,党支部,小区,楼栋\n某,社区,一,甲,1\n", "a.csv"),
        ("stations", "驿站名称,服务内容,启用日期,经度,纬度\n甲,看书,,118,32\n", "a.csv"),
        ("candidates", "点位名称,面积,租金,经度,纬度\n甲,1,1,118,32\n", "a.csv"),
        ("stations", "名称,地址,经度,纬度\n甲,乙,118,32\n", "红色驿站一览.csv"),
    ],
)
def test_the_kind_of_a_table_is_guessed_with_its_reason(database, tmp_path, kind, text, name):
    diagnosis = diagnose(database, csv_file(tmp_path, text, name))
    assert diagnosis.kind.name == kind
    assert diagnosis.guess.reason.zh.startswith(f"看作{diagnosis.kind.title.zh}：")


def test_a_table_that_could_be_several_things_is_asked_about(database, tmp_path):
    path = csv_file(tmp_path, "名称,地址,经度,纬度\n甲,乙,118,32\n")
    diagnosis = diagnose(database, path, datum="wgs84")
    assert diagnosis.kind is None
    assert diagnosis.problem.say("zh").startswith("可能是：")
    with pytest.raises(ImportDataError, match="It may be"):
        commit(database, diagnosis)
    assert diagnose(database, path, "stations", datum="wgs84").report.n_kept == 1


def test_geometry_tells_grids_from_a_network(database, tmp_path):
    square = shapely.box(118, 32, 118.01, 32.01)
    columns = {"网格编码": ["341103003001001"], "网格名称": ["一"]}
    gpd.GeoDataFrame(columns, geometry=[square], crs=4326).to_file(tmp_path / "a.geojson")
    lines = gpd.GeoDataFrame({"名称": ["路"]}, geometry=[square.boundary], crs=4326)
    lines.to_file(tmp_path / "b.geojson")
    assert diagnose(database, tmp_path / "a.geojson").kind.name == "grids"
    assert diagnose(database, tmp_path / "b.geojson").kind.name == "network"


def test_a_diagnosis_writes_nothing_and_its_commit_says_the_same(database, tmp_path):
    path = ledger(tmp_path, ("坏", "x", "y"), ("反", "32.25", "118.33"))
    diagnosis = diagnose(database, path, datum="wgs84")
    assert list_batches(database.connect()) == []
    assert names_of(database) == []
    said = diagnosis.report
    assert (said.n_read, said.n_kept, said.n_refused) == (10, 8, 2)
    done = commit(database, diagnosis)
    assert (done.refused, done.doubts, done.notes) == (said.refused, said.doubts, said.notes)
    assert len(names_of(database)) == 8
    undo(database, done.batch_id)
    assert names_of(database) == []


def test_a_session_and_a_connection_will_do(database, tmp_path):
    path = ledger(tmp_path)
    with Session(database) as session:
        assert diagnose(session, path, datum="wgs84").report.n_kept == 8
    with database.connect() as connection:
        assert diagnose(connection, path, datum="wgs84").report.n_kept == 8


def test_what_is_missing_is_a_problem_and_the_rest_is_told(database, tmp_path):
    diagnosis = diagnose(database, ledger(tmp_path))
    assert diagnosis.needs_datum
    assert diagnosis.mapping == {"name": "小区名称", "lon": "经度", "lat": "纬度"}
    assert diagnosis.preview(2).to_numpy().tolist() == [list(PLACES[0]), list(PLACES[1])]
    with pytest.raises(ImportDataError, match="Nothing says in which datum"):
        commit(database, diagnosis)


def test_a_commit_asks_the_database_again(database, tmp_path):
    diagnosis = diagnose(database, ledger(tmp_path), datum="wgs84")
    import_file(database, "compounds", ledger(tmp_path, name="same.csv"), datum="wgs84", again=True)
    done = commit(database, diagnosis)
    assert (done.n_kept, {cell.rule for cell in done.refused}) == (0, {"duplicate"})


def test_a_preview_shows_nobody_s_name_or_number(database, tmp_path):
    text = "姓名,党员类别,备注,小区\n王某,社区,电话13812345678,甲\n"
    preview = diagnose(database, csv_file(tmp_path, text), "members").preview()
    assert preview.to_numpy().tolist() == [["***", "社区", "电话***", "甲"]]


def test_columns_can_be_told_and_are_remembered_for_the_same_headings(database, tmp_path):
    text = "院子,住了几家,东,北\n甲园,12,118.3,32.2\n"
    path = csv_file(tmp_path, text)
    told = {"name": "院子", "households": "住了几家", "lon": "东", "lat": "北"}
    first = diagnose(database, path, "compounds", datum="wgs84")
    assert "缺少必需的列" in first.problem.say("zh") or "没有坐标列" in first.problem.say("zh")
    diagnosis = diagnose(database, path, "compounds", datum="wgs84", mapping=told)
    assert diagnosis.mapping == told
    commit(database, diagnosis)
    with database.connect() as connection:
        row = connection.execute(sa.select(Compound.name, Compound.households)).one()
        assert tuple(row) == ("甲园", 12)
        assert connection.execute(sa.select(sa.func.count(RememberedMapping.id))).scalar() == 1
    other = csv_file(tmp_path, text.replace("甲园", "乙园"), "other.csv")
    again = diagnose(database, other, datum="wgs84")
    assert (again.kind.name, again.is_remembered, again.mapping) == ("compounds", True, told)
    assert again.report.n_kept == 1


def test_a_mapping_can_leave_a_column_unread(database, tmp_path):
    path = csv_file(tmp_path, "小区名称,户数,经度,纬度\n甲,9,118,32\n")
    diagnosis = diagnose(database, path, "compounds", datum="wgs84", mapping={"households": ""})
    assert "households" not in diagnosis.mapping
    commit(database, diagnosis)
    with database.connect() as connection:
        assert connection.execute(sa.select(Compound.households)).scalar() is None


@pytest.mark.parametrize(
    ("mapping", "sentence"),
    [
        ({"height": "户数"}, "There is no field 'height'"),
        ({"households": "无此列"}, "The file has no column '无此列'"),
        ({"households": "户数", "residents": "户数"}, "can serve one field only"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused(database, tmp_path, mapping, sentence):
    path = csv_file(tmp_path, "小区名称,户数,经度,纬度\n甲,9,118,32\n")
    with pytest.raises(ImportDataError, match=sentence):
        diagnose(database, path, "compounds", mapping=mapping)


@pytest.mark.parametrize(
    ("row", "kind", "after"),
    [
        (("甲", "32.25", "118.33"), "swapped", {"经度": "118.33", "纬度": "32.25"}),
        (("甲", "18.33", "32.25"), "digit", {"经度": "118.33"}),
        (("甲", "118.33", "2.25"), "digit", {"纬度": "32.25"}),
        (("甲", "1183300", "322500"), "dot", {"经度": "118.33", "纬度": "32.25"}),
        (("甲", "118°19′48″", "32°15′"), "written", {"经度": "118.33", "纬度": "32.25"}),
        (("甲", "东经118.33", "北纬32.25度"), "written", {"经度": "118.33", "纬度": "32.25"}),
    ],
)
def test_a_coordinate_is_mended_when_asked_and_not_before(database, tmp_path, row, kind, after):
    path = ledger(tmp_path, row)
    offered = diagnose(database, path, datum="wgs84")
    found = found_mends(offered)
    assert list(found) == [kind]
    assert {column: text for _, column, _, text in found[kind]} == after
    assert {r for r, *_ in found[kind]} == {10}
    assert not offered.mends[0].is_applied
    asked = diagnose(database, path, datum="wgs84", mends=[kind])
    assert asked.mends[0].is_applied
    assert (asked.report.n_kept, asked.report.doubts) == (9, ())
    commit(database, asked)
    with database.connect() as connection:
        wkb = connection.execute(sa.select(Compound.geometry).where(Compound.name == "甲")).scalar()
    point = shapely.from_wkb(wkb)
    assert (point.x, point.y) == pytest.approx((118.33, 32.25), abs=1e-6)


def test_minutes_written_as_decimals_are_told_by_the_known_grids(database, tmp_path):
    square = shapely.box(118.30, 32.24, 118.34, 32.27)
    columns = {"网格编码": ["341103003001001"], "网格名称": ["一"]}
    path = tmp_path / "grids.geojson"
    gpd.GeoDataFrame(columns, geometry=[square], crs=4326).to_file(path)
    import_file(database, "grids", path)
    text = "小区名称,经度,纬度\n甲,118.1936,32.1512\n乙,118.32,32.25\n"
    diagnosis = diagnose(database, csv_file(tmp_path, text), "compounds", datum="wgs84")
    assert found_mends(diagnosis) == {
        "minutes": [
            (2, "经度", "118.1936", "118.3266667"),
            (2, "纬度", "32.1512", "32.2533333"),
        ]
    }
    assert [(cell.row, cell.rule) for cell in diagnosis.report.doubts] == [(2, "outside_grids")]


def test_rows_that_nothing_tells_are_not_mended(database, tmp_path):
    path = csv_file(tmp_path, "小区名称,经度,纬度\n甲,18.33,32.25\n乙,118.3,32.2\n")
    assert diagnose(database, path, "compounds", datum="wgs84").mends == ()
    zero = ledger(tmp_path, ("零", "0", "0"), ("无", "暂无数据", "暂无数据"), name="zero.csv")
    assert diagnose(database, zero, datum="wgs84").mends == ()


def test_outlines_with_swapped_axes_can_be_turned(database, tmp_path):
    turned = shapely.box(32.25, 118.30, 32.26, 118.31)
    columns = {"网格编码": ["341103003001001"], "网格名称": ["一"]}
    path = tmp_path / "grids.geojson"
    gpd.GeoDataFrame(columns, geometry=[turned], crs=4326).to_file(path)
    assert diagnose(database, path, "grids").report.is_refused
    done = commit(database, diagnose(database, path, "grids", mends=["swapped"]))
    assert done.n_kept == 1
    with database.connect() as connection:
        bounds = shapely.from_wkb(
            connection.execute(sa.select(table_of("grids").c.geometry)).scalar()
        )
    assert bounds.bounds == pytest.approx((118.30, 32.25, 118.31, 32.26))


def test_building_numbers_that_became_dates_are_given_back(database, tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["小区", "楼栋号", "经度", "纬度"])
    book.active.append(["甲", date(2026, 3, 2), 118.3, 32.2])
    book.save(tmp_path / "楼栋.xlsx")
    diagnosis = diagnose(database, tmp_path / "楼栋.xlsx", datum="wgs84", mends=["date"])
    assert found_mends(diagnosis) == {"date": [(2, "楼栋号", "2026-03-02", "3-2")]}
    commit(database, diagnosis)
    with database.connect() as connection:
        assert connection.execute(sa.select(table_of("buildings").c.number)).scalar() == "3-2"


def test_rows_in_no_grid_in_another_and_twice_are_doubted_and_kept(database, tmp_path):
    squares = [shapely.box(118.30 + x, 32.20, 118.31 + x, 32.30) for x in (0, 0.01)]
    columns = {"网格编码": ["341103003001001", "341103003001002"], "网格名称": ["一", "二"]}
    path = tmp_path / "grids.geojson"
    gpd.GeoDataFrame(columns, geometry=squares, crs=4326).to_file(path)
    import_file(database, "grids", path)
    text = (
        "小区名称,所属网格编码,经度,纬度\n"
        "甲,341103003001001,118.305,32.25\n"
        "乙,341103003001002,118.305,32.26\n"
        "丙,341103003001009,118.315,32.25\n"
        "丁,,118.350,32.25\n"
        "甲,,118.306,32.251\n"
    )
    report = commit(
        database, diagnose(database, csv_file(tmp_path, text), "compounds", datum="wgs84")
    )
    assert [(cell.row, cell.column, cell.rule) for cell in report.doubts] == [
        (3, "所属网格编码", "grid_other"),
        (4, "所属网格编码", "grid_unknown"),
        (5, "", "outside_grids"),
        (6, "", "probably_same"),
    ]
    assert report.n_kept == 5


def test_persons_twice_in_one_file_are_noticed_without_showing_them(database, tmp_path):
    import_file(database, "compounds", ledger(tmp_path), datum="wgs84")
    card = "341103198001011234"
    text = (
        "姓名,身份证号,党支部,小区,楼栋\n"
        f"王某,{card},一,园1,1\n李某,341103198001011235,一,园1,1\n"
        f"王 某,{card},一,园1,1\n李某,,一,园1,1栋\n"
    )
    report = import_file(database, "members", csv_file(tmp_path, text))
    assert [(c.row, c.column, c.rule) for c in report.refused] == [
        (4, "身份证号", "duplicate_in_file")
    ]
    assert [(c.row, c.rule) for c in report.doubts] == [(5, "probably_same")]
    assert card not in str(report.as_dict())
