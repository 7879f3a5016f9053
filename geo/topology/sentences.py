"""What each fault of a tiling is called, how grave it is, and the sentence that an office reads."""

import re
from dataclasses import dataclass

from geo.text import Text

# kind: severity and sentence. {a}, {b} are grids, {n} a count, {area} m², {width} m, {what} a
# detail, {names} several grids. `gap` and `overlap` end in what repair will do (ENDINGS).
SENTENCES: dict[str, tuple[str, Text]] = {
    "not_drawn": (
        "error",
        Text("网格“{a}”没有画出面；请补画，或从楼栋起草。", "Grid {a} has no polygon. Draw it."),
    ),
    "invalid": (
        "error",
        Text(
            "网格“{a}”的边界画错了：{what}。可自动修正，请核对结果。",
            "The border of grid {a} is drawn wrongly: {what}. It can be mended; then look at it.",
        ),
    ),
    "duplicate_code": (
        "error",
        Text(
            "编码 {what} 用在 {n} 个网格上：{names}；请改成各不相同。",
            "Code {what} stands on {n} grids: {names}. Give each its own.",
        ),
    ),
    "malformed_code": (
        "warning",
        Text(
            "网格“{a}”的编码“{what}”不是 15 位数字（区县 6 + 街道 3 + 社区 3 + 顺序 3）；请改正。",
            "The code {what!r} of grid {a} is not 15 digits (district 6 + street 3 + community 3 + "
            "sequence 3). Correct it.",
        ),
    ),
    "code_prefix": (
        "warning",
        Text(
            "网格“{a}”的编码不以所属社区的编码 {what} 开头；编码或归属有一个不对。",
            "The code of grid {a} does not begin with {what}, the code of its community; one of "
            "the two is wrong.",
        ),
    ),
    "orphan": (
        "warning",
        Text(
            "网格“{a}”没有所属社区，或所属社区不在表中；请补填。",
            "Grid {a} belongs to no community that is known. Fill it in.",
        ),
    ),
    "outside_community": (
        "warning",
        Text(
            "网格“{a}”有 {area} 平方米在所属社区“{what}”之外；网格或社区的边界有一个不对。",
            "Grid {a} has {area} m² outside its community {what}; one of the two borders is wrong.",
        ),
    ),
    "overlap": ("warning", Text("网格“{a}”与“{b}”", "Grids {a} and {b}")),
    "gap": ("warning", Text("{names}", "{names}")),
    "sliver": (
        "warning",
        Text(
            "网格“{a}”只有 {area} 平方米、最宽 {width} 米，像是画剩的碎条；请删去或并入邻格。",
            "Grid {a} is a strip of {area} m², {width} m at its widest: left over from drawing? "
            "Delete it or join it to a neighbour.",
        ),
    ),
    "spike": (
        "warning",
        Text(
            "网格“{a}”的边界上有一根长 {what} 米的尖刺；可自动剪去。",
            "The border of grid {a} has a spike {what} m long. It can be cut.",
        ),
    ),
    "multi_part": (
        "question",
        Text(
            "网格“{a}”分成 {n} 块，除最大一块外共 {area} 平方米；确是飞地可保留，否则请合并。",
            "Grid {a} is in {n} pieces; all but the largest have {area} m². Keep them if that is "
            "meant, otherwise join them.",
        ),
    ),
    "unmatched_border": (
        "note",
        Text(
            "网格“{a}”与邻格的边界对不齐（相差不到一平方米）；可自动对齐。",
            "The border of grid {a} does not fit its neighbours', by less than a square metre. It "
            "can be mended.",
        ),
    ),
    "point_on_border": (
        "note",
        Text(
            "{n} 处住所（{what}）离网格{names}的分界不到 {width} 米，归属可能有误；请核对。",
            "{n} homes ({what}) lie within {width} m of the border between {names} and may be "
            "counted for the wrong one. Check them.",
        ),
    ),
    "too_few_households": (
        "note",
        Text(
            "网格“{a}”只有 {n} 户，一般为 {what} 户；可考虑与邻格合并。",
            "Grid {a} has only {n} households; {what} are usual. It might join a neighbour.",
        ),
    ),
    "too_many_households": (
        "note",
        Text(
            "网格“{a}”有 {n} 户，一般为 {what} 户；可考虑拆分。",
            "Grid {a} has {n} households; {what} are usual. It might be split.",
        ),
    ),
}
TITLES = {
    "not_drawn": Text("没有画出的网格", "grids without a polygon"),
    "invalid": Text("画错的网格边界", "grids with a border drawn wrongly"),
    "duplicate_code": Text("重复的网格编码", "codes on more than one grid"),
    "malformed_code": Text("不合规的网格编码", "grid codes that are not 15 digits"),
    "code_prefix": Text("与所属社区不符的网格编码", "grid codes that are not of their community"),
    "orphan": Text("没有所属社区的网格", "grids without a known community"),
    "outside_community": Text("超出所属社区的网格", "grids outside their community"),
    "overlap": Text("网格重叠", "overlaps of grids"),
    "gap": Text("网格之间的空白", "gaps among grids"),
    "sliver": Text("碎条网格", "grids that are mere strips"),
    "spike": Text("网格边界的尖刺", "spikes on the borders of grids"),
    "multi_part": Text("分成几块的网格", "grids in several pieces"),
    "unmatched_border": Text("对不齐的网格边界", "borders of grids that do not fit"),
    "point_on_border": Text("压在网格分界上的住所", "borders of grids with homes on them"),
    "too_few_households": Text("户数偏少的网格", "grids with few households"),
    "too_many_households": Text("户数偏多的网格", "grids with many households"),
}
GAP_OF = {
    1: Text("网格{names}中间有一处空白", "Inside grid {names} there is a hole"),
    2: Text("网格{names}之间有一处空白", "Between grids {names} there is a gap"),
}
SIZE = Text("，面积 {area} 平方米，最宽 {width} 米；", " of {area} m², {width} m at its widest: ")
OVERLAPPED = Text(
    "重叠了 {area} 平方米，最宽 {width} 米；", " overlap on {area} m², {width} m at the widest: "
)
ENDINGS = {
    ("gap", True): Text(
        "可自动并入相邻最长的网格。", "it can go to the grid that borders on most of it."
    ),
    ("gap", False): Text(
        "若是湖面、铁路等本就不划网格的地方可保留，否则请补画。",
        "leave it if nobody is meant to have it (a lake, a railway), otherwise draw it in.",
    ),
    ("overlap", True): Text(
        "可自动归入相邻最长的一格。", "it can go to the grid that borders on most of it."
    ),
    ("overlap", False): Text(
        "请决定归哪一格，不会自动改动。", "decide whose it is; nothing is changed by itself."
    ),
}
REASONS = {
    "Self-intersection": Text("边线自己交叉", "it crosses itself"),
    "Ring Self-intersection": Text("边线自己碰到自己", "it touches itself"),
    "Hole lies outside shell": Text("内部的洞画到了外面", "a hole lies outside"),
    "Nested holes": Text("洞里套着洞", "holes lie in one another"),
    "Nested shells": Text("一块套在另一块里", "pieces lie in one another"),
    "Interior is disconnected": Text("内部被洞隔断", "holes cut it apart"),
    "Duplicate Rings": Text("同一圈画了两遍", "one ring is drawn twice"),
    "Too few points in geometry component": Text("点太少，围不成面", "too few points for an area"),
    "Invalid Coordinate": Text("坐标不是数字", "a coordinate is no number"),
}
MOST_NAMES = 4
UNSAID = Text("", "")


