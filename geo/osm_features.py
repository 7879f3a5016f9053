"""Buildings (with an estimate of households) and map features of OpenStreetMap files.

Households are not in OSM. The estimate, for residential buildings only: footprint x levels x 0.8
(share of the floor that is flats) / 90 m2 a household, at least 1. Levels that are not tagged are
taken by type: 6 for apartments, dormitories and plain residential (the walk-up slab of GB 50096
without a lift), 2 for houses. Mark what comes of it as an estimate.
"""

from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import osmium
import pandas as pd
import shapely
from shapely import wkb

from geo.crs import WGS84, to_metric_crs
from geo.osm import readable_osm

RESIDENTIAL_LEVELS = {  # building=… that people live in, and the levels taken where none are tagged
    "residential": 6,
    "apartments": 6,
    "dormitory": 6,
    "house": 2,
    "detached": 2,
    "semidetached_house": 2,
    "terrace": 2,
    "bungalow": 1,
}
FLAT_SHARE = 0.8
M2_A_HOUSEHOLD = 90.0
BASE_TAGS = {
    "water": {("natural", "water"), ("waterway", "riverbank"), ("landuse", "reservoir")},
    "green": {
        *(("leisure", "park"), ("leisure", "garden"), ("landuse", "grass")),
        *(("landuse", "forest"), ("natural", "wood"), ("landuse", "recreation_ground")),
    },
}
BASE_LINES = {
    "water": {("waterway", "river"), ("waterway", "canal"), ("waterway", "stream")},
    "rail": {("railway", "rail"), ("railway", "light_rail")},
}


def read_osm_buildings(path: str | Path) -> gpd.GeoDataFrame:
    """Return the buildings of an OSM file, ways and multipolygons.

    Returns
    -------
    buildings
        EPSG:4326 footprints; columns osm_id (way positive, relation negative), building (the tag),
        name, address, levels (NaN = not tagged), is_residential, households (float; the estimate
        of the module's text, NaN for what is not residential).

    Raises
    ------
    NetworkError
        The file cannot be read as OSM.
    """
    rows = [
        {
            "osm_id": identity,
            "building": tags["building"],
            "name": tags.get("name", ""),
            "address": tags.get("addr:street", "") + tags.get("addr:housenumber", ""),
            "levels": _number(tags.get("building:levels")),
            "geometry": shape,
        }
        for identity, tags, shape in _areas(path, ("building",))
        if tags["building"] != "no"
    ]
    columns = ["osm_id", "building", "name", "address", "levels", "geometry"]
    buildings = gpd.GeoDataFrame(pd.DataFrame(rows, columns=columns), crs=WGS84)
    buildings["is_residential"] = buildings["building"].isin(list(RESIDENTIAL_LEVELS))
    buildings["households"] = _households(buildings)
    return buildings


def read_osm_base(path: str | Path) -> gpd.GeoDataFrame:
    """Return water, green and rail of an OSM file: kind, name, geometry (EPSG:4326)."""
    keys = tuple({key for tags in (*BASE_TAGS.values(), *BASE_LINES.values()) for key, _ in tags})
    rows = [
        {"kind": kind, "name": tags.get("name", ""), "geometry": shape}
        for _, tags, shape in _areas(path, keys)
        for kind, wanted in BASE_TAGS.items()
        if wanted & set(tags.items())
    ]
    rows += [
        {"kind": kind, "name": tags.get("name", ""), "geometry": shape}
        for tags, shape in _lines(path)
        for kind, wanted in BASE_LINES.items()
        if wanted & set(tags.items()) and tags.get("tunnel", "no") == "no"
    ]
    return gpd.GeoDataFrame(pd.DataFrame(rows, columns=["kind", "name", "geometry"]), crs=WGS84)


def _areas(
    path: str | Path, keys: tuple[str, ...]
) -> Iterator[tuple[int, dict[str, str], shapely.Geometry]]:
    """Give id, tags and shape of every closed way and multipolygon that has one of the keys."""
    factory = osmium.geom.WKBFactory()
    with readable_osm(path):
        for thing in (
            osmium.FileProcessor(str(path))
            .with_areas(osmium.filter.KeyFilter(*keys))
            .with_filter(osmium.filter.EntityFilter(osmium.osm.AREA))
            .with_filter(osmium.filter.KeyFilter(*keys))
        ):
            identity = thing.orig_id() if thing.from_way() else -thing.orig_id()
            shape = wkb.loads(factory.create_multipolygon(thing), hex=True)
            parts = shapely.get_parts(shape)
            yield (
                identity,
                {tag.k: tag.v for tag in thing.tags},
                parts[0] if len(parts) == 1 else shape,
            )


def _lines(path: str | Path) -> Iterator[tuple[dict[str, str], shapely.Geometry]]:
    """Give tags and shape of waterways and railways; nodes that are missing are passed over."""
    with readable_osm(path):
        for way in (
            osmium.FileProcessor(str(path), osmium.osm.NODE | osmium.osm.WAY)
            .with_locations()
            .with_filter(osmium.filter.EntityFilter(osmium.osm.WAY))
            .with_filter(osmium.filter.KeyFilter("waterway", "railway"))
        ):
            places = [(n.lon, n.lat) for n in way.nodes if n.location.valid()]
            if len(places) > 1:
                yield {tag.k: tag.v for tag in way.tags}, shapely.LineString(places)


def _households(buildings: gpd.GeoDataFrame) -> pd.Series:
    if buildings.empty:
        return pd.Series(dtype=float)
    footprint_m2 = to_metric_crs(buildings[["geometry"]]).area
    by_type = buildings["building"].map(RESIDENTIAL_LEVELS)
    levels = buildings["levels"].fillna(by_type)
    flats = np.floor(footprint_m2 * levels * FLAT_SHARE / M2_A_HOUSEHOLD).clip(lower=1)
    return pd.Series(flats.where(buildings["is_residential"]))


def _number(text: str | None) -> float:
    """Return the levels that a tag says, NaN where it says no number above zero."""
    try:
        value = float((text or "").replace(",", ".").split(";")[0])
    except ValueError:
        return float("nan")
    return value if 0 < value < 200 else float("nan")
