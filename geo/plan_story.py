"""What a siting plan means in words and figures: its stations in order, its proof, who is left."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.crs import WGS84
from geo.planning import Question, SitingCase, has_way, mixed_weight, nearest_open
from geo.planning.people import NOBODY, grids_of, people_at, said_people, said_weight, weight_title
from geo.siting import SitingPlan
from geo.siting.explain import BY_PROBLEM, left_out, ranked_steps
from geo.siting.explain import Step as RankedStep
from geo.siting.infeasible import said_share
from geo.study import WEIGHTS
from geo.text import Text, counted
from geo.whatif import ClosedStation, Edit, NewStation

Floats = NDArray[np.float64]
NOTHING = Text("", "")
LIFTED_SHOWN = 3


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
    closed = _closed(case, plan)
    return [*new, *(ClosedStation(int(case.sites.loc[i, "source_id"])) for i in closed)]


def _closed(case: SitingCase, plan: SitingPlan) -> list[int]:
    return [i for i in case.existing if i not in plan.open_sites]


@dataclass(frozen=True)
class Step:
    """One new station of a plan, in the order in which building them helps the question most."""

    rank: int
    site: int  # row of `SitingCase.sites`
    name: str
    adds: Mapping[str, float]  # people and homes newly within the limit, by weight
    out: Mapping[str, float]  # those who stay beyond it once the station is there
    saves_s: float  # less walking, weighted mean over all demand, seconds
    mean_s: tuple[float, float]  # weighted mean walk before and with it; inf: some have no way
    farthest_s: tuple[float, float]  # the farthest walk, likewise
    share: float  # of the weight that is within the limit once it is there
    share_twice: float  # of the weight that is within the limit of two stations
    lifted: tuple[str, ...]  # names of grids that reach the target with it
    sentence: Text = NOTHING


def plan_steps(
    case: SitingCase, plan: SitingPlan, question: Question, *, target: float
) -> list[Step]:
    """Rank the new stations of a plan: each next one is the one that helps the question most.

    That is most weight within the limit, the shortest mean walk, or the shortest farthest walk.
    `target` is the share of a grid's weight that must be within the limit.
    """
    if plan.status == "infeasible":
        return []
    weight = mixed_weight(case, question.weights)
    kept = [i for i in plan.open_sites if i < case.n_existing]
    before, _ = nearest_open(case, kept)
    count = sum((nearest_open(case, [i])[0] <= case.limit_s for i in kept), np.zeros(len(weight)))
    steps = []
    for ranked in ranked_steps(
        case.times,
        weight,
        plan.sites,
        limit_s=case.limit_s,
        existing=kept,
        by=BY_PROBLEM[question.problem],
    ):
        own, _ = nearest_open(case, [ranked.site])
        count = count + (own <= case.limit_s)
        after = np.minimum(before, own)
        step = _step(case, weight, (before, after), ranked, target)
        step = replace(step, share_twice=_share(weight, count >= 2))
        steps.append(replace(step, sentence=_step_sentence(question, step)))
        before = after
    return steps


def _step(
    case: SitingCase,
    weight: Floats,
    walks: tuple[Floats, Floats],
    ranked: RankedStep,
    target: float,
) -> Step:
    was_in, is_in = (seconds <= case.limit_s for seconds in walks)
    return Step(
        rank=ranked.rank,
        site=ranked.site,
        name=str(case.sites.loc[ranked.site, "name"]),
        adds=_sums(case, is_in & ~was_in),
        out=_sums(case, ~is_in),
        saves_s=ranked.mean_saved_s,
        mean_s=ranked.mean_s,
        farthest_s=ranked.farthest_s,
        share=_share(weight, is_in),
        share_twice=np.nan,
        lifted=_lifted(case, weight, walks, target),
    )


def _share(weight: Floats, rows: NDArray[np.bool_]) -> float:
    total = float(weight.sum())
    return float(weight[rows].sum()) / total if total else np.nan


def _sums(case: SitingCase, rows: NDArray[np.bool_]) -> dict[str, float]:
    points = case.points.loc[rows]
    return {name: float(np.nansum(points[name])) for name in WEIGHTS if name in points}


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


# --- sentences -----------------------------------------------------------------------------------


def _step_sentence(question: Question, step: Step) -> Text:
    """Say what one new station does, in a sentence that can be read out."""
    who = said_people(step.adds.get("members", 0.0), step.adds.get("households", 0.0))
    gains = Text(f"新增 {who.zh}走得到", f"{who.en} newly within reach")
    if who == NOBODY:
        gains = Text("没有新增走得到的人", "nobody new within reach")
    at = Text(f"第 {step.rank} 个建在{step.name}：", f"No. {step.rank} at {step.name}: ")
    lifts = _lifts_said(step)
    if question.problem in {"mclp", "lscp"}:
        twice = NOTHING
        if question.has_backup:
            twice = Text(f"，双重覆盖 {step.share_twice:.0%}", f", {step.share_twice:.0%} twice")
        return Text(
            f"{at.zh}{gains.zh}{lifts.zh}，累计覆盖 {step.share:.0%}{twice.zh}。",
            f"{at.en}{gains.en}{lifts.en}; {step.share:.0%} in all{twice.en}.",
        )
    if question.problem == "p_median":
        walk = _walk_said(Text("平均步行", "the mean walk"), step.mean_s)
    else:
        walk = _walk_said(Text("最远的人步行", "the farthest walk"), step.farthest_s)
    return Text(
        f"{at.zh}{walk.zh}，{gains.zh}{lifts.zh}。", f"{at.en}{walk.en}; {gains.en}{lifts.en}."
    )


def _lifts_said(step: Step) -> Text:
    lifted = step.lifted
    if not lifted:
        return NOTHING
    first, more = lifted[:LIFTED_SHOWN], len(lifted) > LIFTED_SHOWN
    return Text(
        f"，{len(lifted)} 个网格达标（{'、'.join(first)}{'等' if more else ''}）",
        f"; {counted(len(lifted), 'grid')} {'reaches' if len(lifted) == 1 else 'reach'} the target "
        f"({', '.join(first)}{'…' if more else ''})",
    )


def _walk_said(what: Text, walk_s: tuple[float, float]) -> Text:
    """Say how a walk changes; where somebody has no way yet there is no number."""
    before, after = (f"{seconds / 60:.1f}" for seconds in walk_s)
    if not np.isfinite(walk_s[1]):
        return Text("仍有人没有路走到任何驿站", "some still have no way to any station")
    if not np.isfinite(walk_s[0]):
        return Text(
            f"从有人走不到任何驿站，到{what.zh} {after} 分钟",
            f"{what.en} is {after} min, where some had no way before",
        )
    if before == after:
        return Text(f"{what.zh}仍是 {after} 分钟", f"{what.en} stays at {after} min")
    return Text(
        f"{what.zh}由 {before} 分钟缩短到 {after} 分钟",
        f"{what.en} goes from {before} to {after} min",
    )


def plan_headline(case: SitingCase, plan: SitingPlan, question: Question) -> Text:
    """Say what a plan achieves and how sure that is."""
    if plan.status == "infeasible":
        return plan.reasons[0] if plan.reasons else Text("没有可行的方案。", "No plan is possible.")
    is_proven = plan.status == "optimal"
    what, sure = _achieved(case, plan, question), proof_said(plan.gap, is_proven=is_proven)
    n = len(plan.sites)
    stations = counted(n, "new station")
    fewest = "最少" if question.problem == "lscp" and is_proven else ""
    return Text(f"{fewest}再建 {n} 个{what.zh}（{sure.zh}）。", f"{stations}{what.en} ({sure.en}).")


def _achieved(case: SitingCase, plan: SitingPlan, question: Question) -> Text:
    """Say what the stations of a plan do, after their number."""
    weight = mixed_weight(case, question.weights)
    minutes = plan.objective / 60
    if question.problem == "mclp":
        who = weight_title(question)
        part = _part(plan.objective, weight.sum())
        if question.capacity is not None:
            most = said_weight(question.capacity, question)
            return Text(
                f"，每站最多 {most.zh}，服务 {part} 的{who.zh}",
                f": {part} of {who.en} served, at most {most.en} a station",
            )
        twice = Text("双重", " twice") if question.has_backup else NOTHING
        return Text(
            f"，{twice.zh}覆盖 {part} 的{who.zh}", f": {part} of {who.en} covered{twice.en}"
        )
    if question.problem == "p_median":
        mean = f"{minutes / max(weight[has_way(case)].sum(), 1e-9):.1f}"
        return Text(f"，平均步行 {mean} 分钟", f": a mean walk of {mean} min")
    if question.problem == "p_center":
        return Text(f"，最远的人走 {minutes:.1f} 分钟", f": the farthest walk is {minutes:.1f} min")
    return _asked_share(question, is_fewest=plan.status == "optimal")


def _asked_share(question: Question, *, is_fewest: bool) -> Text:
    """Say what a plan of as few stations as need be covers at the least."""
    who, share = weight_title(question), said_share(question.share)
    twice = Text("双重", " twice") if question.has_backup else NOTHING
    each = Text("每个网格", "in each grid ") if question.is_fair else NOTHING
    few = ", the fewest that cover" if is_fewest else ", which cover"
    return Text(
        f"，{each.zh}{twice.zh}覆盖 {share} 的{who.zh}",
        f"{few} {each.en}{share} of {who.en}{twice.en}",
    )


def closed_said(case: SitingCase, plan: SitingPlan) -> Text:
    """Say which stations a plan closes; nothing where it closes none."""
    names = case.sites["name"].iloc[_closed(case, plan)].astype(str).tolist()
    if not names or plan.status == "infeasible":
        return NOTHING
    return Text(
        f"关闭现有驿站：{'、'.join(names)}；下面的第 1 个从关闭之后算起。",
        f"Closes {', '.join(names)}; No. 1 below counts from there.",
    )


def left_said(case: SitingCase, plan: SitingPlan, question: Question) -> Text:
    """Say who stays beyond the limit with the whole plan, where, and whom no site would reach."""
    if plan.status == "infeasible":
        return NOTHING
    seconds, _ = nearest_open(case, plan.open_sites)
    out = seconds > case.limit_s
    who, lost = people_at(case, out), len(case.lost)
    unjoined = NOTHING
    if lost:
        unjoined = Text(
            f"{lost} 个备选点位接不上路网，没有参加。",
            f" {counted(lost, 'candidate')} {'joins' if lost == 1 else 'join'} no way and "
            f"{'does' if lost == 1 else 'do'} not count.",
        )
    if who == NOBODY:
        return Text(
            f"全部建成后所有人都走得到。{unjoined.zh}",
            f"With all of them everybody is within reach.{unjoined.en}",
        )
    weight = mixed_weight(case, question.weights)
    where, never = grids_of(case, out, weight), _never_said(case, plan, weight)
    mostly = Text(f"，主要在{where.zh}", f", mostly in {where.en}") if where.zh else NOTHING
    return Text(
        f"全部建成后仍有 {who.zh}走不到{mostly.zh}{never.zh}。{unjoined.zh}",
        f"With all of them {who.en} stay out of reach{mostly.en}{never.en}.{unjoined.en}",
    )


def _never_said(case: SitingCase, plan: SitingPlan, weight: Floats) -> Text:
    """Say how many of those who stay out no site at all would reach."""
    rows = np.zeros(len(weight), bool)
    never = left_out(case.times, weight, plan.open_sites, limit_s=case.limit_s).out_of_all
    rows[list(never)] = True
    who = people_at(case, rows)
    if who == NOBODY:
        return NOTHING
    return Text(
        f"；其中 {who.zh}任何备选点位都走不到",
        f"; no candidate is within reach of {who.en} of them",
    )


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
