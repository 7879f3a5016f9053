"""A self-contained HTML map to hand on: opens from a USB stick with no network."""

from collections.abc import Sequence

from geo.text import Language
from layers.map_layer import MapLayer


def folium_html(
    layers: Sequence[MapLayer], *, title: str, lang: Language, notes: Sequence[str] = ()
) -> str:
    """Return one HTML page with the layers."""
    raise NotImplementedError
