"""Grids as a tiling: what is wrong with it, and its repair."""

from geo.topology.check import check_grids
from geo.topology.repair import repair_grids
from geo.topology.rules import GridRules

__all__ = ["GridRules", "check_grids", "repair_grids"]
