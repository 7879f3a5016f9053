"""Joining new rows to what the database holds: communities, compounds, buildings."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
import pandas as pd
import shapely
import sqlalchemy as sa
from numpy.typing import NDArray

from data.findings import MASK, Findings, masked
from data.geocoding.homes import Home, Settle
from data.keys import building_part, number_key, plain_name, split_address
from data.tables import table_of

GATE_REACH_DEGREES = 0.0003  # about 30 m: a gate without a name belongs to an outline this near
CODE_DIGITS = 15
COMMUNITY_DIGITS = 12


def text_column(rows: pd.DataFrame, name: str) -> list[str]:
    """Return a column as texts, "" where it is absent or unknown."""
    if name not in rows:
        return [""] * len(rows)
    return [cell if isinstance(cell, str) else "" for cell in rows[name]]


def current_rows(connection: sa.Connection, kind: str, *columns: str) -> pd.DataFrame:
    """Return columns of the current rows of a kind, oldest first."""
    table = table_of(kind)
    query = sa.select(*(table.c[name] for name in columns)).where(table.c.replaced_by.is_(None))
    rows = connection.execute(query.order_by(table.c.id)).all()
    return pd.DataFrame([tuple(row) for row in rows], columns=list(columns))


def link_grids(
    connection: sa.Connection, rows: pd.DataFrame, findings: Findings
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give grids their code and community.

    Returns
    -------
    rows
        With `code` filled and `community_id` (None = not yet known); grids of a community that is
        not in the database have its position in `made` as `made_community`.
    made
        Communities to be made: code, name; index = row of the first grid that names it.
    """
    codes = _codes(rows, findings)
    names, given = text_column(rows, "community"), text_column(rows, "community_code")
    known = current_rows(connection, "communities", "id", "code", "name")
    by_code = {code: i for i, code in zip(known["id"], known["code"], strict=True) if code}
    by_name = {plain_name(name): i for i, name in zip(known["id"], known["name"], strict=True)}
    made: dict[str, tuple[int, str, str]] = {}
    community_ids: list[int | None] = []
    references: list[str | None] = []
    for row, code, name, community_code in zip(rows.index, codes, names, given, strict=True):
        prefix = community_code or (code[:COMMUNITY_DIGITS] if _is_grid_code(code) else "")
        found = by_code.get(prefix, by_name.get(plain_name(name)) if name else None)
        reference = None
        if found is None and (name or community_code):
            reference = plain_name(name) or community_code
            made.setdefault(reference, (row, community_code, name or community_code))
        community_ids.append(found)
        references.append(reference)
    filled = rows.assign(
        code=codes,
        name=[n or c for n, c in zip(text_column(rows, "name"), codes, strict=True)],
        community_id=pd.Series(community_ids, index=rows.index, dtype=object),
        made_community=pd.Series(references, index=rows.index, dtype=object),
    )
    frame = pd.DataFrame(
        [(code or None, name, True, ref) for ref, (_, code, name) in made.items()],
        columns=["code", "name", "is_derived", "reference"],
        index=[row for row, _, _ in made.values()],
    )
    return filled, frame


def _is_grid_code(code: str) -> bool:
    return len(code) == CODE_DIGITS and code.isascii() and code.isdecimal()


def _codes(rows: pd.DataFrame, findings: Findings) -> list[str]:
    """Return the codes; where there is none, one made of community and name."""
    codes = text_column(rows, "code")
    findings.note(
        "网格编码不是 15 位数字",
        "grid codes are not 15 digits",
        sum(1 for code in codes if code and not _is_grid_code(code)),
    )
    used: dict[str, int] = defaultdict(int)
    names, communities = text_column(rows, "name"), text_column(rows, "community")
    n_made = 0
    for i, code in enumerate(codes):
        if not code:
            n_made += 1
            base = "/".join(part for part in (communities[i], names[i]) if part)
            used[base] += 1
            codes[i] = base if used[base] == 1 else f"{base} ({used[base]})"
    findings.note("没有编码，用名称代替", "grids without a code; the name stands for it", n_made)
    return codes


