"""Addresses: what they were decided to mean, who waits, who vouches, what services answered."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database from `down_revision` to this one."""
    op.create_table(
        "address_alias",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "key",
            sa.String(),
            nullable=False,
            comment="digest of the address, data/geocoding/aliases.py",
        ),
        sa.Column("text", sa.String(), nullable=False, comment="as written; empty for persons"),
        sa.Column(
            "place_kind", sa.String(), nullable=False, comment="kind of row that the text means"
        ),
        sa.Column("place_id", sa.Integer(), nullable=False, comment="its id when it was decided"),
        sa.Column(
            "place_key",
            sa.String(),
            nullable=True,
            comment="its key, if a new import took its place",
        ),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("decided_at", sa.DateTime(), nullable=False, comment="UTC"),
        sa.Column(
            "withdrawn_at", sa.DateTime(), nullable=True, comment="UTC; empty while it holds"
        ),
        sa.CheckConstraint("key <> ''", name=op.f("ck_address_alias_has_a_key")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address_alias")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_address_alias_key_current",
        "address_alias",
        ["key"],
        unique=True,
        sqlite_where=sa.text("withdrawn_at IS NULL"),
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_table(
        "geocode_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column(
            "query",
            sa.String(),
            nullable=False,
            comment="city, a tab, and the address as it was sent",
        ),
        sa.Column("asked_at", sa.DateTime(), nullable=False, comment="UTC"),
        sa.Column(
            "answers",
            sa.JSON(none_as_null=True),
            nullable=False,
            comment="WGS84 and as the service said; the likeliest first",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_geocode_answer")),
        sa.UniqueConstraint("service", "query", name=op.f("uq_geocode_answer_service_query")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "location_check",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False, comment="kind of row"),
        sa.Column("row_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "reported",
                "matched",
                "surveyed",
                "confirmed",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column(
            "level",
            sa.Enum(
                "none",
                "community",
                "road",
                "road_number",
                "compound",
                "building",
                "unit",
                "room",
                name="level",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=True,
        ),
        sa.Column("confidence", sa.Double(), nullable=True, comment="of the match, 0 to 1"),
        sa.Column(
            "who",
            sa.String(),
            nullable=False,
            comment="name of the viewer; 'import' for a match at import",
        ),
        sa.Column("at", sa.DateTime(), nullable=False, comment="UTC"),
        sa.Column(
            "is_move",
            sa.Boolean(),
            nullable=False,
            comment="the row's place changed with this entry",
        ),
        sa.CheckConstraint(
            "confidence BETWEEN 0 AND 1", name=op.f("ck_location_check_confidence_is_a_share")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_location_check")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_location_check_kind_row_id", "location_check", ["kind", "row_id"], unique=False
    )
    op.create_table(
        "review_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False, comment="kind of row"),
        sa.Column(
            "source_row", sa.Integer(), nullable=False, comment="row or feature number in the file"
        ),
        sa.Column(
            "row_id", sa.Integer(), nullable=True, comment="the row in its table, if it has one"
        ),
        sa.Column(
            "waiting",
            sa.JSON(none_as_null=True),
            nullable=True,
            comment="columns of a row not yet in",
        ),
        sa.Column(
            "text",
            sa.String(),
            nullable=False,
            comment="the address; of persons only what may be shown",
        ),
        sa.Column("key", sa.String(), nullable=False, comment="digest, as of the aliases"),
        sa.Column(
            "reason",
            sa.Enum(
                "unmatched",
                "ambiguous",
                "low",
                "coarse",
                name="reason",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column(
            "level",
            sa.Enum(
                "none",
                "community",
                "road",
                "road_number",
                "compound",
                "building",
                "unit",
                "room",
                name="level",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column(
            "candidates",
            sa.JSON(none_as_null=True),
            nullable=False,
            comment="kind, id, address, lon, lat, level, confidence; the likeliest first",
        ),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "skipped",
                "decided",
                "none",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("place_kind", sa.String(), nullable=True, comment="what was decided"),
        sa.Column("place_id", sa.Integer(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", sa.DateTime(), nullable=True, comment="UTC; also of a skip"),
        sa.Column(
            "decision",
            sa.Integer(),
            nullable=True,
            comment="the item whose decision this followed: itself, or one of the same text",
        ),
        sa.Column(
            "former",
            sa.JSON(none_as_null=True),
            nullable=True,
            comment="the row before, for undoing",
        ),
        sa.CheckConstraint(
            "confidence BETWEEN 0 AND 1", name=op.f("ck_review_item_confidence_is_a_share")
        ),
        sa.CheckConstraint(
            "row_id IS NOT NULL OR waiting IS NOT NULL", name=op.f("ck_review_item_has_a_row")
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["import_batch.id"], name=op.f("fk_review_item_batch_id_import_batch")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_item")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_review_item_batch_id"), "review_item", ["batch_id"], unique=False)
    op.create_index(op.f("ix_review_item_decision"), "review_item", ["decision"], unique=False)
    op.create_index(op.f("ix_review_item_key"), "review_item", ["key"], unique=False)


def downgrade() -> None:
    """Go back; decisions, the review queue, vouchers and cached answers are lost."""
    for table in ("review_item", "location_check", "geocode_answer", "address_alias"):
        op.drop_table(table)
