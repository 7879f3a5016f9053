"""Nasty vector files."""

import json
import warnings
import zipfile

import geopandas as gpd
import shapely

NAMES = ["东一网格", "东二网格", "西一网格"]
CODES = [f"34110300300100{i}" for i in (1, 2, 3)]


def squares(n=3):
    return [shapely.box(118.30 + i / 100, 32.25, 118.31 + i / 100, 32.26) for i in range(n)]


def grids():
    columns = {"网格编码": CODES, "网格名称": NAMES, "所属社区": ["东社区", "东社区", "西社区"]}
    return gpd.GeoDataFrame(columns, geometry=squares(), crs=4326)


def shapefile(encoding, cpg, *, has_prj=True, folder=""):
    """Return what packs a shapefile whose .cpg says `cpg` (None: has none)."""

    def make(path):
        parts = path.with_suffix("")
        parts.mkdir()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of headings that are cut off: they are meant to be
            grids().to_file(parts / "grids.shp", encoding=encoding)
        (parts / "grids.cpg").unlink(missing_ok=True)
        if cpg is not None:
            (parts / "grids.cpg").write_text(cpg, encoding="ascii")
        if not has_prj:
            (parts / "grids.prj").unlink()
        with zipfile.ZipFile(path, "w") as archive:
            for part in sorted(parts.iterdir()):
                archive.write(part, f"{folder}{part.name}")
            if folder:
                archive.writestr("../../../etc/cron.d/evil", "x")
                archive.writestr("C:\\Windows\\evil.exe", "x")

    return make


def features():
    return json.loads(grids().to_json())["features"]


def dumped(value):
    return lambda path: path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")


def mixed(path):
    frame = grids()
    frame.loc[1, "geometry"] = shapely.Point(118.315, 32.255)
    frame.loc[2, "geometry"] = shapely.MultiPolygon([squares()[2]])
    frame.to_file(path, driver="GeoJSON")


def with_heights(path):
    frame = grids()
    frame.geometry = shapely.force_3d(frame.geometry.to_numpy(), 12.5)
    frame.to_file(path, driver="GeoJSON")


def bow_tie(path):
    frame = grids()
    tie = [(118.30, 32.25), (118.31, 32.26), (118.31, 32.25), (118.30, 32.26)]
    frame.loc[0, "geometry"] = shapely.Polygon(tie)
    frame.to_file(path, driver="GeoJSON")


def cut_off(path):
    grids().to_file(path, driver="GeoJSON")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def chinese_bytes(path):
    path.write_bytes(grids().to_json(ensure_ascii=False).encode("gb18030"))


def two_layers(path):
    grids().to_file(path, layer="网格", driver="GPKG")
    grids().iloc[:1].to_file(path, layer="旧网格", driver="GPKG")


def swapped(path):
    frame = grids()
    frame.geometry = [shapely.transform(s, lambda xy: xy[:, ::-1]) for s in frame.geometry]
    frame.to_file(path, driver="GeoJSON")


RECORDS = [{"驿站名称": f"驿站{i}", "lng": 118.301 + i / 100, "lat": 32.251} for i in range(3)]
TOPOLOGY = {"type": "Topology", "objects": {}, "arcs": []}
