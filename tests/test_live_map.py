"""What travels between page and map: the message there, the event back."""

import gzip
import json
import struct
from dataclasses import replace
from typing import Any

import geopandas as gpd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from layers import MapLayer, grid_layer
from views.live_map import LABELS, MapEvents, _message, _read_event, _source, _style_sheet


def layer(shares: tuple[float, ...] = (1.0, float("nan"))) -> MapLayer:
    boxes = [shapely.box(i, 0, i + 1, 1) for i in range(len(shares))]
    frame = gpd.GeoDataFrame(
        {"name": [f"第{i}网格" for i in range(len(shares))], "members_share": list(shares)},
        geometry=boxes,
        crs="EPSG:4326",
    )
    return grid_layer(frame, "members_share", "zh")


def read(message: bytes) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Read a message as the browser does."""
    (length,) = struct.unpack(">I", message[:4])
    head = json.loads(message[4 : 4 + length])
    body = message[4 + length :]
    spans = [about["values"] for about in head["layers"]]
    return head, [json.loads(gzip.decompress(body[a : a + n])) for a, n in spans]


def test_a_message_holds_values_and_colours_but_no_geometry() -> None:
    grids = layer()
    message = _message([grids], head={"key": "k"})
    head, (values,) = read(message)
    assert head["key"] == "k"
    assert head["layers"][0]["name"] == f"grids@{grids.version}"
    assert values["ids"] == ["0", "1"]
    assert values["columns"]["name"] == ["第0网格", "第1网格"]
    assert [values["palette"][k] for k in values["classes"]] == list(grids.colours.values())
    assert values["hatched"] == [1]
    assert b"coordinates" not in message


def test_the_same_content_is_the_same_message() -> None:
    assert _message([layer()], head={}) == _message([layer()], head={})


def test_another_figure_keeps_the_name_of_the_geometry_and_changes_the_digest() -> None:
    (before,), (after,) = (
        read(_message([grids], head={}))[0]["layers"] for grids in (layer(), layer((0.1, 0.2)))
    )
    assert before["name"] == after["name"]
    assert before["digest"] != after["digest"]


def test_a_layer_without_features_names_no_geometry() -> None:
    head, (values,) = read(_message([layer(())], head={}))
    assert head["layers"][0]["name"] == ""
    assert values["ids"] == []


CLICK = {"kind": "click", "layer": "grids", "id": "1", "lon": 118.31, "lat": 32.26}


def test_a_click_is_read_with_its_place() -> None:
    events = _read_event({"event": CLICK}, [layer()])
    assert events == MapEvents(clicked=("grids", "1"), place=(118.31, 32.26))


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "drag"},
        {"layer": "people"},
        {"layer": ["grids"]},
        {"id": "7"},
        {"id": 1},
        {"id": {"$ne": ""}},
    ],
    ids=str,
)
def test_an_event_that_is_not_understood_is_none(change: dict[str, Any]) -> None:
    assert _read_event({"event": {**CLICK, **change}}, [layer()]) == MapEvents()


def test_a_click_on_a_layer_that_cannot_be_selected_is_none() -> None:
    fixed = replace(layer(), is_selectable=False)
    assert _read_event({"event": CLICK}, [fixed]) == MapEvents()


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.integers()
    | st.just(10**400)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "kind": st.sampled_from(["click", "place"]) | json_values,
            "layer": st.just("grids") | json_values,
            "id": st.just("1") | json_values,
            "lon": json_values,
            "lat": json_values,
        },
    )
    | json_values
)
def test_whatever_a_browser_sends_is_read_without_an_error(event: object) -> None:
    events = _read_event({"event": event}, [layer()])
    assert events.clicked in {None, ("grids", "1")}
    if events.place is not None:
        lon, lat = events.place
        assert -180 <= lon <= 180
        assert -90 <= lat <= 90


def test_the_code_names_nothing_outside_the_page() -> None:
    assert "url(" not in _style_sheet()
    code = _source().replace("http://www.w3.org/2000/svg", "")
    assert "sourceMappingURL" not in code
    for word in ("fetch(", "XMLHttpRequest", "importScripts", "innerHTML ="):
        assert word not in code.split("const L = ")[1], word


def test_every_word_of_the_map_is_in_both_languages() -> None:
    for text in LABELS.values():
        assert text.zh
        assert text.en
        assert text.zh != text.en


def test_only_layers_that_may_be_dragged_are_moved() -> None:
    still, dragged = layer(), replace(layer(), id="new", style={"drag": True})
    event = {"kind": "move", "id": "1", "lon": 118.3, "lat": 32.2}
    layers = [still, dragged]
    assert _read_event({"event": {**event, "layer": "grids"}}, layers) == MapEvents()
    assert _read_event({"event": {**event, "layer": "new"}}, layers) == MapEvents(
        moved=("new", "1"), place=(118.3, 32.2)
    )
    assert _read_event({"event": {**event, "layer": "new", "lat": 95}}, layers) == MapEvents()
