from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.cells import (
    UNKNOWN_WORDS,
    CellError,
    parse_base_kind,
    parse_count,
    parse_date,
    parse_flag,
    parse_levels,
    parse_member_kind,
    parse_number,
    parse_opening_hours,
    parse_services,
    parse_state,
)
from data.findings import masked, without_personal


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("3500 户", 3500),
        ("３５００户", 3500),
        ("约1,200户", 1200),
        ("1.5万", 15_000),
        ("0", 0),
        ("12.0", 12),
        (" 7 ", 7),
        ("80余户", 80),
        ("120㎡", 120),
        ("+3", 3),
        (".5", 0.5),
    ],
)
def test_numbers_are_read_with_their_unit(text, number):
    assert parse_number(text) == number


@pytest.mark.parametrize("text", [*sorted(UNKNOWN_WORDS), "暂无资料 ", "ＮＡ", "N/A"])
def test_unknown_is_nothing_and_never_zero(text):
    assert parse_number(text) is None
    assert parse_flag(text) is None
    assert parse_date(text) is None
    assert parse_opening_hours(text) is None


@pytest.mark.parametrize(
    ("parse", "text", "rule"),
    [
        (parse_number, "abc", "number"),
        (parse_number, "3500户左右吧", "number"),
        (parse_number, "1,20", "number"),
        (parse_number, "1-2", "number"),
        (parse_number, "inf", "number"),
        (parse_number, "-1", "not_negative"),
        (parse_count, "13812345678", "too_large"),
        (parse_count, "10000001", "too_large"),
        (parse_levels, "201", "too_large"),
        (parse_flag, "也许", "flag"),
        (parse_date, "2024-13-01", "date"),
        (parse_date, "2024-02-30", "date"),
        (parse_date, "昨天", "date"),
        (parse_opening_hours, "看情况", "hours"),
        (parse_state, "不清楚", "state"),
        (parse_base_kind, "沙漠", "base_kind"),
    ],
)
def test_a_cell_that_breaks_a_rule_says_which(parse, text, rule):
    with pytest.raises(CellError) as caught:
        parse(text)
    assert caught.value.rule == rule


def test_the_largest_numbers_that_are_possible_are_taken():
    assert parse_count("10000000") == 10_000_000
    assert parse_levels("200") == 200


@given(st.integers(0, 10_000_000))
def test_every_count_is_read_back(number):
    assert parse_count(f"{number}户") == parse_count(f"{number:,}") == number


@pytest.mark.parametrize(
    "text",
    ["2024-01-05", "2024/1/5", "2024.1.5", "2024年1月5日", "20240105", "2024-01-05 00:00:00"],
)
def test_dates_are_read_in_many_ways_of_writing(text):
    assert parse_date(text) == date(2024, 1, 5)


def test_a_date_without_day_or_month_is_the_first():
    assert parse_date("2024年3月") == date(2024, 3, 1)
    assert parse_date("2024年") == parse_date("2024") == date(2024, 1, 1)


def test_flags_states_and_kinds_are_read():
    assert [parse_flag(text) for text in ("是", "否", "1", "0", "√", "No")] == [
        *(True, False, True, False, True, False)
    ]
    assert [parse_state(text) for text in ("", "已启用", "拟建", "停用")] == [
        *("open", "open", "planned", "closed")
    ]
    assert [parse_base_kind(text) for text in ("水系", "公园", "rail")] == [
        "water",
        "green",
        "rail",
    ]
    assert [
        parse_member_kind(t) for t in ("社区党员", "在职党员（双报到）", "流动", "离退休", "")
    ] == [*("community", "in_service", "mobile", "other", "other")]


def test_services_are_a_list_without_repeats():
    assert parse_services("党群服务、图书阅览；党群服务，代办") == ["党群服务", "图书阅览", "代办"]
    assert parse_services("暂无") == []


@pytest.mark.parametrize(
    "secret",
    [
        *("34110319800101123X", "341103198001011234", "13812345678", "138-1234-5678"),
        *("138 1234 5678", "０５５０-3123456", "0550-3123456", "１３８１２３４５６７８"),
    ],
)
def test_id_cards_and_telephones_are_taken_out_of_text(secret):
    texts, n = without_personal([f"桂园12栋({secret})李", "桂园12栋"])
    assert texts == ["桂园12栋(***)李", "桂园12栋"]
    assert n == 1
    assert masked(f"电话{secret}") == ("电话***", 1)


@pytest.mark.parametrize(
    "text", ["341103003001001", "118.3686590000000", "2024-01-05", "长江路1234567号", "1381234567"]
)
def test_codes_coordinates_and_house_numbers_are_no_telephones(text):
    assert without_personal([text]) == ([text], 0)
