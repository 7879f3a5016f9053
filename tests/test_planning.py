"""Questions on a study: by hand on a small street, in sentences, and by the command.

On the street of `small_street` four candidates are added; in 5 minutes one walks 333 m:

    candidate   at       reaches in 5 minutes
    1           880 m    building 2: 30 households, 1 member
    2          1500 m    building 3: 20 households, 4 members
    3          1900 m    building 4: 40 households, 3 members
    4          far off   joins no way

The station at 0 m reaches the member at 300 m; nobody reaches building 1.
"""

import json
import math
import re
from dataclasses import replace
from io import StringIO

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point
from small_street import EAST, NORTH, frame, small_street
from sqlalchemy.orm import Session

from data.queries import load_study
from data.store import open_database
from data.viewer import Viewer
from geo.coverage import cover
from geo.errors import SitingError
from geo.ground import lay_ground
from geo.network import WalkNetwork
from geo.plan_curve import best_alone, curve, knee_of, knee_said, staging_said
from geo.plan_report import plan_report, plan_table, report_lines
from geo.plan_story import closed_said, left_said, plan_edits, plan_headline, plan_steps, proof_said
from geo.planning import (
    PROBLEMS,
    Question,
    SitingCase,
    has_way,
    make_case,
    mixed_weight,
    nearest_open,
    robustness,
    solve,
)
from geo.profiles import speed_profile
from geo.sites import candidate_sites
from geo.study import WEIGHTS, Study
from geo.text import Text
from geo.whatif import ClosedStation, NewStation, apply_edits
from redgrid import cli

TARGET = 0.8


def street(costs: tuple[float, ...] = (3.0, 5.0, 7.0, 1.0)) -> Study:
    """Return the small street with the candidates of the module's docstring."""
    places = [Point(880, 0), Point(1500, 0), Point(1900, 0), Point(900, 9000)]
    columns = {"name": ["甲", "乙", "丙", "丁"], "address": "", "cost": costs, "area_m2": np.nan}
    return replace(small_street(), candidates=frame(columns, places, [1, 2, 3, 4]))


def with_an_island(study: Study) -> Study:
    """Return the study with building 5 (8 members) on a way that joins no other."""
    xy = np.add([[0, 0], [1000, 0], [2000, 0], [0, 3000], [500, 3000]], [EAST, NORTH])
    network = WalkNetwork(xy, [[0, 1], [1, 2], [3, 4]], [1000, 1000, 500], study.crs)
    more = study.buildings.iloc[[0]].set_axis([5]).assign(name="孤岛", members=8.0)
    more["geometry"] = [Point(EAST + 200, NORTH + 3010)]
    buildings = gpd.GeoDataFrame(pd.concat([study.buildings, more]), crs=study.crs)
    return replace(study, network=network, buildings=buildings)


def case_of(study: Study, minutes: float = 5, profile: str = "standard") -> SitingCase:
    """Return the case of a study with its table of candidates."""
    ground = lay_ground(study, speed_profile(profile), None)
    return make_case(ground, study.candidates, minutes=minutes)


@pytest.fixture(scope="module")
def case() -> SitingCase:
    """Return the case of the module's docstring."""
    return case_of(street())


def names(case: SitingCase, sites: tuple[int, ...]) -> list[str]:
    """Return the names of sites."""
    return case.sites["name"].loc[list(sites)].tolist()


# --- cases ---------------------------------------------------------------------------------------


def test_stations_come_first_and_a_candidate_off_the_ways_is_listed(case: SitingCase) -> None:
    assert case.sites["name"].tolist() == ["甲", "甲", "乙", "丙"]
    assert case.sites["kind"].tolist() == ["station", *["candidate"] * 3]
    assert case.n_existing == 1
    assert case.lost["name"].tolist() == ["丁"]
    assert case.times.shape == (5, 4)
    assert case.sites["community_id"].tolist() == [4] * 4


