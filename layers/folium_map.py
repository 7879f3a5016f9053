"""A self-contained HTML map to hand on: opens from a USB stick with no network.

Nothing is fetched: folium's links to scripts and style sheets elsewhere are taken out and Leaflet
stands in the page. Text from files and users reaches the page in three ways only: as JSON inside
a script (`_script_json`), from where it is shown by `textContent`; escaped for HTML; or both, for
the layer control, which Leaflet writes as HTML.
"""

import html
import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import folium
from branca.element import Element, MacroElement
from folium.template import Template
from folium.utilities import JsCode
from xstatic.pkg import leaflet

from geo.text import Language, Text
from layers.geojson import FeatureCollection
from layers.map_layer import LegendItem, MapLayer, joint_bounds
from layers.palette import BRAND_RED

BASE_PANE = "ground"
STAR = "M12 2.6l2.8 6 6.6.8-4.9 4.5 1.3 6.5-5.8-3.3-5.8 3.3 1.3-6.5L2.6 9.4l6.6-.8z"
FUNCTIONS = """
const redgrid = {
  node(tag, text) {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    return made;
  },
  tip(properties, fields) {
    const box = redgrid.node("div");
    box.append(redgrid.node("strong", properties.name ?? ""));
    const table = redgrid.node("table");
    for (const [key, label] of fields) {
      if (!label || !properties[key]) continue;
      const row = redgrid.node("tr");
      row.append(redgrid.node("th", label), redgrid.node("td", properties[key]));
      table.append(row);
    }
    if (table.children.length) box.append(table);
    return box;
  },
  keepOrder(map, groups) {
    const arrange = () => {
      for (const [group, minZoom, isBase] of groups) {
        if (isBase && map.getZoom() < minZoom) map.removeLayer(group);
        else if (isBase) map.addLayer(group);
        if (map.hasLayer(group)) group.bringToFront();
      }
    };
    map.on("zoomend overlayadd", arrange);
    arrange();
  },
};
"""
STYLE = """
body { font: 13px/1.5 system-ui, "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; }
.leaflet-container { background: #f7f6f2; font: inherit; }
.leaflet-tooltip, .leaflet-popup-content { font-size: 13px; }
.leaflet-container table { font-size: inherit; border-spacing: 0; }
.leaflet-tooltip strong, .leaflet-popup-content strong { font-size: 14px; }
.leaflet-container th { text-align: left; font-weight: 400; opacity: .75; padding-right: 14px; }
.leaflet-container td { text-align: right; font-weight: 600; font-variant-numeric: tabular-nums; }
.rg-station { background: none; border: 0; }
.rg-box {
  position: fixed; z-index: 900; background: #fffffff0; border: 1px solid #d5dae0;
  border-radius: 8px; padding: 8px 12px; max-width: min(300px, 70vw);
}
.rg-title { left: 54px; top: 10px; }
.rg-title h1 { margin: 0; font-size: 17px; }
.rg-title p { margin: 0; opacity: .8; }
.rg-legend { right: 10px; bottom: 24px; max-height: 60vh; overflow: auto; }
.rg-legend h2 { margin: 6px 0 2px; font-size: 12px; }
.rg-legend ul { margin: 0; padding: 0; list-style: none; }
.rg-legend li { display: flex; gap: 8px; align-items: center; }
.rg-legend svg { width: 18px; height: 18px; flex: none; }
@media (max-width: 640px) { .rg-legend { max-height: 34vh; } }
"""


def folium_html(
    layers: Sequence[MapLayer], *, title: str, lang: Language, notes: Sequence[str] = ()
) -> str:
    """Return one HTML page with the layers, their legends and a layer control.

    Parameters
    ----------
    layers
        Drawn by `order`; colours of the light theme.
    title
        The heading, and the name of the page.
    lang
        The language of the page's own words.
    notes
        Lines below the heading: data date, speed profile, limit, licences.
    """
    drawn = sorted(layers, key=lambda layer: layer.order)
    # One fit at the start; without any geometry the whole world is shown.
    page = folium.Map(
        tiles=None,
        prefer_canvas=True,
        control_scale=False,
        zoom_control=False,
        attribution_control=False,
        zoom_snap=0.25,
    )
    page.default_js = []
    page.default_css = []
    folium.map.CustomPane(BASE_PANE, z_index=350, pointer_events=False).add_to(page)
    figure = page.get_root()
    figure.title = html.escape(title)
    for part in _assets():
        figure.header.add_child(Element(part))
    groups = [_group(layer).add_to(page) for layer in drawn]
    folium.LayerControl(collapsed=False).add_to(page)
    bounds = joint_bounds([x for x in drawn if not x.is_base]) or joint_bounds(drawn)
    if bounds is not None:
        west, south, east, north = bounds
        page.fit_bounds([[south, west], [north, east]], padding=(18, 18))
    _Controls(groups, drawn, lang).add_to(page)
    _Panels(title, list(notes), drawn, lang).add_to(page)
    return str(figure.render())


