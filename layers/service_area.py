"""Service areas: what can be reached on foot, the longest walk at the bottom."""

from typing import Literal

import geopandas as gpd
import numpy as np

from geo.text import Language, Text
from layers.geojson import to_features
from layers.map_layer import Legend, LegendItem, MapLayer, TooltipField
from layers.palette import VIOLETS, ramp
from layers.values import FeatureValues

# Told apart without red and without colour vision: the limit solid and darkest, shorter walks
# lighter and broken.
DASHES = ("", "8 4", "2.5 3")
WEIGHTS = (2.8, 2.2, 2.2)
SIGNS: tuple[Literal["line", "dash", "dotted"], ...] = ("line", "dash", "dotted")


def service_area_layer(areas: gpd.GeoDataFrame, lang: Language) -> MapLayer:
    """Draw one ring a row of `areas`: `minutes` and a polygon, any CRS. Ids are the minutes."""
    levels = areas.sort_values("minutes", ascending=False)
    levels = levels.set_axis([f"{m:g}" for m in levels["minutes"]], axis="index")
    features = to_features(levels)
    n = len(features.ids)
    colours = dict(zip(features.ids, ramp(VIOLETS, n)[::-1] if n else [], strict=True))
    label = Text("{} 分钟", "{} min").say(lang)
    order = np.arange(n).clip(max=2)  # 0 for the longest walk
    return MapLayer(
        id="service_areas",
        title=Text("步行服务圈", "Service areas").say(lang),
        geometry=features.geometry,
        version=features.version,
        values=FeatureValues(features.ids, {"name": [label.format(i) for i in features.ids]}),
        colours=colours,
        style={
            "fill_opacity": 0.08,
            "casing": ("#ffffff", "#10161d"),
            "label": "name",
            "label_at": "edge",
            "hit": "line",
        },
        feature_styles={
            id_: {"dash": DASHES[k], "weight": WEIGHTS[k]}
            for id_, k in zip(features.ids, order.tolist(), strict=True)
        },
        legend=Legend(
            Text("步行到最近驿站", "On foot to a station").say(lang),
            tuple(
                LegendItem(label.format(id_), colours[id_], SIGNS[k])
                for id_, k in zip(features.ids[::-1], order[::-1].tolist(), strict=True)
            ),
        ),
        tooltip=(TooltipField("name", ""),),  # the name is the heading
        order=40,
        bounds=features.bounds,
    )