class CompoundIndex:
    """The compounds of the database by name and by place."""

    def __init__(self, connection: sa.Connection) -> None:
        known = current_rows(connection, "compounds", "id", "name", "geometry")
        self.ids = known["id"].to_numpy(dtype=np.int64)
        self.names: list[str] = list(known["name"])
        self.geometry: NDArray[np.object_] = shapely.from_wkb(known["geometry"].to_numpy(object))
        self.by_name: dict[str, list[int]] = defaultdict(list)
        for position, name in enumerate(self.names):
            self.by_name[plain_name(name)].append(position)

    @cached_property
    def outlines(self) -> shapely.STRtree:
        """The compounds whose outline is known; points are left out."""
        outlines = self.geometry.copy()
        outlines[shapely.get_dimensions(outlines) != 2] = None
        return shapely.STRtree(outlines)

    def nearest(self, positions: Sequence[int], point: shapely.Geometry) -> int:
        """Return which of the compounds is nearest to a point; the first of equals."""
        if len(positions) == 1:
            return positions[0]
        distances = _near_degrees(self.geometry[list(positions)], point)
        return positions[int(np.argmin(distances))]

    def at(self, point: shapely.Geometry, reach_degrees: float) -> int | None:
        """Return the compound whose outline is nearest within a reach; None if there is none."""
        near = self.outlines.query(point, predicate="dwithin", distance=reach_degrees)
        return self.nearest(sorted(near), point) if len(near) else None


def _near_degrees(geometry: NDArray[np.object_], point: shapely.Geometry) -> NDArray[np.float64]:
    """Return distances (n,) in degrees of latitude, good enough to tell which is nearer."""
    squeeze = np.array([np.cos(np.radians(shapely.get_y(point))), 1.0])
    flat = shapely.transform(geometry, lambda xy: xy * squeeze)
    return np.asarray(shapely.distance(flat, shapely.transform(point, lambda xy: xy * squeeze)))


def link_gates(
    connection: sa.Connection,
    rows: pd.DataFrame,
    headings: Mapping[str, str],
    findings: Findings,
) -> pd.DataFrame:
    """Give gates their compound: by name, or the outline that they stand on; refuse the others."""
    index = CompoundIndex(connection)
    ids: list[int | None] = []
    names: list[str] = []
    given = text_column(rows, "compound")
    for row, name, point in zip(rows.index, given, rows["geometry"], strict=True):
        found = None
        if point is not None:
            called = index.by_name.get(plain_name(name), []) if name else []
            found = index.nearest(called, point) if called else None
            found = index.at(point, GATE_REACH_DEGREES) if found is None and not name else found
            if found is None:
                findings.refuse(row, headings.get("compound", ""), name, "compound_unknown")
        ids.append(None if found is None else int(index.ids[found]))
        names.append("" if found is None else index.names[found])
    return rows.assign(compound_id=_ids(ids, rows), compound_name=names)


def link_buildings(
    connection: sa.Connection, rows: pd.DataFrame, findings: Findings
) -> pd.DataFrame:
    """Give buildings the compound that they name; a name that is not known is kept as text."""
    index = CompoundIndex(connection)
    names = text_column(rows, "compound")
    ids: list[int | None] = []
    n_unknown = 0
    for name, point in zip(names, rows["geometry"], strict=True):
        called = index.by_name.get(plain_name(name), []) if name else []
        found = index.nearest(called, point) if called and point is not None else None
        n_unknown += bool(name) and not called
        ids.append(None if found is None else int(index.ids[found]))
    findings.note(
        "楼栋所写的小区不在数据库中；若有同名小区请先导入再重新导入楼栋",
        "buildings name a compound that is not known; import compounds before buildings",
        n_unknown,
    )
    return rows.assign(compound_id=_ids(ids, rows), compound_name=names)


