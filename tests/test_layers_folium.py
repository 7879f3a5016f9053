"""The map to hand on: text stays text, nothing from outside, the same signs as the live map."""

import html
import re
from dataclasses import replace
from html.parser import HTMLParser

import geopandas as gpd
import shapely
from hypothesis import given
from hypothesis import strategies as st

from layers import MapLayer, folium_html, grid_layer, service_area_layer, station_layer
from layers.page_text import page_text
from layers.palette import BRAND_RED

CRS = "EPSG:4548"
EVIL = (
    "<img src=x onerror=alert(1)></script><script>window.hacked=1</script>"
    "`${alert(1)}\\" + chr(0x2028) + "{{7*7}}"
)


def grids(names: list[str]) -> gpd.GeoDataFrame:
    boxes = [shapely.box(300 * i, 0, 300 * i + 300, 300) for i in range(len(names))]
    shapes = gpd.GeoSeries(boxes, crs=CRS).translate(500_000, 3_570_000)
    columns = {
        "name": names,
        "community": "甲社区",
        "members_share": [0.5, float("nan")][: len(names)],
    }
    return gpd.GeoDataFrame(columns, geometry=shapes)


def stations(name: str = "一号驿站", *, is_open: bool = True) -> gpd.GeoDataFrame:
    place = gpd.points_from_xy([500_100], [3_570_100], crs=CRS)
    columns = {"name": [name], "state": ["open"], "is_open": [is_open]}
    return gpd.GeoDataFrame(columns, geometry=place)


def page(*layers: MapLayer, title: str = "测试图", notes: tuple[str, ...] = ()) -> str:
    return folium_html(layers, title=title, lang="zh", notes=notes)


class Tags(HTMLParser):
    """Collect what a browser would make elements of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.found.append((tag, dict(attrs)))


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn", "Co"])))
def test_text_reads_the_same_in_html_and_holds_nothing_that_code_reads(text: str) -> None:
    safe = page_text(text)
    assert html.unescape(safe) == text
    assert re.fullmatch(r"([^<>\"'`$\\{}&#\n\r\u2028\u2029]|&#\d+;)*", safe)


def test_text_of_any_writing_is_left_as_it_is() -> None:
    assert page_text("天逸华府 3栋, Grid 17 (é)") == "天逸华府 3栋, Grid 17 (é)"


def test_the_page_asks_for_nothing_from_outside() -> None:
    tags = Tags(page(grid_layer(grids(["甲", "乙"]), "members_share", "zh"))).found
    assert not [a for tag, a in tags if tag in {"script", "link", "img", "iframe"} and len(a) > 0]
    policy = [a["content"] for _, a in tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy
    assert policy[0].startswith("default-src 'none'")
    assert "http" not in policy[0]


def test_names_that_look_like_code_add_no_element_and_no_script() -> None:
    def shape_of(name: str) -> list[str]:
        layers = (
            grid_layer(grids([name]), "members_share", "zh"),
            station_layer(stations(name), "zh"),
        )
        return [tag for tag, _ in Tags(page(*layers, title=name, notes=(name,))).found]

    assert shape_of(EVIL) == shape_of("甲")


def test_names_that_look_like_code_are_nowhere_in_the_page() -> None:
    layer = grid_layer(grids([EVIL]), "members_share", "zh")
    made = page(layer, station_layer(stations(EVIL), "zh"), title=EVIL, notes=(EVIL,))
    assert "onerror=alert" not in made
    assert "window.hacked=1" not in made
    assert "${alert" not in made
    assert "49" not in re.findall(r"<header>.*</header>", made, re.DOTALL)[0].replace("&#", "")


def test_title_and_notes_stand_above_the_map() -> None:
    made = page(title="龙蟠街道", notes=("演示数据",))
    assert "<header><h1>龙蟠街道</h1><p>演示数据</p></header>" in made
    assert "<title>龙蟠街道</title>" in made
    assert '<html lang="zh-CN">' in made


def test_the_legend_lists_every_class_of_every_layer_that_has_one() -> None:
    rings = service_area_layer(
        gpd.GeoDataFrame({"minutes": [15.0]}, geometry=grids(["甲"]).geometry), "zh"
    )
    layers = (grid_layer(grids(["甲", "乙"]), "members_share", "zh"), rings)
    made = html.unescape(page(*layers))
    for layer in layers:
        assert layer.legend is not None
        for item in layer.legend.items:
            assert f"<span>{item.label}</span>" in made


def test_a_grid_of_unknown_figure_is_hatched() -> None:
    made = page(grid_layer(grids(["甲", "乙"]), "members_share", "zh"))
    assert made.count('"className": "hatched"') == 1


def test_a_closed_station_is_hollow() -> None:
    def disc(*, is_open: bool) -> list[str]:
        markers = page(station_layer(stations(is_open=is_open), "zh")).split("L.divIcon")[1]
        shown = html.unescape(markers.replace(r"\u0026", "&"))
        return re.findall(r'r=."11.5." fill=."(.*?)."', shown)

    assert disc(is_open=True) == [BRAND_RED]
    assert disc(is_open=False) == ["#ffffff"]


def test_a_page_without_any_layer_is_still_a_page() -> None:
    assert "</html>" in page()


def test_two_layers_of_one_title_have_a_switch_each() -> None:
    layer = replace(grid_layer(grids(["甲"]), "members_share", "zh"), title="A")
    made = page(layer, replace(layer, id="others"))
    switches = re.search(r"overlays :\s*{(.*?)}", made, re.DOTALL)
    assert switches is not None
    assert re.findall(r'"(.*?)" :', switches[1]) == ["A", "A (2)"]
