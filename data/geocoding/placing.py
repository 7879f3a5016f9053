"""Rows of an import that say their place by an address: linked where it is sure, else asked."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import shapely

from data.findings import Findings, masked
from data.geocoding.homes import Home
from data.geocoding.outcomes import Match, Outcome, Review
from data.keys import plain_name
from data.linking import text_column
from data.models import ReviewReason
from geo.geocode import MatchLevel
from geo.geocode.levels import LEVEL_NAMES

PLACED_KINDS = ("stations", "candidates", "buildings")  # points that an address can stand for
BY_ADDRESS = "address"  # in place of a datum: where the coordinates are not the file's
NO_PLACE_RULES = {"coordinates", "place_unknown", "compound_ambiguous"}
LINKED = ("match_level", "match_confidence", "review")  # what is added to rows here


def settle_homes(homes: Sequence[Home], findings: Findings, *, match: Match) -> pd.DataFrame:
    """Return building_id, compound_id and LINKED (n rows) of members, after exact names.

    A claimed building or compound is taken, unless it lies in another compound than the row
    names. What the address leaves open is a review; the row then has the compound that it names.
    """
    asked = [k for k, home in enumerate(homes) if home.is_open]
    outcomes = dict(zip(asked, match([homes[k].text for k in asked]), strict=True))
    settled = [_settled(home, outcomes.get(k)) for k, home in enumerate(homes)]
    _note_levels([o for o in outcomes.values() if o.found is not None], findings)
    columns = ["building_id", "compound_id", *LINKED]
    return pd.DataFrame(settled, columns=columns, dtype=object)


def _settled(home: Home, outcome: Outcome | None) -> tuple[object, ...]:
    building, compound = home.building_id, home.compound_id
    if outcome is None or (not outcome.options and not outcome.found and home.shown == ""):
        known = building is not None or compound is not None
        level = MatchLevel.COMPOUND if building is None else MatchLevel.BUILDING
        return building, compound, level if known else None, 1.0 if known else None, None
    found = outcome.found
    if found is not None and compound is not None and _lies_elsewhere(home, outcome):
        outcome = outcome.as_question(ReviewReason.AMBIGUOUS)
        found = None
    if found is not None and found.place.kind == "buildings":
        building = found.place.id
    elif found is not None:
        compound = found.place.id if compound is None else compound
    review = None
    if outcome.reason is not None and not _asks_nothing(home, outcome):
        review = Review(home.shown, is_of_person=True, outcome=outcome)
    if building is None and compound is None:
        return None, None, None, None, review
    level = MatchLevel.COMPOUND if building is None else MatchLevel.BUILDING
    return building, compound, level, 1.0 if found is None else outcome.confidence, review


def _lies_elsewhere(home: Home, outcome: Outcome) -> bool:
    """Tell whether what was found is not in the one compound that the row names."""
    return outcome.found is not None and outcome.found.inside != f"compounds:{home.compound_id}"


def _asks_nothing(home: Home, outcome: Outcome) -> bool:
    """Tell whether a row says its compound and nothing finer: then nothing is left to ask."""
    is_named = plain_name(home.text) == plain_name(home.compound)
    return is_named and home.compound_id is not None and outcome.found is None


def place_by_address(
    kind: str,
    rows: pd.DataFrame,
    headings: Mapping[str, str],
    findings: Findings,
    match: Match,
) -> pd.DataFrame:
    """Return rows of PLACED_KINDS with the points of those that only their address places.

    A building takes the place of a building alone, the others also of a compound, gate or
    station. What is not sure stays without a point and is refused, with its review.
    """
    if "geometry" not in rows:
        empty = np.full(len(rows), None, dtype=object)
        rows = rows.assign(geometry=empty, original_datum=None)
    refused = {c.row for c in findings.refused if c.rule not in NO_PLACE_RULES}
    shapes = rows["geometry"].to_numpy(object).copy()
    texts = _texts(kind, rows)
    asked = [
        k
        for k, row in enumerate(rows.index)
        if shapes[k] is None and row not in refused and texts[k]
    ]
    outcomes = dict(zip(asked, match([texts[k] for k in asked]), strict=True))
    placed, taken = {}, []
    levels: list[MatchLevel | None] = [None] * len(rows)
    sure: list[float | None] = [None] * len(rows)
    reviews: list[Review | None] = [None] * len(rows)
    for k, outcome in outcomes.items():
        found = outcome.found
        is_fine = kind != "buildings" or (found is not None and found.place.kind == "buildings")
        if found is not None and outcome.reason is None and is_fine:
            shapes[k] = shapely.Point(found.lon, found.lat)
            levels[k], sure[k] = outcome.level, outcome.confidence
            placed[int(rows.index[k])] = True
            taken.append(outcome)
        else:
            question = outcome.as_question(outcome.reason or ReviewReason.COARSE)
            reviews[k] = Review(masked(texts[k])[0], is_of_person=False, outcome=question)
    findings.refused[:] = [
        c for c in findings.refused if c.row not in placed or c.rule not in NO_PLACE_RULES
    ]
    _refuse_rest(rows, shapes, texts, headings, findings)
    _note_levels(taken, findings)
    datums = [
        BY_ADDRESS if int(row) in placed else datum
        for row, datum in zip(rows.index, rows["original_datum"], strict=True)
    ]
    return rows.assign(
        geometry=shapes,
        original_datum=pd.Series(datums, index=rows.index, dtype=object),
        match_level=pd.Series(levels, index=rows.index, dtype=object),
        match_confidence=pd.Series(sure, index=rows.index, dtype=object),
        review=pd.Series(reviews, index=rows.index, dtype=object),
    )


def _texts(kind: str, rows: pd.DataFrame) -> list[str]:
    addresses = text_column(rows, "address")
    if kind != "buildings":
        return addresses
    names, numbers = text_column(rows, "compound"), text_column(rows, "number")
    said = [name + number for name, number in zip(names, numbers, strict=True)]
    return [address or own for address, own in zip(addresses, said, strict=True)]


def _refuse_rest(
    rows: pd.DataFrame,
    shapes: "np.ndarray[tuple[int], np.dtype[np.object_]]",
    texts: Sequence[str],
    headings: Mapping[str, str],
    findings: Findings,
) -> None:
    refused = findings.refused_rows()
    for row, shape, text in zip(rows.index, shapes, texts, strict=True):
        if shape is None and row not in refused:
            findings.refuse(
                int(row), headings.get("address", "") if text else "", text, "coordinates"
            )


def _note_levels(outcomes: Sequence[Outcome], findings: Findings) -> None:
    for level in sorted({outcome.level for outcome in outcomes}, reverse=True):
        title = LEVEL_NAMES[level]
        findings.note(
            f"按地址比对到{title.zh}",
            f"placed by their address: {title.en}",
            sum(outcome.level is level for outcome in outcomes),
        )


def doubtful_rows(rows: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """Return the rows that go to the review queue: kept ones, and those that lack only a place."""
    if "review" not in rows:
        return rows.iloc[:0]
    others = {cell.row for cell in findings.refused if cell.rule not in NO_PLACE_RULES}
    asked = pd.DataFrame(rows[rows["review"].notna() & ~rows.index.isin(others)])
    findings.note(
        "地址有疑问，放入“地址核对”等人确认；没有地点的行确认后自动入库",
        "addresses are in doubt and wait in the review; rows without a place come in when decided",
        len(asked),
    )
    return asked


def levels_of(rows: pd.DataFrame) -> dict[str, int]:
    """Return how many rows were matched at each level, the finest first."""
    if "match_level" not in rows:
        return {}
    known = [level for level in rows["match_level"] if level is not None]
    return {level.value: known.count(level) for level in sorted(set(known), reverse=True)}
