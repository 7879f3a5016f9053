"""Datums against published points, and the metric zones."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box

from geo.crs import (
    DATUMS,
    convert_datum,
    from_wgs84,
    guess_datum,
    metric_crs,
    require_metric_crs,
    to_metric_crs,
    to_wgs84,
)
from geo.errors import CrsError


def metres(one, two) -> np.ndarray:
    lat = np.radians(np.asarray(one[1]))
    return np.hypot(
        (np.asarray(one[0]) - two[0]) * 111_320 * np.cos(lat),
        (np.asarray(one[1]) - two[1]) * 110_574,
    )


def test_published_points_agree(real_data):
    table = pd.read_csv(real_data / "coords" / "vectors.csv")
    wgs, gcj, bd = ((table[f"{d}_lon"], table[f"{d}_lat"]) for d in ("wgs", "gcj", "bd"))
    assert len(table) == 166
    assert metres(from_wgs84(*wgs, "gcj02"), gcj).max() < 1
    assert metres(to_wgs84(*gcj, "gcj02"), wgs).max() < 1
    assert metres(from_wgs84(*to_wgs84(*gcj, "gcj02"), "bd09"), bd).max() < 0.02
    assert metres(from_wgs84(*to_wgs84(*bd, "bd09"), "gcj02"), gcj).max() < 0.02
    for datum in DATUMS:
        assert metres(to_wgs84(*from_wgs84(*wgs, datum), datum), wgs).max() < 0.01


@given(st.floats(75, 134), st.floats(5, 53), st.sampled_from(DATUMS))
def test_there_and_back_is_within_a_millimetre(lon: float, lat: float, datum: str):
    assert metres(to_wgs84(*from_wgs84(lon, lat, datum), datum), (lon, lat)) < 0.001


def test_at_longpan_the_datums_lie_as_far_apart_as_the_design_says():
    here = (118.31, 32.26)
    assert metres(from_wgs84(*here, "gcj02"), here) == pytest.approx(554, abs=5)
    assert metres(from_wgs84(*here, "bd09"), here) == pytest.approx(1200, abs=60)


def test_outside_china_gcj_is_the_same_and_what_is_not_finite_stays():
    lon, lat = to_wgs84([24.9, np.nan, np.inf], [60.2, 1.0, 2.0], "gcj02")
    assert lon[0] == 24.9
    assert lat[0] == 60.2
    assert np.isnan(lon[1])
    assert np.isinf(lon[2])


def test_an_unknown_datum_is_refused():
    with pytest.raises(CrsError, match=r"^There is no datum 'pz90'; choose one of wgs84, cgcs2000"):
        to_wgs84(1, 1, "pz90")


@pytest.mark.parametrize(
    "shape",
    [
        Point(118.3, 32.2, 9),
        LineString([(118.3, 32.2), (118.31, 32.21)]),
        box(118.3, 32.2, 118.31, 32.21),
        MultiPolygon([box(118.3, 32.2, 118.31, 32.21)]),
        Polygon(box(118, 32, 119, 33).exterior, [box(118.3, 32.3, 118.4, 32.4).exterior]),
    ],
)
def test_every_shape_moves_with_its_datum(shape):
    frame = gpd.GeoDataFrame(geometry=[shape], crs=None, index=[9])
    moved = convert_datum(frame, "gcj02")
    assert moved.crs.to_epsg() == 4326
    assert moved.index.tolist() == [9]
    assert moved.geom_type.iloc[0] == shape.geom_type
    before, after = shape.centroid, moved.geometry.iloc[0].centroid
    assert 400 < metres((before.x, before.y), (after.x, after.y)) < 700


@pytest.mark.parametrize(
    ("lon", "lat", "epsg"),
    [
        (118.31, 32.26, 4548),
        (116.3, 40, 4548),
        (75, 39, 4534),
        (135, 48, 4554),
        (24.9, 60.2, 32635),
        (18.4, -33.9, 32734),
    ],
)
def test_the_metric_zone_is_that_of_the_place(lon: float, lat: float, epsg: int):
    assert metric_crs(lon, lat).to_epsg() == epsg


def test_a_place_that_is_none_is_refused():
    with pytest.raises(CrsError, match=r"is no longitude and latitude"):
        metric_crs(32.26, 118.31)


@pytest.mark.parametrize(
    ("crs", "message"),
    [
        (None, r"^points has no CRS"),
        (4326, r"^points is in EPSG:4326, whose unit is 'degree'"),
        (2277, r"^points is in EPSG:2277, whose unit is 'US survey foot'"),
    ],
)
def test_layers_without_metres_are_refused(crs: int | None, message: str):
    frame = gpd.GeoDataFrame(geometry=[Point(0, 0)], crs=crs)
    with pytest.raises(CrsError, match=message):
        require_metric_crs(frame, "points")


def test_degrees_go_to_the_zone_of_their_centre_and_metres_stay():
    degrees = gpd.GeoDataFrame(geometry=[Point(118.31, 32.26)], crs=4326)
    assert to_metric_crs(degrees).crs.to_epsg() == 4548
    metric = degrees.to_crs(4550)
    assert to_metric_crs(metric) is metric


def homes(n: int) -> gpd.GeoSeries:
    """Return n homes beside the streets of a made-up quarter, in EPSG:4326."""
    random = np.random.default_rng(8)
    x, y = 540_000 + 310.0 * np.arange(n) % 4_000, 3_570_000 + 170.0 * np.arange(n) % 3_000
    off = random.normal(0, 8, (2, n))
    return gpd.GeoSeries(gpd.points_from_xy(x + off[0], y + off[1]), crs=4548).to_crs(4326)


@pytest.mark.parametrize("datum", ["wgs84", "gcj02", "bd09"])
@pytest.mark.parametrize("form", ["frame", "array"])
def test_the_datum_is_guessed_from_what_is_on_the_map(datum: str, form: str):
    known = homes(60)
    lon, lat = from_wgs84(known.x + 1e-4, known.y, datum)
    reference = known if form == "frame" else np.column_stack([known.x, known.y])
    guess = guess_datum(lon, lat, reference)
    assert guess.datum == datum
    assert max(guess.score, key=lambda name: guess.score[name]) == datum
    assert guess.score["wgs84"] == guess.score["cgcs2000"]
    assert guess.margin == pytest.approx(
        guess.score[datum] - sorted({*guess.score.values()})[-2], abs=1e-12
    )
    assert guess.n == 60


def test_a_guess_without_a_clear_margin_is_none():
    known = homes(60)
    everywhere = known.to_crs(4548).buffer(5_000).to_crs(4326)
    lon, lat = from_wgs84(known.x, known.y, "gcj02")
    assert guess_datum(lon, lat, everywhere).datum is None
    assert guess_datum(lon[:4], lat[:4], known).datum is None  # four points are too few
    assert guess_datum(lon, lat, known).datum == "gcj02"


def test_points_without_coordinates_and_an_empty_map_guess_nothing():
    known = homes(10)
    assert guess_datum([np.nan, 118.3], [32.2, np.inf], known).n == 0
    assert guess_datum(known.x, known.y, known[:0]).datum is None
    with pytest.raises(CrsError, match=r"^There are 2 longitudes and 1 latitudes"):
        guess_datum([118.3, 118.4], [32.2], known)
    with pytest.raises(CrsError, match=r"^The layer to compare with has no CRS"):
        guess_datum([118.3], [32.2], gpd.GeoSeries(known.to_numpy()))


def test_web_mercator_is_no_map_to_take_lengths_from():
    line = gpd.GeoDataFrame(geometry=[LineString([(118.31, 32.26), (118.32, 32.26)])], crs=4326)
    metres = to_metric_crs(line).length.iloc[0]
    assert_allclose(to_metric_crs(line.to_crs(3857)).length.iloc[0], metres, rtol=1e-6)
    assert to_metric_crs(line.to_crs(32650)).crs.to_epsg() == 32650
