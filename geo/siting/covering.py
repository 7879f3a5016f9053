"""Covering sets within a limit, and demand rows merged that the same sites cover. Compiled."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit
from numpy.typing import NDArray

if TYPE_CHECKING:
    from geo.siting.instance import Choice, Times

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Ids = NDArray[np.int32]
Bools = NDArray[np.bool_]

NO_SITE = -1  # of_demand: no candidate and no existing site reaches it
SERVED = -2  # of_demand: an existing site covers it already
EXACT_TOTAL = 2.0**51
"""Sums of whole numbers below this are exact in float64, in whatever order they are made."""


@dataclass(frozen=True)
class CoveringSets:
    """Which sites are within the limit of each demand row, equality included. Columns of times."""

    n: int
    m: int
    start: Ints  # (n + 1,)
    site: Ids  # (k,) ascending in each row


@dataclass(frozen=True)
class MergedDemand:
    """Distinct sets of candidates, with the weight of all demand that has just that set.

    Candidates are numbered 0…c - 1 in the order of `Choice.candidates`. Weights are whole numbers:
    the given ones times `scale` (1 where they were whole, else a power of two), so that all sums
    are exact and the order of the demand rows cannot matter.
    """

    n_candidates: int
    start: Ints  # (r + 1,) of each merged row
    candidate: Ids  # (k,) ascending in each row
    weight: Floats  # (r,) whole
    of_demand: Ids  # (n,) the merged row, NO_SITE or SERVED
    served_weight: float  # whole: what existing sites cover already
    lost_weight: float  # whole: what no site reaches
    scale: float

    @property
    def n_rows(self) -> int:
        """Return the number of merged rows."""
        return len(self.weight)


def covering_sets(times: "Times", limit_s: float) -> CoveringSets:
    """Return the sites within the limit of each demand row; a time equal to the limit counts."""
    if times.dense is not None:
        start, site = _cover_dense(times.dense, limit_s)
    else:
        start, site = _cover_sparse(times.start, times.site, times.seconds, limit_s)
    return CoveringSets(times.n, times.m, start, site)


def whole_weights(weights: Floats) -> tuple[Floats, float]:
    """Return whole numbers and the scale that made them: 1 if they were whole and not too large.

    Else the scale is the largest power of two that keeps the total exact (below 2^51); a weight
    is then off by half a unit at most, 2^-52 of the total.
    """
    total = float(weights.sum())
    if total <= EXACT_TOTAL and (weights == np.rint(weights)).all():
        return weights, 1.0
    total = math.fsum(weights)  # the same in whatever order they come
    scale = float(2.0 ** np.floor(np.log2(EXACT_TOTAL / total)))
    return np.rint(weights * scale), scale


def merge_demand(sets: CoveringSets, weights: Floats, choice: "Choice") -> MergedDemand:
    """Merge the demand rows that the same candidates cover.

    Rows that an existing site covers and rows that nothing covers are counted apart. Merged rows
    stand in an order that depends on their sets alone.
    """
    column = np.full(sets.m, -1, np.int32)
    column[choice.candidates] = np.arange(len(choice.candidates), dtype=np.int32)
    column[choice.existing] = SERVED
    whole, scale = whole_weights(weights)
    of_demand, first, length = same_sets(sets.start, sets.site, column, hash_words(sets.m))
    start = np.zeros(len(first) + 1, np.int64)
    np.cumsum(length, out=start[1:])
    candidate = rows_of_first(sets.start, sets.site, column, first, start)
    weight, served, lost = _summed(of_demand, whole, len(first))
    return MergedDemand(
        len(choice.candidates), start, candidate, weight, of_demand, served, lost, scale
    )


def hash_words(n: int) -> NDArray[np.uint64]:
    """Return fixed random words; the hash of a set is the sum of its words. Equality is checked."""
    return np.random.default_rng(20260101).integers(1, 2**63, n, np.uint64)


@njit(cache=True, nogil=True)
def transposed(start: Ints, item: Ids, n_items: int) -> tuple[Ints, Ids]:
    """Return the same relation the other way round; rows ascending."""
    out_start = np.zeros(n_items + 1, np.int64)
    for k in range(len(item)):
        out_start[item[k] + 1] += 1
    for j in range(n_items):
        out_start[j + 1] += out_start[j]
    at = out_start[:-1].copy()
    out = np.empty(len(item), np.int32)
    for row in range(len(start) - 1):
        for k in range(start[row], start[row + 1]):
            out[at[item[k]]] = row
            at[item[k]] += 1
    return out_start, out


@njit(cache=True, nogil=True)
def sparse_is_canonical(start: Ints, site: Ids) -> bool:
    """Say whether the columns of each row ascend, none twice."""
    for row in range(len(start) - 1):
        for k in range(start[row] + 1, start[row + 1]):
            if site[k] <= site[k - 1]:
                return False
    return True


@njit(cache=True, nogil=True)
def nearest_of_dense(times: Floats, sites: Ints) -> tuple[Ints, Floats]:
    """Return the nearest of `sites` (ascending) and its seconds, for each row."""
    n = times.shape[0]
    nearest, seconds = np.full(n, -1), np.full(n, np.inf)
    for row in range(n):
        for site in sites:
            value = times[row, site]
            if value < seconds[row]:
                nearest[row], seconds[row] = site, value
    return nearest, seconds


@njit(cache=True, nogil=True)
def nearest_of_sparse(
    start: Ints, site: Ids, value: Floats, is_chosen: Bools
) -> tuple[Ints, Floats]:
    """Return the nearest chosen site and its seconds, for each compressed row."""
    n = len(start) - 1
    nearest, seconds = np.full(n, -1), np.full(n, np.inf)
    for row in range(n):
        for k in range(start[row], start[row + 1]):
            if is_chosen[site[k]] and value[k] < seconds[row]:
                nearest[row], seconds[row] = site[k], value[k]
    return nearest, seconds


@njit(cache=True, nogil=True)
def _cover_dense(times: Floats, limit: float) -> tuple[Ints, Ids]:
    n, m = times.shape
    start = np.zeros(n + 1, np.int64)
    for row in range(n):
        count = 0
        for j in range(m):
            count += times[row, j] <= limit
        start[row + 1] = start[row] + count
    site = np.empty(start[n], np.int32)
    for row in range(n):
        k = start[row]
        end = start[row + 1]
        for j in range(m):
            if k == end:
                break
            if times[row, j] <= limit:
                site[k] = j
                k += 1
    return start, site


@njit(cache=True, nogil=True)
def _cover_sparse(start: Ints, site: Ids, seconds: Floats, limit: float) -> tuple[Ints, Ids]:
    n = len(start) - 1
    out_start = np.zeros(n + 1, np.int64)
    for row in range(n):
        count = 0
        for k in range(start[row], start[row + 1]):
            count += seconds[k] <= limit
        out_start[row + 1] = out_start[row] + count
    out = np.empty(out_start[n], np.int32)
    at = 0
    for k in range(start[n]):
        if seconds[k] <= limit:
            out[at] = site[k]
            at += 1
    return out_start, out


@njit(cache=True, nogil=True)
def _same_row(start: Ints, site: Ids, column: Ids, a: int, b: int) -> bool:
    """Say whether two demand rows have the same candidates (columns that are -1 do not count)."""
    i, j = start[a], start[b]
    while True:
        while i < start[a + 1] and column[site[i]] < 0:
            i += 1
        while j < start[b + 1] and column[site[j]] < 0:
            j += 1
        if i == start[a + 1] or j == start[b + 1]:
            return bool(i == start[a + 1] and j == start[b + 1])
        if site[i] != site[j]:
            return False
        i += 1
        j += 1


@njit(cache=True, nogil=True)
def _grown(table: Ids, hashes: NDArray[np.uint64], n_found: int) -> Ids:
    """Return the table with twice the room."""
    larger = np.full(2 * len(table), -1, np.int32)
    mask = np.uint64(len(larger) - 1)
    for group in range(n_found):
        slot = np.int64((hashes[group] >> np.uint64(20)) & mask)
        while larger[slot] >= 0:
            slot = np.int64(np.uint64(slot + 1) & mask)
        larger[slot] = group
    return larger


@njit(cache=True, nogil=True)
def _hashed(
    start: Ints, site: Ids, column: Ids, words: NDArray[np.uint64], row: int
) -> tuple[np.uint64, int]:
    """Return hash and number of a row's candidates; SERVED for the number if it is served."""
    word, count = np.uint64(0), 0
    for k in range(start[row], start[row + 1]):
        c = column[site[k]]
        if c >= 0:
            word += words[site[k]]
            count += 1
        elif c == SERVED:
            return word, SERVED
    return word, count


