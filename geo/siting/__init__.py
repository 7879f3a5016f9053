"""Where the next stations go: proven-optimal siting on a times matrix and weights."""

from geo.siting.plan import SitingPlan

__all__ = ["SitingPlan"]
