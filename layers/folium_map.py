"""A self-contained HTML map to hand on: opens from a USB stick with no network."""

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import folium
from branca.element import Element, MacroElement
from folium.features import GeoJsonTooltip
from folium.template import Template
from xstatic.pkg import leaflet

from geo.text import Language, Text
from layers.folium_legend import legend_html, sign_svg
from layers.map_layer import MapLayer, joint_bounds
from layers.page_text import page_text

Json = dict[str, Any]
PLAIN: Json = {
    "colour": "#5b6b7a",
    "weight": 1.0,
    "opacity": 1.0,
    "fill_opacity": 0.7,
    "radius": 5.0,
    "dash": "",
}
# Nothing from outside, whatever a reader's browser would allow.
POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"
PAGE_CSS = """
html, body { height: 100%; margin: 0; }
body { font: 14px/1.45 system-ui, "Noto Sans CJK SC", "Microsoft YaHei", sans-serif;
  color: #17212b; display: flex; flex-direction: column; font-variant-numeric: tabular-nums; }
header { padding: 8px 14px; border-bottom: 3px solid #b3202a; }
header h1 { margin: 0; font-size: 18px; }
header p { margin: 2px 0 0; color: #4a5663; font-size: 12.5px; overflow-wrap: anywhere; }
.folium-map { flex: 1 1 auto; min-height: 0; background: #f7f6f2 !important; font: inherit; }
.leaflet-control-layers label, .legend span, .legend h2 { overflow-wrap: anywhere; }
.leaflet-control-layers { max-width: 240px; }
.leaflet-container, .leaflet-tooltip { font-size: 13px !important; }
.legend { position: fixed; right: 10px; bottom: 12px; z-index: 1000; max-width: 240px;
  max-height: 55vh; overflow: auto; background: #ffffffee; border: 1px solid #d5dae0;
  border-radius: 8px; padding: 6px 12px 8px; font-size: 13px; }
.legend summary { font-weight: 600; cursor: pointer; }
.legend h2 { margin: 6px 0 2px; font-size: 12px; color: #4a5663; }
.legend ul { margin: 0; padding: 0; list-style: none; }
.legend li { display: flex; align-items: center; gap: 8px; line-height: 21px; }
.legend svg { width: 18px; height: 18px; flex: none; }
.tip dl { display: grid; grid-template-columns: auto auto; gap: 1px 14px; margin: 2px 0 0; }
.tip dd { margin: 0; text-align: right; font-weight: 600; }
.leaflet-tooltip { white-space: normal; width: max-content; max-width: 280px; }
.leaflet-tooltip, .leaflet-tooltip * { overflow-wrap: anywhere; }
path.hatched { fill: url(#hatched); }
"""
HATCH = (
    '<svg width="0" height="0" style="position:absolute" aria-hidden="true"><defs>'
    '<pattern id="hatched" width="8" height="8" patternUnits="userSpaceOnUse">'
    '<path d="M0 0h8v8H0z" fill="#f1f3f5"/>'
    '<path d="M0 8L8 0M-2 2L2 -2M6 10L10 6" stroke="#a7adb5" stroke-width="1.4"/>'
    "</pattern></defs></svg>"
)


def folium_html(
    layers: Sequence[MapLayer], *, title: str, lang: Language, notes: Sequence[str] = ()
) -> str:
    """Return one HTML page with the layers, a layer control, a legend and tooltips.

    Leaflet is part of the page and its content policy forbids every request. All text shows as
    text. Names that the live map writes on the map are in the tooltips here.

    Parameters
    ----------
    layers
        Drawn by `order`; layers with `min_zoom` appear from that zoom on.
    title, notes
        Plain text above the map: what it shows, the data date, who made the data.
    """
    drawn = sorted(layers, key=lambda layer: layer.order)
    plan = folium.Map(tiles=None, zoom_control=False, attribution_control=False, zoom_snap=0.25)
    plan.default_js, plan.default_css = [], []  # links to content delivery networks
    page = plan.get_root()
    page.title = page_text(title)
    page.header.add_child(_Raw(_head()), name="offline")
    page.html.add_child(_Raw(_heading(title, notes) + HATCH), name="heading", index=0)
    groups = {}
    for number, layer in enumerate(drawn):
        groups[layer.id] = _add_layer(plan, layer, number, _unlike(layer, drawn[:number]))
    page.html.add_child(_Raw(legend_html(drawn, lang)), name="legend")
    bounds = joint_bounds([x for x in drawn if not x.is_base]) or joint_bounds(drawn)
    if bounds is not None:
        west, south, east, north = bounds
        plan.fit_bounds([[south, west], [north, east]], padding=(18, 18), max_zoom=17)
    if any(not layer.is_base for layer in drawn):
        folium.LayerControl(collapsed=False, autoZIndex=False).add_to(plan)
    plan.add_child(_Controls(drawn, groups, lang))
    html: str = page.render()
    return html.replace("<html>", f'<html lang="{"en" if lang == "en" else "zh-CN"}">', 1)


