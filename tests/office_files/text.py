"""Nasty text files."""

from office_files.excel import HEADINGS, compounds


def lines_of(rows, sign=","):
    return "\r\n".join(sign.join(map(str, row)) for row in rows)


def plain(encoding, sign=","):
    def make(path):
        path.write_bytes(lines_of([HEADINGS, *compounds()], sign).encode(encoding))

    return make


def written(text, encoding="utf-8"):
    return lambda path: path.write_bytes(text.encode(encoding))


def rows(*more, headings=HEADINGS, n=6):
    """Return what writes a ledger of n sound rows and some more."""
    return written(lines_of([headings, *compounds(n), *more]))


FULL_WIDTH = (
    "小区名称，户数，经度，纬度\r\n"
    "春园，１２０，１１８．３０１，３２．２５１\r\n"
    "夏　园，约８０户，118.302，32.252\r\n"
)
COORDINATES = (
    ["零零园", "", 5, 0, 0],
    ["暂无园", "", 5, "暂无数据", "暂无数据"],
    ["写反园", "", 5, 32.253, 118.303],
    ["缺位园", "", 5, 18.303, 32.253],
    ["缺点园", "", 5, 1183030, 322530],
    ["分秒园", "", 5, "118°18′11″", "32°15′11″"],
    ["带字园", "", 5, "东经118.303", "北纬32.253"],
    ["远方园", "", 5, 113.5, 22.3],
)
SAME = (
    ["春园小区", "龙行路1号", 100, 118.301, 32.251],
    ["春园小区", "龙行路1号（北门）", 100, 118.3011, 32.2511],
    ["夏 园（小区）", "", 1, 118.31, 32.26],
)
NUMBERS = (
    ["负数园", "", -5, 118.303, 32.253],
    ["电话园", "", 13812345678, 118.303, 32.253],
    ["文字园", "", "很多", 118.303, 32.253],
    ["大约园", "", "约1.2万户", 118.303, 32.253],
    ["不详园", "", "不详", 118.304, 32.254],
)
ROUNDED = "社区代码,社区名称\r\n3.41103E+11,东社区\r\n341103003002,西社区\r\n"
MILLION = "社区名称\r\n" + "\r\n".join("甲" for _ in range(1_000_000))
EXCESS = "小区名称,经度,纬度\r\n春园,118.301,32.251\r\n夏园,118.302,32.252,多出,来的\r\n"
TWO_HEADS = (
    "小区名称,位置,,户数\r\n,经度,纬度,\r\n春园,118.301,32.251,100\r\n夏园,118.302,32.252,90\r\n"
)
