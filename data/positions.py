"""Where rows lie: coordinate columns or geometry of any datum or CRS → EPSG:4326."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError as ProjError

from data.cells import plain_cell
from data.errors import ImportDataError
from data.fields import LAT, LON, LON_LAT, Kind, find_column
from data.findings import Findings
from data.models import Datum
from data.raw_table import RawTable
from geo.crs import convert_datum, to_wgs84
from geo.text import Text

WGS84 = CRS("EPSG:4326")
NO_REFERENCE = Text(
    "文件没有说明坐标系。请加上 --datum wgs84|cgcs2000|gcj02|bd09 或 --crs EPSG:编号。"
    "（高德、腾讯为 gcj02，百度为 bd09，天地图为 cgcs2000，GPS 为 wgs84。）",
    "Nothing says in which datum its coordinates are. Add --datum wgs84|cgcs2000|gcj02|bd09 or "
    "--crs EPSG:n (Amap and Tencent: gcj02; Baidu: bd09; Tianditu: cgcs2000; GPS: wgs84).",
)


class UnknownDatumError(ImportDataError):
    """Nothing says in which datum a file is, and the map does not show it clearly."""

    def __init__(self, text: Text = NO_REFERENCE) -> None:
        super().__init__(text)


CHINA = (73.0, 3.0, 136.0, 54.0)  # lon, lat of the south-west and north-east corner, roughly
# A projection is used somewhat beyond its zone, never this far: degrees read as metres, or a
# northing taken for an easting, land farther off.
AREA_SLACK_DEGREES = 6.0


@dataclass(frozen=True)
class Reference:
    """What coordinates are in: a datum, or else a CRS."""

    datum: Datum | None = None
    crs: CRS | None = None

    @property
    def name(self) -> str:
        """The name that is stored beside the original coordinates."""
        if self.datum is not None:
            return self.datum.value
        return "" if self.crs is None else (self.crs.to_string()[:80])

    @classmethod
    def given(cls, datum: str | None, crs: str | None) -> "Reference":
        """Return the reference that the user named; neither is possible, both are not.

        Raises
        ------
        ImportDataError
            Both are given, or one is not known.
        """
        if datum and crs:
            raise ImportDataError(
                Text(
                    "--datum 和 --crs 只能给一个。",
                    "--datum and --crs say the same thing; give one of them.",
                )
            )
        try:
            return cls(Datum(datum) if datum else None, CRS(crs) if crs else None)
        except (ValueError, ProjError) as error:
            raise ImportDataError(
                Text(
                    f"不认识坐标系“{datum or crs}”。例：--datum gcj02 或 --crs EPSG:4548。",
                    f"There is no datum or CRS {datum or crs!r}; for example --datum gcj02 or "
                    "--crs EPSG:4548.",
                )
            ) from error

    def or_else(self, crs: CRS | None) -> "Reference":
        """Return this reference, or the file's own where the user named none."""
        if self.datum is None and self.crs is None:
            return Reference(crs=crs)
        return self


@dataclass(frozen=True, eq=False)
class Positions:
    """Where n rows lie. Rows that were refused hold None and NaN."""

    geometry: NDArray[np.object_]  # (n,) EPSG:4326
    original_x: NDArray[np.float64]  # (n,) NaN unless given as a point
    original_y: NDArray[np.float64]  # (n,)
    reference: Reference
    used: tuple[int, ...] = ()  # positions of the columns that held coordinates


def read_positions(
    raw: RawTable, kind: Kind, reference: Reference, findings: Findings
) -> Positions | None:
    """Return where the rows lie; None if the file says nothing of it and the kind can do without.

    Rows without a usable position are refused in `findings`, each by name; for a kind with
    optional positions only those are refused whose position is impossible.

    Raises
    ------
    ImportDataError
        The file has no coordinates and the kind needs them, or nothing says their datum.
    """
    if raw.geometry is not None:
        return _from_geometry(raw, kind, reference, findings)
    columns = _coordinate_columns(raw)
    if columns is None and kind.shape in {"optional", "none"}:
        return None
    if kind.shape in {"polygon", "any"}:
        raise ImportDataError(
            Text(
                f"{kind.title.zh}需要图形。"
                "请用 GeoJSON、GeoPackage、Shapefile 或 GeoParquet 文件。",
                f"The {kind.title.en} need geometry. Use a GeoJSON, GeoPackage, Shapefile or "
                "GeoParquet file.",
            )
        )
    if columns is None:
        found = "、".join(raw.headings)
        raise ImportDataError(
            Text(
                f"表中没有坐标列。需要“经度”和“纬度”两列，或“经纬度”一列；现有列：{found}。",
                "The table has no coordinates. It needs the columns lon and lat, or lonlat; "
                f"it has: {', '.join(raw.headings)}.",
            )
        )
    if not reference.name:
        raise UnknownDatumError
    heading = _heading(raw, columns)
    x, y = _read_coordinates(raw, columns, kind, findings)
    for i in np.flatnonzero(_is_swapped(x, y, reference)):
        findings.refuse(raw.source_rows[i], heading, f"{x[i]},{y[i]}", "swapped")
        x[i] = y[i] = np.nan
    lon, lat = _points_to_wgs84(x, y, reference)
    geometry = np.full(len(raw), None, dtype=object)
    is_known = np.isfinite(lon) & np.isfinite(lat)
    geometry[is_known] = shapely.points(lon[is_known], lat[is_known])
    for i in np.flatnonzero(np.isfinite(x) & ~is_known):
        findings.refuse(raw.source_rows[i], heading, f"{x[i]},{y[i]}", "out_of_range")
    return Positions(geometry, x, y, reference, columns)


