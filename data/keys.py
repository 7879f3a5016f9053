"""What makes two rows the same thing: names and building numbers in one way of writing."""

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

CHINESE_DIGITS = {
    digit: value
    for value, digits in enumerate(("零〇", "一", "二两", "三", "四", "五", "六", "七", "八", "九"))
    for digit in digits
}
CHINESE_UNITS = {"十": 10, "百": 100}
CHINESE_NUMBER = re.compile("[零〇一二三四五六七八九两十百]+")
# What follows the number of a building; "号楼" before "号" and "楼".
BUILDING_SUFFIX = re.compile(r"(?:号楼|#楼|栋楼|幢楼|[栋棟幢座#]|号(?!院)|楼(?!\d))")
BUILDING_PREFIX = re.compile(r"^(?:第|no\.?|building|bldg\.?|block|#)")
# Building, unit and room in short: 12-3-502.
BUILDING_UNIT_ROOM = re.compile(r"([a-z]?\d+)-\d+-\d+")
KEY_DEGREES = 5  # decimals of a degree in a key: about 1 m


def plain_name(text: str) -> str:
    """Return a name in half-width lower case without spaces, to compare names exactly.

    "天逸华府 · 桂园（东区）" and "天逸华府·桂园(东区)" are the same name.
    """
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).lower()


def chinese_number(text: str) -> str:
    """Return the Arabic digits of a number of Chinese digits: 十二 → 12, 一零三 → 103."""
    if not any(unit in text for unit in CHINESE_UNITS):
        return "".join(str(CHINESE_DIGITS[digit]) for digit in text)
    total, digit = 0, 0
    for letter in text:
        if letter in CHINESE_UNITS:
            total += max(digit, 1) * CHINESE_UNITS[letter]
            digit = 0
        else:
            digit = CHINESE_DIGITS[letter]
    return str(total + digit)


def number_key(text: str) -> str:
    """Return a building's number in one way of writing: 12栋, 十二幢, 012号楼, １２# → "12".

    Exact, not fuzzy. What follows the building (unit, room) is cut off: "12栋3单元502室" and
    "12-3-502" → "12".
    """
    plain = CHINESE_NUMBER.sub(lambda found: chinese_number(found.group()), plain_name(text))
    plain = BUILDING_PREFIX.sub("", plain)
    suffix = BUILDING_SUFFIX.search(plain)
    number = plain[: suffix.start()] if suffix and suffix.start() else plain.strip("#")
    short = BUILDING_UNIT_ROOM.fullmatch(number)
    number = short[1] if short else number
    return re.sub(r"(?<!\d)0+(?=\d)", "", number)


def building_part(text: str) -> str:
    """Return what names the building in a number, as written: 12栋3单元502室 → 12栋; else ""."""
    plain = plain_name(text)
    short, suffix = BUILDING_UNIT_ROOM.fullmatch(plain), BUILDING_SUFFIX.search(plain)
    if short:
        return short[1]
    if suffix and suffix.start():
        return plain[: suffix.end()]
    return "" if re.search("室|单元|门", plain) else plain


def place_keys(geometry: NDArray[np.object_]) -> list[str]:
    """Return "lon,lat" to about a metre of each geometry's centroid (n,), EPSG:4326."""
    centroids = shapely.centroid(geometry)
    xy = np.column_stack([shapely.get_x(centroids), shapely.get_y(centroids)])
    return [f"{x:.{KEY_DEGREES}f},{y:.{KEY_DEGREES}f}" for x, y in xy]


def joined_keys(*parts: Sequence[str]) -> list[str]:
    """Return the parts of each row joined by a tab, which `plain_name` never leaves in a name."""
    return ["\t".join(row) for row in zip(*parts, strict=True)]


def split_address(address: str) -> tuple[str, str] | None:
    """Return the compound and the building's number of an address; None where it has no such.

    天逸华府桂园12栋3单元502 → ("天逸华府桂园", "12栋"). What stands before the compound (city,
    road) is not split off.
    """
    plain = unicodedata.normalize("NFKC", address).strip()
    found = re.match(
        r"(?P<compound>.*?[^\d零〇一二三四五六七八九两十百A-Za-z第])"
        r"(?P<number>第?(?:[A-Za-z]?\d+(?:-\d+)?|[零〇一二三四五六七八九两十百]+|[A-Za-z])"
        r"\s*(?:号楼|栋|幢|座|#))",
        plain,
    )
    return (found["compound"].strip(" ,-"), found["number"]) if found else None
