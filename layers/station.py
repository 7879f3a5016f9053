"""Red stations: the only red on the map. A closed or planned one is drawn hollow."""

import geopandas as gpd

from geo.hours import Hours, describe
from geo.text import Language, Text
from layers.geojson import to_features
from layers.map_layer import Legend, LegendItem, MapLayer, TooltipField
from layers.palette import BRAND_RED
from layers.values import FeatureValues, counted, said

STATES = {
    "open": Text("开放", "open"),
    "planned": Text("规划中", "planned"),
    "closed": Text("已关闭", "closed"),
}
NOW_CLOSED = Text("此时未开放", "closed at this time")


def station_layer(stations: gpd.GeoDataFrame, lang: Language) -> MapLayer:
    """Draw stations: `Coverage.stations`, or `Study.stations` (then `state` alone decides).

    Columns: name, state; read where present: is_open, address, services, hours, members_served,
    households_served.
    """
    features = to_features(stations)
    rows = stations.iloc[features.rows]
    is_open = (rows["is_open"] if "is_open" in rows else rows["state"] == "open").tolist()
    states = [
        NOW_CLOSED.say(lang) if state == "open" and not now else STATES[state].say(lang)
        for state, now in zip(rows["state"], is_open, strict=True)
    ]
    hours = rows["hours"] if "hours" in rows else [None] * len(rows)
    services = rows["services"] if "services" in rows else [()] * len(rows)
    columns = {
        "name": said(rows, "name"),
        "state": states,
        "address": said(rows, "address"),
        "hours": [describe(h, lang) if isinstance(h, Hours) else "" for h in hours],
        "services": [Text("、", ", ").say(lang).join(s or ()) for s in services],
        "members": counted(rows, "members_served", lang),
        "households": counted(rows, "households_served", lang),
    }
    return MapLayer(
        id="stations",
        title=Text("红色驿站", "Red stations").say(lang),
        geometry=features.geometry,
        version=features.version,
        kind="icon",
        values=FeatureValues(features.ids, columns),
        colours=dict.fromkeys(features.ids, BRAND_RED),
        style={"colour": BRAND_RED, "label": "name", "label_zoom": 14},
        legend=_legend(is_open, lang),
        tooltip=tuple(TooltipField(key, text.say(lang)) for key, text in FIELDS.items()),
        is_selectable=True,
        order=90,
        hollow=frozenset(i for i, now in zip(features.ids, is_open, strict=True) if not now),
        bounds=features.bounds,
    )


FIELDS = {
    "state": Text("状态", "State"),
    "members": Text("服务党员", "Members served"),
    "households": Text("服务户数", "Households served"),
    "hours": Text("开放时间", "Hours"),
    "services": Text("服务", "Services"),
    "address": Text("地址", "Address"),
}


def _legend(is_open: list[bool], lang: Language) -> Legend:
    """Say what a full and a hollow star mean, the latter only where there is one."""
    items = [LegendItem(STATES["open"].say(lang), BRAND_RED, "star")]
    if not all(is_open):
        closed = Text("未开放", "not open").say(lang)
        items.append(LegendItem(closed, BRAND_RED, "hollow_star"))
    return Legend(Text("红色驿站", "Red stations").say(lang), tuple(items))