@cache
def _assets() -> tuple[str, str, str]:
    """Return Leaflet, the page's functions and its styles as elements of the head."""
    folder = Path(leaflet.BASE_DIR)
    code = (folder / "leaflet.js").read_text(encoding="utf-8")
    code = code[: code.rindex("//# sourceMappingURL")]
    css = (folder / "leaflet.css").read_text(encoding="utf-8")
    css = re.sub(r"url\([^)]*\)", "none", css)
    return (
        f"{{% raw %}}<style>{css}{STYLE}</style>{{% endraw %}}",
        f"{{% raw %}}<script>{code}</script>{{% endraw %}}",
        f"{{% raw %}}<script>{FUNCTIONS}</script>{{% endraw %}}",
    )


def _script_json(value: object) -> str:
    """Return a value as JSON that is safe inside a script, whatever text it holds."""
    text = json.dumps(value, ensure_ascii=True)
    for sign in "<>&'`$":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


# --- layers -----------------------------------------------------------------------------------


def _group(layer: MapLayer) -> folium.FeatureGroup:
    """Return one layer; its title is escaped, because the layer control writes it as HTML."""
    group = folium.FeatureGroup(
        name=html.escape(layer.title), control=not layer.is_base, show=layer.is_shown
    )
    content = _with_values(layer)
    if not content["features"]:
        return group
    folium.GeoJson(
        content,
        style_function=lambda feature: _style(layer, feature["id"]),
        marker=_marker(layer),
        on_each_feature=JsCode(_on_each(layer)),
        smooth_factor=0.5,
        interactive=not layer.is_base,
        **({"pane": BASE_PANE} if layer.is_base else {}),
    ).add_to(group)
    return group


def _with_values(layer: MapLayer) -> dict[str, Any]:
    """Return the GeoJSON of a layer with the texts that its tooltip reads."""
    content: dict[str, Any] = json.loads(FeatureCollection.of(layer.geometry).text)
    told = {"name", *(field.key for field in layer.tooltip)}
    if not layer.is_base:
        for feature in content["features"]:
            values = layer.values.get(feature["id"], {})
            feature["properties"] = {k: str(v) for k, v in values.items() if k in told}
    return content


def _light(colour: Any) -> Any:  # noqa: ANN401 - a colour or a pair of them
    """Return the colour of the light theme."""
    return colour[0] if isinstance(colour, tuple | list) else colour


def _style(layer: MapLayer, feature_id: str) -> dict[str, Any]:
    """Return Leaflet's options for one feature."""
    style: Mapping[str, Any] = {**layer.style, **layer.feature_styles.get(feature_id, {})}
    own = layer.colours.get(feature_id)
    if layer.kind == "icon":
        return {"html": _station_svg(own or BRAND_RED, is_hollow=feature_id in layer.hollow)}
    colour = _light(style.get("colour", "#5b6b7a"))
    weight = style.get("weight", 1)
    if layer.kind == "line" or style.get("hit") == "line":
        # A white street needs its edge: here the edge is drawn alone.
        line = own or (_light(style["casing"]) if layer.is_base and "casing" in style else colour)
        return {
            "color": line,
            "weight": weight,
            "opacity": style.get("opacity", 1.0),
            "dashArray": style.get("dash") or None,
            "fill": False,
        }
    return {
        "color": colour,
        "weight": weight,
        "stroke": weight > 0,
        "fillColor": own or _light(style.get("fill", colour)),
        "fillOpacity": _fill_opacity(layer, feature_id, style.get("fill_opacity", 0.7)),
        "radius": style.get("radius", 5),
    }


def _fill_opacity(layer: MapLayer, feature_id: str, wanted: float) -> float:
    """Return how opaque a feature is: areas let the streets below through."""
    if feature_id in layer.hollow:
        return 0.0
    is_area = layer.kind == "polygon" and not layer.is_base
    return 0.75 * wanted if is_area else wanted


def _marker(layer: MapLayer) -> folium.Marker | folium.CircleMarker | None:
    """Return what points are drawn as; areas and lines need none."""
    if layer.kind == "icon":
        icon = folium.DivIcon(icon_size=(28, 28), icon_anchor=(14, 14), class_name="rg-station")
        return folium.Marker(icon=icon)
    return folium.CircleMarker() if layer.kind == "point" else None


