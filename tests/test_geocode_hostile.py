"""Texts that are no addresses: no exception, no answer, no long time."""

import time
from functools import lru_cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.geocode import Gazetteer, Match, MatchLevel, canonical_key, parse

NOTHING = [
    *(None, float("nan"), pd.NA, 3, 3.5, b"x", [], np.nan, "", " ", "\x00\x01\x02", "\ud800"),
    *(
        "😀" * 50,
        "\u202e\u200f\u2067",
        "\u0301" * 100,
        "()" * 100,
        "---,,,###",
        "<script>",
        "'; --",
    ),
    *("路" * 10_000, "1" * 10_000, "小区" * 5_000, "天逸华府桂园3栋" * 2_000, "(" * 10_000),
]
LONG = [
    char * 256 for char in ("路", "1", "一", "小区", "(", "A1", "号", "栋", "东", "市", "1-", "期")
]


@lru_cache(maxsize=1)
def whole_gazetteer() -> Gazetteer:
    book = pd.DataFrame(
        {
            "address": [f"滁州市南谯区龙蟠大道{k}号天逸华府桂园{k}栋" for k in range(1, 60)],
            "lon": 118.3,
            "lat": 32.2,
        }
    )
    return Gazetteer.from_frame(book)


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    return whole_gazetteer()


@pytest.mark.parametrize("value", NOTHING, ids=lambda value: repr(value)[:20])
def test_what_is_no_address_matches_nothing(gazetteer: Gazetteer, value: object):
    match = gazetteer.match(value)
    assert match.level is MatchLevel.NONE
    assert not match.is_claimed


def test_many_of_them_at_once_spoil_nothing(gazetteer: Gazetteer):
    good = "滁州市南谯区龙蟠大道3号天逸华府桂园3栋"
    matches = gazetteer.match_many([*NOTHING, good])
    assert matches[-1].confidence == 1.0
    assert {match.level for match in matches[:-1]} == {MatchLevel.NONE}


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=300))
def test_no_text_raises(text: str):
    assert isinstance(whole_gazetteer().match(text), Match)
    assert isinstance(canonical_key(text), str)


def test_hostile_cells_of_a_gazetteer_do_no_harm():
    cells = [value for value in NOTHING if not isinstance(value, list)]
    book = pd.DataFrame({"address": pd.Series(cells, dtype=object), "lon": 118.3, "lat": 32.2})
    book["aliases"] = pd.Series(cells[::-1], dtype=object)
    assert Gazetteer.from_frame(book).match("天逸华府桂园3栋").id is None


@pytest.mark.parametrize("text", LONG, ids=lambda text: text[:3])
def test_the_longest_texts_take_milliseconds(gazetteer: Gazetteer, text: str):
    start = time.process_time()
    for value in (text[:256], text[:255] + "室", "滁州市" + text[:250]):
        parse(value)
        canonical_key(value)
        gazetteer.match(value)
    assert time.process_time() - start < 1.0


def test_a_text_of_ten_thousand_characters_is_not_even_read():
    start = time.process_time()
    for _ in range(1000):
        assert parse("天" * 10_000) == []
    assert time.process_time() - start < 0.5
