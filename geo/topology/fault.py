"""One fault of a tiling, before it is a row of the findings."""

from dataclasses import dataclass

import shapely

from geo.text import Text
from geo.topology.sentences import UNSAID


@dataclass(frozen=True)
class Fault:
    """What `check_grids` found in one place."""

    kind: str  # a key of `geo.topology.sentences.SENTENCES`
    rows: tuple[int, ...]  # of the grids concerned, the most concerned first
    shape: shapely.Geometry | None  # in metres
    n: int = 0
    width_m: float = float("nan")
    what: Text = UNSAID
    is_mendable: bool = False  # by `repair_grids`
    place: tuple[float, float] | None = None  # in metres; left out, a point of the shape
    points: tuple[object, ...] = ()  # ids of homes concerned