def _on_each(layer: MapLayer) -> str:
    """Return the function that binds tooltip, and name and popup of an icon."""
    if layer.is_base:
        return "() => {}"
    fields = _script_json([[field.key, field.label] for field in layer.tooltip])
    tip = f"() => redgrid.tip(feature.properties, {fields})"
    if layer.kind != "icon":
        return f"(feature, layer) => layer.bindTooltip({tip}, {{sticky: true}})"
    return (
        "(feature, layer) => { layer.bindTooltip(() => redgrid.node('b', feature.properties.name),"
        " {permanent: true, direction: 'bottom', offset: [0, 12]});"
        f" layer.bindPopup({tip}); }}"
    )


def _station_svg(colour: str, *, is_hollow: bool) -> str:
    """Return a star on a disc; `colour` comes from a palette, never from a file."""
    disc, star = ("#ffffff", "none") if is_hollow else (colour, "#ffffff")
    edge, line = (colour, colour) if is_hollow else ("#ffffff", "none")
    return (
        f'<svg viewBox="0 0 28 28" width="28" height="28" aria-hidden="true"><circle cx="14" '
        f'cy="14" r="11.5" fill="{disc}" stroke="{edge}" stroke-width="2"/><path d="{STAR}" '
        f'transform="translate(5.4 5.2) scale(.717)" fill="{star}" stroke="{line}" '
        f'stroke-width="2.2"/></svg>'
    )


class _Controls(MacroElement):  # type: ignore[misc] # branca has no types
    """Zoom buttons and scale; layers kept in order, base layers to the zooms they are for."""

    _template = Template("""
        {% macro script(this, kwargs) %}
        L.control.zoom({{ this.titles|tojson }}).addTo({{ this._parent.get_name() }});
        L.control.scale({imperial: false}).addTo({{ this._parent.get_name() }});
        redgrid.keepOrder({{ this._parent.get_name() }}, [
            {% for group, min_zoom, is_base in this.groups %}
            [{{ group }}, {{ min_zoom }}, {{ is_base }}],{% endfor %}
        ]);
        {% endmacro %}
    """)

    def __init__(
        self, groups: Sequence[folium.FeatureGroup], layers: Sequence[MapLayer], lang: Language
    ) -> None:
        super().__init__()
        self.titles = {
            "zoomInTitle": Text("放大", "Zoom in").say(lang),
            "zoomOutTitle": Text("缩小", "Zoom out").say(lang),
        }
        self.groups = [
            (group.get_name(), int(layer.min_zoom), str(layer.is_base).lower())
            for group, layer in zip(groups, layers, strict=True)
        ]


class _Panels(MacroElement):  # type: ignore[misc] # branca has no types
    """Heading, notes and legend; every text is escaped for HTML."""

    _template = Template("""
        {% macro html(this, kwargs) %}
        <div class="rg-box rg-title"><h1>{{ this.title|e }}</h1>
        {% for note in this.notes %}<p>{{ note|e }}</p>{% endfor %}</div>
        {% if this.legends %}<div class="rg-box rg-legend">
        <strong>{{ this.heading|e }}</strong>
        {% for title, items in this.legends %}
        {% if title %}<h2>{{ title|e }}</h2>{% endif %}
        <ul>{% for label, swatch in items %}
        <li>{{ swatch }}<span>{{ label|e }}</span></li>{% endfor %}</ul>
        {% endfor %}</div>{% endif %}
        {% endmacro %}
    """)

    def __init__(
        self, title: str, notes: list[str], layers: Sequence[MapLayer], lang: Language
    ) -> None:
        super().__init__()
        self.title, self.notes = title, notes
        self.heading = Text("图例", "Legend").say(lang)
        self.legends = [
            (layer.legend.title, [(item.label, _swatch(item)) for item in layer.legend.items])
            for layer in layers
            if layer.legend is not None and layer.legend.items
        ]


def _swatch(item: LegendItem) -> str:
    """Return the sign of a class as SVG; the colour is checked, as it lands in HTML."""
    colour = item.colour if re.fullmatch(r"#[0-9a-fA-F]{3,8}", item.colour) else "#999999"
    if item.sign in {"star", "hollow_star"}:
        return _station_svg(colour, is_hollow=item.sign == "hollow_star")
    if item.sign in {"line", "dash", "dotted"}:
        dash = {"line": "none", "dash": "5 3", "dotted": "2 2.6"}[item.sign]
        shape = f'<path d="M1 10h18" stroke="{colour}" stroke-width="3" stroke-dasharray="{dash}"/>'
    elif item.sign == "dot":
        shape = f'<circle cx="10" cy="10" r="6.5" fill="{colour}" stroke="#5b6b7a"/>'
    elif item.sign == "diamond":
        shape = f'<path d="M10 2l8 8-8 8-8-8z" fill="{colour}"/>'
    else:
        shape = f'<path d="M1 3h18v14H1z" fill="{colour}" stroke="#5b6b7a" stroke-opacity=".4"/>'
    return f'<svg viewBox="0 0 20 20" aria-hidden="true">{shape}</svg>'
