"""The gazetteer of the database: every place that an address can mean, made once a version."""

import threading
from collections import defaultdict
from hashlib import sha256
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
import shapely
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from data.geocoding.aliases import PlaceRef, alias_texts
from data.linking import current_rows
from data.models import AddressAlias
from data.queries import study_version
from data.viewer import Viewer
from geo.geocode import Gazetteer

_lock = threading.Lock()
_made: WeakKeyDictionary[sa.Engine, tuple[str, Gazetteer]] = WeakKeyDictionary()


def gazetteer_version(session: Session | sa.Connection, viewer: Viewer) -> str:
    """Return a short text that changes whenever the places or the aliases may have changed."""
    table = AddressAlias.__table__
    query = sa.select(sa.func.max(table.c.id), sa.func.count(table.c.withdrawn_at))
    aliases = tuple(session.execute(query).one())
    return sha256(repr((study_version(session, viewer), aliases)).encode()).hexdigest()[:16]


def load_gazetteer(session: Session | sa.Connection, viewer: Viewer) -> Gazetteer:
    """Return the gazetteer of what the viewer may see; ids are `PlaceRef` as text.

    The last one of each database is kept and given again while its version holds. Read-only.
    """
    connection = session.connection() if isinstance(session, Session) else session
    version = gazetteer_version(session, viewer)
    with _lock:
        kept = _made.get(connection.engine)
    if kept is not None and kept[0] == version:
        return kept[1]
    made = Gazetteer.from_frame(gazetteer_frame(connection))
    with _lock:
        _made[connection.engine] = (version, made)
    return made


def gazetteer_frame(connection: sa.Connection) -> pd.DataFrame:
    """Return the places of the database as `Gazetteer.from_frame` takes them.

    Columns id, kind, name, compound, building, address, community, lon, lat, aliases; and
    `inside`, the id of the compound that a place is in, "" where it is in none that is known.

    Road numbers are those of the addresses of compounds, buildings and stations. A building
    without number and name is no place that an address could mean.
    """
    compounds = _compounds(connection)
    name_of = dict(zip(compounds["row"], compounds["name"], strict=True))
    frames = [
        compounds,
        _buildings(connection, name_of),
        _gates(connection, name_of),
        _stations(connection),
    ]
    frame = pd.concat([part for part in frames if len(part)] or frames[:1], ignore_index=True)
    points = shapely.point_on_surface(shapely.from_wkb(frame.pop("geometry").to_numpy(object)))
    frame["lon"], frame["lat"] = shapely.get_x(points), shapely.get_y(points)
    frame["community"] = _communities(connection, np.asarray(points, dtype=object))
    return _with_aliases(frame.drop(columns="row"), alias_texts(connection))


def _rows(connection: sa.Connection, kind: str, *columns: str) -> pd.DataFrame:
    rows = current_rows(connection, kind, "id", "geometry", *columns).rename(columns={"id": "row"})
    ids = [str(PlaceRef(kind, int(i))) for i in rows["row"]]
    for name in ("name", "compound", "building", "address", "inside"):
        if name not in rows:
            rows[name] = ""
    rows["id"], rows["kind"] = ids, kind.removesuffix("s")
    return rows


def _compounds(connection: sa.Connection) -> pd.DataFrame:
    return _rows(connection, "compounds", "name", "address")


def _inside(compound_ids: "pd.Series[Any]") -> list[str]:
    return ["" if pd.isna(i) else str(PlaceRef("compounds", int(i))) for i in compound_ids]


def _buildings(connection: sa.Connection, name_of: dict[int, str]) -> pd.DataFrame:
    columns = ("compound_id", "compound_name", "number", "name", "address")
    rows = _rows(connection, "buildings", *columns)
    rows["inside"] = _inside(rows["compound_id"])
    known = [
        name if pd.isna(i) else name_of.get(int(i), name)
        for i, name in zip(rows.pop("compound_id"), rows.pop("compound_name"), strict=True)
    ]
    numbers = rows.pop("number")
    has_number = (numbers != "").to_numpy(bool)
    # Without a number of its own a building is known by its name alone, not as its compound.
    rows["compound"] = np.where(has_number, known, "")
    rows["building"] = numbers
    joined = [compound + name for compound, name in zip(known, rows["name"], strict=True)]
    rows["name"] = np.where(has_number, "", np.where(rows["name"] == "", "", joined))
    is_known = has_number & np.array([bool(name) for name in known], dtype=bool)
    is_known |= ((rows["name"] != "") | (rows["address"] != "")).to_numpy(bool)
    return pd.DataFrame(rows[is_known])


def _gates(connection: sa.Connection, name_of: dict[int, str]) -> pd.DataFrame:
    rows = _rows(connection, "gates", "compound_id", "name")
    rows["inside"] = _inside(rows["compound_id"])
    rows["compound"] = [name_of.get(int(i), "") for i in rows.pop("compound_id")]
    return pd.DataFrame(rows[(rows["name"] != "") & (rows["compound"] != "")])


def _stations(connection: sa.Connection) -> pd.DataFrame:
    return _rows(connection, "stations", "name", "address")


def _communities(connection: sa.Connection, points: NDArray[np.object_]) -> list[str]:
    """Return the name of the community in whose grids each point lies; "" where in none."""
    known = current_rows(connection, "communities", "id", "name")
    name_of = dict(zip(known["id"], known["name"], strict=True))
    grids = current_rows(connection, "grids", "community_id", "geometry")
    names = [""] * len(points)
    tree = shapely.STRtree(shapely.from_wkb(grids["geometry"].to_numpy(object)))
    for at, grid in zip(*tree.query(points, predicate="intersects"), strict=True):
        names[at] = names[at] or name_of.get(grids["community_id"].iloc[grid], "")
    return names


def _with_aliases(frame: pd.DataFrame, aliases: list[tuple[str, PlaceRef]]) -> pd.DataFrame:
    """Add what places are also called: names to their compound, other texts as own rows."""
    also: dict[str, list[str]] = defaultdict(list)
    for text, place in aliases:
        also[str(place)].append(text)
    is_compound = frame["kind"] == "compound"
    given: list[Any] = [
        also.get(i, []) if compound else []
        for i, compound in zip(frame["id"], is_compound, strict=True)
    ]
    frame = frame.assign(aliases=pd.Series(given, index=frame.index, dtype=object))
    others = frame[~is_compound & frame["id"].isin(also.keys())]
    more = [
        {**row, "name": "", "compound": "", "building": "", "address": text, "aliases": []}
        for row in others.to_dict("records")
        for text in also[row["id"]]
    ]
    return pd.concat([frame, pd.DataFrame(more)], ignore_index=True) if more else frame
