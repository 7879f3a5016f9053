"""The siting page in a real browser: choose, solve, drag, compare, reload."""

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from pages import (
    CHINESE,
    IMAGE,
    Open,
    Subdistrict,
    Watch,
    cells,
    choose_minutes,
    click_row,
    drawn,
    save,
    settled,
    visits,
)
from playwright.sync_api import Browser, Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError
from sqlalchemy.orm import Session

from data.queries import load_study
from data.store import open_database
from data.viewer import Viewer
from geo.coverage import Coverage, cover
from geo.ground import lay_ground
from geo.plan_curve import best_alone, curve, knee_said, staging_said
from geo.plan_story import left_said, plan_edits, plan_headline, plan_steps
from geo.planning import PROBLEMS, Question, SitingCase, make_case, solve
from geo.profiles import speed_profile
from geo.sites import candidate_sites
from geo.study import Study
from geo.whatif import ClosedStation, Edit, apply_edits
from layers.figures import share_text

pytestmark = pytest.mark.browser
MODES = ("求最优", "手工试", "方案")
CHOICES = {  # problem: its words on the page, what is asked
    "mclp": ("再建几个，让最多的人走得到", Question("mclp", p=3)),
    "lscp": ("最少建几个，让这么多人走得到", Question("lscp", p=1, share=0.95)),
    "p_median": ("再建几个，让平均步行时间最短", Question("p_median", p=3)),
    "p_center": ("再建几个，让最远的人最近", Question("p_center", p=3)),
}
BEST, OTHER, RENAMED = "三个新站 <b>1</b>", "手工一个", ("待改名", "改好了")
IN_THE_OPEN = (0.28, 0.25)  # of the map: inside the subdistrict, no station near
ELSEWHERE = (0.5, 0.45)
OFF_THE_GRIDS = (0.03, 0.9)
NOBODY = (0.06, 0.6)  # no way within the snap limit


@pytest.fixture(scope="module")
def study(demo: Subdistrict) -> Study:
    """Return the study that the served pages show, read beside them."""
    engine = open_database(demo.database)
    with Session(engine) as session:
        study = load_study(session, Viewer.everything())
    engine.dispose()
    return study


@pytest.fixture(scope="module")
def case(study: Study) -> SitingCase:
    """Return the page's case, made beside it."""
    ground = lay_ground(study, speed_profile("standard"), None)
    return make_case(ground, candidate_sites(study, "table"), minutes=15)


def told(now: Coverage, after: Coverage) -> list[str]:
    """Return the three counted figures and their changes, as the page should say them."""
    was, is_ = now.total.iloc[0], after.total.iloc[0]
    said = []
    for name in ("members", "households"):
        more = is_[f"{name}_covered"] - was[f"{name}_covered"]
        said += [share_text(is_[f"{name}_share"]), f"{more:+,.0f}" if more else "±0"]
    below = [int((c.grids["members_share"].dropna() < 0.8).sum()) for c in (now, after)]
    change = below[1] - below[0]
    return [*said, str(below[1]), f"{change:+d}" if change else "±0"]


def as_told(study: Study, edits: list[Edit]) -> list[str]:
    """Return what the page should say of edits."""
    return told(cover(study), cover(apply_edits(study, edits)))


@pytest.fixture(scope="module")
def today(study: Study) -> list[str]:
    """Return the figures before anything is changed."""
    return as_told(study, [])


def figures(page: Page) -> list[str]:
    """Return what the page says before the map: value and change, without the median.

    A reading of the moment, for figures that nobody knows beforehand; `says` waits for known ones.
    """
    return page.get_by_test_id("after").locator("b, span").all_inner_texts()[:6]


def says(page: Page, expected: list[str]) -> None:
    """Wait until the page says these figures before the map."""
    shown = page.get_by_test_id("after").locator("b, span")
    for place, text in enumerate(expected):
        expect(shown.nth(place)).to_have_text(text)


def headline(page: Page) -> Locator:
    """Return the sentence that tells the plan, or why there is none."""
    return page.locator(".st-key-siting-headline h3")


def table(page: Page, column: str) -> Locator:
    """Return the table that has a column of that title, once it is in sight."""
    heading = page.locator("canvas table thead th", has_text=re.compile(f"^{re.escape(column)}$"))
    frame = page.get_by_test_id("stDataFrame").filter(has=heading)
    frame.scroll_into_view_if_needed()
    return frame.locator("canvas table")


