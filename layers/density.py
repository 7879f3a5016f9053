"""Members per grid as graduated circles in the bands 0, 1–4, 5–9, 10+, beside a choropleth."""

import geopandas as gpd
import numpy as np

from geo.text import Language, Text
from layers.figures import MEMBER_BANDS, grid_figure
from layers.geojson import to_features
from layers.map_layer import Legend, LegendItem, MapLayer, TooltipField
from layers.palette import BLUES
from layers.values import FeatureValues, counted, figures_said, said

BAND_LABELS = ("0", "1–4", "5–9", "10+")
COLOURS = ("#ffffff", BLUES[2], BLUES[3], BLUES[5])
RADII = (6.0, 8.0, 11.0, 14.0)
TOLD = (
    "members",
    "members_community",
    "members_in_service",
    "members_mobile",
    "members_other",
    "members_per_km2",
    "members_per_100_households",
)


def density_layer(grids: gpd.GeoDataFrame, lang: Language) -> MapLayer:
    """Draw one circle a grid, inside it, sized by the band of its `members`; any CRS."""
    inside = grids.geometry.representative_point()
    features = to_features(grids.set_geometry(inside) if len(grids) else grids)
    rows = grids.iloc[features.rows]
    members = rows["members"].to_numpy(float)
    known = ~np.isnan(members)
    bands = np.where(known, np.searchsorted(MEMBER_BANDS, np.nan_to_num(members), side="right"), 0)
    figures = [grid_figure(column) for column in TOLD if column in rows]
    columns = {
        "name": said(rows, "name"),
        "count": counted(rows, "members", lang),
        **figures_said(rows, figures, lang),
    }
    ids = features.ids
    return MapLayer(
        id="density",
        title=Text("党员分布", "Members").say(lang),
        geometry=features.geometry,
        version=features.version,
        kind="point",
        values=FeatureValues(ids, columns),
        colours={id_: COLOURS[k] for id_, k in zip(ids, bands.tolist(), strict=True)},
        style={
            "colour": "#08306b",
            "weight": 1,
            "fill_opacity": 0.9,
            "label": "count",
            "label_zoom": 14,
        },
        feature_styles={
            id_: {"radius": RADII[k]} for id_, k in zip(ids, bands.tolist(), strict=True)
        },
        legend=Legend(
            Text("每网格党员", "Members per grid").say(lang),
            tuple(
                LegendItem(label, colour, "dot")
                for label, colour in zip(BAND_LABELS, COLOURS, strict=True)
            ),
        ),
        tooltip=tuple(TooltipField(one.column, one.title.say(lang)) for one in figures),
        is_shown=False,
        order=60,
        hatched=frozenset(np.array(ids, object)[~known].tolist()),
        bounds=features.bounds,
    )
