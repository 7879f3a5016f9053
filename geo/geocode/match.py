"""From the readings of a text to the place that it means, with how sure that is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp

from geo.geocode.address import Address
from geo.geocode.evidence import Context, building_weight, context_of, name_weight, typos
from geo.geocode.levels import CLAIM_CONFIDENCE, NO_MATCH, Candidate, Match, MatchLevel
from geo.geocode.names import Name
from geo.geocode.places import SAME_PLACE_M, Place, Row, distance_m
from geo.geocode.readings import Reading, Readings
from geo.geocode.tables import Tables

MOST_SURE = 0.99  # what is not word for word the gazetteer's is never surer
MOST_ALTERNATIVES = 5
_LEFT_OVER_LOSS = 2.0  # a character that neither the name nor the rest of the address explains
_DOOR_CONFIDENCE, _ROAD_CONFIDENCE, _COMMUNITY_CONFIDENCE = 0.88, 0.9, 0.9
_LEAST_SHOWN = 0.02
_COMPARED, _SLIP_MORE_LOSS = 12, 1.5
_TOO_WEAK = 6.0  # log odds behind the first place: what is so far behind has lost already
_LEAST_WEIGHT = -4.0  # of a name: no context makes up for less


def exact_match(hits: Sequence[tuple[Place, Row]]) -> Match | None:
    """Return the match of a text that is word for word that of some rows; None if they differ.

    A building that its place has twice, in two spots, is not certain however it is written.
    """
    place, row = hits[0]
    fine = (row.address.building, row.address.unit, row.address.room)
    twins = [
        other
        for other in place.buildings.get(row.address.building, ())
        if (other.address.building, other.address.unit, other.address.room) == fine
    ]
    rows = [*(found for _, found in hits), *twins]
    if len({found.number for found, _ in hits}) > 1 or not _is_one_spot(rows):
        return None
    return Match(row.lon, row.lat, row.level, 1.0, row.text, id=row.id, asked=row.level)


@dataclass(frozen=True, slots=True)
class Weighed:
    """A place with its log odds and the reading that led to it."""

    weight: float
    context: Context
    place: Place
    reading: Reading


def decide(readings: Readings, near: Mapping[str, Sequence[int]], tables: Tables) -> Match:
    """Return the match of a text; `near` are the stems (of `tables`) most like its readings'."""
    weighed = _weigh(readings, near, tables)
    if weighed:
        elsewhere = exp(weighed[0].context.elsewhere)
        odds = _odds(weighed)
        total = elsewhere + sum(odds)
        shares = [odd / total for odd in odds]
        if shares[0] >= CLAIM_CONFIDENCE:
            return _claim(weighed, shares)
    else:
        shares = []
    alternatives = tuple(
        candidate_of(w.place, w.reading.address, share)
        for w, share in zip(weighed[:MOST_ALTERNATIVES], shares, strict=False)
        if share >= _LEAST_SHOWN
    )
    return _coarser(readings.address, alternatives, tables)


def _odds(weighed: list[Weighed]) -> list[float]:
    """Return the odds of each place; those that need more slips than the first one lose by each.

    A slip is rare, and a homophone that exists explains what was written far better.
    """
    odds: list[float] = []
    fewest = 0
    for k, one in enumerate(weighed):
        loss = 0.0
        if k < _COMPARED and one.weight > weighed[0].weight - _TOO_WEAK:
            slips = min((typos(one.reading.name, name) for name in one.place.names), default=0)
            fewest = slips if k == 0 else fewest
            loss = _SLIP_MORE_LOSS * max(slips - fewest, 0)
        odds.append(exp(min(one.weight, 30.0) - loss))
    return odds


