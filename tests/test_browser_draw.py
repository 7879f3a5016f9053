"""The drawing page in a real browser: what is drawn is saved, seen, and undone."""

import re
from collections.abc import Callable, Iterator

import pytest
from pages import Open, Subdistrict, Watch, drawn, served, settled
from playwright.sync_api import Locator, Page, expect
from sqlalchemy.orm import Session

from data.queries import load_study
from data.store import open_database
from data.viewer import Viewer
from geo.study import Study
from views.draw_tools import TOOLS

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Subdistrict]:
    """Return a served demo of these tests' own: they write into it."""
    subdistrict = Subdistrict(tmp_path_factory.mktemp("draw") / "demo.db")
    with served(subdistrict.database) as subdistrict.address:
        yield subdistrict


def study_of(demo: Subdistrict) -> Study:
    """Return what the served database holds now."""
    engine = open_database(demo.database)
    with Session(engine) as session:
        study = load_study(session, Viewer.everything())
    engine.dispose()
    return study


def use(page: Page, tool: str) -> Callable[[float, float], None]:
    """Choose a tool; return what clicks a place of the map, in shares of its width and height."""
    page.locator(".st-key-draw-tool").get_by_text(tool, exact=True).click()
    hint = next(one.hint.zh for one in TOOLS.values() if one.title.zh == tool)
    expect(page.get_by_text(hint, exact=True)).to_be_visible()
    settled(page)
    live: Locator = page.locator(".redgrid-map").first
    live.scroll_into_view_if_needed()

    def click(right: float, down: float) -> None:
        box = live.bounding_box()
        assert box is not None
        page.wait_for_timeout(450)  # two clicks within 400 ms are a double click
        page.mouse.click(box["x"] + right * box["width"], box["y"] + down * box["height"])

    return click


def save(page: Page, said: str) -> None:
    """Save the drawing and wait for the sentence that says so."""
    page.locator(".st-key-draw-save button").click()
    expect(page.get_by_text(re.compile(f"^已保存：{said}"))).to_be_visible()
    settled(page)


def test_a_station_is_drawn_seen_and_undone(visit: Open, demo: Subdistrict, watch: Watch) -> None:
    page = visit("/draw")
    drawn(page)
    before = study_of(demo)
    click = use(page, "驿站")
    click(0.5, 0.5)
    expect(page.get_by_text("已点 1 处")).to_be_visible()
    page.locator(".st-key-draw-save button").click()  # without a name
    expect(page.get_by_text(re.compile("请给红色驿站起名"))).to_be_visible()
    field = page.locator(".st-key-draw-station input")
    field.fill("画出来的驿站")
    field.press("Enter")
    settled(page)
    save(page, "驿站")
    assert "画出来的驿站" in set(study_of(demo).stations["name"])
    page.locator("[class*='st-key-draw-undo-'] button").first.click()
    expect(page.locator("[class*='st-key-draw-undo-']")).to_have_count(0)
    settled(page)
    assert set(study_of(demo).stations["name"]) == set(before.stations["name"])
    assert watch.troubles == []


def test_a_grid_is_split_with_its_counts_in_sight(visit: Open, demo: Subdistrict) -> None:
    page = visit("/draw")
    drawn(page)
    before = study_of(demo)
    click = use(page, "拆分网格")
    click(0.52, 0.52)
    expect(page.get_by_text(re.compile("^选中："))).to_be_visible()
    click(0.52, 0.3)
    expect(page.get_by_text("已点 1 处")).to_be_visible()
    click(0.52, 0.75)
    expect(page.get_by_text("已点 2 处")).to_be_visible()
    expect(page.get_by_test_id("stDataFrame").last.locator("canvas").first).to_be_visible()
    expect(page.locator(".redgrid-map").first).to_have_attribute(
        "data-layers", re.compile("grids_after")
    )
    save(page, "拆分网格")
    after = study_of(demo)
    assert len(after.grids) == len(before.grids) + 1
    assert after.grids["code"].is_unique
    assert after.grids.area.sum() == pytest.approx(before.grids.area.sum(), abs=1.0)
    assert after.buildings["grid_id"].notna().sum() == before.buildings["grid_id"].notna().sum()
    page.locator("[class*='st-key-draw-undo-'] button").first.click()
    expect(page.locator("[class*='st-key-draw-undo-']")).to_have_count(0)
    settled(page)
    assert study_of(demo).grids.index.equals(before.grids.index)


def test_a_slip_of_the_hand_is_told_and_taken_back(visit: Open, demo: Subdistrict) -> None:
    page = visit("/draw")
    drawn(page)
    click = use(page, "合并网格")
    click(0.35, 0.45)
    expect(page.get_by_text(re.compile("^选中："))).to_be_visible()
    click(0.62, 0.62)
    expect(page.get_by_text(re.compile("没有共同的边界"))).to_be_visible()
    settled(page)
    page.locator(".st-key-draw-back button").click()
    expect(page.get_by_text(re.compile("没有共同的边界"))).to_have_count(0)
    settled(page)
    page.locator(".st-key-draw-anew button").click()
    expect(page.get_by_text(re.compile("^选中："))).to_have_count(0)
    assert len(study_of(demo).grids) == 63
