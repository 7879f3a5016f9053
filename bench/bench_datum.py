"""The datum detective on seeded files: right, asks, or confidently wrong, by setting.

    python bench/bench_datum.py [files [part of a setting's name]]

Each file is drawn from a made-up subdistrict (another one every 250 files), put into a datum in
turn, and read without being told which.
"""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from multiprocessing import Pool

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from data.demo import make_demo
from geo.crs import WGS84, from_wgs84
from geo.datum import KnownPlaces, detect_datum, lines_of
from geo.datum.hypotheses import transformer

Floats = NDArray[np.float64]

FILES, TINY_FILES = 1_000, 6
DATUMS = ("wgs84", "gcj02", "bd09")
METRES = CRS.from_epsg(4548)
OTHERS = {  # truth: CRS to write in, axes swapped
    "EPSG:4548": (4548, False),
    "EPSG:4527": (4527, False),
    "EPSG:4509": (4548, False),  # the 6-degree zone of the same meridian: the same numbers
    "EPSG:4497": (4498, False),
    "EPSG:4548/swapped": (4548, True),
}


@dataclass(frozen=True, eq=False)
class Town:
    """A made-up subdistrict in metres, and what is known of it."""

    homes: Floats  # (n, 2)
    estates: Floats  # (k, 2) middles of compounds
    is_in_estate: NDArray[np.bool_]  # (n,) which homes lie in a compound
    names: list[str]
    known: dict[str, KnownPlaces]


@cache
def town(seed: int) -> Town:
    """Return the demo of a seed."""
    demo = make_demo(seed=seed, members=10)
    frames = demo.frames
    homes = frames["buildings"].geometry.to_crs(METRES)
    estates = frames["compounds"].geometry.to_crs(METRES)
    names = [f"{name}{row}" for row, name in enumerate(frames["compounds"]["name"])]
    known = {
        "buildings": KnownPlaces(buildings=homes),
        "compounds": KnownPlaces(compounds=estates),
        "names": KnownPlaces(compounds=estates, compound_names=names),
        "streets": KnownPlaces(streets=lines_of(demo.network)),
        "grids": KnownPlaces(areas=frames["grids"].geometry),
    }
    xy = shapely.get_coordinates(homes.to_numpy())
    middles = shapely.get_coordinates(estates.centroid.to_numpy())
    is_in = shapely.contains_xy(estates.union_all(), xy[:, 0], xy[:, 1])
    return Town(xy, middles, is_in, names, known)


def homes_of(place: Town, random: np.random.Generator, n: int) -> Floats:
    return place.homes[random.integers(0, len(place.homes), n)]


def one_estate(place: Town, random: np.random.Generator, n: int) -> Floats:
    estate = random.integers(0, len(place.estates))
    near = np.argsort(((place.homes - place.estates[estate]) ** 2).sum(axis=1))[:20]
    return place.homes[near[random.integers(0, len(near), n)]]


def estates_of(place: Town, random: np.random.Generator, n: int) -> Floats:
    return place.estates[random.integers(0, len(place.estates), n)]


def homes_in_estates(place: Town, random: np.random.Generator, n: int) -> Floats:
    inside = np.flatnonzero(place.is_in_estate)
    return place.homes[inside[random.integers(0, len(inside), n)]]


def beside(place: Town, random: np.random.Generator, n: int) -> Floats:
    """Return homes of a town as large next to this one, 3.5 to 8 km away."""
    angle = random.uniform(0, 2 * np.pi)
    away = random.uniform(3_500, 8_000) * np.array([np.cos(angle), np.sin(angle)])
    return homes_of(place, random, n) + away


def other_city(place: Town, random: np.random.Generator, n: int) -> Floats:
    return homes_of(place, random, n) + random.uniform(-2e5, 2e5, 2)


