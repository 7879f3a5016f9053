"""What a file is: its kind, guessed from headings, names, geometry and content, with the reason."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import shapely

from data.column_mapping import match_columns, place_columns
from data.fields import KINDS, ROW_ID, Kind, plain_heading, without_unit
from data.raw_table import RawTable
from data.staging import has_addresses
from geo.text import Text

# In this order: 社区党员花名册 speaks of members, not of communities.
NAME_WORDS = {
    "members": r"党员|花名册|member",
    "stations": r"驿站|station",
    "candidates": r"备选|点位|选址|candidate",
    "gates": r"出入口|大门|门岗|gate",
    "buildings": r"楼栋|楼幢|栋数|幢|building",
    "network": r"路网|道路|road|street|network",
    "grids": r"网格|grid",
    "compounds": r"小区|楼盘|compound",
    "communities": r"社区|communit",
}
# Without one of these a table is not taken for one of the kind.
TELLING_FIELDS = {
    "members": {"party_duty", "branch", "kind"},
    "buildings": {"number", "name", "levels"},
    "gates": {"name", "is_open_to_all"},
}
LEAST_SCORE, LEAST_MARGIN = 0.6, 0.25
NAME_SCORE = 0.8  # what the name of file, sheet or title says is worth
OWN_NAME_SCORE = 0.3  # a heading that asks for the very thing: 小区名称 of compounds
CODE_DIGITS = {"grids": 15, "communities": 12}
SHOWN_HEADINGS = 4


@dataclass(frozen=True)
class KindGuess:
    """The kind of a file, None where it cannot be told, why, and how well each kind fits."""

    kind: str | None
    reason: Text
    scores: dict[str, float] = field(default_factory=dict)


def guess_kind(raw: RawTable, names: Sequence[str]) -> KindGuess:
    """Guess the kind of a table; `names` are those of its file, sheet and title."""
    scores: dict[str, float] = {}
    reasons: dict[str, list[Text]] = {}
    named = _kind_of_name(names)
    for name, kind in KINDS.items():
        scored = _score(raw, kind)
        if scored is None:
            continue
        scores[name], reasons[name] = scored
        if name == named:
            scores[name] += NAME_SCORE
            title = kind.title
            reasons[name].append(
                Text(f"名称里有“{title.zh}”一类的字", f"its name speaks of {title.en}")
            )
    ranked = sorted(scores, key=lambda name: -scores[name])
    if not ranked:
        return KindGuess(None, NO_KIND, scores)
    best = ranked[0]
    margin = scores[best] - (scores[ranked[1]] if len(ranked) > 1 else 0.0)
    if scores[best] < LEAST_SCORE or margin < LEAST_MARGIN:
        shown_zh = "、".join(KINDS[name].title.zh for name in ranked[:3])
        shown_en = ", ".join(KINDS[name].title.en for name in ranked[:3])
        reason = Text(f"可能是：{shown_zh}。请选择。", f"It may be: {shown_en}. Choose one.")
        return KindGuess(None, reason, scores)
    title = KINDS[best].title
    zh = "；".join(text.zh for text in reasons[best])
    en = "; ".join(text.en for text in reasons[best])
    return KindGuess(best, Text(f"看作{title.zh}：{zh}", f"Taken for {title.en}: {en}"), scores)


NO_KIND = Text(
    "看不出是哪种数据：没有认识的表头，也没有合适的图形。请选择种类并指定各列。",
    "It cannot be told what this is: no heading is known and no geometry fits. Choose the kind and "
    "its columns.",
)


def heading_fit(kind: Kind | None, headings: Sequence[str]) -> float:
    """Return how well headings suit a kind, or the kind that they suit best."""
    if kind is not None:
        return float(len(match_columns(headings, kind, set())))
    return max(sum(_weights(headings, k).values()) for k in KINDS.values() if k.fields)


def _kind_of_name(names: Iterable[str]) -> str | None:
    for text in names:
        for kind, words in NAME_WORDS.items():
            if re.search(words, text, re.IGNORECASE):
                return kind
    return None


def _score(raw: RawTable, kind: Kind) -> tuple[float, list[Text]] | None:
    """Return how well a table fits a kind, and why; None where it cannot be one."""
    places = place_columns(raw)
    shape = _shape_score(raw, kind, has_columns=bool(places))
    if shape is None:
        return None
    if kind.name == "network":
        lines = Text("图形是线", "its geometry is lines")
        return (1.0, [lines]) if shape > 0 else None
    columns = match_columns(raw.headings, kind, set(places.values()))
    if any(f.is_needed and f.name not in columns for f in kind.fields):
        return None
    telling = TELLING_FIELDS.get(kind.name)
    if telling and not columns.keys() & telling and raw.geometry is None:
        return None
    if kind.name == "grids" and not columns.keys() & {"code", "name"}:
        return None
    weights = _weights([raw.headings[i] for i in columns.values()], kind)
    best = sorted(weights, key=lambda heading: -weights[heading])[:SHOWN_HEADINGS]
    shown_zh = "、".join(f"“{h}”" for h in best)
    reasons = [Text(f"表头有{shown_zh}", f"it has the headings {', '.join(best)}")] if best else []
    score = sum(weights.values()) + shape
    if any(f.is_needed and raw.headings[columns[f.name]] == f.headings[0] for f in kind.fields):
        score += OWN_NAME_SCORE
    digits = CODE_DIGITS.get(kind.name)
    if digits and "code" in columns and _has_codes(raw.columns[columns["code"]], digits):
        score += 1.0
        reasons.append(Text(f"编码是 {digits} 位", f"its codes have {digits} digits"))
    return score, reasons


def _shape_score(raw: RawTable, kind: Kind, *, has_columns: bool) -> float | None:
    """Return what the geometry says for a kind; None where it speaks against it."""
    if raw.geometry is None:
        if kind.shape in {"polygon", "any", "none"} and ROW_ID not in raw.headings:
            return None
        if has_columns:
            return 0.0 if kind.name == "communities" else 0.3
        # Of buildings an address alone may as well be where members live: that is not guessed.
        by_address = kind.name != "buildings" and has_addresses(raw, kind)
        return 0.0 if kind.shape == "optional" or ROW_ID in raw.headings or by_address else None
    known = raw.geometry[~shapely.is_missing(raw.geometry)]
    dimensions = shapely.get_dimensions(known)
    share = [float(np.mean(dimensions == n)) if len(known) else 0.0 for n in range(3)]
    wanted = {
        "polygon": share[2],
        "point": share[0],
        "polygon_or_point": share[0] + share[2],
        "optional": share[0] if kind.name == "members" else share[2],
        "any": 0.3,
        "none": share[1],
    }[kind.shape]
    if wanted < 0.3:
        return None
    return 0.5 if kind.shape in {"polygon", "point"} else 0.3


@cache
def _kinds_with(heading: str) -> int:
    return sum(
        any(heading in map(plain_heading, field.headings) for field in kind.fields)
        for kind in KINDS.values()
    )


def _weights(headings: Sequence[str], kind: Kind) -> dict[str, float]:
    """Return for each heading that a kind reads how much it speaks for that kind alone."""
    own = {plain_heading(name) for field in kind.fields for name in field.headings}
    weights = {}
    for heading in headings:
        plain = plain_heading(heading)
        spelled = plain if plain in own else without_unit(plain)
        if spelled in own:
            weights[heading] = 1.0 / _kinds_with(spelled)
    return weights


def _has_codes(cells: Sequence[str], digits: int) -> bool:
    known = [cell for cell in cells if cell]
    n_such = sum(cell.isdecimal() and len(cell) == digits for cell in known)
    return n_such > len(known) / 2
