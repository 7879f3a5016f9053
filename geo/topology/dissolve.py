"""One pass over a piece of a tiling: cut into faces, give each to one grid, join again."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from geo.topology.faces import Faces, cut_into_faces
from geo.topology.faults import is_narrow
from geo.topology.regions import NOBODY, QUESTION, Decisions, decide, regions_of, wide_cores
from geo.topology.rules import GridRules
from geo.topology.tiling import NOTHING, Rows, Shapes

CRUMB_ROUNDS = 4
MIDWAY_ROUNDS = 4
# A region that is parted midway: its faces, and the grid beside each place of its border.
Parted: TypeAlias = tuple[Shapes, KDTree, Rows]


@dataclass(frozen=True, eq=False)
class Places:
    """Polygons of which a point says that a face belongs there."""

    shapes: Shapes

    def hold(self, faces: Faces) -> NDArray[np.bool_]:
        """Return whether each face lies in one of them (k,)."""
        held = np.zeros(len(faces.shapes), bool)
        if len(self.shapes):
            inside = shapely.point_on_surface(faces.shapes)
            held[shapely.STRtree(self.shapes).query(inside, predicate="intersects")[0]] = True
        return held


def dissolve(
    shapes: Shapes,
    rows: Rows,
    clefts: Shapes,
    *,
    n_parts: NDArray[np.int32],
    rules: GridRules,
) -> Shapes:
    """Return the polygons of `rows` (w,) without overlaps and narrow gaps among them.

    `shapes` (n,): valid polygons in metres of all grids; those not in `rows` stay as they are and
    must neither overlap others nor border on a gap. `clefts`: gaps that open outwards. `n_parts`
    (n,): as many pieces as each grid was drawn in; a narrow one more is a crumb.
    """
    # Each polygon by itself first: a border of a grid may cross itself at the lattice's step.
    lines = [*shapely.boundary(shapes[rows]), *shapely.boundary(clefts)]
    faces = cut_into_faces(lines, shapes)
    gap_faces = _undecided(faces)
    unions = np.array([r.shape for r in regions_of(faces, _owners(faces), gap_faces)], dtype=object)
    cores = Places(np.array(wide_cores(unions, rules), dtype=object))
    if len(cores.shapes):
        lines += list(shapely.boundary(cores.shapes))
        faces = cut_into_faces(lines, shapes)
    decisions = _decide(faces, cores, shapes, rules)
    midway: list[Parted] = []
    for _ in range(MIDWAY_ROUNDS):
        if not decisions.middles:
            break
        midway += [(faces.shapes[f], tree, owners) for f, tree, owners in decisions.midway]
        lines += decisions.middles
        faces = cut_into_faces(lines, shapes)
        decisions = _decide(faces, cores, shapes, rules, midway)
    owner = _without_crumbs(faces, decisions.owner, rows, shapes, n_parts, rules)
    return joined_faces(faces, _without_loss(faces, owner, rows), rows)


def _undecided(faces: Faces) -> Rows:
    return np.flatnonzero([len(claim) != 1 for claim in faces.claims])


def _owners(faces: Faces) -> NDArray[np.int64]:
    """Return the one grid that claims a face, NOBODY where none or several do (k,)."""
    return np.array([next(iter(c)) if len(c) == 1 else NOBODY for c in faces.claims], np.int64)


def _decide(
    faces: Faces,
    cores: Places,
    shapes: Shapes,
    rules: GridRules,
    midway: "list[Parted] | None" = None,
) -> Decisions:
    """Decide all faces; those in a region that was parted midway go to the nearest border's."""
    owner = _owners(faces)
    owner[cores.hold(faces) & (owner == NOBODY)] = QUESTION
    inside = shapely.point_on_surface(faces.shapes)
    for parted, tree, owners in midway or ():
        face = np.unique(shapely.STRtree(inside).query(parted, predicate="intersects")[1])
        face = face[owner[face] == NOBODY]
        nearest = tree.query(shapely.get_coordinates(inside[face]))[1]
        owner[face] = owners[nearest]
    return decide(faces, owner, shapely.area(shapes), rules)


