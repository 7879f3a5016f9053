"""The table of imports: one row for each file that was taken in."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from data.models.base import Base, not_negative


class ImportBatch(Base):
    """One import: one file, one transaction. It stays listed after it is undone."""

    __tablename__ = "import_batch"
    __table_args__ = (
        *not_negative("n_read", "n_kept", "n_refused"),
        sa.CheckConstraint("n_read = n_kept + n_refused", name="nothing_dropped"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(comment="kind of rows, or 'frames' for several at once")
    source: Mapped[str] = mapped_column(comment="name of the file")
    sha256: Mapped[str | None] = mapped_column(index=True, comment="of the file's bytes")
    size_bytes: Mapped[int | None]
    reference: Mapped[str | None] = mapped_column(comment="datum or CRS that was read")
    is_demo: Mapped[bool] = mapped_column(default=False)
    is_replacing: Mapped[bool] = mapped_column(default=False)
    data_date: Mapped[str] = mapped_column(comment="ISO date that the rows stand for")
    imported_at: Mapped[datetime] = mapped_column(comment="UTC")
    undone_at: Mapped[datetime | None] = mapped_column(comment="UTC; empty while it holds")
    n_read: Mapped[int]
    n_kept: Mapped[int]
    n_refused: Mapped[int]
    notes: Mapped[list[dict[str, Any]]] = mapped_column(comment="findings as {zh, en, n}")
