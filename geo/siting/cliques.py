"""Sets of sites of which only one may be open: pairs that exclude each other, gathered."""

import numpy as np
from numpy.typing import NDArray


def covering_cliques(pairs: NDArray[np.int64], n_sites: int) -> list[NDArray[np.int64]]:
    """Return sets, ascending, in which every two exclude each other and which hold every pair.

    "At most one of five" says more to a linear program than its ten pairs: those let five halves
    be open. Each set grows from the first pair that none holds yet, by the site with the most
    neighbours among those that still fit, ties to the lowest.
    """
    near = np.zeros((n_sites, n_sites), np.bool_)
    near[pairs[:, 0], pairs[:, 1]] = True
    near |= near.T
    left, found = near.copy(), []
    for a, b in pairs.tolist():
        if not left[a, b]:
            continue
        members, fits = [a, b], near[a] & near[b]
        while fits.any():
            best = int(np.argmax(np.where(fits, (near & fits).sum(axis=1), -1)))
            members.append(best)
            fits &= near[best]
        left[np.ix_(members, members)] = False
        found.append(np.array(sorted(members), np.int64))
    return found
