"""Set covering and p-center: known optima, times, and spopt with CBC in the same run.

Times are CPU seconds (single thread, CBC's process with them), so that a busy machine does not
count.
"""

import resource
import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
from cases import REAL_DATA, report
from scipy.sparse import csr_array
from scipy.sparse.csgraph import shortest_path
from scipy.spatial import KDTree

from geo.siting import solve_lscp, solve_p_center
from geo.siting.covering import CoveringSets, merge_demand
from geo.siting.instance import read_choice
from geo.siting.lscp import fewest_sites

Floats = np.ndarray
PMED_CENTERS = {1: 127.0, 2: 98.0, 3: 93.0, 4: 74.0, 5: 48.0}  # published for OR-Library
LIMITS_KM = (0.5, 0.8, 1.2, 2.0)


def clustered_city(n: int, m: int, seed: int = 0) -> tuple[Floats, Floats]:
    """Return n homes and m sites, in km, round thirty centres."""
    random = np.random.default_rng(seed)
    centres = random.uniform(0, 10, (30, 2))

    def near(count: int) -> Floats:
        return centres[random.integers(0, 30, count)] + random.normal(0, 0.8, (count, 2))

    return near(n), near(m)


def sets_within(homes: Floats, sites: Floats, limit_km: float) -> CoveringSets:
    """Return the sites within a straight distance of each home, without homes that have none."""
    found = KDTree(sites).query_ball_point(homes, limit_km, return_sorted=True)
    found = [row for row in found if row]
    start = np.concatenate(([0], np.cumsum([len(row) for row in found]))).astype(np.int64)
    site = np.fromiter((j for row in found for j in row), np.int32, start[-1])
    return CoveringSets(len(found), len(sites), start, site)


