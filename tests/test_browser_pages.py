"""Whole pages in a real browser: what leaders, grid chiefs and hostile files can do to them."""

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from pages import (
    CHINESE,
    FORMULA_GRID,
    HOSTILE_FILE,
    HOSTILE_GRID,
    IMAGE,
    LOST,
    SCRIPT,
    Open,
    Subdistrict,
    Watch,
    cells,
    choose,
    choose_minutes,
    click_row,
    drawn,
    figures,
    hover,
    painted,
    params,
    save,
    settled,
    ticked,
    visits,
    wait_for_params,
)
from playwright.sync_api import Browser, Page, expect

PATHS = ("/", "/grid", "/data")
# What hostile names would become where they are read as HTML.
ALIVE = "img[src=x], svg[onload], b[onmouseover], a[href^=javascript]"
pytestmark = pytest.mark.browser


def test_the_overview_draws_figures_map_and_table_and_asks_nobody_else(visit: Open) -> None:
    page = visit("/")
    live = drawn(page)
    assert all(re.match(r"\d", figure) for figure in figures(page))
    assert painted(live, "areas") > 50_000
    assert len(cells(page, "overview-table")) > 5
    expect(page.get_by_text("演示数据")).to_be_visible()


def test_a_grid_clicked_on_the_map_is_chosen_everywhere_and_by_its_link(
    visit: Open, demo: Subdistrict
) -> None:
    page = visit("/")
    live = drawn(page)
    name = cells(page, "overview-table")[0][0]  # its row is in sight
    x, y, _ = hover(live, name)
    page.mouse.click(x, y)
    code = demo.code_of(name)
    wait_for_params(page, grid=code)
    linked = visit(f"/?grid={code}")
    for where in (page, linked):
        drawn(where)
        panel = where.get_by_test_id("chosen-grid").locator("xpath=..")
        expect(panel).to_contain_text(name)
        expect(panel).to_contain_text(code)
        selected = where.locator(".redgrid-map")
        expect(selected).to_have_attribute("data-selected", re.compile(r"grids/\d+"))
        cells(where, "overview-table")
        expect(ticked(where, "overview-table")).to_have_count(1)
    x, y, _ = hover(page.locator(".redgrid-map"), name)
    page.mouse.click(x, y)
    wait_for_params(page)
    expect(page.get_by_test_id("chosen-grid")).to_have_count(0)
    expect(ticked(page, "overview-table")).to_have_count(0)


def test_a_row_of_the_table_chooses_its_grid_on_the_map(visit: Open) -> None:
    page = visit("/")
    drawn(page)
    code = cells(page, "overview-table")[1][2]
    click_row(page, "overview-table", 1)
    wait_for_params(page, grid=code)
    expect(page.get_by_test_id("chosen-grid").locator("xpath=..")).to_contain_text(code)
    expect(page.locator(".redgrid-map")).to_have_attribute("data-selected", re.compile("grids/"))
    click_row(page, "overview-table", 1)
    wait_for_params(page)


def test_names_like_code_show_as_text_on_map_panel_and_table(
    visit: Open, demo: Subdistrict
) -> None:
    page = visit(f"/?grid={demo.middle}")
    live = drawn(page)
    expect(live.get_by_label(IMAGE, exact=True)).to_have_count(1)
    for name in (IMAGE, SCRIPT):
        live.get_by_label(name, exact=True).hover()
        expect(live.locator(".rg-tip strong")).to_have_text(name)
    hover(live, HOSTILE_GRID)
    panel = page.get_by_test_id("chosen-grid").locator("xpath=..")
    expect(panel).to_contain_text(HOSTILE_GRID)
    names = {row[0] for row in cells(page, "overview-table")}
    assert len(names) > 5
    expect(page.locator(ALIVE)).to_have_count(0)


def test_names_like_code_show_as_text_among_imports_and_what_is_left_out(visit: Open) -> None:
    page = visit("/data")
    expect(page.locator("canvas table")).to_have_count(2)
    listed = {cell for row in cells(page) for cell in row}
    assert {LOST, HOSTILE_FILE} < listed
    expect(page.locator(ALIVE)).to_have_count(0)


