"""Gates and missing links: gains known by hand, and equal to those of the edited study."""

from dataclasses import replace
from datetime import datetime

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import LineString, Point, Polygon, box
from sqlalchemy.orm import Session

from data.demo import make_demo
from data.imports import store_frames
from data.queries import load_study
from data.store import open_database
from data.viewer import Viewer
from geo.coverage import cover
from geo.errors import SitingError
from geo.ground import Ground, lay_ground
from geo.hours import parse_hours
from geo.link_doors import doors_nearer_to
from geo.network import EdgeKind, WalkNetwork
from geo.opening_bounds import bound_of_opening
from geo.opening_gains import stand
from geo.opening_gates import _opened_to_all, _seconds_with
from geo.openings import compare_openings, rank_gates, rank_links
from geo.profiles import PROFILES, SpeedProfile, speed_profile
from geo.stations import why_closed
from geo.study import MEMBER_KINDS, WEIGHTS, Study
from geo.text import Text
from geo.whatif import NewGate, NewLink, NewStation, OpenedGate, apply_edits

CRS = 4548
X0, Y0 = 500_000.0, 3_500_000.0  # hand-drawn places must lie on earth to have degrees
ONE = SpeedProfile("one", PROFILES["standard"].title, 1.0)
NIGHT = datetime(2026, 6, 3, 23)  # noqa: DTZ001 - local
HOUSEHOLDS = Text("户", "households")


def moved(xy: list[tuple[float, float]]) -> np.ndarray:
    return np.array(xy, float) + np.array([X0, Y0])


def frame(columns: dict[str, object], shapes: list, ids: list[int]) -> gpd.GeoDataFrame:
    shapes = list(gpd.GeoSeries(shapes, crs=CRS).translate(X0, Y0)) if shapes else []
    return gpd.GeoDataFrame(columns, geometry=shapes, index=pd.Index(ids, name="id"), crs=CRS)


def town(
    network: WalkNetwork,
    homes: list[tuple[float, float, float, int | None]],
    *,
    compounds: list[Polygon] | tuple[()] = (),
    gates: list[tuple[int, float, float, bool, str | None]] | tuple[()] = (),
    base: list[tuple[str, object]] | tuple[()] = (),
    station: tuple[float, float] = (0.0, 0.0),
) -> Study:
    """Return a study without grids: homes are x, y, households, compound (1…)."""
    households = [home[2] for home in homes]
    n = len(homes)
    nobody = {w: np.zeros(n) for w in ("residents", "elderly", "members", *MEMBER_KINDS)}
    ids = list(range(1, n + 1))
    walls = list(range(1, len(compounds) + 1))
    return Study(
        crs=network.crs,
        network=network,
        communities=frame({"code": [], "name": []}, [], []),
        grids=frame(
            {
                "code": [],
                "name": [],
                "community_id": pd.array([], dtype="Int64"),
                "community": [],
            },
            [],
            [],
        ),
        compounds=frame(
            {
                "name": [f"院{i}" for i in walls],
                "address": "",
                **{w: 0.0 for w in WEIGHTS if w != "buildings"},
            },
            list(compounds),
            walls,
        ),
        gates=frame(
            {
                "compound_id": [gate[0] for gate in gates],
                "name": "旧门",
                "open_to_all": np.array([gate[3] for gate in gates], bool),
                "hours": pd.Series(
                    [parse_hours(g[4]) if g[4] else None for g in gates], dtype=object
                ).tolist(),
            },
            [Point(gate[1], gate[2]) for gate in gates],
            list(range(1, len(gates) + 1)),
        ),
        buildings=frame(
            {
                "compound_id": pd.array([home[3] for home in homes], dtype="Int64"),
                "grid_id": pd.array([pd.NA] * n, dtype="Int64"),
                "number": "",
                "name": [f"楼{i}" for i in ids],
                "address": "",
                "levels": 6.0,
                "households": np.array(households, float),
                **nobody,
                "footprint": None,
            },
            [Point(home[0], home[1]) for home in homes],
            ids,
        ),
        stations=frame(
            {
                "name": ["甲"],
                "address": "",
                "services": [()],
                "hours": [None],
                "opens_on": [None],
                "closes_on": [None],
                "state": ["open"],
            },
            [Point(*station)],
            [1],
        ),
        candidates=frame({"name": [], "address": [], "cost": [], "area_m2": []}, [], []),
        base=frame(
            {"kind": [kind for kind, _ in base], "name": ["清河"] * len(base)},
            [shape for _, shape in base],
            list(range(len(base))),
        ),
        is_demo=True,
        data_date="2026-11-25",
        version="1",
    )


