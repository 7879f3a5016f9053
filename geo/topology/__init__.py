"""Grids as a tiling: what is wrong with it, its repair, and redrawing it."""

from geo.topology.check import check_grids
from geo.topology.draft import GridDraft, draft_grid
from geo.topology.edit import counts_in, merge_grids, reshape_border, split_grid
from geo.topology.repair import repair_grids
from geo.topology.rules import GridRules

__all__ = [
    "GridDraft",
    "GridRules",
    "check_grids",
    "counts_in",
    "draft_grid",
    "merge_grids",
    "repair_grids",
    "reshape_border",
    "split_grid",
]
