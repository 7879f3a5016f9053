"""Who gets a face that is a gap or claimed twice: the grid that borders on most of it."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from geo.topology.faces import STEP_M, Faces
from geo.topology.faults import is_narrow, offset
from geo.topology.rules import GridRules
from geo.topology.tiling import Floats, Rows, Shapes

SAMPLE_M = 0.5  # borders are compared at points this far apart
MOVE_SAMPLES, MIDWAY_SAMPLES = 400, 5000  # but no more of them to a region: some are miles long
SMOOTH_M = 0.3  # a line drawn midway may be this far from the exact middle
ROUNDS = 12  # a face among faces that are not decided yet waits for the next round
NOBODY = -1
QUESTION = -2  # left as it is


@dataclass(frozen=True, eq=False)
class Region:
    """Faces with the same claim that hang together, and the border round them."""

    faces: Rows
    claim: frozenset[int]
    owners: Rows  # (s,) the grid across each piece of border
    ends: Floats  # (s, 2, 2)
    shape: shapely.Geometry

    def longest(self) -> int:
        """Return the grid that borders on most of it, the first row of equals."""
        metres = np.linalg.norm(self.ends[:, 1] - self.ends[:, 0], axis=1)
        grids, which = np.unique(self.owners, return_inverse=True)
        # To the millimetre: a sum of lengths must not depend on their order.
        total = np.round(np.bincount(which, weights=metres), 3)
        return int(grids[np.argmax(total)])

    def samples(self, at_most: int) -> tuple[Floats, Rows]:
        """Return points along the border (p, 2) and the grid across each."""
        metres = np.linalg.norm(self.ends[:, 1] - self.ends[:, 0], axis=1)
        apart_m = max(SAMPLE_M, float(metres.sum()) / at_most)
        # Midpoints of equal parts: a corner between two grids belongs to neither.
        n = np.maximum(np.ceil(metres / apart_m).astype(np.intp), 1)
        piece = np.repeat(np.arange(len(n)), n)
        number = np.arange(len(piece)) - np.repeat(np.cumsum(n) - n, n)
        share = (number + 0.5) / n[piece]
        start, way = self.ends[piece, 0], self.ends[piece, 1] - self.ends[piece, 0]
        return start + share[:, None] * way, self.owners[piece]

    def move_m(self, grid: int) -> float:
        """Return how far the border of a grid moves if the whole region becomes its own."""
        mine = self.owners == grid
        if mine.all():
            return 0.0  # a hole in one grid: its border goes, none comes
        mine_line, rest_line = (shapely.multilinestrings(self.ends[k]) for k in (mine, ~mine))
        xy, owners = self.samples(MOVE_SAMPLES)
        at = shapely.points(np.concatenate([xy, self.ends.reshape(-1, 2)]))
        is_mine = np.concatenate([owners == grid, np.repeat(mine, 2)])
        far = np.where(is_mine, shapely.distance(at, rest_line), shapely.distance(at, mine_line))
        return float(far.max())


@dataclass(eq=False)
class Decisions:
    """Whose each face is; filled round by round."""

    owner: NDArray[np.int64]  # (k,) row of the grid, NOBODY or QUESTION
    middles: list[shapely.Geometry] = field(default_factory=list)  # lines still to be cut along
    midway: list[tuple[Rows, KDTree, Rows]] = field(default_factory=list)


def regions_of(faces: Faces, owner: NDArray[np.int64], open_faces: Rows) -> list[Region]:
    """Return the undecided faces in regions, with the decided grids round each."""
    if len(open_faces) == 0:
        return []
    table = faces.both_ways()
    is_open = np.zeros(len(faces.shapes), bool)
    is_open[open_faces] = True
    numbers = {claim: k for k, claim in enumerate(dict.fromkeys(faces.claims))}
    claim = np.array([numbers[c] for c in faces.claims])
    face, other = table["face"].to_numpy(), table["other"].to_numpy()
    inner = is_open[face] & is_open[other] & (claim[face] == claim[other])
    links = coo_array((np.ones(inner.sum()), (face[inner], other[inner])), shape=2 * (len(claim),))
    label = connected_components(links, directed=False)[1]
    outer = is_open[face] & (owner[other] >= 0)
    pieces = pd.DataFrame({"label": label[face], "owner": owner[other], "piece": table["piece"]})[
        outer
    ]
    of_label = {int(key): rows for key, rows in pieces.groupby("label")}
    found = []
    for key, members in pd.Series(open_faces).groupby(label[open_faces]):
        mine = members.to_numpy()
        rows = of_label.get(int(str(key)), pieces.iloc[:0])
        owners, ends = rows["owner"].to_numpy(), faces.ends[rows["piece"].to_numpy()]
        allowed = faces.claims[mine[0]]
        if allowed:
            inside = np.isin(owners, list(allowed))
            owners, ends = owners[inside], ends[inside]
        shape = shapely.coverage_union_all(faces.shapes[mine])
        found.append(Region(mine, allowed, owners, ends, shape))
    return found


def decide(
    faces: Faces,
    owner: NDArray[np.int64],
    areas: Floats,
    rules: GridRules,
) -> Decisions:
    """Give every undecided face (owner NOBODY) to a grid, or leave it as a question.

    A region goes as a whole to the grid that borders on most of it (of an overlap, the claimant)
    where that moves its border no farther than `max_move_m`. Else, if it is nowhere wider than
    twice that, it is parted midway, so that each border moves by half. Else it is a question, as
    is an overlap with more than a share of a grid of `areas` (n,).
    """
    result = Decisions(owner.copy())
    for _ in range(ROUNDS):
        waiting = np.flatnonzero(result.owner == NOBODY)
        todo = [r for r in regions_of(faces, result.owner, waiting) if len(r.owners)]
        if not todo:
            break
        decided = result.owner.copy()
        narrow = is_narrow(np.array([r.shape for r in todo], dtype=object), 2 * rules.max_move_m)
        for region, is_thin in zip(todo, narrow.tolist(), strict=True):
            least = min((float(areas[row]) for row in region.claim), default=np.inf)
            if not is_thin or shapely.area(region.shape) > rules.most_of_a_grid * least:
                decided[region.faces] = QUESTION
                continue
            grid = region.longest()
            decided[region.faces] = grid
            if region.move_m(grid) > rules.max_move_m:
                xy, owners = region.samples(MIDWAY_SAMPLES)
                result.midway.append((region.faces, KDTree(xy), owners))
                result.middles += _middle_lines(xy, owners, region.shape)
        result.owner = decided
    result.owner[result.owner == NOBODY] = QUESTION
    return result


def _middle_lines(xy: Floats, owners: Rows, shape: shapely.Geometry) -> list[shapely.Geometry]:
    """Return the lines inside a region that are as far from one grid as from the next."""
    xy, first = np.unique(xy, axis=0, return_index=True)
    owners = owners[first]
    cells = shapely.get_parts(
        shapely.voronoi_polygons(shapely.multipoints(xy), extend_to=shape, ordered=True)
    )
    rims = [
        shapely.boundary(shapely.coverage_union_all(cells[owners == grid]))
        for grid in np.unique(owners)
    ]
    noded = shapely.union_all(np.array([shapely.boundary(shape), *rims]), grid_size=STEP_M)
    pieces = shapely.get_parts(shapely.polygonize([noded]))
    inside = shapely.point_on_surface(pieces)
    kept = shapely.intersects(shape, inside)
    pieces, inside = pieces[kept], inside[kept]
    nearest = owners[KDTree(xy).query(shapely.get_coordinates(inside))[1]]
    parts = [shapely.coverage_union_all(pieces[nearest == grid]) for grid in np.unique(nearest)]
    # A coverage stays one when its inner lines are smoothed; a line by itself might leave it.
    smooth = shapely.coverage_simplify(np.array(parts), SMOOTH_M, simplify_boundary=False)
    return list(shapely.boundary(smooth))


def wide_cores(shapes: Shapes, rules: GridRules) -> list[shapely.Geometry]:
    """Return the wide part of each polygon that is wide in places only, to be cut off there."""
    cores = []
    for shape in shapes[~is_narrow(shapes, 2 * rules.max_move_m)]:
        core = offset(offset(shape, -rules.max_move_m), rules.max_move_m)
        core = shapely.intersection(core, shape)
        if shapely.area(shape) - shapely.area(core) >= rules.least_area_m2:
            cores.append(core)
    return cores
