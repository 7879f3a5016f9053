"""Networks from lines: joined where the lines really meet. Networks from OpenStreetMap files."""

import bz2
import gzip
import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from numpy.testing import assert_allclose
from pyproj import CRS
from shapely.affinity import translate
from shapely.geometry import LineString, MultiLineString, Point

from geo.errors import CrsError, NetworkError
from geo.health import health
from geo.network import EdgeFlag, EdgeKind, WalkNetwork
from geo.osm_features import read_osm_base, read_osm_buildings


def lines(*shapes: object, crs: object = 4548, **columns: list) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=crs)


EAST = LineString([(0, 0), (100, 0)])
NORTH = LineString([(50, -50), (50, 50)])


def test_lines_that_cross_are_joined_there():
    network = WalkNetwork.from_lines(lines(EAST, NORTH))
    assert len(network.xy) == 5
    assert sorted(network.edge_length_m) == [50, 50, 50, 50]


@pytest.mark.parametrize(
    "columns", [{"bridge": ["", "yes"]}, {"layer": [0, 1]}, {"tunnel": [True, False]}]
)
def test_a_bridge_or_tunnel_is_not_joined_in_its_middle(columns: dict[str, list]):
    network = WalkNetwork.from_lines(lines(EAST, NORTH, **columns))
    assert sorted(network.edge_length_m) == [100, 100]


@pytest.mark.parametrize(
    "columns",
    [
        {"bridge": [np.nan, 0.0]},
        {"bridge": [None, "F"], "layer": [0, 0]},
        {"layer": ["roads", "roads"]},
    ],
)
def test_what_says_no_bridge_is_none(columns: dict[str, list]):
    assert len(WalkNetwork.from_lines(lines(EAST, NORTH, **columns)).edge_length_m) == 4


def test_a_bridge_of_layer_zero_is_a_bridge_all_the_same():
    geofabrik = {"bridge": ["T", "F"], "tunnel": ["F", "F"], "layer": [0, 0]}
    assert len(WalkNetwork.from_lines(lines(EAST, NORTH, **geofabrik)).edge_length_m) == 2


def test_lines_on_a_plane_of_their_own_stay_as_they_are():
    frame = gpd.GeoDataFrame(
        geometry=[LineString([(0, 0), (30, 40)])], crs='LOCAL_CS["site",UNIT["metre",1]]'
    )
    assert WalkNetwork.from_lines(frame).edge_length_m.tolist() == [50]


def test_the_end_of_a_bridge_joins_the_ground():
    bridge = LineString([(50, 0), (50, 80)])
    network = WalkNetwork.from_lines(lines(EAST, bridge, bridge=["", "yes"]))
    assert sorted(network.edge_length_m) == [50, 50, 80]


def test_a_street_that_ends_under_a_bridge_does_not_join_it():
    under = LineString([(50, 0), (50, 80)])
    network = WalkNetwork.from_lines(lines(EAST, under, bridge=["yes", ""]))
    assert sorted(network.edge_length_m) == [80, 100]


@pytest.mark.parametrize(("gap", "joined"), [(0.4, True), (0.6, False)])
def test_an_end_that_almost_touches_is_joined(gap: float, joined: bool):  # noqa: FBT001
    almost = LineString([(50, gap), (50, 80)])
    assert (len(WalkNetwork.from_lines(lines(EAST, almost)).edge_nodes) == 3) == joined


def test_duplicates_and_multilines_keep_their_lengths():
    network = WalkNetwork.from_lines(
        lines(EAST, EAST, MultiLineString([[(0, 9), (9, 9)], [(0, 20), (7, 20)]]))
    )
    assert sorted(network.edge_length_m) == [7, 9, 200]  # there and back is a ring


def test_what_is_no_line_is_counted():
    network = WalkNetwork.from_lines(lines(EAST, Point(0, 0), None, LineString()))
    assert network.counts["lines"] == 4
    assert network.counts["not_lines"] == 3


def test_columns_say_what_a_line_is():
    network = WalkNetwork.from_lines(
        lines(EAST, NORTH, 道路类型=["steps", "motorway"], 名称=["人民路", ""])
    )
    assert network.edge_kind.tolist() == [EdgeKind.STEPS]
    assert network.edge_flags.tolist() == [EdgeFlag.STEPS]
    assert network.edge_name.tolist() == ["人民路"]
    assert network.counts["not_walked"] == 1


