"""Drawing on the map: one drawing is one import, kept through new networks, and can be undone."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from shapely.geometry import LineString, Point, Polygon, box
from sqlalchemy.orm import Session

from data.batches import undo
from data.demo import make_demo
from data.drawing import Drawing, store_drawing
from data.errors import ImportDataError
from data.frames import store_frames
from data.queries import load_study
from data.store import open_database
from data.viewer import Viewer
from geo.coverage import cover
from geo.network import WalkNetwork
from geo.quality import check_study
from geo.study import Study


@pytest.fixture(scope="module")
def demo_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database with the demo, to be copied."""
    made = make_demo()
    path = tmp_path_factory.mktemp("drawing") / "demo.db"
    engine = open_database(path)
    store_frames(engine, {**made.frames, "network": made.network}, source="demo", is_demo=True)
    engine.dispose()
    return path


@pytest.fixture
def database(demo_file: Path, tmp_path: Path) -> Iterator[sa.Engine]:
    """Return a copy of the demo's database."""
    path = tmp_path / "copy.db"
    path.write_bytes(demo_file.read_bytes())
    engine = open_database(path)
    yield engine
    engine.dispose()


def study_of(database: sa.Engine) -> Study:
    """Return the study that everything in the database makes."""
    with Session(database) as session:
        return load_study(session, Viewer.everything())


def a_link(study: Study) -> LineString:
    """Return a line between two nodes of the network some 400 m apart, in degrees."""
    xy = study.network.xy
    ends = xy[[0, int(np.argmin(np.abs(np.linalg.norm(xy - xy[0], axis=1) - 400.0)))]]
    points = study.grids.iloc[:0].set_geometry([], crs=study.crs).geometry
    line = points.__class__([LineString(ends)], crs=study.crs).to_crs(4326)
    return line.iloc[0]  # type: ignore[no-any-return]


def test_a_drawn_link_is_walked_on_survives_a_new_network_and_is_undone(
    database: sa.Engine,
) -> None:
    before = study_of(database)
    line = a_link(before)
    batch = store_drawing(database, Drawing("links", new=[{"name": "人行桥", "geometry": line}]))
    after = study_of(database)
    assert after.version != before.version
    assert after.links["is_joined"].tolist() == [True]
    assert len(after.network.edge_nodes) > len(before.network.edge_nodes)
    assert after.network.edge_length_m.sum() - before.network.edge_length_m.sum() == pytest.approx(
        400, abs=40
    )
    gained = cover(after).points["seconds"] - cover(before).points["seconds"]
    assert (gained[np.isfinite(gained)] <= 1e-6).all()  # a way more never makes a walk longer
    network = before.network
    store_frames(database, {"network": network}, source="a newer network")
    assert study_of(database).links["is_joined"].tolist() == [True]
    undo(database, batch)
    assert len(study_of(database).links) == 0
    assert len(study_of(database).network.edge_nodes) == len(before.network.edge_nodes)


def test_a_link_that_no_way_meets_is_kept_and_told(database: sa.Engine) -> None:
    far = LineString([(110.0, 30.0), (110.001, 30.0)])
    near = a_link(study_of(database))
    store_drawing(
        database,
        Drawing("links", new=[{"name": "远", "geometry": far}, {"name": "近", "geometry": near}]),
    )
    study = study_of(database)
    assert dict(zip(study.links["name"], study.links["is_joined"], strict=True)) == {
        "远": False,
        "近": True,
    }
    (found,) = [f for f in check_study(study) if f.key == "link_not_joined"]
    assert found.ids == (int(study.links.index[study.links["name"] == "远"][0]),)


def test_without_a_network_links_wait(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "empty.db")
    line = LineString([(118.3, 32.26), (118.31, 32.26)])
    store_drawing(engine, Drawing("links", new=[{"name": "", "geometry": line}]))
    study = study_of(engine)
    assert study.links["is_joined"].tolist() == [False]
    assert isinstance(study.network, WalkNetwork)
    engine.dispose()


