"""What an import has to say: refused cells with their rule, and notes with a count."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from geo.text import Text

# 18 digits of an ID card; mobile and fixed telephone numbers, also with +86 and in groups.
# Not the decimals of a coordinate: "118.13912345678" is none.
FRESH = r"(?<!\d)(?<!\d\d\.)"
ID_CARD = r"\d{6}[- ]?\d{8}[- ]?\d{3}[\dXx](?![\dXx])"
MOBILE = r"(?:(?:\+|00)?86[- ]?)?1[3-9]\d(?:[- ]?\d{4}[- ]?\d{4}|\.\d{4}\.\d{4})(?!\d)"
FIXED = r"(?:\(0\d{2,3}\)|0\d{2,3})[-\u2010-\u2015 ]?\d{7,8}(?!\d)"
PERSONAL = re.compile(f"{FRESH}(?:{ID_CARD}|{MOBILE}|{FIXED})")
# 15 digits of an old ID card: province, place, date of birth YYMMDD, number. A grid's code has 15
# digits too; which it is the heading, the known codes and the date tell.
OLD_CARD = re.compile(
    rf"{FRESH}(?P<place>[1-8]\d{{5}})(?P<born>\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))?"
    r"(?(born)\d{3}|\d{9})(?!\d)"
)
CODE_WORDS = ("编码", "代码", "编号", "code")
MASK = "***"
SHOWN_CHARACTERS = 60

RULES = {
    "needed": Text("此列必须填写", "must be filled in"),
    "number": Text("不是数字", "is not a number"),
    "not_negative": Text("不能为负数", "must not be negative"),
    "too_large": Text("数值大得不可能", "is impossibly large"),
    "flag": Text("应为“是”或“否”", "must be yes or no"),
    "date": Text("不是日期", "is not a date"),
    "dates_in_order": Text("停用日期早于启用日期", "closes before it opens"),
    "hours": Text("开放时间读不懂", "cannot be read as opening hours"),
    "state": Text("应为规划、开放或关闭", "must be planned, open or closed"),
    "base_kind": Text("应为水系、绿地或铁路", "must be water, green or rail"),
    "coordinates": Text("没有坐标，或坐标读不懂", "has no coordinates that can be read"),
    "zero_coordinates": Text("坐标为 0,0", "has the coordinates 0,0"),
    "swapped": Text("经度和纬度好像写反了", "seems to have longitude and latitude swapped"),
    "out_of_range": Text(
        "坐标超出可能的范围；请核对坐标系",
        "has coordinates out of the possible range; check the datum or CRS",
    ),
    "geometry": Text("没有图形", "has no geometry"),
    "polygon": Text("应为面", "must be a polygon"),
    "point": Text("应为点", "must be a point"),
    "polygon_or_point": Text("应为面或点", "must be a polygon or a point"),
    "duplicate_in_file": Text("与本文件中前面的一行重复", "repeats an earlier row of this file"),
    "duplicate": Text(
        "数据库中已有同样的一行；要整体更换请用 --replace",
        "is in the database already; use --replace to change them all",
    ),
    "id_unknown": Text(
        "数据库中没有这个红网编号；新行请留空",
        "is no number of a row of the database; leave it blank for a new row",
    ),
    "compound_unknown": Text(
        "数据库中没有这个小区；请先导入小区",
        "names a compound that is not known; import the compounds first",
    ),
    "compound_ambiguous": Text(
        "有几个同名小区，无法确定是哪一个", "names a compound of which there are several"
    ),
    "place_unknown": Text(
        "没有已知的楼栋、小区或坐标",
        "names no building or compound that is known and has no coordinates",
    ),
    "formula_without_value": Text(
        "公式没有计算结果；请在 Excel 中打开、保存后再导入",
        "holds a formula without a result; open the file in Excel and save it",
    ),
    "formula_error": Text("公式的结果是错误", "holds a formula whose result is an error"),
    "code_rounded": Text(
        "编码被 Excel 写成了科学计数，末几位已丢失；请从原表重新导出，把该列设为文本",
        "is a code that Excel wrote as a rounded number; export it again with the column as text",
    ),
    # Doubts: the row is kept.
    "outside_grids": Text("不在任何网格内", "lies in no grid"),
    "far_away": Text("离其他各行太远，坐标可疑", "lies far from all other rows"),
    "grid_unknown": Text("没有这个网格", "names a grid that is not known"),
    "grid_other": Text("所写网格与位置不符", "lies in another grid than the one it names"),
    "probably_same": Text(
        "与前面一行或库中一行很可能是同一个（名称、楼栋相同）",
        "is probably the same as an earlier or a known one (same name and building)",
    ),
    "too_many_cells": Text("单元格比表头多", "has more cells than there are headings"),
}


@dataclass(frozen=True)
class RefusedCell:
    """Why a row was refused: the row in the file, the heading, the value (masked), the rule."""

    row: int
    column: str
    value: str
    rule: str

    @property
    def reason(self) -> Text:
        """The rule in words."""
        return RULES[self.rule]

    def as_dict(self) -> dict[str, Any]:
        """Return a value for JSON."""
        reason = self.reason
        return {
            "row": self.row,
            "column": self.column,
            "value": self.value,
            "rule": self.rule,
            "reason_zh": reason.zh,
            "reason_en": reason.en,
        }


@dataclass(frozen=True)
class Note:
    """Something that was found and does not refuse a row; `n` rows or things."""

    text: Text
    n: int = 1

    def as_dict(self) -> dict[str, Any]:
        """Return a value for JSON."""
        return {"zh": self.text.zh, "en": self.text.en, "n": self.n}


@dataclass
class Findings:
    """Collects what is found while a file is read; the one thing here that changes."""

    refused: list[RefusedCell] = field(default_factory=list)
    doubts: list[RefusedCell] = field(default_factory=list)  # of rows that are kept
    notes: list[Note] = field(default_factory=list)
    is_of_persons: bool = False  # rows of members: a cell in the wrong column may be a name
    known_codes: frozenset[str] = frozenset()  # of grids: 15 digits that are no ID card

    def refuse(self, row: int, column: str, value: object, rule: str) -> None:
        """Refuse a row."""
        self.refused.append(self._cell(row, column, value, rule))

    def doubt(self, row: int, column: str, value: object, rule: str) -> None:
        """Point out a row that is kept."""
        self.doubts.append(self._cell(row, column, value, rule))

    def _cell(self, row: int, column: str, value: object, rule: str) -> RefusedCell:
        shown = masked(str(value), is_code=is_code_heading(column))[0]
        if self.is_of_persons and shown and rule in {"coordinates", "too_many_cells"}:
            shown = MASK
        return RefusedCell(int(row), masked(column)[0], shown, rule)

    def note(self, zh: str, en: str, n: int = 1) -> None:
        """Add a note, unless it counts nothing."""
        if n:
            self.notes.append(Note(Text(zh, en), int(n)))

    def copy(self) -> "Findings":
        """Return findings of their own with the same entries."""
        return replace(
            self, refused=list(self.refused), doubts=list(self.doubts), notes=list(self.notes)
        )

    def refused_rows(self) -> set[int]:
        """Return the rows with at least one reason."""
        return {cell.row for cell in self.refused}


def masked(text: str, *, is_code: bool = False) -> tuple[str, int]:
    """Return the text without numbers of persons, short enough to show, and how many there were.

    `is_code`: it stands in a column of codes, where 15 digits are no ID card.
    """
    hidden, n = _hide(text, frozenset({text.strip()} if is_code else ()), is_of_persons=False)
    return (hidden if len(hidden) <= SHOWN_CHARACTERS else hidden[:SHOWN_CHARACTERS] + "…"), n


def is_code_heading(heading: str) -> bool:
    """Tell whether a heading names a code, such as 网格编码."""
    plain = unicodedata.normalize("NFKC", heading).lower()
    return any(word in plain for word in CODE_WORDS)


def without_personal(
    texts: Iterable[str],
    known_codes: frozenset[str] = frozenset(),
    *,
    is_of_persons: bool = False,
) -> tuple[list[str], int]:
    """Return the texts with ID-card and telephone numbers taken out, and in how many there were.

    15 digits are an ID card if they hold a date of birth and are no known code of a grid; in rows
    of persons also without a date.
    """
    kept, n_hidden = [], 0
    for text in texts:
        hidden, n = _hide(text, known_codes, is_of_persons=is_of_persons)
        kept.append(hidden)
        n_hidden += bool(n)
    return kept, n_hidden


def _hide(text: str, known_codes: frozenset[str], *, is_of_persons: bool) -> tuple[str, int]:
    plain = unicodedata.normalize("NFKC", text)
    hidden, n = PERSONAL.subn(MASK, plain)

    def replaced(found: re.Match[str]) -> str:
        nonlocal n
        if found.group() in known_codes or not (is_of_persons or found["born"]):
            return found.group()
        n += 1
        return MASK

    hidden = OLD_CARD.sub(replaced, hidden)
    return (hidden if n else text), n
