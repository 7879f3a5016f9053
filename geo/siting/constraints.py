"""What a plan must keep besides its number of sites: the value, and its checks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.errors import SitingError, shown_ids
from geo.siting.instance import read_whole
from geo.text import Text

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SPACING_SLACK_M = 1e-6
"""Sites that lie just the spacing apart keep it, whatever the last digit of a square root says."""


@dataclass(frozen=True, eq=False)
class SitingConstraints:
    """Side constraints of a plan; what is left out does not bind. m sites, n demand rows.

    may_close: how many existing sites may close. Each closing allows one more new site
    (relocation); the number of open sites does not grow by it.
    spacing_m with site_xy (m, 2) or site_distance_m (m, m): new sites lie at least so far apart;
    with is_spaced_from_existing also from the existing ones that stay.
    site_cost (m,) with budget: the new sites cost no more together.
    site_capacity (m,): the weight that a site can serve; a demand may be split among sites.
    has_backup: demand counts as covered where two open sites are within the limit, so that it
    still is when any one of them closes.
    site_group (m,): whole numbers, the community of a site (-1 none); each that has a site which
    may be open gets at least one, an existing one counts.
    demand_group (n,): whole numbers, the grid of a demand row (-1 none). MCLP: the least share
    covered of any grid is made as large as can be, then the total. LSCP: the share asked for holds
    in every grid (in all demand together where none of it lies in a grid).
    """

    may_close: int = 0
    spacing_m: float = 0.0
    site_xy: ArrayLike | None = None
    site_distance_m: ArrayLike | None = None
    is_spaced_from_existing: bool = False
    site_cost: ArrayLike | None = None
    budget: float | None = None
    site_capacity: ArrayLike | None = None
    has_backup: bool = False
    site_group: ArrayLike | None = None
    demand_group: ArrayLike | None = None


@dataclass(frozen=True, eq=False)
class SideRules:
    """The same, checked: arrays over all m sites and n demand rows; None does not bind."""

    may_close: int
    spacing_m: float
    distance_m: Floats | None  # (m, m)
    is_spaced_from_existing: bool
    cost: Floats | None  # (m,)
    budget: float
    capacity: Floats | None  # (m,)
    n_cover: int  # 1, or 2 with backup
    site_group: Ints | None  # (m,)
    demand_group: Ints | None  # (n,)


def read_constraints(given: SitingConstraints, *, problem: str, n: int, m: int) -> SideRules:
    """Check constraints for n demand rows and m sites.

    Raises
    ------
    SitingError
        A value is out of range or of the wrong shape, a partner is missing, or the problem has
        no such constraint; the message names it.
    """
    _refuse_mixtures(given, problem)
    spacing = _not_negative(given.spacing_m, "spacing_m")
    budget = np.inf if given.budget is None else _not_negative(given.budget, "budget")
    cost = None if given.site_cost is None else _per_site(given.site_cost, m, "site_cost")
    if np.isfinite(budget) and cost is None:
        raise _missing("budget", "site_cost")
    distance = None
    if spacing > 0:
        distance = _distances(given, m)
    capacity = given.site_capacity
    return SideRules(
        may_close=read_whole(given.may_close, "may_close"),
        spacing_m=spacing,
        distance_m=distance,
        is_spaced_from_existing=bool(given.is_spaced_from_existing),
        cost=cost if np.isfinite(budget) else None,
        budget=budget,
        capacity=None if capacity is None else _per_site(capacity, m, "site_capacity"),
        n_cover=2 if given.has_backup else 1,
        site_group=_groups(given.site_group, m, "site_group"),
        demand_group=_groups(given.demand_group, n, "demand_group"),
    )


def read_share(share: float) -> float:
    """Check a share: above 0, at most 1."""
    try:
        value = float(share)
    except (TypeError, ValueError):
        value = np.nan
    if not 0 < value <= 1:
        raise SitingError(
            Text(
                f"share 应大于 0 且不超过 1，收到 {share!r}。",
                f"share must be above 0 and at most 1, not {share!r}.",
            )
        )
    return value


def _refuse_mixtures(given: SitingConstraints, problem: str) -> None:
    """Refuse constraints that have no meaning for a problem, or not together."""
    refused = []
    if problem == "p_median":
        refused += ["has_backup"] if given.has_backup else []
        refused += ["demand_group"] if given.demand_group is not None else []
    if given.has_backup and given.site_capacity is not None:
        refused += ["has_backup", "site_capacity"]
    if refused:
        names = ", ".join(refused)
        together = len(refused) > 1 and problem != "p_median"
        raise SitingError(
            Text(
                f"约束 {names} " + ("不能同时使用。" if together else f"不适用于 {problem}。"),
                f"The constraints {names} "
                + ("cannot be used together." if together else f"do not apply to {problem}."),
            ),
            refused,
        )


def _distances(given: SitingConstraints, m: int) -> Floats:
    if given.site_distance_m is not None:
        distance = np.asarray(given.site_distance_m, np.float64)
        if distance.shape != (m, m) or np.isnan(distance).any() or (distance < 0).any():
            raise SitingError(
                Text(
                    f"site_distance_m 应为 ({m}, {m}) 的非负数组。",
                    f"site_distance_m must be a ({m}, {m}) array without negative values.",
                )
            )
        return np.minimum(distance, distance.T)
    if given.site_xy is None:
        raise _missing("spacing_m", "site_xy")
    xy = np.asarray(given.site_xy, np.float64)
    if xy.shape != (m, 2) or not np.isfinite(xy).all():
        raise SitingError(
            Text(
                f"site_xy 应为 ({m}, 2) 的有限坐标（米）。",
                f"site_xy must be ({m}, 2) finite coordinates in metres.",
            )
        )
    return np.asarray(np.hypot(*(xy[:, None, :] - xy[None, :, :]).transpose(2, 0, 1)))


def _not_negative(value: float, name: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = np.nan
    if not (np.isfinite(number) and number >= 0):
        raise SitingError(
            Text(
                f"{name} 应为不小于 0 的有限数，收到 {value!r}。",
                f"{name} must be a finite number of at least 0, not {value!r}.",
            )
        )
    return number


def _per_site(values: ArrayLike, m: int, name: str) -> Floats:
    array = np.asarray(values, np.float64)
    if array.shape != (m,):
        raise SitingError(
            Text(
                f"{name} 的形状应为 ({m},)，每个点位一个值，收到 {array.shape}。",
                f"{name} must have shape ({m},), one value a site, not {array.shape}.",
            )
        )
    bad = np.flatnonzero(~np.isfinite(array) | (array < 0)).tolist()
    if bad:
        raise SitingError(
            Text(
                f"{name} 有 {len(bad)} 个值为负或不是有限数（点位 {shown_ids(bad)}）。",
                f"{name} has {len(bad)} values that are negative or not finite "
                f"(sites {shown_ids(bad)}).",
            ),
            bad,
        )
    return array


def _groups(values: ArrayLike | Sequence[int] | None, size: int, name: str) -> Ints | None:
    if values is None:
        return None
    array = np.asarray(values)
    if array.shape != (size,) or array.dtype.kind not in "iu":
        raise SitingError(
            Text(
                f"{name} 应为 {size} 个整数（-1 表示不属于任何一个）。",
                f"{name} must be {size} whole numbers (-1: belongs to none).",
            )
        )
    return array.astype(np.int64)


def _missing(name: str, partner: str) -> SitingError:
    return SitingError(
        Text(f"给了 {name}，还需要 {partner}。", f"{name} is given; it needs {partner} too.")
    )
