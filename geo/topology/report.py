"""The faults of a tiling as plain values, for JSON, CSV and tables."""

import json

import geopandas as gpd
import pandas as pd

from geo.crs import WGS84
from geo.report import plain

TABLE = (
    *("kind", "severity", "is_mendable", "codes", "names", "n", "area_m2", "width_m"),
    *("lon", "lat", "text_zh", "text_en"),
)


def fault_rows(found: gpd.GeoDataFrame) -> list[dict[str, object]]:
    """Return the findings of `check_grids` as JSON-ready values, each with its GeoJSON geometry."""
    shapes = json.loads(found.geometry.to_crs(WGS84).to_json())["features"]
    rows = []
    for row, shape in zip(found.to_dict("records"), shapes, strict=True):
        values = {
            str(key): [plain(one) for one in cell] if isinstance(cell, tuple) else plain(cell)
            for key, cell in row.items()
            if key != "geometry"
        }
        rows.append({**values, "geometry": shape["geometry"]})
    return rows


def fault_table(found: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the findings as a flat table, several grids of one finding in one cell."""
    table = pd.DataFrame(found[list(TABLE)])
    for column in ("codes", "names"):
        table[column] = [" ".join(cell) for cell in table[column]]
    return table.round({"area_m2": 2, "width_m": 2})
