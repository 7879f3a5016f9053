"""The table of what the base map draws besides the network: water, green, railways."""

import enum

from sqlalchemy.orm import Mapped, mapped_column

from data.models.base import Base, Geometry, Imported, enum_column, imported_args


class BaseKind(enum.StrEnum):
    """What a feature of the base map is."""

    WATER = "water"
    GREEN = "green"
    RAIL = "rail"


class BaseFeature(Imported, Base):
    """A feature of the base map; water and railways are also named as barriers."""

    __tablename__ = "base_feature"
    __table_args__ = imported_args("base_feature")

    kind: Mapped[BaseKind] = mapped_column(enum_column(BaseKind, "kind"))
    name: Mapped[str] = mapped_column(default="")
    geometry: Mapped[bytes] = mapped_column(Geometry)
