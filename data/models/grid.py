"""The table of governance grids (网格)."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from data.models.base import Base, Geometry, Imported, imported_args, not_negative


class Grid(Imported, Base):
    """A governance grid; it belongs to one community."""

    __tablename__ = "grid"
    __table_args__ = imported_args("grid", *not_negative("population", "households"))

    code: Mapped[str] = mapped_column(comment="15 digits as a rule; made from the name otherwise")
    name: Mapped[str]
    community_id: Mapped[int | None] = mapped_column(sa.ForeignKey("community.id"), index=True)
    population: Mapped[float | None] = mapped_column(comment="persons, as the file says")
    households: Mapped[float | None] = mapped_column(comment="as the file says")
    geometry: Mapped[bytes] = mapped_column(Geometry)
