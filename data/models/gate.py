"""The table of gates (大门/出入口)."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from data.models.base import Base, Geometry, Imported, Placed, imported_args


class Gate(Imported, Placed, Base):
    """A gate of a compound: who may pass, and when."""

    __tablename__ = "gate"
    __table_args__ = imported_args("gate")

    compound_id: Mapped[int] = mapped_column(sa.ForeignKey("compound.id"), index=True)
    name: Mapped[str] = mapped_column(default="")
    is_open_to_all: Mapped[bool] = mapped_column(default=False, comment="strangers may pass")
    hours: Mapped[dict[str, Any] | None] = mapped_column(comment="geo.hours; empty = always")
    geometry: Mapped[bytes] = mapped_column(Geometry)
