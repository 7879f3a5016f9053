"""Small tilings in metres for the tests of topology, and the breaker that the benchmark uses."""

import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.affinity import translate
from shapely.geometry import Polygon, box

METRES = 4548
EAST, NORTH = 500_000.0, 3_570_000.0


def breaker() -> ModuleType:
    """Return the module of the benchmarks that breaks tilings by seed."""
    path = Path(__file__).resolve().parents[1] / "bench" / "broken_tiling.py"
    if "broken_tiling" not in sys.modules:
        spec = importlib.util.spec_from_file_location("broken_tiling", path)
        module = importlib.util.module_from_spec(spec)
        sys.modules["broken_tiling"] = module  # dataclasses look their module up
        spec.loader.exec_module(module)
    return sys.modules["broken_tiling"]


def grids(shapes: Sequence[Polygon], **columns: object) -> gpd.GeoDataFrame:
    """Return grids 1, 2, … with sound codes, drawn in metres from a corner of EPSG:4548."""
    ids = pd.Index(range(1, len(shapes) + 1), name="id")
    given = {
        "code": [f"341103003001{k:03d}" for k in ids],
        "name": [f"第{k}网格" for k in ids],
        **columns,
    }
    placed = [s if s is None else translate(s, EAST, NORTH) for s in shapes]
    return gpd.GeoDataFrame(given, geometry=placed, index=ids, crs=METRES)


def points(xy: Sequence[tuple[float, float]], ids: Sequence[object]) -> gpd.GeoDataFrame:
    """Return homes at places in the same metres."""
    at = gpd.points_from_xy([EAST + x for x, _ in xy], [NORTH + y for _, y in xy])
    return gpd.GeoDataFrame(geometry=at, index=list(ids), crs=METRES)


def pair() -> list[Polygon]:
    """Return two squares of 100 m side by side, with a vertex in the middle of the border."""
    left = Polygon([(0, 0), (100, 0), (100, 50), (100, 100), (0, 100)])
    right = Polygon([(100, 0), (200, 0), (200, 100), (100, 100), (100, 50)])
    return [left, right]


def block(n: int = 4, side: float = 120.0, seed: int = 0) -> gpd.GeoDataFrame:
    """Return n x n bent grids that tile; borders have two vertices between corners."""
    random = np.random.default_rng(seed)
    steps = 3 * n + 1
    i, j = np.meshgrid(np.arange(steps), np.arange(steps), indexing="ij")
    xy = np.stack([i, j], axis=2) * side / 3 + random.uniform(-6, 6, (steps, steps, 2))
    xy = np.round(xy, 3)
    cells = []
    for a in range(0, 3 * n, 3):
        for b in range(0, 3 * n, 3):
            ring = [xy[a + k, b] for k in range(3)] + [xy[a + 3, b + k] for k in range(3)]
            ring += [xy[a + 3 - k, b + 3] for k in range(3)] + [xy[a, b + 3 - k] for k in range(3)]
            cells.append(Polygon(ring))
    return grids(cells)


def is_tiling(frame: gpd.GeoDataFrame) -> bool:
    """Return whether borders fit vertex by vertex and nothing overlaps."""
    return bool(shapely.coverage_is_valid(np.asarray(frame.geometry.to_numpy())))


__all__ = ["block", "box", "breaker", "grids", "is_tiling", "pair", "points"]
