"""Branch and bound, best bound first, over nodes that know how to tighten and to split.

Values are minimised whole numbers in float64; a node is done when its bound leaves no room for a
plan that is better than the best by at least one unit. So a proof needs no tolerance here.
"""

import heapq
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Sites = NDArray[np.int64]
Found = tuple[float, Sites] | None
Tell = Callable[[float, float, Sites], None] | None


class Node(Protocol):
    """A part of the solutions."""

    bound: float  # no solution in here has a smaller value
    stalled: bool  # tightening further is not worth while

    def tighten(self, best: float) -> Found:
        """Raise the bound for a short while; return a solution met, if it may be better."""

    def split(self) -> "Sequence[Node]":
        """Return parts that together hold every solution that is better than the best."""


@dataclass
class Outcome:
    """The best plan, and no plan is below the bound; `proven` if that leaves no room."""

    value: float
    sites: Sites
    bound: float
    n_nodes: int
    proven: bool


def branch_and_bound(
    root: Node,
    value: float,
    sites: Sites,
    *,
    unit: float,
    is_over: Callable[[], bool],
    tell: Tell = None,
) -> Outcome:
    """Search until nothing can be better by one unit than the best plan, or until it is over."""
    out = Outcome(value, sites, root.bound, 0, proven=False)
    heap: list[tuple[float, int, Node]] = [(root.bound, 0, root)]
    n_made = 0
    while heap:
        bound, _, node = heapq.heappop(heap)
        _raise_bound(out, bound, tell)
        if out.bound > out.value - unit:
            break
        if n_made:
            out.n_nodes += 1
        if not _tightened(node, out, heap, unit, is_over, tell):
            return out
        if node.bound > out.value - unit:
            continue
        for child in node.split():
            child.bound = max(child.bound, node.bound)
            if child.bound <= out.value - unit:
                n_made += 1
                heapq.heappush(heap, (child.bound, n_made, child))
        if is_over():
            _raise_bound(out, min(heap[0][0] if heap else np.inf, out.value), tell)
            if heap:
                return out
    out.bound, out.proven = out.value, True
    return out


def _tightened(
    node: Node,
    out: Outcome,
    heap: list[tuple[float, int, Node]],
    unit: float,
    is_over: Callable[[], bool],
    tell: Tell,
) -> bool:
    """Tighten a node until it is done or stalled; False if it is over before."""
    while not node.stalled and node.bound <= out.value - unit:
        if is_over():
            return False
        found = node.tighten(out.value)
        if found is not None and found[0] < out.value:
            out.value, out.sites = found
            if tell:
                tell(out.value, out.bound, out.sites)
        _raise_bound(out, min(node.bound, heap[0][0] if heap else np.inf), tell)
    return True


def _raise_bound(out: Outcome, bound: float, tell: Tell) -> None:
    bound = min(bound, out.value)
    if bound > out.bound:
        out.bound = bound
        if tell:
            tell(out.value, bound, out.sites)


class Clock:
    """Says when it is over: at the time limit, or when asked to stop."""

    def __init__(
        self, time_limit_s: float | None, should_stop: Callable[[], bool] | None = None
    ) -> None:
        self.started = time.perf_counter()
        self._end = np.inf if time_limit_s is None else self.started + time_limit_s
        self._should_stop = should_stop

    def is_over(self) -> bool:
        """Say whether to return with what there is."""
        if self._should_stop is not None and self._should_stop():
            return True
        return time.perf_counter() >= self._end

    def seconds(self) -> float:
        """Return the seconds since the start."""
        return time.perf_counter() - self.started
