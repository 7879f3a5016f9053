"""The linear program of a siting problem over its sites alone, with bounds on worth as cuts.

Columns: an opening in 0...1 for each of u sites, the worth of each of g groups, and the least share
of any group where that is what counts. A model with a column for each pair of demand and site has
the same bound and is a thousand times as large.
"""

from dataclasses import dataclass
from typing import NamedTuple

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from geo.siting.constrained_model import (
    OBJECTIVE_TOTAL,
    Block,
    Relaxed,
    Setting,
    reach_rows,
    site_rows,
)
from geo.siting.highs import Milp, SilentHighs, Stop, as_lp, set_options
from geo.siting.serving import Cuts, Serving
from geo.siting.shortfall import ByGroup, by_group, sets_in_need

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

VIOLATED = 1e-6  # scaled worth of a group beyond a cut; all worth together is OBJECTIVE_TOTAL
ROUNDING = 1e-11  # relative: what the sums of a bound may be off by
MOST_ROUNDS = 30
MOST_ROWS = 1000  # beyond, cuts that hold anyway are left out
SMALL_RISE = 0.2  # of what is open; a round that closes less is the last of a node


class Aim(NamedTuple):
    """What to minimise, and what a plan must serve besides."""

    objective: str  # "worth" (minus all of it), "sites", "share" (minus the least of any group)
    least: Floats  # (g,) worth that each group needs; -inf none
    least_total: float = -np.inf
    total: Floats = np.zeros(0)  # (k,) weight of the first k groups, whose shares count


class Relaxation(NamedTuple):
    """The answer of the linear program within some bounds on the openings."""

    bound: float  # nothing in here costs less; inf: nothing is in here
    opening: Floats  # (u,)
    price: Floats  # (u,) what an opening costs beyond what it is worth, at least


