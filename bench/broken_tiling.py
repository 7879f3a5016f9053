"""A sound tiling broken by seed: gaps, overlaps and spikes planted one by one, and jitter."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]
PLACES = 200_000  # of the second opinion
OUTLINE_M = 30.0  # the outside of the tiling is no gap
SHALLOWEST_M = 1.0  # of a planted gap or overlap
SPIKE_M = (8.0, 40.0)
SPIKE_FOOT_M = (0.3, 1.2)


@dataclass(frozen=True)
class Planted:
    """One planted fault."""

    kind: str  # "gap", "overlap", "spike"
    grid_ids: tuple[object, ...]
    place: shapely.Point  # within the fault; of a spike its tip


def break_tiling(
    tiling: gpd.GeoDataFrame,
    *,
    seed: int,
    n_gaps: int = 200,
    n_overlaps: int = 200,
    n_spikes: int = 50,
    depth_m: float = 5.0,
    jitter_m: float = 0.0,
) -> tuple[gpd.GeoDataFrame, list[Planted]]:
    """Return a broken copy of a sound tiling in metres, and what was planted.

    A gap or an overlap moves one vertex of one grid away from, or across, a border that it shares
    with one other grid, by 1 … `depth_m`; the vertices beside it stay where they are. A spike is a
    needle of 8-40 m on an edge of its own. With `jitter_m`, every other vertex of every grid moves
    by itself, anywhere within that distance: no border fits any more.
    """
    random = np.random.default_rng(seed)
    rings = [shapely.get_coordinates(shape.exterior)[:-1].copy() for shape in tiling.geometry]
    owners = _owners(rings)
    sites = _sites(rings, owners, roomy_m=2 * depth_m)
    random.shuffle(sites)
    moved: set[tuple[float, float]] = set()
    feet: set[tuple[float, float]] = set()
    moves: dict[tuple[int, int], Floats] = {}
    planted: list[Planted] = []
    wanted = ["gap"] * n_gaps + ["overlap"] * n_overlaps
    ids = tiling.index.to_numpy()
    for row, k, other in sites:
        if len(planted) == len(wanted):
            break
        ring = rings[row]
        before, tip, after = (tuple(ring[(k + step) % len(ring)]) for step in (-1, 0, 1))
        if tip in moved or tip in feet or {before, after} & moved:
            continue
        moved.add(tip)
        feet |= {before, after}
        kind = wanted[len(planted)]
        inward = _inward(ring, k)
        depth = random.uniform(SHALLOWEST_M, depth_m) * (1 if kind == "gap" else -1)
        moves[row, k] = depth * inward
        place = shapely.Point(ring[k] + 0.5 * depth * inward)
        planted.append(Planted(kind, (ids[row].item(), ids[other].item()), place))
    if len(planted) < len(wanted):
        raise ValueError(f"There is room for {len(planted)} of {len(wanted)} faults.")
    used = moved | feet
    _jitter(rings, used, jitter_m, random)
    for (row, k), move in moves.items():
        rings[row][k] += move
    planted += _plant_spikes(rings, ids, used, n_spikes, random)
    return tiling.set_geometry([shapely.Polygon(ring) for ring in rings], crs=tiling.crs), planted


def _owners(rings: list[Floats]) -> dict[tuple[float, float], list[int]]:
    owners: dict[tuple[float, float], list[int]] = {}
    for row, ring in enumerate(rings):
        for xy in map(tuple, ring.tolist()):
            owners.setdefault(xy, []).append(row)
    return owners


def _sites(
    rings: list[Floats], owners: dict[tuple[float, float], list[int]], roomy_m: float
) -> list[tuple[int, int, int]]:
    """Return the vertices inside a border of just two grids: row, vertex, the other row.

    Both edges are longer than `roomy_m`, so that moving the vertex makes no other fault.
    """
    sites = []
    for row, ring in enumerate(rings):
        edge_m = np.linalg.norm(np.roll(ring, -1, axis=0) - ring, axis=1)
        for k in range(len(ring)):
            three = [owners[tuple(ring[(k + step) % len(ring)])] for step in (-1, 0, 1)]
            both = set(three[0]) & set(three[1]) & set(three[2])
            is_roomy = min(edge_m[k - 1], edge_m[k]) > roomy_m
            if is_roomy and len(three[1]) == 2 and len(both) == 2:
                sites.append((row, k, next(iter(both - {row}))))
    return sites


def _inward(ring: Floats, k: int) -> Floats:
    """Return the unit vector from a vertex into its ring."""
    along = ring[(k + 1) % len(ring)] - ring[k - 1]
    normal = np.array([-along[1], along[0]]) / np.linalg.norm(along)
    return normal if shapely.is_ccw(shapely.LinearRing(ring)) else -normal


def _jitter(
    rings: list[Floats],
    used: set[tuple[float, float]],
    jitter_m: float,
    random: np.random.Generator,
) -> None:
    """Move every vertex that no planted fault needs, each grid by itself."""
    for row, ring in enumerate(rings):
        free = np.array([tuple(xy) not in used for xy in ring.tolist()])
        angle, reach = random.uniform(0, 2 * np.pi, len(ring)), random.uniform(0, 1, len(ring))
        way = np.column_stack([np.cos(angle), np.sin(angle)])
        rings[row] = ring + np.where(free, jitter_m * np.sqrt(reach), 0.0)[:, None] * way


def _plant_spikes(
    rings: list[Floats],
    ids: NDArray[np.generic],
    used: set[tuple[float, float]],
    n_spikes: int,
    random: np.random.Generator,
) -> list[Planted]:
    """Put needles on edges, outwards or inwards, at most one on an edge; none crosses its ring."""
    edges = [
        (row, k)
        for row, ring in enumerate(rings)
        for k in range(len(ring) - 1)
        if not {tuple(ring[k]), tuple(ring[k + 1])} & used
        and np.linalg.norm(ring[k + 1] - ring[k]) > 4 * SPIKE_FOOT_M[1]
    ]
    planted: list[Planted] = []
    needles: dict[int, list[tuple[int, Floats]]] = {}
    for row, k in (edges[e] for e in random.permutation(len(edges))):
        if len(planted) == n_spikes:
            break
        needle = _needle(rings[row][k], rings[row][k + 1], random)
        if shapely.is_valid(shapely.Polygon(np.insert(rings[row], k + 1, needle, axis=0))):
            needles.setdefault(row, []).append((k, needle))
            planted.append(Planted("spike", (ids[row].item(),), shapely.Point(needle[1])))
    for row, of_ring in needles.items():
        for k, needle in sorted(of_ring, key=lambda one: -one[0]):  # vertices keep their places
            rings[row] = np.insert(rings[row], k + 1, needle, axis=0)
    return planted


def _needle(start: Floats, end: Floats, random: np.random.Generator) -> Floats:
    """Return foot, tip and foot (3, 2) of a needle on an edge."""
    unit = (end - start) / np.linalg.norm(end - start)
    normal = np.array([-unit[1], unit[0]]) * random.choice([-1.0, 1.0])
    middle = start + random.uniform(0.3, 0.7) * (end - start)
    foot, tall = random.uniform(*SPIKE_FOOT_M) / 2, random.uniform(*SPIKE_M)
    return np.array([middle - foot * unit, middle + tall * normal, middle + foot * unit])


def missed(findings: gpd.GeoDataFrame, planted: list[Planted]) -> list[Planted]:
    """Return the planted faults that no finding of the kind, grids and place tells of."""
    return [fault for fault in planted if not _telling(findings, fault).any()]


def false_alarms(findings: gpd.GeoDataFrame, planted: list[Planted]) -> gpd.GeoDataFrame:
    """Return the findings that tell of no planted fault; only where nothing else was broken."""
    is_true = np.zeros(len(findings), bool)
    for fault in planted:
        is_true |= _telling(findings, fault)
    return findings[~is_true]


def _telling(findings: gpd.GeoDataFrame, fault: Planted) -> NDArray[np.bool_]:
    same_kind = (findings["kind"] == fault.kind).to_numpy()
    near = shapely.dwithin(findings.geometry.to_numpy(), fault.place, 0.01)
    named = [set(fault.grid_ids) <= set(ids) for ids in findings["grid_ids"]]
    return np.asarray(same_kind & near & named, bool)


def wrong_places(
    findings: gpd.GeoDataFrame, broken: gpd.GeoDataFrame, sound: gpd.GeoDataFrame, seed: int
) -> int:
    """Count random places whose gap or overlap is not told, or is told and is not there.

    The second opinion where every border is broken: which polygons hold the place. What lies in a
    spike is told with the spike.
    """
    low, high = np.split(np.asarray(sound.total_bounds), 2)
    xy = np.random.default_rng(seed).uniform(low, high, (PLACES, 2))
    places = shapely.points(xy)
    # Well inside, and not within a millimetre of any line: there is no doubt about these.
    inside = shapely.buffer(shapely.union_all(sound.geometry.to_numpy()), -OUTLINE_M)
    places = places[shapely.contains_xy(inside, *xy.T)]
    shapes = shapely.make_valid(broken.geometry.to_numpy())
    lines = shapely.STRtree(shapely.boundary(shapes))
    doubtful = np.unique(lines.query(places, predicate="dwithin", distance=0.001)[0])
    places = np.delete(places, doubtful)
    spikes = shapely.STRtree(findings.geometry[findings["kind"] == "spike"].to_numpy())
    places = np.delete(places, np.unique(spikes.query(places, predicate="intersects")[0]))
    n_holding = np.bincount(
        shapely.STRtree(shapes).query(places, predicate="within")[0], minlength=len(places)
    )
    wrong = 0
    for kind, is_there in (("gap", n_holding == 0), ("overlap", n_holding > 1)):
        told = np.asarray(findings.geometry[findings["kind"] == kind].to_numpy(), dtype=object)
        hit = np.unique(shapely.STRtree(told).query(places, predicate="within")[0])
        is_told = np.isin(np.arange(len(places)), hit)
        # What is smaller than a square metre is not told.
        wrong += int((is_told & ~is_there).sum())
        untold = places[is_there & ~is_told]
        wrong += sum(_size_at(place, kind, shapes) >= 1.0 for place in untold)
    return wrong


def _size_at(place: shapely.Point, kind: str, shapes: NDArray[np.object_]) -> float:
    """Return the area of the gap or the largest overlap of two polygons at a place."""
    if kind == "gap":
        near = shapes[shapely.STRtree(shapes).query(place, predicate="dwithin", distance=200.0)]
        hole = shapely.difference(place.buffer(150.0), shapely.union_all(near))
        return max(p.area for p in shapely.get_parts(hole) if p.intersects(place))
    holding = shapes[shapely.STRtree(shapes).query(place, predicate="within")]
    common = [shapely.intersection(a, b) for a in holding for b in holding if a is not b]
    parts = shapely.get_parts(np.array(common, dtype=object))
    return max(p.area for p in parts if p.intersects(place))
