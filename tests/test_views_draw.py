"""The drawing page's own rules: clicks, codes, counts, and what a sketch writes."""

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
import sqlalchemy as sa
from sqlalchemy.orm import Session

from data.demo import make_demo
from data.drawing import store_drawing
from data.frames import store_frames
from data.queries import load_study
from data.store import open_database
from data.tables import table_of
from data.viewer import Viewer
from geo.errors import EditError, GridError
from geo.study import Study
from geo.topology.editing import NEW
from views.draw_state import Sketch
from views.draw_tools import (
    counts,
    drafted,
    drawing_of,
    grid_edit,
    is_complete,
    next_code,
    take_click,
)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Study]:
    """Return a database with the demo, and its study."""
    made = make_demo()
    path = tmp_path_factory.mktemp("draw") / "demo.db"
    engine = open_database(path)
    store_frames(engine, {**made.frames, "network": made.network}, source="demo", is_demo=True)
    with Session(engine) as session:
        study = load_study(session, Viewer.everything())
    engine.dispose()
    return path, study


def outline(study: Study, grid: int, beyond_m: float = 0.0) -> list[tuple[float, float]]:
    """Return the corners of a box round a grid, in degrees."""
    west, south, east, north = study.grids.geometry[grid].buffer(beyond_m).bounds
    box = gpd.GeoSeries([shapely.box(west, south, east, north)], crs=study.crs).to_crs(4326)
    return [(x, y) for x, y in box.iloc[0].exterior.coords][:-1]


def test_clicks_go_where_the_tool_wants_them() -> None:
    link = Sketch("link")
    for place in ((1.0, 1.0), (2.0, 2.0), (3.0, 3.0)):
        assert take_click(link, None, place)
    assert link.places == [(1.0, 1.0), (3.0, 3.0)]  # the second end was moved
    merge = Sketch("merge")
    assert not take_click(merge, None, (1.0, 1.0))  # beside all grids
    assert take_click(merge, 7, (1.0, 1.0))
    assert not take_click(merge, 7, (1.0, 1.0))  # the same once more
    assert not is_complete(merge)
    assert take_click(merge, 8, (1.0, 1.0))
    assert is_complete(merge)
    assert not take_click(merge, 9, (1.0, 1.0))
    assert merge.places == []


def test_the_next_code_is_free_and_of_the_community(town: tuple[Path, Study]) -> None:
    study = town[1]
    community = int(study.grids["community_id"].iloc[0])
    code = next_code(study, community)
    of_it = study.grids.loc[study.grids["community_id"] == community, "code"]
    assert code[:12] == of_it.iloc[0][:12]
    assert code not in set(study.grids["code"])
    assert next_code(study, None) == ""
    last = study.grids["code"].mask(study.grids["code"] == of_it.max(), of_it.iloc[0][:12] + "999")
    full = replace(study, grids=study.grids.assign(code=last))
    assert next_code(full, community) == code[:12] + f"{int(of_it.max()[12:]):03d}"  # a hole


def test_counts_before_and_after_a_split_add_up(town: tuple[Path, Study]) -> None:
    study = town[1]
    grid = int(study.grids.index[23])
    west, south, east, north = study.grids.to_crs(4326).geometry[grid].bounds
    middle = (west + east) / 2
    sketch = Sketch("split", [grid], [(middle, south - 0.001), (middle, north + 0.001)])
    table = counts(study, grid_edit(study, sketch))
    assert set(table.index) == {grid, NEW}  # neighbours got a vertex, but nobody moved
    own = study.buildings[study.buildings["grid_id"] == grid]
    for name in ("households", "members"):
        assert table.loc[grid, f"{name}_before"] == own[name].sum()
        assert table[f"{name}_after"].sum() == own[name].sum()
    drawing = drawing_of(study, sketch, {"name": "新", "code": "1", "community_id": 1})
    changed = drawing.changed or {}
    assert changed[grid]["households"] is None  # what the file said holds no more
    assert all("households" not in what for i, what in changed.items() if i != grid)


def test_a_grid_without_polygon_is_drafted_and_stored(
    town: tuple[Path, Study], tmp_path: Path
) -> None:
    path = tmp_path / "copy.db"
    path.write_bytes(town[0].read_bytes())
    engine = open_database(path)
    study = town[1]
    lost = int(study.grids.index[40])
    was = study.grids.geometry[lost]
    with Session(engine) as session:
        table = table_of("grids")
        session.execute(sa.delete(table).where(table.c.id == lost))
        session.commit()
        bare = load_study(session, Viewer.everything())
    assert len(bare.grids) == len(study.grids) - 1
    sketch = Sketch("add", [], outline(study, lost, 30.0), follows_streets=True)
    draft = drafted(bare, shapely.Polygon(sketch.places))
    assert draft.n_inside == draft.n_homes > 0
    told = {"name": "补画的网格", "code": next_code(bare, 1), "community_id": 1}
    store_drawing(engine, drawing_of(bare, sketch, told))
    with Session(engine) as session:
        after = load_study(session, Viewer.everything())
    engine.dispose()
    (new,) = after.grids[after.grids["name"] == "补画的网格"].geometry
    assert new.intersection(was).area / new.union(was).area > 0.8
    shapes = after.grids.to_crs(4326).geometry.to_numpy()
    assert shapely.coverage_is_valid(shapes)
    assert after.buildings["grid_id"].notna().sum() >= study.buildings["grid_id"].notna().sum() - 2


def test_a_gate_is_put_on_the_wall_and_a_far_click_is_told(town: tuple[Path, Study]) -> None:
    study = town[1]
    walled = study.compounds[study.compounds.area > 0]
    compound = int(walled.index[0])
    corner = shapely.get_coordinates(walled.geometry[compound])[0]
    lon, lat = gpd.GeoSeries([shapely.Point(corner)], crs=study.crs).to_crs(4326).iloc[0].coords[0]
    (row,) = drawing_of(study, Sketch("gate", [], [(lon, lat)]), {"name": "北门"}).new
    assert row["compound_id"] in set(walled.index)
    assert row["compound_name"] == str(walled.loc[row["compound_id"], "name"])
    with pytest.raises(EditError, match="no compound's wall"):
        drawing_of(study, Sketch("gate", [], [(lon + 1.0, lat)]), {})


def test_a_draft_without_homes_is_told(town: tuple[Path, Study]) -> None:
    study = town[1]
    sketch = Sketch("add", [], outline(study, int(study.grids.index[3])), follows_streets=True)
    assert pd.notna(study.buildings["grid_id"]).all()
    with pytest.raises(GridError):
        grid_edit(study, sketch)
