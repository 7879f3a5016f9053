"""A frame of grids as arrays in metres, read once for every check."""

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from shapely import GeometryType

from geo.crs import require_metric_crs, to_metric_crs
from geo.errors import GridError
from geo.text import Text

Shapes = NDArray[np.object_]
Rows = NDArray[np.intp]
Floats = NDArray[np.float64]
NOTHING = shapely.Polygon()


@dataclass(frozen=True, eq=False)
class Tiling:
    """n grids, in the order of their frame."""

    index: pd.Index
    codes: NDArray[np.object_]  # (n,) text, "" where there is none
    labels: NDArray[np.object_]  # (n,) what people call the grid: name, else code, else id
    given: Shapes  # (n,) in the CRS of the frame, without Z; an empty polygon where none is drawn
    drawn: Shapes  # (n,) the same in metres; may be invalid
    shapes: Shapes  # (n,) valid polygons in metres; empty where there is nothing
    crs: CRS  # of the metres
    frame_crs: CRS

    def rank(self) -> NDArray[np.intp]:
        """Return the place of each grid by code, then id (n,): what ties are broken by."""
        order = sorted(range(len(self.index)), key=lambda k: (self.codes[k], str(self.index[k])))
        rank = np.empty(len(order), np.intp)
        rank[order] = np.arange(len(order))
        return rank


def read_tiling(frame: gpd.GeoDataFrame) -> Tiling:
    """Return the grids of a frame in metres; what is no polygon counts as not drawn.

    Raises
    ------
    CrsError
        The frame has no CRS.
    GridError
        The frame has two rows of one id.
    """
    if frame.crs is None:
        require_metric_crs(frame, "grids")
    if not frame.index.is_unique:
        twice = frame.index[frame.index.duplicated()].unique().tolist()
        raise GridError(
            Text(
                f"网格表有 {len(twice)} 个编号出现不止一次（第一个：{twice[0]}）；请先去重。",
                f"{len(twice)} ids stand on more than one row of the grids (the first: "
                f"{twice[0]}); ids must be unique.",
            ),
            ids=twice,
        )
    given = polygonal(shapely.force_2d(np.asarray(frame.geometry.to_numpy(), dtype=object)))
    flat = gpd.GeoDataFrame(geometry=given, index=frame.index, crs=frame.crs)
    is_drawn = ~shapely.is_empty(given)
    metric = to_metric_crs(flat[is_drawn]) if is_drawn.any() else flat[is_drawn]
    drawn = np.full(len(given), NOTHING, dtype=object)
    drawn[is_drawn] = metric.geometry.to_numpy()
    codes = np.array([_code(c) for c in _column(frame, "code")], dtype=object)
    names = [_text(c) for c in _column(frame, "name")]
    labels = [n or c or str(i) for n, c, i in zip(names, codes, frame.index, strict=True)]
    return Tiling(
        index=frame.index,
        codes=codes,
        labels=np.array(labels, dtype=object),
        given=given,
        drawn=drawn,
        shapes=mended(drawn),
        crs=CRS(metric.crs),
        frame_crs=CRS(frame.crs),
    )


def polygonal(shapes: Shapes) -> Shapes:
    """Return each polygon or multi-polygon as it is, and an empty polygon for anything else."""
    kinds = shapely.get_type_id(shapes)
    is_area = (kinds == GeometryType.POLYGON) | (kinds == GeometryType.MULTIPOLYGON)
    kept = np.full(len(shapes), NOTHING, dtype=object)
    kept[is_area] = shapes[is_area]
    return kept


def mended(shapes: Shapes) -> Shapes:
    """Return valid polygons of equal outline; lines that lie about in them are dropped."""
    result = shapes.copy()
    bad = np.flatnonzero(~shapely.is_valid(shapes))
    result[bad] = [
        only_area(one)
        for one in shapely.make_valid(shapes[bad], method="structure", keep_collapsed=False)
    ]
    return result


def only_area(shape: Any) -> Any:  # noqa: ANN401 - any geometry in, a polygonal one out
    """Return the areas of a geometry as one polygon or multi-polygon."""
    parts = shapely.get_parts(shape)
    nested = shapely.get_parts(parts)  # collections of multi-polygons
    areas = nested[shapely.area(nested) > 0]
    if len(areas) == 0:
        return NOTHING
    return areas[0] if len(areas) == 1 else shapely.multipolygons(areas)


def _column(frame: gpd.GeoDataFrame, name: str) -> NDArray[np.object_]:
    if name in frame:
        return np.asarray(frame[name].astype(object))
    return np.full(len(frame), None, dtype=object)


def _text(cell: object) -> str:
    return "" if cell is None or pd.isna(cell) else str(cell).strip()  # type: ignore[call-overload]


def _code(cell: object) -> str:
    """Return a code as text; a spreadsheet's 341103003001001.0 is the whole number."""
    if isinstance(cell, float | np.floating) and np.isfinite(cell) and float(cell).is_integer():
        return str(int(cell))
    return _text(cell)
