"""From a study to a siting question on numbers, and its answer by `geo.siting`."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Literal, get_args

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from geo.attach import attach
from geo.attachments import LeftOut
from geo.coverage import left_out_reasons
from geo.errors import SitingError
from geo.ground import Ground
from geo.reach import walking_times
from geo.robust import Robustness, Variant, make_variants, sensitivity
from geo.siting import (
    SitingConstraints,
    SitingPlan,
    solve_constrained,
    solve_lscp,
    solve_mclp,
    solve_p_center,
    solve_p_median,
)
from geo.siting.infeasible import said_share
from geo.siting.plan import OnProgress, ShouldStop
from geo.stations import why_closed
from geo.study import WEIGHTS
from geo.text import Text

Problem = Literal["mclp", "lscp", "p_median", "p_center"]
PROBLEMS: tuple[Problem, ...] = get_args(Problem)
Floats = NDArray[np.float64]

HORIZON_S = 3 * 3600.0  # walks longer than this count as no way
NO_OPEN_SITE = -1
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
    has_backup: bool = False
    one_per_community: bool = False
    is_fair: bool = False  # the worst grid first, then the total
    time_limit_s: float | None = 20.0

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


@dataclass(frozen=True, eq=False)
class SitingCase:
    """A study as numbers: who walks how long to each site, open today or possible. Read-only.

    sites    index 0…m-1, the stations open at the moment first, then the candidates: name, kind
             ("station", "candidate"), source_id, cost (NaN unknown), community_id (Int64), geometry
             (metric)
    points   the n demand points that count, as in `geo.demand`
    times    (n, m) seconds, missing beyond HORIZON_S
    lost     candidates that join no way, and count for nothing
    """

    ground: Ground
    minutes: float
    at: datetime | None
    sites: gpd.GeoDataFrame
    n_existing: int
    points: gpd.GeoDataFrame
    times: csr_array
    lost: gpd.GeoDataFrame

    @property
    def limit_s(self) -> float:
        """The limit in seconds."""
        return 60.0 * self.minutes

    @property
    def existing(self) -> range:
        """The columns of the stations that are open today."""
        return range(self.n_existing)


def make_case(
    ground: Ground, candidates: gpd.GeoDataFrame, *, minutes: float, at: datetime | None = None
) -> SitingCase:
    """Make a siting case of a ground.

    Parameters
    ----------
    ground
        From `lay_ground`: study, profile, gates as at the moment.
    candidates
        Where a station could be: index = id, `name`, geometry; read where present: cost. Any CRS.
    minutes
        The limit.
    at
        Only stations open at that moment are there already; None: all in use.

    Raises
    ------
    SitingError
        There is no candidate, or none that joins the network.
    """
    study = ground.study
    if candidates.empty:
        raise SitingError(
            Text(
                "没有备选点位；请导入备选点位表，或沿路生成备选点。",
                "There are no candidate sites; import a table of them, or generate them along the "
                "ways.",
            )
        )
    is_open = why_closed(study.stations, at) == ""
    stations = _as_sites(study.stations[is_open], "station", study.crs)
    possible = _as_sites(candidates, "candidate", study.crs)
    sites = gpd.GeoDataFrame(
        pd.concat([stations, possible], ignore_index=True), geometry="geometry", crs=study.crs
    )
    doors = attach(
        ground.network,
        sites,
        profile=ground.profile,
        compounds=study.compounds,
        gates=study.gates,
        at=at,
        snap_limit_m=ground.snap_limit_m,
    )
    kept = doors.left_out == LeftOut.ATTACHED
    counted = left_out_reasons(ground) == ""
    times = walking_times(
        ground.network, doors, ground.doors, profile=ground.profile, limit_s=HORIZON_S
    )
    joined = sites[kept].reset_index(drop=True)
    if not (joined["kind"] == "candidate").any():
        raise SitingError(
            Text(
                f"{len(possible)} 个备选点位里没有一个接得上路网；请检查坐标，或沿路生成备选点。",
                f"None of the {len(possible)} candidate sites joins the walk network; check their "
                "coordinates, or generate candidates along the ways.",
            )
        )
    joined["community_id"] = _community_of(joined, ground)
    return SitingCase(
        ground=ground,
        minutes=minutes,
        at=at,
        sites=joined,
        n_existing=int((joined["kind"] == "station").sum()),
        points=ground.points[counted],
        times=csr_array(times[kept][:, counted].T),
        lost=sites[~kept & (sites["kind"] == "candidate").to_numpy()],
    )


def _as_sites(frame: gpd.GeoDataFrame, kind: str, crs: Any) -> gpd.GeoDataFrame:  # noqa: ANN401
    return gpd.GeoDataFrame(
        {
            "name": frame["name"].astype(object).to_numpy(),
            "kind": kind,
            "source_id": frame.index.to_numpy(np.int64),
            "cost": frame["cost"].to_numpy(float) if "cost" in frame else np.nan,
        },
        geometry=frame.geometry.to_crs(crs).to_numpy(),
        crs=crs,
    )


def _community_of(sites: gpd.GeoDataFrame, ground: Ground) -> Any:  # noqa: ANN401 - extension array
    grids = ground.study.grids
    site, grid = grids.sindex.query(sites.geometry.to_numpy(), predicate="intersects")
    community = pd.Series(grids["community_id"].to_numpy()[grid]).groupby(site).first()
    return community.reindex(range(len(sites))).astype("Int64").array


# --- asking -------------------------------------------------------------------------------------


def mixed_weight(case: SitingCase, weights: Sequence[tuple[str, float]]) -> Floats:
    """Return the weight of each demand point (n,): one column as it is, a mix in per mille.

    A mix weighs each column by its share of the mix and of the column's own total, so that 520
    members and 26,000 households count as the mix says. Not known counts for nothing.
    """
    if len(weights) == 1:
        alone: Floats = np.nan_to_num(case.points[weights[0][0]].to_numpy(float))
        return alone
    whole = sum(part for _, part in weights)
    mixed: Floats = np.zeros(len(case.points), np.float64)
    for name, part in weights:
        column = np.nan_to_num(case.points[name].to_numpy(float))
        total = column.sum()
        if total > 0 and whole > 0:
            mixed += 1000.0 * part / whole * column / total
    return mixed


def solve(
    case: SitingCase,
    question: Question,
    *,
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> SitingPlan:
    """Answer a question; the sites of the plan are rows of `case.sites`.

    The p-median and the p-center look at the demand that has weight and that some site can reach:
    a home without any way would make every plan equally bad.

    Raises
    ------
    SitingError
        The question does not fit the case, see `geo.siting`.
    """
    as_set = Variant(
        key="base",
        title=Text("", ""),
        times=case.times,
        weights=mixed_weight(case, question.weights),
        limit_s=case.limit_s,
        existing=tuple(case.existing),
    )
    return _solve(case, question, as_set, on_progress=on_progress, should_stop=should_stop)


def robustness(
    case: SitingCase,
    question: Question,
    *,
    elderly: SitingCase | None = None,
    should_stop: ShouldStop | None = None,
) -> Robustness:
    """Answer the question anew at elderly speed, with other limits and without each station.

    `elderly` is the same case at elderly speed; one with other sites or points is passed over.
    """
    is_same = (
        elderly is not None
        and elderly.sites["name"].tolist() == case.sites["name"].tolist()
        and elderly.points.index.equals(case.points.index)
    )
    times, weight = case.times, mixed_weight(case, question.weights)
    slower = elderly.times if elderly is not None and is_same else None
    rows = np.ones(len(weight), bool)
    if question.problem in WALKING:  # else the walks of homes without a way would be compared
        rows = has_way(case) & (weight > 0)
        if slower is not None:
            rows &= np.diff(slower.indptr) > 0
    variants = make_variants(
        times[rows],
        weight[rows],
        limit_s=case.limit_s,
        existing=list(case.existing),
        elderly_times=None if slower is None else slower[rows],
        names=case.sites["name"].tolist(),
    )
    return sensitivity(
        lambda variant: _solve(case, question, variant, should_stop=should_stop), variants
    )


def _solve(
    case: SitingCase,
    question: Question,
    variant: Variant,
    *,
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> SitingPlan:
    """Ask the solver of the problem; with side constraints the one that knows them."""
    mandatory = _columns(case, question.mandatory)
    common: dict[str, Any] = {
        "existing": list(variant.existing),
        "mandatory": mandatory,
        "forbidden": sorted({*_columns(case, question.forbidden), *variant.forbidden}),
        "time_limit_s": question.time_limit_s,
        "on_progress": on_progress,
        "should_stop": should_stop,
    }
    times, weight, problem = variant.times, variant.weights, question.problem
    rows = np.ones(len(weight), bool)
    if problem in WALKING:
        rows = (np.diff(times.indptr) > 0) & (weight > 0)
        times, weight = _dense(times[rows]), weight[rows]
    compile_solver(problem)
    constraints = _constraints(case, question, rows)
    if constraints is not None and problem == "p_center":
        raise SitingError(
            Text(
                "“让最远的人最近”不能加附加条件；请去掉附加条件，或换一个问题。",
                "The farthest person nearest takes no further conditions; leave them out, or ask "
                "another question.",
            )
        )
    asked: dict[str, Any] = {}
    if problem == "lscp":
        asked = {"limit_s": variant.limit_s, "share": question.share}
    elif problem == "mclp":
        asked = {"limit_s": variant.limit_s, "p": question.p}
    else:
        asked = {"p": question.p}
    if constraints is not None:
        plan = solve_constrained(problem, times, weight, constraints=constraints, **asked, **common)
    elif problem == "p_center":
        plan = solve_p_center(times, **asked, **common)
    else:
        plan = SOLVERS[problem](times, weight, **asked, **common)
    if constraints is None and problem == "lscp" and plan.status == "infeasible":
        plan = _told_by_grid(case, plan, weight, question.share)
    is_of_case = len(rows) == len(case.points)
    return plan if rows.all() or not is_of_case else _over_all(case, plan)


@cache
def compile_solver(problem: Problem) -> None:
    """Solve something small, once a process: compiling is not the time that a planner allows."""
    times = np.random.default_rng(0).uniform(60.0, 1800.0, (80, 16))
    weight = np.ones(len(times))
    if problem == "p_center":
        solve_p_center(times, p=3)
    elif problem == "p_median":
        solve_p_median(times, weight, p=3)
    elif problem == "lscp":
        solve_lscp(csr_array(times), weight, limit_s=600.0, share=0.9)
    else:
        solve_mclp(csr_array(times), weight, p=3, limit_s=300.0)


SOLVERS: dict[str, Callable[..., SitingPlan]] = {
    "mclp": solve_mclp,
    "lscp": solve_lscp,
    "p_median": solve_p_median,
}


def has_way(case: SitingCase) -> NDArray[np.bool_]:
    """Return which demand points (n,) any site can be walked to from within HORIZON_S."""
    return np.diff(case.times.indptr) > 0


def _told_by_grid(case: SitingCase, plan: SitingPlan, weight: Floats, share: float) -> SitingPlan:
    """Return a plan that cannot be with its first reason in the planner's words: which grids."""
    seconds, _ = nearest_open(case, range(len(case.sites)))
    out = (weight > 0) & (seconds > case.limit_s)
    if not out.any():
        return plan
    homes = np.nansum(case.points.loc[out, "households"])
    members = np.nansum(case.points.loc[out, "members"])
    grids = case.ground.study.grids
    lost = pd.Series(weight[out]).groupby(case.points["grid_id"][out].to_numpy()).sum()
    worst = lost.sort_values(ascending=False, kind="stable").index[:3]
    names = [str(name) for name in grids["name"].reindex(worst).dropna()]
    more = len(lost) > len(names)
    covered = said_share(float(weight[~out].sum() / weight.sum()))
    minutes = f"{case.minutes:g}"
    first = Text(
        f"{homes:,.0f} 户、{members:,.0f} 名党员 {minutes} 分钟内走不到任何现有或备选点位，"
        f"在{'、'.join(names)}{f'等 {len(lost)} 个网格' if more else ''}；"
        f"全部备选点位都建也只覆盖 {covered}，要求是 {said_share(share)}。",
        f"{homes:,.0f} households and {members:,.0f} members have no existing or candidate site "
        f"within {minutes} minutes, in {', '.join(names)}"
        f"{f' and {len(lost) - len(names)} more grids' if more else ''}; even with every "
        f"candidate built {covered} is covered, and {said_share(share)} is asked for.",
    )
    return dataclasses.replace(plan, reasons=(first, *plan.reasons[1:]))


