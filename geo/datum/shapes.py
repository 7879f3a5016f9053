"""The datum of a file of polygons or lines: by their middles, their borders and their names."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.crs import WGS84
from geo.datum.areas import area_claims, named_areas
from geo.datum.case import Case, case_of, middles
from geo.datum.detect import NOTHING_KNOWN, NOWHERE_NEAR, detect_datum, judged
from geo.datum.hypotheses import Hypothesis, transformer
from geo.datum.known import KnownPlaces, MetricPlaces, in_metres
from geo.datum.named import pairs_by_name
from geo.datum.reading import DatumFinding

Floats = NDArray[np.float64]

SMALL_M = 400.0  # the side up to which a shape is told by its middle alone
SMALL_DEGREES = 0.004
MOST_VERTICES = 2_000


def detect_datum_of_shapes(
    shapes: NDArray[np.object_],
    known: KnownPlaces,
    *,
    names: Sequence[str] = (),
    texts: Sequence[str] = (),
) -> DatumFinding:
    """Find what the coordinates of geometries are in, from what is known; as `detect_datum`.

    Points and small shapes (buildings, compounds) are compared by their middles. Large ones (grids,
    districts, streets) by the vertices of their outline, with known borders and streets; by name,
    with known areas; and by the known compounds whose address names one of them.

    Parameters
    ----------
    shapes
        (n,) geometries with coordinates as in the file; None and empty ones are passed over.
    names, texts
        (n,) or empty, as for `detect_datum`.
    """
    bounds = shapely.bounds(shapes)
    side = np.max(bounds[:, 2:] - bounds[:, :2], axis=1)
    centre = middles(shapes)
    if not np.isfinite(side).any():
        return detect_datum(centre[:, 0], centre[:, 1], known)
    is_degrees = np.nanmedian(np.abs(centre)) <= 180
    if np.nanmedian(side) <= (SMALL_DEGREES if is_degrees else SMALL_M):
        return detect_datum(centre[:, 0], centre[:, 1], known, names=names, texts=texts)
    return _by_outline(shapes, centre, known, names)


def _by_outline(
    shapes: NDArray[np.object_], centre: Floats, known: KnownPlaces, names: Sequence[str]
) -> DatumFinding:
    metric = in_metres(known)
    if metric is None:
        return DatumFinding(None, (), 0.0, NOTHING_KNOWN)
    vertices = np.unique(shapely.get_coordinates(shapes), axis=0)
    if len(vertices) > MOST_VERTICES:
        vertices = vertices[np.linspace(0, len(vertices) - 1, MOST_VERTICES).astype(int)]
    points = np.concatenate([centre, vertices])
    is_vertex = np.arange(len(points)) >= len(centre)
    case = case_of(points[:, 0], points[:, 1], metric, ("borders", "streets"), is_vertex)
    if case is None:
        return DatumFinding(None, (), 0.0, NOWHERE_NEAR)
    is_usable = np.asarray(np.isfinite(np.stack(case.xy)).all(axis=(0, 2)))
    case = replace(
        case,
        pairs=pairs_by_name(names, known.area_names, is_usable),
        places=middles(metric.areas),
    )
    return judged(_with_addresses(case, shapes, known, names, metric), metric)


def _with_addresses(
    case: Case,
    shapes: NDArray[np.object_],
    known: KnownPlaces,
    names: Sequence[str],
    metric: MetricPlaces,
) -> Case:
    """Add the known compounds whose address names one of the file's areas."""
    is_area = shapely.get_dimensions(shapes) == 2
    if not len(names) or not len(known.compound_texts) or not is_area.any():
        return case
    rows = np.flatnonzero(is_area)
    area = named_areas(known.compound_texts, [names[int(row)] for row in rows])
    to_metres = transformer(WGS84, metric.crs)
    areas = []
    for hypothesis in case.hypotheses:

        def moved(xy: Floats, read: Hypothesis = hypothesis) -> Floats:
            return np.column_stack(to_metres.transform(*read.to_wgs84(xy[:, 0], xy[:, 1])))

        areas.append(shapely.transform(shapes[rows], moved))
    here = middles(metric.compounds)
    claims = area_claims(area, [here] * len(areas), areas, is_of_areas=True)
    return replace(case, claims=claims)
