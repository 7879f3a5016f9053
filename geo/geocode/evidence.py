"""How much each agreement between a text and a place speaks for it: weights in natural log odds.

After Fellegi and Sunter, A theory for record linkage, JASA 64 (1969): a field that agrees adds
log(m/u), one that differs adds log((1-m)/(1-u)); u, the chance of agreeing by accident, is counted
in the gazetteer itself, so a rare road speaks louder than a common one. The constants are set once
on seeded noise (bench/bench_geocode.py) and documented in docs/addresses.md.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from rapidfuzz.distance import OSA

from geo.geocode.address import Address, division_stem
from geo.geocode.names import Name
from geo.geocode.places import Place
from geo.geocode.sounds import sound
from geo.geocode.tokens import Label

SAME_NAME = 6.5
NO_SLIP = 5.0  # where the losses of slips are taken from
KIND_UNSAID = 4.0  # 蓝天 for 蓝天小区, 蓝天花园
KIND_VAGUE = 1.5  # 蓝天小区 for 蓝天花园
KIND_ADDED = 0.0  # 蓝天花园 for 蓝天小区
OTHER_KIND = -2.0  # 蓝天家园 for 蓝天花园: another estate
TYPO_LOSS, HOMOPHONE_LOSS = 10.5, 6.0  # divided by the characters of the name
_MOST_SLIPS = 4
_MORE_SLIPS = 0.7  # one slip happens; the second costs 1 + 2 × this, for it is more often no slip
OWNER_LEFT_OUT = 2.5  # 罗马世纪城 for 碧桂园罗马世纪城
OWNER_ADDED = 1.0  # 高速公园壹号 for 公园壹号: as likely another estate
CONTRADICTION = -9.0  # another phase, another direction, another number: never a slip of the pen
PART_UNSAID, PART_UNKNOWN, SAME_PART = -3.0, -2.2, 0.5
_MOST_FOR_DOOR, _MOST_FOR_ROAD, _MOST_FOR_DIVISION = 5.0, 3.5, 3.0
DOOR_IS_OWN, ROAD_IS_OWN = 3.0, 1.0  # of these weights, what does not speak for any other place
_OTHER_DOOR, _OTHER_ROAD = -1.0, -0.7
_OTHER_DIVISION = {Label.CITY: -3.0, Label.COUNTY: -2.5, Label.STREET: -1.2, Label.COMMUNITY: -0.8}
_SAID_DIVISIONS = (Label.COUNTY, Label.STREET, Label.COMMUNITY)
BUILDING_THERE, BUILDING_NOT_THERE = 1.5, -1.0


class Frequencies:
    """In how many places each road, door and division occurs."""

    def __init__(self, places: Sequence[Place]) -> None:
        self.n = max(len(places), 1)
        self.roads = Counter(road for place in places for road in place.roads)
        self.doors = Counter(door for place in places for door in place.doors)
        self.divisions = Counter(
            (label, stem)
            for place in places
            for label, stems in place.divisions.items()
            for stem in stems
        )

    def weight(self, count: int, most: float) -> float:
        """Return log(1/u), at most `most`; 0 for what all places have."""
        return min(max(log(self.n / max(count, 1)), 0.0), most)


def name_weight(said: Name, known: Name) -> float:
    """Return the log odds that a name as said means a known one."""
    if said.base == known.base:
        return part_weight(said, known) + _kind_weight(said, known)
    whole = CONTRADICTION
    if not _is_other_number(said.hard_key, known.hard_key):  # 龙蟠男苑 for 龙蟠南苑
        whole = _spelling_weight(said.key, known.key, said.heard_key, known.heard_key)
    if _is_other_number(said.hard, known.hard):
        return whole
    by_parts = _spelling_weight(said.base, known.base, said.heard_base, known.heard_base)
    if said.end != known.end:
        by_parts += _kind_weight(said, known) - SAME_NAME
    return max(whole, part_weight(said, known) + by_parts)


def typos(said: Name, known: Name) -> int:
    """Return how many characters are wrong and sound wrong; the kind of estate may be left off."""
    whole = OSA.distance(said.heard_key, known.heard_key, score_cutoff=_MOST_SLIPS)
    return min(whole, OSA.distance(said.heard_base, known.heard_base, score_cutoff=_MOST_SLIPS))


def _kind_weight(said: Name, known: Name) -> float:
    """Return what the kinds of estate say where the rest of the names is the same."""
    if said.end == known.end and said.estate == known.estate:
        return SAME_NAME
    if said.end != known.end and said.end and known.end:
        if sound(said.end) == sound(known.end):  # 名园 for 名苑
            return NO_SLIP - HOMOPHONE_LOSS / len(known.stem)
        return OTHER_KIND
    is_short = len(said.base) <= 2
    if said.end != known.end and said.estate:
        return KIND_VAGUE - is_short
    if said.end != known.end and known.estate:
        return KIND_ADDED - is_short
    return KIND_UNSAID - is_short - bool(said.estate and known.estate)  # 社区 for 小区


def _spelling_weight(said: str, known: str, said_heard: str, known_heard: str) -> float:
    n = (len(said) + len(known)) / 2
    longer, shorter = (said, known) if len(said) > len(known) else (known, said)
    least = CONTRADICTION
    if len(shorter) >= 3:
        if longer.endswith(shorter):
            least = OWNER_LEFT_OUT if shorter is said else OWNER_ADDED
        elif longer.startswith(shorter):
            least = 0.0
    if len(longer) - len(shorter) > _MOST_SLIPS:
        return least
    heard = OSA.distance(said_heard, known_heard, score_cutoff=_MOST_SLIPS)
    if heard > _MOST_SLIPS or heard * 2 > len(longer):
        return least
    wrong = OSA.distance(said, known)
    slips = heard + (wrong - heard) * HOMOPHONE_LOSS / TYPO_LOSS
    slips += _MORE_SLIPS * slips * max(slips - 1, 0)
    return max(NO_SLIP - slips * TYPO_LOSS / n, least)


def part_weight(said: Name, known: Name) -> float:
    """Return what phase (一期) and zone (东区) say; both unsaid says nothing."""
    weight = _one_part(said.phase, known.phase)
    mine, theirs = set(said.zones), set(known.zones)
    if mine == theirs:
        return weight + (SAME_PART if mine else 0.0)
    if mine < theirs:
        return weight + PART_UNSAID
    return weight + (PART_UNKNOWN if theirs < mine else CONTRADICTION)


def _one_part(said: str, known: str) -> float:
    if said == known:
        return SAME_PART if said else 0.0
    if not said:
        return PART_UNSAID
    return PART_UNKNOWN if not known else CONTRADICTION


def _is_other_number(said: tuple[str, ...], known: tuple[str, ...]) -> bool:
    """Tell whether one has a direction, number or letter that the other has differently."""
    return said != known and not (_is_within(said, known) or _is_within(known, said))


def _is_within(few: tuple[str, ...], many: tuple[str, ...]) -> bool:
    rest = iter(many)
    return all(sign in rest for sign in few)


@dataclass(frozen=True, slots=True)
class Context:
    """What divisions, roads and numbers say about a place among the gazetteer's places."""

    division: float
    road: float
    is_door: bool

    @property
    def weight(self) -> float:
        """Return the sum: it ranks the places."""
        return self.division + self.road

    @property
    def elsewhere(self) -> float:
        """Return the part that speaks as well for a place that the gazetteer lacks.

        Such a place lies in the same district as likely, and nearly so on the same road.
        """
        own = DOOR_IS_OWN if self.is_door else ROAD_IS_OWN
        return max(self.division, 0.0) + max(self.road - own, 0.0)


