"""Reading GeoJSON, GeoPackage, Shapefile (also zipped) and GeoParquet."""

import codecs
import json
import shutil
import tempfile
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path, PurePosixPath

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyogrio
import pyogrio.errors
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from data.fields import completed_heading
from data.findings import Note
from data.raw_table import LARGEST_FILE_BYTES, RawTable, cell_text, unreadable
from data.table_files import decoded
from geo.text import Text

SHAPEFILE_HEADING_BYTES = 10
SIDECARS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
# One byte a character: the text columns are decoded here, whole, once the encoding is known.
BYTEWISE = "ISO-8859-1"


def read_vector(path: Path) -> RawTable:
    """Read a vector file as one table.

    Raises
    ------
    ImportDataError
        The file is damaged, holds no features, or its archive is unsafe.
    """
    frame, notes = read_frame(path)
    geometry = np.asarray(frame.geometry.to_numpy(), dtype=object)
    attributes = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    return RawTable(
        headings=tuple(map(str, attributes.columns)),
        columns=tuple([cell_text(v) for v in attributes[c].to_numpy(object)] for c in attributes),
        source_rows=np.arange(1, len(frame) + 1),
        geometry=shapely.force_2d(geometry),
        crs=None if frame.crs is None else CRS(frame.crs),
        notes=notes,
    )


def read_frame(path: Path) -> tuple[gpd.GeoDataFrame, tuple[Note, ...]]:
    """Read a vector file as a frame, with what was noticed. Errors: as `read_vector`."""
    suffix = path.suffix.lower()
    try:
        with warnings.catch_warnings():
            # GDAL warns of odd rings, sidecars and the like; the checks of the import follow.
            warnings.simplefilter("ignore")
            if suffix == ".zip":
                with _unpacked(path) as shapefile:
                    frame, notes = _read_shapefile(shapefile, path.name)
            elif suffix == ".shp":
                frame, notes = _read_shapefile(path, path.name)
            elif suffix in {".parquet", ".geoparquet"}:
                frame, notes = gpd.read_parquet(path), ()
            elif suffix == ".gpkg":
                frame, notes = _read_geopackage(path)
            else:
                frame, notes = _read_geojson(path), ()
    except (
        pyogrio.errors.DataSourceError,
        pyogrio.errors.DataLayerError,
        pa.ArrowException,
        shapely.errors.ShapelyError,
        zipfile.BadZipFile,
        zlib.error,
        CRSError,
        NotImplementedError,  # an archive packed in a way that Python cannot unpack
        ValueError,
        OSError,
    ) as error:
        if hasattr(error, "text"):
            raise  # one of ours, which says more
        raise unreadable(
            path.name,
            "文件已损坏，或内容与扩展名不符。请重新导出或下载。",
            "it is damaged, or not what its name says. Export or download it once more.",
        ) from error
    if not isinstance(frame, gpd.GeoDataFrame):
        raise unreadable(path.name, "其中没有图形。", "there is no geometry in it.")
    return frame, notes


def _read_geojson(path: Path) -> gpd.GeoDataFrame:
    text, _ = decoded(path.name, path.read_bytes())
    json.loads(text)  # GDAL reads the sound start of a truncated file and says nothing
    return pyogrio.read_dataframe(BytesIO(text.encode()))


def _read_geopackage(path: Path) -> tuple[gpd.GeoDataFrame, tuple[Note, ...]]:
    layers = [str(name) for name, shape in pyogrio.list_layers(path) if shape is not None]
    if not layers:
        raise unreadable(path.name, "其中没有图形。", "there is no geometry in it.")
    notes: tuple[Note, ...] = ()
    if len(layers) > 1:
        others = ", ".join(layers[1:])
        text = Text(
            f"只读取图层“{layers[0]}”，未读取：{others}",
            f"Read the layer {layers[0]!r} only; not read: {others}",
        )
        notes = (Note(text),)
    return pyogrio.read_dataframe(path, layer=layers[0]), notes


def _read_shapefile(path: Path, name: str) -> tuple[gpd.GeoDataFrame, tuple[Note, ...]]:
    """Read a shapefile that the user knows by `name`: its own, or that of its archive."""
    for suffix in (".shx", ".dbf"):
        if not _sidecar(path, suffix):
            raise unreadable(
                name,
                f"缺少同名的 {suffix} 文件。请把 .shp、.shx、.dbf 放在一起。",
                f"its {suffix} file is missing. Keep the .shp, .shx and .dbf together.",
            )
    encoding = shapefile_encoding(path)
    frame = pyogrio.read_dataframe(path, encoding=BYTEWISE)
    shape = frame.geometry.name
    names = {c: _heading(str(c), encoding) for c in frame.columns if c != shape}
    renamed = frame.rename(columns=names)
    for column in renamed.columns:
        if column != shape and not pd.api.types.is_numeric_dtype(renamed[column]):
            renamed[column] = [
                _decode(cell, encoding) if isinstance(cell, str) else cell
                for cell in renamed[column].to_numpy(object)
            ]
    return renamed, (Note(Text(f"文字编码：{encoding}", f"Encoding: {encoding}")),)


