"""The live map: one Streamlit component over Leaflet that gets geometry once, then only values.

Three components work together in the browser. The *code* (Leaflet, the painter, the style sheet)
and one *geometry* a layer never change while their content stays the same, so Streamlit sends them
once and then a reference of some bytes. The *map* itself gets a small message on each change: what
is shown, selected and fitted, and the values and colours of each layer (gzipped, kept packed).

Events come back as one trigger, `event`: `{"kind": "click", "layer", "id", "lon", "lat"}`, the same
with kind "move" where an icon was dragged, or `{"kind": "place", "lon", "lat"}`. Further kinds may
come; what is not understood is no event.

For tests and benchmarks the element `.redgrid-map` carries `data-drawn` (counts messages that are
fully on the canvas), `data-selected` ("layer/id" or ""), `data-zoom` and `data-layers`. It stands
in a shadow root; outside of it the component's element repeats the counter as
`data-redgrid-drawn`, for `document.querySelector`.
"""

import functools
import gzip
import hashlib
import importlib.resources
import json
import re
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import streamlit as st
from xstatic.pkg import leaflet

from geo.text import Language, Text
from layers.geojson import FeatureCollection
from layers.map_layer import Bounds, MapLayer, joint_bounds
from layers.palette import DARK
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
MODULES = ("map_painter.js", "map_panels.js", "map_store.js", "map.js")


@dataclass(frozen=True)
class MapEvents:
    """What the user did on the map since the last run."""

    clicked: tuple[str, str] | None = None  # layer id, feature id
    moved: tuple[str, str] | None = None  # layer id, feature id: dragged to `place`
    place: tuple[float, float] | None = None  # lon, lat: of the click or the drop, WGS84


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
    components = _components()
    drawn = sorted(layers, key=lambda layer: layer.order)
    message = _message(
        drawn,
        head={
            "key": key,
            "lang": "en" if lang == "en" else "zh-CN",
            "labels": {name: text.say(lang) for name, text in LABELS.items()},
            "height": f"{height}px" if isinstance(height, int) else height,
            "selected": selected,
            "fit": fit or joint_bounds([x for x in drawn if not x.is_base]) or joint_bounds(drawn),
            "attribution": attribution,
            "wants_place": wants_place,
            "dark": DARK,
        },
    )

    def tell() -> None:
        if on_event is not None:
            on_event(_read_event(st.session_state[key], drawn))

    with st.container(gap=None):
        result = components.map(key=key, data=message, on_event_change=tell)
        components.code(key=f"{key}.code")
        for layer in drawn:
            if layer.bounds is not None or layer.geometry["features"]:
                name = _name(layer).encode()
                packed = FeatureCollection.of(layer.geometry).packed
                carried = struct.pack(">H", len(name)) + name + packed
                components.geometry(key=f"{key}.geometry.{layer.id}", data=carried)
    return _read_event(result, drawn)


def _name(layer: MapLayer) -> str:
    """Return what the browser calls the geometry of a layer."""
    return f"{layer.id}@{layer.version}"


# --- messages -----------------------------------------------------------------------------------

_packed_layers: WeakKeyDictionary[MapLayer, tuple[dict[str, Any], bytes]] = WeakKeyDictionary()


def _message(layers: Sequence[MapLayer], *, head: Mapping[str, Any]) -> bytes:
    """Return the length of the head, the head as JSON, then the packed values of each layer."""
    described, parts, offset = [], [], 0
    for layer in layers:
        found = _packed_layers.get(layer)
        if found is None:
            packed = _pack_values(layer)
            found = _packed_layers[layer] = _describe(layer, packed), packed
        about, packed = found
        described.append({**about, "values": [offset, len(packed)]})
        parts.append(packed)
        offset += len(packed)
    text = json.dumps({**head, "layers": described}, ensure_ascii=False).encode()
    return b"".join([struct.pack(">I", len(text)), text, *parts])


def _describe(layer: MapLayer, packed: bytes) -> dict[str, Any]:
    """Return what the browser must know of a layer besides its geometry and values."""
    return {
        "id": layer.id,
        "title": layer.title,
        "name": "" if layer.bounds is None else _name(layer),
        "kind": layer.kind,
        "style": layer.style,
        "legend": layer.legend and asdict(layer.legend),
        "tooltip": [asdict(field) for field in layer.tooltip],
        "is_selectable": layer.is_selectable,
        "is_shown": layer.is_shown,
        "is_base": layer.is_base,
        "min_zoom": layer.min_zoom,
        "order": layer.order,
        "digest": hashlib.blake2b(packed, digest_size=9).hexdigest(),
    }


