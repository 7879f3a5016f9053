"""What the address of a row came to: a place that is claimed, or a question with its candidates."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from data.geocoding.aliases import PlaceRef
from data.models import ReviewReason
from geo.geocode import MatchLevel

MOST_CANDIDATES = 9  # one digit of the keyboard each


@dataclass(frozen=True)
class PlaceOption:
    """A place that an address may mean. Degrees, WGS84."""

    place: PlaceRef
    address: str
    lon: float
    lat: float
    level: MatchLevel
    confidence: float
    inside: str = ""  # the compound that it is in, or is; "" where that is not known

    def as_dict(self) -> dict[str, Any]:
        """Return a value for JSON, as the table of review items keeps it."""
        return {
            "kind": self.place.kind,
            "id": self.place.id,
            "address": self.address,
            "lon": self.lon,
            "lat": self.lat,
            "level": self.level.value,
            "confidence": round(self.confidence, 4),
        }


@dataclass(frozen=True)
class Outcome:
    """`found`: what is claimed. `reason`: what is left to ask, also where a coarser place is found.

    `level` and `confidence` are the match's own.
    """

    key: str
    level: MatchLevel = MatchLevel.NONE
    confidence: float = 0.0
    found: PlaceOption | None = None
    reason: ReviewReason | None = None
    options: tuple[PlaceOption, ...] = ()

    def as_question(self, reason: ReviewReason) -> "Outcome":
        """Return the same with nothing claimed; what was found becomes the first option."""
        first = () if self.found is None else (self.found,)
        others = tuple(o for o in self.options if o.place != (first[0].place if first else None))
        return replace(self, found=None, reason=reason, options=(first + others)[:MOST_CANDIDATES])


@dataclass(frozen=True)
class Review:
    """What goes into the review queue for a row: its address as it may be shown; the outcome."""

    text: str
    is_of_person: bool
    outcome: Outcome


Match = Callable[[Sequence[str]], list[Outcome]]
