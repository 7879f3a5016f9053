"""The page of addresses in doubt: asked in order, one key a decision, undone, said in words."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from address_town import fill, table, take_in
from map_services import KEY, Reply, amap_found, amap_refused, serving
from streamlit.testing.v1 import AppTest
from test_views_pages import NASTY, page, said

from data.store import open_database
from geo.crs import from_wgs84

STATIONS = "驿站名称,地址\n甲站,龙蟠大道88号\n乙站,碧水家园1栋\n丁站,火星路5号\n"
MEMBERS = (
    "党员类别,小区,楼栋号,家庭住址\n社区党员,碧水家园,一栋,\n社区党员,龙蟠南苑,8栋,\n"
    "社区党员,,,火星小区王小明家3栋402\n"
)


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("AMAP_KEY", "BAIDU_KEY", "TIANDITU_KEY", "NOMINATIM_URL"):
        monkeypatch.delenv(f"REDGRID_{name}", raising=False)
    engine = open_database(tmp_path / "town.db")
    fill(engine)
    take_in(engine, tmp_path, "stations", STATIONS)
    take_in(engine, tmp_path, "members", MEMBERS)
    yield engine
    engine.dispose()


def opened(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch, **params: str) -> AppTest:
    app = page("review", str(engine.url.database), monkeypatch, **params)
    assert not app.exception
    return app


def button(app: AppTest, key: str):
    return next(b for b in app.button if b.key == key)


def asked(app: AppTest) -> str:
    return app.subheader[0].value


def keys(app: AppTest) -> dict[str, str]:
    """Return the key of the keyboard of every button that has one."""
    return {b.key: b.proto.shortcut for b in app.button if b.proto.shortcut}


def test_unmatched_addresses_are_asked_first(town, monkeypatch):
    app = opened(town, monkeypatch)
    assert asked(app) == "火星路5号"
    assert "没有匹配" in said(app)
    assert "第 4 行" in said(app).replace("\\", "")
    assert keys(app) == {"review.none": "0", "review.skip": "s", "review.undo": "u"}


def test_every_candidate_has_its_key(town, monkeypatch):
    app = opened(town, monkeypatch)
    app = button(app, "review.skip").click().run()
    app = button(app, "review.skip").click().run()  # the home of which nothing is kept
    assert "碧水家园" in asked(app)
    assert keys(app)["review.option.1"] == "1"
    assert keys(app)["review.option.2"] == "2"
    assert "同一地址共 2 行，一次确定" in said(app)


def test_a_decision_is_kept_with_who_made_it_and_can_be_undone(town, monkeypatch):
    app = opened(town, monkeypatch)
    app.text_input(key="review.who").set_value("李工")
    for _ in range(2):
        app = button(app, "review.skip").click().run()
    first = asked(app)
    app = button(app, "review.option.2").click().run()
    assert not app.exception
    assert asked(app) != first
    assert table(town, "station")["name"].tolist() == ["甲站", "乙站"]
    assert table(town, "member")["building_id"].tolist()[-1] == 10
    assert "李工" in set(table(town, "review_item")["decided_by"].dropna())
    app = button(app, "review.undo").click().run()
    assert asked(app) == first
    assert table(town, "station")["name"].tolist() == ["甲站"]


def test_a_place_is_looked_for_by_hand(town, monkeypatch):
    app = opened(town, monkeypatch)
    find = next(box for box in app.text_input if box.key.startswith("review.find."))
    app = find.set_value("桂园3栋").run()
    assert keys(app)["review.option.1"] == "1"
    app = button(app, "review.option.1").click().run()
    assert table(town, "station")["name"].tolist() == ["甲站", "丁站"]
    app = opened(town, monkeypatch)
    find = next(box for box in app.text_input if box.key.startswith("review.find."))
    app = find.set_value("木星").run()
    assert "没有这样的地点" in said(app)


def test_none_of_these_takes_an_address_off_the_queue(town, monkeypatch):
    app = opened(town, monkeypatch)
    app = button(app, "review.none").click().run()
    assert asked(app) != "火星路5号"
    assert table(town, "review_item")["state"].tolist().count("none") == 1


def test_all_is_matched_again_by_one_button(town, monkeypatch, tmp_path: Path):
    building = "小区名称,楼栋号,经度,纬度\n龙蟠南苑,8栋,118.318,32.25\n"
    take_in(town, tmp_path, "buildings", building, datum="wgs84")
    app = button(opened(town, monkeypatch), "review.rematch").click().run()
    assert not app.exception
    assert "重新比对落位 1 行" in said(app)
    assert table(town, "member").set_index("source_row").loc[3, "building_id"] == 11


def test_of_a_home_only_the_row_of_its_file_is_shown(town, monkeypatch):
    app = opened(town, monkeypatch)
    app = button(app, "review.skip").click().run()
    text = said(app).replace("\\", "")
    assert "住址不保存，请对照原表这一行" in text
    assert "第 4 行" in text
    for secret in ("王小明", "火星小区", "402"):
        assert secret not in text


def test_a_refusal_is_said_on_the_page(town, monkeypatch, tmp_path: Path):
    take_in(town, tmp_path, "stations", "驿站名称,地址\n甲站,火星路5号\n")  # 甲站 is there
    app = opened(town, monkeypatch)
    assert asked(app) == "火星路5号"
    find = next(box for box in app.text_input if box.key.startswith("review.find."))
    app = find.set_value("桂园3栋").run()
    app = button(app, "review.option.1").click().run()
    assert not app.exception
    assert table(town, "station")["name"].tolist() == ["甲站", "丁站"]


def test_the_state_of_a_place_is_shown_and_counted(town, monkeypatch):
    text = said(opened(town, monkeypatch))
    assert "自报 0 · 比对 1 · 实地 0 · 确认 0" in text


def test_services_are_off_unless_the_office_switches_one_on(town, monkeypatch):
    app = opened(town, monkeypatch)
    assert not [b for b in app.button if b.key.startswith("review.online")]


def test_a_service_that_is_switched_on_names_candidates_for_places_only(town, monkeypatch):
    lon, lat = (float(v) for v in from_wgs84(118.33, 32.26, "gcj02"))
    with serving([Reply(amap_found(lon, lat))]) as service:
        monkeypatch.setenv("REDGRID_AMAP_KEY", KEY)
        monkeypatch.setenv("REDGRID_AMAP_URL", service.url)
        app = opened(town, monkeypatch)
        app = button(app, "review.online.amap").click().run()
        assert [asked["address"] for asked in service.asked] == ["火星路5号"]
        app = button(app, "review.option.1").click().run()
        assert table(town, "station")["name"].tolist() == ["甲站", "丁站"]
        assert "党员" in said(app)  # the next is of a person: no button
        assert not [b for b in app.button if b.key.startswith("review.online")]
        assert len(service.asked) == 1


def test_what_a_service_refuses_is_said_on_the_page(town, monkeypatch):
    with serving([Reply(amap_refused("10003", "DAILY_QUERY_OVER_LIMIT"))]) as service:
        monkeypatch.setenv("REDGRID_AMAP_KEY", KEY)
        monkeypatch.setenv("REDGRID_AMAP_URL", service.url)
        app = opened(town, monkeypatch)
        app = button(app, "review.online.amap").click().run()
    assert "高德的配额已用完" in said(app)
    assert KEY not in said(app)


def test_the_page_speaks_english(town, monkeypatch):
    app = opened(town, monkeypatch, lang="en")
    text = said(app)
    assert "nothing matches" in text
    assert "reported 0 · matched 1" in text
    assert button(app, "review.none").label == "None of these"


def test_an_empty_database_has_nothing_to_ask(tmp_path: Path, monkeypatch):
    app = page("review", str(tmp_path / "none.db"), monkeypatch)
    assert not app.exception
    assert "没有待核对的地址" in said(app)


def test_an_address_that_would_like_to_be_more_than_text_is_text(town, monkeypatch, tmp_path):
    take_in(town, tmp_path, "candidates", f"名称,地址\n{NASTY},{NASTY}\n")
    app = opened(town, monkeypatch)
    app.selectbox(key="review.kind").set_value("candidates")
    app = app.run()
    assert "\\<img src\\=x" in asked(app) or "\\<img" in asked(app)
    assert "\\*\\*b\\*\\*" in asked(app)
