"""Which reader reads a file: by the ending of its name."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from data.errors import ImportDataError
from data.excel_files import Fit, read_excel
from data.fields import Kind
from data.findings import Findings
from data.positions import WGS84, Reference, to_reference
from data.raw_table import RawTable, cell_text, unreadable
from data.table_files import read_csv
from data.vector_files import read_frame, read_vector
from geo.network import WalkNetwork
from geo.osm_features import read_osm_base, read_osm_buildings
from geo.text import Text

CSV = (".csv", ".txt", ".tsv")
EXCEL = (".xlsx", ".xlsm", ".xls")
VECTOR = (".geojson", ".json", ".gpkg", ".shp", ".zip", ".parquet", ".geoparquet")
OSM = (".osm", ".osm.gz", ".osm.bz2", ".osm.pbf", ".pbf")
COUNTS = {  # geo.network.WalkNetwork.counts in words
    "lines": Text("文件中的要素", "features in the file"),
    "not_lines": Text("不是线，略去", "features that are no lines, left out"),
    "not_walked": Text("不能步行的路，略去", "lines that are not walked, left out"),
    "joined_crossings": Text("在路口接通的点", "points joined where lines meet or cross"),
    "raw_segments": Text("合并前的路段", "segments before contraction"),
    "highways": Text("文件中的道路", "highways in the file"),
    "ways_walked": Text("可步行的道路", "ways that are walked"),
    "nodes_walked": Text("可步行道路的节点", "nodes of walked ways"),
    "missing_node_references": Text("缺失的节点引用，已断开", "missing node references, cut"),
    "ways_cut": Text("因缺失节点断开的道路", "ways cut at missing nodes"),
    "crossings": Text("人行横道", "crossings without signals"),
    "signals": Text("信号灯路口", "signalised crossings"),
    "gates": Text("道路上的门", "gates on ways"),
}
OSM_KINDS = ("buildings", "base", "network")


def is_osm_file(path: Path) -> bool:
    """Tell whether a file is OpenStreetMap's by its name."""
    return path.name.lower().endswith(OSM)


def read_file(
    path: Path,
    kind: Kind | None,
    findings: Findings,
    sheet: str | None = None,
    fit: Fit | None = None,
) -> RawTable:
    """Read a file of any format that its kind can come in; None: tables and vector files only.

    `sheet` names a sheet of a workbook or a layer of a GeoPackage; without it the one is read
    whose headings get most from `fit`.

    Raises
    ------
    ImportDataError
        The ending is not known, the kind cannot come in such a file, or it cannot be read.
    """
    suffix = path.suffix.lower()
    if is_osm_file(path):
        if kind is None or kind.name not in OSM_KINDS:
            title = Text("这种数据", "such data") if kind is None else kind.title
            raise unreadable(
                path.name,
                f"OSM 文件不含{title.zh}；它可用于：{'、'.join(OSM_KINDS)}。",
                f"OpenStreetMap files hold no {title.en}; use them for: {', '.join(OSM_KINDS)}.",
            )
        return _read_osm(path, kind, findings)
    if suffix in CSV or suffix in EXCEL:
        return read_csv(path) if suffix in CSV else read_excel(path, sheet, fit)
    if suffix in VECTOR:
        return read_vector(path, sheet)
    raise _unknown_ending(path)


def read_network(path: Path, reference: Reference, findings: Findings) -> WalkNetwork:
    """Read a walk network from OpenStreetMap or from any layer of lines.

    Raises
    ------
    ImportDataError, NetworkError
        The file cannot be read or holds no walkable way.
    """
    network = _read_network(path, reference, findings)
    if not len(network.edge_nodes):
        raise unreadable(
            path.name,
            "其中没有可步行的道路；请检查内容和坐标系。",
            "there is no way in it that is walked; check what it holds and its CRS.",
        )
    findings.note("路网节点", "nodes of the network", len(network.xy))
    findings.note("路网路段", "edges of the network", len(network.edge_nodes))
    for name, n in network.counts.items():
        title = COUNTS.get(name, Text(name, name))
        findings.note(title.zh, title.en, int(n))
    return network


def _read_network(path: Path, reference: Reference, findings: Findings) -> WalkNetwork:
    if is_osm_file(path):
        return WalkNetwork.from_osm(path)
    if path.suffix.lower() not in VECTOR:
        raise unreadable(
            path.name,
            f"路网要用 OSM 文件或线图层：{' '.join((*OSM, *VECTOR))}。",
            f"a network comes from OpenStreetMap or a layer of lines: {' '.join((*OSM, *VECTOR))}.",
        )
    frame, notes = read_frame(path)
    findings.notes.extend(notes)
    return WalkNetwork.from_lines(to_reference(frame, reference))


def _read_osm(path: Path, kind: Kind, findings: Findings) -> RawTable:
    if kind.name == "base":
        frame = read_osm_base(path)
        return _from_frame(frame, ("kind", "name"))
    frame = read_osm_buildings(path)
    is_home = frame["is_residential"].to_numpy(dtype=bool)
    findings.note(
        "不是住宅的建筑，不读取", "buildings that are no homes, not read", int((~is_home).sum())
    )
    findings.note(
        "户数按占地面积 × 层数估算",
        "households estimated from footprint and levels",
        int(is_home.sum()),
    )
    return _from_frame(frame[is_home], ("name", "address", "levels", "households"))


def _from_frame(frame: gpd.GeoDataFrame, columns: tuple[str, ...]) -> RawTable:
    attributes = pd.DataFrame(frame)
    return RawTable(
        headings=columns,
        columns=tuple([cell_text(v) for v in attributes[c].to_numpy(object)] for c in columns),
        source_rows=np.arange(1, len(frame) + 1),
        geometry=np.asarray(frame.geometry.to_numpy(), dtype=object),
        crs=WGS84,
    )


def _unknown_ending(path: Path) -> ImportDataError:
    endings = " ".join((*CSV, *EXCEL, *VECTOR, *OSM))
    return ImportDataError(
        Text(
            f"不认识 {path.name} 的扩展名；可用：{endings}。",
            f"The ending of {path.name} is not known; known are {endings}.",
        )
    )
