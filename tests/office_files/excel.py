"""Nasty Excel files."""

import re
import zipfile
import zlib
from datetime import date

import openpyxl
from office_files.old_excel import ole_bytes, xls_bytes

HEADINGS = ["小区名称", "地址", "户数", "经度", "纬度"]


def compounds(n=6, start=0):
    """Return n sound rows of a ledger of compounds."""
    names = "春夏秋冬梅兰竹菊松柏桃李"
    return [
        [
            f"{names[i]}园小区",
            f"龙行路{i + 1}号",
            100 + i,
            round(118.301 + i / 500, 3),
            round(32.251 + i / 500, 3),
        ]
        for i in range(start, start + n)
    ]


def book_of(rows, title="台账"):
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    return book


def title_rows(path):
    rows = [["某街道小区基本情况一览表"], ["填报单位：某街道办事处"], [], HEADINGS, *compounds()]
    rows[2] = ["统计时间：2026年1月", None, None, "单位：户"]
    book = book_of(rows)
    for line in (1, 2):
        book.active.merge_cells(start_row=line, end_row=line, start_column=1, end_column=5)
    book.save(path)


def two_heading_rows(path):
    rows = [["小区名称", "位置", None, None, "户数"], [None, "地址", "经度", "纬度", None]]
    rows += [[name, address, x, y, n] for name, address, n, x, y in compounds()]
    book = book_of(rows)
    for cells in ("A1:A2", "B1:D1", "E1:E2"):
        book.active.merge_cells(cells)
    book.save(path)


def merged_compounds(path):
    rows = [["小区", "楼栋号", "层数", "经度", "纬度"]]
    rows += [["春园小区", f"{i}栋", 6, 118.301 + i / 5000, 32.251] for i in (1, 2, 3)]
    rows += [["夏园小区", "1栋", 11, 118.303, 32.253], [None, "9栋", 11, 118.305, 32.255]]
    for row in (2, 3):
        rows[row][0] = None
    book = book_of(rows)
    book.active.merge_cells("A2:A4")
    book.save(path)


def merged_counts(path):
    rows = [["小区", "楼栋号", "户数", "经度", "纬度"]]
    rows += [["春园小区", f"{i}栋", 120, 118.301 + i / 5000, 32.251] for i in (1, 2, 3)]
    book = book_of(rows)
    book.active.merge_cells("C2:C4")
    book.save(path)


def totals(path):
    rows = [["社区", *HEADINGS]]
    rows += [["东社区", *row] for row in compounds(2)] + [["东社区", "小计", None, 201]]
    rows += [["西社区", *row] for row in compounds(2, 2)] + [["西社区小计", None, None, 205]]
    rows += [["合  计", None, None, 406], ["总计：", None, None, 406]]
    book_of(rows).save(path)


def notes_below(path):
    rows = [HEADINGS, *compounds(), [], ["注：户数以物业台账为准。"], ["备注：空置房未计"]]
    rows += [["填表人：王某某", None, "审核人：李某", None, "制表日期：2026-01-05"]]
    book_of(rows).save(path)


def column_numbers(path):
    book_of([HEADINGS, [1, 2, 3, 4, 5], *compounds()]).save(path)


def printed_pages(path):
    book_of([HEADINGS, *compounds(3), HEADINGS, *compounds(3, 3)]).save(path)


def cover_sheet(path):
    book = book_of([["某街道数据汇编"], ["目录"], ["一、小区"], ["二、说明"]], "封面")
    page = book.create_sheet("小区")
    for row in [HEADINGS, *compounds()]:
        page.append(row)
    book.create_sheet("说明").append(["数据来自物业"])
    book.save(path)


def sheet_per_community(path):
    book = book_of([HEADINGS, *compounds(3)], "东社区")
    page = book.create_sheet("西社区")
    for row in [HEADINGS, *compounds(2, 3)]:
        page.append(row)
    book.save(path)


def hidden(path):
    book = book_of([HEADINGS, *compounds()])
    book.active.row_dimensions[3].hidden = True
    book.active.column_dimensions["B"].hidden = True
    page = book.create_sheet("旧数据")
    page.append(HEADINGS)
    page.append(compounds(1, 9)[0])
    page.sheet_state = "hidden"
    book.save(path)


def formulas(path):
    rows = [HEADINGS, *compounds(4)]
    rows[1][2], rows[2][2], rows[3][2] = "=50+51", "=40+2", "=A99/0"
    book_of(rows).save(path)
    values = {"C2": '<c r="C2"><f>50+51</f><v>101</v></c>'}
    values["C4"] = '<c r="C4" t="e"><f>A99/0</f><v>#DIV/0!</v></c>'

    def change(xml):
        for cell, wanted in values.items():
            xml = re.sub(rf'<c r="{cell}"[^>]*>.*?</c>', wanted, xml)
        return xml

    rewrite(path, {"xl/worksheets/sheet1.xml": change})


def rewrite(path, changes, more=None):
    """Write a package again with parts changed and added."""
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    for name, change in changes.items():
        parts[name] = change(parts[name].decode()).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in {**parts, **(more or {})}.items():
            new.writestr(name, content)


def macros(path):
    book_of([HEADINGS, *compounds()]).save(path)
    rewrite(path, {}, {"xl/vbaProject.bin": b"Sub Auto_Open()"})


