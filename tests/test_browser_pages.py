"""Whole pages in a real browser: what leaders, grid chiefs and hostile files can do to them."""

import importlib.util
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from urllib.parse import parse_qs, urlsplit

import pandas as pd
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Locator, Page, WebSocket, expect

from data.demo import make_demo
from data.imports import import_file, store_frames
from data.store import open_database

ROOT = Path(__file__).resolve().parents[1]
IMAGE, SCRIPT = "<img src=x onerror=alert(1)>", "</script><script>window.hacked=1</script>"
HOSTILE_GRID = "<b onmouseover=alert(2)>`${alert(3)}`</b>"
CHINESE = re.compile(r"[\u3400-\u9fff]+")
SIZE = {"width": 1366, "height": 768}
# Loaded at /grid, Streamlit first asks whether it is served below that path; "no" is a 404.
PROBES = ("/grid/_stcore/health", "/grid/_stcore/host-config")
pytestmark = pytest.mark.browser


class Subdistrict:
    """A served demo with hostile names among its own, and the frames that it was made of."""

    def __init__(self, database: Path) -> None:
        made = make_demo()
        self.frames = made.frames
        grids = self.frames["grids"]
        middle = grids.geometry.union_all().centroid
        self.hostile = int(grids.geometry.distance(middle).to_numpy().argmin())
        grids.loc[grids.index[self.hostile], "name"] = HOSTILE_GRID
        engine = open_database(database)
        store_frames(engine, {**self.frames, "network": made.network}, source="demo", is_demo=True)
        file = database.with_name("stations.csv")
        table = pd.DataFrame(
            {"名称": [IMAGE, SCRIPT], "经度": [118.3085, 118.3155], "纬度": [32.268, 32.2525]}
        )
        table.to_csv(file, index=False)
        import_file(engine, "stations", file, datum="wgs84")
        engine.dispose()
        self.address = ""

    def code_of(self, name: str) -> str:
        """Return the code of the one grid of that name."""
        grids = self.frames["grids"]
        (code,) = grids.loc[grids["name"] == name, "code"]
        return str(code)

    def names(self) -> list[str]:
        """Return every name in the data, longest first."""
        found = {IMAGE, SCRIPT}
        for kind in ("grids", "communities", "compounds", "buildings", "stations"):
            found |= set(self.frames[kind]["name"])
        return sorted(found, key=len, reverse=True)


