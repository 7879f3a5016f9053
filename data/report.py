"""What an import says when it is done."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from data.findings import Note, RefusedCell
from data.mending import Mend
from data.raw_table import LeftOut
from geo.text import Language, Text, counted

SHOWN_REFUSED = 20
SHOWN_DOUBTS = 10


@dataclass(frozen=True)
class ImportReport:
    """The account of one import: every row that was read was kept, refused, or known unchanged.

    Rows that are no data (titles, totals, notes) are not read and are listed in `left_out`.
    """

    kind: str
    source: str
    batch_id: int | None  # None: nothing was written
    n_read: int
    n_kept: int
    n_refused: int
    refused: tuple[RefusedCell, ...]
    notes: tuple[Note, ...]
    headings: dict[str, str]  # field -> heading in the file
    unread: tuple[str, ...]
    reference: str  # datum or CRS of the file
    sha256: str
    is_dry_run: bool = False
    doubts: tuple[RefusedCell, ...] = ()  # of rows that were kept
    left_out: tuple[LeftOut, ...] = ()
    mends: tuple[Mend, ...] = ()  # offered, and those that were made
    n_unchanged: int = 0  # of a table that was exported before
    n_changed: int = 0  # among those kept
    sheet: str = ""
    matched: Mapping[str, int] = field(default_factory=dict)  # kept rows by level of their address
    n_asked: int = 0  # rows whose address waits for the review, kept or not

    @property
    def is_refused(self) -> bool:
        """Whether no row at all could be kept or waits for a decision."""
        return self.n_kept == 0 and self.n_unchanged == 0 and self.n_asked == 0

    def as_dict(self) -> dict[str, Any]:
        """Return a value for JSON."""
        return {
            "kind": self.kind,
            "source": self.source,
            "batch": self.batch_id,
            "dry_run": self.is_dry_run,
            "read": self.n_read,
            "kept": self.n_kept,
            "refused": self.n_refused,
            "refused_rows": [cell.as_dict() for cell in self.refused],
            "notes": [note.as_dict() for note in self.notes],
            "headings": self.headings,
            "unread": list(self.unread),
            "reference": self.reference,
            "sha256": self.sha256,
            "sheet": self.sheet,
            "unchanged": self.n_unchanged,
            "changed": self.n_changed,
            "matched": dict(self.matched),
            "to_review": self.n_asked,
            "doubts": [cell.as_dict() for cell in self.doubts],
            "left_out": [row.as_dict() for row in self.left_out],
            "mends": [mend.as_dict() for mend in self.mends],
        }

    def summary(self, language: Language) -> str:
        """Return the account in a few lines."""
        lines = [self._headline().say(language)]
        lines += [
            f"  · {note.text.say(language)}" + (f" ({note.n})" if note.n > 1 else "")
            for note in self.notes
        ]
        lines += [f"  · {text.say(language)}" for text in self._asides()]
        lines += _listed("✗", self.refused, SHOWN_REFUSED, language)
        lines += _listed("?", self.doubts, SHOWN_DOUBTS, language)
        lines += [f"  → {_say_mend(mend).say(language)}" for mend in self.mends]
        return "\n".join(lines)

    def _asides(self) -> list[Text]:
        """Return what else there is to say: rows left out, and what a table changed."""
        asides = []
        if self.left_out:
            zh = "；".join(f"第 {row.row} 行{row.title.zh}" for row in self.left_out[:SHOWN_DOUBTS])
            en = "; ".join(f"row {row.row} {row.title.en}" for row in self.left_out[:SHOWN_DOUBTS])
            n = len(self.left_out)
            asides.append(Text(f"{n} 行不是数据：{zh}", f"{counted(n, 'row')} without data: {en}"))
        if self.n_unchanged or self.n_changed:
            n_new = self.n_kept - self.n_changed
            asides.append(
                Text(
                    f"未变 {self.n_unchanged} 行，更改 {self.n_changed} 行，新增 {n_new} 行",
                    f"{self.n_unchanged} unchanged, {self.n_changed} changed, {n_new} new",
                )
            )
        return asides

    def _headline(self) -> Text:
        counts = Text(
            f"读取 {self.n_read} 行，保留 {self.n_kept} 行，退回 {self.n_refused} 行",
            f"{self.n_read} rows read, {self.n_kept} kept, {self.n_refused} refused",
        )
        if self.is_dry_run:
            end = Text("（试运行，未写入）", " (dry run, nothing written)")
        elif self.batch_id is None and self.n_unchanged:
            end = Text("；没有变化，未写入", "; nothing has changed, nothing written")
        elif self.batch_id is None:
            end = Text("；全部退回，未写入", "; all refused, nothing written")
        else:
            end = Text(f"；导入编号 {self.batch_id}", f"; import {self.batch_id}")
        return Text(f"{self.source}：{counts.zh}{end.zh}", f"{self.source}: {counts.en}{end.en}")


def _listed(mark: str, cells: tuple[RefusedCell, ...], most: int, language: Language) -> list[str]:
    lines = [f"  {mark} {_say(cell).say(language)}" for cell in cells[:most]]
    if len(cells) > most:
        n = len(cells) - most
        more = Text(f"另有 {n} 处，见 --json", f"and {n} more, see --json").say(language)
        lines.append(f"  {mark} {more}")
    return lines


def _say_mend(mend: Mend) -> Text:
    n, first = len(mend.cells), mend.cells[0]
    example = f"{first.before} → {first.after}"
    if mend.is_applied:
        return Text(
            f"已更正 {n} 处：{mend.title.zh}（如第 {first.row} 行 {example}）",
            f"mended in {counted(n, 'cell')}: {mend.title.en} (as in row {first.row} {example})",
        )
    return Text(
        f"可更正 {n} 处（--mend {mend.kind}）：{mend.title.zh}（如第 {first.row} 行 {example}）",
        f"{counted(n, 'cell')} can be mended (--mend {mend.kind}): {mend.title.en} "
        f"(as in row {first.row} {example})",
    )


def _say(cell: RefusedCell) -> Text:
    where_zh = f"，{cell.column}列" if cell.column else ""
    where_en = f", column {cell.column}" if cell.column else ""
    value = f" “{cell.value}”" if cell.value else ""
    return Text(
        f"第 {cell.row} 行{where_zh}{value}：{cell.reason.zh}",
        f"row {cell.row}{where_en}{value}: {cell.reason.en}",
    )
