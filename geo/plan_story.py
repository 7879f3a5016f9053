"""What a siting plan means in words and figures: its stations in order, its proof, its curve."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.crs import WGS84
from geo.planning import Question, SitingCase, has_way, mixed_weight, nearest_open
from geo.siting import SitingPlan, coverage_curve
from geo.siting.explain import Step as RankedStep
from geo.siting.explain import ranked_steps
from geo.siting.plan import ShouldStop
from geo.study import WEIGHT_TITLES, WEIGHTS
from geo.text import Text
from geo.whatif import ClosedStation, Edit, NewStation

Floats = NDArray[np.float64]
NOTHING = Text("", "")
MIXTURE = Text("混合权重", "the mixed weight")


def plan_edits(case: SitingCase, plan: SitingPlan) -> list[Edit]:
    """Return the plan as changes of the study: stations that are new, and those that close.

    Where there is no plan nothing changes.
    """
    if plan.status == "infeasible":
        return []
    places = case.sites.geometry.to_crs(WGS84)
    new: list[Edit] = [
        NewStation(str(case.sites.loc[i, "name"]), places[i].x, places[i].y) for i in plan.sites
    ]
    closed = [i for i in case.existing if i not in plan.open_sites]
    return [*new, *(ClosedStation(int(case.sites.loc[i, "source_id"])) for i in closed)]


@dataclass(frozen=True)
class Step:
    """One new station of a plan, in the order in which building them adds most."""

    rank: int
    site: int  # row of `SitingCase.sites`
    name: str
    adds: Mapping[str, float]  # people and homes newly within the limit, by weight
    saves_s: float  # less walking, weighted mean over all demand, seconds
    share: float  # of the weight that is within the limit once it is there
    lifted: tuple[str, ...]  # names of grids that reach the target with it
    sentence: Text = NOTHING


def plan_steps(
    case: SitingCase, plan: SitingPlan, question: Question, *, target: float
) -> list[Step]:
    """Rank the new stations of a plan: each next one brings most weight within the limit.

    `target` is the share of a grid's weight that must be within the limit.
    """
    weight = mixed_weight(case, question.weights)
    kept = [i for i in plan.open_sites if i < case.n_existing]
    before, _ = nearest_open(case, kept)
    steps = []
    for ranked in ranked_steps(case.times, weight, plan.sites, limit_s=case.limit_s, existing=kept):
        own, _ = nearest_open(case, [ranked.site])
        after = np.minimum(before, own)
        steps.append(_step(case, question, weight, (before, after), ranked, target))
        before = after
    return steps


def _step(
    case: SitingCase,
    question: Question,
    weight: Floats,
    walks: tuple[Floats, Floats],
    ranked: RankedStep,
    target: float,
) -> Step:
    before, after = walks
    newly = (after <= case.limit_s) & (before > case.limit_s)
    adds = {
        name: float(np.nansum(case.points.loc[newly, name]))
        for name in WEIGHTS
        if name in case.points
    }
    total = weight.sum()
    step = Step(
        rank=ranked.rank,
        site=ranked.site,
        name=str(case.sites.loc[ranked.site, "name"]),
        adds=adds,
        saves_s=ranked.mean_saved_s,
        share=float(ranked.total / total) if total else np.nan,
        lifted=_lifted(case, weight, walks, target),
    )
    return replace(step, sentence=_step_sentence(question, step))


def _lifted(
    case: SitingCase, weight: Floats, walks: tuple[Floats, Floats], target: float
) -> tuple[str, ...]:
    """Return the names of grids whose covered share reaches the target by a step, by code."""
    grid = case.points["grid_id"].fillna(-1).astype(int)
    total = pd.Series(weight).groupby(grid.to_numpy()).sum()
    reached = [
        pd.Series(weight * (seconds <= case.limit_s)).groupby(grid.to_numpy()).sum()
        >= target * total
        for seconds in walks
    ]
    ids = total.index[(total > 0) & ~reached[0] & reached[1]]
    grids = case.ground.study.grids
    return tuple(grids.loc[grids.index.isin(ids)].sort_values("code")["name"])


def _step_sentence(question: Question, step: Step) -> Text:
    """Say what one new station does, in a sentence that can be read out."""
    members, households = step.adds.get("members", 0), step.adds.get("households", 0)
    who = Text(
        f"{members:,.0f} 名党员、{households:,.0f} 户",
        f"{members:,.0f} members and {households:,.0f} households",
    )
    lifted = step.lifted
    first, more = lifted[:3], len(lifted) > 3
    lifts = NOTHING
    if lifted:
        lifts = Text(
            f"，{len(lifted)} 个网格达标（{'、'.join(first)}{'等' if more else ''}）",
            f"; {len(lifted)} {'grid reaches' if len(lifted) == 1 else 'grids reach'} the target "
            f"({', '.join(first)}{'…' if more else ''})",
        )
    if question.problem in {"mclp", "lscp"}:
        return Text(
            f"第 {step.rank} 个建在{step.name}：新增 {who.zh}走得到{lifts.zh}，"
            f"累计覆盖 {step.share:.0%}。",
            f"No. {step.rank} at {step.name}: {who.en} newly within reach{lifts.en}; "
            f"{step.share:.0%} in all.",
        )
    saved = f"{step.saves_s / 60:.1f}"
    return Text(
        f"第 {step.rank} 个建在{step.name}：人均少走 {saved} 分钟，新增 {who.zh}走得到{lifts.zh}。",
        f"No. {step.rank} at {step.name}: {saved} minutes less walking on average; {who.en} newly "
        f"within reach{lifts.en}.",
    )


def plan_headline(case: SitingCase, plan: SitingPlan, question: Question) -> Text:
    """Say what a plan achieves and how sure that is."""
    if plan.status == "infeasible":
        return plan.reasons[0] if plan.reasons else Text("没有可行的方案。", "No plan is possible.")
    is_proven = plan.status == "optimal"
    what, sure = _achieved(case, plan, question), proof_said(plan.gap, is_proven=is_proven)
    n = len(plan.sites)
    stations = "1 new station" if n == 1 else f"{n} new stations"
    fewest = "最少" if question.problem == "lscp" and is_proven else ""
    return Text(f"{fewest}再建 {n} 个{what.zh}（{sure.zh}）。", f"{stations}{what.en} ({sure.en}).")


def _achieved(case: SitingCase, plan: SitingPlan, question: Question) -> Text:
    """Say what the stations of a plan do, after their number."""
    weight = mixed_weight(case, question.weights)
    minutes = plan.objective / 60
    if question.problem == "mclp":
        who = MIXTURE if len(question.weights) > 1 else WEIGHT_TITLES[question.weights[0][0]]
        part = _part(plan.objective, weight.sum())
        twice = Text("双重", " twice") if question.has_backup else NOTHING
        return Text(
            f"，{twice.zh}覆盖 {part} 的{who.zh}", f": {part} of {who.en} covered{twice.en}"
        )
    if question.problem == "p_median":
        mean = f"{minutes / max(weight[has_way(case)].sum(), 1e-9):.1f}"
        return Text(f"，平均步行 {mean} 分钟", f": a mean walk of {mean} min")
    if question.problem == "p_center":
        return Text(f"，最远的人走 {minutes:.1f} 分钟", f": the farthest walk is {minutes:.1f} min")
    if plan.status == "optimal":
        return Text("", ", the fewest that do")
    return NOTHING


def proof_said(gap: float, *, is_proven: bool) -> Text:
    """Say how sure a plan is; a gap (share of the objective) is rounded up, never told as none."""
    if is_proven:
        return Text("已证明最优", "proven optimal")
    if not np.isfinite(gap):
        return Text("尚未证明", "not proven")
    at_most = f"{np.ceil(round(gap * 1000, 9)) / 10:.1f}%"
    return Text(f"离最优最多差 {at_most}", f"at most {at_most} from the optimum")


def _part(value: float, total: float) -> str:
    return f"{value / total:.1%}" if total else "—"


def curve(
    case: SitingCase,
    question: Question,
    *,
    p_max: int,
    should_stop: ShouldStop | None = None,
) -> tuple[list[SitingPlan], int | None]:
    """Return the best plan for each number of new stations from 1, and the knee (a number) if any.

    Coverage of the question's weight within the limit, each proven; the other constraints do not
    bind here. The knee is where one more station begins to add little: the farthest point above
    the chord (Satopaa et al. 2011).
    """
    weight = mixed_weight(case, question.weights)
    p_max = min(p_max, len(case.sites) - case.n_existing)
    plans = coverage_curve(
        case.times,
        weight,
        p_max=p_max,
        limit_s=case.limit_s,
        existing=list(case.existing),
        should_stop=should_stop,
    )
    seconds, _ = nearest_open(case, list(case.existing))
    today = float(weight[seconds <= case.limit_s].sum())
    return plans, knee_of([today, *(plan.objective for plan in plans)])


def knee_of(values: Sequence[float]) -> int | None:
    """Return the position of the knee of a rising curve, None where it has none."""
    heights = np.asarray(values, float)
    if len(heights) < 3 or heights[-1] <= heights[0]:
        return None
    along = np.arange(len(heights)) / (len(heights) - 1)
    above = (heights - heights[0]) / (heights[-1] - heights[0]) - along
    best = int(np.argmax(above))
    return best if above[best] > 0.05 else None
