"""What is drawn on a map, as plain values: rendered by the live component and by folium."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Bounds = tuple[float, float, float, float]  # west, south, east, north in degrees, WGS84


@dataclass(frozen=True)
class LegendItem:
    """One class of a legend; the sign repeats how features of the class are drawn."""

    label: str
    colour: str
    sign: Literal[
        "fill", "line", "dash", "dotted", "dot", "diamond", "star", "hollow_star", "hatch"
    ] = "fill"


@dataclass(frozen=True)
class Legend:
    """The classes of a layer, in the order shown."""

    title: str
    items: tuple[LegendItem, ...]


@dataclass(frozen=True)
class TooltipField:
    """One line of a tooltip: the feature's value of `key`, after `label`."""

    key: str
    label: str


@dataclass(frozen=True, eq=False)
class MapLayer:
    """One layer, WGS84. Geometry is sent once per `version`; values and colours on each change.

    `geometry` is a GeoJSON FeatureCollection (see `layers.geojson`) whose features carry an `id`
    and nothing else; `values` holds per feature id what tooltips read (text or numbers ready to
    show; `name` is the heading), `colours` the fill or line colour per feature id. All text is
    shown as text, never as HTML. Two layers are equal only if they are the same object.

    Keys of `style`, all optional: `colour`, `fill`, `weight`, `opacity`, `fill_opacity`, `radius`
    (pixels), `dash` ("6 4"), `casing` (colour of a wider line below), `shape` ("circle" or
    "diamond"), `label` (the key of `values` that is written on the map), `label_zoom` (from which
    zoom), `label_at` ("edge": at the top of an outline), `hit` ("line": an area is pointed at by
    its outline only) and `drag` (icons may be dragged elsewhere). `colour`, `fill` and `casing`
    take a pair (light theme, dark theme) too.
    """

    id: str
    title: str
    geometry: Mapping[str, Any]
    version: str  # the same version means the same geometry
    kind: Literal["polygon", "line", "point", "icon"] = "polygon"
    values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    colours: Mapping[str, str] = field(default_factory=dict)
    style: Mapping[str, Any] = field(default_factory=dict)
    legend: Legend | None = None
    tooltip: tuple[TooltipField, ...] = ()
    is_selectable: bool = False  # a click selects the feature
    is_shown: bool = True  # at first; the layer control can switch it
    is_base: bool = False  # base map: no entry of its own in the layer control
    min_zoom: int = 0
    order: int = 0  # higher lies on top
    hatched: frozenset[str] = frozenset()  # features whose figure is not known
    hollow: frozenset[str] = frozenset()  # features drawn as an outline: closed, planned
    feature_styles: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # over `style`
    bounds: Bounds | None = None  # of all features; None where there is none


def joint_bounds(layers: Sequence[MapLayer]) -> Bounds | None:
    """Return the bounds of some layers together, None where all are empty."""
    known = [layer.bounds for layer in layers if layer.bounds is not None]
    if not known:
        return None
    west, south, east, north = zip(*known, strict=True)
    return min(west), min(south), max(east), max(north)