def test_who_walks_just_the_limit_is_covered() -> None:
    def n_covered(minutes: float) -> int:
        case = case_of(street(), minutes)
        seconds, _ = nearest_open(case, [0])
        return int((seconds <= case.limit_s).sum())

    assert n_covered(15) == 3  # buildings 1 and 2 and the member; building 2 walks 900 s
    assert n_covered(14.999) == 2


def test_a_study_without_candidates_is_refused() -> None:
    study = small_street()
    ground = lay_ground(study, speed_profile("standard"), None)
    with pytest.raises(SitingError) as refused:
        make_case(ground, study.candidates, minutes=15)
    assert refused.value.say("en") == (
        "There are no candidate sites; import a table of them, or generate them along the ways."
    )
    assert refused.value.say("zh") == "没有备选点位；请导入备选点位表，或沿路生成备选点。"


def test_candidates_that_join_no_way_are_refused() -> None:
    study = street()
    ground = lay_ground(study, speed_profile("standard"), None)
    with pytest.raises(SitingError) as refused:
        make_case(ground, study.candidates.loc[[4]], minutes=15)
    assert refused.value.say("en") == (
        "None of the 1 candidate sites joins the walk network; check their coordinates, or "
        "generate candidates along the ways."
    )


# --- weights -------------------------------------------------------------------------------------


def test_one_weight_is_taken_as_it_is_and_unknown_counts_for_nothing(case: SitingCase) -> None:
    assert mixed_weight(case, [("members", 0.3)]).tolist() == [2, 1, 4, 3, 1]
    assert mixed_weight(case, [("households", 1)]).tolist() == [10, 30, 20, 40, 0]
    assert mixed_weight(case, [("elderly", 1)]).tolist() == [0] * 5


def test_a_mix_weighs_each_column_by_its_share_of_its_own_total(case: SitingCase) -> None:
    mixed = mixed_weight(case, [("members", 30), ("households", 10)])
    by_row = [(2, 10), (1, 30), (4, 20), (3, 40), (1, 0)]
    by_hand = [750 * m / 11 + 250 * h / 100 for m, h in by_row]
    assert mixed == pytest.approx(by_hand)
    assert mixed.sum() == pytest.approx(1000)


def test_a_mix_may_move_the_stations(case: SitingCase) -> None:
    def chosen(*weights: tuple[str, float]) -> list[str]:
        return names(case, solve(case, Question(p=2, weights=weights)).sites)

    assert chosen(("members", 1)) == ["乙", "丙"]
    assert chosen(("households", 1)) == ["甲", "丙"]
    assert chosen(("members", 1), ("households", 99)) == ["甲", "丙"]


# --- questions -----------------------------------------------------------------------------------


def test_each_problem_by_hand(case: SitingCase) -> None:
    mclp = solve(case, Question(p=2))
    assert (mclp.status, mclp.objective, names(case, mclp.sites)) == ("optimal", 8, ["乙", "丙"])
    lscp = solve(case, Question("lscp", share=0.7))
    assert (lscp.status, names(case, lscp.sites)) == ("optimal", ["乙", "丙"])
    median = solve(case, Question("p_median", p=1))
    # 乙: walks of 510, 520, 10, 410 and 310 m by 2, 1, 4, 3 and 1 members
    metres = 2 * 510 + 520 + 4 * 10 + 3 * 410 + 310
    assert names(case, median.sites) == ["乙"]
    assert median.objective == pytest.approx(0.9 * metres)
    center = solve(case, Question("p_center", p=1))
    assert names(case, center.sites) == ["乙"]
    assert center.objective == pytest.approx(0.9 * 520)


def test_mandatory_and_forbidden_candidates_are_named_by_their_ids(case: SitingCase) -> None:
    assert names(case, solve(case, Question(p=1, mandatory=(1,))).sites) == ["甲"]
    assert names(case, solve(case, Question(p=1, forbidden=(2,))).sites) == ["丙"]


@pytest.mark.parametrize("gone", [99, 4, 11])
def test_a_candidate_that_is_not_there_is_refused(case: SitingCase, gone: int) -> None:
    with pytest.raises(SitingError) as refused:
        solve(case, Question(mandatory=(2, gone)))
    assert refused.value.say("en") == f"There is no candidate site {gone}, or it joins no way."
    assert refused.value.say("zh") == f"没有编号为 {gone} 的备选点位，或它接不上路网。"
    assert refused.value.ids == (gone,)


