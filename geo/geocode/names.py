"""The name of an estate taken apart: what it is called, what kind it says it is, which part."""

import re
from dataclasses import dataclass
from functools import lru_cache

from geo.geocode.digits import CHARACTERS, number_of, roman_of
from geo.geocode.divisions import PROVINCES, counties
from geo.geocode.lexicon import GENERIC_ENDS, HAN, TELLING_ENDS, any_of
from geo.geocode.normalise import normal
from geo.geocode.sounds import sound

_COUNTED = re.compile(
    f"第?([{CHARACTERS}]{{1,7}})(?=期|区|小区|村|栋|幢|座|号|楼|层|单元|室|房|户|路|街|巷|弄|组|队|门|苑|院|条|#|附|之|-)"
)
_ROMAN = re.compile("(?<![A-Z])(I{1,3}|IV|VI{0,3}|IX|X)(?=期|区|号)")
_ORDINAL = re.compile("第(?=[0-9]+(?:期|区|栋|幢|单元|层))")
_ZEROS = re.compile("(?<![0-9A-Z])0+(?=[0-9])")
_MISHEARD = re.compile(f"(?<=[0-9])[{HAN}]{{1,2}}(?=[0-9]|$|[ ,(])")
_KIND_REMARK = re.compile(r"\((?:别墅|公寓|住宅|商住楼|商铺|还建房|洋房|高层|多层|小区)\)")
_PLACE_REMARK = re.compile(r"\([^()]*[路街道巷号旁近][^()]*\)")
_PHASE = re.compile("([0-9]+)期")
_ZONE = re.compile(
    "(?:([A-Z][0-9]?)区|([东西南北中]|[东西][南北])(?:区|苑|院|园)?|([0-9]+)[区村]?|([A-Z]?[0-9]+)号?(?:组团|地块))$"
)
_ZONE_WORDS = "区苑院园村团块"
_GENERIC = re.compile(f"{any_of(GENERIC_ENDS)}$")
_TELLING = re.compile(f"{any_of(TELLING_ENDS)}$")
_HARD = re.compile("[0-9]+|[A-Z]|[东西南北]")


@dataclass(frozen=True, slots=True)
class Name:
    """`key` is the whole name in its one way; the rest are its parts.

    `base` what it is called, `end` the kind (花园; "" where it is 小区 or not said), `phase` the
    number before 期, `zones` what tells its parts apart (东, A, 3), `hard` the characters of `base`
    that no slip of the pen changes into others: directions, digits and letters.
    """

    key: str
    base: str
    end: str
    phase: str
    zones: tuple[str, ...]
    hard: tuple[str, ...]
    estate: str = ""  # 小区, 社区 or the like, if it is said
    hard_key: tuple[str, ...] = ()  # `hard` of the whole key
    heard_key: str = ""  # what `key` and `base` sound like
    heard_base: str = ""

    @property
    def stem(self) -> str:
        """Return the name without phase and zones, kind included."""
        return self.base + self.end


def digits_in_one_way(text: str) -> str:
    """Write Chinese and Roman numerals that count something in digits: 十二栋 is 12栋."""
    text = _COUNTED.sub(_counted, text)
    text = _ROMAN.sub(lambda found: str(roman_of(found[1]) or found[1]), text)
    return _ZEROS.sub("", _ORDINAL.sub("", text))


def _counted(found: re.Match[str]) -> str:
    number = number_of(found[1])
    return found[0] if number is None else str(number)


def written_in_one_way(text: str) -> str:
    """Return a text in normal characters, with digits for what is counted, and by its own word.

    Remarks that only say what kind of houses these are (别墅) are left off.
    """
    written = _MISHEARD.sub(_counting_word, digits_in_one_way(normal(text)))
    return _KIND_REMARK.sub("", written) or written


def _counting_word(found: re.Match[str]) -> str:
    """Return the word that counts where one that sounds like it stands: 3动2丹元 is 3栋2单元."""
    return _word_by_sound().get(sound(found[0]), found[0])


@lru_cache(maxsize=1)
def _word_by_sound() -> dict[str, str]:
    return {sound(word): word for word in ("号", "栋", "幢", "楼", "层", "室", "单元", "号楼")}


@lru_cache(maxsize=200_000)
def name_of(text: str) -> Name:
    """Take a name apart; `text` is already written in one way (`written_in_one_way`)."""
    text = _PLACE_REMARK.sub("", text) or text
    key = re.sub("[() ,#-]", "", text)
    rest, phase, zones, end = key, "", [], ""
    estate = ""
    found = _PHASE.search(rest)
    if found and len(rest) - len(found[0]) >= 2:
        phase, rest = found[1], rest[: found.start()] + rest[found.end() :]
    while True:
        shorter = _shorter(_GENERIC, rest)
        if shorter:
            estate = estate or rest[len(shorter) :]
            rest = shorter
            if not re.search("[东西南北0-9]$", shorter) or len(shorter) < 3:
                continue
        found = _ZONE.search(rest)
        is_bare = found is not None and found[0][-1] not in _ZONE_WORDS
        if found and len(rest) - len(found[0]) >= 2 and (not is_bare or shorter):
            zones.append(next(filter(None, found.groups())))
            rest = rest[: found.start()]
        elif not shorter:
            break
    shorter = _shorter(_TELLING, rest)
    if shorter:
        end, rest = rest[len(shorter) :], shorter
    hard, hard_key = (tuple(_HARD.findall(text)) for text in (rest, key))
    return Name(
        *(key, rest, end, phase, tuple(sorted(zones)), hard, estate, hard_key),
        *(sound(key), sound(rest)),
    )


def _shorter(ending: re.Pattern[str], text: str) -> str | None:
    """Return the text without an ending, None if that leaves too little to be a name."""
    found = ending.search(text)
    return text[: found.start()] if found and found.start() >= 2 else None


@lru_cache(maxsize=1)
def _cities() -> re.Pattern[str]:
    cities = [name.removesuffix("市") for name in counties() if name.endswith("市")]
    provinces = [name.removesuffix("省") for name in PROVINCES if name.endswith("省")]
    return re.compile(f"(?:{any_of(tuple(provinces))}省?)?(?:{any_of(tuple(cities))}市?)?")


def without_city(name: Name) -> str | None:
    """Return a name without province and city (滁州正荣府); None if that leaves only a kind."""
    found = _cities().match(name.base)
    is_name = found is not None and found.end() > 0 and len(name.base) - found.end() >= 2
    return name.key[found.end() :] if found and is_name else None
