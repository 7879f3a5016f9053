"""Rows of the tables as the frames of a study: names, types, geometry in EPSG:4326."""

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import sqlalchemy as sa
from sqlalchemy.orm import Session

from data.tables import table_of
from geo.hours import Hours, from_json

WGS84 = "EPSG:4326"
# The frames of a study: column in the frame -> column in the table, and the type.
COLUMNS: dict[str, dict[str, tuple[str, str]]] = {
    "communities": {
        "code": ("code", "text"),
        "name": ("name", "text"),
        "is_derived": ("is_derived", "bool"),
        "geometry": ("geometry", "geometry"),
    },
    "grids": {
        "code": ("code", "text"),
        "name": ("name", "text"),
        "community_id": ("community_id", "Int64"),
        "population": ("population", "float"),
        "households": ("households", "float"),
        "geometry": ("geometry", "geometry"),
    },
    "compounds": {
        "name": ("name", "text"),
        "address": ("address", "text"),
        "households": ("households", "float"),
        "residents": ("residents", "float"),
        "elderly": ("elderly", "float"),
        "geometry": ("geometry", "geometry"),
    },
    "gates": {
        "compound_id": ("compound_id", "int"),
        "name": ("name", "text"),
        "open_to_all": ("is_open_to_all", "bool"),
        "hours": ("hours", "hours"),
        "geometry": ("geometry", "geometry"),
    },
    "buildings": {
        "compound_id": ("compound_id", "Int64"),
        "number": ("number", "text"),
        "name": ("name", "text"),
        "address": ("address", "text"),
        "levels": ("levels", "float"),
        "households": ("households", "float"),
        "residents": ("residents", "float"),
        "elderly": ("elderly", "float"),
        "footprint": ("footprint", "geometry"),
        "geometry": ("geometry", "geometry"),
    },
    "stations": {
        "name": ("name", "text"),
        "address": ("address", "text"),
        "services": ("services", "tuple"),
        "hours": ("hours", "hours"),
        "opens_on": ("opens_on", "object"),
        "closes_on": ("closes_on", "object"),
        "state": ("state", "text"),
        "geometry": ("geometry", "geometry"),
    },
    "candidates": {
        "name": ("name", "text"),
        "address": ("address", "text"),
        "cost": ("cost", "float"),
        "area_m2": ("area_m2", "float"),
        "geometry": ("geometry", "geometry"),
    },
    "links": {
        "name": ("name", "text"),
        "geometry": ("geometry", "geometry"),
    },
    "base": {
        "kind": ("kind", "text"),
        "name": ("name", "text"),
        "geometry": ("geometry", "geometry"),
    },
}


def read_frame(session: Session, kind: str, condition: sa.ColumnElement[bool]) -> gpd.GeoDataFrame:
    """Return the rows of a kind that meet a condition, in EPSG:4326, index `id`."""
    table = table_of(kind)
    columns = COLUMNS[kind]
    query = (
        sa.select(table.c.id, *(table.c[stored] for stored, _ in columns.values()))
        .where(condition)
        .order_by(table.c.id)
    )
    rows = session.execute(query).all()
    cells: Sequence[Sequence[Any]] = list(zip(*rows, strict=True)) or [()] * (len(columns) + 1)
    index = pd.Index(np.array(cells[0], dtype=np.int64), name="id")
    typed = {
        name: _typed(values, kind_of_cell)
        for (name, (_, kind_of_cell)), values in zip(columns.items(), cells[1:], strict=True)
    }
    geometry = typed.pop("geometry")
    if "footprint" in typed:
        typed["footprint"] = gpd.GeoSeries(typed["footprint"], index=index, crs=WGS84)
    return gpd.GeoDataFrame(typed, index=index, geometry=geometry, crs=WGS84)


def _typed(values: Sequence[Any], kind: str) -> Any:  # noqa: ANN401 - array of one type or another
    if kind == "geometry":
        return shapely.from_wkb(np.array(values, dtype=object))
    if kind == "hours":
        return _objects([None if v is None else _hours(json.dumps(v)) for v in values])
    if kind == "tuple":
        return _objects([tuple(value) for value in values])
    if kind == "text":
        return _objects(["" if value is None else str(value) for value in values])
    if kind == "Int64":
        return pd.array(list(values), dtype="Int64")
    types: dict[str, type] = {"float": float, "int": np.int64, "bool": bool, "object": object}
    return np.array(values, dtype=types[kind])


def _objects(values: list[Any]) -> Any:  # noqa: ANN401
    filled = np.empty(len(values), dtype=object)
    filled[:] = values
    return filled


@lru_cache(maxsize=1024)
def _hours(text: str) -> Hours:
    return from_json(json.loads(text))