def test_degrees_become_metres_and_a_nameless_metric_crs_stays():
    there = translate(EAST, 500_000, 3_570_000)  # on the central meridian, where the scale is 1
    degrees = lines(there, crs=4548).to_crs(4326)
    assert_allclose(WalkNetwork.from_lines(degrees).edge_length_m.sum(), 100, rtol=1e-5)
    wkt = CRS.from_epsg(32650).to_wkt().replace("WGS 84 / UTM zone 50N", "unknown")
    nameless = CRS.from_wkt(wkt.replace('ID["EPSG",32650]', 'ID["X",1]'))
    assert WalkNetwork.from_lines(lines(EAST, crs=nameless)).crs.name == "unknown"


def test_lines_without_a_crs_are_refused_with_the_way_out():
    with pytest.raises(CrsError, match=r"^The lines have no CRS; name it, for example --crs"):
        WalkNetwork.from_lines(lines(EAST, crs=None))


def test_a_layer_without_lines_is_refused():
    with pytest.raises(NetworkError, match=r"^None of the 1 rows is a line that can be walked"):
        WalkNetwork.from_lines(lines(Point(0, 0)))


def test_wuhan_is_one_network_but_for_what_hangs_on_motorways(real_data: Path):
    streets = gpd.read_parquet(real_data / "wuhan" / "streets.parquet")
    network = WalkNetwork.from_lines(streets)
    assert network.counts["lines"] == 92_667
    assert network.counts["not_walked"] == 4_959
    assert health(network).share_in_largest > 0.997
    everything = WalkNetwork.from_lines(streets.drop(columns="highway"))
    assert len(health(everything).components) == 1
    # Ends that touch a line from up to 0.5 m off are drawn onto it: metres in 7,185 km.
    assert_allclose(everything.edge_length_m.sum(), streets.length.sum(), rtol=1e-5)


def osm(ways: str, extra: str = "") -> str:
    nodes = "".join(
        f'<node id="{k}" lat="{32.26 + 0.001 * (k // 10)}" lon="{118.31 + 0.001 * (k % 10)}"/>'
        for k in range(40)
        if f'id="{k}"' not in extra
    )
    return f'<?xml version="1.0"?><osm version="0.6">{extra}{nodes}{ways}</osm>'


def way(number: int, refs: list[int], **tags: str) -> str:
    body = "".join(f'<nd ref="{ref}"/>' for ref in refs)
    body += "".join(f'<tag k="{k.replace("__", ":")}" v="{v}"/>' for k, v in tags.items())
    return f'<way id="{number}">{body}</way>'


def read(tmp_path: Path, text: str) -> WalkNetwork:
    path = tmp_path / "map.osm"
    path.write_text(text, encoding="utf-8")
    return WalkNetwork.from_osm(path)


def test_only_walkable_ways_are_read_and_private_ones_are_marked(tmp_path: Path):
    network = read(
        tmp_path,
        osm(
            way(1, [0, 1], highway="footway")
            + way(2, [1, 2], highway="motorway")
            + way(3, [1, 3], highway="platform")
            + way(4, [1, 4], highway="residential", foot="no")
            + way(5, [1, 5], highway="service", access="private")
            + way(6, [1, 6], highway="service", access="no", foot="yes")
            + way(7, [1, 7], highway="construction")
            + way(8, [1, 8], highway="steps")
        ),
    )
    assert len(network.edge_nodes) == 4
    flags = sorted(network.edge_flags.tolist())
    assert flags == [0, 0, EdgeFlag.STEPS, EdgeFlag.PRIVATE]
    assert network.counts["highways"] == 8


def test_a_motorroad_is_walked_only_where_feet_are_allowed(tmp_path: Path):
    roads = way(1, [0, 1], highway="trunk", motorroad="yes") + way(
        2, [1, 2], highway="trunk", motorroad="yes", foot="yes"
    )
    assert read(tmp_path, osm(roads)).counts["ways_walked"] == 1


@pytest.mark.parametrize("role", ["outer", "inner"])
def test_the_outline_of_a_pedestrian_area_is_walked(tmp_path: Path, role: str):
    member = f'<member type="way" ref="1" role="{role}"/><member type="way" ref="2" role="outer"/>'
    area = f'<relation id="1">{member}<tag k="type" v="multipolygon"/>'
    area += '<tag k="highway" v="pedestrian"/></relation>'
    ways = way(1, [0, 1, 2]) + way(2, [2, 3], highway="footway") + way(3, [4, 5])
    network = read(tmp_path, osm(ways + area))
    assert network.counts["ways_walked"] == 2  # the member that is a footway itself only once
    assert network.counts["raw_segments"] == 3


