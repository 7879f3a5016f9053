"""Scenarios: JSON brings them back, foreign files are refused by name, figures by hand."""

import json
import math
from dataclasses import replace
from datetime import datetime
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_street import small_street, station_at

from geo.comparison import TODAY, compare, differences_by_grid
from geo.coverage import Coverage, cover
from geo.errors import EditError, ScenarioError
from geo.profiles import PROFILES
from geo.scenario import (
    FORMAT,
    LONGEST_NAME,
    MARK,
    MOST_EDITS,
    MOST_FILE_BYTES,
    MOST_MINUTES,
    MOST_QUESTION_BYTES,
    STATUSES,
    Proof,
    Scenario,
    from_json,
    moved_on,
    numbered,
    to_json,
    to_values,
)
from geo.siting.plan import Status
from geo.study import WEIGHTS
from geo.whatif import (
    ClosedStation,
    MovedStation,
    NewGate,
    NewLink,
    NewStation,
    OpenedGate,
    apply_edits,
)

MADE = datetime(2026, 11, 25, 10, 30)  # noqa: DTZ001 - as in the tables: UTC without a zone
PLAN = Scenario(
    name="三个新站",
    profile="standard",
    minutes=15,
    at=datetime(2026, 6, 3, 12),  # noqa: DTZ001 - a wall clock
    weight="households",
    edits=(NewStation("甲站", 118.31, 32.26), ClosedStation(2), OpenedGate(3)),
    question={"problem": "mclp", "p": 3},
    proof=Proof(objective=120.0, bound=120.0, status="optimal"),
    data_date="2026-06-30",
    version="0123456789abcdef",
    created_at=MADE,
)

words = st.text(max_size=LONGEST_NAME)
names = words.filter(lambda name: name.isprintable() and name.strip())
ids = st.integers(1, 10**9)
lon, lat = st.floats(-180, 180), st.floats(-90, 90)
whole = st.text(st.characters(exclude_categories=["Cs"]), max_size=LONGEST_NAME)
edits = st.one_of(
    st.builds(NewStation, whole, lon, lat),
    st.builds(MovedStation, ids, lon, lat),
    st.builds(ClosedStation, ids),
    st.builds(OpenedGate, ids),
    st.builds(NewGate, ids, lon, lat),
    st.builds(NewLink, lon, lat, lon, lat),
)
leaves = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
)
jsons = st.recursive(
    leaves | whole,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(whole, inner, max_size=3),
    max_leaves=8,
)
figures = st.floats(allow_nan=False).filter(lambda value: value > -math.inf)
scenarios = st.builds(
    Scenario,
    name=names,
    profile=st.sampled_from(list(PROFILES)),
    minutes=st.floats(0, MOST_MINUTES, exclude_min=True) | st.integers(1, MOST_MINUTES),
    at=st.none() | st.datetimes(),
    weight=st.sampled_from(WEIGHTS),
    edits=st.lists(edits, max_size=5).map(tuple),
    question=st.none() | st.dictionaries(whole, jsons, max_size=3),
    proof=st.none() | st.builds(Proof, figures, figures, st.sampled_from(STATUSES)),
    data_date=st.just("") | st.dates().map(lambda day: day.isoformat()),
    version=st.text("0123456789abcdef", max_size=16),
    created_at=st.datetimes(),
)


@given(scenarios)
def test_a_scenario_survives_its_file(scenario: Scenario):
    text = to_json(scenario)
    assert from_json(text) == scenario
    assert from_json(b"\xef\xbb\xbf" + text.encode()) == scenario  # as Windows' editor saves it
    assert to_json(from_json(text)) == text


def test_an_infinite_objective_is_null_in_the_file_and_comes_back():
    unbounded = replace(PLAN, proof=Proof(math.inf, 3.5, "infeasible"))
    text = to_json(unbounded)
    assert json.loads(text)["proof"] == {"objective": None, "bound": 3.5, "status": "infeasible"}
    assert from_json(text).proof == unbounded.proof


def test_the_largest_scenario_that_can_be_made_can_be_reopened():
    edit = NewStation("\x01" * LONGEST_NAME, -118.12345678901234, -32.12345678901234)
    largest = replace(
        PLAN, edits=[edit] * MOST_EDITS, question={"q": "x" * (MOST_QUESTION_BYTES - 9)}
    )
    assert from_json(to_json(largest)) == largest


