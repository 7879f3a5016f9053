"""What counts as a fault of a tiling, and how far a repair may go."""

from dataclasses import dataclass

SEVERITIES = ("error", "warning", "question", "note")


@dataclass(frozen=True)
class GridRules:
    """The limits of `check_grids` and `repair_grids`.

    A gap or an overlap that nowhere is wider than twice `max_move_m` can be mended by moving
    borders at most `max_move_m`; a wider one is a question to the office.
    """

    max_move_m: float = 5.0  # the farthest that a repair moves a border
    least_area_m2: float = 1.0  # what is smaller is mended, and not told
    spike_angle_deg: float = 15.0  # a corner this sharp that no neighbour shares …
    spike_width_m: float = 5.0  # … and this narrow where its shorter side begins is a spike
    border_m: float = 1.0  # a home this near to a border may be meant for the other grid
    fewest_households: float = 300.0  # a grid is meant to have 300-500 households
    most_households: float = 500.0
    most_of_a_grid: float = 0.5  # an overlap with more of a grid than this is a question


DEFAULT_RULES = GridRules()
