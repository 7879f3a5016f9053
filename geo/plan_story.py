"""What a siting plan means in words and figures: its stations in order, its proof, its curve."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.crs import WGS84
from geo.planning import Question, SitingCase, mixed_weight, nearest_open
from geo.siting import SitingPlan, coverage_curve
from geo.siting.explain import Step as RankedStep
from geo.siting.explain import ranked_steps
from geo.siting.plan import ShouldStop
from geo.study import WEIGHTS
from geo.text import Text
from geo.whatif import ClosedStation, Edit, NewStation

Floats = NDArray[np.float64]
NOTHING = Text("", "")


def plan_edits(case: SitingCase, plan: SitingPlan) -> list[Edit]:
    """Return the plan as changes of the study: stations that are new, and those that close."""
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
    shown = "、".join(lifted[:3]) + ("等" if len(lifted) > 3 else "")
    lifts = NOTHING
    if lifted:
        lifts = Text(
            f"，{shown} {len(lifted)} 个网格达标",
            f"; {len(lifted)} grids reach the target ({', '.join(lifted[:3])})",
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
    total = mixed_weight(case, question.weights).sum()
    n = len(plan.sites)
    value = {
        "mclp": Text(
            f"再建 {n} 个，覆盖 {_part(plan.objective, total)}",
            f"{n} new stations cover {_part(plan.objective, total)}",
        ),
        "lscp": Text(f"最少再建 {n} 个", f"{n} new stations are the fewest"),
        "p_median": Text(
            f"再建 {n} 个，平均步行 {plan.objective / 60 / max(total, 1e-9):.1f} 分钟",
            f"{n} new stations: a mean walk of {plan.objective / 60 / max(total, 1e-9):.1f} min",
        ),
        "p_center": Text(
            f"再建 {n} 个，最远的人走 {plan.objective / 60:.1f} 分钟",
            f"{n} new stations: the farthest walk is {plan.objective / 60:.1f} min",
        ),
    }[question.problem]
    if plan.status == "infeasible":
        return plan.reasons[0] if plan.reasons else Text("没有可行的方案。", "No plan is possible.")
    if plan.status == "optimal":
        sure = Text("已证明最优", "proven optimal")
    else:
        sure = Text(f"离最优最多差 {plan.gap:.1%}", f"at most {plan.gap:.1%} from the optimum")
    return Text(f"{value.zh}（{sure.zh}）。", f"{value.en} ({sure.en}).")


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
