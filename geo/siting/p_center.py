"""p-center: p new sites such that the farthest demand is as near as can be, proven."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.errors import shown_ids
from geo.siting.cover import lowest_equals, smallest_cover
from geo.siting.highs import Stop, stop_after
from geo.siting.instance import Choice, Times, read_choice, read_time_limit, read_times, read_whole
from geo.siting.plan import OnProgress, ShouldStop, SitingPlan
from geo.siting.reduction import Words, pack
from geo.text import Text

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

SMALL = 400  # demand rows: so few are all looked at from the beginning
Tell_ = 0
TIES = 1000  # farthest demand of equal times that is asked for its nearest candidate
ALL_CELLS = 5_000_000  # demand x candidates: up to here ties are broken over all demand


@dataclass(frozen=True, eq=False)
class Center:
    """A p-center problem with what is open already folded into one time a demand row."""

    times: Times
    fixed: Ints  # existing and mandatory columns
    open_: Ints  # candidates that may be added
    p: int  # how many of them
    fixed_s: Floats  # (n,) to the nearest fixed site, inf without


@dataclass(frozen=True, eq=False)
class Bracket:
    """The best sites so far, their worst time, and the time that no p sites can beat."""

    sites: Ints  # candidates, ascending
    worst_s: float
    bound_s: float


def solve_p_center(
    times: object,
    *,
    p: int,
    existing: ArrayLike = (),
    forbidden: ArrayLike = (),
    mandatory: ArrayLike = (),
    time_limit_s: float | None = None,
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> SitingPlan:
    """Find p new sites that make the longest time to the nearest open site least.

    Bisection over the times that occur, each step a set covering question (Minieka 1970), asked
    of a few demand rows to which those left out are added (Chen and Chen 2009).

    Parameters
    ----------
    times
        (n demand, m sites) seconds, an array (inf = unreachable) or sparse (missing =
        unreachable). Every row counts.
    p
        New sites; the mandatory ones are among them. Where fewer reach the same worst time the
        others go to whoever is farthest then.
    existing, forbidden, mandatory
        Columns that are open already, may not be opened, must be opened.
    time_limit_s
        After so many seconds the best plan so far comes back, "feasible" with its bound.
    on_progress, should_stop
        See `geo.siting.plan`.

    Returns
    -------
    plan
        `objective` is the longest time; inf where p sites cannot reach everybody, and `reasons`
        say who is out of reach or how many sites would do.

    Raises
    ------
    SitingError
        An argument is of the wrong shape or out of range.
    """
    began = time.perf_counter()
    read = read_times(times)
    count = read_whole(p, "p")
    choice = read_choice(read.m, count, existing, forbidden, mandatory)
    stop = stop_after(read_time_limit(time_limit_s), should_stop)
    fixed = np.concatenate([choice.existing, choice.mandatory])
    center = Center(
        times=read,
        fixed=fixed,
        open_=np.setdiff1d(choice.candidates, choice.mandatory),
        p=count - len(choice.mandatory),
        fixed_s=read.nearest(fixed.tolist())[1],
    )

    def tell(at: Bracket) -> None:
        if on_progress is not None:
            new = sorted([*choice.mandatory.tolist(), *at.sites.tolist()])
            on_progress(at.worst_s, at.bound_s, tuple(new))

    reasons = _out_of_reach(center, choice, stop)
    if reasons:
        return _plan(center, choice, None, began, reasons)
    found = _bisect(center, stop, tell)
    return _plan(center, choice, found, began)


def _bisect(center: Center, stop: Stop, tell: Callable[[Bracket], None]) -> Bracket:
    """Close in on the least worst time from both sides until they meet or time is up."""
    rows = _first_rows(center)
    n_open = len(center.open_)
    _, best_s = center.times.nearest([*center.fixed.tolist(), *center.open_.tolist()])
    at = Bracket(np.zeros(0, np.int64), np.inf, float(best_s.max(initial=0.0)))
    at = _better(center, at, _farthest_first(center))
    tell(at)
    near = _seconds(center, rows)
    while at.bound_s < at.worst_s and not stop.is_due():
        value = _next_value(near, center.fixed_s[rows], at)
        if value is None:
            at = replace(at, bound_s=at.worst_s)
            break
        answer = smallest_cover(
            _bits(near, center.fixed_s[rows], value), n_open, stop, at_most=center.p
        )
        if answer.bound > center.p:
            at = replace(at, bound_s=_value_above(near, center.fixed_s[rows], value, at.worst_s))
        elif len(answer.columns) > center.p:  # stopped
            break
        else:
            sites = center.open_[answer.columns]
            at = _better(center, at, sites)
            more = _left_out(center, sites, value)
            if len(more):
                rows = np.concatenate([rows, more])
                near = np.concatenate([near, _seconds(center, more)])
        tell(at)
    return at


def _next_value(near: Floats, fixed_s: Floats, at: Bracket) -> float | None:
    """Return the middle one of the times that the least worst time may still be."""
    values = np.concatenate([near.ravel(), fixed_s])
    values = values[(values >= at.bound_s) & (values < at.worst_s)]
    if len(values) == 0:
        return None
    return float(np.partition(values, (len(values) - 1) // 2)[(len(values) - 1) // 2])


def _value_above(near: Floats, fixed_s: Floats, value: float, otherwise: float) -> float:
    """Return the next time above a value, of those rows; at most `otherwise`."""
    return min(
        float(np.min(near, where=near > value, initial=np.inf)),
        float(np.min(fixed_s, where=fixed_s > value, initial=np.inf)),
        otherwise,
    )


def _bits(near: Floats, fixed_s: Floats, value: float) -> Words:
    """Return which candidates reach each row in time, without the rows that are served already."""
    return pack(near[fixed_s > value] <= value)


def _first_rows(center: Center) -> Ints:
    """Return the demand to begin with: all of a few, else the farthest from each other."""
    if center.times.n <= SMALL or not len(center.open_):
        return np.arange(center.times.n)
    seconds = center.fixed_s.copy()
    rows: list[int] = []
    for _ in range(min(2 * center.p + 8, center.times.n)):
        row = int(np.argmax(seconds))
        if row in rows:
            break
        rows.append(row)
        near = _seconds(center, np.array([row]))[0]
        _, to_site = center.times.nearest([int(center.open_[np.argmin(near)])])
        seconds = np.minimum(seconds, to_site)
    return np.array(rows, np.int64)


def _farthest_first(center: Center, sites: Ints | None = None) -> Ints:
    """Return p candidates: the given ones, then again and again the nearest to the farthest."""
    chosen = [] if sites is None else sites.tolist()
    while len(chosen) < center.p:
        _, seconds = center.times.nearest([*center.fixed.tolist(), *chosen])
        left = np.setdiff1d(center.open_, chosen)
        farthest = np.flatnonzero(seconds == seconds.max(initial=0.0))[:TIES]
        near = _seconds(center, farthest)[:, np.searchsorted(center.open_, left)]
        nearest = left if near.size == 0 else left[(near == near.min()).any(axis=0)]
        chosen.append(int(nearest[0]))
    return np.array(sorted(chosen), np.int64)


def _left_out(center: Center, sites: Ints, value: float) -> Ints:
    """Return the demand beyond a time, the worst one of each open site's, the lowest of equals."""
    nearest, seconds = center.times.nearest([*center.fixed.tolist(), *sites.tolist()])
    beyond = np.flatnonzero(seconds > value)
    order = beyond[np.lexsort((beyond, -seconds[beyond]))]
    _, first = np.unique(nearest[order], return_index=True)
    return np.sort(order[first])


