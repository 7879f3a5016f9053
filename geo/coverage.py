"""Who is within the limit of an open station: per point, per grid, per community and in total."""

from dataclasses import dataclass
from datetime import datetime

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.profiles import SpeedProfile

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Coverage:
    """The answer for one study, profile, limit and moment. Read-only. Metric CRS of the study.

    points       one row a demand point, index = text id ("building:12", "compound:7"): kind,
                 source_id (int), name, compound (text), grid_id, community_id (Int64), WEIGHTS
                 columns, seconds (inf = not reachable), station_id (Int64), n_stations (within the
                 limit), covered (bool), crow_m (metres to the nearest open station), crow_covered
                 (bool), reason ("" or why it is left out: a key of REASONS), geometry (point)
    grids, communities, total
                 one row each (index = id; total: index 0), with code, name, community (grids only),
                 n_points, area_km2, area_share, median_s, p90_s (weighted by households where
                 known, otherwise by buildings), and for each weight w: w, w_covered, w_share,
                 w_backup, w_crow_covered, w_unknown (points whose w is not known), w_left_out;
                 grids and communities also members_per_km2, members_per_100_households,
                 nearest_station_id, sentence_zh, sentence_en (why it is weak, "" where it is
                 not), geometry
    areas        one row a level, ascending: minutes, geometry (rings nested)
    stations     study stations + is_open (bool) and why_closed ("" or key), members_served and
                 households_served (nearest within the limit)
    left_out     kind, id, name, reason (key), reason_zh, reason_en
    """

    profile: SpeedProfile
    minutes: float
    at: datetime | None
    points: gpd.GeoDataFrame
    grids: gpd.GeoDataFrame
    communities: gpd.GeoDataFrame
    total: pd.DataFrame
    areas: gpd.GeoDataFrame
    stations: gpd.GeoDataFrame
    left_out: pd.DataFrame
