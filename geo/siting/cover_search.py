"""Local search for a small cover: rows that stay uncovered gain weight until they are not.

Row weighting local search (Gao, Weise, Li 2015, "An efficient local search heuristic with row
weighting for the unicost set covering problem"), with a random sequence of its own: the same rows
give the same cover.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

WORK = 60_000_000  # looks at a cell, about a tenth of a second
WORK_A_CELL = 10_000  # small problems are through with less


def searched_cover(rows: Flags, cover: Ints, target: int) -> Ints:
    """Return a cover (columns ascending) of rows (r, c), no larger than the given one.

    Stops at `target` columns, or after an amount of work that depends on nothing but the rows.
    """
    if len(cover) <= target:
        return cover
    by_row, by_column = np.nonzero(rows), np.nonzero(rows.T)
    row_start = np.searchsorted(by_row[0], np.arange(rows.shape[0] + 1))
    column_start = np.searchsorted(by_column[0], np.arange(rows.shape[1] + 1))
    work = min(WORK, WORK_A_CELL * len(by_row[1]))
    found = _search(row_start, by_row[1], column_start, by_column[1], cover, target, work)
    return np.asarray(np.flatnonzero(found))


@njit(cache=True, nogil=True)
def _flip(
    column: int,
    is_in: Flags,
    score: Ints,
    count: Ints,
    weight: Ints,
    row_start: Ints,
    row_column: Ints,
    column_start: Ints,
    column_row: Ints,
) -> int:
    """Add or remove a column and keep all scores; return how many cells were looked at."""
    adds = not is_in[column]
    is_in[column] = adds
    score[column] = -score[column]
    looks = 0
    for k in range(column_start[column], column_start[column + 1]):
        row = column_row[k]
        before = count[row]
        count[row] = before + 1 if adds else before - 1
        low = min(before, count[row])
        if low > 1:
            continue
        # 0 <-> 1: the others gain or lose what this row is worth; 1 <-> 2: the sole other does.
        looks += row_start[row + 1] - row_start[row]
        for j in range(row_start[row], row_start[row + 1]):
            other = row_column[j]
            if other == column or (low == 1 and not is_in[other]):
                continue
            change = weight[row] if adds == (low == 1) else -weight[row]
            score[other] += change
    return looks


@njit(cache=True, nogil=True)
def _loosest(is_in: Flags, score: Ints, changed: Ints, just_added: int) -> int:
    """Return the column whose removal costs least, the longest unchanged of equals."""
    best = -1
    for column in range(len(is_in)):
        if not is_in[column] or column == just_added:
            continue
        if (
            best < 0
            or score[column] > score[best]
            or (score[column] == score[best] and changed[column] < changed[best])
        ):
            best = column
    return best


@njit(cache=True, nogil=True)
def _search(  # noqa: C901, PLR0912, PLR0915 - one pass, compiled; a split would copy its state
    row_start: Ints,
    row_column: Ints,
    column_start: Ints,
    column_row: Ints,
    cover: Ints,
    target: int,
    work: int,
) -> Flags:
    n_rows, n_columns = len(row_start) - 1, len(column_start) - 1
    weight = np.ones(n_rows, np.int64)
    count = np.zeros(n_rows, np.int64)
    is_in = np.zeros(n_columns, np.bool_)
    can_add = np.ones(n_columns, np.bool_)
    changed = np.zeros(n_columns, np.int64)
    score = column_start[1:] - column_start[:-1]
    score = score.copy()
    for column in cover:
        _flip(column, is_in, score, count, weight, row_start, row_column, column_start, column_row)
    best = is_in.copy()
    size = len(cover)
    state = np.uint64(88172645463325252)
    just_added = -1
    step = 0
    while work > 0:
        step += 1
        work -= 2 * n_columns + n_rows
        n_open = 0
        for row in range(n_rows):
            n_open += count[row] == 0
        if n_open == 0:
            best[:] = is_in
            if size <= target:
                break
            out = _loosest(is_in, score, changed, -1)
            work -= _flip(
                out, is_in, score, count, weight, row_start, row_column, column_start, column_row
            )
            size -= 1
            can_add[out] = False
            changed[out] = step
            continue
        out = _loosest(is_in, score, changed, just_added)
        if out >= 0:
            work -= _flip(
                out, is_in, score, count, weight, row_start, row_column, column_start, column_row
            )
            can_add[out] = False
            changed[out] = step
            for k in range(column_start[out], column_start[out + 1]):
                for j in range(row_start[column_row[k]], row_start[column_row[k] + 1]):
                    if row_column[j] != out:
                        can_add[row_column[j]] = True
        n_open = 0
        for row in range(n_rows):
            n_open += count[row] == 0
        state ^= state << np.uint64(13)
        state ^= state >> np.uint64(7)
        state ^= state << np.uint64(17)
        pick = np.int64(state % np.uint64(n_open))
        for row in range(n_rows):
            if count[row] == 0:
                if pick == 0:
                    break
                pick -= 1
        into = -1
        for j in range(row_start[row], row_start[row + 1]):
            column = row_column[j]
            if not can_add[column]:
                continue
            if (
                into < 0
                or score[column] > score[into]
                or (score[column] == score[into] and changed[column] < changed[into])
            ):
                into = column
        if into < 0:
            into = row_column[row_start[row]]
        work -= _flip(
            into, is_in, score, count, weight, row_start, row_column, column_start, column_row
        )
        if out < 0:
            size += 1
        changed[into] = step
        just_added = into
        for k in range(column_start[into], column_start[into + 1]):
            for j in range(row_start[column_row[k]], row_start[column_row[k] + 1]):
                can_add[row_column[j]] = True
        for row in range(n_rows):
            if count[row] == 0:
                weight[row] += 1
                for j in range(row_start[row], row_start[row + 1]):
                    score[row_column[j]] += 1
    return best
