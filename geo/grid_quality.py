"""The tiling of a study's grids: each fault, and the kinds of fault with the people behind them."""

from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.errors import shown_ids
from geo.study import Study
from geo.text import Text
from geo.topology import GridRules, check_grids
from geo.topology.rules import DEFAULT_RULES
from geo.topology.sentences import TITLES

# Of these the homes inside the fault are concerned, of the rest all homes of the grids named.
WHERE_THEY_LIVE = {"gap", "overlap", "spike", "multi_part", "outside_community"}
# Nobody's figure is wrong because of these.
NOBODY_AFFECTED = {"unmatched_border", "too_few_households", "too_many_households", "sliver"}
SAID_ELSEWHERE = {"malformed_code"}  # by `geo.quality`


class GridSummary(NamedTuple):
    """One kind of fault of the tiling."""

    kind: str
    n: int
    ids: list[object]  # of the grids concerned
    affected: pd.DataFrame  # the demand points concerned
    text: Text


def grid_faults(
    study: Study, points: gpd.GeoDataFrame, *, rules: GridRules = DEFAULT_RULES
) -> gpd.GeoDataFrame:
    """Return the findings of `check_grids` for the grids of a study, numbered from 1.

    `points` as `geo.demand.demand_points` gives them. The households of a grid are those of its
    homes; a grid with a home whose households are unknown has unknown ones, unless its own row
    says.
    """
    found = check_grids(
        study.grids,
        communities=study.communities,
        points=points,
        households=_households(study, points),
        rules=rules,
    )
    return found.set_axis(pd.RangeIndex(1, len(found) + 1, name="no"))


def _households(study: Study, points: gpd.GeoDataFrame) -> "pd.Series[float]":
    """Return the households of each grid, index as `study.grids`; NaN where not known."""
    homes = points[points["grid_id"].notna()]
    homes = homes[homes["kind"] != "place"]  # members of whom only coordinates are known
    row = study.grids.index.get_indexer(pd.Index(homes["grid_id"].astype(object)))
    n_homes = np.bincount(row, minlength=len(study.grids))
    sums = np.bincount(row, weights=homes["households"].to_numpy(float), minlength=len(n_homes))
    counted = np.where(n_homes > 0, sums, np.nan)  # one that is not known makes the sum unknown
    if "households" in study.grids:
        told = study.grids["households"].to_numpy(float)
        counted = np.where(np.isnan(told), counted, told)
    return pd.Series(counted, index=study.grids.index)


def grid_summaries(study: Study, points: gpd.GeoDataFrame) -> list[GridSummary]:
    """Return the faults of the tiling by kind; empty for a sound tiling or without grids."""
    if study.grids.empty:
        return []
    found = grid_faults(study, points)
    summaries = []
    for kind, faults in found.groupby("kind", sort=True):
        if kind in SAID_ELSEWHERE:
            continue
        ids = list(dict.fromkeys(i for ids in faults["grid_ids"] for i in ids))
        affected = points[_is_affected(str(kind), faults, points)]
        summaries.append(GridSummary(str(kind), len(faults), ids, affected, _told(kind, faults)))
    return summaries


def _is_affected(kind: str, faults: gpd.GeoDataFrame, points: gpd.GeoDataFrame) -> np.ndarray:
    if kind in NOBODY_AFFECTED:
        return np.zeros(len(points), bool)
    if kind == "point_on_border":
        named = {i for ids in faults["point_ids"] for i in ids}
        return np.asarray(points.index.isin(list(named)), bool)
    if kind in WHERE_THEY_LIVE:
        places = shapely.STRtree(points.geometry.to_numpy())
        hit = places.query(faults.geometry.to_numpy(), predicate="intersects")[1]
        return np.isin(np.arange(len(points)), hit)
    grids = [i for ids in faults["grid_ids"] for i in ids]
    return np.asarray(points["grid_id"].isin(grids).fillna(value=False), bool)


def _told(kind: object, faults: gpd.GeoDataFrame) -> Text:
    """Say one fault as it is, and several as a list of names."""
    if len(faults) == 1:
        one = faults.iloc[0]
        return Text(str(one["text_zh"]), str(one["text_en"]))
    title = TITLES[str(kind)]
    # A gap has more grids round it than one reads; the first two say where it is.
    names = list(dict.fromkeys("–".join(names[:2]) for names in faults["names"]))
    return Text(
        f"{title.zh} {len(faults)} 处（{shown_ids(names)}）；逐条查看：redgrid check --grids。",
        f"{title.en}: {len(faults)} ({shown_ids(names)}). One by one: redgrid check --grids.",
    )
