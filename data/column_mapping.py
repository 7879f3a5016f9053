"""Which column serves which field: guessed from the headings, told by the user, remembered."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256

from data.errors import ImportDataError
from data.fields import (
    LAT,
    LON,
    LON_LAT,
    REASON,
    ROW_ID,
    ROW_NUMBER,
    Kind,
    find_column,
    plain_heading,
)
from data.raw_table import RawTable
from geo.text import Text

# Fields of every kind that has points: their columns are read by `data.positions`.
PLACE_FIELDS = {"lon": LON, "lat": LAT, "lonlat": LON_LAT}
PLACE_TITLES = {
    "lon": Text("经度", "longitude"),
    "lat": Text("纬度", "latitude"),
    "lonlat": Text("经纬度", "lon,lat"),
}
ColumnMapping = Mapping[str, str]  # field -> heading in the file; "" = no column


def match_columns(
    headings: Sequence[str], kind: Kind, taken: set[int], mapping: ColumnMapping | None = None
) -> dict[str, int]:
    """Return the position of each field's column; a column serves one field only.

    What `mapping` says counts first; the other fields are guessed from the headings that are left.
    """
    told = mapping or {}
    columns = {name: headings.index(heading) for name, heading in told.items() if heading}
    used = taken | set(columns.values())
    free = ["" if i in used else heading for i, heading in enumerate(headings)]
    for field in kind.fields:
        at = None if field.name in told else find_column(free, field.headings)
        if at is not None:
            columns[field.name] = at
            free[at] = ""
    return {field.name: columns[field.name] for field in kind.fields if field.name in columns}


def place_columns(raw: RawTable) -> dict[str, int]:
    """Return the columns that hold coordinates, by `PLACE_FIELDS`; none where a file has geometry.

    As `data.positions` finds them: one column of both counts before two.
    """
    if raw.geometry is not None:
        return {}
    found = {
        name: at
        for name, names in PLACE_FIELDS.items()
        if (at := find_column(raw.headings, names)) is not None
    }
    if "lonlat" in found:
        return {"lonlat": found["lonlat"]}
    return found if len(found) == 2 else {}


def check_mapping(raw: RawTable, kind: Kind, mapping: ColumnMapping) -> None:
    """Refuse a mapping with a field that the kind has not, or a heading that the file has not.

    Raises
    ------
    ImportDataError
        As said; or one column is to serve two fields.
    """
    fields = [field.name for field in kind.fields] + list(PLACE_FIELDS)
    headings = [heading for heading in mapping.values() if heading]
    for name, heading in mapping.items():
        if name not in fields:
            raise ImportDataError(
                Text(
                    f"{kind.title.zh}没有“{name}”这一项；可用：{', '.join(fields)}。",
                    f"There is no field {name!r} of {kind.title.en}: {', '.join(fields)}.",
                )
            )
        if heading and heading not in raw.headings:
            shown = "、".join(raw.headings)
            raise ImportDataError(
                Text(
                    f"文件里没有“{heading}”这一列；现有列：{shown}。",
                    f"The file has no column {heading!r}; it has: {shown}.",
                )
            )
        if headings.count(heading) > 1:
            raise ImportDataError(
                Text(
                    f"“{heading}”列只能用于一项。",
                    f"The column {heading!r} can serve one field only.",
                )
            )


def with_place_headings(raw: RawTable, mapping: ColumnMapping | None) -> RawTable:
    """Return the table with the columns of coordinates called so, where a mapping names them."""
    told = {name: (mapping or {}).get(name) for name in PLACE_FIELDS}
    if all(heading is None for heading in told.values()):
        return raw
    columns = {raw.headings.index(heading): name for name, heading in told.items() if heading}
    headings = []
    for i, heading in enumerate(raw.headings):
        if i in columns:
            headings.append(PLACE_FIELDS[columns[i]][0])
        else:  # what else would be taken for coordinates is not meant
            others = find_column([heading], (*LON, *LAT, *LON_LAT)) is not None
            headings.append("" if others else heading)
    return replace(raw, headings=tuple(headings))


def heading_signature(headings: Sequence[str]) -> str:
    """Return a short text that two files share exactly if their headings are the same.

    Our own columns do not count: a return sheet has the headings of the file that it came from.
    """
    own = {REASON, ROW_ID, ROW_NUMBER}
    plain = "\t".join(plain_heading(heading) for heading in headings if heading not in own)
    return sha256(plain.encode()).hexdigest()[:32]
