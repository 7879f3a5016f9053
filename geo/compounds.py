"""Walls: which edges lie inside a compound, so that they lead to it and not through it."""

from dataclasses import replace
from datetime import datetime
from itertools import pairwise

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.gates import passable_compounds
from geo.network import EdgeFlag, EdgeKind, WalkNetwork

WALL_TOLERANCE_M = 2.0  # a way along the wall is not inside


def walled_network(
    network: WalkNetwork,
    compounds: gpd.GeoDataFrame,
    gates: gpd.GeoDataFrame,
    *,
    at: datetime | None = None,
) -> WalkNetwork:
    """Cut the edges at compound outlines and mark those inside (`edge_compound`).

    Main roads, named streets, bridges and tunnels stay public wherever an outline is drawn over
    them. A compound whose known gates are all open to everyone, and open at the moment `at`, is
    no wall. Compounds without an outline (points) are passed over. No length is lost. Compounds
    and gates as in `geo.study`, in any CRS.
    """
    outlines = compounds.geometry.to_crs(network.crs)
    has_area = shapely.area(outlines.to_numpy()) > 0
    is_wall = has_area & ~np.isin(outlines.index, list(passable_compounds(gates, at)))
    walls = outlines[is_wall]
    if walls.empty or len(network.edge_nodes) == 0:
        return network
    inner = gpd.GeoSeries(walls.buffer(-WALL_TOLERANCE_M), crs=network.crs)
    lines = edge_lines(network)
    candidates = np.flatnonzero(~_stays_public(network))
    row, wall = inner.sindex.query(lines[candidates], predicate="intersects")
    edge = candidates[row]
    rims = shapely.boundary(walls.to_numpy())
    is_cut = shapely.intersects(lines[edge], rims[wall])
    cuts = _cut_places(lines, rims, edge[is_cut], wall[is_cut])
    pieces = cut_edges(network, cuts)
    return _mark_inside(pieces, inner)


def edge_lines(network: WalkNetwork) -> NDArray[np.object_]:
    """Return the shapes of all edges (m,) as lines."""
    n_vertices = np.diff(network.vertex_start)
    owner = np.repeat(np.arange(len(n_vertices)), n_vertices)
    return np.asarray(shapely.linestrings(network.vertex_xy, indices=owner), dtype=object)


def _stays_public(network: WalkNetwork) -> NDArray[np.bool_]:
    is_street = (network.edge_kind == EdgeKind.STREET) & (network.edge_name != "")
    spans = (network.edge_flags & (EdgeFlag.BRIDGE | EdgeFlag.TUNNEL)) != 0
    is_public = (network.edge_flags & EdgeFlag.PRIVATE) == 0
    is_main = network.edge_kind == EdgeKind.MAJOR
    return np.asarray(is_public & (is_main | is_street | spans), bool)


def _cut_places(
    lines: NDArray[np.object_],
    rims: NDArray[np.object_],
    edge: NDArray[np.intp],
    wall: NDArray[np.intp],
) -> dict[int, list[float]]:
    """Return for each edge that crosses an outline the shares of its length where it does."""
    cuts: dict[int, list[float]] = {}
    crossings = shapely.intersection(lines[edge], rims[wall])
    for one, crossing in zip(edge.tolist(), crossings, strict=True):
        places = shapely.points(shapely.get_coordinates(crossing))
        shares = shapely.line_locate_point(lines[one], places, normalized=True)
        cuts.setdefault(one, []).extend(shares.tolist())
    return cuts


def cut_edges(network: WalkNetwork, cuts: dict[int, list[float]]) -> WalkNetwork:
    """Cut edges at shares of their length; new nodes are put at the end, lengths are kept.

    A cut within a centimetre of an end or of another cut is not made.
    """
    parts = {edge: _parts(network, edge, shares) for edge, shares in cuts.items()}
    parts = {edge: shares for edge, shares in parts.items() if len(shares) > 2}
    if not parts:
        return network
    whole = np.setdiff1d(np.arange(len(network.edge_nodes)), list(parts))
    source = np.concatenate([whole, *(np.full(len(s) - 1, e) for e, s in parts.items())])
    nodes, shapes, share = [], [], []
    new_xy: list[NDArray[np.float64]] = []
    for edge, shares in parts.items():
        shape = network.shape_of(edge)
        pieces = [_stretch(shape, a, b) for a, b in pairwise(shares)]
        first = len(network.xy) + len(new_xy)
        new_xy += [piece[-1] for piece in pieces[:-1]]
        chain = [
            network.edge_nodes[edge, 0],
            *range(first, first + len(pieces) - 1),
            network.edge_nodes[edge, 1],
        ]
        nodes += list(pairwise(chain))
        shapes += pieces
        share += np.diff(shares).tolist()
    kept_shapes = [network.shape_of(edge) for edge in whole]
    n_vertices = [len(shape) for shape in (*kept_shapes, *shapes)]
    of_whole = np.concatenate([np.ones(len(whole)), share])
    return replace(
        network,
        xy=np.concatenate([network.xy, new_xy]),
        edge_nodes=np.concatenate([network.edge_nodes[whole], np.array(nodes)]),
        edge_length_m=network.edge_length_m[source] * of_whole,
        vertex_xy=np.concatenate([*kept_shapes, *shapes]),
        vertex_start=np.concatenate(([0], np.cumsum(n_vertices))),
        edge_kind=network.edge_kind[source],
        edge_flags=network.edge_flags[source],
        edge_crossings=network.edge_crossings[source] * of_whole,
        edge_signals=network.edge_signals[source] * of_whole,
        edge_compound=network.edge_compound[source],
        edge_name=network.edge_name[source],
    )


def _parts(network: WalkNetwork, edge: int, shares: list[float]) -> list[float]:
    """Return 0, the cuts that stand a centimetre apart, 1."""
    shortest = 0.01 / max(float(network.edge_length_m[edge]), 0.01)
    kept = [0.0]
    for share in sorted(shares):
        if share - kept[-1] > shortest and 1.0 - share > shortest:
            kept.append(share)
    return [*kept, 1.0]


def _stretch(shape: NDArray[np.float64], a: float, b: float) -> NDArray[np.float64]:
    """Return the vertices of a polyline between two shares of its length."""
    run = np.concatenate(([0.0], np.cumsum(np.linalg.norm(np.diff(shape, axis=0), axis=1))))
    at = np.array([a, b]) * run[-1]
    ends = np.column_stack([np.interp(at, run, shape[:, k]) for k in (0, 1)])
    inside = (run > at[0]) & (run < at[1])
    return np.concatenate([ends[:1], shape[inside], ends[1:]])


def _mark_inside(network: WalkNetwork, inner: gpd.GeoSeries) -> WalkNetwork:
    """Set `edge_compound` where the middle of an edge lies inside; the lowest id where two do."""
    candidates = np.flatnonzero(~_stays_public(network))
    middles = shapely.line_interpolate_point(edge_lines(network)[candidates], 0.5, normalized=True)
    row, wall = inner.sindex.query(middles, predicate="within")
    compound = np.full(len(network.edge_nodes), np.iinfo(np.int64).max)
    np.minimum.at(compound, candidates[row], inner.index.to_numpy(np.int64)[wall])
    compound[compound == np.iinfo(np.int64).max] = -1
    return replace(network, edge_compound=compound)