def test_the_states_of_a_proof_are_those_of_a_plan():
    assert get_args(Status) == STATUSES


def test_what_the_question_holds_is_a_copy_and_json():
    asked = {"sites": (1, 2), "weights": {"members": 0.5}}
    scenario = replace(PLAN, question=asked)
    asked["weights"] = {}
    assert scenario.question == {"sites": [1, 2], "weights": {"members": 0.5}}


def changed(**values: object) -> str:
    """Return the plan's file with other values, or without those that are `...`."""
    text = {**to_values(PLAN), **values}
    return json.dumps({name: value for name, value in text.items() if value is not ...})


HALF = {"edit": "new_station", "name": "\ud800", "lon": 1, "lat": 1}
FROM_HERE = "Use a file exported from here."
REFUSED = {
    "it is not JSON": [b"", b"PK\x03\x04", b"\xff", "{", "[" * 100_000, changed(minutes=math.nan)],
    "it lacks “redgrid_scenario”": ["null", "[]", "{}", '{"type": "FeatureCollection"}'],
}


@pytest.mark.parametrize(
    ("why", "text"), [(why, text) for why, texts in REFUSED.items() for text in texts]
)
def test_a_file_that_is_none_of_ours_is_refused(why: str, text: str | bytes):
    start = "This is no scenario file" + (": " if "JSON" in why else " of redgrid: ")
    with pytest.raises(ScenarioError) as caught:
        from_json(text)
    assert caught.value.say("en") == f"{start}{why}. {FROM_HERE}"
    assert caught.value.say("zh").startswith("这不是")


A_NAME = "1 to 200 characters that can be shown"
MINUTES = "a number above 0 and at most 240"
A_MOMENT = "a moment without a zone, like 2026-01-05T08:30:00"
A_QUESTION = "a JSON object of at most 1000000 bytes, or null"
A_FIGURE = "a number (null for infinity)"
PROOF = {"objective": 1, "bound": 1, "status": "optimal"}
VALUES = [  # what the file says instead, the field named, what is shown of it, what it must be
    ({MARK: 0}, MARK, "0", "1"),
    ({MARK: True}, MARK, "True", "1"),
    ({"name": " "}, "name", " ", A_NAME),
    ({"name": "a\nb"}, "name", r"'a\nb'", A_NAME),
    ({"name": "\ud800"}, "name", r"'\ud800'", A_NAME),
    ({"name": "x" * 201}, "name", "x" * 60 + "…", A_NAME),
    ({"profile": ["adult"]}, "profile", "['adult']", "one of " + ", ".join(PROFILES)),
    ({"minutes": 0}, "minutes", "0", MINUTES),
    ({"minutes": 240.5}, "minutes", "240.5", MINUTES),
    ({"minutes": True}, "minutes", "True", MINUTES),
    ({"minutes": "15"}, "minutes", "15", MINUTES),
    ({"at": "2026-06-03T12:00:00+08:00"}, "at", "2026-06-03 12:00:00+08:00", A_MOMENT),
    ({"at": "noon"}, "at", "noon", A_MOMENT),
    ({"created_at": None}, "created_at", "None", A_MOMENT),
    ({"weight": "votes"}, "weight", "votes", "one of " + ", ".join(WEIGHTS)),
    ({"edits": [{}] * (MOST_EDITS + 1)}, "edits", "501", "at most 500 changes"),
    ({"edits": [HALF]}, "edits", r"'\ud800'", "made of whole characters"),
    ({"question": [1]}, "question", "[1]", A_QUESTION),
    ({"question": "x" * (MOST_QUESTION_BYTES - 8)}, "question", "x" * 60 + "…", A_QUESTION),
    ({"question": {"q": "\ud800"}}, "question", r"{'q': '\ud800'}", A_QUESTION),
    ({"proof": {"bound": 1}}, "proof", "{'bound': 1}", "an object of objective, bound, status"),
    ({"proof": {**PROOF, "objective": "1"}}, "objective", "1", A_FIGURE),
    ({"proof": {**PROOF, "bound": 10**400}}, "bound", "1" + "0" * 59 + "…", A_FIGURE),
    ({"proof": {**PROOF, "status": "sure"}}, "status", "sure", "one of " + ", ".join(STATUSES)),
    ({"data_date": "30.6.2026"}, "data_date", "30.6.2026", "a date like 2026-01-05, or empty"),
    ({"data_date": "20260630"}, "data_date", "20260630", "a date like 2026-01-05, or empty"),
    ({"version": 7}, "version", "7", "at most 100 characters that show"),
    ({"version": "v" * 101}, "version", "v" * 60 + "…", "at most 100 characters that show"),
]


