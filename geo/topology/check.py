"""Is the tiling of grids sound: gaps, overlaps, broken outlines, codes, belonging, size."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer

from geo.crs import WGS84
from geo.errors import shown_ids
from geo.text import Text
from geo.topology.codes import code_faults, community_faults
from geo.topology.fault import Fault
from geo.topology.faults import contacts, gaps, is_narrow, overlaps, width_m
from geo.topology.rules import DEFAULT_RULES, SEVERITIES, GridRules
from geo.topology.sentences import Facts, number, reason_of, sentence, severity_of
from geo.topology.spikes import cut_spikes, find_spikes
from geo.topology.tiling import NOTHING, Shapes, Tiling, mended, read_tiling

COLUMNS = (
    *("kind", "severity", "is_mendable", "grid_ids", "codes", "names", "n", "area_m2", "width_m"),
    *("lon", "lat", "point_ids", "text_zh", "text_en"),
)


def check_grids(
    frame: gpd.GeoDataFrame,
    *,
    communities: gpd.GeoDataFrame | None = None,
    points: gpd.GeoDataFrame | None = None,
    households: "pd.Series[float] | None" = None,
    rules: GridRules = DEFAULT_RULES,
) -> gpd.GeoDataFrame:
    """Find what is wrong with a tiling of grids; nothing is changed.

    The outside of the tiling is no gap; a narrow cleft that opens outwards between two grids is.

    Parameters
    ----------
    frame
        n grids, index = id, any CRS. Read if there: `code`, `name`, `community_id` or
        `community_code`, `households`.
    communities
        Index = id, columns `code`, `name`, polygons or nothing; any CRS. Left out, no grid is
        measured against them.
    points
        Homes (buildings, members) that may stand on a border; any CRS.
    households
        By id of the grid; instead of the column. NaN = not known.
    rules
        What counts as a fault.

    Returns
    -------
    findings
        One row a fault, the gravest and largest first, numbered; in the CRS of `frame`. Columns
        kind (see `geo.topology.sentences`), severity ("error", "warning", "question", "note"),
        is_mendable (by `repair_grids`), grid_ids, codes, names (tuples, the same order), n (parts,
        homes, households, as the kind has it), area_m2, width_m (NaN where it says nothing), lon,
        lat (WGS84 degrees), point_ids (tuple), text_zh, text_en, geometry (of the fault).

    Raises
    ------
    CrsError
        A frame has no CRS.
    GridError
        Two rows have the same id.
    """
    tiling = read_tiling(frame)
    uncut = cut_spikes(tiling.drawn, rules)[0]
    cut = replace(tiling, drawn=uncut, shapes=mended(uncut))
    sizes = frame["households"] if households is None and "households" in frame else households
    found = chain(
        _spikes(tiling, rules),
        # What a spike does to its own outline and to the neighbours is told with the spike.
        _shape_faults(cut, rules),
        _tiling_faults(cut, rules),
        code_faults(tiling) if "code" in frame else (),
        community_faults(tiling, frame, communities, rules.least_area_m2),
        () if points is None else _border_faults(tiling, points, rules),
        () if sizes is None else _size_faults(tiling, sizes, rules),
    )
    return _findings(list(found), tiling)


def _shape_faults(tiling: Tiling, rules: GridRules) -> Iterator[Fault]:
    """Find what is wrong with each polygon by itself."""
    empty = shapely.is_empty(tiling.drawn)
    for row in np.flatnonzero(empty).tolist():
        yield Fault("not_drawn", (row,), None)
    yield from _invalid(tiling)
    n_parts = shapely.get_num_geometries(tiling.shapes)
    for row in np.flatnonzero(n_parts > 1).tolist():
        parts = shapely.get_parts(tiling.shapes[row])
        largest = int(np.argmax(shapely.area(parts)))
        rest = shapely.MultiPolygon(list(np.delete(parts, largest)))
        yield Fault("multi_part", (row,), rest, n=int(n_parts[row]))
    narrow = np.flatnonzero(~empty & is_narrow(tiling.shapes, 2 * rules.max_move_m))
    widths = width_m(tiling.shapes[narrow])
    for row, width in zip(narrow.tolist(), widths.tolist(), strict=True):
        yield Fault("sliver", (row,), tiling.shapes[row], width_m=width)


def _spikes(tiling: Tiling, rules: GridRules) -> Iterator[Fault]:
    spikes = find_spikes(tiling.drawn, rules)
    for k, row in enumerate(spikes.row.tolist()):
        length = number(float(spikes.length_m[k]))
        yield Fault(
            "spike",
            (row,),
            spikes.shapes[k],
            width_m=float(spikes.width_m[k]),
            what=Text(length, length),
            is_mendable=True,
            place=(float(spikes.place[k, 0]), float(spikes.place[k, 1])),
        )


def _invalid(tiling: Tiling) -> Iterator[Fault]:
    """Find invalid outlines, with the place."""
    for row in np.flatnonzero(~shapely.is_valid(tiling.drawn)).tolist():
        reason = str(shapely.is_valid_reason(tiling.drawn[row]))
        shape = tiling.shapes[row]
        at = reason.partition("[")[2].rstrip("]").split()
        place = (float(at[0]), float(at[1])) if len(at) >= 2 else None
        yield Fault(
            "invalid",
            (row,),
            tiling.drawn[row] if shapely.is_empty(shape) else shape,
            what=reason_of(reason),
            is_mendable=not shapely.is_empty(shape),
            place=place if place is not None and np.isfinite(place).all() else None,
        )


def _tiling_faults(tiling: Tiling, rules: GridRules) -> Iterator[Fault]:
    """Find what is wrong between the polygons."""
    shapes = tiling.shapes
    most_m = 2 * rules.max_move_m
    double = overlaps(shapes)
    empty = gaps(shapes, mouth_m=most_m)
    areas = [shapely.area(double.shapes), shapely.area(empty.shapes)]
    told = [np.flatnonzero(area >= rules.least_area_m2) for area in areas]
    widths = width_m(double.shapes[told[0]])
    narrow = is_narrow(double.shapes[told[0]], most_m)
    for k, width, thin in zip(told[0].tolist(), widths.tolist(), narrow.tolist(), strict=True):
        pair = int(double.first[k]), int(double.second[k])
        least = min(float(shapely.area(shapes[row])) for row in pair)
        fits = float(areas[0][k]) <= rules.most_of_a_grid * least
        yield Fault("overlap", pair, double.shapes[k], width_m=width, is_mendable=thin and fits)
    places = empty.shapes[told[1]]
    widths, narrow = width_m(places), is_narrow(places, most_m)
    neighbours = _neighbours(places, shapes)
    for k, width in enumerate(widths.tolist()):
        yield Fault("gap", neighbours[k], places[k], width_m=width, is_mendable=bool(narrow[k]))
    yield from _unmatched(tiling, set(double.first) | set(double.second), empty.shapes)


def _neighbours(places: Shapes, shapes: Shapes) -> list[tuple[int, ...]]:
    """Return the rows of the polygons round each place, the longest common border first."""
    if len(places) == 0:
        return []
    row, place, metres = contacts(places, shapes)
    order = np.lexsort((row, -metres, place))
    ends = np.searchsorted(place[order], np.arange(len(places) + 1))
    return [tuple(row[order[a:b]].tolist()) for a, b in pairwise(ends.tolist())]


def _unmatched(tiling: Tiling, overlapping: set[int], empty: Shapes) -> Iterator[Fault]:
    """Find borders whose vertices differ from the neighbours' without an area to speak of."""
    sound = np.flatnonzero(~shapely.is_empty(tiling.shapes))
    edges = shapely.coverage_invalid_edges(tiling.shapes[sound])
    odd = sound[~(shapely.is_empty(edges) | shapely.is_missing(edges))]
    beside = set(shapely.STRtree(tiling.shapes).query(empty, predicate="dwithin", distance=0.01)[1])
    for row in odd.tolist():
        if row not in overlapping and row not in beside:
            yield Fault("unmatched_border", (row,), tiling.shapes[row], is_mendable=True)


