"""A small town whose addresses can be told apart, and some that cannot."""

from pathlib import Path

import geopandas as gpd
import pandas as pd
import sqlalchemy as sa

from data.imports import import_file, store_frames
from data.report import ImportReport

COMPOUNDS = {
    # key: name, address, lon, lat
    "a": ("天逸华府桂园", "龙蟠大道88号", 118.300, 32.250),
    "b": ("龙蟠南苑", "清流路12号", 118.310, 32.250),
    "c": ("碧水家园", "凤阳路3号", 118.320, 32.250),
    "d": ("碧水家园", "紫薇路9号", 118.345, 32.265),  # of the same name, 2.9 km away
}
BUILDINGS = (
    *(("a", f"{n}栋", 118.300 + n * 0.0006, 32.250) for n in range(1, 6)),
    *(("b", f"{n}号楼", 118.310 + n * 0.0006, 32.250) for n in range(1, 4)),
    ("c", "1栋", 118.3203, 32.2503),
    ("d", "1栋", 118.3453, 32.2653),
)


def fill(engine: sa.Engine) -> None:
    """Put the town into a database: compounds 1 to 4, buildings 1 to 10."""
    keys = list(COMPOUNDS)
    names, addresses, lon, lat = zip(*COMPOUNDS.values(), strict=True)
    compounds = gpd.GeoDataFrame(
        {"key": keys, "name": names, "address": addresses},
        geometry=gpd.points_from_xy(lon, lat),
        crs=4326,
    )
    owner, numbers, x, y = zip(*BUILDINGS, strict=True)
    buildings = gpd.GeoDataFrame(
        {
            "key": [f"{k}{n}" for k, n in zip(owner, numbers, strict=True)],
            "compound_key": owner,
            "number": numbers,
        },
        geometry=gpd.points_from_xy(x, y),
        crs=4326,
    )
    store_frames(engine, {"compounds": compounds, "buildings": buildings}, source="town")


def take_in(
    engine: sa.Engine, folder: Path, kind: str, text: str, **options: object
) -> ImportReport:
    """Import a table given as CSV text."""
    path = folder / f"{kind}-{abs(hash(text)) % 10**8}.csv"
    path.write_text(text, encoding="utf-8")
    return import_file(engine, kind, path, **options)


def table(engine: sa.Engine, name: str) -> pd.DataFrame:
    """Return a whole table."""
    with engine.connect() as connection:
        return pd.read_sql(sa.text(f"SELECT * FROM {name} ORDER BY id"), connection)  # noqa: S608
