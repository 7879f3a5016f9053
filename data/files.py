"""Which reader reads a file: by the ending of its name."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from data.errors import ImportDataError
from data.fields import Kind
from data.findings import Findings
from data.positions import WGS84, Reference, to_reference
from data.raw_table import RawTable, cell_text, unreadable
from data.table_files import read_csv, read_excel
from data.vector_files import read_frame, read_vector
from geo.network import WalkNetwork
from geo.osm_features import read_osm_base, read_osm_buildings
from geo.text import Text

CSV = (".csv", ".txt", ".tsv")
EXCEL = (".xlsx", ".xlsm", ".xls")
VECTOR = (".geojson", ".json", ".gpkg", ".shp", ".zip", ".parquet", ".geoparquet")
OSM = (".osm", ".osm.gz", ".osm.bz2", ".osm.pbf", ".pbf")
OSM_KINDS = ("buildings", "base", "network")


def is_osm_file(path: Path) -> bool:
    """Tell whether a file is OpenStreetMap's by its name."""
    return path.name.lower().endswith(OSM)


def read_file(path: Path, kind: Kind, findings: Findings) -> RawTable:
    """Read a file of any format that its kind can come in.

    Raises
    ------
    ImportDataError
        The ending is not known, the kind cannot come in such a file, or it cannot be read.
    """
    suffix = path.suffix.lower()
    if is_osm_file(path):
        if kind.name not in OSM_KINDS:
            raise unreadable(
                path.name,
                f"OSM 文件不含{kind.title.zh}；它可用于：{'、'.join(OSM_KINDS)}。",
                f"OpenStreetMap files hold no {kind.title.en}; use them for: "
                f"{', '.join(OSM_KINDS)}.",
            )
        return _read_osm(path, kind, findings)
    if suffix in CSV or suffix in EXCEL:
        return read_csv(path) if suffix in CSV else read_excel(path)
    if suffix in VECTOR:
        return read_vector(path)
    raise _unknown_ending(path)


def read_network(path: Path, reference: Reference, findings: Findings) -> WalkNetwork:
    """Read a walk network from OpenStreetMap or from any layer of lines.

    Raises
    ------
    ImportDataError, NetworkError
        The file cannot be read or holds no walkable way.
    """
    if is_osm_file(path):
        return WalkNetwork.from_osm(path)
    if path.suffix.lower() not in VECTOR:
        raise _unknown_ending(path)
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
