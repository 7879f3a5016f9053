"""Every page with data, without, and with names that would like to be more than text."""

import os
import shutil
from pathlib import Path

import geopandas as gpd
import pytest
import streamlit as st
from shapely.geometry import Point
from streamlit.testing.v1 import AppTest

from data.demo import make_demo
from data.imports import import_file, store_frames
from data.store import open_database

ROOT = Path(__file__).resolve().parents[1]
NASTY = "<img src=x onerror=alert(1)> **b** $x$"


@pytest.fixture(scope="module")
def small_demo(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("demo") / "demo.db"
    made = make_demo(grids=6, members=40, stations=1)
    extra = gpd.GeoDataFrame(
        {"name": [NASTY], "state": ["open"]}, geometry=[Point(118.312, 32.262)], crs=4326
    )
    engine = open_database(path)
    store_frames(engine, {**made.frames, "network": made.network}, source="demo", is_demo=True)
    store_frames(engine, {"stations": extra}, source="nasty")
    engine.dispose()
    return str(path)


def page(name: str, database: str, monkeypatch: pytest.MonkeyPatch, **params: str) -> AppTest:
    """Run one page of the dashboard as its own script."""
    st.cache_resource.clear()
    monkeypatch.setenv("REDGRID_DB", database)
    app = AppTest.from_string(
        "import os, streamlit as st\n"
        "from data.settings import Settings\n"
        f"from views import {name} as page\n"
        "st.session_state.setdefault('settings', Settings.from_env(os.environ))\n"
        "page.render()\n",
        default_timeout=60,
    )
    for key, value in params.items():
        app.query_params[key] = value
    return app.run()


def said(app: AppTest) -> str:
    """Return all text that the page shows."""
    parts = [
        element.value
        for kind in ("markdown", "info", "warning", "error", "success", "subheader", "caption")
        for element in app.get(kind)
    ]
    parts += [element.proto.body for element in app.get("html")]
    return "\n".join(map(str, parts))


@pytest.mark.parametrize("name", ["overview", "grid", "data_page"])
def test_every_page_runs_on_the_demo_and_says_it_is_one(
    name: str, small_demo: str, monkeypatch: pytest.MonkeyPatch
):
    app = page(name, small_demo, monkeypatch)
    assert not app.exception
    assert "演示数据" in said(app)


@pytest.mark.parametrize("name", ["overview", "grid", "data_page"])
def test_every_page_says_what_to_import_where_there_is_nothing(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    app = page(name, str(tmp_path / "empty.db"), monkeypatch)
    assert not app.exception
    assert "redgrid import grids" in said(app)
    assert "演示数据" not in said(app)


def test_a_link_opens_the_same_view_in_english(small_demo: str, monkeypatch: pytest.MonkeyPatch):
    app = page("overview", small_demo, monkeypatch, minutes="10", lang="en", weight="households")
    assert not app.exception
    assert "Households covered" in said(app)
    assert "10 minutes" in said(app)


def test_a_bad_link_falls_back_with_a_sentence(small_demo: str, monkeypatch: pytest.MonkeyPatch):
    app = page("overview", small_demo, monkeypatch, minutes="99")
    assert "minutes=99 无效" in said(app)


def test_the_chosen_grid_of_the_link_is_shown(small_demo: str, monkeypatch: pytest.MonkeyPatch):
    app = page("overview", small_demo, monkeypatch, grid="341103003001002")
    assert "data-testid='chosen-grid'" in said(app)
    assert "341103003001002" in said(app)


def test_a_database_that_is_none_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    bad = tmp_path / "bad.db"
    bad.write_bytes(b"this is no database" * 100)
    app = page("overview", str(bad), monkeypatch)
    assert not app.exception
    assert "数据库" in said(app)


def test_names_from_files_are_never_markup(small_demo: str, monkeypatch: pytest.MonkeyPatch):
    for name in ("overview", "grid", "data_page"):
        for element in page(name, small_demo, monkeypatch).get("html"):
            assert "<img" not in element.proto.body


def test_the_hour_decides_which_stations_count(small_demo: str, monkeypatch: pytest.MonkeyPatch):
    at_night = page("overview", small_demo, monkeypatch, at="2026-10-01T20:00")
    text = said(at_night)
    assert "当时开放的驿站" in text
    assert '<div class="v">1 / 2<span class="rg-light near">' in text  # the demo's own is shut
    assert "2026-10-01 20:00 在开放时间内" in text


def test_refused_rows_are_given_back_on_the_data_page(
    tmp_path: Path, small_demo: str, monkeypatch: pytest.MonkeyPatch
):
    database = tmp_path / "refused.db"
    shutil.copy(small_demo, database)
    table = tmp_path / "驿站.csv"
    table.write_text("名称,经度,纬度\n东站,118.31,32.26\n西站,0,0\n", encoding="utf-8")
    engine = open_database(database)
    report = import_file(engine, "stations", table, datum="wgs84")
    engine.dispose()
    assert (report.n_kept, report.n_refused) == (1, 1)
    app = page("data_page", str(database), monkeypatch)
    assert not app.exception
    refused = app.dataframe[-1].value
    assert refused["行"].tolist() == [3]
    assert "0" in refused["值"].iloc[0]
    assert refused["原因"].iloc[0]


def test_the_dashboard_itself_starts(small_demo: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("REDGRID_DB", small_demo)
    st.cache_resource.clear()
    app = AppTest.from_file(str(ROOT / "dashboard.py"), default_timeout=60).run()
    assert not app.exception
    assert os.environ["REDGRID_DB"] == small_demo


def test_without_members_the_page_counts_households_and_judges_only_what_it_knows(
    tmp_path: Path, small_demo: str, monkeypatch: pytest.MonkeyPatch
):
    made = make_demo(grids=6, members=0, stations=1)
    database = tmp_path / "none.db"
    engine = open_database(database)
    store_frames(engine, {**made.frames, "network": made.network}, source="demo")
    engine.dispose()
    app = page("overview", str(database), monkeypatch)
    assert not app.exception
    assert '<div class="t">户覆盖率</div>' in said(app)
    assert not app.warning
    linked = page("overview", str(database), monkeypatch, weight="members")
    assert linked.warning[0].value.startswith("数据里没有党员数")
    assert '<div class="t">党员覆盖率</div>' in said(page("overview", small_demo, monkeypatch))


def test_a_station_that_counts_for_nothing_is_named(
    tmp_path: Path, small_demo: str, monkeypatch: pytest.MonkeyPatch
):
    database = tmp_path / "far.db"
    shutil.copy(small_demo, database)
    table = tmp_path / "驿站.csv"
    table.write_text("名称,经度,纬度\n远站,118.9,32.9\n", encoding="utf-8")
    engine = open_database(database)
    import_file(engine, "stations", table, datum="wgs84")
    engine.dispose()
    app = page("overview", str(database), monkeypatch)
    assert app.warning[0].value == "1 个驿站离步行网络太远，没有计入：远站。请检查坐标或补路。"