@pytest.mark.parametrize(("values", "field", "shown", "rule"), VALUES)
def test_a_value_that_cannot_be_is_refused_by_name(
    values: dict[str, object], field: str, shown: str, rule: str
):
    with pytest.raises(ScenarioError) as caught:
        from_json(changed(**values))
    assert caught.value.say("en") == f"“{field}” of the scenario is “{shown}”; it must be {rule}."
    assert caught.value.say("zh").startswith(f"方案的“{field}”是“{shown}”，应为")


@pytest.mark.parametrize("name", list(to_values(PLAN))[1:])
def test_a_file_that_lacks_a_value_is_refused(name: str):
    with pytest.raises(ScenarioError) as caught:
        from_json(changed(**{name: ...}))
    assert caught.value.say("en") == f"The scenario file lacks “{name}”. {FROM_HERE}"


def test_a_value_that_is_not_known_is_refused():
    with pytest.raises(ScenarioError) as caught:
        from_json(changed(owner="me"))
    said = caught.value.say("en")
    assert said == f"The scenario file holds “owner”, which is not known. {FROM_HERE}"


def test_a_question_of_just_the_size_that_may_be_is_taken():
    question = {"q": "x" * (MOST_QUESTION_BYTES - 9)}
    assert from_json(changed(question=question)).question == question
    with pytest.raises(ScenarioError, match="“question” of the scenario"):
        from_json(changed(question={"q": question["q"] + "x"}))


def test_the_file_without_any_change_is_taken():
    assert from_json(changed()) == PLAN  # so each refusal above has its one cause


@pytest.mark.parametrize(
    "edit",
    [{"edit": "new_station", "name": "x", "lon": 10**400, "lat": 0}, {"edit": "none"}, 5],
)
def test_a_change_that_is_none_is_refused(edit: object):
    with pytest.raises(EditError, match=r"^The scenario holds a change that is none"):
        from_json(changed(edits=[edit]))


def test_a_newer_file_asks_for_a_newer_redgrid():
    with pytest.raises(ScenarioError, match=r"a newer redgrid \(format 2\)\. Upgrade redgrid"):
        from_json(json.dumps({MARK: FORMAT + 1, "anything": "else"}))


def test_a_file_that_is_too_long_is_refused_unread():
    text = changed() + " " * MOST_FILE_BYTES
    with pytest.raises(ScenarioError) as caught:
        from_json(text)
    assert caught.value.say("en") == (
        f"The scenario file has {len(text)} bytes, more than 4000000. {FROM_HERE}"
    )


def test_a_scenario_says_when_the_data_moved_on():
    study = small_street()
    scenario = replace(PLAN, version="v1")
    assert moved_on(scenario, study) is None
    assert moved_on(scenario, apply_edits(study, [ClosedStation(11)])) is None
    newer = moved_on(scenario, replace(study, version="v2", data_date="2026-09-01"))
    assert newer is not None
    assert newer.en == (
        "The scenario “三个新站” was made on data of 2026-06-30, and the data are now of "
        "2026-09-01: figures are worked out anew, and its proof holds no longer."
    )
    same_day = moved_on(scenario, replace(study, version="v2"))
    assert same_day is not None
    assert same_day.zh.startswith("方案“三个新站”保存以后，数据有过改动（数据日期仍是 2026-06-30）")


def test_a_name_that_is_taken_gets_the_next_free_number():
    assert numbered("甲", {"乙"}) == "甲"
    assert numbered("甲", {"甲"}) == "甲 (2)"
    assert numbered("甲", {"甲", "甲 (2)", "甲 (4)"}) == "甲 (3)"
    long = "x" * LONGEST_NAME
    assert numbered(long, {long}) == "x" * (LONGEST_NAME - 4) + " (2)"


