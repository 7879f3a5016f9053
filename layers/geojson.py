"""Frames to GeoJSON text and per-feature values, vectorised: the geometry side of every layer."""

import gzip
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from geo.errors import CrsError
from geo.text import Text
from layers.map_layer import Bounds

DECIMALS = 6  # of a degree: 0.11 m
WGS84 = CRS.from_epsg(4326)
EMPTY_TEXT = '{"type":"FeatureCollection","features":[]}'


class FeatureCollection(Mapping[str, Any]):
    """A GeoJSON FeatureCollection that stays one text until someone reads it.

    A dict of 6,300 polygons is a million Python objects, which every garbage collection walks
    through; a text is one.
    """

    def __init__(self, text: str = EMPTY_TEXT) -> None:
        self.text = text

    @classmethod
    def of(cls, geometry: Mapping[str, Any]) -> "FeatureCollection":
        """Return a plain mapping as a collection, and a collection as it is."""
        if isinstance(geometry, FeatureCollection):
            return geometry
        return cls(json.dumps(geometry, ensure_ascii=False, separators=(",", ":")))

    @cached_property
    def version(self) -> str:
        """A hash of the content."""
        return hashlib.blake2b(self.text.encode(), digest_size=9).hexdigest()

    @property
    def packed(self) -> bytes:
        """The text as gzip, made once; the same bytes for the same text."""
        return _packed(self.text)

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401 - as GeoJSON has it
        """Decode the text; not kept, as only tests and the map to hand on read it."""
        return json.loads(self.text)[key]

    def __iter__(self) -> Iterator[str]:
        """Iterate over "type" and "features"."""
        return iter(json.loads(self.text))

    def __len__(self) -> int:
        """Return the number of keys."""
        return len(json.loads(self.text))


@lru_cache(maxsize=32)
def _packed(text: str) -> bytes:
    """Pack once, also when a changed control makes the same features anew."""
    return gzip.compress(text.encode(), compresslevel=4, mtime=0)


class Features(NamedTuple):
    """What a frame gives a layer: `ids` and `rows` in the order of the features."""

    geometry: FeatureCollection
    version: str
    ids: list[str]
    rows: NDArray[np.intp]  # positions in the frame; rows without geometry are left off
    bounds: Bounds | None


def to_features(frame: gpd.GeoDataFrame | gpd.GeoSeries) -> Features:
    """Return the features of a frame in WGS84, coordinates rounded to 6 decimals.

    The feature id is the text of the index. Rows without a geometry are left off. `frame` is not
    changed.

    Raises
    ------
    CrsError
        The frame has rows but no CRS.
    """
    shapes = frame.geometry if isinstance(frame, gpd.GeoDataFrame) else frame
    has_shape = ~(shapely.is_missing(shapes.to_numpy()) | shapely.is_empty(shapes.to_numpy()))
    rows = np.flatnonzero(has_shape)
    if len(rows) == 0:
        empty = FeatureCollection()
        return Features(empty, empty.version, [], rows, None)
    if frame.crs is None:
        raise CrsError(
            Text(
                "图层没有坐标系；请在导入时指明 --crs 或 --datum。",
                "A layer has no CRS; give one at import with --crs or --datum.",
            )
        )
    degrees = shapely.force_2d(shapes.iloc[rows].to_crs(WGS84).to_numpy())
    rounded = shapely.transform(degrees, lambda xy: np.round(xy, DECIMALS))
    ids = [str(label) for label in frame.index[rows]]
    west, south, east, north = shapely.total_bounds(rounded).tolist()
    geometry = FeatureCollection(_join(ids, shapely.to_geojson(rounded)))
    return Features(geometry, geometry.version, ids, rows, (west, south, east, north))


def _join(ids: Sequence[str], geometries: Sequence[str]) -> str:
    """Join GeoJSON geometries to a collection of features that carry an id and nothing else."""
    members = [
        f'{{"type":"Feature","id":{json.dumps(label)},"properties":{{}},"geometry":{shape}}}'
        for label, shape in zip(ids, geometries, strict=True)
    ]
    return f'{{"type":"FeatureCollection","features":[{",".join(members)}]}}'
