"""The nasty files of an office: what is wrong in each, what the doctor says, and what lands.

All are synthetic. `python tests/office_files/cases.py FOLDER` writes them, with the table
docs/office_files.md in FOLDER too; a test runs them all and compares.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from office_files import excel, text, vector


@dataclass(frozen=True)
class Case:
    """One file: how it is made, what is told of it, and what must come of it.

    `says`: sentences of the account, or of the refusal where `is_refused`; `rules` and `doubts`:
    (row, rule) of each refused and each doubtful cell; `before`: what the database holds.
    """

    name: str
    wrong: str
    make: Callable[[Path], None]
    says: tuple[str, ...]
    kind: str = "compounds"
    kept: int = 0
    unread: int = 0  # rows listed as no data
    rules: tuple[tuple[int, str], ...] = ()
    doubts: tuple[tuple[int, str], ...] = ()
    options: dict[str, object] = field(default_factory=lambda: {"datum": "wgs84"})
    before: tuple[str, ...] = ()
    is_refused: bool = False

    @property
    def lands(self) -> str:
        """What is in the database afterwards, in words."""
        if self.is_refused:
            return "整个文件退回，未写入"
        n_refused = len({row for row, _ in self.rules})
        parts = [f"{self.kept} 行"]
        parts += [f"退回 {n_refused} 行"] if n_refused else []
        parts += [f"存疑 {len({row for row, _ in self.doubts})} 行"] if self.doubts else []
        parts += [f"{self.unread} 行不是数据"] if self.unread else []
        return "，".join(parts)


def refused(name, wrong, make, *says, kind=None, **more):
    return Case(name, wrong, make, says, kind=kind, is_refused=True, **more)


# What stands in a column afterwards, in the order of the rows, where the counts do not tell.
LANDED = {
    "两层表头.xlsx": ("households", [100, 101, 102, 103, 104, 105]),
    "合并小区.xlsx": ("compound_name", ["春园小区"] * 3 + ["夏园小区", ""]),
    "合并户数.xlsx": ("households", [120, None, None]),
    "公式.xlsx": ("households", [101, 103]),
    "编码成数.xlsx": ("code", ["341103003001", "341103003002", "341103003003"]),
    "前导零.xlsx": ("number", ["01", "007"]),
    "日期楼号.xlsx": ("number", ["3-2", "3-4"]),
    "花名册.xlsx": ("branch", ["第一支部", "第一支部"]),
    "老格式合并.xls": ("compound_name", ["春园小区"] * 3),
    "全角.csv": ("households", [120, 80]),
    "两层表头.csv": ("original_x", [118.301, 118.302]),
    "坐标更正.csv": (
        "original_y",
        [
            *(32.251, 32.253, 32.255, 32.257, 32.259, 32.261),
            *(32.253, 32.253, 32.253, 32.2530556, 32.253, 22.3),
        ],
    ),
    "数字离谱.csv": ("households", [100, 101, 102, 103, 104, 105, 12000, None]),
    "国标无说明.zip": ("name", vector.NAMES),
    "国标说成UTF8.zip": ("name", vector.NAMES),
    "UTF8说成国标.zip": ("name", vector.NAMES),
    "国标说成西文.zip": ("name", vector.NAMES),
    "国标.geojson": ("name", vector.NAMES),
    "要素数组.json": ("code", vector.CODES),
    "记录数组.json": ("name", ["驿站0", "驿站1", "驿站2"]),
    "横竖更正.geojson": ("code", vector.CODES),
}
WGS84 = {"datum": "wgs84"}
COMMUNITIES = {"kind": "communities", "options": {}}
GRIDS = {"kind": "grids", "options": {}, "kept": 3}
BUILDINGS = {"kind": "buildings", "before": ("compounds",)}

CASES = (
    Case(
        "三行标题.xlsx",
        "表头上面有三行标题，跨列合并",
        excel.title_rows,
        ("3 行不是数据：第 1 行标题行；第 2 行标题行；第 3 行标题行",),
        kept=6,
        unread=3,
    ),
    Case(
        "两层表头.xlsx",
        "表头两层，“位置”下分地址、经度、纬度",
        excel.two_heading_rows,
        ("表头是第 1 至 2 行，上下连成一个",),
        kept=6,
    ),
    Case(
        "合并小区.xlsx",
        "小区名称竖向合并；另有一行是真空白",
        excel.merged_compounds,
        ("合并单元格按原表填充的格 (2)",),
        kept=5,
        **BUILDINGS,
    ),
    Case(
        "合并户数.xlsx",
        "三栋楼合用一个户数单元格",
        excel.merged_counts,
        ("“户数”列有合并单元格：数值只记在第一行，其余行按未知",),
        kept=3,
        **BUILDINGS,
    ),
    Case(
        "合计小计.xlsx",
        "夹着小计、合计、总计行",
        excel.totals,
        ("4 行不是数据：第 4 行合计行；第 7 行合计行；第 8 行合计行；第 9 行合计行",),
        kept=4,
        unread=4,
    ),
    Case(
        "注和填表人.xlsx",
        "表下有注、备注、填表人、制表日期",
        excel.notes_below,
        ("第 9 行说明行；第 10 行说明行；第 11 行说明行",),
        kept=6,
        unread=3,
    ),
    Case(
        "列号行.xlsx",
        "表头下有 1、2、3 列号行",
        excel.column_numbers,
        ("第 2 行列号行",),
        kept=6,
        unread=1,
    ),
    Case(
        "分页表头.xlsx",
        "打印分页，表头重复出现",
        excel.printed_pages,
        ("第 5 行重复的表头",),
        kept=6,
        unread=1,
    ),
    Case(
        "封面在前.xlsx",
        "第一张是封面，数据在第二张",
        excel.cover_sheet,
        ("只读取工作表“小区”，未读取：封面, 说明",),
        kept=6,
    ),
    Case(
        "按社区分表.xlsx",
        "每个社区一张表，表头相同",
        excel.sheet_per_community,
        ("表头相同的工作表还有：西社区；请逐张导入（--sheet）",),
        kept=3,
    ),
    Case(
        "指定工作表.xlsx",
        "同上，指定读“西社区”",
        excel.sheet_per_community,
        ("读取 2 行，保留 2 行",),
        kept=2,
        options={**WGS84, "sheet": "西社区"},
    ),
    Case(
        "隐藏.xlsx",
        "有隐藏的行、列和工作表",
        excel.hidden,
        (
            "未读取：旧数据（隐藏）",
            "隐藏的行也读取了：3",
            "隐藏的列也读取了：B",
        ),
        kept=6,
    ),
    Case(
        "公式.xlsx",
        "户数是公式：有结果、没有结果、结果是错误各一",
        excel.formulas,
        (
            "公式单元格，用的是文件里存的计算结果",
            "第 3 行，户数列：公式没有计算结果",
            "第 4 行，户数列：公式的结果是错误",
        ),
        kept=2,
        rules=((3, "formula_without_value"), (4, "formula_error")),
    ),
    Case("宏.xlsm", "带宏", excel.macros, ("文件含宏：没有运行，只读取单元格",), kept=6),
    Case(
        "外部链接.xlsx",
        "引用别的电脑上的工作簿",
        excel.external_links,
        ("引用了其他文件：没有打开它们",),
        kept=6,
    ),
    Case("编码成数.xlsx", "12 位编码被存成数字", excel.numeric_codes, (), kept=3, **COMMUNITIES),
    Case(
        "网格编码.xlsx",
        "15 位网格编码是数字；有查无此网格、网格与位置不符、落在网格外",
        excel.grid_codes,
        (
            "“341103003001009”：没有这个网格",
            "“341103003001001”：所写网格与位置不符",
            "第 5 行：不在任何网格内",
        ),
        kept=4,
        before=("grids",),
        doubts=((3, "grid_unknown"), (4, "grid_other"), (5, "outside_grids")),
    ),
    Case("前导零.xlsx", "楼栋号有前导零（01、007）", excel.leading_zeros, (), kept=2, **BUILDINGS),
    Case(
        "日期楼号.xlsx",
        "楼栋号 3-2 被 Excel 变成日期",
        excel.dates_for_numbers,
        ("已更正 1 处：被 Excel 变成日期的楼栋号改回（如第 2 行 2026-03-02 → 3-2）",),
        kept=2,
        **BUILDINGS,
        options={**WGS84, "mends": ["date"]},
    ),
    Case(
        "花名册.xlsx",
        "党员花名册：姓名、身份证（18 位、15 位）、电话，支部合并，一人两行",
        excel.members,
        (
            "个人信息列未读取、不入库：姓名、身份证号、联系电话",
            "第 5 行，身份证号列 “***”：与本文件中前面的一行重复",
            "第 6 行，小区列 “没有的小区 1栋”",
        ),
        kind="members",
        kept=2,
        unread=2,
        before=("compounds",),
        options={},
        rules=((5, "duplicate_in_file"), (6, "place_unknown")),
    ),
    Case(
        "老格式.xls",
        "Excel 97-2003 格式，标题合并，有合计行",
        excel.old_format,
        ("第 1 行标题行；第 9 行合计行",),
        kept=6,
        unread=2,
    ),
    Case(
        "老格式合并.xls",
        "Excel 97-2003 格式，小区竖向合并",
        excel.old_format_merged,
        ("合并单元格按原表填充的格 (2)",),
        kept=3,
        **BUILDINGS,
    ),
    Case(
        "老格式隐藏.xls",
        "Excel 97-2003 格式，有隐藏的行和列，一个公式出错",
        excel.old_format_hidden,
        ("隐藏的行也读取了：3, 5", "隐藏的列也读取了：B", "第 7 行，户数列：公式的结果是错误"),
        kept=5,
        rules=((7, "formula_error"),),
    ),
    refused("改名网页.xls", "网页改名成 .xls", excel.web_page, "改了扩展名的网页"),
    refused("有密码.xlsx", "加了打开密码", excel.locked, "可能已损坏、有密码"),
    refused(
        "压缩炸弹.xlsx",
        "几 MB 解压成 2 GB，目录却写 1 kB",
        excel.zip_bomb,
        "解压后有 1024 MB，超过上限 1024 MB",
    ),
    refused(
        "一角.xlsx",
        "右下角 XFD1048576 有一个字",
        excel.stray_cell,
        "内容一直到 XFD1048576，共 1048576 行 × 16384 列",
    ),
    refused("百万行.csv", "一百万行", text.written(text.MILLION), "行数超过上限 300000"),
    Case("国标.csv", "Excel 存的 GBK 文本", text.plain("gb18030"), ("文字编码：GB18030",), kept=6),
    Case("带签名.csv", "UTF-8 带 BOM", text.plain("utf-8-sig"), ("文字编码：UTF-8",), kept=6),
    Case(
        "统一码.txt",
        "Excel 存的“Unicode 文本”（UTF-16，制表符）",
        text.plain("utf-16", "\t"),
        ("文字编码：UTF-16",),
        kept=6,
    ),
    Case("分号.csv", "分号隔开", text.plain("utf-8", ";"), (), kept=6),
    Case("全角.csv", "全角逗号、数字、空格", text.written(text.FULL_WIDTH), (), kept=2),
    Case(
        "两层表头.csv",
        "两层表头存成了 CSV，合并处成空白",
        text.written(text.TWO_HEADS),
        ("表头是第 1 至 2 行，上下连成一个",),
        kept=2,
    ),
    Case(
        "科学计数.csv",
        "12 位编码成了 3.41103E+11",
        text.written(text.ROUNDED),
        ("“3.41103E+11”：编码被 Excel 写成了科学计数，末几位已丢失",),
        kept=1,
        rules=((2, "code_rounded"),),
        **COMMUNITIES,
    ),
    refused("引号.csv", "引号不成对", text.written('小区名称\n"甲\n乙\n'), "第 3 行的引号不成对"),
    refused(
        "只有表头.csv", "没有数据行", text.written("小区名称,经度,纬度\n"), "只有表头，没有数据"
    ),
    Case(
        "多出单元格.csv",
        "一行比表头长",
        text.written(text.EXCESS),
        ("第 3 行 “多出”：单元格比表头多",),
        kept=1,
        rules=((3, "too_many_cells"),),
    ),
    Case(
        "坐标杂症.csv",
        "0,0；暂无数据；写反；缺一位；缺小数点；度分秒；带文字；远在外省",
        text.rows(*text.COORDINATES),
        (
            "坐标为 0,0",
            "经度和纬度好像写反了",
            "离其他各行太远，坐标可疑",
            "可更正 2 处（--mend swapped）",
            "可更正 4 处（--mend written）",
            "可更正 1 处（--mend digit）",
            "可更正 2 处（--mend dot）",
        ),
        kept=8,
        rules=(
            (8, "zero_coordinates"),
            (9, "coordinates"),
            (10, "swapped"),
            (12, "out_of_range"),
            (13, "coordinates"),
            (14, "coordinates"),
        ),
        doubts=((11, "far_away"), (15, "far_away")),
    ),
    Case(
        "坐标更正.csv",
        "同上，能更正的都更正",
        text.rows(*text.COORDINATES),
        (
            "已更正 2 处：经度和纬度互换",
            "已更正 1 处：经纬度补上漏掉的一位数字（如第 11 行 18.303 → 118.303）",
        ),
        kept=12,
        rules=((8, "zero_coordinates"), (9, "coordinates")),
        doubts=((15, "far_away"),),
        options={**WGS84, "mends": ["swapped", "digit", "dot", "written"]},
    ),
    Case(
        "重复.csv",
        "一行完全重复，一行只差地址和几米",
        text.rows(*text.SAME),
        (
            "与本文件中前面的一行重复",
            "很可能是同一个（名称、楼栋相同）",
        ),
        kept=8,
        rules=((8, "duplicate_in_file"),),
        doubts=((9, "probably_same"),),
    ),
    Case(
        "数字离谱.csv",
        "负数、电话号码、文字当户数；“约1.2万户”“不详”",
        text.rows(*text.NUMBERS),
        (
            "“-5”：不能为负数",
            "“***”：数值大得不可能",
            "“很多”：不是数字",
        ),
        kept=8,
        rules=((8, "not_negative"), (9, "too_large"), (10, "number")),
    ),
    Case(
        "国标无说明.zip",
        "Shapefile 的 dbf 是 GBK，没有 .cpg",
        vector.shapefile("GB18030", None),
        ("文字编码：gb18030",),
        **GRIDS,
    ),
    Case(
        "国标说成UTF8.zip",
        ".cpg 说 UTF-8，其实是 GBK",
        vector.shapefile("GB18030", "UTF-8"),
        ("文字编码：gb18030",),
        **GRIDS,
    ),
    Case(
        "UTF8说成国标.zip",
        ".cpg 说 GBK，其实是 UTF-8",
        vector.shapefile("UTF-8", "GBK"),
        ("文字编码：utf-8",),
        **GRIDS,
    ),
    Case(
        "国标说成西文.zip",
        ".cpg 说 ISO-8859-1，其实是 GBK",
        vector.shapefile("GB18030", "ISO-8859-1"),
        ("文字编码：gb18030",),
        **GRIDS,
    ),
    Case(
        "没有坐标系.zip",
        "没有 .prj",
        vector.shapefile("GB18030", None, has_prj=False),
        (),
        kind="grids",
        kept=3,
    ),
    Case(
        "越界路径.zip",
        "压缩包里有 ../../ 和盘符路径",
        vector.shapefile("GB18030", None, folder="../../x/"),
        (),
        **GRIDS,
    ),
    Case(
        "混合图形.geojson",
        "网格里混进一个点",
        vector.mixed,
        ("第 2 行，geometry列 “Point”：应为面",),
        kind="grids",
        kept=2,
        options={},
        rules=((2, "polygon"),),
    ),
    Case("带高程.geojson", "坐标带高程", vector.with_heights, (), **GRIDS),
    Case("自相交.geojson", "面自相交", vector.bow_tie, ("面自相交或无效，已修正",), **GRIDS),
    Case("国标.geojson", "GeoJSON 存成 GBK", vector.chinese_bytes, (), **GRIDS),
    Case(
        "要素数组.json",
        "只有要素数组，没有 FeatureCollection",
        vector.dumped(vector.features()),
        ("是要素数组，按 FeatureCollection 读取",),
        **GRIDS,
    ),
    refused(
        "裸图形.json",
        "只有图形，没有属性",
        vector.dumped(vector.features()[0]["geometry"]),
        "缺少必需的列：",
        "现有列：没有",
        kind="grids",
    ),
    Case(
        "记录数组.json",
        "普通 JSON 记录，带 lng、lat",
        vector.dumped(vector.RECORDS),
        ("是记录数组，按其中的经纬度读作点",),
        kind="stations",
        kept=3,
        options={},
    ),
    refused(
        "拓扑.json",
        "TopoJSON",
        vector.dumped(vector.TOPOLOGY),
        "它是 TopoJSON。请在 mapshaper.org 或 QGIS 中打开，导出为 GeoJSON",
    ),
    refused("截断.geojson", "下载中断，只有一半", vector.cut_off, "文件已损坏"),
    Case(
        "两个图层.gpkg",
        "GeoPackage 里有两个图层",
        vector.two_layers,
        ("只读取图层“网格”，未读取：旧网格",),
        **GRIDS,
    ),
    Case(
        "横竖颠倒.geojson",
        "面的经纬度全部写反",
        vector.swapped,
        ("可更正 3 处（--mend swapped）：经度和纬度互换",),
        kind="grids",
        options={},
        rules=((1, "out_of_range"), (2, "out_of_range"), (3, "out_of_range")),
    ),
    Case(
        "横竖更正.geojson",
        "同上，更正",
        vector.swapped,
        ("已更正 3 处：经度和纬度互换",),
        kind="grids",
        kept=3,
        options={"mends": ["swapped"]},
    ),
)


def document():
    """Return docs/office_files.md."""
    lines = [
        "# 办公室的文件 · Files of an office",
        "",
        "都是合成的，由 `python tests/office_files/cases.py 文件夹` 生成；测试逐个导入并核对本表。",
        "All are synthetic, written by that script; a test imports each and compares it with this",
        "table: what is wrong, what the doctor says (`redgrid import diagnose`), what lands.",
        "",
        f"共 {len(CASES)} 个 files.",
        "",
        "| 文件 file | 毛病 what is wrong | 医生说 what the doctor says | 入库 what lands |",
        "|---|---|---|---|",
    ]
    for case in CASES:
        said = "<br>".join(case.says) or "—"
        told = case.options.get("mends")
        wrong = case.wrong + (f"（`--mend {' '.join(told)}`）" if told else "")
        lines.append(f"| {case.name} | {wrong} | {said} | {case.lands} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for each in CASES:
        each.make(folder / each.name)
    (folder / "office_files.md").write_text(document(), encoding="utf-8")
