"""Mixed-integer models for HiGHS: passed as arrays, stopped in time, optimal only when proven."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import highspy
import numpy as np
from highspy import cb
from numpy.typing import NDArray
from scipy import sparse

Floats = NDArray[np.float64]
Outcome = Literal["optimal", "feasible", "infeasible", "unknown"]

SEED = 0
WHOLE_GAP = 0.9  # where the objective counts whole things a gap below one is none
WHOLE_SLACK = 1e-6  # a bound this little above a whole number still is that number
HEURISTICS = tuple(
    f"mip_heuristic_run_{name}"
    for name in ("rins", "rens", "root_reduced_cost", "feasibility_jump", "zi_round", "shifting")
)
MISSES = 1e-6  # relative: how far the cost of a solution may be from what HiGHS says of it
FEASIBLE = 2  # HiGHS: the solution it holds is feasible


@dataclass(frozen=True, eq=False)
class Milp:
    """Minimise cost @ x under row_low <= matrix @ x <= row_high, low <= x <= high; k columns."""

    cost: Floats  # (k,)
    matrix: sparse.csr_array  # (r, k)
    row_low: Floats  # (r,)
    row_high: Floats
    low: Floats  # (k,)
    high: Floats
    is_whole: NDArray[np.bool_]  # (k,)


class MilpAnswer(NamedTuple):
    """What HiGHS found: "unknown" = stopped before it had any solution."""

    outcome: Outcome
    values: Floats | None  # (k,), whole where whole numbers were asked for
    bound: float  # no solution costs less


class SilentHighs(highspy.Highs):
    """HiGHS that leaves standard output alone: the plain one prints a banner when it is made."""

    def enableCallbacks(self) -> None:  # noqa: N802 - their name; called before the banner
        """Be silent first; no callback is wanted yet."""
        self.setOptionValue("output_flag", False)  # noqa: FBT003 - their signature


class Stop(NamedTuple):
    """When to end early: a moment of `time.monotonic`, a question, or bounds that say enough."""

    deadline: float | None = None
    is_asked: Callable[[], bool] | None = None
    is_enough: Callable[[float, float], bool] | None = None  # best cost, bound on the cost
    on_bounds: Callable[[float, float], None] | None = None  # told the same two as they change
    on_better: Callable[[Floats], None] | None = None  # told each better solution (k,)

    def at_least(self, seconds: float) -> "Stop":
        """Return a stop that only the clock ends, not before so many seconds from now."""
        if self.deadline is None:
            return Stop()
        return Stop(max(self.deadline, time.monotonic() + seconds))

    def is_due(self) -> bool:
        """Return whether time is up or somebody asked to stop."""
        if self.deadline is not None and time.monotonic() >= self.deadline:
            return True
        return self.is_asked is not None and self.is_asked()


def stop_after(time_limit_s: float | None, is_asked: Callable[[], bool] | None = None) -> Stop:
    """Return a stop so many seconds from now, or only when asked."""
    return Stop(None if time_limit_s is None else time.monotonic() + time_limit_s, is_asked)


def solve_milp(
    model: Milp,
    stop: Stop | None = None,
    *,
    is_count: bool = False,
    start: Floats | None = None,
    only_proves: bool = False,
) -> MilpAnswer:
    """Minimise a model with HiGHS, on one thread and with a fixed seed.

    `is_count`: the objective counts whole things, so a bound is rounded up. `start` (k,) is a
    feasible solution to begin with; with `only_proves` it is most likely the best, and no time is
    spent on looking for others beside the proof. The relative gap is zero: what is "optimal" was
    proven.
    """
    stop = stop or Stop()
    if model.matrix.nnz == 0 and (model.row_low <= 0).all() and (model.row_high >= 0).all():
        values = np.where(model.cost < 0, model.high, model.low)  # nothing ties the columns
        return MilpAnswer("optimal", values, float(model.cost @ values))
    solver: highspy.Highs = SilentHighs()  # type: ignore[no-untyped-call]
    set_options(solver, stop, is_count=is_count)
    if only_proves:
        for name in HEURISTICS:
            solver.setOptionValue(name, False)  # noqa: FBT003 - their signature
        solver.setOptionValue("mip_heuristic_effort", 0.0)
    if solver.passModel(as_lp(model)) == highspy.HighsStatus.kError:
        raise RuntimeError("HiGHS refuses the model: its arrays do not fit together.")
    if start is not None:
        solver.setSolution(len(start), np.arange(len(start), dtype=np.int32), start)
    _listen(solver, stop)
    if stop.is_due():
        return MilpAnswer("unknown", None, -np.inf)
    solver.run()
    answer = _answer(solver, model, is_count=is_count)
    if start is not None and answer.values is not None:
        told = float(solver.getInfo().objective_function_value)
        has = float(model.cost @ answer.values)
        if abs(told - has) > MISSES * max(abs(told), 1.0):
            # Where presolve alone solves the model, HiGHS 1.16 tells the best objective and hands
            # back the start.
            return solve_milp(model, stop, is_count=is_count, only_proves=only_proves)
    return answer


def solve_lp(model: Milp, stop: Stop | None = None) -> tuple[Floats, Floats] | None:
    """Return x (k,) and the dual values of the rows (r,) of the relaxation; None if not solved.

    Both are right up to tolerances: a bound must be taken from the dual values themselves.
    """
    stop = stop or Stop()
    solver: highspy.Highs = SilentHighs()  # type: ignore[no-untyped-call]
    set_options(solver, stop, is_count=False)
    if solver.passModel(as_lp(model)) == highspy.HighsStatus.kError:
        raise RuntimeError("HiGHS refuses the model: its arrays do not fit together.")
    _listen(solver, Stop(stop.deadline, stop.is_asked))
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    solution = solver.getSolution()
    return np.array(solution.col_value), np.array(solution.row_dual)


def set_options(solver: highspy.Highs, stop: Stop, *, is_count: bool) -> None:
    """Set one thread, a fixed seed, no relative gap, tight tolerances and the time that is left."""
    options: dict[str, float | int | str | bool] = {
        "threads": 1,
        "random_seed": SEED,
        "mip_rel_gap": 0.0,
        "mip_abs_gap": WHOLE_GAP if is_count else 0.0,
        "mip_feasibility_tolerance": 1e-7,
        "primal_feasibility_tolerance": 1e-8,
    }
    if stop.deadline is not None:
        options["time_limit"] = max(stop.deadline - time.monotonic(), 0.0)
    for name, value in options.items():
        solver.setOptionValue(name, value)


def as_lp(model: Milp) -> highspy.HighsLp:
    """Return a model in HiGHS's own form."""
    lp = highspy.HighsLp()
    lp.num_row_, lp.num_col_ = model.matrix.shape
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = model.cost, model.low, model.high
    lp.row_lower_, lp.row_upper_ = model.row_low, model.row_high
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.num_row_, lp.a_matrix_.num_col_ = model.matrix.shape
    lp.a_matrix_.start_ = model.matrix.indptr.astype(np.int32)
    lp.a_matrix_.index_ = model.matrix.indices.astype(np.int32)
    lp.a_matrix_.value_ = model.matrix.data.astype(np.float64)
    if model.is_whole.any():
        whole, real = highspy.HighsVarType.kInteger, highspy.HighsVarType.kContinuous
        lp.integrality_ = [whole if is_whole else real for is_whole in model.is_whole.tolist()]
    return lp


