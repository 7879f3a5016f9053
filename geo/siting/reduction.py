"""Set covering made small before it is solved: dominated rows and columns, columns without choice.

Rows are what must be covered, columns the sites; both as bit sets in words of 64 (Beasley 1987,
"An algorithm for set covering problem", lists the rules).
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Words = NDArray[np.uint64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Reduced(NamedTuple):
    """What is left of a set covering problem."""

    rows: Ints  # that still must be covered
    columns: Ints  # worth thinking of
    taken: Ints  # columns without which some row stays uncovered


def pack_columns(start: Ints, column: Ints, n_columns: int) -> Words:
    """Return rows in compressed form as bit sets (n, words) over the columns."""
    bits = np.zeros((len(start) - 1, (n_columns + 63) // 64), np.uint64)
    _pack(start, column, bits)
    return bits


def unpack(bits: Words, n_columns: int) -> Flags:
    """Return bit sets (n, words) as flags (n, n_columns)."""
    as_bytes = np.ascontiguousarray(bits).view(np.uint8).reshape(len(bits), 8 * bits.shape[1])
    flags = np.unpackbits(as_bytes, axis=1, bitorder="little")
    return flags[:, :n_columns].astype(bool)


def pack(flags: Flags) -> Words:
    """Return flags (n, m) as bit sets (n, words); the reverse of `unpack`."""
    n, m = flags.shape
    padded = np.zeros((n, (m + 63) // 64 * 8), np.uint8)
    packed = np.packbits(flags, axis=1, bitorder="little")
    padded[:, : packed.shape[1]] = packed
    return padded.view(np.uint64).reshape(n, (m + 63) // 64)


def reduce_cover(row_bits: Words, n_columns: int) -> Reduced:
    """Apply the rules until none applies; every row needs at least one column.

    A row that needs any of a superset of another's columns goes; a column whose rows another
    covers too goes (of equal ones the higher goes); the only column of a row is taken.
    A smallest cover of what is left, with `taken`, is a smallest cover of all.
    """
    bits = np.array(row_bits, np.uint64)
    rows = np.arange(len(bits))
    is_column = np.ones(n_columns, bool)
    taken: list[int] = []
    while len(rows):
        kept = minimal_rows(bits, n_columns)
        bits, rows = bits[kept], rows[kept]
        size = np.bitwise_count(bits).sum(axis=1)
        single = np.asarray(unpack(bits[size == 1], n_columns).any(axis=0))
        if single.any():
            taken += np.flatnonzero(single).tolist()
            is_left = np.asarray((bits & pack(single[None, :])).sum(axis=1) == 0)
            bits, rows = bits[is_left], rows[is_left]
            is_column &= ~single
        is_useful: Flags = useful_columns(bits, n_columns) & is_column
        if np.array_equal(is_useful, is_column) and not single.any():
            break
        is_column = is_useful
        bits &= pack(is_column[None, :])
    columns = np.flatnonzero(is_column) if len(rows) else np.zeros(0, np.int64)
    return Reduced(rows, columns, np.array(sorted(taken), np.int64))


def useful_columns(bits: Words, n_columns: int) -> Flags:
    """Return which columns (n_columns,) cover rows that no other column covers all of."""
    by_column = pack(np.ascontiguousarray(unpack(bits, n_columns).T))
    size = np.bitwise_count(bits).sum(axis=1).astype(np.int64)
    return np.asarray(_useful_columns(bits, by_column, size))


def minimal_rows(bits: Words, n_columns: int) -> Ints:
    """Return the rows, ascending, whose set contains no other row's; of equal ones the first."""
    size = np.bitwise_count(bits).sum(axis=1)
    order = np.argsort(size, kind="stable")
    return np.sort(_minimal_rows(bits, order, n_columns))


@njit(cache=True)
def _pack(start: Ints, column: Ints, bits: Words) -> None:
    for row in range(len(start) - 1):
        for k in range(start[row], start[row + 1]):
            bits[row, column[k] >> 6] |= np.uint64(1) << np.uint64(column[k] & 63)


@njit(cache=True)
def _lowest_bit(word: np.uint64) -> int:
    place = 0
    while word & np.uint64(0xFF) == 0:
        word >>= np.uint64(8)
        place += 8
    while word & np.uint64(1) == 0:
        word >>= np.uint64(1)
        place += 1
    return place


@njit(cache=True)
def _column_counts(bits: Words, n_columns: int) -> Ints:
    count = np.zeros(n_columns, np.int64)
    for row in range(len(bits)):
        for w in range(bits.shape[1]):
            word = bits[row, w]
            while word:
                count[w * 64 + _lowest_bit(word)] += 1
                word &= word - np.uint64(1)
    return count


@njit(cache=True)
def _is_subset(small: Words, large: Words) -> bool:
    for w in range(len(small)):  # noqa: SIM110 - compiled
        if small[w] & ~large[w]:
            return False
    return True


@njit(cache=True)
def _minimal_rows(bits: Words, order: Ints, n_columns: int) -> Ints:
    """Go from small sets to large; a kept set is filed under its rarest column."""
    count = _column_counts(bits, n_columns)
    head = np.full(n_columns, -1, np.int64)
    following = np.full(len(bits), -1, np.int64)
    kept = np.empty(len(bits), np.int64)
    n_kept = 0
    for row in order:
        is_dominated = False
        rarest = -1
        for w in range(bits.shape[1]):
            word = bits[row, w]
            while word and not is_dominated:
                column = w * 64 + _lowest_bit(word)
                word &= word - np.uint64(1)
                if rarest < 0 or count[column] < count[rarest]:
                    rarest = column
                other = head[column]
                while other >= 0:
                    if _is_subset(bits[other], bits[row]):
                        is_dominated = True
                        break
                    other = following[other]
            if is_dominated:
                break
        if not is_dominated and rarest >= 0:
            following[row] = head[rarest]
            head[rarest] = row
            kept[n_kept] = row
            n_kept += 1
    return kept[:n_kept]


@njit(cache=True)
def _useful_columns(bits: Words, by_column: Words, size: Ints) -> Flags:
    n_columns = len(by_column)
    is_useful = np.zeros(n_columns, np.bool_)
    for column in range(n_columns):
        shortest = -1  # only the columns of one of its rows can cover all of them
        for w in range(by_column.shape[1]):
            word = by_column[column, w]
            while word:
                row = w * 64 + _lowest_bit(word)
                word &= word - np.uint64(1)
                if shortest < 0 or size[row] < size[shortest]:
                    shortest = row
        if shortest < 0:
            continue
        is_useful[column] = True
        for w in range(bits.shape[1]):
            word = bits[shortest, w]
            while word and is_useful[column]:
                other = w * 64 + _lowest_bit(word)
                word &= word - np.uint64(1)
                if other == column or not _is_subset(by_column[column], by_column[other]):
                    continue
                if other < column or not _is_subset(by_column[other], by_column[column]):
                    is_useful[column] = False
    return is_useful