def rows(shown: Locator, n_rows: int | None = None) -> list[list[str]]:
    """Return the rows in sight of a table, when there are as many as expected."""
    if n_rows is None:
        expect(shown.locator("tbody tr").first).to_be_attached()
    else:
        expect(shown.locator("tbody tr")).to_have_count(n_rows)
    return shown.locator("tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.querySelectorAll('td')].map(cell => cell.innerText))"
    )


RUNS = """() => {
    if (window.runsSeen !== undefined) return;
    window.runsSeen = 0;
    const app = document.querySelector("[data-testid=stApp]");
    new MutationObserver(() => {
        if (app.dataset.testScriptState === "notRunning") window.runsSeen += 1;
    }).observe(app, { attributes: true, attributeFilter: ["data-test-script-state"] });
}"""


def rerun(page: Page, act: Callable[[], object]) -> None:
    """Do something that runs the page anew, and wait for the end of that run."""
    page.evaluate(RUNS)
    before = page.evaluate("window.runsSeen")
    act()
    # A run may be over before the browser draws that it began.
    with suppress(PlaywrightTimeoutError):
        page.wait_for_function("before => window.runsSeen > before", arg=before, timeout=5_000)
    settled(page)


def tick(page: Page, words: re.Pattern[str]) -> None:
    """Tick a box of the form that has just been unfolded."""
    rerun(page, page.get_by_text(words).click)
    if not page.get_by_label(words).is_checked():  # it moved away meanwhile
        rerun(page, page.get_by_text(words).click)
    expect(page.get_by_label(words)).to_be_checked()


def type_number(page: Page, key: str, number: int) -> None:
    """Put a number into a field."""
    field = page.locator(f".st-key-{key} input")

    def put() -> None:
        field.fill(str(number))
        field.press("Enter")

    rerun(page, put)


def go(page: Page, mode: str) -> Locator:
    """Change what is done on the page; return the map when it is drawn for it."""
    page.locator(".st-key-siting-mode").get_by_text(mode, exact=True).click()
    marks = {
        MODES[0]: ".st-key-siting-problem",
        MODES[1]: ".st-key-siting-tool",
        MODES[2]: ".st-key-siting-upload, .st-key-siting-save, .stExpander",
    }
    expect(page.locator(marks[mode]).first).to_be_visible()
    settled(page)
    page.wait_for_timeout(200)
    host = page.locator("[data-redgrid-drawn]").first  # scenarios have maps of their own
    expect(host).to_have_attribute("data-redgrid-drawn", re.compile("[1-9]"))
    return page.locator(".redgrid-map").first


def take(page: Page, tool: str, hint: str) -> None:
    """Take a tool; its hint says that the page knows."""
    page.locator(".st-key-siting-tool").get_by_text(tool, exact=True).click()
    expect(page.get_by_text(hint)).to_be_visible()
    settled(page)


def solved(page: Page) -> None:
    """Press the button and wait for the plan and its curve."""
    rerun(page, page.locator(".st-key-siting-solve button").click)
    expect(headline(page)).to_be_visible()
    settled(page)


def point(live: Locator, place: tuple[float, float]) -> tuple[float, float]:
    """Return where on the screen a share of the map's width and height is."""
    live.scroll_into_view_if_needed()
    box = live.bounding_box()
    assert box is not None
    return box["x"] + place[0] * box["width"], box["y"] + place[1] * box["height"]


def press(live: Locator, place: tuple[float, float]) -> None:
    """Click a place of the map."""
    live.page.mouse.click(*point(live, place))


def changed(page: Page, act: Callable[[], object]) -> list[str]:
    """Do something that changes the figures; return them when they have changed."""
    told = page.get_by_test_id("after")
    before = told.inner_text()
    act()
    page.wait_for_function(
        "before => document.querySelector('[data-testid=after]').innerText !== before",
        arg=before,
    )
    settled(page)
    return figures(page)


def drag(live: Locator, sign: Locator, to: tuple[float, float]) -> None:
    """Drag a sign of the map with the mouse."""
    box, (x, y) = sign.bounding_box(), point(live, to)
    assert box is not None
    mouse = live.page.mouse
    mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    mouse.down()
    mouse.move(x - 30, y - 20, steps=4)
    mouse.move(x, y, steps=4)
    mouse.up()