def _pack_values(layer: MapLayer) -> bytes:
    """Return what is said and coloured per feature, as columns over `ids`, as gzipped JSON."""
    values = FeatureValues.of(layer.values)
    ids = list(values.ids or layer.colours)
    palette = list(dict.fromkeys(layer.colours.values()))
    number = {colour: k for k, colour in enumerate(palette)}
    content = {
        "ids": ids,
        "columns": values.columns,
        "palette": palette,
        "classes": [number.get(layer.colours.get(i, ""), -1) for i in ids] if palette else [],
        "hatched": [row for row, i in enumerate(ids) if i in layer.hatched],
        "hollow": [row for row, i in enumerate(ids) if i in layer.hollow],
        "styles": {i: dict(style) for i, style in layer.feature_styles.items()},
    }
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return gzip.compress(text.encode(), compresslevel=1, mtime=0)


def _read_event(result: Any, layers: Sequence[MapLayer]) -> MapEvents:  # noqa: ANN401 - from outside
    """Read the trigger; what a browser sends is checked, and what is not understood is nothing."""
    event = result.get("event") if isinstance(result, Mapping) else None
    if not isinstance(event, Mapping):
        return MapEvents()
    place = _read_place(event.get("lon"), event.get("lat"))
    if event.get("kind") == "place":
        return MapEvents(place=place)
    kind, layer_id, feature_id = event.get("kind"), event.get("layer"), event.get("id")
    if not isinstance(kind, str) or not isinstance(feature_id, str):
        return MapEvents()
    for layer in layers:
        if layer.id == layer_id and (feature_id in layer.values or feature_id in layer.colours):
            mark = (layer.id, feature_id)
            if kind == "click" and layer.is_selectable:
                return MapEvents(clicked=mark, place=place)
            if kind == "move" and layer.style.get("drag") and place is not None:
                return MapEvents(moved=mark, place=place)
    return MapEvents()


def _read_place(lon: object, lat: object) -> tuple[float, float] | None:
    """Return a place if both are degrees; a turn round the world more or less is taken off."""
    if not isinstance(lon, int | float) or not isinstance(lat, int | float):
        return None
    if not (abs(lon) <= 540 and abs(lat) <= 90):  # NaN is neither
        return None
    return (lon + 180.0) % 360.0 - 180.0 if abs(lon) > 180 else float(lon), float(lat)


# --- the code in the browser ----------------------------------------------------------------------


class _Components(NamedTuple):
    code: Callable[..., Any]
    geometry: Callable[..., Any]
    map: Callable[..., Any]


@functools.cache
def _components() -> _Components:
    """Register the three components, once a process."""
    source, css = _source(), _style_sheet()
    digest = hashlib.blake2b((source + css).encode(), digest_size=6).hexdigest()
    # A map and its geometry may be mounted before the code: they wait for it at this gate.
    gate = f"""
const gate = globalThis[Symbol.for("redgrid.map.{digest}")] ??= (() => {{
  let open;
  const code = new Promise((resolve) => {{ open = resolve; }});
  return {{ code, open }};
}})();
"""
    code = f"{gate}\nconst CSS_TEXT = {json.dumps(css)};\n{source}\n"
    code += "gate.open({ map, geometry });\n"
    code += "export default ({ parentElement }) => takeNoRoom(parentElement);\n"
    waiting = "export default async (component) => (await gate.code).{}(component);\n"
    return _Components(
        code=st.components.v2.component("redgrid_map_code", js=code),
        geometry=st.components.v2.component(
            "redgrid_map_geometry", js=gate + waiting.format("geometry")
        ),
        map=st.components.v2.component("redgrid_map", js=gate + waiting.format("map")),
    )


def _source() -> str:
    """Return Leaflet, kept out of the page's globals, and the modules of the map."""
    plain = (Path(leaflet.BASE_DIR) / "leaflet.js").read_text(encoding="utf-8")
    plain = plain[: plain.rindex("//# sourceMappingURL")]
    views = importlib.resources.files("views")
    modules = [views.joinpath(name).read_text(encoding="utf-8") for name in MODULES]
    return "\n".join([plain, "const L = globalThis.L.noConflict();", *modules])


def _style_sheet() -> str:
    """Return Leaflet's style sheet without its pictures, which are not used, and the map's own."""
    plain = (Path(leaflet.BASE_DIR) / "leaflet.css").read_text(encoding="utf-8")
    own = importlib.resources.files("views").joinpath("map.css").read_text(encoding="utf-8")
    return re.sub(r"url\([^)]*\)", "none", plain) + own
