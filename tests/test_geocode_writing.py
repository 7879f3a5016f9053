"""One way of writing: numerals, characters, keys of addresses."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.geocode import canonical_key
from geo.geocode.digits import chinese_number, number_of, roman_of
from geo.geocode.names import name_of, written_in_one_way
from geo.geocode.normalise import normal, normalise

WHOLE = "安徽省滁州市南谯区龙蟠街道龙蟠大道103号天逸华府桂园12栋2单元501室"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *(("十二", 12), ("一百零三", 103), ("一〇三", 103), ("二十", 20), ("壹", 1), ("廿四", 24)),
        *(("一千零一十", 1010), ("三万零五", 30005), ("007", 7), ("十万", 100_000)),
    ],
)
def test_numerals_are_read(text: str, number: int):
    assert number_of(text) == number


@pytest.mark.parametrize(
    "text", ["", "百", "百千", "一百百", "二二十", "万", "东", "3栋", "1" * 10]
)
def test_what_is_no_numeral_is_not_guessed(text: str):
    assert number_of(text) is None


@given(st.integers(0, 10**8 - 1))
def test_chinese_numerals_round_trip(number: int):
    assert number_of(chinese_number(number)) == number


@pytest.mark.parametrize("number", [-1, 10**8])
def test_numbers_that_cannot_be_said_are_refused(number: int):
    with pytest.raises(ValueError, match=f"^{number} is not between 0 and 99999999"):
        chinese_number(number)


def test_roman_phases_are_read():
    assert [roman_of(text) for text in ("I", "IV", "X", "A")] == [1, 4, 10, None]


def test_characters_are_written_one_way_and_keep_their_place():
    written = normalise("１２號樓　Ａ·座（３）")
    assert written.text == "12号楼A座(3)"
    assert written.original_span(6, 9) == (8, 11)  # the bracket and what is in it
    assert normal("12 3\t501") == "12 3 501"  # numbers stay apart


@given(st.text())
def test_writing_one_way_twice_changes_nothing_more(text: str):
    assert normal(normal(text)) == normal(text)


@pytest.mark.parametrize(
    "variant",
    [
        "安徽省滁州市南谯区龙蟠街道龙蟠大道103号天逸华府桂园12幢2单元501室",
        "安徽省滁州市南谯区龙蟠街道龙蟠大道103号天逸华府桂园12号楼2单元501",
        "安徽省滁州市南谯区龙蟠街道龙蟠大道103号天逸华府桂园12#2单元501房",
        "安徽省滁州市南谯区龙蟠街道龙蟠大道103号天逸华府桂园12-2-501",
        "安徽省滁州市南谯区龙蟠街道龙蟠大道一百零三号天逸华府桂园十二栋二单元501室",
        "安徽省滁州市南谯区龙蟠街道龙蟠大道１０３号天逸华府桂园１２座２单元５０１室",
        "安徽省 滁州市 南谯区 龙蟠街道 龙蟠大道 103号 天逸华府桂园 12栋 2单元 501室",
        "安徽省，滁州市，南谯区，龙蟠街道，龙蟠大道103号，天逸华府·桂园，12栋，2单元，501室（请打电话）",
        "中国安徽省滁州市南谯区龍蟠街道龍蟠大道103號天逸華府桂園12棟2單元501室",
        "安徽省滁州市南谯区龙蟠街道龙蟠大道103号天逸华府桂园12动2丹元501是",
    ],
)
def test_variants_of_writing_share_a_key(variant: str):
    assert canonical_key(variant) == canonical_key(WHOLE)


@pytest.mark.parametrize(
    "other",
    [
        WHOLE.replace("12栋", "11栋"),
        WHOLE.replace("2单元", "3单元"),
        WHOLE.replace("103号", "104号"),
        WHOLE.replace("桂园", "桂园东区"),
        WHOLE.replace("桂园", "桂园二期"),
        WHOLE.replace("南谯区", "琅琊区"),
    ],
)
def test_other_addresses_have_other_keys(other: str):
    assert canonical_key(other) != canonical_key(WHOLE)


PIECES = st.sampled_from(
    [
        *(
            "安徽省",
            "滁州",
            "市",
            "南谯区",
            "路",
            "街",
            "3号",
            "十二",
            "栋",
            "#",
            "-",
            "(",
            ")",
            "|",
        ),
        *(
            "小区",
            "东区",
            "一期",
            "A",
            "5",
            "01",
            "室",
            "单元",
            "对面",
            "与",
            "交叉口",
            " ",
            "村",
            "弄",
        ),
    ]
)


@settings(max_examples=400)
@given(st.one_of(st.text(max_size=40), st.lists(PIECES, max_size=14).map("".join)))
def test_a_key_given_again_is_itself(text: str):
    key = canonical_key(text)
    assert canonical_key(key) == key


@pytest.mark.parametrize(
    ("name", "base", "end", "phase", "zones"),
    [
        ("天乐小区北区", "天乐", "", "", ("北",)),
        ("天乐北区", "天乐", "", "", ("北",)),
        ("蓝天东小区", "蓝天", "", "", ("东",)),
        ("清华城Ⅱ期", "清华城", "", "2", ()),
        ("第二期清华城", "清华城", "", "2", ()),
        ("常青花园十一小区", "常青", "花园", "", ("11",)),
        ("百合华庭(东区)", "百合", "华庭", "", ("东",)),
        ("西苑小区", "西苑", "", "", ()),  # nothing would be left of it
        ("南湖1号", "南湖1号", "", "", ()),
    ],
)
def test_names_are_taken_apart(name: str, base: str, end: str, phase: str, zones: tuple[str, ...]):
    found = name_of(written_in_one_way(name))
    assert (found.base, found.end, found.phase, found.zones) == (base, end, phase, zones)
