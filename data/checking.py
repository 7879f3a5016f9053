"""Staged rows against the database: what they belong to, what is there already, what is doubtful.

Reads only. A diagnosis does it to say what would happen; a commit does it again, under the lock.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd
import sqlalchemy as sa

from data.doubts import find_doubts, same_id_cards
from data.errors import ImportDataError
from data.fields import ROW_NUMBER
from data.findings import Findings
from data.geocoding.matching import HOMES, Matcher
from data.geocoding.placing import PLACED_KINDS, doubtful_rows, place_by_address, settle_homes
from data.linking import current_rows, link_buildings, link_gates, link_grids, link_members
from data.raw_table import RawTable
from data.replacing import former_rows
from data.round_trip import Trip, compare, complete, former_links, is_trip, keeps_links
from data.row_keys import row_keys
from data.staging import Staged
from data.tables import table_of
from geo.text import Text


@dataclass(frozen=True, eq=False)
class Checked:
    """Rows as they would be written, refused ones too.

    `kept`: those to be written, `made`: communities that grids make, `former`: rows that may be
    replaced, `trip`: rows that stand for former ones by their number.
    """

    kept: pd.DataFrame
    made: pd.DataFrame | None
    former: pd.DataFrame
    trip: Trip
    n_read: int
    doubtful: pd.DataFrame  # rows whose address goes to the review queue, kept or refused


def check(
    connection: sa.Connection,
    kind: str,
    raw: RawTable | None,
    staged: Staged,
    findings: Findings,
    *,
    is_replacing: bool,
) -> Checked:
    """Check staged rows of a kind; what is found goes into `findings`. `raw`: None for a network.

    Raises
    ------
    ImportDataError
        A table with row numbers is to replace everything.
    """
    rows, trip = staged.rows, Trip()
    links = None
    if raw is not None and is_trip(raw):
        if is_replacing:
            raise ImportDataError(
                Text(
                    "有“红网编号”列的表只更改所列的行，不能与 --replace 同用。",
                    "A table with the column 红网编号 changes the rows that it lists; it cannot go "
                    "with --replace.",
                )
            )
        trip, exported = compare(connection, kind, raw, findings)
        rows = complete(connection, kind, staged, trip, exported)
        _refuse_placeless(kind, rows, findings)
        links = former_links(connection, kind, trip)
    rows, made = _linked(connection, kind, rows, staged, trip, links, findings)
    former = former_rows(connection, kind, is_replacing=is_replacing)
    if raw is not None and kind == "members":
        for row, heading in same_id_cards(raw, findings.refused_rows()):
            findings.refuse(row, heading, "***", "duplicate_in_file")
    rows["key"] = _keys(rows, kind, findings)
    if raw is not None and kind in {"members", "base"} and ROW_NUMBER in raw.headings:
        rows["key"] = _return_keys(rows, raw, findings.refused_rows())
    gives_way = {*former["id"], *trip.former.values()}
    _refuse_duplicates(connection, kind, rows, gives_way, staged, findings)
    if raw is not None:
        find_doubts(connection, kind, rows, raw, gives_way, findings)
    doubtful = doubtful_rows(rows, findings)
    kept = rows[~rows.index.isin(findings.refused_rows())]
    if made is not None:
        made = made[made["reference"].isin(kept["made_community"])]
        findings.note("按网格所写新建社区", "communities made from the grids' column", len(made))
    return Checked(kept, made, former, trip, len(staged.rows), doubtful)


def _refuse_placeless(kind: str, rows: pd.DataFrame, findings: Findings) -> None:
    """Refuse new rows without a place, which only a former row may leave out."""
    if table_of(kind).c["geometry"].nullable:
        return
    refused = findings.refused_rows()
    for row, shape in zip(rows.index, rows["geometry"], strict=True):
        if shape is None and row not in refused:
            findings.refuse(int(row), "", "", "coordinates")


def _linked(
    connection: sa.Connection,
    kind: str,
    rows: pd.DataFrame,
    staged: Staged,
    trip: Trip,
    links: pd.DataFrame | None,
    findings: Findings,
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Return the rows joined to the database, and the communities that they make."""
    is_same = pd.Series([keeps_links(kind, trip, int(r)) for r in rows.index], index=rows.index)
    if links is None or not is_same.any():
        return _link(connection, kind, rows, staged, findings)
    # Rows whose compound, building or community was not touched belong where they belonged.
    linked, made = _link(connection, kind, rows[~is_same], staged, findings)
    same = rows[is_same].copy()
    for name in links.columns:
        same[name] = links[name].reindex(same.index)
    if kind == "grids":
        same["made_community"] = None
    if kind == "gates":
        same["compound_name"] = same["compound"]
    both = [_with_columns(f, {*linked, *same}) for f in (linked, same) if len(f)]
    return pd.concat(both).sort_index(), made


