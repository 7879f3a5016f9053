"""Rows that are kept and yet doubtful: outside of every grid, of another grid, probably twice."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import pandas as pd
import shapely
import sqlalchemy as sa
from numpy.typing import NDArray

from data.fields import find_column, is_personal, plain_heading, without_unit
from data.findings import MASK, Findings
from data.keys import number_key, plain_name
from data.linking import current_rows, text_column
from data.mending import Box
from data.raw_table import RawTable

GRID_HEADINGS = (
    *("网格编码", "网格代码", "网格编号", "所属网格编码", "所属网格代码", "所属网格", "所在网格"),
    *("网格", "grid_code", "gridcode", "grid"),
)
PLACED = ("compounds", "gates", "buildings", "members", "stations", "candidates")
FAR_DEGREES = 0.5  # about 50 km: no subdistrict reaches so far
FAR_SPREADS = 20.0
FEWEST_ROWS = 5
SAME_PLACE_DEGREES = 0.005  # about 500 m: compounds of one name nearer than that are likely one
BOX_SLACK_DEGREES = 0.1


def find_doubts(
    connection: sa.Connection,
    kind: str,
    rows: pd.DataFrame,
    raw: RawTable,
    gives_way: set[int],
    findings: Findings,
) -> None:
    """Point out doubtful rows of a kind; `rows` as linked, index = row in the file.

    `gives_way`: ids of rows of the database that these rows may replace.
    """
    refused = findings.refused_rows()
    rows = rows[~rows.index.isin(refused)]
    if kind in PLACED and "geometry" in rows:
        _doubt_places(connection, kind, rows, raw, findings)
    if kind in {"compounds", "buildings"}:
        _doubt_same(connection, kind, rows, gives_way, findings)
    if kind == "members":
        _doubt_same_persons(rows, raw, findings)


def known_box(connection: sa.Connection) -> Box | None:
    """Return where the grids lie, or else the compounds, with some slack; None without any."""
    for kind in ("grids", "compounds"):
        shapes = shapely.from_wkb(current_rows(connection, kind, "geometry")["geometry"].to_numpy())
        if len(shapes):
            bounds = shapely.bounds(shapes)
            # Quantiles: a ledger that is there already may itself hold strays.
            low, high = np.nanquantile(bounds, (0.01, 0.99), axis=0)
            west, south = low[:2] - BOX_SLACK_DEGREES
            east, north = high[2:] + BOX_SLACK_DEGREES
            return float(west), float(south), float(east), float(north)
    return None


def _doubt_places(
    connection: sa.Connection, kind: str, rows: pd.DataFrame, raw: RawTable, findings: Findings
) -> None:
    points = shapely.centroid(np.asarray(rows["geometry"], dtype=object))
    far = _far_away(points)
    for row, is_far, point in zip(rows.index, far, points, strict=True):
        if is_far:
            shown = MASK if kind == "members" else f"{point.x:.5f},{point.y:.5f}"
            findings.doubt(int(row), "", shown, "far_away")
    grids = current_rows(connection, "grids", "code", "name", "geometry")
    if grids.empty:
        return
    tree = shapely.STRtree(shapely.from_wkb(grids["geometry"].to_numpy(object)))
    is_placed = ~shapely.is_missing(points)
    at, grid = tree.query(points, predicate="intersects")
    held: dict[int, set[int]] = defaultdict(set)
    for i, g in zip(at.tolist(), grid.tolist(), strict=True):
        held[i].add(g)
    for i in np.flatnonzero(is_placed & ~far):
        if i not in held:
            findings.doubt(int(rows.index.to_numpy()[i]), "", "", "outside_grids")
    _doubt_grid_names(rows, raw, grids, held, findings)


def _far_away(points: NDArray[np.object_]) -> NDArray[np.bool_]:
    xy = np.column_stack([shapely.get_x(points), shapely.get_y(points)])
    known = xy[np.isfinite(xy).all(axis=1)]
    if len(known) < FEWEST_ROWS:
        return np.zeros(len(points), dtype=bool)
    middle = np.median(known, axis=0)
    spread = np.median(np.abs(known - middle), axis=0)
    reach = np.maximum(FAR_SPREADS * spread, FAR_DEGREES)
    return np.asarray((np.abs(xy - middle) > reach).any(axis=1))


def _doubt_grid_names(
    rows: pd.DataFrame,
    raw: RawTable,
    grids: pd.DataFrame,
    held: dict[int, set[int]],
    findings: Findings,
) -> None:
    """Compare the grid that a row names with those that are known and with where it lies."""
    column = find_column(raw.headings, GRID_HEADINGS)
    if column is None:
        return
    heading = raw.headings[column]
    named: dict[str, set[int]] = defaultdict(set)
    for i, (code, name) in enumerate(zip(grids["code"], grids["name"], strict=True)):
        named[plain_name(code)].add(i)
        named[plain_name(name)].add(i)
    text_of = dict(zip(raw.source_rows.tolist(), raw.columns[column], strict=True))
    for i, row in enumerate(rows.index):
        text = text_of.get(int(row), "")
        if not text:
            continue
        meant = named.get(plain_name(text), set())
        if not meant:
            findings.doubt(int(row), heading, text, "grid_unknown")
        elif i in held and not meant & held[i]:
            findings.doubt(int(row), heading, text, "grid_other")


def _doubt_same(
    connection: sa.Connection,
    kind: str,
    rows: pd.DataFrame,
    gives_way: set[int],
    findings: Findings,
) -> None:
    """Point out rows with the name (and building) of an earlier or a known one close by."""
    names = ("name",) if kind == "compounds" else ("compound_name", "number")
    table = current_rows(connection, kind, "id", *names, "geometry")
    table = table[~table["id"].isin(gives_way)]
    points = list(shapely.centroid(shapely.from_wkb(table["geometry"].to_numpy(object))))
    there: dict[str, list[shapely.Point | None]] = defaultdict(list)
    for name, point in zip(_names(kind, table), points, strict=True):
        there[name].append(point)
    shapes = shapely.centroid(np.asarray(rows["geometry"], dtype=object))
    shown = text_column(rows, names[-1])
    for row, name, point, text in zip(rows.index, _names(kind, rows), shapes, shown, strict=True):
        if not name.strip("\t"):
            continue
        if any(kind == "buildings" or _is_near(other, point) for other in there[name]):
            findings.doubt(int(row), "", text, "probably_same")
        there[name].append(point)


def _is_near(one: shapely.Point | None, other: shapely.Point | None) -> bool:
    return one is not None and other is not None and one.distance(other) < SAME_PLACE_DEGREES


def _names(kind: str, rows: pd.DataFrame) -> list[str]:
    if kind == "compounds":
        return [plain_name(name) for name in text_column(rows, "name")]
    pairs = zip(text_column(rows, "compound_name"), text_column(rows, "number"), strict=True)
    return [
        f"{plain_name(compound)}\t{number_key(number)}" if compound and number else ""
        for compound, number in pairs
    ]


def _doubt_same_persons(rows: pd.DataFrame, raw: RawTable, findings: Findings) -> None:
    """Compare persons of one file by name and home; nothing of it is kept or shown."""
    names = _columns_of(raw, ("姓名", "名字", "党员姓名", "name", "full_name"))
    if not names:
        return
    name_of = dict(zip(raw.source_rows.tolist(), raw.columns[names[0]], strict=True))
    seen: set[tuple[str, str, str]] = set()
    homes = zip(text_column(rows, "compound"), text_column(rows, "number"), strict=True)
    for row, (compound, number) in zip(rows.index, homes, strict=True):
        person = (plain_name(name_of[int(row)]), plain_name(compound), number_key(number))
        if person[0] and person in seen:
            findings.doubt(int(row), "", MASK, "probably_same")
        seen.add(person)


def same_id_cards(raw: RawTable, refused: set[int]) -> list[tuple[int, str]]:
    """Return the rows, with the heading, that repeat the ID card of an earlier one.

    Rows that are refused anyway are not compared.
    """
    columns = [i for i, h in enumerate(raw.headings) if is_personal(h) and _is_id_heading(h)]
    repeated = []
    for column in columns[:1]:
        seen: set[str] = set()
        for row, cell in zip(raw.source_rows.tolist(), raw.columns[column], strict=True):
            card = "" if row in refused else plain_name(cell)
            if len(card) in {15, 18} and card in seen:
                repeated.append((row, raw.headings[column]))
            seen.add(card)
    return repeated


def _is_id_heading(heading: str) -> bool:
    plain = without_unit(plain_heading(heading))
    return any(word in plain for word in ("身份", "证件号", "idcard", "id_card", "id_number"))


def _columns_of(raw: RawTable, names: Sequence[str]) -> list[int]:
    plain = [without_unit(plain_heading(heading)) for heading in raw.headings]
    return [i for i, heading in enumerate(plain) if heading in names]
