"""Online geocoders against local servers that answer as documented, with all their refusals."""

import logging
import socket
import time

import pytest
from map_services import (
    KEY,
    NAME,
    Reply,
    amap_found,
    amap_refused,
    baidu_found,
    nominatim_found,
    serving,
    tianditu_found,
)
from numpy.testing import assert_allclose

from data.errors import GeocodingError, SettingsError
from data.geocoding.online import OnlineGeocoder, Pace
from data.geocoding.services import SERVICES
from geo.crs import from_wgs84
from geo.geocode import MatchLevel

WHERE = (118.31, 32.26)  # WGS84
QUICK = Pace(timeout_s=2.0, attempts=3, backoff_s=0.01, interval_s=0.0)
FOUND = {
    "amap": amap_found,
    "baidu": baidu_found,
    "tianditu": tianditu_found,
    "nominatim": nominatim_found,
}


def geocoder(name: str, url: str, pace: Pace = QUICK) -> OnlineGeocoder:
    return OnlineGeocoder(SERVICES[name], KEY if SERVICES[name].key_name else "", url, pace)


def refusal(name: str, *replies: Reply, pace: Pace = QUICK) -> tuple[GeocodingError, int]:
    """Return the error that replies end in, and how often the service was asked."""
    with serving(replies) as service:
        with pytest.raises(GeocodingError) as caught:
            geocoder(name, service.url, pace).ask(NAME)
        return caught.value, len(service.asked)


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_read_in_its_own_datum(name: str):
    datum = SERVICES[name].datum
    lon, lat = (float(v) for v in from_wgs84(*WHERE, datum))
    with serving([Reply(FOUND[name](lon, lat))]) as service:
        (answer,) = geocoder(name, service.url).ask(NAME, "滁州市")
    assert_allclose([answer.lon, answer.lat], WHERE, atol=2e-6)  # they say six decimals
    assert_allclose(answer.original, [lon, lat], atol=1e-6)
    assert (answer.datum, answer.service) == (datum, name)


def test_the_datums_of_the_services_are_those_documented():
    assert {name: service.datum for name, service in SERVICES.items()} == {
        "tianditu": "cgcs2000",
        "amap": "gcj02",
        "baidu": "bd09",
        "nominatim": "wgs84",
    }


def test_each_service_is_asked_with_its_own_parameters():
    asked = {}
    for name, found in FOUND.items():
        with serving([Reply(found(*WHERE))]) as service:
            geocoder(name, service.url).ask("龙蟠大道1号", "滁州市")
            (asked[name],) = service.asked
            assert service.agents[0].startswith("redgrid ")
    assert asked["amap"] == {
        "address": "龙蟠大道1号", "city": "滁州市", "output": "JSON", "key": KEY,
    }  # fmt: skip
    assert asked["baidu"] == {
        "address": "龙蟠大道1号", "city": "滁州市", "output": "json", "ret_coordtype": "bd09ll",
        "ak": KEY,
    }  # fmt: skip
    assert asked["tianditu"] == {"ds": '{"keyWord": "滁州市龙蟠大道1号"}', "tk": KEY}
    assert asked["nominatim"]["q"] == "滁州市龙蟠大道1号"
    assert asked["nominatim"]["format"] == "jsonv2"


@pytest.mark.parametrize(
    ("name", "said", "level"),
    [
        ("amap", "门牌号", MatchLevel.ROAD_NUMBER),
        ("amap", "兴趣点", MatchLevel.COMPOUND),
        ("amap", "道路交叉路口", MatchLevel.ROAD),
        ("amap", "区县", MatchLevel.NONE),
        ("amap", "市", MatchLevel.NONE),
        ("baidu", "地产小区", MatchLevel.COMPOUND),
        ("baidu", "UNKNOWN", MatchLevel.NONE),
        ("tianditu", "社区村落", MatchLevel.COMMUNITY),
        ("tianditu", "地名地址", MatchLevel.ROAD_NUMBER),
    ],
)
def test_the_words_of_the_services_are_levels(name: str, said: str, level: MatchLevel):
    with serving([Reply(FOUND[name](*WHERE, said))]) as service:
        (answer,) = geocoder(name, service.url).ask(NAME)
    assert (answer.level, answer.said) == (level, said)


@pytest.mark.parametrize(
    ("rank", "level"),
    [
        (30, MatchLevel.COMPOUND),
        (26, MatchLevel.ROAD),
        (22, MatchLevel.COMMUNITY),
        (16, MatchLevel.NONE),
    ],
)
def test_the_ranks_of_nominatim_are_levels(rank: int, level: MatchLevel):
    with serving([Reply(nominatim_found(*WHERE, rank))]) as service:
        (answer,) = geocoder("nominatim", service.url).ask(NAME)
    assert answer.level is level


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("amap", {"status": "1", "info": "OK", "infocode": "10000", "count": "0", "geocodes": []}),
        ("baidu", {"status": 1, "msg": "Internal Service Error:无相关结果", "results": []}),
        ("baidu", {"status": 0, "result": []}),
        ("tianditu", {"msg": "无结果", "searchVersion": "6.4.9V", "status": "101"}),
        ("nominatim", []),
    ],
)
def test_nothing_found_is_an_answer(name: str, body: object):
    with serving([Reply(body)]) as service:
        assert geocoder(name, service.url).ask(NAME) == []


