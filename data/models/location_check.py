"""The table of what is known of a location's certainty: who vouches for it, and since when."""

import enum
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from data.models.base import Base, enum_column
from geo.geocode import MatchLevel


class LocationState(enum.StrEnum):
    """How a location is known, from hearsay to certainty."""

    REPORTED = "reported"  # 自报: as the file said
    MATCHED = "matched"  # 比对: by its address, on this machine or by a decision
    SURVEYED = "surveyed"  # 实地: somebody was there
    CONFIRMED = "confirmed"  # 确认: the office vouches for it


class LocationCheck(Base):
    """One entry of the history of a row's location; the newest counts, none means reported."""

    __tablename__ = "location_check"
    __table_args__ = (
        sa.CheckConstraint("confidence BETWEEN 0 AND 1", name="confidence_is_a_share"),
        sa.Index("ix_location_check_kind_row_id", "kind", "row_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(comment="kind of row")
    row_id: Mapped[int]
    state: Mapped[LocationState] = mapped_column(enum_column(LocationState, "state"))
    level: Mapped[MatchLevel | None] = mapped_column(enum_column(MatchLevel, "level"))
    confidence: Mapped[float | None] = mapped_column(comment="of the match, 0 to 1")
    who: Mapped[str] = mapped_column(comment="name of the viewer; 'import' for a match at import")
    at: Mapped[datetime] = mapped_column(comment="UTC")
    is_move: Mapped[bool] = mapped_column(comment="the row's place changed with this entry")
