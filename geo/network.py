"""The walk network: nodes, edges in metres, and what each edge is."""

import enum
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS


class EdgeKind(enum.IntEnum):
    """What an edge is drawn as; reach depends on `EdgeFlag` only."""

    OTHER = 0
    MAJOR = 1  # trunk, primary, secondary
    STREET = 2  # tertiary, unclassified, residential, living street
    SERVICE = 3  # service ways and tracks
    FOOT = 4  # footways, paths, pedestrian streets, crossings
    STEPS = 5


class EdgeFlag(enum.IntFlag):
    """What reach must know of an edge."""

    STEPS = 1
    PRIVATE = 2
    BRIDGE = 4
    TUNNEL = 8


@dataclass(frozen=True, eq=False)
class WalkNetwork:
    """An undirected walk network in metres; n nodes, m edges, k vertices. Arrays are read-only.

    Only the first four are needed; left out, an edge is a straight public level path.
    """

    xy: NDArray[np.float64]  # (n, 2) metres in `crs`
    edge_nodes: NDArray[np.int32]  # (m, 2) node positions; parallel edges and loops allowed
    edge_length_m: NDArray[np.float64]  # (m,)
    crs: CRS
    vertex_xy: NDArray[np.float64] | None = None  # (k, 2) shape of all edges, one after the other
    vertex_start: NDArray[np.int64] | None = None  # (m + 1,) where each edge's vertices begin
    edge_kind: NDArray[np.uint8] | None = None  # (m,) EdgeKind
    edge_flags: NDArray[np.uint8] | None = None  # (m,) EdgeFlag
    edge_crossings: NDArray[np.float32] | None = None  # (m,) crossings without signals; halves
    edge_signals: NDArray[np.float32] | None = None  # (m,) signalised crossings; halves
    edge_compound: NDArray[np.int64] | None = None  # (m,) id of the compound it lies in, or -1
    edge_name: NDArray[np.object_] | None = None  # (m,) street name or ""
    counts: dict[str, int] = field(default_factory=dict)  # what was read, cut, left out
