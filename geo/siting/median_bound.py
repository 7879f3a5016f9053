"""Bounds for the p-median on sorted cost lists. Compiled; no checks in here.

Costs and prices are whole numbers in float64, so a bound needs no tolerance. The Lagrangian takes
for each row i a price v_i for being served, at most its cap:

    cost >= sum_i v_i + the sum of the p smallest r_j,   r_j = sum_i min(0, c_ij - v_i)
"""

import numpy as np
from numba import njit

from geo.siting.covering import Bools, Floats, Ints
from geo.siting.median_search import Lists, flags, nearest_two, total_cost
from geo.siting.volume import BOUND, Dual, keep, largest, mix, move


@njit(cache=True, nogil=True)
def first_median_prices(lists: Lists, sites: Ints, c: int) -> Floats:
    """Return prices that suit a good plan: between the nearest open site and the next one."""
    _, first, second = nearest_two(lists, flags(sites, c))
    return np.asarray(np.floor(0.5 * (first + second)))


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
def _subgradient(lists: Lists, prices: Floats, is_open: Bools, new: Floats) -> None:
    """Set the subgradient: 1 less the number of chosen candidates that cost less than the price."""
    for i in range(len(prices)):
        count = 0
        for k in range(lists.start[i], lists.start[i + 1]):
            if lists.cost[k] >= prices[i]:
                break
            count += is_open[lists.candidate[k]]
        # At the cap the row may count as served by it.
        new[i] = 1.0 - count if count > 0 or prices[i] < lists.cap[i] else 0.0


@njit(cache=True, nogil=True)
def median_bound_run(
    lists: Lists, p: int, dual: Dual, target: float, unit: float, n_runs: int
) -> tuple[float, Ints]:
    """Raise the bound for some runs; return the cost of the best choice on the way, and it.

    `target` is the cost of the best plan known; the search ends as soon as the bound leaves no room
    for a plan that is better by a unit. The state is in `dual`.
    """
    n, c, figures = len(lists.cap), len(dual.sums), dual.figures
    prices, new, least, sums = np.empty(n), np.empty(n), np.empty(n), np.empty(c)
    for i in range(n):
        least[i] = lists.cost[lists.start[i]]
    best_met, best_choice = np.inf, np.zeros(0, np.int64)
    for run in range(n_runs):
        open_ = max(target - figures[BOUND], unit)
        if not move(dual, lists.step, least, lists.cap, open_, prices):
            break
        bound, top = _priced(lists, prices, p, sums)
        is_open = flags(top, c)
        _subgradient(lists, prices, is_open, new)
        if run % 5 == 0 or bound > figures[BOUND]:
            met = total_cost(lists, is_open)
            if met < best_met:
                best_met, best_choice = met, top.copy()
        mix(dual, lists.step, new, top)
        keep(dual, prices, sums, bound, bound - figures[BOUND], open_)
        if bound > min(target, best_met) - unit:
            break
    return best_met, best_choice
