"""What covers of a few columns must look like: relaxation, patches and columns that cannot be in.

Asked is for covers of at most `most` columns. The dual values of the relaxation give a bound that
is valid however well it was solved, and say which columns such a cover cannot have; without them
rows and columns reduce further, and the relaxation is solved again.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from geo.siting.cover_patches import Patches, lacking_patches
from geo.siting.highs import Milp, Stop, solve_lp
from geo.siting.reduction import pack, reduce_cover, unpack

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

MARGIN = 1e-6  # of a bound: far above the rounding of its sums, far below what it may miss
MOST_ROUNDS = 12
ROUNDS_WITHOUT = 2  # with little gain, until somebody else shall prove the rest
LITTLE = 0.05  # of the open distance, or of the columns


class Narrowed(NamedTuple):
    """What is left: if a cover has at most so many columns, one as small is `taken` and in here."""

    rows: Flags  # (r, c)
    columns: Ints  # (c,) of the whole
    taken: Ints  # of the whole
    patches: Patches
    bound: int  # no cover has fewer columns; above what was asked for if there is none


class Relaxed(NamedTuple):
    """The relaxation of what is left."""

    bound: float  # on the size of all covers, `taken` with them
    x: Floats  # (c,)
    reduced_cost: Floats  # (c,)
    patch_dual: Floats  # (k,)


def nothing_narrowed(rows: Flags) -> Narrowed:
    """Return the whole problem of rows (r, c), each of which has a column."""
    c = rows.shape[1]
    return Narrowed(rows, np.arange(c), np.zeros(0, np.int64), Patches.none(c), 0)


def relaxed(at: Narrowed, stop: Stop) -> Relaxed | None:
    """Solve the linear relaxation; None if that did not come to its end in time."""
    model = cover_model(at)
    solved = solve_lp(model, stop)
    if solved is None:
        return None
    x, dual = solved
    dual = np.maximum(dual, 0.0)
    reduced_cost = model.cost - model.matrix.T @ dual
    bound = len(at.taken) + float(dual @ model.row_low + np.minimum(reduced_cost, 0.0).sum())
    return Relaxed(bound, x, reduced_cost, dual[len(at.rows) :])


def whole_bound(bound: float) -> int:
    """Return the least whole number that is not below a bound."""
    return int(np.ceil(bound - MARGIN))


def narrowed(at: Narrowed, first: Relaxed | None, most: int, stop: Stop) -> Narrowed:
    """Narrow the covers of at most `most` columns down; `first` is the relaxation as it stands."""
    best, without, now = 0.0, 0, first
    for _ in range(MOST_ROUNDS):
        if now is None:
            break
        at = at._replace(bound=max(at.bound, whole_bound(now.bound)))
        is_in = now.bound + now.reduced_cost <= most + MARGIN
        gain = (now.bound - best) / (most + 1 - best) > LITTLE or (~is_in).mean() > LITTLE
        best, without = max(best, now.bound), 0 if gain else without + 1
        if at.bound > most or without > ROUNDS_WITHOUT:
            break
        at, x = at._replace(patches=at.patches.only(now.patch_dual > MARGIN)), now.x
        if not is_in.all():
            at, x = _without(at, x, is_in, most)
        if at.bound > most or not len(at.rows) or stop.is_due():
            break
        at = at._replace(patches=at.patches.plus(lacking_patches(at.rows, x)))
        now = relaxed(at, stop)
    return at


def cover_model(at: Narrowed, *, most: float = np.inf) -> Milp:
    """Return the model of what is left, with at most `most` columns; whole ones if that is given.

    The relaxation has no such limit.
    """
    n_columns = len(at.columns)
    parts = [at.rows, at.patches.columns]
    low = [np.ones(len(at.rows)), at.patches.need]
    high = np.full(len(at.rows) + len(at.patches.need), np.inf)
    if np.isfinite(most):
        parts.append(np.ones((1, n_columns), np.bool_))
        low.append(np.zeros(1))
        high = np.append(high, most)
    return Milp(
        cost=np.ones(n_columns),
        matrix=sparse.csr_array(np.concatenate(parts).astype(np.float64)),
        row_low=np.concatenate(low),
        row_high=high,
        low=np.zeros(n_columns),
        high=np.ones(n_columns),
        is_whole=np.full(n_columns, np.isfinite(most)),
    )


def _without(at: Narrowed, x: Floats, is_in: Flags, most: int) -> tuple[Narrowed, Floats]:
    """Return what is left without some columns, and x of the columns that are left."""
    rows, n_columns = at.rows & is_in, len(at.columns)
    if not rows.any(axis=1).all():  # a row that none of the columns covers: no such cover
        return at._replace(bound=most + 1), x
    bits = pack(rows)
    reduced = reduce_cover(bits, n_columns)
    left = np.ascontiguousarray(unpack(bits[reduced.rows], n_columns)[:, reduced.columns])
    taken = np.concatenate([at.taken, at.columns[reduced.taken]])
    patches = at.patches.within(reduced.columns, reduced.taken)
    bound = max(at.bound, len(taken))
    narrower = Narrowed(left, at.columns[reduced.columns], taken, patches, bound)
    return narrower, x[reduced.columns]
