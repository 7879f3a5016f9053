"""Gazetteers and noisy queries with their truths: the demo, real ledgers, a large one."""

import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from address_noise import Spoken, vary

from data.demo import make_demo
from geo.crs import from_wgs84, to_wgs84
from geo.geocode.places import distance_m

SAME_M = 300.0


@dataclass(frozen=True)
class Query:
    """A text, the ids that it may truthfully be matched to, and how it was made."""

    text: str
    truth: frozenset[object]
    lon: float
    lat: float
    kinds: tuple[str, ...]
    is_held_out: bool = False  # its place is not in the gazetteer: silence is right
    has_twin: bool = False  # what it says is true of another place too: a question is right


@dataclass(frozen=True, eq=False)
class Case:
    """A gazetteer's frame and the queries put to it."""

    name: str
    addresses: pd.DataFrame
    queries: list[Query]
    want_building: bool


def demo_case(n_queries: int, seed: int = 7) -> Case:
    """Return every building of the demo subdistrict as an address, and noisy queries."""
    frames = make_demo().frames
    buildings, compounds = frames["buildings"], frames["compounds"].set_index("key")
    communities = gpd.GeoDataFrame(frames["communities"])[["name", "geometry"]]
    points = gpd.GeoDataFrame(buildings[["key"]], geometry=buildings.geometry)
    joined = points.sjoin(communities, how="left").drop_duplicates("key").set_index("key")
    community = joined["name"].reindex(buildings["key"]).to_numpy()
    compound = compounds["name"].reindex(buildings["compound_key"]).to_numpy()
    spoken, rows = [], []
    for k in range(len(buildings)):
        in_compound = isinstance(compound[k], str)
        number = str(buildings["number"].iloc[k]).removesuffix("栋")
        part = Spoken(
            province="安徽省",
            city="演示市",
            district="演示区",
            street="演示街道",
            community=str(community[k]),
            name=str(compound[k] if in_compound else buildings["name"].iloc[k]),
            building=number if in_compound else "",
        )
        spoken.append(part)
        text = part.province + part.city + part.district + part.street + part.community + part.name
        point = buildings.geometry.iloc[k]
        rows.append(
            {
                "id": buildings["key"].iloc[k],
                "address": text + (f"{part.building}栋" if part.building else ""),
                "lon": point.x,
                "lat": point.y,
                "compound": part.name if in_compound else "",
                "name": "" if in_compound else part.name,
                "building": f"{number}栋" if in_compound else "",
                "street": part.street,
                "community": part.community,
                "kind": "building",
            }
        )
    addresses = pd.DataFrame(rows)
    random = np.random.default_rng(seed)
    twins = addresses.groupby(["name", "compound", "building"]).size()
    queries = []
    for k in random.choice(len(addresses), n_queries):
        row = addresses.iloc[k]
        text, said = vary(_with_room(spoken[k], random), random)
        has_twin = twins[row["name"], row["compound"], row["building"]] > 1 and not said.community
        truth = frozenset([row["id"]])
        queries.append(
            Query(text, truth, row["lon"], row["lat"], said.kinds, has_twin=bool(has_twin))
        )
    return Case("demo", addresses, queries, want_building=True)


def _with_room(spoken: Spoken, random: np.random.Generator) -> Spoken:
    if not spoken.building or random.random() < 0.4:
        return spoken
    unit = str(random.integers(1, 5)) if random.random() < 0.6 else ""
    room = f"{random.integers(1, 19)}0{random.integers(1, 5)}"
    return Spoken(**{**spoken.__dict__, "unit": unit, "room": room})


def ledger(folder: Path, city: str) -> pd.DataFrame:
    """Return a real ledger as a gazetteer's frame: id, name, address, lon, lat, city, district."""
    table = pd.read_csv(
        folder / "小区台账.csv", encoding="gb18030", dtype=str, keep_default_na=False
    )
    degrees = table["经纬度"].str.split(",", expand=True).apply(pd.to_numeric, errors="coerce")
    lon, lat = to_wgs84(degrees[0].to_numpy(float), degrees[1].to_numpy(float), "bd09")
    addresses = pd.DataFrame(
        {
            "id": table.index,
            "name": table["小区名称"],
            "address": table["小区地址"].where(table["小区地址"] != "暂无资料", ""),
            "lon": lon,
            "lat": lat,
            "kind": "compound",
            "city": city,
            "district": _districts(folder / "区划.geojson", degrees),
        }
    )
    return addresses[np.isfinite(lon) & np.isfinite(lat)].reset_index(drop=True)


def _districts(path: Path, degrees: pd.DataFrame) -> np.ndarray:
    """Return the district of each BD-09 point; the outlines are in GCJ-02 and labelled WGS84."""
    outlines = gpd.read_file(path)
    column = "名称"
    is_known = degrees[0].notna() & degrees[1].notna()
    bd_lon, bd_lat = degrees[0][is_known].to_numpy(), degrees[1][is_known].to_numpy()
    lon, lat = to_wgs84(bd_lon, bd_lat, "bd09")
    gcj_lon, gcj_lat = from_wgs84(lon, lat, "gcj02")
    points = gpd.GeoDataFrame(
        geometry=gpd.points_from_xy(gcj_lon, gcj_lat), index=degrees.index[is_known], crs=4326
    )
    joined = points.sjoin(outlines[[column, "geometry"]].to_crs(4326), how="left")
    joined = joined[~joined.index.duplicated()]
    return joined[column].reindex(degrees.index).fillna("").to_numpy()


