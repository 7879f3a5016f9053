"""What is being drawn: the places clicked so far, and the outlines that grids would have."""

from collections.abc import Sequence

import geopandas as gpd
import shapely

from geo.crs import WGS84
from geo.text import Language, Text
from layers.geojson import to_features
from layers.map_layer import Legend, LegendItem, MapLayer, TooltipField
from layers.palette import ROUTE
from layers.values import FeatureValues, said

Place = tuple[float, float]
OUTLINE = ("#5b6b7a", "#9fb0c0")
NEW = "#e6850e"


def sketch_layers(places: Sequence[Place], lang: Language, *, is_area: bool) -> list[MapLayer]:
    """Draw the places clicked (lon, lat), joined in their order; an area is closed."""
    line = [*places, places[0]] if is_area and len(places) > 2 else list(places)
    lines = [shapely.LineString(line)] if len(line) > 1 else []
    title = Text("正在画", "Being drawn").say(lang)
    dots = to_features(
        gpd.GeoDataFrame(geometry=[shapely.Point(place) for place in places], crs=WGS84)
    )
    drawn = to_features(gpd.GeoDataFrame(geometry=lines, crs=WGS84))
    return [
        MapLayer(
            id="sketch_line",
            title=title,
            geometry=drawn.geometry,
            version=drawn.version,
            kind="line",
            style={"colour": ROUTE, "weight": 4, "dash": "8 5", "casing": ("#ffffff", "#10161d")},
            order=91,
            bounds=drawn.bounds,
        ),
        MapLayer(
            id="sketch_places",
            title=title,
            geometry=dots.geometry,
            version=dots.version,
            kind="point",
            style={
                "colour": "#ffffff",
                "fill": ROUTE,
                "fill_opacity": 1.0,
                "weight": 2,
                "radius": 6,
            },
            order=92,
            bounds=dots.bounds,
        ),
    ]


def outline_layer(grids: gpd.GeoDataFrame, lang: Language) -> MapLayer:
    """Draw the outlines of grids, to be chosen; ids are the text of the index."""
    features = to_features(grids)
    rows = grids.iloc[features.rows]
    title = Text("网格", "Grids").say(lang)
    return MapLayer(
        id="grids",
        title=title,
        geometry=features.geometry,
        version=features.version,
        values=FeatureValues(
            features.ids, {"name": said(rows, "name"), "code": said(rows, "code")}
        ),
        style={
            "colour": OUTLINE,
            "weight": 1.2,
            "fill_opacity": 0.04,
            "label": "name",
            "label_zoom": 14,
        },
        legend=Legend("", (LegendItem(title, OUTLINE[0], "line"),)),
        tooltip=(TooltipField("code", Text("编码", "Code").say(lang)),),
        is_selectable=True,
        order=20,
        bounds=features.bounds,
    )


def changed_outline_layer(shapes: gpd.GeoDataFrame, lang: Language) -> MapLayer:
    """Draw the outlines that an edit would make; column `name`."""
    features = to_features(shapes)
    title = Text("改后的网格", "Grids after the change").say(lang)
    names = said(shapes.iloc[features.rows], "name")
    return MapLayer(
        id="grids_after",
        title=title,
        geometry=features.geometry,
        version=features.version,
        values=FeatureValues(features.ids, {"name": names}),
        style={"colour": NEW, "weight": 3, "fill": NEW, "fill_opacity": 0.12, "hit": "line"},
        legend=Legend("", (LegendItem(title, NEW, "line"),)),
        order=40,
        bounds=features.bounds,
    )
