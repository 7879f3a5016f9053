"""The table of members (党员): where they live and what they do; not who they are."""

import enum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from data.models.base import Base, Geometry, Imported, Placed, enum_column, imported_args


class MemberKind(enum.StrEnum):
    """How a member belongs to the subdistrict."""

    COMMUNITY = "community"  # 社区党员
    IN_SERVICE = "in_service"  # 在职党员
    MOBILE = "mobile"  # 流动党员
    OTHER = "other"


class Member(Imported, Placed, Base):
    """One member. No name, ID-card number or telephone number is stored."""

    __tablename__ = "member"
    __table_args__ = imported_args(
        "member",
        sa.CheckConstraint(
            "building_id IS NOT NULL OR compound_id IS NOT NULL OR geometry IS NOT NULL",
            name="has_a_place",
        ),
    )

    kind: Mapped[MemberKind] = mapped_column(enum_column(MemberKind, "kind"))
    post: Mapped[str] = mapped_column(default="", comment="职务")
    party_duty: Mapped[str] = mapped_column(default="", comment="党内职务")
    branch: Mapped[str] = mapped_column(default="", comment="党支部")
    building_id: Mapped[int | None] = mapped_column(sa.ForeignKey("building.id"), index=True)
    compound_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("compound.id"), index=True, comment="where only the compound is known"
    )
    geometry: Mapped[bytes | None] = mapped_column(
        Geometry, comment="own point, where neither building nor compound is known"
    )
