"""Places that an address may mean, each with the number of the key that chooses it."""

import geopandas as gpd

from geo.text import Language, Text
from layers.geojson import to_features
from layers.map_layer import MapLayer, TooltipField
from layers.palette import BRAND_RED
from layers.values import FeatureValues, said


def place_option_layer(options: gpd.GeoDataFrame, lang: Language) -> MapLayer:
    """Draw candidates as numbered points: index = number; address, level; any CRS."""
    features = to_features(options)
    rows = options.iloc[features.rows]
    columns = {
        "number": [str(number) for number in rows.index],
        "name": [
            f"{number} · {address}"
            for number, address in zip(rows.index, said(rows, "address"), strict=True)
        ],
        "level": said(rows, "level"),
    }
    return MapLayer(
        id="place_options",
        title=Text("可能的地点", "Possible places").say(lang),
        geometry=features.geometry,
        version=features.version,
        kind="point",
        values=FeatureValues(features.ids, columns),
        colours=dict.fromkeys(features.ids, BRAND_RED),
        style={
            "colour": ("#ffffff", "#10161d"),
            "weight": 1.5,
            "fill_opacity": 0.95,
            "radius": 8,
            "label": "number",
            "label_zoom": 0,
        },
        tooltip=(TooltipField("level", Text("级别", "Level").say(lang)),),
        is_selectable=True,
        order=95,
        bounds=features.bounds,
    )