QUOTA = [
    ("amap", Reply(amap_refused("10003", "DAILY_QUERY_OVER_LIMIT")), "10003"),
    ("amap", Reply(amap_refused("10044", "USER_DAILY_QUERY_OVER_LIMIT")), "10044"),
    ("baidu", Reply({"status": 302, "message": "天配额超限，限制访问"}), "302"),
    ("baidu", Reply({"status": 4, "message": "配额校验失败"}), "4"),
    (
        "tianditu",
        Reply({"code": 301005, "msg": "访问次数超限", "resolve": "请明日再试"}, 403),
        "301005",
    ),
]


@pytest.mark.parametrize(("name", "reply", "code"), QUOTA)
def test_a_quota_that_is_used_up_ends_the_asking_at_once(name: str, reply: Reply, code: str):
    error, n_asked = refusal(name, reply)
    assert n_asked == 1
    assert error.is_final
    assert f"的配额已用完（{code}" in error.say("zh")
    assert f"used up ({code}" in error.say("en")


REFUSED = [
    ("amap", Reply(amap_refused("10001", "INVALID_USER_KEY")), "10001 INVALID_USER_KEY"),
    ("amap", Reply(amap_refused("10009", "USERKEY_PLAT_NOMATCH")), "10009"),
    ("baidu", Reply({"status": 200, "message": "APP不存在，AK有误请检查再重试"}), "200 APP"),
    ("baidu", Reply({"status": 240, "message": "APP 服务被禁用"}), "240"),
    (
        "tianditu",
        Reply({"code": 301012, "msg": "权限类型错误", "resolve": "Key权限类型为:浏览器端"}, 403),
        "301012 权限类型错误 Key权限类型为:浏览器端",
    ),
    ("tianditu", Reply("<html><body>访问被拦截！</body></html>", 418), "HTTP 418 HTML"),
    ("tianditu", Reply("<html>403 Forbidden</html>", 403), "HTTP 403 HTML"),
    ("nominatim", Reply("<html>Access blocked</html>", 403), "HTTP 403 HTML"),
]


@pytest.mark.parametrize(("name", "reply", "code"), REFUSED)
def test_a_refused_key_is_said_with_what_to_check(name: str, reply: Reply, code: str):
    error, n_asked = refusal(name, reply)
    assert n_asked == 1
    assert error.is_final
    assert f"拒绝了请求（{code}" in error.say("zh")
    assert f"REDGRID_{name.upper()}_KEY" in error.say("zh")


BUSY = [
    ("amap", Reply(amap_refused("10021", "CUQPS_HAS_EXCEEDED_THE_LIMIT"))),
    ("amap", Reply(amap_refused("10004", "ACCESS_TOO_FREQUENT"))),
    ("baidu", Reply({"status": 401, "message": "当前并发量已经超过约定并发配额，限制访问"})),
    ("nominatim", Reply("Too Many Requests", 429)),
    ("tianditu", Reply("<html>502 Bad Gateway</html>", 502)),
]


@pytest.mark.parametrize(("name", "busy"), BUSY)
def test_a_busy_service_is_asked_again(name: str, busy: Reply):
    lon, lat = (float(v) for v in from_wgs84(*WHERE, SERVICES[name].datum))
    with serving([busy, busy, Reply(FOUND[name](lon, lat))]) as service:
        (answer,) = geocoder(name, service.url).ask(NAME)
        assert len(service.asked) == 3
    assert_allclose([answer.lon, answer.lat], WHERE, atol=2e-6)


@pytest.mark.parametrize(("name", "busy"), BUSY)
def test_a_service_that_stays_busy_is_given_up(name: str, busy: Reply):
    error, n_asked = refusal(name, busy)
    assert n_asked == QUICK.attempts
    assert error.is_final
    assert "没有应答或正忙" in error.say("zh")
    assert "it was asked 3 times" in error.say("en")


def test_the_pauses_between_attempts_grow():
    with serving([Reply("", 429)]) as service:
        with pytest.raises(GeocodingError):
            geocoder("amap", service.url, Pace(2.0, 4, 0.1, 0.0)).ask(NAME)
        first, second, third = (b - a for a, b in zip(service.at, service.at[1:], strict=False))
    assert first >= 0.1
    assert second >= 0.2
    assert third >= 0.4


