"""Where the table stands in a sheet: titles, headings of one or more rows, body, totals, notes."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from data.fields import HEADING_JOINT, is_personal
from data.findings import masked
from data.headings import is_known_heading
from data.raw_table import LeftOut

Merge = tuple[tuple[int, int], tuple[int, int]]  # first and last (row, column), from 0
SEARCHED_ROWS = 30
MOST_HEADING_ROWS = 4
WIDE_ENOUGH = 0.6  # of the widest row: what a row of unknown headings has at least
TOTAL = re.compile(
    r".{0,12}(?:合计|小计|总计|共计|累计)[:：]?|总数|(?:sub|grand)?total:?", re.IGNORECASE
)
SUM_WORD = re.compile(r"(?:合计|小计|总计|共计|累计)[:：]?")
NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?%?")
NOTE_WORD = (
    r"(?:备?注|说明|填表说明|填表人|填报人|填报单位|填报日期|填表日期|填报时间|制表人?|制表日期|制表时间|"
    r"制表单位|审核人?|复核人?|单位负责人|负责人|经办人|联系人|联系电话|统计时间|统计日期|统计人|"
    r"截至日期|截止日期|数据来源|单位盖章|盖章|note|source|prepared_by)"
)
NOTE = re.compile(
    rf"\*?[(\[【]?{NOTE_WORD}\d?\s*(?:[:：)\]】]|$)|数据?截[至止].{{0,20}}", re.IGNORECASE
)


@dataclass(frozen=True)
class Layout:
    """The parts of a sheet; rows count from 0, columns too."""

    heading_rows: tuple[int, ...]
    headings: tuple[str, ...]
    body: tuple[int, ...]
    left_out: tuple[LeftOut, ...] = ()
    shared: frozenset[tuple[int, int]] = field(default_factory=frozenset)  # body cells filled

    @property
    def fit(self) -> int:
        """How many headings are known."""
        return len({h for h in self.headings if is_known_heading(h)})


def find_layout(records: list[list[str]], merges: Sequence[Merge] = ()) -> Layout | None:
    """Return the parts of a sheet; None where no cell has content.

    `records` has one list of texts a row, of any lengths. Cells of the body that a merge covers
    are filled in place from its first cell; no other blank is.
    """
    filled = [i for i, record in enumerate(records) if any(record)]
    if not filled:
        return None
    # What fills the heads is a copy: a merged title must not become many.
    last_head = min(len(records), filled[0] + SEARCHED_ROWS)
    heads = [list(record) for record in records[:last_head]]
    _fill(heads, merges, lambda _merge: True)
    block = _heading_block(heads, [i for i in filled if i < last_head], merges)
    headings = _joined(heads, block, merges)
    width = max((i + 1 for i, heading in enumerate(headings) if heading), default=0)
    headings = headings[:width]
    titles = [LeftOut(i + 1, "title", _shown(records[i])) for i in filled if i < block[0]]
    # A row merged across says one thing; only merges over several rows are values of each.
    over_rows = [merge for merge in merges if merge[0][0] > block[-1] and merge[0][0] < merge[1][0]]
    kept, others = _body(records, [i for i in filled if i > block[-1]], block, headings)
    shared = _fill(records, over_rows, lambda merge: merge[0][0] in kept, kept)
    return Layout(
        heading_rows=tuple(block),
        headings=tuple(headings),
        body=tuple(sorted(kept | {row for row, _ in shared})),
        left_out=(*titles, *others),
        shared=frozenset(shared),
    )


def _fill(
    records: list[list[str]],
    merges: Sequence[Merge],
    is_meant: Callable[[Merge], bool],
    rows: set[int] | None = None,
) -> set[tuple[int, int]]:
    """Write the first cell of each merge into the others, in place; return which were filled."""
    filled = set()
    width = max(map(len, records), default=0)  # a merge may reach far beyond all cells
    for merge in merges:
        (top, left), (bottom, right) = merge
        right = min(right, width - 1)
        if top >= len(records) or left >= len(records[top]) or not is_meant(merge):
            continue
        value = records[top][left]
        if not value:
            continue
        for row in range(top, min(bottom + 1, len(records))):
            if rows is not None and row != top and row not in rows and any(records[row]):
                continue  # a total or a note inside of a merge
            if rows is not None and not any(records[row]):
                continue  # a row without a cell of its own is no row
            record = records[row]
            record.extend([""] * (right + 1 - len(record)))
            for column in range(left, right + 1):
                if (row, column) != (top, left) and not record[column]:
                    record[column] = value
                    filled.add((row, column))
    return filled


def _heading_block(
    heads: list[list[str]], filled: Sequence[int], merges: Sequence[Merge]
) -> list[int]:
    """Return the rows of the headings: those under which most headings are known."""
    found: list[tuple[int, list[int]]] = []
    for first in filled:
        for n_rows in range(1, MOST_HEADING_ROWS):
            if first + n_rows > len(heads):
                break
            block = _closed(list(range(first, first + n_rows)), merges, len(heads))
            if len(block) > MOST_HEADING_ROWS:
                break
            if n_rows > 1 and not _can_go_on(heads[first + n_rows - 1]):
                break
            known = {h for h in _joined(heads, block, merges) if is_known_heading(h)}
            found.append((len(known), block))
    # The most; of equals the shortest and the first.
    by_width = _first_wide_row(heads, filled)
    ranked = sorted(found, key=lambda item: (-item[0], len(item[1]), item[1][0]))
    n_known, block = ranked[0] if ranked else (0, [by_width])
    if n_known == 1 and len({cell for cell in heads[by_width] if cell}) > 1:
        # One word may be a cell of the body: the first wide row counts, if it is not below.
        block = block if block[0] <= by_width else [by_width]
    elif n_known == 0:
        block = [by_width]
    return _with_groups(heads, block, merges)


def _closed(block: list[int], merges: Sequence[Merge], n_rows: int) -> list[int]:
    """Return the rows with those of `n_rows` that merges over several rows bind to them."""
    first, last = block[0], block[-1]
    for (top, _), (bottom, _) in merges:
        if top < bottom <= top + MOST_HEADING_ROWS and top <= last and bottom >= first:
            first, last = min(first, top), max(last, bottom)
    return list(range(first, min(last + 1, n_rows)))


def _with_groups(heads: list[list[str]], block: list[int], merges: Sequence[Merge]) -> list[int]:
    """Add a row above whose merged cells name groups of some columns (not a title over all)."""
    above = block[0] - 1
    if above < 0 or not any(heads[above]):
        return block
    spans = [
        right - left + 1
        for (top, left), (bottom, right) in merges
        if top == bottom == above and right > left
    ]
    texts = {cell for cell in heads[above] if cell}
    is_group = bool(spans) and len(texts) > 1 and max(spans) < len(heads[block[0]])
    return [above, *block] if is_group and not any(map(_is_note, texts)) else block


def _joined(heads: list[list[str]], block: Sequence[int], merges: Sequence[Merge]) -> list[str]:
    """Return the headings: the different texts of each column from top to bottom, joined."""
    rows = [list(heads[i]) for i in block]
    if not merges and len(rows) > 1:
        _spread_groups(rows)
    width = max(len(row) for row in rows)
    joined = []
    for column in range(width):
        parts = [row[column].strip() for row in rows if column < len(row)]
        joined.append(HEADING_JOINT.join(dict.fromkeys(part for part in parts if part)))
    return joined


def _spread_groups(rows: list[list[str]]) -> None:
    """Where a file knows no merges, a group's name reaches over blanks above filled cells."""
    for upper, lower in pairwise(rows):
        group = ""
        upper.extend([""] * (len(lower) - len(upper)))
        for column, text in enumerate(upper):
            below = lower[column] if column < len(lower) else ""
            group = text if text and below else group if below and not text else ""
            if not text and group:
                upper[column] = group