class _Raw(Element):  # type: ignore[misc]
    """Text that goes into the page as it is, never read as a template."""

    _template = Template("{{ this.text }}")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class _Controls(MacroElement):  # type: ignore[misc]
    """Zoom buttons and scale in the page's language; what depends on zoom and on the switches."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
        {
            const plan = {{ this._parent.get_name() }};
            L.control.zoom({{ this.titles|tojson }}).addTo(plan);
            L.control.scale({imperial: false}).addTo(plan);
            const zoomed = () => {
                for (const [pane, zoom] of {{ this.min_zooms|tojson }}) {
                    plan.getPane(pane).style.display = plan.getZoom() >= zoom ? "" : "none";
                }
            };
            const switched = () => {
                {%- for number, group in this.legends %}
                document.getElementById("legend-{{ number }}").hidden = !plan.hasLayer({{ group }});
                {%- endfor %}
            };
            plan.on("zoomend", zoomed).on("overlayadd overlayremove", switched);
            zoomed();
            switched();
        }
        {% endmacro %}
        """
    )

    def __init__(
        self, layers: Sequence[MapLayer], groups: Mapping[str, folium.FeatureGroup], lang: Language
    ) -> None:
        super().__init__()
        self.titles = {
            "zoomInTitle": Text("放大", "Zoom in").say(lang),
            "zoomOutTitle": Text("缩小", "Zoom out").say(lang),
        }
        numbered = list(enumerate(layers))
        self.min_zooms = [[_pane(n), layer.min_zoom] for n, layer in numbered if layer.min_zoom]
        self.legends = [
            [n, groups[layer.id].get_name()]
            for n, layer in numbered
            if layer.legend is not None and not layer.is_base
        ]


# --- the page -------------------------------------------------------------------------------------


def _head() -> str:
    """Return the policy, Leaflet and the style sheets."""
    folder = Path(leaflet.BASE_DIR)
    script = (folder / "leaflet.js").read_text(encoding="utf-8")
    script = script[: script.rindex("//# sourceMappingURL")].replace("</script", "<\\/script")
    css = (folder / "leaflet.css").read_text(encoding="utf-8")
    layers_png = base64.b64encode((folder / "images" / "layers.png").read_bytes()).decode()
    css = css.replace("url(images/layers.png)", f"url(data:image/png;base64,{layers_png})")
    css = re.sub(r"url\(images/[^)]*\)", "none", css)
    return (
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f"<style>{css}</style><script>{script}</script><style>{PAGE_CSS}</style>"
    )


def _heading(title: str, notes: Sequence[str]) -> str:
    """Return the title and the notes above the map."""
    lines = "".join(f"<p>{page_text(note)}</p>" for note in notes)
    return f"<header><h1>{page_text(title)}</h1>{lines}</header>"


def _unlike(layer: MapLayer, earlier: Sequence[MapLayer]) -> str:
    """Return the title; with a number where an earlier layer has the same."""
    same = sum(other.title == layer.title for other in earlier)
    return f"{layer.title} ({same + 1})" if same else layer.title


# --- layers ---------------------------------------------------------------------------------------


def _pane(number: int) -> str:
    return f"layer-{number}"


def _add_layer(plan: folium.Map, layer: MapLayer, number: int, title: str) -> folium.FeatureGroup:
    """Add a layer in a pane of its own, so that the switches never change what lies on top."""
    pane = folium.map.CustomPane(_pane(number), z_index=400 + number, pointer_events=False)
    plan.add_child(pane)
    group = folium.FeatureGroup(
        name=page_text(title),
        control=not layer.is_base,
        show=layer.is_base or layer.is_shown,
    ).add_to(plan)
    if layer.kind == "icon" or layer.style.get("shape") == "diamond":
        for marker in _markers(layer, _pane(number)):
            marker.add_to(group)
        return group
    features = list(_features(layer))
    if not features:
        return group
    if _light(layer.style.get("casing")):
        cased = [{**f, "properties": {"style": _casing(layer, str(f["id"]))}} for f in features]
        _geojson(layer, cased, _pane(number)).add_to(group)
    _geojson(layer, features, _pane(number), has_tips=_has_tips(layer)).add_to(group)
    return group


