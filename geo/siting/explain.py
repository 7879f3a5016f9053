"""The reasons for a plan in words: what each new site adds, in which order, and who stays out."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.errors import shown_ids
from geo.siting.infeasible import said_seconds, said_share
from geo.siting.instance import Times, read_columns, read_limit, read_times, read_weights
from geo.siting.plan import SitingPlan
from geo.text import Text

Floats = NDArray[np.float64]
PEOPLE = Text("人", "people")


class Step(NamedTuple):
    """One new site, in the order in which building them adds most."""

    rank: int  # from 1
    site: int  # column of times
    adds: float  # weight newly within the limit, given the existing sites and the ones before
    total: float  # weight within the limit once it is there
    mean_saved_s: float  # less walking, weighted mean over demand that had a way before


class LeftOut(NamedTuple):
    """Demand of some weight that the plan does not cover."""

    rows: tuple[int, ...]  # heaviest first, ties by number
    weight: float
    out_of_all: tuple[int, ...]  # those of them that no site in the matrix reaches in time


def ranked_steps(
    times: object,
    weights: ArrayLike | None,
    sites: Sequence[int],
    *,
    limit_s: float,
    existing: Sequence[int] = (),
) -> list[Step]:
    """Order the new sites of a plan: each next one adds most weight within the limit.

    Ties go to the site that saves most walking, then to the lowest number.
    """
    read = read_times(times)
    weight = read_weights(weights, read.n)
    limit = read_limit(limit_s)
    left = read_columns(sites, read.m, "sites").tolist()
    _, best_s = read.nearest(read_columns(existing, read.m, "existing").tolist())
    alone = {site: read.nearest([site])[1] for site in left}
    total = float(weight[best_s <= limit].sum())
    steps: list[Step] = []
    while left:
        scored = []
        for site in left:
            with_it = np.minimum(best_s, alone[site])
            gain = float(weight[(with_it <= limit) & (best_s > limit)].sum())
            scored.append((-gain, -_mean_saved(weight, best_s, with_it), site))
        gain, saved, site = min(scored)
        best_s = np.minimum(best_s, alone[site])
        total -= gain
        steps.append(Step(len(steps) + 1, site, -gain, total, -saved))
        left.remove(site)
    return steps


def left_out(
    times: object, weights: ArrayLike | None, open_sites: Sequence[int], *, limit_s: float
) -> LeftOut:
    """Return the demand that open sites leave beyond the limit, heaviest first."""
    read = read_times(times)
    weight = read_weights(weights, read.n)
    limit = read_limit(limit_s)
    _, seconds = read.nearest(read_columns(open_sites, read.m, "open_sites").tolist())
    _, best_s = read.nearest(range(read.m))
    rows = np.flatnonzero((seconds > limit) & (weight > 0))
    rows = rows[np.lexsort((rows, -weight[rows]))]
    never = rows[best_s[rows] > limit]
    return LeftOut(tuple(rows.tolist()), float(weight[rows].sum()), tuple(never.tolist()))


def plan_reasons(
    times: object,
    weights: ArrayLike | None,
    plan: SitingPlan,
    *,
    limit_s: float,
    existing: Sequence[int] = (),
    site_names: Sequence[str] | None = None,
    demand_names: Sequence[str] | None = None,
    unit: Text = PEOPLE,
) -> tuple[Text, ...]:
    """Say a plan in sentences: today and with it, each new site in its order, who stays out.

    `site_names` (m,) and `demand_names` (n,) stand for the numbers; `unit` says what the weights
    count. A plan that does not exist keeps its own reasons.
    """
    if plan.status == "infeasible":
        return plan.reasons
    read = read_times(times)
    weight = read_weights(weights, read.n)
    steps = ranked_steps(times, weight, plan.sites, limit_s=limit_s, existing=existing)
    said = [_compared(read, weight, plan, existing, limit_s, unit)]
    said += [_step_sentence(step, site_names, unit, weight) for step in steps]
    closed = [site for site in existing if site not in plan.open_sites]
    if closed:
        names = shown_ids([_named(site, site_names) for site in closed])
        said.append(Text(f"关闭现有点位：{names}。", f"Existing sites that close: {names}."))
    said.append(
        _left_sentence(
            left_out(times, weight, plan.open_sites, limit_s=limit_s), demand_names, unit
        )
    )
    return (*said, proof_sentence(plan), *plan.reasons)


def proof_sentence(plan: SitingPlan) -> Text:
    """Say how sure a plan is."""
    if plan.status == "optimal":
        return Text("已证明：没有比这更好的方案。", "Proven: no plan is better by this measure.")
    gap = f"{np.ceil(plan.gap * 1000) / 10:g}%" if np.isfinite(plan.gap) else "?"
    return Text(
        f"尚未证明最优：目标值 {plan.objective:g}，界 {plan.bound:g}，最好的方案至多再好 {gap}。",
        f"Not proven best: objective {plan.objective:g}, bound {plan.bound:g}; "
        f"the best plan is at most {gap} better.",
    )


def _compared(
    times: Times,
    weight: Floats,
    plan: SitingPlan,
    existing: Sequence[int],
    limit_s: float,
    unit: Text,
) -> Text:
    total = float(weight.sum()) or 1.0
    before = float(weight[times.nearest(list(existing))[1] <= limit_s].sum())
    after = float(weight[times.nearest(list(plan.open_sites))[1] <= limit_s].sum())
    limit = said_seconds(limit_s)
    return Text(
        f"{limit.zh}内，现有点位覆盖 {before:,.10g} {unit.zh}（{said_share(before / total)}），"
        f"新建 {len(plan.sites)} 个后覆盖 {after:,.10g} {unit.zh}（{said_share(after / total)}）。",
        f"Within {limit.en} the existing sites cover {before:,.10g} {unit.en} "
        f"({said_share(before / total)}); with {len(plan.sites)} new ones it is {after:,.10g} "
        f"({said_share(after / total)}).",
    )


def _step_sentence(step: Step, names: Sequence[str] | None, unit: Text, weight: Floats) -> Text:
    name = _named(step.site, names)
    share = said_share(step.total / (float(weight.sum()) or 1.0))
    saved = said_seconds(step.mean_saved_s)
    if step.adds > 0:
        return Text(
            f"第 {step.rank} 个新站 {name}：新覆盖 {step.adds:,.10g} {unit.zh}，累计 {share}。",
            f"New site {step.rank}, {name}: {step.adds:,.10g} more {unit.en}, {share} in all.",
        )
    return Text(
        f"第 {step.rank} 个新站 {name}：不增加覆盖，平均少走 {saved.zh}。",
        f"New site {step.rank}, {name}: covers nobody new; saves {saved.en} of walking on average.",
    )


def _left_sentence(left: LeftOut, names: Sequence[str] | None, unit: Text) -> Text:
    if not left.rows:
        return Text("所有人都在时限内。", "Everybody is within the limit.")
    shown = shown_ids([_named(row, names) for row in left.rows])
    never = len(left.out_of_all)
    more = Text("", "")
    if never:
        more = Text(
            f"其中 {never} 处任何备选点位都到不了。", f" No candidate reaches {never} of them."
        )
    return Text(
        f"仍在时限外：{len(left.rows)} 处共 {left.weight:,.10g} {unit.zh}（{shown}）。{more.zh}",
        f"Still beyond the limit: {len(left.rows)} places with {left.weight:,.10g} {unit.en} "
        f"({shown}).{more.en}",
    )


def _mean_saved(weight: Floats, before_s: Floats, after_s: Floats) -> float:
    counts = np.isfinite(before_s) & (weight > 0)
    if not counts.any():
        return 0.0
    return float(weight[counts] @ (before_s[counts] - after_s[counts]) / weight[counts].sum())


def _named(number: int, names: Sequence[str] | None) -> str:
    return str(number) if names is None else str(names[number])
