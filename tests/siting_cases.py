"""Small random siting problems, and their answers by trying every set of sites."""

from itertools import combinations
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st


class Problem(NamedTuple):
    """A small problem: times may be inf, weights whole or not."""

    times: np.ndarray
    weights: np.ndarray
    p: int
    limit_s: float
    existing: tuple[int, ...]


@st.composite
def problems(draw: st.DrawFn, *, reachable: bool = False) -> Problem:
    """Draw up to 20 demand rows and 8 sites; many ties, and times equal to the limit."""
    n, m = draw(st.integers(1, 20)), draw(st.integers(1, 8))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    times = random.integers(0, 12, (n, m)).astype(float)
    if not reachable:
        times[random.random((n, m)) < draw(st.sampled_from([0.0, 0.2, 0.6]))] = np.inf
    whole = draw(st.booleans())
    weights = random.integers(0, 6, n).astype(float) if whole else random.random(n)
    existing = tuple(random.permutation(m)[: draw(st.integers(0, min(2, m - 1)))].tolist())
    p = draw(st.integers(0, m - len(existing)))
    return Problem(times, weights, p, float(draw(st.integers(1, 8))), existing)


def covered_weight(problem: Problem, sites: tuple[int, ...]) -> float:
    """Return the weight within the limit of some open site."""
    within = (problem.times[:, list(sites)] <= problem.limit_s).any(axis=1)
    return float(problem.weights[within].sum())


def weighted_time(problem: Problem, sites: tuple[int, ...]) -> float:
    """Return the weighted time to the nearest open sites, inf if somebody reaches none."""
    counts = problem.weights > 0
    if not counts.any():
        return 0.0
    if not sites:
        return np.inf
    nearest = problem.times[counts][:, list(sites)].min(axis=1)
    return float((problem.weights[counts] * nearest).sum())


def every_choice(
    problem: Problem,
    *,
    forbidden: tuple[int, ...] = (),
    mandatory: tuple[int, ...] = (),
) -> list[tuple[int, ...]]:
    """Return the open sites of every plan that keeps the conditions, existing ones first."""
    m = problem.times.shape[1]
    free = [j for j in range(m) if j not in problem.existing and j not in forbidden]
    return [
        (*problem.existing, *new)
        for new in combinations(free, problem.p)
        if set(mandatory) <= set(new)
    ]
