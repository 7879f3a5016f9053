"""One way of writing each character: half width, simplified, upper case; offsets are kept."""

import unicodedata
from dataclasses import dataclass

LONGEST = 256  # characters; longer than any address, so a longer text is none
_MANY_FOR_ONE = {
    "-": "‐‑‒–—―−－─━﹣~～〜∼",
    ",": ",，、;；。：:|/\\!！?？&＆\"“”‘’'《》<>…",
    "(": "（〔［【{「『[",
    ")": "）〕］】}」』]",
    "#": "#＃♯",
    " ": "_＿.．",
    "": "·・•‧∙",
}
_TRADITIONAL = dict(
    zip(
        "號棟樓層單區鎮鄉縣園門東廣場廈莊華龍鳳國際師學衛灣濱麗萬陽長興業戶裡馬馳聯關飛雲蘇滬漢藍綠麥",
        "号栋楼层单区镇乡县园门东广场厦庄华龙凤国际师学卫湾滨丽万阳长兴业户里马驰联关飞云苏沪汉蓝绿麦",
        strict=True,
    )
)
_ONE_FOR_MANY = _TRADITIONAL | {c: one for one, many in _MANY_FOR_ONE.items() for c in many}


class _Table(dict[int, str]):
    """The written form of each code point, worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        written = _written(chr(code))
        self[code] = written
        return written


def _written(char: str) -> str:
    if char in _ONE_FOR_MANY:
        return _ONE_FOR_MANY[char]
    if char.isspace():
        return " "
    return "".join(_plain(part) for part in unicodedata.normalize("NFKC", char).upper())


def _plain(char: str) -> str:
    """Return a character of the compatibility form if it can stand in an address."""
    if char in "()-#,":
        return char
    return char if unicodedata.category(char) in {"Lo", "Lu", "Ll", "Nd", "Nl", "No"} else ""


_TABLE = _Table()


@dataclass(frozen=True, slots=True)
class NormalText:
    """`text`, and for each of its characters the place in the original that it came from."""

    text: str
    origins: tuple[int, ...]
    length: int

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the original (characters) that a span of `text` came from."""
        if start >= end:
            place = self.origins[start] if start < len(self.origins) else self.length
            return place, place
        return self.origins[start], self.origins[end - 1] + 1


def plain_text(value: object) -> str:
    """Return what was given as text: "" for anything but a string of at most 256 characters."""
    return value if isinstance(value, str) and len(value) <= LONGEST else ""


def normalise(text: str) -> NormalText:
    """Write every character in its one way, and keep where it came from.

    Full width becomes half width, letters upper case, traditional characters of addresses
    simplified; control characters, emoji, middle dots and lone surrogates fall away. Spaces stay
    (as one) only between two letters or digits, where they separate numbers.
    """
    chars: list[str] = []
    origins: list[int] = []
    for place, char in enumerate(text):
        for written in _TABLE[ord(char)]:
            if written == " ":
                if not chars or not _is_ascii(chars[-1]):
                    continue
            elif chars and chars[-1] == " " and not _is_ascii(written):
                chars.pop()
                origins.pop()
            chars.append(written)
            origins.append(place)
    while chars and chars[-1] == " ":
        chars.pop()
        origins.pop()
    return NormalText("".join(chars), tuple(origins), len(text))


def normal(text: str) -> str:
    """Return only the text of `normalise`."""
    return normalise(text).text


def _is_ascii(char: str) -> bool:
    return char.isascii() and char.isalnum()
