"""Sentences in the two languages of the product, kept side by side so that neither is forgotten."""

from typing import Literal, NamedTuple

Language = Literal["zh", "en"]


class Text(NamedTuple):
    """The same sentence in Chinese and in English."""

    zh: str
    en: str

    def say(self, language: Language) -> str:
        """Return the sentence in one language."""
        return self.en if language == "en" else self.zh


def counted(n: float, one: str, many: str = "") -> str:
    """Return a number with its English noun: "1 site", "2 sites", "1,200 households".

    `many` is needed only where it is not `one` and an s.
    """
    return f"{n:,.10g} {one if n == 1 else many or one + 's'}"
