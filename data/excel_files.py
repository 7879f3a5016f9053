"""Reading Excel files: which sheet, its merges, and what is hidden in it."""

from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import python_calamine

from data.errors import ImportDataError
from data.findings import Note
from data.raw_table import MOST_CELLS, RawTable, SheetChoice, cell_text, unreadable
from data.sheet_layout import Layout, Merge, find_layout
from data.table_files import check_count, make_table, nothing_in
from data.xls_parts import inspect_xls, is_old_format, sound_xls
from data.xlsx_parts import SheetFacts, column_letter, inspect_package, too_far
from geo.text import Text

SHOWN_NUMBERS = 8
Fit = Callable[[Sequence[str]], float]  # how well headings suit what is wanted


def read_excel(path: Path, sheet: str | None = None, fit: Fit | None = None) -> RawTable:
    """Read one sheet of an Excel file (.xlsx, .xls): the named one, or the one that fits best.

    Whole numbers keep all their digits (15-digit codes survive); dates become ISO text. Cells
    that a merge covers are filled from its first cell. Formulas count by their stored value,
    macros are not run, and links are not followed.

    Raises
    ------
    ImportDataError
        The file is damaged, no Excel file, locked by a password, unpacks to too much, or has no
        sheet of that name.
    """
    package = inspect_package(path)
    found = _open(path, sheet)
    layouts = {
        name: layout
        for name, (_, records, merges) in found.items()
        if (layout := find_layout(records, merges)) is not None
    }
    if not layouts:
        raise nothing_in(path.name)
    choices = tuple(
        SheetChoice(name, len(layout.body), layout.fit, found[name][0])
        for name, layout in layouts.items()
    )
    name = _best_sheet(choices, layouts, fit)
    facts = (package.sheets or inspect_xls(path)).get(name, SheetFacts())
    notes = (*package.notes, *_sheet_notes(name, choices, layouts), *_fact_notes(facts))
    return make_table(
        found[name][1],
        layouts[name],
        notes,
        without_value=facts.without_value,
        errors=facts.errors,
        name=name,
        choices=choices,
    )


def _open(path: Path, sheet: str | None) -> dict[str, tuple[bool, list[list[str]], list[Merge]]]:
    """Return whether it is hidden, the cells and the merges of the named sheet, or of every one."""
    try:
        with _stream(path) as stream:
            book = python_calamine.CalamineWorkbook.from_filelike(stream)
            _check_sheet(path, sheet, book.sheet_names)
            return {
                meta.name: (
                    meta.visible != python_calamine.SheetVisibleEnum.Visible,
                    *_records(path.name, book.get_sheet_by_name(meta.name)),
                )
                for meta in book.sheets_metadata
                if sheet in {None, meta.name}
                and meta.typ == python_calamine.SheetTypeEnum.WorkSheet
            }
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        if hasattr(error, "text"):
            raise  # one of ours, which says more
        raise _damaged(path) from error
    except BaseException as error:
        # The reader's own mistakes come as no Exception; what they say is: damaged.
        if type(error).__name__ != "PanicException":
            raise
        raise _damaged(path) from error


def _stream(path: Path) -> BinaryIO:
    """Open a workbook; one of the old format is made anew, see `data.xls_parts`."""
    if not is_old_format(path):
        return path.open("rb")
    content = sound_xls(path)
    if content is None:
        raise _damaged(path)
    return BytesIO(content)


def _check_sheet(path: Path, sheet: str | None, names: Sequence[str]) -> None:
    if sheet is not None and sheet not in names:
        shown = "、".join(names)
        raise unreadable(
            path.name,
            f"没有工作表“{sheet}”；有：{shown}。",
            f"it has no sheet {sheet!r}; it has: {shown}.",
        )


def _damaged(path: Path) -> ImportDataError:
    return unreadable(
        path.name,
        "它不是完好的 Excel 文件（可能已损坏、有密码，或是改了扩展名的网页）。"
        "请在 Excel 中打开后另存为 XLSX。",
        "it is no sound Excel file (damaged, locked, or a web page by another name). "
        "Open it in Excel and save it as XLSX.",
    )


def _records(
    file_name: str, sheet: python_calamine.CalamineSheet
) -> tuple[list[list[str]], list[Merge]]:
    """Return the cells of a sheet as texts from A1 on, and its merges."""
    if sheet.end is None:
        return [], []
    n_rows, n_columns = sheet.end[0] + 1, sheet.end[1] + 1
    if n_rows * n_columns > MOST_CELLS:
        raise too_far(file_name, n_rows, n_columns)
    check_count(file_name, sheet.height)
    rows = sheet.to_python(skip_empty_area=False)
    return [[cell_text(cell) for cell in row] for row in rows], sheet.merged_cell_ranges or []


def _best_sheet(choices: Sequence[SheetChoice], layouts: dict[str, Layout], fit: Fit | None) -> str:
    """Return the sheet whose headings suit best: visible, with rows, then the first.

    An empty table beside a sheet that explains it is chosen too: it has headings and no rows.
    """

    def rank(choice: SheetChoice) -> tuple[bool, float, bool, int]:
        suits = fit(layouts[choice.name].headings) if fit else float(choice.fit)
        return suits > 0 and not choice.is_hidden, suits, choice.n_rows > 0, choice.fit

    return max(choices, key=rank).name


def _sheet_notes(
    name: str, choices: Sequence[SheetChoice], layouts: dict[str, Layout]
) -> list[Note]:
    others = [choice for choice in choices if choice.name != name]
    notes = []
    if others:
        shown = ", ".join(f"{c.name}（隐藏）" if c.is_hidden else c.name for c in others)
        zh = f"只读取工作表“{name}”，未读取：{shown}；要读别的请用 --sheet"
        en = f"Read the sheet {name!r} only; not read: {shown}; --sheet chooses another"
        notes.append(Note(Text(zh, en)))
    same = [c.name for c in others if layouts[c.name].headings == layouts[name].headings]
    if same:
        zh = f"表头相同的工作表还有：{', '.join(same)}；请逐张导入（--sheet）"
        en = f"Sheets with the same headings: {', '.join(same)}; import them one by one (--sheet)"
        notes.append(Note(Text(zh, en), len(same)))
    if next(choice.is_hidden for choice in choices if choice.name == name):
        zh, en = f"工作表“{name}”是隐藏的", f"The sheet {name!r} is hidden"
        notes.append(Note(Text(zh, en)))
    return notes


def _fact_notes(facts: SheetFacts) -> list[Note]:
    notes = []
    if facts.hidden_rows:
        shown = _shown([str(row + 1) for row in facts.hidden_rows])
        zh, en = f"隐藏的行也读取了：{shown}", f"Hidden rows were read too: {shown}"
        notes.append(Note(Text(zh, en), len(facts.hidden_rows)))
    if facts.hidden_columns:
        shown = _shown([column_letter(column) for column in facts.hidden_columns])
        zh, en = f"隐藏的列也读取了：{shown}", f"Hidden columns were read too: {shown}"
        notes.append(Note(Text(zh, en), len(facts.hidden_columns)))
    if facts.n_formulas:
        zh = "公式单元格，用的是文件里存的计算结果"
        notes.append(Note(Text(zh, "formulas; their stored results were used"), facts.n_formulas))
    return notes


def _shown(numbers: Sequence[str]) -> str:
    more = "…" if len(numbers) > SHOWN_NUMBERS else ""
    return ", ".join(numbers[:SHOWN_NUMBERS]) + more
