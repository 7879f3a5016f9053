"""What is drawn on the map: each drawing is one import of one kind, which can be undone.

Drawn things are rows of their own: a new network, or a new file of another kind, leaves them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely
import sqlalchemy as sa
from numpy.typing import NDArray
from scipy.spatial import KDTree

from data.batches import TITLES, BatchSource, begin_batch
from data.errors import ImportDataError
from data.replacing import hide, point_to_successors
from data.row_keys import row_keys
from data.store import writing
from data.tables import insert_rows, table_of
from geo.text import Text

SOURCE = "地图上绘制"
DRAWN_KINDS = ("stations", "gates", "links", "compounds", "candidates", "grids")
LONGEST_NAME = 100
SAME_CORNER_DEG = 4e-9  # half a millimetre
_KEPT = frozenset({"id", "batch_id", "source_row", "key", "replaced_by", "replaces_id"})


@dataclass(frozen=True, eq=False)
class Drawing:
    """New rows of a kind, rows with another outline or place, and rows that go.

    `new`: columns of the table, geometry in EPSG:4326. `changed`: id → what is new of the row;
    all else of it stays. `removed`: ids.
    """

    kind: str
    new: Sequence[Mapping[str, Any]] = ()
    changed: Mapping[int, Mapping[str, Any]] | None = None
    removed: Sequence[int] = ()


def store_drawing(engine: sa.Engine, drawing: Drawing) -> int:
    """Write a drawing in one transaction as one import and return its id.

    Raises
    ------
    ImportDataError
        A kind that cannot be drawn, a row that is gone, a name that is missing, too long or there
        already, a geometry that is none, or something still belongs to a row that goes.
    """
    kind = drawing.kind
    if kind not in DRAWN_KINDS:
        raise ImportDataError(
            Text(f"“{kind}”不能在地图上绘制。", f"{kind!r} cannot be drawn on the map.")
        )
    with writing(engine) as connection:
        former = _former(connection, drawing)
        rows = _rows(drawing, former)
        if kind == "grids" and len(rows):
            rows["geometry"] = _on_stored_corners(connection, rows["geometry"])
        batch = BatchSource(kind, SOURCE, is_replacing=False)
        batch_id = begin_batch(connection, batch, n_kept=len(rows))
        hide(connection, kind, former["id"].tolist(), batch_id=batch_id)
        try:
            ids = insert_rows(connection, kind, rows, batch_id=batch_id)
        except sa.exc.IntegrityError as error:
            raise _clash(kind) from error
        changed = list(drawing.changed or {})
        new_ids = {old: int(ids.iloc[row]) for row, old in enumerate(changed)}
        point_to_successors(connection, kind, former, new_ids)
    return batch_id


def _former(connection: sa.Connection, drawing: Drawing) -> pd.DataFrame:
    """Return the rows that are changed or go, changed ones first."""
    wanted = [*(drawing.changed or {}), *drawing.removed]
    table = table_of(drawing.kind)
    found = connection.execute(
        sa.select(table).where(table.c.id.in_(wanted), table.c.replaced_by.is_(None))
    ).mappings()
    by_id = {row["id"]: dict(row) for row in found}
    gone = [i for i in wanted if i not in by_id]
    if gone:
        title = TITLES[drawing.kind]
        raise ImportDataError(
            Text(
                f"要改的{title.zh}（编号 {gone[0]}）已被别人更换或撤销；请重新选择。",
                f"The row of {title.en} to be changed (id {gone[0]}) was replaced or undone "
                "meanwhile; choose again.",
            ),
            gone,
        )
    columns = [column.name for column in table.columns]
    return pd.DataFrame([by_id[i] for i in wanted], columns=columns)


def _rows(drawing: Drawing, former: pd.DataFrame) -> pd.DataFrame:
    """Return the rows to be written: changed ones in their order, then new ones."""
    records: list[dict[str, Any]] = []
    changed = drawing.changed or {}
    by_id = former.set_index("id", drop=False).to_dict("index")
    for row_id, what in changed.items():
        kept = {str(k): cell for k, cell in by_id[row_id].items() if k not in _KEPT}
        if "geometry" in what:  # it stands no more where the file said
            kept |= {name: None for name in kept if name.startswith("original_")}
        records.append({**kept, **what})
    records += [dict(row) for row in drawing.new]
    rows = pd.DataFrame(records, index=range(1, len(records) + 1))
    if rows.empty:
        return rows
    rows["geometry"] = pd.Series(
        [_shape(cell) for cell in rows["geometry"]], index=rows.index, dtype=object
    )
    _check(drawing.kind, rows)
    rows["key"] = row_keys(drawing.kind, rows)
    return rows


def _on_stored_corners(connection: sa.Connection, shapes: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return outlines whose corners are those of the stored grids, to the last digit.

    A page works in metres: what comes back from there differs in the last digits, and borders
    that two grids share would no more be the same.
    """
    table = table_of("grids")
    stored = connection.execute(sa.select(table.c.geometry)).scalars().all()
    corners = shapely.get_coordinates(shapely.from_wkb(np.array(stored, dtype=object)))
    if len(corners) == 0:
        return shapes
    tree = KDTree(corners)

    def placed(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        distance, at = tree.query(xy, distance_upper_bound=SAME_CORNER_DEG)
        is_same = np.isfinite(distance)
        xy[is_same] = corners[np.asarray(at)[is_same]]
        return xy

    same = [shapely.transform(shape, lambda xy: placed(xy.copy())) for shape in shapes]
    return pd.Series(same, index=shapes.index, dtype=object)


def _shape(cell: object) -> shapely.Geometry:
    return shapely.from_wkb(cell) if isinstance(cell, bytes) else cell  # type: ignore[return-value]


SHAPES = {
    "compounds": (("Polygon", "MultiPolygon", "Point"), Text("面或点", "polygon or point")),
    "grids": (("Polygon", "MultiPolygon"), Text("面", "polygon")),
    "links": (("LineString",), Text("线", "line")),
}
POINT = (("Point",), Text("点", "point"))


def _check(kind: str, rows: pd.DataFrame) -> None:
    title = TITLES[kind]
    types, what = SHAPES.get(kind, POINT)
    for shape in rows["geometry"]:
        if shape is None or shape.is_empty or not shape.is_valid or shape.geom_type not in types:
            raise ImportDataError(
                Text(
                    f"画的{title.zh}不是有效的{what.zh}（可能自相交）；请重画。",
                    f"What was drawn for the {title.en} is no valid {what.en} (it may cross "
                    "itself); draw it again.",
                )
            )
    if kind in {"gates", "links"}:  # these need no name
        return
    for name in rows.get("name", [""]):
        if not isinstance(name, str) or not name.strip() or len(name) > LONGEST_NAME:
            raise ImportDataError(
                Text(
                    f"请给{title.zh}起名（不超过 {LONGEST_NAME} 个字）。",
                    f"Give the {title.en} a name of at most {LONGEST_NAME} characters.",
                )
            )


def _clash(kind: str) -> ImportDataError:
    title = TITLES[kind]
    return ImportDataError(
        Text(
            f"已有同名或同编码的{title.zh}；请换一个名称。",
            f"There is one of the {title.en} with this name or code already; choose another.",
        )
    )
