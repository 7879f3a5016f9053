"""Writing XLSX for offices: texts stay texts, nothing becomes a formula, choices drop down."""

import io
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import openpyxl
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, WriteOnlyCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.datavalidation import DataValidation

from data.xlsx_parts import column_letter

MOST_CHARACTERS = 32_000  # of a cell; Excel takes 32,767
LONGEST_LIST = 250  # characters of choices that a rule can hold itself
CHOICE_ROWS = 5_000  # as far down as choices are offered
WIDEST, NARROWEST = 40, 9
EXACT_DIGITS = 15  # that a number of Excel keeps
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
HEAD_FILL = PatternFill("solid", fgColor="DDE7F3")
BAD_FILL = PatternFill("solid", fgColor="F8CBAD")
QUIET = Font(color="808080")
BOLD = Font(bold=True)


@dataclass(frozen=True)
class Column:
    """One column of a sheet: what it is called, what may be chosen, and how its cells look."""

    heading: str
    choices: tuple[str, ...] = ()
    hint: str = ""
    is_number: bool = False
    is_quiet: bool = False  # ours, not to be changed


@dataclass(frozen=True)
class Sheet:
    """One sheet: columns and rows of texts; `marked` cells (row from 0, column) are coloured."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]] = ()
    marked: Collection[tuple[int, int]] = ()


def workbook_bytes(sheets: Sequence[Sheet]) -> bytes:
    """Return sheets as an XLSX file.

    Every cell is text unless its column is of numbers and it is one that Excel keeps exactly. Text
    that begins like a formula is marked as text for good.
    """
    book = openpyxl.Workbook(write_only=True)
    lists: list[tuple[str, ...]] = []
    for sheet in sheets:
        _write(book, sheet, lists)
    if lists:
        _write_lists(book, lists)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


LIST_SHEET = "选项"


def _write(book: Any, sheet: Sheet, lists: list[tuple[str, ...]]) -> None:  # noqa: ANN401
    page = book.create_sheet(sheet.title)
    page.freeze_panes = "A2"
    for at, column in enumerate(sheet.columns):
        cells = [column.heading, *(row[at] for row in sheet.rows[:200] if at < len(row))]
        widest = max(sum(1 + (ord(letter) > 255) for letter in cell) for cell in cells)
        width = min(WIDEST, max(NARROWEST, widest + 2))
        page.column_dimensions[column_letter(at)].width = width
        if column.choices:
            page.data_validations.append(_choice(column, at, lists))
    page.append([_heading(page, column) for column in sheet.columns])
    marked = frozenset(sheet.marked)
    for number, row in enumerate(sheet.rows):
        line = [_cell(page, text, column) for text, column in zip(row, sheet.columns, strict=True)]
        for at, cell in enumerate(line):
            if (number, at) in marked:
                cell.fill = BAD_FILL
        page.append(line)


def _heading(page: Any, column: Column) -> WriteOnlyCell:  # noqa: ANN401 - openpyxl's
    cell = _text_cell(page, column.heading)
    cell.font, cell.fill = (QUIET if column.is_quiet else BOLD), HEAD_FILL
    cell.alignment = Alignment(wrap_text=True, vertical="center")
    if column.hint:
        cell.comment = Comment(column.hint, "redgrid")
    return cell


def _cell(page: Any, text: str, column: Column) -> WriteOnlyCell:  # noqa: ANN401
    number = _exact_number(text) if column.is_number else None
    cell = _text_cell(page, text) if number is None else WriteOnlyCell(page, value=number)
    if column.is_quiet:
        cell.font = QUIET
    return cell


def _text_cell(page: Any, text: str) -> WriteOnlyCell:  # noqa: ANN401
    plain = ILLEGAL_CHARACTERS_RE.sub("", text)[:MOST_CHARACTERS]
    cell = WriteOnlyCell(page, value=plain)
    if plain:
        cell.data_type = "s"  # never a formula
    cell.number_format = "@"
    if plain.lstrip(" ").startswith(FORMULA_SIGNS):
        cell.quotePrefix = True  # nor when it is edited
    return cell


def _exact_number(text: str) -> float | int | None:
    digits = text.replace(".", "", 1).removeprefix("-")
    if not digits.isascii() or not digits.isdecimal() or len(digits) > EXACT_DIGITS:
        return None
    return float(text) if "." in text else int(text)


def _choice(column: Column, at: int, lists: list[tuple[str, ...]]) -> DataValidation:
    joined = ",".join(column.choices)
    if len(joined) <= LONGEST_LIST and not any("," in choice for choice in column.choices):
        source = f'"{joined.replace(chr(34), chr(34) * 2)}"'
    else:
        lists.append(column.choices)
        letter = column_letter(len(lists) - 1)
        source = f"{LIST_SHEET}!${letter}$1:${letter}${len(column.choices)}"
    rule = DataValidation(type="list", formula1=source, allow_blank=True, showErrorMessage=False)
    letter = column_letter(at)
    rule.add(f"{letter}2:{letter}{CHOICE_ROWS}")
    return rule


def _write_lists(book: Any, lists: Sequence[tuple[str, ...]]) -> None:  # noqa: ANN401
    page = book.create_sheet(LIST_SHEET)
    page.sheet_state = "hidden"
    for row in range(max(map(len, lists))):
        page.append([_text_cell(page, c[row]) if row < len(c) else None for c in lists])
