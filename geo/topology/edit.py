"""Redrawing grids: split one, merge two, move a border; neighbours keep fitting."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.errors import GridError
from geo.text import Text
from geo.topology.dissolve import joined_faces
from geo.topology.faces import Faces, cut_into_faces
from geo.topology.regions import NOBODY, regions_of
from geo.topology.tiling import Rows, Shapes, read_tiling
from geo.topology.vertices import Vertices

OVER_M = 0.01  # a line is followed this far beyond a grid, and what is this near touches it


def split_grid(
    grids: gpd.GeoDataFrame,
    grid_id: Any,  # noqa: ANN401 - whatever the index holds
    line: BaseGeometry,
    new_rows: list[Mapping[str, Any]],
) -> gpd.GeoDataFrame:
    """Split a grid along a line, in the CRS of `grids`; the line must cross it.

    The largest part keeps id and row; the others get the rows of `new_rows` (each with an `id`
    and the columns that differ; the rest is copied), from the largest down. Neighbours get the
    vertices where the line ends, so that borders still fit; nothing else moves.

    Raises
    ------
    GridError
        The grid is not known, the line does not part it, or makes more or fewer parts than
        `new_rows` has rows and one.
    """
    row = _row_of(grids, grid_id)
    desk = _Desk(grids)
    cut = desk.metric(line)
    rows = np.unique(np.append(desk.beside(desk.tiling.shapes[row]), row))
    within = shapely.intersection(cut, shapely.buffer(desk.tiling.shapes[row], OVER_M))
    faces = desk.faces(rows, within)
    mine = np.flatnonzero([row in claim for claim in faces.claims])
    mine = mine[np.argsort(-shapely.area(faces.shapes[mine]), kind="stable")]
    if len(mine) != len(new_rows) + 1:
        raise GridError(
            Text(
                f"这条线把网格分成 {len(mine)} 块，需要 {len(new_rows) + 1} 块；"
                "线的两端都要画到网格外。",
                f"The line makes {len(mine)} parts of the grid, {len(new_rows) + 1} are wanted; "
                "draw it from outside to outside.",
            ),
            ids=[grid_id],
        )
    owner = np.array([min(claim, default=NOBODY) for claim in faces.claims], np.int64)
    owner[mine[1:]] = NOBODY
    changed = desk.written(faces, owner, rows)
    added = []
    for face, given in zip(mine[1:].tolist(), new_rows, strict=True):
        part = desk.vertices.placed(faces.shapes[face])[0]
        one = grids.iloc[[row]].assign(**{k: v for k, v in given.items() if k != "id"})
        added.append(one.set_axis([given["id"]]).set_geometry([part], crs=grids.crs))
    whole = pd.concat([changed, *added])
    whole.index.name = grids.index.name
    return gpd.GeoDataFrame(whole, geometry=grids.geometry.name, crs=grids.crs)


def merge_grids(
    grids: gpd.GeoDataFrame,
    kept_id: Any,  # noqa: ANN401
    joined_id: Any,  # noqa: ANN401
) -> gpd.GeoDataFrame:
    """Join a grid to a neighbour, which keeps id and row; all vertices stay, also for others.

    Raises
    ------
    GridError
        A grid is not known, both are the same, or they have no border in common.
    """
    kept, joined = _row_of(grids, kept_id), _row_of(grids, joined_id)
    shapes = _shapes(grids)
    common = shapely.intersection(shapes[kept].boundary, shapes[joined].boundary)
    if kept == joined or shapely.length(common) == 0:
        raise GridError(
            Text(
                "这两个网格没有共同的边界，不能合并；边界有空隙时请先修补。",
                "The two grids have no border in common and cannot be merged; if there is a gap "
                "between them, mend it first.",
            ),
            ids=[kept_id, joined_id],
        )
    shapes[kept] = shapely.coverage_union_all(shapes[[kept, joined]])
    return grids.set_geometry(list(shapes), crs=grids.crs).drop(index=joined_id)


def reshape_border(
    grids: gpd.GeoDataFrame,
    grid_id: Any,  # noqa: ANN401
    shape: BaseGeometry,
) -> gpd.GeoDataFrame:
    """Give a grid a new outline, in the CRS of `grids`; its neighbours follow.

    What it takes is taken from whoever had it; what it leaves goes to the neighbour that borders
    on most of it, and stays empty where it had none. A grid is never swallowed whole.

    Raises
    ------
    GridError
        The grid is not known, the outline is no valid polygon, or it covers another grid.
    """
    row = _row_of(grids, grid_id)
    if shape.geom_type not in {"Polygon", "MultiPolygon"} or not shape.is_valid or shape.is_empty:
        raise GridError(
            Text(
                "新的边界不是有效的面（边线不能交叉）；请重画。",
                "The new outline is no valid polygon (it must not cross itself). Draw it again.",
            ),
            ids=[grid_id],
        )
    desk = _Desk(grids)
    wanted = desk.metric(shape)
    before = desk.tiling.shapes
    rows = np.unique([*desk.beside(wanted), *desk.beside(before[row]), row])
    others = rows[rows != row]
    swallowed = others[shapely.covers(shapely.buffer(wanted, OVER_M), before[others])]
    if len(swallowed):
        ids = grids.index[swallowed].tolist()
        raise GridError(
            Text(
                f"新的边界盖住了整个网格（编号 {ids[0]}）；要取消它请用合并。",
                f"The new outline covers the whole of grid {ids[0]}; merge the two instead.",
            ),
            ids=ids,
        )
    faces = desk.faces(rows, shapely.boundary(wanted))
    owner = np.array([min(claim, default=NOBODY) for claim in faces.claims], np.int64)
    inside = shapely.intersects(wanted, shapely.point_on_surface(faces.shapes))
    left = (owner == row) & ~inside
    owner[inside] = row
    owner[left] = NOBODY
    heirs = np.where(owner == row, NOBODY, owner)  # what was left does not come back
    free = replace(faces, claims=[frozenset[int]()] * len(owner))
    for region in regions_of(free, heirs, np.flatnonzero(left)):
        if len(region.owners):
            owner[region.faces] = region.longest()
    return desk.written(faces, owner, rows)


def counts_in(grids: gpd.GeoDataFrame, points: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return what lives in each grid: index of `grids`, columns homes, households, members.

    To be compared before and after an edit. A home on a border counts for the first of the two,
    as `geo.demand.grid_at` has it; unknown households count nothing.
    """
    homes = np.asarray(points.geometry.to_crs(grids.crs).to_numpy(), dtype=object)
    home, row = shapely.STRtree(_shapes(grids)).query(homes, predicate="intersects")
    order = np.lexsort((grids.index.to_numpy()[row], home))
    home, row = home[order], row[order]
    first = np.concatenate([[True], home[1:] != home[:-1]]) if len(home) else np.empty(0, bool)
    home, row = home[first], row[first]
    counts = {"homes": np.bincount(row, minlength=len(grids))}
    for column in ("households", "members"):
        if column in points:
            known = np.nan_to_num(points[column].to_numpy(float)[home])
            counts[column] = np.bincount(row, weights=known, minlength=len(grids))
    return pd.DataFrame(counts, index=grids.index)


