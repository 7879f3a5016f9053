"""The base map, drawn from the office's own vectors: ground, water, rails, compounds, streets."""

from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from geo.network import EdgeKind, WalkNetwork
from geo.study import Study
from geo.text import Language, Text
from layers.geojson import to_features
from layers.map_layer import MapLayer
from layers.values import FeatureValues, said

Style = dict[str, Any]
# Pairs are (light theme, dark theme). Quiet greys and greens: the figures lie on top.
GREEN: Style = {"fill": ("#e3efdc", "#1d2a20"), "weight": 0, "fill_opacity": 1.0}
WATER: Style = {"fill": ("#cfe3ef", "#16303f"), "weight": 0, "fill_opacity": 1.0}
COMPOUNDS: Style = {
    "fill": ("#f5f1e8", "#22262c"),
    "colour": ("#d9d0bf", "#3a414a"),
    "weight": 1,
    "fill_opacity": 1.0,
    "label": "name",
    "label_zoom": 16,
}
BUILDINGS: Style = {
    "fill": ("#ded5c6", "#343b44"),
    "colour": ("#c3b8a4", "#4a535e"),
    "weight": 0.7,
    "fill_opacity": 1.0,
}
RAIL: Style = {"colour": ("#9a9fa6", "#6a727c"), "weight": 2, "dash": "7 5"}
STREETS: dict[str, tuple[tuple[EdgeKind, ...], Text, int, Style]] = {
    "paths": (
        (EdgeKind.FOOT, EdgeKind.STEPS, EdgeKind.OTHER),
        Text("步道", "Paths"),
        16,
        {"colour": ("#c9c2b6", "#4b535d"), "weight": 1, "dash": "3 3"},
    ),
    "lanes": (
        (EdgeKind.SERVICE,),
        Text("支路", "Lanes"),
        15,
        {"colour": ("#ffffff", "#39414b"), "weight": 1.6, "casing": ("#d9dce0", "#20262d")},
    ),
    "streets": (
        (EdgeKind.STREET,),
        Text("街道", "Streets"),
        0,
        {"colour": ("#ffffff", "#454e59"), "weight": 2.6, "casing": ("#cfd3d8", "#20262d")},
    ),
    "arterials": (
        (EdgeKind.MAJOR,),
        Text("主干道", "Main roads"),
        0,
        {"colour": ("#fdf0cf", "#5d5a4c"), "weight": 4.2, "casing": ("#d8c48f", "#20262d")},
    ),
}


def base_layers(study: Study, lang: Language) -> list[MapLayer]:
    """Return the layers of the base map from bottom to top, orders 0 to 9; empty ones are left off.

    None takes part in the layer control. Build once per study version and keep: this is the bulk of
    what a page sends.
    """
    base = study.base
    rail = base[base["kind"] == "rail"]
    compounds = study.compounds[_is_area(study.compounds)]
    footprints = study.buildings.set_geometry("footprint", crs=study.crs)
    layers = [
        _layer("green", Text("绿地", "Green"), base[base["kind"] == "green"], GREEN, lang, 0),
        _layer("water", Text("水面", "Water"), base[base["kind"] == "water"], WATER, lang, 1),
        _layer("compounds", Text("小区", "Compounds"), compounds, COMPOUNDS, lang, 2, min_zoom=15),
        _layer(
            "footprints", Text("楼栋", "Buildings"), footprints, BUILDINGS, lang, 3, min_zoom=15
        ),
        _layer("rail", Text("铁路", "Railway"), rail, RAIL, lang, 4, kind="line"),
    ]
    for order, (name, (kinds, title, min_zoom, style)) in enumerate(STREETS.items(), start=5):
        lines = street_lines(study.network, kinds)
        layers.append(_layer(name, title, lines, style, lang, order, "line", min_zoom))
    return [layer for layer in layers if layer.bounds is not None]


def street_lines(network: WalkNetwork, kinds: tuple[EdgeKind, ...]) -> gpd.GeoDataFrame:
    """Return the edges of some kinds as lines, index = edge, with their `name`."""
    edges = np.flatnonzero(np.isin(network.edge_kind, kinds))
    counts = np.diff(network.vertex_start)
    edges = edges[counts[edges] >= 2]
    of_edge = np.repeat(np.arange(len(counts)), counts)
    chosen = np.isin(of_edge, edges)
    lines = shapely.linestrings(
        network.vertex_xy[chosen], indices=np.searchsorted(edges, of_edge[chosen])
    )
    return gpd.GeoDataFrame(
        {"name": network.edge_name[edges]}, geometry=lines, crs=network.crs, index=edges
    )


def _is_area(frame: gpd.GeoDataFrame) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """Tell which rows have an outline rather than a point."""
    return np.asarray(shapely.get_dimensions(frame.geometry.to_numpy()) == 2)


def _layer(
    name: str,
    title: Text,
    frame: gpd.GeoDataFrame,
    style: Style,
    lang: Language,
    order: int,
    kind: str = "polygon",
    min_zoom: int = 0,
) -> MapLayer:
    """Return one layer of the base map."""
    features = to_features(frame)
    rows = frame.iloc[features.rows]
    names = FeatureValues(features.ids, {"name": said(rows, "name")}) if "label" in style else {}
    return MapLayer(
        id=f"base.{name}",
        title=title.say(lang),
        geometry=features.geometry,
        version=features.version,
        kind="line" if kind == "line" else "polygon",
        values=names,
        style=style,
        is_base=True,
        min_zoom=min_zoom,
        order=order,
        bounds=features.bounds,
    )
