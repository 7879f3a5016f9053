"""The datum detective: which reading of a file's coordinates fits what is known, and how surely.

Every reading is compared at its place and at all small shifts round it. A file that fits at a
reading's own place and nowhere else within 2 km has found its datum; one that fits as well after
a shift of a few hundred metres has not, however near its points lie to the map. So the rivals of a
reading are the other readings and "something else, shifted anyhow", and a dense map, a file of one
estate or a file of another city end as questions.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.special import logsumexp

from geo.datum.areas import area_claims, named_areas
from geo.datum.case import POINT_LAYERS, Case, case_of, log_likelihood, middles
from geo.datum.known import LAYERS, KnownPlaces, MetricPlaces, in_metres
from geo.datum.named import pairs_by_name
from geo.datum.reading import NEAR_M, DatumFinding, Reading
from geo.text import Text

Floats = NDArray[np.float64]

# A file as a whole may lie off its datum: mostly by little, now and then by a lot.
OFFSETS_M, OFFSET_SHARES = (30.0, 150.0), (0.9, 0.1)
# When it is clear: log likelihood ratios over the next reading and over an unknown shift, …
CLEAR_MARGIN, CLEAR_PEAK = 7.0, 4.0
UNKNOWN_SHARE = 0.1  # of files that are in no datum of ours
LARGEST_OFFSET_M = 100.0  # … no offset of the file as a whole, …
FEWEST_PLACES, FEWEST_NAMES, FEWEST_BLOCKS = 12, 3, 30  # … and enough that carries it
PLACE_M = 300.0  # points of one such cell are one place: clumps are few
SUPPORT_M = 150.0
NARROW_M = 300.0  # points closer together than this fit in too many places
INSIDE_SHARE = 0.8  # of the points of a numbered zone that lie on the map


def _disc(radius_m: float, step_m: float) -> Floats:
    k = np.arange(-int(radius_m // step_m), int(radius_m // step_m) + 1) * step_m
    square = np.stack(np.meshgrid(k, k, indexing="ij"), axis=-1).reshape(-1, 2)
    return np.asarray(square[np.hypot(square[:, 0], square[:, 1]) <= radius_m])


NEAR_SHIFTS, FAR_SHIFTS = _disc(300.0, 30.0), _disc(2_000.0, 60.0)


def _offset_prior() -> Floats:
    square = (NEAR_SHIFTS**2).sum(axis=1)
    density = sum(
        share * np.exp(-square / 2 / sigma**2) / sigma**2
        for sigma, share in zip(OFFSETS_M, OFFSET_SHARES, strict=True)
    )
    return np.asarray(np.log(density / np.sum(density)))


OFFSET_PRIOR = _offset_prior()


NOTHING_KNOWN = Text(
    "地图上还没有楼栋、小区、道路或网格可作比较。",
    "There are no buildings, compounds, streets or grids on the map yet to compare with.",
)
NOWHERE_NEAR = Text(
    "按哪种坐标系读，文件都不在已知地图附近。",
    "Under no reading does the file lie near what is on the map.",
)


def detect_datum(
    x: Floats,
    y: Floats,
    known: KnownPlaces,
    *,
    names: Sequence[str] = (),
    texts: Sequence[str] = (),
) -> DatumFinding:
    """Find what the coordinates of points are in, from what is known.

    Parameters
    ----------
    x, y
        (n,) as in the file, degrees or metres; what is not finite is passed over.
    names, texts
        (n,) or empty: what the rows are called, compared with the known compounds' names, and
        their addresses, which may name an area.

    Returns
    -------
    finding
        `best` is None where no reading is clearly the right one. CGCS2000 is named WGS84.
    """
    metric = in_metres(known)
    x, y = np.asarray(x, float), np.asarray(y, float)
    is_place = np.isfinite(x) & np.isfinite(y)
    if metric is None or not is_place.any():
        return DatumFinding(None, (), 0.0, NOTHING_KNOWN)
    case = case_of(x, y, metric, POINT_LAYERS)
    if case is None:
        return DatumFinding(None, (), 0.0, NOWHERE_NEAR)
    places = middles(metric.compounds)
    is_known = np.asarray(np.isfinite(places).all(axis=1))
    known_names = [
        name if is_there else ""
        for name, is_there in zip(known.compound_names, is_known, strict=False)
    ]
    case = replace(case, pairs=pairs_by_name(names, known_names, case.is_usable), places=places)
    if len(texts) and len(known.area_names):
        area = named_areas(texts, known.area_names)
        case = replace(case, claims=area_claims(area, case.xy, [metric.areas] * len(case.xy)))
    return judged(case, metric)


def judged(case: Case, metric: MetricPlaces) -> DatumFinding:
    """Return the readings of a case in order, and whether the first of them is clear."""
    near = [
        log_likelihood(case, at, NEAR_SHIFTS) + OFFSET_PRIOR for at in range(len(case.hypotheses))
    ]
    scores = np.array([logsumexp(surface) for surface in near])
    order = np.argsort(-scores, kind="stable")
    first = int(order[0])
    unknown = _log_mean_exp(log_likelihood(case, first, FAR_SHIFTS)) + np.log(UNKNOWN_SHARE)
    layer, distances = _distances(case, metric)
    readings = tuple(
        _reading(case, int(at), scores[at] - unknown, near[at], layer, distances[at])
        for at in order
    )
    margin = float(scores[first] - scores[order[1]]) if len(order) > 1 else np.inf
    reason = _doubt(case, first, readings, margin)
    if reason is not None and _is_numbered_zone(case, readings[0], metric):
        reason = None
    return DatumFinding(
        readings[0] if reason is None else None, readings, margin, reason or _clear(readings[0])
    )


def _distances(case: Case, metric: MetricPlaces) -> tuple[Text, list[Floats]]:
    """Return the layer that distances are told to, and by reading (m,) metres to it."""
    name = next((name for name in case.compared if name in metric.layers), "")
    rows = np.flatnonzero(case.is_near)
    if not name:
        return Text("", ""), [np.empty(0)] * len(case.xy)
    tree = shapely.STRtree(metric.layers[name])
    distances = []
    for xy in case.xy:
        here = xy[rows][np.isfinite(xy[rows]).all(axis=1)]
        (_, _), metres = tree.query_nearest(
            shapely.points(here), return_distance=True, all_matches=False
        )
        distances.append(metres)
    return LAYERS[name], distances


def _reading(
    case: Case, at: int, score: float, surface: Floats, layer: Text, distances: Floats
) -> Reading:
    chance = np.exp(surface - logsumexp(surface))
    offset = chance @ NEAR_SHIFTS
    residual = case.xy[at][case.pairs.row] - case.places[case.pairs.place]
    away_m = np.hypot(residual[:, 0], residual[:, 1])
    _, start = np.unique(case.pairs.row, return_index=True)
    nearest = np.minimum.reduceat(away_m, start) if len(start) else away_m
    return Reading(
        hypothesis=case.hypotheses[at],
        lon=case.lon_lat[at][0],
        lat=case.lon_lat[at][1],
        score=float(score),
        n=len(distances),
        layer=layer,
        n_near=int((distances <= NEAR_M).sum()),
        median_m=float(np.median(distances)) if len(distances) else np.nan,
        offset_m=float(np.hypot(*offset)),
        n_named=case.pairs.n_names,
        named_median_m=float(np.median(nearest)) if len(nearest) else np.nan,
        n_said=0 if case.claims is None else len(case.claims.area),
        n_inside=0 if case.claims is None else case.claims.n_inside(at),
    )


def _doubt(case: Case, first: int, readings: tuple[Reading, ...], margin: float) -> Text | None:
    """Return why it asks; None where the first reading is clear."""
    best = readings[0]
    title = best.hypothesis.title
    if not _has_support(case, first):
        return Text(
            "能与地图比较的点太少，或都挤在一处，无法判断。",
            "Too few points can be compared with the map, or all in one spot.",
        )
    if best.offset_m > LARGEST_OFFSET_M and best.score > 0:
        return Text(
            f"{title.zh} 最像，但整个文件似乎偏了约 {best.offset_m:.0f} 米，请核对来源。",
            f"{title.en} fits best, but the whole file seems to lie some {best.offset_m:.0f} m "
            "off; check where it comes from.",
        )
    if best.score < CLEAR_PEAK:
        return Text(
            f"{title.zh} 最像，但把点移动几百米也同样吻合，无法确定。",
            f"{title.en} fits best, but so do the points after a shift of some hundred metres.",
        )
    if margin < CLEAR_MARGIN:
        other = readings[1].hypothesis.title
        return Text(
            f"{title.zh} 最像，但与 {other.zh} 相差不够明显。",
            f"{title.en} fits best, but not clearly better than {other.en}.",
        )
    return None


def _clear(best: Reading) -> Text:
    note = Text("", "")
    if best.hypothesis.epsg and best.hypothesis.epsg != 3857:
        note = Text(
            "（西安80、北京54 坐标与此只差几十到一百多米，图上难分，请核对。）",
            " (Xian 1980 and Beijing 1954 differ from it by some 50-150 m only; check.)",
        )
    return Text(
        f"坐标系判断为 {best.hypothesis.title.zh}。{note.zh}",
        f"The coordinates are {best.hypothesis.title.en}.{note.en}",
    )


def _has_support(case: Case, first: int) -> bool:
    """Tell whether enough different places speak for a reading."""
    xy = case.xy[first]
    residual = xy[case.pairs.row] - case.places[case.pairs.place]
    is_close = np.hypot(residual[:, 0], residual[:, 1]) <= SUPPORT_M
    n_places = len(np.unique(case.pairs.place[is_close]))
    n_blocks = 0 if case.claims is None else len(np.unique(case.claims.block))
    if n_places >= FEWEST_NAMES or n_blocks >= FEWEST_BLOCKS:
        return True
    if not case.densities:
        return False
    there = xy[case.sample]
    if np.median(np.hypot(*(there - np.median(there, axis=0)).T)) < NARROW_M:
        return False
    is_on = np.any([density.reaches(there) for density in case.densities], axis=0)
    return len(np.unique(np.floor(there[is_on] / PLACE_M), axis=0)) >= FEWEST_PLACES


def _is_numbered_zone(case: Case, best: Reading, metric: MetricPlaces) -> bool:
    """Tell whether the only reading is a zone that its numbers name, and its points on the map.

    There is nothing to choose then; without a number a file of another city may land here.
    """
    epsg = best.hypothesis.epsg
    if len(case.hypotheses) > 1 or epsg is None or not 4491 <= epsg <= 4533:
        return False
    xy = case.xy[0]
    is_inside = ((xy >= metric.low) & (xy <= metric.high)).all(axis=1)
    return bool(is_inside.sum() >= FEWEST_PLACES and is_inside.mean() >= INSIDE_SHARE)


def _log_mean_exp(values: Floats) -> float:
    return float(logsumexp(values) - np.log(len(values)))