def river_town(**changes: object) -> Study:
    """Return two banks, 60 m apart, joined by a bridge a kilometre to the east."""
    network = WalkNetwork(
        moved([(0, 0), (1000, 0), (1000, 60), (0, 60)]),
        [[0, 1], [1, 2], [2, 3]],
        [1000, 60, 1000],
        CRS,
    )
    homes = [(10.0, 70.0, 30.0, None), (500.0, 70.0, 7.0, None), (300.0, -10.0, 5.0, None)]
    river = ("water", box(-50, 10, 990, 50))
    return town(network, homes, base=[river], **changes)  # type: ignore[arg-type]


def walled_town(**changes: object) -> Study:
    """Return a walled compound with one gate in the west; the station is east of it.

    A street runs round it, 10 m outside the wall of (0, 0)-(400, 100).
    """
    network = WalkNetwork(
        moved([(-10, -10), (410, -10), (410, 110), (-10, 110)]),
        [[0, 1], [1, 2], [2, 3], [3, 0]],
        [420, 120, 420, 120],
        CRS,
        edge_kind=[EdgeKind.STREET] * 4,
    )
    settings: dict[str, object] = {
        "compounds": [box(0, 0, 400, 100)],
        "gates": [(1, 0, 50, False, None)],
        "station": (410.0, 50.0),
        **changes,
    }
    homes = [(390.0, 50.0, 31.0, 1), (350.0, 50.0, 9.0, 1)]
    return town(network, homes, **settings)  # type: ignore[arg-type]


def counted(ground: Ground, weight: str = "households") -> np.ndarray:
    return ground.points[weight].fillna(0).to_numpy(float)


def laid(study: Study, profile: str | SpeedProfile = ONE, at: datetime | None = None) -> Ground:
    return lay_ground(study, speed_profile(profile), at)


def test_a_bridge_is_proposed_where_a_river_keeps_people_out():
    study = river_town()
    ground = laid(study)
    links = rank_links(ground, study.stations, limit_s=600, weight=counted(ground))
    best = links.iloc[0]
    # 7 households are at 500 m from the foot of a bridge in the west: 60 + 500 + 10 = 570 s.
    assert best["weight"] == best["households"] == 37
    assert best["points"] == ("building:1", "building:2")
    assert best["metres"] == pytest.approx(60)
    assert (best["barrier"], best["barrier_name"]) == ("water", "清河")
    assert "跨清河架一座人行桥（60 米），多 37 户走得到" in best["sentence_zh"]
    assert "footbridge over 清河" in best["sentence_en"]
    assert isinstance(best["edits"][0], NewLink)


def test_links_close_together_are_listed_once():
    study = river_town()
    ground = laid(study)
    links = rank_links(ground, study.stations, limit_s=600, weight=counted(ground))
    middles = links.geometry.interpolate(0.5, normalized=True)
    away = [middles.iloc[i].distance(middles.iloc[j]) for i in range(len(links)) for j in range(i)]
    assert len(links) > 1
    assert min(away) > 200


