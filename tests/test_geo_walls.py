"""Gates, walls, bridges, hours: each changes exactly the residences it should. Drawn by hand."""

from datetime import datetime

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from shapely.geometry import Point, box

from geo.attach import attach
from geo.attachments import LeftOut
from geo.compounds import cut_edges, walled_network
from geo.hours import parse_hours
from geo.network import EdgeFlag, EdgeKind, WalkNetwork
from geo.profiles import PROFILES, SpeedProfile
from geo.reach import nearest_site, walking_times

CRS = 4548
ONE = SpeedProfile("one", PROFILES["standard"].title, 1.0)
NOON, NIGHT = datetime(2026, 6, 3, 12), datetime(2026, 6, 3, 23)  # noqa: DTZ001 - local


def gates_of(*rows: tuple[int, float, float, bool, str | None]) -> gpd.GeoDataFrame:
    """Return gates: compound, x, y, open to all, hours."""
    return gpd.GeoDataFrame(
        {
            "compound_id": [row[0] for row in rows],
            "name": "",
            "open_to_all": [row[3] for row in rows],
            "hours": [parse_hours(row[4]) if row[4] else None for row in rows],
        },
        geometry=[Point(row[1], row[2]) for row in rows],
        index=range(100, 100 + len(rows)),
        crs=CRS,
    )


def compound(x0: float, y0: float, x1: float, y1: float) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"name": ["院"]}, geometry=[box(x0, y0, x1, y1)], index=[5], crs=CRS)


def ring_street() -> WalkNetwork:
    """Return a street round a compound (0, 0)-(200, 100), 10 m outside its wall."""
    xy = np.array([[-10, -10], [210, -10], [210, 110], [-10, 110.0]])
    edges = [[0, 1], [1, 2], [2, 3], [3, 0]]
    return WalkNetwork(xy, edges, [220, 120, 220, 120], CRS, edge_kind=[EdgeKind.STREET] * 4)


HOMES = np.array([[50, 50], [150, 50], [210, 0.0]])  # two inside, one on the street


def times_to(network, site, homes, **walls) -> np.ndarray:
    options = {"profile": ONE, **walls}
    return nearest_site(network, np.array([site], float), homes, **options)["seconds"].to_numpy()


def test_a_building_behind_a_wall_walks_straight_to_its_gate_and_out():
    gates = gates_of((5, 0, 20, False, None))
    doors = attach(ring_street(), HOMES[:1], compounds=compound(0, 0, 200, 100), gates=gates)
    assert doors.gate.tolist() == [100]
    assert_allclose(doors.access_m, [np.hypot(50, 30) + 10])
    assert ring_street().edge_nodes[doors.edge[0]].tolist() == [3, 0]


def test_closing_a_gate_at_night_changes_exactly_those_who_used_it():
    walls = {
        "compounds": compound(0, 0, 200, 100),
        "gates": gates_of((5, 0, 50, False, None), (5, 200, 50, False, "每天6:00-22:00")),
    }
    site = (210, 50)
    by_day = times_to(ring_street(), site, HOMES, at=NOON, **walls)
    by_night = times_to(ring_street(), site, HOMES, at=NIGHT, **walls)
    assert_allclose(by_day, [150 + 10, 50 + 10, 50])
    # Out by the west gate, round by the south: 10 + 60 + 220 + 60.
    assert_allclose(by_night, [50 + 10 + 60 + 220 + 60, 150 + 10 + 60 + 220 + 60, 50])


def test_with_all_gates_shut_the_residents_are_unreachable_and_the_reason_is_known():
    walls = {
        "compounds": compound(0, 0, 200, 100),
        "gates": gates_of((5, 0, 50, False, "每天6:00-22:00")),
    }
    doors = attach(ring_street(), HOMES, at=NIGHT, **walls)
    assert doors.left_out.tolist() == [LeftOut.GATES_SHUT, LeftOut.GATES_SHUT, LeftOut.ATTACHED]
    assert np.isinf(times_to(ring_street(), (210, 50), HOMES, at=NIGHT, **walls)[:2]).all()


def test_a_station_and_a_home_behind_the_same_wall_walk_straight():
    walls = {
        "compounds": compound(0, 0, 200, 100),
        "gates": gates_of((5, 0, 50, False, None)),
    }
    assert_allclose(times_to(ring_street(), (50, 90), HOMES, **walls)[:1], [40])
    times = walking_times(
        ring_street(), np.array([[50, 90.0]]), HOMES, limit_s=1000, profile=ONE, **walls
    )
    assert_allclose(times.toarray()[0, :2], [40, np.hypot(100, 40)], atol=0.0005)  # whole ms


def through_street() -> WalkNetwork:
    """Return two streets, x = -10 and x = 210, joined through a compound and far round it."""
    xy = np.array([[-10, 50], [210, 50], [-10, 1000], [210, 1000.0]])
    return WalkNetwork(
        xy,
        [[0, 1], [0, 2], [2, 3], [3, 1]],
        [220, 950, 220, 950],
        CRS,
        edge_kind=[EdgeKind.SERVICE, EdgeKind.STREET, EdgeKind.STREET, EdgeKind.STREET],
    )


@pytest.mark.parametrize(
    ("open_to_all", "hours", "at", "expected"),
    [
        ((True, True), None, None, 220),
        ((True, False), None, None, 2120),
        ((False, False), None, None, 2120),
        ((True, True), "每天6:00-22:00", NIGHT, 2120),
        ((True, True), "每天6:00-22:00", NOON, 220),
    ],
)
def test_nobody_passes_through_unless_all_gates_are_open_to_all(
    open_to_all: tuple[bool, bool], hours: str | None, at: datetime | None, expected: float
):
    gates = gates_of((5, 0, 50, open_to_all[0], None), (5, 200, 50, open_to_all[1], hours))
    area = compound(0, 0, 200, 100)
    network = walled_network(through_street(), area, gates, at=at)
    beyond = np.array([[210, 50.0]])
    assert_allclose(
        times_to(network, (-10, 50), beyond, compounds=area, gates=gates, at=at), [expected]
    )


