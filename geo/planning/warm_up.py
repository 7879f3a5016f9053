"""Solvers compiled before they are asked."""

from functools import cache

import numpy as np
from scipy.sparse import csr_array

from geo.planning.question import Problem
from geo.siting import (
    SitingConstraints,
    solve_constrained,
    solve_lscp,
    solve_mclp,
    solve_p_center,
    solve_p_median,
)


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


@cache
def compile_constrained() -> None:
    """Do so for the solvers of problems with side constraints, which share their code."""
    times = np.random.default_rng(0).uniform(60.0, 1800.0, (80, 16))
    weight, communities = np.ones(len(times)), np.arange(16) % 3
    fair = SitingConstraints(demand_group=np.arange(80) % 5)
    solve_constrained("mclp", csr_array(times), weight, constraints=fair, p=3, limit_s=300.0)
    twice = SitingConstraints(has_backup=True)
    solve_constrained("mclp", csr_array(times), weight, constraints=twice, p=3, limit_s=300.0)
    each = SitingConstraints(site_group=communities)
    solve_constrained("p_median", times, weight, constraints=each, p=3)