# --- choose, solve -------------------------------------------------------------------------------


def test_each_problem_in_plain_words_is_solved_proven_and_drawn(
    visit: Open, study: Study, case: SitingCase, today: list[str]
) -> None:
    page = visit("/siting")
    live = drawn(page)
    says(page, today)
    assert set(CHOICES) == set(PROBLEMS)
    for words, question in CHOICES.values():
        choice = page.get_by_label(words, exact=True)
        if not choice.is_checked():
            problem = page.locator(".st-key-siting-problem")
            rerun(page, problem.get_by_text(words, exact=True).click)
        expect(choice).to_be_checked()
        solved(page)
        plan = solve(case, question)
        assert plan.status == "optimal"
        said = plan_headline(case, plan, question).zh
        assert "已证明最优" in said
        expect(headline(page)).to_have_text(said)
        steps = [step.sentence.zh for step in plan_steps(case, plan, question, target=0.8)]
        expect(page.get_by_test_id("steps").locator("li")).to_have_text(steps)
        assert len(steps) == (question.p if question.problem != "lscp" else len(plan.sites))
        edits = plan_edits(case, plan)
        assert as_told(study, edits) != today
        says(page, as_told(study, edits))
        expect(page.get_by_test_id("left").locator("p").first).to_have_text(
            left_said(case, plan, question).zh
        )
        for edit in edits:
            expect(live.get_by_label(edit.name, exact=True)).to_have_count(1)
        expect(live).to_have_attribute("data-layers", re.compile(r"\bnew_stations\b"))
    found = curve(case, question, p_max=12)
    expect(page.get_by_text(knee_said(found).zh)).to_be_visible()
    assert "12 / 12 个点已证明最优。" in knee_said(found).zh
    expect(page.get_by_test_id("staging")).to_have_text(staging_said(found, question).zh)
    expect(page.locator(".stVegaLiteChart canvas, .stVegaLiteChart svg").first).to_be_visible()


@pytest.mark.parametrize(
    ("lang", "more", "each", "said"),
    [
        ("zh", "更多条件", "每个社区至少一个", "1 个新点位满足不了其他约束；至少要"),
        ("en", "More conditions", "At least one in each community", "at least 6 are needed"),
    ],
)
def test_a_question_without_answer_is_told_in_a_sentence(
    visit: Open, today: list[str], lang: str, more: str, each: str, said: str
) -> None:
    page = visit(f"/siting?lang={lang}")
    drawn(page)
    page.get_by_text(more, exact=True).click()
    tick(page, re.compile(f"^{each}"))
    type_number(page, "siting-p", 1)
    solved(page)
    expect(headline(page)).to_contain_text(said)
    says(page, today)
    expect(page.get_by_test_id("steps")).to_have_count(0)


def test_homes_that_no_candidate_reaches_are_told_by_grid(visit: Open, study: Study) -> None:
    page = visit("/siting?lang=en")
    drawn(page)
    problem = page.locator(".st-key-siting-problem")
    rerun(page, problem.get_by_text(re.compile("^The fewest")).click)
    type_number(page, "siting-share", 100)
    rerun(page, lambda: choose_minutes(page, 5))
    expect(page).to_have_url(re.compile("minutes=5"))
    solved(page)
    expect(headline(page)).to_contain_text("within 5 min of ")
    sentence = headline(page).inner_text()
    named = re.search(r"households in grids (\S+), (\S+), (\S+) and (\d+) more;", sentence)
    assert named is not None
    assert set(named.groups()[:3]) <= set(study.grids["name"])
    assert "and 100% is asked for" in sentence
    assert "demand points" not in sentence


def test_the_plan_is_asked_anew_under_other_conditions(
    visit: Open, case: SitingCase, watch: Watch
) -> None:
    page = visit("/siting?lang=en")
    drawn(page)
    solved(page)
    page.locator(".st-key-siting-robust button").click()
    expect(page.get_by_text("Robust sites")).to_be_visible()
    settled(page)
    variants = rows(table(page, "Best then"), 4 + case.n_existing)
    assert [row[0] for row in variants[:2]] == ["as set", "elderly speed"]
    plan = solve(case, CHOICES["mclp"][1])
    assert variants[0][1:] == [f"{plan.objective:,.0f} members"] * 2 + ["0 members", "proven"]
    sites = rows(table(page, "Chosen in"))
    assert {case.sites.loc[i, "name"] for i in plan.sites} <= {row[0] for row in sites}
    assert watch.troubles == []