def _dense(times: csr_array) -> Floats:
    """Return times with inf where nothing is stored; a stored zero is a real 0 s."""
    dense = np.full(times.shape, np.inf)
    row = np.repeat(np.arange(times.shape[0]), np.diff(times.indptr))
    dense[row, times.indices] = times.data
    return dense


def _over_all(case: SitingCase, plan: SitingPlan) -> SitingPlan:
    """Return a plan of some demand points with `covered` and `assigned` of all."""
    seconds, assigned = nearest_open(case, plan.open_sites)
    return dataclasses.replace(plan, covered=seconds <= case.limit_s, assigned=assigned)


def nearest_open(case: SitingCase, open_sites: Sequence[int]) -> tuple[Floats, NDArray[np.int64]]:
    """Return seconds (n,) to the nearest of some sites, inf for none, and which it is, -1."""
    if len(open_sites) == 0:
        n = len(case.points)
        return np.full(n, np.inf), np.full(n, NO_OPEN_SITE)
    chosen = np.array(sorted(open_sites), np.int64)
    times = _dense(case.times[:, chosen])
    best = times.argmin(axis=1)
    seconds = times[np.arange(len(times)), best]
    return seconds, np.where(np.isfinite(seconds), chosen[best], NO_OPEN_SITE)


def _columns(case: SitingCase, candidate_ids: Sequence[int]) -> list[int]:
    """Return the columns of candidates; one that is not among the sites is refused by name."""
    of_id = {
        int(source): column
        for column, (kind, source) in enumerate(
            zip(case.sites["kind"], case.sites["source_id"], strict=True)
        )
        if kind == "candidate"
    }
    gone = [i for i in candidate_ids if i not in of_id]
    if gone:
        raise SitingError(
            Text(
                f"没有编号为 {gone[0]} 的备选点位，或它接不上路网。",
                f"There is no candidate site {gone[0]}, or it joins no way.",
            ),
            gone,
        )
    return [of_id[i] for i in candidate_ids]


