"""What a part of an address is: the labels of the parser, and a part with its place in the text."""

import enum
from dataclasses import dataclass


class Label(enum.StrEnum):
    """The kind of a part, coarse to fine; relations and remarks last."""

    COUNTRY = "country"
    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    ZONE = "zone"
    STREET = "street"
    COMMUNITY = "community"
    ROAD = "road"
    GROUP = "group"
    ROAD_NUMBER = "road_number"
    NAME = "name"
    PART = "part"
    BUILDING = "building"
    UNIT = "unit"
    FLOOR = "floor"
    ROOM = "room"
    RELATION = "relation"
    REMARK = "remark"


DIVISIONS = (Label.PROVINCE, Label.CITY, Label.COUNTY, Label.ZONE, Label.STREET, Label.COMMUNITY)


@dataclass(frozen=True, slots=True)
class Token:
    """One part: `text` as written in its one way, `start` and `end` in that same text."""

    label: Label
    start: int
    end: int
    text: str
