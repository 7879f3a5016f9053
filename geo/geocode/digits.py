"""Chinese numerals to integers and back: 十二, 一百零三, 一〇三, 壹, 廿四."""

import re

DIGITS = {
    **{char: value for value, char in enumerate("零一二三四五六七八九")},
    **{char: value for value, char in enumerate("零壹贰叁肆伍陆柒捌玖")},
    "〇": 0,
    "○": 0,
    "两": 2,
    "貳": 2,
    "參": 3,
    "陸": 6,
    "弐": 2,
}
UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
TENS = {"廿": "二十", "卅": "三十", "卌": "四十"}
CHARACTERS = "".join(dict.fromkeys([*DIGITS, *UNITS, *TENS, "万"]))
_ROMAN = {
    "I": 1,
    "II": 2,
    "III": 3,
    "IV": 4,
    "V": 5,
    "VI": 6,
    "VII": 7,
    "VIII": 8,
    "IX": 9,
    "X": 10,
}
_LARGEST = 10**8  # 一亿: no number in an address has more than two groups of four digits
_LONGEST = 17  # characters of the longest numeral below it
_ASCII = re.compile(r"[0-9]{1,9}")


def number_of(text: str) -> int | None:
    """Read a numeral: ASCII or Chinese, by place (一百零三) or digit by digit (一〇三).

    Returns None for what is no numeral: other characters, an empty text, units out of order
    (百千), more than eight digits.
    """
    if _ASCII.fullmatch(text):
        return int(text)
    if not text or len(text) > _LONGEST:
        return None
    for short, long in TENS.items():
        text = text.replace(short, long)
    if all(char in DIGITS for char in text):
        return int("".join(str(DIGITS[char]) for char in text)) if len(text) <= 8 else None
    head, wan, tail = text.partition("万")
    low = _below_ten_thousand(tail) if tail else 0
    if not wan:
        return _below_ten_thousand(head)
    high = _below_ten_thousand(head)
    return None if high is None or low is None else high * 10_000 + low


def _below_ten_thousand(text: str) -> int | None:
    total, digit, last_unit = 0, None, 10_000
    for place, char in enumerate(text):
        if char in UNITS:
            unit = UNITS[char]
            if unit >= last_unit or (digit is None and (place or unit != 10)):
                return None
            total += (1 if digit is None else digit) * unit
            digit, last_unit = None, unit
        elif char in DIGITS and (digit is None or digit == 0):
            digit = DIGITS[char]
        else:
            return None
    return total + (digit or 0) if text else None


def roman_of(text: str) -> int | None:
    """Read a Roman numeral from I to X, the only ones that phases of estates bear."""
    return _ROMAN.get(text)


def chinese_number(number: int) -> str:
    """Write an integer from 0 to 99 999 999 as one says it: 12 is 十二, 103 is 一百零三.

    Raises ValueError for what is outside.
    """
    if not 0 <= number < _LARGEST:
        raise ValueError(f"{number} is not between 0 and {_LARGEST - 1}.")
    high, low = divmod(number, 10_000)
    text = _group(high) + "万" if high else ""
    if low or not high:
        zero = "零" if high and low < 1000 else ""
        text += zero + _group(low)
    return text[1:] if text.startswith("一十") else text


def _group(number: int) -> str:
    if number < 10:
        return "零一二三四五六七八九"[number]
    for unit, sign in ((1000, "千"), (100, "百"), (10, "十")):
        if number >= unit:
            head, rest = divmod(number, unit)
            zero = "零" if rest and rest < unit // 10 else ""
            return _group(head) + sign + (zero + _group(rest) if rest else "")
    return ""
