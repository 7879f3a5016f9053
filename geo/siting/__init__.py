"""Where the next stations go: proven-optimal siting on a times matrix and weights."""

from geo.siting.constrained import solve_constrained
from geo.siting.constraints import SitingConstraints
from geo.siting.lscp import solve_lscp
from geo.siting.p_center import solve_p_center
from geo.siting.plan import SitingPlan

__all__ = [
    "SitingConstraints",
    "SitingPlan",
    "solve_constrained",
    "solve_lscp",
    "solve_p_center",
]
