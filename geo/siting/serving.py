"""What open sites are worth to groups of demand, and linear bounds on it.

The worth of a group is the weight that it has covered often enough, or minus its weight x seconds.
As a function of openings y in 0...1 the concave envelope of each row is known, so a bound

    worth_g(y') <= constant_g + slope_g y'   for every choice y', with equality at y

takes sums, no linear program: Benders cuts in closed form, see Cordeau, Furini and Ljubic (2019)
for covering, Duran-Mateluna, Ales and Elloumi (2023) for the p-median. For "covered twice" the
envelope is min(1, sum y / 2, sum y - max y), and where at most one of some sites may be open, the
sum over all others bounds it just as well: they take the place of the one with the largest y.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.siting.cliques import covering_cliques
from geo.siting.constrained_model import Setting, conflicts

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

N_GROUPS = 100
"""Rows are bounded together in about so many groups, near ones in one: fewer bounds close slower,
more make each linear program longer. 20 to 200 differ little."""
NOBODY = np.zeros(0, np.int64)
REACHED = 1 - 1e-9  # of a whole opening


class Cuts(NamedTuple):
    """For each of g groups: worth <= constant + slope @ y."""

    constant: Floats  # (g,)
    slope: Floats  # (g, u), not negative


class Rivals(NamedTuple):
    """Sets of pairs of a row of whose sites at most one may be open; by row."""

    n_sets: int
    start: Ints  # (r,) the first set of each row; each has some
    row: Ints  # (n_sets,)
    set: Ints  # (k,)
    pair: Ints  # (k,)


@dataclass(frozen=True, eq=False)
class Serving:
    """Demand rows and the sites that may serve them: e pairs, by row, then by cost."""

    n_sites: int  # u
    start: Ints  # (r + 1,) of each row's pairs; no row is without
    row: Ints  # (e,)
    site: Ints  # (e,)
    cost: Floats | None  # (e,) weight x seconds; None where coverage counts
    weight: Floats  # (r,)
    n_cover: int  # open sites that a row needs to be covered
    group: Ints  # (r,)
    n_groups: int
    rivals: "Rivals | None" = None  # where coverage twice counts

    def cuts(self, y: Floats) -> Cuts:
        """Return the bounds that are tight at openings y (u,)."""
        constant, slope = self._nearest(y) if self.cost is not None else self._covered(y)
        key = self.group[self.row] * self.n_sites + self.site
        size = self.n_groups * self.n_sites
        return Cuts(
            np.bincount(self.group, constant, self.n_groups).astype(np.float64),
            np.bincount(key, slope, size).reshape(self.n_groups, self.n_sites).astype(np.float64),
        )

    def worth(self, is_open: Flags) -> Floats:
        """Return the worth (g,) of each group, -inf where somebody cannot reach an open site."""
        if self.cost is not None:
            cost = np.where(is_open[self.site], self.cost, np.inf)
            of_row = -self._of_rows(np.minimum, cost)
        else:
            of_row = np.where(self._count(is_open) >= self.n_cover, self.weight, 0.0)
        return np.bincount(self.group, of_row, self.n_groups).astype(np.float64)

    def gains(self, is_open: Flags, n_kinds: int, kind: Ints) -> tuple[Floats, Floats]:
        """Return the worth (k,) of kinds of rows, and what each site (k, u) would add if opened.

        `kind` (r,) is the kind of each row. Who cannot reach an open site costs `penalty`.
        """
        if self.cost is not None:
            cost = np.where(is_open[self.site], self.cost, self.penalty)
            now = self._of_rows(np.minimum, cost)
            of_row, more = -now, np.maximum(now[self.row] - self.cost, 0.0)
        else:
            count = self._count(is_open)
            of_row = np.where(count >= self.n_cover, self.weight, 0.0)
            more = np.where(count == self.n_cover - 1, self.weight, 0.0)[self.row]
        key = kind[self.row] * self.n_sites + self.site
        sums = np.bincount(key, more, n_kinds * self.n_sites).astype(np.float64)
        added = sums.reshape(n_kinds, self.n_sites)
        added[:, is_open] = 0.0
        return np.bincount(kind, of_row, n_kinds).astype(np.float64), added

    @property
    def penalty(self) -> float:
        """Return a cost of one row that is more than any plan costs that reaches all."""
        return 1.0 + float(self.cost.sum()) if self.cost is not None else 0.0

    def dearest(self) -> Floats:
        """Return the cost (g,) of each group if every row had to go to its dearest site."""
        if self.cost is None:
            return np.zeros(self.n_groups)
        of_row = self._of_rows(np.maximum, self.cost)
        return np.bincount(self.group, of_row, self.n_groups).astype(np.float64)

    def _of_rows(self, least_or_most: np.ufunc, values: Floats) -> Floats:
        """Return the least or the most (r,) of the values (e,) of each row."""
        found = least_or_most.reduceat(values, self.start[:-1]) if len(values) else np.zeros(0)
        return np.asarray(found, np.float64)

    def _count(self, is_open: Flags) -> Floats:
        return np.bincount(self.row, is_open[self.site], len(self.weight)).astype(np.float64)

    def _covered(self, y: Floats) -> tuple[Floats, Floats]:
        """Return constant (r,) and slope (e,) of the least of the pieces of each row."""
        open_ = y[self.site]
        total = np.bincount(self.row, open_, len(self.weight))
        if self.n_cover == 1:
            is_full = total >= 1.0
            constant = np.where(is_full, self.weight, 0.0)
            return constant, np.where(is_full, 0.0, self.weight)[self.row]
        most, of_most = self._most_rivals(open_)
        others = total - most
        is_full = np.minimum(others, total / 2) >= 1.0
        is_half = ~is_full & (total / 2 <= others)
        slope = np.where(is_full, 0.0, np.where(is_half, self.weight / 2, self.weight))[self.row]
        slope[of_most & ~(is_full | is_half)[self.row]] = 0.0
        return np.where(is_full, self.weight, 0.0), slope

    def _most_rivals(self, open_: Floats) -> tuple[Floats, Flags]:
        """Return the largest sum (r,) of rivals' openings in each row, and their pairs (e,)."""
        rivals = self.rivals
        is_of = np.zeros(len(self.row), np.bool_)
        if rivals is None or len(rivals.start) == 0:
            return np.zeros(len(self.weight)), is_of
        sums = np.bincount(rivals.set, open_[rivals.pair], rivals.n_sets)
        most = np.maximum.reduceat(sums, rivals.start)
        best = np.flatnonzero(sums == np.repeat(most, np.diff(np.append(rivals.start, len(sums)))))
        first = np.unique(rivals.row[best], return_index=True)[1]
        is_first = np.zeros(rivals.n_sets, np.bool_)
        is_first[best[first]] = True
        is_of[rivals.pair[is_first[rivals.set]]] = True
        return most, is_of

    def _nearest(self, y: Floats) -> tuple[Floats, Floats]:
        """Return the bounds at the cost where the nearer sites are open once together."""
        so_far = np.cumsum(y[self.site])
        before = np.concatenate(([0.0], so_far))[self.start[:-1]]
        is_short = so_far - before[self.row] < REACHED
        n_short = np.bincount(self.row, is_short, len(self.weight)).astype(np.int64)
        at = np.minimum(self.start[:-1] + n_short, self.start[1:] - 1)
        cost = self.weight[self.row] if self.cost is None else self.cost
        level = cost[at]
        return -level, np.maximum(level[self.row] - cost, 0.0)