def _border_faults(tiling: Tiling, points: gpd.GeoDataFrame, rules: GridRules) -> Iterator[Fault]:
    """Find the homes that stand within `border_m` of a border between two grids."""
    homes = np.asarray(points.geometry.to_crs(tiling.crs).to_numpy(), dtype=object)
    shapes = tiling.shapes.copy()
    shapes[shapely.is_empty(shapes)] = None
    home, row = shapely.STRtree(shapes).query(homes, predicate="dwithin", distance=rules.border_m)
    near: dict[int, list[int]] = {}
    for h, r in zip(home.tolist(), row.tolist(), strict=True):
        near.setdefault(h, []).append(r)
    between: dict[tuple[int, ...], list[int]] = {}
    for h, rows in near.items():
        if len(rows) > 1:
            between.setdefault(tuple(sorted(rows)), []).append(h)
    for pair, places in between.items():
        ids = tuple(points.index[places].tolist())
        names = points["name"].iloc[places].tolist() if "name" in points else list(ids)
        shown = shown_ids([name or one for name, one in zip(names, ids, strict=True)])
        yield Fault(
            "point_on_border",
            pair,
            shapely.MultiPoint(shapely.get_coordinates(homes[places])),
            n=len(places),
            width_m=rules.border_m,
            what=Text(shown, shown),
            points=ids,
        )


