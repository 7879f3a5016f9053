"""What all tables share: naming of constraints, enums by value, geometry as WKB, provenance."""

import enum
from typing import Any, ClassVar

import shapely
import sqlalchemy as sa
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Geometry(sa.types.TypeDecorator[Any]):
    """A geometry in EPSG:4326 as WKB; takes a shapely geometry or WKB, gives back WKB.

    One place to change when the same models move to PostGIS.
    """

    impl = sa.LargeBinary
    cache_ok = True

    def process_bind_param(self, value: object, dialect: sa.Dialect) -> bytes | None:  # noqa: ARG002
        """Return the WKB that is stored."""
        if isinstance(value, BaseGeometry):
            return bytes(shapely.to_wkb(value))
        return None if value is None else bytes(value)  # type: ignore[call-overload]


class Datum(enum.StrEnum):
    """The datum that a position was given in, before it was brought to WGS84."""

    WGS84 = "wgs84"
    CGCS2000 = "cgcs2000"
    GCJ02 = "gcj02"
    BD09 = "bd09"


def enum_column(kind: type[enum.Enum], name: str) -> sa.Enum:
    """Return the column type of an enum: text, by value, held by a CHECK named `name`."""
    return sa.Enum(
        kind,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=20,
        values_callable=lambda members: [member.value for member in members],
    )


def not_negative(*columns: str) -> tuple[sa.CheckConstraint, ...]:
    """Return a CHECK for each column: unknown, or zero and more."""
    return tuple(sa.CheckConstraint(f"{c} >= 0", name=f"{c}_not_negative") for c in columns)


class Base(DeclarativeBase):
    """Base class of all tables."""

    metadata = sa.MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        dict[str, Any]: sa.JSON(none_as_null=True),
        list[str]: sa.JSON(none_as_null=True),
        list[dict[str, Any]]: sa.JSON(none_as_null=True),
    }


class Imported:
    """Columns of every row that came by an import. An id is never used twice, even after undoing.

    A row is current while `replaced_by` is empty. Replacing hides the former rows and points
    from the new row to the former one (`replaces_id`), so that undoing can bring them back.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    source_row: Mapped[int | None] = mapped_column(comment="row or feature number in the file")
    key: Mapped[str | None] = mapped_column(comment="what makes two rows the same thing")

    @declared_attr
    @classmethod
    def batch_id(cls) -> Mapped[int]:
        """Return the column of the import that brought the row."""
        return mapped_column(sa.ForeignKey("import_batch.id"), index=True)

    @declared_attr
    @classmethod
    def replaced_by(cls) -> Mapped[int | None]:
        """Return the column of the import that put another row in the place of this one."""
        return mapped_column(sa.ForeignKey("import_batch.id"), index=True)

    @declared_attr
    @classmethod
    def replaces_id(cls) -> Mapped[int | None]:
        """Return the column of the former row of the same table, if there was one."""
        table: str = cls.__tablename__  # type: ignore[attr-defined]
        return mapped_column(sa.ForeignKey(f"{table}.id"), index=True)


class Placed:
    """Columns of a row whose position was given as a point: what stood in the file."""

    original_x: Mapped[float | None] = mapped_column(comment="as in the file: lon or easting")
    original_y: Mapped[float | None] = mapped_column(comment="as in the file: lat or northing")
    original_datum: Mapped[str | None] = mapped_column(comment="datum or CRS of the file")


def imported_args(table: str, *constraints: Any) -> tuple[Any, ...]:  # noqa: ANN401
    """Return the table arguments of an imported kind; a key is unique among current rows."""
    current = sa.text("replaced_by IS NULL")
    unique = sa.Index(
        f"uq_{table}_key_current",
        "key",
        unique=True,
        sqlite_where=current,
        postgresql_where=current,
    )
    return (*constraints, unique, {"sqlite_autoincrement": True})
