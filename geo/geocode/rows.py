"""The frame of a gazetteer read into rows: columns first, the text of the address for the rest."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from geo.errors import GeocodeError
from geo.geocode.address import Address, address_of, read_address, sign_of
from geo.geocode.levels import MatchLevel
from geo.geocode.names import Name, name_of, without_city, written_in_one_way
from geo.geocode.parse import parse_normal
from geo.geocode.places import Row
from geo.geocode.tokens import Label
from geo.text import Text

LEVEL_OF_KIND = {
    "compound": MatchLevel.COMPOUND,
    "building": MatchLevel.BUILDING,
    "gate": MatchLevel.COMPOUND,
    "station": MatchLevel.BUILDING,
    "road_number": MatchLevel.ROAD_NUMBER,
    "road": MatchLevel.ROAD,
    "community": MatchLevel.COMMUNITY,
}
DIVISION_COLUMNS = {
    "city": Label.CITY,
    "district": Label.COUNTY,
    "street": Label.STREET,
    "community": Label.COMMUNITY,
}
_TEXT_COLUMNS = (
    *("address", "name", "compound", "building", "unit", "room"),
    *("road", "number", "kind"),
)
NO_POSITION = Text("没有坐标，或坐标不是经纬度", "no position, or one that is not in degrees")
NO_ADDRESS = Text("没有地址也没有名称", "neither an address nor a name")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row that no text can be matched to, by its index label, and why."""

    index: Hashable
    reason: Text


def vocabulary_of(addresses: pd.DataFrame) -> dict[str, str]:
    """Return the names of divisions that the columns give, with their levels."""
    found: dict[str, str] = {}
    for column, label in DIVISION_COLUMNS.items():
        if column in addresses:
            for value in addresses[column].dropna().unique():
                text = written_in_one_way(_text(value))
                if len(text) >= 2:
                    found[text] = str(label)
    return found


def read_rows(
    addresses: pd.DataFrame, vocabulary: Mapping[str, str]
) -> tuple[list[Row], list[LeftOut]]:
    """Return the rows that can be matched to, in order, and those that cannot.

    Raises GeocodeError if a column is missing or a kind is unknown.
    """
    _require_columns(addresses)
    lon, lat = (
        pd.to_numeric(addresses[column], errors="coerce").to_numpy(float)
        for column in ("lon", "lat")
    )
    is_placed = (np.abs(lon) <= 180.0) & (np.abs(lat) <= 90.0)
    ids = addresses["id"].tolist() if "id" in addresses else addresses.index.tolist()
    texts = {
        column: [_text(value) for value in addresses[column]] if column in addresses else None
        for column in _TEXT_COLUMNS
    }
    divisions = {
        label: [written_in_one_way(_text(value)) for value in addresses[column]]
        for column, label in DIVISION_COLUMNS.items()
        if column in addresses
    }
    aliases = addresses["aliases"].tolist() if "aliases" in addresses else [None] * len(addresses)
    rows: list[Row] = []
    left_out: list[LeftOut] = []
    for k, index in enumerate(addresses.index):
        said = {column: values[k] if values else "" for column, values in texts.items()}
        if not is_placed[k] or not (said["address"] or said["name"] or said["compound"]):
            left_out.append(LeftOut(index, NO_ADDRESS if is_placed[k] else NO_POSITION))
            continue
        of_columns = {label: values[k] for label, values in divisions.items() if values[k]}
        row = _row(said, of_columns, vocabulary, _alias_texts(aliases[k]))
        rows.append(replace(row, number=len(rows), id=ids[k], lon=float(lon[k]), lat=float(lat[k])))
    return rows, left_out


