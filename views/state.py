"""What a page shows, as the address bar says it: a link opens the same view."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from geo.profiles import PROFILES
from geo.study import WEIGHT_TITLES
from geo.text import Language, Text

MINUTES = (5, 10, 15, 20, 25, 30)
WEIGHTS = ("members", "households", "residents", "elderly", "buildings")
FIGURES = (
    *("members_share", "households_share", "residents_share", "elderly_share", "buildings_share"),
    *("area_share", "median_s", "members_per_km2", "members_per_100_households"),
)
AT_FORMAT = "%Y-%m-%dT%H:%M"
TARGETS = (60, 70, 80, 85, 90, 95, 100)


@dataclass(frozen=True)
class PageState:
    """The choices of a viewer. Everything here stands in the address bar, and nothing else does."""

    minutes: int = 15
    profile: str = "standard"
    weight: str = "members"
    figure: str = ""  # "" = the covered share of the weight
    at: datetime | None = None
    target: int = 80
    grid: str = ""  # code of the chosen grid
    lang: Language = "zh"

    @property
    def shown_figure(self) -> str:
        """The column of `Coverage.grids` that the map shows."""
        return self.figure or f"{self.weight}_share"


DEFAULT = PageState()


def read_state(params: Mapping[str, str], lang: Language = "zh") -> tuple[PageState, list[Text]]:
    """Return the state that the parameters say, and a sentence for each value that fell back."""
    state, refused = replace(DEFAULT, lang=lang), []
    for name in (field.name for field in fields(PageState)):
        if name not in params:
            continue
        try:
            state = replace(state, **_read(name, params[name]))
        except ValueError:
            shown = params[name][:40]
            refused.append(
                Text(
                    f"链接里的 {name}={shown} 无效，已用默认值。",
                    f"{name}={shown} in the link is not valid; the default is used.",
                )
            )
    return state, refused


def write_state(state: PageState) -> dict[str, str]:
    """Return the parameters of a state; what is as by default is left off."""
    written = {}
    for field in fields(PageState):
        value = getattr(state, field.name)
        if value != getattr(DEFAULT, field.name):
            written[field.name] = (
                value.strftime(AT_FORMAT) if isinstance(value, datetime) else str(value)
            )
    return written


def _read(name: str, value: str) -> dict[str, Any]:
    """Return one field of the state; a ValueError if the value is none."""
    if name == "at":
        return {name: datetime.strptime(value, AT_FORMAT)}  # noqa: DTZ007 - local wall-clock time
    if name == "grid":
        return {name: _one_of(value, None if len(value) <= 30 else ())}
    if name in {"minutes", "target"}:
        allowed_numbers = MINUTES if name == "minutes" else TARGETS
        return {name: int(_one_of(value, tuple(map(str, allowed_numbers))))}
    allowed: dict[str, tuple[str, ...]] = {
        "profile": tuple(PROFILES),
        "weight": WEIGHTS,
        "figure": FIGURES,
        "lang": ("zh", "en"),
    }
    return {name: _one_of(value, allowed[name])}


def _one_of(value: str, allowed: tuple[str, ...] | None) -> str:
    if allowed is not None and value not in allowed:
        raise ValueError(value)
    return value


def weight_title(weight: str) -> Text:
    """Return what a weight is called."""
    return WEIGHT_TITLES[weight]