def test_a_new_outline_keeps_all_else_and_those_who_belong(database: sa.Engine) -> None:
    before = study_of(database)
    compound = int(before.buildings["compound_id"].dropna().iloc[0])
    old = before.compounds.loc[compound]
    west, south, east, north = before.compounds.to_crs(4326).loc[[compound]].total_bounds
    outline = box(west, south, east, north)
    batch = store_drawing(database, Drawing("compounds", changed={compound: {"geometry": outline}}))
    after = study_of(database)
    (new,) = set(after.compounds.index) - set(before.compounds.index)
    assert compound not in after.compounds.index
    assert after.compounds.loc[new, "name"] == old["name"]
    assert after.compounds.loc[new, "households"] == pytest.approx(old["households"], nan_ok=True)
    assert after.compounds.to_crs(4326).geometry[new].equals_exact(outline, 1e-9)
    for frame in ("buildings", "gates"):
        was, is_ = getattr(before, frame)["compound_id"], getattr(after, frame)["compound_id"]
        assert (is_ == new).sum() == (was == compound).sum()
    undo(database, batch)
    again = study_of(database)
    assert again.compounds.index.equals(before.compounds.index)
    assert again.buildings["compound_id"].equals(before.buildings["compound_id"])


def test_stations_and_gates_are_drawn_moved_and_taken_out(database: sa.Engine) -> None:
    before = study_of(database)
    place = Point(118.3, 32.26)
    store_drawing(
        database,
        Drawing("stations", new=[{"name": "新驿站", "state": "planned", "geometry": place}]),
    )
    compound = int(before.compounds.index[0])
    store_drawing(
        database, Drawing("gates", new=[{"compound_id": compound, "geometry": Point(118.3, 32.26)}])
    )
    study = study_of(database)
    assert "新驿站" in set(study.stations["name"])
    assert len(study.gates) == len(before.gates) + 1
    (station,) = study.stations.index[study.stations["name"] == "新驿站"]
    moved = Point(118.305, 32.262)
    store_drawing(database, Drawing("stations", changed={int(station): {"geometry": moved}}))
    there = study_of(database).stations.to_crs(4326)
    assert there.geometry[there["name"] == "新驿站"].iloc[0].equals_exact(moved, 1e-9)
    (station,) = there.index[there["name"] == "新驿站"]
    store_drawing(database, Drawing("stations", removed=[int(station)]))
    assert "新驿站" not in set(study_of(database).stations["name"])


@pytest.mark.parametrize(
    ("drawing", "said"),
    [
        (Drawing("members", new=[{"geometry": Point(0, 0)}]), "cannot be drawn"),
        (Drawing("stations", new=[{"name": " ", "geometry": Point(118, 32)}]), "a name"),
        (Drawing("stations", new=[{"name": "甲" * 101, "geometry": Point(118, 32)}]), "a name"),
        (Drawing("stations", new=[{"name": "甲", "geometry": box(0, 0, 1, 1)}]), "no valid point"),
        (
            Drawing(
                "compounds",
                new=[{"name": "甲", "geometry": Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])}],
            ),
            "no valid polygon",
        ),
        (Drawing("stations", changed={9999: {"geometry": Point(118, 32)}}), "replaced or undone"),
        (Drawing("grids", removed=[9999]), "replaced or undone"),
    ],
)
def test_bad_drawings_are_refused_in_a_sentence_and_nothing_is_written(
    database: sa.Engine, drawing: Drawing, said: str
) -> None:
    before = study_of(database).version
    with pytest.raises(ImportDataError) as refused:
        store_drawing(database, drawing)
    assert said in refused.value.text.en
    assert study_of(database).version == before


def test_a_name_that_is_there_already_and_a_compound_that_is_lived_in_are_refused(
    database: sa.Engine,
) -> None:
    study = study_of(database)
    twice = {"name": study.stations["name"].iloc[0], "state": "open", "geometry": Point(118.3, 32)}
    with pytest.raises(ImportDataError, match="already"):
        store_drawing(database, Drawing("stations", new=[twice]))
    compound = int(study.buildings["compound_id"].dropna().iloc[0])
    with pytest.raises(ImportDataError, match="still belong"):
        store_drawing(database, Drawing("compounds", removed=[compound]))
    assert study_of(database).version == study.version
