"""Invented names. Whatever resembles a real place does so by chance."""

STREET = ("演示街道", "341103003")
FIRST = "春秋朝晚清明安和文德福康锦翠松竹兰桂枫梅"
SECOND = "晖澜岚溪泽苑川棠屏汀涧屿坪丰泰宁乐祥瑞景"
STREET_KINDS = ("路", "街", "巷")
COMPOUND_KINDS = {
    "old": ("新村", "里", "小区"),
    "mid": ("花园", "家园", "苑"),
    "new": ("府", "湾", "庭"),
}
PLACES = ("社区用房", "物业用房", "沿街门面", "闲置校舍", "老年活动室", "便民市场二楼")
SERVICES = (
    *("政策咨询", "党员教育", "志愿服务", "便民代办"),
    *("议事协商", "文体活动", "托老托幼", "法律援助"),
)
POSTS = ("", "", "", "", "", "楼栋长", "网格员", "志愿者骨干")
DUTIES = ("", "", "", "", "", "", "支部书记", "支部委员", "党小组长")


def word(number: int) -> str:
    """Return one of 400 two-character words, and beyond that the word with a number."""
    pairs = len(FIRST) * len(SECOND)
    spread = number % pairs * 137 % pairs  # neighbours in number are not neighbours in sound
    again = number // pairs
    text = FIRST[spread % len(FIRST)] + SECOND[spread // len(FIRST)]
    return text + (str(again + 1) if again else "")


def street_name(number: int, *, is_arterial: bool = False) -> str:
    """Return the name of a street."""
    return word(number) + ("大道" if is_arterial else STREET_KINDS[number % len(STREET_KINDS)])


def community_name(number: int) -> str:
    """Return the name of a community."""
    return f"演示{word(number * 3 + 1)}社区"


def compound_name(number: int, kind: str) -> str:
    """Return the name of a compound."""
    kinds = COMPOUND_KINDS[kind]
    return word(number + 11) + kinds[number % len(kinds)]
