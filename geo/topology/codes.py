"""Faults of codes and of belonging: 15 digits, each once, under its community, inside it."""

import re
from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.text import Text
from geo.topology.fault import Fault
from geo.topology.tiling import Shapes, Tiling, mended, polygonal

CODE = re.compile(r"[0-9]{15}")
COMMUNITY_CODE = re.compile(r"[0-9]{12}")


def code_faults(tiling: Tiling) -> Iterator[Fault]:
    """Find codes that are not 15 digits, and codes that stand on more than one grid."""
    rows_of: dict[str, list[int]] = {}
    for row, code in enumerate(tiling.codes.tolist()):
        if not CODE.fullmatch(code):
            yield Fault("malformed_code", (row,), tiling.shapes[row], what=Text(code, code))
        if code:
            rows_of.setdefault(code, []).append(row)
    for code, rows in rows_of.items():
        if len(rows) > 1:
            everywhere = shapely.union_all(tiling.shapes[rows])
            yield Fault(
                "duplicate_code", tuple(rows), everywhere, n=len(rows), what=Text(code, code)
            )


def community_faults(
    tiling: Tiling, frame: gpd.GeoDataFrame, communities: gpd.GeoDataFrame | None, least_m2: float
) -> Iterator[Fault]:
    """Find grids without community, under another's code, or outside its polygon.

    The community of a grid stands in `community_id` (an id of `communities`) or `community_code`.
    """
    link = next((c for c in ("community_id", "community_code") if c in frame), None)
    if link is None:
        return
    given = frame[link].astype(object)
    belongs = [None if pd.isna(cell) or cell == "" else cell for cell in given]
    known = None if communities is None else _by(communities, link)
    outlines = None if communities is None else _outlines(communities, tiling)
    for row, cell in enumerate(belongs):
        place = None if cell is None or known is None else known.get(cell)
        if cell is None or (known is not None and place is None):
            yield Fault("orphan", (row,), tiling.shapes[row])
            continue
        code, name = _community(communities, place, cell, link)
        if (
            CODE.fullmatch(tiling.codes[row])
            and COMMUNITY_CODE.fullmatch(code)
            and not tiling.codes[row].startswith(code)
        ):
            yield Fault("code_prefix", (row,), tiling.shapes[row], what=Text(code, code))
        if outlines is not None and place is not None and not shapely.is_empty(outlines[place]):
            beyond = shapely.difference(tiling.shapes[row], outlines[place])
            # Both are drawn by hand: a border in common differs by less than this on its length.
            if shapely.area(beyond) >= max(least_m2, 0.01 * shapely.length(tiling.shapes[row])):
                yield Fault("outside_community", (row,), beyond, what=Text(name, name))


def _by(communities: gpd.GeoDataFrame, link: str) -> dict[object, int]:
    keys = communities.index if link == "community_id" else communities["code"]
    return {key: place for place, key in enumerate(keys.tolist())}


def _community(
    communities: gpd.GeoDataFrame | None, place: int | None, cell: object, link: str
) -> tuple[str, str]:
    """Return code and name of a community, as far as they are known."""
    if communities is None or place is None:
        code = str(cell) if link == "community_code" else ""
        return code, code
    row = communities.iloc[place]
    code = str(row.get("code", ""))
    return code, str(row.get("name", "")) or code


def _outlines(communities: gpd.GeoDataFrame, tiling: Tiling) -> Shapes:
    """Return the polygons of the communities in the metres of the tiling; empty where none."""
    shapes = polygonal(shapely.force_2d(np.asarray(communities.geometry.to_numpy(), dtype=object)))
    placed = gpd.GeoSeries(shapes, crs=communities.crs).to_crs(tiling.crs)
    return mended(np.asarray(placed.to_numpy(), dtype=object))
