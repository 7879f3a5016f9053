"""The table of refused rows, given back to the office with the reason."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from data.models.base import Base


class RefusedRow(Base):
    """One reason why a row of an import was refused. Personal values are masked."""

    __tablename__ = "refused_row"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(
        sa.ForeignKey("import_batch.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[str]
    source_row: Mapped[int] = mapped_column(comment="row or feature number in the file")
    column: Mapped[str] = mapped_column(comment="heading as in the file; empty for the whole row")
    value: Mapped[str]
    rule: Mapped[str] = mapped_column(comment="code of the rule, see data/rules.py")
    reason_zh: Mapped[str]
    reason_en: Mapped[str]
