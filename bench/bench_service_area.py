"""The 15-minute polygon against exact times at random points near the network."""

import sys
from dataclasses import replace

import numpy as np
import shapely
from cases import REAL_DATA, cpu_seconds, report, street_network

from geo.attach import attach
from geo.compounds import edge_lines
from geo.graph import walk_graph
from geo.network import WalkNetwork
from geo.raster import fill, raster_of, whole_of
from geo.reach import walking_times
from geo.service_area import service_areas

LIMIT_S, NEAR_M = 900.0, 100.0


def random_points_near(
    network: WalkNetwork, n: int, random: np.random.Generator
) -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
    """Return n points, uniform over the land within 100 m of a way."""
    near = shapely.union_all(shapely.buffer(edge_lines(network), NEAR_M))
    shapely.prepare(near)
    low, high = network.vertex_xy.min(axis=0) - NEAR_M, network.vertex_xy.max(axis=0) + NEAR_M
    kept = np.empty((0, 2))
    while len(kept) < n:
        xy = random.uniform(low, high, (2 * n, 2))
        kept = np.concatenate([kept, xy[shapely.contains_xy(near, xy[:, 0], xy[:, 1])]])
    return kept[:n]


def measure(name: str, network: WalkNetwork, n_origins: int = 20, n_points: int = 20_000) -> None:
    """Print the mean IoU over origins, and the time of an area once the raster is filled.

    The bar holds for each area: the worst of the origins is judged.
    """
    random = np.random.default_rng(5)
    origins = attach(network, network.xy[random.integers(0, len(network.xy), n_origins)])
    points = random_points_near(network, n_points, random)
    times = walking_times(network, origins, points, limit_s=LIMIT_S)
    raster = raster_of(network, walk_graph(network, "standard").usable)
    filled_s = cpu_seconds(lambda: fill(raster, whole_of(raster)), 1)
    ious, seconds = [], []
    for row in range(n_origins):
        site = origins.xy[row : row + 1]
        one = attach(network, site)
        draw = lambda: service_areas(network, one, minutes=(15,))  # noqa: B023, E731
        area = draw().geometry.iloc[0]
        seconds.append(cpu_seconds(draw, 3))
        inside = shapely.contains_xy(area, points[:, 0], points[:, 1])
        exact = np.zeros(n_points, bool)
        exact[times.indices[times.indptr[row] : times.indptr[row + 1]]] = True
        if (inside | exact).any():
            ious.append((inside & exact).sum() / (inside | exact).sum())
    report(
        "service_area",
        network=name,
        pixel_m=raster.pixel_m,
        raster_fill_s=filled_s,
        mean_iou=float(np.mean(ious)),
        worst_iou=float(np.min(ious)),
        area_ms_median=float(np.median(seconds) * 1000),
        area_ms_worst=float(np.max(seconds) * 1000),
        bar_iou=0.98,
        bar_ms=5.0,
        met=bool(np.mean(ious) >= 0.98 and np.max(seconds) <= 0.005),
    )


def main(*, tiny: bool = False) -> None:
    """Run everything; `tiny` runs a small network, to see that it still works."""
    if tiny:
        measure("tiny", street_network(100), 2, 200)
        return
    if REAL_DATA.is_dir():
        for name, path in (
            ("helsinki", "helsinki/helsinki.osm.pbf"),
            ("tsinghua", "beijing/tsinghua.osm.gz"),
        ):
            network = WalkNetwork.from_osm(REAL_DATA / path)
            measure(name, network)
            measure(f"{name}, no private ways", replace(network, edge_flags=None))
    measure("synthetic", street_network(10_000))
    measure("synthetic, wide", street_network(1_600, spacing_m=200.0))
    measure("synthetic, narrow", street_network(10_000, spacing_m=30.0))


if __name__ == "__main__":
    main(tiny="--tiny" in sys.argv)
