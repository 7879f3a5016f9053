"""Good choices of sites under side rules: greedy, then the best exchange while one helps."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.siting.constrained_model import Setting, conflicts, usable_groups
from geo.siting.serving import Serving
from geo.siting.site_program import Aim

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

SLACK = 1e-9  # relative, of a budget and of what a plan must serve
MOST_STEPS = 300
EQUAL = 1e-12  # relative: sums in another order may differ by this
NO_SITE = -1
NOTHING = np.zeros(0, np.int64)


@dataclass(frozen=True, eq=False)
class SiteSearch:
    """The rules on sites as arrays, and what a choice is judged by."""

    serving: Serving
    aim: Aim
    must: Flags  # (u,)
    is_existing: Flags  # (u,)
    n_most: float  # open sites, existing ones included
    may_close: int
    cost: Floats  # (u,) of new sites
    budget: float
    near: Flags  # (u, u) never both open
    member: Flags  # (k, u) of communities that need a site
    kind: Ints  # (r,) kind of each demand row that the aim tells apart
    n_kinds: int

    def descended(self, is_open: Flags) -> Flags:
        """Open, exchange or close one site after the other, the best of all moves, while it helps.

        Among equal moves the lowest site to close, then the lowest to open.
        """
        now, rank = is_open.copy(), self.rank(is_open)
        for _ in range(MOST_STEPS):
            best, move = rank, None
            for close in (NO_SITE, *np.flatnonzero(now & ~self.must).tolist()):
                found = self._best_opening(now, close)
                if found is not None and _is_less(found[0], best):
                    best, move = found[0], (close, found[1])
            if move is None:
                break
            close, open_ = move
            if close != NO_SITE:
                now[close] = False
            if open_ != NO_SITE:
                now[open_] = True
            rank = best
        return now

    def tidied(self, is_open: Flags) -> Flags:
        """Return a choice just as good that closes no station for nothing, then of lower sites."""
        now = is_open.copy()
        for _ in range(MOST_STEPS):
            move = self._tidier(now, self.rank(now))
            if move is None:
                break
            close, open_ = move
            if close != NO_SITE:
                now[close] = False
            now[open_] = True
        return now

    def _tidier(self, now: Flags, rank: tuple[float, float, float]) -> tuple[int, int] | None:
        """Return an exchange that costs nothing and closes fewer stations or opens a lower site."""
        index = np.arange(len(now))
        new = np.flatnonzero(now & ~self.must & ~self.is_existing)[::-1]
        for wanted in (self.is_existing, ~self.is_existing):
            for close in (NO_SITE, *new.tolist()):
                left = now & (index != close)
                allowed = self.may_open(left) & wanted & ~now
                if close == NO_SITE:
                    allowed &= self.is_existing
                else:
                    allowed &= self.is_existing | (index < close)
                opened = np.flatnonzero(allowed)
                if len(opened) == 0:
                    continue
                worth, gain = self.serving.gains(left, self.n_kinds, self.kind)
                missing, value, _ = self._ranks(worth[:, None] + gain[:, opened], left, opened)
                same = (missing <= rank[0]) & (value <= rank[1] + EQUAL * abs(rank[1]))
                if same.any():
                    return close, int(opened[np.argmax(same)])
        return None

    def rank(self, is_open: Flags) -> tuple[float, float, float]:
        """Return what is missing, what is aimed at, and a second aim; all to be small."""
        worth, _ = self.serving.gains(is_open, self.n_kinds, self.kind)
        missing, value, second = self._ranks(worth[:, None], is_open)
        return float(missing[0]), float(value[0]), float(second[0])

    def _best_opening(
        self, is_open: Flags, close: int
    ) -> tuple[tuple[float, float, float], int] | None:
        """Return the best site to open once one is closed (or none), with its rank."""
        left = is_open.copy()
        if close != NO_SITE:
            left[close] = False
        allowed = self.may_open(left)
        alone = close != NO_SITE and self.keeps(left)
        if not alone and not allowed.any():
            return None
        worth, gain = self.serving.gains(left, self.n_kinds, self.kind)
        found = []
        if alone:
            missing, value, second = self._ranks(worth[:, None], left)
            found.append(((float(missing[0]), float(value[0]), float(second[0])), NO_SITE))
        opened = np.flatnonzero(allowed)
        if len(opened):
            ranks = self._ranks(worth[:, None] + gain[:, opened], left, opened)
            at = int(np.lexsort(ranks[::-1])[0])
            found.append(
                ((float(ranks[0][at]), float(ranks[1][at]), float(ranks[2][at])), int(opened[at]))
            )
        return min(found)

    def _ranks(
        self, worth: Floats, left: Flags, opened: Ints = NOTHING
    ) -> tuple[Floats, Floats, Floats]:
        """Return the three numbers for worth (kinds, k) when each of k sites is opened beside.

        A station closed for nothing counts like two new sites.
        """
        n_open = float(left.sum()) + (np.ones(len(opened)) if len(opened) else np.zeros(1))
        n_closed = float((self.is_existing & ~left).sum()) - (
            self.is_existing[opened] if len(opened) else np.zeros(1)
        )
        least, total = self.aim.least, worth.sum(axis=0)
        missing = np.zeros(worth.shape[1])
        needy = np.flatnonzero(np.isfinite(least))
        if len(needy):
            short = np.maximum(least[needy, None] - worth[needy], 0.0)
            short[short <= SLACK * np.abs(least[needy, None])] = 0.0
            missing = short.sum(axis=0)
        elif np.isfinite(self.aim.least_total):
            missing = np.maximum(self.aim.least_total - total, 0.0)
            missing[missing <= SLACK * abs(self.aim.least_total)] = 0.0
        if self.aim.objective == "sites":
            return missing, n_open, -total
        if self.aim.objective == "share":
            share = worth[: len(self.aim.total)] / self.aim.total[:, None]
            return missing, -share.min(axis=0), -total
        return missing, -total, n_open + 2 * n_closed

    def may_open(self, left: Flags) -> Flags:
        """Return which sites (u,) may be opened beside those that are left."""
        n_left = int(left.sum())
        closed = self.is_existing & ~left
        allowed = ~left & (n_left + 1 <= self.n_most) & ~self.near[:, left].any(axis=1)
        allowed &= closed.sum() - closed <= self.may_close
        if np.isfinite(self.budget):
            spent = float(self.cost[left].sum())
            allowed &= spent + self.cost <= self.budget * (1 + SLACK)
        lacking = ~self.member[:, left].any(axis=1)
        return np.asarray(allowed & self.member[lacking].all(axis=0))

    def keeps(self, is_open: Flags) -> bool:
        """Say whether a choice keeps the rules on sites."""
        open_ = np.flatnonzero(is_open)
        return bool(
            is_open.sum() <= self.n_most
            and (is_open | ~self.must).all()
            and (self.is_existing & ~is_open).sum() <= self.may_close
            and self.cost[is_open].sum() <= self.budget * (1 + SLACK)
            and not self.near[np.ix_(open_, open_)].any()
            and self.member[:, is_open].any(axis=1).all()
        )


def site_search(setting: Setting, serving: Serving, aim: Aim) -> SiteSearch:
    """Return the search of a setting."""
    rules, u, old = setting.rules, serving.n_sites, setting.is_existing
    pairs, groups = conflicts(setting), usable_groups(setting)
    near = np.zeros((u, u), np.bool_)
    near[pairs[:, 0], pairs[:, 1]] = True
    member = np.zeros((0, u), np.bool_)
    if rules.site_group is not None:
        member = rules.site_group[setting.sites][None, :] == groups[:, None]
    is_told_apart = bool(len(aim.total) or np.isfinite(aim.least).any())
    cost = np.zeros(u) if rules.cost is None else rules.cost[setting.sites]
    return SiteSearch(
        serving=serving,
        aim=aim,
        must=setting.must,
        is_existing=old,
        n_most=np.inf if setting.p is None else setting.p + setting.n_existing,
        may_close=rules.may_close,
        cost=np.where(old, 0.0, cost),
        budget=rules.budget,
        near=near | near.T,
        member=member,
        kind=serving.group if is_told_apart else np.zeros_like(serving.group),
        n_kinds=serving.n_groups if is_told_apart else 1,
    )


def _is_less(one: tuple[float, float, float], other: tuple[float, float, float]) -> bool:
    """Say whether a rank is lower by more than sums of numbers that are not whole may differ."""
    for a, b in zip(one, other, strict=True):
        if abs(a - b) > EQUAL * max(abs(a), abs(b)):
            return a < b
    return False
