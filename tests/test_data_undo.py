"""Undoing and replacing: the database is as before, or the sentence says what stands in the way."""

import geopandas as gpd
import pytest
import shapely
from sqlalchemy.orm import Session

from data.batches import list_batches
from data.errors import ImportDataError
from data.imports import import_file, undo
from data.queries import load_study, study_version
from data.tables import KINDS, table_of
from data.viewer import Viewer

COMPOUNDS = "name,households,lon,lat\n桂园,100,118.30,32.25\n南苑,200,118.32,32.25\n"
BUILDINGS = "小区,楼栋,lon,lat\n桂园,1栋,118.30,32.25\n南苑,2栋,118.32,32.25\n"


def take_in(engine, tmp_path, kind, text, **options):
    path = tmp_path / f"{kind}-{abs(hash(text))}.csv"
    path.write_text(text, encoding="utf-8")
    datum = "wgs84" if "lon" in text else None
    return import_file(engine, kind, path, datum=datum, **options)


def contents(engine):
    """Return all rows of all kinds, without the list of imports."""
    with engine.connect() as connection:
        return {
            kind: sorted(map(tuple, connection.execute(table_of(kind).select()).all()), key=str)
            for kind in KINDS
        }


def study_of(engine):
    with Session(engine) as session:
        return load_study(session, Viewer.everything())


def version_of(engine):
    with Session(engine) as session:
        return study_version(session, Viewer.everything())


def test_an_undone_import_leaves_no_row_and_stays_listed(database, tmp_path):
    empty = contents(database)
    report = take_in(database, tmp_path, "compounds", COMPOUNDS)
    assert undo(database, report.batch_id) == {"compounds": 2}
    assert contents(database) == empty
    (batch,) = list_batches(database.connect())
    assert batch["undone_at"] is not None
    assert batch["n_kept"] == 2


def test_undoing_twice_or_the_unknown_is_refused(database, tmp_path):
    report = take_in(database, tmp_path, "compounds", COMPOUNDS)
    undo(database, report.batch_id)
    with pytest.raises(ImportDataError, match=r"^Import 1 is undone already"):
        undo(database, 1)
    with pytest.raises(ImportDataError, match=r"^There is no import 7"):
        undo(database, 7)


def test_what_others_belong_to_cannot_be_undone_first(database, tmp_path):
    take_in(database, tmp_path, "compounds", COMPOUNDS)
    take_in(database, tmp_path, "buildings", BUILDINGS)
    before = contents(database)
    with pytest.raises(ImportDataError) as caught:
        undo(database, 1)
    assert caught.value.say("zh") == "导入 2 的楼栋属于导入 1 的小区。请先撤销导入 2。"
    assert contents(database) == before
    undo(database, 2)
    undo(database, 1)
    assert not any(contents(database).values())


def test_replacing_puts_new_rows_in_place_and_undoing_brings_the_former_back(database, tmp_path):
    take_in(database, tmp_path, "compounds", COMPOUNDS)
    take_in(database, tmp_path, "buildings", BUILDINGS)
    before, study = contents(database), study_of(database)
    moved = "name,households,lon,lat\n南苑,250,118.33,32.26\n桂园,110,118.30,32.25\n北苑,1,118,32\n"
    report = take_in(database, tmp_path, "compounds", moved, replace=True)
    replaced = study_of(database)
    assert replaced.compounds["name"].tolist() == ["南苑", "桂园", "北苑"]
    assert replaced.compounds["households"].tolist() == [250, 110, 1]
    # The buildings belong to the same compounds as before, by name.
    named = replaced.buildings["compound_id"].map(replaced.compounds["name"])
    assert named.tolist() == ["桂园", "南苑"]
    undo(database, report.batch_id)
    assert contents(database) == before
    assert study_of(database).compounds.equals(study.compounds)


def test_replacing_with_a_file_that_lacks_what_others_belong_to_is_refused(database, tmp_path):
    take_in(database, tmp_path, "compounds", COMPOUNDS)
    take_in(database, tmp_path, "buildings", BUILDINGS)
    before = contents(database)
    with pytest.raises(ImportDataError, match=r"^1 compounds are missing .*: 南苑\. Add them"):
        take_in(database, tmp_path, "compounds", "name,lon,lat\n桂园,118.3,32.25\n", replace=True)
    assert contents(database) == before


def test_the_replaced_cannot_be_undone_before_what_replaced_it(database, tmp_path):
    take_in(database, tmp_path, "compounds", COMPOUNDS)
    take_in(database, tmp_path, "compounds", "name,lon,lat\n东苑,118,32\n", replace=True)
    with pytest.raises(
        ImportDataError, match=r"^2 compounds of import 1 were replaced by import 2"
    ):
        undo(database, 1)


def test_rows_do_not_come_back_twice(database, tmp_path):
    take_in(database, tmp_path, "stations", "name,lon,lat\n一,118,32\n")
    take_in(database, tmp_path, "stations", "name,lon,lat\n二,118,32\n", replace=True)
    take_in(database, tmp_path, "stations", "name,lon,lat\n一,118.1,32\n")
    with pytest.raises(ImportDataError, match="that import 3 has brought again since"):
        undo(database, 2)
    undo(database, 3)
    undo(database, 2)
    assert study_of(database).stations["name"].tolist() == ["一"]


def test_a_real_community_takes_the_place_of_one_made_from_the_grids(database, tmp_path):
    path = tmp_path / "grids.geojson"
    gpd.GeoDataFrame(
        {"code": ["341103003001001"], "name": ["一"], "社区": ["甲社区"]},
        geometry=[shapely.box(118.3, 32.25, 118.31, 32.26)],
        crs=4326,
    ).to_file(path)
    import_file(database, "grids", path)
    before = contents(database)
    take_in(database, tmp_path, "communities", "社区代码,社区名称\n341103003001,甲社区\n")
    study = study_of(database)
    assert study.communities["code"].tolist() == ["341103003001"]
    assert study.grids["community_id"].tolist() == study.communities.index.tolist()
    undo(database, 2)
    assert contents(database) == before
    undo(database, 1)
    assert not any(contents(database).values())


def test_communities_made_for_grids_go_when_the_grids_are_replaced(database, tmp_path):
    for i, name in enumerate(("甲", "乙")):
        path = tmp_path / f"grids{i}.geojson"
        gpd.GeoDataFrame(
            {"code": ["1"], "name": ["一"], "社区": [name]},
            geometry=[shapely.box(118.3, 32.25, 118.31, 32.26)],
            crs=4326,
        ).to_file(path)
        import_file(database, "grids", path, replace=True)
    assert study_of(database).communities["name"].tolist() == ["乙"]


def test_the_version_changes_with_every_import_and_every_undoing(database, tmp_path):
    versions = [version_of(database)]
    for kind, text in (("compounds", COMPOUNDS), ("buildings", BUILDINGS)):
        take_in(database, tmp_path, kind, text)
        versions.append(version_of(database))
    undo(database, 2)
    versions.append(version_of(database))
    assert len(set(versions)) == 4
    assert version_of(database) == versions[-1]
