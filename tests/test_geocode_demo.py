"""The demo's buildings asked for in noisy writing, and the page that tells how well it goes."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

from geo.geocode import CLAIM_CONFIDENCE
from geo.geocode.index import MOST
from geo.geocode.places import SAME_PLACE_M
from geo.geocode.rows import DIVISION_COLUMNS, LEVEL_OF_KIND

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "addresses.md").read_text(encoding="utf-8")


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "bench"))
    for name in ("cases", "geocode_cases"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return importlib.import_module("bench_geocode")


def test_noisy_queries_find_the_demo_s_buildings(bench: ModuleType):
    case = bench.demo_case(1500, seed=23)
    matches = bench.Gazetteer.from_frame(case.addresses).match_many([q.text for q in case.queries])
    figures = bench.judge(case, matches)
    assert figures["claimed"] >= 0.90
    assert figures["right_of_claimed"] >= 0.98
    assert figures["wrong_and_sure"] <= 0.005


def test_the_same_seed_asks_the_same(bench: ModuleType):
    one, other = bench.demo_case(30, seed=5), bench.demo_case(30, seed=5)
    assert one.queries == other.queries
    assert one.queries != bench.demo_case(30, seed=6).queries


def test_columns_kinds_and_thresholds_are_documented():
    assert " · ".join(LEVEL_OF_KIND) in PAGE
    assert all(f"`{column}`" in PAGE for column in (*DIVISION_COLUMNS, "aliases", "kind", "id"))
    assert f"置信 ≥ {CLAIM_CONFIDENCE:g}" in PAGE
    assert f"within {SAME_PLACE_M:g} m are one place" in PAGE
    assert f"the {MOST} names most alike" in PAGE


def test_the_labels_of_the_corpus_are_documented(bench: ModuleType):
    labels = importlib.import_module("ncap").LABELS
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and " · " in line]
    for theirs, ours in labels.items():
        assert any(theirs in line and ours[0].value in line for line in rows), theirs
    assert bench.BARRED