def _with_columns(rows: pd.DataFrame, names: set[str]) -> pd.DataFrame:
    """Return rows with the columns that they lack, unknown throughout (None, not NaN)."""
    lacking = sorted(names - {*rows})
    nothing = pd.Series([None] * len(rows), index=rows.index, dtype=object)
    return rows.assign(**dict.fromkeys(lacking, nothing))


def _link(
    connection: sa.Connection, kind: str, rows: pd.DataFrame, staged: Staged, findings: Findings
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    rows = rows.copy()
    if kind in PLACED_KINDS and ("geometry" not in rows or rows["geometry"].isna().any()):
        matcher = Matcher(connection)
        rows = place_by_address(kind, rows, staged.headings, findings, matcher)
    if kind == "grids":
        return link_grids(connection, rows, findings)
    if kind == "gates":
        rows = link_gates(connection, rows, staged.headings, findings)
    elif kind == "buildings":
        rows = link_buildings(connection, rows, findings)
    elif kind == "members":
        settle = partial(settle_homes, match=Matcher(connection, HOMES))
        rows = link_members(connection, rows, staged.headings, findings, settle)
    elif kind == "compounds":
        _forget_zero_households(rows, findings)
    elif kind == "stations":
        _complete_stations(rows, staged, findings)
    return rows, None


def _forget_zero_households(rows: pd.DataFrame, findings: Findings) -> None:
    """Take 0 households of a compound as not known: ledgers write 0 where nobody has counted."""
    if "households" in rows:
        is_zero = rows["households"] == 0
        rows.loc[is_zero, "households"] = None
        findings.note(
            "小区户数写作 0，按未知处理",
            "compounds with 0 households; taken as not known",
            int(is_zero.sum()),
        )


def _complete_stations(rows: pd.DataFrame, staged: Staged, findings: Findings) -> None:
    if "state" not in rows:
        rows["state"] = "open"
    if {"opens_on", "closes_on"} <= set(rows):
        for row, opens, closes in zip(rows.index, rows["opens_on"], rows["closes_on"], strict=True):
            if opens and closes and closes < opens:
                heading = staged.headings.get("closes_on", staged.headings.get("opens_on", ""))
                findings.refuse(row, heading, closes.isoformat(), "dates_in_order")


def _keys(rows: pd.DataFrame, kind: str, findings: Findings) -> "pd.Series[Any]":
    """Return the keys of the rows that are not refused yet; None for the others."""
    good = rows[~rows.index.isin(findings.refused_rows())]
    keys = pd.Series(row_keys(kind, good), index=good.index, dtype=object)
    return keys.reindex(rows.index).where(lambda known: known.notna(), None)


def _return_keys(rows: pd.DataFrame, raw: RawTable, refused: set[int]) -> "pd.Series[Any]":
    """Return what a return sheet calls its rows: all by which members can be told."""
    cells = raw.columns[raw.headings.index(ROW_NUMBER)]
    key_of = dict(zip(raw.source_rows.tolist(), cells, strict=True))
    keys = [
        f"{ROW_NUMBER}\t{key_of[row]}" if key_of.get(row) and row not in refused else None
        for row in rows.index
    ]
    return pd.Series(keys, index=rows.index, dtype=object)


def _refuse_duplicates(
    connection: sa.Connection,
    kind: str,
    rows: pd.DataFrame,
    gives_way: set[int],
    staged: Staged,
    findings: Findings,
) -> None:
    """Refuse rows whose key an earlier row or a current row of the database has."""
    table = table_of(kind)
    query = sa.select(table.c.id, table.c.key).where(
        table.c.replaced_by.is_(None), table.c.key.is_not(None)
    )
    there = {key for i, key in connection.execute(query).all() if i not in gives_way}
    field = "code" if "code" in staged.headings else "name"
    heading = staged.headings.get(field, "")
    values = rows[field] if field in rows else pd.Series("", index=rows.index)
    seen: set[str] = set()
    for row, key, value in zip(rows.index, rows["key"], values, strict=True):
        if key is None:
            continue
        if key in there or key in seen:
            rule = "duplicate" if key in there else "duplicate_in_file"
            findings.refuse(row, heading, value, rule)
        seen.add(key)


def known_names(connection: sa.Connection, kind: str) -> list[str]:
    """Return the different names of the current rows of a kind, in order."""
    names = current_rows(connection, kind, "name")["name"]
    return sorted({name for name in names if name})
