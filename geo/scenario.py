"""A scenario: choices, edits and a proof under a name, as a value and as one JSON that reopens it.

A scenario copies no data: it holds what was changed and remembers which data it was made on.
"""

import dataclasses
import json
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from geo.errors import ScenarioError
from geo.profiles import PROFILES
from geo.study import WEIGHTS, Study
from geo.text import Text
from geo.whatif import LONGEST_NAME, Edit, edits_from_json, edits_to_json

FORMAT = 1
MARK = "redgrid_scenario"  # the key that holds the format number and tells our files from others
STATUSES = ("optimal", "feasible", "infeasible")  # as `geo.siting.SitingPlan` has them
MOST_EDITS = 500
MOST_MINUTES = 240
MOST_QUESTION_BYTES = 1_000_000
MOST_FILE_BYTES = 4_000_000  # above what the other limits allow: what can be saved can be reopened
LONGEST_VERSION = 100
_FROM_HERE = Text("请用本系统导出的方案文件。", "Use a file exported from here.")


@dataclass(frozen=True)
class Proof:
    """How sure the plan is, as `geo.siting.SitingPlan` says it; an infinite objective is `inf`."""

    objective: float
    bound: float
    status: str  # one of STATUSES

    def __post_init__(self) -> None:
        _require("objective", self.objective, _is_figure(self.objective), _A_FIGURE)
        _require("bound", self.bound, _is_figure(self.bound), _A_FIGURE)
        _require("status", self.status, self.status in STATUSES, _one_of(STATUSES))


@dataclass(frozen=True)
class Scenario:
    """One scenario, checked when it is made. `edits` become a tuple, `question` a copy of its JSON.

    Raises
    ------
    ScenarioError
        A value is none that a scenario can have; the sentence names it.
    EditError
        One of the edits is none.
    """

    name: str
    profile: str  # a name of `geo.profiles.PROFILES`
    minutes: float
    at: datetime | None  # the local moment asked for, without a zone
    weight: str  # one of `geo.study.WEIGHTS`
    edits: tuple[Edit, ...]
    question: dict[str, Any] | None  # what the solver was asked; opaque here
    proof: Proof | None
    data_date: str  # of the study that it was made on: ISO, "" for a study without data
    version: str  # of that study, before any edit
    created_at: datetime  # UTC, without a zone as in the tables

    def __post_init__(self) -> None:
        edits = tuple(self.edits)
        _require_choices(self)
        n = len(edits)
        at_most = Text(f"最多 {MOST_EDITS} 条改动", f"at most {MOST_EDITS} changes")
        _require("edits", n, n <= MOST_EDITS, at_most)
        edits_from_json(_speakable("edits", edits_to_json(edits)))
        object.__setattr__(self, "edits", edits)
        object.__setattr__(self, "question", _plain_question(self.question))


