"""Column mappings that the office has told once."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database from `down_revision` to this one."""
    op.create_table(
        "remembered_mapping",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "signature",
            sa.String(),
            nullable=False,
            comment="of the headings, data/column_mapping.py",
        ),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column(
            "columns",
            sa.JSON(none_as_null=True),
            nullable=False,
            comment="field: heading; empty = none",
        ),
        sa.Column("saved_at", sa.DateTime(), nullable=False, comment="UTC"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remembered_mapping")),
        sa.UniqueConstraint("signature", name=op.f("uq_remembered_mapping_signature")),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    """Go back; what was remembered is lost."""
    op.drop_table("remembered_mapping")
