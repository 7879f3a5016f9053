"""Tables that go out and come back: exports, templates and return sheets."""

import io

import geopandas as gpd
import openpyxl
import pytest
import shapely
import sqlalchemy as sa
from click.testing import CliRunner

from data.demo import make_demo
from data.doctor import diagnose
from data.errors import ImportDataError
from data.fields import KINDS, REASON, ROW_ID, ROW_NUMBER
from data.imports import commit, import_file, store_frames, undo
from data.return_sheet import return_sheet
from data.round_trip import shown_heading
from data.tables import table_of
from data.templates import export_table, template
from data.workbooks import Column, Sheet, workbook_bytes
from redgrid import cli

TABLES = [kind for kind in KINDS if kind != "network"]


@pytest.fixture
def town(database):
    made = make_demo(seed=63, grids=12, members=20, stations=2)
    store_frames(database, {**made.frames, "network": made.network}, source="demo")
    return database


def exported(engine, kind, tmp_path, name="out.xlsx"):
    path = tmp_path / name
    with engine.connect() as connection:
        path.write_bytes(export_table(connection, kind))
    return path


def edit(path, *changes):
    """Change cells of the first sheet: (row, heading, value)."""
    book = openpyxl.load_workbook(path)
    page = book.worksheets[0]
    headings = [cell.value for cell in page[1]]
    for row, heading, value in changes:
        page.cell(row, headings.index(heading) + 1).value = value
    book.save(path)
    return path


def current(engine, kind):
    table = table_of(kind)
    shown = [c for c in table.c if c.name not in {"batch_id", "source_row", "replaces_id"}]
    query = sa.select(*shown).where(table.c.replaced_by.is_(None)).order_by(table.c.id)
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


@pytest.mark.parametrize("kind", TABLES)
def test_a_table_that_nobody_edited_changes_nothing(town, tmp_path, kind):
    before = current(town, kind)
    report = import_file(town, kind, exported(town, kind, tmp_path))
    assert report.n_unchanged == report.n_read == len(before) > 0
    assert (report.n_kept, report.n_refused, report.batch_id) == (0, 0, None)
    assert not report.is_refused
    assert current(town, kind) == before


DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday")
EDITS = {
    "communities": ("社区名称", "改名社区", "name", "改名社区"),
    "grids": ("户数", 321, "households", 321),
    "compounds": ("地址", "新路 1 号", "address", "新路 1 号"),
    "gates": ("开放时间", "24小时", "hours", {day: [[0, 1440]] for day in DAYS}),
    "buildings": ("层数", 17, "levels", 17),
    "members": ("职务", "网格员", "post", "网格员"),
    "stations": ("服务内容", "看书、下棋", "services", ["看书", "下棋"]),
    "candidates": ("费用", 12345, "cost", 12345),
    "base": ("名称", "新河", "name", "新河"),
}


@pytest.mark.parametrize("kind", TABLES)
def test_only_what_was_edited_changes_and_undoing_brings_it_back(town, tmp_path, kind):
    heading, written, column, value = EDITS[kind]
    before = current(town, kind)
    path = edit(exported(town, kind, tmp_path), (2, heading, written))
    report = import_file(town, kind, path)
    assert (report.n_unchanged, report.n_changed, report.n_kept) == (len(before) - 1, 1, 1)
    after = current(town, kind)
    assert after[:-1] == before[1:]  # the changed row is the newest
    same = {"id", "key", column}
    assert {k: v for k, v in after[-1].items() if k not in same} == {
        k: v for k, v in before[0].items() if k not in same
    }
    assert after[-1][column] == value
    undo(town, report.batch_id)
    assert current(town, kind) == before


def test_what_belongs_to_an_edited_row_follows_it(town, tmp_path):
    households = sum(row["compound_id"] == 1 for row in current(town, "buildings"))
    path = edit(exported(town, "compounds", tmp_path), (2, "小区名称", "改名园"))
    import_file(town, "compounds", path)
    newest = current(town, "compounds")[-1]
    assert newest["name"] == "改名园"
    assert households == sum(
        row["compound_id"] == newest["id"] for row in current(town, "buildings")
    )