def _require_columns(addresses: pd.DataFrame) -> None:
    lacking = [column for column in ("address", "lon", "lat") if column not in addresses]
    if lacking:
        columns = ", ".join(lacking)
        raise GeocodeError(
            Text(
                f"地址库缺少列：{columns}。请补上 address、lon、lat 三列。",
                f"The gazetteer lacks the columns {columns}. Give address, lon and lat.",
            )
        )
    if "kind" in addresses:
        unknown = sorted({_text(k) for k in addresses["kind"].unique()} - {"", *LEVEL_OF_KIND})
        if unknown:
            kinds = ", ".join(unknown[:5])
            raise GeocodeError(
                Text(
                    f"地址库有不认识的类别：{kinds}。可用：{'、'.join(LEVEL_OF_KIND)}。",
                    f"The gazetteer has unknown kinds: {kinds}. Use {', '.join(LEVEL_OF_KIND)}.",
                )
            )


def _text(value: object) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, int | np.integer) else ""


def _alias_texts(value: object) -> list[str]:
    """Return the aliases of a cell: a list, or a text with 、 ; , or / between them."""
    if isinstance(value, str):
        for separator in "、；;，/|":
            value = value.replace(separator, ",")
        return [part.strip() for part in value.split(",") if part.strip()]
    if isinstance(value, Iterable):
        return [part for part in map(_text, value) if part]
    return []


def _row(
    said: Mapping[str, str],
    divisions: Mapping[Label, str],
    vocabulary: Mapping[str, str],
    aliases: list[str],
) -> Row:
    """Read one row; number, id and position are set by the caller."""
    written = {column: written_in_one_way(text) if text else "" for column, text in said.items()}
    own = _own_name(written)
    address = _read(written, own, vocabulary)
    address.divisions.update(divisions)
    if written["road"]:
        number = sign_of(written["number"]) if written["number"] else ""
        address.roads.insert(0, (written["road"], number))
    zone = ""
    if written["building"]:
        tokens = address_of(parse_normal(written["building"], vocabulary, after_name=True))
        zone = "".join(tokens.names)
        address.building = tokens.building or tokens.room or sign_of(written["building"])
    for column in ("unit", "room"):
        if written[column]:
            setattr(address, column, sign_of(written[column]))
    name = name_of(own) if own else _parsed_name(address)
    also = [name_of(written_in_one_way(alias)) for alias in aliases]
    if name is not None:
        shorter = without_city(name)
        also += [name_of(shorter)] if shorter else []
    text = said["address"] or "".join(said[c] for c in ("compound", "name", "building") if said[c])
    level = LEVEL_OF_KIND.get(said["kind"]) or _level(address, name)
    return Row(0, None, 0.0, 0.0, text, level, name, tuple(also), address, zone)


def _own_name(written: Mapping[str, str]) -> str:
    """Return the name of the place that the columns give: the estate's, a gate's, a station's."""
    name, compound = written["name"], written["compound"]
    if written["kind"].lower() == "gate" and compound:
        return name if name.startswith(compound) else compound + name
    if written["kind"].lower() == "station":
        return name or compound
    return compound or name


def _read(written: Mapping[str, str], own: str, vocabulary: Mapping[str, str]) -> Address:
    """Read the text of the address; with a name of its own, the building is what follows it."""
    text = written["address"]
    if not own:
        return read_address(text, vocabulary)
    place = text.rfind(own)
    if place >= 0:
        address = address_of(parse_normal(text[:place], vocabulary))
        after = address_of(parse_normal(text[place + len(own) :], vocabulary, after_name=True))
        address.building, address.unit, address.room = after.building, after.unit, after.room
        address.roads += after.roads
    else:
        address = read_address(text, vocabulary)
        address.building = address.unit = address.room = ""
    address.names = [own]
    return address


def _parsed_name(address: Address) -> Name | None:
    if address.names:
        return name_of(address.name)
    if address.roads or Label.COMMUNITY not in address.divisions:
        return None
    return name_of(address.divisions[Label.COMMUNITY])


def _level(address: Address, name: Name | None) -> MatchLevel:
    if address.room:
        return MatchLevel.ROOM
    if address.unit:
        return MatchLevel.UNIT
    if address.building:
        return MatchLevel.BUILDING
    if address.names:
        return MatchLevel.COMPOUND
    if address.roads:
        return MatchLevel.ROAD_NUMBER if address.roads[0][1] else MatchLevel.ROAD
    return MatchLevel.COMMUNITY if name else MatchLevel.NONE