# --- by hand -------------------------------------------------------------------------------------


def test_a_station_is_put_dragged_and_taken_out_by_hand(visit: Open, today: list[str]) -> None:
    page = visit("/siting")
    drawn(page)
    says(page, today)
    live = go(page, "手工试")
    put = changed(page, lambda: press(live, IN_THE_OPEN))
    assert put != today
    sign = live.get_by_label("新驿站1", exact=True)
    expect(sign).to_have_count(1)
    moved = changed(page, lambda: drag(live, sign, ELSEWHERE))
    assert moved not in (today, put)
    box, (x, y) = sign.bounding_box(), point(live, ELSEWHERE)
    assert box is not None
    assert (box["x"] + 14, box["y"] + 14) == pytest.approx((x, y), abs=3)
    back = changed(page, lambda: drag(live, sign, IN_THE_OPEN))
    assert back != moved
    assert changed(page, page.locator(".st-key-siting-drop-0 button").first.click) == today
    expect(sign).to_have_count(0)
    expect(page.get_by_text("还没有改动。")).to_be_visible()


def test_a_station_closed_by_hand_costs_what_geo_says_and_reopens(
    visit: Open, study: Study, today: list[str]
) -> None:
    page = visit("/siting")
    drawn(page)
    live = go(page, "手工试")
    says(page, today)
    take(page, "关驿站", "再点一次恢复")
    (station,) = study.stations.index[study.stations["name"] == IMAGE]
    station_sign = live.get_by_label(IMAGE, exact=True)
    closed = changed(page, station_sign.click)
    assert closed == as_told(study, [ClosedStation(int(station))])
    expect(page.get_by_text(f"关闭驿站：{IMAGE}", exact=True)).to_be_visible()
    page.wait_for_timeout(450)  # a second click within 400 ms is a double click
    assert changed(page, station_sign.click) == today


def test_gates_and_links_are_tried_by_hand_and_cleared(visit: Open, today: list[str]) -> None:
    page = visit("/siting")
    drawn(page)
    live = go(page, "手工试")
    says(page, today)
    take(page, "开门", "点小区围墙边开一个新门")
    press(live, OFF_THE_GRIDS)
    expect(page.get_by_text("40 米之内没有小区围墙")).to_be_visible()
    for place in ((0.3 + 0.02 * k, 0.3) for k in range(12)):
        page.wait_for_timeout(450)  # a second click within 400 ms is a double click
        rerun(page, lambda place=place: press(live, place))
        if page.get_by_text(re.compile("^新开的门：")).count():
            break
    expect(page.get_by_text(re.compile("^新开的门："))).to_have_count(1)
    expect(live.locator(".rg-legend").filter(has_text="新开的门")).to_have_count(1)
    take(page, "加通道", "点两处")
    press(live, (0.45, 0.5))
    expect(page.get_by_text("已选一端，再点另一端。")).to_be_visible()
    expect(live).to_have_attribute("data-layers", re.compile("link_start"))
    press(live, (0.5, 0.55))
    expect(page.get_by_text(re.compile(r"^新通道：\d+ 米$"))).to_be_visible()
    expect(live.locator(".rg-legend").filter(has_text="新通道")).to_have_count(1)
    page.locator(".st-key-siting-clear_all button").click()
    expect(page.get_by_text("还没有改动。")).to_be_visible()
    says(page, today)


def test_a_link_that_joins_no_way_is_refused_in_a_sentence_and_the_rest_stays(
    visit: Open,
) -> None:
    page = visit("/siting")
    drawn(page)
    live = go(page, "手工试")
    put = changed(page, lambda: press(live, IN_THE_OPEN))
    take(page, "加通道", "点两处")
    press(live, OFF_THE_GRIDS)
    expect(page.get_by_text("已选一端，再点另一端。")).to_be_visible()
    press(live, NOBODY)
    expect(page.get_by_test_id("stAlert")).to_contain_text("米")
    expect(page.get_by_test_id("stAlert")).not_to_contain_text("已选一端")
    says(page, put)
    expect(page.get_by_text(re.compile("^新通道："))).to_have_count(0)


