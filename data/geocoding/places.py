"""Places asked of an online geocoder: never persons, nothing twice, what was asked kept with date.

Only compounds, stations and candidate sites may be asked for, down to the building; whatever looks
like a person's (numbers of persons, columns about persons) stays on this machine.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from data.batches import utc_now
from data.errors import GeocodingError, PrivacyError
from data.fields import KINDS, is_personal, plain_heading, without_unit
from data.findings import masked
from data.geocoding.aliases import PlaceRef, without_room
from data.geocoding.online import OnlineAnswer, OnlineGeocoder
from data.geocoding.outcomes import PlaceOption
from data.geocoding.review import ONLINE
from data.models import GeocodeAnswer
from data.store import writing
from geo.errors import GeoError
from geo.geocode import MatchLevel
from geo.text import Text

ASKABLE = ("compounds", "stations", "candidates")
FOUND_FOR, NOTHING_FOR = timedelta(days=180), timedelta(days=7)  # then it is asked again
_T = GeocodeAnswer.__table__
# Headings of the register of members: a column called so, or beside such a column, is of persons.
_OF_PERSONS = {
    heading
    for field in KINDS["members"].fields
    if field.name in {"home", "branch", "party_duty"}
    for heading in field.headings
} - {"详细地址", "地址", "address", "duty"} | {"党员类别", "党员类型", "人员类别"}


@dataclass(frozen=True)
class Asked:
    """What came of one address: answers (none is an answer), or why there is none."""

    answers: tuple[OnlineAnswer, ...] = ()
    problem: GeoError | None = None
    asked_at: datetime | None = None  # UTC
    is_cached: bool = False


def require_places(kind: str, headings: Iterable[str] = ()) -> None:
    """Refuse to let anything about persons out.

    Raises
    ------
    PrivacyError
        The kind is not one of ASKABLE, or a column beside the addresses is about persons.
    """
    if kind not in ASKABLE:
        kinds = "、".join(KINDS[name].title.zh for name in ASKABLE)
        raise PrivacyError(
            Text(
                f"在线地理编码只用于{kinds}，不用于党员和住址；任何个人信息都不离开本机。",
                f"Online geocoders are for {', '.join(ASKABLE)} only, never for members and "
                "homes; nothing about persons leaves this machine.",
            )
        )
    for heading in headings:
        if is_personal(heading) or without_unit(plain_heading(heading)) in _OF_PERSONS:
            shown = masked(heading)[0]
            raise PrivacyError(
                Text(
                    f"表中有个人信息列“{shown}”，不能在线查询。请先删去个人信息，只留地点。",
                    f"The table has the column {shown!r} about persons, so it is not asked online. "
                    "Take what is about persons out first.",
                )
            )


def ask_places(
    engine: sa.Engine,
    geocoder: OnlineGeocoder,
    kind: str,
    addresses: Sequence[str],
    *,
    city: str = "",
) -> list[Asked]:
    """Ask where the addresses of places are, in order; each only once, and not what is kept.

    A failure is of one address; where asking on would only fail again (quota, key, no network),
    the addresses that are left have that failure and are not asked.

    Raises
    ------
    PrivacyError
        The rows are not of places.
    """
    require_places(kind)
    found: dict[str, Asked] = {}
    final: GeocodingError | None = None
    for address in addresses:
        if address in found:
            continue
        query = without_room(address)
        if masked(address)[1]:
            found[address] = Asked(problem=_of_person())
            continue
        kept = _kept(engine, geocoder.service.name, city, query) if query else Asked()
        if kept is None and final is None:
            try:
                kept = _fresh(engine, geocoder, city, query)
            except GeocodingError as error:
                final = error if error.is_final else None
                kept = Asked(problem=error)
        found[address] = Asked(problem=final) if kept is None else kept
    return [found[address] for address in addresses]


def _of_person() -> PrivacyError:
    return PrivacyError(
        Text(
            "地址里有身份证号或电话号码，没有发出。",
            "The address holds a number of a person; it was not sent.",
        )
    )


def _kept(engine: sa.Engine, service: str, city: str, query: str) -> Asked | None:
    """Return what was answered before, unless that is too long ago."""
    mine = (_T.c.service == service) & (_T.c.query == f"{city}\t{query}")
    with engine.connect() as connection:
        row = connection.execute(sa.select(_T.c.asked_at, _T.c.answers).where(mine)).first()
    if row is None or utc_now() - row.asked_at > (FOUND_FOR if row.answers else NOTHING_FOR):
        return None
    return Asked(tuple(map(_read, row.answers)), None, row.asked_at, is_cached=True)


def _fresh(engine: sa.Engine, geocoder: OnlineGeocoder, city: str, query: str) -> Asked:
    answers, now = tuple(geocoder.ask(query, city)), utc_now()
    key = {"service": geocoder.service.name, "query": f"{city}\t{query}"}
    with writing(engine) as connection:
        same = (_T.c.service == key["service"]) & (_T.c.query == key["query"])
        connection.execute(sa.delete(GeocodeAnswer).where(same))
        kept = [_written(answer) for answer in answers]
        connection.execute(sa.insert(GeocodeAnswer).values(**key, asked_at=now, answers=kept))
    return Asked(answers, None, now)


def _written(answer: OnlineAnswer) -> dict[str, Any]:
    return {
        "lon": answer.lon,
        "lat": answer.lat,
        "level": answer.level.value,
        "said": answer.said,
        "address": answer.address,
        "confidence": answer.confidence,
        "service": answer.service,
        "original": list(answer.original),
        "datum": answer.datum,
    }


def _read(kept: dict[str, Any]) -> OnlineAnswer:
    x, y = kept["original"]
    return OnlineAnswer(**{**kept, "level": MatchLevel(kept["level"]), "original": (x, y)})


def as_options(answers: Sequence[OnlineAnswer]) -> list[PlaceOption]:
    """Return answers as candidates of a review item; those too coarse to be a place are left out.

    A service's confidence is its own word and is not shown as ours.
    """
    return [
        PlaceOption(
            PlaceRef(ONLINE, k),
            f"{answer.address or answer.said} · {answer.service}",
            answer.lon,
            answer.lat,
            answer.level,
            0.0,
        )
        for k, answer in enumerate(answers, 1)
        if answer.level >= MatchLevel.ROAD_NUMBER
    ]
