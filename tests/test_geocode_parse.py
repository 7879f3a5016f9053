"""Addresses taken apart into labelled spans."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.geocode import parse


def parts(text: str) -> list[tuple[str, str]]:
    return [(str(token.label), text[token.start : token.end]) for token in parse(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "安徽省滁州市南谯区龙蟠街道东坡社区龙蟠大道103号天逸华府桂园12栋2单元5层501室",
            [
                *(("province", "安徽省"), ("city", "滁州市"), ("county", "南谯区")),
                *(("street", "龙蟠街道"), ("community", "东坡社区"), ("road", "龙蟠大道")),
                *(("road_number", "103号"), ("name", "天逸华府桂园"), ("building", "12栋")),
                *(("unit", "2单元"), ("floor", "5层"), ("room", "501室")),
            ],
        ),
        (
            "天逸华府桂园12-2-501",
            [("name", "天逸华府桂园"), ("building", "12"), ("unit", "2"), ("room", "501")],
        ),
        (
            "中山路与解放路交叉口东100米",
            [
                *(("road", "中山路"), ("relation", "与"), ("road", "解放路")),
                *(("relation", "交叉口"), ("relation", "东100米")),
            ],
        ),
        (
            "人民路８号（电联）",
            [("road", "人民路"), ("road_number", "８号"), ("remark", "电联")],
        ),
        ("前进路99号对面", [("road", "前进路"), ("road_number", "99号"), ("relation", "对面")]),
        (
            "紫薇小区东区三号楼",
            [("name", "紫薇小区"), ("part", "东区"), ("building", "三号楼")],
        ),
        (
            "创业路10-2号",
            [("road", "创业路"), ("road_number", "10-2号")],
        ),
        ("大王村12号", [("community", "大王村"), ("road_number", "12号")]),  # no building there
        ("天逸花园12号", [("name", "天逸花园"), ("building", "12号")]),
        ("南京路5号", [("road", "南京路"), ("road_number", "5号")]),  # no city
        ("公安局宿舍", [("name", "公安局宿舍")]),  # 公安 is a county, but far from here
    ],
)
def test_the_parts_of_an_address(text: str, expected: list[tuple[str, str]]):
    assert parts(text) == expected


def test_short_names_of_divisions_need_what_they_lie_in():
    assert parts("浙江杭州余杭海创园")[:3] == [
        *(("province", "浙江"), ("city", "杭州"), ("county", "余杭")),
    ]
    assert parts("余杭海创园") == [("name", "余杭海创园")]


@given(st.text(max_size=60))
def test_spans_follow_each_other_and_lie_within_the_text(text: str):
    end = 0
    for token in parse(text):
        assert end <= token.start < token.end <= len(text)
        end = token.end


@pytest.mark.parametrize(
    ("text", "label", "part"),
    [
        ("天山二村12号301", "building", "12号"),  # only estates have parts
        ("望京西园四区416楼", "building", "416楼"),  # no house is so high
        ("国际大厦116楼", "floor", "116楼"),  # in a tower, as its people say
        ("盈都大厦C座3-1204", "unit", "3"),
        ("大王村路12号", "road_number", "12号"),
        ("创业路10#", "road_number", "10#"),
        ("X小区3#", "building", "3#"),
    ],
)
def test_numbers_are_what_stands_before_them_says(text: str, label: str, part: str):
    assert (label, part) in parts(text)