def test_the_map_to_hand_on_opens_from_a_file_with_the_network_cut(
    visit: Open, browser: Browser, tmp_path: Path
) -> None:
    page = visit("/")
    drawn(page)
    file = save(page, "overview-html", tmp_path)
    context = browser.new_context(viewport={"width": 1366, "height": 768}, offline=True)
    asked = Watch()
    plan = asked.over(context.new_page())
    requests: list[str] = []
    plan.on("request", lambda request: requests.append(request.url))
    plan.goto(file.as_uri())
    expect(plan.locator("header h1")).to_have_text("网格党建服务覆盖")
    expect(plan.locator("header")).to_contain_text("演示数据")
    assert plan.locator(".leaflet-pane path.leaflet-interactive").count() >= 63
    signs = plan.locator(".leaflet-marker-icon:has(circle)")
    expect(signs).to_have_count(4)
    seen = set()
    for sign in signs.all():
        sign.hover()
        seen.add(plan.locator(".leaflet-tooltip strong").last.inner_text())
    assert {IMAGE, SCRIPT} < seen
    assert HOSTILE_GRID in grids_told(plan)
    assert plan.evaluate("window.hacked") is None
    expect(plan.locator(ALIVE)).to_have_count(0)
    assert requests == [file.as_uri()]
    asked.require_calm()
    context.close()


def grids_told(plan: Page) -> set[str]:
    """Return the headings of the tooltips that a walk of the pointer over the plan shows."""
    told = set()
    for x in range(400, 900, 20):
        for y in range(250, 550, 20):
            plan.mouse.move(x, y)
            told |= set(plan.locator(".leaflet-tooltip strong").all_inner_texts())
    return told


def test_the_table_downloads_without_formulas(
    visit: Open, tmp_path: Path, demo: Subdistrict
) -> None:
    page = visit("/")
    table = pd.read_csv(save(page, "overview-csv", tmp_path), dtype=str, keep_default_na=False)
    assert len(table) == len(demo.frames["grids"])
    assert {HOSTILE_GRID, f"'{FORMULA_GRID}"} < set(table["网格"])
    assert not table.map(lambda cell: cell.lstrip()[:1] in {"=", "+", "-", "@"}).any(axis=None)


def redrawn(
    page: Page, watch: Watch, act: Callable[[], object], *, steps: int = 1, **expected: str
) -> None:
    """Require that an act of so many changes leads to an address, redraws and sends no map again.

    What comes is figures, tables and, where the walk changes, new rings: at first it was 300 kB.
    """
    host = page.locator("[data-redgrid-drawn]")
    before, weight = int(host.get_attribute("data-redgrid-drawn") or 0), watch.received
    act()
    wait_for_params(page, **expected)
    page.wait_for_function(
        "n => +document.querySelector('[data-redgrid-drawn]').dataset.redgridDrawn > n", arg=before
    )
    assert watch.received - weight < 100_000 * steps
    expect(page.locator(".redgrid-map")).to_have_attribute("data-same", "yes")


def set_moment(page: Page, day: str, hour: str) -> None:
    """Type the digits of a date and an hour in the popover."""
    page.locator(".st-key-page-moment button").click()
    page.get_by_text("只算此刻开放的驿站和小区门").click()
    expect(page.locator(".st-key-page-moment button")).to_have_text(re.compile(r"^\d{4}-"))
    settled(page)
    # The calendar covers the time, and takes a date when it is left.
    for key, digits, leave in (("page-time", hour, ["Enter"]), ("page-date", day, ["Tab", "Tab"])):
        page.locator(f".st-key-{key} [role=spinbutton]").first.click()
        page.keyboard.type(digits)
        for pressed in leave:
            page.keyboard.press(pressed)
        settled(page)
    page.keyboard.press("Escape")


def test_each_control_redraws_the_same_map_and_stands_in_the_address(
    visit: Open, watch: Watch
) -> None:
    page = visit("/")
    live = drawn(page)
    first = watch.received
    live.evaluate("map => { map.dataset.same = 'yes'; }")
    said: dict[str, str] = {}

    def do(act: Callable[[], object], **more: str) -> None:
        said.update(more)
        redrawn(page, watch, act, **said)

    default = figures(page)
    do(lambda: choose_minutes(page, 10), minutes="10")
    do(lambda: choose(page, "page-profile", "老年人"), profile="elderly")
    do(lambda: choose(page, "page-weight", "户"), weight="households")
    do(
        lambda: choose(page, "overview-figure-households", "步行时间中位数"),
        figure="median_s",
    )
    expect(live.locator(".rg-legend h4").first).to_have_text("步行时间中位数")
    do(lambda: page.locator(".st-key-page-lang").get_by_text("EN").click(), lang="en")
    expect(live.locator(".rg-legend h4").first).to_have_text("Median walking time")
    assert first > 300_000  # what came at first: the code and all geometry
    assert figures(page) != default
    linked = visit(page.url[page.url.index("/?") :])
    drawn(linked)
    assert figures(linked) == figures(page)
    assert params(linked) == said
    expect(linked.locator(".redgrid-map .rg-legend h4").first).to_have_text("Median walking time")


