"""What a missing link is called: what it crosses and between which places."""

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.explain import MISSING_LINK
from geo.ground import Ground
from geo.text import Text

NEAR_M = 150.0  # a compound within this names a way that has no name
LINK_TITLES = {
    "water": Text("架一座人行桥", "a footbridge"),
    "rail": Text("开一处过铁路通道", "a way across the railway"),
    "": Text("开一条步行通道", "a passage"),
}


def link_title(barrier: str, name: str, metres: float, where: Sequence[Text]) -> Text:
    """Say what is built, over what, between which places, and how long it is."""
    what = LINK_TITLES[barrier]
    over = Text(f"跨{name}", f" over {name}") if name else Text("", "")
    place = Text(f"{where[0].zh}与{where[1].zh}之间", f"between {where[0].en} and {where[1].en}")
    if where[0] == where[1]:
        place = Text(where[0].zh, f"at {where[0].en}")
    return Text(
        f"在{place.zh}{over.zh}{what.zh}（{metres:.0f} 米）",
        f"{what.en[0].upper()}{what.en[1:]}{over.en} {place.en} ({metres:.0f} m)",
    )


def barrier_crossed(ground: Ground, line: shapely.Geometry) -> tuple[str, str]:
    """Return kind and name of the barrier that a link crosses, "" for none; water first."""
    base = ground.study.base
    crossed = base[base.geometry.intersects(line).to_numpy(bool)] if len(base) else base
    for kind in MISSING_LINK:
        names = crossed.loc[crossed["kind"] == kind, "name"]
        if len(names):
            return kind, str(names.iloc[0]) if isinstance(names.iloc[0], str) else ""
    return "", ""


def name_at(ground: Ground, edge: int, xy: NDArray[np.float64]) -> Text:
    """Name a place on the ways by its street, or by the compound near it."""
    street = str(ground.network.edge_name[edge])
    if street:
        return Text(street, street)
    compounds = ground.study.compounds
    away_m = compounds.geometry.distance(shapely.Point(xy)).to_numpy(float)
    if len(away_m) and np.nanmin(away_m) <= NEAR_M:
        name = str(compounds["name"].iloc[int(np.nanargmin(away_m))])
        return Text(f"{name}旁", f"the way by {name}")
    return Text("无名路", "an unnamed way")