def test_no_link_is_proposed_across_a_compound_or_a_building():
    study = river_town(compounds=[box(-200, 20, 950, 40)])
    ground = laid(study)
    links = rank_links(ground, study.stations, limit_s=600, weight=counted(ground))
    assert not links.geometry.intersects(study.compounds.geometry.iloc[0]).any()
    houses = river_town()
    wide = gpd.GeoSeries([box(-200, 20, 950, 40)] * 3, crs=CRS).translate(X0, Y0).to_numpy()
    houses = replace(houses, buildings=houses.buildings.assign(footprint=wide))
    ground = laid(houses)
    assert rank_links(ground, houses.stations, limit_s=600, weight=counted(ground)).empty


def test_no_link_crosses_a_public_way_without_joining_it():
    network = WalkNetwork(
        moved([(0, 0), (1000, 0), (1000, 30), (0, 30), (1000, 60), (0, 60)]),
        [[0, 1], [1, 2], [2, 3], [2, 4], [4, 5]],
        [1000, 30, 1000, 30, 1000],
        CRS,
    )
    study = town(network, [(10.0, 35.0, 3.0, None), (10.0, 70.0, 30.0, None)])
    ground = laid(study)
    links = rank_links(ground, study.stations, limit_s=600, weight=counted(ground))
    assert len(links)
    assert (links.geometry.bounds["maxy"] - links.geometry.bounds["miny"]).max() == pytest.approx(
        30
    )


def test_a_link_in_front_of_a_station_or_a_gate_would_move_it():
    study = river_town(
        station=(100.0, 20.0), compounds=[box(300, 15, 350, 45)], gates=[(1, 300, 30, False, None)]
    )
    ground = laid(study)
    sites = stand(ground, study.stations, limit_s=600, weight=counted(ground)).site_doors
    at_x = [81, 79, 269, 271, 500]  # the station lies 20 m, the gate 30 m from the way
    lines = np.array([LineString(moved([(x, 0), (x, 60)])) for x in at_x], dtype=object)
    assert doors_nearer_to(ground, sites, lines).moves_fixed.tolist() == [
        True,
        False,
        False,
        True,
        False,
    ]
    links = rank_links(ground, study.stations, limit_s=600, weight=counted(ground))
    assert len(links)
    assert not doors_nearer_to(ground, sites, links.geometry.to_numpy()).moves_fixed.any()


def test_a_longer_link_than_asked_for_is_not_proposed():
    study = river_town()
    ground = laid(study)
    given = {"limit_s": 600, "weight": counted(ground)}
    assert rank_links(ground, study.stations, longest_m=59, **given).empty
    assert len(rank_links(ground, study.stations, longest_m=60.001, **given))


def test_who_lives_nearer_to_the_link_than_to_any_way_joins_it():
    network = WalkNetwork(
        moved([(0, 0), (1000, 0), (1000, 120), (0, 120)]),
        [[0, 1], [1, 2], [2, 3]],
        [1000, 120, 1000],
        CRS,
    )
    # On an island, 60 m from both banks: 150 + 60 m without a link. The link that brings it leads
    # from (60, 0) to (140, 120) and passes it at 41.6 m, 99.8 m on its way.
    study = town(network, [(150.0, 60.0, 8.0, None)])
    ground = laid(study)
    links = rank_links(ground, study.stations, limit_s=205, weight=counted(ground))
    after = cover(apply_edits(study, links["edits"].iloc[0]), profile=ONE, minutes=205 / 60)
    assert links["weight"].tolist() == [8]
    assert links["after_s"].iloc[0] == after.points["seconds"].iloc[0] < 205
    assert stand(ground, study.stations, limit_s=205, weight=[8]).seconds.tolist() == [210]


def test_a_gate_on_the_side_of_the_station_is_best():
    study = walled_town()
    ground = laid(study)
    gates = rank_gates(ground, study.stations, limit_s=100, weight=counted(ground))
    best = gates.iloc[0]
    assert best["kind"] == "new_gate"
    assert best["weight"] == 40
    assert best["sentence_zh"].startswith("在院1东侧开一个门，多 40 户走得到")
    assert best["sentence_en"].startswith("A gate in the east side of 院1: 40 households more")
    # 10 m to the gate, 10 m to the street; from there to the station: the gate is opposite.
    place = best.geometry
    assert (place.x - X0, place.y - Y0) == pytest.approx((400, 50), abs=6)
    edit = best["edits"][0]
    assert isinstance(edit, NewGate)
    assert edit.compound_id == 1