def _weigh(readings: Readings, near: Mapping[str, Sequence[int]], tables: Tables) -> list[Weighed]:
    """Return the places that the readings may mean, the likeliest first."""
    best: dict[int, Weighed] = {}
    for reading in readings.named:
        names = tables.names_called(reading.name)
        for stem in near.get(reading.name.stem, ()):
            names |= tables.names_of_stem[stem]
        for name, numbers in names.items():
            weight = name_weight(reading.name, name) - _LEFT_OVER_LOSS * reading.left_over
            if weight > _LEAST_WEIGHT:
                for number in numbers:
                    _keep(best, weight, tables.places[number], reading, tables)
    for number in tables.places_at_doors(readings.address):
        if not readings.address.names:
            reading = Reading(_NAMELESS, readings.address)
            _keep(best, 0.0, tables.places[number], reading, tables)
    return sorted(best.values(), key=lambda w: (-w.weight, w.place.number))


def _keep(
    best: dict[int, Weighed], weight: float, place: Place, reading: Reading, tables: Tables
) -> None:
    context = context_of(reading.address, place, tables.frequencies)
    weight += context.weight + building_weight(reading.address, place)
    kept = best.get(place.number)
    if kept is None or weight > kept.weight:
        best[place.number] = Weighed(weight, context, place, reading)


_NAMELESS = Name("", "", "", "", (), ())


def _claim(weighed: list[Weighed], shares: list[float]) -> Match:
    chosen, share = weighed[0], shares[0]
    confidence = min(share, MOST_SURE)
    rest = tuple(
        candidate_of(w.place, w.reading.address, s)
        for w, s in zip(weighed[1:MOST_ALTERNATIVES], shares[1:], strict=False)
        if s >= _LEAST_SHOWN
    )
    return within_place(chosen.place, chosen.reading, confidence, rest)


def within_place(
    place: Place, reading: Reading, confidence: float, alternatives: tuple[Candidate, ...] = ()
) -> Match:
    """Return the match of an address within its place: room, unit or building, if it is known."""
    address = reading.address
    by_door = reading.name is _NAMELESS
    level = min(place.level, MatchLevel.ROAD_NUMBER) if by_door else place.level
    asked = asked_level(address)
    whole = Match(
        *(place.lon, place.lat, level, confidence, place.text, alternatives, place.id),
        asked=asked,
    )
    own = next((r for r in place.rows if r.name and r.name.key == reading.name.key), None)
    if own is not None and not own.address.building and len(place.rows) > 1:
        whole = replace(whole, lon=own.lon, lat=own.lat, address=own.text, id=own.id)
    if address.beside and len(address.names) < 2:
        missing = _said(address) + address.beside
        return replace(whole, level=min(level, MatchLevel.ROAD), missing=missing)
    rows = _rows_of_building(place, address) if address.building else []
    if not rows:
        return replace(whole, missing=_said(address)) if asked > level else whole
    if not _is_one_spot(rows):
        doubts = tuple(_row_candidate(row, confidence / len(rows)) for row in rows)
        return Match(
            *(place.lon, place.lat, level, confidence, place.text),
            (doubts + alternatives)[:MOST_ALTERNATIVES],
            place.id,
            is_ambiguous=True,
            missing=_said(address),
            asked=asked,
        )
    row, reached = _finest(rows, address)
    missing = _said(address, beyond=reached) if asked > reached else ""
    return Match(
        *(row.lon, row.lat, reached, confidence, row.text, alternatives, row.id),
        missing=missing,
        asked=asked,
    )


def _rows_of_building(place: Place, address: Address) -> list[Row]:
    rows = place.buildings.get(address.building, [])
    zoned = [row for row in rows if row.zone and row.zone in address.name]
    return zoned or rows


def _is_one_spot(rows: list[Row]) -> bool:
    first = rows[0]
    return all(distance_m(first.lon, first.lat, row.lon, row.lat) < 30.0 for row in rows[1:])


