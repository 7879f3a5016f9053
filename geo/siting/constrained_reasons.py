"""Which constraint makes a plan impossible, and the least change of it that would do."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from geo.siting.constrained_model import (
    Relaxed,
    Setting,
    conflicts,
    constrained_model,
    objective_scale,
    usable_groups,
)
from geo.siting.highs import MilpAnswer, Stop, solve_milp
from geo.siting.infeasible import out_of_reach, out_of_reach_reasons, said_seconds, said_share
from geo.siting.instance import Choice, Times
from geo.siting.reason import reason
from geo.text import Text, counted

Floats = NDArray[np.float64]
ALL = Relaxed(p=True, budget=True, groups=True, spacing_m=0.0)


def impossible_reasons(
    setting: Setting,
    times: Times,
    weights: Floats,
    choice: Choice,
    *,
    limit_s: float,
    share: float,
    stop: Stop,
) -> tuple[Text, ...]:
    """Say for a setting without any plan why, each rule with the least that would do.

    First what no relaxation helps (demand out of reach, mandatory sites too near), then each rule
    alone that makes a plan possible when it is relaxed, else that no single one does.
    """
    hard = [*_reach_reasons(setting, times, weights, choice, limit_s, share)]
    hard += _mandatory_reasons(setting)
    if hard and setting.problem != "mclp":
        return tuple(hard)
    single = [
        reason
        for reason in (
            _least_p(setting, stop),
            _least_budget(setting, stop),
            _greatest_spacing(setting, stop),
            _communities(setting, stop),
        )
        if reason is not None
    ]
    if hard or single:
        return (*hard, *single)
    return _together(setting, stop)


def _reach_reasons(
    setting: Setting,
    times: Times,
    weights: Floats,
    choice: Choice,
    limit_s: float,
    share: float,
) -> tuple[Text, ...]:
    """Say whom no site reaches (or, with backup, no second site)."""
    if setting.problem == "mclp":
        return ()
    if setting.rules.n_cover > 1:
        return _backup_reasons(setting, times, weights, limit_s, share)
    reach = out_of_reach(times, weights, choice, limit_s=limit_s, share=share)
    if setting.problem == "p_median":
        return _no_way_reasons(reach.no_way)
    if reach.least_limit_s <= limit_s:
        return ()
    return out_of_reach_reasons(reach, limit_s=limit_s, share=share)


def _no_way_reasons(rows: tuple[int, ...]) -> tuple[Text, ...]:
    if not rows:
        return ()
    return (
        reason(
            Text(
                "{demand}没有路通到任何点位；请在附近增加备选点位，或去掉这些需求点。",
                "No way leads from {demand} to any site. Add candidates near them, or leave them "
                "out.",
            ),
            rows=rows,
        ),
    )


def _backup_reasons(
    setting: Setting, times: Times, weights: Floats, limit_s: float, share: float
) -> tuple[Text, ...]:
    second_s = second_nearest(times, setting.sites)
    rows = np.flatnonzero((weights > 0) & (second_s > limit_s))
    reached = float(weights[second_s <= limit_s].sum()) / max(float(weights.sum()), 1e-300)
    if len(rows) == 0 or reached >= share:
        return ()
    counts = np.flatnonzero(weights > 0)
    order = counts[np.argsort(second_s[counts], kind="stable")]
    so_far = np.cumsum(weights[order])
    at = int(np.searchsorted(so_far, share * so_far[-1] * (1 - 1e-12)))
    least_s = float(second_s[order[min(at, len(order) - 1)]])
    limit, most = said_seconds(limit_s), said_share(reached)
    least = Text("放宽时限也不行", "no limit would do")
    if np.isfinite(least_s):
        enough = said_seconds(least_s)
        least = Text(f"时限至少要 {enough.zh}", f"the limit must be at least {enough.en}")
    return (
        reason(
            Text(
                f"{{demand}}在 {limit.zh}内走不到两个点位，最多 {most} 的{{weight}}能有后备覆盖；"
                f"备选点位太少：{least.zh}，或在那里增加备选点位。",
                f"No two sites are within {limit.en} of {{demand}}; at most {most} of {{weight}} "
                f"can have backup. The candidates are too few: {least.en}, or add candidates "
                "there.",
            ),
            rows=rows.tolist(),
        ),
    )


def second_nearest(times: Times, sites: NDArray[np.int64]) -> Floats:
    """Return the seconds (n,) to the second nearest of some sites, inf where there is none."""
    first, _ = times.nearest(sites.tolist())
    second = np.full(times.n, np.inf)
    for site in np.unique(first[first >= 0]).tolist():  # few sites
        mine = first == site
        _, seconds = times.nearest([other for other in sites.tolist() if other != site])
        second[mine] = seconds[mine]
    return second


def _mandatory_reasons(setting: Setting) -> list[Text]:
    pairs = conflicts(setting)
    both = [(a, b) for a, b in pairs.tolist() if setting.must[a] and setting.must[b]]
    if not both or setting.rules.distance_m is None:
        return []
    a, b = (int(setting.sites[k]) for k in both[0])
    apart, asked = setting.rules.distance_m[a, b], setting.rules.spacing_m
    who = Text("必建点位 {sites} ", "The mandatory sites {sites}")
    if setting.is_existing[list(both[0])].any():
        who = Text("必建点位与现有驿站（{sites}）", "A mandatory and an existing site ({sites})")
    return [
        reason(
            Text(
                f"{who.zh}相距 {apart:.0f} 米，小于最小间距 {asked:g} 米；"
                f"去掉其中一个，或把间距降到 {np.floor(apart):.0f} 米。",
                f"{who.en} are {apart:.0f} m apart, less than the spacing of "
                f"{asked:g} m. Drop one, or lower the spacing to {np.floor(apart):.0f} m.",
            ),
            sites=(a, b),
        )
    ]


def _tried(setting: Setting, objective: str, relaxed: Relaxed, stop: Stop) -> MilpAnswer:
    model = constrained_model(setting, objective=objective, relaxed=relaxed)
    return solve_milp(model, stop, is_count=objective == "sites")


def _least_p(setting: Setting, stop: Stop) -> Text | None:
    if setting.p is None:
        return None
    answer = _tried(setting, "sites", Relaxed(p=True), stop)
    if answer.values is None:
        return None
    least = round(answer.values[: len(setting.sites)].sum()) - setting.n_existing
    if least <= setting.p:
        return None
    exactly = answer.outcome == "optimal"
    return Text(
        f"{setting.p} 个新点位满足不了其他约束；"
        + (f"至少要 {least} 个。" if exactly else f"{least} 个可以。"),
        f"{counted(setting.p, 'new site')} cannot keep the other constraints; "
        + (f"at least {least} are needed." if exactly else f"{least} would do."),
    )


def _least_budget(setting: Setting, stop: Stop) -> Text | None:
    rules = setting.rules
    if rules.cost is None:
        return None
    answer = _tried(setting, "cost", Relaxed(budget=True), stop)
    if answer.values is None:
        return None
    is_new = (answer.values[: len(setting.sites)] > 0.5) & ~setting.is_existing
    least = float(rules.cost[setting.sites[is_new]].sum())
    if least <= rules.budget:
        return None
    exactly = answer.outcome == "optimal"
    shown = f"{np.ceil(round(least * 100, 6)) / 100:.12g}"
    return Text(
        f"预算 {rules.budget:g} 不够；" + (f"至少要 {shown}。" if exactly else f"{shown} 可以。"),
        f"The budget of {rules.budget:g} is too small; "
        + (f"at least {shown} is needed." if exactly else f"{shown} would do."),
    )


def _greatest_spacing(setting: Setting, stop: Stop) -> Text | None:
    """Bisect over the distances between sites for the largest spacing with a plan."""
    rules = setting.rules
    if rules.distance_m is None:
        return None
    among = rules.distance_m[np.ix_(setting.sites, setting.sites)]
    values = np.unique(among[among < rules.spacing_m])
    if _tried(setting, "none", Relaxed(spacing_m=0.0), stop).values is None:
        return None
    low, high = 0, len(values)  # a spacing of values[low - 1] has a plan, of values[high] has none
    while low < high:
        middle = (low + high) // 2
        answer = _tried(setting, "none", Relaxed(spacing_m=float(values[middle])), stop)
        if answer.values is None:
            high = middle
        else:
            low = middle + 1
    greatest = float(values[low - 1]) if low else 0.0
    shown = f"{np.floor(round(greatest * 10, 6)) / 10:.12g}"
    return Text(
        f"最小间距 {rules.spacing_m:g} 米太大；最多 {shown} 米。",
        f"The spacing of {rules.spacing_m:g} m is too large; at most {shown} m would do.",
    )


def _communities(setting: Setting, stop: Stop) -> Text | None:
    if setting.rules.site_group is None:
        return None
    answer = _tried(setting, "none", Relaxed(groups=True), stop)
    if answer.values is None:
        return None
    count = len(usable_groups(setting))
    return Text(
        f"{count} 个社区每个至少一个点位，与其他约束不能同时满足；去掉这一条就有方案。",
        f"At least one site in each community ({count} of them) cannot go with the other "
        "constraints; without this rule there is a plan.",
    )


def _together(setting: Setting, stop: Stop) -> tuple[Text, ...]:
    """Say what is left where no single rule is the cause."""
    freed = _tried(setting, "none", ALL, stop)
    if freed.values is None and setting.rules.capacity is not None:
        return (_capacity_reason(setting),)
    most = _most_covered(setting, stop)
    return (
        reason(
            Text(
                "没有哪一条约束单独放宽就有方案；几条要一起放宽（个数、预算、间距、社区）。"
                + most.zh,
                "No constraint alone is the cause: several must be relaxed together "
                "(number, budget, spacing, communities)." + most.en,
            )
        ),
    )


def _capacity_reason(setting: Setting) -> Text:
    capacity = setting.rules.capacity
    room = 0.0 if capacity is None else float(capacity[setting.sites].sum())
    total = float(setting.weight.sum())
    if room < total:
        return Text(
            f"全部点位的容量合计 {room:g}，小于需求 {total:g}；容量至少还差 {total - room:g}。",
            f"All sites together have a capacity of {room:g}, less than the demand of {total:g}; "
            f"{total - room:g} is missing at the least.",
        )
    return Text(
        "各处容量分布不合适：有的需求点能到的点位合起来容量不够；请增加那里的容量或备选点位。",
        "The capacity is in the wrong places: some demand reaches sites with too little capacity "
        "together. Add capacity or candidates there.",
    )


def _most_covered(setting: Setting, stop: Stop) -> Text:
    """Say for an LSCP which share the other rules let be covered."""
    total = float(setting.weight.sum())
    if setting.problem != "lscp" or total <= 0 or len(setting.group_total):
        return Text("", "")
    most = replace(setting, problem="mclp", needed=np.zeros(0), is_count=False)
    answer = _tried(most, "weight", Relaxed(), stop)
    if answer.values is None:
        return Text("", "")
    share = -answer.bound * objective_scale(most) / total
    return Text(
        f"现有约束下最多覆盖 {said_share(share)} 的{{weight}}。",
        f" Under these constraints at most {said_share(share)} of {{weight}} can be covered.",
    )
