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

from data.findings import Note
from data.geojson_forms import as_collection
from data.headings import completed_heading
from data.raw_table import LARGEST_FILE_BYTES, RawTable, cell_text, unreadable
from data.table_files import LARGEST_TEXT_BYTES, decoded
from geo.text import Text

SHAPEFILE_HEADING_BYTES = 10
SIDECARS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
# One byte a character: the text columns are decoded here, whole, once the encoding is known.
BYTEWISE = "ISO-8859-1"
WESTERN = frozenset({"iso8859-1", "iso8859-15", "cp1252", "cp437", "cp850", "ascii"})


def read_vector(path: Path, layer: str | None = None) -> RawTable:
    """Read a vector file as one table; `layer` chooses one of a GeoPackage.

    Raises
    ------
    ImportDataError
        The file is damaged, holds no features, or its archive is unsafe.
    """
    frame, notes = read_frame(path, layer)
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


def read_frame(path: Path, layer: str | None = None) -> tuple[gpd.GeoDataFrame, tuple[Note, ...]]:
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
                frame, notes = _read_geopackage(path, layer)
            else:
                frame, notes = _read_geojson(path)
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


def _read_geojson(path: Path) -> tuple[gpd.GeoDataFrame, tuple[Note, ...]]:
    if path.stat().st_size > LARGEST_TEXT_BYTES:
        raise unreadable(
            path.name,
            f"它大于 {LARGEST_TEXT_BYTES >> 20} MB，超过上限。请在 QGIS 中另存为 GeoPackage。",
            f"it is larger than {LARGEST_TEXT_BYTES >> 20} MB, the limit. Save it as a GeoPackage.",
        )
    text, _ = decoded(path.name, path.read_bytes())
    # GDAL reads the sound start of a truncated file and says nothing; Python reads all or fails.
    try:
        collection, note = as_collection(path.name, json.loads(text))
    except RecursionError as error:
        raise ValueError(path.name) from error
    content = text if note is None else json.dumps(collection, ensure_ascii=False)
    frame = pyogrio.read_dataframe(BytesIO(content.encode()))
    return frame, () if note is None else (note,)


def _read_geopackage(path: Path, layer: str | None) -> tuple[gpd.GeoDataFrame, tuple[Note, ...]]:
    layers = [str(name) for name, shape in pyogrio.list_layers(path) if shape is not None]
    if not layers:
        raise unreadable(path.name, "其中没有图形。", "there is no geometry in it.")
    if layer is not None and layer not in layers:
        shown = ", ".join(layers)
        raise unreadable(
            path.name,
            f"没有图层“{layer}”；有：{shown}。",
            f"it has no layer {layer!r}; it has: {shown}.",
        )
    read = layer or layers[0]
    others = ", ".join(name for name in layers if name != read)
    notes: tuple[Note, ...] = ()
    if others:
        text = Text(
            f"只读取图层“{read}”，未读取：{others}；要读别的请用 --sheet",
            f"Read the layer {read!r} only; not read: {others}; --sheet chooses another",
        )
        notes = (Note(text),)
    return pyogrio.read_dataframe(path, layer=read), notes


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

    A .cpg is not believed where it says UTF-8 beside text that is none, another encoding beside
    text that is UTF-8 beyond ASCII, or a western one beside text that can be Chinese.
    """
    declared, table = _sidecar(path, ".cpg"), _sidecar(path, ".dbf")
    texts = [] if table is None else _dbase_texts(table.read_bytes())
    is_utf8 = all(_fits(text, "utf-8") for text in texts)
    fitting = "utf-8" if is_utf8 else "gb18030"
    if declared:
        name = declared.read_text(encoding="ascii", errors="ignore").strip()
        try:
            encoding = codecs.lookup(_codec_name(name)).name
        except LookupError:
            return fitting  # a .cpg that names nothing is as none
        is_ascii = all(text.isascii() for text in texts)
        if (encoding == "utf-8") == is_utf8 or is_ascii:
            is_western = encoding in WESTERN and not is_ascii
            is_chinese = is_western and all(_fits(text, "gb18030") for text in texts)
            return "gb18030" if is_chinese else encoding
    return fitting


def _codec_name(name: str) -> str:
    """Return what Python calls an encoding of a .cpg: 936 is cp936, 65001 is UTF-8."""
    return {"65001": "utf-8"}.get(name, f"cp{name}" if name.isdecimal() else name)


def _dbase_texts(table: bytes) -> list[bytes]:
    """Return every different text cell of a dBASE table, cut off at its width as it may be."""
    header_length = int.from_bytes(table[8:10], "little")
    record_length = int.from_bytes(table[10:12], "little")
    fields, position = [], 1
    for start in range(32, min(header_length, len(table) - 17) - 1, 32):
        width = table[start + 16]
        if table[start + 11 : start + 12] == b"C":
            fields.append((position, position + width))
        position += width
    starts = range(header_length, len(table) - record_length + 1, max(record_length, 1))
    return list({table[start + a : start + b] for start in starts for a, b in fields})


def _fits(text: bytes, encoding: str) -> bool:
    """Tell whether bytes are text in an encoding; the last character may be cut in half."""
    try:
        codecs.getincrementaldecoder(encoding)().decode(text)
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
