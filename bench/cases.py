"""Seeded cases and timing that the benchmarks share."""

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from geo.network import WalkNetwork

REAL_DATA = Path(__file__).resolve().parents[1].parent / "shared" / "data"


def street_network(n_nodes: int, seed: int = 0, spacing_m: float = 80.0) -> WalkNetwork:
    """Return a planar street network: a jittered lattice with a fifth of its edges gone."""
    random = np.random.default_rng(seed)
    side = int(np.sqrt(n_nodes))
    i, j = np.meshgrid(np.arange(side), np.arange(side), indexing="ij")
    off = 0.3125 * spacing_m
    xy = np.column_stack([i.ravel(), j.ravel()]) * spacing_m
    xy += random.uniform(-off, off, (side * side, 2))
    node = np.arange(side * side).reshape(side, side)
    across = np.column_stack([node[:-1].ravel(), node[1:].ravel()])
    along = np.column_stack([node[:, :-1].ravel(), node[:, 1:].ravel()])
    edges = np.concatenate([across, along])
    edges = edges[random.random(len(edges)) > 0.2]
    curve = random.uniform(1.0, 1.15, len(edges))
    length_m = np.linalg.norm(xy[edges[:, 0]] - xy[edges[:, 1]], axis=1) * curve
    return WalkNetwork(xy, edges, length_m, 4548)


def cpu_seconds(run: Callable[[], object], repeats: int = 3) -> float:
    """Return the median CPU time of a run, all threads of the process together."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return statistics.median(times)


def wall_seconds(run: Callable[[], object], repeats: int = 3) -> float:
    """Return the median wall time of a run."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def report(bench: str, **figures: object) -> None:
    """Print one JSON line."""
    rounded = {k: round(v, 6) if isinstance(v, float) else v for k, v in figures.items()}
    print(json.dumps({"bench": bench, **rounded}, ensure_ascii=False), flush=True)
