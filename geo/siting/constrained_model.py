"""Siting with side constraints as arrays for HiGHS, on merged demand.

Columns: one 0/1 for each site that may be open; then what is served, one share for each merged
demand row, or for each pair of a row and a site where it matters who serves; then, where the least
share of any grid is raised, that share. Every function here returns rows of the model.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from geo.siting.cliques import covering_cliques
from geo.siting.constraints import SPACING_SLACK_M, SideRules
from geo.siting.highs import Milp

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

TIGHT_CELLS = 2e6  # of the matrix, up to which backup gets its tight rows
OBJECTIVE_TOTAL = 1e4
"""Objectives of numbers that are not whole are scaled to this: HiGHS's tolerances are absolute."""


@dataclass(frozen=True, eq=False)
class Setting:
    """A problem with side rules: u sites that may be open, r demand rows, e (row, site) pairs."""

    problem: str  # "lscp" "mclp" "p_median"
    sites: Ints  # (u,) columns of times, ascending
    is_existing: Flags  # (u,)
    must: Flags  # (u,) mandatory, or existing and not allowed to close
    row: Ints  # (e,) ascending
    site: Ints  # (e,) position in `sites`
    seconds: Floats  # (e,) only for the p-median
    weight: Floats  # (r,) all positive
    group: Ints  # (r,) position in group_total, -1 none
    group_total: Floats  # (g,) weight that belongs to a group, in reach or not
    needed: Floats  # (g,) of each group, or (1,) of all, that an LSCP must cover; (0,) = all rows
    p: int | None  # new sites, closed ones not counted
    rules: SideRules
    is_count: bool  # objective values are whole

    @property
    def n_existing(self) -> int:
        """Return how many of the sites exist."""
        return int(self.is_existing.sum())

    @property
    def is_paired(self) -> bool:
        """Return whether what is served stands for pairs, not for rows."""
        return self.problem == "p_median" or self.rules.capacity is not None

    @property
    def n_served(self) -> int:
        """Return the number of columns for what is served."""
        if self.is_paired:
            return len(self.row)
        is_all = self.problem == "lscp" and len(self.needed) == 0
        return 0 if is_all else len(self.weight)

    @property
    def is_tight(self) -> bool:
        """Return whether backup is modelled by the rows of `_without_any`, which are many."""
        sizes = np.bincount(self.row, minlength=len(self.weight))
        return self.rules.n_cover > 1 and float((sizes**2).sum()) <= TIGHT_CELLS


class Relaxed(NamedTuple):
    """Which rules are left out of a model, to see which of them makes it impossible."""

    p: bool = False
    budget: bool = False
    groups: bool = False
    spacing_m: float | None = None  # instead of the one asked for


class Block(NamedTuple):
    """Rows of a model: low <= matrix @ columns <= high."""

    matrix: sparse.csr_array
    low: Floats
    high: Floats


def constrained_model(
    setting: Setting,
    *,
    objective: str,
    relaxed: Relaxed | None = None,
    least_share: Floats | None = None,
) -> Milp:
    """Return the model that minimises one of "sites", "cost", "weight", "seconds", "share".

    "weight" and "share" stand for minus the weight served and minus the least share of a group.
    `least_share` (g,) is the weight that each group must get.
    """
    relaxed = relaxed or Relaxed()
    # Whom a p-median sends where matters only for the seconds, or where capacities bind.
    is_reach = setting.problem == "p_median" and setting.rules.capacity is None
    is_reach = is_reach and objective != "seconds"
    n_sites, n_served = len(setting.sites), 0 if is_reach else setting.n_served
    n_share = 1 if objective == "share" else 0
    width = n_sites + n_served + n_share
    served = reach_rows(setting) if is_reach else _served_rows(setting)
    blocks = [
        *site_rows(setting, relaxed),
        *served,
        *_needed_rows(setting, least_share, has_share=bool(n_share)),
    ]
    wide = [_widened(block, width) for block in blocks if block.matrix.shape[0]]
    cost = np.zeros(width)
    if objective == "sites":
        cost[:n_sites] = 1.0
    elif objective == "cost" and setting.rules.cost is not None:
        cost[:n_sites] = np.where(setting.is_existing, 0.0, setting.rules.cost[setting.sites])
    elif objective == "share":
        cost[-1] = -1.0
    elif objective in {"weight", "seconds"}:
        cost[n_sites : n_sites + n_served] = served_cost(setting)
    whole = np.zeros(width, bool)
    whole[:n_sites] = True
    if setting.rules.n_cover > 1 and not setting.is_tight:  # half a backup is none
        whole[n_sites : n_sites + n_served] = True
    low = np.zeros(width)
    low[:n_sites] = setting.must
    matrix = sparse.vstack([block.matrix for block in wide], format="csr") if wide else None
    return Milp(
        cost=cost,
        matrix=sparse.csr_array((0, width)) if matrix is None else sparse.csr_array(matrix),
        row_low=np.concatenate([np.zeros(0), *(block.low for block in wide)]),
        row_high=np.concatenate([np.zeros(0), *(block.high for block in wide)]),
        low=low,
        high=np.ones(width),
        is_whole=whole,
    )


