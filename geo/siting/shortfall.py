"""Sets of sites that together cannot cover what a group of demand needs. Compiled; no checks.

One site outside of such a set must be open: cover inequalities, found at openings y by taking the
sites with the largest y first, as long as they do not cover enough.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.siting.covering import Bools, Floats, Ints

SLACK = 2e-9  # relative: less than what is needed by more than sums may differ


class ByGroup(NamedTuple):
    """Pairs of a group's rows and sites, by group, then by site."""

    start: Ints  # (g * u + 1,)
    row: Ints  # (e,)


def by_group(row: Ints, site: Ints, group: Ints, n_groups: int, n_sites: int) -> ByGroup:
    """Sort pairs (e,) of rows with a group (r,) and sites."""
    key = group[row] * n_sites + site
    order = np.argsort(key, kind="stable")
    start = np.searchsorted(key[order], np.arange(n_groups * n_sites + 1))
    return ByGroup(start.astype(np.int64), row[order].astype(np.int64))


def sets_in_need(
    pairs: ByGroup, weight: Floats, least: Floats, n_cover: int, opening: Floats
) -> NDArray[np.bool_]:
    """Return sets (k, u) of which one site at least must be open, and less than one is."""
    order = np.argsort(-opening, kind="stable")
    needy = np.flatnonzero(np.isfinite(least) & (least > 0))
    outside = np.ones((len(needy), len(opening)), np.bool_)
    _fill(pairs, weight, least, n_cover, order, needy, outside)
    return np.unique(outside[outside @ opening < 1 - 1e-6], axis=0)


@njit(cache=True, nogil=True)
def _fill(
    pairs: ByGroup,
    weight: Floats,
    least: Floats,
    n_cover: int,
    order: Ints,
    needy: Ints,
    outside: Bools,
) -> None:
    """Take sites out of `outside` (k, u) in order, while those taken do not cover enough."""
    n_sites = len(order)
    count = np.zeros(len(weight), np.int64)
    for k in range(len(needy)):
        group = needy[k]
        worth, enough = 0.0, least[group] * (1 - SLACK)
        count[:] = 0
        for j in order:
            begin, end = pairs.start[group * n_sites + j], pairs.start[group * n_sites + j + 1]
            gain = 0.0
            for at in range(begin, end):
                if count[pairs.row[at]] == n_cover - 1:
                    gain += weight[pairs.row[at]]
            if worth + gain >= enough:
                continue
            worth += gain
            outside[k, j] = False
            for at in range(begin, end):
                count[pairs.row[at]] += 1