def context_of(said: Address, place: Place, frequencies: Frequencies) -> Context:
    """Return what divisions, roads and numbers say about a place."""
    road, is_door = _road_weight(said, place, frequencies)
    return Context(_division_weight(said, place, frequencies), road, is_door)


def _road_weight(said: Address, place: Place, frequencies: Frequencies) -> tuple[float, bool]:
    best, is_known, is_door = 0.0, False, False
    for road, number in said.roads:
        if not road or road not in frequencies.roads:
            continue
        is_known = True
        if number and (road, number) in place.doors:
            count = frequencies.doors[road, number]
            best = max(best, frequencies.weight(count, _MOST_FOR_DOOR))
            is_door = True
        elif road in place.roads:
            weight = frequencies.weight(frequencies.roads[road], _MOST_FOR_ROAD)
            is_other = number and any(known == road for known, _ in place.doors)
            best = max(best, weight + (_OTHER_DOOR if is_other else 0.0))
    return (_OTHER_ROAD if is_known and best == 0.0 and place.roads else best), is_door


def _division_weight(said: Address, place: Place, frequencies: Frequencies) -> float:
    weight = 0.0
    for label, other in _OTHER_DIVISION.items():
        stem = division_stem(said.divisions.get(label, ""))
        known = place.divisions.get(label)
        if not stem or not known:
            continue
        if stem in known:
            if label in _SAID_DIVISIONS:
                count = frequencies.divisions[label, stem]
                weight += frequencies.weight(count, _MOST_FOR_DIVISION)
        elif (label, stem) in frequencies.divisions:
            weight += other
    return weight


def building_weight(said: Address, place: Place) -> float:
    """Return what the asked building says where the place's buildings are known."""
    if not said.building or not place.buildings:
        return 0.0
    return BUILDING_THERE if said.building in place.buildings else BUILDING_NOT_THERE
