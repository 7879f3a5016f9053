"""Scenarios that planners keep."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database from `down_revision` to this one."""
    op.create_table(
        "scenario",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "scope",
            sa.String(),
            nullable=False,
            comment="of the viewer who saved it: who may see it",
        ),
        sa.Column("author", sa.String(), nullable=False, comment="name of the viewer who saved it"),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("profile", sa.String(), nullable=False, comment="speed profile"),
        sa.Column("minutes", sa.Double(), nullable=False),
        sa.Column(
            "at", sa.DateTime(), nullable=True, comment="local moment asked for; empty = any"
        ),
        sa.Column("weight", sa.String(), nullable=False),
        sa.Column("edits", sa.JSON(none_as_null=True), nullable=False, comment="geo.whatif"),
        sa.Column(
            "question", sa.JSON(none_as_null=True), nullable=True, comment="asked of the solver"
        ),
        sa.Column(
            "proof", sa.JSON(none_as_null=True), nullable=True, comment="objective, bound, status"
        ),
        sa.Column(
            "data_date",
            sa.String(),
            nullable=False,
            comment="of the data that it was made on; ISO",
        ),
        sa.Column(
            "data_version",
            sa.String(),
            nullable=False,
            comment="of the study that it was made on",
        ),
        sa.Column(
            "created_at", sa.DateTime(), nullable=False, comment="UTC; when the scenario was made"
        ),
        sa.Column(
            "saved_at", sa.DateTime(), nullable=False, comment="UTC; when it was put in here"
        ),
        sa.Column(
            "deleted_at", sa.DateTime(), nullable=True, comment="UTC; empty while it is kept"
        ),
        sa.CheckConstraint("minutes > 0", name=op.f("ck_scenario_minutes_above_zero")),
        sa.CheckConstraint("name <> ''", name=op.f("ck_scenario_has_a_name")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scenario")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("uq_scenario_name_current"),
        "scenario",
        ["scope", "name"],
        unique=True,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )


def downgrade() -> None:
    """Go back to the first tables; the scenarios are lost."""
    op.drop_table("scenario")
