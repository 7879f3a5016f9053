"""Places asked online: never persons, each once, the answers kept with their date."""

from datetime import timedelta
from pathlib import Path

import pytest
import shapely
import sqlalchemy as sa
from address_town import fill, table, take_in
from map_services import (
    KEY,
    Reply,
    amap_found,
    amap_refused,
    nominatim_found,
    serving,
)
from numpy.testing import assert_allclose
from sqlalchemy.orm import Session

from data.errors import PrivacyError
from data.geocoding import places
from data.geocoding.online import OnlineGeocoder, Pace
from data.geocoding.places import as_options, ask_places, require_places
from data.geocoding.review import decide, queue, with_online
from data.geocoding.services import SERVICES
from data.linking import current_rows
from data.viewer import Viewer
from geo.crs import from_wgs84

WHERE = (118.31, 32.26)
QUICK = Pace(timeout_s=2.0, attempts=2, backoff_s=0.01, interval_s=0.0)
FOUND = Reply(amap_found(*(float(v) for v in from_wgs84(*WHERE, "gcj02"))))
NOTHING = Reply(amap_found(*WHERE) | {"geocodes": [], "count": "0"})
QUOTA = Reply(amap_refused("10003", "DAILY_QUERY_OVER_LIMIT"))


def amap(url: str) -> OnlineGeocoder:
    return OnlineGeocoder(SERVICES["amap"], KEY, url, QUICK)


@pytest.mark.parametrize("kind", ["members", "buildings", "gates", "grids", ""])
def test_only_places_are_asked_for(database: sa.Engine, kind: str):
    with serving([FOUND]) as service:
        with pytest.raises(PrivacyError) as caught:
            ask_places(database, amap(service.url), kind, ["龙蟠大道1号"])
        assert service.asked == []
    assert "任何个人信息都不离开本机" in caught.value.say("zh")
    assert "nothing about persons leaves this machine" in caught.value.say("en")


@pytest.mark.parametrize(
    "heading", ["姓名", "联系电话", "身份证号（18位）", "家庭住址", "现住址", "党支部", "党员类别"]
)
def test_a_table_with_a_column_about_persons_is_not_asked(heading: str):
    with pytest.raises(PrivacyError, match="about persons"):
        require_places("stations", ["名称", "地址", heading])
    require_places("stations", ["驿站名称", "地址", "详细地址", "服务内容"])


def test_numbers_of_persons_are_not_sent(database: sa.Engine):
    with serving([FOUND]) as service:
        (asked,) = ask_places(database, amap(service.url), "stations", ["龙蟠大道1号13812345678"])
        assert service.asked == []
    assert "没有发出" in asked.problem.say("zh")
    assert table(database, "geocode_answer").empty


def test_units_and_rooms_are_not_sent(database: sa.Engine):
    with serving([FOUND]) as service:
        ask_places(database, amap(service.url), "stations", ["龙蟠南苑2号楼1单元502室"])
        assert service.asked[0]["address"] == "龙蟠南苑2号楼"


def test_nothing_is_asked_twice_and_the_answer_is_kept_with_its_date(database: sa.Engine):
    with serving([FOUND]) as service:
        first = ask_places(database, amap(service.url), "stations", ["龙蟠大道1号"] * 3)
        again = ask_places(database, amap(service.url), "candidates", ["龙蟠大道1号"])
        assert len(service.asked) == 1
        other = ask_places(database, amap(service.url), "stations", ["龙蟠大道1号"], city="滁州")
        assert len(service.asked) == 2  # another question
    assert [asked.is_cached for asked in (*first, *again, *other)] == [False] * 3 + [True, False]
    assert again[0].answers == first[0].answers
    assert again[0].asked_at == first[0].asked_at
    assert_allclose([again[0].answers[0].lon, again[0].answers[0].lat], WHERE, atol=2e-6)
    kept = table(database, "geocode_answer")
    assert kept["query"].tolist() == ["\t龙蟠大道1号", "滁州\t龙蟠大道1号"]
    assert KEY not in kept.to_csv()


def test_nothing_found_is_kept_too_but_not_so_long(database: sa.Engine, monkeypatch):
    with serving([NOTHING, FOUND]) as service:
        assert ask_places(database, amap(service.url), "stations", ["甲路1号"])[0].answers == ()
        assert ask_places(database, amap(service.url), "stations", ["甲路1号"])[0].is_cached
        now = places.utc_now()
        monkeypatch.setattr(places, "utc_now", lambda: now + timedelta(days=8))
        (later,) = ask_places(database, amap(service.url), "stations", ["甲路1号"])
        assert len(later.answers) == 1
        monkeypatch.setattr(places, "utc_now", lambda: now + timedelta(days=100))
        assert ask_places(database, amap(service.url), "stations", ["甲路1号"])[0].is_cached
    assert len(table(database, "geocode_answer")) == 1


def test_a_quota_that_ends_keeps_what_came_and_asks_no_more(database: sa.Engine):
    with serving([FOUND, QUOTA]) as service:
        asked = ask_places(
            database, amap(service.url), "stations", ["甲路1号", "乙路2号", "丙路3号", "甲路1号"]
        )
        assert len(service.asked) == 2
    assert [bool(one.answers) for one in asked] == [True, False, False, True]
    assert "配额已用完" in asked[1].problem.say("zh")
    assert asked[2].problem is asked[1].problem
    assert len(table(database, "geocode_answer")) == 1  # no failure is kept


def test_one_bad_answer_is_of_one_address(database: sa.Engine):
    with serving([Reply("{}"), FOUND]) as service:
        asked = ask_places(database, amap(service.url), "stations", ["甲路1号", "乙路2号"])
    assert [one.problem is None for one in asked] == [False, True]


def test_the_key_is_nowhere_in_the_database(database: sa.Engine, tmp_path: Path):
    with serving([FOUND, Reply(amap_refused("10001", f"INVALID_USER_KEY {KEY}"))]) as service:
        ask_places(database, amap(service.url), "stations", ["甲路1号", "乙路2号"])
    database.dispose()
    for path in tmp_path.glob("redgrid.db*"):
        assert KEY.encode() not in path.read_bytes()


def test_an_answer_becomes_a_candidate_and_the_station_is_placed_in_wgs84(database, tmp_path):
    fill(database)
    take_in(database, tmp_path, "stations", "驿站名称,地址\n丁站,火星路5号\n")
    viewer = Viewer("li", "everything")
    with Session(database) as session:
        (entry,) = queue(session, viewer)
    with serving([FOUND]) as service:
        (asked,) = ask_places(database, amap(service.url), entry.kind, [entry.text])
    with_online(database, viewer, entry.id, as_options(asked.answers))
    with Session(database) as session:
        (option,) = queue(session, viewer)[0].options
    assert decide(database, viewer, entry.id, option.place) == 1
    with database.connect() as connection:
        (placed,) = shapely.from_wkb(current_rows(connection, "stations", "geometry")["geometry"])
    assert_allclose([placed.x, placed.y], WHERE, atol=2e-6)


def test_the_middle_of_a_district_is_no_candidate(database: sa.Engine):
    with serving([Reply(nominatim_found(*WHERE, rank=16))]) as service:
        geocoder = OnlineGeocoder(SERVICES["nominatim"], "", service.url, QUICK)
        (asked,) = ask_places(database, geocoder, "stations", ["南谯区"])
    assert len(asked.answers) == 1
    assert as_options(asked.answers) == []
