"""The walking route from a residence to its station."""

import geopandas as gpd

from geo.text import Language, Text
from layers.geojson import to_features
from layers.map_layer import Legend, LegendItem, MapLayer, TooltipField
from layers.palette import ROUTE
from layers.values import FeatureValues, counted, minutes_said, said


def route_layer(line: gpd.GeoDataFrame | gpd.GeoSeries, lang: Language) -> MapLayer:
    """Draw routes, lines in any CRS; columns read where present: name, seconds, metres."""
    frame = line if isinstance(line, gpd.GeoDataFrame) else gpd.GeoDataFrame(geometry=line)
    features = to_features(frame)
    rows = frame.iloc[features.rows]
    title = Text("步行路线", "Walking route").say(lang)
    seconds = rows["seconds"].tolist() if "seconds" in rows else [float("nan")] * len(rows)
    columns = {
        "name": [name or title for name in said(rows, "name")],
        "minutes": minutes_said(seconds, lang),
        "metres": counted(rows, "metres", lang),
    }
    return MapLayer(
        id="route",
        title=title,
        geometry=features.geometry,
        version=features.version,
        kind="line",
        values=FeatureValues(features.ids, columns),
        style={"colour": ROUTE, "weight": 4.5, "opacity": 0.95, "casing": ("#ffffff", "#10161d")},
        legend=Legend("", (LegendItem(title, ROUTE, "line"),)),
        tooltip=(
            TooltipField("minutes", Text("步行", "Walk").say(lang)),
            TooltipField("metres", Text("米", "Metres").say(lang)),
        ),
        order=80,
        bounds=features.bounds,
    )
