"""The compound's wall that a place was meant to lie on."""

from typing import NamedTuple

import geopandas as gpd
import shapely

from geo.crs import WGS84

WALL_NEAR_M = 40.0  # how far beside a wall a click still means it
DECIMALS = 7  # of a degree: a centimetre


class PlaceOnWall(NamedTuple):
    """A compound's id and a place on its outline, WGS84."""

    compound_id: int
    lon: float
    lat: float


def wall_near(compounds: gpd.GeoDataFrame, lon: float, lat: float) -> PlaceOnWall | None:
    """Return the nearest place on a wall within WALL_NEAR_M, None where there is none.

    `compounds`: polygons (what has no area has no wall) in metres, index = id.
    """
    walls = compounds[shapely.area(compounds.geometry.to_numpy()) > 0]
    point = gpd.GeoSeries([shapely.Point(lon, lat)], crs=WGS84).to_crs(walls.crs).iloc[0]
    distance_m = walls.boundary.distance(point)
    if distance_m.empty or distance_m.min() > WALL_NEAR_M:
        return None
    compound = distance_m.idxmin()
    rim = walls.geometry.loc[compound].boundary
    on_wall = gpd.GeoSeries([rim.interpolate(rim.project(point))], crs=walls.crs)
    there = on_wall.to_crs(WGS84).iloc[0]
    return PlaceOnWall(int(str(compound)), round(there.x, DECIMALS), round(there.y, DECIMALS))
