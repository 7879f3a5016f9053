"""The wall that a click beside it means."""

import geopandas as gpd
import pytest
from shapely.geometry import Point, box

from geo.wall_near import WALL_NEAR_M, wall_near

METRIC = "EPSG:4548"
X, Y = 500_000.0, 3_570_000.0


@pytest.fixture
def compounds() -> gpd.GeoDataFrame:
    """Return two squares 30 m apart, and a compound of which only a point is known."""
    shapes = [box(X, Y, X + 100, Y + 100), box(X + 130, Y, X + 230, Y + 100), Point(X + 50, Y - 5)]
    return gpd.GeoDataFrame(geometry=shapes, index=[7, 8, 9], crs=METRIC)


def degrees(x: float, y: float) -> tuple[float, float]:
    """Return a place in degrees."""
    there = gpd.GeoSeries([Point(x, y)], crs=METRIC).to_crs(4326).iloc[0]
    return there.x, there.y


def test_the_nearest_wall_counts_from_inside_and_outside(compounds: gpd.GeoDataFrame) -> None:
    for x, y, compound, on_x, on_y in (
        (X + 110, Y + 50, 7, X + 100, Y + 50),
        (X + 120, Y + 50, 8, X + 130, Y + 50),
        (X + 50, Y + 10, 7, X + 50, Y),
        (X + 50, Y - 4, 7, X + 50, Y),  # a point has no wall
    ):
        found = wall_near(compounds, *degrees(x, y))
        assert found is not None
        assert found.compound_id == compound
        there = gpd.GeoSeries([Point(found.lon, found.lat)], crs=4326).to_crs(METRIC).iloc[0]
        assert there.distance(Point(on_x, on_y)) < 0.02


def test_far_from_every_wall_there_is_none(compounds: gpd.GeoDataFrame) -> None:
    assert wall_near(compounds, *degrees(X - WALL_NEAR_M - 1, Y + 50)) is None
    assert wall_near(compounds, *degrees(X - WALL_NEAR_M + 1, Y + 50)) is not None
    assert wall_near(compounds.iloc[:0], *degrees(X, Y)) is None
