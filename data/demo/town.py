"""The plan of the demo town: bands of blocks between streets, a river, railways, parks.

On the drawing plane every block is a rectangle; `data.demo.plane` bends it afterwards. A band is
the strip between two through streets; its cross streets stand where that band wants them, so that
most junctions are T's. A block is a governance grid.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from data.demo.plane import Plane

BLOCK_W_M, BLOCK_H_M = 400.0, 370.0
GRIDS_A_COMMUNITY = 6.3
MOST_COMMUNITIES = 999  # three digits of the code
ARTERIAL_EVERY_M = 1250.0
RIVER_HALF_M, RIVER_BANK_M = 22.0, 40.0
RAIL_HALF_M = 14.0
RIVER_EVERY_BANDS, RAIL_EVERY_M = 12, 6000.0


@dataclass(frozen=True)
class Block:
    """One rectangle of the plan: a governance grid."""

    band: int
    column: int
    x0: float
    x1: float
    y0: float
    y1: float
    community: int
    is_park: bool
    river_y: float | None  # the river runs through it along this line
    rail_x: float | None  # the railway runs through it along this line


@dataclass(frozen=True)
class Town:
    """The plan: through streets at `street_y`, cross streets at `cross_x[band]`."""

    plane: Plane
    street_y: tuple[float, ...]
    cross_x: tuple[tuple[float, ...], ...]
    arterial_x: tuple[float, ...]
    arterial_rows: frozenset[int]
    river_bands: frozenset[int]
    rail_xs: tuple[float, ...]
    blocks: tuple[Block, ...]
    n_communities: int


def plan_town(n_grids: int, random: np.random.Generator) -> Town:
    """Draw the plan for a number of grids."""
    n_bands = max(round(np.sqrt(n_grids * BLOCK_W_M / BLOCK_H_M * 0.72)), 1)
    per_band = [n_grids // n_bands + (band < n_grids % n_bands) for band in range(n_bands)]
    width = max(per_band) * BLOCK_W_M
    heights = BLOCK_H_M * random.uniform(0.86, 1.16, n_bands)
    river_bands = frozenset(range(n_bands // 2, n_bands, RIVER_EVERY_BANDS)) if n_bands > 2 else ()
    heights[list(river_bands)] *= 1.18  # room for the river
    street_y = tuple(np.round(np.concatenate(([0.0], np.cumsum(heights))), 2).tolist())
    n_rails = max(round(width / RAIL_EVERY_M), 1) if n_grids > 8 else 0
    n_arterials = max(round(width / ARTERIAL_EVERY_M) - 1, 1)
    apart = width / (n_arterials + 1)
    arterial_x = tuple(round(float(apart * (k + 1)), 2) for k in range(n_arterials))
    every = (n_arterials + 1) / max(n_rails, 1)  # a railway runs midway between two arterials
    rail_xs = tuple(
        round(float(apart * (np.floor((k + 0.9) * every) + 0.5)), 2) for k in range(n_rails)
    )
    cross_x = tuple(_cross_streets(n, width, arterial_x, rail_xs, random) for n in per_band)
    arterial_rows = _arterial_rows(n_bands, sorted(river_bands))
    plane = Plane(width, street_y[-1])
    n_communities = int(np.clip(round(n_grids / GRIDS_A_COMMUNITY), 1, MOST_COMMUNITIES))
    community = _communities(cross_x, n_communities)
    parks = set(random.choice(n_grids, max(n_grids // 32, 0), replace=False).tolist())
    blocks: list[Block] = []
    for band, xs in enumerate(cross_x):
        for column in range(len(xs) - 1):
            x0, x1, y0, y1 = xs[column], xs[column + 1], street_y[band], street_y[band + 1]
            rail = next((rail for rail in rail_xs if x0 < rail < x1), None)
            blocks.append(
                Block(
                    band=band,
                    column=column,
                    x0=x0,
                    x1=x1,
                    y0=y0,
                    y1=y1,
                    community=community[len(blocks)],
                    is_park=len(blocks) in parks and band not in river_bands and rail is None,
                    river_y=round((y0 + y1) / 2, 2) if band in river_bands else None,
                    rail_x=rail,
                )
            )
    return Town(
        plane,
        street_y,
        cross_x,
        arterial_x,
        arterial_rows,
        frozenset(river_bands),
        rail_xs,
        tuple(blocks),
        max(community) + 1,
    )


def _arterial_rows(n_bands: int, river_bands: list[int]) -> frozenset[int]:
    """Return every third through street, and one at least on each side of every river.

    They go under the railway, so that every quarter of the town can be reached.
    """
    rows = set(range(2, n_bands, 3))
    starts = [0, *(band + 1 for band in river_bands), n_bands + 1]
    for first, after in pairwise(starts):
        if not rows & set(range(first, after)):
            rows.add((first + after - 1) // 2)
    return frozenset(rows)


def _cross_streets(
    n_blocks: int,
    width: float,
    arterial_x: tuple[float, ...],
    rail_xs: tuple[float, ...],
    random: np.random.Generator,
) -> tuple[float, ...]:
    """Return the x of a band's cross streets: the arterials, and others where the band wants."""
    xs = np.linspace(0.0, width, n_blocks + 1)
    xs[1:-1] += random.uniform(-75.0, 75.0, n_blocks - 1)
    for arterial in arterial_x:
        if n_blocks > 2:
            xs[1 + int(np.argmin(np.abs(xs[1:-1] - arterial)))] = arterial
    for rail in rail_xs:  # the railway runs between cross streets, well clear of both
        near = np.abs(xs - rail) < 110.0
        near[[0, -1]] = False
        xs[near] = np.where(xs[near] < rail, rail - 110.0, rail + 110.0)
    return tuple(np.round(np.unique(xs), 2).tolist())


def _communities(cross_x: tuple[tuple[float, ...], ...], n_communities: int) -> list[int]:
    """Return the community of each block: compact patches, numbered row by row."""
    n_bands = len(cross_x)
    n_rows = max(round(np.sqrt(n_communities * n_bands / max(map(len, cross_x)))), 1)
    n_rows = min(n_rows, n_bands)
    row_of_band = np.minimum(np.arange(n_bands) * n_rows // n_bands, n_rows - 1)
    width = cross_x[0][-1]
    per_row = [n_communities // n_rows + (r < n_communities % n_rows) for r in range(n_rows)]
    first = np.concatenate(([0], np.cumsum(per_row)))
    found: list[NDArray[np.int64]] = []
    for band, xs in enumerate(cross_x):
        middle = (np.array(xs[:-1]) + np.array(xs[1:])) / 2
        row = int(row_of_band[band])
        part = np.minimum((middle / width * per_row[row]).astype(int), per_row[row] - 1)
        found.append(first[row] + part)
    numbers, renumbered = np.unique(np.concatenate(found), return_inverse=True)
    del numbers
    return [int(n) for n in renumbered]
