"""Opening hours by weekday and holiday: reading the office's text, and asking at a moment.

A day is one of eight keys: `mon` … `sun`, and `holiday` for the days off that the State Council
orders (statutory holidays, the days moved to them and the weekends they join). Where a text does
not speak of holidays, a holiday is as a Sunday. A day of work in place of a weekend (调休上班)
has Monday's hours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

import holidays

from geo.errors import GeoError
from geo.hours_text import TOKENS, Token, clock_minute, normalised, says_after_noon, weekday_keys
from geo.text import Language, Text

Span = tuple[int, int]  # minutes after midnight [start, end); end > 1440 is on the next day
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MIN = 24 * 60
ALL_DAY: tuple[Span, ...] = ((0, DAY_MIN),)
TITLES = dict(
    zip(
        (*WEEK, "holiday"),
        (
            Text("周一", "Mon"),
            Text("周二", "Tue"),
            Text("周三", "Wed"),
            Text("周四", "Thu"),
            Text("周五", "Fri"),
            Text("周六", "Sat"),
            Text("周日", "Sun"),
            Text("节假日", "holidays"),
        ),
        strict=True,
    )
)


class HoursError(GeoError, ValueError):
    """Opening hours cannot be read, or a span of them is impossible."""


@dataclass(frozen=True)
class Hours:
    """When something is open: for each day the spans, in order and apart; none = closed."""

    mon: tuple[Span, ...] = ()
    tue: tuple[Span, ...] = ()
    wed: tuple[Span, ...] = ()
    thu: tuple[Span, ...] = ()
    fri: tuple[Span, ...] = ()
    sat: tuple[Span, ...] = ()
    sun: tuple[Span, ...] = ()
    holiday: tuple[Span, ...] = ()

    def __post_init__(self) -> None:
        for field in fields(self):
            _check_spans(TITLES[field.name], getattr(self, field.name))

    def on(self, key: str) -> tuple[Span, ...]:
        """Return the spans of a day by its key."""
        spans: tuple[Span, ...] = getattr(self, key)
        return spans


def _check_spans(day: Text, spans: Sequence[Span]) -> None:
    last_end = -1
    for start, end in spans:
        is_possible = 0 <= start < DAY_MIN and start < end and (end - start < DAY_MIN or start == 0)
        if not is_possible or end - start > DAY_MIN or start < last_end:
            shown = f"{_clock(start)}-{_clock(end)}"
            raise HoursError(
                Text(
                    f"{day.zh}的时段 {shown} 不可能，或与前一时段重叠。",
                    f"The span {shown} of {day.en} is impossible or overlaps the one before.",
                )
            )
        last_end = end


def is_open(hours: Hours, at: datetime) -> bool:
    """Tell whether a place is open at a local moment; closing time itself is closed."""
    minute = at.hour * 60 + at.minute
    today = hours.on(day_key(at.date()))
    before = hours.on(day_key(at.date() - timedelta(days=1)))
    return any(start <= minute < end for start, end in today) or any(
        minute + DAY_MIN < end for _, end in before
    )


def day_key(day: date) -> str:
    """Return which of the eight kinds of day a date is.

    China's holidays are those of the package `holidays`; a year that the State Council has not
    yet ruled on has the statutory days only.
    """
    calendar = _calendar(day.year)
    if day in calendar.weekend_workdays:
        return "mon"
    if day in calendar or (day.weekday() >= 5 and _joins_a_holiday(day)):
        return "holiday"
    return WEEK[day.weekday()]


def _joins_a_holiday(day: date) -> bool:
    """Tell whether a day of a weekend stands beside a holiday, perhaps over the other day off."""
    for step in (timedelta(days=1), timedelta(days=-1)):
        other = day + step
        while other.weekday() >= 5 and not _is_named(other):
            other += step
        # A weekend day that is worked ends the run.
        if other in _calendar(other.year):
            return True
    return False


def _is_named(day: date) -> bool:
    calendar = _calendar(day.year)
    return day in calendar or day in calendar.weekend_workdays


@lru_cache(maxsize=64)
def _calendar(year: int) -> Any:  # noqa: ANN401 - the package has no types
    return holidays.country_holidays("CN", years=year, expand=False)


def parse_hours(text: str) -> Hours:
    """Read opening hours as an office writes them, in Chinese or English.

    Days stand before their times: "周一至周五 8:30-12:00,14:00-17:30;周末 9:00-16:00;节假日休息",
    "24小时", "每天8:00-20:00", "Mon-Fri 8:30am-5pm; holidays closed". A text that names no day
    holds for every day; days that a text does not name are closed; of two statements on a day
    the later holds. An end at or before its start is on the next day.

    Raises
    ------
    HoursError
        Some part cannot be read; the message names it.
    """
    found: dict[str, tuple[Span, ...]] = {}
    for days, spans in _statements(text, _tokens(text)):
        for day in days or WEEK:
            found[day] = spans
    if not found:
        raise _unread(text, text)
    found.setdefault("holiday", found.get("sun", ()))
    return Hours(**{day: tuple(sorted(spans)) for day, spans in found.items()})


def _tokens(text: str) -> list[Token]:
    plain = normalised(text)
    tokens: list[Token] = []
    position = 0
    while position < len(plain):
        match = TOKENS.match(plain, position)
        if match is None or match.lastgroup is None:
            raise _unread(text, plain[position:])
        if match.lastgroup != "noise":
            tokens.append(Token(match.lastgroup, match.group()))
        position = match.end()
    return tokens


def _statements(text: str, tokens: list[Token]) -> list[tuple[list[str], tuple[Span, ...]]]:
    """Return (days, spans) in the order written; no days = every day; no spans = closed."""
    statements: list[tuple[list[str], tuple[Span, ...]]] = []
    position = 0
    while position < len(tokens):
        days, position = _days(text, tokens, position)
        spans, position = _spans(text, tokens, position)
        statements.append((days, spans))
        while position < len(tokens) and tokens[position].kind == "and":
            position += 1
    return statements


def _days(text: str, tokens: list[Token], position: int) -> tuple[list[str], int]:
    """Read the days at a position: single, joined by "and", or a range over a dash."""
    days: list[str] = []
    while position < len(tokens) and tokens[position].kind in {"day", "group", "and", "short"}:
        token = tokens[position]
        position += 1
        if token.kind == "and":
            continue
        keys = weekday_keys(token)
        ends = tokens[position : position + 2]
        if [end.kind for end in ends] in (["dash", "day"], ["dash", "short"]):
            last = weekday_keys(ends[1])
            if len(keys) != 1 or keys[0] not in WEEK or not last:
                raise _unread(text, token.text)
            first_at, last_at = WEEK.index(keys[0]), WEEK.index(last[0])
            keys = [WEEK[(first_at + i) % 7] for i in range((last_at - first_at) % 7 + 1)]
            position += 2
        days += keys
    return days, position


def _spans(text: str, tokens: list[Token], position: int) -> tuple[tuple[Span, ...], int]:
    """Read the times at a position, up to the next day or the end."""
    if position < len(tokens) and tokens[position].kind == "closed":
        return (), position + 1
    if position < len(tokens) and tokens[position].kind == "all_day":
        return ALL_DAY, position + 1
    spans: list[Span] = []
    while position < len(tokens) and tokens[position].kind in {"time", "and"}:
        if tokens[position].kind == "and":
            position += 1
            continue
        kinds = [token.kind for token in tokens[position : position + 3]]
        if kinds != ["time", "dash", "time"]:
            raise _unread(text, tokens[position].text)
        spans.append(_span(text, tokens[position], tokens[position + 2]))
        position += 3
    if not spans:
        rest = "".join(token.text for token in tokens[position:]) or text
        raise _unread(text, rest)
    return tuple(spans), position


def _span(text: str, first: Token, last: Token) -> Span:
    start, end = clock_minute(first.text), clock_minute(last.text)
    if start is not None and end is not None and end <= start and says_after_noon(first.text):
        # "下午2:00-5:30": the word holds for both ends; "晚上8点-2点" still ends at night.
        later = end + DAY_MIN // 2
        end = later if start < later <= DAY_MIN else end
    if start is None or end is None or start >= DAY_MIN or start == end:
        raise _unread(text, f"{first.text}-{last.text}")
    return (start, end if end > start else end + DAY_MIN)


def _unread(text: str, part: str) -> HoursError:
    return HoursError(
        Text(
            f"开放时间“{text}”读不懂：“{part.strip()}”。写法示例："
            "周一至周五 8:30-12:00,14:00-17:30;周末 9:00-16:00;节假日休息。",
            f"The hours {text!r} cannot be read at {part.strip()!r}. An example: "
            "Mon-Fri 8:30-12:00, 14:00-17:30; Sat-Sun 9:00-16:00; holidays closed.",
        )
    )


def to_json(hours: Hours) -> dict[str, list[list[int]]]:
    """Return the hours as a value for JSON: minutes by day."""
    return {f.name: [list(span) for span in hours.on(f.name)] for f in fields(hours)}


def from_json(value: Mapping[str, Sequence[Sequence[int]]]) -> Hours:
    """Return the hours that `to_json` gave."""
    return Hours(**{k: tuple((int(a), int(b)) for a, b in v) for k, v in value.items()})


def describe(hours: Hours, language: Language) -> str:
    """Say the hours in words; `parse_hours` reads them back."""
    said = []
    first = 0
    while first < len(WEEK):
        spans = hours.on(WEEK[first])
        last = first
        while last + 1 < len(WEEK) and hours.on(WEEK[last + 1]) == spans:
            last += 1
        said.append(f"{_say_days(first, last, language)} {_say_spans(spans, language)}")
        first = last + 1
    if hours.holiday != hours.sun:
        holiday = TITLES["holiday"].say(language)
        said.append(f"{holiday} {_say_spans(hours.holiday, language)}")
    return Text("；", "; ").say(language).join(said)


def _say_days(first: int, last: int, language: Language) -> str:
    if (first, last) == (0, 6):
        return Text("每天", "daily").say(language)
    names = [TITLES[WEEK[first]].say(language), TITLES[WEEK[last]].say(language)]
    return Text("至", "-").say(language).join(names if last > first else names[:1])


def _say_spans(spans: tuple[Span, ...], language: Language) -> str:
    if not spans:
        return Text("休息", "closed").say(language)
    if spans == ALL_DAY:
        return Text("24小时", "24 hours").say(language)
    return Text("、", ", ").say(language).join(f"{_clock(a)}-{_clock(b)}" for a, b in spans)


def _clock(minute: int) -> str:
    shown = minute if minute <= DAY_MIN else minute - DAY_MIN
    return f"{shown // 60}:{shown % 60:02d}"