def test_inner_paths_lead_to_places_inside_where_no_gate_is_known():
    area = compound(0, 0, 200, 100)
    network = walled_network(through_street(), area, gates_of())
    inside = np.array([[100, 60.0]])
    assert_allclose(times_to(network, (-10, 50), inside), [110 + 10])
    assert_allclose(times_to(network, (210, 50), inside), [110 + 10])


def test_two_compounds_that_adjoin_are_walked_between_and_neither_through():
    xy = np.array([[0, 0], [100, 0], [200, 0], [300, 0.0]])
    network = WalkNetwork(
        xy, [[0, 1], [1, 2], [2, 3]], [100, 100, 100], CRS, edge_compound=[1, 2, 3]
    )
    assert_allclose(times_to(network, (50, 0), np.array([[150, 0.0]])), [100])
    assert np.isinf(times_to(network, (50, 0), np.array([[250, 0.0]]))).all()


def test_an_inner_path_from_the_gate_counts_instead_of_the_straight_line():
    xy = np.array([[-10, 0], [-10, 100], [0, 50], [50, 50], [50, 90], [100, 90.0]])
    network = WalkNetwork(
        xy,
        [[0, 1], [2, 3], [3, 4], [4, 5]],
        [100, 50, 40, 50],
        CRS,
        edge_kind=[EdgeKind.STREET] + [EdgeKind.SERVICE] * 3,
    )
    area, gates = compound(0, 0, 200, 100), gates_of((5, 0, 50, False, None))
    walled = walled_network(network, area, gates)
    doors = attach(walled, np.array([[100, 95.0]]), compounds=area, gates=gates, profile=ONE)
    assert_allclose(doors.access_m, [50 + 40 + 50 + 5 + 10])


def test_walls_lose_no_length_and_mark_only_what_is_inside():
    area = compound(0, 0, 200, 100)
    walled = walled_network(through_street(), area, gates_of())
    assert_allclose(walled.edge_length_m.sum(), through_street().edge_length_m.sum())
    assert_allclose(walled.edge_length_m[walled.edge_compound == 5].sum(), 200)


def test_main_roads_bridges_and_ways_along_the_wall_stay_public():
    xy = np.array([[-10, 50], [210, 50], [0, -50], [0, 150.0]])
    for kind, flags in ((EdgeKind.MAJOR, 0), (EdgeKind.SERVICE, EdgeFlag.BRIDGE)):
        network = WalkNetwork(
            xy, [[0, 1], [2, 3]], [220, 200], CRS, edge_kind=[kind, 3], edge_flags=[flags, 0]
        )
        walled = walled_network(network, compound(0, 0, 200, 100), gates_of())
        assert (walled.edge_compound == -1).all()


def test_cutting_keeps_shape_length_and_attributes():
    shape = np.array([[0, 0], [60, 0], [60, 80.0]])
    network = WalkNetwork(
        shape[[0, 2]], [[0, 1]], [150], CRS, vertex_xy=shape, vertex_start=[0, 3], edge_signals=[1]
    )
    cut = cut_edges(network, {0: [0.25, 0.25, 0.75, 1.0]})
    assert_allclose(cut.edge_length_m, [37.5, 75, 37.5])
    assert_allclose(cut.edge_signals, [0.25, 0.5, 0.25])
    assert_allclose(cut.shape_of(1), [[35, 0], [60, 0], [60, 45]])
    assert cut.edge_nodes.tolist() == [[0, 2], [2, 3], [3, 1]]


def test_taking_a_bridge_away_changes_exactly_those_beyond_the_river():
    xy = np.array([[0, 0], [400, 0], [400, 60], [0, 60], [0, 0]], float)[:4]
    edges, lengths = [[0, 1], [1, 2], [2, 3]], [400, 60, 400]
    homes = np.array([[100, 0], [300, 0], [100, 60], [300, 60.0]])
    with_bridge = times_to(WalkNetwork(xy, edges, lengths, CRS), (0, 0), homes)
    without = times_to(WalkNetwork(xy, [edges[0], edges[2]], [400, 400], CRS), (0, 0), homes)
    assert_allclose(with_bridge, [100, 300, 760, 560])
    assert_allclose(without[:2], [100, 300])
    assert np.isinf(without[2:]).all()


def test_the_worked_example_of_the_model_document():
    xy = np.array([[0, 0], [800, 0], [800, 300], [520, 300.0]])
    network = WalkNetwork(
        xy,
        [[0, 1], [1, 2], [2, 3]],
        [800, 300, 280],
        CRS,
        edge_kind=[EdgeKind.STREET] * 3,
        edge_flags=[0, EdgeFlag.BRIDGE, 0],
    )
    area, gates = compound(300, 220, 500, 400), gates_of((5, 500, 300, False, None))
    walled = walled_network(network, area, gates)
    found = times_to(
        walled,
        (400, -20),
        np.array([[420, 320.0]]),
        compounds=area,
        gates=gates,
        profile=PROFILES["standard"],
    )
    metres = 20 + 400 + 300 + 280 + 20 + np.hypot(80, 20)
    assert_allclose(metres, 1102.5, atol=0.05)
    assert_allclose(found, [metres * 0.9], atol=0.001)
    assert found[0] == pytest.approx(992.2, abs=0.05)
    assert pd.notna(found).all()
