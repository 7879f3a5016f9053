"""What is drawn on a map, as plain values: rendered by the live component and by folium."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class LegendItem:
    """One class of a legend."""

    label: str
    colour: str


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


@dataclass(frozen=True)
class MapLayer:
    """One layer, WGS84. Geometry is sent once per `version`; values and colours on each change.

    `geometry` is a GeoJSON FeatureCollection whose features carry an `id` and nothing else;
    `values` holds per feature id what tooltips read (text or numbers ready to show), `colours` the
    fill or line colour per feature id. All text is shown as text, never as HTML.
    """

    id: str
    title: str
    geometry: Mapping[str, Any]
    version: str  # the same version means the same geometry
    kind: Literal["polygon", "line", "point", "icon"] = "polygon"
    values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    colours: Mapping[str, str] = field(default_factory=dict)
    style: Mapping[str, Any] = field(
        default_factory=dict
    )  # colour, weight, opacity, fill_opacity, radius, dash
    legend: Legend | None = None
    tooltip: tuple[TooltipField, ...] = ()
    is_selectable: bool = False  # a click selects the feature
    is_shown: bool = True  # at first; the layer control can switch it
    is_base: bool = False  # base map: no entry of its own in the layer control
    min_zoom: int = 0
    order: int = 0  # higher lies on top
