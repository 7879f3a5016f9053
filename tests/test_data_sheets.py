"""Where the table stands in a sheet, and what a package of Excel may hold."""

import struct
import subprocess
import sys
import zipfile

import numpy as np
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from office_files.old_excel import ole_bytes, record, xls_bytes

from data.errors import ImportDataError
from data.excel_files import read_excel
from data.sheet_layout import find_layout
from data.table_files import read_csv
from data.vector_files import read_vector
from data.xls_parts import _ole_file, inspect_xls, sound_xls, workbook_stream
from data.xlsx_parts import column_letter, column_number, inspect_package

HEADINGS = ["小区名称", "户数", "经度", "纬度"]
ROWS = [["甲", "1", "118.3", "32.2"], ["乙", "2", "118.4", "32.3"]]


def layout_of(*rows, merges=()):
    records = [list(row) for row in rows]
    return find_layout(records, merges), records


def whats(layout):
    return [(row.row, row.what) for row in layout.left_out]


def test_blanks_are_not_filled_and_merges_are():
    rows = [["小区", "楼栋号"], ["甲", "1"], ["", "2"], ["", "3"]]
    unmerged, records = layout_of(*rows)
    assert [records[i][0] for i in unmerged.body] == ["甲", "", ""]
    merged, records = layout_of(*rows, merges=[((1, 0), (2, 0))])
    assert [records[i][0] for i in merged.body] == ["甲", "甲", ""]
    assert merged.shared == {(2, 0)}


def test_a_total_inside_of_a_merge_stays_a_total():
    rows = [["社区", "小区名称", "户数"], ["东", "甲", "1"], ["", "乙", "2"], ["", "小计", "3"]]
    layout, records = layout_of(*rows, merges=[((1, 0), (3, 0))])
    assert layout.body == (1, 2)
    assert whats(layout) == [(4, "total")]
    assert records[3][0] == ""


def test_a_merge_over_the_whole_sheet_fills_what_there_is_and_no_more():
    whole = ((1, 0), (1_048_575, 16_383))
    layout, records = layout_of(["小区", "楼栋号"], ["甲", "1"], ["", "2"], merges=[whole])
    assert records == [["小区", "楼栋号"], ["甲", "1"], ["甲", "2"]]
    assert layout.body == (1, 2)


def test_a_row_that_only_a_merge_covers_is_no_row():
    layout, _ = layout_of(["小区", "楼栋号"], ["甲", "1"], ["", ""], merges=[((1, 0), (2, 0))])
    assert layout.body == (1,)


@pytest.mark.parametrize(
    ("rows", "merges", "headings", "heading_rows"),
    [
        ([HEADINGS], [], HEADINGS, (0,)),
        ([["一览表"], HEADINGS], [((0, 0), (0, 3))], HEADINGS, (1,)),
        ([["一览表", "", "单位：户"], [], HEADINGS], [], HEADINGS, (2,)),
        (
            [["小区名称", "位置", "", "户数"], ["", "经度", "纬度", ""]],
            [((0, 0), (1, 0)), ((0, 1), (0, 2)), ((0, 3), (1, 3))],
            ["小区名称", "位置·经度", "位置·纬度", "户数"],
            (0, 1),
        ),
        (
            [["小区", "", "户数"], ["小区名称", "小区地址", "总数"]],
            [((0, 0), (0, 1))],
            ["小区·小区名称", "小区·小区地址", "户数·总数"],
            (0, 1),
        ),
        ([["社区名称"]], [], ["社区名称"], (0,)),
        ([["甲", "乙"]], [], ["甲", "乙"], (0,)),
    ],
)
def test_headings_are_found_below_titles_and_in_several_rows(rows, merges, headings, heading_rows):
    body = [["p"] * len(headings), ["q"] * len(headings)]
    layout, _ = layout_of(*rows, *body, merges=merges)
    assert list(layout.headings) == headings
    assert layout.heading_rows == heading_rows
    assert len(layout.body) == 2