def _without_crumbs(
    faces: Faces,
    owner: NDArray[np.int64],
    rows: Rows,
    shapes: Shapes,
    n_parts: NDArray[np.int32],
    rules: GridRules,
) -> NDArray[np.int64]:
    """Give narrow pieces that came apart from their grid to a neighbour."""
    for _ in range(CRUMB_ROUNDS):
        crumbs = _crumbs(faces, owner, rows, n_parts, rules)
        if len(crumbs) == 0:
            break
        mine = owner.copy()
        mine[crumbs] = NOBODY
        # The grid that lost it must not be asked first: it does not border on it any more.
        claims = [frozenset[int]() if mine[f] == NOBODY else c for f, c in enumerate(faces.claims)]
        loose = Faces(faces.shapes, claims, faces.left, faces.right, faces.ends, faces.length_m)
        decided = decide(loose, mine, shapely.area(shapes), rules).owner
        kept = crumbs[decided[crumbs] == QUESTION]
        decided[kept] = owner[kept]
        if (decided == owner).all():
            break
        owner = decided
    return owner


def _without_loss(faces: Faces, owner: NDArray[np.int64], rows: Rows) -> NDArray[np.int64]:
    """Leave the overlaps with a grid as questions where it would keep nothing."""
    kept = set(owner.tolist())
    kept |= {row for f in np.flatnonzero(owner == QUESTION) for row in faces.claims[f]}
    lost = set(rows.tolist()) - kept
    result = owner.copy()
    for face, claim in enumerate(faces.claims):
        if claim & lost:
            result[face] = QUESTION
    return result


def _crumbs(
    faces: Faces,
    owner: NDArray[np.int64],
    rows: Rows,
    n_parts: NDArray[np.int32],
    rules: GridRules,
) -> Rows:
    """Return the faces of narrow pieces beyond as many pieces as a grid had, smallest pieces."""
    same = (owner[faces.left] == owner[faces.right]) & (owner[faces.left] >= 0)
    links = coo_array(
        (np.ones(same.sum()), (faces.left[same], faces.right[same])), shape=2 * (len(owner),)
    )
    label = connected_components(links, directed=False)[1]
    table = pd.DataFrame({"label": label, "owner": owner, "area": shapely.area(faces.shapes)})
    pieces = (
        table[np.isin(owner, rows)]
        .groupby("label")
        .agg(owner=("owner", "first"), area=("area", "sum"))
    )
    pieces = pieces.sort_values("area", ascending=False, kind="stable")
    place = pieces.groupby("owner").cumcount()
    beyond = pieces[place.to_numpy() >= n_parts[pieces["owner"].to_numpy()]]
    crumbs = []
    for piece in beyond.index:
        mine = np.flatnonzero(label == piece)
        shape = shapely.coverage_union_all(faces.shapes[mine])
        if is_narrow(np.array([shape], dtype=object), 2 * rules.max_move_m)[0]:
            crumbs.append(mine)
    return np.concatenate(crumbs) if crumbs else np.empty(0, np.intp)


def joined_faces(faces: Faces, owner: NDArray[np.int64], rows: Rows) -> Shapes:
    """Return the polygon of each row: its faces, and those left to all who claim them."""
    face_of: dict[int, list[int]] = {int(row): [] for row in rows}
    for face, one in enumerate(owner.tolist()):
        for row in faces.claims[face] if one == QUESTION else (one,):
            if row in face_of:
                face_of[row].append(face)
    joined = np.full(len(rows), NOTHING, dtype=object)
    for k, row in enumerate(rows.tolist()):
        if face_of[row]:
            joined[k] = shapely.coverage_union_all(faces.shapes[face_of[row]])
    return joined
