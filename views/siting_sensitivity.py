"""How the plan fares if things turn out otherwise, and which sites stay chosen (稳健点位)."""

import math
from collections.abc import Callable

import pandas as pd
import streamlit as st

from geo.planning import Problem, has_way, mixed_weight, robustness
from geo.robust import Robustness
from geo.siting.plan import ShouldStop
from geo.text import Text
from views.page import Page
from views.plain import as_markdown
from views.siting_job import Job
from views.siting_shared import case_of
from views.siting_state import SENSITIVITY, Answer

STATUS = {
    "optimal": Text("已证明", "proven"),
    "feasible": Text("未证明", "not proven"),
    "infeasible": Text("无解", "none"),
}


def sensitivity(page: Page, known: Answer) -> None:
    """Draw what works it out, then the sites that stay and what the plan would lose."""
    is_its_own = st.session_state.get(f"{SENSITIVITY}.of") is known
    job: Job[Robustness] | None = st.session_state.get(SENSITIVITY) if is_its_own else None
    if job is None:
        ask = page.say("换个条件还选这里吗？", "Would they still be chosen?")
        if not st.button(ask, key="siting.robust"):
            return
        job = Job(lambda _, stops: _worked_out(page, known, stops)).start()
        st.session_state[SENSITIVITY] = job
        st.session_state[f"{SENSITIVITY}.of"] = known
        job.wait(0.5)
        st.rerun()
    if job.is_running:
        st.caption(page.say("换条件重算中…", "Asking anew under other conditions…"))
    elif job.error is not None:
        st.error(as_markdown(job.error.say(page.lang)))
    elif job.result is None:
        st.error(page.say("计算出错，原因已记入日志。", "It failed; the log says why."))
    else:
        _told(page, known, job.result)


def _worked_out(page: Page, known: Answer, stops: ShouldStop) -> Robustness:
    """Ask the question anew under each variant; at elderly speed on a case of its own."""
    case = known.case
    elderly = case_of(*page.key, "elderly", int(case.minutes), case.at, known.source)
    return robustness(case, known.question, elderly=elderly, should_stop=stops)


def _told(page: Page, known: Answer, robust: Robustness) -> None:
    case, problem = known.case, known.question.problem
    st.markdown(f"**{page.say('稳健点位', 'Robust sites')}** {as_markdown(_named(page, robust))}")
    sites = robust.sites
    st.dataframe(
        pd.DataFrame(
            {
                page.say("点位", "Site"): case.sites["name"].reindex(sites.index),
                page.say("几种情形选它", "Chosen in"): [
                    f"{n} / {len(robust.variants)}" for n in sites["n_chosen"]
                ],
                page.say("在本方案里", "In this plan"): sites["in_base"],
                page.say("稳健", "Robust"): sites["is_robust"],
                page.say("哪些情形", "Where"): sites[f"variants_{page.lang}"],
            }
        ),
        hide_index=True,
        key="siting.robust.sites",
        height=180,
    )
    variants = robust.variants
    as_said = _figure_of(page, known, problem)
    st.dataframe(
        pd.DataFrame(
            {
                page.say("情形", "If"): variants[f"title_{page.lang}"],
                page.say("那时的最优", "Best then"): variants["value"].map(as_said),
                page.say("本方案能做到", "This plan"): variants["base_value"].map(as_said),
                page.say("少多少", "Loses"): variants["regret"].map(as_said),
                page.say("证明", "Proof"): [STATUS[s].say(page.lang) for s in variants["status"]],
            }
        ),
        hide_index=True,
        key="siting.robust.variants",
    )


def _named(page: Page, robust: Robustness) -> str:
    return robust.said.say(page.lang)


def _figure_of(page: Page, known: Answer, problem: Problem) -> Callable[[float], str]:
    """Return what says a value of the problem: people, mean minutes, or the farthest walk."""
    weight = mixed_weight(known.case, known.question.weights)
    total = float(weight[has_way(known.case)].sum()) or 1.0

    def say(value: float) -> str:
        if not math.isfinite(value):
            return "—"
        if problem == "p_median":
            return page.say(f"{value / total / 60:.1f} 分钟", f"{value / total / 60:.1f} min")
        if problem == "p_center":
            return page.say(f"{value / 60:.1f} 分钟", f"{value / 60:.1f} min")
        return f"{value:,.0f}"

    return say
