"""The import page in a real browser: from an office's workbook to the map, and back."""

import re
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from pages import Open, Subdistrict, Watch, save, served, settled
from playwright.sync_api import Page, expect

from data.imports import list_batches
from data.store import open_database

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Subdistrict]:
    """Return a served demo of these tests' own: they write into it."""
    subdistrict = Subdistrict(tmp_path_factory.mktemp("import") / "demo.db")
    with served(subdistrict.database) as subdistrict.address:
        yield subdistrict


STATIONS = [
    ("城北试点", "示例路1号", 118.3085, 32.268, "周一至周五 8:30-17:30"),
    ("城东试点", "示例路2号", 32.2625, 118.3155, "8:30-17:30"),  # swapped
    ("城南试点", "示例路3号", 118.31, 32.2525, "8:30-17:30"),
    ("城西试点", "示例路4号", 118.305, 32.2555, "八点半"),  # hours that cannot be read
    ("坡上试点", "示例路6号", 18.312, 32.259, "8:30-17:30"),  # a digit is missing
    ("无坐标点", "示例路5号", "暂无数据", "", "8:30-17:30"),
    ("湖边试点", "示例路7号", 118.313, 32.261, "8:30-17:30"),
    ("北门试点", "示例路8号", 118.314, 32.262, "8:30-17:30"),
]


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    """Return a workbook as offices make them: titles, headings in two rows, a total, a note."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["红色驿站一览表"])
    sheet.append(["填表单位：示例街道"])
    sheet.append(["驿站名称", "地址", "位置", "", "开放时间"])
    sheet.append(["", "", "经度", "纬度", ""])
    for cells in ("A1:E1", "C3:D3", "A3:A4", "B3:B4", "E3:E4"):
        sheet.merge_cells(cells)
    for row in STATIONS:
        sheet.append(row)
    sheet.append(["合计", "", "", "", ""])
    path = tmp_path / "驿站台账.xlsx"
    book.save(path)
    return path


def n_imports(demo: Subdistrict) -> int:
    """Return how many imports the served database has that are not undone."""
    engine = open_database(demo.database)
    with engine.connect() as connection:
        batches = list_batches(connection)
    engine.dispose()
    return sum(1 for batch in batches if batch["undone_at"] is None)


def dropped(visit: Open, path: Path) -> Page:
    """Return the page with a file dropped on it."""
    page = visit("/import")
    page.locator("input[type=file]").set_input_files(path)
    expect(page.locator(".st-key-import-what")).to_be_visible()
    return settled(page)


def figures(page: Page, *expected: int) -> None:
    """Wait for the figures: read, kept, doubtful, refused, to be reviewed if any, no data."""
    told = page.get_by_test_id("import-figures").locator("b")
    expect(told).to_have_text([str(n) for n in expected])
    settled(page)


def test_an_office_workbook_goes_from_upload_to_the_map_and_back(
    visit: Open, demo: Subdistrict, workbook: Path, tmp_path: Path, watch: Watch
) -> None:
    before = n_imports(demo)
    page = dropped(visit, workbook)
    expect(page.get_by_text(re.compile("^驿站台账.xlsx — 看作红色驿站"))).to_be_visible()
    take = page.get_by_role("button", name=re.compile("^就是 WGS84"))
    expect(page.locator("[data-redgrid-drawn]")).to_have_count(3)  # three readings to choose from
    take.click()
    figures(page, 8, 5, 1, 3, 1, 3)
    page.get_by_test_id("stCheckbox").filter(has_text="经度和纬度互换").locator("label").click()
    figures(page, 8, 6, 1, 2, 1, 3)
    page.get_by_test_id("stCheckbox").filter(has_text="漏掉的一位数字").locator("label").click()
    figures(page, 8, 6, 0, 2, 1, 3)
    assert n_imports(demo) == before  # nothing is written yet
    page.locator(".st-key-import-commit button").click()
    expect(page.get_by_text("读取 8 行，保留 6 行，退回 2 行")).to_be_visible()
    settled(page)
    assert n_imports(demo) == before + 1
    returned = openpyxl.load_workbook(save(page, "import-returned", tmp_path)).active
    assert returned is not None
    rows = list(returned.iter_rows(values_only=True))
    assert [row[0] for row in rows[1:]] == ["城西试点", "无坐标点"]
    assert "开放时间读不懂" in str(rows[1])
    overview = visit("/")
    sign = overview.locator(".redgrid-map").get_by_label("坡上试点", exact=True)
    expect(sign).to_have_count(1)
    page.locator(".st-key-import-undo button").click()
    expect(page.locator(".st-key-import-commit button")).to_be_visible()
    figures(page, 8, 6, 0, 2, 1, 3)
    assert n_imports(demo) == before
    assert watch.troubles == []


def test_what_the_file_is_and_its_columns_can_be_told(
    visit: Open, demo: Subdistrict, tmp_path: Path
) -> None:
    file = tmp_path / "表.csv"
    file.write_text(
        "甲,乙,东,北\n一号,示例路1号,118.31,32.262\n二号,示例路2号,118.312,32.264\n",
        encoding="gb18030",
    )
    before = n_imports(demo)
    page = dropped(visit, file)
    expect(page.get_by_text(re.compile("看不出是哪种数据|可能是"))).not_to_have_count(0)
    page.locator("[class*='st-key-import-kind'] input").click()
    page.get_by_role("option", name="备选点位", exact=True).click()
    settled(page)
    for title, heading in (("名称", "甲"), ("地址", "乙"), ("经度", "东"), ("纬度", "北")):
        name = {"名称": "name", "地址": "address", "经度": "lon", "纬度": "lat"}[title]
        box = page.locator(f"[class*='st-key-import-column'][class*='-{name}-']")
        box.locator("input").click()
        page.get_by_role("option", name=heading, exact=True).click()
        settled(page)
    page.get_by_role("button", name=re.compile("^就是 WGS84")).click()
    figures(page, 2, 2, 0, 0, 0)
    assert n_imports(demo) == before


def test_a_file_that_is_none_is_told_in_a_sentence(visit: Open, tmp_path: Path) -> None:
    file = tmp_path / "坏.xlsx"
    file.write_bytes(b"PK\x03\x04" + bytes(200))
    page = visit("/import?lang=en")
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_test_id("stAlert")).to_contain_text("坏.xlsx")
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_blank_tables_and_what_is_there_can_be_had(
    visit: Open, demo: Subdistrict, tmp_path: Path
) -> None:
    page = visit("/import")
    page.get_by_role("button", name=re.compile("空白模板")).first.click()
    table = openpyxl.load_workbook(save(page, "import-template", tmp_path)).active
    assert table is not None
    assert table.max_column >= 2
    assert table.max_row == 1  # nothing but headings
    exported = openpyxl.load_workbook(save(page, "import-export", tmp_path)).active
    assert exported is not None
    assert exported.max_row == 1 + len(demo.frames["communities"])
