"""Candidate sites: where a station could be."""

import geopandas as gpd

from geo.text import Language, Text
from layers.geojson import to_features
from layers.map_layer import Legend, LegendItem, MapLayer, TooltipField
from layers.values import FeatureValues, counted, said

COLOUR = "#37485a"


def candidate_layer(candidates: gpd.GeoDataFrame, lang: Language) -> MapLayer:
    """Draw candidate sites as diamonds: name, address, cost, area_m2; any CRS."""
    features = to_features(candidates)
    rows = candidates.iloc[features.rows]
    title = Text("备选点位", "Candidate sites").say(lang)
    columns = {
        "name": said(rows, "name"),
        "address": said(rows, "address"),
        "cost": counted(rows, "cost", lang),
        "area_m2": counted(rows, "area_m2", lang),
    }
    return MapLayer(
        id="candidates",
        title=title,
        geometry=features.geometry,
        version=features.version,
        kind="point",
        values=FeatureValues(features.ids, columns),
        style={
            "colour": "#ffffff",
            "fill": COLOUR,
            "fill_opacity": 1.0,
            "weight": 1.2,
            "radius": 5.5,
            "shape": "diamond",
        },
        legend=Legend("", (LegendItem(title, COLOUR, "diamond"),)),
        tooltip=(
            TooltipField("address", Text("地址", "Address").say(lang)),
            TooltipField("cost", Text("费用", "Cost").say(lang)),
            TooltipField("area_m2", Text("面积(平方米)", "Floor area in m²").say(lang)),
        ),
        is_selectable=True,
        is_shown=False,
        order=70,
        bounds=features.bounds,
    )
