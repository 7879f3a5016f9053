"""Addresses as people write them: seeded variants of one address, with at most one slip of the pen.

What is varied: levels left out, 栋/幢/号楼/#, Chinese and full-width digits, spaces, remarks,
phases (一期, 1期, Ⅰ期, 第一期), nicknames (小区 or 花园 left off), the road number alone.
A slip is a homophone, a character that looks alike, any other character, one left out, or two
changed about.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

import numpy as np
from pypinyin import lazy_pinyin

from geo.geocode.digits import chinese_number

COMMON = (
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而"
    "方后多定行学法所民得经十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好"
    "应开它合还因由其些然前外天政四日那社义事平形相全表间样与关各重新线内数正心反你明看原又么利比或但质气第向"
    "道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程展五果料象员革位入常文总次品式活设及管特"
    "件长求老头基资边流路级少图山统接知较将组见计别她手角期根论运农指几九区强放决西被干做必战先回则任取据处队"
    "南给色光门即保治北造百规热领七海口东导器压志世金增争济阶油思术极交受联什认六共权收证改清己美再采转更单风"
)
ALIKE = (
    *(
        "天夭夫",
        "大太犬",
        "人入八",
        "土士",
        "未末",
        "己已巳",
        "日曰目",
        "园圆圜",
        "苑宛菀",
        "城诚成",
        "华毕",
    ),
    *(
        "府俯附",
        "桂佳挂",
        "蓝篮监",
        "龙尤",
        "锦绵棉",
        "滨宾",
        "湖胡潮",
        "翠粹",
        "清青情",
        "新亲",
        "阳阴",
        "名各",
    ),
    *(
        "庭廷",
        "东车乐",
        "西酉四",
        "南楠",
        "水永冰",
        "江红工",
        "丽而",
        "光兴",
        "景影",
        "星皇",
        "都郡",
        "明朋",
    ),
    *(
        "春舂",
        "家冢",
        "豪毫",
        "御卸",
        "紫紧",
        "徽微",
        "泰秦奏",
        "福副幅",
        "安按",
        "和知",
        "金全",
        "玉王主",
    ),
)
_VISUAL = {char: group.replace(char, "") for group in ALIKE for char in group}
_REMARKS = ("（请打电话）", "，电联", "（自取）", " 业主", "（放门口）", "(租户)", "，电话联系")
_NICK_ENDS = ("住宅小区", "小区", "花园", "公寓", "社区", "宿舍", "家园")
_FULL_WIDTH = {ord(c): chr(ord(c) + 0xFEE0) for c in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ#()-"}


@dataclass(frozen=True)
class Spoken:
    """The parts of a true address, "" where there is none; `kinds` of noise that were put in."""

    province: str = ""
    city: str = ""
    district: str = ""
    street: str = ""
    community: str = ""
    road: str = ""
    number: str = ""
    name: str = ""
    building: str = ""  # digits or a letter
    unit: str = ""
    room: str = ""
    kinds: tuple[str, ...] = ()

    def with_kind(self, kind: str, **changes: str) -> "Spoken":
        """Return a variant, and remember what was done."""
        return replace(self, kinds=(*self.kinds, kind), **changes)  # type: ignore[arg-type]


def vary(truth: Spoken, random: np.random.Generator) -> tuple[str, Spoken]:
    """Return an address as somebody may write it, and its parts as they were written."""
    spoken = _levels_left_out(truth, random)
    if truth.number and random.random() < 0.06:
        spoken = replace(spoken, road=truth.road, number=truth.number)
        spoken = spoken.with_kind("road number only", name="")
    if spoken.name:
        spoken = _phase_written(spoken, random)
        spoken = _nickname(spoken, random)
        spoken = _slip(spoken, random)
    text = _joined(spoken, random)
    for kind, share, change in (
        ("full width", 0.15, lambda t: t.translate(_FULL_WIDTH)),
        ("space", 0.15, lambda t: _spaced(t, random)),
        ("remark", 0.15, lambda t: t + str(random.choice(_REMARKS))),
    ):
        if random.random() < share:
            text, spoken = change(text), spoken.with_kind(kind)
    return text, spoken


def _levels_left_out(truth: Spoken, random: np.random.Generator) -> Spoken:
    kept = {
        level: "" if random.random() < 0.5 else getattr(truth, level)
        for level in ("province", "city", "district", "street", "community")
    }
    if random.random() < 0.5:
        kept |= {"road": "", "number": ""}
    elif random.random() < 0.3:
        kept["number"] = ""
    spoken = replace(truth, **kept)
    return spoken if spoken == truth else spoken.with_kind("level left out")


def _phase_written(spoken: Spoken, random: np.random.Generator) -> Spoken:
    for digit, (chinese, roman) in enumerate(zip("一二三四五", "ⅠⅡⅢⅣⅤ", strict=True), start=1):
        for written in (f"{chinese}期", f"{digit}期"):
            if written in spoken.name:
                ways = (
                    f"{chinese}期",
                    f"{digit}期",
                    f"{roman}期",
                    f"第{chinese}期",
                    f"（{chinese}期）",
                )
                name = spoken.name.replace(written, str(random.choice(ways)))
                return spoken.with_kind("phase", name=name)
    return spoken


def _nickname(spoken: Spoken, random: np.random.Generator) -> Spoken:
    for end in _NICK_ENDS:
        if spoken.name.endswith(end) and len(spoken.name) - len(end) >= 2:
            if random.random() < 0.15:
                return spoken.with_kind("nickname", name=spoken.name.removesuffix(end))
            break
    return spoken


def _slip(spoken: Spoken, random: np.random.Generator) -> Spoken:
    """Make one slip in the name with even odds; a slip of two characters would leave nothing."""
    places = [k for k, char in enumerate(spoken.name) if "\u4e00" <= char <= "\u9fff"]
    if len(spoken.name) < 3 or not places or random.random() < 0.5:
        return spoken
    place = int(random.choice(places))
    before, char, after = spoken.name[:place], spoken.name[place], spoken.name[place + 1 :]
    kind = str(random.choice(("homophone", "homophone", "alike", "other", "left out", "swapped")))
    if kind == "homophone":
        same = [c for c in homophones().get(lazy_pinyin(char)[0], "") if c != char]
        put = str(random.choice(same)) if same else char
    elif kind == "alike":
        put = str(random.choice(list(_VISUAL[char]))) if char in _VISUAL else char
    elif kind == "other":
        put = str(random.choice(list(COMMON)))
    else:
        put = ""
        if kind == "swapped":
            put, after = after[:1] + char, after[1:]
    name = before + put + after
    return spoken if name == spoken.name else spoken.with_kind(kind, name=name)


@lru_cache(maxsize=1)
def homophones() -> dict[str, str]:
    """Return the 3,755 characters of GB 2312's first level by syllable."""
    found: dict[str, str] = {}
    for high in range(0xB0, 0xD8):
        for low in range(0xA1, 0xFF):
            try:
                char = bytes((high, low)).decode("gb2312")
            except UnicodeDecodeError:
                continue
            syllable = lazy_pinyin(char)[0]
            found[syllable] = found.get(syllable, "") + char
    return found


