"""Storing ready frames (the demo subdistrict, tests) as one import."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

from data.batches import BatchSource, begin_batch
from data.errors import ImportDataError
from data.row_keys import row_keys
from data.store import writing
from data.tables import KINDS, insert_rows
from geo.hours import Hours, to_json
from geo.network import WalkNetwork
from geo.text import Text

COLUMNS: dict[str, tuple[str, ...]] = {
    "communities": ("code", "name", "geometry"),
    "grids": ("code", "name", "community_code", "population", "households", "geometry"),
    "compounds": ("key", "name", "address", "households", "residents", "elderly", "geometry"),
    "gates": ("compound_key", "name", "open_to_all", "hours", "geometry"),
    "buildings": (
        *("key", "compound_key", "number", "name", "address", "levels"),
        *("households", "residents", "elderly", "footprint", "geometry"),
    ),
    "members": (
        *("building_key", "compound_key", "kind", "post", "party_duty", "branch", "geometry"),
    ),
    "stations": (
        *("name", "address", "services", "hours", "opens_on", "closes_on", "state", "geometry"),
    ),
    "candidates": ("name", "address", "cost", "area_m2", "geometry"),
    "base": ("kind", "name", "geometry"),
    "links": ("name", "geometry"),
}
# (kind, column in the frame, kind pointed to, its column, column in the table)
REFERENCES = (
    ("grids", "community_code", "communities", "code", "community_id"),
    ("gates", "compound_key", "compounds", "key", "compound_id"),
    ("buildings", "compound_key", "compounds", "key", "compound_id"),
    ("members", "compound_key", "compounds", "key", "compound_id"),
    ("members", "building_key", "buildings", "key", "building_id"),
)


def store_frames(
    engine: sa.Engine,
    frames: Mapping[str, pd.DataFrame | WalkNetwork],
    *,
    source: str,
    is_demo: bool = False,
    data_date: str | None = None,
) -> int:
    """Store ready frames in one transaction as one import and return its id.

    Parameters
    ----------
    frames
        By kind; any may be left out, and so may every column that is marked with a star.
        Geometry is in EPSG:4326; unknown counts are NaN, never 0; unknown text is "".

        communities  code (unique), name, geometry* (polygon or None)
        grids        code (unique), name, community_code*, population*, households*, geometry
        compounds    key (unique text), name, address*, households*, residents*, elderly*, geometry
                     (polygon or point)
        gates        compound_key, name*, open_to_all* (bool), hours* (Hours; None = always),
                     geometry (point)
        buildings    key (unique text), compound_key* (None = in none), number*, name*, address*,
                     levels*, households*, residents*, elderly*, footprint* (polygon or None),
                     geometry (point)
        members      building_key*, or compound_key*, or geometry* (point): at least one; kind
                     ("community", "in_service", "mobile", "other"), post*, party_duty*, branch*
        stations     name (unique), address*, services* (list of text), hours* (Hours; None = not
                     known), opens_on*, closes_on* (date or None), state ("open", "planned",
                     "closed"), geometry (point)
        candidates   name, address*, cost*, area_m2*, geometry (point)
        base         kind ("water", "green", "rail"), name*, geometry
        links        name*, geometry (line of two places and more)
        network      a WalkNetwork, not a frame
    source
        What the list of imports calls it.
    data_date
        ISO date that the rows stand for; today if left out.

    Raises
    ------
    ImportDataError
        A kind, column or reference is not known, or rows with the same key are there already.
    """
    _check_names(frames)
    n_rows = {k: 1 if isinstance(f, WalkNetwork) else len(f) for k, f in frames.items()}
    described = BatchSource("frames", source, is_demo=is_demo, data_date=data_date)
    ids: dict[str, pd.Series[int]] = {}
    with writing(engine) as connection:
        batch_id = begin_batch(connection, described, n_kept=sum(n_rows.values()))
        for kind in KINDS:
            given = frames.get(kind)
            if given is None:
                continue
            rows = (
                network_row(given, source)
                if isinstance(given, WalkNetwork)
                else _table_rows(kind, given, frames, ids)
            )
            try:
                ids[kind] = insert_rows(connection, kind, rows, batch_id=batch_id)
            except sa.exc.IntegrityError as error:
                raise _clash(kind, error) from error
    return batch_id


def network_row(network: WalkNetwork, source: str) -> pd.DataFrame:
    """Return the one row of the table of networks."""
    content = network.to_bytes()
    return pd.DataFrame(
        {
            "source": [source],
            "n_nodes": [len(network.xy)],
            "n_edges": [len(network.edge_nodes)],
            "counts": [{key: int(n) for key, n in network.counts.items()}],
            "sha256": [sha256(content).hexdigest()],
            "content": [content],
        },
        index=[1],
    )


def _check_names(frames: Mapping[str, Any]) -> None:
    for kind, frame in frames.items():
        if kind not in KINDS:
            raise _unknown("kind", kind, KINDS)
        if kind != "network":
            for column in frame.columns:
                if column not in COLUMNS[kind]:
                    raise _unknown(f"column of {kind}", str(column), COLUMNS[kind])


def _unknown(what: str, name: str, known: Sequence[str]) -> ImportDataError:
    names = ", ".join(known)
    return ImportDataError(
        Text(
            f"不认识“{name}”（{what}）；可用：{names}。",
            f"There is no {what} {name!r}; known are {names}.",
        )
    )


def _table_rows(
    kind: str,
    given: pd.DataFrame,
    frames: Mapping[str, pd.DataFrame | WalkNetwork],
    ids: "Mapping[str, pd.Series[int]]",
) -> pd.DataFrame:
    rows = pd.DataFrame(
        {c: given[c].to_numpy(object) for c in given.columns},
        index=np.arange(1, len(given) + 1),
    )
    for owner, column, parent_kind, parent_column, target in REFERENCES:
        if owner == kind and column in rows:
            parent = frames.get(parent_kind)
            known: dict[Any, int] = {}
            if isinstance(parent, pd.DataFrame):
                known = dict(zip(parent[parent_column], ids[parent_kind], strict=True))
            rows[target] = [_referred(kind, known, cell) for cell in rows[column]]
    if kind in {"gates", "buildings"} and "compound_key" in rows and "compounds" in frames:
        compounds = frames["compounds"]
        if isinstance(compounds, pd.DataFrame):
            names = dict(zip(compounds["key"], compounds["name"], strict=True))
            rows["compound_name"] = [names.get(cell, "") for cell in rows["compound_key"]]
    if "open_to_all" in rows:
        rows["is_open_to_all"] = rows["open_to_all"]
    if "hours" in rows:
        stored = [to_json(h) if isinstance(h, Hours) else None for h in rows["hours"]]
        rows["hours"] = pd.Series(stored, index=rows.index, dtype=object)
    rows["key"] = row_keys(kind, rows)
    return rows


def _referred(kind: str, known: Mapping[Any, int], cell: object) -> int | None:
    if cell is None or cell != cell or cell == "":  # noqa: PLR0124 - NaN differs from itself
        return None
    if cell not in known:
        raise ImportDataError(
            Text(
                f"{kind} 引用了不存在的“{cell}”。",
                f"The {kind} refer to {cell!r}, which is not among the frames.",
            ),
            [cell],
        )
    return known[cell]


def _clash(kind: str, error: sa.exc.IntegrityError) -> ImportDataError:
    return ImportDataError(
        Text(
            f"{kind} 中有重复的行，或数据库里已有同样的行，或数值不合规则（{error.orig}）。",
            f"The {kind} hold rows twice, or rows that the database has already, or a value "
            f"against its rules ({error.orig}).",
        )
    )
