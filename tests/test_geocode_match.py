"""What a text means among known addresses: exact, nearly, doubtfully, not at all."""

import math
from functools import lru_cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import GeocodeError
from geo.geocode import CLAIM_CONFIDENCE, Gazetteer, Match, MatchLevel

STREET = "安徽省滁州市南谯区龙蟠街道"
COMPOUNDS = {  # name: road and number, buildings, lon, lat
    "天逸华府桂园": ("龙蟠大道109号", 9, 118.300, 32.260),
    "清流人家一期": ("清流路12号", 6, 118.310, 32.265),
    "清流人家二期": ("清流路18号", 12, 118.320, 32.265),
    "紫薇小区东区": ("凤凰路7号", 5, 118.330, 32.270),
    "紫薇小区西区": ("凤凰路9号", 5, 118.334, 32.270),
    "蓝天小区": ("育新路3号", 4, 118.340, 32.275),
    "蓝天花园": ("育新路90号", 4, 118.350, 32.275),
    "锦绣家园": ("会峰路1号", 4, 118.360, 32.280),
}


def address_book() -> pd.DataFrame:
    rows = [
        {
            "id": f"{name}/{number}",
            "address": f"{STREET}{road}{name}{number}栋",
            "lon": lon + number * 2e-4,
            "lat": lat,
        }
        for name, (road, n, lon, lat) in COMPOUNDS.items()
        for number in range(1, n + 1)
    ]
    return pd.DataFrame(rows)


@lru_cache(maxsize=1)
def whole_gazetteer() -> Gazetteer:
    return Gazetteer.from_frame(address_book())


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    return whole_gazetteer()


def test_an_entry_s_own_address_is_itself_and_certain(gazetteer: Gazetteer):
    book = address_book()
    for row, match in zip(
        book.itertuples(), gazetteer.match_many(book["address"].tolist()), strict=True
    ):
        assert (match.id, match.level, match.confidence) == (row.id, MatchLevel.BUILDING, 1.0)
        assert (match.lon, match.lat, match.address) == (row.lon, row.lat, row.address)
        assert match.is_claimed


@pytest.mark.parametrize(
    "text",
    [
        "天逸华府桂园3栋",
        "天逸华府桂园三幢2单元501室（请电联）",
        "龙蟠大道109号天逸华府桂园３号楼",
        "滁州市 龙蟠街道 天逸华府桂园 3#501",
        "天逸华府桂园3-2-501",
        "天易华府桂园3栋",  # homophone
        "天逸华俯桂园3栋",  # looks alike
        "天逸府华桂园3栋",  # changed about
        "天逸华府园3栋",  # left out
        "天逸华府桂园小区3栋",
        "安徽省滁州市南谯区龙蟠街道龙蟠大道109号3栋",  # the number alone
    ],
)
def test_ways_of_writing_and_one_slip_lead_to_the_building(gazetteer: Gazetteer, text: str):
    match = gazetteer.match(text)
    assert match.id == "天逸华府桂园/3" or match.level is MatchLevel.ROAD_NUMBER
    assert match.is_claimed


def test_what_was_asked_beyond_the_match_is_said(gazetteer: Gazetteer):
    match = gazetteer.match("天逸华府桂园3栋2单元501室")
    assert match.level is MatchLevel.BUILDING
    assert (match.missing, match.asked) == ("2单元501室", MatchLevel.ROOM)


def test_an_unknown_building_of_a_known_estate_is_the_estate(gazetteer: Gazetteer):
    match = gazetteer.match("天逸华府桂园99栋")
    assert match.is_claimed
    assert match.level is MatchLevel.COMPOUND
    assert (match.missing, match.asked) == ("99栋", MatchLevel.BUILDING)
    assert match.id is None


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("清流人家3栋", {"清流人家一期/3", "清流人家二期/3"}),
        ("紫薇小区3栋", {"紫薇小区东区/3", "紫薇小区西区/3"}),
        ("蓝天3栋", {"蓝天小区/3", "蓝天花园/3"}),
    ],
)
def test_what_two_places_answer_to_is_a_question(gazetteer: Gazetteer, text: str, meant: set[str]):
    match = gazetteer.match(text)
    assert match.is_ambiguous
    assert not match.is_claimed
    assert match.level < MatchLevel.ROAD_NUMBER
    assert {candidate.id for candidate in match.alternatives[:2]} == meant
    assert match.confidence <= 0.5