def _size_faults(
    tiling: Tiling, households: "pd.Series[float]", rules: GridRules
) -> Iterator[Fault]:
    """Find grids with fewer or more households than a grid is meant to have; unknown is neither."""
    usual = f"{rules.fewest_households:g}–{rules.most_households:g}"
    for row, n in enumerate(households.reindex(tiling.index).to_numpy(float).tolist()):
        few, many = n < rules.fewest_households, n > rules.most_households
        if few or many:
            kind = "too_few_households" if few else "too_many_households"
            yield Fault(kind, (row,), tiling.shapes[row], n=round(n), what=Text(usual, usual))


def _findings(faults: list[Fault], tiling: Tiling) -> gpd.GeoDataFrame:
    """Return the faults as rows, the gravest and largest first."""
    shapes = [NOTHING if fault.shape is None else fault.shape for fault in faults]
    areas = shapely.area(np.array([*shapes, NOTHING], dtype=object))[:-1]
    rows, ids = [], tiling.index.tolist()
    for fault, area in zip(faults, areas.tolist(), strict=True):
        labels = tuple(str(tiling.labels[row]) for row in fault.rows)
        width = 0.0 if np.isnan(fault.width_m) else fault.width_m
        facts = Facts(labels, fault.n, area, width, fault.what, fault.is_mendable)
        text = sentence(fault.kind, facts)
        rows.append(
            {
                "kind": fault.kind,
                "severity": severity_of(fault.kind, is_mendable=fault.is_mendable),
                "is_mendable": fault.is_mendable,
                "grid_ids": tuple(ids[row] for row in fault.rows),
                "codes": tuple(str(tiling.codes[row]) for row in fault.rows),
                "names": labels,
                "n": fault.n,
                "area_m2": area,
                "width_m": fault.width_m,
                "point_ids": fault.points,
                "text_zh": text.zh,
                "text_en": text.en,
            }
        )
    table = pd.DataFrame(rows, columns=[c for c in COLUMNS if c not in {"lon", "lat"}])
    table["lon"], table["lat"] = _places(faults, shapes, tiling)
    found = gpd.GeoDataFrame(table[list(COLUMNS)], geometry=shapes, crs=tiling.crs)
    grave = found["severity"].map({name: k for k, name in enumerate(SEVERITIES)})
    first = found["codes"].map(lambda codes: codes[0] if codes else "")
    order = pd.DataFrame({"s": grave, "a": -found["area_m2"], "k": found["kind"], "c": first})
    found = found.loc[order.sort_values(["s", "a", "k", "c"], kind="stable").index]
    return found.reset_index(drop=True).to_crs(tiling.frame_crs)


def _places(
    faults: list[Fault], shapes: list[shapely.Geometry], tiling: Tiling
) -> tuple[np.ndarray, np.ndarray]:
    """Return where each fault is (k,), (k,): WGS84 degrees, NaN for what is not drawn."""
    inside = shapely.point_on_surface(np.array([*shapes, NOTHING], dtype=object))[:-1]
    xy = np.full((len(inside), 2), np.nan)
    xy[~shapely.is_empty(inside)] = shapely.get_coordinates(inside)
    for k, fault in enumerate(faults):
        if fault.place is not None:
            xy[k] = fault.place
    known = np.isfinite(xy).all(axis=1)
    lon_lat = np.full((len(xy), 2), np.nan)
    to_degrees = Transformer.from_crs(tiling.crs, WGS84, always_xy=True)
    lon_lat[known] = np.column_stack(to_degrees.transform(xy[known, 0], xy[known, 1]))
    return np.round(lon_lat[:, 0], 7), np.round(lon_lat[:, 1], 7)
