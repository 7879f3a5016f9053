"""Rows of a file that is about to be taken in: kept, doubtful or refused."""

import geopandas as gpd

from geo.text import Language, Text
from layers.geojson import to_features
from layers.map_layer import Legend, LegendItem, MapLayer, TooltipField
from layers.palette import BLUES, BRAND_RED
from layers.values import FeatureValues, said

# Blue to orange, as homes are: safe for colour-blind readers.
STATES = {
    "kept": (Text("收下", "kept"), BLUES[4]),
    "doubt": (Text("收下，存疑", "kept, doubtful"), "#e6a93c"),
    "refused": (Text("退回", "refused"), "#7a3e00"),
}
AREAS = ("Polygon", "MultiPolygon")


def import_rows_layer(places: gpd.GeoDataFrame, lang: Language) -> MapLayer:
    """Draw where rows lie: index = row in the file, `state` one of `STATES`; any CRS.

    Polygons are drawn where all rows are; otherwise each row is a point on it.
    """
    is_area = len(places) > 0 and bool(places.geom_type.isin(AREAS).all())
    shown = places if is_area else places.set_geometry(places.representative_point())
    features = to_features(shown)
    rows = shown.iloc[features.rows]
    states = said(rows, "state")
    row = Text("第 {} 行", "row {}").say(lang)
    columns = {
        "name": [row.format(number) for number in rows.index],
        "state": [STATES[state][0].say(lang) for state in states],
    }
    items = [
        LegendItem(text.say(lang), colour, "fill" if is_area else "dot")
        for state, (text, colour) in STATES.items()
        if state in states
    ]
    title = Text("文件里的行", "Rows of the file").say(lang)
    return MapLayer(
        id="import_rows",
        title=title,
        geometry=features.geometry,
        version=features.version,
        kind="polygon" if is_area else "point",
        values=FeatureValues(features.ids, columns),
        colours={i: STATES[s][1] for i, s in zip(features.ids, states, strict=True)},
        style={
            "colour": ("#ffffff", "#10161d"),
            "weight": 0.8,
            "fill_opacity": 0.45 if is_area else 0.95,
            "radius": 4,
        },
        legend=Legend(title, tuple(items)) if items else None,
        tooltip=(TooltipField("state", Text("处理", "Becomes").say(lang)),),
        order=90,
        bounds=features.bounds,
    )


def reading_layer(points: gpd.GeoDataFrame, lang: Language) -> MapLayer:
    """Draw where the rows of a file lie under one reading of its numbers; any CRS."""
    features = to_features(points)
    title = Text("文件里的行", "Rows of the file").say(lang)
    return MapLayer(
        id="reading",
        title=title,
        geometry=features.geometry,
        version=features.version,
        kind="point",
        colours=dict.fromkeys(features.ids, BRAND_RED),
        style={"colour": ("#ffffff", "#10161d"), "weight": 0.6, "fill_opacity": 0.9, "radius": 3.5},
        order=90,
        bounds=features.bounds,
    )