@njit(cache=True, nogil=True)
def same_sets(
    start: Ints, site: Ids, column: Ids, words: NDArray[np.uint64]
) -> tuple[Ids, Ids, Ids]:
    """Return the group of each row (or NO_SITE, SERVED), and first row and size of each group."""
    n = len(start) - 1
    of_demand = np.empty(n, np.int32)
    first, length = np.empty(1024, np.int32), np.empty(1024, np.int32)
    hashes = np.empty(1024, np.uint64)
    table = np.full(4096, -1, np.int32)
    n_found = 0
    for row in range(n):
        word, count = _hashed(start, site, column, words, row)
        if count <= 0:
            of_demand[row] = NO_SITE if count == 0 else SERVED
            continue
        mask = np.uint64(len(table) - 1)
        slot = np.int64((word >> np.uint64(20)) & mask)
        while True:
            group = table[slot]
            if group < 0:
                if n_found == len(first):
                    first = np.concatenate((first, np.empty_like(first)))
                    length = np.concatenate((length, np.empty_like(length)))
                    hashes = np.concatenate((hashes, np.empty_like(hashes)))
                first[n_found], length[n_found], hashes[n_found] = row, count, word
                table[slot] = n_found
                group = n_found
                n_found += 1
                if 2 * n_found > len(table):
                    table = _grown(table, hashes, n_found)
                break
            if (
                hashes[group] == word
                and length[group] == count
                and _same_row(start, site, column, first[group], row)
            ):
                break
            slot = np.int64(np.uint64(slot + 1) & mask)
        of_demand[row] = group
    # In the order of the hashes, so that the order of the rows leaves no trace.
    order = np.argsort(hashes[:n_found])
    rank = np.empty(n_found, np.int32)
    for group in range(n_found):
        rank[order[group]] = group
    for row in range(n):
        if of_demand[row] >= 0:
            of_demand[row] = rank[of_demand[row]]
    return of_demand, first[order], length[order]


@njit(cache=True, nogil=True)
def rows_of_first(start: Ints, site: Ids, column: Ids, first: Ids, out_start: Ints) -> Ids:
    """Return the candidates of the first row of each group."""
    out = np.empty(out_start[-1], np.int32)
    for group in range(len(first)):
        at = out_start[group]
        for k in range(start[first[group]], start[first[group] + 1]):
            c = column[site[k]]
            if c >= 0:
                out[at] = c
                at += 1
    return out


@njit(cache=True, nogil=True)
def _summed(of_demand: Ids, weight: Floats, n_groups: int) -> tuple[Floats, float, float]:
    """Return the weight of each group, of the rows already served, and of those out of reach."""
    out = np.zeros(n_groups)
    served, lost = 0.0, 0.0
    for row in range(len(of_demand)):
        group = of_demand[row]
        if group >= 0:
            out[group] += weight[row]
        elif group == SERVED:
            served += weight[row]
        else:
            lost += weight[row]
    return out, served, lost
