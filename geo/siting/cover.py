"""The smallest set of columns that covers all rows: reduced, split, then proven piece by piece."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from geo.siting.cover_bound import (
    Narrowed,
    cover_model,
    narrowed,
    nothing_narrowed,
    relaxed,
    whole_bound,
)
from geo.siting.cover_search import searched_cover
from geo.siting.highs import Stop, solve_milp
from geo.siting.reduction import Words, reduce_cover, unpack

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
OnFound = Callable[[Ints, int], None]  # the best cover so far and the bound


class CoverAnswer(NamedTuple):
    """A cover and its proof."""

    columns: Ints  # ascending
    bound: int  # no cover has fewer columns

    @property
    def is_proven(self) -> bool:
        """Return whether no cover has fewer columns."""
        return len(self.columns) <= self.bound


class Piece(NamedTuple):
    """A part of the problem that shares no column with the rest, with a first cover of it."""

    columns: Ints  # (c,) of the whole problem
    rows: Flags  # (r, c)
    cover: Ints  # of the piece's own columns
    bound: int


def smallest_cover(
    row_bits: Words,
    n_columns: int,
    stop: Stop | None = None,
    *,
    at_most: int | None = None,
    on_found: OnFound | None = None,
) -> CoverAnswer:
    """Find the fewest of n_columns that touch every row (n, words).

    Every row has at least one column. With `at_most` only the question is answered whether so
    many columns can do: the first such cover is returned, or any as soon as the bound is above
    `at_most`; stopped early without either, the cover found is larger.
    `on_found` hears of each cover and of each higher bound.
    """
    stop = stop or Stop()
    reduced = reduce_cover(row_bits, n_columns)
    flags = unpack(row_bits[reduced.rows], n_columns)[:, reduced.columns]
    pieces = _pieces(np.unique(flags, axis=0), reduced.columns)  # sorted: any order, same answer

    def so_far() -> CoverAnswer:
        chosen = [reduced.taken, *(piece.columns[piece.cover] for piece in pieces)]
        bound = len(reduced.taken) + sum(piece.bound for piece in pieces)
        return CoverAnswer(np.sort(np.concatenate(chosen)), bound)

    answer = so_far()
    for k, piece in enumerate(pieces):
        if on_found is not None:
            on_found(*answer)
        is_said = at_most is not None and (answer.bound > at_most or len(answer.columns) <= at_most)
        if is_said or stop.is_due():
            break
        rest = None if at_most is None else at_most - answer.bound + piece.bound
        if on_found is not None:
            stop = stop._replace(on_bounds=_tells(on_found, answer, piece.bound))
        pieces[k] = _proven(piece, stop, rest)
        answer = so_far()
    return answer


def _tells(on_found: OnFound, answer: CoverAnswer, known: int) -> Callable[[float, float], None]:
    """Return what passes a piece's bound on where it is higher than the one known."""
    told = known

    def tell(_best: float, bound: float) -> None:
        nonlocal told
        if np.isfinite(bound) and np.ceil(bound - 1e-6) > told:
            told = int(np.ceil(bound - 1e-6))
            on_found(answer.columns, answer.bound + told - known)

    return tell


def lowest_equals(columns: Ints, row_bits: Words, n_columns: int) -> Ints:
    """Return as many columns that cover the same, each exchanged for a lower one where one can."""
    if len(columns) == 0:
        return columns
    return np.sort(_lowered(np.sort(columns), np.ascontiguousarray(unpack(row_bits, n_columns))))


def greedy_cover(rows: Flags) -> Ints:
    """Return columns that cover all rows (r, c): most uncovered rows first, redundant ones out."""
    return np.asarray(_greedy(np.ascontiguousarray(rows)))


def _pieces(flags: Flags, columns: Ints) -> list[Piece]:
    """Return the connected parts, smallest first: they may prove the most for the least."""
    if len(flags) == 0:
        return []
    n_rows, n_columns = flags.shape
    row, column = np.nonzero(flags)
    size = n_rows + n_columns
    graph = sparse.coo_array((np.ones(len(row), np.int8), (row, column + n_rows)), (size, size))
    n_pieces, label = connected_components(graph, directed=False)
    pieces = []
    for one in range(n_pieces):
        at_row = np.flatnonzero(label[:n_rows] == one)
        at_column = np.flatnonzero(label[n_rows:] == one)
        part = np.ascontiguousarray(flags[np.ix_(at_row, at_column)])
        if len(at_row):
            bound = int(_independent_rows(part))
            pieces.append(Piece(columns[at_column], part, greedy_cover(part), bound))
    return sorted(pieces, key=lambda piece: (piece.rows.size, int(piece.columns[0])))


