import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.keys import building_part, chinese_number, number_key, plain_name, split_address


@pytest.mark.parametrize(
    "text",
    [
        *("12栋", "12幢", "12号楼", "12#", "#12", "12＃楼", "１２栋", "十二幢", "012栋", " 12 栋 "),
        *("第12栋", "12", "12座", "12栋3单元502室", "No.12", "Building 12", "12号"),
        *("12-3-502", "12棟", "十二号楼", "12楼"),
    ],
)
def test_ways_of_writing_a_building_number_have_one_key(text):
    assert number_key(text) == "12"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("A座", "a"),
        ("甲1栋", "甲1"),
        ("12-1栋", "12-1"),
        ("东区3栋", "东区3"),
        ("100栋", "100"),
        ("", ""),
    ],
)
def test_what_tells_buildings_apart_stays(text, key):
    assert number_key(text) == key


@given(st.integers(1, 999), st.integers(1, 999))
def test_two_numbers_never_get_the_same_key(first, second):
    assert (number_key(f"{first}栋") == number_key(f"{second}号楼")) == (first == second)


@given(st.integers(0, 199))
def test_chinese_numbers_are_read(number):
    digits = "零一二三四五六七八九"
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    text = f"{digits[hundreds]}百" if hundreds else ""
    text += "零" if hundreds and not tens and ones else ""
    text += ("" if tens == 1 and not hundreds else digits[tens]) + "十" if tens else ""
    text += digits[ones] if ones or not text else ""
    assert chinese_number(text) == str(number)


@given(st.integers(1, 199))
def test_a_key_of_a_key_is_itself(number):
    assert number_key(number_key(f"{number}幢")) == number_key(f"{number}幢")


def test_names_are_compared_without_width_and_spaces():
    assert plain_name("天逸华府 桂园（东区）") == plain_name("天逸华府桂园(东区)")
    assert plain_name("天逸华府桂园") != plain_name("天逸华府桂苑")


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("天逸华府桂园12栋3单元502", ("天逸华府桂园", "12栋")),
        ("龙蟠南苑 ３号楼", ("龙蟠南苑", "3号楼")),
        ("阳光小区二期十二幢", ("阳光小区二期", "十二幢")),
        ("龙蟠路12号", None),
        ("12栋", None),
        ("", None),
    ],
)
def test_an_address_is_split_at_the_building(address, parts):
    assert split_address(address) == parts


@pytest.mark.parametrize(
    ("text", "part"),
    [
        *(
            ("12栋", "12栋"),
            ("12栋3单元502室", "12栋"),
            ("十二号楼502", "十二号楼"),
            ("12-3-502", "12"),
        ),
        *(("12", "12"), ("甲", "甲"), ("3单元502", ""), ("502室", ""), ("", "")),
    ],
)
def test_of_a_number_only_the_building_is_shown(text, part):
    assert building_part(text) == part
