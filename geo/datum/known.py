"""What is already known of a place: buildings, compounds, streets, areas with names."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from geo.crs import WGS84, metric_crs
from geo.errors import CrsError
from geo.network import WalkNetwork
from geo.text import Text

Floats = NDArray[np.float64]

LAYERS = {
    "buildings": Text("已知楼栋", "a known building"),
    "compounds": Text("已知小区", "a known compound"),
    "streets": Text("已知道路", "a known street"),
    "borders": Text("已知界线", "a known border"),
}
STEP_M = 20.0  # between points that stand for a line, and for an area not larger than a compound
SIDE_STEPS = 40  # an area is never cut into more steps a side
SMALL_M = 30.0  # what is not larger is one point


def _nothing() -> gpd.GeoSeries:
    return gpd.GeoSeries([], crs=WGS84)


@dataclass(frozen=True, eq=False)
class KnownPlaces:
    """Layers with a CRS, each possibly empty. Names go with their layer, "" where unknown."""

    buildings: gpd.GeoSeries = field(default_factory=_nothing)
    compounds: gpd.GeoSeries = field(default_factory=_nothing)
    compound_names: Sequence[str] = ()
    # What the known compounds' addresses say, to judge a file of areas by.
    compound_texts: Sequence[str] = ()
    streets: gpd.GeoSeries = field(default_factory=_nothing)
    areas: gpd.GeoSeries = field(default_factory=_nothing)  # grids, communities, districts
    area_names: Sequence[str] = ()

    def __post_init__(self) -> None:
        for layer in (self.buildings, self.compounds, self.streets, self.areas):
            if layer.crs is None:
                raise CrsError(
                    Text(
                        "作为参照的图层没有坐标系；请注明，例如 EPSG:4326。",
                        "The layer to compare with has no CRS; name it, EPSG:4326 for example.",
                    )
                )


@dataclass(frozen=True, eq=False)
class MetricPlaces:
    """The known layers in the metric CRS of their middle; empty shapes are gone."""

    crs: CRS
    layers: dict[str, NDArray[np.object_]]  # of LAYERS, those with shapes
    compounds: NDArray[np.object_]  # as in KnownPlaces, in order
    areas: NDArray[np.object_]
    low: Floats  # (2,) metres: of everything known
    high: Floats


def lines_of(network: WalkNetwork) -> gpd.GeoSeries:
    """Return the edges of a network as lines, in its CRS."""
    n_vertices = np.diff(network.vertex_start)
    edge = np.repeat(np.arange(len(n_vertices)), n_vertices)
    return gpd.GeoSeries(shapely.linestrings(network.vertex_xy, indices=edge), crs=network.crs)


@lru_cache(maxsize=4)
def in_metres(known: KnownPlaces) -> MetricPlaces | None:
    """Return the known places in metres; None if nothing is known.

    Kept for the same object, which is not to be changed: a file is asked about again and again.
    """
    degrees = {
        "buildings": known.buildings.to_crs(WGS84),
        "compounds": known.compounds.to_crs(WGS84),
        "streets": known.streets.to_crs(WGS84),
        "borders": known.areas.to_crs(WGS84),
    }
    bounds = [_middle(layer) for layer in degrees.values() if len(layer)]
    bounds = [b for b in bounds if np.isfinite(b).all()]
    if not bounds:
        return None
    lon, lat = np.median(np.array(bounds), axis=0)
    crs = metric_crs(float(lon), float(lat))
    metric = {name: np.asarray(s.to_crs(crs).to_numpy(), object) for name, s in degrees.items()}
    compounds, areas = metric["compounds"], metric["borders"]
    metric["borders"] = shapely.boundary(areas)
    layers = {
        name: shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
        for name, shapes in metric.items()
    }
    layers = {name: shapes for name, shapes in layers.items() if len(shapes)}
    corners = np.array([shapely.total_bounds(shapes) for shapes in layers.values()])
    return MetricPlaces(
        crs, layers, compounds, areas, corners[:, :2].min(axis=0), corners[:, 2:].max(axis=0)
    )


def _middle(layer: gpd.GeoSeries) -> Floats:
    """Return lon, lat in the midst of a layer: the median, which a stray shape does not move."""
    bounds = shapely.bounds(layer.to_numpy())
    if not np.isfinite(bounds).any():
        return np.full(2, np.nan)
    centres = (bounds[:, :2] + bounds[:, 2:]) / 2
    return np.asarray(np.nanmedian(centres, axis=0))


def points_for(shapes: NDArray[np.object_]) -> tuple[Floats, Floats, Floats]:
    """Return points that stand for shapes in metres: xy (n, 2), mass (n,), spread_m (n,).

    Each point or area has a mass of 1, each line as many as it has steps. Small areas are their
    middle, others a lattice within; how far apart its points stand is their spread.
    """
    dimension = shapely.get_dimensions(shapes)
    bounds = shapely.bounds(shapes)
    side = np.max(bounds[:, 2:] - bounds[:, :2], axis=1)
    is_small = (dimension == 0) | ((dimension == 2) & (side <= SMALL_M))
    middle = shapely.get_coordinates(shapely.centroid(shapes[is_small]))
    parts = [(middle, np.ones(len(middle)), np.zeros(len(middle)))]
    lines = shapes[dimension == 1]
    if len(lines):
        xy = shapely.get_coordinates(shapely.segmentize(lines, STEP_M))
        parts.append((xy, np.ones(len(xy)), np.zeros(len(xy))))
    # One area at a time: each has a lattice of its own.
    for shape in shapes[(dimension == 2) & ~is_small]:
        xy, step_m = _lattice(shape)
        parts.append((xy, np.full(len(xy), 1 / len(xy)), np.full(len(xy), 0.6 * step_m)))
    xy, mass, spread = (np.concatenate(part) for part in zip(*parts, strict=True))
    return xy, mass, spread


def _lattice(shape: shapely.Geometry) -> tuple[Floats, float]:
    low_x, low_y, high_x, high_y = shapely.bounds(shape)
    step_m = STEP_M
    while max(high_x - low_x, high_y - low_y) > SIDE_STEPS * step_m:
        step_m *= 2
    grid = np.meshgrid(
        np.arange(low_x + step_m / 2, high_x, step_m), np.arange(low_y + step_m / 2, high_y, step_m)
    )
    xy = np.column_stack([axis.ravel() for axis in grid])
    inside = xy[shapely.contains_xy(shape, xy[:, 0], xy[:, 1])] if len(xy) else xy
    if not len(inside):
        inside = shapely.get_coordinates(shapely.point_on_surface(shape))
    return inside, step_m
