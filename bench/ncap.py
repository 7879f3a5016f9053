"""Spans of labelled addresses (NCAP, NAACL 2019) against the parser's, label by label."""

import gzip
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from geo.geocode import Label, parse

# Their label, lower case: ours. A villagers' group (12组) is a road there, a part of the
# community here; what is not in the table (poi, redundant, assist, person) is not compared.
LABELS = {
    "prov": (Label.PROVINCE,),
    "city": (Label.CITY,),
    "district": (Label.COUNTY,),
    "devzone": (Label.ZONE,),
    "town": (Label.STREET,),
    "community": (Label.COMMUNITY,),
    "road": (Label.ROAD, Label.GROUP),
    "subroad": (Label.ROAD, Label.GROUP),
    "roadno": (Label.ROAD_NUMBER,),
    "subroadno": (Label.ROAD_NUMBER,),
    "houseno": (Label.BUILDING,),
    "cellno": (Label.UNIT,),
    "floorno": (Label.FLOOR,),
    "roomno": (Label.ROOM,),
}
SAME = {"subroad": "road", "subroadno": "roadno"}  # counted together
OURS = {label: SAME.get(theirs, theirs) for theirs, labels in LABELS.items() for label in labels}
Span = tuple[str, int, int]


def sentences(path: Path) -> Iterator[tuple[str, set[Span]]]:
    """Yield each address as written and its labelled spans (label, start, end)."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        text, spans = "", []
        for line in [*lines, "\n"]:
            token, _, label = line.rstrip("\n").rpartition(" ")
            if not label and text:
                yield (
                    text,
                    {(SAME.get(k, k), a, b) for k, a, b in spans if k in LABELS or k == "poi"},
                )
                text, spans = "", []
            if not label:
                continue
            kind = label[2:].lower()  # the case of labels varies
            if label[0] == "I" and spans and spans[-1][0] == kind and spans[-1][2] == len(text):
                spans[-1] = (kind, spans[-1][1], len(text) + len(token))
            else:
                spans.append((kind, len(text), len(text) + len(token)))
            text += token


def scores(path: Path) -> dict[str, dict[str, float]]:
    """Return precision, recall and F1 of each label; a span is right if both ends are.

    `road without poi` counts the roads of addresses that name no point of interest.
    """
    right: Counter[str] = Counter()
    given: Counter[str] = Counter()
    wanted: Counter[str] = Counter()
    for text, spans in sentences(path):
        found = {(OURS[t.label], t.start, t.end) for t in parse(text) if t.label in OURS}
        kinds = {kind for kind, _, _ in spans}
        for kind in set(OURS.values()):
            mine = {span for span in found if span[0] == kind}
            theirs = {span for span in spans if span[0] == kind}
            names = [kind] + ["road without poi"] * (kind == "road" and "poi" not in kinds)
            for name in names:
                right[name] += len(mine & theirs)
                given[name] += len(mine)
                wanted[name] += len(theirs)
    return {
        name: {
            "n": wanted[name],
            "precision": right[name] / max(given[name], 1),
            "recall": right[name] / max(wanted[name], 1),
            "f1": 2 * right[name] / max(given[name] + wanted[name], 1),
        }
        for name in sorted(wanted)
    }
