"""Where the candidate sites of a study come from: a table, the ways, gates, doors, the map."""

from collections.abc import Sequence

import geopandas as gpd

from geo.crs import WGS84
from geo.demand import demand_points, grid_at
from geo.siting.candidates import (
    candidates_along,
    candidates_at_buildings,
    candidates_at_gates,
)
from geo.study import Study


def candidate_sites(study: Study, source: str, *, every_m: float = 150.0) -> gpd.GeoDataFrame:
    """Return the candidate sites of a study: a frame with `name`, in metres.

    `source` is "table" (those that were imported), "ways" (along the public ways, every so many
    metres), "gates" (of compounds) or "entrances" (of buildings); all inside the grids. What is
    generated does not lie in water.
    """
    area = study.grids.geometry
    is_water = (study.base["kind"] == "water") & (study.base.area > 0)
    forbidden = study.base.geometry[is_water]
    if source == "ways":
        sites = candidates_along(study.network, area, every_m=every_m, forbidden=forbidden)
        return sites.assign(name=_with_grid_names(sites, study.grids))
    if source == "gates":
        return candidates_at_gates(study.gates, study.compounds, area, forbidden=forbidden)
    if source == "entrances":
        homes = study.buildings.assign(name=_building_names(study))
        return candidates_at_buildings(homes, area, network=study.network, forbidden=forbidden)
    return study.candidates


def _with_grid_names(sites: gpd.GeoDataFrame, grids: gpd.GeoDataFrame) -> list[str]:
    """Return the names of sites after that of the grid: a number on a way alone tells no place."""
    grid_of = grid_at(grids, sites.geometry.to_crs(grids.crs))
    names = grids["name"].to_dict()
    return [
        f"{names.get(grid, '')} {name}".strip()
        for grid, name in zip(grid_of, sites["name"], strict=True)
    ]


def _building_names(study: Study) -> list[str]:
    """Return what each building is called where people are counted: with its compound."""
    points = demand_points(study)
    homes = points[points["kind"] == "building"].set_index("source_id")["name"]
    compound = study.buildings["compound_id"].map(study.compounds["name"]).fillna("")
    return [
        name if name.startswith(inside) else f"{inside} {name}"
        for inside, name in zip(compound, homes.reindex(study.buildings.index), strict=True)
    ]


def drawn_sites(study: Study, places: Sequence[tuple[float, float]]) -> gpd.GeoDataFrame:
    """Return candidate sites at places that were pointed at (lon, lat in WGS84); index from 1."""
    points = gpd.points_from_xy([x for x, _ in places], [y for _, y in places], crs=WGS84)
    names = [f"备选点 {k}" for k in range(1, len(places) + 1)]
    frame = gpd.GeoDataFrame({"name": names}, geometry=points, index=range(1, len(places) + 1))
    return frame.to_crs(study.crs)