def coordinates(
    raw: RawTable, kind: Kind
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return x, y (n,) as they stand in a table's cells, NaN where unread; None without columns."""
    columns = _coordinate_columns(raw)
    return None if columns is None else _read_coordinates(raw, columns, kind, Findings())


def _coordinate_columns(raw: RawTable) -> tuple[int, ...] | None:
    both = find_column(raw.headings, LON_LAT)
    if both is not None:
        return (both,)
    lon, lat = find_column(raw.headings, LON), find_column(raw.headings, LAT)
    return None if lon is None or lat is None else (lon, lat)


def _heading(raw: RawTable, columns: Sequence[int]) -> str:
    return ", ".join(raw.headings[i] for i in columns)


def _read_coordinates(
    raw: RawTable, columns: tuple[int, ...], kind: Kind, findings: Findings
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    heading = _heading(raw, columns)
    x, y = np.full(len(raw), np.nan), np.full(len(raw), np.nan)
    # One row at a time: each bad cell must be named.
    for i, row in enumerate(raw.source_rows):
        texts = [raw.columns[c][i] for c in columns]
        numbers = _two_numbers(texts)
        if numbers is not None and numbers != (0.0, 0.0):
            x[i], y[i] = numbers
        elif numbers is not None:
            findings.refuse(row, heading, ", ".join(texts), "zero_coordinates")
        elif kind.shape != "optional" or any(t.strip(" ,，") for t in texts):
            findings.refuse(row, heading, ", ".join(texts), "coordinates")
    return x, y


def _two_numbers(texts: Sequence[str]) -> tuple[float, float] | None:
    """Return x, y of two cells, or of one cell "x,y" (also with spaces or Chinese commas)."""
    parts = [plain_cell(text).strip("°") for text in texts]
    if len(parts) == 1:
        parts = parts[0].replace(";", " ").replace(",", " ").replace("、", " ").split()
    try:
        x, y = (float(part) for part in parts)
    except ValueError:
        return None
    return (x, y) if np.isfinite(x) and np.isfinite(y) else None


def _points_to_wgs84(
    x: NDArray[np.float64], y: NDArray[np.float64], reference: Reference
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return lon, lat of points (n,); NaN where there is no such place."""
    if reference.crs is not None:
        # Outside of what a projection can do: infinite.
        transformer = Transformer.from_crs(reference.crs, WGS84, always_xy=True)
        lon, lat = transformer.transform(x, y)
        is_near = _is_in_area(np.column_stack([lon, lat, lon, lat]), reference.crs)
        lon, lat = np.where(is_near, lon, np.nan), np.where(is_near, lat, np.nan)
    else:
        is_possible = (np.abs(x) <= 180) & (np.abs(y) <= 90)
        lon, lat = np.full(len(x), np.nan), np.full(len(x), np.nan)
        datum = Datum.WGS84 if reference.datum is None else reference.datum
        lon[is_possible], lat[is_possible] = to_wgs84(x[is_possible], y[is_possible], datum.value)
    lon, lat = np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)
    is_bad = ~(np.isfinite(lon) & np.isfinite(lat)) | (np.abs(lon) > 180) | (np.abs(lat) > 90)
    return np.where(is_bad, np.nan, lon), np.where(is_bad, np.nan, lat)


def _from_geometry(raw: RawTable, kind: Kind, given: Reference, findings: Findings) -> Positions:
    reference = given.or_else(raw.crs)
    if not reference.name:
        raise UnknownDatumError
    original = np.asarray(raw.geometry, dtype=object).copy()
    original[shapely.is_empty(original)] = None
    is_missing = shapely.is_missing(original)
    if kind.shape != "optional":
        for i in np.flatnonzero(is_missing):
            findings.refuse(raw.source_rows[i], "geometry", "", "geometry")
    is_point = shapely.get_type_id(original) == 0
    x = np.where(is_point, shapely.get_x(original), np.nan)
    y = np.where(is_point, shapely.get_y(original), np.nan)
    for i in np.flatnonzero(_is_swapped(x, y, reference)):
        findings.refuse(raw.source_rows[i], "geometry", f"{x[i]},{y[i]}", "swapped")
        original[i], is_missing[i] = None, True
    geometry = _to_wgs84(original, reference)
    bounds = shapely.bounds(geometry)
    is_outside = ~_is_degrees(bounds)
    if reference.crs is not None:
        is_outside |= ~_is_in_area(bounds, reference.crs)
    for i in np.flatnonzero(is_outside & ~is_missing):
        findings.refuse(raw.source_rows[i], "geometry", _shown(original[i]), "out_of_range")
        geometry[i] = None
    return Positions(geometry, x, y, reference)


def _to_wgs84(geometry: NDArray[np.object_], reference: Reference) -> NDArray[np.object_]:
    if reference.datum is not None:
        frame = gpd.GeoDataFrame(geometry=gpd.GeoSeries(geometry, crs=WGS84))
        bounds = shapely.bounds(geometry)
        # A datum is of degrees: what cannot be degrees stays as it is and is refused by its range.
        is_degrees = _is_degrees(bounds)
        converted = geometry.copy()
        part = convert_datum(frame[is_degrees], reference.datum.value)
        converted[is_degrees] = part.geometry.to_numpy()
        return converted
    series = gpd.GeoSeries(geometry, crs=reference.crs).to_crs(WGS84)
    return np.array(series.to_numpy(), dtype=object)


def to_reference(frame: gpd.GeoDataFrame, reference: Reference) -> gpd.GeoDataFrame:
    """Return a frame as the user's datum or CRS says; its own CRS where the user named none.

    Raises
    ------
    ImportDataError
        Nothing says what its coordinates are in, or its middle lies far outside of the area that
        its projection is for.
    """
    if reference.datum is not None:
        return convert_datum(frame, reference.datum.value)
    if reference.crs is not None:
        frame = frame.set_crs(reference.crs, allow_override=True)
    if frame.crs is None:
        raise UnknownDatumError
    _check_area(frame, CRS(frame.crs))
    return frame


def _check_area(frame: gpd.GeoDataFrame, crs: CRS) -> None:
    bounds = shapely.bounds(frame.geometry.to_numpy())
    known = bounds[np.isfinite(bounds).all(axis=1)]
    if not len(known):
        return
    x, y = np.median(known[:, :2], axis=0)
    lon, _ = _points_to_wgs84(np.array([x]), np.array([y]), Reference(crs=crs))
    if np.isnan(lon[0]):
        name = crs.to_string()[:80]
        raise ImportDataError(
            Text(
                f"坐标（例如 {x:g}, {y:g}）不在 {name} 的适用范围内；请核对 --crs。",
                f"The coordinates (such as {x:g}, {y:g}) lie far outside of the area of {name}; "
                "check --crs.",
            )
        )


def _is_degrees(bounds: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which bounds (n, 4) can be longitude and latitude; NaN cannot."""
    return np.asarray((np.abs(bounds) <= (180, 90, 180, 90)).all(axis=1))


def _is_in_area(bounds: NDArray[np.float64], crs: CRS) -> NDArray[np.bool_]:
    """Tell which bounds (n, 4), in degrees, lie where a projection is used; NaN does not.

    All do where the CRS is of degrees, names no area, or has one across the date line.
    """
    area = crs.area_of_use
    if crs.is_geographic or area is None or area.west > area.east:
        return np.ones(len(bounds), dtype=bool)
    low = np.array([area.west, area.south]) - AREA_SLACK_DEGREES
    high = np.array([area.east, area.north]) + AREA_SLACK_DEGREES
    return np.asarray(((bounds[:, :2] >= low) & (bounds[:, 2:] <= high)).all(axis=1))


def _shown(geometry: Any) -> str:  # noqa: ANN401 - any shapely geometry
    point = shapely.get_coordinates(geometry)[0]
    return f"{geometry.geom_type} {point[0]:g},{point[1]:g}"


def _is_swapped(
    x: NDArray[np.float64], y: NDArray[np.float64], reference: Reference
) -> NDArray[np.bool_]:
    """Tell which points (n,) lie where they can only if x and y change places.

    Degrees: in China; metres: in the area of their projection (survey sheets call the northing X).
    """
    if reference.crs is not None and not reference.crs.is_geographic:
        if reference.crs.area_of_use is None:
            return np.zeros(len(x), dtype=bool)
        as_metres, turned = _points_to_wgs84(x, y, reference), _points_to_wgs84(y, x, reference)
        return np.isnan(as_metres[0]) & np.isfinite(turned[0])
    west, south, east, north = CHINA
    as_given = (x >= west) & (x <= east) & (y >= south) & (y <= north)
    swapped = (y >= west) & (y <= east) & (x >= south) & (x <= north)
    return swapped & ~as_given
