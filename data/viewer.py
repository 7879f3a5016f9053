"""Who is asking: every query takes a viewer and returns only what that viewer may see."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Viewer:
    """One who looks at the data. Roles and scopes come later; for now a viewer sees everything.

    `scope` names what may be seen; it is part of every cache key and of the study's version, so
    that two viewers with different rights never share a computed result.
    """

    name: str
    scope: str

    @classmethod
    def everything(cls) -> "Viewer":
        """Return the viewer who may see all rows."""
        return cls("local", "everything")
