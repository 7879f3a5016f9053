"""The table of what online geocoders answered, so that nothing is asked twice."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from data.models.base import Base


class GeocodeAnswer(Base):
    """The answers of one service to one address of a place; none is an answer too. No key."""

    __tablename__ = "geocode_answer"
    __table_args__ = (sa.UniqueConstraint("service", "query"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    service: Mapped[str]
    query: Mapped[str] = mapped_column(comment="city, a tab, and the address as it was sent")
    asked_at: Mapped[datetime] = mapped_column(comment="UTC")
    answers: Mapped[list[dict[str, Any]]] = mapped_column(
        comment="WGS84 and as the service said; the likeliest first"
    )
