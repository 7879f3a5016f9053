"""A study as numbers to choose sites by: who walks how long to each site, and what weighs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from geo.attach import attach
from geo.attachments import LeftOut
from geo.coverage import left_out_reasons
from geo.errors import SitingError
from geo.ground import Ground
from geo.reach import walking_times
from geo.stations import why_closed
from geo.text import Text

Floats = NDArray[np.float64]

HORIZON_S = 3 * 3600.0  # walks longer than this count as no way
NO_OPEN_SITE = -1


@dataclass(frozen=True, eq=False)
class SitingCase:
    """A study as numbers: who walks how long to each site, open today or possible. Read-only.

    sites    index 0…m-1, the stations open at the moment first, then the candidates: name, kind
             ("station", "candidate"), source_id, cost (NaN unknown), community_id (Int64), geometry
             (metric)
    points   the n demand points that count, as in `geo.demand`
    times    (n, m) seconds, missing beyond HORIZON_S
    lost     candidates that join no way, and count for nothing
    """

    ground: Ground
    minutes: float
    at: datetime | None
    sites: gpd.GeoDataFrame
    n_existing: int
    points: gpd.GeoDataFrame
    times: csr_array
    lost: gpd.GeoDataFrame

    @property
    def limit_s(self) -> float:
        """The limit in seconds."""
        return 60.0 * self.minutes

    @property
    def existing(self) -> range:
        """The columns of the stations that are open today."""
        return range(self.n_existing)


def make_case(
    ground: Ground, candidates: gpd.GeoDataFrame, *, minutes: float, at: datetime | None = None
) -> SitingCase:
    """Make a siting case of a ground.

    Parameters
    ----------
    ground
        From `lay_ground`: study, profile, gates as at the moment.
    candidates
        Where a station could be: index = id, `name`, geometry; read where present: cost. Any CRS.
    minutes
        The limit.
    at
        Only stations open at that moment are there already; None: all in use.

    Raises
    ------
    SitingError
        There is no candidate, or none that joins the network.
    """
    study = ground.study
    if candidates.empty:
        raise SitingError(
            Text(
                "没有备选点位；请导入备选点位表，或沿路生成备选点。",
                "There are no candidate sites; import a table of them, or generate them along the "
                "ways.",
            )
        )
    is_open = why_closed(study.stations, at) == ""
    stations = _as_sites(study.stations[is_open], "station", study.crs)
    possible = _as_sites(candidates, "candidate", study.crs)
    sites = gpd.GeoDataFrame(
        pd.concat([stations, possible], ignore_index=True), geometry="geometry", crs=study.crs
    )
    doors = attach(
        ground.network,
        sites,
        profile=ground.profile,
        compounds=study.compounds,
        gates=study.gates,
        at=at,
        snap_limit_m=ground.snap_limit_m,
    )
    kept = doors.left_out == LeftOut.ATTACHED
    counted = left_out_reasons(ground) == ""
    times = walking_times(
        ground.network, doors, ground.doors, profile=ground.profile, limit_s=HORIZON_S
    )
    joined = sites[kept].reset_index(drop=True)
    if not (joined["kind"] == "candidate").any():
        raise SitingError(
            Text(
                f"{len(possible)} 个备选点位里没有一个接得上路网；请检查坐标，或沿路生成备选点。",
                f"None of the {len(possible)} candidate sites joins the walk network; check their "
                "coordinates, or generate candidates along the ways.",
            )
        )
    joined["community_id"] = _community_of(joined, ground)
    return SitingCase(
        ground=ground,
        minutes=minutes,
        at=at,
        sites=joined,
        n_existing=int((joined["kind"] == "station").sum()),
        points=ground.points[counted],
        times=csr_array(times[kept][:, counted].T),
        lost=sites[~kept & (sites["kind"] == "candidate").to_numpy()],
    )


def _as_sites(frame: gpd.GeoDataFrame, kind: str, crs: Any) -> gpd.GeoDataFrame:  # noqa: ANN401
    return gpd.GeoDataFrame(
        {
            "name": frame["name"].astype(object).to_numpy(),
            "kind": kind,
            "source_id": frame.index.to_numpy(np.int64),
            "cost": frame["cost"].to_numpy(float) if "cost" in frame else np.nan,
        },
        geometry=frame.geometry.to_crs(crs).to_numpy(),
        crs=crs,
    )


def _community_of(sites: gpd.GeoDataFrame, ground: Ground) -> Any:  # noqa: ANN401 - extension array
    grids = ground.study.grids
    site, grid = grids.sindex.query(sites.geometry.to_numpy(), predicate="intersects")
    community = pd.Series(grids["community_id"].to_numpy()[grid]).groupby(site).first()
    return community.reindex(range(len(sites))).astype("Int64").array


def mixed_weight(case: SitingCase, weights: Sequence[tuple[str, float]]) -> Floats:
    """Return the weight of each demand point (n,): one column as it is, a mix in per mille.

    A mix weighs each column by its share of the mix and of the column's own total, so that 520
    members and 26,000 households count as the mix says. Not known counts for nothing.
    """
    if len(weights) == 1:
        alone: Floats = np.nan_to_num(case.points[weights[0][0]].to_numpy(float))
        return alone
    whole = sum(part for _, part in weights)
    mixed: Floats = np.zeros(len(case.points), np.float64)
    for name, part in weights:
        column = np.nan_to_num(case.points[name].to_numpy(float))
        total = column.sum()
        if total > 0 and whole > 0:
            mixed += 1000.0 * part / whole * column / total
    return mixed


def has_way(case: SitingCase) -> NDArray[np.bool_]:
    """Return which demand points (n,) any site can be walked to from within HORIZON_S."""
    return np.diff(case.times.indptr) > 0


def nearest_open(case: SitingCase, open_sites: Sequence[int]) -> tuple[Floats, NDArray[np.int64]]:
    """Return seconds (n,) to the nearest of some sites, inf for none, and which it is, -1."""
    if len(open_sites) == 0:
        n = len(case.points)
        return np.full(n, np.inf), np.full(n, NO_OPEN_SITE)
    chosen = np.array(sorted(open_sites), np.int64)
    times = dense_times(case.times[:, chosen])
    best = times.argmin(axis=1)
    seconds = times[np.arange(len(times)), best]
    return seconds, np.where(np.isfinite(seconds), chosen[best], NO_OPEN_SITE)


def dense_times(times: csr_array) -> Floats:
    """Return times with inf where nothing is stored; a stored zero is a real 0 s."""
    dense = np.full(times.shape, np.inf)
    row = np.repeat(np.arange(times.shape[0]), np.diff(times.indptr))
    dense[row, times.indices] = times.data
    return dense
