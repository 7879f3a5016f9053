"""A clerk with a keyboard: one key an answer, digits in a field are digits, the last undone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from address_town import fill, table, take_in
from pages import Watch, drawn, served, settled
from playwright.sync_api import Browser, Page, expect

from data.store import open_database

pytestmark = pytest.mark.browser
STATIONS = "驿站名称,地址\n乙站,碧水家园1栋\n丁站,火星路5号\n"


@pytest.fixture
def review(browser: Browser, watch: Watch, tmp_path: Path) -> Iterator[Page]:
    """Return the page of a small town with two addresses in doubt."""
    engine = open_database(tmp_path / "town.db")
    fill(engine)
    take_in(engine, tmp_path, "stations", STATIONS)
    engine.dispose()
    with served(tmp_path / "town.db") as address:
        page = watch.over(browser.new_page())
        page.goto(address)
        page.get_by_role("link", name="地址核对").click()
        expect(page.get_by_role("heading", name="火星路5号")).to_be_visible(timeout=30_000)
        drawn(settled(page))
        yield page
        page.close()


def test_an_address_is_decided_and_undone_by_single_keys(review: Page, tmp_path: Path):
    review.keyboard.press("s")
    asked = review.get_by_role("heading", name="碧水家园1栋")
    expect(asked).to_be_visible()
    expect(review.get_by_role("button", name="碧水家园1栋 · 楼栋")).to_have_count(2)
    settled(review)
    review.keyboard.press("2")
    expect(review.get_by_role("heading", name="火星路5号")).to_be_visible()
    expect(review.get_by_text("已处理 1 条")).to_be_visible()
    settled(review)
    engine = open_database(tmp_path / "town.db")
    assert table(engine, "station")["name"].tolist() == ["乙站"]
    review.keyboard.press("u")
    expect(asked).to_be_visible()
    assert table(engine, "station").empty
    engine.dispose()


def test_keys_in_a_field_are_text(review: Page):
    field = review.get_by_label("另找地点")
    field.fill("")
    field.press_sequentially("0su1桂园3栋")
    expect(field).to_have_value("0su1桂园3栋")
    field.fill("桂园3栋")
    field.press("Enter")
    expect(review.get_by_role("button", name="天逸华府桂园3栋")).to_be_visible()
    expect(review.get_by_role("heading", name="火星路5号")).to_be_visible()  # nothing was decided
    figures = review.get_by_test_id("review-figures")
    expect(figures).to_contain_text("待核对")
    expect(figures.locator("b").first).to_have_text("2")
