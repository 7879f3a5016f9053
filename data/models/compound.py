"""The table of residential compounds (小区)."""

from sqlalchemy.orm import Mapped, mapped_column

from data.models.base import Base, Geometry, Imported, Placed, imported_args, not_negative


class Compound(Imported, Placed, Base):
    """A residential compound: its outline, or a point where no outline is known."""

    __tablename__ = "compound"
    __table_args__ = imported_args("compound", *not_negative("households", "residents", "elderly"))

    name: Mapped[str] = mapped_column(index=True)
    address: Mapped[str] = mapped_column(default="")
    households: Mapped[float | None]
    residents: Mapped[float | None]
    elderly: Mapped[float | None] = mapped_column(comment="residents of 60 years and more")
    geometry: Mapped[bytes] = mapped_column(Geometry)
