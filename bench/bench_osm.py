"""Reading an OpenStreetMap file into a walk network, against pyrosm and a simplified igraph."""

import sys
import tempfile
import warnings
from pathlib import Path

from cases import REAL_DATA, cpu_seconds, report

from geo.network import WalkNetwork

TINY = """<?xml version='1.0' encoding='UTF-8'?><osm version="0.6">
<node id="1" lat="32.26" lon="118.31"/><node id="2" lat="32.261" lon="118.31"/>
<way id="1"><nd ref="1"/><nd ref="2"/><tag k="highway" v="footway"/></way></osm>"""


def with_pyrosm(path: Path) -> int:
    """Return the number of edges of pyrosm's walking network as a simplified igraph."""
    import pyrosm

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        osm = pyrosm.OSM(str(path))
        nodes, edges = osm.get_network(network_type="walking", nodes=True)
        graph = osm.to_graph(nodes, edges, graph_type="igraph", network_type="walking")
        return int(graph.simplify().ecount())


def main(*, tiny: bool = False) -> None:
    """Run everything; `tiny` reads two nodes, to see that it still works."""
    if tiny:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "tiny.osm"
            path.write_text(TINY, encoding="utf-8")
            report(
                "osm_to_network", network="tiny", edges=len(WalkNetwork.from_osm(path).edge_nodes)
            )
        return
    path = REAL_DATA / "helsinki" / "helsinki.osm.pbf"
    if not path.is_file():
        report("osm_to_network", skipped="the real inputs are not beside this checkout")
        return
    WalkNetwork.from_osm(path)
    ours = cpu_seconds(lambda: WalkNetwork.from_osm(path), 5)
    edges = len(WalkNetwork.from_osm(path).edge_nodes)
    try:
        theirs = cpu_seconds(lambda: with_pyrosm(path), 3)
        their_edges = with_pyrosm(path)
    except ImportError:
        report("osm_to_network", ours_s=ours, edges=edges, skipped="pyrosm is not installed")
        return
    report(
        "osm_to_network",
        network="helsinki",
        ours_s=ours,
        edges=edges,
        pyrosm_s=theirs,
        pyrosm_edges=their_edges,
        ratio=theirs / ours,
        bar=4.0,
        met=theirs / ours >= 4.0,
    )


if __name__ == "__main__":
    main(tiny="--tiny" in sys.argv)