def _finest(rows: list[Row], address: Address) -> tuple[Row, MatchLevel]:
    """Return the row that agrees furthest, and how far: room, unit or building."""
    for row in rows:
        same_unit = not address.unit or not row.address.unit or row.address.unit == address.unit
        if address.room and row.address.room == address.room and same_unit:
            return row, MatchLevel.ROOM
    for row in rows:
        if address.unit and row.address.unit == address.unit:
            return row, MatchLevel.UNIT
    plain = [row for row in rows if not row.address.unit and not row.address.room]
    return (plain or rows)[0], MatchLevel.BUILDING


def asked_level(address: Address) -> MatchLevel:
    """Return the level that an address asks for."""
    if address.room:
        return MatchLevel.ROOM
    if address.unit:
        return MatchLevel.UNIT
    if address.building:
        return MatchLevel.BUILDING
    if address.names:
        return MatchLevel.COMPOUND
    if address.roads:
        has_number = any(number for _, number in address.roads)
        return MatchLevel.ROAD_NUMBER if has_number else MatchLevel.ROAD
    return MatchLevel.COMMUNITY if address.divisions else MatchLevel.NONE


def _said(address: Address, beyond: MatchLevel = MatchLevel.COMPOUND) -> str:
    """Return what an address says beyond a level, as one would write it."""
    parts = (
        (MatchLevel.BUILDING, address.building, "栋"),
        (MatchLevel.UNIT, address.unit, "单元"),
        (MatchLevel.ROOM, address.room, "室"),
    )
    return "".join(f"{sign}{word}" for level, sign, word in parts if sign and level > beyond)


def candidate_of(place: Place, address: Address, share: float) -> Candidate:
    """Return a place, or its building that was asked for, as one that the text may mean."""
    rows = _rows_of_building(place, address) if address.building else []
    if rows:
        row, level = _finest(rows, address)
        return Candidate(row.lon, row.lat, level, share, row.text, row.id)
    return Candidate(place.lon, place.lat, place.level, share, place.text, place.id)


def _row_candidate(row: Row, share: float) -> Candidate:
    return Candidate(row.lon, row.lat, row.level, share, row.text, row.id)


def _coarser(address: Address, alternatives: tuple[Candidate, ...], tables: Tables) -> Match:
    """Return what is sure of an address whose place is not: its door, its road, its community."""
    asked = asked_level(address)
    missing = "".join(address.names) + _said(address)
    best = alternatives[0].confidence if alternatives else 0.0
    is_question = len(alternatives) > 1
    doors = [tables.places[number] for number in tables.places_at_doors(address)]
    if doors and not is_question and _are_together(doors):
        place = doors[0]
        return Match(
            *(place.lon, place.lat, MatchLevel.ROAD_NUMBER, _DOOR_CONFIDENCE, place.text),
            alternatives,
            place.id,
            missing=missing,
            asked=asked,
        )
    crossing = None if address.names else tables.crossing_of(address)
    if crossing:
        return Match(
            *(*crossing[:2], MatchLevel.ROAD, _ROAD_CONFIDENCE, crossing[2], alternatives),
            asked=asked,
        )
    for level, places, confidence in (
        (MatchLevel.ROAD, tables.places_on_roads(address), _ROAD_CONFIDENCE),
        (MatchLevel.COMMUNITY, tables.places_in_community(address), _COMMUNITY_CONFIDENCE),
    ):
        if places:
            lon, lat, text = tables.middle_of(places, address, level)
            return Match(
                *(lon, lat, level, min(confidence, best) if is_question else confidence, text),
                alternatives,
                is_ambiguous=is_question,
                missing=missing,
                asked=asked,
            )
    if asked is MatchLevel.NONE:
        return NO_MATCH
    return Match(
        confidence=best,
        alternatives=alternatives,
        is_ambiguous=is_question,
        missing=missing,
        asked=asked,
    )


def _are_together(places: list[Place]) -> bool:
    first = places[0]
    return all(
        distance_m(first.lon, first.lat, place.lon, place.lat) < SAME_PLACE_M for place in places
    )
