"""The online geocoders: what each is asked, in which datum it answers, and how its answers read.

Formats as documented by the services (read in 2026). Nothing here sends anything: see
`data.geocoding.online`. An answer is read the same whether it came fresh or is read again.

天地图     api.tianditu.gov.cn/geocoder?ds={"keyWord": …}&tk=…; CGCS2000; one answer; status "0"
           found, "101" nothing; refused: HTTP 403 with {"code", "msg", "resolve"}, or HTML
高德 Amap  restapi.amap.com/v3/geocode/geo?address=…&key=…; GCJ-02; status "1", or "0" with
           infocode; a field without a value is [] instead of text
百度 Baidu api.map.baidu.com/geocoding/v3/?address=…&ak=…; BD-09; one answer; status 0, or a
           number with message
Nominatim  nominatim.openstreetmap.org/search?q=…&format=jsonv2; WGS84; a list; errors by HTTP
           status
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from geo.geocode import MatchLevel
from geo.text import Text

Trouble = Literal["key", "quota", "busy", "failed"]
HTTP_OK, HTTP_BUSY, HTTP_SERVER_ERROR = 200, 429, 500
HTTP_REFUSED = frozenset({401, 403, 407, 418})  # 418: the fire wall of 天地图


@dataclass(frozen=True)
class RawAnswer:
    """One place that a service names, in its own datum."""

    lon: float
    lat: float
    level: MatchLevel
    said: str  # the level in the service's own words
    address: str
    confidence: float | None  # 0 … 1; None where the service gives none


class ServiceTrouble(Exception):  # noqa: N818 - not an error of ours: `online` makes one of it
    """What a service says instead of an answer; `code` is its own, without any key."""

    def __init__(self, kind: Trouble, code: str, said: str = "") -> None:
        super().__init__(kind, code, said)
        self.kind, self.code, self.said = kind, code, said[:120]


@dataclass(frozen=True)
class Service:
    """One online geocoder."""

    name: str
    title: Text
    datum: str
    url: str
    key_name: str  # of the query's parameter; "" where there is no key
    interval_s: float  # between two requests, within the free quota
    parameters: Callable[[str, str], Mapping[str, str]]  # of address and city
    read: Callable[[Any], list[RawAnswer]]  # of the JSON; raises ServiceTrouble


def _number(value: object) -> float:
    """Return a number of a JSON value that is one, or the text of one."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ServiceTrouble("failed", "format")
    try:
        number = float(value)
    except ValueError:
        raise ServiceTrouble("failed", "format") from None
    if not math.isfinite(number):
        raise ServiceTrouble("failed", "format")
    return number


def _degrees(lon: object, lat: object) -> tuple[float, float]:
    x, y = _number(lon), _number(lat)
    if not (-180 <= x <= 180 and -90 <= y <= 90) or (x, y) == (0.0, 0.0):
        raise ServiceTrouble("failed", "coordinates")
    return x, y


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""  # Amap: [] where there is no text


def _share(value: object) -> float | None:
    """Return a figure of 0 … 100 as a share; None where there is none."""
    try:
        return min(max(_number(value) / 100.0, 0.0), 1.0)
    except ServiceTrouble:
        return None