@dataclass(frozen=True)
class Facts:
    """What a sentence is filled with."""

    names: tuple[str, ...] = ()
    n: int = 0
    area_m2: float = 0.0
    width_m: float = 0.0
    what: Text = UNSAID
    is_mendable: bool = False


def severity_of(kind: str, *, is_mendable: bool) -> str:
    """Return how grave a fault is; a wide overlap is an error, a wide gap a question."""
    if kind == "overlap" and not is_mendable:
        return "error"
    if kind == "gap" and not is_mendable:
        return "question"
    return SENTENCES[kind][0]


def sentence(kind: str, facts: Facts) -> Text:
    """Return the sentence of a fault."""
    both = SENTENCES[kind][1]
    if kind == "gap":
        both = _joined(GAP_OF[min(max(len(facts.names), 1), 2)], SIZE)
    elif kind == "overlap":
        both = _joined(both, OVERLAPPED)
    if (kind, facts.is_mendable) in ENDINGS:
        both = _joined(both, ENDINGS[kind, facts.is_mendable])
    return Text(_filled(both.zh, facts, "zh"), _filled(both.en, facts, "en"))


def reason_of(reason: str) -> Text:
    """Return GEOS's reason why a polygon is invalid in words."""
    plain = re.sub(r"\[.*", "", reason).strip()
    return REASONS.get(plain, Text(plain, plain))


def _joined(first: Text, second: Text) -> Text:
    return Text(first.zh + second.zh, first.en + second.en)


def _filled(template: str, facts: Facts, language: str) -> str:
    shown = list(facts.names[:MOST_NAMES])
    more = len(facts.names) - len(shown)
    if language == "zh":
        names = "、".join(f"“{name}”" for name in shown) + (
            f"等 {len(facts.names)} 格" if more else ""
        )
    else:
        names = ", ".join(shown) + (f" and {more} more" if more else "")
    first = facts.names[0] if facts.names else ""
    return template.format(
        a=first,
        b=facts.names[1] if len(facts.names) > 1 else first,
        n=facts.n,
        names=names,
        area=number(facts.area_m2),
        width=number(facts.width_m),
        what=facts.what.zh if language == "zh" else facts.what.en,
    )


def number(value: float) -> str:
    """Return a length or an area with as many digits as one reads: 0.34, 4.2, 1,250."""
    if value < 1:
        return f"{value:.2f}"
    return f"{value:.1f}" if value < 100 else f"{value:,.0f}"
