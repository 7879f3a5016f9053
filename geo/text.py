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
