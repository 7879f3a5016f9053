"""Asking the database once more what waits in the review: what came in since may settle it."""

import sqlalchemy as sa

from data.errors import ReviewError
from data.findings import MASK
from data.geocoding.deciding import Decision, apply
from data.geocoding.matching import HOMES, PLACES, Matcher
from data.geocoding.review import waiting_items
from data.store import writing
from data.viewer import Viewer


def rematch(engine: sa.Engine, viewer: Viewer) -> int:
    """Match all that waits against the database as it is now; return how many rows this settles.

    As at import: only what is sure, and a building takes the place of a building alone. Each can
    be undone like a decision; no alias is kept. Homes of which nothing is kept stay as they are.
    """
    n = 0
    with writing(engine) as connection:
        items = [item for item in waiting_items(connection, viewer) if item["text"] != MASK]
        for kind in sorted({item["kind"] for item in items}):
            mine = [item for item in items if item["kind"] == kind]
            matcher = Matcher(connection, HOMES if kind == "members" else PLACES)
            for item, outcome in zip(mine, matcher([i["text"] for i in mine]), strict=True):
                found = outcome.found
                if found is None or outcome.reason is not None:
                    continue
                if kind == "buildings" and found.place.kind != "buildings":
                    continue
                decision = Decision(
                    found.place,
                    (found.lon, found.lat),
                    found.level,
                    viewer.name,
                    item["id"],
                    outcome.confidence,
                )
                try:
                    with connection.begin_nested():
                        apply(connection, item, decision)
                except ReviewError:
                    continue  # its like is in the table already: left to be looked at
                n += 1
    return n
