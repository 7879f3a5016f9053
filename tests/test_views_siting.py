"""The siting page where a solve has an end that is no plan, and what its form asks."""

from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from data.demo import make_demo
from data.imports import store_frames
from data.store import open_database
from geo.errors import SitingError
from geo.planning import Question
from geo.text import Text
from views.siting_job import Job
from views.siting_state import ANSWER, Answer

LATE = Text("时间到了，还没有找到方案；请延长时间。", "Time ran out before a plan; allow more.")


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """Return the siting page of a small demo, not yet run."""
    made = make_demo(grids=6, members=40, stations=1)
    engine = open_database(tmp_path / "demo.db")
    store_frames(engine, {**made.frames, "network": made.network}, source="demo", is_demo=True)
    engine.dispose()
    st.cache_resource.clear()
    monkeypatch.setenv("REDGRID_DB", str(tmp_path / "demo.db"))
    return AppTest.from_string(
        "import os, streamlit as st\n"
        "from data.settings import Settings\n"
        "from views import siting\n"
        "st.session_state.setdefault('settings', Settings.from_env(os.environ))\n"
        "siting.render()\n",
        default_timeout=60,
    )


def late(*_: object) -> None:
    """Stand for a solve that finds nothing in its time."""
    raise SitingError(LATE)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_solve_out_of_time_without_a_plan_is_a_sentence_and_no_error(
    app: AppTest, lang: str
) -> None:
    job = Job(late).start()
    assert job.wait(10.0)
    app.query_params["lang"] = lang
    app.session_state[ANSWER] = Answer(None, Question(), ("table", 0, ()), (), job)
    app.run()
    assert [one.value.replace("\\", "") for one in app.warning] == [LATE.say(lang)]
    assert len(app.error) == 0
    assert not app.exception
    assert not app.button(key="siting.solve").disabled


def test_the_form_asks_which_candidates_must_and_must_not_be_built(app: AppTest) -> None:
    app.run()
    must = app.multiselect(key="siting.mandatory.table.0")
    assert len(must.options) > 2
    assert len(set(must.options)) == len(must.options)
    must.select(must.options[1])
    app.number_input(key="siting.p").set_value(1)
    app.run()
    app.button(key="siting.solve").click().run()
    known = app.session_state[ANSWER]
    assert known.solving.wait(30.0)
    (site,) = known.plan.sites
    assert known.case.sites.loc[site, "name"] == must.options[1]
    assert known.question.mandatory == (int(known.case.sites.loc[site, "source_id"]),)
