"""From times and weights to the arrays of a problem with side constraints."""

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from geo.siting.constrained_model import Setting
from geo.siting.constraints import SideRules
from geo.siting.covering import covering_sets, merge_demand, whole_weights
from geo.siting.instance import Choice, Times

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def cover_setting(
    problem: str,
    times: Times,
    weight: Floats,
    choice: Choice,
    rules: SideRules,
    p: int | None,
    limit_s: float,
    share: float,
) -> Setting:
    """Merge demand by covering set and grid; existing sites are columns like the others."""
    sites = np.union1d(choice.existing, choice.candidates)
    none = np.zeros(0, np.int64)
    merged = merge_demand(covering_sets(times, limit_s), weight, Choice(none, none, sites))
    whole, scale = whole_weights(weight)
    is_all = problem == "lscp" and share == 1  # then grids make no difference
    groups, group_total, group_of = _demand_groups(None if is_all else rules.demand_group, whole)
    counts = (merged.of_demand >= 0) & (whole > 0)
    key = merged.of_demand[counts].astype(np.int64) * (len(groups) + 1) + group_of[counts] + 1
    keys, position = np.unique(key, return_inverse=True)
    of_row = keys // (len(groups) + 1)
    size = np.diff(merged.start)[of_row]
    start = np.concatenate(([0], np.cumsum(size)))
    at = np.arange(start[-1]) + np.repeat(merged.start[:-1][of_row] - start[:-1], size)
    needed = np.zeros(0)
    if problem == "lscp" and (share < 1 or merged.lost_weight > 0):
        totals = group_total if len(groups) else np.array([whole.sum()])
        part = Fraction(str(share))
        needed = np.array([float(math.ceil(part * int(total))) for total in totals])
        needed -= (
            0.0 if scale == 1 or share == 1 else times.n
        )  # what rounding to whole numbers may have cost
    capacity = rules.capacity
    is_whole = scale == 1 and (capacity is None or bool((capacity == np.rint(capacity)).all()))
    setting = Setting(
        problem=problem,
        sites=sites,
        is_existing=np.isin(sites, choice.existing),
        must=_must(sites, choice, rules),
        row=np.repeat(np.arange(len(keys)), size),
        site=merged.candidate[at].astype(np.int64),
        seconds=np.zeros(0),
        weight=np.bincount(position, whole[counts], len(keys)) / scale,
        group=keys % (len(groups) + 1) - 1,
        group_total=group_total / scale,
        needed=needed / scale,
        p=p,
        rules=rules,
        is_count=problem == "lscp" or is_whole,
    )
    return _in_order(setting)


def _in_order(setting: Setting) -> Setting:
    """Return the setting with its rows sorted by their sets: any order of demand, same answer."""
    start = np.searchsorted(setting.row, np.arange(len(setting.weight) + 1))
    parts = [setting.site[a:b] for a, b in zip(start[:-1], start[1:], strict=True)]  # noqa: RUF007
    sets = [(tuple(part.tolist()), g) for part, g in zip(parts, setting.group, strict=True)]
    order = sorted(range(len(sets)), key=sets.__getitem__)
    size = np.diff(start)[order]
    return replace(
        setting,
        row=np.repeat(np.arange(len(order)), size),
        site=np.concatenate([np.zeros(0, np.int64), *(parts[k] for k in order)]),
        weight=setting.weight[order],
        group=setting.group[order],
    )


def median_setting(
    times: Times, weight: Floats, choice: Choice, rules: SideRules, p: int | None
) -> Setting:
    """Keep the pairs that may serve: no site farther than one that stays open in any case."""
    sites = np.union1d(choice.existing, choice.candidates)
    must = _must(sites, choice, rules)
    rows = np.flatnonzero(weight > 0)
    near = _dense_rows(times, rows)[:, sites]
    worth = np.isfinite(near)
    if rules.capacity is None and must.any():
        fixed = near[:, must].min(axis=1)
        first = np.flatnonzero(must)[near[:, must].argmin(axis=1)]
        worth &= near < fixed[:, None]
        stays = np.isfinite(fixed)
        worth[np.flatnonzero(stays), first[stays]] = True
    row, site = np.nonzero(worth)
    cost = weight[rows][row] * near[row, site]
    is_whole = bool((cost == np.rint(cost)).all()) and cost.sum() < 2.0**51
    return Setting(
        problem="p_median",
        sites=sites,
        is_existing=np.isin(sites, choice.existing),
        must=must,
        row=row.astype(np.int64),
        site=site.astype(np.int64),
        seconds=near[row, site],
        weight=weight[rows],
        group=np.full(len(rows), -1),
        group_total=np.zeros(0),
        needed=np.zeros(0),
        p=p,
        rules=rules,
        is_count=is_whole and rules.capacity is None,
    )


def _must(sites: Ints, choice: Choice, rules: SideRules) -> Flags:
    stays = np.isin(sites, choice.existing) & (rules.may_close == 0)
    return np.asarray(np.isin(sites, choice.mandatory) | stays)


def _demand_groups(of_row: Ints | None, whole: Floats) -> tuple[Ints, Floats, Ints]:
    """Return the grids of some weight, the weight of each, and the position of each row's."""
    if of_row is None:
        return np.zeros(0, np.int64), np.zeros(0), np.full(len(whole), -1)
    groups = np.unique(of_row[(of_row >= 0) & (whole > 0)])
    position = np.searchsorted(groups, of_row)
    position = np.minimum(position, max(len(groups) - 1, 0))
    is_in = np.isin(of_row, groups)
    of = np.where(is_in, position, -1)
    total = np.bincount(of[is_in], whole[is_in], len(groups)).astype(np.float64)
    return groups, total, of.astype(np.int64)


def _dense_rows(times: Times, rows: Ints) -> Floats:
    if times.dense is not None:
        return np.asarray(times.dense[rows], np.float64)
    out = np.full((times.n, times.m), np.inf)
    out[np.repeat(np.arange(times.n), np.diff(times.start)), times.site] = times.seconds
    return out[rows]
