"""Cutting a tiling into faces: the pieces between its lines, and which grids claim each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.topology.tiling import Floats, Rows, Shapes

STEP_M = 0.001  # all lines are noded on a lattice this fine, so that nothing can miss by rounding
CLAIM = frozenset[int]


@dataclass(frozen=True, eq=False)
class Faces:
    """k faces and the s pieces of line between two of them; what lies outside is no face."""

    shapes: Shapes  # (k,) polygons without overlap; neighbours share every vertex
    claims: list[CLAIM]  # (k,) rows of the grids that lie there; none in a gap
    left: Rows  # (s,) a face
    right: Rows  # (s,) the face across
    ends: Floats  # (s, 2, 2) of the piece, a straight segment
    length_m: Floats  # (s,)

    def both_ways(self) -> pd.DataFrame:
        """Return each piece seen from either face: columns face, other, piece, length_m."""
        n = len(self.left)
        return pd.DataFrame(
            {
                "face": np.concatenate([self.left, self.right]),
                "other": np.concatenate([self.right, self.left]),
                "piece": np.concatenate([np.arange(n), np.arange(n)]),
                "length_m": np.concatenate([self.length_m, self.length_m]),
            }
        )


def cut_into_faces(lines: Sequence[shapely.Geometry] | Shapes, shapes: Shapes) -> Faces:
    """Node lines with one another and return the faces among them.

    `shapes` (n,) says who claims a face: those that hold a point inside it.
    """
    noded = shapely.union_all(np.asarray(lines, dtype=object), grid_size=STEP_M)
    faces = np.asarray(shapely.get_parts(shapely.polygonize([noded])), dtype=object)
    inside = shapely.point_on_surface(faces)
    face, row = shapely.STRtree(shapes).query(inside, predicate="intersects")
    claims: list[set[int]] = [set() for _ in faces]
    for f, r in zip(face.tolist(), row.tolist(), strict=True):
        claims[f].add(r)
    left, right, ends = _between(faces)
    length_m = np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1)
    return Faces(faces, [frozenset(c) for c in claims], left, right, ends, length_m)


def _between(faces: Shapes) -> tuple[Rows, Rows, Floats]:
    """Return the segments that two faces share."""
    rings, face_of_ring = shapely.get_rings(faces, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    is_segment = ring[1:] == ring[:-1]
    ends = np.stack([xy[:-1][is_segment], xy[1:][is_segment]], axis=1)
    face = face_of_ring[ring[:-1][is_segment]] if len(xy) else np.empty(0, np.intp)
    keys = lattice(ends.reshape(-1, 2)).reshape(-1, 2, 2)
    swap = (keys[:, 0, 0] > keys[:, 1, 0]) | (
        (keys[:, 0, 0] == keys[:, 1, 0]) & (keys[:, 0, 1] > keys[:, 1, 1])
    )
    keys[swap], ends[swap] = keys[swap][:, ::-1], ends[swap][:, ::-1]
    flat = keys.reshape(-1, 4)
    order = np.lexsort((face, *flat.T[::-1]))
    flat, ends, face = flat[order], ends[order], face[order]
    pair = (
        np.flatnonzero((flat[1:] == flat[:-1]).all(axis=1)) if len(flat) else np.empty(0, np.intp)
    )
    return face[pair], face[pair + 1], ends[pair]


def lattice(xy: Floats) -> NDArray[np.int64]:
    """Return the place of points on the lattice (n, 2): whole millimetres."""
    return np.rint(xy / STEP_M).astype(np.int64)
