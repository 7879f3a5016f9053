"""The table of walk networks; the newest that is current is used."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from data.models.base import Base, Imported, imported_args, not_negative


class NetworkVersion(Imported, Base):
    """A whole walk network as bytes (`geo.network.WalkNetwork.to_bytes`)."""

    __tablename__ = "network_version"
    __table_args__ = imported_args("network_version", *not_negative("n_nodes", "n_edges"))

    source: Mapped[str]
    n_nodes: Mapped[int]
    n_edges: Mapped[int]
    counts: Mapped[dict[str, int]] = mapped_column(sa.JSON, comment="read, cut, left out")
    sha256: Mapped[str] = mapped_column(comment="of `content`")
    content: Mapped[bytes] = mapped_column(sa.LargeBinary)
