"""MCLP, p-median and coverage curves: known optima, times, and spopt with CBC in the same run.

Times are CPU seconds of the process (single thread), so that a busy machine does not count.
"""

import contextlib
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from bench_siting_cover import library_like, pmed
from cases import REAL_DATA, report
from scipy.sparse import csr_array
from scipy.spatial import KDTree

from geo.siting import SitingPlan, coverage_curve, solve_mclp, solve_p_median
from geo.siting.branching import Clock
from geo.siting.covering import covering_sets
from geo.siting.instance import read_choice, read_times
from geo.siting.mclp import MclpInstance, plan_of, search

Floats = np.ndarray
PMED_MEDIANS = {1: 5819.0, 2: 4093.0, 3: 4250.0, 4: 3034.0, 5: 1355.0}  # published for OR-Library
SIDE_M, LIMIT_S = 10_000.0, 900.0
SECONDS_A_METRE = 1.3 / 1.11  # of straight distance: detour and standard walking speed
PEER_LIMIT_S = 900  # of a solve by spopt; a longer one counts as this


def clustered_city(
    n: int, m: int, seed: int = 0, limit_s: float = LIMIT_S
) -> tuple[csr_array, Floats]:
    """Return seconds within the limit from n homes to m sites round twelve centres, and weights."""
    random = np.random.default_rng(seed)
    centres = random.uniform(0.1 * SIDE_M, 0.9 * SIDE_M, (12, 2))
    spread = random.uniform(0.03 * SIDE_M, 0.1 * SIDE_M, 12)

    def draw(count: int) -> Floats:
        which = random.integers(0, 12, count)
        xy = centres[which] + random.normal(size=(count, 2)) * spread[which, None]
        alone = random.random(count) > 0.8
        xy[alone] = random.uniform(0, SIDE_M, (int(alone.sum()), 2))
        return np.clip(xy, 0, SIDE_M)

    homes, sites = KDTree(draw(n)), KDTree(draw(m))
    near = homes.sparse_distance_matrix(sites, limit_s / SECONDS_A_METRE, output_type="ndarray")
    near = near[np.lexsort((near["j"], near["i"]))]
    start = np.searchsorted(near["i"], np.arange(n + 1)).astype(np.int32)
    seconds = (near["v"] * SECONDS_A_METRE).astype(np.float32)
    times = csr_array((seconds, near["j"].astype(np.int32), start), shape=(n, m))
    return times, random.integers(1, 100, n).astype(float)


def forget_peak() -> None:
    """Let the peak of memory begin anew, where the system can (Linux)."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def peak_gb() -> float:
    """Return the most memory that the process has held since, input and libraries included."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    words = status.read_text(encoding="ascii").split()
    return int(words[words.index("VmHWM:") + 1]) / 1e6


def spopt_seconds(
    kind: str, times: Floats, weights: Floats, **options: float
) -> tuple[float, float]:
    """Return CPU seconds of building and solving with spopt and CBC, and its objective."""
    import pulp
    from spopt.locate import MCLP, PMedian

    start, before = time.process_time(), resource.getrusage(resource.RUSAGE_CHILDREN)
    model = {"mclp": MCLP, "p_median": PMedian}[kind].from_cost_matrix(times, weights, **options)
    model.solve(pulp.PULP_CBC_CMD(msg=False, timeLimit=PEER_LIMIT_S))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    child = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.process_time() - start + child, abs(float(model.problem.objective.value()))


def timed(run: Any, repeats: int) -> tuple[float, Any]:  # noqa: ANN401 - whatever it returns
    """Return the least CPU seconds of some runs and the last result."""
    best = np.inf
    for _ in range(repeats):
        start = time.process_time()
        result = run()
        best = min(best, time.process_time() - start)
    return best, result


def measure_against_spopt(
    name: str,
    kind: str,
    times: Floats,
    weights: Floats,
    p: int,
    bar: float,
    *,
    limit_s: float | None = None,
    known: float | None = None,
) -> None:
    """Print both times and whether both objectives and the known optimum are the same."""

    def ours() -> SitingPlan:
        if limit_s is None:
            return solve_p_median(times, weights, p=p)
        return solve_mclp(times, weights, p=p, limit_s=limit_s)

    ours()
    ours_s, plan = timed(ours, 5)
    radius = {} if limit_s is None else {"service_radius": limit_s}
    try:
        peer_s, peer = spopt_seconds(kind, times, weights, p_facilities=p, **radius)
    except ImportError:
        peer_s, peer = np.nan, np.nan
    same = bool(np.isclose(peer, plan.objective, rtol=1e-6)) or bool(np.isnan(peer))
    right = known is None or bool(np.isclose(plan.objective, known, rtol=1e-7))
    report(
        "siting",
        problem=kind,
        case=name,
        p=p,
        objective=plan.objective,
        bound=plan.bound,
        proven=plan.status == "optimal",
        spopt_objective=peer,
        ours_cpu_s=ours_s,
        spopt_cpu_s=peer_s,
        ratio=peer_s / ours_s,
        bar=bar,
        met=plan.status == "optimal" and same and right and peer_s / ours_s >= bar,
    )


