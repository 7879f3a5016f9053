"""How a plan fares if things turn out otherwise, and which sites stay chosen (稳健点位)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from geo.errors import SitingError
from geo.siting.instance import read_limit, read_times, read_weights
from geo.siting.plan import SitingPlan
from geo.text import Text, counted

ROBUST_SHARE = 0.8  # of the variants that have a plan
STEP_S = 300.0  # by which the limit is moved


@dataclass(frozen=True, eq=False)
class Variant:
    """One way that things may be; columns are the same sites in every variant."""

    key: str
    title: Text
    times: Any  # (n, m) seconds, an array or sparse as in `geo.siting`
    weights: NDArray[np.float64]  # (n,)
    limit_s: float
    existing: tuple[int, ...] = ()
    forbidden: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Robustness:
    """What stays and what changes over the variants. Read-only.

    sites     index `site` (column of the times), most often chosen first: n_chosen, share (of the
              variants with a plan), keys (tuple), variants_zh, variants_en (titles), in_base
              (bool), is_robust (bool)
    variants  index `key`, in the order given: title_zh, title_en, status, gap, value (of the
              variant's own plan), base_value (of the base plan's sites in this variant), regret
              (what the base plan loses against the variant's own, 0 or more where both are
              proven; NaN without a plan), change (base_value less the base plan's in the base),
              n_shared (new sites that both plans have). A value is the weight within the limit
              for "mclp" and "lscp", weight times seconds for "p_median" (inf where somebody with
              weight is not reached), the longest walk for "p_center".
    """

    plans: dict[str, SitingPlan]
    sites: pd.DataFrame
    variants: pd.DataFrame
    said: Text


def make_variants(
    times: Any,  # noqa: ANN401 - an array or any scipy sparse form
    weights: ArrayLike,
    *,
    limit_s: float,
    existing: Sequence[int] = (),
    elderly_times: Any = None,  # noqa: ANN401 - as `times`
    names: Sequence[str] = (),
) -> list[Variant]:
    """Return base, elderly speed, the limit less and more STEP_S, and each station closed.

    Parameters
    ----------
    times
        (n, m) seconds; sparse ones must reach as far as the longer limit.
    weights
        (n,) not negative.
    limit_s
        Seconds. A shorter limit that would be zero or less is left off.
    existing
        Columns of the stations that are open; a closed one is forbidden too.
    elderly_times
        The same pairs at elderly speed; without them that variant is left off.
    names
        (m,) names of the sites for the titles; column numbers without them.

    Raises
    ------
    SitingError
        Limit or weights are none.
    """
    limit = read_limit(limit_s)
    weight = read_weights(weights, np.shape(times)[0])
    open_now = tuple(sorted(int(site) for site in existing))
    base = Variant("base", Text("现行设定", "as set"), times, weight, limit, open_now)
    variants = [base]
    if elderly_times is not None:
        title = Text("老年人步速", "elderly speed")
        variants.append(replace(base, key="elderly", title=title, times=elderly_times))
    for key, moved in (("shorter", limit - STEP_S), ("longer", limit + STEP_S)):
        if moved > 0:
            title = Text(f"时限 {moved / 60:g} 分钟", f"limit {moved / 60:g} minutes")
            variants.append(replace(base, key=key, title=title, limit_s=moved))
    for site in open_now:
        name = names[site] if len(names) else str(site)
        left = tuple(other for other in open_now if other != site)
        title = Text(f"{name}关闭", f"{name} closed")
        variants.append(
            replace(base, key=f"closed:{site}", title=title, existing=left, forbidden=(site,))
        )
    return variants


def sensitivity(
    solve: Callable[[Variant], SitingPlan],
    variants: Sequence[Variant],
    *,
    robust_share: float = ROBUST_SHARE,
    on_progress: Callable[[int, int], None] | None = None,
) -> Robustness:
    """Solve every variant and see which sites stay, and what the base plan would lose.

    Parameters
    ----------
    solve
        The same question, asked of a variant's times, weights, limit and stations.
    variants
        The first is the base; keys differ.
    robust_share
        A site chosen in at least this share of the variants that have a plan is robust.
    on_progress
        Called with the variants solved of all.

    Raises
    ------
    SitingError
        There is no variant, a key stands twice, or shapes differ.
    """
    _require_fitting(variants)
    plans: dict[str, SitingPlan] = {}
    for variant in variants:
        plans[variant.key] = solve(variant)
        if on_progress is not None:
            on_progress(len(plans), len(variants))
    base = plans[variants[0].key]
    rows = [_variant_row(variant, plans[variant.key], base) for variant in variants]
    frame = pd.DataFrame(rows, index=pd.Index([v.key for v in variants], name="key"))
    frame["change"] = frame["base_value"] - frame["base_value"].iloc[0]
    sites = _site_rows(variants, plans, robust_share)
    n_solved = sum(_has_plan(plan) for plan in plans.values())
    return Robustness(plans, sites, frame, _said(sites, base, n_solved, len(variants)))


def value_of(variant: Variant, sites: Sequence[int], problem: str) -> float:
    """Return what open sites are worth in a variant, see `Robustness`."""
    times = read_times(variant.times)
    _, seconds = times.nearest(sorted(set(sites)))
    has_weight = variant.weights > 0
    if problem == "p_center":
        return float(seconds.max(initial=0.0))
    if problem == "p_median":
        return float(variant.weights[has_weight] @ seconds[has_weight])
    return float(variant.weights[seconds <= variant.limit_s].sum())


def _require_fitting(variants: Sequence[Variant]) -> None:
    keys = [variant.key for variant in variants]
    shapes = {tuple(np.shape(variant.times)) for variant in variants}
    if not variants or len(set(keys)) < len(keys) or len(shapes) > 1:
        raise SitingError(
            Text(
                "敏感性分析需要至少一种情形，名称各不相同，耗时矩阵同样大小；"
                f"收到 {len(keys)} 种情形、{len(set(keys))} 个名称、{len(shapes)} 种大小。",
                "A sensitivity analysis takes at least one variant, keys that differ and times of "
                f"one shape; there are {len(keys)} variants, {len(set(keys))} keys and "
                f"{len(shapes)} shapes.",
            )
        )


def _has_plan(plan: SitingPlan) -> bool:
    return plan.status != "infeasible"


def _variant_row(variant: Variant, plan: SitingPlan, base: SitingPlan) -> dict[str, object]:
    """Return one row of `Robustness.variants`, without `change`."""
    has_both = _has_plan(plan) and _has_plan(base)
    is_high = plan.problem in {"mclp", "lscp"}
    own = value_of(variant, plan.open_sites, plan.problem) if _has_plan(plan) else np.nan
    sites = {*base.sites, *variant.existing} - set(variant.forbidden)
    kept = value_of(variant, sorted(sites), base.problem) if _has_plan(base) else np.nan
    if not has_both:
        regret = np.nan
    elif own == kept:  # also where both are inf
        regret = 0.0
    else:
        regret = own - kept if is_high else kept - own
    return {
        "title_zh": variant.title.zh,
        "title_en": variant.title.en,
        "status": plan.status,
        "gap": plan.gap if _has_plan(plan) else np.nan,
        "value": own,
        "base_value": kept,
        "regret": regret,
        "n_shared": len({*plan.sites} & {*base.sites}) if has_both else 0,
    }


def _site_rows(
    variants: Sequence[Variant], plans: dict[str, SitingPlan], robust_share: float
) -> pd.DataFrame:
    """Return one row a site that any plan chooses, most often chosen first, then by column."""
    solved = [variant for variant in variants if _has_plan(plans[variant.key])]
    chosen: dict[int, list[Variant]] = {}
    for variant in solved:
        for site in plans[variant.key].sites:
            chosen.setdefault(int(site), []).append(variant)
    order = sorted(chosen, key=lambda site: (-len(chosen[site]), site))
    counts = np.array([len(chosen[site]) for site in order], np.int64)
    share = counts / max(len(solved), 1)
    base_sites = set(plans[variants[0].key].sites)
    return pd.DataFrame(
        {
            "n_chosen": counts,
            "share": share,
            "keys": [tuple(v.key for v in chosen[site]) for site in order],
            "variants_zh": ["、".join(v.title.zh for v in chosen[site]) for site in order],
            "variants_en": [", ".join(v.title.en for v in chosen[site]) for site in order],
            "in_base": [site in base_sites for site in order],
            "is_robust": share >= robust_share - 1e-9,
        },
        index=pd.Index(order, name="site", dtype=np.int64),
    )


def _said(sites: pd.DataFrame, base: SitingPlan, n_solved: int, n_variants: int) -> Text:
    """Say how many sites of the base plan are robust, and how many variants have no plan."""
    n_robust = int((sites["is_robust"] & sites["in_base"]).sum())
    n_gone = n_variants - n_solved
    gone = Text(
        f"；另有 {n_gone} 种情形无解" if n_gone else "",
        f"; {n_gone} more {'has' if n_gone == 1 else 'have'} no plan" if n_gone else "",
    )
    return Text(
        f"方案的 {len(base.sites)} 个新站中有 {n_robust} 个是稳健点位"
        f"（共 {n_solved} 种情形{gone.zh}）。",
        f"{n_robust} of the plan's {counted(len(base.sites), 'new site')} "
        f"{'is' if n_robust == 1 else 'are'} robust "
        f"(over {counted(n_solved, 'variant')}{gone.en}).",
    )
