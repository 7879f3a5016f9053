"""Coordinate reference systems: the Chinese datums, and the metres that lengths are computed in.

Stored coordinates are WGS84; CGCS2000 is taken as equal (they differ by less than a metre).
GCJ-02 is the obfuscated datum of Chinese web maps, BD-09 Baidu's further shift of it. Neither is
published by its makers: the formulas are the ones that became known in 2013 (eviltransform, also
gcoord and coordtransform), and agree with the services within a few centimetres.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS, Proj, Transformer
from pyproj.exceptions import ProjError

from geo.errors import CrsError
from geo.network import WalkNetwork
from geo.text import Text

Floats = NDArray[np.float64]

WGS84 = CRS.from_epsg(4326)
DATUMS = ("wgs84", "cgcs2000", "gcj02", "bd09")
# GCJ-02 is the identity outside this box (lon, lat), as in the web maps themselves.
CHINA_BOX = (72.004, 0.8293, 137.8347, 55.8271)
KRASOVSKY_A, KRASOVSKY_E2 = 6378245.0, 0.00669342162296594323
BAIDU_PI = np.pi * 3000.0 / 180.0
INVERSE_STEPS, INVERSE_ENOUGH_DEG = 30, 1e-12
# CGCS2000 3-degree Gauss-Krueger zones by central meridian: EPSG 4534 is 75E … 4554 is 135E.
FIRST_ZONE_EPSG, FIRST_ZONE_LON, LAST_ZONE_LON = 4534, 75, 135
LARGEST_SCALE_ERROR = 0.01  # of a map in metres from which lengths may be taken
FIT_M = 50.0  # of guess_datum: a point this far from the map fits by 1/e
Reference: TypeAlias = gpd.GeoDataFrame | gpd.GeoSeries | WalkNetwork | ArrayLike


@dataclass(frozen=True)
class DatumGuess:
    """What `guess_datum` found."""

    datum: str | None  # "wgs84", "gcj02" or "bd09"; None where none is clearly the best
    score: dict[str, float]  # by datum, 0 … 1: mean of exp(-distance to the map / 50 m)
    margin: float  # of the best score over that of the next other datum
    n: int  # points that were compared


def to_wgs84(lon: ArrayLike, lat: ArrayLike, datum: str) -> tuple[Floats, Floats]:
    """Return WGS84 degrees of coordinates in a datum.

    `lon`, `lat`: degrees, any equal shape. `datum`: "wgs84", "cgcs2000", "gcj02" or "bd09". What is
    not finite stays so. GCJ-02 is inverted by iteration, to less than a millimetre.

    Raises
    ------
    CrsError
        The datum is not known.
    """
    lon, lat = np.asarray(lon, float), np.asarray(lat, float)
    if _require_datum(datum) == "bd09":
        lon, lat = _bd09_to_gcj02(lon, lat)
    return _gcj02_to_wgs84(lon, lat) if datum in {"gcj02", "bd09"} else (lon.copy(), lat.copy())


def from_wgs84(lon: ArrayLike, lat: ArrayLike, datum: str) -> tuple[Floats, Floats]:
    """Return coordinates in a datum of WGS84 degrees; the inverse of `to_wgs84`."""
    lon, lat = np.asarray(lon, float), np.asarray(lat, float)
    if _require_datum(datum) in {"wgs84", "cgcs2000"}:
        return lon.copy(), lat.copy()
    lon, lat = _wgs84_to_gcj02(lon, lat)
    return _gcj02_to_bd09(lon, lat) if datum == "bd09" else (lon, lat)


def guess_datum(lon: ArrayLike, lat: ArrayLike, reference: Reference) -> DatumGuess:
    """Guess the datum of coordinates from how near they lie to what is on the map.

    Parameters
    ----------
    lon, lat
        (n,) degrees in the unknown datum; pairs that are not finite are passed over.
    reference
        What the points should lie near, at least 1: a frame or series of any geometry with a CRS,
        a walk network, or (k, 2) WGS84 degrees.

    Returns
    -------
    guess
        A datum is named only where `geo.datum.detect_datum` finds it clear: much likelier than
        the others and than any shift of the points by some hundred metres; otherwise it is a
        question to the user. CGCS2000 is the same as WGS84 here, and named so. Where names,
        addresses or projected coordinates are to count too, ask `detect_datum` itself.

    Raises
    ------
    CrsError
        lon and lat differ in shape, or the reference has no CRS.
    """
    x, y = np.atleast_1d(np.asarray(lon, float)), np.atleast_1d(np.asarray(lat, float))
    if x.shape != y.shape:
        raise CrsError(
            Text(
                f"经度有 {x.size} 个，纬度有 {y.size} 个；须一一对应。",
                f"There are {x.size} longitudes and {y.size} latitudes; they must be as many.",
            )
        )
    is_place = np.isfinite(x) & np.isfinite(y)
    x, y = x[is_place], y[is_place]
    shapes, crs = _shapes_in_metres(reference)
    if len(shapes) == 0 or len(x) == 0:
        return DatumGuess(None, dict.fromkeys(DATUMS, 0.0), 0.0, 0)
    fit = {datum: _fit(*to_wgs84(x, y, datum), shapes, crs) for datum in DATUMS}
    score = {datum: float(values.mean()) for datum, values in fit.items()}
    best, second = sorted((d for d in DATUMS if d != "cgcs2000"), key=lambda d: -score[d])[:2]
    margin = score[best] - score[second]
    return DatumGuess(_clear_datum(x, y, shapes, crs), score, margin, len(x))


def _clear_datum(x: Floats, y: Floats, shapes: NDArray[np.object_], crs: CRS) -> str | None:
    from geo.datum import KnownPlaces, detect_datum  # noqa: PLC0415 - it builds on this module

    best = detect_datum(x, y, KnownPlaces(buildings=gpd.GeoSeries(shapes, crs=crs))).best
    return None if best is None or best.hypothesis.is_swapped else best.hypothesis.datum


def convert_datum(frame: gpd.GeoDataFrame, datum: str) -> gpd.GeoDataFrame:
    """Return a frame in EPSG:4326 whose coordinates are read as degrees in a datum.

    Every geometry type; the CRS that the frame claims is ignored, Z is dropped.
    """
    _require_datum(datum)

    def shifted(xy: Floats) -> Floats:
        return np.column_stack(to_wgs84(xy[:, 0], xy[:, 1], datum))

    shapes = shapely.transform(shapely.force_2d(frame.geometry.to_numpy()), shifted)
    return frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=WGS84))


def metric_crs(lon: float, lat: float) -> CRS:
    """Return the metric CRS for a place in WGS84 degrees.

    In China the CGCS2000 3-degree Gauss-Krueger zone (EPSG:4534-4554), elsewhere UTM.

    Raises
    ------
    CrsError
        The place is no place on earth.
    """
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise CrsError(
            Text(
                f"坐标 ({lon}, {lat}) 不是经纬度；请检查坐标系，或经纬度是否写反。",
                f"({lon}, {lat}) is no longitude and latitude; check the CRS, or whether the two "
                "are swapped.",
            )
        )
    west, south, east, north = CHINA_BOX
    if max(west, FIRST_ZONE_LON - 1.5) <= lon <= min(east, LAST_ZONE_LON + 1.5) and (
        south <= lat <= north
    ):
        zone = round((lon - FIRST_ZONE_LON) / 3)
        return CRS.from_epsg(FIRST_ZONE_EPSG + min(max(zone, 0), 20))
    zone = min(int((lon + 180) // 6) + 1, 60)
    return CRS.from_epsg((32600 if lat >= 0 else 32700) + zone)


def require_metric_crs(frame: gpd.GeoDataFrame | gpd.GeoSeries, name: str) -> CRS:
    """Return the CRS of a frame if its unit is the metre.

    Raises
    ------
    CrsError
        There is no CRS, or its unit is another; `name` says which frame.
    """
    if frame.crs is None:
        raise CrsError(
            Text(
                f"“{name}”没有坐标系；请注明，例如 EPSG:4326。",
                f"{name} has no CRS; name it, EPSG:4326 for example.",
            )
        )
    if not is_metric(frame.crs):
        unit = frame.crs.axis_info[0].unit_name if frame.crs.axis_info else "?"
        raise CrsError(
            Text(
                f"“{name}”的坐标系 {frame.crs.to_string()} 以“{unit}”为单位，须以米为单位。",
                f"{name} is in {frame.crs.to_string()}, whose unit is {unit!r} and not the metre.",
            )
        )
    return CRS(frame.crs)


def is_metric(crs: CRS) -> bool:
    """Return whether a CRS is a plane measured in metres, whatever its name."""
    axes = crs.axis_info[:2]
    return (crs.is_projected or crs.is_engineering) and all(
        axis.unit_name in {"metre", "meter"} for axis in axes
    )


def to_metric_crs(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return a frame in metres: as it is if its CRS is metric, otherwise in that of its centre.

    A map whose metres are not those of the ground at its centre (web Mercator: 18 % too long at
    龙蟠) is brought to the CRS of its centre too.

    Raises
    ------
    CrsError
        There is no CRS, or the coordinates are not on earth.
    """
    if frame.crs is None:
        require_metric_crs(frame, "frame")
    if is_metric(frame.crs) and (frame.empty or _keeps_lengths(frame.crs, frame.total_bounds)):
        return frame
    west, south, east, north = frame.to_crs(WGS84).total_bounds
    return frame.to_crs(metric_crs((west + east) / 2, (south + north) / 2))