def _table(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ServiceTrouble("failed", "format")
    return value


def _level(said: str, levels: Mapping[str, MatchLevel]) -> MatchLevel:
    """Return the level whose word a service's word contains; what is not known is too coarse."""
    for word, level in levels.items():
        if word in said:
            return level
    return MatchLevel.NONE


# In the order of looking: the finer and longer word first. 区县, 市, 省 and what is not known is
# NONE: such an answer is the middle of a district, and no place.
_LEVELS = {
    "楼栋": MatchLevel.BUILDING,
    "单元": MatchLevel.UNIT,
    "门牌": MatchLevel.ROAD_NUMBER,
    "门址": MatchLevel.ROAD_NUMBER,
    "地名地址": MatchLevel.ROAD_NUMBER,
    "住宅区": MatchLevel.COMPOUND,
    "小区": MatchLevel.COMPOUND,
    "大厦": MatchLevel.COMPOUND,
    "兴趣点": MatchLevel.COMPOUND,
    "公司企业": MatchLevel.COMPOUND,
    "政府机构": MatchLevel.COMPOUND,
    "教育": MatchLevel.COMPOUND,
    "医疗": MatchLevel.COMPOUND,
    "购物": MatchLevel.COMPOUND,
    "餐饮": MatchLevel.COMPOUND,
    "休闲娱乐": MatchLevel.COMPOUND,
    "酒店": MatchLevel.COMPOUND,
    "公交": MatchLevel.COMPOUND,
    "地铁": MatchLevel.COMPOUND,
    "路口": MatchLevel.ROAD,
    "道路": MatchLevel.ROAD,
    "社区": MatchLevel.COMMUNITY,
    "村": MatchLevel.COMMUNITY,
    "商圈": MatchLevel.COMMUNITY,
}

AMAP_BUSY = {
    *("10004", "10014", "10015", "10016", "10017"),
    *("10019", "10020", "10021", "10022", "10023", "10029"),
}
AMAP_QUOTA = {"10003", "10010", "10044", "10045", "40000", "40002", "40003"}
AMAP_KEY = {
    *("10001", "10002", "10005", "10006", "10007", "10008", "10009", "10011", "10012", "10013"),
    *("10026", "10041", "40001"),
}


def read_amap(answer: Any) -> list[RawAnswer]:  # noqa: ANN401 - any JSON
    """Read an answer of 高德."""
    table = _table(answer)
    if str(table.get("status")) != "1":
        code = _text(table.get("infocode"))
        kind: Trouble = "quota" if code in AMAP_QUOTA else "key" if code in AMAP_KEY else "failed"
        raise ServiceTrouble("busy" if code in AMAP_BUSY else kind, code, _text(table.get("info")))
    found = table.get("geocodes")
    if not isinstance(found, list):
        raise ServiceTrouble("failed", "format")
    answers = []
    for place in map(_table, found):
        lon, comma, lat = _text(place.get("location")).partition(",")
        if not comma:
            continue  # a place without a location is [] there
        x, y = _degrees(lon, lat)
        said = _text(place.get("level"))
        address = _text(place.get("formatted_address"))
        answers.append(RawAnswer(x, y, _level(said, _LEVELS), said, address, None))
    return answers


BAIDU_NOTHING = 1  # "Internal Service Error:无相关结果"
BAIDU_BUSY, BAIDU_QUOTA = {401, 402}, {4, 301, 302}
BAIDU_FAILED = {1, 2, 10}


def read_baidu(answer: Any) -> list[RawAnswer]:  # noqa: ANN401 - any JSON
    """Read an answer of 百度."""
    table = _table(answer)
    status = table.get("status")
    if not isinstance(status, int) or isinstance(status, bool):
        raise ServiceTrouble("failed", "format")
    if status:
        said = _text(table.get("message")) or _text(table.get("msg"))
        if status == BAIDU_NOTHING and "无相关结果" in said:
            return []
        kind: Trouble = (
            "busy" if status in BAIDU_BUSY else "quota" if status in BAIDU_QUOTA else "key"
        )
        raise ServiceTrouble("failed" if status in BAIDU_FAILED else kind, str(status), said)
    if table.get("result") in ([], {}):  # status 0 and nothing in it
        return []
    result = _table(table.get("result"))
    place = _table(result.get("location"))
    x, y = _degrees(place.get("lng"), place.get("lat"))
    said = _text(result.get("level"))
    sure = _share(result.get("comprehension", result.get("confidence")))
    return [RawAnswer(x, y, _level(said, _LEVELS), said, "", sure)]


def read_tianditu(answer: Any) -> list[RawAnswer]:  # noqa: ANN401 - any JSON
    """Read an answer of 天地图."""
    table = _table(answer)
    if "code" in table and "status" not in table:  # refused by the gateway, not by the geocoder
        said = " ".join(filter(None, (_text(table.get("msg")), _text(table.get("resolve")))))
        is_quota = any(word in said for word in ("超限", "配额", "上限", "超过"))
        raise ServiceTrouble("quota" if is_quota else "key", str(table["code"]), said)
    status = str(table.get("status"))
    if status == "101":
        return []
    if status != "0":
        raise ServiceTrouble("failed", status, _text(table.get("msg")))
    place = _table(table.get("location"))
    x, y = _degrees(place.get("lon"), place.get("lat"))
    said = _text(place.get("level"))
    address = _text(place.get("keyWord"))
    return [RawAnswer(x, y, _level(said, _LEVELS), said, address, _share(place.get("score")))]


# place_rank of Nominatim: 30 a building or place of its own, 26 and 27 ways, 22 to 25 quarters.
_RANKS = ((28, MatchLevel.COMPOUND), (26, MatchLevel.ROAD), (20, MatchLevel.COMMUNITY))


def read_nominatim(answer: Any) -> list[RawAnswer]:  # noqa: ANN401 - any JSON
    """Read an answer of Nominatim (`format=jsonv2`)."""
    if isinstance(answer, dict) and "error" in answer:
        error = answer["error"]
        said = error if isinstance(error, str) else _text(_table(error).get("message"))
        raise ServiceTrouble("failed", "error", said)
    if not isinstance(answer, list):
        raise ServiceTrouble("failed", "format")
    answers = []
    for place in map(_table, answer):
        x, y = _degrees(place.get("lon"), place.get("lat"))
        rank = _number(place.get("place_rank", 0))
        level = next((level for least, level in _RANKS if rank >= least), MatchLevel.NONE)
        said = _text(place.get("addresstype")) or _text(place.get("type"))
        answers.append(RawAnswer(x, y, level, said, _text(place.get("display_name")), None))
    return answers


def _amap(address: str, city: str) -> Mapping[str, str]:
    return {"address": address, "output": "JSON", **({"city": city} if city else {})}


def _baidu(address: str, city: str) -> Mapping[str, str]:
    fixed = {"address": address, "output": "json", "ret_coordtype": "bd09ll"}
    return {**fixed, **({"city": city} if city else {})}


def _tianditu(address: str, city: str) -> Mapping[str, str]:
    whole = address if address.startswith(city) else city + address
    return {"ds": json.dumps({"keyWord": whole}, ensure_ascii=False)}


def _nominatim(address: str, city: str) -> Mapping[str, str]:
    whole = address if address.startswith(city) else city + address
    fixed = {"format": "jsonv2", "limit": "5", "countrycodes": "cn", "accept-language": "zh"}
    return {"q": whole, **fixed}


SERVICES = {
    service.name: service
    for service in (
        Service(
            "tianditu",
            Text("天地图", "Tianditu"),
            "cgcs2000",
            "https://api.tianditu.gov.cn/geocoder",
            "tk",
            0.2,
            _tianditu,
            read_tianditu,
        ),
        Service(
            "amap",
            Text("高德", "Amap"),
            "gcj02",
            "https://restapi.amap.com/v3/geocode/geo",
            "key",
            0.35,  # 3 a second for a personal key
            _amap,
            read_amap,
        ),
        Service(
            "baidu",
            Text("百度", "Baidu"),
            "bd09",
            "https://api.map.baidu.com/geocoding/v3/",
            "ak",
            0.35,
            _baidu,
            read_baidu,
        ),
        Service(
            "nominatim",
            Text("Nominatim", "Nominatim"),
            "wgs84",
            "https://nominatim.openstreetmap.org/search",
            "",
            1.1,  # its usage policy: one a second at most
            _nominatim,
            read_nominatim,
        ),
    )
}
