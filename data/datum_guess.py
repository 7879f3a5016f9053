"""The datum of a file that names none, or the wrong one: asked of the map.

A file that says nothing takes the datum that the map clearly shows; where the map is not clear it
is refused with what was measured. A file whose label, or a user whose word, the map clearly
contradicts is warned of and taken as told: nothing is changed in silence.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from pyproj import CRS

from data.column_mapping import ColumnMapping, match_columns, place_columns, with_place_headings
from data.fields import ROW_ID, Kind, plain_heading
from data.findings import Findings
from data.known_places import known_places
from data.models import Datum
from data.positions import Reference, coordinates
from data.raw_table import RawTable
from geo.datum import DatumFinding, detect_datum, detect_datum_of_shapes
from geo.datum.hypotheses import DATUM_TITLES
from geo.text import Text

NAME_FIELDS = ("name", "compound")  # what may be called like a known compound or area
TEXT_FIELDS = ("address", "home")  # what may name an area
HEADING_WORDS = {
    Datum.BD09: ("百度", "baidu", "bd09", "bd-09", "bd_09"),
    Datum.GCJ02: ("高德", "腾讯", "火星", "gcj", "amap"),
    Datum.WGS84: ("wgs", "gps"),
    Datum.CGCS2000: ("cgcs", "天地图", "2000"),
}


@dataclass(frozen=True, eq=False)
class DatumAnswer:
    """What the coordinates of a file are taken for, and what the map says of it."""

    reference: Reference
    finding: DatumFinding | None = None  # None: the map was not asked


def ask_map(
    connection: sa.Connection,
    raw: RawTable,
    kind: Kind,
    told: Reference,
    findings: Findings,
    mapping: ColumnMapping | None = None,
) -> DatumAnswer:
    """Return what a table's coordinates are in, as far as told, labelled or clear from the map.

    Notes in `findings` what was found without being told, and what the map contradicts.
    """
    if not told.or_else(raw.crs).name:
        told = _by_headings(raw, mapping, findings)
    stated = told.or_else(raw.crs)
    if ROW_ID in raw.headings or _is_projected(stated):
        return DatumAnswer(told)
    finding = _finding(connection, raw, kind, mapping)
    if finding is None or finding.best is None:
        return DatumAnswer(told, finding)
    best = finding.best.hypothesis
    if not stated.name:
        findings.note(
            f"文件没有说明坐标系，按地图判断：{finding.account.zh}",
            f"Nothing says in which datum the file is; by the map: {finding.account.en}",
        )
        return DatumAnswer(
            Reference(crs=CRS.from_epsg(best.epsg))
            if best.epsg
            else Reference(datum=Datum(str(best.datum))),
            finding,
        )
    if best.datum != _stated_datum(stated):
        title = DATUM_TITLES[_stated_datum(stated)]
        cure = f"--datum {best.datum}" if best.datum else f"--crs EPSG:{best.epsg}"
        findings.note(
            f"坐标标明为 {title.zh}，但地图不支持，未作改动；很可能应加 {cure} 重新导入。"
            f"{finding.account.zh}",
            f"The coordinates are said to be {title.en}, which the map contradicts; nothing was "
            f"changed. Import again with {cure}, most likely. {finding.account.en}",
        )
    return DatumAnswer(told, finding)


def _by_headings(raw: RawTable, mapping: ColumnMapping | None, findings: Findings) -> Reference:
    """Return the datum that the headings of the coordinates name, as 经度(百度) does; or none."""
    places = place_columns(with_place_headings(raw, mapping))
    headings = [raw.headings[at] for at in places.values()]
    found = {
        datum
        for datum, words in HEADING_WORDS.items()
        if any(word in plain_heading(heading) for heading in headings for word in words)
    }
    if raw.geometry is not None or len(found) != 1:
        return Reference()
    datum = found.pop()
    shown = "、".join(headings)
    findings.note(
        f"按列名“{shown}”，坐标系为 {datum.value}", f"In {datum.value}, as the headings {shown} say"
    )
    return Reference(datum=datum)


def _is_projected(reference: Reference) -> bool:
    return reference.crs is not None and not reference.crs.is_geographic


def _stated_datum(reference: Reference) -> str:
    if reference.datum in {Datum.GCJ02, Datum.BD09}:
        return str(reference.datum.value)
    return "wgs84"


def _finding(
    connection: sa.Connection, raw: RawTable, kind: Kind, mapping: ColumnMapping | None
) -> DatumFinding | None:
    """Ask the map; None where the file has no coordinates."""
    placed = with_place_headings(raw, mapping)
    names, texts = _texts(raw, kind, mapping)
    if raw.geometry is not None:
        known = known_places(connection)
        return detect_datum_of_shapes(raw.geometry, known, names=names, texts=texts)
    xy = coordinates(placed, kind)
    if xy is None:
        return None
    return detect_datum(*xy, known_places(connection), names=names, texts=texts)


def _texts(
    raw: RawTable, kind: Kind, mapping: ColumnMapping | None
) -> tuple[Sequence[str], Sequence[str]]:
    """Return the rows' names and addresses; empty where there is no such column."""
    places = place_columns(with_place_headings(raw, mapping))
    columns = match_columns(raw.headings, kind, set(places.values()), mapping)
    name = next((columns[field] for field in NAME_FIELDS if field in columns), None)
    text = next((columns[field] for field in TEXT_FIELDS if field in columns), None)
    return (
        () if name is None else raw.columns[name],
        () if text is None else raw.columns[text],
    )


def asked_in_vain(finding: DatumFinding | None, plain: Text) -> Text:
    """Return the refusal of a file without datum, with what was measured."""
    if finding is None or not finding.readings:
        return plain
    return Text(f"{plain.zh}{finding.account.zh}", f"{plain.en} {finding.account.en}")
