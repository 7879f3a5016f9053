"""The live map in a real browser: it draws, it answers, and nothing that it shows can run."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import geopandas as gpd
import pytest
import shapely
from playwright.sync_api import Browser, Locator, Page, WebSocket, expect

from layers import folium_html, grid_layer, station_layer

ROOT = Path(__file__).resolve().parents[1]
NAMES = {
    "grid": "</script><script>window.hacked=1</script>",
    "station": "<img src=x onerror=alert(1)>",
    "title": "`${alert(1)}`\\ <b>图层</b>",
}
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Serve the harness page on a free port of this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    flags = {
        "server.port": port,
        "server.address": "127.0.0.1",
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
    }
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "tests" / "map_harness.py")]
    command += [f"--{name}={value}" for name, value in flags.items()]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HARNESS_NAMES": json.dumps(NAMES)}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            wait_for(f"http://127.0.0.1:{port}/_stcore/health", server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    """Return once the server answers."""
    for _ in range(300):
        if server.poll() is not None:
            pytest.fail("The harness page ended before it answered.")
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - our own server
                return
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.1)
    pytest.fail("The harness page did not answer within 30 s.")


class Seen:
    """What a page asked for and complained of."""

    def __init__(self, page: Page) -> None:
        self.requests: list[str] = []
        self.troubles: list[str] = []
        self.received: list[int] = []  # bytes of each message of the server
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("websocket", self.listen)
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("dialog", self.dismiss)

    def listen(self, socket: WebSocket) -> None:
        """Note where a socket leads and how much comes back through it."""
        self.requests.append(socket.url)
        socket.on("framereceived", lambda frame: self.received.append(len(frame)))

    def dismiss(self, dialog: object) -> None:
        """Note a dialog: only a script that should not run opens one."""
        self.troubles.append("a dialog opened")
        dialog.dismiss()  # type: ignore[attr-defined]

    def hosts(self) -> set[str]:
        """Return the machines that were asked."""
        return {urlsplit(url).hostname or "" for url in self.requests if "blob:" not in url}


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    yield context.new_page()
    context.close()


@pytest.fixture
def seen(page: Page) -> Seen:
    return Seen(page)


@pytest.fixture
def live(page: Page, seen: Seen, address: str) -> Locator:
    """Return the map, drawn, with the pointer away from it."""
    assert not seen.requests
    page.goto(address)
    live = page.locator(".redgrid-map")
    expect(live).to_have_attribute("data-drawn", "1")
    expect(page.get_by_text("runs=1 ")).to_be_visible()
    return live


def find(live: Locator, heading: str) -> tuple[float, float]:
    """Move the pointer over the map until the tooltip has this heading; return where."""
    box = live.bounding_box()
    assert box is not None
    tip = live.locator(".rg-tip strong")
    for down in (0.5, 0.42, 0.6):
        for right in range(8, 80, 3):
            x, y = box["x"] + right / 100 * box["width"], box["y"] + down * box["height"]
            live.page.mouse.move(x, y)
            live.page.wait_for_timeout(25)
            if tip.is_visible() and tip.inner_text() == heading:
                return x, y
    return pytest.fail(f"No place on the map shows {heading!r}.")


def painted(live: Locator, pane: str) -> int:
    """Count the pixels of one canvas that are not empty."""
    count = """(map, pane) => {
        const canvas = map.querySelector(`.leaflet-${pane}-pane canvas`);
        const { width, height } = canvas;
        const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
        let n = 0;
        for (let i = 3; i < data.length; i += 4) if (data[i]) n += 1;
        return n;
    }"""
    return int(live.evaluate(count, pane))


def test_the_map_draws_and_nothing_leaves_the_machine(live: Locator, seen: Seen) -> None:
    assert live.get_attribute("data-layers") == "grids service_areas route stations"
    assert painted(live, "areas") > 50_000
    assert painted(live, "figures") > 1_000
    expect(live.locator(".rg-icon")).to_have_count(1)
    expect(live.locator(".rg-legend h4").first).to_have_text("党员覆盖率")
    expect(live.locator(".rg-credit")).to_have_text("测试数据 <i>")
    assert seen.hosts() == {"127.0.0.1"}
    assert not seen.troubles


def test_names_that_look_like_code_show_as_text(live: Locator, seen: Seen) -> None:
    find(live, NAMES["grid"])
    live.locator(".rg-icon").hover()
    expect(live.locator(".rg-tip strong")).to_have_text(NAMES["station"])
    expect(live.locator(".rg-icon")).to_have_attribute("aria-label", NAMES["station"])
    expect(live.locator(".rg-switch", has_text="alert")).to_have_text(NAMES["title"])
    expect(live.locator("img, script, b, i")).to_have_count(0)
    assert live.page.evaluate("window.hacked") is None
    assert not seen.troubles
    assert seen.hosts() == {"127.0.0.1"}


def test_hover_says_the_figures_and_a_click_selects(live: Locator) -> None:
    x, y = find(live, "甲网格")
    expect(live.locator(".rg-tip dt")).to_have_text(
        ["党员覆盖率", "党员", "步行时间中位数", "社区"]
    )
    expect(live.locator(".rg-tip dd")).to_have_text(["100%", "12", "4.0 分钟", "龙蟠社区"])
    before = painted(live, "marks")
    live.page.mouse.click(x, y)
    expect(live).to_have_attribute("data-selected", "grids/11")
    expect(live.page.get_by_text("chosen=('grids', '11')")).to_be_visible()
    assert painted(live, "marks") > before
    live.locator(".rg-icon").focus()
    live.page.keyboard.press("Enter")
    expect(live.page.get_by_text("chosen=('stations', '1')")).to_be_visible()


def test_a_click_beside_everything_says_the_place(live: Locator) -> None:
    box = live.bounding_box()
    assert box is not None
    live.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] - 8)
    expect(live.page.get_by_text("place=(117.0")).to_be_visible()
    expect(live.page.get_by_text("chosen=None")).to_be_visible()


def test_moving_the_map_and_switching_layers_do_not_rerun_the_page(live: Locator) -> None:
    page = live.page
    zoom = live.get_attribute("data-zoom")
    x, y = find(live, "甲网格")
    page.mouse.down()
    page.mouse.move(x + 120, y + 60, steps=4)
    page.mouse.up()
    live.get_by_role("button", name="放大").click()
    expect(live).not_to_have_attribute("data-zoom", zoom or "")
    live.get_by_role("button", name="图层").click()
    live.locator(".rg-switch", has_text="住宅楼栋").click()
    expect(live).to_have_attribute("data-layers", "grids service_areas buildings route stations")
    live.get_by_role("button", name="显示全部").click()
    expect(live).to_have_attribute("data-zoom", zoom or "")
    page.wait_for_timeout(300)
    expect(page.get_by_text("runs=1 chosen=None")).to_be_visible()


def test_a_changed_control_redraws_and_leaves_the_map_where_it_is(live: Locator) -> None:
    page = live.page
    live.get_by_role("button", name="放大").click()
    page.wait_for_timeout(400)
    zoom = live.get_attribute("data-zoom")
    live.evaluate("map => { map.dataset.same = 'yes'; }")
    page.get_by_text("median_s", exact=True).click()
    expect(live).to_have_attribute("data-drawn", "2")
    expect(live.locator(".rg-legend h4").first).to_have_text("步行时间中位数")
    expect(live).to_have_attribute("data-same", "yes")
    expect(live).to_have_attribute("data-zoom", zoom or "")
    page.get_by_text("fit the first grid").click()
    expect(live).not_to_have_attribute("data-zoom", zoom or "")


def test_leaflet_and_geometry_travel_once_and_a_changed_control_sends_values_only(
    live: Locator, seen: Seen
) -> None:
    at_first = sum(seen.received)
    seen.received.clear()
    live.page.get_by_text("median_s", exact=True).click()
    expect(live).to_have_attribute("data-drawn", "2")
    expect(live.page.get_by_text("runs=2 ")).to_be_visible()  # below the map: all has come
    assert at_first > 200_000  # Leaflet, and rings of some thousand vertices
    assert sum(seen.received) < 20_000


def test_on_a_phone_the_panels_wait_behind_their_buttons(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 800})
    page = context.new_page()
    page.goto(address)
    live = page.locator(".redgrid-map")
    expect(live).to_have_attribute("data-drawn", "1")
    expect(live.locator(".rg-legend").first).to_be_hidden()
    live.get_by_role("button", name="图例").click()
    expect(live.locator(".rg-legend").first).to_be_visible()
    context.close()


def test_a_map_that_goes_leaves_nothing_and_comes_back_as_it_was(live: Locator, seen: Seen) -> None:
    page = live.page
    live.get_by_role("button", name="图层").click()
    live.locator(".rg-switch", has_text="步行服务圈").click()
    expect(live).to_have_attribute("data-layers", "grids route stations")
    first_zoom = live.get_attribute("data-zoom") or ""
    live.get_by_role("button", name="放大").click()
    expect(live).not_to_have_attribute("data-zoom", first_zoom)
    zoom = live.get_attribute("data-zoom") or ""
    page.get_by_text("show the map").click()
    expect(live).to_have_count(0)
    page.get_by_text("show the map").click()
    expect(live).to_have_attribute("data-layers", "grids route stations")
    expect(live).to_have_attribute("data-zoom", zoom)
    assert painted(live, "areas") > 50_000
    live.get_by_role("button", name="缩小").click()
    page.get_by_text("show the map").click()  # mostly in the middle of the zoom
    expect(live).to_have_count(0)
    page.wait_for_timeout(400)
    assert not seen.troubles


def test_the_map_to_hand_on_opens_from_a_file_without_a_network(
    browser: Browser, tmp_path: Path
) -> None:
    box = shapely.box(500_000, 3_570_000, 500_600, 3_570_600)
    grids = gpd.GeoDataFrame(
        {"name": [NAMES["grid"]], "community": ["甲社区"], "members_share": [0.5]},
        geometry=[box],
        crs="EPSG:4548",
    )
    stations = gpd.GeoDataFrame(
        {"name": [NAMES["station"]], "state": ["open"]},
        geometry=[shapely.Point(500_300, 3_570_500)],
        crs="EPSG:4548",
    )
    layers = [grid_layer(grids, "members_share", "zh"), station_layer(stations, "zh")]
    file = tmp_path / "map.html"
    made = folium_html(layers, title=NAMES["title"], lang="zh", notes=[NAMES["title"]])
    file.write_text(made, encoding="utf-8")
    context = browser.new_context(offline=True, viewport={"width": 1000, "height": 700})
    page = context.new_page()
    seen = Seen(page)
    page.goto(file.as_uri())
    expect(page.locator("header h1")).to_have_text(NAMES["title"])
    page.locator(".leaflet-marker-icon").hover()
    expect(page.locator(".leaflet-tooltip strong")).to_have_text(NAMES["station"])
    page.mouse.move(500, 450)
    expect(page.locator(".leaflet-tooltip strong").last).to_have_text(NAMES["grid"])
    expect(page.locator(".leaflet-tooltip").last.locator("dd").first).to_have_text("50%")
    assert page.evaluate("window.hacked") is None
    assert seen.requests == [file.as_uri()]
    assert not seen.troubles
    context.close()
