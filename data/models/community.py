"""The table of communities (社区)."""

from sqlalchemy.orm import Mapped, mapped_column

from data.models.base import Base, Geometry, Imported, imported_args


class Community(Imported, Base):
    """A community; it has grids. Made from the grids' column where no file names it."""

    __tablename__ = "community"
    __table_args__ = imported_args("community")

    code: Mapped[str | None] = mapped_column(comment="12 digits, where known")
    name: Mapped[str]
    is_derived: Mapped[bool] = mapped_column(default=False, comment="made from the grids' column")
    geometry: Mapped[bytes | None] = mapped_column(Geometry)
