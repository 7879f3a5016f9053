"""Reading the database: frames for one viewer, in the metric CRS of the study."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import sqlalchemy as sa
from pyproj import CRS
from sqlalchemy.orm import Session

from data.batches import list_batches
from data.models import ImportBatch, LocationCheck, RefusedRow
from data.study_frames import COLUMNS, WGS84, read_frame
from data.tables import table_of
from data.viewer import Viewer
from geo.crs import metric_crs
from geo.demand import grid_at
from geo.links import join_links
from geo.network import WalkNetwork
from geo.study import MEMBER_KINDS, Study

MEMBER_COLUMNS = ("members", *MEMBER_KINDS)
# Where nothing is known at all, an empty study is still in metres: the zone of 滁州.
NOWHERE = (118.31, 32.26)


def imports_version(session: Session | sa.Connection, viewer: Viewer) -> str:
    """Return a short text that changes with every import and undo, and with nothing else."""
    return _hashed(viewer, _imports(session))


def study_version(session: Session | sa.Connection, viewer: Viewer) -> str:
    """Return a short text that changes whenever anything that the viewer may see changes.

    Cheap: it reads the list of imports, and the last row that was moved by hand, only.
    """
    told = _imports(session)
    moves = LocationCheck.__table__
    moved = session.execute(sa.select(sa.func.max(moves.c.id)).where(moves.c.is_move)).scalar()
    return _hashed(viewer, told if moved is None else [*told, (moved,)])


def _imports(session: Session | sa.Connection) -> list[tuple[Any, ...]]:
    table = ImportBatch.__table__
    query = sa.select(table.c.id, table.c.imported_at, table.c.sha256, table.c.undone_at)
    return [tuple(row) for row in session.execute(query.order_by(table.c.id)).all()]


def _hashed(viewer: Viewer, told: list[tuple[Any, ...]]) -> str:
    return sha256(repr((viewer.scope, told)).encode()).hexdigest()[:16]


def load_study(session: Session, viewer: Viewer) -> Study:
    """Return everything that the viewer may see, as `geo.study.Study` describes it.

    All frames are in the network's CRS; without a network in the metric CRS of the data's middle.
    """
    network = load_network(session, viewer)
    frames = {kind: read_frame(session, kind, _may_see(table_of(kind), viewer)) for kind in COLUMNS}
    crs = metric_crs(*_middle(frames)) if network is None else network.crs
    frames = {kind: frame.to_crs(crs) for kind, frame in frames.items()}
    members = _count_members(session, viewer)
    communities = _shown_communities(frames["communities"], frames["grids"])
    grids = _with_community_names(frames["grids"], communities)
    compounds = frames["compounds"].join(_weights(members, "compound_id", frames["compounds"]))
    batches = _active_batches(session)
    network, links = _with_links(_no_network(crs) if network is None else network, frames["links"])
    return Study(
        crs=crs,
        network=network,
        communities=communities,
        grids=grids,
        compounds=compounds,
        gates=frames["gates"],
        buildings=_complete_buildings(frames["buildings"], compounds, grids, members, crs),
        stations=frames["stations"],
        candidates=frames["candidates"],
        base=frames["base"],
        is_demo=any(batch.is_demo for batch in batches),
        data_date=max((batch.data_date for batch in batches), default=""),
        version=study_version(session, viewer),
        places=_places(members, grids, crs),
        links=links,
    )


def _with_links(
    network: WalkNetwork, links: gpd.GeoDataFrame
) -> tuple[WalkNetwork, gpd.GeoDataFrame]:
    """Return the network with the links that were drawn, and which of them join it."""
    ends = np.array([[line.coords[0][:2], line.coords[-1][:2]] for line in links.geometry])
    is_joined = np.zeros(len(links), dtype=bool)
    if len(links) and len(network.edge_nodes):
        network, is_joined = join_links(network, ends)
    return network, links.assign(is_joined=is_joined)


def load_network(session: Session, viewer: Viewer) -> WalkNetwork | None:
    """Return the newest walk network, or None if there is none."""
    table = table_of("network")
    query = sa.select(table.c.content).where(_may_see(table, viewer)).order_by(table.c.id.desc())
    content = session.execute(query.limit(1)).scalar()
    return None if content is None else WalkNetwork.from_bytes(content)


def load_batches(session: Session, viewer: Viewer) -> pd.DataFrame:
    """Return the imports, newest first, undone ones too: index `id`, columns of `import_batch`."""
    del viewer  # roles come later
    columns = [column.name for column in ImportBatch.__table__.columns]
    return pd.DataFrame(list_batches(session), columns=columns).set_index("id").iloc[::-1]


def load_refused(session: Session, viewer: Viewer, batch_id: int) -> pd.DataFrame:
    """Return why rows of an import were refused, in the order of the file.

    Columns source_row (row or feature in the file), column (heading, "" for the whole row), value
    (personal ones masked), reason_zh, reason_en; empty if every row was kept.
    """
    del viewer  # roles come later
    table = RefusedRow.__table__
    shown = ["source_row", "column", "value", "reason_zh", "reason_en"]
    query = sa.select(*(table.c[name] for name in shown)).where(table.c.batch_id == batch_id)
    rows = session.execute(query.order_by(table.c.source_row, table.c.id)).all()
    return pd.DataFrame([tuple(row) for row in rows], columns=shown)


def _may_see(table: sa.Table, viewer: Viewer) -> sa.ColumnElement[bool]:
    """Return the condition on the rows that a viewer may see: the one gate of all queries."""
    del viewer  # roles come later; today's only viewer sees every current row
    return table.c.replaced_by.is_(None)


def _middle(frames: dict[str, gpd.GeoDataFrame]) -> tuple[float, float]:
    """Return lon, lat of the middle of the data: the median, so that a stray row moves nothing."""
    for kind in ("grids", "buildings", "compounds", "stations", "candidates", "communities"):
        centroids = shapely.centroid(frames[kind].geometry.to_numpy())
        lon, lat = shapely.get_x(centroids), shapely.get_y(centroids)
        if np.isfinite(lon).any():
            return float(np.nanmedian(lon)), float(np.nanmedian(lat))
    return NOWHERE


def _no_network(crs: CRS) -> WalkNetwork:
    return WalkNetwork(
        xy=np.empty((0, 2)),
        edge_nodes=np.empty((0, 2), dtype=np.int32),
        edge_length_m=np.empty(0),
        crs=crs,
    )


def _active_batches(session: Session) -> Sequence[Any]:
    table = ImportBatch.__table__
    query = sa.select(table.c.is_demo, table.c.data_date).where(table.c.undone_at.is_(None))
    return session.execute(query).all()


def _shown_communities(communities: gpd.GeoDataFrame, grids: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Leave out communities that were made for grids which are there no more."""
    has_grids = communities.index.isin(grids["community_id"].dropna())
    return communities[has_grids | ~communities["is_derived"]].drop(columns="is_derived")


