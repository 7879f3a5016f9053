"""Links that are drawn: ways on foot that no network file knows."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database from `down_revision` to this one."""
    op.create_table(
        "link",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column(
            "geometry",
            sa.LargeBinary(),
            nullable=False,
            comment="a line of two places and more",
        ),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "source_row", sa.Integer(), nullable=True, comment="row or feature number in the file"
        ),
        sa.Column("key", sa.String(), nullable=True, comment="what makes two rows the same thing"),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("replaced_by", sa.Integer(), nullable=True),
        sa.Column("replaces_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["import_batch.id"], name=op.f("fk_link_batch_id_import_batch")
        ),
        sa.ForeignKeyConstraint(
            ["replaced_by"], ["import_batch.id"], name=op.f("fk_link_replaced_by_import_batch")
        ),
        sa.ForeignKeyConstraint(
            ["replaces_id"], ["link.id"], name=op.f("fk_link_replaces_id_link")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_link_batch_id"), "link", ["batch_id"])
    op.create_index(op.f("ix_link_replaced_by"), "link", ["replaced_by"])
    op.create_index(op.f("ix_link_replaces_id"), "link", ["replaces_id"])
    op.create_index(
        "uq_link_key_current",
        "link",
        ["key"],
        unique=True,
        sqlite_where=sa.text("replaced_by IS NULL"),
        postgresql_where=sa.text("replaced_by IS NULL"),
    )


def downgrade() -> None:
    """Go back to before links; those that were drawn are lost."""
    op.drop_table("link")
