from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.hours import (
    WEEK,
    Hours,
    HoursError,
    day_key,
    describe,
    from_json,
    is_open,
    parse_hours,
    to_json,
)

OFFICE = ((510, 720), (840, 1050))  # 8:30-12:00, 14:00-17:30


def week(spans):
    return Hours(**dict.fromkeys((*WEEK, "holiday"), spans))


@pytest.mark.parametrize(
    "text",
    [
        "周一至周五 8:30-12:00,14:00-17:30;周末 9:00-16:00;节假日休息",
        "周一到周五：8：30—12：00、14：00～17：30；周六日 9时-16时；法定节假日 闭馆",
        "工作日 上午8:30-12:00，下午2:00-5:30。双休日 9点至下午4点。节假日不开放",
        "Mon-Fri 8:30am-12:00, 2pm-5:30pm; Sat,Sun 9:00-16:00; public holidays closed",
        "星期一至星期五 8:30-12:00 14:00-17:30\n周六、周日 9:00-16:00\n节假日放假",
    ],
)
def test_the_same_hours_are_read_from_many_ways_of_writing(text):
    weekend = ((540, 960),)
    assert parse_hours(text) == Hours(*[OFFICE] * 5, weekend, weekend, ())


@pytest.mark.parametrize(
    "text", ["24小时", "全天", "24/7", "每天 24小时营业", "24 hours", "0:00-24:00"]
)
def test_all_day_is_every_day_and_holiday(text):
    assert parse_hours(text) == week(((0, 1440),))


def test_a_text_without_days_holds_every_day():
    assert parse_hours("8:00-20:00") == parse_hours("每天8:00-20:00") == week(((480, 1200),))


def test_days_that_are_not_named_are_closed_and_holidays_are_as_sundays():
    hours = parse_hours("周一、三、五 9:00-11:00")
    assert (hours.mon, hours.wed, hours.fri) == (((540, 660),),) * 3
    assert hours.tue == hours.sun == hours.holiday == ()
    assert parse_hours("周日 9:00-11:00").holiday == ((540, 660),)


def test_a_later_statement_on_a_day_counts():
    hours = parse_hours("8:30-17:30（周末休息）")
    assert hours.fri == ((510, 1050),)
    assert hours.sat == hours.sun == hours.holiday == ()


def test_hours_past_midnight_run_into_the_next_day():
    hours = parse_hours("周五 18:00-2:00")
    assert hours.fri == ((1080, 1560),)
    saturday = datetime(2026, 3, 7)  # noqa: DTZ001 - local wall-clock times
    assert is_open(hours, saturday - timedelta(hours=1))
    assert is_open(hours, saturday + timedelta(hours=1, minutes=59))
    assert not is_open(hours, saturday + timedelta(hours=2))
    assert not is_open(hours, saturday + timedelta(hours=18))


@pytest.mark.parametrize(
    ("clock", "is_it"), [("07:59", False), ("08:00", True), ("19:59", True), ("20:00", False)]
)
def test_closing_time_is_closed(clock, is_it):
    at = datetime.fromisoformat(f"2026-03-04 {clock}")
    assert is_open(parse_hours("8:00-20:00"), at) is is_it


@pytest.mark.parametrize(
    ("day", "key"),
    [
        ("2026-10-01", "holiday"),  # National Day
        ("2026-10-04", "holiday"),  # a Sunday inside the break
        ("2026-10-07", "holiday"),  # moved day off
        ("2026-10-08", "thu"),
        ("2026-10-10", "mon"),  # a Saturday that is worked
        ("2026-10-11", "sun"),
        ("2026-09-20", "mon"),  # a Sunday that is worked
        ("2026-09-26", "holiday"),  # the weekend after Mid-Autumn's Friday
        ("2026-09-27", "holiday"),
        ("2026-03-08", "sun"),
    ],
)
def test_the_state_council_s_calendar_decides_the_kind_of_day(day, key):
    assert day_key(date.fromisoformat(day)) == key


def test_holiday_hours_hold_on_a_holiday_only():
    hours = parse_hours("每天 8:00-20:00;节假日休息")
    assert not is_open(hours, datetime.fromisoformat("2026-10-01 10:00"))
    assert is_open(hours, datetime.fromisoformat("2026-10-08 10:00"))


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("看情况", "看情况"),
        ("周一至周五", "周一至周五"),
        ("8:30-25:00", "8:30-25:00"),
        ("8:30", "8:30"),
        ("9:00-9:00", "9:00-9:00"),
        ("周末至周一 8:00-9:00", "周末"),
        ("", ""),
    ],
)
def test_hours_that_cannot_be_read_are_refused_at_the_part(text, part):
    with pytest.raises(HoursError) as caught:
        parse_hours(text)
    assert f"“{part}”。写法示例" in caught.value.say("zh")
    assert "An example: Mon-Fri" in caught.value.say("en")


@pytest.mark.parametrize(
    "spans", [((600, 500),), ((500, 600), (590, 700)), ((10, 1451),), ((1440, 1500),)]
)
def test_impossible_spans_are_refused(spans):
    with pytest.raises(HoursError, match=r"^The span .* of Tue is impossible or overlaps"):
        Hours(tue=spans)


@st.composite
def hours_of_a_week(draw):
    days = {}
    for key in (*WEEK, "holiday"):
        if draw(st.booleans()):
            days[key] = ((0, 1440),) if draw(st.booleans()) else ()
            continue
        edges = sorted(draw(st.sets(st.integers(0, 1439), min_size=2, max_size=6)))
        spans = list(zip(edges[::2], edges[1::2], strict=False))
        if draw(st.booleans()) and spans[0][0] > 0:
            spans[-1] = (spans[-1][0], 1440 + draw(st.integers(0, spans[-1][0] - 1)))
        days[key] = tuple(spans)
    return Hours(**days)


@given(hours_of_a_week())
def test_hours_said_in_words_are_read_back_the_same(hours):
    assert parse_hours(describe(hours, "zh")) == hours
    assert parse_hours(describe(hours, "en")) == hours
    assert from_json(to_json(hours)) == hours


@given(hours_of_a_week(), st.datetimes(datetime(2020, 1, 1), datetime(2027, 12, 31)))  # noqa: DTZ001
def test_open_is_what_the_spans_of_the_day_or_the_night_before_say(hours, at):
    minute = at.hour * 60 + at.minute
    minutes = set()
    for back in (0, 1):
        for start, end in hours.on(day_key(at.date() - timedelta(days=back))):
            minutes |= set(range(start - 1440 * back, end - 1440 * back))
    assert is_open(hours, at) == (minute in minutes)
