"""What tooltips read: columns of ready-made text, kept as columns until someone reads a row."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from geo.text import Language
from layers.figures import NOT_KNOWN, Figure, grid_figure


class FeatureValues(Mapping[str, Mapping[str, str]]):
    """The texts of n features: `ids` (n,) and columns (n,); reads as id -> name -> text.

    Kept as columns, because a dict a feature is what every garbage collection walks through.
    Empty texts are not there.
    """

    def __init__(self, ids: Sequence[str], columns: Mapping[str, Sequence[str]]) -> None:
        self.ids = tuple(ids)
        self.columns = {name: tuple(texts) for name, texts in columns.items() if any(texts)}

    @classmethod
    def of(cls, values: Mapping[str, Mapping[str, Any]]) -> "FeatureValues":
        """Return a plain mapping as columns, and columns as they are."""
        if isinstance(values, FeatureValues):
            return values
        names = dict.fromkeys(name for row in values.values() for name in row)
        columns = {name: [str(row.get(name, "")) for row in values.values()] for name in names}
        return cls(list(values), columns)

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {label: row for row, label in enumerate(self.ids)}

    def __getitem__(self, label: str) -> Mapping[str, str]:
        """Return the texts of one feature."""
        row = self._rows[label]
        return {name: texts[row] for name, texts in self.columns.items() if texts[row]}

    def __iter__(self) -> Iterator[str]:
        """Iterate over the ids."""
        return iter(self.ids)

    def __len__(self) -> int:
        """Return the number of features."""
        return len(self.ids)


def said(frame: pd.DataFrame, column: str) -> list[str]:
    """Return a column as text, "" where the frame has no such column or no value."""
    if column not in frame:
        return [""] * len(frame)
    texts = frame[column].astype(object)
    return texts.where(texts.notna(), "").astype(str).tolist()


def figures_said(
    frame: pd.DataFrame, figures: Sequence[Figure], lang: Language
) -> dict[str, list[str]]:
    """Return one column of text a figure."""
    return {f.column: [f.say(v, lang) for v in frame[f.column].to_numpy(float)] for f in figures}


def counted(frame: pd.DataFrame, column: str, lang: Language) -> list[str]:
    """Return a column of numbers as text without decimals; what is NaN is said to be not known."""
    if column not in frame:
        return [""] * len(frame)
    unknown = NOT_KNOWN.say(lang)
    numbers = frame[column].to_numpy(float).tolist()
    return [unknown if n != n else f"{n:,.0f}" for n in numbers]  # noqa: PLR0124 - NaN


def minutes_said(seconds: Sequence[float], lang: Language) -> list[str]:
    """Return seconds as minutes with one decimal; inf is "not reachable", NaN ""."""
    minutes = grid_figure("median_s")
    return ["" if np.isnan(s) else minutes.say(s, lang) for s in seconds]
