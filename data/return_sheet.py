"""The return sheet (退回表): refused rows as the office wrote them, each with its reasons.

Made from the file itself while it is at hand: nothing of it is stored. What is put right in it can
be imported again; its last column tells each row, so that none comes in twice.
"""

from collections import defaultdict

from data.diagnosis import Diagnosis
from data.errors import ImportDataError
from data.fields import REASON, ROW_NUMBER
from data.findings import RefusedCell
from data.report import ImportReport
from data.workbooks import Column, Sheet, workbook_bytes
from geo.text import Language, Text

DIGEST_CHARACTERS = 8


def return_sheet(
    diagnosis: Diagnosis, report: ImportReport | None = None, language: Language = "zh"
) -> bytes:
    """Return the refused rows of a diagnosis, or of its commit, as an XLSX file.

    Raises
    ------
    ImportDataError
        No row was refused, or the file is no table.
    """
    said = report or diagnosis.report
    raw = diagnosis.original
    if said is None or raw is None or not said.refused:
        raise ImportDataError(Text("没有退回的行。", "No row was refused."))
    reasons: dict[int, list[RefusedCell]] = defaultdict(list)
    for cell in said.refused:
        reasons[cell.row].append(cell)
    own = [i for i, h in enumerate(raw.headings) if h not in {REASON, ROW_NUMBER}]
    former = raw.headings.index(ROW_NUMBER) if ROW_NUMBER in raw.headings else None
    rows: list[list[str]] = []
    marked: set[tuple[int, int]] = set()
    for i, row in enumerate(raw.source_rows.tolist()):
        if row not in reasons:
            continue
        bad = {part for cell in reasons[row] for part in cell.column.split(", ")}
        marked |= {(len(rows), at) for at, c in enumerate(own) if raw.headings[c] in bad}
        number = raw.columns[former][i] if former is not None else ""
        rows.append(
            [
                *(raw.columns[c][i] for c in own),
                _reason(reasons[row], language),
                number or f"{diagnosis.sha256[:DIGEST_CHARACTERS]}-{row}",
            ]
        )
    columns = [Column(raw.headings[c]) for c in own]
    columns += [Column(REASON), Column(ROW_NUMBER, is_quiet=True, hint=KEEP.say(language))]
    title = Text("退回表", "Returned").say(language)
    return workbook_bytes([Sheet(title, columns, rows, marked)])


KEEP = Text(
    "请不要改动：重新导入时凭它认出这一行，不会重复。",
    "Leave as it is: by it a row is known when it comes in again.",
)


def _reason(cells: list[RefusedCell], language: Language) -> str:
    said = []
    for cell in cells:
        reason = cell.reason.say(language)
        said.append(Text(f"{cell.column}：{reason}", f"{cell.column}: {reason}").say(language))
    return Text("；", "; ").say(language).join(dict.fromkeys(text.lstrip("： :") for text in said))
