"""Grids split, merged and given ground, by hand: the tiling stays one, and nothing else moves.

All borders of the grids concerned are noded with those of their neighbours, as in `repair_grids`;
a neighbour changes only where a new vertex comes to lie on its border.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, cast

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.errors import GridError
from geo.text import Text
from geo.topology.faces import Faces, cut_into_faces
from geo.topology.faults import TOUCH_M
from geo.topology.tiling import Rows, Shapes, Tiling, read_tiling
from geo.topology.vertices import Vertices

LEAST_AREA_M2 = 100.0  # of what is cut off: less is a slip of the hand
SAME_M = 0.01  # two corners nearer than this are one
NEW, NOBODY = -1, -2  # owners of faces: the grid that a split makes, and none


@dataclass(frozen=True, eq=False)
class GridEdit:
    """What an edit makes of grids; geometry in the CRS of the frame, valid.

    `changed`: id → new outline, the edited grids and neighbours that got a vertex. `new`: the
    outline of one grid more, None unless one was split. `removed`: ids that are no more.
    """

    changed: dict[Hashable, shapely.Geometry]
    new: shapely.Geometry | None = None
    removed: tuple[Hashable, ...] = ()

    def applied(self, grids: gpd.GeoDataFrame, new_id: Hashable = NEW) -> gpd.GeoDataFrame:
        """Return the outlines after the edit: one column of geometry, index = id."""
        shapes = grids.geometry.drop(list(self.removed)).astype(object).to_dict()
        shapes |= self.changed
        if self.new is not None:
            shapes[new_id] = self.new
        return gpd.GeoDataFrame(
            geometry=gpd.GeoSeries(list(shapes.values()), index=list(shapes), crs=grids.crs)
        )


def split_grid(grids: gpd.GeoDataFrame, grid: Hashable, line: shapely.LineString) -> GridEdit:
    """Cut a grid along a line; the larger side keeps the id, the other is new.

    Parameters
    ----------
    grids
        A tiling, index = id, any CRS.
    line
        In the CRS of the frame, from outside the grid through it to the outside again; what of it
        lies in other grids does not matter.

    Raises
    ------
    GridError
        No such grid, or the line leaves less than LEAST_AREA_M2 on one side.
    """
    tiling = read_tiling(grids)
    row = _row(tiling, grid)
    cut = _in_metres(line, tiling)

    def side(faces: Faces, own: Rows) -> NDArray[np.intp]:
        is_left = np.array([_is_left(cut, place) for place in _inside(faces, own)], dtype=np.bool_)
        area = shapely.area(faces.shapes[own])
        if min(area[is_left].sum(), area[~is_left].sum()) < LEAST_AREA_M2:
            raise GridError(
                Text(
                    "这条线没有把网格分成两块；请从网格外画起，穿过网格画到另一边之外。",
                    "The line does not part the grid; begin outside of it and draw through it to "
                    "the outside again.",
                ),
                [grid],
            )
        is_new = is_left == (area[is_left].sum() < area[~is_left].sum())
        return np.where(is_new, NEW, row).astype(np.intp)

    within = shapely.intersection(cut, shapely.buffer(tiling.shapes[row], TOUCH_M))
    return _edited(tiling, [row], [within], lambda f: _owners(f, row, side))


def merge_grids(grids: gpd.GeoDataFrame, grid: Hashable, other: Hashable) -> GridEdit:
    """Put a neighbour to a grid; the neighbour's id goes.

    Raises
    ------
    GridError
        No such grid, or the two share no border.
    """
    tiling = read_tiling(grids)
    row, goes = _row(tiling, grid), _row(tiling, other)
    shared = shapely.intersection(
        shapely.buffer(tiling.shapes[row], TOUCH_M), shapely.boundary(tiling.shapes[goes])
    )
    if row == goes or shapely.length(shared) <= 4 * TOUCH_M:
        raise GridError(
            Text(
                f"网格“{tiling.labels[row]}”和“{tiling.labels[goes]}”没有共同的边界，不能合并。",
                f"The grids {tiling.labels[row]} and {tiling.labels[goes]} share no border and "
                "cannot be merged.",
            ),
            [grid, other],
        )

    def owners(faces: Faces) -> NDArray[np.intp]:
        own = _claimed(faces)
        return np.where(own == goes, row, own)

    return _edited(tiling, [row, goes], [], owners)


def take_ground(grids: gpd.GeoDataFrame, grid: Hashable, ground: shapely.Polygon) -> GridEdit:
    """Move the border of a grid: what of `ground` lies in neighbours, or in none, becomes its own.

    Parameters
    ----------
    ground
        A polygon in the CRS of the frame that meets the grid.

    Raises
    ------
    GridError
        No such grid, the ground is no polygon or does not meet the grid, nothing of it is new, or
        a neighbour would be left without ground (merge the two then).
    """
    tiling = read_tiling(grids)
    row = _row(tiling, grid)
    area = _in_metres(ground, tiling)
    if not area.is_valid or area.is_empty or not shapely.intersects(area, tiling.shapes[row]):
        raise GridError(
            Text(
                f"画的范围要是一个与网格“{tiling.labels[row]}”相接、不自相交的面。",
                f"Draw an area that meets the grid {tiling.labels[row]} and does not cross itself.",
            ),
            [grid],
        )
    if shapely.area(shapely.difference(area, tiling.shapes[row])) < LEAST_AREA_M2:
        raise GridError(
            Text(
                f"画的范围已经全在网格“{tiling.labels[row]}”内。",
                f"The area lies in the grid {tiling.labels[row]} already.",
            ),
            [grid],
        )
    losing = shapely.STRtree(tiling.shapes).query(area, predicate="intersects")
    rows = sorted({row, *losing.tolist()})
    for loser in set(rows) - {row}:
        if shapely.area(shapely.difference(tiling.shapes[loser], area)) < LEAST_AREA_M2:
            raise GridError(
                Text(
                    f"这样网格“{tiling.labels[loser]}”就没有地了；要并掉它请用“合并”。",
                    f"That would leave the grid {tiling.labels[loser]} without ground; merge the "
                    "two instead.",
                ),
                [tiling.index[loser]],
            )

    def owners(faces: Faces) -> NDArray[np.intp]:
        held = shapely.intersects(area, shapely.point_on_surface(faces.shapes))
        return np.where(held, row, _claimed(faces))

    return _edited(tiling, rows, [shapely.boundary(area)], owners)


def add_grid(grids: gpd.GeoDataFrame, ground: shapely.Geometry) -> GridEdit:
    """Make a grid of what of `ground` (a polygon in the CRS of the frame) lies in no grid yet.

    Raises
    ------
    GridError
        The ground is no polygon, or less than LEAST_AREA_M2 of it is free.
    """
    tiling = read_tiling(grids)
    area = _in_metres(ground, tiling)
    if not area.is_valid or area.is_empty or shapely.area(area) == 0:
        raise GridError(
            Text("画的范围要是一个不自相交的面。", "Draw an area that does not cross itself.")
        )
    met = shapely.STRtree(tiling.shapes).query(area, predicate="dwithin", distance=TOUCH_M)
    if (
        shapely.area(shapely.difference(area, shapely.union_all(tiling.shapes[met])))
        < LEAST_AREA_M2
    ):
        raise GridError(
            Text(
                "画的范围全在已有的网格里；要改已有的网格请用拆分或调整边界。",
                "The area lies in other grids already; split one, or move its border.",
            )
        )

    # Corners that are a neighbour's but for rounding are the neighbour's.
    corners = shapely.multipoints(shapely.get_coordinates(tiling.shapes[met]))
    area = cast("shapely.Polygon", shapely.snap(area, corners, SAME_M))

    def owners(faces: Faces) -> NDArray[np.intp]:
        own = _claimed(faces)
        held = shapely.intersects(area, shapely.point_on_surface(faces.shapes))
        return np.where(held & (own == NOBODY), NEW, own)

    return _edited(tiling, met.tolist(), [area.boundary], owners)


def _row(tiling: Tiling, grid: Hashable) -> int:
    found = np.flatnonzero(np.asarray(tiling.index == grid))
    if len(found) == 0 or shapely.is_empty(tiling.shapes[found[0]]):
        raise GridError(
            Text(f"没有编号为 {grid} 的网格。", f"There is no grid with the id {grid}."), [grid]
        )
    return int(found[0])


def _in_metres(shape: shapely.Geometry, tiling: Tiling) -> Any:  # noqa: ANN401 - as it came
    series = gpd.GeoSeries([shapely.force_2d(shape)], crs=tiling.frame_crs)
    return series.to_crs(tiling.crs).iloc[0]


def _claimed(faces: Faces) -> NDArray[np.intp]:
    """Return the row that each face belongs to (k,): the lowest where several claim it."""
    return np.array([min(claims, default=NOBODY) for claims in faces.claims], dtype=np.intp)


def _owners(
    faces: Faces, row: int, side: Callable[[Faces, Rows], NDArray[np.intp]]
) -> NDArray[np.intp]:
    owner = _claimed(faces)
    own = np.flatnonzero(owner == row)
    owner[own] = side(faces, own)
    return owner


def _inside(faces: Faces, rows: Rows) -> Shapes:
    return np.asarray(shapely.point_on_surface(faces.shapes[rows]), dtype=object)


def _is_left(line: shapely.LineString, place: shapely.Point) -> bool:
    """Return on which side of the line a place lies, by the nearest of its segments."""
    xy = shapely.get_coordinates(line)
    segments = shapely.linestrings(np.stack([xy[:-1], xy[1:]], axis=1))
    p = shapely.get_coordinates(place)[0]
    distance = shapely.distance(segments, place)
    nearest = np.flatnonzero(distance <= distance.min() + TOUCH_M)
    # Where two segments meet, the one that the place lies most to the side of decides.
    ahead = xy[nearest + 1] - xy[nearest]
    cross = ahead[:, 0] * (p[1] - xy[nearest, 1]) - ahead[:, 1] * (p[0] - xy[nearest, 0])
    cross = cross / np.linalg.norm(ahead, axis=1)
    return bool(cross[np.argmax(np.abs(cross))] > 0)


def _edited(
    tiling: Tiling,
    rows: list[int],
    lines: list[shapely.Geometry],
    owners: Callable[[Faces], NDArray[np.intp]],
) -> GridEdit:
    """Node `rows` and their neighbours with `lines`, and join the faces by their owners."""
    own = np.array(rows, dtype=np.intp)
    tree = shapely.STRtree(tiling.shapes)
    near = tree.query(tiling.shapes[own], predicate="dwithin", distance=TOUCH_M)[1]
    around = np.unique(np.concatenate([near, own]))
    borders = list(shapely.boundary(tiling.shapes[around]))
    faces = cut_into_faces([*borders, *lines], tiling.shapes)
    owner = owners(faces)
    vertices = Vertices(tiling)
    changed: dict[Hashable, shapely.Geometry] = {}
    for row in around.tolist():
        mine = faces.shapes[owner == row]
        if len(mine) == 0:
            continue
        placed, _ = vertices.placed(shapely.coverage_union_all(mine))
        if not _is_same(placed, tiling.given[row]):
            changed[tiling.index[row]] = placed
    new = faces.shapes[owner == NEW]
    shape = vertices.placed(shapely.coverage_union_all(new))[0] if len(new) else None
    gone = tuple(tiling.index[row] for row in rows if not (owner == row).any())
    return GridEdit(changed, shape, gone)


def _is_same(one: shapely.Geometry, other: shapely.Geometry) -> bool:
    return bool(shapely.equals_identical(shapely.normalize(one), shapely.normalize(other)))
