"""The errors of `data`: caught at the edges (page, command) and shown by `error.say(language)`."""

from geo.errors import GeoError


class ImportDataError(GeoError, ValueError):
    """A file cannot be taken in, or an import cannot be undone."""


class StoreError(GeoError, OSError):
    """The database cannot be opened, is too new, or is busy."""


class SettingsError(GeoError, ValueError):
    """A setting in the environment has a value that it cannot have."""


class MissingScenarioError(GeoError, LookupError):
    """There is no such scenario, or it may not be seen."""
