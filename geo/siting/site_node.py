"""A part of the choices of sites: some open, some out, bounded by the linear program of sites."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.siting.branching import Found
from geo.siting.site_program import SiteProgram
from geo.siting.site_search import SiteSearch

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

WHOLE = 1e-6  # an opening so near to 0 or 1 is one
MOST_RISE = 0.1  # relative: what a part without any choice counts for
LOOSE = 0.02  # of an opening: what rounding takes for likely


class Search(NamedTuple):
    """What all nodes share."""

    program: SiteProgram
    local: SiteSearch
    value: Callable[[Flags], float]  # of a choice, exactly; inf: it breaks a rule
    unit: float  # a plan must be better by so much to count
    is_whole: bool  # values are whole, so a bound may be rounded up
    rise: Floats  # (2, u) of bounds so far when a site was kept out or opened, for a whole opening
    tried: Floats  # (2, u) how often that was

    def most_telling(self, opening: Floats, free: Flags) -> int:
        """Return the free site whose two parts should raise the bound most, ties to the lowest.

        By the product of both rises, as seen so far (Benichou et al. 1971); a site not tried yet
        counts like the mean of the others.
        """
        mean = self.rise.sum(axis=1) / np.maximum(self.tried.sum(axis=1), 1.0)
        mean = np.where(mean > 0, mean, 1.0)
        seen = np.where(self.tried > 0, self.rise / np.maximum(self.tried, 1.0), mean[:, None])
        least = 1e-6 * mean
        out = np.maximum(seen[0] * opening, least[0])
        into = np.maximum(seen[1] * (1 - opening), least[1])
        in_doubt = free & (np.minimum(opening, 1 - opening) > WHOLE)
        among = in_doubt if in_doubt.any() else free
        return int(np.argmax(np.where(among, out * into, -1.0)))

    def note(self, branch: "Branch", bound: float) -> None:
        """Remember by how much a branch raised the bound."""
        if np.isfinite(bound):
            at = int(branch.is_open), branch.site
            self.rise[at] += max(bound - branch.bound, 0.0) / max(branch.way, WHOLE)
            self.tried[at] += 1.0


class Branch(NamedTuple):
    """How a node came about: a site opened or kept out."""

    site: int
    is_open: bool
    way: float  # from its opening to 0 or 1
    bound: float  # before


@dataclass
class SiteNode:
    """Openings between low and high (u,)."""

    search: Search
    low: Floats
    high: Floats
    bound: float
    is_root: bool = False
    stalled: bool = False
    opening: Floats | None = None
    relaxed: float = -np.inf  # the bound, not rounded up
    branch: Branch | None = None

    def tighten(self, best: float) -> Found:
        """Raise the bound; fix what cannot be otherwise; return a better choice, if one is met."""
        self.stalled = True
        if (self.low == self.high).all():
            value = self.search.value(self.low > 0.5)
            self.bound = max(self.bound, value)
            return (value, np.flatnonzero(self.low > 0.5)) if value < best else None
        most = best - self.search.unit
        relaxed = self.search.program.relax(self.low, self.high, most)
        bound = self.relaxed = relaxed.bound
        if self.branch is not None:
            self.search.note(self.branch, min(bound, best))
        if self.search.is_whole and np.isfinite(bound):
            bound = float(np.ceil(bound - WHOLE))
        self.bound = max(self.bound, bound)
        if np.isinf(relaxed.bound) or self.bound > most:
            return None
        self.opening = relaxed.opening
        self._fix(relaxed.bound, relaxed.price, most)
        return self._found(best)

    def split(self) -> list["SiteNode"]:
        """Branch on the site whose opening is most in doubt; where none is, on any that is free."""
        if self.opening is None:
            return []
        free = self.low < self.high
        if not free.any():
            return [self._part(0, self.low[0])]
        self._probe(self.opening, free)
        j = self.search.most_telling(self.opening, free)
        return [self._part(j, 1.0), self._part(j, 0.0)]

    def _probe(self, opening: Floats, free: Flags) -> None:
        """Try both parts of each site in doubt that was never tried: what it tells is kept."""
        search = self.search
        in_doubt = free & (np.minimum(opening, 1 - opening) > WHOLE)
        for j in np.flatnonzero(in_doubt & (search.tried.min(axis=0) == 0)).tolist():
            for value in (1.0, 0.0):
                part = self._part(j, value)
                relaxed = search.program.relax(part.low, part.high, np.inf, n_rounds=1)
                most = self.relaxed + MOST_RISE * abs(self.relaxed)
                if part.branch is not None:
                    search.note(part.branch, min(relaxed.bound, most))

    def _part(self, j: int, value: float) -> "SiteNode":
        low, high = self.low.copy(), self.high.copy()
        low[j] = high[j] = value
        if value == 1.0:  # those that must not be open beside it
            high[self.search.local.near[j] & (low == 0)] = 0.0
        way = 0.0 if self.opening is None else abs(value - float(self.opening[j]))
        branch = Branch(j, value == 1.0, way, self.relaxed)
        return SiteNode(self.search, low, high, self.bound, branch=branch)

    def _fix(self, bound: float, price: Floats, most: float) -> None:
        """Open or drop sites without which, or with which, nothing can be better."""
        free = self.low < self.high
        if not np.isfinite(most):
            return
        self.high[free & (bound + price > most)] = 0.0
        self.low[free & (bound - price > most) & (self.high > 0)] = 1.0

    def _found(self, best: float) -> Found:
        """Return a better choice near the openings: they themselves, or what a search makes."""
        if self.opening is None:
            return None
        local = self.search.local
        near = self.opening > 0.5
        is_integral = bool((np.abs(self.opening - near) <= WHOLE).all())
        if not is_integral and not self.is_root:
            near = self._rounded()
        choices = [near] if is_integral else []
        if not is_integral and local.keeps(near):
            choices.append(local.descended(near) if self.is_root else near)
        found: Found = None
        for choice in choices:
            value = self.search.value(choice)
            if value < best:
                best, found = value, (value, np.flatnonzero(choice))
        return found

    def _rounded(self) -> Flags:
        """Return the openings rounded: the largest first, while rules allow."""
        local = self.search.local
        now = (self.opening > 1 - WHOLE) if self.opening is not None else self.low > 0
        if self.opening is None:
            return now
        likely = np.flatnonzero(~now & (self.opening > LOOSE))
        for j in likely[np.argsort(-self.opening[likely], kind="stable")].tolist():
            if local.may_open(now)[j]:
                now[j] = True
        return now
