"""docs/review.md names the services, keys, datums, paces and states as the code has them."""

from pathlib import Path

import pytest

from data.geocoding.places import ASKABLE
from data.geocoding.services import SERVICES
from data.geocoding.verification import STATE_TITLES
from redgrid_geocode import ASKABLE as OFFERED_KINDS
from redgrid_geocode import SERVICES as OFFERED

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = (ROOT / "docs" / "review.md").read_text(encoding="utf-8")
DATUMS = {"cgcs2000": "CGCS2000", "gcj02": "GCJ-02", "bd09": "BD-09", "wgs84": "WGS84"}


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_documented(name: str):
    service = SERVICES[name]
    (row,) = [line for line in DOCUMENT.splitlines() if line.startswith(f"| `{name}`")]
    key = f"`REDGRID_{name.upper()}_KEY`" if service.key_name else "—"
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[1:] == [DATUMS[service.datum], key, f"{service.interval_s:g} s"]


@pytest.mark.parametrize("state", STATE_TITLES)
def test_every_state_is_documented(state: str):
    assert f"| {STATE_TITLES[state].zh} `{state}` |" in DOCUMENT


def test_the_command_offers_what_the_adapters_are_for():
    assert set(OFFERED) == set(SERVICES)
    assert OFFERED_KINDS == ASKABLE
