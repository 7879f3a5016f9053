"""The words that opening hours are written in, Chinese and English."""

import re
import unicodedata
from typing import NamedTuple

WEEKDAYS = {
    "mon": ("一", "1", "mon", "monday"),
    "tue": ("二", "2", "tue", "tues", "tuesday"),
    "wed": ("三", "3", "wed", "wednesday"),
    "thu": ("四", "4", "thu", "thur", "thurs", "thursday"),
    "fri": ("五", "5", "fri", "friday"),
    "sat": ("六", "6", "sat", "saturday"),
    "sun": ("日", "天", "7", "sun", "sunday"),
}
GROUPS = {
    ("mon", "tue", "wed", "thu", "fri", "sat", "sun"): (
        "每天 每日 天天 全周 全年 全年无休 daily everyday every·day 7·days 24/7"
    ),
    ("mon", "tue", "wed", "thu", "fri"): "工作日 平日 平时 weekdays weekday workdays",
    ("sat", "sun"): "周末 双休日 休息日 weekends weekend",
    ("holiday",): (
        "法定节假日 国家法定节假日 法定假日 节假日 节日 假日 public·holidays public·holiday "
        "holidays holiday ph"
    ),
}
PERIODS = {  # word: whether an hour below 12 is after noon
    **dict.fromkeys(("凌晨", "清晨", "早上", "早晨", "上午", "早", "am", "a.m."), False),
    **dict.fromkeys(("中午", "下午", "傍晚", "晚上", "晚间", "晚", "夜间", "pm", "p.m."), True),
}


class Token(NamedTuple):
    """A word of the text and what it is."""

    kind: str
    text: str


def _either(words: list[str] | tuple[str, ...]) -> str:
    longest_first = sorted(words, key=len, reverse=True)
    return "|".join(re.escape(word).replace("·", r"\s*") for word in longest_first)


_ENGLISH_DAYS = _either(
    [n for names in WEEKDAYS.values() for n in names if n.isascii() and len(n) > 1]
)
_BEFORE = _either([word for word in PERIODS if not word.isascii() and "." not in word])
_CLOCK = r"\d{1,2}(?:\s*:\s*\d{2}(?::00)?|\s*[点时]\s*(?:半|\d{1,2}\s*分?)?)?"
TOKENS = re.compile(
    rf"""
    (?P<all_day>24\s*小时|全天候?|昼夜|24\s*-?\s*hours?|24\s*h\b|00?:00\s*-\s*24:00|24/7)
    |(?P<closed>不营业|不开放|不对外开放|休息(?!日)|闭馆|闭站|关闭|关门|休馆|放假|closed|off\b)
    |(?P<group>{_either(" ".join(GROUPS.values()).split())})
    |(?P<day>(?:周|星期|礼拜)[一二三四五六日天1-7]|(?:{_ENGLISH_DAYS})\b\.?)
    |(?P<time>(?:(?:{_BEFORE})\s*)?{_CLOCK}\s*(?:[ap]\.?m\.?(?![a-z]))?)
    |(?P<short>[一二三四五六日天])
    |(?P<dash>-|\bto\b|\bthrough\b|\buntil\b)
    |(?P<and>[,;、/&|\n()\[\]和及与跟]|\band\b)
    |(?P<noise>\s+|[:.。]|营业时间|开放时间|服务时间|营业|开放|服务|对外|时间|正常|均|为|是|从|
        open(?:ing)?|hours|from|on\b)
    """,
    re.VERBOSE,
)


def normalised(text: str) -> str:
    """Return the text in half-width lower case with one kind of dash and semicolon."""
    plain = unicodedata.normalize("NFKC", text).lower().strip()
    plain = re.sub(r"[‐-―−~～〜]+|--+", "-", plain)
    # "至今" and the like do not occur in hours; 至 and 到 are always "to".
    return re.sub(r"[至到]", "-", plain)


def weekday_keys(token: Token) -> list[str]:
    """Return the day keys that a token of kind day, short or group stands for."""
    if token.kind == "group":
        squeezed = re.sub(r"\s", "", token.text)
        for keys, words in GROUPS.items():
            if squeezed in words.replace("·", "").split():
                return list(keys)
    name = token.text.rstrip(".")
    name = name[-1] if not name.isascii() else name
    return [key for key, names in WEEKDAYS.items() if name in names]


def says_after_noon(text: str) -> bool:
    """Tell whether a time of clock carries a word such as 下午 or pm."""
    return any(PERIODS[word] for word in _period_words(text))


def clock_minute(text: str) -> int | None:
    """Return the minute of the day of a time of clock, up to 24:00; None if there is none such."""
    numbers = [int(number) for number in re.findall(r"\d+", text)[:2]]
    if not numbers:
        return None
    hour, minute = (*numbers, 0)[:2]
    minute = 30 if "半" in text else minute
    words = _period_words(text)
    if words and PERIODS[words[0]] and hour < 12:
        hour += 12
    elif words and not PERIODS[words[0]] and hour == 12:
        hour = 0
    is_in_day = hour < 24 and minute < 60
    return hour * 60 + minute if is_in_day or (hour, minute) == (24, 0) else None


def _period_words(text: str) -> list[str]:
    return [w for w in PERIODS if text.startswith(w) or text.rstrip().endswith(w)]
