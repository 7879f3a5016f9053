"""From a study to a siting question on numbers, and its answer by `geo.siting`."""

from geo.planning.answer import solve
from geo.planning.case import SitingCase, has_way, make_case, mixed_weight, nearest_open
from geo.planning.question import PROBLEMS, Problem, Question
from geo.planning.variants import robustness
from geo.planning.warm_up import compile_constrained, compile_solver

__all__ = [
    "PROBLEMS",
    "Problem",
    "Question",
    "SitingCase",
    "compile_constrained",
    "compile_solver",
    "has_way",
    "make_case",
    "mixed_weight",
    "nearest_open",
    "robustness",
    "solve",
]
