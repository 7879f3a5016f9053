"""The table of links (通道): ways on foot that the network's source does not know."""

from sqlalchemy.orm import Mapped, mapped_column

from data.models.base import Base, Geometry, Imported, imported_args


class Link(Imported, Base):
    """A footbridge or passage that was drawn; it holds on when a new network comes."""

    __tablename__ = "link"
    __table_args__ = imported_args("link")

    name: Mapped[str]
    geometry: Mapped[bytes] = mapped_column(Geometry, comment="a line of two places and more")
