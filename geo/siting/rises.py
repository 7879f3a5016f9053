"""What branching on each candidate has raised the bound by so far: the best guess of the next.

Pseudo-costs (Benichou et al. 1971), shared by all parts of one search.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DOUBT = 0.02  # a choice this near to in or out is none
LEAST_DISTANCE = 0.02
TRUST = 2.0  # how many observations of its own count as much as the average of all


class Rises:
    """Rises of the bound for a candidate that is opened (1) or left out (0), per part of a whole.

    Candidates are numbered as at the root.
    """

    def __init__(self, n_candidates: int) -> None:
        self._total = np.zeros((2, n_candidates))
        self._count = np.zeros((2, n_candidates))

    def add(self, candidate: int, *, is_open: bool, choice: float, rise: float) -> None:
        """Note a rise of the bound, where the relaxation had opened so much (0…1) of it before."""
        distance = max(1.0 - choice if is_open else choice, LEAST_DISTANCE)
        self._total[int(is_open), candidate] += max(rise, 0.0) / distance
        self._count[int(is_open), candidate] += 1.0

    def best(self, candidates: Ints, choice: Floats, open_: float) -> int:
        """Return the position of the candidate whose two parts promise to rise most, or -1.

        `choice` (k,) is how much of each the relaxation opens, `open_` the distance from bound to
        best plan: more than that is of no use. Both rises count, so their product. -1 where no
        choice is in doubt. Ties go to the lowest.
        """
        doubt = np.minimum(choice, 1.0 - choice)
        if not len(doubt) or doubt.max() <= 0.0:
            return -1
        average = self._total.sum(axis=1) / np.maximum(self._count.sum(axis=1), 1.0)
        average[average == 0.0] = 1.0
        own, count = self._total[:, candidates], self._count[:, candidates]
        expected = (own + TRUST * average[:, None]) / (count + TRUST)
        rises = np.minimum(expected * np.stack([choice, 1.0 - choice]), open_)
        is_one = doubt > min(DOUBT, 0.5 * doubt.max())
        return int(np.argmax(np.where(is_one, rises[0] * rises[1], -1.0)))
