"""Solvers compiled before they are asked."""

from functools import cache

import numpy as np
from scipy.sparse import csr_array

from geo.planning.question import Problem
from geo.siting import solve_lscp, solve_mclp, solve_p_center, solve_p_median


@cache
def compile_solver(problem: Problem) -> None:
    """Solve something small, once a process: compiling is not the time that a planner allows."""
    times = np.random.default_rng(0).uniform(60.0, 1800.0, (80, 16))
    weight = np.ones(len(times))
    if problem == "p_center":
        solve_p_center(times, p=3)
    elif problem == "p_median":
        solve_p_median(times, weight, p=3)
    elif problem == "lscp":
        solve_lscp(csr_array(times), weight, limit_s=600.0, share=0.9)
    else:
        solve_mclp(csr_array(times), weight, p=3, limit_s=300.0)