@pytest.mark.parametrize("name", SERVICES)
@pytest.mark.parametrize(
    "body",
    [
        *("", "not json", '{"status": "1", "geocodes": [', "null", "[1, 2]", '"text"', "{}"),
        *('{"status": "1", "geocodes": [{"location": "a,b"}]}', "[[" * 5000, '[{"lon": 1}]'),
        *('{"status": 0, "result": {"location": {"lng": 1e999, "lat": 32}}}',),
        *('{"status": 0, "result": {"location": {"lng": "NaN", "lat": 32}}}',),
        *('{"status": "0", "location": {"lon": "0", "lat": "0"}}',),
        *('{"status": "0", "location": {"lon": true, "lat": 95}}',),
    ],
)
def test_an_answer_that_cannot_be_read_is_said_and_never_a_place(name: str, body: str):
    error, n_asked = refusal(name, Reply(body))
    assert n_asked == 1
    assert not error.is_final or "拒绝" in error.say("zh")
    assert SERVICES[name].title.zh in error.say("zh")


def test_an_answer_without_end_is_refused():
    error, _ = refusal("amap", Reply("x" * 1_100_000))
    assert "(too long)" in error.say("en")


@pytest.mark.parametrize(
    "slow",
    [Reply("{}", wait_s=1.0), Reply("{" + " " * 400 + "}", drip_s=0.02)],
    ids=["wait", "drip"],
)
def test_a_slow_answer_is_given_up_in_time(slow: Reply):
    start = time.monotonic()
    error, n_asked = refusal("amap", slow, pace=Pace(0.2, 2, 0.01, 0.0))
    assert time.monotonic() - start < 2.0
    assert n_asked == 2
    assert "time-out" in error.say("zh")


def test_a_service_that_is_not_there_is_said():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: refused
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/geocode"
        with pytest.raises(GeocodingError) as caught:
            geocoder("baidu", url).ask(NAME)
    assert caught.value.is_final
    assert "请检查网络和代理" in caught.value.say("zh")


def test_a_redirect_is_not_followed():
    with serving([Reply(amap_found(*WHERE))]) as elsewhere:
        error, _ = refusal("amap", Reply("", 302, headers={"Location": elsewhere.url}))
        assert elsewhere.asked == []
    assert "HTTP 302" in error.say("zh")


def test_requests_keep_the_pace_that_the_service_asks_for():
    with serving([Reply(amap_found(*WHERE))]) as service:
        asked = geocoder("amap", service.url, Pace(interval_s=0.15))
        for _ in range(3):
            asked.ask(NAME)
        gaps = [b - a for a, b in zip(service.at, service.at[1:], strict=False)]
    assert min(gaps) > 0.13
    assert SERVICES["nominatim"].interval_s > 1.0  # its usage policy


def test_the_key_is_in_no_log_no_error_and_no_repr(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    said = Reply(amap_refused("10001", f"INVALID_USER_KEY {KEY}"))
    error, _ = refusal("amap", said)
    with pytest.raises(GeocodingError) as unreachable:
        geocoder("baidu", "http://127.0.0.1:9/geocode").ask(NAME)
    assert any("/geocode?" in record.getMessage() for record in caplog.records)  # it is logged
    for text in (caplog.text, error.say("zh"), error.say("en"), repr(geocoder("amap", ""))):
        assert KEY not in text
    assert KEY not in repr(unreachable.value)
    assert unreachable.value.__cause__ is None or KEY not in repr(unreachable.value.__cause__)


def test_a_key_comes_from_the_environment_or_from_a_file_that_it_names(tmp_path):
    (tmp_path / "key.txt").write_text(f"{KEY}\n", encoding="utf-8")
    for environment in (
        {"REDGRID_AMAP_KEY": KEY},
        {"REDGRID_AMAP_KEY": "", "REDGRID_AMAP_KEY_FILE": str(tmp_path / "key.txt")},
    ):
        assert OnlineGeocoder.from_env("amap", environment).key == KEY
    assert OnlineGeocoder.from_env("nominatim", {"REDGRID_NOMINATIM_URL": "http://own/"}).url


@pytest.mark.parametrize("name", ["tianditu", "amap", "baidu"])
def test_without_a_key_a_service_is_off(name: str):
    with pytest.raises(SettingsError, match=f"REDGRID_{name.upper()}_KEY"):
        OnlineGeocoder.from_env(name, {})


def test_an_unknown_service_and_an_unreadable_key_file_are_refused(tmp_path):
    with pytest.raises(SettingsError, match="there are tianditu, amap, baidu, nominatim"):
        OnlineGeocoder.from_env("google", {})
    with pytest.raises(SettingsError, match="REDGRID_BAIDU_KEY_FILE names cannot be read"):
        OnlineGeocoder.from_env("baidu", {"REDGRID_BAIDU_KEY_FILE": str(tmp_path / "none")})