def _row_of(grids: gpd.GeoDataFrame, grid_id: object) -> int:
    row = grids.index.get_indexer([grid_id])[0]
    if row < 0:
        raise GridError(
            Text(f"没有编号为 {grid_id} 的网格。", f"There is no grid {grid_id}."), ids=[grid_id]
        )
    return int(row)


def _shapes(grids: gpd.GeoDataFrame) -> Shapes:
    return np.array(grids.geometry.to_numpy(), dtype=object)


class _Desk:
    """A frame of grids laid out in metres to be cut and joined again."""

    def __init__(self, grids: gpd.GeoDataFrame) -> None:
        self.grids = grids
        self.tiling = read_tiling(grids)
        self.vertices = Vertices(self.tiling)

    def metric(self, shape: BaseGeometry) -> BaseGeometry:
        """Return a shape in the metres of the tiling."""
        moved: BaseGeometry = gpd.GeoSeries([shape], crs=self.grids.crs).to_crs(self.tiling.crs)[0]
        return moved

    def beside(self, shape: BaseGeometry) -> Rows:
        """Return the rows of the grids that touch a shape."""
        return shapely.STRtree(self.tiling.shapes).query(shape, "dwithin", distance=OVER_M)

    def faces(self, rows: Rows, line: BaseGeometry) -> Faces:
        """Cut some grids along a line more."""
        rims = shapely.boundary(self.tiling.shapes[rows])
        return cut_into_faces([*rims, line], self.tiling.shapes)

    def written(self, faces: Faces, owner: NDArray[np.int64], rows: Rows) -> gpd.GeoDataFrame:
        """Return the frame with the polygons that the faces make; what is the same is kept."""
        shapes = np.array(self.grids.geometry.to_numpy(), dtype=object)
        for row, joined in zip(rows.tolist(), joined_faces(faces, owner, rows), strict=True):
            placed = self.vertices.placed(joined)[0]
            if not shapely.equals_identical(
                shapely.normalize(placed), shapely.normalize(shapes[row])
            ):
                shapes[row] = placed
        return self.grids.set_geometry(list(shapes), crs=self.grids.crs)
