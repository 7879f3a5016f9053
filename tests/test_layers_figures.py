"""Figures by which grids are coloured: classes, labels, and how a value is said."""

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.study import WEIGHTS
from layers.figures import grid_figure, share_text

COLUMNS = [
    "median_s",
    "p90_s",
    "area_share",
    "area_km2",
    "members_per_km2",
    "members_per_100_households",
    *WEIGHTS,
    *(f"{weight}_share" for weight in WEIGHTS),
    *(f"{weight}_backup" for weight in WEIGHTS),
]
NUMBERS = st.floats(0, 1e7, allow_nan=False)


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_each_figure_has_a_title_and_a_label_and_a_colour_for_each_class(column: str, lang: str):
    figure = grid_figure(column, [0.0, 12.0, 340.0])
    assert figure.title.say(lang)
    assert "_" not in figure.title.say(lang)
    assert len(figure.labels(lang)) == len(figure.colours) == len(figure.breaks) + 1
    assert len(set(figure.labels(lang))) == len(figure.breaks) + 1
    assert len(set(figure.colours)) == len(figure.breaks) + 1


@pytest.mark.parametrize("column", COLUMNS)
def test_no_class_is_red(column: str):
    for colour in grid_figure(column, [0.0, 340.0]).colours:
        red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
        assert red <= max(green, blue)


@pytest.mark.parametrize("column", COLUMNS)
def test_each_class_is_darker_than_the_one_below(column: str):
    colours = grid_figure(column, [0.0, 12.0, 340.0]).colours
    light = [
        0.2126 * int(c[1:3], 16) + 0.7152 * int(c[3:5], 16) + 0.0722 * int(c[5:7], 16)
        for c in colours
    ]
    assert light == sorted(light, reverse=True) or light == sorted(light)


@given(st.lists(NUMBERS, min_size=1, max_size=30), st.sampled_from(COLUMNS))
def test_a_larger_value_is_never_in_a_lower_class(values: list[float], column: str):
    ascending = np.sort(np.array(values))
    classes = grid_figure(column, ascending).classes(ascending)
    assert (np.diff(classes) >= 0).all()
    assert classes.min() >= 0


@given(st.lists(NUMBERS, min_size=1, max_size=30))
def test_counts_are_classed_at_round_numbers_that_reach_to_the_largest(values: list[float]):
    breaks = grid_figure("households", values).breaks
    assert len(breaks) <= 5
    assert all(b <= max(values) for b in breaks)
    if max(values) >= 1:
        assert breaks
        assert re.fullmatch(r"[125]0*\.?0*|0\.0*[125]", f"{breaks[0]:.12f}".rstrip("0"))


def test_a_value_not_known_has_no_class_and_is_not_said_to_be_zero():
    share, count = grid_figure("members_share"), grid_figure("households", [12.0])
    for figure in (share, count):
        assert figure.classes(np.array([math.nan])).tolist() == [-1]
        assert figure.unknown_label("zh") not in figure.labels("zh")
    assert share.say(math.nan, "zh") == "—"
    assert (count.say(math.nan, "zh"), count.say(math.nan, "en")) == ("未知", "not known")


def test_fifteen_minutes_are_within_fifteen_minutes():
    figure = grid_figure("median_s")
    at_limit, beyond = figure.classes(np.array([900.0, 900.001]))
    assert figure.labels("zh")[at_limit].endswith("15 分钟")
    assert beyond == at_limit + 1
    assert figure.say(math.inf, "zh") == "走不到"


def test_the_member_bands_are_none_a_few_some_and_many():
    figure = grid_figure("members")
    assert figure.classes(np.array([0, 1, 4, 5, 9, 10, 500.0])).tolist() == [0, 1, 1, 2, 2, 3, 3]
    assert figure.labels("zh") == ["0", "1–4", "5–9", "10+"]


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0%"),
        (1, "100%"),
        (0.996, "99.6%"),
        (0.99999, "99.9%"),
        (0.0001, "0.1%"),
        (0.874, "87%"),
    ],
)
def test_only_a_full_share_says_hundred_percent(share: float, text: str):
    assert share_text(share) == text
