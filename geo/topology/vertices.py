"""The way back from metres: a vertex that did not move gets the very coordinates it came with."""

import numpy as np
import shapely
from pyproj import Transformer

from geo.topology.faces import STEP_M, lattice
from geo.topology.tiling import Floats, Tiling, only_area

DEGREE_DECIMALS, METRE_DECIMALS = 9, 4  # of new vertices: a tenth of a millimetre


class Vertices:
    """Coordinates in the CRS of the frame by place on the lattice of metres; new ones are added.

    Of several vertices at one place the first by its coordinates stands for all.
    """

    def __init__(self, tiling: Tiling) -> None:
        metres = shapely.get_coordinates(tiling.drawn)
        source = shapely.get_coordinates(tiling.given)
        order = np.lexsort((source[:, 1], source[:, 0]))
        places, first = np.unique(lattice(metres[order]), axis=0, return_index=True)
        kept = source[order][first]
        self._source = dict(
            zip(map(tuple, places.tolist()), map(tuple, kept.tolist()), strict=True)
        )
        self._back = Transformer.from_crs(tiling.crs, tiling.frame_crs, always_xy=True)
        self._is_degrees = tiling.frame_crs.is_geographic

    def placed(self, shape: shapely.Geometry) -> tuple[shapely.Geometry, shapely.Geometry]:
        """Return a polygon in metres as one in the CRS of the frame, and itself on the lattice."""
        on_lattice = only_area(shapely.make_valid(_rounded(shape))) if shape else shape
        return shapely.transform(on_lattice, self._sources), on_lattice

    def _sources(self, metres: Floats) -> Floats:
        places = [tuple(place) for place in lattice(metres).tolist()]
        new = [k for k, place in enumerate(places) if place not in self._source]
        if new:
            xy = np.column_stack(self._back.transform(metres[new, 0], metres[new, 1]))
            xy = np.round(xy, DEGREE_DECIMALS if self._is_degrees else METRE_DECIMALS)
            for k, place in zip(new, map(tuple, xy.tolist()), strict=True):
                self._source[places[k]] = place
        return np.array([self._source[place] for place in places]).reshape(-1, 2)


def _rounded(shape: shapely.Geometry) -> shapely.Geometry:
    def to_lattice(xy: Floats) -> Floats:
        return np.rint(xy / STEP_M) * STEP_M

    return shapely.remove_repeated_points(shapely.transform(shape, to_lattice))
