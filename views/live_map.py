"""The live map: one Streamlit component over Leaflet that gets geometry once, then only values.

Three components work together in the browser. The *code* (Leaflet, the painter, the style sheet)
and one *geometry* a layer never change while their content stays the same, so Streamlit sends them
once and then a reference of some bytes. The *map* itself gets a small message on each change: what
is shown, selected and fitted, and the values and colours of each layer (gzipped, kept packed).

Events come back as one trigger, `event`: `{"kind": "click", "layer", "id", "lon", "lat"}` or
`{"kind": "place", "lon", "lat"}`. Further kinds may come; what is not understood is no event.

For tests and benchmarks the element `.redgrid-map` carries `data-drawn` (counts messages that are
fully on the canvas), `data-selected` ("layer/id" or ""), `data-zoom` and `data-layers`.
"""

import functools
import hashlib
import importlib.resources
import json
import math
import re
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st
from xstatic.pkg import leaflet

from geo.text import Language, Text
from layers.geojson import FeatureCollection
from layers.map_layer import Bounds, MapLayer, joint_bounds
from layers.values import FeatureValues

LABELS = {
    "zoom_in": Text("放大", "Zoom in"),
    "zoom_out": Text("缩小", "Zoom out"),
    "fit": Text("显示全部", "Show all"),
    "full_screen": Text("全屏", "Full screen"),
    "leave_full_screen": Text("退出全屏", "Leave full screen"),
    "layers": Text("图层", "Layers"),
    "legend": Text("图例", "Legend"),
    "map": Text("地图", "Map"),
    "loading": Text("地图加载中…", "Loading the map…"),
    "empty": Text("没有可显示的图层。", "There is nothing to show."),
}
WAIT_FOR_CODE = "await (globalThis.redgridMap ??= Promise.withResolvers ? 0 : 0)"


@dataclass(frozen=True)
class MapEvents:
    """What the user did on the map since the last run."""

    clicked: tuple[str, str] | None = None  # layer id, feature id
    place: tuple[float, float] | None = None  # lon, lat: of the click, WGS84


def live_map(
    layers: Sequence[MapLayer],
    *,
    key: str,
    lang: Language,
    height: int | str = 560,
    selected: tuple[str, str] | None = None,
    fit: Bounds | None = None,
    attribution: str = "",
    wants_place: bool = False,
    on_event: Callable[[MapEvents], None] | None = None,
) -> MapEvents:
    """Draw layers as an interactive map and return what the user did on it.

    Panning, zooming and switching layers never rerun the page, and a rerun never moves the map.

    Parameters
    ----------
    layers
        Drawn by `order`. Build each once and keep it: packing is kept with the layer's values.
    key
        The Streamlit key of this map; state in the browser is kept by it.
    height
        Pixels, or a CSS length such as "min(70vh, 640px)".
    selected
        Layer id and feature id: outlined.
    fit
        Fitted at the first drawing and whenever it changes; None: all layers but the base map.
    attribution
        Who must be named for the data (plain text).
    wants_place
        Whether a click where nothing can be selected is an event too.
    on_event
        Called before the rerun that an event causes, so that the page is right at once.
    """
    return MapEvents()
