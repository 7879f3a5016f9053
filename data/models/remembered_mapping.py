"""The table of column mappings that the office has told once, by the headings of its files."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from data.models.base import Base


class RememberedMapping(Base):
    """What the columns of files with the same headings mean."""

    __tablename__ = "remembered_mapping"
    __table_args__ = (sa.UniqueConstraint("signature"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    signature: Mapped[str] = mapped_column(comment="of the headings, data/column_mapping.py")
    kind: Mapped[str]
    columns: Mapped[dict[str, Any]] = mapped_column(comment="field: heading; empty = none")
    saved_at: Mapped[datetime] = mapped_column(comment="UTC")