def anywhere(place: Town, random: np.random.Generator, n: int) -> Floats:
    """Return points all over the city, which have nothing to do with the homes."""
    return place.homes.mean(axis=0) + random.uniform(-12_000, 12_000, (n, 2))


def clusters(place: Town, random: np.random.Generator, n: int) -> Floats:
    """Return points in five clumps anywhere in the subdistrict: shops, not homes."""
    low, high = place.homes.min(axis=0), place.homes.max(axis=0)
    return random.uniform(low, high, (5, 2))[random.integers(0, 5, n)]


@dataclass(frozen=True)
class Setting:
    """How the files of a setting are made."""

    known: str = "buildings"
    n: int = 30
    noise_m: float = 30.0
    draw: Callable[[Town, np.random.Generator, int], Floats] = homes_of
    offset_m: float = 0.0  # of the whole file
    stray_share: float = 0.0
    decimals: int | None = None
    repeats: int = 1
    is_projected: bool = False
    is_swapped: bool = False
    bar: str = "0 wrong"


BAR = "right >= 99 %, 0 wrong"
SETTINGS = {
    "30 points, 30 m, buildings known": Setting(bar=BAR),
    "100 points, 30 m, buildings known": Setting(n=100, bar=BAR),
    "30 homes of compounds, 30 m, compounds known": Setting(
        known="compounds", draw=homes_in_estates, bar=BAR
    ),
    "30 homes, a third in no compound, 30 m, compounds known": Setting(known="compounds"),
    "30 compounds, 30 m, compounds known": Setting(known="compounds", draw=estates_of, bar=BAR),
    "30 rows with names, 100 m, compounds known": Setting(known="names", noise_m=100.0, bar=BAR),
    "30 points, 30 m, latitude first": Setting(is_swapped=True, bar=BAR),
    "30 points, 30 m, projected zones": Setting(is_projected=True, bar=BAR),
    "30 points, 30 m, projected zones, grids alone": Setting(known="grids", is_projected=True),
    "60 points, 30 m, streets alone": Setting(known="streets", n=60),
    "600 points, 30 m, streets alone": Setting(known="streets", n=600),
    "20 points, 100 m": Setting(n=20, noise_m=100.0),
    "40 points, 30 % strays": Setting(n=40, stray_share=0.3),
    "30 points, 4 decimals": Setting(decimals=4),
    "30 points, 3 decimals": Setting(decimals=3),
    "30 points, each 10 times": Setting(repeats=10),
    "60 points, the file 200 m off": Setting(n=60, noise_m=20.0, offset_m=200.0),
    "500 points, the file 200 m off": Setting(n=500, noise_m=20.0, offset_m=200.0),
    "30 points in one compound": Setting(noise_m=10.0, draw=one_estate),
    "100 points in one compound": Setting(n=100, noise_m=20.0, draw=one_estate),
    "60 points in five clumps": Setting(n=60, draw=clusters),
    "60 points of the town beside": Setting(n=60, draw=beside),
    "60 points of another city": Setting(n=60, draw=other_city),
    "60 projected points of another city": Setting(n=60, draw=other_city, is_projected=True),
    "200 points all over the city": Setting(n=200, draw=anywhere),
}