def test_openings_are_ranked_beside_a_station_and_a_ticked_one_is_tried(
    visit: Open, case: SitingCase
) -> None:
    page = visit("/siting")
    drawn(page)
    go(page, "手工试")
    page.locator(".st-key-siting-rank button").click()
    expect(page.locator(".st-key-siting-openings-table canvas").first).to_be_visible()
    settled(page)
    ranked = cells(page, "siting-openings-table")
    gains = [float(row[-2]) for row in ranked]
    assert gains == sorted(gains, reverse=True)
    assert gains[0] > 0
    name, gain = best_alone(case, Question())
    beside = page.get_by_text(re.compile(f"^在{re.escape(name)}建站，多 {gain:.0f} 名党员；在"))
    expect(beside).to_be_visible()
    tried = changed(page, lambda: click_row(page, "siting-openings-table", 0))
    assert tried[1] == f"+{gains[0]:,.0f}"
    assert tried[3] == f"+{float(ranked[0][-1]):,.0f}"


# --- scenarios -----------------------------------------------------------------------------------


def keep(page: Page, name: str) -> None:
    """Keep the draft as a scenario."""
    page.get_by_label("方案名称").fill(name)
    page.locator(".st-key-siting-save, [data-testid=stForm]").get_by_role(
        "button", name=re.compile("^保存")
    ).click()
    is_shown(page, name)


def is_shown(page: Page, name: str) -> None:
    """Wait until the scenario of that name is the one to manage."""
    one = page.locator(".st-key-siting-one input")
    expect(one).to_have_value(re.compile(re.escape(name)))
    settled(page)


def test_scenarios_are_kept_compared_taken_away_and_reopened(
    visit: Open, tmp_path: Path, study: Study, case: SitingCase
) -> None:
    page = visit("/siting")
    drawn(page)
    solved(page)
    best = as_told(study, plan_edits(case, solve(case, CHOICES["mclp"][1])))
    says(page, best)
    go(page, "方案")
    keep(page, BEST)
    live = go(page, "手工试")
    other = changed(page, lambda: press(live, ELSEWHERE))
    go(page, "方案")
    keep(page, OTHER)
    expect(page.locator(".redgrid-map")).to_have_count(3)
    by_name = {row[0]: row for row in rows(table(page, "比今天多"), 3)}
    assert list(by_name) == ["今天", OTHER, BEST]
    assert by_name[BEST][3] == best[0]
    assert by_name[OTHER][3] == other[0]
    assert f"+{by_name['三个新站 <b>1</b>'][4]}" == best[1]
    differences = table(page, "今天 %")
    expect(differences.locator("thead th")).to_have_count(3 + 2 * 2)
    assert len(rows(differences)) > 5
    page.locator(".st-key-siting-one").scroll_into_view_if_needed()
    page.wait_for_timeout(300)  # a menu closes while the page scrolls
    page.locator(".st-key-siting-one input").click()
    page.get_by_role("option").filter(has_text=BEST).click()
    settled(page)
    page.wait_for_timeout(300)
    written = pd.read_csv(save(page, "siting-csv", tmp_path))
    assert len(written) == len(study.grids) + 1
    assert written["网格"].iloc[-1] == "合计"
    layers = save(page, "siting-gpkg", tmp_path)
    new = [edit.name for edit in plan_edits(case, solve(case, CHOICES["mclp"][1]))]
    assert sorted(gpd.read_file(layers, layer="new_stations")["name"]) == sorted(new)
    assert len(gpd.read_file(layers, layer="grids")) == len(study.grids)
    file = save(page, "siting-json", tmp_path)
    kept = json.loads(file.read_text(encoding="utf-8"))
    assert kept["proof"]["status"] == "optimal"
    assert len(kept["edits"]) == 3
    page.reload()
    drawn(page)
    says(page, as_told(study, []))
    go(page, "方案")
    page.get_by_text("打开方案文件（JSON）").click()
    page.locator(".st-key-siting-upload input[type=file]").set_input_files(file)
    button = page.locator(".st-key-siting-open_file button")
    assert changed(page, button.click) == best
    go(page, "手工试")
    for name in new:
        expect(page.get_by_text(f"新驿站：{name}", exact=True)).to_be_visible()