@pytest.mark.parametrize(
    ("row", "what"),
    [
        (["合计", "3", "", ""], "total"),
        (["合  计：", "3", "", ""], "total"),
        (["东社区小计", "3", "", ""], "total"),
        (["5", "合计", "3", ""], "total"),
        (["Total", "3", "", ""], "total"),
        (["注：以台账为准", "", "", ""], "note"),
        (["1", "", "", "备注：无"], ""),
        (["填表人：王某", "", "制表日期：2026", ""], "note"),
        (["数据截至2026年1月", "", "", ""], "note"),
        (["合计小区", "3", "118.3", "32.2"], ""),
        (["说明路小区", "3", "118.3", "32.2"], ""),
        (["总计花园", "3", "118.3", "32.2"], ""),
        (HEADINGS, "heading"),
    ],
)
def test_totals_and_notes_are_told_from_data(row, what):
    layout, _ = layout_of(HEADINGS, *ROWS, row)
    assert whats(layout) == ([(4, what)] if what else [])


def test_a_note_shows_no_name():
    layout, _ = layout_of(["填表人：王小明"], HEADINGS, *ROWS, ["审核人：李小红"])
    assert [row.text for row in layout.left_out] == ["填表人…", "审核人…"]


cells = st.sampled_from(
    ["", "", "甲", "1", "118.3", "合计", "注：", "小区名称", "户数", "2026年", "x" * 30]
)


@given(
    st.lists(st.lists(cells, max_size=5), min_size=1, max_size=12),
    st.lists(
        st.tuples(st.integers(0, 11), st.integers(0, 4), st.integers(0, 3), st.integers(0, 3)),
        max_size=4,
    ),
)
def test_every_row_with_a_cell_is_heading_data_or_named(rows, spans):
    merges = [((top, left), (top + n, left + m)) for top, left, n, m in spans]
    filled = {i for i, row in enumerate(rows) if any(row)}
    layout, _ = layout_of(*rows, merges=merges)
    if not filled:
        assert layout is None
        return
    named = {row.row - 1 for row in layout.left_out}
    assert not named & set(layout.body)
    assert filled == (named | set(layout.body) | set(layout.heading_rows)) & filled
    assert named | set(layout.body) <= filled


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("小区名称;户数\n甲;1,5\n", ["甲", "1,5"]),
        ("小区名称\t户数\n甲，乙\t1\n", ["甲，乙", "1"]),
        ("小区名称，户数\n甲，1\n", ["甲", "1"]),
        ("小区名称；户数\n甲；1\n", ["甲", "1"]),
        ("小区名称|户数\n甲|1\n", ["甲", "1"]),
        ('小区名称,户数\n"甲，乙",1\n', ["甲，乙", "1"]),
    ],
)
def test_the_sign_between_cells_is_found(tmp_path, text, cells):
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")
    assert [column[0] for column in read_csv(path).columns] == cells


def test_letters_of_columns_count_as_excel_does():
    assert [column_letter(i) for i in (0, 25, 26, 701, 702, 16383)] == [
        *("A", "Z", "AA", "ZZ", "AAA", "XFD")
    ]
    assert all(column_number(column_letter(i)) == i for i in range(20_000))


def book(tmp_path, rows, name="a.xlsx"):
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)
    made.save(tmp_path / name)
    return tmp_path / name


def test_a_named_sheet_that_is_not_there_is_refused_with_those_that_are(tmp_path):
    with pytest.raises(ImportDataError, match="it has no sheet '别的'; it has: Sheet"):
        read_excel(book(tmp_path, [HEADINGS, *ROWS]), "别的")


def test_too_many_rows_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("data.table_files.MOST_ROWS", 2)
    with pytest.raises(ImportDataError, match="more than 2 rows"):
        read_excel(book(tmp_path, [HEADINGS, *ROWS]))