def library_like(n: int, seed: int) -> Floats:
    """Return all distances of a random network of OR-Library's shape: n nodes, n² / 50 edges."""
    random = np.random.default_rng(seed)
    ring = random.permutation(n)
    ends = np.concatenate(
        [np.column_stack([ring, np.roll(ring, 1)]), random.integers(0, n, (n * n // 50, 2))]
    )
    cost = np.zeros((n, n))
    length = random.integers(1, 100, len(ends))
    cost[ends[:, 0], ends[:, 1]] = cost[ends[:, 1], ends[:, 0]] = length
    np.fill_diagonal(cost, 0)
    cost = np.maximum(cost, cost.T)
    return np.asarray(shortest_path(csr_array(cost), directed=False))


def pmed(number: int) -> tuple[Floats, int]:
    """Return all distances and p of an OR-Library file; of repeated edges the last cost wins."""
    words = (REAL_DATA / "siting" / f"pmed{number}.txt").read_text(encoding="ascii").split()
    n, n_edges, p = map(int, words[:3])
    cost = np.zeros((n, n))
    for a, b, length in np.array(words[3 : 3 + 3 * n_edges], int).reshape(-1, 3):
        cost[a - 1, b - 1] = cost[b - 1, a - 1] = length
    return np.asarray(shortest_path(csr_array(cost), directed=False)), p


def san_francisco() -> Floats:
    """Return the metres from 205 census tracts to 16 stores."""
    rows = pd.read_csv(
        REAL_DATA / "siting" / "SF_network_distance_candidateStore_16_censusTract_205_new.csv"
    )
    wide = rows.pivot_table(index="DestinationName", columns="name", values="distance")
    return wide.to_numpy()


def cpu_seconds() -> float:
    """Return the CPU seconds of this process and of those it started and waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def best_seconds(run: Callable[[], object], repeats: int) -> float:
    """Return the least CPU seconds of some runs."""
    times = []
    for _ in range(repeats):
        start = cpu_seconds()
        run()
        times.append(cpu_seconds() - start)
    return min(times)


def measure_covering(
    n: int, m: int, bar_s: float, limits_km: tuple[float, ...] = LIMITS_KM
) -> None:
    """Print the time of a proven covering once the sets are built, merging included."""
    homes, sites = clustered_city(n, m)
    choice = read_choice(m, None)
    for limit_km in limits_km:
        sets = sets_within(homes, sites, limit_km)
        start = cpu_seconds()
        merged = merge_demand(sets, np.ones(sets.n), choice)
        fewest = fewest_sites(merged, choice)
        taken = cpu_seconds() - start
        proven = len(fewest.sites) == fewest.bound
        report(
            "siting_cover",
            problem="lscp",
            demand=n,
            sites=m,
            limit_km=limit_km,
            merged_rows=merged.n_rows,
            objective=len(fewest.sites),
            bound=fewest.bound,
            ours_cpu_s=taken,
            bar_s=bar_s,
            met=proven and taken < bar_s,
        )


def measure_center(name: str, times: Floats, p: int, known: float | None = None) -> None:
    """Print the time of a proven p-center."""
    start = cpu_seconds()
    plan = solve_p_center(times, p=p)
    taken = cpu_seconds() - start
    proven = plan.status == "optimal" and plan.objective == plan.bound
    report(
        "siting_cover",
        problem="p_center",
        network=name,
        p=p,
        objective=plan.objective,
        bound=plan.bound,
        known=known,
        ours_cpu_s=taken,
        bar_s=4.0,
        met=proven and taken < 4 and known in {None, plan.objective},
    )


def measure_peer(times: Floats, *, limit: float, p: int, is_tiny: bool = False) -> None:
    """Print covering and p-center beside spopt with CBC, build and solve, where it is there."""
    try:
        import pulp
        from spopt.locate import LSCP, PCenter
    except ImportError:
        report("siting_cover", peer="spopt", missing="install the peers extra to compare")
        return

    def cover() -> float:
        return solve_lscp(times, limit_s=limit).objective

    def center() -> float:
        return solve_p_center(times, p=p).objective

    def their_cover() -> float:
        model = LSCP.from_cost_matrix(times, limit).solve(pulp.PULP_CBC_CMD(msg=False))
        return float(model.problem.objective.value())

    def their_center() -> float:
        model = PCenter.from_cost_matrix(times, p).solve(pulp.PULP_CBC_CMD(msg=False))
        return float(model.problem.objective.value())

    cases = (("lscp", 30.0, cover, their_cover), ("p_center", 300.0, center, their_center))
    for problem, bar, ours, theirs in cases:
        mine, other = ours(), theirs()  # the first of ours compiles
        ours_s = best_seconds(ours, 1 if is_tiny else 20)
        theirs_s = best_seconds(theirs, 1 if is_tiny else 2)
        ratio = theirs_s / ours_s
        report(
            "siting_cover",
            problem=problem,
            network="san_francisco",
            objective=mine,
            spopt_objective=other,
            ours_cpu_s=ours_s,
            spopt_cpu_s=theirs_s,
            ratio=ratio,
            bar=bar,
            met=ratio >= bar and abs(mine - other) <= 1e-6 * other,
        )


def main(*, tiny: bool = False) -> None:
    """Run everything; `tiny` runs small cases, to see that it still works."""
    if tiny:
        measure_covering(300, 20, 3.0, (1.2,))
        measure_center("tiny", library_like(60, 1), 5)
        measure_peer(library_like(40, 2)[:, :8], limit=400.0, p=2, is_tiny=True)
        return
    measure_covering(300, 20, 3.0, (1.2,))  # compiles
    measure_center("warm", library_like(60, 1), 5)
    if REAL_DATA.is_dir():
        measure_peer(san_francisco(), limit=5000.0, p=4)
        for number, known in PMED_CENTERS.items():
            times, p = pmed(number)
            measure_center(f"pmed{number}", times, p, known)
    for p in (5, 10, 20, 45, 90):
        measure_center("900 nodes", library_like(900, p), p)
    measure_covering(10_000, 500, 3.0)
    measure_covering(1_000_000, 500, 1.0)


if __name__ == "__main__":
    main(tiny="--tiny" in sys.argv)
