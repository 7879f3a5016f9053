"""Good plans for the p-median on sorted cost lists: greedy, exchanges, kicks. Compiled; no checks.

Costs are whole numbers held in float64 whose worst total is below 2^51: sums are exact.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from geo.siting.covering import Bools, Floats, Ids, Ints
from geo.siting.mclp_search import next_random


class Lists(NamedTuple):
    """For each demand row its candidates by ascending cost, those that cost less than its cap."""

    start: Ints  # (n + 1,)
    candidate: Ids  # (k,)
    cost: Floats  # (k,)
    cap: Floats  # (n,) what the row costs without any candidate: an open site, or a penalty
    step: Floats  # (n,) how far the price of a row moves beside that of others: its weight


@njit(cache=True, nogil=True)
def nearest_two(lists: Lists, is_open: Bools) -> tuple[Ids, Floats, Floats]:
    """Return for each row its nearest open candidate (-1: the cap), its cost and the next cost."""
    n = len(lists.cap)
    near = np.full(n, -1, np.int32)
    first, second = lists.cap.copy(), lists.cap.copy()
    for i in range(n):
        for k in range(lists.start[i], lists.start[i + 1]):
            if is_open[lists.candidate[k]]:
                if near[i] < 0:
                    near[i], first[i] = lists.candidate[k], lists.cost[k]
                else:
                    second[i] = lists.cost[k]
                    break
    return near, first, second


@njit(cache=True, nogil=True)
def total_cost(lists: Lists, is_open: Bools) -> float:
    """Return the cost of all rows, each from its nearest open candidate or its cap."""
    total = 0.0
    for i in range(len(lists.cap)):
        cost = lists.cap[i]
        for k in range(lists.start[i], lists.start[i + 1]):
            if is_open[lists.candidate[k]]:
                cost = lists.cost[k]
                break
        total += cost
    return total


@njit(cache=True, nogil=True)
def flags(sites: Ints, c: int) -> Bools:
    """Return (c,) True at the sites."""
    is_open = np.zeros(c, np.bool_)
    for j in sites:
        is_open[j] = True
    return is_open


@njit(cache=True, nogil=True)
def greedy_median(lists: Lists, c: int, p: int) -> Ints:
    """Open p candidates one after the other, each saving most, ties to the lowest."""
    is_open = np.zeros(c, np.bool_)
    order = np.empty(p, np.int64)
    cost = lists.cap.copy()
    for turn in range(p):
        saved = np.zeros(c)
        for i in range(len(cost)):
            for k in range(lists.start[i], lists.start[i + 1]):
                if lists.cost[k] >= cost[i]:
                    break
                saved[lists.candidate[k]] += cost[i] - lists.cost[k]
        best = -1
        for j in range(c):
            if not is_open[j] and (best < 0 or saved[j] > saved[best]):
                best = j
        is_open[best] = True
        order[turn] = best
        for i in range(len(cost)):
            for k in range(lists.start[i], lists.start[i + 1]):
                if lists.cost[k] >= cost[i]:
                    break
                if lists.candidate[k] == best:
                    cost[i] = lists.cost[k]
                    break
    return order


@njit(cache=True, nogil=True)
def _exchanges(lists: Lists, sites: Ints, is_open: Bools) -> Floats:
    """Return (p, c) by how much the cost changes when sites[r] is closed and candidate j opened."""
    c, p = len(is_open), len(sites)
    at = np.full(c + 1, -1, np.int64)
    for r in range(p):
        at[sites[r]] = r
    near, first, second = nearest_two(lists, is_open)
    change = np.zeros((p, c))
    gain, loss = np.zeros(c), np.zeros(p)
    for i in range(len(near)):
        r = at[near[i]] if near[i] >= 0 else -1
        if r >= 0:
            loss[r] += second[i] - first[i]
        for k in range(lists.start[i], lists.start[i + 1]):
            cost = lists.cost[k]
            if cost >= second[i] or (r < 0 and cost >= first[i]):
                break
            j = lists.candidate[k]
            if cost < first[i]:
                gain[j] += first[i] - cost
            if r >= 0:
                change[r, j] -= second[i] - max(cost, first[i])
    for r in range(p):
        for j in range(c):
            change[r, j] += loss[r] - gain[j]
    return change


@njit(cache=True, nogil=True)
def descend_median(lists: Lists, sites: Ints, c: int) -> tuple[Ints, float]:
    """Make the best exchange of two while one saves; return the sites and their cost.

    Among several that save, those that do not touch each other's rows could be made at once; the
    best alone keeps the plan independent of everything but the costs.
    """
    sites = np.sort(sites)
    is_open = flags(sites, c)
    while len(sites):
        change = _exchanges(lists, sites, is_open)
        best_r, best_j, best = -1, -1, 0.0
        for r in range(len(sites)):
            for j in range(c):
                if change[r, j] < best and not is_open[j]:
                    best_r, best_j, best = r, j, change[r, j]
        if best_r < 0:
            break
        is_open[sites[best_r]], is_open[best_j] = False, True
        sites[best_r] = best_j
    return np.sort(sites), total_cost(lists, is_open)


@njit(cache=True, nogil=True)
def kicked_median(
    lists: Lists, sites: Ints, c: int, pool: Ints, n_kicks: int, seed: int
) -> tuple[Ints, float]:
    """Replace two to four open candidates by some of the pool, descend again, keep if no worse."""
    best, best_value = descend_median(lists, sites, c)
    state, p = seed, len(sites)
    for kick in range(n_kicks):
        now = best.copy()
        is_open = flags(now, c)
        for _ in range(min(2 + kick % 3, p)):
            state, at = next_random(state, p)
            state, pick = next_random(state, len(pool))
            new = pool[pick]
            if not is_open[new]:
                is_open[now[at]], is_open[new] = False, True
                now[at] = new
        now, value = descend_median(lists, now, c)
        if value <= best_value:
            best, best_value = now, value
    return best, best_value


@njit(cache=True, nogil=True)
def lowest_ids_median(lists: Lists, sites: Ints, c: int) -> Ints:
    """Exchange open candidates for lower ones where that costs no more."""
    sites = np.sort(sites)
    is_open = flags(sites, c)
    again = len(sites) > 0
    while again:
        again = False
        change = _exchanges(lists, sites, is_open)
        for r in range(len(sites) - 1, -1, -1):
            for j in range(sites[r]):
                if not again and not is_open[j] and change[r, j] <= 0.0:
                    is_open[sites[r]], is_open[j] = False, True
                    sites[r] = j
                    again = True
        sites = np.sort(sites)
    return sites


@njit(cache=True, nogil=True)
def reduced_lists(lists: Lists, column: Ids, cap: Floats, longest: int) -> tuple[Lists, Ids, float]:
    """Return the lists with candidates renumbered by `column` (-1: dropped) and lower caps.

    Each list ends where it reaches its cap, and after `longest` candidates: so few are left closed
    that one of these is open, so the last is a cap too. Rows without a list are dropped; their
    cost is returned, and which rows are left.
    """
    n = len(lists.cap)
    start = np.zeros(n + 1, np.int64)
    kept_rows = np.empty(n, np.int32)
    candidate, cost = np.empty_like(lists.candidate), np.empty_like(lists.cost)
    n_rows, at, dropped = 0, 0, 0.0
    new_cap, step = np.empty(n), np.empty(n)
    for i in range(n):
        begin = at
        for k in range(lists.start[i], lists.start[i + 1]):
            if lists.cost[k] >= cap[i] or at - begin == longest:
                break
            j = column[lists.candidate[k]]
            if j >= 0:
                candidate[at], cost[at] = j, lists.cost[k]
                at += 1
        most = cap[i]
        if at - begin == longest:
            most = min(most, cost[at - 1])
            while at > begin and cost[at - 1] >= most:
                at -= 1
        if at == begin:
            dropped += most
            continue
        kept_rows[n_rows], new_cap[n_rows], step[n_rows] = i, most, lists.step[i]
        n_rows += 1
        start[n_rows] = at
    return (
        Lists(
            start[: n_rows + 1].copy(),
            candidate[:at],
            cost[:at],
            new_cap[:n_rows].copy(),
            step[:n_rows].copy(),
        ),
        kept_rows[:n_rows].copy(),
        dropped,
    )


@njit(cache=True, nogil=True)
def caps_with(lists: Lists, is_open: Bools) -> Floats:
    """Return the caps when these candidates are open for good."""
    cap = lists.cap.copy()
    for i in range(len(cap)):
        for k in range(lists.start[i], lists.start[i + 1]):
            if is_open[lists.candidate[k]]:
                cap[i] = min(cap[i], lists.cost[k])
                break
    return cap
