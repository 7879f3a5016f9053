"""A served demo with hostile names, and how browser tests look at its pages and use them."""

import importlib.util
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from urllib.parse import parse_qs, urlsplit

import pandas as pd
from conftest import PATIENCE_MS
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Locator, Page, WebSocket, expect
from shapely.geometry import Point

from data.demo import make_demo
from data.imports import import_file, store_frames
from data.store import open_database

ROOT = Path(__file__).resolve().parents[1]
IMAGE, SCRIPT = "<img src=x onerror=alert(1)>", "</script><script>window.hacked=1</script>"
HOSTILE_GRID = "<b onmouseover=alert(2)>`${alert(3)}`</b>"
CHINESE = re.compile(r"[\u3400-\u9fff]+")
FORMULA_GRID = '=HYPERLINK("http://evil.test")'
FORMULAS = ["=1+1", "+1", "-1", "@SUM(1)", IMAGE]
HOSTILE_COMPOUND, LOST = "**[x](javascript:alert(4))** $y$", "<svg onload=alert(5)>"
HOSTILE_FILE = f"{IMAGE}.csv"
METRIC = "EPSG:4548"
SIZE = {"width": 1366, "height": 768}
# Loaded at /grid, Streamlit first asks whether it is served below that path; "no" is a 404.
PROBES = re.compile(r"/(grid|siting|import|review|draw|data)/_stcore/(health|host-config)")
Open = Callable[[str], Page]


class Subdistrict:
    """A served demo with hostile names among its own, and the frames that it was made of."""

    def __init__(self, database: Path) -> None:
        made = make_demo()
        self.frames = made.frames
        self.address, self.database = "", database
        self.far = self._plant()
        engine = open_database(database)
        store_frames(engine, {**self.frames, "network": made.network}, source="demo", is_demo=True)
        file = database.with_name(HOSTILE_FILE)
        table = pd.DataFrame(
            {"名称": [IMAGE, SCRIPT], "经度": [118.3085, 118.3155], "纬度": [32.268, 32.2525]}
        )
        table.to_csv(file, index=False)
        import_file(engine, "stations", file, datum="wgs84")
        engine.dispose()

    def _plant(self) -> str:
        """Give names like code to things on every page; return the code of the farthest grid.

        The grid of that name is in the middle of the map; the farthest grid has houses with such
        names; one house stands where no way leads.
        """
        grids, buildings = self.frames["grids"], self.frames["buildings"]
        compounds = self.frames["compounds"]
        places = grids.to_crs(METRIC).centroid
        middle = grids.index[places.distance(places.union_all().centroid).to_numpy().argmin()]
        grids.loc[middle, "name"] = HOSTILE_GRID
        self.middle = str(grids.loc[middle, "code"])
        spots = buildings.representative_point()
        near = buildings[spots.within(grids.geometry[middle]) & buildings["compound_key"].notna()]
        compounds.loc[compounds["key"] == near["compound_key"].iloc[0], "name"] = HOSTILE_COMPOUND
        stations = self.frames["stations"].to_crs(METRIC).union_all()
        farthest = places.distance(stations).idxmax()
        grids.loc[farthest, "name"] = FORMULA_GRID
        far = grids.loc[farthest]
        houses = buildings.index[spots.within(far.geometry)]
        buildings.loc[houses[: len(FORMULAS)], "name"] = FORMULAS
        lost = buildings.index[buildings["compound_key"].isna()][0]
        assert lost not in houses
        buildings.loc[lost, ["name", "geometry"]] = [LOST, Point(118.5, 32.26)]
        return str(far["code"])

    def code_of(self, name: str) -> str:
        """Return the code of the one grid of that name."""
        grids = self.frames["grids"]
        (code,) = grids.loc[grids["name"] == name, "code"]
        return str(code)

    def names(self) -> list[str]:
        """Return every name in the data, longest first."""
        found = {IMAGE, SCRIPT, HOSTILE_FILE, HOSTILE_COMPOUND}
        for kind in ("grids", "communities", "compounds", "buildings", "stations"):
            found |= set(self.frames[kind]["name"])
        found |= set(self.frames["buildings"]["number"].dropna())
        return sorted(found, key=len, reverse=True)


