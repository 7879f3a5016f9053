"""What can be imported: the fields of each kind, their headings, and how their cells are read."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from data import cells
from geo.text import Text

Shape = Literal["polygon", "point", "polygon_or_point", "optional", "any", "none"]


@dataclass(frozen=True)
class Field:
    """One field: its column in the table, its title, its headings in order of preference."""

    name: str
    title: Text
    headings: tuple[str, ...]
    parse: Callable[[str], Any] | None = None  # None: text, kept as it is
    is_needed: bool = False


@dataclass(frozen=True)
class Kind:
    """One kind of rows: its fields and what geometry it needs."""

    name: str
    title: Text
    shape: Shape
    fields: tuple[Field, ...]


def _field(
    name: str,
    title: Text,
    headings: str,
    parse: Callable[[str], Any] | None = None,
    *,
    is_needed: bool = False,
) -> Field:
    return Field(name, title, tuple(headings.split()), parse, is_needed)


def _count(name: str, zh: str, en: str, headings: str) -> Field:
    return _field(name, Text(zh, en), headings, cells.parse_count)


ADDRESS = _field(
    "address", Text("地址", "address"), "小区地址 详细地址 地址 位置 地点 address addr"
)
HOUSEHOLDS = _count("households", "户数", "households", "总户数 户数 住户数 房屋总数 households")
RESIDENTS = _count(
    "residents",
    "居民数",
    "residents",
    "居民数 居民人数 常住人口 总人口 人口 人口数 residents population",
)
ELDERLY = _count(
    "elderly", "老年人数", "elderly", "老年人数 老年人 老人数 60岁以上 60岁以上人数 elderly"
)
COMPOUND_OF = _field(
    "compound",
    Text("所属小区", "compound"),
    "所属小区 小区名称 小区名 居住小区 小区 compound compound_name",
)
HOURS = _field(
    "hours",
    Text("开放时间", "opening hours"),
    "开放时间 服务时间 营业时间 通行时间 时间 hours opening_hours",
    cells.parse_opening_hours,
)

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "communities",
            Text("社区", "communities"),
            "optional",
            (
                _field(
                    "code",
                    Text("社区代码", "code"),
                    "社区代码 社区编码 社区编号 区划代码 代码 编码 编号 code",
                ),
                _field(
                    "name",
                    Text("社区名称", "name"),
                    "社区名称 社区名 社区 名称 name",
                    is_needed=True,
                ),
            ),
        ),
        Kind(
            "grids",
            Text("网格", "grids"),
            "polygon",
            (
                _field(
                    "code",
                    Text("网格编码", "code"),
                    "网格编码 网格代码 网格编号 区划代码 代码 编码 编号 code grid_code gridcode",
                ),
                _field(
                    "name",
                    Text("网格名称", "name"),
                    "网格名称 网格名 网格 名称 name grid_name 乡 乡镇 街道",
                ),
                _field(
                    "community",
                    Text("所属社区", "community"),
                    "所属社区 社区名称 社区名 社区 村居 community community_name 县 区县",
                ),
                _field(
                    "community_code",
                    Text("社区代码", "community code"),
                    "社区代码 社区编码 社区编号 community_code",
                ),
                _count(
                    "population", "人口", "population", "人口 人口数 常住人口 总人口 population pop"
                ),
                HOUSEHOLDS,
            ),
        ),
        Kind(
            "compounds",
            Text("小区", "compounds"),
            "polygon_or_point",
            (
                _field(
                    "name",
                    Text("小区名称", "name"),
                    "小区名称 小区名 小区 楼盘名称 名称 name compound",
                    is_needed=True,
                ),
                ADDRESS,
                HOUSEHOLDS,
                RESIDENTS,
                ELDERLY,
            ),
        ),
        Kind(
            "gates",
            Text("出入口", "gates"),
            "point",
            (
                COMPOUND_OF,
                _field(
                    "name",
                    Text("出入口名称", "name"),
                    "出入口名称 大门名称 门名称 名称 出入口 大门 name gate",
                ),
                _field(
                    "is_open_to_all",
                    Text("对外开放", "open to all"),
                    "对外开放 是否对外开放 是否开放 允许穿行 可穿行 open_to_all public",
                    cells.parse_flag,
                ),
                HOURS,
            ),
        ),
        Kind(
            "buildings",
            Text("楼栋", "buildings"),
            "polygon_or_point",
            (
                COMPOUND_OF,
                _field(
                    "number",
                    Text("楼栋号", "number"),
                    "楼栋号 楼号 栋号 幢号 楼栋 栋 幢 number building_number building",
                ),
                _field("name", Text("楼栋名称", "name"), "楼栋名称 楼名 名称 name"),
                ADDRESS,
                _field(
                    "levels",
                    Text("层数", "levels"),
                    "层数 楼层数 地上层数 总层数 levels floors building:levels",
                    cells.parse_levels,
                ),
                HOUSEHOLDS,
                RESIDENTS,
                ELDERLY,
            ),
        ),
        Kind(
            "members",
            Text("党员", "members"),
            "optional",
            (
                _field(
                    "kind",
                    Text("党员类别", "kind"),
                    "党员类别 党员类型 人员类别 类别 类型 kind type",
                    cells.parse_member_kind,
                ),
                _field("post", Text("职务", "post"), "职务 行政职务 工作职务 岗位 post position"),
                _field(
                    "party_duty",
                    Text("党内职务", "party duty"),
                    "党内职务 党组织职务 party_duty duty",
                ),
                _field(
                    "branch",
                    Text("党支部", "branch"),
                    "所在党支部 所属党支部 党支部 所属支部 支部 组织关系 branch",
                ),
                COMPOUND_OF,
                _field(
                    "number",
                    Text("楼栋号", "building number"),
                    "楼栋号 楼号 栋号 幢号 楼栋 栋 幢 number building_number building",
                ),
                _field(
                    "home",
                    Text("住址", "home address"),
                    "家庭住址 居住地址 现住址 住址 家庭地址 详细地址 地址 address",
                ),
            ),
        ),
        Kind(
            "stations",
            Text("红色驿站", "stations"),
            "point",
            (
                _field(
                    "name",
                    Text("驿站名称", "name"),
                    "驿站名称 红色驿站 站点名称 驿站 名称 name station",
                    is_needed=True,
                ),
                ADDRESS,
                _field(
                    "services",
                    Text("服务内容", "services"),
                    "服务内容 服务项目 服务功能 服务 功能 services",
                    cells.parse_services,
                ),
                HOURS,
                _field(
                    "opens_on",
                    Text("启用日期", "opens on"),
                    "启用日期 开放日期 启用时间 建成时间 开业日期 opens_on opening_date",
                    cells.parse_date,
                ),
                _field(
                    "closes_on",
                    Text("停用日期", "closes on"),
                    "停用日期 关闭日期 停用时间 closes_on closing_date",
                    cells.parse_date,
                ),
                _field(
                    "state", Text("状态", "state"), "状态 使用状态 state status", cells.parse_state
                ),
            ),
        ),
        Kind(
            "candidates",
            Text("备选点位", "candidate sites"),
            "point",
            (
                _field(
                    "name",
                    Text("点位名称", "name"),
                    "点位名称 备选点位 点位 名称 name site",
                    is_needed=True,
                ),
                ADDRESS,
                _field(
                    "cost",
                    Text("费用", "cost"),
                    "费用 造价 改造费用 投资 租金 cost",
                    cells.parse_number,
                ),
                _field(
                    "area_m2",
                    Text("面积", "area"),
                    "面积 建筑面积 使用面积 area_m2 area",
                    cells.parse_number,
                ),
            ),
        ),
        Kind(
            "base",
            Text("底图要素", "base features"),
            "any",
            (
                _field(
                    "kind",
                    Text("类型", "kind"),
                    "类型 类别 种类 kind type",
                    cells.parse_base_kind,
                    is_needed=True,
                ),
                _field("name", Text("名称", "name"), "名称 name"),
            ),
        ),
        Kind("network", Text("步行网络", "walk network"), "none", ()),
    )
}

LON = ("经度", "东经", "lon", "lng", "longitude", "x")
LAT = ("纬度", "北纬", "lat", "latitude", "y")
LON_LAT = (
    "经纬度",
    "坐标",
    "经纬度坐标",
    "坐标位置",
    "lonlat",
    "lnglat",
    "location",
    "coordinates",
)
# Recognised, left unread, and said so.
PERSONAL_HEADINGS = (
    *("姓名", "名字", "党员姓名", "户主", "户主姓名", "联系人", "负责人", "网格长", "full_name"),
    *(
        "身份证",
        "身份证号",
        "身份证号码",
        "公民身份号码",
        "证件号",
        "证件号码",
        "idcard",
        "id_card",
        "id_number",
    ),
    *(
        "手机",
        "手机号",
        "手机号码",
        "电话",
        "电话号码",
        "联系电话",
        "联系方式",
        "phone",
        "mobile",
        "tel",
        "telephone",
    ),
)
ROW_NUMBER, REASON, ROW_ID = "退回编号", "退回原因", "红网编号"  # our own columns
HEADING_JOINT = "·"  # between the parts of a heading that stands in several rows
PERSONAL_WORDS = ("姓名", "身份证", "证件号", "手机", "电话", "idcard", "id_card", "phone")


def plain_heading(heading: str) -> str:
    """Return a heading in half-width lower case: no spaces, or "_" between English words."""
    plain = unicodedata.normalize("NFKC", heading).lower().strip(" *:·\t\r\n\ufeff")
    return re.sub(r"\s+", "_" if plain.isascii() else "", plain)


def without_unit(heading: str) -> str:
    """Return a plain heading without what stands in brackets: 总户数(户) → 总户数."""
    return re.sub(r"[(\[【<].*?[)\]】>]", "", heading).strip("_")


def find_column(headings: Sequence[str], names: Sequence[str]) -> int | None:
    """Return the position of the first heading that one of `names` names, in order of `names`.

    The whole heading counts first, then it without its unit, then its last and its first part
    where it was joined from several rows.
    """
    plain = [plain_heading(heading) for heading in headings]
    parts = [heading.split(HEADING_JOINT) for heading in plain]
    for spelled in (
        plain,
        [without_unit(heading) for heading in plain],
        [without_unit(part[-1]) for part in parts],
        [without_unit(part[0]) for part in parts],
    ):
        for name in names:
            if plain_heading(name) in spelled:
                return spelled.index(plain_heading(name))
    return None


def is_personal(heading: str) -> bool:
    """Tell whether a heading names a person's name, ID card or telephone."""
    plain = without_unit(plain_heading(heading))
    return plain in PERSONAL_HEADINGS or any(word in plain for word in PERSONAL_WORDS)
