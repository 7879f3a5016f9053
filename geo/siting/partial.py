"""The fewest sites that cover a share: the most weight of p sites, asked for ever smaller p."""

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.siting.branching import Clock
from geo.siting.highs import Stop
from geo.siting.mclp import MclpInstance, search
from geo.siting.mclp_search import greedy, lowest_ids, swap

Ints = NDArray[np.int64]

EASY_S = 0.5  # a question that takes longer is put aside until the easy ones are answered


class Fewest(NamedTuple):
    """New sites as columns of times, mandatory ones with them, and the fewest any plan needs."""

    sites: tuple[int, ...]
    bound: int


def fewest_for_share(
    instance: MclpInstance,
    need: float,
    *,
    stop: Stop | None = None,
    on_found: Callable[[Fewest], None] | None = None,
) -> Fewest:
    """Find the fewest sites that cover the weight `need`, which all of them together do.

    p sites are too few once the bound on the most weight that p cover falls below `need`; that is
    known long before the most itself is.
    """
    stop = stop or Stop()
    rows, n_must = instance.rows, len(instance.choice.mandatory)
    missing = need - instance.covered(0.0)
    if missing <= 0:
        return Fewest(instance.sites(np.zeros(0, np.int64)), n_must)
    order, gains = greedy(rows, len(instance.columns))
    enough = next(k for k in range(len(gains) + 1) if _covers(instance, gains[:k].sum(), need))
    at = Fewest(instance.sites(lowest_ids(rows, np.sort(order[:enough]))), n_must + 1)
    most = np.sort(_alone(instance))[::-1].cumsum()
    least = int(np.argmax([_covers(instance, total, need) for total in most])) + 1
    at = at._replace(bound=n_must + least)
    at = _bisected(instance, need, at, stop, on_found)
    while len(at.sites) > at.bound and not stop.is_due():
        fewer, is_too_few = _asked(instance, len(at.sites) - 1, need, stop)
        if fewer is None and not is_too_few:
            break
        at = Fewest(at.sites, len(at.sites)) if fewer is None else at._replace(sites=fewer)
        if on_found is not None:
            on_found(at)
    return at


def _bisected(
    instance: MclpInstance,
    need: float,
    at: Fewest,
    stop: Stop,
    on_found: Callable[[Fewest], None] | None,
) -> Fewest:
    """Close in on the number of sites with questions that are dropped where they get hard.

    What is left open then lies next to the answer; far below it a bound comes at once.
    """
    unsure = len(at.sites)  # this number and those above it were too hard, or found
    while unsure > at.bound and not stop.is_due():
        if on_found is not None:
            on_found(at)
        p = (at.bound + unsure) // 2 if unsure > at.bound + 1 else at.bound
        soon = time.monotonic() + EASY_S
        brief = stop._replace(deadline=min(soon, stop.deadline or soon))
        fewer, is_too_few = _asked(instance, p, need, brief)
        if fewer is not None:
            at, unsure = at._replace(sites=fewer), len(fewer)
        elif is_too_few:
            at = at._replace(bound=p + 1)
        else:
            unsure = p
    if on_found is not None:
        on_found(at)
    return at


def _covers(instance: MclpInstance, rows_covered: float, need: float) -> bool:
    return instance.covered(rows_covered) >= need


def _alone(instance: MclpInstance) -> NDArray[np.float64]:
    """Return the weight that each candidate covers by itself."""
    rows = instance.rows
    size = np.diff(rows.column_start)
    column = np.repeat(np.arange(len(size)), size)
    return np.bincount(column, rows.weight[rows.row], len(size)).astype(np.float64)


def _asked(
    instance: MclpInstance, p: int, need: float, stop: Stop
) -> tuple[tuple[int, ...] | None, bool]:
    """Return p sites that cover `need`, if there are; and whether it is sure that none do."""
    n_free = p - len(instance.choice.mandatory)
    sites, covered = swap(instance.rows, greedy(instance.rows, n_free)[0])
    if _covers(instance, covered, need):
        return instance.sites(lowest_ids(instance.rows, sites)), False
    is_said = False

    def told(best: float, bound: float, _sites: tuple[int, ...]) -> None:
        nonlocal is_said
        is_said = best >= need or bound < need

    left_s = None if stop.deadline is None else max(stop.deadline - time.monotonic(), 0.0)
    clock = Clock(left_s, lambda: is_said or (stop.is_asked is not None and stop.is_asked()))
    out, best, _ = search(instance, p, clock, told)
    if _covers(instance, out.value, need):
        return instance.sites(best), False
    # Where weights are not whole, a plan better by less than the proof's tolerance may remain.
    slack = 0.0 if instance.merged.scale == 1.0 else instance.least_difference(out.value)
    return None, not _covers(instance, out.bound + slack, need)