def test_date_and_hour_stand_in_the_address_and_a_link_says_them_again(
    visit: Open, watch: Watch
) -> None:
    page = visit("/")
    live = drawn(page)
    live.evaluate("map => { map.dataset.same = 'yes'; }")
    expect(live.locator(".rg-legend").last).not_to_contain_text("关")
    moment = "2026-10-01T20:00"
    redrawn(page, watch, lambda: set_moment(page, "20261001", "2000"), steps=3, at=moment)
    linked = visit("/?at=2026-10-01T20:00")
    drawn(linked)
    for where in (page, linked):
        expect(where.locator(".st-key-page-moment button")).to_contain_text("2026-10-01 20:00")
    assert figures(linked) == figures(page)


def test_back_and_forward_bring_the_choices_again(visit: Open) -> None:
    page = visit("/")
    drawn(page)
    at_15 = figures(page)
    choose_minutes(page, 5)
    wait_for_params(page, minutes="5")
    at_5 = figures(page)
    assert at_5 != at_15
    page.go_back()
    wait_for_params(page)
    expect(page.locator(".rg-card .v").first).to_have_text(at_15[0])
    assert figures(page) == at_15
    page.go_forward()
    wait_for_params(page, minutes="5")
    expect(page.locator(".rg-card .v").first).to_have_text(at_5[0])
    assert figures(page) == at_5


def test_bad_values_of_a_link_fall_back_and_are_named(visit: Open) -> None:
    page = visit("/?minutes=7&profile=car&weight=x&at=never&grid=999&figure=%3Cimg%20src=x%3E")
    drawn(page)
    told = page.get_by_test_id("stAlert")
    for bad in ("minutes=7", "profile=car", "weight=x", "at=never", "figure=<img src=x>", "999"):
        expect(told).to_contain_text(bad)
    plain = visit("/")
    drawn(plain)
    assert figures(page) == figures(plain)
    expect(page.locator(ALIVE)).to_have_count(0)


def test_moving_about_the_map_sends_nothing_and_needs_no_network(visit: Open, watch: Watch) -> None:
    page = visit("/")
    live = drawn(page)
    page.wait_for_timeout(300)
    page.context.set_offline(offline=True)
    sent, zoom = watch.sent, live.get_attribute("data-zoom")
    assert sent > 0
    x, y, _ = hover(live)
    page.mouse.down()
    page.mouse.move(x + 90, y + 40, steps=4)
    page.mouse.up()
    page.mouse.wheel(0, -400)
    expect(live).not_to_have_attribute("data-zoom", zoom or "")
    for button in ("放大", "缩小", "显示全部", "图层"):
        live.get_by_role("button", name=button).click()
    live.locator(".rg-switch", has_text="备选点位").click()
    expect(live).to_have_attribute("data-layers", re.compile("candidate"))
    page.wait_for_timeout(400)
    assert watch.sent == sent
    assert painted(live, "areas") > 50_000


def chinese(page: Page, names: list[str]) -> list[str]:
    """Return the Chinese words on a page, its labels and its map, that are no names of the data."""
    text = page.evaluate(
        """() => {
            const parts = [];
            const read = (root) => {
                for (const element of root.querySelectorAll("*")) {
                    if (element.localName === "style" || element.localName === "script") continue;
                    for (const name of ["aria-label", "title", "placeholder", "alt"]) {
                        parts.push(element.getAttribute(name) ?? "");
                    }
                    for (const node of element.childNodes) {
                        if (node.nodeType === Node.TEXT_NODE) parts.push(node.data);
                    }
                    if (element.shadowRoot) read(element.shadowRoot);
                }
            };
            read(document.body);
            return parts.join("\\n");
        }"""
    )
    for name in names:
        text = text.replace(name, "")
    return CHINESE.findall(text)


def test_english_pages_have_no_chinese_but_names(visit: Open, demo: Subdistrict) -> None:
    for path in PATHS:
        page = visit(f"{path}?lang=en")
        expect(page.get_by_text("中文", exact=True)).to_be_visible()
        if path != "/data":
            live = drawn(page)
            live.get_by_role("button", name="Layers").click()
            hover(live)
        for button in page.locator("[class*=st-key-card_]").get_by_role("button").all():
            button.click()
            expect(page.get_by_test_id("stPopoverBody")).to_contain_text("Method")
            assert set(chinese(page, demo.names())) == {"中文"}  # the switch itself
            page.keyboard.press("Escape")
        assert set(chinese(page, demo.names())) == {"中文"}
    plain = visit("/")
    drawn(plain)
    assert {"总览", "网格", "数据", "图例"} <= set(chinese(plain, []))


