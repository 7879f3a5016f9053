"""Frames to GeoJSON in WGS84: what is kept, what is rounded, what changes the version."""

import json

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from geo.errors import CrsError
from layers.geojson import FeatureCollection, to_features
from layers.map_layer import MapLayer, joint_bounds

METRIC = "EPSG:4548"


def frame(*shapes: shapely.Geometry | None, index: list[object] | None = None) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(geometry=list(shapes), crs=METRIC, index=index)


def test_metres_become_longitude_and_latitude_with_six_decimals():
    features = to_features(frame(shapely.Point(623_456.7, 3_570_123.4)))
    lon, lat = Transformer.from_crs(METRIC, 4326, always_xy=True).transform(623_456.7, 3_570_123.4)
    drawn = features.geometry["features"][0]["geometry"]["coordinates"]
    assert drawn == [round(lon, 6), round(lat, 6)]
    assert features.bounds == (*drawn, *drawn)


def test_a_feature_carries_its_index_as_text_and_nothing_else():
    features = to_features(frame(shapely.Point(5e5, 3.5e6), index=['a"<b>\u2028']))
    assert features.geometry["features"][0]["id"] == 'a"<b>\u2028'
    assert set(features.geometry["features"][0]) == {"type", "id", "properties", "geometry"}
    assert features.geometry["features"][0]["properties"] == {}


def test_rows_without_geometry_are_left_off_and_the_others_keep_their_place():
    features = to_features(
        frame(None, shapely.Point(5e5, 3.5e6), shapely.Polygon(), index=[7, 8, 9])
    )
    assert features.ids == ["8"]
    assert features.rows.tolist() == [1]


@pytest.mark.parametrize("empty", [frame(), frame(None), gpd.GeoDataFrame(geometry=[])])
def test_an_empty_frame_is_no_features_and_no_bounds(empty: gpd.GeoDataFrame):
    features = to_features(empty)
    assert features.geometry["features"] == []
    assert features.bounds is None


def test_a_frame_of_unknown_crs_is_refused_with_what_to_do():
    with pytest.raises(CrsError) as refused:
        to_features(gpd.GeoDataFrame(geometry=[shapely.Point(0, 0)]))
    assert refused.value.text.en == "A layer has no CRS; give one at import with --crs or --datum."


def test_the_third_coordinate_is_dropped():
    features = to_features(frame(shapely.Point(5e5, 3.5e6, 42.0)))
    assert len(features.geometry["features"][0]["geometry"]["coordinates"]) == 2


def test_the_frame_is_left_as_it_was():
    given_frame = frame(shapely.Point(5e5, 3.5e6))
    before = given_frame.copy()
    to_features(given_frame)
    assert given_frame.equals(before)
    assert given_frame.crs == before.crs


@given(st.floats(0, 50), st.floats(0, 50))
def test_the_version_tells_whether_what_is_drawn_is_the_same(x_m: float, y_m: float):
    one = to_features(frame(shapely.Point(5e5, 3.5e6)))
    other = to_features(frame(shapely.Point(5e5 + x_m, 3.5e6 + y_m)))
    is_same = one.geometry["features"] == other.geometry["features"]
    assert (one.version == other.version) == is_same


def test_an_id_that_changes_is_another_version():
    place = shapely.Point(5e5, 3.5e6)
    assert (
        to_features(frame(place, index=[1])).version != to_features(frame(place, index=[2])).version
    )


def test_packing_gives_the_same_bytes_for_the_same_features():
    places = [shapely.Point(5e5 + x, 3.5e6) for x in np.arange(50.0)]
    one, other = to_features(frame(*places)), to_features(frame(*places))
    assert one.geometry.packed == other.geometry.packed


def test_a_plain_mapping_reads_the_same_as_a_collection():
    plain = json.loads(to_features(frame(shapely.Point(5e5, 3.5e6))).geometry.text)
    assert dict(FeatureCollection.of(plain)) == plain


def test_joint_bounds_leave_out_empty_layers():
    def layer(bounds: tuple[float, float, float, float] | None) -> MapLayer:
        return MapLayer("a", "a", FeatureCollection(), "", bounds=bounds)

    assert joint_bounds([layer((1, 2, 3, 4)), layer(None), layer((0, 3, 2, 9))]) == (0, 2, 3, 9)
    assert joint_bounds([layer(None)]) is None
