"""One to many, sites x demand and nearest station, against scipy, pandana and networkx."""

import sys
from dataclasses import replace

import numpy as np
from cases import REAL_DATA, cpu_seconds, report, street_network, wall_seconds
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geo.attach import attach
from geo.doors import doors_of
from geo.graph import TICKS_PER_S, walk_graph
from geo.network import WalkNetwork
from geo.reach import nearest_site, walking_times
from geo.search import arcs_of, reach_many, workspace_for

LIMIT_S = 900.0
BARS = {"helsinki": 1.5, "100000": 2.5, "1000000": 10.0}


def scipy_graph(network: WalkNetwork) -> csr_array:
    """Return the shortest of parallel edges as seconds, both ways (scipy would sum them)."""
    graph = walk_graph(network, "standard")
    seconds = graph.edge_ticks / TICKS_PER_S
    u, v = network.edge_nodes.T
    order = np.lexsort((seconds, np.maximum(u, v), np.minimum(u, v)))
    low, high = np.minimum(u, v)[order], np.maximum(u, v)[order]
    kept = np.concatenate(([True], (np.diff(low) != 0) | (np.diff(high) != 0))) & (low != high)
    low, high, time = low[kept], high[kept], seconds[order][kept]
    n = len(network.xy)
    return csr_array(
        (np.tile(time, 2), (np.concatenate([low, high]), np.concatenate([high, low]))), shape=(n, n)
    )