def test_a_budget_is_kept_and_unknown_costs_are_refused(case: SitingCase) -> None:
    assert names(case, solve(case, Question(p=2, budget=8.0)).sites) == ["甲", "乙"]
    unknown = case_of(street((3.0, math.nan, math.nan, math.nan)))
    with pytest.raises(SitingError) as refused:
        solve(unknown, Question(p=2, budget=8.0))
    assert refused.value.say("en") == (
        "2 candidate sites have no cost (such as 乙), so a budget cannot be kept; add the costs."
    )
    assert refused.value.ids == ("乙", "丙")


def test_a_station_serves_no_more_than_its_capacity(case: SitingCase) -> None:
    question = Question(p=2, capacity=3.0)
    plan = solve(case, question)
    assert plan.objective == 7  # 1 at the old station, 3 of the 4 at 乙, 3 at 丙
    assert plan_headline(case, plan, question) == Text(
        "再建 2 个，每站最多 3 名党员，服务 63.6% 的党员（已证明最优）。",
        "2 new stations: 63.6% of members served, at most 3 members a station (proven optimal).",
    )


def test_the_farthest_nearest_takes_no_conditions(case: SitingCase) -> None:
    with pytest.raises(SitingError) as refused:
        solve(case, Question("p_center", p=1, spacing_m=100))
    assert refused.value.say("en") == (
        "The farthest person nearest takes no further conditions; leave them out, or ask another "
        "question."
    )


@pytest.mark.parametrize("problem", ["p_median", "p_center"])
def test_homes_without_any_way_do_not_spoil_the_walking_problems(problem: str) -> None:
    alone, island = case_of(street()), case_of(with_an_island(street()))
    assert len(island.points) == len(alone.points) + 1
    assert (~has_way(island)).sum() == 1
    question = Question(problem, p=1)  # type: ignore[arg-type]
    plan, without = solve(island, question), solve(alone, question)
    assert plan.status == "optimal"
    assert plan.objective == without.objective
    assert names(island, plan.sites) == names(alone, without.sites)
    lost = ~has_way(island)
    assert len(plan.covered) == len(plan.assigned) == len(island.points)
    assert not plan.covered[lost].any()
    assert plan.assigned[lost].tolist() == [-1]
    assert plan_headline(island, plan, question) == plan_headline(alone, without, question)


def test_who_cannot_be_reached_is_told_by_grid(case: SitingCase) -> None:
    question = Question("lscp", share=1.0)
    plan = solve(case, question)
    assert plan.status == "infeasible"
    assert plan_headline(case, plan, question) == Text(
        "第1网格的 2 名党员、10 户（楼 1）在 5 分钟内走不到任何现有或备选点位；"
        "全部点位都建也只能覆盖 81.8% 的党员，要求是 100%。",
        "No existing or candidate site is within 5 min of 2 members and 10 households in grid "
        "第1网格 (楼 1); all sites together cover 81.8% of members, and 100% is asked for.",
    )
    assert len(plan.reasons) > 1  # what would help
    assert plan_edits(case, plan) == []


@pytest.mark.parametrize(
    ("question", "said"),
    [
        (
            Question("lscp", share=1.0, has_backup=True),
            Text(
                "=第2网格、第1网格的 11 名党员、100 户在 5 分钟内走不到两个点位，最多 0% 的党员"
                "能有后备覆盖；备选点位太少：时限至少要 8.9 分钟（531 秒），或在那里增加备选点位。",
                "No two sites are within 5 min of 11 members and 100 households in grids =第2网格, "
                "第1网格; at most 0% of members can have backup. The candidates are too few: the "
                "limit must be at least 8.9 min (531 s), or add candidates there.",
            ),
        ),
        (
            Question(p=2, mandatory=(2, 3), spacing_m=500),
            Text(
                "必建点位 乙 与 丙 相距 400 米，小于最小间距 500 米；去掉其中一个，"
                "或把间距降到 400 米。",
                "The mandatory sites 乙 and 丙 are 400 m apart, less than the spacing of 500 m. "
                "Drop one, or lower the spacing to 400 m.",
            ),
        ),
    ],
    ids=["backup", "mandatory"],
)
def test_conditions_that_cannot_be_kept_are_told_by_name(
    case: SitingCase, question: Question, said: Text
) -> None:
    plan = solve(case, question)
    assert plan.status == "infeasible"
    assert plan.reasons[0] == said