def serving_of(setting: Setting) -> Serving:
    """Return how the sites of a setting serve its rows; groups are its grids where it has any."""
    n_rows, n_grids = len(setting.weight), len(setting.group_total)
    cost = None
    order = np.arange(len(setting.row))
    if setting.problem == "p_median":
        order = np.lexsort((setting.site, setting.seconds, setting.row))
        cost = (setting.weight[setting.row] * setting.seconds)[order]
    row = setting.row[order]
    serving = Serving(
        n_sites=len(setting.sites),
        start=np.searchsorted(row, np.arange(n_rows + 1)).astype(np.int64),
        row=row,
        site=setting.site[order],
        cost=cost,
        weight=setting.weight,
        n_cover=setting.rules.n_cover,
        group=np.arange(n_rows) * min(N_GROUPS, n_rows) // max(n_rows, 1),
        n_groups=min(N_GROUPS, n_rows),
    )
    if setting.rules.n_cover > 1:
        cliques = covering_cliques(conflicts(setting), len(setting.sites))
        serving = replace(serving, rivals=_rivals(serving, cliques))
    if n_grids:  # what belongs to no grid is a last group
        return replace(
            serving, group=np.where(setting.group < 0, n_grids, setting.group), n_groups=n_grids + 1
        )
    return serving


def _rivals(serving: Serving, cliques: list[Ints]) -> Rivals:
    """Return the rivals of each row; a site without any is a set of its own."""
    alone = np.setdiff1d(np.arange(serving.n_sites), np.concatenate([NOBODY, *cliques]))
    sets = [*cliques, *alone[:, None]]
    has = np.zeros((serving.n_sites, len(sets)), np.bool_)
    for column, sites in enumerate(sets):
        has[sites, column] = True
    pair, number = np.nonzero(has[serving.site])
    keys, at = np.unique(serving.row[pair] * len(sets) + number, return_inverse=True)
    row = keys // max(len(sets), 1)
    start = np.searchsorted(row, np.arange(len(serving.weight))).astype(np.int64)
    return Rivals(len(keys), start, row, at.astype(np.int64), pair)
