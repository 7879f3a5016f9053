"""What one reading of a file's numbers measures against the map, in figures and in words."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.datum.hypotheses import Hypothesis
from geo.text import Text

Floats = NDArray[np.float64]

NEAR_M = 30.0  # "on" a building, for the sentence
CLEAR, ASKS = "clear", "asks"


@dataclass(frozen=True, eq=False)
class Reading:
    """One hypothesis, measured; what a little map needs to be drawn and chosen from."""

    hypothesis: Hypothesis
    lon: Floats  # (n,) WGS84 degrees of every point of the file; NaN where there is none
    lat: Floats  # (n,)
    score: float  # log of the likelihood, over that of an unknown shift; below 0: fits no better
    n: int  # points compared: those near the map under any reading
    layer: Text  # what the distances are to
    n_near: int  # within NEAR_M of it
    median_m: float  # NaN where nothing was compared
    offset_m: float  # by which the file as a whole seems to lie off under this reading
    n_named: int  # names that are known places'
    named_median_m: float  # from there, NaN where no name is known
    n_said: int  # rows whose address names an area and lies near its border
    n_inside: int  # of them, those within it

    @property
    def key(self) -> str:
        """The short name of the hypothesis."""
        return self.hypothesis.key

    @property
    def sentence(self) -> Text:
        """What was measured, for the user to judge by."""
        zh, en = [], []
        if self.n:
            zh.append(
                f"{self.n} 个点中 {self.n_near} 个落在{self.layer.zh} {NEAR_M:.0f} 米内"
                f"（中位 {_metres(self.median_m)[0]}）"
            )
            en.append(
                f"{self.n_near} of {self.n} points within {NEAR_M:.0f} m of {self.layer.en} "
                f"(median {_metres(self.median_m)[1]})"
            )
        if self.n_named:
            zh.append(f"{self.n_named} 个同名小区相距中位 {_metres(self.named_median_m)[0]}")
            en.append(
                f"{self.n_named} known names lie {_metres(self.named_median_m)[1]} off (median)"
            )
        if self.n_said:
            zh.append(f"界线附近 {self.n_said} 个写明辖区的地址中 {self.n_inside} 个在辖区内")
            en.append(
                f"{self.n_inside} of {self.n_said} addresses near borders lie in the area they name"
            )
        if not zh:
            return Text(
                f"按 {self.hypothesis.title.zh} 读：没有可比较的点。",
                f"Read as {self.hypothesis.title.en}: no point to compare.",
            )
        return Text(
            f"按 {self.hypothesis.title.zh} 读：{'；'.join(zh)}。",
            f"Read as {self.hypothesis.title.en}: {'; '.join(en)}.",
        )


@dataclass(frozen=True, eq=False)
class DatumFinding:
    """What the detective found: a clear reading, or a question with what was measured."""

    best: Reading | None  # None: it asks
    readings: tuple[Reading, ...]  # the best first
    margin: float  # log of how much likelier the first is than the second; inf without a second
    reason: Text  # why it is clear, or why it asks

    @property
    def likeliest(self) -> Reading | None:
        """The reading that fits best, clear or not; None where nothing could be compared."""
        return self.readings[0] if self.readings else None

    @property
    def account(self) -> Text:
        """The reason and every reading's sentence."""
        parts = [self.reason, *(reading.sentence for reading in self.readings)]
        return Text("".join(part.zh for part in parts), " ".join(part.en for part in parts))


def _metres(value: float) -> tuple[str, str]:
    if not np.isfinite(value):
        return "不详", "unknown"
    if value >= 10_000:
        return f"{value / 1000:.0f} 公里", f"{value / 1000:.0f} km"
    return f"{value:.0f} 米", f"{value:.0f} m"
