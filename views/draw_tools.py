"""The tools of the drawing page: what each asks for, when it is complete, what it would write."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.drawing import Drawing
from geo.compounds import edge_lines
from geo.crs import WGS84
from geo.errors import EditError
from geo.network import EdgeKind
from geo.study import Study
from geo.text import Text
from geo.topology import GridDraft, draft_grid
from geo.topology.editing import NEW, GridEdit, add_grid, merge_grids, split_grid, take_ground
from geo.wall_near import WALL_NEAR_M, PlaceOnWall, wall_near
from views.draw_state import Place, Sketch

COMMUNITY_DIGITS, CODE_DIGITS = 12, 15


@dataclass(frozen=True)
class Tool:
    """One tool: its title, what to do, how many grids and places it wants."""

    title: Text
    hint: Text
    kind: str
    n_chosen: int = 0
    least_places: int = 1
    most_places: int = 1
    is_area: bool = False


TOOLS = {
    "station": Tool(
        Text("驿站", "Station"),
        Text("点驿站所在的地方。", "Click where the station is."),
        "stations",
    ),
    "gate": Tool(
        Text("大门", "Gate"),
        Text("点小区围墙上门所在的地方。", "Click where the gate is in a compound's wall."),
        "gates",
    ),
    "link": Tool(
        Text("通道", "Link"),
        Text(
            "点两端：路网里没有的天桥、便道。换了新路网它仍在。",
            "Click both ends of a footbridge or path that the network lacks. It outlives a new "
            "network.",
        ),
        "links",
        least_places=2,
        most_places=2,
    ),
    "compound": Tool(
        Text("小区边界", "Compound"),
        Text("沿围墙依次点各个拐角，至少三点。", "Click the corners of the wall in order."),
        "compounds",
        least_places=3,
        most_places=500,
        is_area=True,
    ),
    "add": Tool(
        Text("新网格", "New grid"),
        Text(
            "沿新网格依次点各个拐角；已属别的网格的地不算。只知道有哪些楼时，把它们圈起来，沿街道起草。",
            "Click the corners of the new grid; what belongs to others is left out. Where only its "
            "homes are known, draw round them and let the outline follow the streets.",
        ),
        "grids",
        least_places=3,
        most_places=500,
        is_area=True,
    ),
    "split": Tool(
        Text("拆分网格", "Split grid"),
        Text(
            "先点要拆的网格；再点出分界线：从网格外画起，穿过网格，画到另一边之外。",
            "Click the grid; then click the dividing line, from outside through it to the outside.",
        ),
        "grids",
        n_chosen=1,
        least_places=2,
        most_places=500,
    ),
    "merge": Tool(
        Text("合并网格", "Merge grids"),
        Text(
            "先点要留下的网格，再点并进来的邻居。", "Click the grid that stays, then its neighbour."
        ),
        "grids",
        n_chosen=2,
        least_places=0,
        most_places=0,
    ),
    "take": Tool(
        Text("调整网格边界", "Move a border"),
        Text(
            "先点要扩大的网格；再沿要划给它的范围依次点各个拐角。",
            "Click the grid that grows; then click the corners of the ground that it gets.",
        ),
        "grids",
        n_chosen=1,
        least_places=3,
        most_places=500,
        is_area=True,
    ),
}


def is_complete(sketch: Sketch) -> bool:
    """Return whether a sketch has all that its tool wants."""
    tool = TOOLS[sketch.tool]
    return len(sketch.chosen) == tool.n_chosen and len(sketch.places) >= tool.least_places


def take_click(sketch: Sketch, grid: int | None, place: Place | None) -> bool:
    """Put a click into a sketch; return whether it was of use."""
    tool = TOOLS[sketch.tool]
    if len(sketch.chosen) < tool.n_chosen:
        if grid is None or grid in sketch.chosen:
            return False
        sketch.chosen.append(grid)
        return True
    if place is None or tool.most_places == 0:
        return False
    if len(sketch.places) >= tool.most_places:
        sketch.places = sketch.places[: tool.most_places - 1]
    sketch.places.append(place)
    return True


def shape_of(sketch: Sketch) -> shapely.Geometry:
    """Return what was drawn, in degrees: a point, line or polygon."""
    if TOOLS[sketch.tool].is_area:
        return shapely.Polygon(sketch.places)
    if len(sketch.places) > 1:
        return shapely.LineString(sketch.places)
    return shapely.Point(sketch.places[0])


def grid_edit(study: Study, sketch: Sketch) -> GridEdit:
    """Return what a complete sketch makes of the grids, in degrees.

    Raises
    ------
    GridError
        As `geo.topology.editing` says.
    """
    grids = study.grids.to_crs(WGS84)
    if sketch.tool == "merge":
        return merge_grids(grids, *sketch.chosen)
    shape: Any = shape_of(sketch)
    if sketch.tool == "add":
        if sketch.follows_streets:
            shape = drafted(study, shape).polygon
        return add_grid(grids, shape)
    make = split_grid if sketch.tool == "split" else take_ground
    return make(grids, sketch.chosen[0], shape)


def drafted(study: Study, ground: shapely.Geometry) -> GridDraft:
    """Return a grid along the streets round the homes within `ground` (degrees) that have none.

    Raises
    ------
    GridError
        There are no such homes.
    """
    homes = study.buildings.to_crs(WGS84)
    is_free = homes["grid_id"].isna()
    is_own = is_free & homes.within(ground)
    network = study.network
    kinds = (EdgeKind.STREET, EdgeKind.MAJOR)
    lines = edge_lines(network)[np.isin(network.edge_kind, kinds)]
    streets = gpd.GeoSeries(list(lines), crs=network.crs)
    return draft_grid(
        homes[is_own], streets, others=homes[~is_own], neighbours=study.grids.to_crs(WGS84)
    )


def counts(study: Study, edit: GridEdit) -> pd.DataFrame:
    """Return who lives in the grids that an edit touches, before and after it.

    Index: id of the grid, `NEW` for the new one. Columns households, members (sums of what is
    known) and area_m2, each with _before and _after; grids in which nothing changes are left out.
    """
    before = study.grids[["geometry"]]
    after = edit.applied(study.grids.to_crs(WGS84)).to_crs(study.crs)
    touched: list[Hashable] = [*edit.changed, *edit.removed, *([NEW] if edit.new else [])]
    tables = []
    for suffix, outlines in (("before", before), ("after", after)):
        tables.append(_counted(study, outlines).reindex(touched).add_suffix(f"_{suffix}"))
    both = tables[0].join(tables[1]).fillna(0.0)
    moved = np.abs(both["area_m2_after"] - both["area_m2_before"]) > 1.0
    return both[moved]


def _counted(study: Study, outlines: gpd.GeoDataFrame) -> pd.DataFrame:
    buildings = study.buildings
    at, row = outlines.sindex.query(buildings.geometry.to_numpy(), predicate="intersects")
    _, first = np.unique(at, return_index=True)  # a home on a border counts once
    at, row = at[first], row[first]
    people = pd.DataFrame(
        {
            name: np.nan_to_num(buildings[name].to_numpy(float))[at]
            for name in ("households", "members")
        }
    )
    sums = people.groupby(outlines.index.to_numpy()[row]).sum()
    return sums.reindex(outlines.index).fillna(0.0).assign(area_m2=outlines.area)


def next_code(study: Study, community: int | None) -> str:
    """Return the next free code of a community; "" where its grids have no codes."""
    of_it = study.grids["community_id"] == community if community is not None else []
    codes = [str(code) for code in study.grids.loc[of_it, "code"]] if community is not None else []
    known = [code for code in codes if code.isdigit() and len(code) == CODE_DIGITS]
    if not known:
        return ""
    prefix = known[0][:COMMUNITY_DIGITS]
    taken = {str(c) for c in study.grids["code"]}
    numbers = range(1, 10 ** (CODE_DIGITS - COMMUNITY_DIGITS))
    last = max((int(c[COMMUNITY_DIGITS:]) for c in taken if _is_of(c, prefix)), default=0)
    free = [n for n in (*numbers[last:], *numbers) if f"{prefix}{n:03d}" not in taken]
    return f"{prefix}{free[0]:03d}" if free else ""


def _is_of(code: str, prefix: str) -> bool:
    return code.startswith(prefix) and code.isdigit() and len(code) == CODE_DIGITS


def drawing_of(study: Study, sketch: Sketch, told: dict[str, Any]) -> Drawing:
    """Return what a complete sketch writes; `told` are the fields beside the map.

    Raises
    ------
    GeoError
        There is no wall near a gate, or the grids cannot be changed so.
    """
    tool = TOOLS[sketch.tool]
    if tool.kind == "grids":
        return _grid_drawing(study, sketch, told)
    row = {**told, "geometry": shape_of(sketch)}
    if sketch.tool == "compound" and row.get("id") is not None:
        return Drawing("compounds", changed={int(row["id"]): {"geometry": row["geometry"]}})
    row.pop("id", None)
    if sketch.tool == "gate":
        place = _on_wall(study, sketch.places[0])
        row["geometry"] = shapely.Point(place.lon, place.lat)
        row["compound_id"] = place.compound_id
        row["compound_name"] = str(study.compounds.loc[place.compound_id, "name"])
    return Drawing(tool.kind, new=[row])


def _grid_drawing(study: Study, sketch: Sketch, told: dict[str, Any]) -> Drawing:
    edit = grid_edit(study, sketch)
    new: list[dict[str, Any]] = []
    if edit.new is not None:
        community = told.get("community_id")
        new = [
            {
                "name": told.get("name", ""),
                "code": told.get("code", ""),
                "community_id": None if pd.isna(community) else int(community),
                "geometry": edit.new,
            }
        ]
    changed: dict[int, dict[str, Any]] = {
        int(str(i)): {"geometry": shape} for i, shape in edit.changed.items()
    }
    for grid in counts(study, edit).index.intersection(list(changed)):
        # What the file said of its people holds no more; homes are counted instead.
        changed[grid] |= {"population": None, "households": None}
    return Drawing("grids", new=new, changed=changed, removed=[int(str(i)) for i in edit.removed])


def _on_wall(study: Study, place: Place) -> PlaceOnWall:
    """Return the place on a compound's wall that was clicked.

    Raises
    ------
    EditError
        There is no wall within WALL_NEAR_M.
    """
    found = wall_near(study.compounds, *place)
    if found is None:
        raise EditError(
            Text(
                f"{WALL_NEAR_M:g} 米之内没有小区围墙；请点在围墙边上，或先画小区边界。",
                f"There is no compound's wall within {WALL_NEAR_M:g} m; click beside a wall, or "
                "draw the compound first.",
            )
        )
    return found
