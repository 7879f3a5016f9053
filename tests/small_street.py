"""A street of two kilometres whose figures can be worked out by hand, for several test modules.

0.9 s a metre. Station 11 stands at 0 m; homes stand 10 m off the street:

    building   at      households  members   grid   walk to 11
    1          500 m   10          2         1       510 m =  459 s
    2          990 m   30          1         1      1000 m =  900 s, covered to the second
    3         1500 m   20          4         2      1510 m = 1359 s
    4         1900 m   40          3         2      1910 m = 1719 s
"""

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely.affinity import translate
from shapely.geometry import Point, box

from geo.network import WalkNetwork
from geo.study import MEMBER_KINDS, WEIGHTS, Study
from geo.whatif import NewStation

CRS = 4548
EAST, NORTH = 500_000.0, 3_570_000.0


def frame(columns: dict[str, object], shapes: list, ids: list[int]) -> gpd.GeoDataFrame:
    """Return a frame of shapes given in metres from the street's west end."""
    moved = [translate(shape, EAST, NORTH) for shape in shapes]
    return gpd.GeoDataFrame(columns, geometry=moved, index=pd.Index(ids, name="id"), crs=CRS)


def station_at(name: str, x: float) -> NewStation:
    """Return the edit that puts a station on the street."""
    place = gpd.GeoSeries([Point(EAST + x, NORTH)], crs=CRS).to_crs(4326)[0]
    return NewStation(name, place.x, place.y)


def small_street() -> Study:
    """Return the study of the module's docstring, and one member known by coordinates only."""
    xy = np.add([[0, 0], [1000, 0], [2000, 0]], [EAST, NORTH])
    members = np.array([2.0, 1.0, 4.0, 3.0])
    grid_id = pd.array([1, 1, 2, 2], dtype="Int64")
    compound = {"name": [], "address": [], **{w: [] for w in WEIGHTS if w != "buildings"}}
    return Study(
        crs=frame({}, [], []).crs,
        network=WalkNetwork(xy, [[0, 1], [1, 2]], [1000, 1000], CRS),
        communities=frame({"code": ["c"], "name": ["社区"]}, [box(0, -99, 2000, 99)], [4]),
        grids=frame(
            {
                "code": ["341103003001002", "341103003001001"],
                "name": ["=第2网格", "第1网格"],
                "community_id": pd.array([4, 4], dtype="Int64"),
                "community": ["社区", "社区"],
            },
            [box(1000, -99, 2000, 99), box(0, -99, 1000, 99)],
            [2, 1],
        ),
        compounds=frame(compound, [], []),
        gates=frame({"compound_id": [], "name": [], "open_to_all": [], "hours": []}, [], []),
        buildings=frame(
            {
                "compound_id": pd.array([pd.NA] * 4, dtype="Int64"),
                "grid_id": grid_id,
                "number": "",
                "name": ["楼 1", "楼 2", "楼 3", "楼 4"],
                "address": "",
                "levels": 6.0,
                "households": [10.0, 30.0, 20.0, 40.0],
                "residents": np.nan,
                "elderly": np.nan,
                "members": members,
                **{k: members if k == "members_community" else 0.0 for k in MEMBER_KINDS},
                "footprint": None,
            },
            [Point(500, 10), Point(990, 10), Point(1500, 10), Point(1900, 10)],
            [1, 2, 3, 4],
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
            [Point(0, 0)],
            [11],
        ),
        candidates=frame({"name": [], "address": [], "cost": [], "area_m2": []}, [], []),
        base=frame({"kind": [], "name": []}, [], []),
        is_demo=True,
        data_date="2026-06-30",
        version="v1",
        places=frame(
            {
                "grid_id": pd.array([1], dtype="Int64"),
                "members": [1.0],
                **{k: [1.0 if k == "members_mobile" else 0.0] for k in MEMBER_KINDS},
            },
            [Point(300, 10)],
            [1],
        ),
    )
