"""Address to labelled spans, by rules: divisions, roads, numbers, names, buildings, remarks."""

import re
from collections.abc import Generator, Iterator, Mapping

from geo.geocode import lexicon as words
from geo.geocode.digits import number_of
from geo.geocode.normalise import normalise, plain_text
from geo.geocode.prefix import division_at
from geo.geocode.tokens import Label, Token

NO_WORDS: Mapping[str, str] = {}
_ITEMS = re.compile(
    "|".join(
        f"(?P<{kind}>{pattern})"
        for kind, pattern in (
            ("distance", words.DISTANCE),
            ("building", words.BUILDING),
            ("unit", words.UNIT),
            ("flat", words.FLAT),
            ("room", words.ROOM),
            ("floor", words.FLOOR),
            ("lane", words.LANE),
            ("group", words.GROUP),
            ("part", words.PHASE),
            ("road", words.ROAD),
            ("number", words.NUMBER),
            ("chain", words.CHAIN),
            ("bare", words.BARE),
        )
    )
)
_SEPARATORS = " ,-()"
_DIRECT = {
    "building": Label.BUILDING,
    "unit": Label.UNIT,
    "room": Label.ROOM,
    "floor": Label.FLOOR,
    "group": Label.GROUP,
    "distance": Label.RELATION,
}
_PIECE = re.compile("[A-Z]?[0-9]+[A-Z]?")
_RELATION = re.compile(rf"(?:的|在)?{words.any_of(words.RELATIONS)}")
_REMARK = re.compile(words.any_of(words.REMARKS))
_JOINT = re.compile("[与和跟及近]")
_INSIDE = re.compile(f"(?:{words.any_of(words.TYPE_ENDS)}|公司|[镇乡村区县](?=.{{2}})|街道|社区)")


def parse(text: str, vocabulary: Mapping[str, str] = NO_WORDS) -> list[Token]:
    """Return the parts of an address; offsets count the characters of `text` as it was given.

    Linear in the length of the text. Text that is too long for an address has no parts.
    """
    written = normalise(plain_text(text))
    tokens: list[Token] = []
    last = 0
    for token in parse_normal(written.text, vocabulary):
        start, end = written.original_span(token.start, token.end)
        start = max(start, last)  # ß is written SS: two parts may come from one character
        if start < end:
            tokens.append(Token(token.label, start, end, token.text))
            last = end
    return tokens


def parse_normal(
    text: str, vocabulary: Mapping[str, str] = NO_WORDS, *, after_name: bool = False
) -> list[Token]:
    """Return the parts of a text that is already normal (`geo.geocode.normalise`).

    With `after_name` the text goes on after the name of an estate: 12号 is a building there.
    """
    reader = _Reader(text, vocabulary)
    if after_name:
        reader.last = Label.NAME
    return list(reader.read())


