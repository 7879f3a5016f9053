"""The address bar: a link opens the same view, and a bad value falls back with a sentence."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.profiles import PROFILES
from views.plain import as_html, as_markdown
from views.state import FIGURES, MINUTES, TARGETS, WEIGHTS, PageState, read_state, write_state

states = st.builds(
    PageState,
    minutes=st.sampled_from(MINUTES),
    profile=st.sampled_from(tuple(PROFILES)),
    weight=st.sampled_from(WEIGHTS),
    figure=st.sampled_from(("", *FIGURES)),
    at=st.none()
    | st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)).map(  # noqa: DTZ001
        lambda at: at.replace(second=0, microsecond=0)
    ),
    target=st.sampled_from(TARGETS),
    grid=st.text("0123456789", max_size=15),
    lang=st.sampled_from(("zh", "en")),
)


@given(states)
def test_what_is_written_to_the_address_bar_is_read_back(state: PageState):
    assert read_state(write_state(state)) == (state, [])


def test_the_default_view_has_a_bare_address():
    assert write_state(PageState()) == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("minutes", "14"),
        ("minutes", "fifteen"),
        ("profile", "car"),
        ("weight", "__import__"),
        ("figure", "name"),
        ("at", "2026-13-01T00:00"),
        ("lang", "<script>"),
        ("target", "-5"),
        ("grid", "x" * 31),
    ],
)
def test_a_bad_value_falls_back_and_is_named(name: str, value: str):
    state, refused = read_state({name: value})
    assert state == PageState()
    assert len(refused) == 1
    assert name in refused[0].en
    assert "default" in refused[0].en


def test_unknown_parameters_are_passed_over():
    assert read_state({"utm_source": "x", "minutes": "10"}) == (PageState(minutes=10), [])


def test_text_from_files_is_not_interpreted():
    assert as_html("<img src=x onerror=alert(1)>") == "&lt;img src=x onerror=alert(1)&gt;"
    assert as_markdown("**x** [a](javascript:1) :red[x] $x$") == (
        r"\*\*x\*\* \[a\]\(javascript\:1\) \:red\[x\] \$x\$"
    )
