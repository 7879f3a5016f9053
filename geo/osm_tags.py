"""Which OpenStreetMap ways are walked, and what the tags of ways and nodes mean for a walk.

The tables are the documentation too: docs/osm.md shows them, and a test compares the two.
"""

from dataclasses import dataclass
from typing import Protocol

from geo.network import EdgeFlag, EdgeKind

# highway=… that people walk along, and what it is drawn as. A value that is not here is not walked.
WALKED: dict[str, EdgeKind] = {
    "trunk": EdgeKind.MAJOR,  # in Chinese cities with footways beside it; motorways are left out
    "trunk_link": EdgeKind.MAJOR,
    "primary": EdgeKind.MAJOR,
    "primary_link": EdgeKind.MAJOR,
    "secondary": EdgeKind.MAJOR,
    "secondary_link": EdgeKind.MAJOR,
    "tertiary": EdgeKind.STREET,
    "tertiary_link": EdgeKind.STREET,
    "unclassified": EdgeKind.STREET,
    "residential": EdgeKind.STREET,
    "living_street": EdgeKind.STREET,
    "road": EdgeKind.STREET,
    "service": EdgeKind.SERVICE,
    "track": EdgeKind.SERVICE,
    "services": EdgeKind.SERVICE,
    "footway": EdgeKind.FOOT,
    "pedestrian": EdgeKind.FOOT,
    "path": EdgeKind.FOOT,
    "cycleway": EdgeKind.FOOT,
    "bridleway": EdgeKind.FOOT,
    "corridor": EdgeKind.FOOT,
    "crossing": EdgeKind.FOOT,
    "elevator": EdgeKind.FOOT,
    "trail": EdgeKind.FOOT,
    "steps": EdgeKind.STEPS,
}
# Named so that the reader of the table finds them: never walked, whatever their other tags.
NOT_WALKED = (
    "motorway",
    "motorway_link",
    "construction",
    "proposed",
    "platform",
    "raceway",
    "bus_guideway",
    "busway",
    "escape",
    "abandoned",
    "razed",
)
FOOT_ALLOWED = {"yes", "designated", "permissive", "destination", "official", "customers"}
FOOT_FORBIDDEN = {"no", "use_sidepath"}
PRIVATE_ACCESS = {"private", "no", "residents", "permit", "delivery", "military", "agricultural"}
SIGNALS = {"traffic_signals"}
CROSSINGS = {"uncontrolled", "marked", "zebra", "unmarked", "island", "yes", "informal"}


class Tags(Protocol):
    """What is read of tags: a dict, or osmium's own list, which is slow to copy."""

    def get(self, key: str, default: str = ..., /) -> str | None:
        """Return the value of a key."""


@dataclass(frozen=True)
class WayTags:
    """What a walked way is."""

    kind: EdgeKind
    flags: EdgeFlag
    name: str
    is_crossing: bool
    has_signals: bool


def way_tags(tags: Tags) -> WayTags | None:
    """Return what the tags of a way mean, None if it is not walked."""
    highway = tags.get("highway", "") or ""
    kind = WALKED.get(highway)
    if kind is None:
        return None
    foot = tags.get("foot", "")
    allowed = foot in FOOT_ALLOWED
    is_motorroad = kind is EdgeKind.MAJOR and tags.get("motorroad") == "yes" and not allowed
    if foot in FOOT_FORBIDDEN or is_motorroad:
        return None
    flags = EdgeFlag(0)
    if kind is EdgeKind.STEPS:
        flags |= EdgeFlag.STEPS
    if foot == "private" or (tags.get("access") in PRIVATE_ACCESS and not allowed):
        flags |= EdgeFlag.PRIVATE
    if tags.get("bridge", "no") != "no":
        flags |= EdgeFlag.BRIDGE
    if tags.get("tunnel", "no") not in {"no", "building_passage"}:
        flags |= EdgeFlag.TUNNEL
    # Each look at a tag takes time: only what the first ones leave open is asked.
    is_crossing = highway == "crossing" or (
        kind is EdgeKind.FOOT
        and any(tags.get(key) == "crossing" for key in ("footway", "path", "cycleway"))
    )
    return WayTags(
        kind=kind,
        flags=flags,
        name=tags.get("name") or tags.get("name:zh") or "",
        is_crossing=is_crossing,
        has_signals=is_crossing
        and (tags.get("crossing") in SIGNALS or tags.get("crossing:signals") == "yes"),
    )


def node_crossing(tags: Tags) -> str:
    """Return "signals", "crossing" or "" for the tags of a node."""
    crossing = tags.get("crossing", "")
    is_crossing = tags.get("highway") == "crossing" or crossing in SIGNALS | CROSSINGS
    has_signals = crossing in SIGNALS or tags.get("crossing:signals") == "yes"
    if tags.get("highway") == "traffic_signals":
        return "signals"
    if not is_crossing or crossing == "no":
        return ""
    return "signals" if has_signals else "crossing"


def is_gate(tags: Tags) -> bool:
    """Return whether a node is a gate."""
    return tags.get("barrier") in {
        "gate",
        "lift_gate",
        "swing_gate",
        "sliding_gate",
        "kissing_gate",
    }