class _Reader:
    """Reads one address from left to right; `last` is the label that it read before."""

    def __init__(self, text: str, vocabulary: Mapping[str, str]) -> None:
        self.text = text
        self.vocabulary = vocabulary
        self.last: Label | None = None
        self.houses = Label.BUILDING  # what the numbers after the name just read are

    def read(self) -> Iterator[Token]:
        """Yield the parts in order."""
        place = 0
        while place < len(self.text):
            place = yield from self._divisions(place)
            found = _ITEMS.search(self.text, place)
            if found is None:
                yield from self._free(place, len(self.text))
                return
            yield from self._free(place, found.start())
            if found.lastgroup == "road":
                found = _NOT_ROADS.search(self.text, found.start(), found.end() - 2) or found
            place = yield from self._item(found)

    def _token(self, label: Label, start: int, end: int) -> Token:
        if label is Label.NAME:
            self.houses = _houses(self.text[start:end])
        elif label is Label.PART:
            self.houses = Label.BUILDING  # only estates have parts
        if not (label is Label.RELATION and self.last in _ROADS):
            self.last = label
        return Token(label, start, end, self.text[start:end])

    def _divisions(self, place: int) -> Generator[Token, None, int]:
        before = None
        while place < len(self.text):
            if self.text[place] in _SEPARATORS:
                place += 1
                continue
            if self.text.startswith("中国", place) and place == 0:
                yield self._token(Label.COUNTRY, 0, 2)
                place = 2
                continue
            found = division_at(self.text, place, before, self.vocabulary)
            if found is None:
                break
            yield self._token(Label(found[1]), place, found[0])
            place, before = found
        return place

    def _free(self, start: int, end: int) -> Iterator[Token]:
        """Yield names, relations and remarks of a text without roads and numbers."""
        for piece in re.finditer(r"[^ ,\-()#]+", self.text[start:end]):
            place, stop = start + piece.start(), start + piece.end()
            while place < stop:
                place = yield from self._free_piece(place, stop)

    def _free_piece(self, place: int, stop: int) -> Generator[Token, None, int]:
        for label, pattern in ((Label.REMARK, _REMARK), (Label.RELATION, _RELATION)):
            found = pattern.match(self.text, place, stop)
            if found and (self.last is not None or found.end() == stop):
                yield self._token(label, *found.span())
                return found.end()
        if self.last is not Label.NAME and self.last is not Label.PART:
            before = str(self.last) if self.last else None
            found_division = division_at(self.text[:stop], place, before, self.vocabulary)
            if found_division:
                yield self._token(Label(found_division[1]), place, found_division[0])
                return found_division[0]
        if _JOINT.fullmatch(self.text, place, stop):
            yield self._token(Label.RELATION, place, stop)
            return stop
        cut = min(
            (m.start() for p in (_REMARK, _NEAR) if (m := p.search(self.text, place + 1, stop))),
            default=stop,
        )
        yield self._token(Label.NAME, place, cut)
        return cut

    def _item(self, found: re.Match[str]) -> Generator[Token, None, int]:
        kind, start, end = str(found.lastgroup), found.start(), found.end()
        if kind == "road":
            yield from self._road(start, end)
        elif kind == "chain" or (kind == "number" and "-" in found.group()):
            yield from self._chain(start, end)
        elif kind == "part":
            yield self._token(Label.PART, start, end)
        elif kind == "flat":
            cut = next(m.end() for m in re.finditer("[A-Z]", self.text[start:end])) + start
            yield self._token(Label.BUILDING, start, cut)
            yield self._token(Label.ROOM, cut, end)
        elif kind == "building" and self.last in _ROADS and found.group().endswith("#"):
            yield self._token(Label.ROAD_NUMBER, start, end)
        elif kind == "floor" and self._is_building_s_word(start, end):
            yield self._token(Label.BUILDING, start, end)
        elif kind in _DIRECT:
            yield self._token(_DIRECT[kind], start, end)
        else:
            yield self._token(self._number_label(kind, start, end), start, end)
        return end

    def _road(self, start: int, end: int) -> Iterator[Token]:
        joint = _JOINT.match(self.text, start)
        if joint and (self.last in _ROADS or self.text[start - 1 : start] == ","):
            yield self._token(Label.RELATION, start, start + 1)
            start += 1
        cut = start
        for inside in _INSIDE.finditer(self.text, start, end - 2):
            if inside.end() - start >= 2 and not _ONLY_WAY.fullmatch(self.text, inside.end(), end):
                cut = inside.end()
        if cut > start:
            yield from self._free(start, cut)
        yield self._token(Label.ROAD, cut, end)

    def _number_label(self, kind: str, start: int, end: int) -> Label:
        is_long = kind == "bare" and sum(map(str.isdigit, self.text[start:end])) >= 3
        if self.last in _NUMBERED or self.last is None or kind == "lane":
            return Label.ROAD_NUMBER
        if self.last is Label.ROAD_NUMBER:
            return Label.ROOM if is_long else Label.BUILDING
        if self.last in {Label.UNIT, Label.FLOOR, Label.ROOM}:
            return Label.ROOM
        if self.last is Label.BUILDING:
            return Label.UNIT if kind == "number" else self._bare_in_building(start, end)
        return Label.ROOM if is_long else self.houses

    def _is_building_s_word(self, start: int, end: int) -> bool:
        """Tell whether 416楼 is a building: of an estate, too high or with units to follow."""
        is_estate_s = self.last in _NAMED and self.houses is Label.BUILDING
        if not is_estate_s or self.text[end - 1] != "楼":
            return False
        number = number_of(self.text[start : end - 1])
        return (number or 0) >= _TOO_HIGH or _UNIT.match(self.text, end) is not None

    def _bare_in_building(self, start: int, end: int) -> Label:
        digits = sum(map(str.isdigit, self.text[start:end]))
        return Label.ROOM if digits >= 3 or end == len(self.text) else Label.UNIT

    def _chain(self, start: int, end: int) -> Iterator[Token]:
        """Yield the numbers of 8-3-1453: building, unit, room; after a road first its number."""
        pieces = list(_PIECE.finditer(self.text, start, end))
        labels = _CHAINS[min(len(pieces), 3)]
        is_road_s = self.last in _ROADS or (self.last in _NUMBERED and len(pieces) < 3)
        if is_road_s or (self.last is None and end < len(self.text)):
            yield self._token(Label.ROAD_NUMBER, start, end)
            return
        if self.last is Label.BUILDING:
            labels = (Label.UNIT, Label.ROOM)
        elif len(pieces) == 2 and len(pieces[1].group()) < 3:
            labels = (Label.BUILDING, Label.UNIT)
        for piece, label in zip(pieces, (*labels, *[Label.ROOM] * 9), strict=False):
            yield self._token(label, *piece.span())


_NOT_ROADS = re.compile(
    "|".join(
        f"(?P<{kind}>{pattern})"
        for kind, pattern in (
            ("building", words.BUILDING),
            ("unit", words.UNIT),
            ("floor", words.FLOOR),
            ("part", words.PHASE),
        )
    )
)
_UNIT = re.compile(words.UNIT)
_TOO_HIGH = 100  # storeys
_NAMED = frozenset({Label.NAME, Label.PART})
_ROADS = frozenset({Label.ROAD, Label.GROUP})
_NUMBERED = _ROADS | {Label.COMMUNITY, Label.STREET, Label.ZONE, Label.COUNTY, Label.CITY}
_ONLY_WAY = re.compile("[东西南北中前后]*(?:路|街|大道|大街|巷)")
_NEAR = re.compile("(?:斜?对面|交[叉汇界]|附近|旁边?|隔壁|[东西南北]侧|背后|路口|门口|院内)")
_CHAINS = {
    1: (Label.BUILDING,),
    2: (Label.BUILDING, Label.ROOM),
    3: (Label.BUILDING, Label.UNIT, Label.ROOM),
}
_STALLS = ("市场", "商城", "大厦", "大楼", "广场", "商贸城", "中心", "楼", "商厦")
_ESTATES = re.compile(rf"(?:{words.any_of(words.TYPE_ENDS)}|[{words.SHORT_ENDS}]|[东西南北]区)$")


def _houses(name: str) -> Label:
    """Return what 12号 is after a name: a stall, a building, or a number of a hamlet's lane."""
    if name.endswith(_STALLS):
        return Label.ROOM
    return Label.BUILDING if _ESTATES.search(name) else Label.ROAD_NUMBER
