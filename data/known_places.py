"""What the database knows of the place, for the datum detective."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import sqlalchemy as sa

from data.linking import current_rows
from data.tables import table_of
from geo.crs import WGS84
from geo.datum import KnownPlaces, lines_of
from geo.network import WalkNetwork


def known_places(connection: sa.Connection) -> KnownPlaces:
    """Return the current buildings, compounds, walk network, grids and communities."""
    compounds = current_rows(connection, "compounds", "name", "address", "geometry")
    areas = pd.concat(
        [current_rows(connection, kind, "name", "geometry") for kind in ("grids", "communities")]
    )
    areas = areas[areas["geometry"].notna()]
    network = table_of("network")
    newest = sa.select(network.c.content).where(network.c.replaced_by.is_(None))
    content = connection.execute(newest.order_by(network.c.id.desc()).limit(1)).scalar()
    return KnownPlaces(
        buildings=_series(current_rows(connection, "buildings", "geometry")),
        compounds=_series(compounds),
        compound_names=list(compounds["name"]),
        compound_texts=list(compounds["address"]),
        streets=_series(compounds[:0])
        if content is None
        else lines_of(WalkNetwork.from_bytes(content)),
        areas=_series(areas),
        area_names=list(areas["name"]),
    )


def _series(rows: pd.DataFrame) -> gpd.GeoSeries:
    shapes = shapely.from_wkb(np.asarray(rows["geometry"], dtype=object))
    return gpd.GeoSeries(shapes, crs=WGS84)