def test_a_scenario_is_renamed_and_deleted(visit: Open) -> None:
    page = visit("/siting")
    drawn(page)
    live = go(page, "手工试")
    changed(page, lambda: press(live, IN_THE_OPEN))
    go(page, "方案")
    keep(page, RENAMED[0])
    page.get_by_role("button", name="改名", exact=True).click()
    page.get_by_label("新名称").fill(RENAMED[1])
    page.get_by_label("新名称").press("Enter")
    settled(page)
    page.locator(".st-key-siting-rename_now button").click()
    is_shown(page, RENAMED[1])
    page.locator(".st-key-siting-delete button").click()
    expect(page.get_by_text(re.compile(RENAMED[1]))).to_have_count(0)
    settled(page)


def test_a_file_that_is_no_scenario_is_refused_in_a_sentence(
    visit: Open, tmp_path: Path, today: list[str]
) -> None:
    page = visit("/siting")
    drawn(page)
    says(page, today)
    go(page, "方案")
    page.get_by_text("打开方案文件（JSON）").click()
    upload = page.locator(".st-key-siting-upload input[type=file]")
    foreign = tmp_path / "foreign.json"
    foreign.write_text('{"type": "FeatureCollection", "features": []}', encoding="utf-8")
    upload.set_input_files(foreign)
    page.locator(".st-key-siting-open_file button").click()
    expect(page.get_by_test_id("stAlert")).to_contain_text("这不是红网的方案文件")
    says(page, today)


# --- everybody else ------------------------------------------------------------------------------


def test_english_has_chinese_names_only_and_no_page_is_wider_than_a_phone(
    browser: Browser, demo: Subdistrict, watch: Watch
) -> None:
    names = [*demo.frames["candidates"]["name"], *demo.names(), BEST, OTHER, *RENAMED]
    names.sort(key=len, reverse=True)
    with visits(browser, demo.address, watch, viewport={"width": 390, "height": 844}) as visit:
        page = visit("/siting?lang=en")
        drawn(page)
        solved(page)
        for mode in ("Find the best", "Try by hand", "Scenarios"):
            page.locator(".st-key-siting-mode").get_by_text(mode, exact=True).click()
            page.wait_for_timeout(300)
            drawn(page)
            said = page.get_by_test_id("stMain").inner_text().replace("中文", "")
            for name in names:
                said = said.replace(name, "")
            assert CHINESE.findall(said) == [], mode
            main = "document.querySelector('[data-testid=stMain]')"
            assert page.evaluate(f"{main}.scrollWidth <= innerWidth"), mode


@contextmanager
def long_solve(page: Page) -> Iterator[None]:
    """Start a solve that takes long, and see that it runs until the end of the block."""
    page.locator(".st-key-siting-source input").click()
    page.get_by_role("option", name="沿路每隔一段", exact=True).click()
    expect(page.locator(".st-key-siting-every_m")).to_be_visible()
    page.locator(".st-key-siting-every_m input").click()
    page.get_by_role("option", name="50", exact=True).click()
    settled(page)
    page.get_by_text("更多条件", exact=True).click()
    tick(page, re.compile("^双重覆盖才算"))
    type_number(page, "siting-p", 8)
    page.locator(".st-key-siting-solve button").click()
    stop = page.locator(".st-key-siting-stop button")
    expect(stop).to_be_visible()
    yield
    expect(stop).to_be_visible()
    stop.click()


def seconds_to_change(page: Page, minutes: int) -> float:
    """Choose other minutes and return how long it takes until the page is drawn for them."""
    began = time.monotonic()
    rerun(page, lambda: choose_minutes(page, minutes))
    expect(page).to_have_url(re.compile(f"minutes={minutes}"))
    return time.monotonic() - began


def test_others_stay_responsive_while_a_long_solve_runs_and_stopping_keeps_the_best(
    visit: Open,
) -> None:
    page = visit("/siting")
    drawn(page)
    other = visit("/")
    drawn(other)
    idle_s = seconds_to_change(other, 20)
    with long_solve(page):
        assert seconds_to_change(other, 10) < max(3.0, 5 * idle_s)
        expect(page.get_by_test_id("stAlert")).to_contain_text(re.compile("最好的方案建 8 个"))
    best = re.compile(r"再建 8 个，双重覆盖 [\d.]+% 的党员（离最优最多差 [\d.]+%）。")
    expect(headline(page)).to_have_text(best)  # in 5 s, long before the time limit
    expect(page.get_by_test_id("steps").locator("li")).to_have_count(8)
