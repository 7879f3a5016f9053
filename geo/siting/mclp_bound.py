"""Bounds for the MCLP on merged demand rows. Compiled; no checks in here.

Everything is a whole number held in float64 with a total below 2^51, so sums are exact: a bound
needs no tolerance, and neither the order of rows nor that of additions can change a result.

Values are what stays *uncovered*, to be minimised. The Lagrangian takes, for each row i, the price
0 <= u_i <= w_i for the constraint "a covered row has an open candidate":

    covered <= sum_i (w_i - u_i) + the sum of the p largest c_j,   c_j = sum of u_i over j's rows.
"""

import numpy as np
from numba import njit

from geo.siting.covering import Floats, Ints
from geo.siting.mclp_search import Rows, counts
from geo.siting.volume import BOUND, Dual, keep, largest, mix, move


@njit(cache=True, nogil=True)
def first_prices(rows: Rows, sites: Ints) -> Floats:
    """Return prices that suit a good plan: all of an uncovered row, none of one covered twice."""
    count = counts(rows, sites)
    prices = np.zeros(len(count))
    for i in range(len(count)):
        if count[i] == 0:
            prices[i] = rows.weight[i]
        elif count[i] == 1:
            prices[i] = np.floor(rows.weight[i] * 0.7)
    return prices


@njit(cache=True, nogil=True)
def _priced(rows: Rows, prices: Floats, p: int, sums: Floats) -> tuple[float, Ints]:
    """Return the bound on what can be covered at these prices, and the p largest sums."""
    sums[:] = 0.0
    free = 0.0
    for i in range(len(prices)):
        price = prices[i]
        free += rows.weight[i] - price
        if price > 0.0:
            for at in range(rows.start[i], rows.start[i + 1]):
                sums[rows.candidate[at]] += price
    top = largest(sums, p)
    for j in top:
        free += sums[j]
    return free, top


@njit(cache=True, nogil=True)
def _subgradient(rows: Rows, prices: Floats, top: Ints, new: Floats) -> float:
    """Set the subgradient for this choice; return what the choice covers."""
    count = counts(rows, top)
    met = 0.0
    for i in range(len(prices)):
        if count[i] > 0:
            met += rows.weight[i]
        # A row with the full price may count as uncovered: there its choice is free.
        new[i] = 1.0 - count[i] if count[i] > 0 or prices[i] < rows.weight[i] else 0.0
    return met


@njit(cache=True, nogil=True)
def lower_bound_run(
    rows: Rows, p: int, dual: Dual, covered: float, unit: float, n_runs: int
) -> tuple[float, Ints]:
    """Improve the prices for some runs; return what the best choice on the way covers, and it.

    `covered` is what the best plan known covers, the target of the steps; the search ends as soon
    as the bound leaves no room for a unit more. The state is in `dual`.
    """
    n, figures = len(rows.weight), dual.figures
    prices, new, least = np.empty(n), np.empty(n), np.zeros(n)
    sums = np.empty(len(dual.sums))
    best_met, best_choice = -1.0, np.zeros(0, np.int64)
    for _ in range(n_runs):
        open_ = max(figures[BOUND] - covered, 1.0)
        if not move(dual, rows.weight, least, rows.weight, open_, prices):
            break
        bound, top = _priced(rows, prices, p, sums)
        met = _subgradient(rows, prices, top, new)
        if met > best_met:
            best_met, best_choice = met, top.copy()
        mix(dual, rows.weight, new, top)
        keep(dual, prices, sums, bound, figures[BOUND] - bound, open_)
        if bound < max(covered, met) + unit:
            break
    return best_met, best_choice


@njit(cache=True, nogil=True)
def warm_prices(rows: Rows, p: int, prices: Floats, covered: float, n_runs: int) -> Floats:
    """Return better prices by a plain deflected subgradient search: fast at first, then coarse."""
    n = len(rows.weight)
    u, best_u, best = prices.copy(), prices.copy(), np.inf
    direction, new, sums = np.zeros(n), np.empty(n), np.empty(len(rows.column_start) - 1)
    factor, without = 1.0, 0
    for _ in range(n_runs):
        bound, top = _priced(rows, u, p, sums)
        without = 0 if bound < best - 1e-4 * (best - covered) else without + 1
        if bound < best:
            best = bound
            best_u[:] = u
        if without >= 8:
            factor *= 0.8
            without = 0
            u[:] = best_u
        _subgradient(rows, u, top, new)
        norm = 0.0
        for i in range(n):
            d = new[i] + 0.7 * direction[i]
            if (d < 0.0 and u[i] == 0.0) or (d > 0.0 and u[i] == rows.weight[i]):
                d = 0.0
            direction[i] = d
            norm += rows.weight[i] * d * d
        if norm == 0.0 or bound <= covered:
            break
        step = factor * (bound - covered) / norm
        for i in range(n):
            v = np.rint(u[i] + step * rows.weight[i] * direction[i])
            u[i] = min(max(v, 0.0), rows.weight[i])
    return best_u
