"""The datum detective: right where the map tells, a question where it does not."""

import re

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS
from shapely.geometry import box

from geo.crs import WGS84, from_wgs84, guess_datum
from geo.datum import KnownPlaces, detect_datum, detect_datum_of_shapes
from geo.datum.areas import named_areas
from geo.datum.hypotheses import hypotheses_for, transformer
from geo.errors import CrsError

METRES = CRS.from_epsg(4548)
CENTRE = np.array([623_500.0, 3_571_000.0])
TO_DEGREES, TO_METRES = transformer(METRES, WGS84), transformer(WGS84, METRES)
DATUMS = ("wgs84", "gcj02", "bd09")


def town(n: int = 600, seed: int = 5) -> np.ndarray:
    """Return homes (n, 2) in metres: estates of a dozen, 3 km wide, no regular pattern."""
    random = np.random.default_rng(seed)
    estates = CENTRE + random.uniform(-1_500, 1_500, (n // 12, 2))
    return np.repeat(estates, 12, axis=0) + random.normal(0, 60, (n // 12 * 12, 2))


HOMES = town()
KNOWN = KnownPlaces(buildings=gpd.GeoSeries(gpd.points_from_xy(*HOMES.T), crs=METRES))


def written(xy: np.ndarray, datum: str) -> tuple[np.ndarray, np.ndarray]:
    return from_wgs84(*TO_DEGREES.transform(xy[:, 0], xy[:, 1]), datum)


def some_homes(n: int, noise_m: float, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    return HOMES[random.integers(0, len(HOMES), n)] + random.normal(0, noise_m, (n, 2))


def shifted(n: int, east_m: float, north_m: float) -> np.ndarray:
    return some_homes(n, 10) + np.array([east_m, north_m])


def square(xy: np.ndarray, side_m: float) -> shapely.Polygon:
    return box(*(xy - side_m / 2), *(xy + side_m / 2))


@pytest.mark.parametrize("datum", DATUMS)
def test_homes_tell_the_datum_and_each_reading_says_what_it_measured(datum: str):
    x, y = written(some_homes(40, 20), datum)
    finding = detect_datum(x, y, KNOWN)
    assert finding.best is not None
    assert finding.best.key == datum
    assert finding.best is finding.readings[0]
    assert {reading.key for reading in finding.readings} == set(DATUMS)
    metres = np.column_stack(TO_METRES.transform(finding.best.lon, finding.best.lat))
    assert np.hypot(*(metres - some_homes(40, 20)).T).max() < 0.1
    assert finding.best.n == 40
    assert finding.best.n_near > 30
    assert finding.best.median_m < 20 < finding.readings[1].median_m
    assert f"40 个点中 {finding.best.n_near} 个落在已知楼栋 30 米内" in finding.best.sentence.zh
    assert f"{finding.best.n_near} of 40 points within 30 m of" in finding.account.en


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 10_000),
    st.integers(30, 80),
    st.sampled_from(DATUMS),
    st.sampled_from(["", "/swapped"]),
    st.sampled_from([0.0, 0.3]),
)
def test_no_file_is_confidently_wrong(
    seed: int, n: int, datum: str, order: str, stray_share: float
):
    xy = some_homes(n, 30, seed)
    xy[: int(n * stray_share)] += np.random.default_rng(seed).uniform(-9_000, 9_000, 2)
    x, y = written(xy, datum)
    best = detect_datum(*((y, x) if order else (x, y)), KNOWN).best
    assert best is not None or stray_share
    assert best is None or best.key == datum + order


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(seed: int, order):
    x, y = written(some_homes(50, 30, seed), "gcj02")
    rows = list(range(50))
    order.shuffle(rows)
    one, other = detect_datum(x, y, KNOWN), detect_datum(x[rows], y[rows], KNOWN)
    assert [r.key for r in one.readings] == [r.key for r in other.readings]
    assert one.margin == pytest.approx(other.margin, rel=1e-6)


@pytest.mark.parametrize(
    ("epsg", "key"),
    [
        (4548, "EPSG:4548"),
        (4548, "EPSG:4548/swapped"),
        (4527, "EPSG:4527"),
        (4498, "EPSG:4498"),
        (4498, "EPSG:4498/swapped"),
        (4549, "EPSG:4549"),
        (32650, "EPSG:32650"),
        (3857, "EPSG:3857"),
    ],
)
def test_projected_zones_are_told_with_number_or_without_and_in_either_order(epsg: int, key: str):
    lon, lat = TO_DEGREES.transform(*some_homes(40, 20).T)
    x, y = transformer(WGS84, CRS.from_epsg(epsg)).transform(lon, lat)
    finding = detect_datum(*((y, x) if "/" in key else (x, y)), KNOWN)
    assert finding.best is not None
    assert finding.best.key == key
    assert ("Xian 1980" in finding.reason.en) == (epsg != 3857)


def test_a_zone_with_its_number_needs_no_more_than_grids():
    grids = gpd.GeoSeries([square(CENTRE, 3_600)], crs=METRES)
    known = KnownPlaces(areas=grids, area_names=["第一网格"])
    lon, lat = TO_DEGREES.transform(*some_homes(40, 20).T)
    numbered = transformer(WGS84, CRS.from_epsg(4527)).transform(lon, lat)
    assert detect_datum(*numbered, known).best.key == "EPSG:4527"
    away = (numbered[0] + 9_000, numbered[1])
    assert detect_datum(*away, known).best is None
    plain = TO_METRES.transform(lon, lat)
    assert detect_datum(*plain, known).best is None  # another city's zone may give these numbers


@pytest.mark.parametrize(
    ("xy", "reason"),
    [
        (HOMES[:12] + 5.0, "all in one spot"),
        (some_homes(5, 10), "Too few points"),
        (shifted(60, 14_000, 0), "Under no reading"),
        (shifted(60, 120, 160), "the whole file seems to lie some (19|20|21)"),
        (CENTRE + np.random.default_rng(1).uniform(-900, 900, (30, 2)), "fits best, but"),
    ],
    ids=["one estate", "five points", "elsewhere", "200 m off", "no homes"],
)
def test_what_the_map_cannot_tell_is_asked(xy: np.ndarray, reason: str):
    finding = detect_datum(*written(np.asarray(xy), "gcj02"), KNOWN)
    assert finding.best is None
    assert finding.reason.en
    assert re.search(reason, finding.reason.en), finding.account.en


def test_repeating_rows_makes_nothing_surer():
    x, y = written(some_homes(40, 30), "bd09")
    once, often = detect_datum(x, y, KNOWN), detect_datum(np.repeat(x, 9), np.repeat(y, 9), KNOWN)
    assert often.margin == pytest.approx(once.margin, rel=1e-6)
    few = detect_datum(np.repeat(x[:4], 30), np.repeat(y[:4], 30), KNOWN)
    assert few.best is None


def test_a_town_built_up_evenly_tells_nothing_from_within():
    random = np.random.default_rng(3)
    even = CENTRE + random.uniform(-4_000, 4_000, (20_000, 2))
    known = KnownPlaces(buildings=gpd.GeoSeries(gpd.points_from_xy(*even.T), crs=METRES))
    xy = CENTRE + random.uniform(-1_000, 1_000, (40, 2))
    assert detect_datum(*written(xy, "gcj02"), known).best is None


def test_names_of_known_compounds_give_the_offset_where_places_do_not():
    estates = np.unique(np.round(HOMES[::12]), axis=0)
    names = [f"小区{row}" for row in range(len(estates))]
    shapes = gpd.GeoSeries([square(xy, 150) for xy in estates], crs=METRES)
    known = KnownPlaces(compounds=shapes, compound_names=names)
    random = np.random.default_rng(4)
    xy = estates[:6] + random.normal(0, 80, (6, 2))
    x, y = written(xy, "bd09")
    assert detect_datum(x, y, known).best is None  # six places are too few without their names
    finding = detect_datum(x, y, known, names=[f" {name} " for name in names[:6]])
    assert finding.best.key == "bd09"
    assert (finding.best.n_named, finding.best.named_median_m) == (6, pytest.approx(100, abs=70))
    assert "6 个同名小区相距中位" in finding.best.sentence.zh
    wrong_names = detect_datum(x, y, known, names=names[6:12])
    assert wrong_names.best is None


def test_addresses_that_name_districts_tell_by_the_border():
    west = box(CENTRE[0] - 9_000, CENTRE[1] - 9_000, CENTRE[0], CENTRE[1] + 9_000)
    east = box(CENTRE[0], CENTRE[1] - 9_000, CENTRE[0] + 9_000, CENTRE[1] + 9_000)
    north = box(CENTRE[0] - 9_000, CENTRE[1] + 9_000, CENTRE[0] + 9_000, CENTRE[1] + 18_000)
    areas = gpd.GeoSeries([west, east, north], crs=METRES)
    known = KnownPlaces(areas=areas, area_names=["琅琊区", "南谯区", "来安县"])
    random = np.random.default_rng(6)
    xy = CENTRE + random.uniform([-1_000, -8_000], [1_000, 15_000], (1_500, 2))
    own = np.where(
        xy[:, 1] > CENTRE[1] + 9_000, "来安", np.where(xy[:, 0] < CENTRE[0], "琅琊", "南谯")
    )
    texts = [f"{name}区某街{row}号" for row, name in enumerate(own)]
    x, y = written(xy, "gcj02")
    finding = detect_datum(x, y, known, texts=texts)
    assert finding.best is not None
    assert finding.best.key == "gcj02"
    assert finding.best.n_inside > finding.readings[1].n_inside
    assert detect_datum(x, y, known).best is None
    assert detect_datum(x[:40], y[:40], known, texts=texts[:40]).best is None


def test_a_street_called_like_a_district_says_nothing_of_it():
    texts = [
        "南谯南路12号",
        "南谯区中都大道",
        "琅琊-琅琊-菱溪路",
        "琅琊山路近南谯路",
        "",
        "琅琊区与南谯区交界",
    ]
    assert named_areas(texts, ["琅琊区", "南谯区"]).tolist() == [-1, 1, 0, -1, -1, -1]


@pytest.mark.parametrize("datum", DATUMS)
def test_outlines_of_compounds_and_of_grids_tell_too(datum: str):
    def moved(shapes: list[shapely.Polygon]) -> np.ndarray:
        return shapely.transform(
            np.array(shapes, dtype=object), lambda xy: np.column_stack(written(xy, datum))
        )

    estates = np.unique(np.round(HOMES[::12]), axis=0)
    drawn = [square(xy, 120) for xy in estates]
    known = KnownPlaces(compounds=gpd.GeoSeries(drawn, crs=METRES))
    redrawn = [square(xy + 10, 100) for xy in estates[:40]]
    assert detect_datum_of_shapes(moved(redrawn), known).best.key == datum

    random = np.random.default_rng(8)
    cuts = np.sort(random.uniform(-1_800, 1_800, (2, 9)), axis=1) + CENTRE[:, None]
    grids = [
        box(x0, y0, x1, y1)
        for x0, x1 in zip(cuts[0], cuts[0][1:], strict=False)
        for y0, y1 in zip(cuts[1], cuts[1][1:], strict=False)
    ]
    names = [f"第{row}网格" for row in range(len(grids))]
    known = KnownPlaces(areas=gpd.GeoSeries(grids, crs=METRES), area_names=names)
    assert detect_datum_of_shapes(moved(grids[::2]), known, names=names[::2]).best.key == datum
    assert detect_datum_of_shapes(moved(grids), known).best.key == datum


def test_nothing_known_and_nothing_given_is_asked():
    assert detect_datum([118.3], [32.2], KnownPlaces()).best is None
    assert detect_datum([np.nan], [np.nan], KNOWN).readings == ()
    assert detect_datum_of_shapes(np.array([None], dtype=object), KNOWN).best is None
    with pytest.raises(CrsError, match=r"^The layer to compare with has no CRS"):
        KnownPlaces(buildings=gpd.GeoSeries([shapely.Point(1, 2)]))


def test_only_readings_that_the_numbers_allow_are_tried():
    keys = [h.key for h in hypotheses_for(np.array([118.3]), np.array([32.2]), 118.3)]
    assert keys == list(DATUMS)  # 118 is no latitude
    keys = [h.key for h in hypotheses_for(np.array([3.57e6]), np.array([39_623_500.0]), 118.3)]
    assert keys == ["EPSG:4527/swapped"]
    keys = [h.key for h in hypotheses_for(np.array([20_623_500.0]), np.array([3.57e6]), 118.3)]
    assert keys == ["EPSG:4498"]
    assert hypotheses_for(np.array([5e9]), np.array([5e9]), 118.3) == ()


def test_guess_datum_asks_for_a_file_of_another_place_that_lands_among_homes():
    x, y = written(shifted(60, 700, -300), "wgs84")
    guess = guess_datum(x, y, KNOWN.buildings)
    assert guess.datum is None
    assert guess.n == 60