def external_links(path):
    book_of([HEADINGS, *compounds()]).save(path)
    link = '<externalLink><externalBook r:id="rId1"/></externalLink>'
    target = '<Relationship Id="rId1" Target="file:///\\\\server\\share\\别的.xlsx"/>'
    more = {"xl/externalLinks/externalLink1.xml": link}
    rewrite(path, {}, {**more, "xl/externalLinks/_rels/externalLink1.xml.rels": target})


def numeric_codes(path):
    rows = [["社区代码", "社区名称"], [341103003001, "东社区"], ["341103003002", "西社区"]]
    book_of([*rows, [3.41103003003e11, "南社区"]]).save(path)


def grid_codes(path):
    rows = [["小区名称", "所属网格编码", "经度", "纬度"]]
    rows += [
        ["春园小区", 341103003001001, 118.305, 32.255],
        ["夏园小区", "341103003001009", 118.306, 32.256],
    ]
    rows += [["秋园小区", 341103003001001, 118.315, 32.255], ["冬园小区", None, 118.39, 32.255]]
    book_of(rows).save(path)


def leading_zeros(path):
    rows = [["小区", "楼栋号", "经度", "纬度"], ["春园小区", "01", 118.301, 32.251]]
    book_of([*rows, ["春园小区", "007", 118.302, 32.252]]).save(path)


def dates_for_numbers(path):
    rows = [["小区", "楼栋号", "经度", "纬度"], ["春园小区", date(2026, 3, 2), 118.301, 32.251]]
    book_of([*rows, ["春园小区", "3-4", 118.302, 32.252]]).save(path)


def members(path):
    card, phone = "341103198001011234", "13812345678"
    rows = [
        ["某社区党员花名册"],
        ["姓名", "身份证号", "联系电话", "党员类别", "党支部", "小区", "楼栋", "备注"],
    ]
    rows += [["甲某", card, phone, "社区党员", "第一支部", "春园小区", "1栋", f"电话{phone}"]]
    rows += [["乙某", card[:-1] + "5", phone, "在职党员", None, "春园小区", "二幢", ""]]
    rows += [["甲某", card, phone, "社区党员", "第二支部", "春园小区", "1栋", ""]]
    rows += [["丙某", "341103500112123", "", "流动", "第二支部", "没有的小区", "1栋", ""]]
    rows += [["填表人：丁某某", None, "联系电话：0550-3011234"]]
    book = book_of(rows, "花名册")
    book.active.merge_cells("A1:H1")
    book.active.merge_cells("E3:E4")
    book.save(path)


def old_format(path):
    rows = [["某街道小区一览表", "", "", "", ""], HEADINGS, *compounds(), ["合计", "", 615, "", ""]]
    path.write_bytes(xls_bytes(rows, [(0, 0, 0, 4)]))


def old_format_hidden(path):
    rows = [HEADINGS, *compounds()]
    rows[6][2] = "#DIV/0!"
    content = xls_bytes(rows, hidden_rows=(2, 4), hidden_columns=(1,))
    path.write_bytes(content)


def old_format_merged(path):
    rows = [["小区", "楼栋号", "经度", "纬度"], ["春园小区", "1栋", 118.301, 32.251]]
    rows += [["", "2栋", 118.302, 32.251], ["", "3栋", 118.303, 32.251]]
    path.write_bytes(xls_bytes(rows, [(1, 3, 0, 0)]))


def web_page(path):
    cells = "".join(f"<td>{cell}</td>" for cell in HEADINGS)
    path.write_text(f"<html><table><tr>{cells}</tr></table></html>", encoding="utf-8")


def locked(path):
    path.write_bytes(ole_bytes({"EncryptedPackage": bytes(5000), "EncryptionInfo": bytes(300)}))


def zip_bomb(path):
    """Write a sheet that unpacks to 2 GB though the package says 1 kB."""
    book_of([HEADINGS, *compounds()]).save(path)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    name, content = b"xl/media/image1.bin", block * 2048 + b"\x03\x00"
    old = path.read_bytes()
    end = old.rindex(b"PK\x05\x06")
    start = int.from_bytes(old[end + 16 : end + 20], "little")
    n = int.from_bytes(old[end + 10 : end + 12], "little") + 1
    sizes = len(content).to_bytes(4, "little") + (1000).to_bytes(4, "little")
    common = b"\x14\x00\x00\x00\x08\x00\x00\x00\x00\x00" + bytes(4) + sizes
    common += len(name).to_bytes(2, "little") + b"\x00\x00"
    local = b"PK\x03\x04" + common + name + content
    central = b"PK\x01\x02\x14\x00" + common + bytes(10) + start.to_bytes(4, "little") + name
    directory = old[start:end] + central
    at = (start + len(local)).to_bytes(4, "little")
    closing = b"PK\x05\x06\x00\x00\x00\x00" + n.to_bytes(2, "little") * 2
    closing += len(directory).to_bytes(4, "little") + at + b"\x00\x00"
    path.write_bytes(old[:start] + local + directory + closing)


def stray_cell(path):
    book = book_of([HEADINGS, *compounds()])
    book.active["XFD1048576"] = "x"
    book.save(path)
