"""The legend of the map to hand on: the same signs as on the live map, as SVG text."""

from collections.abc import Sequence

from geo.text import Language, Text
from layers.map_layer import LegendItem, MapLayer
from layers.page_text import page_text

STAR = "M12 2.6l2.8 6 6.6.8-4.9 4.5 1.3 6.5-5.8-3.3-5.8 3.3 1.3-6.5L2.6 9.4l6.6-.8z"
DASHES = {"line": "none", "dash": "5 3", "dotted": "2 2.6"}


def sign_svg(sign: str, colour: str) -> str:
    """Return a sign of a legend or a marker in a colour."""
    safe = page_text(colour)
    if sign in {"star", "hollow_star"}:
        return _svg(28, _station(safe, is_hollow=sign == "hollow_star"))
    shapes = {
        "dot": f'<circle cx="10" cy="10" r="6.5" fill="{safe}" stroke="#5b6b7a"/>',
        "diamond": f'<path d="M10 2l8 8-8 8-8-8z" fill="{safe}" stroke="#5a3a05"/>',
        "hatch": f'<path d="M1 3h18v14H1z" fill="url(#hatched)" stroke="{safe}"/>',
        "fill": f'<path d="M1 3h18v14H1z" fill="{safe}" stroke="#5b6b7a" stroke-opacity=".45"/>',
    }
    if sign in DASHES:
        line = f'<path d="M1 10h18" stroke="{safe}" stroke-width="3" '
        return _svg(20, f'{line}stroke-dasharray="{DASHES[sign]}"/>')
    return _svg(20, shapes.get(sign, shapes["fill"]))


def legend_html(layers: Sequence[MapLayer], lang: Language) -> str:
    """Return the legend; the part of layer n (of all `layers`) has the id "legend-n"."""
    parts = [
        f'<section id="legend-{number}">{_part(layer)}</section>'
        for number, layer in enumerate(layers)
        if layer.legend is not None and not layer.is_base
    ]
    if not parts:
        return ""
    heading = page_text(Text("图例", "Legend").say(lang))
    return f'<details class="legend" open><summary>{heading}</summary>{"".join(parts)}</details>'


def _part(layer: MapLayer) -> str:
    if layer.legend is None:
        return ""
    title = f"<h2>{page_text(layer.legend.title)}</h2>" if layer.legend.title else ""
    return f"{title}<ul>{''.join(_row(item) for item in layer.legend.items)}</ul>"


def _row(item: LegendItem) -> str:
    return f"<li>{sign_svg(item.sign, item.colour)}<span>{page_text(item.label)}</span></li>"


def _station(colour: str, *, is_hollow: bool) -> str:
    """Return a white star on a disc, or the outline of both."""
    disc = (
        f'fill="#ffffff" stroke="{colour}" stroke-width="2.4"'
        if is_hollow
        else f'fill="{colour}" stroke="#ffffff" stroke-width="1.8"'
    )
    star = f'fill="none" stroke="{colour}" stroke-width="2.2"' if is_hollow else 'fill="#ffffff"'
    return (
        f'<circle cx="14" cy="14" r="11.5" {disc}/>'
        f'<path d="{STAR}" transform="translate(5.4 5.2) scale(.717)" {star}/>'
    )


def _svg(size: int, shapes: str) -> str:
    opening = (
        f'<svg viewBox="0 0 {size} {size}" xmlns="http://www.w3.org/2000/svg" aria-hidden="true">'
    )
    return f"{opening}{shapes}</svg>"
