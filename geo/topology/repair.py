"""Mending a tiling: shared borders snapped and noded, slivers given away, and all of it listed."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.topology.changes import changes_of
from geo.topology.dissolve import dissolve
from geo.topology.faults import TOUCH_M, gaps, is_narrow, overlaps
from geo.topology.regions import wide_cores
from geo.topology.rules import DEFAULT_RULES, GridRules
from geo.topology.spikes import cut_spikes
from geo.topology.tiling import Rows, Shapes, Tiling, mended, read_tiling
from geo.topology.vertices import Vertices

MOST_PASSES = 6


def repair_grids(
    frame: gpd.GeoDataFrame,
    *,
    points: gpd.GeoDataFrame | None = None,
    rules: GridRules = DEFAULT_RULES,
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Make a sound tiling of grids by moving borders no farther than `rules.max_move_m`.

    Invalid outlines are made valid and spikes cut. Then all borders are noded with one another,
    and every gap and overlap that is narrow goes as a whole to the grid that borders on most of
    it (of an overlap, of the grids that claim it); equal shares to the lower code. Where that
    would move a border too far, it is parted midway. What is wider than twice `max_move_m`, or
    an overlap with more than half of a grid, is left as it is: `check_grids` of the result asks.

    Parameters
    ----------
    frame
        n grids, index = id, any CRS; `code` and `name` are read if there.
    points
        Homes (buildings, members), any CRS; each whose grid changes is named in the changes.

    Returns
    -------
    repaired
        The frame with the same rows, columns and CRS. A grid that needed nothing keeps its very
        coordinates, and so does every vertex that did not move. `shapely.coverage_is_valid`,
        unless overlaps are left as questions.
    changes
        One row a grid that changed, see `geo.topology.changes.changes_of`.

    Raises
    ------
    CrsError
        A frame has no CRS.
    GridError
        Two rows have the same id.
    """
    rank = read_tiling(frame).rank()
    # Always in the same order, so that the order of the rows decides nothing.
    in_order = frame.iloc[np.argsort(rank)]
    tiling = read_tiling(in_order)
    uncut, n_spikes, _ = cut_spikes(tiling.drawn, rules)
    start = mended(uncut)
    shapes, given = _tiled(tiling, start, rules)
    repaired = frame.copy()
    repaired[frame.geometry.name] = gpd.GeoSeries(
        _as_given(given, in_order)[rank], index=frame.index, crs=frame.crs
    )
    told = changes_of(tiling, start, shapes, given, n_spikes=n_spikes, points=points)
    return repaired, told.loc[frame.index[frame.index.isin(told.index)]]


def _tiled(tiling: Tiling, start: Shapes, rules: GridRules) -> tuple[Shapes, Shapes]:
    """Return the polygons of a tiling (n,) in metres, and (n,) in the CRS of the frame.

    `start` (n,): in metres, valid and without spikes.
    """
    n_parts = np.maximum(shapely.get_num_geometries(tiling.drawn), 1)
    vertices = Vertices(tiling)
    shapes, given = start.copy(), tiling.given.copy()
    touched = np.flatnonzero(~shapely.equals_identical(start, tiling.drawn))
    _take(touched, start[touched], shapes, given, vertices)
    for _ in range(MOST_PASSES):
        rows, clefts = _unsound(given, shapes, rules)
        if len(rows) == 0:
            break
        joined = dissolve(shapes, rows, clefts, n_parts=n_parts, rules=rules)
        if not _take(rows, joined, shapes, given, vertices):
            break
    same = _is_as_before(given, tiling)
    given[same] = tiling.given[same]
    return shapes, given


def _unsound(given: Shapes, shapes: Shapes, rules: GridRules) -> tuple[Rows, Shapes]:
    """Return the rows (w,) whose borders do not fit or border on a gap, and the clefts."""
    edges = shapely.coverage_invalid_edges(given)
    odd = np.flatnonzero(~(shapely.is_empty(edges) | shapely.is_missing(edges)))
    double = overlaps(shapes)
    empty = gaps(shapes, mouth_m=2 * rules.max_move_m)
    narrow = is_narrow(empty.shapes, 2 * rules.max_move_m)
    kept = ~empty.is_open | (shapely.area(empty.shapes) >= rules.least_area_m2)
    has_arms = np.array(
        [len(wide_cores(empty.shapes[k : k + 1], rules)) > 0 for k in range(len(narrow))], bool
    )
    mendable = empty.shapes[kept & (narrow | has_arms)]
    tree = shapely.STRtree(shapes)
    beside = tree.query(mendable, predicate="dwithin", distance=TOUCH_M)[1]
    rows = np.unique(np.concatenate([odd, double.first, double.second, beside]))
    is_cleft = empty.is_open & kept
    return rows.astype(np.intp), empty.shapes[is_cleft]


def _take(rows: Rows, joined: Shapes, shapes: Shapes, given: Shapes, vertices: Vertices) -> bool:
    """Write new polygons of `rows` into both arrays; return whether any differs from before."""
    differs = False
    for row, shape in zip(rows.tolist(), joined, strict=True):
        placed, metric = vertices.placed(shape)
        before = shapely.normalize(given[row])
        if shapely.equals_identical(shapely.normalize(placed), before):
            continue
        differs = True
        given[row], shapes[row] = placed, metric
    return differs


def _is_as_before(given: Shapes, tiling: Tiling) -> NDArray[np.bool_]:
    same = shapely.equals_identical(shapely.normalize(given), shapely.normalize(tiling.given))
    return np.asarray(same, bool)


def _as_given(given: Shapes, frame: gpd.GeoDataFrame) -> Shapes:
    """Return the polygons, and whatever else stood in the frame as it was."""
    before = np.asarray(frame.geometry.to_numpy(), dtype=object)
    flat = shapely.force_2d(before)
    kept = shapely.is_empty(given) | shapely.equals_identical(flat, given)
    result = given.copy()
    result[kept] = before[kept]
    return result