def test_a_new_gate_keeps_its_distance_from_those_that_are_there():
    study = walled_town(gates=[(1, 400, 50, False, "每天6:00-22:00"), (1, 0, 50, False, None)])
    ground = laid(study, at=NIGHT)
    gates = rank_gates(ground, study.stations, limit_s=250, weight=counted(ground))
    new = gates[gates["kind"] == "new_gate"]
    assert len(new)
    assert new.geometry.distance(study.gates.geometry.loc[1]).min() >= 60
    shut = gates[gates["kind"] == "open_gate"].iloc[0]
    assert shut["edits"] == (OpenedGate(1),)
    assert shut["sentence_zh"].startswith("让院1旧门此时也开，多 40 户走得到")


def test_no_gate_is_proposed_across_a_river_or_far_from_any_way():
    river = ("water", box(402, -200, 408, 300))
    beside = ("water", LineString([(-50, 105), (402, 105)]))
    south = ("water", LineString([(-50, -5), (402, -5)]))
    study = walled_town(base=[river, beside, south])
    ground = laid(study)
    gates = rank_gates(ground, study.stations, limit_s=100, weight=counted(ground))
    assert gates.empty


def test_no_gate_is_proposed_where_the_street_is_far_or_behind_another_compound():
    far = walled_town(compounds=[box(30, 30, 384, 80)], gates=[(1, 30, 50, False, None)])
    near = walled_town(compounds=[box(30, 30, 386, 80)], gates=[(1, 30, 50, False, None)])
    behind = walled_town(compounds=[box(0, 0, 400, 100), box(401, -5, 409, 105)])
    n_new = []
    for study in (far, near, behind):
        ground = laid(study)
        gates = rank_gates(ground, study.stations, limit_s=100, weight=counted(ground))
        n_new.append(int((gates["kind"] == "new_gate").sum()))
    assert n_new == [0, 1, 0]


def test_without_known_gates_or_with_a_compound_open_to_all_no_gate_is_proposed():
    for gates in ((), [(1, 0, 50, True, None)]):
        study = walled_town(gates=gates)
        ground = laid(study)
        ranked = rank_gates(ground, study.stations, limit_s=15, weight=counted(ground))
        assert ranked.empty


def through_town() -> Study:
    """Return two streets joined through a compound with two gates, and far round it."""
    network = WalkNetwork(
        moved([(-10, 50), (210, 50), (-10, 1000), (210, 1000)]),
        [[0, 1], [0, 2], [2, 3], [3, 1]],
        [220, 950, 220, 950],
        CRS,
        edge_kind=[EdgeKind.SERVICE, EdgeKind.STREET, EdgeKind.STREET, EdgeKind.STREET],
    )
    return town(
        network,
        [(220.0, 60.0, 12.0, None), (100.0, 60.0, 3.0, 1)],
        compounds=[box(0, 0, 200, 100)],
        gates=[(1, 0, 50, False, None), (1, 200, 50, True, None)],
        station=(-10.0, 60.0),
    )


def test_opening_all_gates_lets_others_walk_through():
    study = through_town()
    ground = laid(study)
    gates = rank_gates(ground, study.stations, limit_s=300, weight=counted(ground))
    best = gates.iloc[0]
    assert best["kind"] == "open_all"
    assert best["edits"] == (OpenedGate(1), OpenedGate(2))
    assert best["weight"] == 12
    assert best["sentence_zh"].startswith("让所有人通行院1（2 个门），多 12 户走得到")
    assert (
        bound_of_opening(stand(ground, study.stations, limit_s=300, weight=counted(ground)), [1])[0]
        >= 12
    )


