"""Residences coloured by their walk to the nearest open station."""

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from geo.text import Language, Text
from layers.geojson import to_features
from layers.map_layer import Legend, LegendItem, MapLayer, TooltipField
from layers.palette import BLUES, LEFT_OUT
from layers.values import FeatureValues, counted, minutes_said, said

# Near to far within the limit, then beyond it, then not reachable: blue to orange, safe for
# colour-blind readers, and far stands out without being red.
WITHIN = (BLUES[5], BLUES[4], BLUES[2])
BEYOND, NO_WAY = "#e6850e", "#7a3e00"
REASON_COLUMN = {"zh": "reason_zh", "en": "reason_en"}


def building_layer(
    points: gpd.GeoDataFrame,
    limit_s: float,
    lang: Language,
    *,
    station_names: dict[int, str] | None = None,
) -> MapLayer:
    """Draw demand points (`Coverage.points`): ids are the index ("building:12"); any CRS.

    Columns: name, seconds (inf = not reachable), reason ("" or why the point is left out); read
    where present: compound, members, households, station_id with `station_names`.
    """
    features = to_features(points)
    rows = points.iloc[features.rows]
    classes = _classes(rows, limit_s)
    colours = (*WITHIN, BEYOND, NO_WAY, LEFT_OUT)
    columns = {
        "name": said(rows, "name"),
        "compound": said(rows, "compound"),
        "minutes": minutes_said(rows["seconds"].tolist(), lang),
        "station": _stations(rows, station_names or {}),
        "households": counted(rows, "households", lang),
        "members": counted(rows, "members", lang),
    }
    return MapLayer(
        id="buildings",
        title=Text("住宅楼栋", "Residences").say(lang),
        geometry=features.geometry,
        version=features.version,
        kind="point",
        values=FeatureValues(features.ids, columns),
        colours={i: colours[k] for i, k in zip(features.ids, classes.tolist(), strict=True)},
        style={"colour": ("#ffffff", "#10161d"), "weight": 0.6, "fill_opacity": 0.95, "radius": 4},
        legend=_legend(classes, limit_s, lang),
        tooltip=tuple(TooltipField(key, text.say(lang)) for key, text in FIELDS.items()),
        is_selectable=True,
        is_shown=False,
        min_zoom=14,
        order=50,
        bounds=features.bounds,
    )


FIELDS = {
    "compound": Text("小区", "Compound"),
    "minutes": Text("步行", "Walk"),
    "station": Text("最近驿站", "Nearest station"),
    "households": Text("户数", "Households"),
    "members": Text("党员", "Members"),
}


def _classes(rows: gpd.GeoDataFrame, limit_s: float) -> NDArray[np.intp]:
    """Return 0–2 within thirds of the limit, 3 beyond it, 4 not reachable, 5 left out."""
    seconds = rows["seconds"].to_numpy(float)
    steps = np.searchsorted([limit_s / 3, 2 * limit_s / 3, limit_s], seconds, side="left")
    steps = np.where(np.isinf(seconds), 4, steps)
    is_left_out = np.isnan(seconds)
    if "reason" in rows:
        is_left_out |= (rows["reason"] != "").to_numpy(bool)
    return np.where(is_left_out, 5, steps)


def _stations(rows: gpd.GeoDataFrame, names: dict[int, str]) -> list[str]:
    """Return the name of the nearest station of each point, "" where there is none."""
    if "station_id" not in rows:
        return [""] * len(rows)
    known = rows["station_id"].notna().tolist()
    ids = rows["station_id"].tolist()
    return [names.get(int(i), "") if has else "" for i, has in zip(ids, known, strict=True)]


def _legend(classes: NDArray[np.intp], limit_s: float, lang: Language) -> Legend:
    """List the classes within and beyond the limit; those of no way and left out if they occur."""
    third = limit_s / 180.0
    unit = Text(" 分钟", " min").say(lang)
    items = [
        LegendItem(f"≤ {third * k:.3g}{unit}", colour, "dot")
        for k, colour in zip((1, 2, 3), WITHIN, strict=True)
    ]
    items.append(LegendItem(f"> {3 * third:.3g}{unit}", BEYOND, "dot"))
    if (classes == 4).any():
        items.append(LegendItem(Text("走不到", "not reachable").say(lang), NO_WAY, "dot"))
    if (classes == 5).any():
        items.append(LegendItem(Text("未计入", "left out").say(lang), LEFT_OUT, "dot"))
    return Legend(Text("住宅楼栋的步行时间", "Walk from each home").say(lang), tuple(items))
