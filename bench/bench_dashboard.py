"""The dashboard in headless Chromium: page to map, control to redrawn, click to figures."""

import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from cases import report
from playwright.sync_api import sync_playwright
from serving import dashboard, make_demo_database

CASES = {"demo": (63, 520, (3.0, 0.4, 0.4)), "630 grids": (630, 5200, (4.0, 0.7, 0.6))}
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
REPEATS = 7
COUNTER = "document.querySelector('[data-redgrid-drawn]')"  # on the map's host
DRAWN = f"Number({COUNTER}?.dataset.redgridDrawn ?? 0)"


def wait_drawn(page: Any, more_than: int) -> int:  # noqa: ANN401 - a Playwright page
    """Wait until the map has drawn one more message; return its counter."""
    page.wait_for_function(
        f"n => {DRAWN} > n",
        arg=more_than,
        polling="raf",
        timeout=30_000,
    )
    return drawn(page)


def drawn(page: Any) -> int:  # noqa: ANN401
    """Return how many messages the map has drawn."""
    return int(page.evaluate(DRAWN))


def measure(
    name: str, grids: int, members: int, bars: tuple[float, float, float], repeats: int = REPEATS
) -> None:
    """Print the medians of a case."""
    n_loads = min(repeats, 3)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        database = Path(folder) / "demo.db"
        make_demo_database(database, grids, members)
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        with dashboard(database, Path(folder) / "log") as (address, _):
            loads, controls, clicks = [], [], []
            for _ in range(n_loads):
                page = browser.new_page(viewport={"width": 1366, "height": 768})
                start = time.perf_counter()
                page.goto(address)
                wait_drawn(page, 0)
                loads.append(time.perf_counter() - start)
                page.wait_for_timeout(800)
                if len(loads) < n_loads:
                    page.close()
            for k in range(repeats):
                controls.append(_control(page, ("10", "20", "5", "15")[k % 4]))
            for k in range(repeats):
                clicks.append(_click(page, k))
        browser.close()
    figures = (loads[0], statistics.median(controls), statistics.median(clicks))
    report(
        "dashboard",
        case=name,
        first_load_s=loads[0],
        load_s=statistics.median(loads),
        control_s=figures[1],
        control_worst_s=max(controls),
        click_s=figures[2],
        click_worst_s=max(clicks),
        bars=bars,
        met=all(value <= bar for value, bar in zip(figures, bars, strict=True)),
    )


def _control(page: Any, minutes: str) -> float:  # noqa: ANN401
    """Choose other minutes and wait for the map."""
    before = drawn(page)
    start = time.perf_counter()
    page.get_by_test_id("stButtonGroup").first.get_by_text(minutes, exact=True).click()
    wait_drawn(page, before)
    seconds = time.perf_counter() - start
    page.wait_for_timeout(700)
    return seconds


def _click(page: Any, k: int) -> float:  # noqa: ANN401
    """Click another grid and wait for its figures beside the map."""
    box = page.locator(".redgrid-map").bounding_box()
    before = page.evaluate("document.querySelector('[data-testid=chosen-grid]')?.innerText ?? ''")
    code = page.evaluate("new URLSearchParams(location.search).get('grid') ?? ''")
    x = box["x"] + box["width"] * (0.34 + 0.04 * (k % 6))
    y = box["y"] + box["height"] * (0.42 + 0.07 * (k % 3))
    start = time.perf_counter()
    page.mouse.click(x, y)
    page.wait_for_function(
        "([code, text]) => (new URLSearchParams(location.search).get('grid') ?? '') !== code"
        " && (document.querySelector('[data-testid=chosen-grid]')?.innerText ?? '') !== text",
        arg=[code, before],
        polling="raf",
        timeout=15_000,
    )
    seconds = time.perf_counter() - start
    page.wait_for_timeout(700)
    return seconds


def main(*cases: str, tiny: bool = False) -> None:
    """Run the named cases, or all; `tiny` does everything once on a few grids."""
    if tiny:
        measure("tiny", 6, 40, CASES["demo"][2], repeats=1)
        return
    for case in cases or CASES:
        measure(case, *CASES[case])


if __name__ == "__main__":
    names = [name for name in sys.argv[1:] if name != "--tiny"]
    main(*names, tiny="--tiny" in sys.argv)
