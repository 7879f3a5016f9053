"""A part of the solutions of an MCLP: some candidates open, some out, the rest on merged rows."""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from geo.siting.branching import Found
from geo.siting.covering import (
    NO_SITE,
    SERVED,
    Floats,
    Ids,
    Ints,
    hash_words,
    rows_of_first,
    same_sets,
)
from geo.siting.mclp_bound import first_prices, lower_bound_run, warm_prices
from geo.siting.mclp_search import Rows, covered_weight, kicked, rows_of, swap
from geo.siting.volume import BOUND, FACTOR, Dual, largest, new_dual

RUNS = 60  # of the subgradient search between two looks at the clock
NODE_RUNS = 40
ROOT_WARM_RUNS = 100
WORK_OF_A_LOOK = 2e7  # cells touched between two looks at the clock, about 0.1 s
MOST_CHUNKS = 40
NO_ROWS = Rows(
    np.zeros(1, np.int64),
    np.zeros(0, np.int32),
    np.zeros(1, np.int64),
    np.zeros(0, np.int32),
    np.zeros(0),
)


@dataclass(frozen=True)
class Source:
    """Rows that the parts below a node are merged from, and its candidates.

    Thousands of parts may wait for their turn: they share the rows of an ancestor, and an own
    source is made only where the rows of a part hold less than half as much.
    """

    rows: Rows
    ids: Ints
    served: float


