"""The table of red stations (红色驿站)."""

import enum
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from data.models.base import Base, Geometry, Imported, Placed, enum_column, imported_args


class StationState(enum.StrEnum):
    """Whether a station serves."""

    PLANNED = "planned"
    OPEN = "open"
    CLOSED = "closed"


class Station(Imported, Placed, Base):
    """A red station: services, hours, and since when."""

    __tablename__ = "station"
    __table_args__ = imported_args(
        "station", sa.CheckConstraint("closes_on >= opens_on", name="opens_before_it_closes")
    )

    name: Mapped[str]
    address: Mapped[str] = mapped_column(default="")
    services: Mapped[list[str]]
    hours: Mapped[dict[str, Any] | None] = mapped_column(comment="geo.hours; empty = not known")
    opens_on: Mapped[date | None]
    closes_on: Mapped[date | None]
    state: Mapped[StationState] = mapped_column(enum_column(StationState, "state"))
    geometry: Mapped[bytes] = mapped_column(Geometry)