def test_sensitivity_compares_the_same_walks_as_the_plan() -> None:
    case = case_of(with_an_island(street()))
    question = Question("p_center", p=1)
    elderly = case_of(with_an_island(street()), profile="elderly")
    alone = robustness(case, question).variants.loc["base"]
    assert alone["value"] == alone["base_value"] == solve(case, question).objective
    robust = robustness(case, question, elderly=elderly)
    base = robust.variants.loc["base"]
    assert base["value"] == base["base_value"] == solve(case, question).objective
    assert robust.variants.loc["elderly", "value"] == solve(elderly, question).objective
    assert list(robust.variants.index) == ["base", "elderly", "longer", "closed:0"]


# --- words ---------------------------------------------------------------------------------------


def test_steps_are_ranked_by_what_they_add_and_sum_to_the_plan(case: SitingCase) -> None:
    question = Question(p=3)
    plan = solve(case, question)
    steps = plan_steps(case, plan, question, target=TARGET)
    assert [step.rank for step in steps] == [1, 2, 3]
    assert [step.name for step in steps] == ["乙", "丙", "甲"]
    assert [step.adds["members"] for step in steps] == [4, 3, 1]
    assert [step.adds["households"] for step in steps] == [20, 40, 30]
    today = 1  # the member beside the station
    assert today + sum(step.adds["members"] for step in steps) == plan.objective
    assert [step.share for step in steps] == pytest.approx([5 / 11, 8 / 11, 9 / 11])


def test_a_grid_is_lifted_by_the_step_with_which_it_reaches_the_target(case: SitingCase) -> None:
    question = Question(p=2)
    plan = solve(case, question)

    def lifted(target: float) -> list[tuple[str, ...]]:
        return [step.lifted for step in plan_steps(case, plan, question, target=target)]

    assert lifted(0.8) == [(), ("=第2网格",)]  # 4 of 7 members, then 7 of 7
    assert lifted(4 / 7) == [("=第2网格",), ()]
    second = plan_steps(case, plan, question, target=0.8)[1].sentence
    assert second == Text(
        "第 2 个建在丙：新增 3 名党员、40 户走得到，1 个网格达标（=第2网格），累计覆盖 73%。",
        "No. 2 at 丙: 3 members and 40 households newly within reach; 1 grid reaches the target "
        "(=第2网格); 73% in all.",
    )


def test_a_headline_says_how_sure_it_is(case: SitingCase) -> None:
    question = Question(p=2)
    plan = solve(case, question)
    assert plan_headline(case, plan, question) == Text(
        "再建 2 个，覆盖 72.7% 的党员（已证明最优）。",
        "2 new stations: 72.7% of members covered (proven optimal).",
    )
    stopped = replace(plan, status="feasible", bound=8.004)
    assert plan_headline(case, stopped, question).zh.endswith("（离最优最多差 0.1%）。")
    few = Question("lscp", share=0.7)
    fewest = solve(case, few)
    assert plan_headline(case, fewest, few) == Text(
        "最少再建 2 个，覆盖 70% 的党员（已证明最优）。",
        "2 new stations, the fewest that cover 70% of members (proven optimal).",
    )
    unproven = plan_headline(case, replace(fewest, status="feasible", bound=1.0), few)
    assert unproven == Text(
        "再建 2 个，覆盖 70% 的党员（离最优最多差 50.0%）。",
        "2 new stations, which cover 70% of members (at most 50.0% from the optimum).",
    )


