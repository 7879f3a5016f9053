"""What a session keeps while a planner works: the draft, the answer, the work beside the page."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import streamlit as st

from geo.plan_curve import Curve
from geo.plan_story import plan_edits
from geo.planning import Question, SitingCase
from geo.siting import SitingPlan
from geo.text import Text
from geo.whatif import Edit
from views.page import Page
from views.siting_job import Job
from views.siting_shared import Candidates

DRAFT, DRAWN, ANSWER, OPENINGS, SENSITIVITY = (
    "siting.draft",
    "siting.drawn",
    "siting.answer",
    "siting.openings",
    "siting.sensitivity",
)
NOTE = "siting.note"


@dataclass
class Answer:
    """A question that was asked, on which case, and what came of it."""

    case: SitingCase
    question: Question
    source: Candidates
    choices: tuple[object, ...]  # of the page when it was asked
    solving: Job[SitingPlan]
    curving: Job[Curve] | None = None

    @property
    def plan(self) -> SitingPlan | None:
        """The plan, None before there is one."""
        return self.solving.result

    def is_drafted(self) -> bool:
        """Return whether the draft is this plan, as it was found."""
        return self.plan is not None and draft() == plan_edits(self.case, self.plan)


def draft() -> list[Edit]:
    """Return the changes being tried, in order, whichever way they came."""
    return list(st.session_state.get(DRAFT, []))


def keep_draft(edits: list[Edit]) -> None:
    """Put other changes in the place of the draft."""
    st.session_state[DRAFT] = list(edits)


def note(text: Text) -> None:
    """Say a sentence once, when the page is drawn next."""
    st.session_state[NOTE] = text


def noted() -> Text | None:
    """Return the sentence to say now, and forget it."""
    text: Text | None = st.session_state.pop(NOTE, None)
    return text


def drawn_places() -> list[tuple[float, float]]:
    """Return the places (lon, lat) that were pointed at as candidate sites."""
    return list(st.session_state.get(DRAWN, []))


def keep_drawn(places: list[tuple[float, float]]) -> None:
    """Put other places in their place."""
    st.session_state[DRAWN] = list(places)


def answer() -> Answer | None:
    """Return the last question with its answer, None where none was asked."""
    known: Answer | None = st.session_state.get(ANSWER)
    return known


def choices(page: Page) -> tuple[object, ...]:
    """Return what an answer holds for: with other choices of the page it is out of date."""
    state = page.state
    return (page.version, state.profile, state.minutes, state.at)


def running() -> Iterator[Job[Any]]:
    """Give the work beside the page that is not done yet."""
    known = answer()
    jobs: list[Job[Any] | None] = [] if known is None else [known.solving, known.curving]
    jobs += [st.session_state.get(OPENINGS), st.session_state.get(SENSITIVITY)]
    for job in jobs:
        if job is not None and job.is_running:
            yield job