def link_members(
    connection: sa.Connection,
    rows: pd.DataFrame,
    headings: Mapping[str, str],
    findings: Findings,
    settle: Settle,
) -> pd.DataFrame:
    """Give members their building, or their compound, or leave them at their own point.

    Exact first: the compound by its name, the building by its number, after `number_key`. Where
    that finds no building, `settle` looks at the whole address. Who has no place is refused.
    """
    homes, n_called = _exact_homes(connection, rows)
    settled = settle(homes, findings).set_index(rows.index)
    is_in_building, is_in_compound = settled["building_id"].notna(), settled["compound_id"].notna()
    heading = headings.get("compound", headings.get("home", ""))
    refused = findings.refused_rows()
    for row, home, n, placed in zip(
        rows.index, homes, n_called, is_in_building | is_in_compound, strict=True
    ):
        if not placed and not home.has_point and row not in refused:
            rule = "compound_ambiguous" if n else "place_unknown"
            findings.refuse(row, heading, home.shown, rule)
    findings.note(
        "党员只能对到小区，没有对到楼栋",
        "members were joined to their compound, not to a building",
        int((is_in_compound & ~is_in_building).sum()),
    )
    kinds = text_column(rows, "kind")
    findings.note(
        "党员类别不是社区、在职或流动，记为其他",
        "members of no kind that is known count as other",
        sum(1 for kind in kinds if kind in {"", "other"}),
    )
    return rows.assign(
        kind=[kind or "other" for kind in kinds],
        **{str(name): settled[name] for name in settled},
    )


def _exact_homes(connection: sa.Connection, rows: pd.DataFrame) -> tuple[list[Home], list[int]]:
    """Return the homes with what exact names tell, and how many compounds bear each name."""
    compounds = CompoundIndex(connection)
    buildings = _buildings_by_number(connection, compounds)
    names, numbers, from_home = _home_of(rows)
    points = list(rows["geometry"]) if "geometry" in rows else [None] * len(rows)
    homes: list[Home] = []
    n_called: list[int] = []
    own, said = text_column(rows, "compound"), text_column(rows, "home")
    for i, (row, name, number, point) in enumerate(
        zip(rows.index, names, numbers, points, strict=True)
    ):
        key, is_home = plain_name(name), row in from_home
        found = buildings.get((key, number_key(number)), []) if name and number else []
        called = compounds.by_name.get(key, []) if name else []
        n_called.append(len(called))
        # A home address may name the room: only what stood in columns of its own is shown,
        # and of the number only the building.
        shown = MASK if is_home else f"{name} {building_part(number)}".strip()
        homes.append(
            Home(
                text=_home_text(own[i], said[i]) if is_home else name + number,
                shown=masked(shown)[0],
                compound=name,
                building_id=found[0] if len(found) == 1 else None,
                compound_id=int(compounds.ids[called[0]]) if len(called) == 1 else None,
                has_point=point is not None,
            )
        )
    return homes, n_called


def _home_of(rows: pd.DataFrame) -> tuple[list[str], list[str], set[int]]:
    """Return compound and building number, and the rows that have them from the home address."""
    names, numbers = text_column(rows, "compound"), text_column(rows, "number")
    from_home: set[int] = set()
    for i, home in enumerate(text_column(rows, "home")):
        if home and not (names[i] and numbers[i]):
            from_home.add(int(rows.index.to_numpy()[i]))
            split = split_address(home) or (home, "")
            if not names[i] or _is_same_compound(names[i], split[0]):
                names[i], numbers[i] = names[i] or split[0], numbers[i] or split[1]
    return names, numbers, from_home


def _home_text(name: str, home: str) -> str:
    """Return a home address with the compound that stands in a column of its own."""
    return home if plain_name(name) in plain_name(home) else name + home


def _is_same_compound(name: str, home: str) -> bool:
    """Tell whether a home address up to its building ends in a compound's name, or in its end."""
    own, said = plain_name(name), plain_name(home)
    return said.endswith(own) or own.endswith(said)


def _buildings_by_number(
    connection: sa.Connection, compounds: CompoundIndex
) -> Mapping[tuple[str, str], list[int]]:
    known = current_rows(connection, "buildings", "id", "compound_id", "compound_name", "number")
    name_of = dict(zip(compounds.ids.tolist(), compounds.names, strict=True))
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for building, compound, name, number in known.itertuples(index=False):
        shown = name if pd.isna(compound) else name_of.get(int(compound), name)
        if shown and number:
            found[plain_name(shown), number_key(number)].append(int(building))
    return found


def _ids(ids: list[int | None], rows: pd.DataFrame) -> "pd.Series[int]":
    return pd.Series(ids, index=rows.index, dtype=object)
