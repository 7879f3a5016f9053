"""What a text sounds like: characters of one (toneless, widely confused) syllable become one."""

from pypinyin import lazy_pinyin

_FIRST = 0xE000  # private use: one code point a syllable
_FOLDED = (("zh", "z"), ("ch", "c"), ("sh", "s"))


class _Syllables(dict[int, str]):
    """The syllable of each code point, worked out when it is first met."""

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[str, str] = {}

    def __missing__(self, code: int) -> str:
        char = chr(code)
        if char.isascii():
            self[code] = char
            return char
        syllable = fold(lazy_pinyin(char)[0])
        self[code] = self.known.setdefault(syllable, chr(_FIRST + len(self.known)))
        return self[code]


_SYLLABLES = _Syllables()


def fold(syllable: str) -> str:
    """Return a syllable without what speakers of the south and typists confuse.

    zh/z, ch/c, sh/s; n/l at the beginning; ng/n at the end.
    """
    for long, short in _FOLDED:
        if syllable.startswith(long):
            syllable = short + syllable[2:]
    if syllable.startswith("n") and len(syllable) > 1:
        syllable = "l" + syllable[1:]
    return syllable.removesuffix("g") if syllable.endswith("ng") else syllable


def sound(text: str) -> str:
    """Return one character a syllable; letters and digits stay. As long as `text`.

    A character of several readings has its commonest one.
    """
    return text.translate(_SYLLABLES)
