"""What an import says when it is done."""

from dataclasses import dataclass
from typing import Any

from data.findings import Note, RefusedCell
from geo.text import Language, Text

SHOWN_REFUSED = 20


@dataclass(frozen=True)
class ImportReport:
    """The account of one import: every row that was read was kept or refused."""

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

    @property
    def is_refused(self) -> bool:
        """Whether no row at all could be kept."""
        return self.n_kept == 0

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
        }

    def summary(self, language: Language) -> str:
        """Return the account in a few lines."""
        lines = [self._headline().say(language)]
        lines += [
            f"  · {note.text.say(language)}" + (f" ({note.n})" if note.n > 1 else "")
            for note in self.notes
        ]
        lines += [f"  ✗ {_say(cell).say(language)}" for cell in self.refused[:SHOWN_REFUSED]]
        if len(self.refused) > SHOWN_REFUSED:
            n = len(self.refused) - SHOWN_REFUSED
            lines.append(
                Text(f"  ✗ 另有 {n} 处，见 --json", f"  ✗ and {n} more, see --json").say(language)
            )
        return "\n".join(lines)

    def _headline(self) -> Text:
        counts = Text(
            f"读取 {self.n_read} 行，保留 {self.n_kept} 行，退回 {self.n_refused} 行",
            f"{self.n_read} rows read, {self.n_kept} kept, {self.n_refused} refused",
        )
        if self.is_dry_run:
            end = Text("（试运行，未写入）", " (dry run, nothing written)")
        elif self.batch_id is None:
            end = Text("；全部退回，未写入", "; all refused, nothing written")
        else:
            end = Text(f"；导入编号 {self.batch_id}", f"; import {self.batch_id}")
        return Text(f"{self.source}：{counts.zh}{end.zh}", f"{self.source}: {counts.en}{end.en}")


def _say(cell: RefusedCell) -> Text:
    where_zh = f"，{cell.column}列" if cell.column else ""
    where_en = f", column {cell.column}" if cell.column else ""
    value = f" “{cell.value}”" if cell.value else ""
    return Text(
        f"第 {cell.row} 行{where_zh}{value}：{cell.reason.zh}",
        f"row {cell.row}{where_en}{value}: {cell.reason.en}",
    )
