"""Grids broken by seed: is every fault found, is the repair sound, how far do borders move."""

import sys

import geopandas as gpd
import numpy as np
import shapely
from broken_tiling import break_tiling, false_alarms, missed, wrong_places
from cases import REAL_DATA, cpu_seconds, report

from data.demo import make_demo
from geo.topology import check_grids, repair_grids

METRES = 4548
SEEDS = range(10)
JITTERS_M = (2.5, 5.0)  # of each grid by itself: two borders are up to twice that apart
MOST_MOVE_M, MOST_SECONDS = 5.0, 10.0
POLYGONS = ("beijing/streets_61.geojson", "wuhan/区划.geojson", "chuzhou/区划.geojson")


def measure_planted(grids: gpd.GeoDataFrame, seed: int, **planted_n: int) -> None:
    """Print what is found of planted faults, and what the repair makes of them."""
    broken, planted = break_tiling(grids, seed=seed, **planted_n)
    found = check_grids(broken.to_crs(4326)).to_crs(METRES)
    alarms = false_alarms(found, planted)
    repaired, changes = repair_grids(broken.to_crs(4326))
    sound = bool(shapely.coverage_is_valid(repaired.geometry.to_numpy()))
    move_m = float(changes["max_move_m"].max())
    n_missed, n_false = len(missed(found, planted)), int((alarms["area_m2"] > 1).sum())
    report(
        "topology_planted",
        seed=seed,
        planted=len(planted),
        missed=n_missed,
        false_alarms=n_false,
        valid=sound,
        left=len(check_grids(repaired)),
        move_m=move_m,
        met=n_missed == 0 and n_false == 0 and sound and move_m <= MOST_MOVE_M,
    )


def measure_jitter(grids: gpd.GeoDataFrame, seed: int, jitter_m: float, **planted_n: int) -> None:
    """Print the same where no border fits any more; random places say what is really there."""
    broken, planted = break_tiling(grids, seed=seed, jitter_m=jitter_m, **planted_n)
    found = check_grids(broken)
    n_missed = len(missed(found, planted))
    wrong = wrong_places(found, broken, grids, seed)
    repaired, changes = repair_grids(broken)
    sound = bool(shapely.coverage_is_valid(repaired.geometry.to_numpy()))
    moves = changes["max_move_m"].to_numpy()
    report(
        "topology_jitter",
        seed=seed,
        jitter_m=jitter_m,
        missed=n_missed,
        wrong_places=wrong,
        valid=sound,
        left=check_grids(repaired)["kind"].value_counts().to_dict(),
        move_m=float(moves.max()),
        grids_beyond=int((moves > MOST_MOVE_M).sum()),
        met=n_missed == 0 and wrong == 0 and sound and float(moves.max()) <= MOST_MOVE_M,
    )


def measure_size(n_grids: int, repeats: int = 3) -> None:
    """Print the time to check, and to repair, a town of many grids: sound, broken, in ruins."""
    sound = make_demo(grids=n_grids, members=0, stations=1).frames["grids"]
    for name, share in (("sound", 0.0), ("broken", n_grids / 630), ("ruins", n_grids / 63)):
        grids, planted = break_tiling(
            sound.to_crs(METRES),
            seed=1,
            n_gaps=int(200 * share),
            n_overlaps=int(200 * share),
            n_spikes=int(50 * share),
        )
        given = grids.to_crs(4326) if planted else sound
        found = check_grids(given)
        seconds = cpu_seconds(lambda given=given: check_grids(given), repeats)
        report(
            "topology_check",
            grids=len(given),
            tiling=name,
            planted=len(planted),
            missed=len(missed(found.to_crs(METRES), planted)) if len(planted) < 1000 else None,
            findings=len(found),
            cpu_s=seconds,
            bar=MOST_SECONDS,
            met=seconds <= MOST_SECONDS,
        )
        if name != "ruins":
            seconds = cpu_seconds(lambda given=given: repair_grids(given), 1)
            report("topology_repair", grids=len(given), tiling=name, cpu_s=seconds)


def measure_real(path: str) -> None:
    """Print what real polygons hold, and whether their repair changes or breaks anything."""
    frame = gpd.read_file(REAL_DATA / path)
    found = check_grids(frame)
    repaired, changes = repair_grids(frame)
    broken = _each_bent(frame.to_crs(METRES))
    mended, moved = repair_grids(broken)
    seconds = cpu_seconds(lambda: repair_grids(broken), 1)
    report(
        "topology_real",
        file=path,
        repair_cpu_s=seconds,
        polygons=len(frame),
        found=found["kind"].value_counts().to_dict(),
        changed=len(changes),
        valid=bool(shapely.coverage_is_valid(repaired.geometry.to_numpy())),
        broken_findings=len(check_grids(broken)),
        mended_valid=bool(shapely.coverage_is_valid(mended.geometry.to_numpy())),
        mended_left=check_grids(mended)["kind"].value_counts().to_dict(),
        mended_move_m=float(moved["max_move_m"].max()),
    )


def _each_bent(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Bend each polygon by itself, by up to two metres: as if every office had drawn its own."""
    phases = np.random.default_rng(5).uniform(0, 2 * np.pi, (len(frame), 2))
    bent = [
        shapely.transform(shape, lambda xy, phase=phase: xy + 1.4 * np.sin(xy / 90.0 + phase))
        for shape, phase in zip(frame.geometry, phases, strict=True)
    ]
    return frame.set_geometry(bent, crs=METRES)


def main(*, tiny: bool = False) -> None:
    """Run everything; `tiny` runs a small town, to see that it still works."""
    grids = make_demo(grids=9 if tiny else 63, members=0, stations=1).frames["grids"]
    metric = grids.to_crs(METRES)
    planted_n = {"n_gaps": 9, "n_overlaps": 9, "n_spikes": 4} if tiny else {}
    for seed in range(1) if tiny else SEEDS:
        measure_planted(metric, seed, **planted_n)
        for jitter_m in JITTERS_M:
            measure_jitter(metric, seed, jitter_m, **planted_n)
    measure_size(12 if tiny else 6300, repeats=1 if tiny else 3)
    if REAL_DATA.is_dir() and not tiny:
        for path in POLYGONS:
            measure_real(path)


if __name__ == "__main__":
    main(tiny="--tiny" in sys.argv)
