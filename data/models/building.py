"""The table of residential buildings (楼栋)."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from data.models.base import Base, Geometry, Imported, Placed, imported_args, not_negative


class Building(Imported, Placed, Base):
    """A building where people live. Unknown counts are empty, never zero."""

    __tablename__ = "building"
    __table_args__ = imported_args(
        "building", *not_negative("levels", "households", "residents", "elderly")
    )

    compound_id: Mapped[int | None] = mapped_column(sa.ForeignKey("compound.id"), index=True)
    compound_name: Mapped[str] = mapped_column(default="", comment="as in the file")
    number: Mapped[str] = mapped_column(default="", comment="as in the file: 12栋, 十二幢")
    name: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(default="")
    levels: Mapped[float | None]
    households: Mapped[float | None]
    residents: Mapped[float | None]
    elderly: Mapped[float | None] = mapped_column(comment="residents of 60 years and more")
    footprint: Mapped[bytes | None] = mapped_column(Geometry)
    geometry: Mapped[bytes] = mapped_column(Geometry, comment="a point, inside the footprint")