@given(gap=st.floats(0, 10))
def test_a_gap_is_never_told_smaller_than_it_is(gap: float) -> None:
    said = float(proof_said(gap, is_proven=False).en.split("%")[0].rsplit(" ", 1)[1]) / 100
    assert gap - 1e-9 <= said <= gap + 0.001 + 1e-9


def test_a_gap_that_nobody_knows_is_no_number() -> None:
    assert proof_said(math.inf, is_proven=False) == ("尚未证明", "not proven")


def test_a_plan_becomes_changes_that_bring_what_it_says(case: SitingCase) -> None:
    plan = solve(case, Question(p=2))
    edits = plan_edits(case, plan)
    assert [edit.name for edit in edits if isinstance(edit, NewStation)] == ["乙", "丙"]
    after = cover(apply_edits(case.ground.study, edits), minutes=5)
    assert after.total["members_covered"].iloc[0] == plan.objective


def test_a_station_that_the_plan_closes_is_a_change(case: SitingCase) -> None:
    # 300 m of walking less for nobody: without 4 sites the old station is worth 1 member only.
    plan = solve(case, Question(p=2, may_close=1))
    assert plan.objective == 8  # 甲, 乙 and 丙 instead of the old one
    assert names(case, plan.open_sites)[-2:] == ["乙", "丙"]
    moved = replace(plan, open_sites=plan.sites)
    edits = plan_edits(case, moved)
    assert edits[-1] == ClosedStation(11)
    assert closed_said(case, plan) == Text("", "")
    assert closed_said(case, moved).en == "Closes 甲; No. 1 below counts from there."
    assert len(edits) == len(plan.sites) + 1
    report = plan_report(case, moved, Question(p=2), target=TARGET)
    assert report["closed"] == ["甲"]


def test_the_steps_of_the_shortest_mean_walk_tell_it_before_and_after(case: SitingCase) -> None:
    question = Question("p_median", p=2)
    plan = solve(case, question)
    steps = plan_steps(case, plan, question, target=TARGET)
    # From 0 m: 510, 1000, 1510, 1910 and 310 m by 2, 1, 4, 3 and 1 members.
    today = 0.9 * (2 * 510 + 1000 + 4 * 1510 + 3 * 1910 + 310) / 11
    assert steps[0].mean_s[0] == pytest.approx(today, abs=1e-3)
    assert steps[0].mean_s[1] == steps[1].mean_s[0]
    assert steps[-1].mean_s[1] == pytest.approx(plan.objective / 11)
    assert re.match(
        r"第 1 个建在.：平均步行由 19.2 分钟缩短到 \d+\.\d 分钟，", steps[0].sentence.zh
    )
    assert "the mean walk goes from 19.2 to" in steps[0].sentence.en


def test_the_steps_of_the_farthest_walk_tell_it_before_and_after(case: SitingCase) -> None:
    question = Question("p_center", p=2)
    plan = solve(case, question)
    steps = plan_steps(case, plan, question, target=TARGET)
    assert [step.farthest_s[0] for step in steps] == [
        pytest.approx(0.9 * 1910),
        steps[0].farthest_s[1],
    ]
    assert steps[-1].farthest_s[1] == plan.objective
    assert "最远的人步行由 28.6 分钟缩短到" in steps[0].sentence.zh
    assert "the farthest walk goes from 28.6 to" in steps[0].sentence.en


def test_who_stays_out_is_told_with_grids_and_whom_no_candidate_reaches(case: SitingCase) -> None:
    question = Question(p=1)
    plan = solve(case, question)
    assert names(case, plan.sites) == ["乙"]
    assert left_said(case, plan, question) == Text(
        "全部建成后仍有 6 名党员、80 户走不到，主要在第1网格、=第2网格；"
        "其中 2 名党员、10 户任何备选点位都走不到。1 个备选点位接不上路网，没有参加。",
        "With all of them 6 members and 80 households stay out of reach, mostly in grids 第1网格, "
        "=第2网格; no candidate is within reach of 2 members and 10 households of them. 1 "
        "candidate joins no way and does not count.",
    )
    steps = plan_steps(case, plan, question, target=TARGET)
    assert (steps[-1].out["members"], steps[-1].out["households"]) == (6, 80)


