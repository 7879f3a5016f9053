"""Real ledgers and labelled addresses: the bars of docs/addresses.md."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

pytestmark = pytest.mark.real
BENCH = Path(__file__).resolve().parents[1] / "bench"


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCH))
    for name in ("cases", "geocode_cases"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return importlib.import_module("bench_geocode")


@pytest.mark.parametrize(("folder", "city"), [("chuzhou", "滁州市"), ("wuhan", "武汉市")])
def test_noisy_queries_find_real_estates(
    bench: ModuleType, real_data: Path, folder: str, city: str
):
    case = bench.ledger_case(real_data / folder, city, 2500, seed=29)
    matches = bench.Gazetteer.from_frame(case.addresses).match_many([q.text for q in case.queries])
    figures = bench.judge(case, matches)
    assert figures["claimed_of_answerable"] >= 0.92
    assert figures["right_of_claimed"] >= 0.97
    assert figures["wrong_and_sure"] <= 0.005


@pytest.mark.parametrize(
    "label", ["road", "road without poi", "roadno", "houseno", "cellno", "floorno"]
)
def test_spans_of_labelled_addresses(bench: ModuleType, real_data: Path, label: str):
    assert bench.scores(real_data / "addresses/ncap_dev.txt.gz")[label]["f1"] >= 0.85