def test_a_row_whose_compound_is_edited_moves_to_it(town, tmp_path):
    names = {row["id"]: row["name"] for row in current(town, "compounds")}
    assert len(set(names.values())) == len(names)
    building = current(town, "buildings")[0]
    other = next(i for i in names if i != building["compound_id"])
    path = edit(exported(town, "buildings", tmp_path), (2, "所属小区", names[other]))
    import_file(town, "buildings", path)
    assert current(town, "buildings")[-1]["compound_id"] == other
    path = edit(exported(town, "members", tmp_path, "m.xlsx"), (2, "所属小区", names[other]))
    edit(path, (2, "楼栋号", ""))
    assert import_file(town, "members", path).n_changed == 1
    moved = current(town, "members")[-1]
    assert (moved["compound_id"], moved["building_id"]) == (other, None)


def test_a_grid_can_be_given_to_another_community_which_is_made(town, tmp_path):
    path = exported(town, "grids", tmp_path)
    edit(path, (2, "所属社区", "新社区"), (2, "社区代码", ""), (2, "网格编码", "341103003099001"))
    assert import_file(town, "grids", path).n_changed == 1
    made = current(town, "communities")[-1]
    assert (made["name"], made["is_derived"]) == ("新社区", True)
    assert current(town, "grids")[-1]["community_id"] == made["id"]


def test_the_same_table_can_be_edited_twice(town, tmp_path):
    path = exported(town, "stations", tmp_path)
    import_file(town, "stations", edit(path, (2, "地址", "一号")))
    again = import_file(town, "stations", edit(path, (2, "地址", "二号")))
    assert (again.n_changed, again.n_unchanged) == (1, 1)
    assert current(town, "stations")[-1]["address"] == "二号"


def test_a_moved_point_moves_and_a_row_without_number_is_new(town, tmp_path):
    path = exported(town, "stations", tmp_path)
    book = openpyxl.load_workbook(path)
    book.worksheets[0].append([None, "新驿站"])
    book.save(path)
    moved = edit(path, (2, "经度", 118.3), (2, "纬度", 32.2), (4, "经度", 118.31))
    refused = import_file(town, "stations", moved)
    assert [(cell.row, cell.rule) for cell in refused.refused] == [(4, "coordinates")]
    done = import_file(town, "stations", edit(path, (4, "纬度", 32.21)))
    assert (done.n_unchanged, done.n_changed, done.n_kept) == (2, 0, 1)
    places = {row["name"]: shapely.from_wkb(row["geometry"]) for row in current(town, "stations")}
    assert (places["新驿站"].x, places["新驿站"].y) == pytest.approx((118.31, 32.21))
    assert any((p.x, p.y) == pytest.approx((118.3, 32.2)) for p in places.values())


def test_a_number_that_is_not_known_or_stands_twice_is_refused(town, tmp_path):
    path = edit(exported(town, "buildings", tmp_path), (2, ROW_ID, 99999), (3, ROW_ID, "4"))
    report = import_file(town, "buildings", path)
    twice = [row for row in report.refused if row.rule == "duplicate_in_file"]
    assert [(c.row, c.rule) for c in report.refused if c.row == 2] == [(2, "id_unknown")]
    assert len(twice) == 1


def test_a_numbered_table_cannot_replace_everything(town, tmp_path):
    with pytest.raises(ImportDataError, match="cannot go with --replace"):
        import_file(town, "stations", exported(town, "stations", tmp_path), replace=True)


@pytest.mark.parametrize("kind", ["communities", "compounds", "gates", "buildings", "members"])
def test_a_template_has_the_headings_choices_and_an_explanation(town, tmp_path, kind):
    path = tmp_path / "template.xlsx"
    with town.connect() as connection:
        path.write_bytes(template(connection, kind))
    book = openpyxl.load_workbook(path)
    page, explained = book.worksheets[:2]
    headings = [cell.value for cell in page[1]]
    fields = [shown_heading(field) for field in KINDS[kind].fields]
    assert headings[: len(fields)] == fields
    assert page.max_row == 1
    assert [row[0].value for row in explained.iter_rows(min_row=2)] == headings
    choices = [rule.formula1 for rule in page.data_validations.dataValidation]
    assert len(choices) == {"gates": 2, "buildings": 1, "members": 2}.get(kind, 0)
    with pytest.raises(ImportDataError, match="has headings but no rows"):
        import_file(town, kind, path)