def test_walking_plans_cover_what_is_within_the_limit(case: SitingCase) -> None:
    plan = solve(case, Question("p_median", p=1))
    seconds, _ = nearest_open(case, plan.open_sites)
    assert plan.covered.tolist() == (seconds <= case.limit_s).tolist()
    assert not plan.covered.all()


# --- curve ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "knee"),
    [
        ([0, 5, 8, 9, 9.5, 10], 2),  # 0.3, 0.4, 0.3, 0.15 above the chord
        ([0, 9, 10, 10], 1),
        ([4, 13, 14, 14], 1),  # where it begins does not matter
        ([0, 1, 2, 3], None),
        ([0, 1, 3, 9], None),  # bends the other way
        ([5, 5, 5], None),
        ([0, 9], None),
        ([], None),
    ],
)
def test_the_knee_is_the_farthest_point_above_the_chord(
    values: list[float], knee: int | None
) -> None:
    assert knee_of(values) == knee


def test_the_curve_ends_with_the_candidates_and_rises(case: SitingCase) -> None:
    found = curve(case, Question(), p_max=12)
    assert found.points["best"].tolist() == [1, 5, 8, 9]
    assert found.points["is_proven"].all()
    assert found.knee == knee_of([1, 5, 8, 9])
    assert found.total == 11
    assert knee_said(found).en.endswith("3 of 3 points proven.")


def test_a_build_out_one_by_one_is_judged_against_the_optimum(case: SitingCase) -> None:
    found = curve(case, Question(), p_max=12)
    assert found.points["site"].tolist() == ["", "乙", "丙", "甲"]
    assert found.points["regret"].tolist() == [0, 0, 0, 0]
    assert staging_said(found, Question()).zh == (
        "按顺序逐个建（每次选当下新增最多的），每一步都和最优一样好。"
    )
    behind = found.points.assign(staged=[1, 5, 7, 8], regret=[0, 0, 1, 0])
    said = staging_said(replace(found, points=behind), Question())
    assert said == Text(
        "按顺序逐个建（每次选当下新增最多的）：前 1 个和最优一样好，"
        "到第 2 个比最优少覆盖 1 名党员，是差得最多的一步。",
        "Built one by one, each time the one that adds most: the first 1 is as good as the "
        "optimum; with 2 it covers 1 member less than the optimum, the most of any step.",
    )


def test_one_by_one_may_fall_behind_the_optimum() -> None:
    # Homes at 700, 1000, 1600 and 1900 m with 2, 3, 3 and 2 members: the site in the middle
    # reaches the inner two, each of the others an inner and an outer one.
    columns = {"name": ["左", "中", "右"], "address": "", "cost": 1.0, "area_m2": np.nan}
    places = [Point(1000, 0), Point(1300, 0), Point(1620, 0)]
    study = small_street()
    homes = study.buildings.assign(members=[2.0, 3.0, 3.0, 2.0])
    homes["geometry"] = [Point(EAST + x, NORTH + 10) for x in (700, 1000, 1600, 1900)]
    candidates = frame(columns, places, [1, 2, 3])
    case = case_of(replace(study, buildings=homes, candidates=candidates))
    found = curve(case, Question(), p_max=2)
    assert found.points["site"].iloc[1] == "中"
    assert found.points["best"].tolist() == [1, 7, 11]
    assert found.points["staged"].tolist() == [1, 7, 9]
    assert found.points["regret"].tolist() == [0, 0, 2]


def test_the_best_station_alone_is_the_first_of_the_curve(case: SitingCase) -> None:
    assert best_alone(case, Question()) == ("乙", 4.0)
    assert best_alone(case, Question(weights=(("households", 1.0),))) == ("丙", 40.0)


# --- plain values --------------------------------------------------------------------------------