def _heading(text: str, encoding: str) -> str:
    """Return a heading; one as long as a shapefile allows may be cut off and is completed."""
    decoded_heading = _decode(text, encoding)
    is_long = len(text.encode("latin-1", errors="replace")) >= SHAPEFILE_HEADING_BYTES - 1
    return completed_heading(decoded_heading) if is_long else decoded_heading


def shapefile_encoding(path: Path) -> str:
    """Return the encoding of a shapefile's text: its .cpg, else UTF-8 if all fits, else GB18030.

    A .cpg that says UTF-8 beside text that is none is not believed.
    """
    declared, table = _sidecar(path, ".cpg"), _sidecar(path, ".dbf")
    is_utf8 = table is None or _is_utf8(table.read_bytes())
    if declared:
        name = declared.read_text(encoding="ascii", errors="ignore").strip()
        try:
            encoding = codecs.lookup(_codec_name(name)).name
        except LookupError:
            pass  # a .cpg that names nothing is as none
        else:
            return encoding if encoding != "utf-8" or is_utf8 else "gb18030"
    return "utf-8" if is_utf8 else "gb18030"


def _codec_name(name: str) -> str:
    """Return what Python calls an encoding of a .cpg: 936 is cp936, 65001 is UTF-8."""
    return {"65001": "utf-8"}.get(name, f"cp{name}" if name.isdecimal() else name)


def _is_utf8(table: bytes) -> bool:
    """Tell whether every text field of a dBASE table is UTF-8, perhaps cut off at its width."""
    header_length = int.from_bytes(table[8:10], "little")
    record_length = int.from_bytes(table[10:12], "little")
    fields, position = [], 1
    for start in range(32, header_length - 1, 32):
        width = table[start + 16]
        if table[start + 11 : start + 12] == b"C":
            fields.append((position, position + width))
        position += width
    for start in range(header_length, len(table) - record_length + 1, max(record_length, 1)):
        for first, last in fields:
            try:
                codecs.getincrementaldecoder("utf-8")().decode(table[start + first : start + last])
            except UnicodeDecodeError:
                return False
    return True


def _decode(text: str, encoding: str) -> str:
    """Decode a text that was read byte by byte; a last character cut in half is left off."""
    try:
        content = text.encode("latin-1")
    except UnicodeEncodeError:
        return text
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    return decoder.decode(content).strip()


def _sidecar(path: Path, suffix: str) -> Path | None:
    """Return the file beside a shapefile with another ending, whatever the case of its letters."""
    for other in path.parent.iterdir():
        if other.stem == path.stem and other.suffix.lower() == suffix:
            return other
    return None


@contextmanager
def _unpacked(path: Path) -> Iterator[Path]:
    """Unpack the shapefile of an archive, and nothing else, into a folder of its own."""
    with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory() as folder:
        parts = [
            part
            for part in archive.infolist()
            if not part.is_dir() and "__MACOSX" not in part.filename
        ]
        shapes = [p for p in parts if PurePosixPath(p.filename).suffix.lower() == ".shp"]
        if len(shapes) != 1:
            raise unreadable(
                path.name,
                f"压缩包里应有且只有一个 .shp 文件，实有 {len(shapes)} 个。",
                f"an archive must hold exactly one .shp file; this one holds {len(shapes)}.",
            )
        stem = PurePosixPath(shapes[0].filename).with_suffix("")
        wanted = [
            part
            for part in parts
            if PurePosixPath(part.filename).with_suffix("") == stem
            and PurePosixPath(part.filename).suffix.lower() in SIDECARS
        ]
        _check_parts(path.name, wanted)
        for part in wanted:
            # Only the ending of the archived name is used: no path of the archive is trusted.
            target = Path(folder) / f"layer{PurePosixPath(part.filename).suffix.lower()}"
            with archive.open(part) as packed, target.open("wb") as file:
                shutil.copyfileobj(packed, file)
        yield Path(folder) / "layer.shp"


def _check_parts(name: str, parts: list[zipfile.ZipInfo]) -> None:
    if any(part.flag_bits & 1 for part in parts):
        raise unreadable(name, "压缩包有密码。", "the archive is locked by a password.")
    size = sum(part.file_size for part in parts)
    if size > LARGEST_FILE_BYTES:
        raise unreadable(
            name,
            f"解压后有 {size >> 20} MB，超过上限 {LARGEST_FILE_BYTES >> 20} MB。",
            f"it unpacks to {size >> 20} MB; the limit is {LARGEST_FILE_BYTES >> 20} MB.",
        )
