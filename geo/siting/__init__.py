"""Where the next stations go: proven-optimal siting on a times matrix and weights."""

from geo.siting.constrained import solve_constrained
from geo.siting.constraints import SitingConstraints
from geo.siting.curve import coverage_curve
from geo.siting.lscp import solve_lscp
from geo.siting.mclp import solve_mclp
from geo.siting.p_center import solve_p_center
from geo.siting.p_median import solve_p_median
from geo.siting.plan import SitingPlan

__all__ = [
    "SitingConstraints",
    "SitingPlan",
    "coverage_curve",
    "solve_constrained",
    "solve_lscp",
    "solve_mclp",
    "solve_p_center",
    "solve_p_median",
]