def _geojson(
    layer: MapLayer, features: list[Json], pane: str, *, has_tips: bool = False
) -> folium.GeoJson:
    """Return features that carry their own style; ids stay behind."""
    kept = [{k: f[k] for k in ("type", "properties", "geometry")} for f in features]
    tip = GeoJsonTooltip(["tip"], labels=False, class_name="tip", sticky=True) if has_tips else None
    return folium.GeoJson(
        {"type": "FeatureCollection", "features": kept},
        control=False,
        marker=folium.CircleMarker() if layer.kind == "point" else None,
        tooltip=tip,
        pane=pane,
        interactive=has_tips,
    )


def _features(layer: MapLayer) -> Iterator[Json]:
    """Yield features with style and tooltip; lines without either of their own become one."""
    features = layer.geometry["features"]
    if layer.is_base and layer.kind == "line" and features:
        lines = [line for f in features for line in _lines_of(f["geometry"])]
        shape = {"type": "MultiLineString", "coordinates": lines}
        yield _feature(layer, "", shape)
        return
    for feature in features:
        yield _feature(layer, str(feature["id"]), feature["geometry"])


def _feature(layer: MapLayer, id_: str, shape: Json) -> Json:
    properties: Json = {"style": _path_style(layer, id_)}
    if _has_tips(layer):
        properties["tip"] = _tip(layer, id_)
    return {"type": "Feature", "id": id_, "properties": properties, "geometry": shape}


def _lines_of(shape: Json) -> list[Any]:
    coordinates: list[Any] = shape["coordinates"]
    return coordinates if shape["type"] == "MultiLineString" else [coordinates]


def _has_tips(layer: MapLayer) -> bool:
    return not layer.is_base and bool(layer.tooltip)


def _tip(layer: MapLayer, id_: str) -> str:
    """Return name and figures of a feature as HTML."""
    values = layer.values.get(id_, {})
    rows = [
        f"<dt>{page_text(field.label)}</dt><dd>{page_text(str(values[field.key]))}</dd>"
        for field in layer.tooltip
        if field.label and str(values.get(field.key, ""))
    ]
    name = page_text(str(values.get("name") or layer.title))
    return f"<strong>{name}</strong>" + (f"<dl>{''.join(rows)}</dl>" if rows else "")


def _light(colour: Any) -> str:  # noqa: ANN401 - a colour, a pair of them, or nothing
    """Return the colour of the light theme, "" where there is none."""
    return str(colour[0] if isinstance(colour, list | tuple) else colour or "")


def _style(layer: MapLayer, id_: str) -> Json:
    return {**PLAIN, **layer.style, **layer.feature_styles.get(id_, {})}


def _path_style(layer: MapLayer, id_: str) -> Json:
    """Return Leaflet's path options of a feature."""
    style = _style(layer, id_)
    own = layer.colours.get(id_)
    has_fill = layer.kind != "line"
    is_hollow = id_ in layer.hollow
    is_ring = layer.kind == "polygon" and id_ in layer.feature_styles
    has_own_line = bool(own) and (layer.kind == "line" or is_hollow or is_ring)
    path: Json = {
        "color": own if has_own_line else _light(style["colour"]),
        "weight": style["weight"],
        "opacity": style["opacity"],
        "stroke": bool(style["weight"]),
        "fill": has_fill and not is_hollow,
    }
    if has_fill:
        path["fillColor"] = own or _light(style.get("fill") or style["colour"])
        path["fillOpacity"] = style["fill_opacity"]
    if layer.kind == "point":
        path["radius"] = style["radius"]
    if style["dash"]:
        path["dashArray"] = style["dash"]
    if id_ in layer.hatched:
        path["className"] = "hatched"
    return path


def _casing(layer: MapLayer, id_: str) -> Json:
    """Return the path options of the wider line below."""
    style = _style(layer, id_)
    weight = float(style["weight"]) + 2
    return {"color": _light(style["casing"]), "weight": weight, "opacity": 0.9, "fill": False}


def _markers(layer: MapLayer, pane: str) -> Iterator[folium.Marker]:
    """Yield a sign a point: a star on a disc, or a diamond."""
    sign = "star" if layer.kind == "icon" else "diamond"
    size = 28 if sign == "star" else 15
    for feature in layer.geometry["features"]:
        id_ = str(feature["id"])
        style = _style(layer, id_)
        colour = layer.colours.get(id_) or _light(style.get("fill") or style["colour"])
        picture = sign_svg(
            "hollow_star" if id_ in layer.hollow and sign == "star" else sign, colour
        )
        lon, lat = feature["geometry"]["coordinates"][:2]
        marker = folium.Marker(
            [lat, lon],
            icon=folium.DivIcon(
                html=picture,
                icon_size=(size, size),
                icon_anchor=(size // 2, size // 2),
                class_name="sign",
            ),
            tooltip=folium.Tooltip(_tip(layer, id_)) if _has_tips(layer) else None,
            pane=pane,
        )
        yield marker