questions = st.builds(
    Question,
    problem=st.sampled_from(PROBLEMS),
    p=st.integers(1, 60),
    share=st.floats(0, 1),
    weights=st.lists(
        st.tuples(st.sampled_from(WEIGHTS), st.floats(0, 100)), min_size=1, max_size=3
    ).map(tuple),
    mandatory=st.lists(st.integers(0, 99), max_size=3).map(tuple),
    budget=st.none() | st.floats(0, 1e9),
    capacity=st.none() | st.floats(0, 1e9),
    is_fair=st.booleans(),
    time_limit_s=st.none() | st.floats(0.1, 100),
)


@given(question=questions)
def test_a_question_survives_json(question: Question) -> None:
    assert Question.from_json(json.loads(json.dumps(question.to_json()))) == question


@pytest.mark.parametrize(
    "values",
    [
        {"problem": "tsp"},
        {"weights": [["shoes", 1]]},
        {"weights": [["members", "much"]]},
        {"weights": [["members"]]},
        {"weights": 7},
        {"mandatory": ["one"]},
        {"forbidden": 3},
        {"problem": ["mclp"]},
    ],
    ids=str,
)
def test_values_that_are_no_question_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(SitingError) as refused:
        Question.from_json({"problem": "mclp", **values})
    assert refused.value.say("zh") == "方案里的求解条件看不懂；请用本系统导出的方案文件。"
    assert refused.value.say("en") == (
        "The question in the scenario cannot be read; use a file exported from here."
    )


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("share", [0.7, 1.0])
def test_a_report_is_json_without_infinities(case: SitingCase, problem: str, share: float) -> None:
    question = Question(problem, p=2, share=share)  # type: ignore[arg-type]
    plan = solve(case, question)
    report = plan_report(case, plan, question, target=TARGET)
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    assert Question.from_json(report["question"]) == question
    assert len(report["sites"]) == len(plan.sites)
    assert len(report["reasons_zh"]) == len(report["reasons_en"])
    assert bool(report["reasons_zh"]) == (plan.status == "infeasible")


def test_a_report_counts_who_stays_out(case: SitingCase) -> None:
    question = Question(p=2)
    report = plan_report(case, solve(case, question), question, target=TARGET)
    assert report["covered"] == 8
    assert report["total"] == 11
    assert report["left_out"] == {"members": 3, "households": 40}
    assert [site["id"] for site in report["sites"]] == [2, 3]
    assert [site["cost"] for site in report["sites"]] == [5, 7]


# --- the command ---------------------------------------------------------------------------------

COMMANDS = {
    "mclp": (("mclp", "-p", "3"), Question("mclp", p=3)),
    "lscp": (("lscp", "--share", "0.9"), Question("lscp", p=3, share=0.9)),
    "p_median": (
        ("p-median", "-p", "2", "--weight", "households"),
        Question("p_median", p=2, weights=(("households", 1.0),)),
    ),
    "p_center": (("p-center", "-p", "2"), Question("p_center", p=2)),
}


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], SitingCase]:
    """Return the options of the command for a small demo, and the case that the page makes."""
    database = tmp_path_factory.mktemp("site") / "demo.db"
    options = ["--db", str(database), "--lang", "en"]
    made = CliRunner().invoke(cli, [*options, "demo", "--grids", "12", "--members", "120"])
    assert made.exit_code == 0, made.output
    engine = open_database(database)
    with Session(engine) as session:
        study = load_study(session, Viewer.everything())
    engine.dispose()
    ground = lay_ground(study, speed_profile("standard"), None)
    return options, make_case(ground, candidate_sites(study, "table"), minutes=10)