@dataclass
class MclpNode:
    """Open p of the remaining candidates; `ids` are their numbers at the root.

    `served` is the weight that the candidates already `opened` cover; the rows do not hold it. All
    values count what stays uncovered of `total`.
    """

    rows: Rows
    p: int
    ids: Ints
    opened: tuple[int, ...]
    served: float
    total: float
    unit: float  # values differ by multiples of it
    prices: Floats
    bound: float = 0.0
    stalled: bool = False
    is_root: bool = False
    is_warm: bool = False  # the prices are good ones already
    first_found_prices: Floats = field(default_factory=lambda: np.zeros(0))  # before any reduction
    dual: Dual | None = None
    source: Source | None = None
    of_source: Ids = field(default_factory=lambda: np.zeros(0, np.int32))  # its rows to own ones
    parent_weight: Floats | None = None  # of a part that waits: the prices are those of its parent
    chunks: int = 0
    history: list[float] = field(default_factory=list)

    def tighten(self, best: float) -> Found:
        """Raise the bound by some runs of the subgradient search; drop what cannot be better."""
        self._build()
        if self._is_decided():
            return self._only_solution()
        target = self.total - best - self.served  # what the rest must cover to be as good
        dual = self.dual or self._start(target)
        work = len(self.rows.candidate) + 4 * len(self.rows.weight)
        runs = int(np.clip(WORK_OF_A_LOOK / max(work, 1), 3, RUNS if self.is_root else NODE_RUNS))
        met, choice = lower_bound_run(self.rows, self.p, dual, target, self.unit, runs)
        if len(self.first_found_prices) == len(dual.prices):
            self.first_found_prices = dual.prices
        self.bound = max(self.bound, self.total - self.served - dual.figures[BOUND])
        found = self._improved(met, choice, target, max(RUNS // runs, 1))
        self.chunks += 1
        if found is not None:
            best = min(best, found[0])
        self._judge(best, runs)
        self._fix(best)
        return found

    def split(self) -> list["MclpNode"]:
        """Branch on a candidate that the averaged choice leaves most open."""
        if self._is_decided() or self.dual is None:
            return []
        dual = self.dual
        doubt = np.minimum(dual.choice, 1.0 - dual.choice) * (dual.sums + 1.0)
        j = int(np.argmax(doubt))
        if doubt[j] <= 0:
            j = int(largest(dual.sums, self.p)[-1])
        return [self._part(j, is_open=True), self._part(j, is_open=False)]

    def _part(self, j: int, *, is_open: bool) -> "MclpNode":
        """Return a part with candidate j open or out; its rows are merged when it is its turn."""
        keep = np.arange(len(self.ids)) != j
        part = replace(
            self,
            rows=NO_ROWS,
            p=self.p - is_open,
            ids=self.ids[keep],
            opened=(*self.opened, int(self.ids[j])) if is_open else self.opened,
            stalled=False,
            is_root=False,
            first_found_prices=np.zeros(0),
            parent_weight=self.rows.weight,
            chunks=0,
            history=[],
        )
        if self.dual is not None:
            part.prices = self.dual.prices
            part.dual = self.dual._replace(sums=self.dual.sums[keep], choice=self.dual.choice[keep])
        return part

    def _build(self) -> None:
        """Merge the rows of a part that has waited."""
        source, weight = self.source, self.parent_weight
        if source is None or weight is None:
            return
        self.parent_weight = None
        column = np.full(len(source.ids), -1, np.int32)
        column[np.searchsorted(source.ids, self.ids)] = np.arange(len(self.ids), dtype=np.int32)
        column[np.isin(source.ids, self.opened)] = SERVED
        self.rows, group, served = merged_rows(source.rows, column, len(self.ids))
        self.served = source.served + served
        # The parent's prices, shared out to the rows of the source, then added up again.
        old, inside = self.of_source, (self.of_source >= 0) & (group >= 0)
        share = source.rows.weight[inside] / np.maximum(weight[old[inside]], 1.0)
        n_rows = len(self.rows.weight)

        def passed_on(of_parent: Floats) -> Floats:
            parts = share * of_parent[old[inside]]
            return np.bincount(group[inside], parts, n_rows).astype(np.float64)

        self.prices = np.minimum(np.rint(passed_on(self.prices)), self.rows.weight)
        if self.dual is not None:
            d = passed_on(weight * self.dual.direction) / np.maximum(self.rows.weight, 1.0)
            self.dual = Dual(self.prices, self.dual.sums, d, self.dual.choice, restarted(self.dual))
        self.of_source = group
        self._own_source()

    def _own_source(self, *, always: bool = False) -> None:
        """Let the parts below share the own rows, where they are much fewer than the source's."""
        held = 0 if self.source is None else len(self.source.rows.candidate)
        if always or 2 * len(self.rows.candidate) < held:
            self.source = Source(self.rows, self.ids, self.served)
            self.of_source = np.arange(len(self.rows.weight), dtype=np.int32)

    def _start(self, target: float) -> Dual:
        if self.is_root and not self.is_warm:
            work = len(self.rows.candidate) + 4 * len(self.rows.weight)
            runs = int(np.clip(20 * WORK_OF_A_LOOK / max(work, 1), 10, ROOT_WARM_RUNS))
            self.prices = warm_prices(self.rows, self.p, self.prices, target, runs)
            self.first_found_prices = self.prices
        self.dual = new_dual(self.prices, len(self.ids), np.inf, 0.1)
        return self.dual

    def _is_decided(self) -> bool:
        """Say whether all plans that are left are equally good."""
        return self.p == 0 or len(self.ids) == self.p or not len(self.rows.weight)

    def _only_solution(self) -> Found:
        """Return the one plan that is left, or one of those that are all the same."""
        sites = np.arange(self.p)
        value = self.total - self.served - covered_weight(self.rows, sites)
        self.bound, self.stalled = max(value, self.bound), True
        return value, self._at_root(sites)

    def _at_root(self, sites: Ints) -> Ints:
        return np.sort(np.concatenate([np.array(self.opened, np.int64), self.ids[sites]]))

    def _improved(self, met: float, choice: Ints, target: float, every: int) -> Found:
        """Return the best plan found near the choices of the relaxation, if better than target."""
        sites = choice
        if self.dual is None:
            return None
        is_over = self.dual.figures[BOUND] < target + self.unit
        is_turn = self.chunks % every == 0 if self.is_root else self.chunks == 0
        if met <= target and not is_over and is_turn:
            sites, met = self._searched(self.dual.choice)
        if met <= target:
            return None
        sites, met = swap(self.rows, sites)
        return self.total - self.served - met, self._at_root(sites)

    def _searched(self, choice: Floats) -> tuple[Ints, float]:
        """Return a good plan of those candidates that the averaged choice does not rule out.

        Few candidates have few distinct rows: the search among them is cheap.
        """
        sites: Ints
        if not self.is_root:
            sites, met = swap(self.rows, largest(choice, self.p))
            return sites, met
        likely = choice > 0.01
        likely[largest(choice, self.p)] = True
        part = self.reduced(np.zeros_like(likely), likely)
        pool = np.arange(len(part.ids))
        sites, _ = swap(part.rows, largest(choice[likely], self.p))
        n_kicks = int(np.clip(4e6 / max(len(part.rows.candidate), 1), 5, 60))
        sites, met = kicked(part.rows, sites, pool, n_kicks, 1 + self.chunks)
        return np.flatnonzero(likely)[sites], met

    def _judge(self, best: float, runs: int) -> None:
        """Stop tightening when the bound closes too little of what is open."""
        if self.chunks == 1:
            self.history = [self.bound]
        self.history.append(self.bound)
        slowness = (RUNS if self.is_root else NODE_RUNS) / runs
        back = int(np.ceil((2 if self.is_root else 1) * slowness))
        if len(self.history) <= back + 1:
            return
        rise = self.bound - self.history[-1 - back]
        open_ = best - self.bound
        self.stalled = (
            rise < (0.03 if self.is_root else 0.15) * open_ or self.chunks >= MOST_CHUNKS * slowness
        )

    def _fix(self, best: float) -> None:
        """Open or drop the candidates without which, or with which, nothing can be better."""
        if (
            self.dual is None
            or len(self.ids) <= self.p
            or not np.isfinite(self.dual.figures[BOUND])
        ):
            return
        sums = self.dual.sums
        order = largest(sums, len(sums))
        last, next_ = sums[order[self.p - 1]], sums[order[self.p]]
        bound = self.total - self.served - self.dual.figures[BOUND]
        in_top = np.zeros(len(sums), np.bool_)
        in_top[order[: self.p]] = True
        # A plan with j costs at least bound + last - c_j; one without j, bound + c_j - next.
        out = ~in_top & (bound + last - sums > best - self.unit)
        must = in_top & (bound + sums - next_ > best - self.unit)
        if must.any() or out.sum() > 0.1 * len(sums) or (self.stalled and out.any()):
            smaller = self.reduced(must, ~(must | out))
            self.rows, self.p, self.ids = smaller.rows, smaller.p, smaller.ids
            self.opened, self.served = smaller.opened, smaller.served
            self.prices, self.dual = smaller.prices, smaller.dual
            group, old = smaller.of_source, self.of_source
            self.of_source = np.where(old >= 0, group[np.maximum(old, 0)], NO_SITE).astype(np.int32)
            self._own_source(always=self.is_root)
            self.stalled = self.stalled and not self._is_decided()

    def reduced(self, must: NDArray[np.bool_], keep: NDArray[np.bool_]) -> "MclpNode":
        """Return the part with some candidates opened and only some kept; rows merged again.

        The prices of merged rows are added up: the bound they give does not get worse.
        """
        column = np.full(len(self.ids), -1, np.int32)
        column[keep] = np.arange(keep.sum(), dtype=np.int32)
        column[must] = SERVED
        old = self.rows
        rows, group, served = merged_rows(old, column, int(keep.sum()))
        inside = group >= 0

        def summed(of_old: Floats) -> Floats:
            return np.bincount(group[inside], of_old[inside], len(rows.weight)).astype(np.float64)

        new_prices = summed(self.prices if self.dual is None else self.dual.prices)
        node = MclpNode(
            rows,
            self.p - int(must.sum()),
            self.ids[keep],
            (*self.opened, *self.ids[must].tolist()),
            self.served + served,
            self.total,
            self.unit,
            new_prices,
            self.bound,
            of_source=group,
        )
        if self.dual is not None:
            d = summed(old.weight * self.dual.direction) / np.maximum(rows.weight, 1.0)
            node.dual = Dual(
                new_prices, self.dual.sums[keep], d, self.dual.choice[keep], restarted(self.dual)
            )
        return node


def merged_rows(old: Rows, column: Ids, n_candidates: int) -> tuple[Rows, Ids, float]:
    """Return rows over fewer candidates, the new row of each old one, and the weight now served.

    `column` has the new number of each candidate, SERVED where it is open, else a negative one.
    """
    group, first, length = same_sets(old.start, old.candidate, column, hash_words(len(column)))
    start = np.zeros(len(first) + 1, np.int64)
    np.cumsum(length, out=start[1:])
    candidate = rows_of_first(old.start, old.candidate, column, first, start)
    inside = group >= 0
    weight = np.bincount(group[inside], old.weight[inside], len(first)).astype(np.float64)
    served = float(old.weight[group == SERVED].sum())
    return rows_of(start, candidate, n_candidates, weight), group, served


def restarted(dual: Dual) -> Floats:
    """Return the figures of a search that goes on elsewhere with the steps it had."""
    return np.array([np.inf, max(dual.figures[FACTOR], 0.02), 0.0, 0.0])


def root_node(
    rows: Rows, p: int, sites: Ints, unit: float, prices: Floats | None = None
) -> MclpNode:
    """Return the whole problem, with the prices of a near problem or such as suit a good plan."""
    total = float(rows.weight.sum())
    ids = np.arange(len(rows.column_start) - 1)
    if prices is None:
        node = MclpNode(rows, p, ids, (), 0.0, total, unit, first_prices(rows, sites))
    else:
        node = MclpNode(rows, p, ids, (), 0.0, total, unit, prices.copy(), is_warm=True)
    node.is_root = True
    node._own_source(always=True)  # noqa: SLF001 - of the same module
    node.first_found_prices = node.prices
    return node
