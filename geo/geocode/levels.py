"""How exact a match is, and the match itself."""

import enum
import math
from dataclasses import dataclass

from geo.text import Text

CLAIM_CONFIDENCE = 0.8  # from here on a match is an answer; below it is a question
NO_DEGREES = math.nan


class MatchLevel(enum.StrEnum):
    """How exact a position is; a finer level is greater: `MatchLevel.ROOM > MatchLevel.ROAD`."""

    NONE = "none"
    COMMUNITY = "community"
    ROAD = "road"
    ROAD_NUMBER = "road_number"
    COMPOUND = "compound"
    BUILDING = "building"
    UNIT = "unit"
    ROOM = "room"

    @property
    def rank(self) -> int:
        """Return 0 for `none` up to 7 for `room`."""
        return _RANKS[self.value]

    def __lt__(self, other: object) -> bool:
        """Order by exactness, not by the alphabet."""
        return self.rank < other.rank if isinstance(other, MatchLevel) else NotImplemented

    def __le__(self, other: object) -> bool:
        """Order by exactness, not by the alphabet."""
        return self.rank <= other.rank if isinstance(other, MatchLevel) else NotImplemented

    def __gt__(self, other: object) -> bool:
        """Order by exactness, not by the alphabet."""
        return self.rank > other.rank if isinstance(other, MatchLevel) else NotImplemented

    def __ge__(self, other: object) -> bool:
        """Order by exactness, not by the alphabet."""
        return self.rank >= other.rank if isinstance(other, MatchLevel) else NotImplemented


_RANKS = {level.value: rank for rank, level in enumerate(MatchLevel)}
LEVEL_NAMES = {
    MatchLevel.ROOM: Text("门牌到室", "room"),
    MatchLevel.UNIT: Text("单元", "unit"),
    MatchLevel.BUILDING: Text("楼栋", "building"),
    MatchLevel.COMPOUND: Text("小区", "compound"),
    MatchLevel.ROAD_NUMBER: Text("路牌号", "road number"),
    MatchLevel.ROAD: Text("道路", "road"),
    MatchLevel.COMMUNITY: Text("社区", "community"),
    MatchLevel.NONE: Text("未匹配", "no match"),
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place that a text may mean. Degrees as in the gazetteer."""

    lon: float
    lat: float
    level: MatchLevel
    confidence: float
    address: str
    id: object = None


@dataclass(frozen=True, slots=True)
class Match:
    """What a text means. `level` is what truly matched and `missing` what was asked beyond it.

    `confidence` is the probability that `level` is right (1.0: word for word the gazetteer's). A
    question (`is_ambiguous`) has no finer level than all of its `alternatives` share, and NaN
    degrees where they share no place; its confidence is that of its best alternative.
    """

    lon: float = NO_DEGREES
    lat: float = NO_DEGREES
    level: MatchLevel = MatchLevel.NONE
    confidence: float = 0.0
    address: str = ""
    alternatives: tuple[Candidate, ...] = ()
    id: object = None
    is_ambiguous: bool = False
    missing: str = ""
    asked: MatchLevel = MatchLevel.NONE

    @property
    def is_claimed(self) -> bool:
        """Tell whether this is an answer: some level, not ambiguous, confident enough."""
        return (
            self.level is not MatchLevel.NONE
            and not self.is_ambiguous
            and self.confidence >= CLAIM_CONFIDENCE
        )


NO_MATCH = Match()
