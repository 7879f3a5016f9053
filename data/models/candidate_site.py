"""The table of candidate sites (备选点位)."""

from sqlalchemy.orm import Mapped, mapped_column

from data.models.base import Base, Geometry, Imported, Placed, imported_args, not_negative


class CandidateSite(Imported, Placed, Base):
    """A place where a station could be."""

    __tablename__ = "candidate_site"
    __table_args__ = imported_args("candidate_site", *not_negative("cost", "area_m2"))

    name: Mapped[str]
    address: Mapped[str] = mapped_column(default="")
    cost: Mapped[float | None] = mapped_column(comment="yuan, as the file says")
    area_m2: Mapped[float | None]
    geometry: Mapped[bytes] = mapped_column(Geometry)
