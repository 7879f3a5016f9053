"""The divisions that an address begins with: known names first, then last characters."""

import re
from collections.abc import Mapping
from functools import lru_cache

from geo.geocode.divisions import PROVINCES, counties
from geo.geocode.lexicon import HAN, ROAD, TYPE_ENDS, any_of

_LONGEST = 12
_PEOPLES = re.compile(
    r"(?<=..)(?:[\u3400-\u9fff]{1,3}族)*(?:自治州|自治区|自治县|自治旗|特别行政区)$"
)
# What follows a short name (南京, 西湖) when it is no division but part of another name (南京路).
_NO_DIVISION = re.compile(
    "(?:[东西南北中新老前后上下]?[一二三四五六七八九十0-9]*(?:路|街|大道|大街|巷|道|桥|门|站|口)"
    f"|[城湾苑园府村里居庭市区县省镇乡岛港湖]|大学|{any_of(TYPE_ENDS)}|.?$|[^{HAN}]*$)"
)
_STREET = re.compile(
    f"[{HAN}]{{1,5}}?(?:街道办事处|街道办|街道)|[{HAN}]{{1,4}}?(?:(?<!小)镇|乡(?![村镇]))(?!海|江|政府路)"
)
_DISTRICT = re.compile(
    f"[{HAN}]{{1,4}}?(?:自治县|(?<![小社园校厂院库片街景地东西南北中活宅墅舍置])区(?!域|间|号|府|块)"
    f"|县(?![城前府医政])|(?<!城)市(?!场|政|民|委|府|医|中|直|区|心|一|二))"
)
_ZONE = re.compile(
    f"(?:(?![路街号弄巷])[{HAN}]){{0,8}}?(?:开发区|高新区|工业园区|工业区|工业园|产业园区|保税区|工业城|经开区|科技园区|新区)(?![0-9]*号)"
)
_COMMUNITY = re.compile(
    f"(?:(?![路街号弄巷])[{HAN}]){{1,7}}?(?:社区居委会|社区|居委会|居民委员会|村委会"
    "|(?<!新)村(?![路道口委民部巷上街]|.[0-9]))"
)
_AFTER_STEM = re.compile(f"{_STREET.pattern}|[{HAN}]{{1,4}}?[区县](?!域|间)|{ROAD}")
_GENERIC_NEXT = re.compile(f"{any_of(TYPE_ENDS)}|[0-9一二三四五六七八九十]+[区期村组]")


@lru_cache(maxsize=1)
def known_divisions() -> Mapping[str, str]:
    """Return the level of each full name."""
    known: dict[str, str] = {}
    for prefecture, within in counties().items():
        known |= {name: "county" for name in within if len(name) > 2}
        known[prefecture] = "city"
    known |= dict.fromkeys(PROVINCES, "province")
    return known | dict.fromkeys(("北京市", "天津市", "上海市", "重庆市"), "city")


@lru_cache(maxsize=1)
def short_divisions() -> Mapping[str, tuple[str, tuple[str, ...]]]:
    """Return each short name (浙江, 杭州, 余杭) with its level and the short names it lies in.

    Short names are parts of other names too (公安局, 南京路), so they need a reason: of a county,
    that its prefecture was said before.
    """
    short: dict[str, tuple[str, tuple[str, ...]]] = {}
    for prefecture, within in counties().items():
        for name in within:
            stem = short_name(name)
            if len(stem) >= 2:
                short[stem] = ("county", (*short.get(stem, ("", ()))[1], short_name(prefecture)))
    short |= {short_name(name): ("city", ()) for name in counties()}
    short |= {short_name(name): ("province", ()) for name in PROVINCES}
    return short | dict.fromkeys(("北京", "天津", "上海", "重庆"), ("city", ()))


@lru_cache(maxsize=1)
def _longest_names() -> Mapping[str, int]:
    """Return the length of the longest known name that begins with each two characters."""
    longest: dict[str, int] = {}
    for name in (*known_divisions(), *short_divisions()):
        longest[name[:2]] = max(longest.get(name[:2], 0), len(name))
    return longest


def is_known(word: str, vocabulary: Mapping[str, str]) -> bool:
    """Tell whether a division is one by its full name, not only like one or a short name."""
    return word in vocabulary or word in known_divisions()


def short_name(name: str) -> str:
    """Return a division's name without its level: 恩施土家族苗族自治州 is 恩施."""
    short = _PEOPLES.sub("", name)
    if short == name:
        short = name[:-2] if name.endswith("地区") else name[:-1]
    return short


def division_at(
    text: str, start: int, before: str | None, vocabulary: Mapping[str, str]
) -> tuple[int, str] | None:
    """Return the end and the level of the division that begins at `start`, or None.

    `before` is the level of the division just before it; `vocabulary` are names that the gazetteer
    knows, with their levels.
    """
    known, short = known_divisions(), short_divisions()
    longest = _longest_names().get(text[start : start + 2], 0)
    if vocabulary:
        longest = _LONGEST
    for length in range(min(longest, len(text) - start), 1, -1):
        word, end = text[start : start + length], start + length
        level = vocabulary.get(word) or known.get(word)
        if level and not _GENERIC_NEXT.match(text, end):
            return end, level
        if word in short and _is_division(text, word, end, before):
            return end, short[word][0]
    return _by_last_character(text, start, before)


def _is_division(text: str, word: str, end: int, before: str | None) -> bool:
    """Tell whether a short name stands for its division here."""
    level, within = short_divisions()[word]
    said = text[: end - len(word)]
    if _NO_DIVISION.match(text, end):
        return end == len(text) and before in {"province", "city"}
    if level != "county" or any(above in said for above in within):
        return True
    is_said_once_more = before is not None and word in said  # 义乌市义乌
    return is_said_once_more or (before is None and _AFTER_STEM.match(text, end) is not None)


def _by_last_character(text: str, start: int, before: str | None) -> tuple[int, str] | None:
    for level, pattern in (
        ("county", _DISTRICT),
        ("zone", _ZONE),
        ("street", _STREET),
        ("community", _COMMUNITY),
    ):
        if level == "county" and before not in {None, "province", "city"}:
            continue
        found = pattern.match(text, start)
        if found and _ends_well(text, found.end(), level):
            has_county = found.group().endswith("市") and _DISTRICT.match(text, found.end())
            return found.end(), "city" if level == "county" and has_county else level
    return None


def _ends_well(text: str, end: int, level: str) -> bool:
    """Tell whether a division may end here: a name that goes on (徐东村小区) is none."""
    if level == "community" and _GENERIC_NEXT.match(text, end):
        return False
    return not text.startswith(("路", "街", "大道", "巷", "镇", "乡"), end)
