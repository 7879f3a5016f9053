"""What the numbers of a file can be: datums in degrees, projected zones, axes in either order."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from geo.crs import FIRST_ZONE_EPSG, FIRST_ZONE_LON, LAST_ZONE_LON, WGS84, to_wgs84
from geo.text import Text

Floats = NDArray[np.float64]

DATUM_TITLES = {
    "wgs84": Text("WGS84（CGCS2000 同此）", "WGS84 (CGCS2000 is the same)"),
    "gcj02": Text("GCJ-02（高德、腾讯）", "GCJ-02 (Amap, Tencent)"),
    "bd09": Text("BD-09（百度）", "BD-09 (Baidu)"),
}
# EPSG codes of the CGCS2000 zones whose eastings begin with the number of the zone.
PREFIXED_3_DEGREE_EPSG = 4513 - 25  # + zone number 25 … 45, central meridian 3 x number
PREFIXED_6_DEGREE_EPSG = 4491 - 13  # + zone number 13 … 23, central meridian 6 x number - 3
UTM_NORTH_EPSG = 32600
ZONE_M = 1_000_000  # what one number of a zone adds to the easting
EASTINGS_M = (50_000.0, 950_000.0)  # within a zone, with room for its neighbours
NORTHINGS_M = (300_000.0, 6_200_000.0)  # of China, with room
MERIDIAN_REACH_DEGREES = 4.5  # a zone serves places this near to its meridian


@dataclass(frozen=True)
class Hypothesis:
    """One way to read two numbers: a datum of degrees or a CRS, and whether y stands first."""

    datum: str | None = None
    epsg: int | None = None
    is_swapped: bool = False

    @property
    def key(self) -> str:
        """A short name: "gcj02", "EPSG:4548", "gcj02/swapped"."""
        name = self.datum or f"EPSG:{self.epsg}"
        return f"{name}/swapped" if self.is_swapped else name

    @property
    def title(self) -> Text:
        """The name for people."""
        name = DATUM_TITLES[self.datum] if self.datum else _crs_title(int(self.epsg or 0))
        if not self.is_swapped:
            return name
        if self.datum:
            return Text(f"{name.zh}，经纬度写反", f"{name.en}, latitude before longitude")
        return Text(f"{name.zh}，先北后东", f"{name.en}, northing before easting")

    def to_wgs84(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Return lon, lat (n,) in WGS84; NaN where there is no such place."""
        if self.is_swapped:
            x, y = y, x
        if self.datum:
            is_possible = (np.abs(x) <= 180) & (np.abs(y) <= 90)
            return to_wgs84(
                np.where(is_possible, x, np.nan), np.where(is_possible, y, np.nan), self.datum
            )
        lon, lat = transformer(CRS.from_epsg(int(self.epsg or 0)), WGS84).transform(x, y)
        is_place = np.isfinite(lon) & np.isfinite(lat)
        return np.where(is_place, lon, np.nan), np.where(is_place, lat, np.nan)


DEGREES = tuple(Hypothesis(datum) for datum in DATUM_TITLES)


def hypotheses_for(x: Floats, y: Floats, lon: float) -> tuple[Hypothesis, ...]:
    """Return what finite numbers (n,) can be, for a map round a meridian `lon` in degrees.

    By the size of the middle numbers, so that no reading is tried that cannot be: degrees with the
    axes in either order, or zones whose meridian is near. A 6-degree zone without a number in its
    eastings equals the 3-degree zone of the same meridian and is not listed twice. Web Mercator is
    listed for metres that fit it.
    """
    if not len(x):
        return DEGREES
    a, b = float(np.median(x)), float(np.median(y))
    if abs(a) <= 180 and abs(b) <= 180:
        swapped = tuple(Hypothesis(h.datum, is_swapped=True) for h in DEGREES)
        return DEGREES + (swapped if abs(a) <= 90 else ())
    found = [Hypothesis(epsg=epsg) for epsg in _zones(a, b, lon)]
    found += [Hypothesis(epsg=epsg, is_swapped=True) for epsg in _zones(b, a, lon)]
    return tuple(found)


def _zones(easting: float, northing: float, lon: float) -> Iterator[int]:
    if 7_000_000 < easting < 15_500_000 and 300_000 < northing < 7_600_000:
        yield 3857
    if not NORTHINGS_M[0] <= northing <= NORTHINGS_M[1]:
        return
    zone, rest = divmod(easting, ZONE_M)
    if not EASTINGS_M[0] <= rest <= EASTINGS_M[1]:
        return
    if zone == 0:
        for meridian in range(FIRST_ZONE_LON, LAST_ZONE_LON + 1, 3):
            if abs(meridian - lon) <= MERIDIAN_REACH_DEGREES:
                yield FIRST_ZONE_EPSG + (meridian - FIRST_ZONE_LON) // 3
        for number in range(43, 54):
            if abs(6 * number - 183 - lon) <= MERIDIAN_REACH_DEGREES:
                yield UTM_NORTH_EPSG + number
    elif 25 <= zone <= 45:
        yield PREFIXED_3_DEGREE_EPSG + int(zone)
    elif 13 <= zone <= 23:
        yield PREFIXED_6_DEGREE_EPSG + int(zone)


def _crs_title(epsg: int) -> Text:
    if epsg == 3857:
        return Text("Web 墨卡托（EPSG:3857）", "Web Mercator (EPSG:3857)")
    if epsg >= UTM_NORTH_EPSG:
        zone = epsg - UTM_NORTH_EPSG
        return Text(f"UTM {zone}N 带（EPSG:{epsg}）", f"UTM zone {zone}N (EPSG:{epsg})")
    if epsg >= FIRST_ZONE_EPSG:
        meridian = FIRST_ZONE_LON + 3 * (epsg - FIRST_ZONE_EPSG)
        is_both = meridian % 6 == 3
        width_zh, width_en = ("3 度或 6 度", "3- or 6-degree") if is_both else ("3 度", "3-degree")
        return Text(
            f"CGCS2000 {width_zh}带，中央经线 {meridian}°，无带号（EPSG:{epsg}）",
            f"CGCS2000 {width_en} zone, meridian {meridian}E, no zone number (EPSG:{epsg})",
        )
    is_three = epsg - PREFIXED_3_DEGREE_EPSG >= 25
    number = epsg - (PREFIXED_3_DEGREE_EPSG if is_three else PREFIXED_6_DEGREE_EPSG)
    degrees = 3 if is_three else 6
    return Text(
        f"CGCS2000 {degrees} 度带第 {number} 带，有带号（EPSG:{epsg}）",
        f"CGCS2000 {degrees}-degree zone {number} with its number (EPSG:{epsg})",
    )


@lru_cache(maxsize=64)
def transformer(source: CRS, target: CRS) -> Transformer:
    """Return what takes x, y of one CRS to another; making one takes longer than using it."""
    return Transformer.from_crs(source, target, always_xy=True)
