"""The ways in which a text can be read as a name in an address, given the names that are known."""

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass, replace

from geo.geocode.address import Address, address_of
from geo.geocode.lexicon import ROAD
from geo.geocode.names import Name, name_of, written_in_one_way
from geo.geocode.normalise import plain_text
from geo.geocode.parse import parse_normal
from geo.geocode.prefix import is_known
from geo.geocode.tokens import DIVISIONS, Label, Token

_LONGEST_NAME = 20
_ROAD = re.compile(ROAD)
_FINE = frozenset({Label.BUILDING, Label.UNIT, Label.FLOOR, Label.ROOM})
_SAID_AFTER = _FINE | {Label.REMARK, Label.RELATION}


@dataclass(frozen=True, slots=True)
class Reading:
    """A name and the rest of the address; `left_over` counts characters that neither explains."""

    name: Name
    address: Address
    left_over: int = 0


@dataclass(frozen=True, slots=True)
class Readings:
    """The written text, its plain reading, and the readings with a name, the likeliest first."""

    text: str
    address: Address
    named: tuple[Reading, ...]


def read(
    value: object, vocabulary: Mapping[str, str], known: Container[str], longest: int
) -> Readings:
    """Read a text: by the rules, and with the longest known name in it held fast.

    `known` are names in their one way of writing, of at most `longest` characters.
    """
    text = written_in_one_way(plain_text(value))
    tokens = parse_normal(text, vocabulary)
    address = address_of(tokens)
    named: list[Reading] = []
    whole = name_of(address.name) if address.names else None
    found = _known_name(text, tokens, known, min(longest, _LONGEST_NAME))
    if found:
        if whole is not None and whole.key in known and len(whole.key) >= found[1] - found[0]:
            return Readings(text, address, (Reading(whole, address),))
        named.append(_around(text, *found, vocabulary))
        if named[0].left_over == 0:
            return Readings(text, address, tuple(named))
    if whole is not None:
        named.append(Reading(whole, address))
    named += _other_readings(text, tokens, address, vocabulary)
    return Readings(text, address, tuple(_distinct(named)))


def _distinct(readings: list[Reading]) -> list[Reading]:
    best: dict[str, Reading] = {}
    for reading in readings:
        kept = best.get(reading.name.key)
        if kept is None or reading.left_over < kept.left_over:
            best[reading.name.key] = reading
    return list(best.values())


def _known_name(
    text: str, tokens: list[Token], known: Container[str], longest: int
) -> tuple[int, int] | None:
    """Return the span of the longest known name in a text; the last one of several."""
    roads = [(t.start, t.end) for t in tokens if t.label is Label.ROAD]
    is_road_fine = _is_road_the_place(tokens)
    for length in range(min(longest, len(text)), 1, -1):
        for start in range(len(text) - length, -1, -1):
            end = start + length
            if text[start:end] not in known or _cuts_a_road(text, start, end, roads):
                continue
            if is_road_fine or not _ROAD.fullmatch(text, start, end):
                return start, end
    return None


def _is_road_the_place(tokens: list[Token]) -> bool:
    """Tell whether nothing but the building follows the last road: 长虹街3栋 for 长虹街小区."""
    labels = [token.label for token in tokens if token.label not in _SAID_AFTER]
    return not labels or (labels[-1] is Label.ROAD and Label.NAME not in labels)


def _cuts_a_road(text: str, start: int, end: int, roads: list[tuple[int, int]]) -> bool:
    """Tell whether a span takes a piece of a road, as 四牌楼 of 四牌楼街 does.

    A name that stands before a whole road, in the text one run, takes nothing from it.
    """
    for first, last in roads:
        if start < last and first < end:
            leaves_road = start <= first and end < last and _ROAD.fullmatch(text, end, last)
            is_part = end < last or start > first
            if is_part and not (leaves_road and last - end >= 3):
                return True
    return False


def _around(text: str, start: int, end: int, vocabulary: Mapping[str, str]) -> Reading:
    """Read what stands before and after a known name."""
    before = address_of(parse_normal(text[:start], vocabulary))
    after = address_of(parse_normal(text[end:], vocabulary, after_name=True))
    left_over = sum(map(len, before.names)) if before.names else 0
    name = name_of(text[start:end])
    parts = [piece for piece in after.names if name_of(name.key + piece).base == name.base]
    if parts:
        name = name_of(name.key + "".join(parts))
    left_over += sum(len(piece) for piece in after.names if piece not in parts) + after.between
    roads = before.roads + after.roads
    beside = "" if after.names else after.beside  # 桂园(五中对面) is not beside 桂园
    address = replace(
        after, beside=beside, divisions=before.divisions, roads=roads, names=[text[start:end]]
    )
    return Reading(name, address, left_over)


def _other_readings(
    text: str, tokens: list[Token], address: Address, vocabulary: Mapping[str, str]
) -> list[Reading]:
    """Return the pieces of the name one by one, and the whole text between divisions and building.

    Numbers and roads may be part of a name (建设路9号小区), and what looks like a division may be
    one too: a community that is the estate, 呈市花园 for 城市花园.
    """
    found: list[Reading] = []
    if len(address.names) > 1:
        rest = len(address.name)
        found += [
            Reading(name_of(piece), address, rest - len(piece))
            for piece in reversed(address.names)
            if len(piece) > 1
        ]
    known = [t for t in tokens if t.label in DIVISIONS and is_known(t.text, vocabulary)]
    unknown = [t for t in tokens if t.label in DIVISIONS and not is_known(t.text, vocabulary)]
    starts = {max((token.end for token in d), default=0) for d in (known + unknown, known)}
    starts |= {token.start for token in tokens if token.label is Label.ROAD and address.names}
    for start in sorted(starts, reverse=True):
        middle = _middle(text, tokens, start)
        if len(middle) > 1 and middle != address.name and (address.names or unknown):
            found.append(Reading(name_of(middle), address))
    if address.building and address.roads and _is_road_the_place(tokens):
        found.append(Reading(name_of(address.roads[-1][0]), address))
    if not address.names and unknown:
        found.append(Reading(name_of(unknown[-1].text), address))
    return found


def _middle(text: str, tokens: list[Token], start: int) -> str:
    """Return what stands between a place in the text and the building."""
    ends = (t.start for t in tokens if t.label in _SAID_AFTER and t.start >= start)
    end = min(ends, default=len(text))
    return text[start:end].strip(" ,-()")
