"""Patches of a covering problem: a few rows next to each other need more columns than it seems.

Three rows that pairwise share a column are half covered by each of the three columns in the linear
relaxation, but need two columns. Such a patch, solved exactly, is a cut: of all the columns that
touch its rows, at least so many. Compiled; no checks in here.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import sparse

Ints = NDArray[np.int64]
Ids = NDArray[np.int32]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Words = NDArray[np.uint64]

WIDEST = 40  # columns of a patch: more are seldom worth the search; 64 at most, the bits of a word
MOST_STEPS = 500  # of the search in one patch; a harder one gives no cut
LEAST_LACK = 0.02  # by how much the relaxation must fall short for a cut
MOST_CUTS = 1000  # of one call


class Patches(NamedTuple):
    """Cuts: of the columns of each, at least `need` are in every cover."""

    columns: Flags  # (k, c)
    need: Floats  # (k,) whole

    @classmethod
    def none(cls, n_columns: int) -> "Patches":
        """Return no cuts."""
        return cls(np.zeros((0, n_columns), np.bool_), np.zeros(0))

    def plus(self, other: "Patches") -> "Patches":
        """Return both, each once."""
        return Patches(
            np.concatenate([self.columns, other.columns]), np.concatenate([self.need, other.need])
        )

    def only(self, is_kept: Flags) -> "Patches":
        """Return some of them."""
        return Patches(self.columns[is_kept], self.need[is_kept])

    def within(self, columns: Ints, taken: Ints) -> "Patches":
        """Return what they ask of these columns, where others are taken and the rest left out."""
        need = self.need - self.columns[:, taken].sum(axis=1)
        return Patches(self.columns[:, columns], need).only(need > 0)


def lacking_patches(rows: Flags, x: Floats) -> Patches:
    """Return patches of rows (r, c) that need more columns than x (c,), a relaxed cover, has there.

    From each row on a patch grows by the row that brings the fewest new columns.
    """
    by_row = sparse.csr_array(rows)
    by_column = sparse.csr_array(rows.T)
    columns, need = _lacking(
        by_row.indptr.astype(np.int64),
        by_row.indices.astype(np.int32),
        by_column.indptr.astype(np.int64),
        by_column.indices.astype(np.int32),
        x,
    )
    columns, first = np.unique(columns, axis=0, return_index=True)
    return Patches(columns, need[first].astype(np.float64))


@njit(cache=True, nogil=True)
def _bits(word: np.uint64) -> int:
    """Return how many bits are set."""
    word -= (word >> np.uint64(1)) & np.uint64(0x5555555555555555)
    two = np.uint64(0x3333333333333333)
    word = (word & two) + ((word >> np.uint64(2)) & two)
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return int((word * np.uint64(0x0101010101010101)) >> np.uint64(56))


@njit(cache=True, nogil=True)
def _next_row(
    rows: Words, chosen: np.uint64, barred: np.uint64, left: int
) -> tuple[int, np.uint64]:
    """Return what is to do, and the open columns of the uncovered row that has fewest.

    0: all rows are covered; -1: `left` columns cannot cover the rest; 1: branch on that row.
    """
    fewest, open_ = 65, np.uint64(0)
    for row in rows:
        if row & chosen:
            continue
        size = _bits(row & ~barred)
        if size < fewest:
            fewest, open_ = size, row & ~barred
            if size <= 1:
                break
    if fewest > 64:
        return 0, open_
    if fewest == 0 or left == 0:
        return -1, open_
    # Rows that share no column need one each.
    used, n_apart = open_, 1
    for row in rows:
        if not row & chosen and not row & ~barred & used:
            used |= row & ~barred
            n_apart += 1
            if n_apart > left:
                return -1, open_
    return 1, open_


@njit(cache=True, nogil=True)
def need_more(rows: Words, most: int, n_steps: int) -> bool:
    """Say whether it is sure, within some steps, that `most` columns do not cover the rows."""
    options, chosen = np.zeros(most + 1, np.uint64), np.zeros(most + 2, np.uint64)
    barred = np.zeros(most + 2, np.uint64)
    depth, is_new = 0, True
    while depth >= 0:
        if is_new:
            n_steps -= 1
            if n_steps < 0:
                return False
            say, open_ = _next_row(rows, chosen[depth], barred[depth], most - depth)
            if say == 0:
                return False
            if say < 0:
                depth -= 1
                is_new = False
                continue
            options[depth] = open_
        if options[depth] == np.uint64(0):
            depth -= 1
            is_new = False
            continue
        lowest = options[depth] & (~options[depth] + np.uint64(1))
        options[depth] ^= lowest
        chosen[depth + 1], barred[depth + 1] = chosen[depth] | lowest, barred[depth]
        barred[depth] |= lowest  # the next options are for covers without it
        depth += 1
        is_new = True
    return True


@njit(cache=True, nogil=True)
def _lacking(  # noqa: C901, PLR0912 - one pass, compiled
    row_start: Ints, row_column: Ids, column_start: Ints, column_row: Ids, x: Floats
) -> tuple[Flags, Ints]:
    n_rows, n_columns = len(row_start) - 1, len(column_start) - 1
    found, need = np.zeros((MOST_CUTS, n_columns), np.bool_), np.zeros(MOST_CUTS, np.int64)
    n_found = 0
    outside = row_start[1:] - row_start[:-1]  # columns of each row that are not in the patch
    near = np.empty(n_rows, np.int64)  # rows with a column in the patch
    place = np.full(n_columns, -1, np.int64)
    words = np.empty(n_rows, np.uint64)
    for seed in range(n_rows):
        row, n_near, width, inside = seed, 0, 0, 0.0
        while n_found < MOST_CUTS:
            for k in range(row_start[row], row_start[row + 1]):
                column = row_column[k]
                if place[column] >= 0:
                    continue
                place[column] = width
                width += 1
                inside += x[column]
                for at in range(column_start[column], column_start[column + 1]):
                    other = column_row[at]
                    if outside[other] == row_start[other + 1] - row_start[other]:
                        near[n_near] = other
                        n_near += 1
                    outside[other] -= 1
            n_words, row = 0, -1
            for at in range(n_near):
                other = near[at]
                if outside[other]:
                    if row < 0 or (outside[other], other) < (outside[row], row):
                        row = other
                    continue
                words[n_words] = 0
                for k in range(row_start[other], row_start[other + 1]):
                    words[n_words] |= np.uint64(1) << np.uint64(place[row_column[k]])
                n_words += 1
            least = np.int64(np.ceil(inside + LEAST_LACK))
            if n_words > 1 and need_more(words[:n_words], least - 1, MOST_STEPS):
                found[n_found], need[n_found] = place >= 0, least
                n_found += 1
                break
            if row < 0 or width + outside[row] > WIDEST:
                break
        for at in range(n_near):
            outside[near[at]] = row_start[near[at] + 1] - row_start[near[at]]
        place[:] = -1
    return found[:n_found], need[:n_found]