def test_a_filled_template_goes_in(town, tmp_path):
    path = tmp_path / "驿站.xlsx"
    with town.connect() as connection:
        path.write_bytes(template(connection, "stations"))
    values = {"驿站名称": "新站", "经度": 118.3, "纬度": 32.2, "状态": "规划"}
    edit(path, *((2, heading, value) for heading, value in values.items()))
    diagnosis = diagnose(town, path, datum="wgs84")
    assert diagnosis.kind.name == "stations"
    assert commit(town, diagnosis).n_kept == 1


@pytest.mark.parametrize("kind", ["grids", "base", "network", "dragons"])
def test_what_cannot_be_filled_in_as_a_table_has_no_template(town, kind):
    with town.connect() as connection, pytest.raises(ImportDataError):
        template(connection, kind)


def test_choices_too_long_for_a_rule_stand_on_a_hidden_sheet():
    choices = tuple(f"很长的小区名称第{i}号" for i in range(60))
    content = workbook_bytes([Sheet("表", [Column("小区", choices)])])
    book = openpyxl.load_workbook(io.BytesIO(content))
    (rule,) = book["表"].data_validations.dataValidation
    assert rule.formula1 == "选项!$A$1:$A$60"
    assert book["选项"].sheet_state == "hidden"
    assert [row[0].value for row in book["选项"].iter_rows()] == list(choices)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "=cmd|' /C calc'!A0"])
def test_no_exported_cell_is_a_formula(text):
    content = workbook_bytes([Sheet("表", [Column("名称")], [[text]])])
    cell = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]["A2"]
    assert (cell.data_type, cell.value, cell.quotePrefix) == ("s", text, True)


LEDGER = (
    "编号,小区名称,物业,户数,经度,纬度\n"
    "007,甲园,=某物业,100,118.31,32.21\n"
    "008,乙园,某物业,很多,118.32,32.22\n"
    "009,丙园,某物业,90,,\n"
)