def to_json(scenario: Scenario) -> str:
    """Return the scenario as JSON text, readable, in UTF-8 characters."""
    values = to_values(scenario)
    return json.dumps(values, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def from_json(text: str | bytes) -> Scenario:
    """Return the scenario that JSON text holds.

    Raises
    ------
    ScenarioError
        The text is too long, no JSON, no scenario of ours, of a newer format, or holds a value
        that a scenario cannot have.
    EditError
        One of its changes is none.
    """
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if len(raw) > MOST_FILE_BYTES:
        raise ScenarioError(
            Text(
                f"方案文件有 {len(raw)} 字节，最多 {MOST_FILE_BYTES} 字节。{_FROM_HERE.zh}",
                f"The scenario file has {len(raw)} bytes, more than {MOST_FILE_BYTES}. "
                f"{_FROM_HERE.en}",
            )
        )
    try:
        return from_values(_parsed(raw))
    except RecursionError as error:  # thousands of brackets within each other
        raise _no_json() from error


def to_values(scenario: Scenario) -> dict[str, Any]:
    """Return the scenario as JSON-ready values; `from_values` reads them back."""
    proof = scenario.proof
    return {
        MARK: FORMAT,
        "name": scenario.name,
        "profile": scenario.profile,
        "minutes": scenario.minutes,
        "at": None if scenario.at is None else scenario.at.isoformat(),
        "weight": scenario.weight,
        "edits": edits_to_json(scenario.edits),
        "question": scenario.question,
        "proof": None if proof is None else _proof_values(proof),
        "data_date": scenario.data_date,
        "version": scenario.version,
        "created_at": scenario.created_at.isoformat(),
    }


def from_values(values: object) -> Scenario:
    """Return the scenario that JSON values say. Raises as `from_json` does."""
    given = _ours(values)
    names = [field.name for field in dataclasses.fields(Scenario)]
    _require_fields(given, [MARK, *names])
    created_at = _moment("created_at", given["created_at"])
    if created_at is None:
        raise _refused("created_at", None, _A_MOMENT)
    return Scenario(
        **{
            **{name: given[name] for name in names},
            "at": _moment("at", given["at"]),
            "edits": tuple(edits_from_json(_at_most("edits", given["edits"]))),
            "proof": _read_proof(given["proof"]),
            "created_at": created_at,
        }
    )


def moved_on(scenario: Scenario, study: Study) -> Text | None:
    """Return a sentence if the study is not what the scenario was made on, None if it is."""
    if scenario.version == study.version.split("+")[0]:  # `apply_edits` adds to the version
        return None
    then, now = (day or "—" for day in (scenario.data_date, study.data_date))
    if then == now:
        return Text(
            f"方案“{scenario.name}”保存以后，数据有过改动（数据日期仍是 {now}）；"
            "数字已按现在的数据重算，原来的最优证明不再作数。",
            f"The data have changed since the scenario “{scenario.name}” was saved (still of "
            f"{now}): figures are worked out anew, and its proof holds no longer.",
        )
    return Text(
        f"方案“{scenario.name}”按 {then} 的数据做成，现在的数据是 {now} 的；"
        "数字已按现在的数据重算，原来的最优证明不再作数。",
        f"The scenario “{scenario.name}” was made on data of {then}, and the data are now of "
        f"{now}: figures are worked out anew, and its proof holds no longer.",
    )


def require_name(name: object) -> str:
    """Return a name without spaces around it.

    Raises
    ------
    ScenarioError
        It is empty, too long, or holds what cannot be printed.
    """
    if not (isinstance(name, str) and name.isprintable() and 0 < len(name.strip()) <= LONGEST_NAME):
        raise _refused("name", name, _A_NAME)
    return name.strip()


def numbered(name: str, taken: set[str]) -> str:
    """Return the name, or "name (2)", "name (3)"… where it is taken."""
    free, number = name, 2
    while free in taken:
        ending = f" ({number})"
        free, number = name[: LONGEST_NAME - len(ending)].rstrip() + ending, number + 1
    return free


_A_NAME = Text(
    f"1 到 {LONGEST_NAME} 个可显示的字", f"1 to {LONGEST_NAME} characters that can be shown"
)
_A_FIGURE = Text("数（无穷大写作 null）", "a number (null for infinity)")
_A_MOMENT = Text(
    "不带时区的时刻，如 2026-01-05T08:30:00", "a moment without a zone, like 2026-01-05T08:30:00"
)
_A_DATE = Text("日期，如 2026-01-05，或留空", "a date like 2026-01-05, or empty")
_MINUTES = Text(
    f"大于 0、不超过 {MOST_MINUTES} 的数", f"a number above 0 and at most {MOST_MINUTES}"
)
_A_VERSION = Text(
    f"不超过 {LONGEST_VERSION} 个可显示的字", f"at most {LONGEST_VERSION} characters that show"
)
_WHOLE = Text("完整的文字", "made of whole characters")
_A_QUESTION = Text(
    f"不超过 {MOST_QUESTION_BYTES} 字节的 JSON 对象，或 null",
    f"a JSON object of at most {MOST_QUESTION_BYTES} bytes, or null",
)


def _one_of(names: tuple[str, ...]) -> Text:
    listed = ", ".join(names)
    return Text(f"其中之一：{listed}", f"one of {listed}")


def _require_choices(scenario: Scenario) -> None:
    """Refuse what the choices and the provenance cannot be; the name is kept without spaces."""
    object.__setattr__(scenario, "name", require_name(scenario.name))
    profile, weight, minutes = scenario.profile, scenario.weight, scenario.minutes
    is_known = isinstance(profile, str) and profile in PROFILES
    _require("profile", profile, is_known, _one_of(tuple(PROFILES)))
    is_number = isinstance(minutes, int | float) and not isinstance(minutes, bool)
    _require("minutes", minutes, is_number and 0 < minutes <= MOST_MINUTES, _MINUTES)
    _require("weight", weight, isinstance(weight, str) and weight in WEIGHTS, _one_of(WEIGHTS))
    for field, moment in (("at", scenario.at), ("created_at", scenario.created_at)):
        is_right = isinstance(moment, datetime) and moment.tzinfo is None
        _require(field, moment, is_right or (field == "at" and moment is None), _A_MOMENT)
    _require("data_date", scenario.data_date, _is_date(scenario.data_date), _A_DATE)
    version = scenario.version
    is_right = (
        isinstance(version, str) and version.isprintable() and len(version) <= LONGEST_VERSION
    )
    _require("version", version, is_right, _A_VERSION)


def _is_date(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        return value in {"", date.fromisoformat(value or "2000-01-01").isoformat()}
    except ValueError:
        return False


def _is_figure(value: object) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return value == math.inf or abs(value) <= sys.float_info.max


def _plain_question(question: object) -> dict[str, Any] | None:
    """Return a copy as JSON brings it back: what is saved is what is asked again."""
    if question is None:
        return None
    try:
        text = json.dumps(question, ensure_ascii=False, allow_nan=False, sort_keys=True)
        size = len(text.encode())
    except (TypeError, ValueError, RecursionError) as error:  # lone surrogates are ValueErrors
        raise _refused("question", question, _A_QUESTION) from error
    if not isinstance(question, Mapping) or size > MOST_QUESTION_BYTES:
        raise _refused("question", question, _A_QUESTION)
    copied: dict[str, Any] = json.loads(text)
    return copied


def _proof_values(proof: Proof) -> dict[str, Any]:
    figures = {"objective": proof.objective, "bound": proof.bound}
    return {
        **{name: None if math.isinf(value) else value for name, value in figures.items()},
        "status": proof.status,
    }


def _read_proof(value: object) -> Proof | None:
    if value is None:
        return None
    names = [field.name for field in dataclasses.fields(Proof)]
    if not isinstance(value, Mapping) or set(value) != set(names):
        listed = ", ".join(names)
        raise _refused("proof", value, Text(f"含 {listed} 的对象", f"an object of {listed}"))
    read = {name: math.inf if value[name] is None else value[name] for name in names[:2]}
    return Proof(**read, status=value["status"])


def _parsed(raw: bytes) -> object:
    try:
        return json.loads(raw.decode("utf-8-sig"), parse_constant=_no_constant)
    except ValueError as error:  # broken UTF-8, broken JSON, numbers of thousands of digits
        raise _no_json() from error


def _no_json() -> ScenarioError:
    return ScenarioError(
        Text(
            f"这不是方案文件：读不成 JSON。{_FROM_HERE.zh}",
            f"This is no scenario file: it is not JSON. {_FROM_HERE.en}",
        )
    )


def _speakable(field: str, values: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return values that can be written as UTF-8: JSON may escape halves of a character."""
    try:
        json.dumps(values, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise _refused(field, error.object[error.start], _WHOLE) from error
    return values


def _ours(values: object) -> Mapping[str, Any]:
    if not isinstance(values, Mapping) or MARK not in values:
        raise ScenarioError(
            Text(
                f"这不是红网的方案文件：没有“{MARK}”。{_FROM_HERE.zh}",
                f"This is no scenario file of redgrid: it lacks “{MARK}”. {_FROM_HERE.en}",
            )
        )
    number = values[MARK]
    if type(number) is int and number > FORMAT:
        raise ScenarioError(
            Text(
                f"方案文件由更新版本的红网写成（格式 {number}）。请升级红网后再打开。",
                f"The scenario file was written by a newer redgrid (format {number}). "
                "Upgrade redgrid to open it.",
            )
        )
    _require(MARK, number, type(number) is int and number == FORMAT, Text("1", "1"))
    return values


def _require_fields(given: Mapping[str, Any], names: list[str]) -> None:
    missing = [name for name in names if name not in given]
    strange = sorted(str(name)[:60] for name in given if name not in names)
    if missing:
        raise ScenarioError(
            Text(
                f"方案文件缺少“{missing[0]}”。{_FROM_HERE.zh}",
                f"The scenario file lacks “{missing[0]}”. {_FROM_HERE.en}",
            ),
            missing,
        )
    if strange:
        raise ScenarioError(
            Text(
                f"方案文件里有不认识的“{strange[0]}”。{_FROM_HERE.zh}",
                f"The scenario file holds “{strange[0]}”, which is not known. {_FROM_HERE.en}",
            ),
            strange,
        )


def _at_most(field: str, values: object) -> object:
    """Return a list if it is not longer than edits may be; said before any is read."""
    if isinstance(values, list) and len(values) > MOST_EDITS:
        at_most = Text(f"最多 {MOST_EDITS} 条改动", f"at most {MOST_EDITS} changes")
        raise _refused(field, len(values), at_most)
    return values


def _moment(field: str, value: object) -> datetime | None:
    if value is None:
        return None
    try:
        return datetime.fromisoformat(value if isinstance(value, str) else "")
    except ValueError as error:
        raise _refused(field, value, _A_MOMENT) from error


def _no_constant(name: str) -> float:
    raise ValueError(name)  # NaN and Infinity are no JSON


def _require(field: str, value: object, is_right: bool, rule: Text) -> None:  # noqa: FBT001
    if not is_right:
        raise _refused(field, value, rule)


def _refused(field: str, value: object, rule: Text) -> ScenarioError:
    shown = ascii(value) if not str(value).isprintable() else str(value)
    shown = shown[:60] + ("…" if len(shown) > 60 else "")
    return ScenarioError(
        Text(
            f"方案的“{field}”是“{shown}”，应为{rule.zh}。",
            f"“{field}” of the scenario is “{shown}”; it must be {rule.en}.",
        )
    )
