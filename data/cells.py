"""Reading single cells: what the office writes → a value, nothing where it is unknown, or a rule.

Each parser takes text and returns the value or None (unknown); it raises `CellError` with the
code of the broken rule (data.findings.RULES).
"""

import re
import unicodedata
from datetime import date
from typing import Any

from geo.hours import HoursError, parse_hours, to_json

UNKNOWN_WORDS = frozenset(
    {
        *("", "-", "--", "—", "——", "/", "\\", "?", "n/a", "na", "nan", "null", "none", "unknown"),
        *(
            "暂无资料",
            "暂无数据",
            "暂无",
            "无资料",
            "无数据",
            "不详",
            "未知",
            "无",
            "待定",
            "待补充",
            "空",
        ),
    }
)
LARGEST_COUNT = 10_000_000.0  # more people than any subdistrict; catches telephone numbers
LARGEST_LEVELS = 200.0
NUMBER = re.compile(
    r"(?:约|共|计)?(?P<number>[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|[-+]?\.\d+)(?P<ten>万)?"
    r"(?:余|多)?(?:户|套|人|名|位|层|楼|个|元|米|平方米|平米|m2|m²|㎡|households?|persons?|floors?|levels?)?"
)
DATE = re.compile(
    r"(\d{4})(?:[-/.年](\d{1,2})(?:[-/.月](\d{1,2})日?)?月?|(\d{2})(\d{2})|年)?(?:[ t].*)?"
)
YES = frozenset({"是", "1", "true", "yes", "y", "t", "√", "开放", "对外开放", "允许", "可", "有"})
NO = frozenset(
    {"否", "0", "false", "no", "n", "f", "×", "x", "不开放", "不对外开放", "不允许", "不可"}
)
STATES = {
    "open": (
        "开放",
        "启用",
        "已启用",
        "运营",
        "运营中",
        "在用",
        "正常",
        "开",
        "已开放",
        "open",
        "active",
    ),
    "planned": ("规划", "拟建", "在建", "筹建", "计划", "待建", "规划中", "建设中", "planned"),
    "closed": ("关闭", "停用", "撤销", "已关闭", "已停用", "关", "closed"),
}
BASE_KINDS = {
    "water": ("water", "水系", "水", "水域", "河流", "河", "湖泊", "湖", "水体", "river", "lake"),
    "green": ("green", "绿地", "公园", "绿化", "林地", "park"),
    "rail": ("rail", "铁路", "轨道", "railway"),
}


class CellError(ValueError):
    """A cell breaks a rule; `rule` is its code."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


def plain_cell(text: str) -> str:
    """Return a cell in half-width lower case without spaces around."""
    return unicodedata.normalize("NFKC", text).strip().lower()


def is_unknown(text: str) -> bool:
    """Tell whether a cell says that nothing is known."""
    return plain_cell(text) in UNKNOWN_WORDS


def parse_number(text: str, largest: float = float("inf")) -> float | None:
    """Read a number with or without its unit: "3500 户" → 3500, "暂无资料" → None."""
    plain = re.sub(r"\s", "", plain_cell(text))
    if plain in UNKNOWN_WORDS:
        return None
    found = NUMBER.fullmatch(plain)
    if found is None:
        raise CellError("number")
    value = float(found["number"].replace(",", "")) * (10_000 if found["ten"] else 1)
    if value < 0:
        raise CellError("not_negative")
    if value > largest:
        raise CellError("too_large")
    return value


def parse_count(text: str) -> float | None:
    """Read a number of people or households."""
    return parse_number(text, LARGEST_COUNT)


def parse_levels(text: str) -> float | None:
    """Read a number of storeys."""
    return parse_number(text, LARGEST_LEVELS)


def parse_flag(text: str) -> bool | None:
    """Read yes or no."""
    plain = plain_cell(text)
    if plain in YES:
        return True
    if plain in NO:
        return False
    if plain in UNKNOWN_WORDS:
        return None
    raise CellError("flag")


def parse_date(text: str) -> date | None:
    """Read a date; where the day or the month is not said, the first."""
    plain = plain_cell(text)
    if plain in UNKNOWN_WORDS:
        return None
    found = DATE.fullmatch(plain)
    if found is None:
        raise CellError("date")
    year, month, day, month_2, day_2 = found.groups()
    try:
        return date(int(year), int(month or month_2 or 1), int(day or day_2 or 1))
    except ValueError as error:
        raise CellError("date") from error


def parse_opening_hours(text: str) -> dict[str, Any] | None:
    """Read opening hours as the value that is stored."""
    if is_unknown(text):
        return None
    try:
        return to_json(parse_hours(text))
    except HoursError as error:
        raise CellError("hours") from error


def parse_services(text: str) -> list[str]:
    """Read a list of services: separated by 、 , ; / or a new line."""
    if is_unknown(text):
        return []
    parts = re.split(r"[、,，;；/|\n]+", text)
    return list(dict.fromkeys(part.strip() for part in parts if part.strip()))


def parse_state(text: str) -> str:
    """Read the state of a station; open where nothing is said."""
    plain = plain_cell(text)
    if plain in UNKNOWN_WORDS:
        return "open"
    for state, words in STATES.items():
        if plain in words:
            return state
    raise CellError("state")


def parse_base_kind(text: str) -> str:
    """Read what a feature of the base map is."""
    plain = plain_cell(text)
    for kind, words in BASE_KINDS.items():
        if plain in words:
            return kind
    raise CellError("base_kind")


def parse_member_kind(text: str) -> str:
    """Read the kind of a member; what is none of the three named kinds is "other"."""
    plain = plain_cell(text)
    for kind, words in {
        "in_service": ("在职", "双报到", "in_service", "in-service"),
        "mobile": ("流动", "mobile"),
        "community": ("社区", "居民", "community"),
    }.items():
        if any(word in plain for word in words):
            return kind
    return "other"