def one_to_many(name: str, network: WalkNetwork, n_sources: int, seed: int = 1) -> float:
    """Measure all nodes within 15 minutes of each source; return our microseconds a source."""
    graph = walk_graph(network, "standard")
    random = np.random.default_rng(seed)
    sources = random.integers(0, len(network.xy), n_sources).astype(np.int32)
    limit = int(LIMIT_S * TICKS_PER_S)
    arcs = arcs_of(graph)
    work = workspace_for(graph, limit)
    reached = reach_many(arcs, sources, limit, work)
    ours = cpu_seconds(lambda: reach_many(arcs, sources, limit, work), 5) / n_sources * 1e6
    peers = {}
    matrix = scipy_graph(network)
    places = graph.node[sources]  # the same places as nodes of the network, for the peers
    few = places[: max(min(n_sources, 20_000_000 // len(network.xy)), 3)]
    peers["scipy"] = (
        cpu_seconds(lambda: [dijkstra(matrix, indices=int(s), limit=LIMIT_S) for s in few])
        / len(few)
        * 1e6
    )
    expected = np.array(
        [np.isfinite(dijkstra(matrix, indices=int(s), limit=LIMIT_S)).sum() for s in few]
    )
    differing = int(np.abs(expected - reached[: len(few)]).max())
    peers |= _pandana(network, graph.edge_ticks / TICKS_PER_S, few)
    peers |= _networkx(matrix, few[:20]) if len(network.xy) <= 100_000 else {}
    best = min(peers.values())
    bar = BARS.get(name)
    report(
        "one_to_many",
        network=name,
        nodes=len(network.xy),
        reached_mean=float(reached.mean()),
        differing_counts=differing,
        ours_us=ours,
        **{f"{peer}_us": us for peer, us in peers.items()},
        ratio=best / ours,
        bar=bar,
        met=None if bar is None else best / ours >= bar,
    )
    return ours


def _pandana(
    network: WalkNetwork, seconds: NDArray[np.float64], sources: NDArray[np.int32]
) -> dict[str, float]:
    """Return microseconds a source of pandana's own range query, without its data frames."""
    try:
        import pandana
    except ImportError:
        return {}
    import pandas as pd

    u, v = network.edge_nodes.T
    net = pandana.Network(
        pd.Series(network.xy[:, 0]),
        pd.Series(network.xy[:, 1]),
        pd.Series(u),
        pd.Series(v),
        pd.DataFrame({"s": seconds}),
    )
    nodes = sources.tolist()
    ids = np.arange(len(network.xy))
    run = lambda: net.net.nodes_in_range(nodes, LIMIT_S, 0, ids)  # noqa: E731 - no data frames
    run()
    return {"pandana": cpu_seconds(run) / len(sources) * 1e6}


def _networkx(matrix: csr_array, sources: NDArray[np.int32]) -> dict[str, float]:
    try:
        import networkx as nx
    except ImportError:
        return {}
    graph = nx.from_scipy_sparse_array(matrix)
    run = lambda: [  # noqa: E731
        nx.single_source_dijkstra_path_length(graph, int(s), cutoff=LIMIT_S) for s in sources
    ]
    return {"networkx": cpu_seconds(run, 1) / len(sources) * 1e6}


def sites_by_demand(n_nodes: int, n_sites: int, n_points: int) -> None:
    """Measure the exact matrix, both sides snapped to edges, against scipy with a gather."""
    network = street_network(n_nodes)
    random = np.random.default_rng(2)
    high = network.xy.max(axis=0)
    sites = attach(network, random.uniform(0, high, (n_sites, 2)))
    points = attach(network, random.uniform(0, high, (n_points, 2)))
    few = min(n_sites, 2)
    walking_times(network, sites, points, limit_s=1.0)
    ours = cpu_seconds(lambda: walking_times(network, sites, points, limit_s=LIMIT_S))
    wall = wall_seconds(lambda: walking_times(network, sites, points, limit_s=LIMIT_S))
    times = walking_times(network, sites, points, limit_s=LIMIT_S)
    sample = np.linspace(0, n_sites - 1, max(few, min(n_sites, 25))).astype(int)
    matrix = scipy_graph(network)
    found = {}

    def theirs() -> None:
        for site in sample:
            found[site] = _scipy_row(network, matrix, sites, points, int(site))

    scipy_s = cpu_seconds(theirs, 1) / len(sample) * n_sites
    worst, differing = 0.0, 0
    for site in sample:
        expected = found[site]
        mine = np.full(n_points, np.inf)
        row = slice(times.indptr[site], times.indptr[site + 1])
        mine[times.indices[row]] = times.data[row]
        both = np.isfinite(mine) & (expected <= LIMIT_S)
        differing += int((np.isfinite(mine) != (expected <= LIMIT_S)).sum())
        worst = max(worst, float(np.abs(mine[both] - expected[both]).max(initial=0.0)))
    report(
        "sites_by_demand",
        nodes=len(network.xy),
        sites=n_sites,
        points=n_points,
        pairs=int(times.nnz),
        ours_cpu_s=ours,
        ours_wall_s=wall,
        scipy_cpu_s=scipy_s,
        ratio=scipy_s / ours,
        bar=30.0,
        differing_pairs=differing,
        worst_ms=worst * 1000,
        met=scipy_s / ours >= 30.0 and worst <= 0.01,
    )


def _scipy_row(
    network: WalkNetwork, matrix: csr_array, sites: object, points: object, site: int
) -> NDArray[np.float64]:
    """Return the seconds of one site to all points: two searches and a gather over both ends."""
    graph = walk_graph(network, "standard")
    doors, goals = doors_of(graph, sites), doors_of(graph, points)
    mine = slice(doors.start[site], doors.start[site + 1])
    edge = int(doors.edge[mine][0]) if doors.start[site + 1] > doors.start[site] else -1
    if edge < 0:
        return np.full(points.n_points, np.inf)
    from_u = doors.from_u[mine][0] / TICKS_PER_S
    access = doors.access[mine][0] / TICKS_PER_S
    whole = graph.edge_ticks[edge] / TICKS_PER_S
    u, v = network.edge_nodes[edge]
    best = np.minimum(
        dijkstra(matrix, indices=int(u), limit=LIMIT_S) + from_u,
        dijkstra(matrix, indices=int(v), limit=LIMIT_S) + whole - from_u,
    )
    ends = network.edge_nodes[goals.edge]
    along = goals.from_u / TICKS_PER_S
    rest = graph.edge_ticks[goals.edge] / TICKS_PER_S - along
    value = np.minimum(best[ends[:, 0]] + along, best[ends[:, 1]] + rest)
    same = goals.edge == edge
    value[same] = np.minimum(value[same], np.abs(along[same] - from_u))
    value += access + goals.access / TICKS_PER_S
    result = np.full(points.n_points, np.inf)
    result[points.point] = np.round(value, 3)
    return result


def nearest(n_nodes: int, n_sites: int, n_points: int) -> None:
    """Measure the nearest site of every building, after snapping, against scipy min_only."""
    network = street_network(n_nodes)
    random = np.random.default_rng(3)
    high = network.xy.max(axis=0)
    sites = attach(network, random.uniform(0, high, (n_sites, 2)))
    points = attach(network, random.uniform(0, high, (n_points, 2)))
    nearest_site(network, sites, points)
    ours = cpu_seconds(lambda: nearest_site(network, sites, points), 5)
    graph = walk_graph(network, "standard")
    matrix = scipy_graph(network)
    nodes = np.unique(network.edge_nodes[sites.edge].ravel())
    goals = doors_of(graph, points)
    ends = network.edge_nodes[goals.edge]
    along = goals.from_u / TICKS_PER_S
    rest = graph.edge_ticks[goals.edge] / TICKS_PER_S - along

    def theirs() -> NDArray[np.float64]:
        reached = dijkstra(matrix, indices=nodes, min_only=True)
        return np.minimum(reached[ends[:, 0]] + along, reached[ends[:, 1]] + rest)

    scipy_s = cpu_seconds(theirs, 5)
    report(
        "nearest_site",
        nodes=len(network.xy),
        sites=n_sites,
        points=n_points,
        ours_s=ours,
        scipy_s=scipy_s,
        ratio=scipy_s / ours,
        bar=2.0,
        met=scipy_s / ours >= 2.0,
    )


def main(*, tiny: bool = False) -> None:
    """Run everything; `tiny` runs each with a few nodes, to see that it still works."""
    if tiny:
        one_to_many("tiny", street_network(400), 5)
        sites_by_demand(400, 4, 50)
        nearest(400, 3, 50)
        return
    if (REAL_DATA / "helsinki").is_dir():
        helsinki = WalkNetwork.from_osm(REAL_DATA / "helsinki" / "helsinki.osm.pbf")
        # The peers know no private ways, so neither do we here: the same graph for all.
        one_to_many("helsinki", replace(helsinki, edge_flags=None), 2000)
    small = one_to_many("10000", street_network(10_000), 2000)
    one_to_many("100000", street_network(100_000), 2000)
    large = one_to_many("1000000", street_network(1_000_000), 2000)
    report("one_to_many_growth", ratio=large / small, bar=1.5, met=large / small <= 1.5)
    sites_by_demand(100_000, 1000, 100_000)
    nearest(100_000, 50, 100_000)


if __name__ == "__main__":
    main(tiny="--tiny" in sys.argv)
