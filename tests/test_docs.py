"""Documents that name what the code does are compared with it, and no link in them is dead."""

import re
from pathlib import Path

import pytest

from geo import osm_features, osm_tags
from geo.network import EdgeKind

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
OSM = (ROOT / "docs" / "osm.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_to_a_file_leads_to_one(document: Path):
    text = document.read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", text)
    assert [name for name in targets if not (document.parent / name).is_file()] == []


def row(head: str) -> list[str]:
    """Return the cells of the one table row of docs/osm.md that begins with a word."""
    (found,) = re.findall(rf"^\| ((?:[^|]* )?{re.escape(head)} \|.*)\|$", OSM, re.MULTILINE)
    return [cell.strip() for cell in found.split("|")]


@pytest.mark.parametrize("kind", sorted({*osm_tags.WALKED.values()}))
def test_the_walked_ways_are_documented(kind: EdgeKind):
    walked = [value for value, drawn in osm_tags.WALKED.items() if drawn is kind]
    assert row(kind.name.lower())[1] == " · ".join(walked)


def test_what_is_not_walked_and_who_may_walk_are_documented():
    assert " · ".join(osm_tags.NOT_WALKED) in OSM
    for values in (
        osm_tags.PRIVATE_ACCESS,
        osm_tags.FOOT_ALLOWED,
        osm_tags.CROSSINGS | osm_tags.SIGNALS,
    ):
        assert f" {' · '.join(sorted(values))} " in OSM
    assert f"`foot=` {' · '.join(sorted(osm_tags.FOOT_FORBIDDEN))} |" in OSM


def test_what_is_a_gate_is_documented():
    (gates,) = re.findall(r"`barrier=` ([a-z_ ·]+) \|", OSM)
    for value in gates.split(" · "):
        assert osm_tags.is_gate({"barrier": value})
    assert not osm_tags.is_gate({"barrier": "bollard"})


def test_the_estimate_of_households_is_documented():
    for building, levels in osm_features.RESIDENTIAL_LEVELS.items():
        assert row(building)[1] == str(levels)
    assert f"× {osm_features.FLAT_SHARE} ÷ {osm_features.M2_A_HOUSEHOLD:g} m²" in OSM


@pytest.mark.parametrize("kind", ["water", "green", "rail"])
def test_the_tags_of_the_base_map_are_documented(kind: str):
    tags = osm_features.BASE_TAGS.get(kind, set()) | osm_features.BASE_LINES.get(kind, set())
    assert row(kind)[1] == " · ".join(sorted(f"{key}={value}" for key, value in tags))
