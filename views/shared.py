"""What sessions share, read-only and by small keys: database, studies, coverages, layers.

Everything heavy is made once for a key and kept with `cache_resource`; after each making the heap
is frozen, because Streamlit collects garbage after every rerun and would walk all of it each time.
"""

import gc
import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

import sqlalchemy as sa
import streamlit as st
from sqlalchemy.orm import Session

from data.errors import StoreError
from data.queries import imports_version, load_study, study_version
from data.settings import Settings
from data.store import open_database
from data.viewer import Viewer
from geo.coverage import Coverage, cover
from geo.ground import Ground, closed_gates, lay_ground
from geo.profiles import speed_profile
from geo.study import Study
from geo.text import Language, Text
from layers.base import base_layers
from layers.candidate import candidate_layer
from layers.density import density_layer
from layers.grid import grid_layer
from layers.map_layer import MapLayer
from layers.service_area import service_area_layer
from layers.station import station_layer

N_DRAWING, LONGEST_WAIT_S = 3, 1.0
_turns = threading.BoundedSemaphore(N_DRAWING)


@contextmanager
def turn_to_draw() -> Iterator[None]:
    """Let few sessions draw at a time, the first come first; nobody waits longer than a second.

    One thread runs Python at a time anyway: where fifty draw at once, all are done as late as the
    last, and their claims on Python's lock take time too. The limit is for the sessions that come
    while others wait for something large to be computed.
    """
    has_turn = _turns.acquire(timeout=LONGEST_WAIT_S)
    try:
        yield
    finally:
        if has_turn:
            _turns.release()


@st.cache_resource(show_spinner=False, max_entries=4)
def engine_of(database: str) -> sa.Engine:
    """Return the engine of a database, opened once."""
    return open_database(database)


@contextmanager
def reading(database: str) -> Iterator[Session]:
    """Give a session that only reads; what the database cannot give any more is a StoreError."""
    try:
        with Session(engine_of(database)) as session:
            yield session
    except sa.exc.DBAPIError as error:
        cause = str(error.orig).rstrip(".")
        raise StoreError(
            Text(
                f"数据库读不出来：{cause}。请检查文件和磁盘，或恢复备份后重新启动。",
                f"The database cannot be read ({cause}). Check the file and its disk, or restore "
                "a backup and start again.",
            )
        ) from error


def current_version(settings: Settings, viewer: Viewer) -> str:
    """Return the version of what the viewer may see; cheap, asked on every run."""
    with reading(settings.database) as session:
        return study_version(session, viewer)


def version_of_imports(settings: Settings, viewer: Viewer) -> str:
    """Return the version of what was imported: decisions on single rows leave it as it is."""
    with reading(settings.database) as session:
        return imports_version(session, viewer)


@st.cache_resource(show_spinner=False, max_entries=3)
def study_of(database: str, viewer: Viewer, version: str) -> Study:
    """Return the study of a version."""
    del version  # part of the key only
    with reading(database) as session:
        study = load_study(session, viewer)
    gc.freeze()
    return study


@st.cache_resource(show_spinner=False, max_entries=8)
def ground_of(
    database: str,
    viewer: Viewer,
    version: str,
    profile: str,
    closed: tuple[int, ...],
    _at: datetime | None,
) -> Ground:
    """Return the ground for a profile with these gates closed.

    `_at` is any moment at which just these gates are closed, so it needs no place in the key.
    """
    del closed
    ground = lay_ground(study_of(database, viewer, version), speed_profile(profile), _at)
    gc.freeze()
    return ground


class Asked(NamedTuple):
    """What a coverage is asked of, small enough to keep things under."""

    database: str
    viewer: Viewer
    version: str
    profile: str
    minutes: int
    at: datetime | None

    @property
    def key(self) -> tuple[str, Viewer, str]:
        """What the study and all that hangs on it alone is kept under."""
        return self.database, self.viewer, self.version


def ground_at(asked: Asked) -> Ground:
    """Return the ground for these choices; moments with the same gates closed share it."""
    study = study_of(*asked.key)
    closed = () if asked.at is None else closed_gates(study.gates, asked.at)
    return ground_of(*asked.key, asked.profile, closed, asked.at)


@st.cache_resource(show_spinner=False, max_entries=64)
def coverage_of(asked: Asked) -> Coverage:
    """Return the coverage for these choices."""
    study, ground = study_of(*asked.key), ground_at(asked)
    coverage = cover(
        study, profile=asked.profile, minutes=asked.minutes, at=asked.at, ground=ground
    )
    gc.freeze()
    return coverage


Made = TypeVar("Made")
_made_of: WeakKeyDictionary[Coverage, dict[Hashable, Any]] = WeakKeyDictionary()


def once_a_coverage(coverage: Coverage, key: Hashable, make: Callable[[], Made]) -> Made:
    """Return what `make` makes of a coverage, made once a key and kept as long as the coverage.

    For sentences and small tables: pandas takes milliseconds for each, and every session asks.
    What comes back is shared, so nobody may change it.
    """
    made = _made_of.setdefault(coverage, {})
    if key not in made:
        made[key] = make()
    found: Made = made[key]
    return found


@st.cache_resource(show_spinner=False, max_entries=6)
def ground_layers(database: str, viewer: Viewer, version: str, lang: Language) -> list[MapLayer]:
    """Return the base map and the candidate sites."""
    study = study_of(database, viewer, version)
    layers = [*base_layers(study, lang), candidate_layer(study.candidates, lang)]
    gc.freeze()
    return layers


@st.cache_resource(show_spinner=False, max_entries=128)
def coverage_layers(asked: Asked, figure: str, lang: Language) -> list[MapLayer]:
    """Return the grids coloured by a figure, density, rings and stations."""
    coverage = coverage_of(asked)
    return [
        grid_layer(coverage.grids, figure, lang),
        density_layer(coverage.grids, lang),
        service_area_layer(coverage.areas, lang),
        station_layer(coverage.stations, lang),
    ]