def ledger_case(folder: Path, city: str, n_queries: int, seed: int = 11) -> Case:
    """Return a ledger with every twelfth place held out, and noisy queries to all of them."""
    addresses = ledger(folder, city)
    group = same_places(addresses)
    random = np.random.default_rng(seed)
    held_out = {int(g) for g in np.unique(group) if random.random() < 1 / 12}
    is_kept = ~np.isin(group, list(held_out))
    members = defaultdict(set)
    for row_id, g in zip(addresses["id"], group, strict=True):
        members[g].add(row_id)
    keys = [plain_name(name) for name in addresses["name"]]
    rows_of_name = defaultdict(list)
    for t, key in enumerate(keys):
        rows_of_name[key].append(t)
    queries = []
    for k in random.choice(len(addresses), n_queries):
        row = addresses.iloc[k]
        spoken = _with_building(spoken_of(row), random)
        text, said = vary(spoken, random)
        twins = [t for t in rows_of_name[keys[k]] if group[t] not in {group[k], *held_out}]
        has_twin = any(_is_true_of(said, addresses.iloc[t]) for t in twins)
        queries.append(
            Query(
                text,
                frozenset(members[group[k]]),
                *(row["lon"], row["lat"], said.kinds),
                is_held_out=group[k] in held_out,
                has_twin=has_twin,
            )
        )
    kept = addresses[is_kept].reset_index(drop=True)
    return Case(folder.name, kept, queries, want_building=False)


def _is_true_of(said: Spoken, row: pd.Series) -> bool:
    """Tell whether a ledger's row contradicts nothing of what was said besides the name."""
    same_district = not (said.district and row["district"]) or said.district == row["district"]
    return same_district and (not said.road or not row["address"] or said.road in row["address"])


def spoken_of(row: pd.Series) -> Spoken:
    """Return what a ledger's row says, road and number by a plain pattern of their own."""
    found = re.search(r"([\u4e00-\u9fff]{2,6}?(?:路|街|大道))(\d+(?:-\d+)?)?号?", row["address"])
    road, number = (found[1], found[2] or "") if found else ("", "")
    road = re.sub(".*[市区县镇乡]", "", road).removeprefix(row["district"][:-1] or "-")
    if len(road) < 3:
        road = number = ""
    return Spoken(
        city=row["city"], district=row["district"], road=road, number=number, name=row["name"]
    )


def _with_building(spoken: Spoken, random: np.random.Generator) -> Spoken:
    if random.random() < 0.4:
        return spoken
    numbered = Spoken(**{**spoken.__dict__, "building": str(random.integers(1, 31))})
    return _with_room(numbered, random)


def plain_name(name: str) -> str:
    """Return a name without brackets, dots, spaces and 小区: 天乐小区北区 is 天乐北区."""
    name = re.sub(r"[(（](?![东西南北])[^)）]*[)）]|[·• ()（）]", "", name) or name
    name = re.sub("(?<=[东西南北])小区$", "区", name)
    name = re.sub("^(?:滁州|武汉)市?(?=...)", "", name)
    shorter = name.replace("小区", "")
    return shorter if len(shorter) >= 3 else name


def same_places(addresses: pd.DataFrame) -> np.ndarray:
    """Return a number for each row; rows of one plain name within 300 m of each other share it."""
    number = np.arange(len(addresses))
    by_name = defaultdict(list)
    for k, name in enumerate(addresses["name"]):
        by_name[plain_name(name)].append(k)
    lon, lat = addresses["lon"].to_numpy(), addresses["lat"].to_numpy()
    for rows in by_name.values():
        for a in rows:
            for b in rows:
                if a < b and distance_m(lon[a], lat[a], lon[b], lat[b]) < SAME_M:
                    number[number == number[b]] = number[a]
    return number


def large_case(n_entries: int, n_queries: int, seed: int = 3, per_estate: int = 20) -> Case:
    """Return an invented city of so many buildings in estates, and noisy queries."""
    random = np.random.default_rng(seed)
    first = list("春秋朝晚清明安和文德福康锦翠松竹兰桂枫梅金玉龙凤江湖天云星月")
    second = list("晖澜岚溪泽苑川棠屏汀涧屿坪丰泰宁乐祥瑞景华城都府光阳辉庭")
    ends = ("花园", "小区", "家园", "新村", "公寓", "苑", "府", "国际", "华庭", "广场")
    roads = [f"{a}{b}路" for a in first[:20] for b in second[:20]]
    n_estates = n_entries // per_estate
    words = [
        "".join(random.choice(part) for part in (first, second, first)) for _ in range(n_estates)
    ]
    rows, spoken = [], []
    for estate in range(n_estates):
        road, number = str(random.choice(roads)), str(random.integers(1, 500))
        name = words[estate] + ends[estate % len(ends)]
        lon, lat = 118.0 + random.random() * 0.6, 32.0 + random.random() * 0.5
        district = f"演示{'甲乙丙丁'[estate % 4]}区"
        for building in range(1, per_estate + 1):
            part = Spoken("演示省", "演示市", district, "", "", road, number, name, str(building))
            spoken.append(part)
            rows.append(
                {
                    "address": f"演示市{district}{road}{number}号{name}{building}栋",
                    "lon": lon + building * 1e-4,
                    "lat": lat,
                }
            )
    addresses = pd.DataFrame(rows)
    addresses["id"] = addresses.index
    queries = []
    for k in random.choice(len(addresses), n_queries):
        text, said = vary(_with_room(spoken[k], random), random)
        lon, lat = addresses["lon"].iloc[k], addresses["lat"].iloc[k]
        queries.append(Query(text, frozenset([int(k)]), lon, lat, said.kinds))
    return Case("large", addresses, queries, want_building=True)
