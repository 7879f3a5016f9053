"""Settings from the environment, read once at the entrance and passed down as one value."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from data.errors import SettingsError
from geo.text import Language, Text

DEFAULT_DATABASE = "redgrid.db"
T = TypeVar("T")
LANGUAGES: dict[str, Language] = {"zh": "zh", "en": "en"}
LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
LOG_LEVELS: dict[str, LogLevel] = {
    "DEBUG": "DEBUG",
    "INFO": "INFO",
    "WARNING": "WARNING",
    "ERROR": "ERROR",
}


def database_url(place: str) -> str:
    """Return the URL of a database given as a URL or as the path of a SQLite file."""
    return place if "://" in place else f"sqlite:///{Path(place)}"


@dataclass(frozen=True)
class Settings:
    """All settings. The names of the variables stand beside the fields."""

    database: str = database_url(DEFAULT_DATABASE)  # REDGRID_DB: URL, or path of a SQLite file
    language: Language = "zh"  # REDGRID_LANG: zh or en
    address: str = "localhost"  # REDGRID_ADDRESS: where the dashboard listens
    port: int = 8501  # REDGRID_PORT
    log_level: LogLevel = "WARNING"  # REDGRID_LOG: DEBUG, INFO, WARNING or ERROR

    @classmethod
    def from_env(cls, environment: Mapping[str, str]) -> "Settings":
        """Read the settings from a mapping such as `os.environ`; an empty value is as none.

        Raises
        ------
        SettingsError
            A variable has a value that it cannot have.
        """
        return cls(
            database=database_url(environment.get("REDGRID_DB") or DEFAULT_DATABASE),
            language=_one_of(environment, "REDGRID_LANG", "zh", LANGUAGES),
            address=environment.get("REDGRID_ADDRESS") or "localhost",
            port=_port(environment.get("REDGRID_PORT") or "8501"),
            log_level=_one_of(environment, "REDGRID_LOG", "WARNING", LOG_LEVELS),
        )


def _one_of(environment: Mapping[str, str], name: str, default: str, choices: Mapping[str, T]) -> T:
    value = environment.get(name) or default
    if value not in choices:
        names = ", ".join(choices)
        raise SettingsError(
            Text(
                f"环境变量 {name} 的值是“{value}”，只能是：{names}。",
                f"The variable {name} is {value!r}; it can be one of {names}.",
            )
        )
    return choices[value]


def _port(value: str) -> int:
    if not (value.isascii() and value.isdecimal() and 1 <= int(value) <= 65535):
        raise SettingsError(
            Text(
                f"环境变量 REDGRID_PORT 的值是“{value}”，应为 1 到 65535 的整数。",
                f"The variable REDGRID_PORT is {value!r}; it must be a number from 1 to 65535.",
            )
        )
    return int(value)
