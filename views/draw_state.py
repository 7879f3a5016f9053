"""What a session keeps while somebody draws: the tool, the places clicked, what was chosen."""

from dataclasses import dataclass, field

import streamlit as st

from geo.text import Text

KEY, SAID = "draw.sketch", "draw.said"
Place = tuple[float, float]  # lon, lat


@dataclass
class Sketch:
    """A drawing on the way; what was chosen by a click comes before the places."""

    tool: str
    chosen: list[int] = field(default_factory=list)  # ids of grids
    places: list[Place] = field(default_factory=list)
    follows_streets: bool = False  # a new grid is drafted from the homes within


def sketch(tool: str) -> Sketch:
    """Return the sketch of a tool; another tool begins anew."""
    known = st.session_state.get(KEY)
    if isinstance(known, Sketch) and known.tool == tool:
        return known
    return begin(tool)


def begin(tool: str) -> Sketch:
    """Begin a sketch anew."""
    new = Sketch(tool)
    st.session_state[KEY] = new
    return new


def tell_next(text: Text) -> None:
    """Keep a sentence that the next run says once."""
    st.session_state[SAID] = text


def told() -> Text | None:
    """Return the sentence kept for this run."""
    said = st.session_state.pop(SAID, None)
    return said if isinstance(said, Text) else None
