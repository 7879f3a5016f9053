"""The review queue: addresses that somebody must place, decided one by one and undone as easily.

Reading takes the caller's session; each change is one transaction of its own. A decision is kept
as an alias, and followed by all that wait with the same address.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from data.batches import utc_now
from data.errors import ReviewError
from data.geocoding.aliases import PlaceRef, current_places
from data.geocoding.deciding import Decision, apply, take_back, this_moment
from data.geocoding.matching import HOMES, PLACES, Matcher
from data.geocoding.outcomes import MOST_CANDIDATES, PlaceOption
from data.models import AddressAlias, ImportBatch, ReviewItem, ReviewReason, ReviewState
from data.store import writing
from data.tables import table_of
from data.viewer import Viewer
from geo.geocode import MatchLevel
from geo.text import Text

_T = ReviewItem.__table__
_ALIAS = AddressAlias.__table__
ONLINE = "online"  # kind of a candidate that only a service names: a point without a row
_OPEN = (ReviewState.OPEN, ReviewState.SKIPPED)
_URGENCY = {reason: rank for rank, reason in enumerate(ReviewReason)}


@dataclass(frozen=True)
class ReviewEntry:
    """One address in doubt, as it may be shown."""

    id: int
    kind: str
    source: str  # file that it came in
    source_row: int
    text: str
    reason: ReviewReason
    level: MatchLevel
    confidence: float
    options: tuple[PlaceOption, ...]  # that are still there, the likeliest first
    state: ReviewState
    place: PlaceRef | None
    decided_by: str
    decided_at: datetime | None
    n_same: int  # entries that a decision on this one settles

    @property
    def is_of_person(self) -> bool:
        """Whether it tells where a person lives."""
        return self.kind == "members"


def queue(
    session: Session, viewer: Viewer, *, kind: str | None = None, with_settled: bool = False
) -> list[ReviewEntry]:
    """Return what waits: unmatched first, then the doubtful; what was skipped comes last.

    `with_settled`: also what is decided or set aside, after all others, the newest first.
    """
    connection = session.connection()
    rows = _visible(connection, viewer, kind)
    n_same: dict[str, int] = {}
    for row in rows:
        if row["state"] in _OPEN and row["key"]:
            n_same[row["key"]] = n_same.get(row["key"], 0) + 1
    shown = [row for row in rows if with_settled or row["state"] in _OPEN]
    options = _options(connection, shown)
    entries = [
        ReviewEntry(
            id=row["id"],
            kind=row["kind"],
            source=row["source"],
            source_row=row["source_row"],
            text=row["text"],
            reason=row["reason"],
            level=row["level"],
            confidence=row["confidence"],
            options=options[row["id"]],
            state=row["state"],
            place=_place_of(row),
            decided_by=row["decided_by"] or "",
            decided_at=row["decided_at"],
            n_same=max(n_same.get(row["key"], 1), 1),
        )
        for row in shown
    ]
    return sorted(entries, key=_order)


def waiting_items(connection: sa.Connection, viewer: Viewer) -> list[dict[str, Any]]:
    """Return the rows of the table that wait, as the viewer may see them."""
    return [row for row in _visible(connection, viewer, None) if row["state"] in _OPEN]


def _order(entry: ReviewEntry) -> tuple[Any, ...]:
    moment = entry.decided_at.timestamp() if entry.decided_at else 0.0
    if entry.state is ReviewState.OPEN:
        return (0, _URGENCY[entry.reason], entry.confidence, entry.id)
    if entry.state is ReviewState.SKIPPED:
        return (1, moment, 0.0, entry.id)
    return (2, -moment, 0.0, -entry.id)


def _place_of(row: Any) -> PlaceRef | None:  # noqa: ANN401 - a row of the table
    return None if row["place_id"] is None else PlaceRef(row["place_kind"], row["place_id"])


def _visible(connection: sa.Connection, viewer: Viewer, kind: str | None) -> list[dict[str, Any]]:
    """Return the items that the viewer may see: of imports that hold and rows that are current."""
    del viewer  # roles come later
    batch = ImportBatch.__table__
    query = (
        sa.select(_T, batch.c.source)
        .join(batch, batch.c.id == _T.c.batch_id)
        .where(batch.c.undone_at.is_(None))
    )
    if kind is not None:
        query = query.where(_T.c.kind == kind)
    rows = [dict(row) for row in connection.execute(query).mappings()]
    current = {
        name: set(
            connection.execute(
                sa.select(table_of(name).c.id).where(table_of(name).c.replaced_by.is_(None))
            ).scalars()
        )
        for name in {row["kind"] for row in rows if row["row_id"] is not None}
    }
    return [row for row in rows if row["row_id"] is None or row["row_id"] in current[row["kind"]]]


def _options(
    connection: sa.Connection, rows: list[dict[str, Any]]
) -> dict[int, tuple[PlaceOption, ...]]:
    """Return the candidates of items that are still in the database, as they are now."""
    listed = {
        row["id"]: [
            (PlaceRef(option["kind"], option["id"]), option) for option in row["candidates"]
        ]
        for row in rows
    }
    places = {place for pairs in listed.values() for place, _ in pairs if place.kind != ONLINE}
    now = current_places(connection, [(place, None) for place in sorted(places)])
    return {
        i: tuple(
            PlaceOption(
                place if place.kind == ONLINE else now[place],
                option["address"],
                option["lon"],
                option["lat"],
                MatchLevel(option["level"]),
                option["confidence"],
            )
            for place, option in pairs
            if place.kind == ONLINE or place in now
        )
        for i, pairs in listed.items()
    }


def find_places(session: Session, viewer: Viewer, kind: str, text: str) -> tuple[PlaceOption, ...]:
    """Return the places that a text typed by hand may mean, for a row of a kind.

    What the address means comes first, then places that are called like it or hold it.
    """
    del viewer  # roles come later
    matcher = Matcher(session.connection(), HOMES if kind == "members" else PLACES)
    (outcome,) = matcher([text])
    first = () if outcome.found is None else (outcome.found,)
    found = {option.place: option for option in (*first, *outcome.options)}
    for option in matcher.holding(text):
        found.setdefault(option.place, option)
    return tuple(found.values())[:MOST_CANDIDATES]


def decide(engine: sa.Engine, viewer: Viewer, item_id: int, place: PlaceRef) -> int:
    """Say what an address means; return how many rows this settles, the same address everywhere.

    The decision is kept as an alias for imports to come. A row that waited goes into its table;
    where its like is there already it is left waiting, unless it is the one decided on.

    Raises
    ------
    ReviewError
        There is no such item, it is settled already, the place is gone or cannot be meant by such
        a row, or the row is in its table already.
    """
    with writing(engine) as connection:
        item = _open_item(connection, item_id)
        decision = _decision(connection, viewer, item, place)
        apply(connection, item, decision)
        n = 1
        if item["key"] and place.kind != ONLINE:
            n += _follow(connection, item, decision)
            _keep_alias(connection, item, decision)
    return n


def skip(engine: sa.Engine, viewer: Viewer, item_id: int) -> None:
    """Put an item after all others.

    Raises
    ------
    ReviewError
        There is no such item, or it is settled.
    """
    _settle(engine, viewer, item_id, ReviewState.SKIPPED)


def set_aside(engine: sa.Engine, viewer: Viewer, item_id: int) -> None:
    """Say that an address means none of what is known; it leaves the queue, its row as it is.

    Raises
    ------
    ReviewError
        There is no such item, or it is settled.
    """
    _settle(engine, viewer, item_id, ReviewState.NONE)


def undo(engine: sa.Engine, viewer: Viewer, item_id: int) -> int:
    """Take a decision, a skip or a setting aside back, with all rows that followed: how many.

    Raises
    ------
    ReviewError
        There is no such item, nothing was decided, or other rows build on a row that came in.
    """
    with writing(engine) as connection:
        item = _item(connection, item_id)
        if item["state"] is ReviewState.OPEN:
            raise _refused("这一条还没有处理，无从撤销。", "Nothing was said of this item yet.")
        if item["state"] is not ReviewState.DECIDED:
            blank = {"state": ReviewState.OPEN, "decided_by": None, "decided_at": None}
            connection.execute(sa.update(ReviewItem).where(_T.c.id == item_id).values(**blank))
            return 1
        query = sa.select(_T).where(_T.c.decision == item["decision"])
        followed = [dict(row) for row in connection.execute(query).mappings()]
        for row in followed:
            take_back(connection, row, viewer.name)
        connection.execute(
            sa.update(AddressAlias)
            .where(_ALIAS.c.key == item["key"], _ALIAS.c.withdrawn_at.is_(None))
            .values(withdrawn_at=utc_now())
        )
    return len(followed)


def last_settled(session: Session, viewer: Viewer) -> ReviewEntry | None:
    """Return what the viewer settled last, for undoing it; None if there is nothing."""
    settled = [
        entry
        for entry in queue(session, viewer, with_settled=True)
        if entry.state is not ReviewState.OPEN and entry.decided_by == viewer.name
    ]
    return max(settled, key=lambda entry: (entry.decided_at, entry.id), default=None)


def _refused(zh: str, en: str) -> ReviewError:
    return ReviewError(Text(zh, en))


def _item(connection: sa.Connection, item_id: int) -> dict[str, Any]:
    query = sa.select(_T).where(_T.c.id == item_id)
    row = connection.execute(query).mappings().first()
    if row is None:
        raise _refused(
            f"核对队列里没有编号 {item_id}。", f"There is no item {item_id} in the review."
        )
    return dict(row)


def _open_item(connection: sa.Connection, item_id: int) -> dict[str, Any]:
    item = _item(connection, item_id)
    visible = {row["id"] for row in _visible(connection, Viewer.everything(), item["kind"])}
    if item["state"] is ReviewState.DECIDED:
        raise _refused(
            f"已由{item['decided_by']}确认；要更改请先撤销。",
            f"{item['decided_by']} has decided this; undo that first.",
        )
    if item_id not in visible:
        raise _refused(
            "这一条所属的导入已撤销，或该行已被替换。",
            "The import of this item is undone, or its row was replaced.",
        )
    return item


def _decision(
    connection: sa.Connection, viewer: Viewer, item: dict[str, Any], place: PlaceRef
) -> Decision:
    allowed = HOMES if item["kind"] == "members" else (*PLACES, ONLINE)
    if place.kind not in allowed:
        raise _refused(
            "党员只能对到楼栋或小区。" if item["kind"] == "members" else "这种地点不能作为位置。",
            "A member can live in a building or a compound only."
            if item["kind"] == "members"
            else "Such a place cannot stand for a position.",
        )
    if place.kind == ONLINE:
        named = [o for o in item["candidates"] if (o["kind"], o["id"]) == (ONLINE, place.id)]
        if not named:
            raise _gone()
        point, level = (named[0]["lon"], named[0]["lat"]), MatchLevel(named[0]["level"])
        return Decision(place, point, level, viewer.name, item["id"])
    now = current_places(connection, [(place, None)]).get(place)
    if now is None:
        raise _gone()
    option = Matcher(connection).option(now, 1.0)
    return Decision(now, (option.lon, option.lat), option.level, viewer.name, item["id"])


def _gone() -> ReviewError:
    return _refused(
        "所选的地点已不在数据库中，请重新选择。",
        "The chosen place is no more in the database; choose again.",
    )


def _follow(connection: sa.Connection, item: dict[str, Any], decision: Decision) -> int:
    """Apply a decision to all other open items of the same address; return how many it settled."""
    others = [
        row
        for row in _visible(connection, Viewer.everything(), None)
        if row["key"] == item["key"] and row["id"] != item["id"] and row["state"] in _OPEN
    ]
    n = 0
    for other in others:
        if other["kind"] == "members" and decision.place.kind not in HOMES:
            continue
        try:
            with connection.begin_nested():
                apply(connection, other, decision)
        except ReviewError:
            continue  # its like is in the table already: left to be looked at
        n += 1
    return n


def _keep_alias(connection: sa.Connection, item: dict[str, Any], decision: Decision) -> None:
    table = table_of(decision.place.kind)
    key = connection.execute(sa.select(table.c.key).where(table.c.id == decision.place.id)).scalar()
    now = utc_now()
    holds = (_ALIAS.c.key == item["key"]) & _ALIAS.c.withdrawn_at.is_(None)
    connection.execute(sa.update(AddressAlias).where(holds).values(withdrawn_at=now))
    connection.execute(
        sa.insert(AddressAlias).values(
            key=item["key"],
            text="" if item["kind"] == "members" else item["text"],
            place_kind=decision.place.kind,
            place_id=decision.place.id,
            place_key=key,
            decided_by=decision.who,
            decided_at=now,
        )
    )


def _settle(engine: sa.Engine, viewer: Viewer, item_id: int, state: ReviewState) -> None:
    with writing(engine) as connection:
        _open_item(connection, item_id)
        said = {"state": state, "decided_by": viewer.name, "decided_at": this_moment()}
        connection.execute(sa.update(ReviewItem).where(_T.c.id == item_id).values(**said))


def with_online(engine: sa.Engine, viewer: Viewer, item_id: int, found: list[PlaceOption]) -> None:
    """Add what an online service named to the candidates of a place's item, after the known ones.

    Raises
    ------
    ReviewError
        There is no such item, it is settled, or it is a person's.
    """
    del viewer  # roles come later
    with writing(engine) as connection:
        item = _open_item(connection, item_id)
        if item["kind"] == "members":
            raise _refused("党员住址不能在线查询。", "Homes of members are never asked online.")
        known = [o for o in item["candidates"] if o["kind"] != ONLINE]
        room = max(MOST_CANDIDATES - len(known), 0)
        more = [
            replace(option, place=PlaceRef(ONLINE, k)).as_dict()
            for k, option in enumerate(found[:room], 1)
        ]
        connection.execute(
            sa.update(ReviewItem).where(_T.c.id == item_id).values(candidates=[*known, *more])
        )