@dataclass(eq=False)
class SiteProgram:
    """HiGHS with its rows, which grow by cuts; the same for every node of a search."""

    serving: Serving
    aim: Aim
    scale: float
    solver: highspy.Highs
    rows: Floats  # (capacity, width)
    low: Floats  # (capacity,)
    high: Floats
    n_fixed: int  # rows that are no cuts
    n_rows: int
    column_low: Floats  # (width,)
    column_high: Floats
    cost: Floats
    pairs: ByGroup | None  # where groups need some worth

    def relax(
        self, low: Floats, high: Floats, cutoff: float, n_rounds: int = MOST_ROUNDS
    ) -> Relaxation:
        """Solve with openings within low and high (u,), until no cut is missing or bound > cutoff.

        The bound comes from the duals by sums of our own, so that it rests on no tolerance.
        """
        u = self.serving.n_sites
        columns = np.arange(u, dtype=np.int32)
        self.solver.changeColsBounds(u, columns, low, high)
        self.column_low[:u], self.column_high[:u] = low, high
        best = Relaxation(-np.inf, high, np.zeros(u))
        for _ in range(n_rounds):
            self.solver.run()
            status = self.solver.getModelStatus()
            if status == highspy.HighsModelStatus.kInfeasible:
                return Relaxation(np.inf, low, np.zeros(u))
            if status != highspy.HighsModelStatus.kOptimal:
                return best  # numerical trouble: the search branches on
            answer = self.solver.getSolution()
            values = np.array(answer.col_value)
            bound, price = self._bound(np.array(answer.row_dual))
            rise, open_ = bound - best.bound, cutoff - bound
            opening = np.clip(values[:u], low, high)
            best = Relaxation(max(bound, best.bound), opening, price)
            if best.bound > cutoff or (rise < SMALL_RISE * open_ and np.isfinite(cutoff)):
                return best
            if not self._cut(opening, values[u : u + self.serving.n_groups]):
                return best
        return best

    def _bound(self, dual: Floats) -> tuple[float, Floats]:
        """Return a lower bound from any duals (n_rows,), and the prices of openings beside it.

        sum of dual x side of its row + the least of each column's rest within its bounds.
        """
        low, high, rows = self.low[: self.n_rows], self.high[: self.n_rows], self.rows
        side = np.where(dual > 0, low, high)
        dual = np.where(np.isfinite(side), dual, 0.0)
        side = np.where(dual == 0.0, 0.0, side)
        rest = self.cost - dual @ rows[: self.n_rows]
        least = rest * np.where(rest > 0, self.column_low, self.column_high)
        parts = dual * side
        doubt = ROUNDING * (np.abs(parts).sum() + np.abs(least).sum() + OBJECTIVE_TOTAL)
        bound = float(parts.sum() + least.sum() - doubt) * self.unit
        return bound, rest[: self.serving.n_sites] * self.unit

    @property
    def unit(self) -> float:
        """Return what one of the program's objective is in the problem's."""
        return self.scale if self.aim.objective == "worth" else 1.0

    @property
    def size(self) -> float:
        """Return the most that the objective could be."""
        return OBJECTIVE_TOTAL * self.unit

    def _cut(self, opening: Floats, worth: Floats) -> bool:
        """Add the bounds that the worth of groups is above; return whether there are any."""
        cuts = self.serving.cuts(opening)
        most = (cuts.constant + cuts.slope @ opening) / self.scale
        over = np.flatnonzero(worth > most + VIOLATED)
        sets = self._sets_in_need(opening)
        if len(over) == 0 and len(sets) == 0:
            return False
        if self.n_rows + 2 * len(over) + len(sets) > len(self.rows):
            self._forget()
        if len(over):
            self._add(*self._as_rows(cuts, over))
        if len(sets):
            self._add(sets, np.ones(len(sets)))
        return True

    def _sets_in_need(self, opening: Floats) -> Floats:
        """Return rows (k, width): sets of sites of which one at least must be open."""
        if self.pairs is None:
            return np.zeros((0, self.rows.shape[1]))
        serving = self.serving
        found = sets_in_need(self.pairs, serving.weight, self.aim.least, serving.n_cover, opening)
        rows = np.zeros((len(found), self.rows.shape[1]))
        rows[:, : serving.n_sites] = found
        return rows

    def _as_rows(self, cuts: Cuts, groups: Ints) -> tuple[Floats, Floats]:
        """Return rows (k, width) @ columns >= low (k,).

        Where a group needs some worth there is a second row on the openings alone, in which no
        site counts for more than what is missing: for openings of 0 or 1 that is just as true.
        """
        u, width = self.serving.n_sites, self.rows.shape[1]
        rows = np.zeros((len(groups), width))
        rows[:, :u] = cuts.slope[groups] / self.scale
        rows[np.arange(len(groups)), u + groups] = -1.0
        low = -cuts.constant[groups] / self.scale
        missing = self.aim.least[groups] / self.scale + low
        needy = np.flatnonzero(np.isfinite(missing) & (missing > VIOLATED))
        lifted = np.zeros((len(needy), width))
        lifted[:, :u] = np.minimum(rows[needy, :u] / missing[needy, None], 1.0)
        return np.vstack([rows, lifted]), np.concatenate([low, np.ones(len(needy))])

    def _add(self, rows: Floats, low: Floats) -> None:
        count, n = len(low), self.n_rows
        room = n + count - len(self.rows)
        if room > 0:
            more = room + len(self.rows)
            self.rows = np.vstack([self.rows, np.zeros((more, self.rows.shape[1]))])
            self.low = np.concatenate([self.low, np.zeros(more)])
            self.high = np.concatenate([self.high, np.zeros(more)])
        self.rows[n : n + count], self.low[n : n + count] = rows, low
        self.high[n : n + count] = np.inf
        row, column = np.nonzero(rows)
        start = np.searchsorted(row, np.arange(count)).astype(np.int32)
        self.solver.addRows(
            count,
            low,
            np.full(count, np.inf),
            len(row),
            start,
            column.astype(np.int32),
            rows[row, column],
        )
        self.n_rows = n + count

    def _forget(self) -> None:
        """Leave out the cuts that are not needed where the program stands."""
        dual = np.array(self.solver.getSolution().row_dual)
        if len(dual) != self.n_rows:
            return
        gone = np.flatnonzero((dual == 0.0) & (np.arange(self.n_rows) >= self.n_fixed))
        self.solver.deleteRows(len(gone), gone.astype(np.int32))
        kept = np.setdiff1d(np.arange(self.n_rows), gone)
        self.rows[: len(kept)] = self.rows[kept]
        self.low[: len(kept)], self.high[: len(kept)] = self.low[kept], self.high[kept]
        self.n_rows = len(kept)