def test_a_building_that_only_one_phase_has_decides(gazetteer: Gazetteer):
    match = gazetteer.match("清流人家11栋")
    assert (match.id, match.is_claimed) == ("清流人家二期/11", True)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("清流人家二期3栋", "清流人家二期/3"),
        ("清流人家第2期3栋", "清流人家二期/3"),
        ("清流人家Ⅰ期3栋", "清流人家一期/3"),
        ("清流人家（一期）3栋", "清流人家一期/3"),
        ("紫薇东区3栋", "紫薇小区东区/3"),
        ("紫薇西小区3栋", "紫薇小区西区/3"),
        ("蓝天小区3栋", "蓝天小区/3"),
        ("蓝天花园3栋", "蓝天花园/3"),
    ],
)
def test_parts_and_kinds_of_estates_are_not_confused(gazetteer: Gazetteer, text: str, right: str):
    match = gazetteer.match(text)
    assert match.id == right
    assert match.is_claimed


@pytest.mark.parametrize(
    "text",
    ["清流人家三期3栋", "紫薇南区3栋", "锦绣花园3栋", "绿地国际花都5栋", "桂园3栋", "哈哈哈"],
)
def test_a_place_that_is_not_known_is_not_claimed(gazetteer: Gazetteer, text: str):
    match = gazetteer.match(text)
    assert not match.is_claimed
    assert match.level < MatchLevel.ROAD_NUMBER


def test_a_number_that_is_not_known_is_only_on_its_road(gazetteer: Gazetteer):
    match = gazetteer.match("龙蟠大道111号")
    assert (match.level, match.asked) == (MatchLevel.ROAD, MatchLevel.ROAD_NUMBER)
    assert match.address == "龙蟠大道"


def test_a_crossing_lies_between_the_nearest_places_of_both_roads(gazetteer: Gazetteer):
    match = gazetteer.match("清流路与凤凰路交叉口")  # 清流路18号 and 凤凰路7号 are 920 m apart
    assert (match.level, match.address) == (MatchLevel.ROAD, "清流路")
    nearer = address_book()
    nearer[["lon", "lat"]] = [118.3, 32.26] + (nearer[["lon", "lat"]] - [118.3, 32.26]) / 3
    match = Gazetteer.from_frame(nearer).match("清流路与凤凰路交叉口")
    assert (match.level, match.address) == (MatchLevel.ROAD, "清流路与凤凰路")
    assert 118.3067 < match.lon < 118.3105


@pytest.mark.parametrize(
    ("text", "level", "missing"),
    [
        ("天逸华府桂园对面", MatchLevel.ROAD, "对面"),
        ("天逸华府桂园3栋东100米", MatchLevel.ROAD, "3栋东100米"),
        ("天逸华府桂园3栋门口", MatchLevel.BUILDING, ""),
        ("天逸华府桂园3栋（五中对面）", MatchLevel.BUILDING, ""),
    ],
)
def test_beside_a_place_is_not_in_it(
    gazetteer: Gazetteer, text: str, level: MatchLevel, missing: str
):
    match = gazetteer.match(text)
    assert (match.level, match.missing) == (level, missing)


def test_a_name_that_two_distant_places_share_is_a_question():
    book = pd.DataFrame(
        {
            "name": ["阳光花园", "阳光花园", "阳光花园"],
            "address": ["人民路1号", "解放路2号", "解放路2号"],
            "lon": [118.30, 118.35, 118.351],  # the last two are 94 m apart: one place
            "lat": [32.26, 32.26, 32.26],
        }
    )
    gazetteer = Gazetteer.from_frame(book)
    question = gazetteer.match("阳光花园")
    assert question.is_ambiguous
    assert len(question.alternatives) == 2
    assert math.isnan(question.lon)
    assert gazetteer.match("解放路阳光花园").lon == pytest.approx(118.35, abs=0.001)


def test_buildings_of_one_number_apart_from_each_other_are_a_question():
    book = pd.DataFrame(
        {
            "compound": ["明珠苑", "明珠苑"],
            "building": ["3栋", "3号楼"],
            "address": ["", ""],
            "lon": [118.300, 118.302],
            "lat": [32.26, 32.26],
        }
    )
    match = Gazetteer.from_frame(book).match("明珠苑3栋")
    assert match.is_ambiguous
    assert match.level is MatchLevel.COMPOUND
    assert len(match.alternatives) == 2


def test_columns_go_before_the_text_and_aliases_lead_to_the_place():
    book = pd.DataFrame(
        {
            "id": ["c1", "b1", "s1", "g1"],
            "kind": ["compound", "building", "station", "gate"],
            "name": ["春晖苑", "", "春晖苑红色驿站", "南门"],
            "compound": ["春晖苑", "春晖苑", "春晖苑", "春晖苑"],
            "building": ["", "5栋", "", ""],
            "address": ["", "", "", ""],
            "aliases": [["老纺织厂宿舍"], None, "春晖驿站、红驿", None],
            "lon": [118.30, 118.301, 118.302, 118.303],
            "lat": [32.26, 32.26, 32.26, 32.26],
        }
    )
    gazetteer = Gazetteer.from_frame(book)
    for text, place, level in (
        ("老纺织厂宿舍5号楼", "b1", MatchLevel.BUILDING),
        ("春晖苑", "c1", MatchLevel.COMPOUND),
        ("老纺织厂宿舍", "c1", MatchLevel.COMPOUND),
        ("红驿", "s1", MatchLevel.BUILDING),
        ("春晖苑南门", "g1", MatchLevel.COMPOUND),
    ):
        match = gazetteer.match(text)
        assert (match.id, match.level) == (place, level), text


