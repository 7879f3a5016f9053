"""The table of address aliases: what somebody decided that a text means, for next time."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from data.models.base import Base

_CURRENT = sa.text("withdrawn_at IS NULL")


class AddressAlias(Base):
    """One decision. A text that stood in a row of a person is kept as a digest, never as text."""

    __tablename__ = "address_alias"
    __table_args__ = (
        sa.CheckConstraint("key <> ''", name="has_a_key"),
        sa.Index(
            "uq_address_alias_key_current",
            "key",
            unique=True,
            sqlite_where=_CURRENT,
            postgresql_where=_CURRENT,
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(comment="digest of the address, data/geocoding/aliases.py")
    text: Mapped[str] = mapped_column(default="", comment="as written; empty for persons")
    place_kind: Mapped[str] = mapped_column(comment="kind of row that the text means")
    place_id: Mapped[int] = mapped_column(comment="its id when it was decided")
    place_key: Mapped[str | None] = mapped_column(comment="its key, if a new import took its place")
    decided_by: Mapped[str]
    decided_at: Mapped[datetime] = mapped_column(comment="UTC")
    withdrawn_at: Mapped[datetime | None] = mapped_column(comment="UTC; empty while it holds")
