"""Bounds for the MCLP on merged demand rows. Compiled; no checks in here.

Everything is a whole number held in float64 with a total below 2^51, so sums are exact: a bound
needs no tolerance, and neither the order of rows nor that of additions can change a result.

Values are what stays *uncovered*, to be minimised. The Lagrangian takes, for each row i, the price
0 <= u_i <= w_i for the constraint "a covered row has an open candidate":

    covered <= sum_i (w_i - u_i) + the sum of the p largest c_j,   c_j = sum of u_i over j's rows.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from geo.siting.covering import Floats, Ints
from geo.siting.mclp_search import Rows, counts


class Dual(NamedTuple):
    """The state of the subgradient search: best prices, averaged direction and averaged choice."""

    prices: Floats  # (r,) with the best bound so far
    sums: Floats  # (c,) c_j at those prices
    direction: Floats  # (r,)
    choice: Floats  # (c,) in 0…1, how often each candidate was among the p largest
    figures: Floats  # (4,) best bound on what is covered, step factor, runs without gain, started


@njit(cache=True, nogil=True)
def largest(values: Floats, p: int) -> Ints:
    """Return the positions of the p largest values, ties to the lowest position; descending."""
    if 4 * p > len(values):
        return np.argsort(-values, kind="mergesort")[:p]
    top = np.empty(p, np.int64)
    n_top = 0
    for j in range(len(values)):
        if n_top == p and values[j] <= values[top[p - 1]]:
            continue
        at = min(n_top, p - 1)
        while at > 0 and values[top[at - 1]] < values[j]:
            top[at] = top[at - 1]
            at -= 1
        top[at] = j
        n_top = min(n_top + 1, p)
    return top


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
def lower_bound_run(
    rows: Rows, p: int, dual: Dual, covered: float, unit: float, n_runs: int
) -> tuple[float, Ints]:
    """Improve the prices by a volume-like subgradient search; return the best choice it met.

    `covered` is what the best plan known covers, the target of the steps; the search ends as soon
    as the bound leaves no room for a unit more. The state is in `dual`.
    """
    n, figures = len(rows.weight), dual.figures
    prices, sums = dual.prices.copy(), np.empty(len(dual.sums))
    best_met, best_choice = -1.0, np.zeros(0, np.int64)
    for run in range(n_runs):
        if figures[3] == 0.0:
            prices[:] = dual.prices
        else:
            norm = 0.0
            for i in range(n):
                d = dual.direction[i]
                u = dual.prices[i]
                if (d < 0.0 and u > 0.0) or (d > 0.0 and u < rows.weight[i]):
                    norm += rows.weight[i] * d * d
            if norm == 0.0:
                break
            step = figures[1] * max(figures[0] - covered, 1.0) / norm
            for i in range(n):
                u = np.rint(dual.prices[i] + step * rows.weight[i] * dual.direction[i])
                prices[i] = min(max(u, 0.0), rows.weight[i])
        bound, top = _priced(rows, prices, p, sums)
        count = counts(rows, top)
        met = 0.0
        dot_new, dot_old, dot_both = 0.0, 0.0, 0.0
        for i in range(n):
            new = 1.0 - count[i]
            if count[i] > 0:
                met += rows.weight[i]
            elif prices[i] == rows.weight[i]:
                new = 0.0
            old = dual.direction[i]
            dot_new += rows.weight[i] * new * new
            dot_old += rows.weight[i] * old * old
            dot_both += rows.weight[i] * new * old
        if met > best_met:
            best_met, best_choice = met, top.copy()
        if bound < max(covered, met) + unit:
            figures[0] = bound
            dual.prices[:] = prices
            dual.sums[:] = sums
            break
        share = 1.0
        if dot_old > 0.0:
            # The mix of old and new direction that is shortest, within limits.
            below = dot_new + dot_old - 2.0 * dot_both
            share = (dot_old - dot_both) / below if below > 0.0 else 1.0
            share = min(max(share, 0.02), 0.2)
        for i in range(n):
            new = 1.0 - count[i]
            if count[i] == 0 and prices[i] == rows.weight[i]:
                new = 0.0
            dual.direction[i] += share * (new - dual.direction[i])
        for j in range(len(dual.choice)):
            dual.choice[j] *= 1.0 - share
        for j in top:
            dual.choice[j] += share
        if figures[3] == 0.0 or bound < figures[0]:
            if bound < figures[0] - 1e-3 * max(figures[0] - covered, 1.0):
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
    return best_met, best_choice


@njit(cache=True, nogil=True)
def warm_prices(rows: Rows, p: int, prices: Floats, covered: float, n_runs: int) -> Floats:
    """Return better prices by a plain deflected subgradient search: fast at first, then coarse."""
    n = len(rows.weight)
    u, best_u, best = prices.copy(), prices.copy(), np.inf
    direction, sums = np.zeros(n), np.empty(len(rows.column_start) - 1)
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
        count = counts(rows, top)
        norm = 0.0
        for i in range(n):
            new = 1.0 - count[i]
            if count[i] == 0 and u[i] == rows.weight[i]:
                new = 0.0
            d = new + 0.7 * direction[i]
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