def test_a_shut_gate_that_would_let_others_through_is_weighed_with_them():
    study = through_town()
    hours = parse_hours("每天6:00-22:00")
    gates = study.gates.assign(open_to_all=True, hours=pd.Series([hours, None], [1, 2], object))
    study = replace(study, gates=gates)
    ground = laid(study, at=NIGHT)
    ranked = rank_gates(ground, study.stations, limit_s=300, weight=counted(ground))
    assert ranked["kind"].tolist()[0] == "open_all"
    assert ranked["weight"].iloc[0] == 15  # those inside too: the gate of the west was shut
    assert "open_gate" not in ranked["kind"].tolist()


def test_where_a_station_stands_inside_the_bound_is_everybody():
    study = walled_town(station=(300.0, 50.0))
    ground = laid(study)
    standing = stand(ground, study.stations, limit_s=45, weight=counted(ground))
    assert bound_of_opening(standing, [1]).tolist() == [40]


def test_a_station_behind_the_wall_is_reached_through_a_new_gate():
    study = walled_town(station=(300.0, 50.0))
    homes = study.buildings.copy()
    homes["compound_id"] = pd.array([pd.NA, 1], dtype="Int64")
    homes.loc[1, "geometry"] = Point(X0 + 420, Y0 + 50)
    study = replace(study, buildings=homes)
    ground = laid(study)
    gates = rank_gates(ground, study.stations, limit_s=300, weight=counted(ground))
    best = gates.iloc[0]
    assert (best["kind"], best["weight"]) == ("new_gate", 31)
    after = cover(apply_edits(study, best["edits"]), profile=ONE, minutes=5)
    assert after.points["covered"].all()


def test_where_all_are_in_or_nobody_counts_there_is_nothing_to_open():
    study = river_town()
    ground = laid(study)
    for limit_s, weight in ((1e5, counted(ground)), (600, np.zeros(3))):
        for rank in (rank_links, rank_gates):
            ranked = rank(ground, study.stations, limit_s=limit_s, weight=weight)
            assert ranked.empty
            assert {"weight", "edits", "sentence_zh", "sentence_en"} <= set(ranked.columns)
    for rank in (rank_links, rank_gates):
        assert rank(ground, study.stations.iloc[:0], limit_s=600, weight=counted(ground)).empty


@pytest.mark.parametrize("rank", [rank_links, rank_gates])
def test_wrong_weights_and_limits_are_refused(rank):
    study = river_town()
    ground = laid(study)
    with pytest.raises(SitingError, match="weights"):
        rank(ground, study.stations, limit_s=600, weight=np.ones(2))
    with pytest.raises(SitingError, match="limit_s"):
        rank(ground, study.stations, limit_s=0, weight=np.ones(3))


def test_a_ranking_can_be_stopped_and_says_how_far_it_is():
    study = river_town()
    ground = laid(study)
    seen: list[tuple[int, int]] = []
    given = {"limit_s": 600, "weight": counted(ground)}
    rank_links(ground, study.stations, on_progress=lambda a, b: seen.append((a, b)), **given)
    assert seen
    assert seen[-1][0] == seen[-1][1]
    assert rank_links(ground, study.stations, should_stop=lambda: True, **given).empty


def test_a_gate_or_a_station_is_named_the_better():
    study = walled_town()
    ground = laid(study)
    given = {"limit_s": 100, "weight": counted(ground)}
    links, gates = (rank(ground, study.stations, **given) for rank in (rank_links, rank_gates))
    site = Text("社区大院", "the community yard")
    worse = compare_openings(site, 25, links=links, gates=gates, unit=HOUSEHOLDS)
    assert worse.rows["what"].tolist()[0] == "gate"
    assert worse.said.zh == "在院1东侧开一个门，多 40 户；在社区大院建站，多 25 户。"
    better = compare_openings(site, 50, links=links, gates=gates, unit=HOUSEHOLDS)
    assert better.said.en == (
        "A station at the community yard brings 50 households; a gate in the east side of 院1, 40."
    )
    alone = compare_openings(site, 5, links=links.iloc[:0], gates=gates.iloc[:0], unit=HOUSEHOLDS)
    assert alone.rows["what"].tolist() == ["station"]
    assert "no gate or link" in alone.said.en


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Study:
    made = make_demo(grids=12, members=80, stations=2, seed=3)
    engine = open_database(tmp_path_factory.mktemp("openings") / "demo.db")
    store_frames(engine, {**made.frames, "network": made.network}, source="demo", is_demo=True)
    with Session(engine) as session:
        loaded = load_study(session, Viewer.everything())
    engine.dispose()
    return loaded


