"""The question asked anew if things turn out otherwise: speed, limit, a station that closes."""

import numpy as np

from geo.planning.answer import answer_variant
from geo.planning.case import SitingCase, has_way, mixed_weight
from geo.planning.question import WALKING, Question
from geo.robust import Robustness, make_variants, sensitivity
from geo.siting.plan import ShouldStop


def robustness(
    case: SitingCase,
    question: Question,
    *,
    elderly: SitingCase | None = None,
    should_stop: ShouldStop | None = None,
) -> Robustness:
    """Answer the question anew at elderly speed, with other limits and without each station.

    `elderly` is the same case at elderly speed; one with other sites or points is passed over.
    """
    is_same = (
        elderly is not None
        and elderly.sites["name"].tolist() == case.sites["name"].tolist()
        and elderly.points.index.equals(case.points.index)
    )
    times, weight = case.times, mixed_weight(case, question.weights)
    slower = elderly.times if elderly is not None and is_same else None
    rows = np.ones(len(weight), bool)
    if question.problem in WALKING:  # else the walks of homes without a way would be compared
        rows = has_way(case) & (weight > 0)
        if slower is not None:
            rows &= np.diff(slower.indptr) > 0
    variants = make_variants(
        times[rows],
        weight[rows],
        limit_s=case.limit_s,
        existing=list(case.existing),
        elderly_times=None if slower is None else slower[rows],
        names=case.sites["name"].tolist(),
    )
    return sensitivity(
        lambda variant: answer_variant(case, question, variant, should_stop=should_stop), variants
    )
