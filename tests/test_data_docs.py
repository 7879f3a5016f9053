from pathlib import Path

import pytest

from data.fields import (
    KINDS,
    LAT,
    LON,
    LON_LAT,
    PERSONAL_HEADINGS,
    find_column,
    is_personal,
    plain_heading,
)
from data.files import CSV, EXCEL, OSM, VECTOR
from data.models import Datum
from geo.osm_features import FLAT_SHARE, M2_A_HOUSEHOLD, RESIDENTIAL_LEVELS
from redgrid import DATUMS, EXAMPLES

DOCUMENT = (Path(__file__).parents[1] / "docs" / "data.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", [kind for kind in KINDS.values() if kind.fields])
def test_every_heading_is_documented_under_its_kind(kind):
    section = DOCUMENT.split(f"· `{kind.name}`\n")[1].split("\n### ")[0]
    for field in kind.fields:
        row = f"| {' · '.join(field.headings)} |"
        assert row in section, f"{field.name}: {row}"


def test_coordinate_and_personal_headings_endings_and_datums_are_documented():
    for names in (LON, LAT, LON_LAT, PERSONAL_HEADINGS):
        assert " · ".join(names) in DOCUMENT
    for ending in (*CSV, *EXCEL, *VECTOR, *OSM):
        assert ending in DOCUMENT
    for datum in Datum:
        assert datum.value in DOCUMENT


def test_the_estimate_of_households_is_documented_as_it_is_computed():
    section = DOCUMENT.split("· Households of OSM buildings\n")[1].split("\n### ")[0]
    assert section.count(f"× {FLAT_SHARE:g} ÷ {M2_A_HOUSEHOLD:g}") == 2  # in both languages
    for levels in set(RESIDENTIAL_LEVELS.values()):
        types = ", ".join(f"`{name}`" for name, n in RESIDENTIAL_LEVELS.items() if n == levels)
        assert f"{types} {levels} 层" in section


def test_the_command_knows_every_kind_and_datum():
    assert set(EXAMPLES) == set(KINDS)
    assert set(DATUMS) == {datum.value for datum in Datum}


@pytest.mark.parametrize("kind", KINDS.values())
def test_no_heading_names_two_fields_of_equal_preference(kind):
    """Every field is found by its first heading, all fields side by side."""
    first = [field.headings[0] for field in kind.fields]
    assert [find_column(first, field.headings) for field in kind.fields] == list(range(len(first)))


@pytest.mark.parametrize(
    "heading", ["总户数", "总户数(户)", "总户数（户）", " 总 户 数 ", "总户数*", "总户数："]
)
def test_a_heading_is_known_by_width_space_and_unit(heading):
    assert find_column(["名称", heading], ["总户数"]) == 1


def test_english_headings_are_known_by_case_and_space():
    assert plain_heading(" Opening Hours ") == "opening_hours"
    assert find_column(["NAME", "Area (m2)"], ["area"]) == 1


@pytest.mark.parametrize(
    "heading", [*PERSONAL_HEADINGS, "本人身份证号码（18位）", "家属电话", "ID_Card"]
)
def test_personal_columns_are_recognised(heading):
    assert is_personal(heading)


@pytest.mark.parametrize("heading", ["小区名称", "户数", "职务", "code"])
def test_other_columns_are_not_personal(heading):
    assert not is_personal(heading)
