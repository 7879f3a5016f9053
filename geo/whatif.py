"""What if: a study with a station more or less, a gate opened, a footbridge built.

An edit is a plain value that JSON can carry; places are WGS84 lon/lat. Applying edits makes a new
study and leaves the old one as it is, so a scenario is a list of edits and no copy of the data.
"""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.crs import WGS84
from geo.errors import EditError
from geo.links import with_links
from geo.study import Study
from geo.text import Text


@dataclass(frozen=True)
class NewStation:
    """A station that is not there yet; open at all hours."""

    name: str
    lon: float
    lat: float


@dataclass(frozen=True)
class MovedStation:
    """A station of the study, elsewhere."""

    station_id: int
    lon: float
    lat: float


@dataclass(frozen=True)
class ClosedStation:
    """A station of the study, closed."""

    station_id: int


@dataclass(frozen=True)
class OpenedGate:
    """A gate of the study that is open to everyone at all hours."""

    gate_id: int


@dataclass(frozen=True)
class NewGate:
    """A gate that a compound does not have yet, at all hours.

    For its own people, and for everyone where all other gates of the compound are.
    """

    compound_id: int
    lon: float
    lat: float


@dataclass(frozen=True)
class NewLink:
    """A footbridge or passage between two places, open to everyone; joins the nearest ways."""

    lon: float
    lat: float
    to_lon: float
    to_lat: float


Edit: TypeAlias = NewStation | MovedStation | ClosedStation | OpenedGate | NewGate | NewLink
STATION_EDITS = (NewStation, MovedStation, ClosedStation)  # these leave the ground as it is
KINDS: dict[str, type[Edit]] = {
    "new_station": NewStation,
    "moved_station": MovedStation,
    "closed_station": ClosedStation,
    "opened_gate": OpenedGate,
    "new_gate": NewGate,
    "new_link": NewLink,
}
_NAMES = {kind: name for name, kind in KINDS.items()}
LONGEST_NAME = 200


def apply_edits(study: Study, edits: Sequence[Edit]) -> Study:
    """Return the study as it would be; stations and gates that are new get the next free ids.

    The version tells edited studies apart.

    Raises
    ------
    EditError
        An edit speaks of a station, gate or compound that the study does not have.
    NetworkError
        A link joins no way within the snap limit.
    """
    if not edits:
        return study
    _require_known(study, edits)
    digest = sha256(json.dumps(edits_to_json(edits)).encode()).hexdigest()[:12]
    links = [edit for edit in edits if isinstance(edit, NewLink)]
    network = study.network
    if links:
        ends = np.array([[[e.lon, e.lat], [e.to_lon, e.to_lat]] for e in links])
        xy = _metres(ends.reshape(-1, 2), study).reshape(-1, 2, 2)
        network = with_links(network, xy)
    return replace(
        study,
        network=network,
        stations=_edited_stations(study, edits),
        gates=_edited_gates(study, edits),
        version=f"{study.version}+{digest}",
    )


def edits_to_json(edits: Sequence[Edit]) -> list[dict[str, Any]]:
    """Return edits as JSON-ready values; `edits_from_json` reads them back."""
    return [{"edit": _NAMES[type(edit)], **dataclasses.asdict(edit)} for edit in edits]


def edits_from_json(values: object) -> list[Edit]:
    """Return the edits that JSON values say.

    Raises
    ------
    EditError
        The values are no list of edits; nothing of a foreign file is trusted.
    """
    if not isinstance(values, list):
        raise _not_an_edit(values)
    return [_read(value) for value in values]


def _read(value: object) -> Edit:
    kind = KINDS.get(str(value.get("edit"))) if isinstance(value, Mapping) else None
    if kind is None or not isinstance(value, Mapping):
        raise _not_an_edit(value)
    read: dict[str, Any] = {}
    for field in dataclasses.fields(kind):
        given: Any = value.get(field.name)
        if field.name.endswith("_id"):
            is_right = type(given) is int
        elif field.name == "name":
            is_right = isinstance(given, str) and len(given) <= LONGEST_NAME
        else:
            limit = 90 if field.name.endswith("lat") else 180
            # False for NaN and infinity, and for whole numbers beyond any float.
            is_right = type(given) in {int, float} and abs(given) <= limit
        if not is_right:
            raise _not_an_edit(value)
        read[field.name] = given
    return kind(**read)


