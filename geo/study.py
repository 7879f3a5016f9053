"""The frames that one computation of coverage starts from, together in one metric CRS."""

from dataclasses import dataclass, field

import geopandas as gpd
from pyproj import CRS

from geo.network import WalkNetwork
from geo.text import Text

# Counts of members by kind stand in columns of these names, beside `members` for all of them.
MEMBER_KINDS = ("members_community", "members_in_service", "members_mobile", "members_other")
# What coverage is counted in. NaN means "not known", never zero.
WEIGHTS = ("members", *MEMBER_KINDS, "households", "residents", "elderly", "buildings")


@dataclass(frozen=True, eq=False)
class Study:
    """One subdistrict, read-only. Every frame is in `crs` (metres); the index `id` is an int.

    A frame may be empty but always has its columns. Times are local wall-clock times.

    communities  code, name, geometry (polygon or None)
    grids        code (15-digit text), name, community_id (Int64), community (name or ""),
                 population, households (float, as the file says), geometry
    compounds    name, address, households (float, NaN unknown), residents, elderly, members and
                 MEMBER_KINDS (those who could be joined to the compound but to no building of it),
                 geometry (polygon, or a point where no outline is known)
    gates        compound_id, name, open_to_all (bool), hours (Hours or None = always), geometry
    buildings    compound_id (Int64), grid_id (Int64, polygon that holds the point), number, name,
                 address, levels, WEIGHTS but `buildings`, footprint (polygon or None), geometry
                 (point)
    places       grid_id (Int64), members and MEMBER_KINDS, geometry (point): members of whom only
                 the coordinates are known, one row a coordinate
    stations     name, address, services (tuple of text), hours (Hours or None = not known),
                 opens_on, closes_on (date or None), state ("open", "planned", "closed"), geometry
    candidates   name, address, cost (float), area_m2 (float), geometry
    base         kind ("water", "green", "rail"), name, geometry: drawn, and named as barriers
    links        name, is_joined (whether both ends meet a way), geometry (line): ways on foot that
                 were drawn; those that are joined are part of the network
    """

    crs: CRS
    network: WalkNetwork
    communities: gpd.GeoDataFrame
    grids: gpd.GeoDataFrame
    compounds: gpd.GeoDataFrame
    gates: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    stations: gpd.GeoDataFrame
    candidates: gpd.GeoDataFrame
    base: gpd.GeoDataFrame
    is_demo: bool
    data_date: str  # ISO date of the newest batch
    version: str  # changes whenever any row that this study shows changes
    places: gpd.GeoDataFrame = field(default_factory=gpd.GeoDataFrame)
    links: gpd.GeoDataFrame = field(default_factory=gpd.GeoDataFrame)


WEIGHT_TITLES = {
    "members": Text("党员", "members"),
    "members_community": Text("社区党员", "community members"),
    "members_in_service": Text("在职党员", "in-service members"),
    "members_mobile": Text("流动党员", "mobile members"),
    "members_other": Text("其他党员", "other members"),
    "households": Text("户", "households"),
    "residents": Text("居民", "residents"),
    "elderly": Text("老年人", "elderly"),
    "buildings": Text("楼栋", "buildings"),
}
