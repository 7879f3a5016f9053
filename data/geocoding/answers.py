"""What texts mean, as plain values for the command and for tables."""

import json
import math
from collections.abc import Sequence
from typing import Any

import pandas as pd
from sqlalchemy.orm import Session

from data.errors import ImportDataError
from data.fields import ADDRESS, find_column
from data.geocoding.aliases import PlaceRef, address_key, load_aliases
from data.geocoding.gazetteer import load_gazetteer
from data.geocoding.matching import Matcher
from data.geocoding.online import OnlineAnswer
from data.geocoding.places import Asked
from data.raw_table import RawTable
from data.viewer import Viewer
from geo.geocode import Candidate, Match
from geo.text import Language, Text

DECIDED = "decision"  # how: somebody said so
MATCHED = "match"
HOME_HEADINGS = ("家庭住址", "居住地址", "现住址", "住址", "家庭地址")


def geocode_texts(session: Session, viewer: Viewer, texts: Sequence[str]) -> list[dict[str, Any]]:
    """Return what each text means, in order, as values for JSON.

    Keys: text, level, confidence, claimed, ambiguous, address, lon, lat, kind and id (of the row,
    None where it is none), missing (what was asked beyond the level), how ("match" or
    "decision") and alternatives (kind, id, address, lon, lat, level, confidence).
    """
    connection = session.connection()
    decided = load_aliases(connection)
    matcher = Matcher(connection)
    matches = load_gazetteer(session, viewer).match_many(texts)
    found = []
    for text, match in zip(texts, matches, strict=True):
        place = decided.get(address_key(text)) if decided else None
        if place is not None and str(place) in matcher.known.by_id:
            option = matcher.option(place, 1.0).as_dict()
            said = {"claimed": True, "ambiguous": False, "missing": "", "how": DECIDED}
            found.append({"text": text, **option, **said, "alternatives": []})
        else:
            found.append(_of_match(text, match))
    return found


def _of_match(text: str, match: Match) -> dict[str, Any]:
    return {
        "text": text,
        **_place(match),
        "claimed": match.is_claimed,
        "ambiguous": match.is_ambiguous,
        "missing": match.missing,
        "how": MATCHED,
        "alternatives": [_place(candidate) for candidate in match.alternatives],
    }


def _place(found: Match | Candidate) -> dict[str, Any]:
    place = PlaceRef.read(found.id)
    is_placed = math.isfinite(found.lon) and math.isfinite(found.lat)
    return {
        "kind": None if place is None else place.kind,
        "id": None if place is None else place.id,
        "address": found.address,
        "lon": round(found.lon, 7) if is_placed else None,
        "lat": round(found.lat, 7) if is_placed else None,
        "level": found.level.value,
        "confidence": round(found.confidence, 4),
    }


def online_value(answer: OnlineAnswer) -> dict[str, Any]:
    """Return what a service named, in WGS84, as a value for JSON."""
    return {
        "service": answer.service,
        "address": answer.address,
        "lon": answer.lon,
        "lat": answer.lat,
        "level": answer.level.value,
        "said": answer.said,
        "confidence": answer.confidence,
    }


def with_asked(row: dict[str, Any], asked: Asked, language: Language) -> dict[str, Any]:
    """Return a row with what came of asking a service for it."""
    problem = None if asked.problem is None else asked.problem.say(language)
    online = [online_value(answer) for answer in asked.answers]
    return {**row, "online": online, "online_problem": problem}


def addresses_of(raw: RawTable, column: str | None) -> list[str]:
    """Return the addresses of a table: the column of that heading, or the one that holds them.

    Raises
    ------
    ImportDataError
        There is no such column.
    """
    names = (column,) if column else (*ADDRESS.headings, *HOME_HEADINGS)
    at = find_column(raw.headings, names)
    if at is None:
        wanted, headings = column or "/".join(ADDRESS.headings[:4]), "、".join(raw.headings)
        raise ImportDataError(
            Text(
                f"表中没有“{wanted}”列；现有列：{headings}。请用 --column 指定。",
                f"The table has no column {wanted!r}; it has: {headings}. Name one by --column.",
            )
        )
    return list(raw.columns[at])


def flat(rows: Sequence[dict[str, Any]], source_rows: Sequence[int]) -> pd.DataFrame:
    """Return rows as a table: one line a row of the file, lists as JSON, the best online answer."""
    lines = []
    for source, row in zip(source_rows, rows, strict=True):
        line = {"row": source, **row}
        line["alternatives"] = json.dumps(row["alternatives"], ensure_ascii=False)
        if "online" in row:
            best = (line.pop("online") or [{}])[0]
            names = ("service", "address", "lon", "lat", "level")
            line |= {f"online_{name}": best.get(name) for name in names}
        lines.append(line)
    table = pd.DataFrame(lines)
    if "id" in table:
        table["id"] = table["id"].astype("Int64")
    return table
