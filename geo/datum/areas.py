"""Areas as evidence: an address that names a district should lie in it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.interpolate import RegularGridInterpolator
from scipy.spatial import cKDTree
from scipy.special import log_ndtr

from geo.datum.named import plain

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# One address in so many names another area than it lies in; borders are drawn roughly.
WRONG_AREA_SHARE, BORDER_NOISE_M = 0.1, 100.0
# Addresses of one neighbourhood err together (a border moved, a habit): they are one vote.
NEIGHBOURHOOD_M = 500.0
AREA_REACH_M = 1_600.0  # farther from the border the datums cannot differ
MOST_CLAIMS = 1_200
BORDER_STEP_M = 40.0
AREA_STEP_M = 250.0  # between the shifts at which areas are measured; between them interpolated
SHORT_NAME = re.compile(r"(.{2,})[区县市]")
# After the short name of a district these words make it a street or a thing of that name.
NO_AREA = (
    r"(?![东西南北中上下新老大小]{0,2}"
    r"(?:路|街|大道|巷|弄|里|桥|山|湖|河|门|站|村|镇|苑|园|花园|公园|广场|大厦|新村|新区|新城|古|"
    r"国际|公馆|中学|小学|医院|宾馆|高速|收费))"
)


def named_areas(texts: Sequence[str], names: Sequence[str]) -> Ints:
    """Return (n,) which area each text names, -1 where none or several.

    Districts count by their short name too (南谯 for 南谯区), unless it begins a street's name:
    南谯南路 says nothing of the district.
    """
    patterns = []
    for position, name in enumerate(names):
        whole = re.escape(plain(name))
        if len(whole) < 2:
            continue
        short = SHORT_NAME.fullmatch(plain(name))
        spelled = f"{whole}|{re.escape(short[1])}{NO_AREA}" if short else whole
        patterns.append((position, re.compile(spelled)))
    said: dict[str, int] = {}
    for text in set(texts):
        key = plain(text)
        found = {position for position, pattern in patterns if key and pattern.search(key)}
        said[text] = found.pop() if len(found) == 1 else -1
    return np.array([said[text] for text in texts], dtype=np.int64)


class Borders:
    """Signed distance to areas (metres), by the points of their borders."""

    def __init__(self, areas: NDArray[np.object_]) -> None:
        self.areas = areas
        self._trees: dict[int, cKDTree] = {}
        shapely.prepare(areas)

    def log_likelihood(self, xy: Floats, area: Ints) -> Floats:
        """Return (m,) that a point (m, 2) is said to lie in its area (m,)."""
        signed_m = np.empty(len(xy))
        for position in np.unique(area):
            chosen = area == position
            away_m, _ = self._tree(int(position)).query(xy[chosen])
            x, y = xy[chosen].T
            is_in = shapely.contains_xy(self.areas[position], x, y)
            signed_m[chosen] = np.where(is_in, away_m, -away_m)
        inside = np.log1p(-2 * WRONG_AREA_SHARE) + log_ndtr(signed_m / BORDER_NOISE_M)
        return np.asarray(np.logaddexp(np.log(WRONG_AREA_SHARE), inside))

    def _tree(self, position: int) -> cKDTree:
        if position not in self._trees:
            border = shapely.segmentize(shapely.boundary(self.areas[position]), BORDER_STEP_M)
            self._trees[position] = cKDTree(shapely.get_coordinates(border))
        return self._trees[position]


@dataclass(frozen=True, eq=False)
class AreaClaims:
    """Rows that name an area, near enough to its border to tell anything, under each reading.

    Either the rows move with the reading (a file of addresses on known areas) or the areas do (a
    file of areas under known addresses).
    """

    xy: tuple[Floats, ...]  # one a reading, (c, 2) metres
    borders: tuple[Borders, ...]  # one a reading
    area: Ints  # (c,)
    block: Ints  # (c,) neighbourhood, which has one vote
    temper: float  # by how much the log-likelihood is weakened, see `_temper`
    is_of_areas: bool  # the areas are what moves

    def log_likelihood(self, at: int, shifts: Floats) -> Floats:
        """Return (k,) of one reading, moved by shifts (k, 2) in metres.

        Measured on a square of shifts and interpolated between: borders are no finer.
        """
        if not len(self.area):
            return np.zeros(len(shifts))
        reach_m = float(np.abs(shifts).max())
        n = max(int(np.ceil(reach_m / AREA_STEP_M)), 1)
        axis = np.linspace(-reach_m, reach_m, 2 * n + 1)
        square = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
        moved = self.xy[at][None] + (-square if self.is_of_areas else square)[:, None]
        area = np.tile(self.area, len(square))
        each = self.borders[at].log_likelihood(moved.reshape(-1, 2), area)
        surface = each.reshape(len(square), -1) @ self.votes
        interpolated = RegularGridInterpolator((axis, axis), surface.reshape(len(axis), -1))
        return np.asarray(self.temper * interpolated(shifts))

    @property
    def votes(self) -> Floats:
        """By how much each row (c,) counts."""
        return np.asarray(1 / np.bincount(self.block)[self.block])

    def n_inside(self, at: int) -> int:
        """Return how many of the rows lie in their area under a reading."""
        if not len(self.area):
            return 0
        shapes = self.borders[at].areas[self.area]
        return int(shapely.contains_xy(shapes, self.xy[at][:, 0], self.xy[at][:, 1]).sum())


def area_claims(
    area: Ints,
    xy: Sequence[Floats],
    areas: Sequence[NDArray[np.object_]],
    *,
    is_of_areas: bool = False,
) -> AreaClaims:
    """Return what rows (n,) that name areas (-1: none) say, under each reading.

    `xy`: (n, 2) metres, and `areas`: polygons in metres, one of each a reading.
    """
    middle = len(xy) // 2
    is_place = np.isfinite(np.stack(list(xy))).all(axis=(0, 2))
    row = np.flatnonzero((area >= 0) & is_place)
    border = shapely.boundary(areas[middle])
    away_m = shapely.distance(border[area[row]], shapely.points(xy[middle][row]))
    row = row[away_m <= AREA_REACH_M]
    if len(row) > MOST_CLAIMS:
        row = row[np.linspace(0, len(row) - 1, MOST_CLAIMS).astype(int)]
    cells = np.floor(xy[middle][row] / NEIGHBOURHOOD_M).astype(int)
    block = np.unique(cells, axis=0, return_inverse=True)[1].ravel()
    here = tuple(there[row] for there in xy)
    by_id = {id(shapes): Borders(shapes) for shapes in areas}  # often the same for all readings
    borders = tuple(by_id[id(shapes)] for shapes in areas)
    each = [
        border.log_likelihood(there, area[row]) for border, there in zip(borders, here, strict=True)
    ]
    return AreaClaims(here, borders, area[row], block, _temper(each, block), is_of_areas)


def _temper(each: Sequence[Floats], block: Ints) -> float:
    """Return by how much the areas' log-likelihood is to be weakened, 0 … 1.

    By the two readings that fit best: their difference over its standard error between
    neighbourhoods is z, and no more than z^2 / 2 of the difference is believed (the difference
    that independent errors of that size would give).
    """
    if len(each) < 2 or not len(block):
        return 1.0
    votes = 1 / np.bincount(block)[block]
    best, second = sorted(each, key=lambda values: -float(values @ votes))[:2]
    by_block = np.bincount(block, (best - second) * votes)
    margin, square = float(by_block.sum()), float((by_block**2).sum())
    return min(1.0, margin / square / 2) if margin > 0 else 1.0