def test_nodes_after_the_ways_and_negative_ids_are_found(tmp_path: Path):
    text = osm(way(1, [0, 1], highway="footway"))
    length_m = read(tmp_path, text).edge_length_m.sum()
    start, end = text.index("<node"), text.index("<way")
    late = text[:start] + text[end:].replace("</osm>", text[start:end] + "</osm>")
    assert read(tmp_path, late).edge_length_m.sum() == length_m
    drawn = re.sub(r'(<node id|ref)="(\d+)"', lambda m: f'{m[1]}="-{int(m[2]) + 1}"', text)
    assert read(tmp_path, drawn).edge_length_m.sum() == length_m


def test_a_way_is_cut_where_the_extract_lacks_a_node(tmp_path: Path):
    network = read(tmp_path, osm(way(1, [0, 1, 900, 2, 3, 901], highway="path")))
    assert len(network.edge_nodes) == 2
    assert network.counts["missing_node_references"] == 2
    assert network.counts["ways_cut"] == 1


def test_a_crossing_way_waits_once_and_the_road_along_it_does_not(tmp_path: Path):
    extra = (
        '<node id="1" lat="32.26" lon="118.311"><tag k="highway" v="crossing"/>'
        '<tag k="crossing" v="traffic_signals"/></node>'
    )
    network = read(
        tmp_path,
        osm(
            way(1, [10, 1, 30], highway="footway", footway="crossing")
            + way(2, [0, 1, 2], highway="secondary"),
            extra,
        ),
    )
    assert network.edge_signals.sum() == pytest.approx(1)
    assert network.edge_signals[network.edge_kind == EdgeKind.MAJOR].sum() == 0


def test_a_crossing_node_without_a_crossing_way_is_shared_by_the_footways(tmp_path: Path):
    extra = '<node id="1" lat="32.26" lon="118.311"><tag k="highway" v="crossing"/></node>'
    network = read(tmp_path, osm(way(1, [0, 1, 2], highway="footway"), extra))
    assert network.edge_crossings.sum() == 1


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress])
def test_packed_files_are_read(tmp_path: Path, pack: object):
    path = tmp_path / ("map.osm.gz" if pack is gzip.compress else "map.osm.bz2")
    path.write_bytes(pack(osm(way(1, [0, 1], highway="path")).encode()))
    assert len(WalkNetwork.from_osm(path).edge_nodes) == 1


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("map.osm", b"this is no map", r"^map.osm cannot be read as OpenStreetMap data"),
        ("map.osm.pbf", b"\x00\x01", r"^map.osm.pbf cannot be read as OpenStreetMap data"),
        ("map.osm", b'<?xml version="1.0"?><osm version="0.6"></osm>', r"^map.osm holds no way"),
        ("map.png", b"\x89PNG", r"^map.png cannot be read as OpenStreetMap data"),
    ],
)
def test_what_is_no_map_is_a_sentence(tmp_path: Path, name: str, content: bytes, message: str):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(NetworkError, match=message):
        WalkNetwork.from_osm(path)


def test_a_missing_file_is_a_sentence(tmp_path: Path):
    with pytest.raises(NetworkError, match=r"^There is no file"):
        WalkNetwork.from_osm(tmp_path / "none.osm")


def test_tsinghua_and_helsinki_are_read_as_they_were_counted(real_data: Path):
    tsinghua = WalkNetwork.from_osm(real_data / "beijing" / "tsinghua.osm.gz")
    assert tsinghua.counts["highways"] == 684
    assert tsinghua.counts["missing_node_references"] == 0
    assert 12 <= len(health(tsinghua).components) <= 15
    assert tsinghua.crs.to_epsg() == 4548
    helsinki = WalkNetwork.from_osm(real_data / "helsinki" / "helsinki.osm.pbf")
    assert helsinki.counts["missing_node_references"] > 600
    assert np.isfinite(helsinki.xy).all()


def test_buildings_and_base_of_tsinghua(real_data: Path):
    path = real_data / "beijing" / "tsinghua.osm.gz"
    buildings = read_osm_buildings(path)
    assert (buildings["building"] == "residential").sum() == 117
    assert buildings["households"].notna().sum() == buildings["is_residential"].sum()
    assert buildings["households"].min() >= 1
    assert buildings.is_valid.all()
    assert set(read_osm_base(path)["kind"]) == {"water", "green", "rail"}