def serving() -> ModuleType:
    """Return the module with which the benchmarks serve a dashboard too."""
    spec = importlib.util.spec_from_file_location("serving", ROOT / "bench" / "serving.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextmanager
def served(database: Path) -> Iterator[str]:
    """Serve a database as the command does; give the address of the dashboard."""
    with serving().dashboard(database, database.with_suffix(".log")) as (address, _):
        yield address


class Watch:
    """What pages of a context asked for, complained of and sent."""

    def __init__(self) -> None:
        self.outside: list[str] = []
        self.troubles: list[str] = []
        self.sent = 0  # messages to the server: each may rerun the page
        self.received = 0  # bytes that came back

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
        if message.type == "error" and not PROBES.fullmatch(place):
            self.troubles.append(f"{message.text} {place}")

    def _dismiss(self, dialog: Dialog) -> None:
        self.troubles.append(f"a dialog opened: {dialog.message}")
        dialog.dismiss()

    def _listen(self, socket: WebSocket) -> None:
        self._ask(socket.url)
        socket.on("framesent", self._count_sent)
        socket.on("framereceived", self._weigh)

    def _count_sent(self, _frame: object) -> None:
        self.sent += 1

    def _weigh(self, frame: str | bytes) -> None:
        self.received += len(frame)

    def require_calm(self) -> None:
        """Fail if anything left the machine, ran that should not, or broke."""
        assert self.outside == []
        assert self.troubles == []


@contextmanager
def visits(browser: Browser, address: str, watch: Watch, **options: object) -> Iterator[Open]:
    """Give what opens an address of the dashboard in a new page; nothing on it may have run."""
    context = browser.new_context(**{"viewport": SIZE, **options})
    context.set_default_timeout(PATIENCE_MS)

    def visit(path: str) -> Page:
        page = watch.over(context.new_page())
        page.goto(address + path)
        expect(page.get_by_test_id("stElementContainer").first).to_be_attached()
        return settled(page)

    yield visit
    for page in context.pages:
        assert page.evaluate("window.hacked") is None
        expect(page.get_by_test_id("stException")).to_have_count(0)
    context.close()


def settled(page: Page) -> Page:
    """Wait until the server has nothing more to say."""
    app = page.get_by_test_id("stApp")
    expect(app).to_have_attribute("data-test-script-state", "notRunning")
    return page


def drawn(page: Page) -> Locator:
    """Return the map when it is on the page and drawn."""
    host = page.locator("[data-redgrid-drawn]").first
    expect(host).to_have_attribute("data-redgrid-drawn", re.compile("[1-9]"))
    settled(page)
    return page.locator(".redgrid-map").first


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
    )
    settled(page)


def choose_minutes(page: Page, minutes: int) -> None:
    """Click a time limit."""
    page.locator(".st-key-page-minutes").get_by_text(str(minutes), exact=True).click()


def choose(page: Page, key: str, option: str) -> None:
    """Choose from a select box."""
    page.locator(f".st-key-{key} input").click()
    page.get_by_role("option", name=option, exact=True).click()


def figures(page: Page) -> list[str]:
    """Return the five figures at the top, once they are there."""
    values = page.locator(".rg-card .v")
    expect(values).to_have_count(5)
    return values.all_inner_texts()


def cells(page: Page, key: str | None = None) -> list[list[str]]:
    """Return the rows in sight of a table as screen readers get them (it is drawn on a canvas)."""
    scope = page.locator("body" if key is None else f".st-key-{key}")
    scope.locator("canvas").first.scroll_into_view_if_needed()
    table = scope.locator("canvas table")
    expect(table.locator("tbody tr").first).to_be_attached()
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
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 16, box["y"] + 35 * (row + 1) + 17)


def save(page: Page, key: str, folder: Path) -> Path:
    """Press a download button and return the file."""
    with page.expect_download() as waiting:
        page.locator(f".st-key-{key} button").click()
    file = folder / waiting.value.suggested_filename
    waiting.value.save_as(file)
    return file


FIND = """(map, heading) => {
    const canvas = map.querySelector(".rg-canvas"), tip = map.querySelector(".rg-tip");
    const box = canvas.getBoundingClientRect(), spots = [];
    for (let x = 0.2; x < 0.8; x += 0.0125) {
        for (let y = 0.06; y < 0.94; y += 0.017) spots.push([x, y]);
    }
    const far = ([x, y]) => Math.abs(x - 0.47) + Math.abs(y - 0.5);
    for (const [right, down] of spots.sort((a, b) => far(a) - far(b))) {
        const clientX = Math.round(box.left + right * box.width);
        const clientY = Math.round(box.top + down * box.height);
        const above = map.getRootNode().elementFromPoint(clientX, clientY);
        if (!canvas.contains(above) || above.closest(".rg-icon")) continue;
        canvas.dispatchEvent(new MouseEvent("mousemove", { clientX, clientY, bubbles: true }));
        const shown = tip.hidden ? "" : tip.querySelector("strong")?.textContent ?? "";
        if (shown && (heading === null || shown === heading)) return [clientX, clientY];
    }
    return null;
}"""


def hover(live: Locator, heading: str | None = None) -> tuple[float, float, str]:
    """Move the pointer to where, nearest to the middle, a tooltip (of that heading) shows."""
    live.scroll_into_view_if_needed()
    found = live.evaluate(FIND, heading)
    assert found, f"No place on the map shows {heading!r}."
    live.page.mouse.move(*found)
    tip = live.locator(".rg-tip strong")
    expect(tip).to_be_visible()
    if heading is not None:
        expect(tip).to_have_text(heading)
    return (*found, tip.inner_text())


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
