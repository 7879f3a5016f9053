"""Addresses of rows matched against the database: decisions first, then the gazetteer.

All of it on this machine. What is not sure is a question for the review queue, never a guess.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from data.geocoding.aliases import PlaceRef, address_key, load_aliases
from data.geocoding.gazetteer import gazetteer_frame, load_gazetteer
from data.geocoding.outcomes import MOST_CANDIDATES, Outcome, PlaceOption
from data.keys import number_key, plain_name
from data.models import ReviewReason
from data.viewer import Viewer
from geo.geocode import Candidate, Match, MatchLevel

HOMES = ("buildings", "compounds")  # where somebody can live
PLACES = ("buildings", "compounds", "gates", "stations")
_LEVELS = {"buildings": MatchLevel.BUILDING, "stations": MatchLevel.BUILDING}
UNMATCHED = ReviewReason.UNMATCHED
_FINEST = MatchLevel.BUILDING  # rows hold no units and rooms


class KnownPlaces:
    """The places of the database by id and by text, and the buildings of each compound."""

    def __init__(self, connection: sa.Connection) -> None:
        frame = gazetteer_frame(connection).drop_duplicates("id")
        records: list[dict[Any, Any]] = frame.to_dict("records")
        self.by_id = {str(row["id"]): row for row in records}
        self.by_text: dict[str, list[str]] = defaultdict(list)
        self.buildings: dict[str, list[str]] = defaultdict(list)
        for i, row in self.by_id.items():
            for text in {row["name"], row["address"]} - {""}:
                self.by_text[text].append(i)
            if row["kind"] == "building":
                # A compound that is known by the name in its buildings alone is that name.
                self.buildings[row["inside"] or row["compound"]].append(i)


class Matcher:
    """Matches texts against one database; reads it when it is first asked."""

    def __init__(self, connection: sa.Connection, kinds: Collection[str] = PLACES) -> None:
        self.connection = connection
        self.kinds = frozenset(kinds)

    @cached_property
    def known(self) -> KnownPlaces:
        """The places of the database."""
        return KnownPlaces(self.connection)

    def __call__(self, texts: Sequence[str]) -> list[Outcome]:
        """Return what each text means, in order."""
        if not any(texts):
            return [Outcome("") for _ in texts]
        decided = load_aliases(self.connection)
        gazetteer = load_gazetteer(self.connection, Viewer.everything())
        matches = gazetteer.match_many(texts)
        made: dict[str, Outcome] = {}
        for text, match in zip(texts, matches, strict=True):
            if text not in made:
                # A key is read anew from the text: only where one is compared or kept.
                key = address_key(text) if decided else ""
                outcome = self._outcome(key, match, decided.get(key))
                if outcome.reason is not None and not key:
                    outcome = replace(outcome, key=address_key(text))
                made[text] = outcome
        return [made[text] for text in texts]

    def _outcome(self, key: str, match: Match, decided: PlaceRef | None) -> Outcome:
        if decided is not None and decided.kind in self.kinds and str(decided) in self.known.by_id:
            option = self.option(decided, 1.0)
            return Outcome(key, option.level, 1.0, option)
        options = self._options(match)
        level, sure = min(match.level, _FINEST), min(max(match.confidence, 0.0), 1.0)
        named = PlaceRef.read(match.id) if match.is_claimed else None
        place = None if named is None else self._living_place(named)
        if place is not None:
            return self._claimed(key, match, place, options)
        if match.is_ambiguous or len(options) > 1:
            reason = ReviewReason.AMBIGUOUS
        else:
            reason = ReviewReason.LOW
        return Outcome(key, level, sure, None, reason if options else UNMATCHED, options)

    def _claimed(
        self, key: str, match: Match, place: PlaceRef, options: tuple[PlaceOption, ...]
    ) -> Outcome:
        """Return the outcome of a match that is sure of a place, maybe a coarser than asked."""
        option = self.option(place, min(match.confidence, 1.0))
        twins = self._twins(option)
        if len(twins) > 1:
            return self._which_of(key, option, twins)
        if min(match.asked, _FINEST) <= option.level:
            return Outcome(key, option.level, option.confidence, option)
        inside = self.buildings_like(place, match.missing) if place.kind == "compounds" else ()
        kept = tuple(o for o in (*options, *inside) if o.place != place)[: MOST_CANDIDATES - 1]
        coarse = (key, option.level, option.confidence, option, ReviewReason.COARSE)
        return Outcome(*coarse, (option, *kept))

    def _twins(self, option: PlaceOption) -> list[PlaceOption]:
        """Return the buildings of one compound that bear one number, however it is written."""
        if option.place.kind != "buildings":
            return []
        row = self.known.by_id[str(option.place)]
        inside = self.known.buildings.get(row["inside"] or row["compound"], [])
        number = number_key(row["building"]) if row["compound"] else ""
        if not number:
            return []
        same = [i for i in inside if number_key(self.known.by_id[i]["building"]) == number]
        refs = map(PlaceRef.read, same[:MOST_CANDIDATES])
        return [self.option(ref, option.confidence / len(same)) for ref in refs if ref is not None]

    def _which_of(self, key: str, option: PlaceOption, twins: list[PlaceOption]) -> Outcome:
        """Return the question which of several buildings is meant; their compound is certain."""
        compound = PlaceRef.read(self.known.by_id[str(option.place)]["inside"])
        found = None if compound is None else self.option(compound, option.confidence)
        level = MatchLevel.NONE if found is None else found.level
        sure = option.confidence
        return Outcome(key, level, sure, found, ReviewReason.AMBIGUOUS, tuple(twins))

    def _living_place(self, place: PlaceRef) -> PlaceRef | None:
        """Return the place, or the compound of a gate where only homes are asked for."""
        if place.kind in self.kinds:
            return place if str(place) in self.known.by_id else None
        if place.kind != "gates" or "compounds" not in self.kinds:
            return None
        return PlaceRef.read(self.known.by_id.get(str(place), {}).get("inside", ""))

    def _options(self, match: Match) -> tuple[PlaceOption, ...]:
        found: dict[PlaceRef, PlaceOption] = {}
        candidates: tuple[Match | Candidate, ...] = (match, *match.alternatives)
        for candidate in candidates:
            for place in self._places_of(candidate):
                known = self._living_place(place)
                if known is not None and known not in found:
                    found[known] = self.option(known, min(max(candidate.confidence, 0.0), 1.0))
        return tuple(found.values())[:MOST_CANDIDATES]

    def _places_of(self, candidate: Match | Candidate) -> list[PlaceRef]:
        """Return the rows that a candidate stands for: its own, or those of one name there."""
        place = PlaceRef.read(candidate.id)
        if place is not None:
            return [place]
        if candidate.level is not MatchLevel.COMPOUND:
            return []
        same = self.known.by_text.get(candidate.address, [])
        return [ref for ref in map(PlaceRef.read, same) if ref is not None]

    def option(self, place: PlaceRef, confidence: float) -> PlaceOption:
        """Return a known place as one that a text may mean."""
        row = self.known.by_id[str(place)]
        named = f"{row['compound']}{row['name']}{row['building']}"
        level = _LEVELS.get(place.kind, MatchLevel.COMPOUND)
        shown = named if row["address"] in {"", named} else f"{named}（{row['address']}）"
        shown = shown or row["address"]
        where = (float(row["lon"]), float(row["lat"]))
        inside = str(place) if place.kind == "compounds" else row["inside"]
        return PlaceOption(place, shown, *where, level, confidence, inside)

    def holding(self, text: str) -> list[PlaceOption]:
        """Return the places whose name or address holds a text, the shortest first."""
        wanted = plain_name(text)
        held = []
        for i in self.known.by_id if wanted else ():
            ref = PlaceRef.read(i)
            if ref is not None and ref.kind in self.kinds:
                option = self.option(ref, 0.0)
                if wanted in plain_name(option.address):
                    held.append(option)
        return sorted(held, key=lambda option: (len(option.address), str(option.place)))

    def buildings_like(self, compound: PlaceRef, number: str) -> tuple[PlaceOption, ...]:
        """Return the buildings of a compound whose numbers are nearest to one that it lacks."""
        wanted, digits = number_key(number), _digits(number)
        ranked = []
        for i in self.known.buildings.get(str(compound), []):
            known = self.known.by_id[i]["building"]
            is_unlike = not wanted or wanted not in number_key(known)
            ranked.append((is_unlike, abs(_digits(known) - digits), known, i))
        ranked.sort()
        refs = [PlaceRef.read(i) for *_, i in ranked[: MOST_CANDIDATES - 1]]
        return tuple(self.option(ref, 0.0) for ref in refs if ref is not None)


def _digits(text: str) -> int:
    found = re.search(r"\d+", number_key(text))
    return int(found.group()[:9]) if found else 0