def test_each_figure_has_a_recipe(visit: Open, demo: Subdistrict) -> None:
    page = visit("/?minutes=10&profile=elderly")
    drawn(page)
    buttons = page.locator("[class*=st-key-card_]").get_by_role("button", name="口径")
    expect(buttons).to_have_count(5)
    first_lines = set()
    date = page.locator(".rg-title").inner_text().split("数据日期 ")[1][:10]
    for button in buttons.all():
        button.click()
        recipe = page.get_by_test_id("stPopoverBody")
        for part in (
            date,
            "步速：老年人",
            "时限：10 分钟",
            "路网步行",
            "未计入 1 处",
            "步行网络范围之外",
        ):
            expect(recipe).to_contain_text(part)
        first_lines.add(recipe.inner_text().split("数据日期")[0])
        page.keyboard.press("Escape")
        expect(recipe).to_have_count(0)
    assert len(first_lines) == 5
    assert demo.far


def test_scale_bar_full_screen_and_layers(visit: Open) -> None:
    page = visit("/")
    live = drawn(page)
    scale = live.locator(".leaflet-control-scale-line")
    expect(scale).to_have_text(re.compile(r"^\d+ (m|km)$"))
    before = scale.inner_text(), scale.bounding_box()
    live.get_by_role("button", name="放大").click()
    live.get_by_role("button", name="放大").click()
    expect(live).not_to_have_attribute("data-zoom", "")
    page.wait_for_timeout(500)
    assert (scale.inner_text(), scale.bounding_box()) != before
    live.get_by_role("button", name="图层").click()
    areas = painted(live, "areas")
    switches = live.locator(".rg-switch")
    assert switches.count() >= 5
    switches.filter(has_text=re.compile("^网格$")).click()
    expect(live).not_to_have_attribute("data-layers", re.compile(r"\bgrids\b"))
    assert painted(live, "areas") < areas
    live.get_by_role("button", name="全屏").click()
    page.wait_for_function(
        "map => Math.abs(map.getBoundingClientRect().width - innerWidth) < 2"
        " && Math.abs(map.getBoundingClientRect().height - innerHeight) < 2",
        arg=live.element_handle(),
    )
    live.get_by_role("button", name="全屏").click()
    page.wait_for_function(
        "map => map.getBoundingClientRect().width < innerWidth - 100", arg=live.element_handle()
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark_follow_the_system(
    browser: Browser, demo: Subdistrict, watch: Watch, scheme: str
) -> None:
    with visits(browser, demo.address, watch, color_scheme=scheme) as visit:
        page = visit("/")
        live = drawn(page)
        ground = brightness(page, "[data-testid=stApp]", "backgroundColor")
        land = brightness(page, ".redgrid-map", "backgroundColor")
        for selector in (".rg-card .v", ".rg-title b", ".rg-weak li", "[data-testid=stTopNavLink]"):
            ink = brightness(page, selector, "color")
            assert (ink < 80) if scheme == "light" else (ink > 170), selector
        assert (ground > 230) if scheme == "light" else (ground < 50)
        assert (land > 230) if scheme == "light" else (land < 50)
        assert painted(live, "areas") > 50_000


def brightness(page: Page, selector: str, what: str) -> float:
    """Return the mean of red, green and blue of the first such element, 0–255."""
    script = "(element, what) => getComputedStyle(element)[what]"
    colour = page.locator(selector).first.evaluate(script, what)
    parts = [float(part) for part in re.findall(r"[\d.]+", colour)[:3]]
    return sum(parts) / 3


def test_on_a_phone_nothing_sticks_out(browser: Browser, demo: Subdistrict, watch: Watch) -> None:
    size = {"width": 390, "height": 844}
    with visits(browser, demo.address, watch, viewport=size, has_touch=True) as visit:
        for path in ("/", f"/grid?grid={demo.far}&lang=en", "/data"):
            page = visit(path)
            if not path.startswith("/data"):
                drawn(page)
            widest = page.evaluate(
                "Math.max(...['html', '[data-testid=stMain]', '[data-testid=stMainBlockContainer]']"
                ".map(name => document.querySelector(name).scrollWidth))"
            )
            assert widest <= size["width"], path