def _better(center: Center, at: Bracket, sites: Ints) -> Bracket:
    """Return the bracket with these sites where their worst time is less."""
    _, seconds = center.times.nearest([*center.fixed.tolist(), *sites.tolist()])
    worst = float(seconds.max(initial=0.0))
    return replace(at, sites=sites, worst_s=worst) if worst < at.worst_s else at


def _seconds(center: Center, rows: Ints) -> Floats:
    """Return the times (r, c) of some rows to the candidates."""
    times = center.times
    if times.dense is not None:
        return np.asarray(times.dense[np.ix_(rows, center.open_)], np.float64)
    out = np.full((len(rows), times.m), np.inf)
    for k, row in enumerate(rows.tolist()):  # few rows
        part = slice(times.start[row], times.start[row + 1])
        out[k, times.site[part]] = times.seconds[part]
    return out[:, center.open_]


def _tidy(center: Center, found: Bracket) -> Ints:
    """Return sites as good, ties to the lowest, and the rest of p to whoever is farthest."""
    sites = found.sites
    if center.times.n * len(center.open_) <= ALL_CELLS and found.worst_s <= found.bound_s:
        near = _seconds(center, np.arange(center.times.n))
        bits = np.unique(_bits(near, center.fixed_s, found.worst_s), axis=0)
        same = smallest_cover(bits, len(center.open_), at_most=center.p).columns
        if len(same) <= center.p:
            sites = center.open_[lowest_equals(same, bits, len(center.open_))]
    return _farthest_first(center, sites)


