"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database from `down_revision` to this one."""
    op.create_table(
        "import_batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.String(),
            nullable=False,
            comment="kind of rows, or 'frames' for several at once",
        ),
        sa.Column("source", sa.String(), nullable=False, comment="name of the file"),
        sa.Column("sha256", sa.String(), nullable=True, comment="of the file's bytes"),
        sa.Column("size_bytes", sa.Integer(), nullable=True),
        sa.Column("reference", sa.String(), nullable=True, comment="datum or CRS that was read"),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("is_replacing", sa.Boolean(), nullable=False),
        sa.Column(
            "data_date", sa.String(), nullable=False, comment="ISO date that the rows stand for"
        ),
        sa.Column("imported_at", sa.DateTime(), nullable=False, comment="UTC"),
        sa.Column("undone_at", sa.DateTime(), nullable=True, comment="UTC; empty while it holds"),
        sa.Column("n_read", sa.Integer(), nullable=False),
        sa.Column("n_kept", sa.Integer(), nullable=False),
        sa.Column("n_refused", sa.Integer(), nullable=False),
        sa.Column(
            "notes", sa.JSON(none_as_null=True), nullable=False, comment="findings as {zh, en, n}"
        ),
        sa.CheckConstraint("n_kept >= 0", name=op.f("ck_import_batch_n_kept_not_negative")),
        sa.CheckConstraint(
            "n_read = n_kept + n_refused", name=op.f("ck_import_batch_nothing_dropped")
        ),
        sa.CheckConstraint("n_read >= 0", name=op.f("ck_import_batch_n_read_not_negative")),
        sa.CheckConstraint("n_refused >= 0", name=op.f("ck_import_batch_n_refused_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_batch")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_import_batch_sha256"), "import_batch", ["sha256"], unique=False)

    op.create_table(
        "base_feature",
        sa.Column(
            "kind",
            sa.Enum(
                "water",
                "green",
                "rail",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("geometry", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "source_row", sa.Integer(), nullable=True, comment="row or feature number in the file"
        ),
        sa.Column("key", sa.String(), nullable=True, comment="what makes two rows the same thing"),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("replaced_by", sa.Integer(), nullable=True),
        sa.Column("replaces_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["import_batch.id"], name=op.f("fk_base_feature_batch_id_import_batch")
        ),
        sa.ForeignKeyConstraint(
            ["replaced_by"],
            ["import_batch.id"],
            name=op.f("fk_base_feature_replaced_by_import_batch"),
        ),
        sa.ForeignKeyConstraint(
            ["replaces_id"],
            ["base_feature.id"],
            name=op.f("fk_base_feature_replaces_id_base_feature"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_base_feature")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_base_feature_batch_id"), "base_feature", ["batch_id"], unique=False)
    op.create_index(
        op.f("ix_base_feature_replaced_by"), "base_feature", ["replaced_by"], unique=False
    )
    op.create_index(
        op.f("ix_base_feature_replaces_id"), "base_feature", ["replaces_id"], unique=False
    )
    op.create_index(
        op.f("uq_base_feature_key_current"),
        "base_feature",
        ["key"],
        unique=True,
        sqlite_where=sa.text("replaced_by IS NULL"),
        postgresql_where=sa.text("replaced_by IS NULL"),
    )

    op.create_table(
        "candidate_site",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("cost", sa.Double(), nullable=True, comment="yuan, as the file says"),
        sa.Column("area_m2", sa.Double(), nullable=True),
        sa.Column("geometry", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "source_row", sa.Integer(), nullable=True, comment="row or feature number in the file"
        ),
        sa.Column("key", sa.String(), nullable=True, comment="what makes two rows the same thing"),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("replaced_by", sa.Integer(), nullable=True),
        sa.Column("replaces_id", sa.Integer(), nullable=True),
        sa.Column(
            "original_x", sa.Double(), nullable=True, comment="as in the file: lon or easting"
        ),
        sa.Column(
            "original_y", sa.Double(), nullable=True, comment="as in the file: lat or northing"
        ),
        sa.Column("original_datum", sa.String(), nullable=True, comment="datum or CRS of the file"),
        sa.CheckConstraint("area_m2 >= 0", name=op.f("ck_candidate_site_area_m2_not_negative")),
        sa.CheckConstraint("cost >= 0", name=op.f("ck_candidate_site_cost_not_negative")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["import_batch.id"], name=op.f("fk_candidate_site_batch_id_import_batch")
        ),
        sa.ForeignKeyConstraint(
            ["replaced_by"],
            ["import_batch.id"],
            name=op.f("fk_candidate_site_replaced_by_import_batch"),
        ),
        sa.ForeignKeyConstraint(
            ["replaces_id"],
            ["candidate_site.id"],
            name=op.f("fk_candidate_site_replaces_id_candidate_site"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_candidate_site")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_candidate_site_batch_id"), "candidate_site", ["batch_id"], unique=False
    )
    op.create_index(
        op.f("ix_candidate_site_replaced_by"), "candidate_site", ["replaced_by"], unique=False
    )
    op.create_index(
        op.f("ix_candidate_site_replaces_id"), "candidate_site", ["replaces_id"], unique=False
    )
    op.create_index(
        op.f("uq_candidate_site_key_current"),
        "candidate_site",
        ["key"],
        unique=True,
        sqlite_where=sa.text("replaced_by IS NULL"),
        postgresql_where=sa.text("replaced_by IS NULL"),
    )

    op.create_table(
        "community",
        sa.Column("code", sa.String(), nullable=True, comment="12 digits, where known"),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column(
            "is_derived", sa.Boolean(), nullable=False, comment="made from the grids' column"
        ),
        sa.Column("geometry", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "source_row", sa.Integer(), nullable=True, comment="row or feature number in the file"
        ),
        sa.Column("key", sa.String(), nullable=True, comment="what makes two rows the same thing"),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("replaced_by", sa.Integer(), nullable=True),
        sa.Column("replaces_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["import_batch.id"], name=op.f("fk_community_batch_id_import_batch")
        ),
        sa.ForeignKeyConstraint(
            ["replaced_by"], ["import_batch.id"], name=op.f("fk_community_replaced_by_import_batch")
        ),
        sa.ForeignKeyConstraint(
            ["replaces_id"], ["community.id"], name=op.f("fk_community_replaces_id_community")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_community")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_community_batch_id"), "community", ["batch_id"], unique=False)
    op.create_index(op.f("ix_community_replaced_by"), "community", ["replaced_by"], unique=False)
    op.create_index(op.f("ix_community_replaces_id"), "community", ["replaces_id"], unique=False)
    op.create_index(
        op.f("uq_community_key_current"),
        "community",
        ["key"],
        unique=True,
        sqlite_where=sa.text("replaced_by IS NULL"),
        postgresql_where=sa.text("replaced_by IS NULL"),
    )

    op.create_table(
        "compound",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("households", sa.Double(), nullable=True),
        sa.Column("residents", sa.Double(), nullable=True),
        sa.Column("elderly", sa.Double(), nullable=True, comment="residents of 60 years and more"),
        sa.Column("geometry", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "source_row", sa.Integer(), nullable=True, comment="row or feature number in the file"
        ),
        sa.Column("key", sa.String(), nullable=True, comment="what makes two rows the same thing"),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("replaced_by", sa.Integer(), nullable=True),
        sa.Column("replaces_id", sa.Integer(), nullable=True),
        sa.Column(
            "original_x", sa.Double(), nullable=True, comment="as in the file: lon or easting"
        ),
        sa.Column(
            "original_y", sa.Double(), nullable=True, comment="as in the file: lat or northing"
        ),
        sa.Column("original_datum", sa.String(), nullable=True, comment="datum or CRS of the file"),
        sa.CheckConstraint("elderly >= 0", name=op.f("ck_compound_elderly_not_negative")),
        sa.CheckConstraint("households >= 0", name=op.f("ck_compound_households_not_negative")),
        sa.CheckConstraint("residents >= 0", name=op.f("ck_compound_residents_not_negative")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["import_batch.id"], name=op.f("fk_compound_batch_id_import_batch")
        ),
        sa.ForeignKeyConstraint(
            ["replaced_by"], ["import_batch.id"], name=op.f("fk_compound_replaced_by_import_batch")
        ),
        sa.ForeignKeyConstraint(
            ["replaces_id"], ["compound.id"], name=op.f("fk_compound_replaces_id_compound")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compound")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_compound_batch_id"), "compound", ["batch_id"], unique=False)
    op.create_index(op.f("ix_compound_name"), "compound", ["name"], unique=False)
    op.create_index(op.f("ix_compound_replaced_by"), "compound", ["replaced_by"], unique=False)
    op.create_index(op.f("ix_compound_replaces_id"), "compound", ["replaces_id"], unique=False)
    op.create_index(
        op.f("uq_compound_key_current"),
        "compound",
        ["key"],
        unique=True,
        sqlite_where=sa.text("replaced_by IS NULL"),
        postgresql_where=sa.text("replaced_by IS NULL"),
    )

    op.create_table(
        "network_version",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("n_nodes", sa.Integer(), nullable=False),
        sa.Column("n_edges", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False, comment="read, cut, left out"),
        sa.Column("sha256", sa.String(), nullable=False, comment="of `content`"),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "source_row", sa.Integer(), nullable=True, comment="row or feature number in the file"
        ),
        sa.Column("key", sa.String(), nullable=True, comment="what makes two rows the same thing"),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("replaced_by", sa.Integer(), nullable=True),
        sa.Column("replaces_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("n_edges >= 0", name=op.f("ck_network_version_n_edges_not_negative")),
        sa.CheckConstraint("n_nodes >= 0", name=op.f("ck_network_version_n_nodes_not_negative")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["import_batch.id"], name=op.f("fk_network_version_batch_id_import_batch")
        ),
        sa.ForeignKeyConstraint(
            ["replaced_by"],
            ["import_batch.id"],
            name=op.f("fk_network_version_replaced_by_import_batch"),
        ),
        sa.ForeignKeyConstraint(
            ["replaces_id"],
            ["network_version.id"],
            name=op.f("fk_network_version_replaces_id_network_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_version")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_network_version_batch_id"), "network_version", ["batch_id"], unique=False
    )
    op.create_index(
        op.f("ix_network_version_replaced_by"), "network_version", ["replaced_by"], unique=False
    )
    op.create_index(
        op.f("ix_network_version_replaces_id"), "network_version", ["replaces_id"], unique=False
    )
    op.create_index(
        op.f("uq_network_version_key_current"),
        "network_version",
        ["key"],
        unique=True,
        sqlite_where=sa.text("replaced_by IS NULL"),
        postgresql_where=sa.text("replaced_by IS NULL"),
    )

    op.create_table(
        "refused_row",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column(
            "source_row", sa.Integer(), nullable=False, comment="row or feature number in the file"
        ),
        sa.Column(
            "column",
            sa.String(),
            nullable=False,
            comment="heading as in the file; empty for the whole row",
        ),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column(
            "rule", sa.String(), nullable=False, comment="code of the rule, see data/rules.py"
        ),
        sa.Column("reason_zh", sa.String(), nullable=False),
        sa.Column("reason_en", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["import_batch.id"],
            name=op.f("fk_refused_row_batch_id_import_batch"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refused_row")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_refused_row_batch_id"), "refused_row", ["batch_id"], unique=False)

    op.create_table(
        "station",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("services", sa.JSON(none_as_null=True), nullable=False),
        sa.Column(
            "hours",
            sa.JSON(none_as_null=True),
            nullable=True,
            comment="geo.hours; empty = not known",
        ),
        sa.Column("opens_on", sa.Date(), nullable=True),
        sa.Column("closes_on", sa.Date(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "planned",
                "open",
                "closed",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("geometry", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "source_row", sa.Integer(), nullable=True, comment="row or feature number in the file"
        ),
        sa.Column("key", sa.String(), nullable=True, comment="what makes two rows the same thing"),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("replaced_by", sa.Integer(), nullable=True),
        sa.Column("replaces_id", sa.Integer(), nullable=True),
        sa.Column(
            "original_x", sa.Double(), nullable=True, comment="as in the file: lon or easting"
        ),
        sa.Column(
            "original_y", sa.Double(), nullable=True, comment="as in the file: lat or northing"
        ),
        sa.Column("original_datum", sa.String(), nullable=True, comment="datum or CRS of the file"),
        sa.CheckConstraint("closes_on >= opens_on", name=op.f("ck_station_opens_before_it_closes")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["import_batch.id"], name=op.f("fk_station_batch_id_import_batch")
        ),
        sa.ForeignKeyConstraint(
            ["replaced_by"], ["import_batch.id"], name=op.f("fk_station_replaced_by_import_batch")
        ),
        sa.ForeignKeyConstraint(
            ["replaces_id"], ["station.id"], name=op.f("fk_station_replaces_id_station")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_station")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_station_batch_id"), "station", ["batch_id"], unique=False)
    op.create_index(op.f("ix_station_replaced_by"), "station", ["replaced_by"], unique=False)
    op.create_index(op.f("ix_station_replaces_id"), "station", ["replaces_id"], unique=False)
    op.create_index(
        op.f("uq_station_key_current"),
        "station",
        ["key"],
        unique=True,
        sqlite_where=sa.text("replaced_by IS NULL"),
        postgresql_where=sa.text("replaced_by IS NULL"),
    )

    op.create_table(
        "building",
        sa.Column("compound_id", sa.Integer(), nullable=True),
        sa.Column("compound_name", sa.String(), nullable=False, comment="as in the file"),
        sa.Column("number", sa.String(), nullable=False, comment="as in the file: 12栋, 十二幢"),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("levels", sa.Double(), nullable=True),
        sa.Column("households", sa.Double(), nullable=True),
        sa.Column("residents", sa.Double(), nullable=True),
        sa.Column("elderly", sa.Double(), nullable=True, comment="residents of 60 years and more"),
        sa.Column("footprint", sa.LargeBinary(), nullable=True),
        sa.Column(
            "geometry", sa.LargeBinary(), nullable=False, comment="a point, inside the footprint"
        ),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "source_row", sa.Integer(), nullable=True, comment="row or feature number in the file"
        ),
        sa.Column("key", sa.String(), nullable=True, comment="what makes two rows the same thing"),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("replaced_by", sa.Integer(), nullable=True),
        sa.Column("replaces_id", sa.Integer(), nullable=True),
        sa.Column(
            "original_x", sa.Double(), nullable=True, comment="as in the file: lon or easting"
        ),
        sa.Column(
            "original_y", sa.Double(), nullable=True, comment="as in the file: lat or northing"
        ),
        sa.Column("original_datum", sa.String(), nullable=True, comment="datum or CRS of the file"),
        sa.CheckConstraint("elderly >= 0", name=op.f("ck_building_elderly_not_negative")),
        sa.CheckConstraint("households >= 0", name=op.f("ck_building_households_not_negative")),
        sa.CheckConstraint("levels >= 0", name=op.f("ck_building_levels_not_negative")),
        sa.CheckConstraint("residents >= 0", name=op.f("ck_building_residents_not_negative")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["import_batch.id"], name=op.f("fk_building_batch_id_import_batch")
        ),
        sa.ForeignKeyConstraint(
            ["compound_id"], ["compound.id"], name=op.f("fk_building_compound_id_compound")
        ),
        sa.ForeignKeyConstraint(
            ["replaced_by"], ["import_batch.id"], name=op.f("fk_building_replaced_by_import_batch")
        ),
        sa.ForeignKeyConstraint(
            ["replaces_id"], ["building.id"], name=op.f("fk_building_replaces_id_building")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_building")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_building_batch_id"), "building", ["batch_id"], unique=False)
    op.create_index(op.f("ix_building_compound_id"), "building", ["compound_id"], unique=False)
    op.create_index(op.f("ix_building_replaced_by"), "building", ["replaced_by"], unique=False)
    op.create_index(op.f("ix_building_replaces_id"), "building", ["replaces_id"], unique=False)
    op.create_index(
        op.f("uq_building_key_current"),
        "building",
        ["key"],
        unique=True,
        sqlite_where=sa.text("replaced_by IS NULL"),
        postgresql_where=sa.text("replaced_by IS NULL"),
    )

    op.create_table(
        "gate",
        sa.Column("compound_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("is_open_to_all", sa.Boolean(), nullable=False, comment="strangers may pass"),
        sa.Column(
            "hours", sa.JSON(none_as_null=True), nullable=True, comment="geo.hours; empty = always"
        ),
        sa.Column("geometry", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "source_row", sa.Integer(), nullable=True, comment="row or feature number in the file"
        ),
        sa.Column("key", sa.String(), nullable=True, comment="what makes two rows the same thing"),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("replaced_by", sa.Integer(), nullable=True),
        sa.Column("replaces_id", sa.Integer(), nullable=True),
        sa.Column(
            "original_x", sa.Double(), nullable=True, comment="as in the file: lon or easting"
        ),
        sa.Column(
            "original_y", sa.Double(), nullable=True, comment="as in the file: lat or northing"
        ),
        sa.Column("original_datum", sa.String(), nullable=True, comment="datum or CRS of the file"),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["import_batch.id"], name=op.f("fk_gate_batch_id_import_batch")
        ),
        sa.ForeignKeyConstraint(
            ["compound_id"], ["compound.id"], name=op.f("fk_gate_compound_id_compound")
        ),
        sa.ForeignKeyConstraint(
            ["replaced_by"], ["import_batch.id"], name=op.f("fk_gate_replaced_by_import_batch")
        ),
        sa.ForeignKeyConstraint(
            ["replaces_id"], ["gate.id"], name=op.f("fk_gate_replaces_id_gate")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gate")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_gate_batch_id"), "gate", ["batch_id"], unique=False)
    op.create_index(op.f("ix_gate_compound_id"), "gate", ["compound_id"], unique=False)
    op.create_index(op.f("ix_gate_replaced_by"), "gate", ["replaced_by"], unique=False)
    op.create_index(op.f("ix_gate_replaces_id"), "gate", ["replaces_id"], unique=False)
    op.create_index(
        op.f("uq_gate_key_current"),
        "gate",
        ["key"],
        unique=True,
        sqlite_where=sa.text("replaced_by IS NULL"),
        postgresql_where=sa.text("replaced_by IS NULL"),
    )

    op.create_table(
        "grid",
        sa.Column(
            "code",
            sa.String(),
            nullable=False,
            comment="15 digits as a rule; made from the name otherwise",
        ),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("community_id", sa.Integer(), nullable=True),
        sa.Column("population", sa.Double(), nullable=True, comment="persons, as the file says"),
        sa.Column("households", sa.Double(), nullable=True, comment="as the file says"),
        sa.Column("geometry", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "source_row", sa.Integer(), nullable=True, comment="row or feature number in the file"
        ),
        sa.Column("key", sa.String(), nullable=True, comment="what makes two rows the same thing"),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("replaced_by", sa.Integer(), nullable=True),
        sa.Column("replaces_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("households >= 0", name=op.f("ck_grid_households_not_negative")),
        sa.CheckConstraint("population >= 0", name=op.f("ck_grid_population_not_negative")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["import_batch.id"], name=op.f("fk_grid_batch_id_import_batch")
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_grid_community_id_community")
        ),
        sa.ForeignKeyConstraint(
            ["replaced_by"], ["import_batch.id"], name=op.f("fk_grid_replaced_by_import_batch")
        ),
        sa.ForeignKeyConstraint(
            ["replaces_id"], ["grid.id"], name=op.f("fk_grid_replaces_id_grid")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grid")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_grid_batch_id"), "grid", ["batch_id"], unique=False)
    op.create_index(op.f("ix_grid_community_id"), "grid", ["community_id"], unique=False)
    op.create_index(op.f("ix_grid_replaced_by"), "grid", ["replaced_by"], unique=False)
    op.create_index(op.f("ix_grid_replaces_id"), "grid", ["replaces_id"], unique=False)
    op.create_index(
        op.f("uq_grid_key_current"),
        "grid",
        ["key"],
        unique=True,
        sqlite_where=sa.text("replaced_by IS NULL"),
        postgresql_where=sa.text("replaced_by IS NULL"),
    )

    op.create_table(
        "member",
        sa.Column(
            "kind",
            sa.Enum(
                "community",
                "in_service",
                "mobile",
                "other",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("post", sa.String(), nullable=False, comment="职务"),
        sa.Column("party_duty", sa.String(), nullable=False, comment="党内职务"),
        sa.Column("branch", sa.String(), nullable=False, comment="党支部"),
        sa.Column("building_id", sa.Integer(), nullable=True),
        sa.Column(
            "compound_id", sa.Integer(), nullable=True, comment="where only the compound is known"
        ),
        sa.Column(
            "geometry",
            sa.LargeBinary(),
            nullable=True,
            comment="own point, where neither building nor compound is known",
        ),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "source_row", sa.Integer(), nullable=True, comment="row or feature number in the file"
        ),
        sa.Column("key", sa.String(), nullable=True, comment="what makes two rows the same thing"),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("replaced_by", sa.Integer(), nullable=True),
        sa.Column("replaces_id", sa.Integer(), nullable=True),
        sa.Column(
            "original_x", sa.Double(), nullable=True, comment="as in the file: lon or easting"
        ),
        sa.Column(
            "original_y", sa.Double(), nullable=True, comment="as in the file: lat or northing"
        ),
        sa.Column("original_datum", sa.String(), nullable=True, comment="datum or CRS of the file"),
        sa.CheckConstraint(
            "building_id IS NOT NULL OR compound_id IS NOT NULL OR geometry IS NOT NULL",
            name=op.f("ck_member_has_a_place"),
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["import_batch.id"], name=op.f("fk_member_batch_id_import_batch")
        ),
        sa.ForeignKeyConstraint(
            ["building_id"], ["building.id"], name=op.f("fk_member_building_id_building")
        ),
        sa.ForeignKeyConstraint(
            ["compound_id"], ["compound.id"], name=op.f("fk_member_compound_id_compound")
        ),
        sa.ForeignKeyConstraint(
            ["replaced_by"], ["import_batch.id"], name=op.f("fk_member_replaced_by_import_batch")
        ),
        sa.ForeignKeyConstraint(
            ["replaces_id"], ["member.id"], name=op.f("fk_member_replaces_id_member")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_member_batch_id"), "member", ["batch_id"], unique=False)
    op.create_index(op.f("ix_member_building_id"), "member", ["building_id"], unique=False)
    op.create_index(op.f("ix_member_compound_id"), "member", ["compound_id"], unique=False)
    op.create_index(op.f("ix_member_replaced_by"), "member", ["replaced_by"], unique=False)
    op.create_index(op.f("ix_member_replaces_id"), "member", ["replaces_id"], unique=False)
    op.create_index(
        op.f("uq_member_key_current"),
        "member",
        ["key"],
        unique=True,
        sqlite_where=sa.text("replaced_by IS NULL"),
        postgresql_where=sa.text("replaced_by IS NULL"),
    )


def downgrade() -> None:
    """Go back to the empty database; indexes go with their tables."""
    for table in (
        "member",
        "grid",
        "gate",
        "building",
        "station",
        "refused_row",
        "network_version",
        "compound",
        "community",
        "candidate_site",
        "base_feature",
        "import_batch",
    ):
        op.drop_table(table)