def _proven(piece: Piece, stop: Stop, at_most: int | None) -> Piece:
    """Return the piece with a smallest cover, or one of `at_most` columns, or a higher bound.

    The linear relaxation gives a bound, local search a cover. Then the smaller covers that may be
    left are narrowed down, and HiGHS closes what stays open.
    """
    if len(piece.cover) <= piece.bound:
        return piece
    whole = nothing_narrowed(piece.rows)
    first = relaxed(whole, Stop(stop.deadline, stop.is_asked))
    if first is not None:
        piece = _raised(piece, whole_bound(first.bound))
    goal = piece.bound if at_most is None else max(piece.bound, at_most)
    if len(piece.cover) <= goal or (at_most is not None and piece.bound > at_most):
        return piece
    piece = piece._replace(cover=searched_cover(piece.rows, piece.cover, goal))
    if len(piece.cover) <= goal or stop.is_due():
        return piece
    most = len(piece.cover) - 1 if at_most is None else at_most
    left = narrowed(whole, first, most, stop)
    if left.bound > most or stop.is_due():
        return _raised(piece, min(left.bound, most + 1))
    if not len(left.rows):
        return piece._replace(cover=np.sort(left.taken), bound=len(left.taken))
    return _closed(piece, left, most, stop)


def _raised(piece: Piece, bound: int) -> Piece:
    """Return the piece with a bound that may be higher than its own, never above its cover."""
    return piece._replace(bound=min(max(piece.bound, bound), len(piece.cover)))


def _closed(piece: Piece, left: Narrowed, most: int, stop: Stop) -> Piece:
    """Return the piece with what HiGHS finds and proves in what is left: no more than `most`."""
    n_taken, tell = len(left.taken), stop.on_bounds

    def told(best: float, bound: float) -> None:
        if tell is not None:
            tell(best + n_taken, min(bound + n_taken, most + 1))

    stop = stop._replace(on_bounds=None if tell is None else told)
    model = cover_model(left, most=most - n_taken)
    answer = solve_milp(model, stop, is_count=True, only_proves=True)
    if answer.outcome == "infeasible":
        return _raised(piece, most + 1)
    if answer.values is not None:
        found = np.union1d(left.taken, left.columns[answer.values > 0.5])
        if len(found) < len(piece.cover) and piece.rows[:, found].any(axis=1).all():
            piece = piece._replace(cover=found)
    bound = n_taken + answer.bound if np.isfinite(answer.bound) else 0
    return _raised(piece, min(max(left.bound, int(bound)), most + 1))


@njit(cache=True, nogil=True)
def _greedy(rows: Flags) -> Ints:  # noqa: C901, PLR0912 - one pass, compiled
    n_rows, n_columns = rows.shape
    times = np.zeros(n_rows, np.int64)  # how often each row is covered
    gain = np.zeros(n_columns, np.int64)
    for r in range(n_rows):
        for c in range(n_columns):
            gain[c] += rows[r, c]
    chosen = np.zeros(n_columns, np.bool_)
    n_left = n_rows
    while n_left:
        best = np.argmax(gain)
        if gain[best] == 0:
            break
        chosen[best] = True
        for r in range(n_rows):
            if rows[r, best]:
                if times[r] == 0:
                    n_left -= 1
                    for c in range(n_columns):
                        gain[c] -= rows[r, c]
                times[r] += 1
    for c in range(n_columns - 1, -1, -1):
        if not chosen[c]:
            continue
        is_needed = False
        for r in range(n_rows):
            if rows[r, c] and times[r] == 1:
                is_needed = True
                break
        if not is_needed:
            chosen[c] = False
            for r in range(n_rows):
                times[r] -= rows[r, c]
    return np.flatnonzero(chosen)


@njit(cache=True, nogil=True)
def _independent_rows(rows: Flags) -> int:
    """Return the size of a set of rows no two of which share a column: each needs its own."""
    n_rows, n_columns = rows.shape
    size = np.zeros(n_rows, np.int64)
    for r in range(n_rows):
        size[r] = rows[r].sum()
    used = np.zeros(n_columns, np.bool_)
    n_found = 0
    for r in np.argsort(size, kind="mergesort"):
        is_free = True
        for c in range(n_columns):
            if rows[r, c] and used[c]:
                is_free = False
                break
        if is_free:
            n_found += 1
            for c in range(n_columns):
                used[c] |= rows[r, c]
    return n_found


@njit(cache=True, nogil=True)
def _lowered(columns: Ints, rows: Flags) -> Ints:
    n_rows, n_columns = rows.shape
    times = np.zeros(n_rows, np.int64)
    is_in = np.zeros(n_columns, np.bool_)
    for c in columns:
        is_in[c] = True
        for r in range(n_rows):
            times[r] += rows[r, c]
    out = columns.copy()
    for k in range(len(out) - 1, -1, -1):
        mine = out[k]
        for other in range(mine):
            if is_in[other]:
                continue
            can = True
            for r in range(n_rows):
                if rows[r, mine] and times[r] == 1 and not rows[r, other]:
                    can = False
                    break
            if can:
                is_in[mine], is_in[other] = False, True
                for r in range(n_rows):
                    times[r] += np.int64(rows[r, other]) - np.int64(rows[r, mine])
                out[k] = other
                break
    return out
