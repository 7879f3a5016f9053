"""What is missing or doubtful in a study, and how many people each affects."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geo.demand import demand_points
from geo.errors import shown_ids
from geo.grid_quality import GridSummary, grid_summaries
from geo.health import health
from geo.study import Study
from geo.text import Text


@dataclass(frozen=True)
class Finding:
    """One kind of doubt: how many rows, which, and the people behind them."""

    key: str
    n: int
    ids: tuple[object, ...]
    households: float
    members: float
    text: Text

    def as_dict(self) -> dict[str, object]:
        """Return plain values for JSON."""
        return {
            "key": self.key,
            "n": self.n,
            "ids": [i.item() if isinstance(i, np.generic) else i for i in self.ids],
            "households": self.households,
            "members": self.members,
            "text_zh": self.text.zh,
            "text_en": self.text.en,
        }


def check_study(study: Study) -> list[Finding]:
    """Return all findings, those that touch most households first; empty if there are none."""
    points = demand_points(study)
    found = [look(study, points) for look in LOOKS]
    kept = [finding for finding in found if finding is not None and finding.n > 0]
    kept += [_of_grids(summary) for summary in grid_summaries(study, points)]
    return sorted(kept, key=lambda finding: (-finding.households, -finding.n, finding.key))


def _finding(key: str, ids: list[object], affected: pd.DataFrame, zh: str, en: str) -> Finding:
    """Make a finding; {n}, {ids}, {households} and {members} in the sentences are filled in."""
    households = float(np.nansum(affected["households"]))
    members = float(np.nansum(affected["members"]))
    filled = {
        "n": len(ids),
        "ids": shown_ids(_names(ids, affected)),
        "households": f"{households:.0f}",
        "members": f"{members:.0f}",
    }
    return Finding(
        key,
        len(ids),
        tuple(ids),
        households,
        members,
        Text(zh.format(**filled), en.format(**filled)),
    )


def _of_grids(summary: GridSummary) -> Finding:
    """Return a kind of fault of the tiling as a finding."""
    return Finding(
        f"grid_{summary.kind}",
        summary.n,
        tuple(summary.ids),
        float(np.nansum(summary.affected["households"])),
        float(np.nansum(summary.affected["members"])),
        summary.text,
    )


def _names(ids: list[object], affected: pd.DataFrame) -> list[object]:
    """Return what people call the demand points of these ids, and other ids as they are."""
    if "name" not in affected or not affected.index.isin(ids).any():
        return ids
    name_of = affected["name"].to_dict()
    return [name_of.get(one) or one for one in ids]


def _no_gates(study: Study, points: pd.DataFrame) -> Finding:
    walled = study.compounds[study.compounds.geometry.area > 0]
    ids = walled.index[~walled.index.isin(study.gates["compound_id"])]
    return _finding(
        "compound_without_gates",
        ids.tolist(),
        points[points["compound_id"].isin(ids)],
        "{n} 个小区没有出入口数据（编号 {ids}），{households} 户、{members} 名党员按最近的路计算；"
        "请补录大门。",
        "{n} compounds have no gates (ids {ids}); {households} households and {members} members "
        "are counted from the nearest way. Add the gates.",
    )


def _no_network(study: Study, points: pd.DataFrame) -> Finding | None:
    if len(study.network.edge_nodes):
        return None
    return _finding(
        "no_network",
        points.index.tolist(),
        points,
        "没有步行网络，{n} 处、{households} 户、{members} 名党员算不出步行时间；"
        "请先导入路网（redgrid import network）。",
        "There is no walk network, so no walking time is known for {n} places, {households} "
        "households and {members} members. Import one first (redgrid import network).",
    )


def _beyond_snap(study: Study, points: pd.DataFrame) -> Finding | None:
    if not len(study.network.edge_nodes):
        return None  # said by `_no_network`
    far = health(study.network, points).far_points
    return _finding(
        "beyond_snap",
        far,
        points.loc[far],
        "{n} 处离步行网络超过 100 米（{ids}），{households} 户、{members} 名党员未计入；"
        "请检查坐标或补路。",
        "{n} places lie more than 100 m from the walk network ({ids}); {households} households "
        "and {members} members are left out. Check the coordinates or add the ways.",
    )


def _stations_beyond_snap(study: Study, points: pd.DataFrame) -> Finding | None:
    del points
    if not len(study.network.edge_nodes):
        return None
    far = health(study.network, study.stations).far_points
    return _finding(
        "station_beyond_snap",
        far,
        pd.DataFrame({"households": [], "members": []}),
        "{n} 个驿站离步行网络超过 100 米（编号 {ids}），没有计算服务范围；请检查坐标或补路。",
        "{n} stations lie more than 100 m from the walk network (ids {ids}) and serve nobody. "
        "Check their coordinates or add the ways.",
    )


def _islands(study: Study, points: pd.DataFrame) -> Finding:
    island = health(study.network, points).island_points
    return _finding(
        "on_island",
        island,
        points.loc[island],
        "{n} 处最近的路与主路网不相连（{ids}），涉及 {households} 户；请检查路网缺口。",
        "{n} places lie on ways that are cut off from the main network ({ids}); {households} "
        "households. Look for gaps in the network.",
    )


def _outside_grids(study: Study, points: pd.DataFrame) -> Finding | None:
    if study.grids.empty:
        return None
    outside = points[points["grid_id"].isna()]
    return _finding(
        "outside_grids",
        outside.index.tolist(),
        outside,
        "{n} 处不在任何网格内（{ids}），涉及 {households} 户、{members} 名党员。",
        "{n} places lie in no grid ({ids}); {households} households, {members} members.",
    )


def _unknown_households(study: Study, points: pd.DataFrame) -> Finding:
    del study
    unknown = points[points["households"].isna()]
    return _finding(
        "unknown_households",
        unknown.index.tolist(),
        unknown,
        "{n} 处户数未知（{ids}），不计入户数，也不当作零。",
        "{n} places have unknown households ({ids}); they are not counted, and not taken as zero.",
    )


def _codes(study: Study, points: pd.DataFrame) -> Finding:
    del points
    malformed = study.grids[~study.grids["code"].astype(str).str.fullmatch(r"\d{15}")]
    return _finding(
        "grid_code",
        malformed.index.tolist(),
        pd.DataFrame({"households": [], "members": []}),
        "{n} 个网格的编码不是 15 位数字（编号 {ids}）。",
        "{n} grids have a code that is not 15 digits (ids {ids}).",
    )


def _station_hours(study: Study, points: pd.DataFrame) -> Finding:
    del points
    unknown = study.stations[study.stations["hours"].isna()]
    return _finding(
        "station_hours",
        unknown.index.tolist(),
        pd.DataFrame({"households": [], "members": []}),
        "{n} 个驿站没有开放时间（编号 {ids}），按全天开放计算。",
        "{n} stations have no opening hours (ids {ids}) and count as always open.",
    )


def _links(study: Study, points: pd.DataFrame) -> Finding | None:
    del points
    if study.links.empty or not len(study.network.edge_nodes):
        return None
    loose = study.links[~study.links["is_joined"].astype(bool)]
    return _finding(
        "link_not_joined",
        loose.index.tolist(),
        pd.DataFrame({"households": [], "members": []}),
        "{n} 条画的通道有一端 100 米之内没有路（编号 {ids}），没有计入步行；请补路或重画。",
        "{n} links have an end with no way within 100 m (ids {ids}) and count in no walk. Add the "
        "ways, or draw them again.",
    )


LOOKS: tuple[Callable[[Study, pd.DataFrame], Finding | None], ...] = (
    _no_gates,
    _no_network,
    _beyond_snap,
    _stations_beyond_snap,
    _islands,
    _outside_grids,
    _unknown_households,
    _codes,
    _station_hours,
    _links,
)
