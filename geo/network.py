"""The walk network: nodes, edges in metres, and what each edge is."""

import enum
import io
import json
import zipfile
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS

from geo.errors import NetworkError
from geo.text import Text

if TYPE_CHECKING:
    import geopandas as gpd

FORMAT = 1  # of saved networks
ARRAYS: dict[str, np.dtype[Any]] = {
    "xy": np.dtype(np.float64),
    "edge_nodes": np.dtype(np.int32),
    "edge_length_m": np.dtype(np.float64),
    "vertex_xy": np.dtype(np.float64),
    "vertex_start": np.dtype(np.int64),
    "edge_kind": np.dtype(np.uint8),
    "edge_flags": np.dtype(np.uint8),
    "edge_crossings": np.dtype(np.float32),
    "edge_signals": np.dtype(np.float32),
    "edge_compound": np.dtype(np.int64),
    "edge_name": np.dtype(object),
}
PER_EDGE = tuple(name for name in ARRAYS if name.startswith("edge_"))


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
    GATE = 16  # a gate stands on it; told, not enforced


@dataclass(frozen=True, eq=False)
class WalkNetwork:
    """An undirected walk network in metres; n nodes, m edges, k vertices. Arrays are read-only.

    Only the first four are needed; left out, an edge is a straight public level path.

    Raises
    ------
    NetworkError
        Arrays do not fit together, a length is negative or no number, an end is no node, or the
        CRS is not measured in metres.
    """

    xy: NDArray[np.float64]  # (n, 2) metres in `crs`
    edge_nodes: NDArray[np.int32]  # (m, 2) node positions; parallel edges and loops allowed
    edge_length_m: NDArray[np.float64]  # (m,)
    crs: CRS
    vertex_xy: NDArray[np.float64] = None  # type: ignore[assignment] # (k, 2) shape of all edges
    vertex_start: NDArray[np.int64] = None  # type: ignore[assignment] # (m + 1,) where each begins
    edge_kind: NDArray[np.uint8] = None  # type: ignore[assignment] # (m,) EdgeKind
    edge_flags: NDArray[np.uint8] = None  # type: ignore[assignment] # (m,) EdgeFlag
    edge_crossings: NDArray[np.float32] = None  # type: ignore[assignment] # (m,) without signals
    edge_signals: NDArray[np.float32] = None  # type: ignore[assignment] # (m,) signalised
    edge_compound: NDArray[np.int64] = None  # type: ignore[assignment] # (m,) compound id or -1
    edge_name: NDArray[np.object_] = None  # type: ignore[assignment] # (m,) street name or ""
    counts: Mapping[str, int] = field(default_factory=dict)  # what was read, cut, left out
    # What was made of this network and dies with it, as it may point back (see geo.raster).
    kept: dict[Hashable, object] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        for name, value in _completed(self).items():
            object.__setattr__(self, name, value)
        object.__setattr__(self, "crs", CRS.from_user_input(self.crs))
        _check(self)
        for name in ARRAYS:
            getattr(self, name).flags.writeable = False

    @classmethod
    def from_osm(cls, path: str | Path) -> "WalkNetwork":
        """Read the walkable ways of an OpenStreetMap file, see `geo.osm`."""
        from geo.osm import read_osm_network  # noqa: PLC0415 - the reader builds on this module

        return read_osm_network(path)

    @classmethod
    def from_lines(cls, frame: "gpd.GeoDataFrame") -> "WalkNetwork":
        """Make a network of any layer of lines, see `geo.lines`."""
        from geo.lines import network_from_lines  # noqa: PLC0415 - as above

        return network_from_lines(frame)

    def bounds(self, margin_m: float = 0.0) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the lower and the upper corner (2,), widened; inf and -inf without any edge."""
        if len(self.vertex_xy) == 0:
            return np.full(2, np.inf), np.full(2, -np.inf)
        return self.vertex_xy.min(axis=0) - margin_m, self.vertex_xy.max(axis=0) + margin_m

    def shape_of(self, edge: int) -> NDArray[np.float64]:
        """Return the vertices (k, 2) of one edge, from its first node to its second."""
        return self.vertex_xy[self.vertex_start[edge] : self.vertex_start[edge + 1]]

    def to_bytes(self) -> bytes:
        """Return the network as a compressed NumPy archive without pickled objects."""
        stored = {
            name: getattr(self, name).astype(str) if dtype.kind == "O" else getattr(self, name)
            for name, dtype in ARRAYS.items()
        }
        about = {"format": FORMAT, "crs": self.crs.to_wkt(), "counts": dict(self.counts)}
        buffer = io.BytesIO()
        np.savez_compressed(buffer, about=np.array(json.dumps(about)), **stored)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> "WalkNetwork":
        """Return the network that `to_bytes` stored.

        Raises
        ------
        NetworkError
            The content is not such an archive.
        """
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as archive:
                about = json.loads(str(archive["about"]))
                arrays = {name: archive[name].astype(dtype) for name, dtype in ARRAYS.items()}
        except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile) as error:
            raise NetworkError(
                Text(
                    "这不是保存的步行网络，或文件已损坏；请重新导入路网。",
                    "This is no saved walk network, or it is damaged; import the network again.",
                )
            ) from error
        return cls(**arrays, crs=CRS.from_wkt(about["crs"]), counts=about["counts"])

    def save(self, path: str | Path) -> None:
        """Write `to_bytes` to a file."""
        Path(path).write_bytes(self.to_bytes())

    @classmethod
    def load(cls, path: str | Path) -> "WalkNetwork":
        """Read a file written by `save`."""
        return cls.from_bytes(Path(path).read_bytes())


def _completed(network: WalkNetwork) -> dict[str, NDArray[Any]]:
    """Return every array in its type, as a copy of our own, with defaults for what is left out."""
    given = {f.name: getattr(network, f.name) for f in fields(network) if f.name in ARRAYS}
    arrays = {
        name: np.array(value, dtype=ARRAYS[name], order="C")
        for name, value in given.items()
        if value is not None
    }
    arrays["xy"] = arrays["xy"].reshape(-1, 2)
    arrays["edge_nodes"] = arrays["edge_nodes"].reshape(-1, 2)
    n_edges = len(arrays["edge_nodes"])
    if "vertex_xy" not in arrays:
        _require_nodes(arrays["edge_nodes"], len(arrays["xy"]))
        arrays["vertex_xy"] = arrays["xy"][arrays["edge_nodes"].ravel()].reshape(-1, 2)
        arrays["vertex_start"] = np.arange(0, 2 * n_edges + 1, 2, dtype=np.int64)
    defaults = {"edge_compound": -1, "edge_name": ""}
    for name in PER_EDGE:
        if name not in arrays:
            arrays[name] = np.full(n_edges, defaults.get(name, 0), dtype=ARRAYS[name])
    return arrays


def _require_nodes(edge_nodes: NDArray[np.int32], n_nodes: int) -> None:
    bad = np.flatnonzero(((edge_nodes < 0) | (edge_nodes >= n_nodes)).any(axis=1))
    if len(bad):
        raise NetworkError(
            Text(
                f"{len(bad)} 条路段的端点不在 {n_nodes} 个节点之内（第一条：{bad[0]}）。",
                f"{len(bad)} edges end at a node that is not among the {n_nodes} "
                f"(the first: edge {bad[0]}).",
            ),
            ids=bad.tolist(),
        )


def _check(network: WalkNetwork) -> None:
    n_edges = len(network.edge_nodes)
    for name in PER_EDGE:
        length = len(getattr(network, name))
        if length != n_edges:
            raise NetworkError(
                Text(
                    f"{name} 有 {length} 个值，路段有 {n_edges} 条；两者须相等。",
                    f"{name} has {length} values for {n_edges} edges; they must be as many.",
                )
            )
    _require_nodes(network.edge_nodes, len(network.xy))
    bad = np.flatnonzero(~(np.isfinite(network.edge_length_m) & (network.edge_length_m >= 0)))
    if len(bad):
        raise NetworkError(
            Text(
                f"{len(bad)} 条路段的长度为负或不是数（第一条：{bad[0]}）。",
                f"{len(bad)} edges have a length that is negative or no number "
                f"(the first: edge {bad[0]}).",
            ),
            ids=bad.tolist(),
        )
    start = network.vertex_start
    fits = len(start) == n_edges + 1 and start[0] == 0 and start[-1] == len(network.vertex_xy)
    if not fits or (np.diff(start) < 2).any():
        raise NetworkError(
            Text(
                "路段的形状数组与路段数不符：每条路段至少要有两个顶点。",
                "The shapes do not fit the edges: each edge needs at least two vertices.",
            )
        )
    unit = network.crs.axis_info[0].unit_name if network.crs.axis_info else ""
    if unit not in {"metre", "meter", "m"}:
        raise NetworkError(
            Text(
                f"路网坐标系 {network.crs.name} 的单位是“{unit}”，须为米。",
                f"The network's CRS {network.crs.name} is measured in {unit!r}, not in metres.",
            )
        )
