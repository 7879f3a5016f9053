"""Fixtures that the tests share: the real inputs and a browser, skipped where they are absent."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from data.store import open_database

if TYPE_CHECKING:  # only browser tests need Playwright
    from pages import Open, Subdistrict, Watch
    from playwright.sync_api import Browser

pytest.register_assert_rewrite("pages")
# A page is given this long on a busy machine; how fast it is, benchmarks tell.
PATIENCE_MS = 30_000
REAL_DATA = Path(__file__).resolve().parents[1].parent / "shared" / "data"
CHROMIUM_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def absent(what: str) -> None:
    """Skip the test with a reason; where all is promised to be there (CI), fail instead."""
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder of real inputs beside the checkout (see its PROVENANCE.md)."""
    if not REAL_DATA.is_dir():
        absent("The real inputs are not beside this checkout (../shared/data).")
    return REAL_DATA


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """Return a headless Chromium, driven by Playwright."""
    from playwright.sync_api import expect, sync_playwright  # noqa: PLC0415 - only here

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        absent("No chromium on this machine: install Debian's package chromium.")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM_FLAGS))
        yield running
        running.close()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sa.Engine]:
    """Return an empty database in a folder of its own."""
    engine = open_database(tmp_path / "redgrid.db")
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Subdistrict]":
    """Return a served demo with names among its own that would like to be more than text."""
    from pages import Subdistrict, served  # noqa: PLC0415

    database = tmp_path_factory.mktemp("pages") / "demo.db"
    subdistrict = Subdistrict(database)
    with served(database) as subdistrict.address:
        yield subdistrict


@pytest.fixture
def watch() -> "Iterator[Watch]":
    """Return the watch of this test's pages; what it saw is judged at the end."""
    from pages import Watch  # noqa: PLC0415

    watch = Watch()
    yield watch
    watch.require_calm()


@pytest.fixture
def visit(browser: "Browser", demo: "Subdistrict", watch: "Watch") -> "Iterator[Open]":
    """Return what opens an address of the served demo in a new page."""
    from pages import visits  # noqa: PLC0415

    with visits(browser, demo.address, watch) as visit:
        yield visit