@pytest.fixture(scope="module")
def coverages() -> dict[str, Coverage]:
    """Return today, a station more at the east end, and no station at all."""
    study = small_street()
    return {
        TODAY: cover(study),
        "东站": cover(apply_edits(study, [station_at("东站", 2000)])),
        "关闭": cover(apply_edits(study, [ClosedStation(11)])),
    }


def test_scenarios_are_compared_as_worked_out_by_hand(coverages: dict[str, Coverage]):
    today, *_ = coverages.values()
    others = {name: c for name, c in coverages.items() if name != TODAY}
    table = compare(today, others, "households", costs={"东站": 120_000})
    assert table.index.tolist() == [TODAY, "东站", "关闭"]
    by_hand = {
        "n_open": [1, 2, 0],
        "members": [11, 11, 11],
        # buildings 1 and 2, and the one member of whom only the place is known
        "members_covered": [4, 11, 0],
        "households": [100, 100, 100],
        "households_covered": [40, 100, 0],
        "households_share": [0.4, 1, 0],
        "covered": [40, 100, 0],
        "share": [0.4, 1, 0],
        "covered_change": [0, 60, -40],
        "share_change": [0, 60, -40],
        "median_s": [1359, 459, np.inf],
        "p90_s": [1719, 900, np.inf],
        "n_below": [1, 0, 2],
        "cost": [np.nan, 120_000, np.nan],
    }
    for column, figures in by_hand.items():
        np.testing.assert_allclose(table[column], figures, atol=0.01, err_msg=column)
    assert set(table.columns) == {*by_hand, "profile", "minutes", "members_share"}
    assert set(table["profile"]) == {"standard"}


def test_the_target_itself_is_reached(coverages: dict[str, Coverage]):
    today = coverages[TODAY]
    members = today.grids["members_share"]
    assert members.loc[1] == 1.0
    assert members.loc[2] == 0.0
    assert compare(today, {}, "members", target=1.0)["n_below"].tolist() == [1]
    assert compare(today, {}, "members", target=0.0)["n_below"].tolist() == [0]


def test_each_grid_says_what_changes_against_today(coverages: dict[str, Coverage]):
    others = {name: c for name, c in coverages.items() if name != TODAY}
    table = differences_by_grid(coverages[TODAY], others, "members")
    assert table.index.tolist() == [1, 2]  # by code
    assert table[TODAY, "name"].tolist() == ["第1网格", "=第2网格"]
    assert table[TODAY, "total"].tolist() == [4, 7]
    assert table[TODAY, "covered"].tolist() == [4, 0]
    assert table["东站", "covered"].tolist() == [4, 7]
    assert table["东站", "covered_change"].tolist() == [0, 7]
    assert table["东站", "share_change"].tolist() == [0, 100]
    assert table["关闭", "covered_change"].tolist() == [-4, 0]
    assert table["关闭", "share_change"].tolist() == [-100, 0]
    assert table["关闭", "share"].tolist() == [0, 0]


def test_a_weight_that_nobody_counted_has_no_share(coverages: dict[str, Coverage]):
    others = {"东站": coverages["东站"]}
    assert compare(coverages[TODAY], others, "elderly")["share"].isna().all()
    assert compare(coverages[TODAY], others, "elderly")["n_below"].tolist() == [0, 0]
    assert differences_by_grid(coverages[TODAY], others, "elderly")["东站", "share"].isna().all()


@pytest.mark.parametrize("make", [compare, differences_by_grid])
def test_an_unknown_weight_is_refused(coverages: dict[str, Coverage], make):
    with pytest.raises(ScenarioError, match=r"^There is no weight 'votes'; choose one of members"):
        make(coverages[TODAY], {}, "votes")


@pytest.mark.parametrize("target", [-0.01, 1.01, math.nan])
def test_a_target_that_is_no_share_is_refused(coverages: dict[str, Coverage], target: float):
    with pytest.raises(ScenarioError, match=r"is not a share between 0 and 1\.$"):
        compare(coverages[TODAY], {}, target=target)
