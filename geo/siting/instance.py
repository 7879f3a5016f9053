"""The entrance of every siting problem: checks, named by argument, and arrays to work on."""

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array, issparse

from geo.errors import SitingError, shown_ids
from geo.siting.covering import nearest_of_dense, nearest_of_sparse, sparse_is_canonical
from geo.text import Text

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Times:
    """Seconds from n demand rows to m sites: dense (inf = unreachable) or compressed rows.

    Of the two forms the other one is empty. A stored zero is a real 0 s, a missing entry of the
    compressed form is unreachable.
    """

    n: int
    m: int
    dense: Floats | None  # (n, m)
    start: NDArray[np.int64]  # (n + 1,)
    site: NDArray[np.int32]  # (k,) ascending in each row
    seconds: Floats  # (k,)

    def nearest(self, sites: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the nearest of some sites for each demand (-1 none) and its seconds (inf none).

        Ties go to the lowest site.
        """
        chosen = np.array(sorted(sites), np.int64)
        found: tuple[NDArray[np.int64], NDArray[np.float64]]
        if self.dense is not None:
            found = nearest_of_dense(self.dense, chosen)
        else:
            is_chosen = np.zeros(self.m, np.bool_)
            is_chosen[chosen] = True
            found = nearest_of_sparse(self.start, self.site, self.seconds, is_chosen)
        return found


@dataclass(frozen=True)
class Choice:
    """Which columns may be opened: all ascending, `mandatory` among the `candidates`."""

    existing: NDArray[np.int64]
    mandatory: NDArray[np.int64]
    candidates: NDArray[np.int64]  # neither existing nor forbidden


def read_times(times: Any) -> Times:  # noqa: ANN401 - an array or any scipy sparse form
    """Check a times matrix.

    Raises
    ------
    SitingError
        Not two-dimensional, not numbers, NaN, negative, or a sparse cell stored twice.
    """
    if not issparse(times):
        dense = _numbers(times, "times", "耗时矩阵")
        if dense.ndim != 2:
            raise SitingError(
                Text(
                    f"耗时矩阵应为二维(需求点 × 点位),收到 {dense.ndim} 维。",
                    f"times must be 2-D (demand x sites), not {dense.ndim}-D.",
                )
            )
        _check_seconds(dense, lambda at: (int(at // dense.shape[1]), int(at % dense.shape[1])))
        n, m = dense.shape
        return Times(
            n, m, dense, np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0, dense.dtype)
        )
    given: Any = times  # the stubs of sparse arrays know too many forms
    matrix: Any = csr_array(given)
    if matrix.ndim != 2:
        raise SitingError(
            Text("耗时矩阵应为二维(需求点 × 点位)。", "times must be 2-D (demand x sites).")
        )
    seconds = _numbers(matrix.data, "times", "耗时矩阵")
    start = matrix.indptr.astype(np.int64, copy=False)
    site = matrix.indices.astype(np.int32, copy=False)
    if not sparse_is_canonical(start, site):
        order = np.lexsort((site, np.repeat(np.arange(matrix.shape[0]), np.diff(start))))
        site, seconds = site[order], seconds[order]
    if matrix.nnz != given.nnz or not sparse_is_canonical(start, site):
        raise SitingError(
            Text(
                "稀疏耗时矩阵中有重复的单元格;每对(需求点, 点位)只能有一个值。",
                "times stores a cell twice; keep one value for each (demand, site).",
            )
        )
    _check_seconds(
        seconds, lambda at: (int(np.searchsorted(start, at, side="right")) - 1, int(site[at]))
    )
    n, m = matrix.shape
    return Times(n, m, None, start, site, seconds)


def read_weights(weights: ArrayLike | None, n: int) -> NDArray[np.float64]:
    """Check the weights of n demand rows; None weighs each 1."""
    if weights is None:
        return np.ones(n)
    array = _numbers(weights, "weights", "权重").astype(np.float64, copy=False)
    if array.shape != (n,):
        raise SitingError(
            Text(
                f"权重的形状应为 ({n},),与耗时矩阵的行数一致,收到 {array.shape}。",
                f"weights must have shape ({n},), one a row of times, not {array.shape}.",
            )
        )
    bad = np.flatnonzero(~np.isfinite(array) | (array < 0))
    if len(bad):
        raise SitingError(
            Text(
                f"{len(bad)} 个权重为负或不是有限数(行号:{shown_ids(bad.tolist())})。",
                f"{len(bad)} weights are negative or not finite (rows: {shown_ids(bad.tolist())}).",
            ),
            bad.tolist(),
        )
    return array


def read_limit(limit_s: float) -> float:
    """Check a time limit in seconds: positive and finite."""
    limit = _numbers(limit_s, "limit_s", "时限").astype(np.float64)
    if limit.ndim or not np.isfinite(limit) or limit <= 0:
        raise SitingError(
            Text(
                f"时限 limit_s 应为正的有限秒数,收到 {limit_s!r}。",
                f"limit_s must be a positive finite number of seconds, not {limit_s!r}.",
            )
        )
    return float(limit)


def read_time_limit(time_limit_s: float | None) -> float | None:
    """Check how long a solve may take: not negative, or None for as long as it needs."""
    if time_limit_s is None:
        return None
    limit = _numbers(time_limit_s, "time_limit_s", "求解时限").astype(np.float64)
    if limit.ndim or np.isnan(limit) or limit < 0:
        raise SitingError(
            Text(
                f"求解时限 time_limit_s 应为不小于 0 的秒数,收到 {time_limit_s!r}。",
                f"time_limit_s must be a number of seconds of at least 0, not {time_limit_s!r}.",
            )
        )
    return float(limit)


def read_whole(value: object, name: str, least: int = 0) -> int:
    """Check a whole number, such as p."""
    try:
        whole = operator.index(value)  # type: ignore[arg-type]  # that is the question
    except TypeError:
        whole = None
    if whole is None or isinstance(value, bool | np.bool_) or whole < least:
        raise SitingError(
            Text(
                f"{name} 应为不小于 {least} 的整数,收到 {value!r}。",
                f"{name} must be a whole number of at least {least}, not {value!r}.",
            )
        )
    return whole


def read_choice(
    m: int,
    p: int | None,
    existing: ArrayLike = (),
    forbidden: ArrayLike = (),
    mandatory: ArrayLike = (),
) -> Choice:
    """Check the lists of columns against each other and against p new sites (None: any number)."""
    now = read_columns(existing, m, "existing")
    never = read_columns(forbidden, m, "forbidden")
    must = read_columns(mandatory, m, "mandatory")
    for other, name in ((now, "existing"), (never, "forbidden")):
        both = np.intersect1d(must, other).tolist()
        if both:
            raise SitingError(
                Text(
                    f"点位 {shown_ids(both)} 同时在 mandatory 与 {name} 中。",
                    f"Sites {shown_ids(both)} are both in mandatory and in {name}.",
                ),
                both,
            )
    candidates = np.setdiff1d(np.arange(m), np.concatenate([now, never]))
    if p is not None and p > len(candidates):
        raise SitingError(
            Text(
                f"p = {p} 大于可新建的点位数 {len(candidates)}(共 {m} 个点位)。",
                f"p = {p} is more than the {len(candidates)} sites that may be new (of {m}).",
            )
        )
    if p is not None and len(must) > p:
        raise SitingError(
            Text(
                f"必建点位 {len(must)} 个,多于 p = {p}。",
                f"{len(must)} sites are mandatory, more than p = {p}.",
            )
        )
    return Choice(now, must, candidates)


def read_columns(columns: ArrayLike, m: int, name: str) -> NDArray[np.int64]:
    """Check a list of column numbers: whole, in range, none twice. Returns them ascending."""
    array = np.asarray(columns)
    if array.size == 0:
        return np.zeros(0, np.int64)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise SitingError(
            Text(
                f"{name} 应为点位列号(整数)的列表。",
                f"{name} must be a list of column numbers (whole numbers).",
            )
        )
    wrong = array[(array < 0) | (array >= m)].tolist()
    if wrong:
        raise SitingError(
            Text(
                f"{name} 中的列号 {shown_ids(wrong)} 超出 0…{m - 1}。",
                f"{name} has columns {shown_ids(wrong)} outside 0...{m - 1}.",
            ),
            wrong,
        )
    found, count = np.unique(array.astype(np.int64), return_counts=True)
    if (count > 1).any():
        twice = found[count > 1].tolist()
        raise SitingError(
            Text(
                f"{name} 中的列号 {shown_ids(twice)} 重复。",
                f"{name} has columns {shown_ids(twice)} more than once.",
            ),
            twice,
        )
    return found


def _numbers(values: Any, name: str, name_zh: str) -> NDArray[Any]:  # noqa: ANN401 - unchecked yet
    """Return an array of floats (32 or 64 bits stay as they are) or refuse it by name."""
    try:
        array = np.asarray(values)
    except ValueError:  # ragged
        array = np.empty(0, object)
    if array.dtype.kind not in "fiub":
        raise SitingError(Text(f"{name_zh} {name} 应为数字数组。", f"{name} must be numbers."))
    is_plain = array.dtype in (np.float32, np.float64)
    return array if is_plain else array.astype(np.float64)


def _check_seconds(seconds: Floats, cell: Any) -> None:  # noqa: ANN401 - position to (row, column)
    """Refuse NaN and negative times; the first such cell is named."""
    flat = seconds.reshape(-1)
    # The least value says at once whether there is one, without an array of flags.
    if not len(flat) or flat.min() >= 0:
        return
    is_nan = np.isnan(flat)
    zh, en = ("NaN", "NaN") if is_nan.any() else ("负数", "a negative time")
    bad = np.flatnonzero(is_nan if is_nan.any() else flat < 0)
    row, column = cell(bad[0])
    raise SitingError(
        Text(
            f"耗时矩阵 times 中有 {len(bad)} 个{zh},第一个在第 {row} 行第 {column} 列。",
            f"times has {en} in {len(bad)} cells, the first at row {row}, column {column}.",
        ),
        [(row, column)],
    )