@pytest.mark.parametrize("problem", PROBLEMS)
def test_the_command_gives_the_plan_of_the_page(
    town: tuple[list[str], SitingCase], problem: str
) -> None:
    options, case = town
    arguments, question = COMMANDS[problem]
    command = [*options, "site", *arguments, "--minutes", "10", "--time-limit-s", "20"]
    plan = solve(case, question)
    assert plan.status == "optimal"
    as_json = CliRunner().invoke(cli, [*command, "--json"])
    assert as_json.exit_code == 0, as_json.output
    expected = plan_report(case, plan, question, target=TARGET)
    assert {**json.loads(as_json.stdout), "seconds": 0} == {**expected, "seconds": 0}
    as_csv = CliRunner().invoke(cli, [*command, "--csv"])
    table = plan_table(case, plan, question, target=TARGET)
    pd.testing.assert_frame_equal(
        pd.read_csv(StringIO(as_csv.stdout), keep_default_na=False, na_values=[""]),
        pd.read_csv(StringIO(table.to_csv(index=False)), keep_default_na=False, na_values=[""]),
    )
    assert len(table) == len(plan.sites) > 0
    lines = CliRunner().invoke(cli, command).stdout.splitlines()
    assert lines == report_lines(case, plan, question, target=TARGET, language="en")


def test_the_command_says_why_there_is_no_plan(town: tuple[list[str], SitingCase]) -> None:
    options, _ = town
    done = CliRunner().invoke(cli, [*options, "site", "lscp", "--minutes", "1"])
    assert done.exit_code == 1
    first = done.stdout.splitlines()[0]
    assert first.startswith("No existing or candidate site is within 1 min of ")
    assert re.search(r"\d members and [\d,]+ households in grids .+ and \d+ more;", first)
    assert first.endswith("and 100% is asked for.")


def test_the_command_takes_every_condition_of_a_question(
    town: tuple[list[str], SitingCase],
) -> None:
    options, case = town
    first, second, *_ = case.sites.loc[case.n_existing :, "source_id"].astype(int).tolist()
    conditions = ["--mandatory", str(first), "--forbidden", str(second), "--may-close", "1"]
    conditions += ["--spacing-m", "100", "--budget", "900000", "--capacity", "40"]
    conditions += ["--one-per-community", "--fair", "--weight", "members=1,households=2"]
    command = [*options, "site", "mclp", "-p", "4", "--minutes", "10", "--json", *conditions]
    done = CliRunner().invoke(cli, command)
    assert done.exit_code in {0, 1}, done.output
    assert Question.from_json(json.loads(done.stdout)["question"]) == Question(
        p=4,
        weights=(("members", 1.0), ("households", 2.0)),
        mandatory=(first,),
        forbidden=(second,),
        may_close=1,
        spacing_m=100.0,
        budget=900000.0,
        capacity=40.0,
        one_per_community=True,
        is_fair=True,
        time_limit_s=60.0,
    )


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("mclp", "-p", "2"), 0),
        (("mclp", "-p", "2", "--mandatory", "987654"), 1),
        (("p-center", "--budget", "5"), 1),
        (("mclp", "-p", "0"), 2),
        (("mclp", "--weight", "shoes"), 2),
        (("mclp", "--json", "--csv"), 2),
        (("tsp",), 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else str(value),
)
def test_the_exit_code_says_done_refused_or_misused(
    town: tuple[list[str], SitingCase], arguments: tuple[str, ...], code: int
) -> None:
    options, _ = town
    done = CliRunner().invoke(cli, [*options, "site", *arguments])
    assert done.exit_code == code, done.output
    assert bool(done.stdout) == (code == 0)


def test_the_printed_plan_is_a_table_with_its_basis(
    town: tuple[list[str], SitingCase],
) -> None:
    options, case = town
    done = CliRunner().invoke(cli, [*options, "site", "mclp", "-p", "2", "--minutes", "10"])
    plan = solve(case, Question(p=2))
    headline, basis, titles, *lines = done.stdout.splitlines()
    assert headline == plan_headline(case, plan, Question(p=2)).en
    assert basis.startswith("10 min · Standard · demo data of ")
    assert titles.split() == [
        *("No.", "Where", "Members", "Households", "Still", "out", "Covered", "Grids", "lifted"),
    ]
    steps = plan_steps(case, plan, Question(p=2), target=TARGET)
    assert [line.split()[:2] for line in lines[:2]] == [[str(s.rank), s.name] for s in steps]
    assert lines[2:4] == [step.sentence.en for step in steps]
    assert lines[4] == left_said(case, plan, Question(p=2)).en