def _not_an_edit(value: object) -> EditError:
    shown = json.dumps(value, ensure_ascii=False, default=str)[:60]
    return EditError(
        Text(
            f"方案里有一条看不懂的改动：{shown}。请用本系统导出的方案文件。",
            f"The scenario holds a change that is none: {shown}. Use a file exported from here.",
        )
    )


def _require_known(study: Study, edits: Sequence[Edit]) -> None:
    known = {
        "station_id": (study.stations.index, Text("驿站", "stations")),
        "gate_id": (study.gates.index, Text("出入口", "gates")),
        "compound_id": (study.compounds.index, Text("小区", "compounds")),
    }
    for column, (index, title) in known.items():
        asked = {getattr(edit, column) for edit in edits if hasattr(edit, column)}
        gone = sorted(asked - set(index.tolist()))
        if gone:
            raise EditError(
                Text(
                    f"方案用到的{title.zh}（编号 {gone[0]}）已不在数据里；请去掉这条改动。",
                    f"The scenario changes {title.en} that the data no longer hold (id {gone[0]}); "
                    "take that change out.",
                ),
                gone,
            )


def _metres(lon_lat: np.ndarray[Any, np.dtype[np.float64]], study: Study) -> Any:  # noqa: ANN401
    points = gpd.GeoSeries(gpd.points_from_xy(*lon_lat.T), crs=WGS84).to_crs(study.crs)
    return shapely.get_coordinates(points.to_numpy())


def _edited_stations(study: Study, edits: Sequence[Edit]) -> gpd.GeoDataFrame:
    stations = study.stations.copy()
    for edit in edits:  # a handful
        if isinstance(edit, ClosedStation):
            stations.loc[edit.station_id, ["state", "opens_on", "closes_on"]] = [
                "closed",
                None,
                None,
            ]
        elif isinstance(edit, MovedStation):
            xy = _metres(np.array([[edit.lon, edit.lat]]), study)[0]
            stations.loc[edit.station_id, "geometry"] = shapely.Point(xy)
    new = [edit for edit in edits if isinstance(edit, NewStation)]
    if not new:
        return stations
    xy = _metres(np.array([[edit.lon, edit.lat] for edit in new]), study)
    first = int(study.stations.index.max() + 1) if len(study.stations) else 1
    rows = gpd.GeoDataFrame(
        {
            "name": [edit.name for edit in new],
            "address": "",
            "services": [()] * len(new),
            "hours": None,
            "opens_on": None,
            "closes_on": None,
            "state": "open",
        },
        geometry=shapely.points(xy),
        index=pd.RangeIndex(first, first + len(new), name=study.stations.index.name),
        crs=study.crs,
    )
    return _stacked(stations, rows)


def _edited_gates(study: Study, edits: Sequence[Edit]) -> gpd.GeoDataFrame:
    gates = study.gates.copy()
    for edit in edits:
        if isinstance(edit, OpenedGate):
            gates.loc[edit.gate_id, "open_to_all"] = True
            gates.at[edit.gate_id, "hours"] = None  # noqa: PD008 - an object cell
    new = [edit for edit in edits if isinstance(edit, NewGate)]
    if not new:
        return gates
    xy = _metres(np.array([[edit.lon, edit.lat] for edit in new]), study)
    first = int(study.gates.index.max() + 1) if len(study.gates) else 1
    rows = gpd.GeoDataFrame(
        {
            "compound_id": [edit.compound_id for edit in new],
            "name": "",
            "open_to_all": [_is_open_to_all(gates, edit.compound_id) for edit in new],
            "hours": None,
        },
        geometry=shapely.points(xy),
        index=pd.RangeIndex(first, first + len(new), name=study.gates.index.name),
        crs=study.crs,
    )
    return _stacked(gates, rows)


def _is_open_to_all(gates: gpd.GeoDataFrame, compound_id: int) -> bool:
    """Return whether a compound has gates and all of them are: one more puts up no wall."""
    own = gates.loc[gates["compound_id"] == compound_id, "open_to_all"]
    return len(own) > 0 and bool(own.all())


def _stacked(frame: gpd.GeoDataFrame, rows: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the rows below the frame, in the frame's columns and types where it has any."""
    if frame.empty:
        return rows.reindex(columns=frame.columns).set_geometry("geometry", crs=frame.crs)
    return gpd.GeoDataFrame(pd.concat([frame, rows[list(frame.columns)]]), crs=frame.crs)