def served_cost(setting: Setting) -> Floats:
    """Return what serving costs: minus the weight, or weight x seconds; scaled unless whole."""
    if setting.problem == "p_median":
        cost = setting.weight[setting.row] * setting.seconds
    else:
        cost = -(setting.weight[setting.row] if setting.is_paired else setting.weight)
    return cost / objective_scale(setting)


def objective_scale(setting: Setting) -> float:
    """Return what the model's objective is to be multiplied with."""
    if setting.is_count or len(setting.weight) == 0:
        return 1.0
    total = float(setting.weight.sum())
    if setting.problem == "p_median":
        total *= float(setting.seconds.max(initial=0.0))
    return total / OBJECTIVE_TOTAL if total > 0 else 1.0


def conflicts(setting: Setting, spacing_m: float | None = None) -> Ints:
    """Return pairs (k, 2) of positions that lie too near to each other to be open both."""
    rules = setting.rules
    if rules.distance_m is None:
        return np.zeros((0, 2), np.int64)
    spacing = rules.spacing_m if spacing_m is None else spacing_m
    near = rules.distance_m[np.ix_(setting.sites, setting.sites)] < spacing - SPACING_SLACK_M
    old = setting.is_existing
    near &= ~(old[:, None] & old[None, :])
    if not rules.is_spaced_from_existing:
        near &= ~(old[:, None] | old[None, :])
    return np.argwhere(np.triu(near, 1))


def usable_groups(setting: Setting) -> Ints:
    """Return the communities, ascending, that have a site which may be open."""
    if setting.rules.site_group is None:
        return np.zeros(0, np.int64)
    groups = np.unique(setting.rules.site_group[setting.sites])
    return groups[groups >= 0]


def site_rows(setting: Setting, relaxed: Relaxed) -> list[Block]:
    """Return the rules about sites alone: number, closing, budget, spacing, communities."""
    n_sites, rules = len(setting.sites), setting.rules
    blocks = []
    if setting.p is not None and not relaxed.p:
        most = setting.p + setting.n_existing
        blocks.append(_row(np.ones(n_sites), -np.inf, most))
    if rules.may_close and setting.n_existing:
        kept = setting.is_existing.astype(float)
        blocks.append(_row(kept, max(setting.n_existing - rules.may_close, 0), np.inf))
    if rules.cost is not None and not relaxed.budget:
        cost = np.where(setting.is_existing, 0.0, rules.cost[setting.sites])
        unit = float(cost.max(initial=0.0)) or 1.0  # HiGHS's slack is then of the dearest site
        enough = min(rules.budget, float(cost.sum()))
        blocks.append(_row(cost / unit, -np.inf, enough / unit))
    cliques = covering_cliques(conflicts(setting, relaxed.spacing_m), n_sites)
    if cliques:
        row = np.repeat(np.arange(len(cliques)), [len(clique) for clique in cliques])
        one = (np.ones(len(row)), (row, np.concatenate(cliques)))
        matrix = sparse.csr_array(one, (len(cliques), n_sites))
        blocks.append(Block(matrix, np.full(len(cliques), -np.inf), np.ones(len(cliques))))
    if rules.site_group is not None and not relaxed.groups:
        groups = usable_groups(setting)
        member = (rules.site_group[setting.sites][None, :] == groups[:, None]).astype(float)
        matrix = sparse.csr_array(member)
        blocks.append(Block(matrix, np.ones(len(groups)), np.full(len(groups), np.inf)))
    return blocks


def reach_rows(setting: Setting) -> list[Block]:
    """Return for a p-median that everybody reaches an open site; equal rows stand once."""
    n_sites, n_rows = len(setting.sites), len(setting.weight)
    if setting.problem != "p_median" or n_rows == 0:
        return []
    reach = np.zeros((n_rows, n_sites))
    reach[setting.row, setting.site] = 1.0
    reach = np.unique(reach[(reach[:, setting.must] == 0).all(axis=1)], axis=0)
    one, many = np.ones(len(reach)), np.full(len(reach), np.inf)
    return [Block(sparse.csr_array(reach), one, many)]


