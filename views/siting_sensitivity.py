"""How the plan fares if things turn out otherwise, and which sites stay chosen (稳健点位)."""

import math
from collections.abc import Callable

import pandas as pd
import streamlit as st

from geo.planning import Problem, has_way, mixed_weight, robustness
from geo.planning.people import said_weight
from geo.robust import Robustness
from geo.siting.plan import ShouldStop
from geo.text import Text
from layers.figures import share_text
from views.page import Page
from views.plain import as_markdown
from views.shared import Asked
from views.siting_job import Job
from views.siting_shared import case_of
from views.siting_state import SENSITIVITY, Answer

TINY = 1e-9  # of all weight: sums may differ by this
TICK = {True: "✓", False: ""}
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
    asked = Asked(*page.key, "elderly", int(case.minutes), case.at)
    elderly = case_of(asked, known.source)
    return robustness(case, known.question, elderly=elderly, should_stop=stops)


def _told(page: Page, known: Answer, robust: Robustness) -> None:
    case, problem = known.case, known.question.problem
    st.markdown(
        f"**{page.say('稳健点位', 'Robust sites')}** {as_markdown(robust.said.say(page.lang))}"
    )
    sites = robust.sites
    st.dataframe(
        pd.DataFrame(
            {
                page.say("点位", "Site"): case.sites["name"].reindex(sites.index),
                page.say("几种情形选它", "Chosen in"): [
                    f"{n} / {len(robust.variants)}" for n in sites["n_chosen"]
                ],
                page.say("在本方案里", "In this plan"): sites["in_base"].map(TICK),
                page.say("稳健", "Robust"): sites["is_robust"].map(TICK),
                page.say("哪些情形", "Where"): sites[f"variants_{page.lang}"],
            }
        ),
        hide_index=True,
        key="siting.robust.sites",
        height=180,
    )
    table = _fewest(page, known, robust) if problem == "lscp" else _values(page, known, robust)
    st.dataframe(table, hide_index=True, key="siting.robust.variants")


def _values(page: Page, known: Answer, robust: Robustness) -> pd.DataFrame:
    """Return what the best plan of each variant is worth, and what this plan is then."""
    variants, as_said = robust.variants, _figure_of(page, known, known.question.problem)
    return pd.DataFrame(
        {
            page.say("情形", "If"): variants[f"title_{page.lang}"],
            page.say("那时的最优", "Best then"): variants["value"].map(as_said),
            page.say("本方案能做到", "This plan"): variants["base_value"].map(as_said),
            page.say("少多少", "Loses"): variants["regret"].map(as_said),
            page.say("证明", "Proof"): [STATUS[s].say(page.lang) for s in variants["status"]],
        }
    )


def _fewest(page: Page, known: Answer, robust: Robustness) -> pd.DataFrame:
    """Return how many stations each variant needs, and which share this plan covers then."""
    total = float(mixed_weight(known.case, known.question.weights).sum()) or 1.0
    variants, plans = robust.variants, robust.plans
    share = variants["base_value"] / total
    is_enough = share >= known.question.share - TINY
    return pd.DataFrame(
        {
            page.say("情形", "If"): variants[f"title_{page.lang}"],
            page.say("那时最少建几个", "Fewest then"): [
                "—" if plans[key].status == "infeasible" else f"{len(plans[key].sites)}"
                for key in variants.index
            ],
            page.say("本方案覆盖", "This plan covers"): share.map(share_text),
            page.say("还够吗", "Still enough"): is_enough.map(TICK),
            page.say("证明", "Proof"): [STATUS[s].say(page.lang) for s in variants["status"]],
        }
    )


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
        return said_weight(value, known.question).say(page.lang)

    return say
