"""A first outline for a grid of which only the homes are known, along streets where they close."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.crs import to_metric_crs
from geo.errors import GridError
from geo.text import Text
from geo.topology.faces import STEP_M
from geo.topology.tiling import NOTHING, Shapes, only_area

ROUND_M = 400.0  # streets this far beyond the homes may close a block
ALONG_M = 3.0  # a border this near to a street runs along it


@dataclass(frozen=True)
class GridDraft:
    """An outline to be looked at, and how far it can be trusted."""

    polygon: BaseGeometry  # in the CRS of the homes; maybe in several parts
    n_homes: int
    n_inside: int  # of the homes; those in another grid are not
    n_others: int  # homes of others that it holds all the same
    n_blocks: int  # whole blocks between streets
    n_cut: int  # blocks shared with others, cut midway between the homes
    n_open: int  # blocks that no street closes, where it keeps near to the homes
    share_along: float  # of the border that runs along streets or neighbours, 0 … 1

    @property
    def text(self) -> Text:
        """Say what the outline rests on."""
        n_parts = shapely.get_num_geometries(self.polygon)
        return Text(
            f"按 {self.n_homes} 处住所起草：{self.n_inside} 处在内，误含别格 {self.n_others} 处；"
            f"边界 {self.share_along:.0%} 沿道路或邻格，整块街区 {self.n_blocks} 个，"
            f"与别格分享 {self.n_cut} 个，道路没有围合 {self.n_open} 个"
            + (f"；分成 {n_parts} 块" if n_parts > 1 else "")
            + "。这只是草图，请按四至核对。",
            f"Drafted from {self.n_homes} homes: {self.n_inside} are inside, and {self.n_others} "
            f"of other grids. {self.share_along:.0%} of the border runs along streets or "
            f"neighbours; "
            f"{self.n_blocks} whole blocks, {self.n_cut} shared, {self.n_open} not closed by "
            "streets"
            + (f"; {n_parts} parts" if n_parts > 1 else "")
            + ". It is a draft: compare it with the written bounds.",
        )


def draft_grid(
    homes: gpd.GeoDataFrame,
    streets: gpd.GeoSeries,
    *,
    others: gpd.GeoDataFrame | None = None,
    neighbours: gpd.GeoDataFrame | None = None,
    reach_m: float = 40.0,
) -> GridDraft:
    """Draft the outline of a grid from its homes.

    A block between streets that holds homes of this grid only is taken whole. One that holds
    homes of `others` too is cut midway between the homes. Where no streets close a block, the
    outline keeps within `reach_m` of the homes. Nothing of a neighbour's polygon is taken. Empty
    blocks (a park, a school) are not taken: the homes do not tell whose they are.

    Parameters
    ----------
    homes
        At least one place or footprint; any CRS.
    streets, others, neighbours
        Lines of streets; homes of other grids; polygons of the grids that are drawn; any CRS.

    Raises
    ------
    CrsError
        A frame has no CRS.
    GridError
        There is no home with a place.
    """
    known = homes[~(homes.geometry.is_empty | homes.geometry.isna())]
    if known.empty:
        raise GridError(
            Text(
                "没有一处住所有坐标，无法起草网格；请先定位楼栋。",
                "None of the homes has a place, so no grid can be drafted. Locate them first.",
            )
        )
    metric = to_metric_crs(known)
    own = shapely.point_on_surface(np.asarray(metric.geometry.to_numpy(), dtype=object))
    foreign = _placed(others, metric) if others is not None else np.empty(0, dtype=object)
    foreign = shapely.point_on_surface(foreign)
    taken = _placed(neighbours, metric) if neighbours is not None else np.empty(0, dtype=object)
    hull = shapely.MultiPoint(shapely.get_coordinates(own)).convex_hull
    around: BaseGeometry = hull.buffer(ROUND_M)
    lines = shapely.intersection(_placed(streets, metric), around)
    blocks = _blocks(lines, taken, around)
    parts, kinds = _parts(blocks, own, foreign, around, reach_m)
    drawn = only_area(shapely.difference(shapely.union_all(parts), shapely.union_all(taken)))
    back = gpd.GeoSeries([drawn], crs=metric.crs).to_crs(known.crs)[0]
    edges = shapely.union_all([*lines, *shapely.boundary(taken)])
    along = shapely.length(shapely.intersection(drawn.boundary, shapely.buffer(edges, ALONG_M)))
    return GridDraft(
        polygon=back,
        n_homes=len(homes),
        n_inside=int(shapely.intersects(drawn, own).sum()),
        n_others=int(shapely.intersects(drawn, foreign).sum()) if len(foreign) else 0,
        n_blocks=kinds["whole"],
        n_cut=kinds["cut"],
        n_open=kinds["open"],
        share_along=float(along / max(float(shapely.length(drawn.boundary)), 1e-9)),
    )


def _placed(frame: gpd.GeoDataFrame | gpd.GeoSeries, metric: gpd.GeoDataFrame) -> Shapes:
    shapes = frame.geometry[~(frame.geometry.is_empty | frame.geometry.isna())]
    return np.asarray(shapes.to_crs(metric.crs).to_numpy(), dtype=object)


def _blocks(lines: Shapes, taken: Shapes, around: BaseGeometry) -> Shapes:
    """Return the pieces between streets, neighbours and the limit of what is looked at."""
    rims = [*lines, *shapely.boundary(taken), shapely.boundary(around)]
    noded = shapely.union_all(np.array(rims, dtype=object), grid_size=STEP_M)
    blocks = np.asarray(shapely.get_parts(shapely.polygonize([noded])), dtype=object)
    inside = shapely.point_on_surface(blocks)
    held = np.unique(shapely.STRtree(taken).query(inside, predicate="intersects")[0])
    return np.delete(blocks, held)


def _parts(
    blocks: Shapes, own: Shapes, foreign: Shapes, around: BaseGeometry, reach_m: float
) -> tuple[Shapes, dict[str, int]]:
    """Return what is taken of each block with homes of this grid, and how many of each kind."""
    kinds = {"whole": 0, "cut": 0, "open": 0}
    near = shapely.union_all(shapely.buffer(own, reach_m))
    shapely.prepare(near)
    rim = shapely.boundary(around)
    parts: list[BaseGeometry] = [NOTHING]
    others = shapely.STRtree(foreign)
    block, home = shapely.STRtree(own).query(blocks, predicate="intersects")
    for k in np.unique(block).tolist():
        mine, theirs = own[home[block == k]], foreign[others.query(blocks[k], "intersects")]
        part = blocks[k]
        if shapely.distance(part, rim) <= 2 * STEP_M:
            part = shapely.intersection(part, near)
            kinds["open"] += 1
        elif len(theirs) == 0:
            kinds["whole"] += 1
        if len(theirs):
            part = shapely.intersection(part, _nearer(mine, theirs, blocks[k]))
            kinds["cut"] += 1
        parts.append(part)
    return np.array(parts, dtype=object), kinds


def _nearer(mine: Shapes, theirs: Shapes, block: BaseGeometry) -> BaseGeometry:
    """Return the places of a block that are nearer to one of `mine` than to any of `theirs`."""
    both = np.unique(shapely.get_coordinates(np.concatenate([mine, theirs])), axis=0)
    cells = shapely.get_parts(
        shapely.voronoi_polygons(shapely.multipoints(both), extend_to=block, ordered=True)
    )
    places = np.asarray(shapely.points(both), dtype=object)
    its_own = np.unique(shapely.STRtree(places).query(mine, "dwithin", distance=0)[1])
    merged: BaseGeometry = shapely.coverage_union_all(cells[its_own])
    return merged
