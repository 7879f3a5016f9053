"""What if: each kind of edit changes just what it should, and JSON brings it back."""

import json

import numpy as np
import pytest
from sqlalchemy.orm import Session

from data.demo import make_demo
from data.imports import store_frames
from data.queries import load_study
from data.store import open_database
from data.viewer import Viewer
from geo.coverage import cover
from geo.errors import EditError, NetworkError
from geo.links import with_links
from geo.network import WalkNetwork
from geo.reach import nearest_site
from geo.study import Study
from geo.whatif import (
    ClosedStation,
    MovedStation,
    NewGate,
    NewLink,
    NewStation,
    OpenedGate,
    apply_edits,
    edits_from_json,
    edits_to_json,
)

EDITS = [
    NewStation("甲站", 118.312, 32.262),
    MovedStation(1, 118.311, 32.261),
    ClosedStation(2),
    OpenedGate(3),
    NewGate(4, 118.31, 32.26),
    NewLink(118.31, 32.26, 118.311, 32.26),
]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    made = make_demo(grids=12, members=80, stations=2)
    engine = open_database(tmp_path_factory.mktemp("whatif") / "demo.db")
    store_frames(engine, {**made.frames, "network": made.network}, source="demo", is_demo=True)
    with Session(engine) as session:
        loaded = load_study(session, Viewer.everything())
    engine.dispose()
    return loaded


def test_edits_survive_json():
    assert edits_from_json(json.loads(json.dumps(edits_to_json(EDITS)))) == EDITS


@pytest.mark.parametrize(
    "values",
    [
        "x",
        [1],
        [{"edit": "nothing"}],
        [{"edit": "closed_station", "station_id": "1"}],
        [{"edit": "closed_station", "station_id": True}],
        [{"edit": "new_station", "name": "x", "lon": 1e9, "lat": 0}],
        [{"edit": "new_station", "name": "x", "lon": float("nan"), "lat": 0}],
        [{"edit": "new_station", "lon": 1.0, "lat": 0}],
    ],
)
def test_what_is_no_edit_is_refused(values: object):
    with pytest.raises(EditError, match=r"^The scenario holds a change that is none"):
        edits_from_json(values)


def test_without_edits_the_study_is_the_same(study: Study):
    assert apply_edits(study, []) is study


def test_an_unknown_station_is_named(study: Study):
    with pytest.raises(EditError, match=r"stations that the data no longer hold \(id 99\)"):
        apply_edits(study, [ClosedStation(99)])


def test_a_new_station_covers_more_and_a_closed_one_less(study: Study):
    before = cover(study)
    far = before.points.loc[before.points["seconds"].idxmax()].geometry
    lon, lat = study.buildings.geometry.to_crs(4326).iloc[0].coords[0]
    assert far is not None
    more = cover(apply_edits(study, [NewStation("甲站", lon, lat)]))
    less = cover(apply_edits(study, [ClosedStation(1)]))
    assert (more.points["seconds"] <= before.points["seconds"]).all()
    assert (less.points["seconds"] >= before.points["seconds"]).all()
    assert more.stations["name"].tolist() == [*before.stations["name"], "甲站"]
    assert less.stations.loc[1, "why_closed"] == "closed"
    assert study.stations.loc[1, "state"] == "open"  # the study itself is as it was


def test_closing_and_putting_a_station_in_the_same_place_changes_no_time(study: Study):
    place = study.stations.geometry.to_crs(4326).loc[1]
    moved = apply_edits(study, [ClosedStation(1), NewStation("新址", place.x, place.y)])
    before, after = cover(study), cover(moved)
    np.testing.assert_allclose(after.points["seconds"], before.points["seconds"], atol=0.002)


def test_a_new_gate_shortens_the_way_of_its_own_compound_only(study: Study):
    before = cover(study)
    compound = int(study.gates["compound_id"].iloc[0])
    walls = study.compounds.loc[[compound]].geometry
    place = walls.boundary.interpolate(0.3, normalized=True).to_crs(4326).iloc[0]
    after = cover(apply_edits(study, [NewGate(compound, place.x, place.y)]))
    changed = before.points.index[(after.points["seconds"] - before.points["seconds"]).abs() > 0.01]
    assert set(before.points.loc[changed, "compound_id"]) <= {compound}


def ring() -> WalkNetwork:
    """Return a long way round between two places that stand 100 m apart: U-shaped."""
    xy = np.array([[0.0, 0.0], [0.0, 1000.0], [100.0, 1000.0], [100.0, 0.0]])
    edges = np.array([[0, 1], [1, 2], [2, 3]])
    return WalkNetwork(xy, edges, np.array([1000.0, 100.0, 1000.0]), 4548)


def test_a_link_is_walked_and_lengthens_nothing():
    network, site, home = ring(), np.array([[0.0, 10.0]]), np.array([[100.0, 10.0]])
    before = nearest_site(network, site, home)["seconds"].iloc[0]
    linked = with_links(network, np.array([[[0.0, 20.0], [100.0, 20.0]]]))
    after = nearest_site(linked, site, home)["seconds"].iloc[0]
    assert before == pytest.approx(2080 * 0.9, abs=0.01)
    assert after == pytest.approx(120 * 0.9, abs=0.01)
    assert linked.edge_length_m.sum() == pytest.approx(network.edge_length_m.sum() + 100)


def test_the_way_from_a_link_to_the_network_counts():
    linked = with_links(ring(), np.array([[[10.0, 20.0], [90.0, 20.0]]]))
    assert linked.edge_length_m[-1] == pytest.approx(100.0)


def test_a_link_to_nowhere_is_refused():
    with pytest.raises(NetworkError, match=r"no way within 100 m"):
        with_links(ring(), np.array([[[0.0, 20.0], [500.0, 20.0]]]))


def test_both_ends_of_a_link_may_join_one_edge():
    linked = with_links(ring(), np.array([[[0.0, 100.0], [0.0, 900.0]]]))
    assert linked.edge_length_m[-1] == pytest.approx(800.0)
    assert len(linked.edge_nodes) == 6


def test_a_new_gate_puts_up_no_wall_where_everyone_may_pass(study: Study):
    walled = study.gates[~study.gates["open_to_all"].astype(bool)]
    compound = int(walled["compound_id"].iloc[0])
    place = walled.geometry.to_crs(4326).iloc[0]
    own = study.gates.index[study.gates["compound_id"] == compound]
    opened = [OpenedGate(int(gate)) for gate in own]
    new = NewGate(compound, place.x, place.y)
    everyone = apply_edits(study, [*opened, new]).gates
    assert everyone.loc[everyone["compound_id"] == compound, "open_to_all"].all()
    assert not apply_edits(study, [new]).gates["open_to_all"].iloc[-1]
