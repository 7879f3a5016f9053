"""Which names are like a text: an inverted index of characters, syllables and pairs of both."""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from scipy.sparse import csr_array

from geo.geocode.sounds import sound

MOST = 12  # candidates a text
_BATCH = 512
_COMMON_SHARE, _COMMON_AT_LEAST = 0.08, 500  # features of more names than this find nothing


def _features(text: str) -> Iterator[str]:
    """Yield what a name is found by; the sound of a character too, for homophones."""
    heard = sound(text)
    yield from text
    for said in (f"^{text}", f"~{heard}"):
        yield from (said[k : k + 2] for k in range(len(said) - 1))
    yield from (f"~{syllable}" for syllable in heard)


class NameIndex:
    """Finds the names most like a text by the cosine of their features, rare ones counting more."""

    def __init__(self, names: Sequence[str]) -> None:
        """Index `names`: distinct, in an order of their own."""
        self.names = tuple(names)
        found = [Counter(_features(name)) for name in self.names]
        frequency = Counter(feature for counts in found for feature in counts)
        most = max(_COMMON_SHARE * len(self.names), _COMMON_AT_LEAST)
        kept = sorted(feature for feature, count in frequency.items() if count <= most)
        self.columns = {feature: column for column, feature in enumerate(kept)}
        counts = np.array([frequency[feature] for feature in kept], dtype=np.float64)
        self.weights = np.log1p(len(self.names) / np.maximum(counts, 1.0)).astype(np.float32)
        self.matrix = csr_array(self._rows(found).T)  # features × names

    def _rows(self, found: Sequence[Counter[str]]) -> csr_array:
        """Return the unit vectors of some texts, (n, features)."""
        starts, columns = [0], []
        for counts in found:
            columns += sorted(self.columns[f] for f in counts if f in self.columns)
            starts.append(len(columns))
        column = np.array(columns, dtype=np.int32)
        start = np.array(starts, dtype=np.int64)
        values = self.weights[column]
        squares = np.concatenate(([0.0], np.cumsum(values.astype(np.float64) ** 2)))
        length = np.sqrt(np.maximum(squares[start[1:]] - squares[start[:-1]], 1e-9))
        values = (values / np.repeat(length, np.diff(start))).astype(np.float32)
        return csr_array((values, column, start), shape=(len(found), len(self.columns)))

    def nearest(self, texts: Sequence[str]) -> list[list[int]]:
        """Return for each text the numbers of the names most like it, best first, at most MOST.

        Ties are broken by number, so that the answer is always the same.
        """
        answers: list[list[int]] = []
        for first in range(0, len(texts), _BATCH):
            found = [Counter(_features(text)) for text in texts[first : first + _BATCH]]
            likeness = csr_array(self._rows(found) @ self.matrix)
            for row in range(len(found)):
                span = slice(likeness.indptr[row], likeness.indptr[row + 1])
                answers.append(_best(likeness.indices[span], likeness.data[span]))
        return answers


def _best(numbers: np.ndarray, scores: np.ndarray) -> list[int]:
    if len(numbers) > 4 * MOST:
        cut = np.partition(scores, len(scores) - 2 * MOST)[len(scores) - 2 * MOST]
        keep = scores >= cut
        numbers, scores = numbers[keep], scores[keep]
    order = np.lexsort((numbers, -scores))[:MOST]
    return [int(number) for number in numbers[order]]
