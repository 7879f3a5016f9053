"""The grid chief's page in a real browser; and every page where data is missing or broken."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from pages import (
    FORMULA_GRID,
    FORMULAS,
    HOSTILE_COMPOUND,
    HOSTILE_GRID,
    IMAGE,
    SCRIPT,
    Open,
    Subdistrict,
    Watch,
    cells,
    click_row,
    drawn,
    hover,
    painted,
    save,
    served,
    ticked,
    visits,
    wait_for_params,
)
from playwright.sync_api import Browser, Page, expect
from sqlalchemy.orm import Session

from data.demo import make_demo
from data.imports import store_frames
from data.models import ImportBatch
from data.queries import load_study
from data.store import open_database
from data.viewer import Viewer
from geo.coverage import Coverage, cover

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def coverage(demo: Subdistrict) -> Coverage:
    """Return what the served pages should say, computed beside them."""
    engine = open_database(demo.database)
    with Session(engine) as session:
        study = load_study(session, Viewer.everything())
    engine.dispose()
    return cover(study)


def homes(coverage: Coverage, code: str) -> gpd.GeoDataFrame:
    """Return the demand points of a grid, in the order of the page."""
    (grid,) = coverage.grids.index[coverage.grids["code"] == code]
    return coverage.points[coverage.points["grid_id"] == grid]


def test_a_grid_says_its_figures_beside_the_whole(
    visit: Open, demo: Subdistrict, coverage: Coverage
) -> None:
    page = visit(f"/grid?grid={demo.far}")
    drawn(page)
    own = coverage.grids.set_index("code").loc[demo.far]
    rows = page.locator(".rg-own tr").all_inner_texts()
    said = {row.split("\t")[0].strip(): row.split("\t")[1:] for row in rows}
    whole = coverage.total.iloc[0]
    assert said["户覆盖率"] == [
        f"{own['households_share']:.0%}",
        f"{whole['households_share']:.0%}",
    ]
    assert said["步行时间中位数"] == [f"{row['median_s'] / 60:.1f} 分钟" for row in (own, whole)]
    out = homes(coverage, demo.far)
    expect(page.get_by_role("tab").first).to_have_text(f"15 分钟走不到的 {len(out)} 处")
    listed = cells(page, "grid-far")
    assert listed[0][1:3] == ["=1+1", "3"]
    assert {row[1] for row in listed} <= set(out["name"])
    for row in listed:
        seconds = float(out.loc[out["name"] == row[1], "seconds"].iloc[0])
        assert float(row[5]) == pytest.approx(seconds / 60, abs=0.051)
        assert row[4] == SCRIPT


def route_said(page: Page, building: str, row: pd.Series) -> None:
    """Require that the walk of a building is told with its own minutes."""
    told = page.get_by_test_id("route")
    expect(told).to_contain_text(f"{building} → {SCRIPT}")
    minutes = re.search(r"步行 ([\d.]+) 分钟", told.inner_text())
    assert minutes is not None
    assert float(minutes[1]) == pytest.approx(row["seconds"] / 60, abs=0.051)


def test_a_row_draws_the_walk_of_its_building_and_a_second_click_hides_it(
    visit: Open, demo: Subdistrict, coverage: Coverage
) -> None:
    page = visit(f"/grid?grid={demo.far}")
    live = drawn(page)
    building = cells(page, "grid-far")[4][1]
    assert building == IMAGE
    click_row(page, "grid-far", 4)
    expect(live).to_have_attribute("data-layers", re.compile(r"\broute\b"))
    out = homes(coverage, demo.far)
    route_said(page, IMAGE, out[out["name"] == IMAGE].iloc[0])
    expect(live.locator(".rg-legend")).to_contain_text(["步行路线"])
    cells(page, "grid-far")
    expect(ticked(page, "grid-far")).to_have_count(1)
    click_row(page, "grid-far", 4)
    expect(page.get_by_test_id("route")).to_have_count(0)
    expect(live).not_to_have_attribute("data-layers", re.compile(r"\broute\b"))


def test_a_building_clicked_on_the_map_draws_its_walk(
    visit: Open, demo: Subdistrict, coverage: Coverage
) -> None:
    page = visit(f"/grid?grid={demo.far}")
    live = drawn(page)
    out = homes(coverage, demo.far)
    before = painted(live, "figures")
    row = out[out["name"] == "@SUM(1)"].iloc[0]
    x, y, _ = hover(live, "@SUM(1)")
    page.mouse.click(x, y)
    expect(live).to_have_attribute("data-selected", re.compile("^buildings/"))
    route_said(page, "@SUM(1)", row)
    expect(live).to_have_attribute("data-layers", re.compile(r"\broute\b"))
    assert painted(live, "figures") > before


def test_names_like_code_show_as_text_in_the_choice_and_the_table(
    visit: Open, demo: Subdistrict
) -> None:
    page = visit(f"/grid?grid={demo.far}")
    drawn(page)
    box = page.locator(".st-key-grid-code input")
    expect(box).to_have_value(re.compile(re.escape(FORMULA_GRID)))
    box.fill("onmouseover")
    option = page.get_by_role("option").filter(has_text=HOSTILE_GRID)
    option.click()
    wait_for_params(page, grid=demo.middle)
    expect(box).to_have_value(re.compile(re.escape(HOSTILE_GRID)))
    page.get_by_role("tab").last.click()
    assert HOSTILE_COMPOUND in {row[0] for row in cells(page, "grid-all")}
    expect(page.locator("img[src=x], b[onmouseover], a[href^=javascript]")).to_have_count(0)


def test_the_homes_download_as_a_table_without_formulas_and_as_a_geopackage(
    visit: Open, demo: Subdistrict, coverage: Coverage, tmp_path: Path
) -> None:
    page = visit(f"/grid?grid={demo.far}")
    drawn(page)
    expected = homes(coverage, demo.far)
    table = pd.read_csv(save(page, "grid-csv", tmp_path), dtype=str, keep_default_na=False)
    neutral = [name if name == IMAGE else f"'{name}" for name in FORMULAS]
    assert set(neutral) < set(table["楼栋"])
    assert len(table) == len(expected)
    assert table["户"].astype(float).sum() == expected["households"].sum()
    assert set(table["最近驿站"]) == {SCRIPT}
    assert not table.map(lambda cell: cell.lstrip()[:1] in {"=", "+", "-", "@"}).any(axis=None)
    file = gpd.read_file(save(page, "grid-gpkg", tmp_path))
    assert file.crs.to_epsg() == 4326
    assert sorted(file["name"]) == sorted(expected["name"])
    near = file.geometry.to_crs(expected.crs).distance(expected.union_all().convex_hull)
    assert near.max() < 1
    assert file["seconds"].sum() == pytest.approx(expected["seconds"].sum())


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """Return a database with nothing in it, and the address where it is served."""
    database = tmp_path_factory.mktemp("bare") / "bare.db"
    open_database(database).dispose()
    with served(database) as address:
        yield database, address


def test_what_is_missing_is_said_one_after_the_other_and_so_is_a_broken_database(
    browser: Browser, bare: tuple[Path, str], watch: Watch
) -> None:
    database, address = bare
    made = make_demo(grids=6, members=40, stations=1)

    def fill(**frames: object) -> None:
        engine = open_database(database)
        store_frames(engine, frames, source="test")
        engine.dispose()

    with visits(browser, address, watch) as visit:
        for path in ("/", "/grid", "/data"):
            page = visit(path)
            expect(page.get_by_text("redgrid import grids 文件")).to_be_visible()
            expect(page.locator(".rg-card, .redgrid-map")).to_have_count(0)
        expect(visit("/?lang=en").get_by_text("There are no grids yet")).to_be_visible()
        without = {kind: made.frames[kind] for kind in ("communities", "grids")}
        fill(**without)
        expect(visit("/").get_by_text("还没有步行路网")).to_be_visible()
        fill(network=made.network)
        page = visit("/")
        expect(page.get_by_text("还没有驿站")).to_be_visible()
        drawn(page)
        expect(page.get_by_text("还没有住户")).to_be_visible()
        rest = {kind: made.frames[kind] for kind in ("compounds", "gates", "buildings")}
        fill(**rest)
        page = visit("/")
        expect(page.get_by_text("还没有驿站")).to_be_visible()
        drawn(page)
        for sentence in ("还没有住户", "都在时限之内"):
            expect(page.get_by_text(sentence)).to_have_count(0)
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("PRAGMA foreign_keys = OFF")
            connection.execute(f"DROP TABLE {ImportBatch.__tablename__}")
            connection.commit()
        for path in ("/", "/grid", "/data"):
            expect(visit(path).get_by_test_id("stAlert")).to_contain_text("数据库读不出来")