def _listen(solver: highspy.Highs, stop: Stop) -> None:
    if all(one is None for one in stop[1:]):  # HiGHS keeps the time itself
        return
    mip = cb.HighsCallbackType.kCallbackMipInterrupt
    simplex = cb.HighsCallbackType.kCallbackSimplexInterrupt
    better = cb.HighsCallbackType.kCallbackMipImprovingSolution

    def called(kind: Any, _message: str, told: Any, answer: Any, _data: Any) -> None:  # noqa: ANN401
        if kind == better and stop.on_better is not None:
            stop.on_better(np.array(told.mip_solution, np.float64))
            return
        if kind == mip:
            primal, dual = told.mip_primal_bound, told.mip_dual_bound
            if stop.on_bounds is not None:
                stop.on_bounds(primal, dual)
            if stop.is_enough is not None and stop.is_enough(primal, dual):
                answer.user_interrupt = True
                return
        if stop.is_due():
            answer.user_interrupt = True

    solver.setCallback(called, None)
    solver.startCallback(mip)
    solver.startCallback(simplex)
    if stop.on_better is not None:
        solver.startCallback(better)


def _answer(solver: highspy.Highs, model: Milp, *, is_count: bool) -> MilpAnswer:
    status, info = solver.getModelStatus(), solver.getInfo()
    said = highspy.HighsModelStatus
    if status in {said.kInfeasible, said.kUnboundedOrInfeasible}:
        return MilpAnswer("infeasible", None, np.inf)
    is_mip = bool(model.is_whole.any())
    bound = float(info.mip_dual_bound) if is_mip else -np.inf
    if status == said.kOptimal and not is_mip:
        bound = float(info.objective_function_value)
    if is_count and np.isfinite(bound):
        bound = float(np.ceil(bound - WHOLE_SLACK))
    if info.primal_solution_status != FEASIBLE:
        return MilpAnswer("unknown", None, bound)
    values = np.array(solver.getSolution().col_value, np.float64)
    values[model.is_whole] = np.rint(values[model.is_whole])
    return MilpAnswer("optimal" if status == said.kOptimal else "feasible", values, bound)
