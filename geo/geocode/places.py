"""The rows of a gazetteer gathered into places: one estate, its names, doors and buildings."""

import math
from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from geo.geocode.address import Address, division_stem
from geo.geocode.levels import MatchLevel
from geo.geocode.names import Name
from geo.geocode.parse import parse
from geo.geocode.tokens import Label

SAME_PLACE_M = 300.0  # rows of one name nearer than this are one place
_METRES_A_DEGREE = 111_320.0
_DEDUPE_M = 30.0  # of many rows of one name only one per so many metres is compared


@dataclass(slots=True)
class Row:
    """One entry of the gazetteer, read."""

    number: int
    id: Hashable
    lon: float
    lat: float
    text: str  # as it is shown
    level: MatchLevel
    name: Name | None
    aliases: tuple[Name, ...]
    address: Address
    zone: str = ""  # of the building within its estate: 东 of 东区12栋


@dataclass(slots=True)
class Place:
    """Rows of one name (or one road number) that lie together."""

    number: int
    lon: float
    lat: float
    level: MatchLevel
    text: str
    id: Hashable
    names: tuple[Name, ...]
    rows: tuple[Row, ...]
    divisions: dict[Label, frozenset[str]] = field(default_factory=dict)
    roads: frozenset[str] = frozenset()
    doors: frozenset[tuple[str, str]] = frozenset()
    buildings: dict[str, list[Row]] = field(default_factory=dict)


def metres(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (n, 2) metres east and north, on a cylinder at the middle latitude."""
    middle = math.radians(float(np.median(lat))) if len(lat) else 0.0
    return np.column_stack([lon * math.cos(middle), lat]) * _METRES_A_DEGREE


def distance_m(lon: float, lat: float, other_lon: float, other_lat: float) -> float:
    """Return the distance of two positions, good to 1 % within a city."""
    east = (lon - other_lon) * math.cos(math.radians((lat + other_lat) / 2))
    return math.hypot(east, lat - other_lat) * _METRES_A_DEGREE


def gather_places(rows: Sequence[Row]) -> list[Place]:
    """Return the places of the rows, in the order of their first rows."""
    by_key: dict[Hashable, list[Row]] = defaultdict(list)
    for row in rows:
        by_key[_key(row)].append(row)
    groups = [group for rows_of_key in by_key.values() for group in _together(rows_of_key)]
    groups.sort(key=lambda group: group[0].number)
    return [_place(number, group) for number, group in enumerate(groups)]


def _key(row: Row) -> Hashable:
    if row.name is not None:
        return (row.name.base, row.name.end, row.name.phase, row.name.zones)
    if row.address.roads and row.address.roads[0][1]:
        return row.address.roads[0]
    return row.number


def _together(rows: list[Row]) -> Iterator[list[Row]]:
    """Yield the rows that hang together by less than SAME_PLACE_M (single linkage)."""
    if len(rows) == 1:
        yield rows
        return
    xy = metres(np.array([r.lon for r in rows]), np.array([r.lat for r in rows]))
    cells, cell_of = np.unique(np.round(xy / _DEDUPE_M), axis=0, return_inverse=True)
    cell_of = cell_of.ravel()
    is_few = len(rows) <= 200
    points = xy if is_few else cells * _DEDUPE_M
    pairs = KDTree(points).query_pairs(SAME_PLACE_M, output_type="ndarray")
    ones = np.ones(len(pairs), dtype=np.int8)
    graph = coo_array((ones, (pairs[:, 0], pairs[:, 1])), shape=(len(points), len(points)))
    n, label = connected_components(graph, directed=False)
    labels = label if is_few else label[cell_of]
    for k in range(n):
        yield [row for row, mine in zip(rows, labels, strict=True) if mine == k]


def _place(number: int, rows: list[Row]) -> Place:
    """Make the place of some rows; its position is that of its coarsest rows, or their middle."""
    whole = [row for row in rows if row.level <= MatchLevel.COMPOUND and not row.address.building]
    stands = whole[:1] or rows
    is_named = rows[0].name is not None
    names = [name for row in rows for name in (row.name, *row.aliases) if name is not None]
    place = Place(
        number=number,
        lon=float(np.mean([row.lon for row in stands])),
        lat=float(np.mean([row.lat for row in stands])),
        level=_own_level(rows, whole, is_named=is_named),
        text=whole[0].text if whole else _text_without_building(rows[0]),
        id=stands[0].id if len(stands) == 1 else None,
        names=tuple(dict.fromkeys(names)),
        rows=tuple(rows),
    )
    gathered: dict[Label, set[str]] = defaultdict(set)
    for row in rows:
        for label, division in row.address.divisions.items():
            gathered[label].add(division_stem(division))
        if row.address.building:
            place.buildings.setdefault(row.address.building, []).append(row)
    place.divisions = {label: frozenset(stems) for label, stems in gathered.items()}
    doors = {door for row in rows for door in row.address.roads}
    place.roads = frozenset(road for road, _ in doors if road)
    place.doors = frozenset(door for door in doors if door[1])
    return place


def _own_level(rows: list[Row], whole: list[Row], *, is_named: bool) -> MatchLevel:
    if whole:
        return max(row.level for row in whole)
    if rows[0].address.building:
        return MatchLevel.COMPOUND if is_named else MatchLevel.ROAD_NUMBER
    return rows[0].level


def _text_without_building(row: Row) -> str:
    """Return the address of a building's estate: what its own says before the building."""
    fine = (token.start for token in parse(row.text) if token.label in _FINE)
    start = next(fine, len(row.text)) if row.address.building else len(row.text)
    return row.text[:start].rstrip(" ,，-") or row.text


_FINE = frozenset({Label.BUILDING, Label.UNIT, Label.ROOM})
