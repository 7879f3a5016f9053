"""What somebody decided that a text means: kept for next time, and obeyed before any matching."""

from collections.abc import Iterable
from hashlib import blake2b
from typing import NamedTuple

import sqlalchemy as sa

from data.models import AddressAlias
from data.tables import table_of
from geo.geocode import Label, canonical_key, parse
from geo.geocode.address import sign_of
from geo.geocode.normalise import plain_text

_T = AddressAlias.__table__
N_PLACE_FIELDS = 10  # of a canonical key: all but the unit and the room
_SAID_BESIDE = {Label.ROAD, Label.ROAD_NUMBER, Label.GROUP, Label.RELATION, Label.REMARK}
_IN_BUILDING = {Label.UNIT, Label.FLOOR, Label.ROOM}


class PlaceRef(NamedTuple):
    """A row that an address can mean: one of buildings, compounds, gates, stations."""

    kind: str
    id: int

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"

    @classmethod
    def read(cls, text: object) -> "PlaceRef | None":
        """Return the row that a text such as "buildings:12" names; None if it names none."""
        kind, colon, number = str(text).partition(":")
        return cls(kind, int(number)) if colon and number.isdecimal() else None


def address_key(text: object) -> str:
    """Return the key that all ways of writing one address share; "" where nothing is said.

    Down to the building: units and rooms are left out. What the canonical key leaves out is in
    it too (a second road, "opposite", what follows the building), so that a decision on
    "opposite of A" is none on A. A digest: it tells nothing of the text, which may be a person's.
    """
    plain = plain_text(text)
    tokens = parse(plain)
    if not tokens:
        return ""
    fields = (canonical_key(plain) or plain).split("|")[:N_PLACE_FIELDS]
    beside, is_inside = [], False
    for token in tokens:
        if token.label in _SAID_BESIDE or (is_inside and token.label is Label.NAME):
            beside.append(sign_of(token.text))
        is_inside |= token.label is Label.BUILDING
    whole = "\n".join(["|".join(fields), *beside])
    return blake2b(whole.encode(), digest_size=16).hexdigest()


def without_room(text: object) -> str:
    """Return an address up to its building: what may leave the machine for a place."""
    plain = plain_text(text)
    tokens = parse(plain)
    first = next((k for k, token in enumerate(tokens) if token.label in _IN_BUILDING), None)
    return plain if first is None else "".join(token.text for token in tokens[:first])


def current_places(
    connection: sa.Connection, places: Iterable[tuple[PlaceRef, str | None]]
) -> dict[PlaceRef, PlaceRef]:
    """Return which current rows stand where rows with these keys stood.

    The row itself, or the one that an import put in its place, or else one with its key; a place
    that is gone is left out.
    """
    wanted = list(places)
    found: dict[PlaceRef, PlaceRef] = {}
    for kind in sorted({place.kind for place, _ in wanted}):
        table = table_of(kind)
        columns = (table.c.id, table.c.replaces_id, table.c.replaced_by, table.c.key)
        rows = connection.execute(sa.select(*columns)).all()
        current = {row.id for row in rows if row.replaced_by is None}
        successor = {row.replaces_id: row.id for row in rows if row.replaces_id is not None}
        by_key = {row.key: row.id for row in rows if row.replaced_by is None and row.key}
        for place, key in wanted:
            if place.kind != kind:
                continue
            at: int | None = place.id
            while at is not None and at not in current:
                at = successor.get(at)
            at = by_key.get(key) if at is None else at
            if at is not None:
                found[place] = PlaceRef(kind, at)
    return found


def load_aliases(connection: sa.Connection) -> dict[str, PlaceRef]:
    """Return the decisions that hold, by key; those whose place is gone are left out."""
    rows = connection.execute(sa.select(_T).where(_T.c.withdrawn_at.is_(None))).all()
    places = [(PlaceRef(row.place_kind, row.place_id), row.place_key) for row in rows]
    now = current_places(connection, places)
    return {
        row.key: now[place] for row, (place, _) in zip(rows, places, strict=True) if place in now
    }


def alias_texts(connection: sa.Connection) -> list[tuple[str, PlaceRef]]:
    """Return the texts that were decided, with their places; none of persons."""
    texts = dict(
        connection.execute(
            sa.select(_T.c.key, _T.c.text).where(_T.c.withdrawn_at.is_(None), _T.c.text != "")
        ).all()
    )
    places = load_aliases(connection)
    return [(text, places[key]) for key, text in texts.items() if key in places]