def measure_mclp(
    n: int,
    m: int,
    p: int,
    bar_s: float,
    *,
    gap: float = 0.0,
    bar_gb: float = np.inf,
    existing: tuple[int, ...] = (),
    limit_s: float = LIMIT_S,
    seed: int = 0,
) -> None:
    """Print the time of a clustered city once the covering sets are built, and the gap."""
    given, weights = clustered_city(n, m, seed, limit_s)
    times, choice = read_times(given), read_choice(m, p, existing)
    forget_peak()
    start = time.process_time()
    held = [covering_sets(times, limit_s)]
    sets_s = time.process_time() - start

    def solve() -> SitingPlan:
        clock = Clock(30.0 if gap else None)
        # As in solve_mclp, the sets are not kept beside the merged rows (a single run: `gap`).
        sets = held.pop() if gap else held[0]
        instance = MclpInstance.prepare(times, weights, limit_s, choice, sets)
        del sets
        out, best, _ = search(instance, p, clock)
        return plan_of(instance, out, best, clock.seconds())

    taken, plan = timed(solve, 1 if gap else 3)
    peak, good = peak_gb(), plan.gap <= gap if gap else plan.status == "optimal"
    report(
        "siting",
        problem="mclp",
        demand=n,
        sites=m,
        p=p,
        existing=len(existing),
        limit_s=limit_s,
        merged_rows=plan.n_rows,
        objective=plan.objective,
        bound=plan.bound,
        gap=plan.gap,
        proven=plan.status == "optimal",
        nodes=plan.n_nodes,
        sets_cpu_s=sets_s,
        ours_cpu_s=taken,
        ours_wall_s=plan.seconds,
        peak_gb=peak,
        bar_s=bar_s,
        met=bool(good and taken < bar_s and peak < bar_gb),
    )


def measure_median(name: str, times: Floats, p: int, bar_s: float, known: float | None) -> float:
    """Print the time of a proven p-median; return it."""
    taken, plan = timed(lambda: solve_p_median(times, None, p=p), 1)
    report(
        "siting",
        problem="p_median",
        case=name,
        nodes=len(times),
        p=p,
        objective=plan.objective,
        bound=plan.bound,
        proven=plan.status == "optimal",
        search_nodes=plan.n_nodes,
        ours_cpu_s=taken,
        ours_wall_s=plan.seconds,
        bar_s=bar_s,
        met=plan.status == "optimal" and taken < bar_s and known in {None, plan.objective},
    )
    return taken


def measure_curve(n: int, m: int, p_max: int, bar_s: float) -> None:
    """Print the time of a whole curve from times to plans, each proven."""
    times, weights = clustered_city(n, m)
    forget_peak()
    taken, plans = timed(
        lambda: coverage_curve(times, weights, p_max=p_max, limit_s=LIMIT_S), 1 if n < 1e5 else 2
    )
    proven = all(plan.status == "optimal" for plan in plans)
    report(
        "siting",
        problem="curve",
        demand=n,
        sites=m,
        p_max=p_max,
        objective=plans[-1].objective,
        proven=proven,
        nodes=sum(plan.n_nodes for plan in plans),
        ours_cpu_s=taken,
        peak_gb=peak_gb(),
        bar_s=bar_s,
        met=proven and taken < bar_s,
    )


def measure_real() -> None:
    """Print San Francisco and OR-Library."""
    folder = REAL_DATA / "siting"
    rows = pd.read_csv(folder / "SF_network_distance_candidateStore_16_censusTract_205_new.csv")
    metres = rows.pivot_table(index="DestinationName", columns="name", values="distance")
    people = rows.groupby("DestinationName")["demand"].first().reindex(metres.index)
    d, w = metres.to_numpy(), people.to_numpy(float)
    measure_against_spopt("SF", "mclp", d, w, 4, 30.0, limit_s=5000.0, known=875_247.0)
    measure_against_spopt("SF", "p_median", d, w, 4, 30.0, known=2982.1269 * w.sum())
    total = 0.0
    for number, known in PMED_MEDIANS.items():
        times, p = pmed(number)
        total += measure_median(f"pmed{number}", times, p, 1.0, known)
    report("siting", problem="p_median", case="pmed1-5", ours_cpu_s=total, bar_s=1.0, met=total < 1)


def main(*, tiny: bool = False) -> None:
    """Run everything; `tiny` runs small cases, to see that it still works."""
    if tiny:
        measure_mclp(300, 20, 3, 5.0, existing=(0,))
        measure_curve(300, 20, 3, 5.0)
        measure_median("tiny", library_like(40, 1), 3, 5.0, None)
        times, weights = clustered_city(60, 8)
        dense = np.where(times.toarray() > 0, times.toarray(), 1e6)
        measure_against_spopt("tiny", "mclp", dense, weights, 2, 1.0, limit_s=LIMIT_S)
        return
    # Compile or load everything first.
    measure_mclp(1000, 30, 3, 5.0)
    if REAL_DATA.is_dir():
        measure_real()
    for p in (5, 10, 20, 40, 90):
        for seed in (1, 2, 3):
            measure_median(f"library-like {seed}", library_like(900, seed), p, 4.0, None)
    for seed in range(3):
        measure_mclp(10_000, 500, 20, 20.0, existing=(0, 1), seed=seed)
    measure_mclp(1_000_000, 200, 20, 0.5, bar_gb=1.0)
    measure_mclp(1_000_000, 500, 10, 3.0, bar_gb=1.0)
    measure_curve(1_000_000, 100, 30, 3.0)
    measure_curve(10_000, 200, 30, 45.0)
    measure_mclp(1_000_000, 2_000, 20, 32.0, gap=0.01, bar_gb=2.0)
    times, weights = clustered_city(10_000, 200)
    dense = times.toarray()
    dense[dense == 0] = 1e6
    measure_against_spopt("200 x 10,000", "mclp", dense, weights, 10, 100.0, limit_s=LIMIT_S)


if __name__ == "__main__":
    main(tiny="--tiny" in sys.argv)