def _keeps_lengths(crs: CRS, bounds: Floats) -> bool:
    """Return whether a metre of the map is one of the ground at the centre; True if unknown."""
    if crs.geodetic_crs is None:  # drawn on a plane of its own
        return True
    try:
        x, y = (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2
        lon, lat = Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True).transform(x, y)
        factors = Proj(crs).get_factors(lon, lat)
    except ProjError:
        return True
    error = np.abs(np.array([factors.meridional_scale, factors.parallel_scale]) - 1.0)
    return not (np.isfinite(error).all() and error.max() > LARGEST_SCALE_ERROR)


def _require_datum(datum: str) -> str:
    if datum not in DATUMS:
        names = ", ".join(DATUMS)
        raise CrsError(
            Text(
                f"没有名为“{datum}”的坐标基准；可选：{names}。",
                f"There is no datum {datum!r}; choose one of {names}.",
            )
        )
    return datum


def _in_china(lon: Floats, lat: Floats) -> NDArray[np.bool_]:
    west, south, east, north = CHINA_BOX
    return (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)


def _wgs84_to_gcj02(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    x, y = lon - 105.0, lat - 35.0
    with np.errstate(invalid="ignore"):
        east, north = _wobble_lon(x, y), _wobble_lat(x, y)
        phi = np.radians(lat)
        magic = 1.0 - KRASOVSKY_E2 * np.sin(phi) ** 2
        meridian = KRASOVSKY_A * (1.0 - KRASOVSKY_E2) / (magic * np.sqrt(magic))
        parallel = KRASOVSKY_A / np.sqrt(magic) * np.cos(phi)
        inside = _in_china(lon, lat)
        return (
            np.where(inside, lon + np.degrees(east / parallel), lon),
            np.where(inside, lat + np.degrees(north / meridian), lat),
        )


def _sines(t: Floats, *terms: tuple[float, float]) -> Floats:
    """Return the sum of amplitude x sin(t pi / period) x 2/3."""
    waves = [amplitude * np.sin(t * np.pi / period) for amplitude, period in terms]
    return np.asarray(sum(waves)) * 2.0 / 3.0


def _wobble_lat(x: Floats, y: Floats) -> Floats:
    plain = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * np.sqrt(np.abs(x))
    fast = _sines(x, (20.0, 1 / 6), (20.0, 1 / 2))
    return plain + fast + _sines(y, (20.0, 1.0), (40.0, 3.0), (160.0, 12.0), (320.0, 30.0))


def _wobble_lon(x: Floats, y: Floats) -> Floats:
    plain = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * np.sqrt(np.abs(x))
    fast = _sines(x, (20.0, 1 / 6), (20.0, 1 / 2))
    return plain + fast + _sines(x, (20.0, 1.0), (40.0, 3.0), (150.0, 12.0), (300.0, 30.0))


def _gcj02_to_wgs84(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    guess_lon, guess_lat = _inverted(lon, lat, _wgs84_to_gcj02)
    inside = _in_china(lon, lat)
    return np.where(inside, guess_lon, lon), np.where(inside, guess_lat, lat)


def _inverted(
    lon: Floats, lat: Floats, forward: Callable[[Floats, Floats], tuple[Floats, Floats]]
) -> tuple[Floats, Floats]:
    """Find by fixed-point iteration what `forward` takes to (lon, lat): the shift is smooth."""
    is_place = np.isfinite(lon) & np.isfinite(lat)
    goal_lon, goal_lat = np.where(is_place, lon, np.nan), np.where(is_place, lat, np.nan)
    guess_lon, guess_lat = goal_lon, goal_lat
    for _ in range(INVERSE_STEPS):
        there_lon, there_lat = forward(guess_lon, guess_lat)
        off_lon, off_lat = goal_lon - there_lon, goal_lat - there_lat
        guess_lon, guess_lat = guess_lon + off_lon, guess_lat + off_lat
        worst = np.max(np.abs([off_lon, off_lat]), initial=0.0, where=is_place)
        if worst < INVERSE_ENOUGH_DEG:
            break
    return np.where(is_place, guess_lon, lon), np.where(is_place, guess_lat, lat)


def _gcj02_to_bd09(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    with np.errstate(invalid="ignore"):
        radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * BAIDU_PI)
        angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * BAIDU_PI)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def _bd09_to_gcj02(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    return _inverted(lon, lat, _gcj02_to_bd09)


def _shapes_in_metres(reference: Reference) -> tuple[NDArray[np.object_], CRS]:
    """Return the shapes of the reference in the metric CRS of their centre, and that CRS."""
    if isinstance(reference, WalkNetwork):
        n_vertices = np.diff(reference.vertex_start)
        edge = np.repeat(np.arange(len(n_vertices)), n_vertices)
        lines = shapely.linestrings(reference.vertex_xy, indices=edge)
        series = gpd.GeoSeries(lines, crs=reference.crs)
    elif isinstance(reference, gpd.GeoDataFrame | gpd.GeoSeries):
        series = gpd.GeoSeries(reference.geometry)
    else:
        places = np.asarray(reference, float).reshape(-1, 2)
        series = gpd.GeoSeries(shapely.points(places[np.isfinite(places).all(axis=1)]), crs=WGS84)
    if series.crs is None:
        raise CrsError(
            Text(
                "作为参照的图层没有坐标系；请注明，例如 EPSG:4326。",
                "The layer to compare with has no CRS; name it, EPSG:4326 for example.",
            )
        )
    series = series[~(series.is_empty | series.isna())].to_crs(WGS84)
    if series.empty:
        return np.empty(0, dtype=object), WGS84
    west, south, east, north = series.total_bounds
    crs = metric_crs((west + east) / 2, (south + north) / 2)
    return np.asarray(series.to_crs(crs).to_numpy(), dtype=object), crs


def _fit(lon: Floats, lat: Floats, shapes: NDArray[np.object_], crs: CRS) -> Floats:
    """Return how well each place (n,) fits, 0 … 1; nothing within 1 km of it fits by 0."""
    x, y = Transformer.from_crs(WGS84, crs, always_xy=True).transform(lon, lat)
    fit = np.zeros(len(lon))
    on_earth = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    (row, _), metres = shapely.STRtree(shapes).query_nearest(
        shapely.points(x[on_earth], y[on_earth]),
        max_distance=20 * FIT_M,
        return_distance=True,
        all_matches=False,
    )
    fit[on_earth[row]] = np.exp(-metres / FIT_M)
    return fit
