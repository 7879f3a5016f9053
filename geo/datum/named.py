"""Names as evidence: rows that are called like a known place give the offset directly."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Of pairs by name: one in so many is another place of the same name, anywhere in the city.
WRONG_PAIR_SHARE, CITY_M2 = 0.2, np.pi * 20_000.0**2
PAIR_NOISE_M = np.array([15.0, 50.0, 150.0])  # a point in an estate against its middle
MOST_PAIRS = 100


def plain(name: str) -> str:
    """Return a name in half-width lower case without spaces."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", name)).lower()


@dataclass(frozen=True, eq=False)
class Pairs:
    """Rows that name a known place; one row may have several candidates, and so many pairs."""

    row: Ints  # (p,) position of the row
    place: Ints  # (p,) position of the known place
    weight: Floats  # (p,) of the row: rows of one name share one vote
    n_names: int

    def log_likelihood(self, residual: Floats, shifts: Floats) -> Floats:
        """Return (k,) for residuals (p, 2), row minus place in metres, moved by shifts (k, 2)."""
        if not len(self.row):
            return np.zeros(len(shifts))
        square = ((residual[:, None] + shifts[None]) ** 2).sum(axis=-1)
        scale = (PAIR_NOISE_M**2)[:, None, None]
        near = np.exp(-square / 2 / scale) / (2 * np.pi * scale)
        _, start, n = np.unique(self.row, return_index=True, return_counts=True)
        density = np.add.reduceat(near.mean(axis=0), start, axis=0) / n[:, None]
        log = np.log(WRONG_PAIR_SHARE / CITY_M2 + (1 - WRONG_PAIR_SHARE) * density)
        return np.asarray(self.weight[start] @ log)


def pairs_by_name(
    names: Sequence[str], known: Sequence[str], is_usable: NDArray[np.bool_]
) -> Pairs:
    """Return the rows (n,) whose name is that of a known place; unusable rows are passed over."""
    places: dict[str, list[int]] = defaultdict(list)
    for position, name in enumerate(known):
        if plain(name):
            places[plain(name)].append(position)
    rows_of: dict[str, list[int]] = defaultdict(list)
    for position in np.flatnonzero(is_usable[: len(names)]).tolist():
        if plain(names[position]) in places:
            rows_of[plain(names[position])].append(position)
    share = min(1.0, MOST_PAIRS / max(len(rows_of), 1))
    found = [
        (row, place, share / len(rows))
        for name, rows in rows_of.items()
        for row in rows[:MOST_PAIRS]
        for place in places[name]
    ]
    found = sorted(found)[: 40 * MOST_PAIRS]
    row, place, weight = zip(*found, strict=True) if found else ((), (), ())
    return Pairs(np.array(row, int), np.array(place, int), np.array(weight, float), len(rows_of))
