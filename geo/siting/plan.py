"""What every siting problem answers with: the sites, what they reach, and how sure it is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from geo.text import Text

Status = Literal["optimal", "feasible", "infeasible"]
OnProgress = Callable[[float, float, tuple[int, ...]], None]
"""Called with the best objective, the bound and the new sites whenever one of them improves."""
ShouldStop = Callable[[], bool]
"""Asked between short pieces of work; True ends the solve with the best plan so far."""

PROOF_TOLERANCE = 1e-9
"""Relative: what a proof may leave open where weights or times are not whole numbers."""


@dataclass(frozen=True)
class SitingPlan:
    """A set of sites and its proof. Sites are column numbers of the times matrix.

    `optimal` means proven: no plan beats `objective`; exactly where the weights (and, for the
    p-median, the products of weight and time) are whole numbers, else to 1e-9 of the most that it
    could be. `feasible`
    means stopped before the proof: no plan beats `bound`. `infeasible` comes with `reasons`; its
    objective is what could be reached at best, or inf where times would have to be finite.
    """

    problem: str  # "lscp" "mclp" "p_median" "p_center"
    sites: tuple[int, ...]  # new ones, ascending
    open_sites: tuple[int, ...]  # new and existing ones, ascending
    objective: float
    bound: float  # from above where the objective is maximised, from below where minimised
    status: Status
    covered: NDArray[np.bool_]  # (n,) within the limit; reachable at all where there is no limit
    assigned: NDArray[np.int64]  # (n,) the nearest open site, ties to the lowest; -1 none reachable
    seconds: float  # of the solve
    reasons: tuple[Text, ...] = ()
    n_nodes: int = 0  # of the branch and bound; 0 where the first bound was proof enough
    n_rows: int = 0  # distinct demand rows that the search worked on

    @property
    def gap(self) -> float:
        """Return how far the objective may be from the best, as a share of the objective."""
        open_ = abs(self.bound - self.objective)
        if open_ == 0 or self.bound == self.objective:
            return 0.0
        return open_ / abs(self.objective) if self.objective else np.inf