def test_a_part_that_unpacks_to_more_than_it_says_is_noticed(tmp_path, monkeypatch):
    path = book(tmp_path, [HEADINGS, *ROWS])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as package:
        package.writestr("xl/media/a.bin", bytes(3_000_000))
    content = bytearray(path.read_bytes())
    at = content.rindex(b"PK\x01\x02")  # the last entry of the directory
    content[at + 24 : at + 28] = (10).to_bytes(4, "little")
    path.write_bytes(bytes(content))
    monkeypatch.setattr("data.xlsx_parts.LARGEST_FILE_BYTES", 1_000_000)
    with pytest.raises(ImportDataError, match="it unpacks to"):
        inspect_package(path)


def test_what_an_old_file_hides_is_found_and_junk_gives_nothing(tmp_path):
    path = tmp_path / "a.xls"
    path.write_bytes(xls_bytes([HEADINGS, *ROWS], hidden_rows=(1,), hidden_columns=(2,), name="表"))
    facts = inspect_xls(path)["表"]
    assert (facts.hidden_rows, facts.hidden_columns) == ((1,), (2,))
    path.write_bytes(ole_bytes({"Other": b"x"}))
    assert inspect_xls(path) == {}
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\xff" * 600)
    assert inspect_xls(path) == {}


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("a.csv", "it is larger than 0 MB, the limit. Split it"),
        ("a.json", "Save it as a GeoPackage"),
    ],
)
def test_text_that_is_too_large_to_be_held_is_refused(tmp_path, monkeypatch, name, sentence):
    monkeypatch.setattr("data.table_files.LARGEST_TEXT_BYTES", 10)
    monkeypatch.setattr("data.vector_files.LARGEST_TEXT_BYTES", 10)
    path = tmp_path / name
    path.write_text("社区名称\n甲\n", encoding="utf-8")
    with pytest.raises(ImportDataError, match=sentence):
        (read_csv if name == "a.csv" else read_vector)(path)


@pytest.mark.parametrize("n_bytes", [1, 4096, 4097, 9_000_000])
def test_a_file_made_anew_holds_the_same_workbook(tmp_path, n_bytes):
    book = np.random.default_rng(1).bytes(n_bytes)
    path = tmp_path / "a.xls"
    path.write_bytes(_ole_file(book))
    assert workbook_stream(path).rstrip(b"\0") == book.rstrip(b"\0")


def damaged_xls(tmp_path, what):
    """Write an old file that would make a trusting reader take all memory."""
    content = bytearray(xls_bytes([HEADINGS, *ROWS]))
    if what == "chain":  # the stream's first sector follows itself
        content[512 + 8 : 512 + 12] = (2).to_bytes(4, "little")
    elif what == "directory":
        content[512 + 4 : 512 + 8] = (1).to_bytes(4, "little")
    elif what == "extent":
        at = content.index((0x0200).to_bytes(2, "little") + b"\x0e\x00")
        content[at + 8 : at + 12] = b"\xff\xff\xff\x7f"
    path = tmp_path / f"{what}.xls"
    path.write_bytes(bytes(content))
    return path


@pytest.mark.parametrize("what", ["chain", "directory", "extent"])
def test_a_damaged_old_file_is_read_or_refused_within_bounds(tmp_path, what):
    path = damaged_xls(tmp_path, what)
    done = subprocess.run(
        [sys.executable, "-c", BOUNDED, str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() in ({"2 rows"} if what == "extent" else {"2 rows", "refused"})


BOUNDED = """
import resource, sys
from pathlib import Path
from data.errors import ImportDataError
from data.excel_files import read_excel
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
try:
    print(len(read_excel(Path(sys.argv[1]))), "rows")
except ImportDataError:
    print("refused")
"""


def test_shared_texts_that_cannot_be_are_refused(tmp_path):
    texts = record(0x00FC, struct.pack("<II", 1, 0xFFFFFFF0))
    path = tmp_path / "a.xls"
    path.write_bytes(_ole_file(texts + record(0x000A, b"")))
    assert sound_xls(path) is None
    far = record(0x0203, struct.pack("<HHHd", 65_535, 65_535, 0, 1.0))
    path.write_bytes(_ole_file(far))
    with pytest.raises(ImportDataError, match="more than can be read"):
        sound_xls(path)
