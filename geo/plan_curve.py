"""Coverage against the number of new stations: the best plans, the knee, a staged build-out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geo.planning import Question, SitingCase, mixed_weight, nearest_open
from geo.planning.people import said_weight
from geo.siting import SitingPlan, coverage_curve
from geo.siting.curve import GreedyOrder, greedy_order
from geo.siting.plan import ShouldStop
from geo.text import Text

TIME_LIMIT_S = 60.0  # for the whole curve; what it leaves unproven is told so


@dataclass(frozen=True, eq=False)
class Curve:
    """What each number of new stations covers at best, and in a staged build-out. Read-only.

    points  index `n` (new stations, from 0 = today): best (weight within the limit), is_proven,
            staged (the same where each next station is the one that adds most), regret (what
            staging covers less, 0 or more), site (name of the station that staging adds)
    total   all weight
    knee    the number after which one more adds little; None where there is no such number
    """

    points: pd.DataFrame
    total: float
    knee: int | None


def curve(
    case: SitingCase,
    question: Question,
    *,
    p_max: int,
    should_stop: ShouldStop | None = None,
) -> Curve:
    """Return the curve of a question's weight within the limit, each number proven on its own.

    The conditions of the question do not bind here. The knee is the farthest point above the
    chord (Satopaa et al. 2011).
    """
    weight = mixed_weight(case, question.weights)
    existing, limit_s = list(case.existing), case.limit_s
    p_max = min(p_max, len(case.sites) - case.n_existing)
    plans = coverage_curve(
        case.times,
        weight,
        p_max=p_max,
        limit_s=limit_s,
        existing=existing,
        time_limit_s=TIME_LIMIT_S,
        should_stop=should_stop,
    )
    order = greedy_order(case.times, weight, p_max=p_max, limit_s=limit_s, existing=existing)
    seconds, _ = nearest_open(case, existing)
    today = float(weight[seconds <= limit_s].sum())
    points = _points(case, plans, order, today)
    return Curve(points, float(weight.sum()), knee_of(points["best"].tolist()))


def _points(
    case: SitingCase, plans: Sequence[SitingPlan], order: GreedyOrder, today: float
) -> pd.DataFrame:
    best = np.array([today, *(plan.objective for plan in plans)])
    staged = np.array([today, *order.covered[: len(plans)]])
    return pd.DataFrame(
        {
            "best": best,
            "is_proven": [True, *(plan.status == "optimal" for plan in plans)],
            "staged": staged,
            "regret": np.maximum(best - staged, 0.0),  # a plan stopped early may be behind
            "site": ["", *case.sites["name"].reindex(list(order.sites[: len(plans)]))],
        },
        index=pd.RangeIndex(len(best), name="n"),
    )


def staging_said(found: Curve, question: Question) -> Text:
    """Judge a build-out one by one against the optimum of each number, in a sentence."""
    regret = found.points["regret"]
    if len(regret) <= 1:
        return Text("", "")
    worst = int(regret.to_numpy().argmax())
    if regret[worst] <= 1e-9 * max(found.total, 1.0):
        return Text(
            "按顺序逐个建（每次选当下新增最多的），每一步都和最优一样好。",
            "Built one by one, each time the one that adds most, every step is as good as the "
            "optimum.",
        )
    first = int(np.argmax(regret.to_numpy() > 1e-9 * max(found.total, 1.0)))
    less = said_weight(regret[worst], question)
    until = Text("", "")
    if first > 1:
        until = Text(
            f"前 {first - 1} 个和最优一样好，",
            f"the first {first - 1} {'is' if first == 2 else 'are'} as good as the optimum; ",
        )
    return Text(
        f"按顺序逐个建（每次选当下新增最多的）：{until.zh}到第 {worst} 个比最优少覆盖 {less.zh}，"
        "是差得最多的一步。",
        f"Built one by one, each time the one that adds most: {until.en}with {worst} it covers "
        f"{less.en} less than the optimum, the most of any step.",
    )


def knee_said(found: Curve) -> Text:
    """Name the knee, and how many of the points are proven."""
    points, knee = found.points.iloc[1:], found.knee
    n_proven = int(points["is_proven"].sum())
    proven = Text(
        f"{n_proven} / {len(points)} 个点已证明最优。",
        f"{n_proven} of {len(points)} points proven.",
    )
    if knee is None:
        return proven
    return Text(
        f"拐点在第 {knee} 个：之后每多一个增加得很少。{proven.zh}",
        f"The knee is at {knee}: after it each one more adds little. {proven.en}",
    )


def best_alone(case: SitingCase, question: Question) -> tuple[str, float]:
    """Return the candidate that alone would bring most weight within the limit, and how much."""
    weight = mixed_weight(case, question.weights)
    order = greedy_order(
        case.times, weight, p_max=1, limit_s=case.limit_s, existing=list(case.existing)
    )
    return str(case.sites.loc[order.sites[0], "name"]), order.gains[0]


def knee_of(values: Sequence[float]) -> int | None:
    """Return the position of the knee of a rising curve, None where it has none."""
    heights = np.asarray(values, float)
    if len(heights) < 3 or heights[-1] <= heights[0]:
        return None
    along = np.arange(len(heights)) / (len(heights) - 1)
    above = (heights - heights[0]) / (heights[-1] - heights[0]) - along
    best = int(np.argmax(above))
    return best if above[best] > 0.05 else None
