"""The table of scenarios that planners keep: what was changed and asked, never a copy of data."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from data.models.base import Base

_CURRENT = sa.text("deleted_at IS NULL")


class SavedScenario(Base):
    """One scenario (`geo.scenario.Scenario`). A deleted one stays and can be brought back."""

    __tablename__ = "scenario"
    __table_args__ = (
        sa.CheckConstraint("minutes > 0", name="minutes_above_zero"),
        sa.CheckConstraint("name <> ''", name="has_a_name"),
        sa.Index(
            "uq_scenario_name_current",
            "scope",
            "name",
            unique=True,
            sqlite_where=_CURRENT,
            postgresql_where=_CURRENT,
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(comment="of the viewer who saved it: who may see it")
    author: Mapped[str] = mapped_column(comment="name of the viewer who saved it")
    name: Mapped[str]
    profile: Mapped[str] = mapped_column(comment="speed profile")
    minutes: Mapped[float]
    at: Mapped[datetime | None] = mapped_column(comment="local moment asked for; empty = any")
    weight: Mapped[str]
    edits: Mapped[list[dict[str, Any]]] = mapped_column(comment="geo.whatif")
    question: Mapped[dict[str, Any] | None] = mapped_column(comment="asked of the solver")
    proof: Mapped[dict[str, Any] | None] = mapped_column(comment="objective, bound, status")
    data_date: Mapped[str] = mapped_column(comment="of the data that it was made on; ISO")
    data_version: Mapped[str] = mapped_column(comment="of the study that it was made on")
    created_at: Mapped[datetime] = mapped_column(comment="UTC; when the scenario was made")
    saved_at: Mapped[datetime] = mapped_column(comment="UTC; when it was put in here")
    deleted_at: Mapped[datetime | None] = mapped_column(comment="UTC; empty while it is kept")