def _can_go_on(record: Sequence[str]) -> bool:
    """Tell whether a row may be a further row of headings: known words in it and no number."""
    cells = [cell for cell in record if cell]
    has_number = any(NUMBER.fullmatch(_plain(cell)) for cell in cells)
    return not has_number and any(map(is_known_heading, cells))


def _first_wide_row(heads: list[list[str]], filled: Sequence[int]) -> int:
    """Return the first row about as wide as the widest."""
    widths = {i: len({cell for cell in heads[i] if cell}) for i in filled}
    widest = max(widths.values())
    return next(i for i in filled if widths[i] >= min(widest * WIDE_ENOUGH, widest))


def _body(
    records: list[list[str]], rows: Sequence[int], block: Sequence[int], headings: Sequence[str]
) -> tuple[set[int], list[LeftOut]]:
    """Return the rows of data, and the others with what they are."""
    kept: set[int] = set()
    others: list[LeftOut] = []
    last_heading = [cell for cell in records[block[-1]] if cell]
    for i in rows:
        record = records[i]
        what = _what_else(record, len(headings))
        if i == block[-1] + 1 and _is_numbering(record):
            what = "numbering"
        elif len(last_heading) > 1 and [cell for cell in record if cell] == last_heading:
            what = "heading"
        if what:
            others.append(LeftOut(i + 1, what, _shown(record)))
        else:
            kept.add(i)
    return kept, others


def _what_else(record: Sequence[str], width: int) -> str:
    """Return "total" or "note" for a row that is no data, "" for one that is."""
    cells = [cell for cell in record if cell]
    first = _plain(cells[0])
    # The word may stand behind a running number or a community's name.
    if TOTAL.fullmatch(first) or any(SUM_WORD.fullmatch(_plain(cell)) for cell in cells[1:3]):
        return "total"
    if _is_note(cells[0]) and (len(cells) <= max(2, width // 3) or all(map(_is_note, cells))):
        return "note"
    return ""


def _is_note(text: str) -> bool:
    return NOTE.match(_plain(text)) is not None


def _is_numbering(record: Sequence[str]) -> bool:
    """Tell whether a row counts its columns: 1 2 3, (1) (2) (3), 甲 1 2."""
    cells = [_plain(cell).strip("()") for cell in record if cell]
    numbers = [cell for cell in cells if cell not in {"甲", "乙", "丙"}]
    expected = [str(i + 1) for i in range(len(numbers))]
    return len(cells) > 2 and numbers == expected


def _plain(text: str) -> str:
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


def _shown(record: Sequence[str]) -> str:
    """Return what may be shown of a row: of a note only its first word, a name may follow."""
    first = next(cell for cell in record if cell)
    if _is_note(first):
        found = re.match(rf"\W?{NOTE_WORD}", _plain(first), re.IGNORECASE)
        return (found.group() if found else "…") + "…"
    return "" if is_personal(first) else masked(first)[0]
