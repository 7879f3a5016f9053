"""Keeping scenarios: saved, listed, opened, renamed, deleted and brought back.

Reading takes the caller's session; each change is one transaction of its own, as in `data.batches`.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from data.batches import utc_now
from data.errors import MissingScenarioError
from data.models import SavedScenario
from data.store import writing
from data.viewer import Viewer
from geo.scenario import FORMAT, MARK, Scenario, from_values, numbered, require_name, to_values
from geo.text import Text

_T = SavedScenario.__table__
_MOMENTS = ("at", "created_at")  # text in the file, moments in the table


def save_scenario(engine: sa.Engine, scenario: Scenario, viewer: Viewer) -> int:
    """Keep a scenario as a new one and return its id.

    Nothing is overwritten: where the name is taken a number is added, as `list_scenarios` shows.

    Raises
    ------
    StoreError
        Another process keeps writing for longer than one waits.
    """
    values = {key: value for key, value in to_values(scenario).items() if key != MARK}
    values["data_version"] = values.pop("version")
    values |= {moment: getattr(scenario, moment) for moment in _MOMENTS}
    with writing(engine) as connection:
        values["name"] = numbered(scenario.name, _taken(connection, viewer))
        result = connection.execute(
            sa.insert(SavedScenario).values(
                **values, scope=viewer.scope, author=viewer.name, saved_at=utc_now()
            )
        )
    return int(result.inserted_primary_key[0])  # type: ignore[index]


def list_scenarios(
    session: Session, viewer: Viewer, *, with_deleted: bool = False
) -> list[dict[str, Any]]:
    """Return what the viewer may see of the scenarios, newest first, without opening them.

    Keys: id, name, author, created_at, saved_at, deleted_at (UTC), profile, minutes, at, weight,
    n_edits, status (of the proof, or None), data_date, version.
    """
    condition = _may_see(viewer)
    if not with_deleted:
        condition &= _T.c.deleted_at.is_(None)
    rows = session.execute(sa.select(_T).where(condition).order_by(_T.c.id.desc())).mappings()
    plain = ("id", "name", "author", "created_at", "saved_at", "deleted_at", "profile", "minutes")
    return [
        {
            **{key: row[key] for key in (*plain, "at", "weight", "data_date")},
            "version": row["data_version"],
            "n_edits": len(row["edits"]),
            "status": None if row["proof"] is None else row["proof"]["status"],
        }
        for row in rows
    ]


def load_scenario(session: Session, viewer: Viewer, scenario_id: int) -> Scenario:
    """Return a scenario that is kept and that the viewer may see, under its present name.

    Raises
    ------
    MissingScenarioError
        There is no such scenario.
    """
    row = session.execute(sa.select(_T).where(_is_kept(viewer, scenario_id))).mappings().first()
    if row is None:
        raise _missing(scenario_id)
    values = {name: row[name] for name in ("name", "profile", "minutes", "weight", "edits")}
    values |= {name: row[name] for name in ("question", "proof", "data_date")}
    values |= {name: row[name] and row[name].isoformat() for name in _MOMENTS}
    return from_values({MARK: FORMAT, **values, "version": row["data_version"]})


def rename_scenario(engine: sa.Engine, viewer: Viewer, scenario_id: int, name: str) -> str:
    """Give a scenario another name and return it, with a number where another has that name.

    Raises
    ------
    ScenarioError
        The name is empty, too long, or cannot be shown.
    MissingScenarioError
        There is no such scenario.
    """
    asked = require_name(name)
    with writing(engine) as connection:
        free = numbered(asked, _taken(connection, viewer, but_for=scenario_id))
        kept = _is_kept(viewer, scenario_id)
        _change(connection, scenario_id, kept, name=free)
    return free


def delete_scenario(engine: sa.Engine, viewer: Viewer, scenario_id: int) -> None:
    """Take a scenario off the list; `restore_scenario` brings it back.

    Raises
    ------
    MissingScenarioError
        There is no such scenario, or it is deleted already.
    """
    with writing(engine) as connection:
        _change(connection, scenario_id, _is_kept(viewer, scenario_id), deleted_at=utc_now())


def restore_scenario(engine: sa.Engine, viewer: Viewer, scenario_id: int) -> str:
    """Bring a deleted scenario back; return its name, numbered if another took it meanwhile.

    Raises
    ------
    MissingScenarioError
        No deleted scenario has that id.
    """
    gone = _may_see(viewer) & (_T.c.id == scenario_id) & _T.c.deleted_at.is_not(None)
    with writing(engine) as connection:
        name = connection.execute(sa.select(_T.c.name).where(gone)).scalar()
        free = numbered(name or "", _taken(connection, viewer))
        _change(connection, scenario_id, gone, deleted_at=None, name=free)
    return free


def _may_see(viewer: Viewer) -> sa.ColumnElement[bool]:
    """Return the condition on the scenarios that a viewer may see: the one gate of all above."""
    return _T.c.scope == viewer.scope


def _is_kept(viewer: Viewer, scenario_id: int) -> sa.ColumnElement[bool]:
    return _may_see(viewer) & (_T.c.id == scenario_id) & _T.c.deleted_at.is_(None)


def _taken(connection: sa.Connection, viewer: Viewer, *, but_for: int | None = None) -> set[str]:
    """Return the names in use, asked under the write lock so that two savers get two names."""
    query = sa.select(_T.c.name).where(_may_see(viewer), _T.c.deleted_at.is_(None))
    if but_for is not None:
        query = query.where(_T.c.id != but_for)
    return set(connection.execute(query).scalars())


def _change(
    connection: sa.Connection,
    scenario_id: int,
    condition: sa.ColumnElement[bool],
    **values: object,
) -> None:
    if connection.execute(sa.update(SavedScenario).where(condition).values(**values)).rowcount == 0:
        raise _missing(scenario_id)


def _missing(scenario_id: int) -> MissingScenarioError:
    return MissingScenarioError(
        Text(
            f"没有编号为 {scenario_id} 的方案；它可能已被删除。",
            f"There is no scenario {scenario_id}; it may have been deleted.",
        ),
        [scenario_id],
    )