def open_stations(study: Study, at: datetime | None) -> gpd.GeoDataFrame:
    """Return the stations as if all served at that moment too, so that nights have some."""
    return study.stations[why_closed(study.stations.assign(hours=None), at) == ""]


CASES = [("standard", None, 900.0), ("elderly", NIGHT, 600.0), ("adult", None, 480.0)]


@pytest.mark.parametrize(("profile", "at", "limit_s"), CASES)
@pytest.mark.parametrize("rank", [rank_links, rank_gates])
def test_gains_are_those_of_the_edited_study(demo: Study, rank, profile, at, limit_s):
    demo = replace(demo, stations=demo.stations.assign(hours=None))
    ground = laid(demo, profile, at)
    stations = open_stations(demo, at)
    ranked = rank(ground, stations, limit_s=limit_s, weight=counted(ground))
    settings = {"profile": profile, "minutes": limit_s / 60, "at": at}
    before = cover(demo, **settings).total
    assert len(ranked)
    assert (ranked["weight"] > 0).all()
    assert ranked["weight"].is_monotonic_decreasing
    for row in ranked.itertuples():
        after = cover(apply_edits(demo, row.edits), **settings).total
        gain = (
            after.drop(columns=["code", "name"]).iloc[0]
            - before.drop(columns=["code", "name"]).iloc[0]
        )
        assert gain["households_covered"] == pytest.approx(row.weight)
        assert gain["members_covered"] == pytest.approx(row.members)


def test_other_weights_rank_by_other_people(demo: Study):
    ground = laid(demo, "standard")
    stations = open_stations(demo, None)
    ranked = rank_links(ground, stations, limit_s=900, weight=counted(ground, "members"))
    np.testing.assert_allclose(ranked["weight"], ranked["members"])
    assert (ranked["households"] >= 0).all()


def test_the_same_study_gives_the_same_ranking(demo: Study):
    ground = laid(demo, "standard")
    stations = open_stations(demo, None)
    for rank in (rank_links, rank_gates):
        given = {"limit_s": 900.0, "weight": counted(ground)}
        pd.testing.assert_frame_equal(
            pd.DataFrame(rank(ground, stations, **given)),
            pd.DataFrame(rank(laid(demo, "standard"), stations, **given)),
        )
        first = rank(ground, stations, most=1, **given)
        assert first["edits"].tolist() == rank(ground, stations, **given)["edits"].tolist()[:1]


@pytest.mark.parametrize(("profile", "at", "limit_s"), CASES)
def test_no_opened_compound_brings_more_than_its_bound(demo: Study, profile, at, limit_s):
    ground = laid(demo, profile, at)
    standing = stand(ground, open_stations(demo, at), limit_s=limit_s, weight=counted(ground))
    compounds = sorted({int(one) for one in demo.gates["compound_id"]})
    bounds = bound_of_opening(standing, compounds)
    gains = np.array([_opened_to_all(standing, one)["weight"] for one in compounds])
    assert (gains <= bounds + 1e-6).all()
    assert (gains > 0).any()


def test_an_unedited_study_walked_anew_is_the_study(demo: Study):
    ground = laid(demo, "standard")
    standing = stand(ground, open_stations(demo, None), limit_s=900, weight=counted(ground))
    place = demo.stations.geometry.to_crs(4326).iloc[0]
    same = _seconds_with(standing, [NewStation("不算", place.x, place.y)])
    np.testing.assert_allclose(same, standing.seconds)