def serving() -> ModuleType:
    """Return the module with which the benchmarks serve a dashboard too."""
    spec = importlib.util.spec_from_file_location("serving", ROOT / "bench" / "serving.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Subdistrict]:
    folder = tmp_path_factory.mktemp("pages")
    subdistrict = Subdistrict(folder / "demo.db")
    with serving().dashboard(folder / "demo.db", folder / "log") as (address, _):
        subdistrict.address = address
        yield subdistrict


class Watch:
    """What pages of a context asked for, complained of and sent."""

    def __init__(self) -> None:
        self.outside: list[str] = []
        self.troubles: list[str] = []
        self.sent = 0  # messages to the server: each may rerun the page

    def over(self, page: Page) -> Page:
        """Watch a page; requests to other machines are cut off and noted."""
        page.route(self._is_outside, lambda route: route.abort())
        page.on("request", lambda request: self._ask(request.url))
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("console", self._hear)
        page.on("dialog", self._dismiss)
        page.on("websocket", self._listen)
        return page

    @staticmethod
    def _is_outside(url: str) -> bool:
        parts = urlsplit(url)
        is_within = parts.scheme in {"data", "blob", "file", "about"}
        return not is_within and parts.hostname not in {"localhost", "127.0.0.1"}

    def _ask(self, url: str) -> None:
        if self._is_outside(url):
            self.outside.append(url)

    def _hear(self, message: ConsoleMessage) -> None:
        place = urlsplit(message.location.get("url", "")).path
        if message.type == "error" and place not in PROBES:
            self.troubles.append(f"{message.text} {place}")

    def _dismiss(self, dialog: Dialog) -> None:
        self.troubles.append(f"a dialog opened: {dialog.message}")
        dialog.dismiss()

    def _listen(self, socket: WebSocket) -> None:
        self._ask(socket.url)
        socket.on("framesent", self._count)

    def _count(self, _frame: object) -> None:
        self.sent += 1

    def require_calm(self) -> None:
        """Fail if anything left the machine, ran that should not, or broke."""
        assert self.outside == []
        assert self.troubles == []


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Return the watch of this test's pages; what it saw is judged at the end."""
    watch = Watch()
    yield watch
    watch.require_calm()


Open = Callable[[str], Page]


@pytest.fixture
def visit(browser: Browser, demo: Subdistrict, watch: Watch) -> Iterator[Open]:
    """Return what opens an address of the dashboard in a new page."""
    context = browser.new_context(viewport=SIZE, accept_downloads=True)

    def visit(path: str) -> Page:
        page = watch.over(context.new_page())
        page.goto(demo.address + path)
        drawn(page)
        return page

    yield visit
    for page in context.pages:
        assert page.evaluate("window.hacked") is None
        expect(page.get_by_test_id("stException")).to_have_count(0)
    context.close()


def settled(page: Page) -> Page:
    """Wait until the server has nothing more to say."""
    app = page.get_by_test_id("stApp")
    expect(app).to_have_attribute("data-test-script-state", "notRunning", timeout=20_000)
    return page


def drawn(page: Page) -> Locator:
    """Return the map when it is on the page and drawn."""
    host = page.locator("[data-redgrid-drawn]")
    expect(host).to_have_attribute("data-redgrid-drawn", re.compile("[1-9]"), timeout=30_000)
    settled(page)
    return page.locator(".redgrid-map")


def params(page: Page) -> dict[str, str]:
    """Return the choices in the address bar."""
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def wait_for_params(page: Page, **expected: str) -> None:
    """Wait until the address bar says just these choices."""
    page.wait_for_function(
        "expected => { const now = Object.fromEntries(new URLSearchParams(location.search));"
        " return JSON.stringify(Object.entries(now).sort())"
        " === JSON.stringify(Object.entries(expected).sort()); }",
        arg=expected,
        timeout=10_000,
    )
    settled(page)


def choose_minutes(page: Page, minutes: int) -> None:
    """Click a time limit."""
    page.locator(".st-key-page_minutes").get_by_text(str(minutes), exact=True).click()


def figures(page: Page) -> list[str]:
    """Return the five figures at the top."""
    return page.locator(".rg-card .v").all_inner_texts()


def cells(page: Page, key: str) -> list[list[str]]:
    """Return the rows of a table as screen readers get them (it is drawn on a canvas)."""
    table = page.locator(f".st-key-{key} canvas table")
    return table.locator("tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.querySelectorAll('td')].map(cell => cell.innerText))"
    )


def ticked(page: Page, key: str) -> Locator:
    """Return the chosen rows of a table."""
    return page.locator(f".st-key-{key} canvas table tbody tr[aria-selected=true]")


def click_row(page: Page, key: str, row: int) -> None:
    """Click the box before a row of a table; row 0 is the first below the heading."""
    canvas = page.locator(f".st-key-{key} canvas").first
    canvas.scroll_into_view_if_needed()
    canvas.click(position={"x": 16, "y": 35 * (row + 1) + 17})


def hover(live: Locator, heading: str | None = None) -> tuple[float, float, str]:
    """Move the pointer from the middle outwards until a tooltip (of that heading) shows."""
    box = live.bounding_box()
    assert box is not None
    spots = [(x / 40, y / 30) for x in range(8, 30) for y in range(4, 27)]
    spots.sort(key=lambda spot: abs(spot[0] - 0.47) + abs(spot[1] - 0.5))
    tip = live.locator(".rg-tip strong")
    for right, down in spots:
        x, y = box["x"] + right * box["width"], box["y"] + down * box["height"]
        live.page.mouse.move(x, y)
        live.page.wait_for_timeout(20)
        shown = tip.inner_text() if tip.is_visible() else ""
        if shown and (heading is None or shown == heading):
            return x, y, shown
    return pytest.fail(f"No place on the map shows {heading!r}.")


def painted(live: Locator, pane: str) -> int:
    """Count the pixels of one canvas of the map that are not empty."""
    count = """(map, pane) => {
        const canvas = map.querySelector(`.leaflet-${pane}-pane canvas`);
        const { width, height } = canvas;
        const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
        let n = 0;
        for (let i = 3; i < data.length; i += 4) if (data[i]) n += 1;
        return n;
    }"""
    return int(live.evaluate(count, pane))


def test_the_overview_draws_figures_map_and_table_and_asks_nobody_else(visit: Open) -> None:
    page = visit("/")
    assert len(figures(page)) == 5
    assert all(re.match(r"\d", figure) for figure in figures(page))
    assert painted(page.locator(".redgrid-map"), "areas") > 50_000
    assert len(cells(page, "overview_table")) > 5
    expect(page.get_by_text("演示数据")).to_be_visible()


def test_a_grid_clicked_on_the_map_is_chosen_everywhere_and_by_its_link(
    visit: Open, demo: Subdistrict
) -> None:
    page = visit("/")
    x, y, name = hover(page.locator(".redgrid-map"))
    page.mouse.click(x, y)
    code = demo.code_of(name)
    wait_for_params(page, grid=code)
    linked = visit(f"/?grid={code}")
    for where in (page, linked):
        panel = where.get_by_test_id("chosen-grid").locator("xpath=..")
        expect(panel).to_contain_text(name)
        expect(panel).to_contain_text(code)
        expect(where.locator(".redgrid-map")).to_have_attribute(
            "data-selected", re.compile(r"grids/\d+")
        )
        expect(ticked(where, "overview_table")).to_have_count(1)
    page.mouse.click(x, y)
    wait_for_params(page)
    expect(page.get_by_test_id("chosen-grid")).to_have_count(0)
    expect(ticked(page, "overview_table")).to_have_count(0)


def test_a_row_of_the_table_chooses_its_grid_on_the_map(visit: Open) -> None:
    page = visit("/")
    code = cells(page, "overview_table")[1][3]
    click_row(page, "overview_table", 1)
    wait_for_params(page, grid=code)
    expect(page.get_by_test_id("chosen-grid").locator("xpath=..")).to_contain_text(code)
    expect(page.locator(".redgrid-map")).to_have_attribute("data-selected", re.compile("grids/"))
    click_row(page, "overview_table", 1)
    wait_for_params(page)
