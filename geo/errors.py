"""The errors of `geo`: what was found, where, and what to do, in Chinese and in English."""

from collections.abc import Sequence

from geo.text import Language, Text


def shown_ids(ids: Sequence[object], at_most: int = 5) -> str:
    """Return the first few ids for a message, with an ellipsis where some are left off."""
    return ", ".join(map(str, ids[:at_most])) + ("…" if len(ids) > at_most else "")


class GeoError(Exception):
    """Base class: catch this at the edge (page, command) and show `error.say(language)`."""

    def __init__(self, text: Text, ids: Sequence[object] = ()) -> None:
        super().__init__(text.en)
        self.text = text
        self.ids = tuple(ids)

    def say(self, language: Language) -> str:
        """Return the message in one language."""
        return self.text.say(language)


class CrsError(GeoError, ValueError):
    """A layer has no coordinate reference system, or one whose unit is not the metre."""


class NetworkError(GeoError, ValueError):
    """A walk network cannot be read, or its arrays do not fit together."""


class ReachError(GeoError, ValueError):
    """An argument of a reach computation is out of range or of the wrong shape."""


class SitingError(GeoError, ValueError):
    """An argument of a siting problem is out of range, wrongly shaped or contradicts others."""


class EditError(GeoError, LookupError):
    """A change of a what-if cannot be read, or speaks of something that the study lacks."""


class ScenarioError(GeoError, ValueError):
    """A scenario holds a value that it cannot have, or a file is no scenario of ours."""


class GridError(GeoError, ValueError):
    """Grids cannot be checked, repaired, split or merged as asked."""


class GeocodeError(GeoError, ValueError):
    """A gazetteer lacks a column, or holds a value that its column cannot have."""
