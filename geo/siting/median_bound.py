"""Bounds for the p-median on sorted cost lists. Compiled; no checks in here.

Costs and prices are whole numbers in float64, so a bound needs no tolerance. The Lagrangian takes
for each row i a price v_i for being served, at most its cap:

    cost >= sum_i v_i + the sum of the p smallest r_j,   r_j = sum_i min(0, c_ij - v_i)
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from geo.siting.covering import Floats, Ids, Ints
from geo.siting.mclp_bound import largest
from geo.siting.median_search import Lists, flags, nearest_two, total_cost


class MedianDual(NamedTuple):
    """The state of the subgradient search: best prices, averaged direction and averaged choice."""

    prices: Floats  # (n,) with the best bound so far
    sums: Floats  # (c,) -r_j at those prices
    direction: Floats  # (n,)
    choice: Floats  # (c,) in 0…1, how often each candidate was among the p best
    figures: Floats  # (4,) best bound, step factor, runs without gain, started


@njit(cache=True, nogil=True)
def first_median_prices(lists: Lists, sites: Ints, c: int) -> Floats:
    """Return prices that suit a good plan: between the nearest open site and the next one."""
    _, first, second = nearest_two(lists, flags(sites, c))
    return np.floor(0.5 * (first + second))


@njit(cache=True, nogil=True)
def _priced(lists: Lists, prices: Floats, p: int, sums: Floats) -> tuple[float, Ints]:
    """Return the bound at these prices and the p candidates that save most."""
    sums[:] = 0.0
    bound = 0.0
    for i in range(len(prices)):
        price = prices[i]
        bound += price
        for k in range(lists.start[i], lists.start[i + 1]):
            left = price - lists.cost[k]
            if left <= 0.0:
                break
            sums[lists.candidate[k]] += left
    top = largest(sums, p)
    for j in top:
        bound -= sums[j]
    return bound, top


@njit(cache=True, nogil=True)
def _served(lists: Lists, prices: Floats, top: Ints, c: int, count: Ids) -> None:
    """Count for each row the chosen candidates that cost less than its price."""
    is_open = flags(top, c)
    for i in range(len(prices)):
        count[i] = 0
        for k in range(lists.start[i], lists.start[i + 1]):
            if lists.cost[k] >= prices[i]:
                break
            count[i] += is_open[lists.candidate[k]]


@njit(cache=True, nogil=True)
def median_bound_run(
    lists: Lists, p: int, dual: MedianDual, target: float, unit: float, n_runs: int
) -> tuple[float, Ints]:
    """Raise the bound by a volume-like subgradient search; return the best choice it met.

    `target` is the cost of the best plan known; the search ends as soon as the bound leaves no room
    for a plan that is better by a unit. The state is in `dual`.
    """
    n, c, figures = len(lists.cap), len(dual.sums), dual.figures
    prices, sums = dual.prices.copy(), np.empty(c)
    count = np.zeros(n, np.int32)
    best_met, best_choice = np.inf, np.zeros(0, np.int64)
    for run in range(n_runs):
        if figures[3] > 0.0:
            norm = 0.0
            for i in range(n):
                norm += lists.step[i] * dual.direction[i] ** 2
            if norm == 0.0:
                break
            step = figures[1] * max(target - figures[0], unit) / norm
            for i in range(n):
                v = np.rint(dual.prices[i] + step * lists.step[i] * dual.direction[i])
                prices[i] = min(max(v, lists.cost[lists.start[i]]), lists.cap[i])
        bound, top = _priced(lists, prices, p, sums)
        _served(lists, prices, top, c, count)
        if run % 5 == 0 or bound > figures[0]:
            met = total_cost(lists, flags(top, c))
            if met < best_met:
                best_met, best_choice = met, top.copy()
        dot_new, dot_old, dot_both = 0.0, 0.0, 0.0
        for i in range(n):
            new = 1.0 - count[i]
            if new > 0.0 and prices[i] == lists.cap[i]:
                new = 0.0
            old = dual.direction[i]
            dot_new += lists.step[i] * new * new
            dot_old += lists.step[i] * old * old
            dot_both += lists.step[i] * new * old
        share = 1.0
        if dot_old > 0.0:
            below = dot_new + dot_old - 2.0 * dot_both
            share = (dot_old - dot_both) / below if below > 0.0 else 1.0
            share = min(max(share, 0.02), 0.2)
        for i in range(n):
            new = 1.0 - count[i]
            if new > 0.0 and prices[i] == lists.cap[i]:
                new = 0.0
            dual.direction[i] += share * (new - dual.direction[i])
        for j in range(c):
            dual.choice[j] *= 1.0 - share
        for j in top:
            dual.choice[j] += share
        if figures[3] == 0.0 or bound > figures[0]:
            if bound > figures[0] + 1e-3 * max(target - figures[0], unit):
                figures[1] = min(figures[1] * 1.15, 2.0)
                figures[2] = 0.0
            figures[0] = bound
            dual.prices[:] = prices
            dual.sums[:] = sums
        else:
            figures[2] += 1.0
            if figures[2] >= 8.0:
                figures[1] *= 0.7
                figures[2] = 0.0
        figures[3] = 1.0
        if bound > min(target, best_met) - unit:
            break
    return best_met, best_choice