def _out_of_reach(center: Center, choice: Choice, stop: Stop) -> tuple[Text, ...]:
    """Say why no p sites reach everybody; empty where some do."""
    _, best_s = center.times.nearest([*choice.existing.tolist(), *choice.candidates.tolist()])
    lost = np.flatnonzero(~np.isfinite(best_s)).tolist()
    if lost:
        shown = shown_ids(lost)
        return (
            Text(
                f"{len(lost)} 个需求点（{shown}）没有路通到任何现有或备选点位，建几个都一样；"
                "请在附近增加备选点位，或去掉这些需求点。",
                f"No way leads from {len(lost)} demand points ({shown}) to any existing or "
                "candidate site, however many are built. Add candidates near them, or leave "
                "them out.",
            ),
        )
    farthest = _farthest_first(center)
    _, seconds = center.times.nearest([*center.fixed.tolist(), *farthest.tolist()])
    if np.isfinite(seconds).all():
        return ()
    least = _least_p(center, stop)
    if least <= center.p:
        return ()
    n_fixed = len(choice.mandatory)
    return (
        Text(
            f"{center.p + n_fixed} 个新点位到不了所有需求点；至少要 {least + n_fixed} 个。",
            f"{center.p + n_fixed} new sites cannot reach all demand; "
            f"at least {least + n_fixed} are needed.",
        ),
    )


def _least_p(center: Center, stop: Stop) -> int:
    """Return how many candidates it takes, at the least, to reach everybody in any time."""
    bits = np.unique(
        np.concatenate(
            [
                _bits(_seconds(center, rows), center.fixed_s[rows], np.finfo(np.float64).max)
                for rows in np.array_split(np.arange(center.times.n), center.times.n // 1000 + 1)
            ]
        ),
        axis=0,
    )
    return smallest_cover(bits, len(center.open_), stop).bound


def _plan(
    center: Center,
    choice: Choice,
    found: Bracket | None,
    began: float,
    reasons: tuple[Text, ...] = (),
) -> SitingPlan:
    new = [] if found is None else [*choice.mandatory.tolist(), *_tidy(center, found).tolist()]
    open_sites = sorted([*choice.existing.tolist(), *new])
    assigned, seconds = center.times.nearest(open_sites)
    is_proven = found is not None and found.worst_s <= found.bound_s
    return SitingPlan(
        problem="p_center",
        sites=tuple(sorted(new)),
        open_sites=tuple(open_sites),
        objective=np.inf if found is None else float(seconds.max(initial=0.0)),
        bound=np.inf if found is None else found.bound_s,
        status="infeasible" if found is None else "optimal" if is_proven else "feasible",
        covered=np.isfinite(seconds),
        assigned=assigned,
        seconds=time.perf_counter() - began,
        reasons=reasons,
    )
