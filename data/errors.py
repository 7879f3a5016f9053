"""The errors of `data`: caught at the edges (page, command) and shown by `error.say(language)`."""

from geo.errors import GeoError
from geo.text import Text


class ImportDataError(GeoError, ValueError):
    """A file cannot be taken in, or an import cannot be undone."""


class StoreError(GeoError, OSError):
    """The database cannot be opened, is too new, or is busy."""


class SettingsError(GeoError, ValueError):
    """A setting in the environment has a value that it cannot have."""


class MissingScenarioError(GeoError, LookupError):
    """There is no such scenario, or it may not be seen."""


class GeocodingError(GeoError, OSError):
    """An online geocoder gives no answer; `is_final`: asking it on would only give the same."""

    def __init__(self, text: Text, *, is_final: bool) -> None:
        super().__init__(text)
        self.is_final = is_final


class PrivacyError(GeoError, PermissionError):
    """Something about persons was to leave the machine."""


class ReviewError(GeoError, LookupError):
    """There is no such item in the review queue, or it cannot be decided so."""
