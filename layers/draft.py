"""What a what-if adds to the map: new stations (to be dragged), gates and links."""

from collections.abc import Sequence

import geopandas as gpd
import shapely

from geo.crs import WGS84
from geo.text import Language, Text
from geo.whatif import Edit, NewGate, NewLink
from layers.geojson import to_features
from layers.map_layer import Legend, LegendItem, MapLayer, TooltipField
from layers.palette import BRAND_RED, ROUTE
from layers.values import FeatureValues, counted, said

GATE = "#37485a"


def new_station_layer(stations: gpd.GeoDataFrame, lang: Language) -> MapLayer:
    """Draw stations that are not there yet (rows of `Coverage.stations`); ids are 0… in order."""
    rows = stations.reset_index(drop=True)
    features = to_features(rows)
    title = Text("新驿站", "New stations").say(lang)
    shown = rows.iloc[features.rows]
    columns = {
        "name": said(shown, "name"),
        "members": counted(shown, "members_served", lang),
        "households": counted(shown, "households_served", lang),
    }
    return MapLayer(
        id="new_stations",
        title=title,
        geometry=features.geometry,
        version=features.version,
        kind="icon",
        values=FeatureValues(features.ids, columns),
        colours=dict.fromkeys(features.ids, BRAND_RED),
        style={"colour": BRAND_RED, "label": "name", "label_zoom": 13, "drag": True},
        legend=Legend("", (LegendItem(title, BRAND_RED, "hollow_star"),)),
        tooltip=(
            TooltipField("members", Text("服务党员", "Members served").say(lang)),
            TooltipField("households", Text("服务户数", "Households served").say(lang)),
        ),
        is_selectable=True,
        order=95,
        hollow=frozenset(features.ids),
        bounds=features.bounds,
    )


def link_layer(edits: Sequence[Edit], lang: Language) -> MapLayer:
    """Draw the new footbridges and passages among some edits."""
    links = [edit for edit in edits if isinstance(edit, NewLink)]
    lines = [shapely.LineString([(e.lon, e.lat), (e.to_lon, e.to_lat)]) for e in links]
    frame = gpd.GeoDataFrame({"name": [""] * len(lines)}, geometry=lines, crs=WGS84)
    title = Text("新通道", "New links").say(lang)
    features = to_features(frame)
    return MapLayer(
        id="new_links",
        title=title,
        geometry=features.geometry,
        version=features.version,
        kind="line",
        values=FeatureValues(features.ids, {"name": [title] * len(features.ids)}),
        style={"colour": ROUTE, "weight": 5, "opacity": 0.95, "casing": ("#ffffff", "#10161d")},
        legend=Legend("", (LegendItem(title, ROUTE, "line"),)) if links else None,
        tooltip=(TooltipField("name", title),),
        order=82,
        bounds=features.bounds,
    )


def new_gate_layer(edits: Sequence[Edit], lang: Language) -> MapLayer:
    """Draw the new gates among some edits."""
    gates = [edit for edit in edits if isinstance(edit, NewGate)]
    points = gpd.points_from_xy([e.lon for e in gates], [e.lat for e in gates], crs=WGS84)
    frame = gpd.GeoDataFrame({"name": [""] * len(gates)}, geometry=points)
    title = Text("新开的门", "New gates").say(lang)
    features = to_features(frame)
    return MapLayer(
        id="new_gates",
        title=title,
        geometry=features.geometry,
        version=features.version,
        kind="point",
        values=FeatureValues(features.ids, {"name": [title] * len(features.ids)}),
        style={"colour": "#ffffff", "fill": GATE, "fill_opacity": 1.0, "weight": 1.6, "radius": 6},
        legend=Legend("", (LegendItem(title, GATE, "dot"),)) if gates else None,
        tooltip=(TooltipField("name", title),),
        order=84,
        bounds=features.bounds,
    )


def gate_layer(gates: gpd.GeoDataFrame, lang: Language) -> MapLayer:
    """Draw the gates that there are, to be chosen; `gates` as in `geo.study`."""
    features = to_features(gates)
    rows = gates.iloc[features.rows]
    title = Text("出入口", "Gates").say(lang)
    to_all = Text("对所有人开放", "open to everyone").say(lang)
    columns = {
        "name": [name or title for name in said(rows, "name")],
        "who": [to_all if is_open else "" for is_open in rows["open_to_all"]],
    }
    return MapLayer(
        id="gates",
        title=title,
        geometry=features.geometry,
        version=features.version,
        kind="point",
        values=FeatureValues(features.ids, columns),
        style={"colour": GATE, "fill": "#ffffff", "fill_opacity": 1.0, "weight": 1.4, "radius": 4},
        legend=Legend("", (LegendItem(title, GATE, "dot"),)),
        tooltip=(TooltipField("who", Text("通行", "Who").say(lang)),),
        is_selectable=True,
        min_zoom=14,
        order=83,
        bounds=features.bounds,
    )


def start_layer(place: tuple[float, float] | None, lang: Language) -> MapLayer:
    """Draw the first end of a link while the second is being chosen."""
    points = [] if place is None else [shapely.Point(place)]
    frame = gpd.GeoDataFrame({"name": [""] * len(points)}, geometry=points, crs=WGS84)
    features = to_features(frame)
    title = Text("通道的一端", "One end of the link").say(lang)
    return MapLayer(
        id="link_start",
        title=title,
        geometry=features.geometry,
        version=features.version,
        kind="point",
        values=FeatureValues(features.ids, {"name": [title] * len(features.ids)}),
        style={"colour": "#ffffff", "fill": ROUTE, "fill_opacity": 1.0, "weight": 2, "radius": 7},
        order=86,
        bounds=features.bounds,
    )