def test_rows_that_cannot_be_found_are_left_out_by_name():
    book = pd.DataFrame(
        {
            "address": ["龙蟠大道1号", "龙蟠大道2号", "", "龙蟠大道4号"],
            "lon": [118.3, np.nan, 118.3, 1183.0],
            "lat": [32.2, 32.2, 32.2, 32.2],
        },
        index=["a", "b", "c", "d"],
    )
    gazetteer = Gazetteer.from_frame(book)
    assert [row.index for row in gazetteer.left_out] == ["b", "c", "d"]
    assert gazetteer.match("龙蟠大道1号").id == "a"
    assert gazetteer.match("龙蟠大道2号").level is MatchLevel.ROAD


def test_a_gazetteer_without_its_columns_is_refused():
    with pytest.raises(GeocodeError, match=r"lacks the columns lon, lat\. Give"):
        Gazetteer.from_frame(pd.DataFrame({"address": ["x"]}))


def test_an_unknown_kind_is_refused():
    book = address_book().assign(kind="house")
    with pytest.raises(GeocodeError, match=r"unknown kinds: house\. Use compound, "):
        Gazetteer.from_frame(book)


def test_an_empty_gazetteer_knows_nothing():
    gazetteer = Gazetteer.from_frame(address_book().iloc[:0])
    assert gazetteer.match("天逸华府桂园3栋").level is MatchLevel.NONE


def test_levels_are_ordered_by_exactness():
    order = ["none", "community", "road", "road_number", "compound", "building", "unit", "room"]
    assert [str(level) for level in sorted(MatchLevel)] == order
    assert MatchLevel.ROOM > MatchLevel.UNIT >= MatchLevel.BUILDING
    assert max(MatchLevel) is MatchLevel.ROOM


def test_one_by_one_is_as_all_at_once_and_in_any_order(gazetteer: Gazetteer):
    texts = ["天易华府桂园3栋", "蓝天3栋", "清流人家3栋", "龙蟠大道", "锦秀家园2栋", "", "锦绣家园"]
    together = gazetteer.match_many(texts)
    assert repr([gazetteer.match(text) for text in texts]) == repr(together)
    assert repr(gazetteer.match_many(texts[::-1])[::-1]) == repr(together)
    assert repr(Gazetteer.from_frame(address_book()).match_many(texts)) == repr(together)


def test_the_order_of_the_rows_does_not_matter(gazetteer: Gazetteer):
    shuffled = Gazetteer.from_frame(address_book().sample(frac=1, random_state=4))
    texts = ["天易华府桂园3栋", "紫薇东区3栋", "清流人家11栋", "锦秀家园2栋"]
    for one, other in zip(gazetteer.match_many(texts), shuffled.match_many(texts), strict=True):
        assert (one.id, one.level) == (other.id, other.level)
        assert one.confidence == pytest.approx(other.confidence)


@settings(max_examples=150, deadline=None)
@given(
    name=st.sampled_from(sorted(COMPOUNDS)),
    number=st.integers(1, 14),
    word=st.sampled_from(["栋", "幢", "号楼", "#", "座"]),
    place=st.integers(0, 5),
    typed=st.sampled_from(list("东西一二三四大小新旧天地人和花园府家区期")),
)
def test_a_slip_never_leads_surely_to_another_estate_s_building(
    name: str, number: int, word: str, place: int, typed: str
):
    slipped = name[:place] + typed + name[place + 1 :]
    match = whole_gazetteer().match(f"{slipped}{number}{word}")
    if not match.is_claimed or slipped.startswith(tuple(set(COMPOUNDS) - {name})):
        return
    is_other_part = name.startswith(("清流", "紫薇", "蓝天")) and place >= 2
    same = {name} | ({n for n in COMPOUNDS if n[:2] == name[:2]} if is_other_part else set())
    assert any(estate in match.address for estate in same)
    if match.level is MatchLevel.BUILDING:
        assert str(match.id).endswith(f"/{number}")


def test_confidence_says_what_is_claimed(gazetteer: Gazetteer):
    for text in ("天易华府桂园3栋", "蓝天3栋", "锦绣园3栋", "哈哈"):
        match = gazetteer.match(text)
        is_sure = match.confidence >= CLAIM_CONFIDENCE and match.level > MatchLevel.NONE
        assert match.is_claimed == (is_sure and not match.is_ambiguous)


def test_no_match_is_all_unknown():
    assert math.isnan(Match().lon)
    assert Match().level is MatchLevel.NONE
    assert not Match().is_claimed