def _constraints(
    case: SitingCase, question: Question, rows: NDArray[np.bool_]
) -> SitingConstraints | None:
    """Return the side constraints of a question on these demand points, None where none binds."""
    given: dict[str, Any] = {}
    if question.may_close:
        given["may_close"] = question.may_close
    if question.spacing_m > 0:
        xy = case.sites.geometry.get_coordinates().to_numpy()
        given |= {"spacing_m": question.spacing_m, "site_xy": xy, "is_spaced_from_existing": True}
    if question.budget is not None:
        given |= {"budget": question.budget, "site_cost": _costs(case)}
    if question.has_backup:
        given["has_backup"] = True
    if question.one_per_community:
        given["site_group"] = case.sites["community_id"].fillna(-1).astype(int).to_numpy()
    if question.is_fair:
        given["demand_group"] = case.points["grid_id"].fillna(-1).astype(int).to_numpy()[rows]
    return SitingConstraints(**given) if given else None


def _costs(case: SitingCase) -> Floats:
    """Return the cost of each site (m,), nothing for what is there; an unknown one is refused."""
    cost: Floats = case.sites["cost"].to_numpy(np.float64).copy()
    cost[: case.n_existing] = 0.0
    unknown = case.sites.loc[np.isnan(cost), "name"].tolist()
    if unknown:
        raise SitingError(
            Text(
                f"{len(unknown)} 个备选点位没有费用（如 {unknown[0]}），不能按预算选；请补费用。",
                f"{len(unknown)} candidate sites have no cost (such as {unknown[0]}), so a budget "
                "cannot be kept; add the costs.",
            ),
            unknown,
        )
    return cost
