"""Empty tables to be filled in, and tables of what is there to be edited and imported again."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from data import cells
from data.checking import known_names
from data.errors import ImportDataError
from data.fields import KINDS, ROW_ID, Field, Kind
from data.round_trip import (
    BASE_WORDS,
    MEMBER_KINDS,
    STATE_WORDS,
    export_rows,
    exported_fields,
    has_point_columns,
    shown_heading,
)
from data.tables import table_of
from data.workbooks import Column, Sheet, workbook_bytes
from geo.text import Text

EXAMPLES = {
    "code": "341103003001",
    "name": "示例名称",
    "address": "示例路 1 号",
    "community": "示例社区",
    "community_code": "341103003001",
    "households": "480",
    "residents": "1250",
    "elderly": "210",
    "population": "1250",
    "compound": "示例小区",
    "number": "12栋",
    "levels": "18",
    "hours": "周一至周五 8:30-17:30；周末 9:00-16:00；节假日休息",
    "is_open_to_all": "是",
    "services": "党群服务、图书阅览",
    "opens_on": "2024-03-01",
    "closes_on": "",
    "state": "开放",
    "kind": "社区",
    "post": "网格员",
    "party_duty": "组织委员",
    "branch": "第一党支部",
    "home": "示例小区12栋",
    "cost": "50000",
    "area_m2": "120",
    "lon": "118.312345",
    "lat": "32.256789",
}
CHOICES = {
    "is_open_to_all": ("是", "否"),
    "state": tuple(STATE_WORDS.values()),
}
KIND_CHOICES = {"members": tuple(MEMBER_KINDS.values()), "base": tuple(BASE_WORDS.values())}
NUMBERS = (cells.parse_count, cells.parse_levels, cells.parse_number)
HOW: dict[Callable[[str], Any] | None, str] = {
    None: "文字",
    cells.parse_count: "数字；不知道就留空，不要写 0",
    cells.parse_levels: "数字，地上层数",
    cells.parse_number: "数字",
    cells.parse_flag: "是 或 否",
    cells.parse_date: "日期，如 2024-03-01",
    cells.parse_opening_hours: "如 周一至周五 8:30-17:30；周末休息",
    cells.parse_services: "几项之间用 、 隔开",
    cells.parse_state: "从下拉列表选",
    cells.parse_base_kind: "从下拉列表选",
    cells.parse_member_kind: "从下拉列表选",
}
ID_HINT = "红网的编号，请不要改动；新增的行留空。"


def template(connection: sa.Connection, kind_name: str) -> bytes:
    """Return an empty table of a kind as XLSX: headings, drop-downs, and a sheet that explains.

    Raises
    ------
    ImportDataError
        The kind is not known, or comes as geometry only.
    """
    kind = _kind(kind_name)
    if not has_point_columns(kind) and kind.shape != "optional":
        raise ImportDataError(
            Text(
                f"{kind.title.zh}要有图形，没有表格模板：请用 GeoJSON、GeoPackage 或 Shapefile。"
                f"只改属性可用 redgrid export {kind.name}。",
                f"The {kind.title.en} need geometry, so there is no table to fill in: use GeoJSON, "
                "GeoPackage or a shapefile. To change attributes only: redgrid export "
                f"{kind.name}.",
            )
        )
    sheet = Sheet(kind.title.zh, _columns(connection, kind, kind.fields))
    return workbook_bytes([sheet, _explanation(kind, kind.fields)])


def export_table(connection: sa.Connection, kind_name: str) -> bytes:
    """Return the current rows of a kind as XLSX, to be edited and imported again.

    Each row has its number (红网编号); the import changes what was edited and nothing else.

    Raises
    ------
    ImportDataError
        The kind is not known, or there are no rows.
    """
    kind = _kind(kind_name)
    exported = export_rows(connection, kind_name)
    if not exported.rows:
        raise ImportDataError(
            Text(f"数据库里还没有{kind.title.zh}。", f"There are no {kind.title.en} yet.")
        )
    fields = exported_fields(kind)
    columns = [Column(ROW_ID, is_quiet=True, hint=ID_HINT), *_columns(connection, kind, fields)]
    rows = [[str(i), *texts] for i, texts in exported.rows.items()]
    return workbook_bytes([Sheet(kind.title.zh, columns, rows), _explanation(kind, fields)])


def has_rows(connection: sa.Connection, kind_name: str) -> bool:
    """Return whether there is anything of a kind to be exported, without making the table."""
    table = table_of(_kind(kind_name).name)
    query = sa.select(table.c.id).where(table.c.replaced_by.is_(None)).limit(1)
    return connection.execute(query).first() is not None


def _kind(name: str) -> Kind:
    if name not in KINDS or not KINDS[name].fields:
        names = ", ".join(kind.name for kind in KINDS.values() if kind.fields)
        raise ImportDataError(
            Text(f"“{name}”没有表格；可用：{names}。", f"{name!r} is no table: {names}.")
        )
    return KINDS[name]


def _columns(connection: sa.Connection, kind: Kind, fields: tuple[Field, ...]) -> list[Column]:
    """Return the columns of a kind's table: what each field is called, and the place."""
    columns = []
    for field in fields:
        choices = KIND_CHOICES.get(kind.name, ()) if field.name == "kind" else ()
        choices = choices or CHOICES.get(field.name, ())
        if field.name == "compound":
            choices = tuple(known_names(connection, "compounds"))
        hint = ("必填。" if field.is_needed else "") + HOW[field.parse]
        is_number = field.parse in NUMBERS
        columns.append(Column(shown_heading(field), choices, hint, is_number=is_number))
    if has_point_columns(kind):
        columns += [
            Column("经度", hint="度，如 118.312345", is_number=True),
            Column("纬度", hint="度，如 32.256789", is_number=True),
        ]
    return columns


def _explanation(kind: Kind, fields: tuple[Field, ...]) -> Sheet:
    """Return the sheet that says how each column is filled in, with an example."""
    rows = [
        [
            shown_heading(field),
            "必填" if field.is_needed else "",
            HOW[field.parse],
            _example(kind, field.name),
        ]
        for field in fields
    ]
    if has_point_columns(kind):
        rows += [["经度", "", "度", EXAMPLES["lon"]], ["纬度", "", "度", EXAMPLES["lat"]]]
    columns = ("列", "必填", "怎么填", "例")
    return Sheet("填写说明", [Column(heading) for heading in columns], rows)


def _example(kind: Kind, name: str) -> str:
    if name == "kind":
        return next(iter(KIND_CHOICES.get(kind.name, ("",))))
    if name == "code" and kind.name == "grids":
        return EXAMPLES["code"] + "001"
    return EXAMPLES.get(name, "")
