"""Files that are not what they say: a sentence in each language, and nothing written."""

import zipfile
from contextlib import suppress

import geopandas as gpd
import numpy as np
import openpyxl
import pytest
import shapely

from data.batches import list_batches
from data.errors import ImportDataError
from data.imports import import_file
from geo.errors import GeoError

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256))
HTML = "<html><body><table><tr><td>社区名称</td></tr></table></body></html>"


def zipped(path, parts):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path.read_bytes()


def workbook(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["社区名称"])
    book.active.append(["甲"])
    book.save(tmp_path / "good.xlsx")
    return (tmp_path / "good.xlsx").read_bytes()


def grids(tmp_path, name):
    path = tmp_path / name
    frame = gpd.GeoDataFrame({"name": ["a"]}, geometry=[shapely.box(118, 32, 119, 33)], crs=4326)
    frame.to_parquet(path) if name.endswith("parquet") else frame.to_file(path)
    return path.read_bytes()


CASES = {
    "empty.csv": (lambda _: b"", "空文件"),
    "blank.csv": (lambda _: b"\n , ,\n", "没有内容"),
    "picture.csv": (lambda _: PNG, "不是文本文件"),
    "page.csv": (lambda _: HTML.encode(), "网页"),
    "quotes.csv": (lambda _: '社区名称\n"甲\n乙\n'.encode(), "引号不成对"),
    "headings.csv": (lambda _: "社区名称\n".encode(), "只有表头"),
    "latin.csv": (lambda _: "name\n\xe9\xff\xff".encode("latin-1"), "不是文本文件"),
    "page.xlsx": (lambda _: HTML.encode(), "不是完好的 Excel 文件"),
    "picture.xlsx": (lambda _: PNG, "不是完好的 Excel 文件"),
    "half.xlsx": (lambda folder: workbook(folder)[:2000], "不是完好的 Excel 文件"),
    "other.xlsx": (lambda folder: zipped(folder / "z", {"a.txt": "a"}), "不是完好的 Excel 文件"),
    "half.geojson": (lambda folder: grids(folder, "g.geojson")[:150], "文件已损坏"),
    "list.geojson": (lambda _: b"[1, 2, 3]", "文件已损坏"),
    "picture.geojson": (lambda _: PNG, "不是文本文件"),
    "page.geojson": (lambda _: HTML.encode(), "网页"),
    "half.gpkg": (lambda folder: grids(folder, "g.gpkg")[:5000], "文件已损坏"),
    "picture.gpkg": (lambda _: PNG, "文件已损坏"),
    "nodbf.zip": (
        lambda folder: zipped(folder / "z", {"a.shp": "", "a.shx": ""}),
        "缺少同名的 .dbf",
    ),
    "noshx.zip": (
        lambda folder: zipped(folder / "z", {"a.shp": "", "a.dbf": ""}),
        "缺少同名的 .shx",
    ),
    "half.parquet": (lambda folder: grids(folder, "g.parquet")[:-40], "文件已损坏"),
    "lonely.shp": (lambda folder: grids(folder, "g.shp"), ".dbf"),
    "half.zip": (lambda folder: zipped(folder / "z", {"a.shp": "a" * 500})[:300], "文件已损坏"),
    "none.zip": (lambda folder: zipped(folder / "z", {"a.txt": "a"}), "实有 0 个"),
    "two.zip": (lambda folder: zipped(folder / "z", {"a.shp": "", "b.shp": ""}), "实有 2 个"),
    "junk.zip": (
        lambda folder: zipped(folder / "z", {"a.shp": "x" * 200, "a.dbf": "y", "a.shx": "z"}),
        "文件已损坏",
    ),
    "letter.docx": (lambda _: b"x", "不认识 letter.docx 的扩展名"),
    "map.osm": (lambda _: b"<osm/>", "OSM 文件不含"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_bad_file_is_refused_with_a_sentence(database, tmp_path, name):
    make, sentence = CASES[name]
    path = tmp_path / "in" / name
    path.parent.mkdir()
    path.write_bytes(make(tmp_path))
    kind = "communities" if name.endswith((".csv", ".xlsx")) else "grids"
    with pytest.raises(ImportDataError) as caught:
        import_file(database, kind, path, datum="wgs84" if kind == "grids" else None)
    assert sentence in caught.value.say("zh")
    assert name.split(".")[0] in caught.value.say("en")
    assert list_batches(database.connect()) == []


def test_a_missing_file_and_a_folder_are_refused(database, tmp_path):
    with pytest.raises(ImportDataError, match=r"^There is no file .*nowhere\.csv\.$"):
        import_file(database, "communities", tmp_path / "nowhere.csv")
    with pytest.raises(ImportDataError, match="is a folder, not a file"):
        import_file(database, "communities", tmp_path)


def test_an_archive_s_paths_are_not_trusted(database, tmp_path):
    grids(tmp_path, "g.shp")
    evil = tmp_path / "evil.zip"
    parts = {
        f"../../../escaped/g.{ending}": (tmp_path / f"g.{ending}").read_bytes()
        for ending in ("shp", "shx", "dbf", "prj")
    }
    zipped(evil, {**parts, "/etc/passwd": "x", "../g.exe": "x"})
    report = import_file(database, "grids", evil)
    assert report.n_kept == 1
    assert not list(tmp_path.parent.rglob("escaped"))


def test_an_archive_that_unpacks_to_too_much_is_refused(database, tmp_path, monkeypatch):
    grids(tmp_path, "g.shp")
    path = tmp_path / "big.zip"
    zipped(path, {f"g.{e}": (tmp_path / f"g.{e}").read_bytes() for e in ("shp", "shx", "dbf")})
    monkeypatch.setattr("data.vector_files.LARGEST_FILE_BYTES", 100)
    with pytest.raises(ImportDataError, match="it unpacks to 0 MB; the limit is 0 MB"):
        import_file(database, "grids", path, datum="wgs84")
    workbook(tmp_path)
    monkeypatch.setattr("data.xlsx_parts.LARGEST_FILE_BYTES", 100)
    with pytest.raises(ImportDataError, match="it unpacks to 0 MB; the limit is 0 MB"):
        import_file(database, "communities", tmp_path / "good.xlsx")


@pytest.mark.parametrize("name", ["g.geojson", "g.gpkg", "g.parquet", "good.xlsx", "c.csv"])
def test_changed_bytes_give_a_sentence_or_rows_that_add_up(database, tmp_path, name):
    """Change bytes by seed: no other error than ours may come out."""
    random = np.random.default_rng(20261124)
    if name == "c.csv":
        content = "社区名称,社区代码\n甲,1\n乙,2\n".encode("gb18030")
    else:
        content = workbook(tmp_path) if name == "good.xlsx" else grids(tmp_path, name)
    kind = "communities" if name in {"c.csv", "good.xlsx"} else "grids"
    path = tmp_path / f"changed-{name}"
    for _ in range(25):
        changed = np.frombuffer(content, np.uint8).copy()
        at = random.integers(0, len(changed), size=random.integers(1, 20))
        changed[at] = random.integers(0, 256, size=len(at))
        path.write_bytes(changed.tobytes())
        with suppress(GeoError):
            report = import_file(database, kind, path, dry_run=True)
            assert report.n_read == report.n_kept + report.n_refused
