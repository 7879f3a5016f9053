"""An address as fields in one way of writing, and the key that all its variants share."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from geo.geocode.lexicon import is_elsewhere
from geo.geocode.names import name_of, written_in_one_way
from geo.geocode.normalise import plain_text
from geo.geocode.parse import NO_WORDS, parse_normal
from geo.geocode.tokens import DIVISIONS, Label, Token

_FIELDS = (*DIVISIONS, Label.ROAD, Label.ROAD_NUMBER, Label.NAME)
_FINE = (Label.BUILDING, Label.UNIT, Label.ROOM)
_KEY = re.compile("[^|\\s()]*(?:[|][^|\\s()]*){11}")
_UNIT_WORDS = re.compile(
    "号?(?:住宅楼|公寓楼|宿舍楼|楼|房间|房|室)$|[栋幢座撞]楼?$|#楼?$|单元?$|号?门$|号$|户$|层$"
)
_ATTACHED = re.compile("附|之|-+附?|,|至|号(?=.)")
_GENERIC_DIVISION = re.compile(
    "(?:街道办事处|街道办|街道|社区居委会|居委会|社区|[省市区县镇乡村])$"
)


@dataclass(slots=True)
class Address:
    """The fields of one address, each in its one way of writing; "" or empty where not said."""

    divisions: dict[Label, str] = field(default_factory=dict)
    roads: list[tuple[str, str]] = field(default_factory=list)  # road, number
    names: list[str] = field(default_factory=list)  # pieces before the building, in order
    building: str = ""
    unit: str = ""
    room: str = ""
    between: int = 0  # characters of names that stand between building, unit and room
    after: str = ""  # what is said after the building
    beside: str = ""  # 对面, 东100米: the place meant is near the one named last

    @property
    def name(self) -> str:
        """Return the pieces of the name as one."""
        return "".join(self.names)


def sign_of(text: str) -> str:
    """Return a number without its word: 3号楼, 3栋 and 3# are 3; 附 and 之 become a dash."""
    bare = _UNIT_WORDS.sub("", text)
    return _ATTACHED.sub("-", bare).strip("-") or text


def division_stem(text: str) -> str:
    """Return a division without the word of its level: 龙蟠街道 is 龙蟠."""
    stem = _GENERIC_DIVISION.sub("", text)
    return stem if len(stem) >= 2 else text


def address_of(tokens: Iterable[Token]) -> Address:
    """Gather the parts of an address; a division said twice counts as last said."""
    address = Address()
    is_fine = False
    for token in tokens:
        label, text = token.label, token.text
        if label is Label.RELATION:
            is_of_this = is_elsewhere(text) and not address.after  # 3栋(五中对面) is not
            address.beside += text if is_of_this else ""
        elif label is not Label.REMARK:
            address.beside = ""
        if label in DIVISIONS:
            if not is_fine:
                address.divisions[label] = text
        elif label is Label.ROAD:
            address.roads.append((text, ""))
        elif label is Label.ROAD_NUMBER:
            road = address.roads.pop()[0] if address.roads and not address.roads[-1][1] else ""
            address.roads.append((road, sign_of(text)))
        elif label in {Label.NAME, Label.PART, Label.GROUP}:
            if is_fine:
                address.after += text
            else:
                address.names.append(text)
        elif label in _FINE:
            is_fine = True
            address.between = len(address.after)
            _set_fine(address, label, sign_of(text))
    return address


def _set_fine(address: Address, label: Label, sign: str) -> None:
    if label is Label.BUILDING and not address.building:
        address.building = sign
    elif label is Label.UNIT and not address.unit:
        address.unit = sign
    elif label is Label.ROOM and not address.room:
        address.room = sign


def read_address(text: object, vocabulary: Mapping[str, str] = NO_WORDS) -> Address:
    """Read a text as an address; what is no text, or too long, is an empty one."""
    return address_of(parse_normal(written_in_one_way(plain_text(text)), vocabulary))


def canonical_key(text: object) -> str:
    """Return the key that all ways of writing one address share; "" where there is none.

    Twelve fields between bars, from the province to the room. A key given again is itself.
    """
    written = plain_text(text)
    return written if _KEY.fullmatch(written) else key_of(read_address(written))


def key_of(address: Address) -> str:
    """Return the key of an address that is already read."""
    road, number = address.roads[0] if address.roads else ("", "")
    name = name_of(address.name) if address.name else None
    parts = [address.divisions.get(label, "") for label in DIVISIONS]
    parts += [road, number, name.key if name else "", address.building, address.unit, address.room]
    return "|".join(parts) if any(parts) else ""
