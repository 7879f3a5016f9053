"""The gazetteer: known addresses with their positions, and what a text means among them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from geo.geocode.address import Address, key_of
from geo.geocode.levels import NO_MATCH, Match
from geo.geocode.match import decide, exact_match
from geo.geocode.names import written_in_one_way
from geo.geocode.normalise import plain_text
from geo.geocode.places import Place, Row, gather_places
from geo.geocode.readings import Readings, read
from geo.geocode.rows import LeftOut, read_rows, vocabulary_of
from geo.geocode.tables import Tables

_BATCH = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Gazetteer:
    """Known addresses. Read-only: share one between sessions; matching changes nothing."""

    tables: Tables = field(repr=False)
    vocabulary: dict[str, str] = field(repr=False)
    exact: dict[str, list[tuple[Place, Row]]] = field(repr=False)
    left_out: tuple[LeftOut, ...]

    @classmethod
    def from_frame(cls, addresses: pd.DataFrame) -> "Gazetteer":
        """Make a gazetteer of a frame, one known place a row.

        Parameters
        ----------
        addresses
            `address` (text), `lon`, `lat` (degrees, whatever the datum: it comes back unchanged).
            Optional: `name` (of the place itself), `compound` (the estate that it belongs to),
            `building`, `unit`, `room`, `road`, `number`, `aliases` (a list, or a text with 、
            between), `city`, `district`, `street`, `community`, `kind` (compound, building, gate,
            station, road_number, road, community) and `id` (else the index). What a column says
            goes before what the text of the address says.

        Rows of one name within 300 m are one place. Rows without a usable position, and rows with
        neither address nor name, are in `left_out` with the reason.

        Raises
        ------
        GeocodeError
            A column is missing, or a kind is unknown.
        """
        vocabulary = vocabulary_of(addresses)
        rows, left_out = read_rows(addresses, vocabulary)
        places = gather_places(rows)
        exact: dict[str, list[tuple[Place, Row]]] = defaultdict(list)
        for place in places:
            for row in place.rows:
                for key in _keys(row):
                    exact[key].append((place, row))
        return cls(Tables(places), vocabulary, dict(exact), tuple(left_out))

    def match(self, text: object) -> Match:
        """Return what a text means; anything but a text of at most 256 characters means nothing."""
        return self.match_many([text])[0]

    def match_many(self, texts: Sequence[object]) -> list[Match]:
        """Return what each text means, in order; the same text gives the same answer.

        Names that are not known as written are looked up together, which is far faster than one
        by one.
        """
        distinct = list(dict.fromkeys(plain_text(text) for text in texts))
        found: dict[str, Match] = {"": NO_MATCH}
        for first in range(0, len(distinct), _BATCH):
            self._match_batch(distinct[first : first + _BATCH], found)
        return [found[plain_text(text)] for text in texts]

    def _match_batch(self, texts: Sequence[str], found: dict[str, Match]) -> None:
        unsure: list[tuple[str, Readings]] = []
        for text in texts:
            if text in found:
                continue
            known = self._word_for_word(written_in_one_way(text))
            if known is None:
                readings = self._read(text)
                known = self._word_for_word(key_of(readings.address))
                if known is None:
                    unsure.append((text, readings))
                    continue
            found[text] = known
        stems = dict.fromkeys(
            reading.name.stem
            for _, readings in unsure
            if self._needs_likeness(readings)
            for reading in readings.named
        )
        near = dict(zip(stems, self.tables.index.nearest(list(stems)), strict=True))
        for text, readings in unsure:
            found[text] = decide(readings, near, self.tables)

    def _needs_likeness(self, readings: Readings) -> bool:
        """Tell whether no reading has a known name: only then are like names of use."""
        by_key = self.tables.by_key
        return not any(r.name.key in by_key and r.left_over == 0 for r in readings.named)

    def _read(self, text: str) -> Readings:
        readings = read(text, self.vocabulary, self.tables.by_key, self.tables.longest_name)
        addresses = (readings.address, *(reading.address for reading in readings.named))
        for address in {id(a): a for a in addresses}.values():  # each once
            address.roads = [(self.tables.road_of(road), number) for road, number in address.roads]
        return readings

    def _word_for_word(self, key: str) -> Match | None:
        """Return the match of a text or key that is the gazetteer's own, else None."""
        hits = self.exact.get(key) if key else None
        if not hits or len(self.tables.by_key.get(key, ())) > 1:  # a name that two places share
            return None
        row = hits[0][1]
        is_door_only = row.name is not None and row.name.key not in key
        if is_door_only and len(self.tables.places_at_doors(row.address)) > 1:
            return None
        return exact_match(hits)


def _keys(row: Row) -> list[str]:
    """Return the texts and the key that mean exactly this row."""
    written = written_in_one_way(row.text)
    name = row.name.key if row.name else ""
    address = Address(
        divisions=row.address.divisions,
        roads=row.address.roads,
        names=[name] if name else [],
        building=row.address.building,
        unit=row.address.unit,
        room=row.address.room,
    )
    whole = written if name in written else written + name
    return list(dict.fromkeys(key for key in (written, whole, key_of(address)) if key))
