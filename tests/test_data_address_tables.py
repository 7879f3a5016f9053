"""The tables of addresses: made and unmade by their migration, and what they refuse."""

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from test_data_scenarios import migrate, schema

from data.batches import utc_now
from data.models import AddressAlias, LocationCheck, LocationState, ReviewItem
from data.store import open_database, writing

TABLES = {"address_alias", "geocode_answer", "location_check", "review_item"}


def test_going_down_and_up_again_makes_the_same_tables(tmp_path: Path):
    fresh = sa.create_engine(f"sqlite:///{tmp_path / 'first.db'}")
    migrate(fresh, command.upgrade, "0003")
    before = schema(fresh)
    migrate(fresh, command.upgrade, "0004")
    after = schema(fresh)
    assert set(after) - set(before) >= TABLES
    assert {name: sql for name, sql in after.items() if name in before} == before
    migrate(fresh, command.downgrade, "0003")
    assert schema(fresh) == before
    migrate(fresh, command.upgrade, "0004")
    assert schema(fresh) == after
    fresh.dispose()


def test_a_database_of_the_version_before_is_brought_up_to_date(tmp_path: Path):
    old = sa.create_engine(f"sqlite:///{tmp_path / 'old.db'}")
    migrate(old, command.upgrade, "0003")
    old.dispose()
    opened = open_database(tmp_path / "old.db")
    assert set(sa.inspect(opened).get_table_names()) >= TABLES
    opened.dispose()


ALIAS = {
    "key": "k",
    "text": "",
    "place_kind": "buildings",
    "place_id": 1,
    "decided_by": "li",
    "decided_at": utc_now(),
}
CHECK = {
    "kind": "members",
    "row_id": 1,
    "state": LocationState.MATCHED,
    "who": "li",
    "at": utc_now(),
    "is_move": False,
}


@pytest.mark.parametrize(
    ("model", "values", "constraint"),
    [
        (AddressAlias, ALIAS | {"key": ""}, "ck_address_alias_has_a_key"),
        (LocationCheck, CHECK | {"confidence": 1.5}, "ck_location_check_confidence_is_a_share"),
    ],
)
def test_the_database_itself_refuses_what_cannot_be(database, model, values, constraint):
    with pytest.raises(sa.exc.IntegrityError, match=constraint), writing(database) as connection:
        connection.execute(sa.insert(model).values(**values))


def test_a_text_has_one_decision_at_a_time(database: sa.Engine):
    with writing(database) as connection:
        connection.execute(sa.insert(AddressAlias).values(**ALIAS))
    with pytest.raises(sa.exc.IntegrityError), writing(database) as connection:
        connection.execute(sa.insert(AddressAlias).values(**ALIAS))
    with writing(database) as connection:
        connection.execute(sa.update(AddressAlias).values(withdrawn_at=utc_now()))
        connection.execute(sa.insert(AddressAlias).values(**ALIAS))


def test_a_question_is_about_a_row(database: sa.Engine):
    item = {
        "kind": "members", "source_row": 2, "text": "", "key": "", "reason": "low",
        "level": "none", "confidence": 0.5, "candidates": [], "state": "open", "batch_id": 1,
    }  # fmt: skip
    with (
        pytest.raises((sa.exc.IntegrityError, sqlite3.IntegrityError), match="has_a_row"),
        writing(database) as connection,
    ):
        connection.execute(sa.insert(ReviewItem).values(**item))