def make_file(setting: Setting, seed: int) -> tuple[Floats, Floats, list[str], str, Town]:
    """Return x, y, names, the truth and the town of one seeded file."""
    random = np.random.default_rng(seed)
    place = town(63 + (seed // 250) % 4)
    if setting.known == "names":
        chosen = random.integers(0, len(place.estates), setting.n)
        xy, names = place.estates[chosen], [place.names[row] for row in chosen]
    else:
        xy, names = setting.draw(place, random, setting.n), []
    xy = xy + random.normal(0, setting.noise_m, xy.shape)
    n_strays = int(setting.stray_share * setting.n)
    xy[:n_strays] += random.uniform(-20_000, 20_000, (n_strays, 2))
    angle = random.uniform(0, 2 * np.pi)
    xy = xy + setting.offset_m * np.array([np.cos(angle), np.sin(angle)])
    lon, lat = transformer(METRES, WGS84).transform(xy[:, 0], xy[:, 1])
    if setting.is_projected:
        truth = list(OTHERS)[seed % len(OTHERS)]
        epsg, is_swapped = OTHERS[truth]
        x, y = transformer(WGS84, CRS.from_epsg(epsg)).transform(lon, lat)
    else:
        truth, is_swapped = DATUMS[seed % 3], setting.is_swapped
        x, y = from_wgs84(lon, lat, truth)
        truth = f"{truth}/swapped" if is_swapped else truth
    if setting.decimals is not None:
        x, y = np.round(x, setting.decimals), np.round(y, setting.decimals)
    x, y = np.repeat(x, setting.repeats), np.repeat(y, setting.repeats)
    return (y, x, names, truth, place) if is_swapped else (x, y, names, truth, place)


def judged(name: str, seed: int) -> tuple[str, float]:
    """Return "right", "asks" or "wrong" of one file, and its CPU seconds."""
    setting = SETTINGS[name]
    x, y, names, truth, place = make_file(setting, seed)
    start = time.process_time()
    best = detect_datum(x, y, place.known[setting.known], names=names).best
    seconds = time.process_time() - start
    same = {"EPSG:4509": "EPSG:4548", "EPSG:4497": "EPSG:4498"}
    if best is None:
        return "asks", seconds
    return ("right" if best.key == same.get(truth, truth) else "wrong"), seconds


def measure(name: str, files: int, pool: "Pool | None" = None) -> dict[str, object]:
    """Return the counts of one setting."""
    seeds = [(name, seed) for seed in range(files)]
    found = pool.starmap(judged, seeds, chunksize=25) if pool else [judged(*s) for s in seeds]
    verdicts = [verdict for verdict, _ in found]
    return {
        "bench": "datum",
        "setting": name,
        "files": files,
        **{verdict: verdicts.count(verdict) for verdict in ("right", "asks", "wrong")},
        "wrong_seeds": [seed for seed, verdict in enumerate(verdicts) if verdict == "wrong"][:10],
        "median_ms": round(float(np.median([1000 * s for _, s in found])), 1),
        "bar": SETTINGS[name].bar,
    }


def measure_speed(repeats: int = 3) -> dict[str, object]:
    """Return CPU seconds of 5,000 points against 10,000 known buildings, best of `repeats`."""
    random = np.random.default_rng(0)
    homes = np.array([540_000.0, 3_570_000.0]) + random.uniform(-6_000, 6_000, (10_000, 2))
    known = KnownPlaces(buildings=gpd.GeoSeries(gpd.points_from_xy(*homes.T), crs=METRES))
    xy = homes[random.integers(0, len(homes), 5_000)] + random.normal(0, 30, (5_000, 2))
    lon, lat = transformer(METRES, WGS84).transform(xy[:, 0], xy[:, 1])
    x, y = from_wgs84(lon, lat, "gcj02")
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        finding = detect_datum(x, y, known)
        seconds.append(time.process_time() - start)
    key = "" if finding.best is None else finding.best.key
    return {"bench": "datum_speed", "found": key, "best_s": round(min(seconds), 3), "bar_s": 1.0}


def main(*, tiny: bool = False, files: int = FILES, only: str = "") -> None:
    """Print a line a setting; `only` those whose name holds a text."""
    if tiny:
        for name in SETTINGS:
            print(json.dumps(measure(name, TINY_FILES)))
        return
    print(json.dumps(measure_speed()), flush=True)
    with Pool(2) as pool:
        for name in SETTINGS:
            if not only or only in name:
                print(json.dumps(measure(name, files, pool)), flush=True)


if __name__ == "__main__":
    main(files=int((sys.argv[1:] or [FILES])[0]), only=" ".join(sys.argv[2:]))
