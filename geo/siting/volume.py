"""The steps of a subgradient search in the manner of the volume algorithm. Compiled; no checks.

Prices start from the best ones so far and move along an averaged direction; the average of the
choices of candidates comes close to a solution of the relaxation, which tells where to branch.
Barahona and Anbil (2000), The volume algorithm.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from geo.siting.covering import Floats, Ints


class Dual(NamedTuple):
    """The state of the search: best prices, averaged direction and averaged choice."""

    prices: Floats  # (r,) of the rows, with the best bound so far
    sums: Floats  # (c,) what each candidate is worth at those prices
    direction: Floats  # (r,)
    choice: Floats  # (c,) in 0…1, how often each candidate was among the p best
    figures: Floats  # (4,) best bound, step factor, runs without gain, 1 once started


BOUND, FACTOR, WITHOUT, STARTED = 0, 1, 2, 3  # of figures


def new_dual(prices: Floats, n_candidates: int, bound: float, factor: float) -> Dual:
    """Return the state before the first run; `bound` is the worst there is."""
    c = n_candidates
    figures = np.array([bound, factor, 0.0, 0.0])
    return Dual(prices, np.zeros(c), np.zeros(len(prices)), np.zeros(c), figures)


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
def move(
    dual: Dual, pace: Floats, least: Floats, most: Floats, open_: float, prices: Floats
) -> bool:
    """Set `prices` one step from the best ones, whole and within limits; False if there is none.

    `pace` is how far a row moves beside others, `open_` the distance from the bound to its target.
    """
    if dual.figures[STARTED] == 0.0:
        prices[:] = dual.prices
        return True
    norm = 0.0
    for i in range(len(prices)):
        d, price = dual.direction[i], dual.prices[i]
        if (d < 0.0 and price > least[i]) or (d > 0.0 and price < most[i]):
            norm += pace[i] * d * d
    if norm == 0.0:
        return False
    step = dual.figures[FACTOR] * open_ / norm
    for i in range(len(prices)):
        price = np.rint(dual.prices[i] + step * pace[i] * dual.direction[i])
        prices[i] = min(max(price, least[i]), most[i])
    return True


@njit(cache=True, nogil=True)
def mix(dual: Dual, pace: Floats, new: Floats, top: Ints) -> None:
    """Mix the newest subgradient and choice into the averages, so that the direction is short."""
    dot_new, dot_old, dot_both = 0.0, 0.0, 0.0
    for i in range(len(new)):
        old = dual.direction[i]
        dot_new += pace[i] * new[i] * new[i]
        dot_old += pace[i] * old * old
        dot_both += pace[i] * new[i] * old
    share = 1.0
    if dot_old > 0.0:
        below = dot_new + dot_old - 2.0 * dot_both
        share = (dot_old - dot_both) / below if below > 0.0 else 1.0
        share = min(max(share, 0.02), 0.2)
    for i in range(len(new)):
        dual.direction[i] += share * (new[i] - dual.direction[i])
    for j in range(len(dual.choice)):
        dual.choice[j] *= 1.0 - share
    for j in top:
        dual.choice[j] += share


@njit(cache=True, nogil=True)
def keep(
    dual: Dual, prices: Floats, sums: Floats, bound: float, better_by: float, open_: float
) -> None:
    """Keep prices with a better bound; lengthen or shorten the steps by how that goes."""
    figures = dual.figures
    if figures[STARTED] == 0.0 or better_by > 0.0:
        if better_by > 1e-3 * open_:
            figures[FACTOR] = min(figures[FACTOR] * 1.15, 2.0)
            figures[WITHOUT] = 0.0
        figures[BOUND] = bound
        dual.prices[:] = prices
        dual.sums[:] = sums
    else:
        figures[WITHOUT] += 1.0
        if figures[WITHOUT] >= 8.0:
            figures[FACTOR] *= 0.7
            figures[WITHOUT] = 0.0
    figures[STARTED] = 1.0
