"""Why no plan exists, in words: who is out of reach, and the least change that would do."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.siting.instance import Choice, Times
from geo.siting.reason import reason
from geo.text import Text

Floats = NDArray[np.float64]


class OutOfReach(NamedTuple):
    """What no site reaches within the limit, and what would help."""

    rows: tuple[int, ...]  # demand of some weight that no site reaches within the limit
    no_way: tuple[int, ...]  # those of them that no site reaches at all
    share: float  # of the weight that all sites together reach within the limit
    least_limit_s: float  # that would reach the share asked for; inf where none would


def out_of_reach(
    times: Times, weights: Floats, choice: Choice, *, limit_s: float, share: float = 1.0
) -> OutOfReach:
    """Compare what all sites that may be open reach with a share of the weight asked for."""
    _, nearest_s = times.nearest([*choice.existing.tolist(), *choice.candidates.tolist()])
    counts = weights > 0
    rows = np.flatnonzero(counts & (nearest_s > limit_s))
    total = float(weights.sum())
    reached = float(weights[nearest_s <= limit_s].sum())
    order = np.argsort(nearest_s[counts], kind="stable")
    so_far = np.cumsum(weights[counts][order])
    enough = np.searchsorted(so_far, share * total * (1 - 1e-12))
    at = order[min(int(enough), len(order) - 1)] if len(order) else 0
    return OutOfReach(
        rows=tuple(rows.tolist()),
        no_way=tuple(rows[~np.isfinite(nearest_s[rows])].tolist()),
        share=reached / total if total else 1.0,
        least_limit_s=float(nearest_s[counts][at]) if len(order) else 0.0,
    )


def out_of_reach_reasons(
    found: OutOfReach, *, limit_s: float, share: float = 1.0
) -> tuple[Text, ...]:
    """Say who is out of reach, the share that can be reached, the limit that would do.

    Where nothing is out of reach the answer is empty.
    """
    if not found.rows:
        return ()
    limit, most, asked = said_seconds(limit_s), said_share(found.share), said_share(share)
    return (
        reason(
            Text(
                f"{{demand}}在 {limit.zh}内走不到任何现有或备选点位；"
                f"全部点位都建也只能覆盖 {most} 的{{weight}}，要求是 {asked}。",
                f"No existing or candidate site is within {limit.en} of {{demand}}; all sites "
                f"together cover {most} of {{weight}}, and {asked} is asked for.",
            ),
            rows=found.rows,
        ),
        _limit_that_would_do(found),
        Text(
            "缺的是备选点位，不是数量：再多建几个也到不了；请在那里增加备选点位。",
            "The set of candidate sites is too small, not their number: building more of them "
            "does not help. Add candidates there.",
        ),
    )


def _limit_that_would_do(found: OutOfReach) -> Text:
    if np.isfinite(found.least_limit_s):
        least = said_seconds(found.least_limit_s)
        return Text(
            f"现有备选点位下，时限至少要放宽到 {least.zh}。",
            f"With these candidates the limit must be at least {least.en}.",
        )
    return reason(
        Text(
            "放宽时限也不行：{demand}没有路通到任何点位。",
            "No limit would do: no way leads from {demand} to any site.",
        ),
        rows=found.no_way,
    )


def said_seconds(seconds: float) -> Text:
    """Say a time so that a limit of just that much would do: rounded up to a tenth of a second.

    Seconds stand beside the minutes where those alone would be rounded.
    """
    shown = f"{np.ceil(round(seconds * 10, 6)) / 10:.12g}"
    if seconds < 60:
        return Text(f"{shown} 秒", f"{shown} s")
    minutes = f"{np.ceil(round(seconds / 6, 6)) / 10:.12g}"
    if float(minutes) * 60 == float(shown):
        return Text(f"{minutes} 分钟", f"{minutes} min")
    return Text(f"{minutes} 分钟（{shown} 秒）", f"{minutes} min ({shown} s)")


def said_share(share: float) -> str:
    """Say a share in percent, rounded down so that nothing short of all is said to be all."""
    return f"{np.floor(round(share * 1000, 9)) / 10:g}%"
