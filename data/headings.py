"""Which headings are known at all, of whatever kind."""

from functools import cache

from data.fields import (
    HEADING_JOINT,
    KINDS,
    LAT,
    LON,
    LON_LAT,
    PERSONAL_HEADINGS,
    REASON,
    ROW_ID,
    ROW_NUMBER,
    is_personal,
    plain_heading,
    without_unit,
)

# Of no kind, and yet headings: what sheets of an office have beside the data, and ours.
OFFICE_HEADINGS = ("序号", "备注", "性别", "民族", "年龄", "学历", ROW_NUMBER, REASON, ROW_ID)


def is_known_heading(heading: str) -> bool:
    """Tell whether a heading, or a part of it, is one that any kind reads or leaves unread."""
    parts = plain_heading(heading).split(HEADING_JOINT)
    spelled = {without_unit(part) for part in (*parts, plain_heading(heading))} - {""}
    return bool(spelled & _known_headings()) or is_personal(heading)


@cache
def _known_headings() -> frozenset[str]:
    names = [name for kind in KINDS.values() for field in kind.fields for name in field.headings]
    every = (*names, *LON, *LAT, *LON_LAT, *PERSONAL_HEADINGS, *OFFICE_HEADINGS)
    return frozenset(map(plain_heading, every))


def completed_heading(heading: str) -> str:
    """Return the known heading that one cut off at its end begins, or the heading itself.

    For shapefiles, whose headings have at most 10 bytes: 网格编 → 网格编码.
    """
    plain = plain_heading(heading)
    known = [
        *LON_LAT,
        *(name for kind in KINDS.values() for field in kind.fields for name in field.headings),
        *PERSONAL_HEADINGS,
    ]
    if plain in known:
        return heading
    return next((name for name in known if len(plain) > 1 and name.startswith(plain)), heading)