def _served_rows(setting: Setting) -> list[Block]:
    """Return what ties serving to open sites."""
    n_sites, n_rows, n_pairs = len(setting.sites), len(setting.weight), len(setting.row)
    reach = sparse.csr_array((np.ones(n_pairs), (setting.row, setting.site)), (n_rows, n_sites))
    n_cover = setting.rules.n_cover
    if not setting.is_paired:
        if setting.n_served == 0:
            return [Block(reach, np.full(n_rows, float(n_cover)), np.full(n_rows, np.inf))]
        links = sparse.hstack([reach, -float(n_cover) * sparse.eye_array(n_rows)], format="csr")
        blocks = [Block(sparse.csr_array(links), np.zeros(n_rows), np.full(n_rows, np.inf))]
        return [*blocks, _without_any(setting, reach)] if setting.is_tight else blocks
    pair = np.arange(n_pairs)
    opened = sparse.csr_array((np.ones(n_pairs), (pair, setting.site)), (n_pairs, n_sites))
    links = sparse.hstack([opened, -sparse.eye_array(n_pairs)], format="csr")
    share = sparse.csr_array((np.ones(n_pairs), (setting.row, pair)), (n_rows, n_pairs))
    nothing = sparse.csr_array((n_rows, n_sites))
    is_all = setting.problem == "p_median" or (
        setting.problem == "lscp" and len(setting.needed) == 0
    )
    blocks = [
        Block(sparse.csr_array(links), np.zeros(n_pairs), np.full(n_pairs, np.inf)),
        Block(
            sparse.csr_array(sparse.hstack([nothing, share], format="csr")),
            np.full(n_rows, 1.0 if is_all else 0.0),
            np.ones(n_rows),
        ),
    ]
    if setting.rules.capacity is not None:
        unit = float(setting.weight.max(initial=0.0)) or 1.0
        load = sparse.csr_array(
            (setting.weight[setting.row] / unit, (setting.site, pair)), (n_sites, n_pairs)
        )
        capacity = np.minimum(setting.rules.capacity[setting.sites], setting.weight.sum())
        room = sparse.diags_array(-capacity / unit)
        both = sparse.csr_array(sparse.hstack([room, load], format="csr"))
        blocks.append(Block(both, np.full(n_sites, -np.inf), np.zeros(n_sites)))
    return blocks


def _needed_rows(setting: Setting, least_share: Floats | None, *, has_share: bool) -> list[Block]:
    """Return the weight that groups (or all together) must get."""
    n_sites, n_served = len(setting.sites), setting.n_served
    is_lscp = setting.problem == "lscp" and len(setting.needed)
    if not is_lscp and least_share is None and not has_share:
        return []
    row = setting.row if setting.is_paired else np.arange(len(setting.weight))
    group = setting.group[row]
    n_groups = len(setting.group_total)
    if is_lscp and len(setting.needed) == 1 and n_groups == 0:
        group, n_groups = np.zeros(len(row), np.int64), 1
    counts = group >= 0
    unit = setting.group_total if len(setting.group_total) else setting.needed
    unit = np.where(unit > 0, unit, 1.0)  # nothing is asked for where nothing weighs anything
    value = setting.weight[row][counts] / unit[group[counts]]
    matrix = sparse.csr_array(
        (value, (group[counts], n_sites + np.flatnonzero(counts))), (n_groups, n_sites + n_served)
    )
    least = setting.needed if is_lscp else least_share
    if has_share:
        joined = sparse.hstack([matrix, sparse.csr_array(-np.ones((n_groups, 1)))], format="csr")
        return [Block(sparse.csr_array(joined), np.zeros(n_groups), np.full(n_groups, np.inf))]
    low = np.asarray(least, np.float64) / unit
    return [Block(matrix, low, np.full(n_groups, np.inf))]


def _without_any(setting: Setting, reach: sparse.csr_array) -> Block:
    """Return for each demand and each of its sites: covered only if another site is open.

    Much tighter than half the number of open sites, and it leaves no half to be ruled out.
    """
    n_pairs, pair = len(setting.row), np.arange(len(setting.row))
    shape = (n_pairs, len(setting.sites))
    itself = sparse.csr_array((np.ones(n_pairs), (pair, setting.site)), shape)
    served = sparse.csr_array((np.ones(n_pairs), (pair, setting.row)), (n_pairs, reach.shape[0]))
    matrix = sparse.hstack([reach[setting.row] - itself, -served], format="csr")
    return Block(sparse.csr_array(matrix), np.zeros(n_pairs), np.full(n_pairs, np.inf))


def _row(values: Floats, low: float, high: float) -> Block:
    return Block(sparse.csr_array(values[None, :]), np.array([low]), np.array([high]))


def _widened(block: Block, width: int) -> Block:
    """Return the block with as many columns as the model has."""
    of = block.matrix
    matrix = sparse.csr_array((of.data, of.indices, of.indptr), (of.shape[0], width))
    return block._replace(matrix=matrix)
