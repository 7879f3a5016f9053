"""What an opening would add: how far everybody is now, and who comes within the limit."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from geo.attach import attach
from geo.attachments import Attachments
from geo.ground import Ground
from geo.reach import nearest_site
from geo.siting.instance import read_limit, read_weights
from geo.text import Text, counted

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]
OnProgress = Callable[[int, int], None]
ShouldStop = Callable[[], bool]


@dataclass(frozen=True, eq=False)
class Standing:
    """How far everybody is from the stations today; n demand points of the ground."""

    ground: Ground
    stations: gpd.GeoDataFrame  # the open ones
    site_doors: Attachments  # of the stations
    seconds: Floats  # (n,) to the nearest station, inf where none
    counts: NDArray[np.bool_]  # (n,) not outside every grid
    weight: Floats  # (n,) what is counted; 0 for those who do not count
    members: Floats  # (n,) where known
    households: Floats
    limit_s: float

    @property
    def outside(self) -> NDArray[np.bool_]:
        """Return who counts and is beyond the limit (n,)."""
        return (self.seconds > self.limit_s) & self.counts


def stand(
    ground: Ground, stations: gpd.GeoDataFrame, *, limit_s: float, weight: ArrayLike
) -> Standing:
    """Walk from the stations to everybody, once; who lies in no grid counts for nothing.

    Raises
    ------
    SitingError
        The limit is not positive, or the weights are not one number of zero or more a point.
    """
    limit_s = read_limit(limit_s)
    points, study = ground.points, ground.study
    weights = read_weights(weight, len(points))
    doors = attach(
        ground.network,
        stations,
        profile=ground.profile,
        compounds=study.compounds,
        gates=study.gates,
        at=ground.at,
        snap_limit_m=ground.snap_limit_m,
    )
    nearest = nearest_site(ground.network, doors, ground.doors, profile=ground.profile)
    has_grid = points["grid_id"].notna().to_numpy()
    counts = has_grid if len(study.grids) else np.ones(len(points), bool)
    known = {
        name: np.where(counts, np.nan_to_num(points[name].to_numpy(float)), 0.0)
        for name in ("members", "households")
    }
    return Standing(
        ground=ground,
        stations=stations,
        site_doors=doors,
        seconds=nearest["seconds"].to_numpy(float),
        counts=counts,
        weight=np.where(counts, weights, 0.0),
        limit_s=limit_s,
        **known,
    )


def whole_ms(seconds: Floats) -> Floats:
    """Round to whole milliseconds, as all times are before they meet the limit."""
    return np.asarray(np.rint(seconds * 1000.0) / 1000.0)


def on_ways(
    edge: NDArray[np.int32], fraction: Floats, xy: Floats, access_m: Floats | None = None
) -> Attachments:
    """Return attachments of places (n, 2) that stand on the ways themselves."""
    n = len(edge)
    return Attachments(
        n_points=n,
        point=np.arange(n, dtype=np.int32),
        edge=np.asarray(edge, np.int32),
        fraction=np.asarray(fraction, np.float64),
        access_m=np.zeros(n) if access_m is None else access_m,
        gate=np.full(n, -1, np.int64),
        xy=xy,
        compound=np.full(n, -1, np.int64),
        left_out=np.zeros(n, np.int8),
    )


def some_of(doors: Attachments, rows: Rows) -> Attachments:
    """Return the attachments of some points, in the order of `rows` (ascending)."""
    new_row = np.full(doors.n_points, -1, np.int32)
    new_row[rows] = np.arange(len(rows), dtype=np.int32)
    kept = new_row[doors.point] >= 0
    return Attachments(
        n_points=len(rows),
        point=new_row[doors.point[kept]],
        edge=doors.edge[kept],
        fraction=doors.fraction[kept],
        access_m=doors.access_m[kept],
        gate=doors.gate[kept],
        xy=doors.xy[rows],
        compound=doors.compound[rows],
        left_out=doors.left_out[rows],
    )


def closed_ground(standing: Standing) -> NDArray[np.object_]:
    """Return the shapes that nothing new may lead across: compounds and buildings."""
    study = standing.ground.study
    footprints = (
        gpd.GeoSeries(study.buildings["footprint"], crs=study.crs).to_numpy()
        if "footprint" in study.buildings
        else np.empty(0, object)
    )
    shapes = np.concatenate([study.compounds.geometry.to_numpy(), footprints])
    return np.asarray(shapes[shapely.area(shapes) > 0], dtype=object)


def counted_row(standing: Standing, gained: Rows, lost: Rows, after_s: Floats) -> dict[str, Any]:
    """Return what an opening adds: the columns that links and gates have in common.

    `gained` and `lost` are rows of points, `after_s` the new times of those gained.
    """
    before_s = standing.seconds[gained]
    was = float(np.median(before_s)) if len(before_s) else np.inf
    return {
        "weight": float(standing.weight[gained].sum() - standing.weight[lost].sum()),
        "members": float(standing.members[gained].sum() - standing.members[lost].sum()),
        "households": float(standing.households[gained].sum() - standing.households[lost].sum()),
        "n_points": len(gained) - len(lost),
        "before_s": was,
        "after_s": float(np.median(after_s)) if len(after_s) else np.inf,
        "points": tuple(standing.ground.points.index[gained]),
    }


def gain_text(row: dict[str, Any]) -> Text:
    """Say in a clause who comes within the limit and how their walk shortens."""
    parts = [
        Text(f"{row['households']:.0f} 户", counted(round(row["households"]), "household")),
        Text(f"{row['members']:.0f} 名党员", counted(round(row["members"]), "member")),
    ]
    known = [part for part, name in zip(parts, ("households", "members"), strict=True) if row[name]]
    who = known or [Text(f"{row['n_points']} 处", counted(row["n_points"], "place"))]
    after = np.ceil(row["after_s"] / 60)
    before = row["before_s"]
    zh = f"多 {'、'.join(part.zh for part in who)}走得到"
    en = f"{' and '.join(part.en for part in who)} more within the limit"
    if not np.isfinite(before):
        return Text(
            f"{zh}（原来走不到，之后约 {after:.0f} 分钟）",
            f"{en} (no way before, then about {after:.0f} minutes)",
        )
    was = np.ceil(before / 60)
    return Text(
        f"{zh}（约 {was:.0f} 分钟变为 {after:.0f} 分钟）",
        f"{en} (about {was:.0f} minutes become {after:.0f})",
    )
