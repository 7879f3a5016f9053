"""The key of each row of a kind: rows with the same key are the same thing."""

import numpy as np
import pandas as pd

from data.keys import joined_keys, number_key, place_keys, plain_name


def row_keys(kind: str, rows: pd.DataFrame) -> list[str | None]:
    """Return the keys of rows that are ready for their table (n,); None = never the same.

    communities  the code, else the name
    grids        the code
    compounds    name, address and place (to 1 m): names repeat, also at one address
    gates        compound, name and place
    buildings    compound, number, name and place; as gates, by the compound's name
    stations     the name
    candidates   name and place
    others       nothing: members without identity, base features, networks, links
    """
    if kind in {"members", "base", "network", "links"} or rows.empty:
        return [None] * len(rows)
    names = _plain(rows, "name")
    if kind in {"communities", "grids"}:
        return [code or name for code, name in zip(_plain(rows, "code"), names, strict=True)]
    if kind == "stations":
        return list(names)
    parts = {
        "compounds": (names, _plain(rows, "address")),
        "gates": (_plain(rows, "compound_name"), names),
        "buildings": (_plain(rows, "compound_name"), _numbers(rows), names),
        "candidates": (names,),
    }[kind]
    return list(joined_keys(*parts, place_keys(np.asarray(rows["geometry"], dtype=object))))


def loose_keys(kind: str, rows: pd.DataFrame) -> list[str]:
    """Return the keys by which a new version of a row is known again if the full key has changed.

    To be used only where it names one row on both sides. Only kinds that others point to.
    """
    if kind == "buildings":
        return joined_keys(_plain(rows, "compound_name"), _numbers(rows))
    return _plain(rows, "name")


def _plain(rows: pd.DataFrame, column: str) -> list[str]:
    if column not in rows:
        return [""] * len(rows)
    return [plain_name(text) if isinstance(text, str) else "" for text in rows[column]]


def _numbers(rows: pd.DataFrame) -> list[str]:
    if "number" not in rows:
        return [""] * len(rows)
    return [number_key(text) if isinstance(text, str) else "" for text in rows["number"]]
