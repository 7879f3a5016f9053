"""A part of the solutions of a p-median: some candidates open, some out, the rest on cost lists."""

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.siting.branching import Found
from geo.siting.covering import Floats, Ints
from geo.siting.median_bound import first_median_prices, median_bound_run
from geo.siting.median_search import (
    Lists,
    caps_with,
    descend_median,
    flags,
    kicked_median,
    reduced_lists,
    total_cost,
)
from geo.siting.rises import Rises
from geo.siting.volume import BOUND, FACTOR, Dual, largest, new_dual

RUNS, NODE_RUNS = 60, 30  # of the subgradient search between two looks at the clock
WORK_OF_A_LOOK = 4e7  # cells touched between two looks at the clock, about 0.1 s
MOST_CHUNKS = 60
NO_LISTS = Lists(
    np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0), np.zeros(0), np.zeros(0)
)


class Branch(NamedTuple):
    """A candidate, what was decided, how much of it was open before, and the bound there."""

    candidate: int
    is_open: bool
    choice: float
    bound: float


@dataclass
class MedianNode:
    """Open p of the remaining candidates; `ids` are their numbers at the root.

    `spent` is the cost of the rows that are settled already; the lists do not hold them.
    """

    lists: Lists
    p: int
    ids: Ints
    opened: tuple[int, ...]
    spent: float
    unit: float
    prices: Floats
    bound: float = 0.0
    stalled: bool = False
    is_root: bool = False
    dual: Dual | None = None
    source: Lists | None = None  # of the root, for parts of this one
    rows: Ints = field(default_factory=lambda: np.zeros(0, np.int64))  # of the lists in `source`
    is_built: bool = True
    chunks: int = 0
    history: list[float] = field(default_factory=list)
    rises: Rises = field(default_factory=lambda: Rises(0))  # of all parts of the root
    branch: Branch | None = None  # that led here, until its rise is noted
    open_: float = 1.0  # from the bound to the best plan

    def tighten(self, best: float) -> Found:
        """Raise the bound by some runs of the subgradient search; drop what cannot be better."""
        if not self.is_built:
            self._build()
        if self._is_decided():
            return self._only_solution()
        dual = self.dual or self._start()
        target = best - self.spent
        work = len(self.lists.candidate) + 8 * len(self.lists.cap)
        most = RUNS if self.is_root else NODE_RUNS
        runs = int(np.clip(WORK_OF_A_LOOK / work, 3, most))
        met, choice = median_bound_run(self.lists, self.p, dual, target, self.unit, runs)
        self.bound = max(self.bound, self.spent + dual.figures[BOUND])
        found = self._improved(met, choice, dual, target)
        if found is not None:
            best = min(best, found[0])
        self.chunks += 1
        self._judge(best, most / runs)
        self._fix(best, dual)
        self._note(best)
        return found

    def _note(self, best: float) -> None:
        """Note what the branch to here has raised the bound by, once it is known."""
        self.open_ = max(best - self.bound, self.unit)
        branch = self.branch
        if branch is not None and (self.stalled or self.bound > best - self.unit):
            rise = min(self.bound, best) - branch.bound
            self.rises.add(
                branch.candidate, is_open=branch.is_open, choice=branch.choice, rise=rise
            )
            self.branch = None

    def split(self) -> list["MedianNode"]:
        """Branch on a candidate that the averaged choice leaves open and that promises to tell."""
        if self._is_decided() or self.dual is None:
            return []
        j = self.rises.best(self.ids, self.dual.choice, self.open_)
        if j < 0:
            j = int(largest(self.dual.sums, self.p)[-1])
        return [self._part(j, is_open=True), self._part(j, is_open=False)]

    def _part(self, j: int, *, is_open: bool) -> "MedianNode":
        """Return the part with candidate j open or out; its lists are built when it is its turn.

        Thousands of parts may wait: until then they hold no lists of their own.
        """
        keep = np.arange(len(self.ids)) != j
        opened = (*self.opened, int(self.ids[j])) if is_open else self.opened
        part = replace(
            self,
            p=self.p - is_open,
            ids=self.ids[keep],
            opened=opened,
            lists=NO_LISTS,
            stalled=False,
            is_root=False,
            is_built=False,
            chunks=0,
            history=[],
        )
        if self.dual is not None:
            part.branch = Branch(int(self.ids[j]), is_open, float(self.dual.choice[j]), self.bound)
            figures = np.array([-np.inf, max(self.dual.figures[FACTOR], 0.02), 0.0, 0.0])
            part.prices = self.dual.prices
            part.dual = Dual(
                self.dual.prices,
                self.dual.sums[keep],
                self.dual.direction,
                self.dual.choice[keep],
                figures,
            )
        return part

    def _build(self) -> None:
        """Build the lists from those of the root."""
        source = self.source
        if source is None:
            return
        c = 1 + int(source.candidate.max(initial=-1))
        c = max(c, int(self.ids.max(initial=-1)) + 1, max(self.opened, default=-1) + 1)
        column = np.full(c, -1, np.int32)
        column[self.ids] = np.arange(len(self.ids), dtype=np.int32)
        cap = caps_with(source, flags(np.array(self.opened, np.int64), c))
        if self.p:
            longest = len(self.ids) - self.p + 1
        else:
            column[:] = -1
            longest = len(self.ids) + 1
        self.lists, kept, self.spent = reduced_lists(source, column, cap, longest)
        # Rows that were settled before still are: what is left is among the rows of the whole.
        at = np.searchsorted(self.rows, kept)
        self.rows = kept.astype(np.int64)
        self.prices = np.minimum(self.prices[at], self.lists.cap)
        if self.dual is not None:
            self.dual = self.dual._replace(prices=self.prices, direction=self.dual.direction[at])
        self.is_built = True

    def _start(self) -> Dual:
        factor = 1.0 if self.is_root else 0.1
        self.dual = new_dual(self.prices, len(self.ids), -np.inf, factor)
        return self.dual

    def _is_decided(self) -> bool:
        """Say whether all plans that are left are equally good."""
        return self.p == 0 or len(self.ids) == self.p or not len(self.lists.cap)

    def _only_solution(self) -> Found:
        """Return the one plan that is left, or one of those that are all the same."""
        sites = np.arange(self.p)
        value = self.spent + total_cost(self.lists, flags(sites, len(self.ids)))
        self.bound, self.stalled = max(value, self.bound), True
        return value, self._at_root(sites)

    def _at_root(self, sites: Ints) -> Ints:
        return np.sort(np.concatenate([np.array(self.opened, np.int64), self.ids[sites]]))

    def _improved(self, met: float, choice: Ints, dual: Dual, target: float) -> Found:
        """Return the best plan found near the choices of the relaxation, if better than target."""
        sites, c = choice, len(self.ids)
        is_proven = dual.figures[BOUND] > target - self.unit
        if met >= target and not is_proven and (self.is_root or self.chunks == 0):
            sites, met = descend_median(self.lists, largest(dual.choice, self.p), c)
            if self.is_root and self.chunks % 3 == 0:
                pool = np.flatnonzero(dual.choice > 0.01)  # not empty: it sums to p
                n_kicks = int(np.clip(1e7 / (len(self.lists.candidate) + 1), 1, 30))
                sites, met = kicked_median(self.lists, sites, c, pool, n_kicks, 1 + self.chunks)
        if met >= target:
            return None
        sites, met = descend_median(self.lists, sites, c)
        return self.spent + met, self._at_root(sites)

    def _judge(self, best: float, slowness: float) -> None:
        """Stop tightening when the bound closes too little of what is open."""
        self.history.append(self.bound)
        back = int(np.ceil((3 if self.is_root else 1) * slowness))
        if len(self.history) <= back:
            return
        rise, open_ = self.bound - self.history[-1 - back], best - self.bound
        self.stalled = rise < (0.03 if self.is_root else 0.3) * open_ or self.chunks >= MOST_CHUNKS

    def _fix(self, best: float, dual: Dual) -> None:
        """Open or drop the candidates without which, or with which, nothing can be better."""
        if len(self.ids) <= self.p:
            return
        sums = dual.sums
        order = largest(sums, len(sums))
        last, next_ = sums[order[self.p - 1]], sums[order[self.p]]
        bound, most = self.spent + dual.figures[BOUND], best - self.unit
        in_top = np.zeros(len(sums), np.bool_)
        in_top[order[: self.p]] = True
        out = ~in_top & (bound + last - sums > most)
        must = in_top & (bound + sums - next_ > most)
        if must.any() or out.sum() > 0.1 * len(sums) or (self.stalled and out.any()):
            part = self.reduced(must, ~(must | out))
            self.lists, self.p, self.ids = part.lists, part.p, part.ids
            self.opened, self.spent = part.opened, part.spent
            self.prices, self.dual, self.rows = part.prices, part.dual, part.rows
            self.stalled = self.stalled and not self._is_decided()

    def reduced(self, must: NDArray[np.bool_], keep: NDArray[np.bool_]) -> "MedianNode":
        """Return the part with some candidates opened for good and only some others kept."""
        column = np.full(len(self.ids), -1, np.int32)
        column[keep] = np.arange(keep.sum(), dtype=np.int32)
        p = self.p - int(must.sum())
        cap = caps_with(self.lists, must)
        longest = int(keep.sum()) - p + 1 if p else 0
        if p == 0:
            column[:] = -1
            longest = len(self.ids) + 1
        lists, kept, settled = reduced_lists(self.lists, column, cap, longest)
        old = self.prices if self.dual is None else self.dual.prices
        prices = np.minimum(old[kept], lists.cap)
        opened = (*self.opened, *self.ids[must].tolist())
        spent = self.spent + settled
        node = MedianNode(lists, p, self.ids[keep], opened, spent, self.unit, prices, self.bound)
        node.source, node.rows = self.source, self.rows[kept]
        if self.dual is not None:
            figures = np.array([-np.inf, max(self.dual.figures[FACTOR], 0.02), 0.0, 0.0])
            node.dual = Dual(
                prices,
                self.dual.sums[keep],
                self.dual.direction[kept],
                self.dual.choice[keep],
                figures,
            )
        return node


def median_root(lists: Lists, c: int, p: int, sites: Ints, unit: float) -> MedianNode:
    """Return the whole problem, with prices that suit a good plan."""
    node = MedianNode(lists, p, np.arange(c), (), 0.0, unit, first_median_prices(lists, sites, c))
    node.source, node.rows = lists, np.arange(len(lists.cap))
    node = node.reduced(np.zeros(c, np.bool_), np.ones(c, np.bool_))
    node.is_root, node.rises = True, Rises(c)
    return node
