"""The value that says where points join the walk network (DESIGN: 接入)."""

import enum
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


class LeftOut(enum.IntEnum):
    """Why a point has no attachment."""

    ATTACHED = 0
    NO_COORDINATES = 1
    BEYOND_SNAP_LIMIT = 2
    GATES_SHUT = 3  # the gates of its compound are known and none is open at the moment
    GATES_APART = 4  # none of its open gates is within the snap limit of the network


@dataclass(frozen=True, eq=False)
class Attachments:
    """Where n points join the network: k rows, sorted by point. Read-only."""

    n_points: int
    point: NDArray[np.int32]  # (k,) row of the point
    edge: NDArray[np.int32]  # (k,)
    fraction: NDArray[np.float64]  # (k,) share of the edge before it
    access_m: NDArray[np.float64]  # (k,) metres between point and edge, walked at full speed
    gate: NDArray[np.int64]  # (k,) id of the gate passed, -1 without
    xy: NDArray[np.float64]  # (n, 2) metres
    compound: NDArray[np.int64]  # (n,) id of the walled compound with gates, -1 outside one
    left_out: NDArray[np.int8]  # (n,) LeftOut
