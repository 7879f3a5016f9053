"""What a choice of sites serves, summed exactly, and whether it keeps every rule."""

import numpy as np
from numpy.typing import NDArray

from geo.siting.constrained_model import Setting, conflicts, usable_groups

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

TINY = 1e-9  # relative: sums of numbers that are not whole may differ by this
FLOW_TINY = 1e-6  # the same where demand is shared out by HiGHS


def served(setting: Setting, is_open: Flags, values: Floats) -> Floats:
    """Return the weight (r,) of each row that is covered, or served where capacities bind."""
    if setting.rules.capacity is not None:
        share = np.clip(values[len(setting.sites) :][: setting.n_served], 0.0, 1.0)
        parts = np.bincount(setting.row, share, len(setting.weight))
        return setting.weight * np.minimum(parts, 1.0)
    count = np.bincount(setting.row, is_open[setting.site], len(setting.weight))
    return np.where(count >= setting.rules.n_cover, setting.weight, 0.0)


def by_group(setting: Setting, is_open: Flags, values: Floats) -> Floats:
    """Return the weight (g,) of each grid that is covered or served."""
    is_in = setting.group >= 0
    weight = served(setting, is_open, values)[is_in]
    sums = np.bincount(setting.group[is_in], weight, len(setting.group_total))
    return sums.astype(np.float64)


def travel(setting: Setting, is_open: Flags, values: Floats) -> float:
    """Return weight x seconds: to the nearest open site, or as shared out under capacities."""
    cost = setting.weight[setting.row] * setting.seconds
    if setting.rules.capacity is not None:
        return float(cost @ values[len(setting.sites) :][: setting.n_served])
    best = np.full(len(setting.weight), np.inf)
    np.minimum.at(best, setting.row, np.where(is_open[setting.site], cost, np.inf))
    return float(best.sum())


def keeps_rules(
    setting: Setting, is_open: Flags, values: Floats, least_share: Floats | None
) -> bool:
    """Return whether chosen sites keep the rules about sites and weights, summed exactly."""
    rules = setting.rules
    new = setting.sites[is_open & ~setting.is_existing]
    pairs = conflicts(setting)
    if rules.cost is not None and rules.cost[new].sum() > rules.budget * (1 + TINY):
        return False
    if (is_open[pairs[:, 0]] & is_open[pairs[:, 1]]).any():
        return False
    if rules.site_group is not None:
        has = np.isin(usable_groups(setting), rules.site_group[setting.sites[is_open]])
        if not has.all():
            return False
    return _serves_enough(setting, is_open, values, least_share)


def _serves_enough(
    setting: Setting, is_open: Flags, values: Floats, least_share: Floats | None
) -> bool:
    """Return whether the weight that must be covered is, in all or in each group."""
    is_near = 1 - (TINY if setting.rules.capacity is None else FLOW_TINY)
    if setting.problem == "lscp" and len(setting.needed) == 0:
        weight = served(setting, is_open, values)
        return bool((weight >= setting.weight * is_near).all())
    needed = setting.needed if setting.problem == "lscp" else least_share
    if needed is None:
        return True
    if len(setting.group_total):
        return bool((by_group(setting, is_open, values) >= needed * is_near).all())
    return float(served(setting, is_open, values).sum()) >= float(needed.sum()) * is_near
