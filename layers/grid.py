"""Grids as a classed choropleth of one figure."""

import geopandas as gpd
import numpy as np

from geo.text import Language, Text
from layers.figures import Figure, grid_figure
from layers.geojson import to_features
from layers.map_layer import Legend, LegendItem, MapLayer, TooltipField
from layers.palette import UNKNOWN
from layers.values import FeatureValues, figures_said, said

TITLE = Text("网格", "Grids")
# Beside the figure that colours the grid, a tooltip says these, where the frame has them.
TOLD = ("members", "members_share", "households", "households_share", "median_s", "members_per_km2")
STYLE = {
    "colour": ("#5b6b7a", "#9fb0c0"),
    "weight": 1,
    "fill_opacity": 0.8,
    "label": "name",
    "label_zoom": 13,
}


def grid_layer(
    grids: gpd.GeoDataFrame,
    figure: str,
    lang: Language,
    *,
    told: tuple[str, ...] = TOLD,
) -> MapLayer:
    """Colour the grids by a numeric column of theirs.

    `grids` is `Coverage.grids` or any frame of polygons with `name` and the column `figure`, in any
    CRS; `told` are the other columns that the tooltip says. Ids are the text of the index. Where
    the figure is not known (NaN) the grid is hatched, and the legend says so.
    """
    features = to_features(grids)
    rows = grids.iloc[features.rows]
    numbers = rows[figure].to_numpy(float)
    chosen = grid_figure(figure, numbers)
    classes = chosen.classes(numbers)
    colours = [*chosen.colours, UNKNOWN]  # class -1 is the last
    figures = [chosen] + [grid_figure(c) for c in told if c in rows and c != figure]
    columns = {
        "name": said(rows, "name"),
        "community": said(rows, "community"),
        **figures_said(rows, figures, lang),
    }
    return MapLayer(
        id="grids",
        title=TITLE.say(lang),
        geometry=features.geometry,
        version=features.version,
        values=FeatureValues(features.ids, columns),
        colours={id_: colours[k] for id_, k in zip(features.ids, classes.tolist(), strict=True)},
        style=STYLE,
        legend=_legend(chosen, lang, has_unknown=bool((classes == -1).any())),
        tooltip=(
            *(TooltipField(one.column, one.title.say(lang)) for one in figures),
            TooltipField("community", Text("社区", "Community").say(lang)),
        ),
        is_selectable=True,
        order=20,
        hatched=frozenset(np.array(features.ids, object)[classes == -1].tolist()),
        bounds=features.bounds,
    )


def _legend(figure: Figure, lang: Language, *, has_unknown: bool) -> Legend:
    """List the classes from the lowest to the highest, then what is not known."""
    items = [
        LegendItem(label, colour)
        for label, colour in zip(figure.labels(lang), figure.colours, strict=True)
    ]
    if has_unknown:
        items.append(LegendItem(figure.unknown_label(lang), UNKNOWN, "hatch"))
    return Legend(figure.title.say(lang), tuple(items))
