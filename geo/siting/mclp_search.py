"""Good plans for the MCLP on merged demand rows: greedy, exchanges, kicks. Compiled; no checks.

Weights are whole numbers held in float64 with a total below 2^51: sums are exact.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from geo.siting.covering import Bools, Floats, Ids, Ints, transposed


class Rows(NamedTuple):
    """Merged rows, both ways: row to candidates and candidate to rows."""

    start: Ints  # (r + 1,)
    candidate: Ids
    column_start: Ints  # (c + 1,)
    row: Ids
    weight: Floats  # (r,)


def rows_of(start: Ints, candidate: Ids, n_candidates: int, weight: Floats) -> Rows:
    """Return the rows with the other direction beside them."""
    column_start, row = transposed(start, candidate, n_candidates)
    return Rows(start, candidate, column_start, row, weight)


@njit(cache=True, nogil=True)
def greedy(rows: Rows, p: int) -> tuple[Ints, Floats]:
    """Open p candidates one after the other, each adding most; return them and their gains."""
    c = len(rows.column_start) - 1
    gain = np.zeros(c)
    for j in range(c):
        for k in range(rows.column_start[j], rows.column_start[j + 1]):
            gain[j] += rows.weight[rows.row[k]]
    is_covered = np.zeros(len(rows.weight), np.bool_)
    order, gains = np.empty(p, np.int64), np.empty(p)
    for turn in range(p):
        best = np.argmax(gain)  # the first of equals
        order[turn], gains[turn] = best, gain[best]
        for k in range(rows.column_start[best], rows.column_start[best + 1]):
            row = rows.row[k]
            if not is_covered[row]:
                is_covered[row] = True
                for at in range(rows.start[row], rows.start[row + 1]):
                    gain[rows.candidate[at]] -= rows.weight[row]
        gain[best] = -1.0
    return order, gains


@njit(cache=True, nogil=True)
def counts(rows: Rows, sites: Ints) -> Ids:
    """Return how many of the sites cover each row."""
    count = np.zeros(len(rows.weight), np.int32)
    for j in sites:
        for k in range(rows.column_start[j], rows.column_start[j + 1]):
            count[rows.row[k]] += 1
    return count


@njit(cache=True, nogil=True)
def covered_weight(rows: Rows, sites: Ints) -> float:
    """Return the weight of the rows that some of the sites cover."""
    count = counts(rows, sites)
    total = 0.0
    for i in range(len(count)):
        if count[i] > 0:
            total += rows.weight[i]
    return total


@njit(cache=True, nogil=True)
def _shift(rows: Rows, j: int, by: int, count: Ids, gain: Floats, loss: Floats) -> None:
    """Open (by = 1) or close (by = -1) candidate j; keep gains and losses up to date.

    gain[j]: weight of rows with count 0 that j covers; loss[j]: of rows with count 1 it covers.
    """
    for k in range(rows.column_start[j], rows.column_start[j + 1]):
        row = rows.row[k]
        weight = rows.weight[row]
        before, after = count[row], count[row] + by
        count[row] = after
        if before > 2 or after > 2 or (before == 2 and after == 2):
            continue
        to_gain = weight * ((after == 0) - 1.0 * (before == 0))
        to_loss = weight * ((after == 1) - 1.0 * (before == 1))
        for at in range(rows.start[row], rows.start[row + 1]):
            gain[rows.candidate[at]] += to_gain
            loss[rows.candidate[at]] += to_loss


@njit(cache=True, nogil=True)
def _opened(rows: Rows, sites: Ints) -> tuple[Ids, Floats, Floats, Bools]:
    """Return count of each row, and gain, loss and openness of each candidate."""
    c = len(rows.column_start) - 1
    count = np.zeros(len(rows.weight), np.int32)
    gain, loss = np.zeros(c), np.zeros(c)
    is_open = np.zeros(c, np.bool_)
    for i in range(len(rows.weight)):
        for at in range(rows.start[i], rows.start[i + 1]):
            gain[rows.candidate[at]] += rows.weight[i]
    for j in sites:
        is_open[j] = True
        _shift(rows, j, 1, count, gain, loss)
    return count, gain, loss, is_open


@njit(cache=True, nogil=True)
def _gains_without(rows: Rows, out: int, count: Ids, gain: Floats) -> Floats:
    """Return what each candidate would gain if `out` were closed first."""
    over = gain.copy()
    for k in range(rows.column_start[out], rows.column_start[out + 1]):
        row = rows.row[k]
        if count[row] == 1:
            for at in range(rows.start[row], rows.start[row + 1]):
                over[rows.candidate[at]] += rows.weight[row]
    return over


@njit(cache=True, nogil=True)
def _descend(
    rows: Rows, sites: Ints, count: Ids, gain: Floats, loss: Floats, is_open: Bools
) -> float:
    """Exchange until no exchange of two covers more; changes all it gets. Returns the increase."""
    p, without, turn, increase = len(sites), 0, 0, 0.0
    while without < p:
        at = turn % p
        out = sites[at]
        turn += 1
        without += 1
        over = _gains_without(rows, out, count, gain)
        best, best_value = -1, loss[out]
        for j in range(len(over)):
            if over[j] > best_value and not is_open[j]:
                best, best_value = j, over[j]
        if best >= 0:
            increase += best_value - loss[out]
            _shift(rows, out, -1, count, gain, loss)
            _shift(rows, best, 1, count, gain, loss)
            is_open[out], is_open[best] = False, True
            sites[at] = best
            without = 0
    return increase


@njit(cache=True, nogil=True)
def swap(rows: Rows, sites: Ints) -> tuple[Ints, float]:
    """Exchange an open candidate for a closed one while that covers more; return sites, covered."""
    sites = np.sort(sites)
    count, gain, loss, is_open = _opened(rows, sites)
    _descend(rows, sites, count, gain, loss, is_open)
    return np.sort(sites), covered_weight(rows, sites)


@njit(cache=True, nogil=True)
def next_random(state: int, below: int) -> tuple[int, int]:
    """Return the next state and a number in [0, below): a plain congruential generator."""
    state = (state * 1103515245 + 12345) & 0x7FFFFFFF
    return state, (state >> 8) % below


@njit(cache=True, nogil=True)
def kicked(rows: Rows, sites: Ints, pool: Ints, n_kicks: int, seed: int) -> tuple[Ints, float]:
    """Replace two to four open candidates by some of the pool, descend again, keep if no worse."""
    p = len(sites)
    best, now = np.sort(sites), np.sort(sites)
    count, gain, loss, is_open = _opened(rows, now)
    best_value = covered_weight(rows, now)
    value = best_value
    state = seed
    for kick in range(n_kicks):
        for _ in range(min(2 + kick % 3, p)):
            state, at = next_random(state, p)
            state, pick = next_random(state, len(pool))
            new = pool[pick]
            if is_open[new]:
                continue
            old = now[at]
            value -= loss[old]
            _shift(rows, old, -1, count, gain, loss)
            value += gain[new]
            _shift(rows, new, 1, count, gain, loss)
            is_open[old], is_open[new] = False, True
            now[at] = new
        value += _descend(rows, now, count, gain, loss, is_open)
        if value >= best_value:
            best, best_value = now.copy(), value
        elif kick % 4 == 3:  # a few kicks in a row may lead away, then back to the best
            for at in range(p):
                is_open[now[at]] = False
                _shift(rows, now[at], -1, count, gain, loss)
            now = best.copy()
            for at in range(p):
                is_open[now[at]] = True
                _shift(rows, now[at], 1, count, gain, loss)
            value = best_value
    return np.sort(best), best_value


@njit(cache=True, nogil=True)
def one_more(rows: Rows, sites: Ints) -> Ints:
    """Return the sites and the candidate that adds most to them, the lowest of equals."""
    _, gain, _, is_open = _opened(rows, sites)
    best = -1
    for j in range(len(gain)):
        if not is_open[j] and (best < 0 or gain[j] > gain[best]):
            best = j
    return np.append(sites, best)


@njit(cache=True, nogil=True)
def lowest_ids(rows: Rows, sites: Ints) -> Ints:
    """Exchange open candidates for lower ones where that covers no less."""
    sites = np.sort(sites)
    count, gain, loss, is_open = _opened(rows, sites)
    at = len(sites) - 1
    while at >= 0:
        out = sites[at]
        over = _gains_without(rows, out, count, gain)
        better = -1
        for j in range(out):
            if not is_open[j] and over[j] >= loss[out]:
                better = j
                break
        if better >= 0:
            _shift(rows, out, -1, count, gain, loss)
            _shift(rows, better, 1, count, gain, loss)
            is_open[out], is_open[better] = False, True
            sites[at] = better
            sites = np.sort(sites)
            at = len(sites)
        at -= 1
    return sites
