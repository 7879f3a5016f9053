"""What a planner asks, as plain values: a scenario keeps them, a command line gives them."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from geo.errors import SitingError
from geo.study import WEIGHTS
from geo.text import Text

Problem = Literal["mclp", "lscp", "p_median", "p_center"]
PROBLEMS: tuple[Problem, ...] = get_args(Problem)
WALKING = ("p_median", "p_center")  # problems of the whole walk, which no way makes endless


@dataclass(frozen=True)
class Question:
    """What a planner asks. Plain values: a scenario keeps them, a command line gives them.

    `weights` are names of demand columns and the share that each has in the mix; `mandatory` and
    `forbidden` are ids of candidate sites. The rest is as in `SitingConstraints`.
    """

    problem: Problem = "mclp"
    p: int = 3
    share: float = 1.0  # LSCP: of the weight that must be covered
    weights: tuple[tuple[str, float], ...] = (("members", 1.0),)
    mandatory: tuple[int, ...] = ()
    forbidden: tuple[int, ...] = ()
    may_close: int = 0
    spacing_m: float = 0.0
    budget: float | None = None
    capacity: float | None = None  # what one station serves at most, of the weight
    has_backup: bool = False
    one_per_community: bool = False
    is_fair: bool = False  # the worst grid first, then the total
    time_limit_s: float | None = 20.0

    @property
    def has_conditions(self) -> bool:
        """Whether it asks for more than its problem: then the plain curve says less about it."""
        return bool(
            self.mandatory
            or self.forbidden
            or self.may_close
            or self.spacing_m
            or self.budget is not None
            or self.capacity is not None
            or self.has_backup
            or self.one_per_community
            or self.is_fair
        )

    def to_json(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            **dataclasses.asdict(self),
            "weights": [list(part) for part in self.weights],
            "mandatory": list(self.mandatory),
            "forbidden": list(self.forbidden),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Question":
        """Return the question that `to_json` wrote.

        Raises
        ------
        SitingError
            A value is not of its kind.
        """
        try:
            known = {f.name: values[f.name] for f in dataclasses.fields(cls) if f.name in values}
            known |= {k: tuple(map(int, known.get(k, ()))) for k in ("mandatory", "forbidden")}
            mix = known.get("weights", cls.weights)
            known["weights"] = tuple((str(name), float(part)) for name, part in mix)
            question = cls(**known)
        except (TypeError, ValueError, KeyError) as error:
            raise _no_question() from error
        if question.problem not in PROBLEMS or any(w not in WEIGHTS for w, _ in question.weights):
            raise _no_question()
        return question


def _no_question() -> SitingError:
    return SitingError(
        Text(
            "方案里的求解条件看不懂；请用本系统导出的方案文件。",
            "The question in the scenario cannot be read; use a file exported from here.",
        )
    )