def returned(database, tmp_path, text, kind, name="台账.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="gb18030")
    diagnosis = diagnose(database, path, kind, datum="wgs84")
    report = commit(database, diagnosis)
    sheet = tmp_path / "退回.xlsx"
    sheet.write_bytes(return_sheet(diagnosis, report))
    return report, sheet


def test_a_return_sheet_has_the_office_s_own_columns_and_the_reasons(database, tmp_path):
    report, sheet = returned(database, tmp_path, LEDGER, "compounds")
    rows = list(openpyxl.load_workbook(sheet).active.iter_rows())
    values = [[cell.value for cell in row] for row in rows]
    assert values[0] == ["编号", "小区名称", "物业", "户数", "经度", "纬度", REASON, ROW_NUMBER]
    assert [row[:7] for row in values[1:]] == [
        ["008", "乙园", "某物业", "很多", "118.32", "32.22", "户数：不是数字"],
        ["009", "丙园", "某物业", "90", None, None, "经度, 纬度：没有坐标，或坐标读不懂"],
    ]
    coloured = [[cell.fill.fgColor.rgb == "00F8CBAD" for cell in row] for row in rows[1:]]
    assert [[i for i, is_bad in enumerate(row) if is_bad] for row in coloured] == [[3], [4, 5]]
    assert report.n_refused == 2


def test_a_mended_return_sheet_brings_what_was_mended_and_nothing_twice(database, tmp_path):
    _, sheet = returned(database, tmp_path, LEDGER, "compounds")
    edit(sheet, (2, "户数", "120"))
    first = import_file(database, "compounds", sheet, datum="wgs84")
    assert (first.n_kept, [(c.row, c.rule) for c in first.refused]) == (1, [(3, "coordinates")])
    edit(sheet, (3, "经度", "118.33"), (3, "纬度", "32.23"))
    second = import_file(database, "compounds", sheet, datum="wgs84")
    assert (second.n_kept, [(c.row, c.rule) for c in second.refused]) == (1, [(2, "duplicate")])
    assert [row["name"] for row in current(database, "compounds")] == ["甲园", "乙园", "丙园"]


def test_a_return_sheet_of_odd_headings_in_two_rows_is_read_as_its_file_was(database, tmp_path):
    book = openpyxl.Workbook()
    rows = [["一览表"], ["院子", "家数", "地点", None], [None, None, "东", "北"]]
    for row in [*rows, ["甲园", 12, 118.3, 32.2], ["乙园", "许多", 118.31, 32.21]]:
        book.active.append(row)
    for cells in ("A1:D1", "A2:A3", "B2:B3", "C2:D2"):
        book.active.merge_cells(cells)
    book.save(tmp_path / "台账.xlsx")
    told = {"name": "院子", "households": "家数", "lon": "地点·东", "lat": "地点·北"}
    diagnosis = diagnose(database, tmp_path / "台账.xlsx", "compounds", datum="wgs84", mapping=told)
    report = commit(database, diagnosis)
    assert [(cell.row, cell.rule) for cell in report.refused] == [(5, "number")]
    sheet = tmp_path / "退回.xlsx"
    sheet.write_bytes(return_sheet(diagnosis, report))
    edit(sheet, (2, "家数", 30))
    again = diagnose(database, sheet, datum="wgs84")
    assert (again.is_remembered, again.mapping) == (True, told)
    assert commit(database, again).n_kept == 1
    assert [row["households"] for row in current(database, "compounds")] == [12, 30]


def test_members_of_a_return_sheet_come_in_once_only(database, tmp_path):
    frame = gpd.GeoDataFrame(
        {"key": ["a"], "name": ["甲园"]}, geometry=gpd.points_from_xy([118.3], [32.2]), crs=4326
    )
    store_frames(database, {"compounds": frame}, source="town")
    text = "姓名,党支部,小区\n王某,一,甲园\n李某,一,无此园\n赵某,一,\n"
    _, sheet = returned(database, tmp_path, text, "members", "党员.csv")
    edit(sheet, (2, "小区", "甲园"))
    assert import_file(database, "members", sheet).n_kept == 1
    edit(sheet, (3, "小区", "甲园"))
    again = import_file(database, "members", sheet)
    assert (again.n_kept, [(c.row, c.rule) for c in again.refused]) == (1, [(2, "duplicate")])
    assert len(current(database, "members")) == 3


def test_without_refused_rows_there_is_no_return_sheet(database, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("社区名称\n甲\n", encoding="utf-8")
    with pytest.raises(ImportDataError, match="No row was refused"):
        return_sheet(diagnose(database, path, "communities"))


def test_the_commands_go_the_whole_way(tmp_path):
    def run(*arguments):
        options = ["--db", str(tmp_path / "office.db"), "--lang", "en"]
        return CliRunner().invoke(cli, [*options, *map(str, arguments)])

    path, sheet = tmp_path / "小区台账.csv", tmp_path / "退回.xlsx"
    path.write_text(LEDGER, encoding="gb18030")
    told = run("import", "diagnose", path, "--datum", "wgs84", "--json")
    assert told.exit_code == 0
    assert '"kind": "compounds"' in told.stdout
    assert "households = 户数" in told.stderr
    assert run("import", "list").stdout == ""
    done = run("import", "auto", path, "--datum", "wgs84", "--return", sheet)
    assert done.exit_code == 0
    assert "Taken for compounds" in done.stderr
    assert sheet.read_bytes()[:2] == b"PK"
    refused = run("import", "refused", 1)
    assert refused.stdout_bytes.startswith(b"\xef\xbb\xbf")
    out = tmp_path / "小区.xlsx"
    assert run("export", "compounds", "-o", out).exit_code == 0
    again = run("import", "compounds", out)
    assert (again.exit_code, "1 unchanged, 0 changed, 0 new" in again.stderr) == (0, True)
    assert run("import", "template", "gates", "-o", tmp_path / "t.xlsx").exit_code == 0
    wrong = run("import", "compounds", path, "--column", "households", "--again")
    assert (wrong.exit_code, "FIELD=HEADING" in wrong.stderr) == (2, True)
