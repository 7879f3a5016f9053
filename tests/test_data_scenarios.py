"""Scenarios in the database: kept, never overwritten, brought back; old databases are upgraded."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from hypothesis import HealthCheck, given, settings
from sqlalchemy.orm import Session
from test_scenario import PLAN, scenarios

from data.demo import make_demo
from data.errors import MissingScenarioError
from data.imports import store_frames
from data.models import SavedScenario
from data.queries import load_study, study_version
from data.scenarios import (
    delete_scenario,
    list_scenarios,
    load_scenario,
    rename_scenario,
    restore_scenario,
    save_scenario,
)
from data.store import MIGRATIONS, open_database, writing
from data.viewer import Viewer
from geo.errors import ScenarioError
from geo.scenario import Scenario

VIEWER = Viewer.everything()
STRANGER = Viewer("someone", "grid 5")


def listed(database: sa.Engine, viewer: Viewer = VIEWER, *, with_deleted: bool = False):
    with Session(database) as session:
        return list_scenarios(session, viewer, with_deleted=with_deleted)


def loaded(database: sa.Engine, scenario_id: int, viewer: Viewer = VIEWER) -> Scenario:
    with Session(database) as session:
        return load_scenario(session, viewer, scenario_id)


@given(scenarios)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_what_is_saved_comes_back(database: sa.Engine, scenario: Scenario):
    scenario_id = save_scenario(database, scenario, VIEWER)
    again = loaded(database, scenario_id)
    assert replace(again, name=scenario.name) == scenario  # the name may have got a number
    assert again.name.startswith(scenario.name[:150])
    delete_scenario(database, VIEWER, scenario_id)


def test_the_list_tells_them_apart_newest_first(database: sa.Engine):
    first = save_scenario(database, PLAN, VIEWER)
    second = save_scenario(database, replace(PLAN, proof=None, edits=(), at=None), VIEWER)
    newest, oldest = listed(database)
    assert (newest["id"], oldest["id"]) == (second, first)
    assert {key: oldest[key] for key in oldest if key not in {"id", "saved_at"}} == {
        "name": "三个新站",
        "author": "local",
        "created_at": PLAN.created_at,
        "deleted_at": None,
        "profile": "standard",
        "minutes": 15.0,
        "at": PLAN.at,
        "weight": "households",
        "n_edits": 3,
        "status": "optimal",
        "data_date": "2026-06-30",
        "version": PLAN.version,
    }
    assert isinstance(oldest["saved_at"], datetime)
    assert (newest["status"], newest["n_edits"], newest["at"]) == (None, 0, None)


def test_the_same_name_is_kept_beside_with_a_number(database: sa.Engine):
    first = save_scenario(database, PLAN, VIEWER)
    second = save_scenario(database, replace(PLAN, minutes=10), VIEWER)
    assert [row["name"] for row in listed(database)] == ["三个新站 (2)", "三个新站"]
    assert loaded(database, first) == PLAN
    assert loaded(database, second) == replace(PLAN, minutes=10, name="三个新站 (2)")


def test_the_database_itself_holds_that_a_name_is_there_once(database: sa.Engine):
    save_scenario(database, PLAN, VIEWER)
    second = save_scenario(database, PLAN, VIEWER)
    with (
        pytest.raises(sa.exc.IntegrityError, match="UNIQUE"),
        writing(database) as connection,
    ):
        connection.execute(
            sa.update(SavedScenario).where(SavedScenario.id == second).values(name=PLAN.name)
        )


def test_a_renamed_scenario_is_found_under_its_new_name(database: sa.Engine):
    first = save_scenario(database, PLAN, VIEWER)
    second = save_scenario(database, replace(PLAN, name="乙"), VIEWER)
    assert rename_scenario(database, VIEWER, second, " 丙 ") == "丙"
    assert loaded(database, second) == replace(PLAN, name="丙")
    assert rename_scenario(database, VIEWER, second, PLAN.name) == "三个新站 (2)"
    assert rename_scenario(database, VIEWER, first, PLAN.name) == PLAN.name  # its own name
    with pytest.raises(ScenarioError, match=r"^“name” of the scenario is “”; it must be 1"):
        rename_scenario(database, VIEWER, first, "")


def test_a_deleted_scenario_is_gone_from_the_list_and_can_be_brought_back(database: sa.Engine):
    scenario_id = save_scenario(database, PLAN, VIEWER)
    delete_scenario(database, VIEWER, scenario_id)
    assert listed(database) == []
    (row,) = listed(database, with_deleted=True)
    assert (row["id"], isinstance(row["deleted_at"], datetime)) == (scenario_id, True)
    assert restore_scenario(database, VIEWER, scenario_id) == PLAN.name
    assert loaded(database, scenario_id) == PLAN


def test_bringing_back_takes_nobodys_name(database: sa.Engine):
    first = save_scenario(database, PLAN, VIEWER)
    delete_scenario(database, VIEWER, first)
    second = save_scenario(database, PLAN, VIEWER)
    assert loaded(database, second).name == PLAN.name  # the name was free
    assert restore_scenario(database, VIEWER, first) == "三个新站 (2)"
    assert loaded(database, first).name == "三个新站 (2)"


def test_what_is_not_there_is_said_to_be_so(database: sa.Engine):
    gone = save_scenario(database, PLAN, VIEWER)
    delete_scenario(database, VIEWER, gone)
    kept = save_scenario(database, PLAN, VIEWER)
    asked = [
        lambda: loaded(database, gone),
        lambda: loaded(database, 99),
        lambda: rename_scenario(database, VIEWER, gone, "x"),
        lambda: delete_scenario(database, VIEWER, gone),
        lambda: restore_scenario(database, VIEWER, kept),
        lambda: restore_scenario(database, VIEWER, 99),
    ]
    for ask in asked:
        with pytest.raises(MissingScenarioError, match=r"^There is no scenario \d+; it may have"):
            ask()


def test_another_viewer_neither_sees_nor_changes_it(database: sa.Engine):
    mine = save_scenario(database, PLAN, VIEWER)
    assert listed(database, STRANGER, with_deleted=True) == []
    for ask in (
        lambda: loaded(database, mine, STRANGER),
        lambda: rename_scenario(database, STRANGER, mine, "x"),
        lambda: delete_scenario(database, STRANGER, mine),
    ):
        with pytest.raises(MissingScenarioError):
            ask()
    delete_scenario(database, VIEWER, mine)
    with pytest.raises(MissingScenarioError):
        restore_scenario(database, STRANGER, mine)
    theirs = save_scenario(database, PLAN, STRANGER)
    assert loaded(database, theirs, STRANGER).name == PLAN.name  # names of others are not in use


def test_saving_a_scenario_moves_no_data_on(database: sa.Engine):
    with Session(database) as session:
        before = study_version(session, VIEWER)
    save_scenario(database, PLAN, VIEWER)
    with Session(database) as session:
        assert study_version(session, VIEWER) == before


def migrate(engine: sa.Engine, step: object, revision: str) -> None:
    with writing(engine) as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        step(config, revision)  # type: ignore[operator]


def schema(engine: sa.Engine) -> dict[str, str]:
    with engine.connect() as connection:
        query = "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"
        return dict(connection.exec_driver_sql(query).all())  # type: ignore[arg-type]


def contents(engine: sa.Engine) -> dict[str, list[tuple[object, ...]]]:
    with engine.connect() as connection:
        tables = sorted(set(sa.inspect(connection).get_table_names()) - {"alembic_version"})
        return {
            table: [tuple(row) for row in connection.exec_driver_sql(f"SELECT * FROM {table}")]  # noqa: S608
            for table in tables
        }


def test_a_database_of_the_first_version_is_upgraded_without_loss(tmp_path: Path):
    made = make_demo(grids=12, members=40, stations=2)
    old = open_database(tmp_path / "old.db")
    store_frames(old, {**made.frames, "network": made.network}, source="demo", is_demo=True)
    with Session(old) as session:
        version = load_study(session, VIEWER).version
    migrate(old, command.downgrade, "0001")
    first, rows = schema(old), contents(old)
    assert "scenario" not in first
    assert sum(map(len, rows.values())) > 200
    old.dispose()

    opened = open_database(tmp_path / "old.db")
    later = schema(opened).keys() & contents(opened).keys() - rows.keys()
    assert {"scenario", "review_item", "link"} <= later
    assert contents(opened) == {**rows, **{name: [] for name in later}}
    assert {name: sql for name, sql in schema(opened).items() if name in first} == first
    with Session(opened) as session:
        assert load_study(session, VIEWER).version == version
    assert loaded(opened, save_scenario(opened, PLAN, VIEWER)) == PLAN
    opened.dispose()


def test_going_down_and_up_again_makes_the_same_tables(tmp_path: Path):
    fresh = sa.create_engine(f"sqlite:///{tmp_path / 'first.db'}")
    migrate(fresh, command.upgrade, "0001")  # as the first version made it
    first = schema(fresh)
    migrate(fresh, command.upgrade, "0002")
    second = schema(fresh)
    assert set(second) - set(first) == {"scenario", "uq_scenario_name_current"}
    migrate(fresh, command.downgrade, "0001")
    assert schema(fresh) == first
    migrate(fresh, command.upgrade, "0002")
    assert schema(fresh) == second
    fresh.dispose()


@pytest.mark.parametrize(
    ("values", "constraint"),
    [({"name": ""}, "ck_scenario_has_a_name"), ({"minutes": 0}, "ck_scenario_minutes_above_zero")],
)
def test_the_database_itself_refuses_what_cannot_be(
    database: sa.Engine, values: dict[str, object], constraint: str
):
    scenario_id = save_scenario(database, PLAN, VIEWER)
    with pytest.raises(sa.exc.IntegrityError, match=constraint), writing(database) as connection:
        connection.execute(
            sa.update(SavedScenario).where(SavedScenario.id == scenario_id).values(**values)
        )
