"""What a row of a member says of where it is, on its way to a building."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from data.findings import Findings


@dataclass(frozen=True)
class Home:
    """What a row of a member says of where it is, and what exact names tell of it."""

    text: str  # as it is matched, on this machine
    shown: str  # as it may be kept: nothing of a home address
    compound: str
    building_id: int | None
    compound_id: int | None
    has_point: bool

    @property
    def is_open(self) -> bool:
        """Whether its address could tell more than is known."""
        return bool(self.text) and self.building_id is None and not self.has_point


# Homes -> building_id, compound_id and what else is known of each, in order.
Settle = Callable[[Sequence[Home], Findings], pd.DataFrame]
