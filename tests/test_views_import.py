"""The import page's own rules: names of files, and columns that change their field."""

from types import SimpleNamespace

import pytest

from views.import_choices import told_mapping
from views.import_upload import plain_name, uploaded


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("台账.xlsx", "台账.xlsx"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\台账.xlsx", "台账.xlsx"),
        ("C:\\temp\\a.csv", "a.csv"),
        ("..", "file"),
        ("", "file"),
        ("a\x00.csv", "a.csv"),
    ],
)
def test_only_the_last_part_of_a_name_counts(sent: str, kept: str) -> None:
    assert plain_name(sent) == kept


def test_files_that_belong_together_are_read_by_their_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    state: dict[str, object] = {}
    monkeypatch.setattr("views.import_upload.st", SimpleNamespace(session_state=state))
    files = [
        SimpleNamespace(name=name, getvalue=lambda name=name: name.encode())
        for name in ("网格.dbf", "网格.shp", "网格.shx")
    ]
    upload = uploaded(files)
    assert upload is not None
    assert upload.path.name == "网格.shp"
    assert {path.name for path in upload.folder.iterdir()} == {f.name for f in files}
    assert uploaded(files) is upload  # kept while the files stay the same
    assert uploaded(files[:2]) is not upload
    folder = upload.folder
    del upload
    assert uploaded([]) is None
    assert state == {}
    assert not folder.exists()


def test_a_column_that_is_given_to_a_field_leaves_its_former_one() -> None:
    used = {"name": "甲", "address": "乙"}
    told = {"name": "甲", "address": "甲", "hours": ""}
    assert told_mapping(used, told, {"address": "甲"}) == {
        "name": "",
        "address": "甲",
        "hours": "",
    }