def _joined(spoken: Spoken, random: np.random.Generator) -> str:
    number = f"{spoken.number}号" if spoken.number else ""
    before = spoken.province + spoken.city + spoken.district + spoken.street + spoken.community
    return before + spoken.road + number + spoken.name + _fine(spoken, random)


def _fine(spoken: Spoken, random: np.random.Generator) -> str:
    building, unit, room = spoken.building, spoken.unit, spoken.room
    if not building:
        return ""
    if room and random.random() < 0.2:
        return "-".join(filter(None, (building, unit, room)))
    is_chinese = building.isdigit() and random.random() < 0.2
    text = chinese_number(int(building)) if is_chinese else building
    text += str(random.choice(("栋", "幢", "号楼", "栋", "号楼", "#" if not is_chinese else "栋")))
    if unit:
        text += (chinese_number(int(unit)) if is_chinese else unit) + "单元"
    return text + (room + str(random.choice(("室", "", "房"))) if room else "")


def _spaced(text: str, random: np.random.Generator) -> str:
    """Put spaces or full-width spaces between two characters of which one is Chinese."""
    out = [text[:1]]
    for left, right in pairwise(text):
        is_number = left.isascii() and right.isascii() and left.isalnum() and right.isalnum()
        if not is_number and random.random() < 0.1:
            out.append(str(random.choice((" ", "　"))))
        out.append(right)
    return "".join(out)
