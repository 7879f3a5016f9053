"""The table of addresses that wait for somebody to say what they mean."""

import enum
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from data.models.base import Base, enum_column
from geo.geocode import MatchLevel


class ReviewState(enum.StrEnum):
    """How far the review of an address has come."""

    OPEN = "open"
    SKIPPED = "skipped"  # to be asked again, after the others
    DECIDED = "decided"
    NONE = "none"  # none of what is known: the place is missing in the data


class ReviewReason(enum.StrEnum):
    """Why an address is not linked by itself, the most pressing first."""

    UNMATCHED = "unmatched"
    AMBIGUOUS = "ambiguous"
    LOW = "low"  # one answer, not sure enough
    COARSE = "coarse"  # the place is known, not the building in it


class ReviewItem(Base):
    """One row of an import whose address is in doubt.

    `row_id` is the row that was kept with a coarser place; where there is none, `waiting` holds
    the columns with which a decision puts the row into its table.
    """

    __tablename__ = "review_item"
    __table_args__ = (
        sa.CheckConstraint("row_id IS NOT NULL OR waiting IS NOT NULL", name="has_a_row"),
        sa.CheckConstraint("confidence BETWEEN 0 AND 1", name="confidence_is_a_share"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("import_batch.id"), index=True)
    kind: Mapped[str] = mapped_column(comment="kind of row")
    source_row: Mapped[int] = mapped_column(comment="row or feature number in the file")
    row_id: Mapped[int | None] = mapped_column(comment="the row in its table, if it has one")
    waiting: Mapped[dict[str, Any] | None] = mapped_column(comment="columns of a row not yet in")
    text: Mapped[str] = mapped_column(comment="the address; of persons only what may be shown")
    key: Mapped[str] = mapped_column(index=True, comment="digest, as of the aliases")
    reason: Mapped[ReviewReason] = mapped_column(enum_column(ReviewReason, "reason"))
    level: Mapped[MatchLevel] = mapped_column(enum_column(MatchLevel, "level"))
    confidence: Mapped[float]
    candidates: Mapped[list[dict[str, Any]]] = mapped_column(
        comment="kind, id, address, lon, lat, level, confidence; the likeliest first"
    )
    state: Mapped[ReviewState] = mapped_column(enum_column(ReviewState, "state"))
    place_kind: Mapped[str | None] = mapped_column(comment="what was decided")
    place_id: Mapped[int | None]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None] = mapped_column(comment="UTC; also of a skip")
    decision: Mapped[int | None] = mapped_column(
        index=True, comment="the item whose decision this followed: itself, or one of the same text"
    )
    former: Mapped[dict[str, Any] | None] = mapped_column(comment="the row before, for undoing")