def _with_community_names(
    grids: gpd.GeoDataFrame, communities: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    name_of = dict(zip(communities.index, communities["name"], strict=True))
    names = [name_of.get(i, "") for i in grids["community_id"]]
    return grids.assign(community=pd.Series(names, index=grids.index, dtype=object))


def _count_members(session: Session, viewer: Viewer) -> pd.DataFrame:
    """Return the number of members by place and kind: building_id, compound_id, geometry, kind, n.

    Counted in the database: no row of a person leaves it.
    """
    table = table_of("members")
    place = (table.c.building_id, table.c.compound_id, table.c.geometry, table.c.kind)
    query = (
        sa.select(*place, sa.func.count().label("n"))
        .where(_may_see(table, viewer))
        .group_by(*place)
    )
    names = ["building_id", "compound_id", "geometry", "kind", "n"]
    rows = session.execute(query).all()
    return pd.DataFrame([tuple(row) for row in rows], columns=names)


def _weights(members: pd.DataFrame, place: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Return MEMBER_COLUMNS for each row of `frame`; unknown if there is no member anywhere."""
    if members.empty:
        return pd.DataFrame(np.nan, index=frame.index, columns=list(MEMBER_COLUMNS))
    here = members[members[place].notna()]
    if place == "compound_id":
        here = here[here["building_id"].isna()]
    return _pivot(here, here[place].astype("int64")).reindex(frame.index, fill_value=0.0)


def _pivot(members: pd.DataFrame, by: "pd.Series[Any]") -> pd.DataFrame:
    column = pd.Series([f"members_{kind}" for kind in members["kind"]], index=members.index)
    long = pd.DataFrame({"place": by, "column": column, "n": members["n"].astype(float)})
    counts = long.pivot_table(index="place", columns="column", values="n", aggfunc="sum")
    counts = counts.reindex(columns=list(MEMBER_KINDS)).rename_axis(columns=None).fillna(0.0)
    counts.insert(0, "members", counts.sum(axis=1))
    return pd.DataFrame(counts)


def _complete_buildings(
    buildings: gpd.GeoDataFrame,
    compounds: gpd.GeoDataFrame,
    grids: gpd.GeoDataFrame,
    members: pd.DataFrame,
    crs: CRS,
) -> gpd.GeoDataFrame:
    """Add the grid, the compound whose outline holds the building if none is named, and members."""
    outlines = compounds[shapely.get_dimensions(compounds.geometry.to_numpy()) == 2]
    by_place = pd.Series(grid_at(outlines, buildings.geometry), index=buildings.index)
    complete = buildings.assign(
        compound_id=buildings["compound_id"].fillna(by_place),
        grid_id=grid_at(grids, buildings.geometry),
        footprint=gpd.GeoSeries(buildings["footprint"], crs=WGS84).to_crs(crs),
    )
    return complete.join(_weights(members, "building_id", buildings))


def _places(members: pd.DataFrame, grids: gpd.GeoDataFrame, crs: CRS) -> gpd.GeoDataFrame:
    """Return the members of whom only coordinates are known, one row a coordinate."""
    is_here = members["building_id"].isna() & members["compound_id"].isna()
    here = members[is_here & members["geometry"].notna()]
    if here.empty:
        counts = pd.DataFrame(columns=list(MEMBER_COLUMNS), dtype=float)
    else:
        counts = _pivot(here, here["geometry"]).sort_index()
    points = gpd.GeoSeries(shapely.from_wkb(counts.index.to_numpy(object)), crs=WGS84).to_crs(crs)
    rows = counts.set_axis(pd.RangeIndex(1, len(counts) + 1, name="id"), axis=0)
    rows = rows.assign(grid_id=grid_at(grids, points))
    return gpd.GeoDataFrame(rows, geometry=points.to_numpy(), crs=crs)
