"""What a repair did: how far the border of each grid moved, and whose home changed its grid."""

from collections.abc import Hashable, Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.errors import shown_ids
from geo.text import Text
from geo.topology.sentences import number
from geo.topology.tiling import Rows, Shapes, Tiling

DENSE_M = 2.0  # borders are compared at points this far apart …
MOST_PLACES = 5000  # … but at their vertices and no more than this many besides
COLUMNS = (
    *("code", "name", "max_move_m", "area_before_m2", "area_after_m2", "gained_m2", "lost_m2"),
    *("n_spikes", "was_invalid", "points_gained", "points_lost", "text_zh", "text_en"),
)


def changes_of(
    tiling: Tiling,
    start: Shapes,
    shapes: Shapes,
    given: Shapes,
    *,
    n_spikes: Rows,
    points: gpd.GeoDataFrame | None,
) -> pd.DataFrame:
    """Return one row for each grid whose polygon is another than before, index = id.

    `start` (n,): the polygons in metres with outlines made valid and spikes cut, `shapes` (n,)
    after the repair. Columns code, name, max_move_m (the farthest that a point of the border
    moved, spikes aside), area_before_m2, area_after_m2, gained_m2, lost_m2, n_spikes (cut),
    was_invalid, points_gained and points_lost (tuples: ids of homes that lie in the grid now and
    did not before, and the other way), text_zh, text_en.
    """
    differs = ~np.asarray(shapely.equals_identical(given, tiling.given), bool)
    rows = np.flatnonzero(differs)
    gained, lost = _homes(tiling.shapes, shapes, rows, points, tiling)
    move_m = [_move_m(start[row], shapes[row]) for row in rows.tolist()]
    before, after = tiling.shapes[rows], shapes[rows]
    table = pd.DataFrame(
        {
            "code": tiling.codes[rows],
            "name": tiling.labels[rows],
            "max_move_m": np.round(np.array(move_m, float), 3),
            "area_before_m2": shapely.area(before),
            "area_after_m2": shapely.area(after),
            "gained_m2": shapely.area(shapely.difference(after, before)),
            "lost_m2": shapely.area(shapely.difference(before, after)),
            "n_spikes": n_spikes[rows],
            "was_invalid": ~shapely.is_valid(tiling.drawn[rows]),
            "points_gained": gained,
            "points_lost": lost,
        },
        index=tiling.index[rows],
    )
    texts = [_sentence(row) for row in table.to_dict("records")]
    table["text_zh"] = [text.zh for text in texts]
    table["text_en"] = [text.en for text in texts]
    return table[list(COLUMNS)]


def _move_m(before: shapely.Geometry, after: shapely.Geometry) -> float:
    """Return the farthest that any point of either border lies from the other, in metres."""
    if shapely.is_empty(before) or shapely.is_empty(after):
        return 0.0
    rims = shapely.boundary(_unfilled(before, after)), shapely.boundary(after)
    far = 0.0
    for one, other in (rims, rims[::-1]):
        dense_m = max(DENSE_M, float(shapely.length(one)) / MOST_PLACES)
        at = shapely.points(shapely.get_coordinates(shapely.segmentize(one, dense_m)))
        shapely.prepare(other)
        far = max(far, float(shapely.distance(other, at).max()))
    return far


def _unfilled(before: shapely.Geometry, after: shapely.Geometry) -> shapely.Geometry:
    """Return a polygon without the holes and pieces that are gone: their border went nowhere."""
    parts = []
    for part in shapely.get_parts(before):
        shell, *holes = shapely.get_rings(part)
        kept = [hole for hole in holes if not shapely.covers(after, shapely.polygons(hole))]
        if shapely.intersects(after, shapely.point_on_surface(part)):
            parts.append(shapely.Polygon(shell, kept))
    return shapely.multipolygons(parts) if parts else before


def _homes(
    before: Shapes, after: Shapes, rows: Rows, points: gpd.GeoDataFrame | None, tiling: Tiling
) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """Return for each of `rows` the homes that came into it and those that fell out."""
    if points is None or len(rows) == 0:
        return [() for _ in rows], [() for _ in rows]
    homes = np.asarray(points.geometry.to_crs(tiling.crs).to_numpy(), dtype=object)
    tree = shapely.STRtree(homes)
    held = []
    for shapes in (before, after):
        row, home = tree.query(shapes[rows], predicate="intersects")
        held.append(set(zip(row.tolist(), home.tolist(), strict=True)))

    def listed(pairs: set[tuple[int, int]]) -> list[tuple[object, ...]]:
        of: dict[int, list[int]] = {}
        for k, home in sorted(pairs):
            of.setdefault(k, []).append(home)
        return [tuple(points.index[of.get(k, [])].tolist()) for k in range(len(rows))]

    return listed(held[1] - held[0]), listed(held[0] - held[1])


def _sentence(row: Mapping[Hashable, object]) -> Text:
    """Say what happened to one grid."""
    name, move = row["name"], number(float(str(row["max_move_m"])))
    gained, lost = number(float(str(row["gained_m2"]))), number(float(str(row["lost_m2"])))
    zh = [f"网格“{name}”边界最多移动 {move} 米，增 {gained} 平方米、减 {lost} 平方米"]
    en = [f"Grid {name}: border moved by {move} m at most, {gained} m² gained, {lost} m² lost"]
    if row["was_invalid"]:
        zh.append("修正了画错的边界")
        en.append("its outline was made valid")
    if row["n_spikes"]:
        zh.append(f"剪去 {row['n_spikes']} 根尖刺")
        en.append(f"{row['n_spikes']} spikes were cut")
    for key, said_zh, said_en in (
        ("points_gained", "划入", "now in it"),
        ("points_lost", "划出", "not in it any more"),
    ):
        ids = row[key]
        if isinstance(ids, tuple) and ids:
            zh.append(f"{said_zh} {len(ids)} 处住所（{shown_ids(ids)}）")
            en.append(f"{len(ids)} homes {said_en} ({shown_ids(ids)})")
    return Text("；".join(zh) + "。", "; ".join(en) + ".")
