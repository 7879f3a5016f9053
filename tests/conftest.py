"""Fixtures that the tests share: the real inputs and a browser, skipped where they are absent."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from data.store import open_database

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
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only browser tests need it

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        absent("No chromium on this machine: install Debian's package chromium.")
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
