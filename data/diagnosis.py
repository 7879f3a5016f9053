"""What a file is, what would become of it, and what the user said of it: a value."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from data.checking import Checked
from data.fields import Kind, is_personal
from data.findings import MASK, Findings, is_code_heading, masked
from data.geocoding.placing import levels_of
from data.kind_guess import KindGuess
from data.mending import Mend
from data.positions import UnknownDatumError
from data.raw_table import RawTable
from data.report import ImportReport
from data.staging import Staged
from geo.datum import DatumFinding
from geo.errors import GeoError

PREVIEW_ROWS = 50


@dataclass(frozen=True)
class Choices:
    """What the user said of a file; all else is found in it."""

    kind: str | None = None
    sheet: str | None = None
    mapping: Mapping[str, str] | None = None  # field -> heading; "" = no column
    datum: str | None = None
    crs: str | None = None
    mends: frozenset[str] = frozenset()
    replace: bool = False
    again: bool = False


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """What a file is and what a commit would do now.

    `problem` is what stands in the way of a commit (a column or the datum is not known, the file
    is there already); the rest is filled as far as it could be read.
    """

    path: Path
    source: str
    sha256: str
    choices: Choices
    kind: Kind | None
    guess: KindGuess
    original: RawTable | None = None  # as read; None for a network
    table: RawTable | None = None  # with the mends that were asked for
    mapping: dict[str, str] = field(default_factory=dict)  # field -> heading, as it is used
    is_remembered: bool = False
    staged: Staged | None = None
    findings: Findings = field(default_factory=Findings)  # before the database is asked
    mends: tuple[Mend, ...] = ()
    datum: DatumFinding | None = None  # what the map says of the coordinates, where it was asked
    problem: GeoError | None = None
    report: ImportReport | None = None  # what a commit would say
    checked: Checked | None = None

    @property
    def needs_datum(self) -> bool:
        """Whether only the datum of the coordinates is missing."""
        return isinstance(self.problem, UnknownDatumError)

    def as_dict(self) -> dict[str, Any]:
        """Return a value for JSON."""
        sheets = () if self.table is None else self.table.sheets
        return {
            "source": self.source,
            "kind": None if self.kind is None else self.kind.name,
            "reason": {"zh": self.guess.reason.zh, "en": self.guess.reason.en},
            "scores": self.guess.scores,
            "sheet": self.table.sheet if self.table is not None else "",
            "sheets": [asdict(sheet) for sheet in sheets],
            "heading_rows": list(self.table.heading_rows) if self.table is not None else [],
            "mapping": self.mapping,
            "remembered": self.is_remembered,
            "problem": None if self.problem is None else self.problem.text._asdict(),
            "report": None if self.report is None else self.report.as_dict(),
        }

    def preview(self, n_rows: int = PREVIEW_ROWS) -> pd.DataFrame:
        """Return the first rows as texts under their headings, index = row in the file.

        Columns about persons, and numbers of persons in others, are masked.
        """
        if self.table is None:
            return pd.DataFrame()
        raw = self.table
        columns = [
            [_shown(heading, cell) for cell in cells[:n_rows]]
            for heading, cells in zip(raw.headings, raw.columns, strict=True)
        ]
        index = pd.Index(raw.source_rows[:n_rows], name="row")
        names = _distinct(raw.headings)
        return pd.DataFrame(dict(zip(names, columns, strict=True)), index=index)

    def places(self) -> gpd.GeoDataFrame:
        """Return where the rows lie (EPSG:4326), index = row in the file.

        `state` is "kept", "doubt" or "refused"; refused rows without a place are left out.
        """
        rows = self.staged.rows if self.staged is not None else pd.DataFrame()
        if self.checked is not None and "geometry" in self.checked.kept:
            rows = _with_addresses(rows, self.checked.kept)
        if "geometry" not in rows or self.report is None:
            return gpd.GeoDataFrame({"state": []}, geometry=[], crs="EPSG:4326")
        known = rows[[shape is not None for shape in rows["geometry"]]]
        refused = {cell.row for cell in self.report.refused}
        doubted = {cell.row for cell in self.report.doubts}
        state = [
            "refused" if row in refused else "doubt" if row in doubted else "kept"
            for row in known.index
        ]
        shapes = np.asarray(known["geometry"], dtype=object)
        return gpd.GeoDataFrame({"state": state}, index=known.index, geometry=shapes, crs=4326)


def _with_addresses(rows: pd.DataFrame, kept: pd.DataFrame) -> pd.DataFrame:
    """Return staged rows with the points of those that only their address placed."""
    given = dict(zip(rows.index, rows["geometry"], strict=True)) if "geometry" in rows else {}
    found = dict(zip(kept.index, kept["geometry"], strict=True))
    shapes = [found.get(row) if given.get(row) is None else given[row] for row in rows.index]
    return rows.assign(geometry=pd.Series(shapes, index=rows.index, dtype=object))


def make_report(
    diagnosis: Diagnosis,
    checked: Checked,
    findings: Findings,
    *,
    batch_id: int | None,
    is_dry_run: bool,
) -> ImportReport:
    """Return the account of a file whose rows were checked."""
    staged, raw = diagnosis.staged, diagnosis.table
    if staged is None or diagnosis.kind is None:
        raise TypeError(diagnosis)  # nothing was checked
    n_unchanged = len(checked.trip.unchanged - findings.refused_rows())
    n_kept = len(checked.kept)
    return ImportReport(
        kind=diagnosis.kind.name,
        source=diagnosis.source,
        batch_id=batch_id,
        n_read=checked.n_read,
        n_kept=n_kept,
        n_refused=checked.n_read - n_kept - n_unchanged,
        refused=tuple(sorted(findings.refused, key=lambda cell: cell.row)),
        notes=tuple(findings.notes),
        headings=staged.headings,
        unread=staged.unread,
        reference=staged.reference,
        sha256=diagnosis.sha256,
        is_dry_run=is_dry_run,
        doubts=tuple(sorted(findings.doubts, key=lambda cell: cell.row)),
        left_out=raw.left_out if raw is not None else (),
        mends=diagnosis.mends,
        n_unchanged=n_unchanged,
        n_changed=len(set(checked.trip.former) & set(checked.kept.index)),
        sheet=raw.sheet if raw is not None else "",
        matched=levels_of(checked.kept),
        n_asked=len(checked.doubtful),
    )


def _shown(heading: str, cell: str) -> str:
    if cell and is_personal(heading):
        return MASK
    return masked(cell, is_code=is_code_heading(heading))[0]


def _distinct(headings: tuple[str, ...]) -> list[str]:
    """Return the headings, blank and repeated ones numbered."""
    seen: dict[str, int] = {}
    names = []
    for i, heading in enumerate(headings):
        name = heading or f"({i + 1})"
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return names