def site_program(setting: Setting, serving: Serving, aim: Aim) -> SiteProgram:
    """Return the program of a setting without any cut yet."""
    u, g = serving.n_sites, serving.n_groups
    n_share = len(aim.total)
    width = u + g + (n_share > 0)
    most = serving.worth(np.ones(u, np.bool_))
    none = -serving.dearest()
    scale = max(float(np.abs(most).sum()), float(np.abs(none).sum()), 1e-300) / OBJECTIVE_TOTAL
    blocks = [*site_rows(setting, Relaxed()), *reach_rows(setting)]
    rows, low, high = _stacked(blocks, width)
    if np.isfinite(aim.least_total):
        row = np.zeros((1, width))
        row[0, u : u + g] = 1.0
        rows, low = np.vstack([rows, row]), np.append(low, aim.least_total / scale)
        high = np.append(high, np.inf)
    if n_share:
        share = np.zeros((n_share, width))
        share[np.arange(n_share), u + np.arange(n_share)] = scale / aim.total
        share[:, -1] = -1.0
        rows = np.vstack([rows, share])
        low, high = np.append(low, np.zeros(n_share)), np.append(high, np.full(n_share, np.inf))
    cost = np.zeros(width)
    if aim.objective == "sites":
        cost[:u] = 1.0
    elif aim.objective == "share":
        cost[-1] = -1.0
    else:
        cost[u : u + g] = -1.0
    column_low = np.concatenate(
        [setting.must, np.maximum(none, aim.least) / scale, np.zeros(width - u - g)]
    )
    column_high = np.concatenate([np.ones(u), most / scale, np.ones(width - u - g)])
    return _passed(serving, aim, scale, (rows, low, high), (column_low, column_high, cost))


def _stacked(blocks: list[Block], width: int) -> tuple[Floats, Floats, Floats]:
    """Return the rows of blocks as a dense array of so many columns, and their sides."""
    dense = [np.zeros((0, width))]
    for block in blocks:
        part = np.zeros((block.matrix.shape[0], width))
        part[:, : block.matrix.shape[1]] = block.matrix.toarray()
        dense.append(part)
    none = np.zeros(0)
    low = np.concatenate([none, *(block.low for block in blocks)])
    high = np.concatenate([none, *(block.high for block in blocks)])
    return np.vstack(dense), low, high


def _passed(
    serving: Serving,
    aim: Aim,
    scale: float,
    sided: tuple[Floats, Floats, Floats],
    columns: tuple[Floats, Floats, Floats],
) -> SiteProgram:
    """Return the program with HiGHS holding it."""
    rows, low, high = sided
    column_low, column_high, cost = columns
    solver: highspy.Highs = SilentHighs()  # type: ignore[no-untyped-call]
    set_options(solver, Stop(), is_count=False)
    model = Milp(
        cost=cost,
        matrix=sparse.csr_array(rows),
        row_low=low,
        row_high=high,
        low=column_low,
        high=column_high,
        is_whole=np.zeros(len(cost), np.bool_),
    )
    solver.passModel(as_lp(model))
    room = MOST_ROWS - len(low)
    pairs = None
    if serving.cost is None and (np.isfinite(aim.least) & (aim.least > 0)).any():
        u, g = serving.n_sites, serving.n_groups
        pairs = by_group(serving.row, serving.site, serving.group, g, u)
    return SiteProgram(
        serving=serving,
        aim=aim,
        scale=scale,
        solver=solver,
        rows=np.vstack([rows, np.zeros((max(room, 0), len(cost)))]),
        low=np.concatenate([low, np.zeros(max(room, 0))]),
        high=np.concatenate([high, np.zeros(max(room, 0))]),
        n_fixed=len(low),
        n_rows=len(low),
        column_low=column_low,
        column_high=column_high,
        cost=cost,
        pairs=pairs,
    )
