"""From a file to rows: each kind, its headings, its rules; read = kept + refused always."""

import json

import geopandas as gpd
import numpy as np
import openpyxl
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from data.batches import list_batches
from data.errors import ImportDataError
from data.imports import import_file, store_frames
from data.models import RefusedRow
from data.queries import load_study
from data.tables import table_of
from data.viewer import Viewer
from geo.errors import GeoError

SQUARE = "POLYGON ((118.30 32.25, 118.31 32.25, 118.31 32.26, 118.30 32.26, 118.30 32.25))"


def csv_file(tmp_path, text, name="file.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


def squares(tmp_path, columns, n=2, name="grids.geojson", crs=4326):
    """Write n squares side by side with the given columns."""
    shapes = gpd.GeoSeries.from_wkt([SQUARE] * n).translate
    geometry = [shapes(xoff=0.01 * i).iloc[i] for i in range(n)]
    path = tmp_path / name
    gpd.GeoDataFrame(columns, geometry=geometry, crs=crs).to_file(path)
    return path


def study_of(database):
    with Session(database) as session:
        return load_study(session, Viewer.everything())


def rows_of(database, kind):
    with database.connect() as connection:
        return connection.execute(sa.select(table_of(kind))).mappings().all()


def rules(report):
    return [(cell.row, cell.column, cell.rule) for cell in report.refused]


def test_a_ledger_of_compounds_is_taken_in_as_the_office_wrote_it(database, tmp_path):
    path = csv_file(
        tmp_path,
        "小区名称,地址,总户数(户),经纬度,物业公司\n"
        '桂园,龙蟠路1号,3500 户,"118.31,32.26",某物业\n'
        "南苑,龙蟠路2号,暂无资料,118.32，32.27,\n"
        "北苑,,0,118.33 32.28,\n",
        encoding="gb18030",
    )
    report = import_file(database, "compounds", path, datum="wgs84")
    assert (report.n_read, report.n_kept, report.n_refused) == (3, 3, 0)
    assert report.headings == {"name": "小区名称", "address": "地址", "households": "总户数(户)"}
    assert report.unread == ("物业公司",)
    compounds = study_of(database).compounds
    assert compounds["name"].tolist() == ["桂园", "南苑", "北苑"]
    np.testing.assert_array_equal(compounds["households"], [3500, np.nan, np.nan])
    assert "小区户数写作 0，按未知处理" in [note.text.zh for note in report.notes]


def test_bad_rows_are_named_and_the_good_ones_go_in(database, tmp_path):
    path = csv_file(
        tmp_path,
        "name,households,lon,lat\n"
        "a,100,118.3,32.2\n"
        ",100,118.3,32.2\n"
        "c,-5,118.3,32.2\n"
        "d,many,118.3,32.2\n"
        "e,5,,\n"
        "f,5,0,0\n"
        "g,5,32.2,118.3\n"
        "h,5,200,32\n"
        "a,7,118.3,32.2\n"
        "i,5,118.3,32.2,surplus\n",
    )
    report = import_file(database, "compounds", path, datum="wgs84")
    assert rules(report) == [
        (3, "name", "needed"),
        (4, "households", "not_negative"),
        (5, "households", "number"),
        (6, "lon, lat", "coordinates"),
        (7, "lon, lat", "zero_coordinates"),
        (8, "lon, lat", "swapped"),
        (9, "lon, lat", "out_of_range"),
        (10, "name", "duplicate_in_file"),
        (11, "", "too_many_cells"),
    ]
    assert (report.n_read, report.n_kept, report.n_refused) == (10, 1, 9)
    with database.connect() as connection:
        stored = connection.execute(sa.select(RefusedRow.source_row, RefusedRow.rule)).all()
    assert sorted(stored) == [(row, rule) for row, _, rule in rules(report)]


def test_a_row_with_two_faults_counts_once_and_names_both(database, tmp_path):
    path = csv_file(tmp_path, "name,households,lon,lat\n,x,118,32\nb,1,118,32\n")
    report = import_file(database, "compounds", path, datum="wgs84")
    assert sorted(rules(report)) == [(2, "households", "number"), (2, "name", "needed")]
    assert (report.n_read, report.n_kept, report.n_refused) == (2, 1, 1)


def test_where_no_row_is_good_nothing_is_written(database, tmp_path):
    path = csv_file(tmp_path, "name,lon,lat\n,118,32\n")
    report = import_file(database, "compounds", path, datum="wgs84")
    assert report.is_refused
    assert report.batch_id is None
    with database.connect() as connection:
        assert list_batches(connection) == []


def test_a_table_without_a_datum_is_refused_with_the_way_out(database, tmp_path):
    path = csv_file(tmp_path, "name,lon,lat\na,118,32\n")
    with pytest.raises(ImportDataError, match=r"Add --datum wgs84\|cgcs2000\|gcj02\|bd09 or"):
        import_file(database, "compounds", path)


def test_a_projected_crs_is_read_and_the_original_kept(database, tmp_path):
    path = csv_file(tmp_path, "name,x,y\na,623600,3571000\n")
    import_file(database, "stations", path, crs="EPSG:4548")
    study = study_of(database)
    assert study.crs.to_epsg() == 4548
    point = study.stations.geometry.iloc[0]
    assert (point.x, point.y) == pytest.approx((623600, 3571000), abs=0.01)
    (row,) = rows_of(database, "stations")
    assert (row["original_x"], row["original_y"], row["original_datum"]) == (
        *(623600, 3571000, "EPSG:4548"),
    )


def test_metres_with_x_and_y_swapped_or_of_another_crs_are_refused(database, tmp_path):
    text = (
        "name,x,y\nA,623440.094,3571436.899\nB,3571436.899,623440.094\n"
        "C,118.31,32.26\nD,39623440.094,3571436.899\n"
    )
    report = import_file(database, "stations", csv_file(tmp_path, text), crs="EPSG:4548")
    assert [(cell.row, cell.rule) for cell in report.refused] == [
        (3, "swapped"),
        (4, "out_of_range"),
        (5, "out_of_range"),
    ]


def test_outlines_in_degrees_are_refused_where_metres_are_said(database, tmp_path):
    path = squares(tmp_path, {"name": ["甲", "乙"]})
    report = import_file(database, "grids", path, crs="EPSG:4548")
    assert report.is_refused
    assert {cell.rule for cell in report.refused} == {"out_of_range"}


@pytest.mark.parametrize("crs", ["EPSG:4548", "EPSG:4527"])
def test_a_network_far_from_where_its_projection_is_used_is_refused(database, tmp_path, crs):
    ways = gpd.GeoSeries.from_wkt(["LINESTRING (118.30 32.25, 118.31 32.25)"], crs=4326)
    metres = ways.to_crs(4548) if crs == "EPSG:4527" else ways
    path = tmp_path / "ways.gpkg"
    gpd.GeoDataFrame({"a": [1]}, geometry=metres.set_crs(crs, allow_override=True)).to_file(path)
    with pytest.raises(ImportDataError, match=f"outside of the area of {crs}"):
        import_file(database, "network", path)


def test_a_network_without_any_length_is_refused(database, tmp_path):
    ways = gpd.GeoSeries.from_wkt(["LINESTRING (0 0, 0.0001 0.0001)"], crs=3857)
    path = tmp_path / "ways.gpkg"
    gpd.GeoDataFrame({"a": [1]}, geometry=ways).to_file(path)
    with pytest.raises(GeoError, match="way"):
        import_file(database, "network", path)
    with database.connect() as connection:
        assert list_batches(connection) == []


def test_a_datum_moves_the_point_and_the_original_is_kept(database, tmp_path):
    path = csv_file(tmp_path, "name,lon,lat\na,118.31,32.26\n")
    import_file(database, "candidates", path, datum="gcj02")
    (row,) = rows_of(database, "candidates")
    assert (row["original_x"], row["original_y"], row["original_datum"]) == (118.31, 32.26, "gcj02")
    study = study_of(database)
    read_as_wgs84 = gpd.GeoSeries.from_xy([118.31], [32.26], crs=4326).to_crs(study.crs)
    moved_m = study.candidates.geometry.distance(read_as_wgs84.iloc[0]).iloc[0]
    assert 500 < moved_m < 600  # DESIGN: 554 m at this place


def test_datum_and_crs_together_are_refused(database, tmp_path):
    path = csv_file(tmp_path, "name,lon,lat\na,118,32\n")
    with pytest.raises(ImportDataError, match="give one of them"):
        import_file(database, "compounds", path, datum="gcj02", crs="EPSG:4326")
    with pytest.raises(ImportDataError, match="There is no datum or CRS 'EPSG:1'"):
        import_file(database, "compounds", path, crs="EPSG:1")


def test_grids_keep_their_15_digits_and_make_the_communities_they_name(database, tmp_path):
    codes = ["341103003001001", "341103003001002"]
    path = squares(
        tmp_path, {"网格编码": codes, "网格名称": ["一", "二"], "所属社区": ["甲", "甲"]}
    )
    report = import_file(database, "grids", path)
    study = study_of(database)
    assert study.grids["code"].tolist() == codes
    assert study.grids["community"].tolist() == ["甲", "甲"]
    assert study.communities["name"].tolist() == ["甲"]
    assert ("按网格所写新建社区", 1) in [(note.text.zh, note.n) for note in report.notes]


def test_grids_without_code_are_called_by_community_and_name(database, tmp_path):
    columns = {"县": ["东城", "西城", "西城"], "乡": ["中心", "中心", "中心"]}
    report = import_file(database, "grids", squares(tmp_path, columns, n=3))
    codes = study_of(database).grids["code"].tolist()
    assert codes == ["东城/中心", "西城/中心", "西城/中心 (2)"]
    assert ("没有编码，用名称代替", 3) in [(note.text.zh, note.n) for note in report.notes]


def test_a_code_that_is_not_15_digits_is_noted_and_kept(database, tmp_path):
    columns = {"code": ["341103", "341103003001001"], "name": ["a", "b"]}
    report = import_file(database, "grids", squares(tmp_path, columns))
    assert report.n_kept == 2
    assert ("网格编码不是 15 位数字", 1) in [(note.text.zh, note.n) for note in report.notes]


def test_grids_find_their_community_by_the_first_12_digits(database, tmp_path):
    table = csv_file(tmp_path, "社区代码,社区名称\n341103003001,甲\n341103003002,乙\n")
    import_file(database, "communities", table)
    columns = {"code": ["341103003002001", "341103003009001"], "name": ["a", "b"]}
    import_file(database, "grids", squares(tmp_path, columns))
    study = study_of(database)
    assert study.grids["community"].tolist() == ["乙", ""]
    assert study.grids["community_id"].isna().tolist() == [False, True]


def test_a_table_of_grids_is_refused_because_it_has_no_polygons(database, tmp_path):
    with pytest.raises(ImportDataError, match="The grids need geometry"):
        import_file(database, "grids", csv_file(tmp_path, "code,name\n1,a\n"))


def test_invalid_outlines_are_mended_and_said_so(database, tmp_path):
    bow_tie = "POLYGON ((118 32, 119 33, 119 32, 118 33, 118 32))"
    path = tmp_path / "g.geojson"
    gpd.GeoDataFrame({"name": ["a"]}, geometry=gpd.GeoSeries.from_wkt([bow_tie]), crs=4326).to_file(
        path
    )
    report = import_file(database, "grids", path)
    assert ("面自相交或无效，已修正", 1) in [(note.text.zh, note.n) for note in report.notes]
    assert study_of(database).grids.is_valid.all()


def test_wrong_shapes_are_refused_row_by_row(database, tmp_path):
    path = tmp_path / "g.geojson"
    shapes = gpd.GeoSeries.from_wkt([SQUARE, "POINT (118 32)", "LINESTRING (118 32, 119 32)", None])
    gpd.GeoDataFrame({"name": list("abcd")}, geometry=shapes, crs=4326).to_file(path)
    report = import_file(database, "grids", path)
    assert rules(report) == [
        *((2, "geometry", "polygon"), (3, "geometry", "polygon"), (4, "geometry", "geometry")),
    ]
    report = import_file(database, "stations", path)
    assert [rule for _, _, rule in rules(report)] == ["point", "point", "geometry"]


def test_buildings_join_their_compound_and_keep_their_footprint(database, tmp_path):
    compounds = csv_file(tmp_path, "name,lon,lat\n桂 园,118.305,32.255\n桂园,118.4,32.3\n")
    import_file(database, "compounds", compounds, datum="wgs84")
    columns = {"小区": ["桂园", "不认识"], "楼栋号": ["１栋", "2栋"], "户数": ["48户", "不详"]}
    report = import_file(database, "buildings", squares(tmp_path, columns, name="b.geojson"))
    assert report.n_kept == 2
    study = study_of(database)
    # Of two compounds with that name the nearer one; a name that is not known stays text.
    assert study.buildings["compound_id"].isna().tolist() == [False, True]
    assert study.compounds["name"][study.buildings["compound_id"].iloc[0]] == "桂 园"
    assert study.buildings["footprint"].area.gt(0).all()
    assert study.buildings["footprint"].contains(study.buildings.geometry).all()
    np.testing.assert_array_equal(study.buildings["households"], [48, np.nan])


def test_gates_belong_to_the_compound_they_name_or_stand_on(database, tmp_path):
    columns = {"name": ["甲园", "乙园"]}
    import_file(database, "compounds", squares(tmp_path, columns, name="c.geojson"))
    path = csv_file(
        tmp_path,
        "小区,出入口名称,对外开放,开放时间,经度,纬度\n"
        "甲园,东门,是,6:00-22:00,118.31,32.255\n"
        ",西门,否,,118.3,32.255\n"
        "丙园,南门,,,118.3,32.255\n"
        ",远门,,,118.5,32.255\n"
        "甲园,北门,也许,,118.305,32.26\n",
    )
    report = import_file(database, "gates", path, datum="wgs84")
    assert rules(report) == [
        (4, "小区", "compound_unknown"),
        (5, "小区", "compound_unknown"),
        (6, "对外开放", "flag"),
    ]
    gates = study_of(database).gates
    assert gates["compound_id"].tolist() == [1, 1]
    assert gates["open_to_all"].tolist() == [True, False]
    assert gates["hours"].iloc[0].mon == ((360, 1320),)
    assert gates["hours"].iloc[1] is None


def test_stations_bring_services_hours_dates_and_state(database, tmp_path):
    path = csv_file(
        tmp_path,
        "驿站名称,服务内容,开放时间,启用日期,停用日期,状态,经度,纬度\n"
        "桂园驿站,党群服务、图书阅览,每天8:00-20:00,2024年3月,,,118.31,32.26\n"
        "规划驿站,,,,,拟建,118.32,32.26\n"
        "错驿站,,随时,,,,118.33,32.26\n"
        "反驿站,,,2024-05-01,2024-04-30,,118.33,32.26\n",
    )
    report = import_file(database, "stations", path, datum="wgs84")
    assert rules(report) == [(4, "开放时间", "hours"), (5, "停用日期", "dates_in_order")]
    stations = study_of(database).stations
    assert stations["services"].tolist() == [("党群服务", "图书阅览"), ()]
    assert stations["opens_on"].iloc[0].isoformat() == "2024-03-01"
    assert stations["opens_on"].iloc[1] is None
    assert stations["state"].tolist() == ["open", "planned"]
    assert stations["hours"].iloc[0].sun == ((480, 1200),)


def test_excel_keeps_codes_dates_and_flags(database, tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["社区代码", "社区名称"])
    book.active.append([341103003001, "甲"])
    book.active.append(["341103003002", "乙"])
    book.create_sheet("说明").append(["另一张表"])
    path = tmp_path / "社区.xlsx"
    book.save(path)
    report = import_file(database, "communities", path)
    assert study_of(database).communities["code"].tolist() == ["341103003001", "341103003002"]
    assert any("说明" in note.text.zh for note in report.notes)


def test_fifteen_digits_survive_where_excel_made_them_a_number(tmp_path):
    from data.excel_files import read_excel  # noqa: PLC0415

    book = openpyxl.Workbook()
    book.active.append(["code"])
    book.active.append([341103003001001])
    book.active.append([341103003001001.0])
    book.save(tmp_path / "codes.xlsx")
    assert read_excel(tmp_path / "codes.xlsx").columns == (["341103003001001"] * 2,)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_csv_is_read_in_every_encoding_and_with_every_separator(database, tmp_path, encoding, sign):
    lines = [["社区代码", "社区名称"], ["341103003001", "龙蟠社区"]]
    text = "\r\n".join(sign.join(line) for line in lines)
    import_file(database, "communities", csv_file(tmp_path, text, encoding=encoding))
    communities = study_of(database).communities
    assert communities[["code", "name"]].to_numpy().tolist() == [["341103003001", "龙蟠社区"]]


@pytest.mark.parametrize("suffix", ["geojson", "gpkg", "shp", "parquet", "zip"])
def test_every_vector_format_gives_the_same_rows(database, tmp_path, suffix):
    frame = gpd.GeoDataFrame(
        {"编码": ["341103003001001"], "名称": ["第一网格"]},
        geometry=gpd.GeoSeries.from_wkt([SQUARE]),
        crs=4326,
    )
    path = tmp_path / f"grids.{suffix}"
    if suffix == "parquet":
        frame.to_parquet(path)
    elif suffix == "zip":
        folder = tmp_path / "parts"
        folder.mkdir()
        frame.to_file(folder / "grids.shp", encoding="GB18030")
        (folder / "grids.cpg").unlink()
        pack(path, folder)
    else:
        frame.to_file(path, encoding="UTF-8")
    report = import_file(database, "grids", path)
    assert (report.n_read, report.n_kept) == (1, 1)
    grids = study_of(database).grids
    assert grids[["code", "name"]].to_numpy().tolist() == [["341103003001001", "第一网格"]]
    area_km2 = grids.area.sum() / 1e6
    assert area_km2 == pytest.approx(1.044, abs=0.01)  # 0.01 x 0.01 degrees at 32.255 N


def pack(path, folder):
    import zipfile  # noqa: PLC0415

    with zipfile.ZipFile(path, "w") as archive:
        for part in sorted(folder.iterdir()):
            archive.write(part, f"some/folder/{part.name}")


def test_a_heading_that_a_shapefile_cut_off_is_known_again(database, tmp_path):
    path = squares(tmp_path, {"网格编": ["1", "2"], "网格名": ["甲", "乙"]}, name="g.shp")
    report = import_file(database, "grids", path)
    assert report.headings == {"code": "网格编码", "name": "网格名"}


@pytest.mark.parametrize("with_cpg", [True, False])
@pytest.mark.parametrize("encoding", ["UTF-8", "GB18030"])
def test_a_shapefile_is_read_with_or_without_its_cpg(database, tmp_path, encoding, with_cpg):
    path = tmp_path / "g.shp"
    name = "龙蟠街道第一网格" * 4
    gpd.GeoDataFrame(
        {"名称": [name], "code": ["1"]}, geometry=gpd.GeoSeries.from_wkt([SQUARE]), crs=4326
    ).to_file(path, encoding=encoding)
    if not with_cpg:
        path.with_suffix(".cpg").unlink()
    import_file(database, "grids", path)
    assert study_of(database).grids["name"].tolist() == [name]


def test_a_cpg_that_says_utf_8_of_other_text_is_not_believed(database, tmp_path):
    path = squares(tmp_path, {"名称": ["甲网格", "乙网格"]}, name="grids.shp")
    frame = gpd.read_file(path)
    frame.to_file(path, encoding="GBK")
    path.with_suffix(".cpg").write_text("UTF-8", encoding="ascii")
    import_file(database, "grids", path)
    assert study_of(database).grids["name"].tolist() == ["甲网格", "乙网格"]


def test_a_personal_heading_that_a_shapefile_cut_off_is_known_again(database, tmp_path):
    columns = {"名称": ["甲", "乙"], "联系电": ["13812345678"] * 2}  # 9 bytes: cut off
    report = import_file(database, "grids", squares(tmp_path, columns, name="grids.shp"))
    assert report.unread == ("联系电话",)
    assert any("个人信息列" in note.text.zh for note in report.notes)


def test_a_shapefile_without_prj_needs_a_datum(database, tmp_path):
    path = squares(tmp_path, {"name": ["a", "b"]}, name="g.shp")
    path.with_suffix(".prj").unlink()
    with pytest.raises(ImportDataError, match="Nothing says in which datum"):
        import_file(database, "grids", path)
    assert import_file(database, "grids", path, crs="EPSG:4490").n_kept == 2


def test_the_named_datum_counts_before_the_file_s_own_crs(database, tmp_path):
    path = squares(tmp_path, {"name": ["a", "b"]})
    import_file(database, "grids", path, datum="bd09")
    (batch,) = list_batches(database.connect())
    assert batch["reference"] == "bd09"
    centre = study_of(database).grids.to_crs(4326).geometry.iloc[0].centroid
    assert (centre.x, centre.y) != pytest.approx((118.305, 32.255), abs=0.003)


def test_the_same_file_twice_is_noticed_until_it_is_undone(database, tmp_path):
    path = csv_file(tmp_path, "name\n甲\n")
    import_file(database, "communities", path)
    with pytest.raises(ImportDataError, match=r"byte for byte \(import 1\)"):
        import_file(database, "communities", path)
    again = import_file(database, "communities", path, again=True)
    assert rules(again) == [(2, "name", "duplicate")]
    assert again.is_refused


def test_a_dry_run_says_all_and_writes_nothing(database, tmp_path):
    path = csv_file(tmp_path, "name,lon,lat\na,118,32\n,118,32\n")
    tried = import_file(database, "compounds", path, datum="wgs84", dry_run=True)
    assert (tried.n_read, tried.n_kept, tried.n_refused, tried.batch_id) == (2, 1, 1, None)
    assert rows_of(database, "compounds") == []
    with database.connect() as connection:
        assert list_batches(connection) == []
    done = import_file(database, "compounds", path, datum="wgs84")
    assert (done.n_read, done.n_kept, done.refused) == (2, 1, tried.refused)


def test_a_missing_column_is_named_with_what_was_found(database, tmp_path):
    with pytest.raises(ImportDataError) as caught:
        import_file(database, "communities", csv_file(tmp_path, "甲,乙\n1,2\n"))
    assert caught.value.say("zh") == ("缺少必需的列：社区名称/社区名/社区/名称。现有列：甲、乙。")


def test_a_row_that_the_database_has_already_is_refused(database, tmp_path):
    path = csv_file(tmp_path, "name,lon,lat\na,118,32\n")
    import_file(database, "stations", path, datum="wgs84")
    more = csv_file(tmp_path, "name,lon,lat\na,118.1,32\nb,118,32\n", name="more.csv")
    report = import_file(database, "stations", more, datum="wgs84")
    assert rules(report) == [(2, "name", "duplicate")]
    assert report.n_kept == 1


def test_compounds_with_one_name_and_other_addresses_are_all_kept(database, tmp_path):
    path = csv_file(
        tmp_path,
        "name,address,lon,lat\n桂园,1号,118,32\n桂园,2号,118,32\n桂园,1号,118.1,32\n桂园,1号,118,32\n",
    )
    report = import_file(database, "compounds", path, datum="wgs84")
    assert rules(report) == [(5, "name", "duplicate_in_file")]


def test_the_account_is_json_and_adds_up(database, tmp_path):
    path = csv_file(tmp_path, "name,lon,lat\na,118,32\n,118,32\n")
    account = import_file(database, "compounds", path, datum="wgs84").as_dict()
    assert json.loads(json.dumps(account)) == account
    assert account["read"] == account["kept"] + account["refused"] == 2
    (batch,) = list_batches(database.connect())
    assert (batch["n_read"], batch["n_kept"], batch["n_refused"]) == (2, 1, 1)
    assert batch["sha256"] == account["sha256"]


def test_demo_data_in_the_database_is_pointed_out(database, tmp_path):
    frame = gpd.GeoDataFrame({"code": ["1"], "name": ["演示社区"]})
    store_frames(database, {"communities": frame}, source="demo", is_demo=True)
    report = import_file(database, "communities", csv_file(tmp_path, "name\n甲\n"))
    assert any("演示数据" in note.text.zh for note in report.notes)


def test_an_unknown_kind_is_refused(database, tmp_path):
    with pytest.raises(ImportDataError, match="There is no kind 'dragons'"):
        import_file(database, "dragons", tmp_path / "a.csv")


cell = st.one_of(
    st.sampled_from(
        ["", "桂园", "南苑", "-1", "0", "3500 户", "暂无资料", "118.31", "32.26", "1e999"]
    ),
    st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=8),
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(cell, cell, cell, cell), min_size=1, max_size=12))
def test_whatever_the_cells_hold_every_row_is_kept_or_refused(database, tmp_path, rows):
    from data.table_files import read_csv  # noqa: PLC0415

    quoted = [",".join('"' + c.replace('"', '""') + '"' for c in row) for row in rows]
    path = csv_file(tmp_path, "name,households,lon,lat\n" + "\n".join(quoted), name="x.csv")
    n_rows = len(read_csv(path))
    if not n_rows:
        return
    report = import_file(database, "compounds", path, datum="wgs84", dry_run=True)
    assert report.n_read == n_rows == report.n_kept + report.n_refused
    assert report.n_refused == len({cell.row for cell in report.refused})
