"""Demand points: where people live, with how many of them, from the frames of a study."""

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.study import MEMBER_KINDS, WEIGHTS, Study

MEMBER_COLUMNS = ("members", *MEMBER_KINDS)


def demand_points(study: Study) -> gpd.GeoDataFrame:
    """Return one point for each place where people of the study are known to live.

    These are the buildings; the compounds of which no building is known (with the households of
    the whole compound, at its representative point); for a compound with buildings, the members
    who could be joined to the compound only; and the members of whom only coordinates are known.
    So nobody is counted twice.

    Returns
    -------
    points
        Index: text id ("building:12", "compound:7", "place:3"). Columns kind, source_id, name,
        compound (name or ""), compound_id (Int64), grid_id (Int64, the polygon that holds the
        point; NA outside), community_id (Int64), WEIGHTS (float; NaN = not known), geometry.
    """
    parts = [_building_points(study), _compound_points(study), _place_points(study)]
    filled = [part for part in parts if len(part)]
    points = pd.concat(filled) if filled else parts[0]
    community_of = study.grids["community_id"]
    points["community_id"] = points["grid_id"].map(community_of).astype("Int64")
    return gpd.GeoDataFrame(points, geometry="geometry", crs=study.crs)


def _building_points(study: Study) -> gpd.GeoDataFrame:
    buildings = study.buildings
    compound_names = study.compounds["name"]
    in_compound = buildings["compound_id"].map(compound_names).astype(object).fillna("")
    label = buildings["name"].fillna("").astype(object)
    number = buildings["number"].fillna("").astype(object)
    named = np.where(label != "", label, in_compound + number)
    weights = {w: buildings[w].to_numpy(float) for w in WEIGHTS if w != "buildings"}
    return gpd.GeoDataFrame(
        {
            "kind": "building",
            "source_id": buildings.index.to_numpy(),
            "name": named,
            "compound": in_compound.to_numpy(),
            "compound_id": buildings["compound_id"].to_numpy(),
            "grid_id": buildings["grid_id"].to_numpy(),
            **weights,
            "buildings": 1.0,
        },
        geometry=buildings.geometry.to_numpy(),
        index=pd.Index([f"building:{i}" for i in buildings.index], name="id", dtype=object),
        crs=study.crs,
    )


def _compound_points(study: Study) -> gpd.GeoDataFrame:
    compounds = study.compounds
    has_buildings = compounds.index.isin(study.buildings["compound_id"].dropna().unique())
    member_count = (
        compounds["members"].fillna(0).to_numpy(float)
        if "members" in compounds
        else np.zeros(len(compounds))
    )
    kept = ~has_buildings | (member_count > 0)
    rows = compounds[kept]
    counted_in_buildings = has_buildings[kept]
    weights: dict[str, object] = {}
    for weight in WEIGHTS:
        known = rows[weight].to_numpy(float) if weight in rows else np.full(len(rows), np.nan)
        if weight in MEMBER_COLUMNS:
            weights[weight] = known
        else:
            weights[weight] = np.where(counted_in_buildings, 0.0, known)
    places = rows.geometry.representative_point()
    return gpd.GeoDataFrame(
        {
            "kind": "compound",
            "source_id": rows.index.to_numpy(),
            "name": rows["name"].to_numpy(),
            "compound": rows["name"].to_numpy(),
            "compound_id": pd.array(rows.index, dtype="Int64"),
            "grid_id": grid_at(study.grids, places),
            **weights,
        },
        geometry=places.to_numpy(),
        index=pd.Index([f"compound:{i}" for i in rows.index], name="id", dtype=object),
        crs=study.crs,
    )


def _place_points(study: Study) -> gpd.GeoDataFrame:
    places = study.places
    nobody = {weight: 0.0 for weight in WEIGHTS if weight not in MEMBER_COLUMNS}
    return gpd.GeoDataFrame(
        {
            "kind": "place",
            "source_id": places.index.to_numpy(),
            "name": [f"党员住处 {i}" for i in places.index],
            "compound": "",
            "compound_id": pd.array([pd.NA] * len(places), dtype="Int64"),
            "grid_id": places["grid_id"].to_numpy() if len(places) else pd.array([], "Int64"),
            **{column: places[column].to_numpy(float) for column in MEMBER_COLUMNS if len(places)},
            **nobody,
        },
        geometry=places.geometry.to_numpy() if len(places) else [],
        index=pd.Index([f"place:{i}" for i in places.index], name="id", dtype=object),
        crs=study.crs,
    )


def grid_at(grids: gpd.GeoDataFrame, places: gpd.GeoSeries) -> pd.api.extensions.ExtensionArray:
    """Return the id of the grid that holds each place (n,), the lowest on a border, NA outside.

    Both in the same CRS.
    """
    point_row, grid_row = grids.sindex.query(places.to_numpy(), predicate="intersects")
    ids = grids.index.to_numpy()[grid_row]
    lowest = pd.Series(ids).groupby(point_row).min()
    return lowest.reindex(np.arange(len(places))).astype("Int64").array
