"""Grids as a tiling: what is wrong with it, its repair, and drafts."""

from geo.topology.check import check_grids
from geo.topology.draft import GridDraft, draft_grid
from geo.topology.repair import repair_grids
from geo.topology.rules import GridRules

__all__ = ["GridDraft", "GridRules", "check_grids", "draft_grid", "repair_grids"]
