"""Snapping points to edges against shapely's STRtree and line_locate_point."""

import sys

import numpy as np
import shapely
from cases import REAL_DATA, cpu_seconds, report, street_network

from geo.compounds import edge_lines
from geo.network import WalkNetwork
from geo.snap import snap_points


def measure(name: str, network: WalkNetwork, n_points: int) -> None:
    """Print both times and whether the distances are the same."""
    random = np.random.default_rng(4)
    low, high = network.vertex_xy.min(axis=0), network.vertex_xy.max(axis=0)
    xy = random.uniform(low, high, (n_points, 2))
    lines = edge_lines(network)
    tree = shapely.STRtree(lines)
    points = shapely.points(xy)
    snap_points(network, xy[:1], limit_m=1e6)
    ours = cpu_seconds(lambda: snap_points(network, xy, limit_m=1e6))
    _, fraction, distance_m = snap_points(network, xy, limit_m=1e6)

    def theirs() -> tuple["np.ndarray[tuple[int], np.dtype[np.float64]]", ...]:
        row, edge = tree.query_nearest(points, all_matches=False)
        return (
            shapely.distance(points[row], lines[edge]),
            shapely.line_locate_point(lines[edge], points[row], normalized=True),
        )

    peer = cpu_seconds(theirs)
    their_m, _ = theirs()
    worst_m = float(np.abs(distance_m - their_m).max())
    report(
        "snap",
        network=name,
        points=n_points,
        edges=len(lines),
        ours_s=ours,
        shapely_s=peer,
        ratio=peer / ours,
        worst_difference_m=worst_m,
        fractions_in_range=bool(((fraction >= 0) & (fraction <= 1)).all()),
        bar=10.0,
        met=peer / ours >= 10.0 and worst_m < 1e-6,
    )


def main(*, tiny: bool = False) -> None:
    """Run everything; `tiny` runs a few points, to see that it still works."""
    if tiny:
        measure("tiny", street_network(100), 100)
        return
    if REAL_DATA.is_dir():
        helsinki = WalkNetwork.from_osm(REAL_DATA / "helsinki" / "helsinki.osm.pbf")
        measure("helsinki", helsinki, 100_000)
    measure("synthetic", street_network(100_000), 100_000)


if __name__ == "__main__":
    main(tiny="--tiny" in sys.argv)
