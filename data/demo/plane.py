"""The plane that the demo is drawn on: straight rows there, a grown town once it is bent."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer

Floats = NDArray[np.float64]

CENTRE_LON, CENTRE_LAT = 118.31, 32.26
CRS_M = CRS.from_epsg(4548)
TURN = np.radians(9.0)
STEP_M = 30.0  # a straight line gets a vertex at least this often before it is bent
DECIMALS = 7  # of degrees: a centimetre, and the same bytes on every machine


@dataclass(frozen=True)
class Plane:
    """Bends the drawing plane (metres from the south-west corner) into EPSG:4548."""

    width_m: float
    height_m: float

    def bend(self, xy: Floats) -> Floats:
        """Return the place of drawn points (n, 2), in EPSG:4548, to the millimetre."""
        x, y = xy[:, 0] - self.width_m / 2, xy[:, 1] - self.height_m / 2
        bent_x = x + 70.0 * np.sin(y / 520.0 + 0.6) + 35.0 * np.sin(x / 410.0 + y / 700.0)
        bent_y = y + 85.0 * np.sin(x / 640.0 + 1.1) + 30.0 * np.sin(x / 330.0 - y / 450.0)
        east, north = Transformer.from_crs(4326, CRS_M, always_xy=True).transform(
            CENTRE_LON, CENTRE_LAT
        )
        turned_x = bent_x * np.cos(TURN) - bent_y * np.sin(TURN)
        turned_y = bent_x * np.sin(TURN) + bent_y * np.cos(TURN)
        return np.round(np.column_stack([turned_x + east, turned_y + north]), 3)

    def shape(self, drawn: NDArray[np.object_]) -> NDArray[np.object_]:
        """Return drawn shapes bent, in WGS84 degrees; equal drawn points stay equal."""
        if len(drawn) == 0:
            return drawn
        to_degrees = Transformer.from_crs(CRS_M, 4326, always_xy=True)

        def moved(xy: Floats) -> Floats:
            places = self.bend(xy)
            degrees = np.column_stack(to_degrees.transform(places[:, 0], places[:, 1]))
            return np.round(degrees, DECIMALS)

        return np.asarray(shapely.transform(drawn, moved), dtype=object)


def stops(a: float, b: float, *events: float) -> Floats:
    """Return a … b with the events and enough further stops for a smooth bend, to the centimetre.

    The extra stops stand at whole multiples of a step, so that two lines over the same stretch
    get the same ones.
    """
    low, high = min(a, b), max(a, b)
    regular = np.arange(np.ceil(low / STEP_M), np.floor(high / STEP_M) + 1) * STEP_M
    inner = np.array([e for e in events if low < e < high])
    regular = regular[(regular > low) & (regular < high)]
    both = np.unique(np.round(np.concatenate([[low, high], regular, inner]), 2))
    return both if a <= b else both[::-1]
