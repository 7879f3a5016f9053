"""Work that runs beside the page: it can be watched, cancelled, and asked for its result."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from geo.errors import GeoError
from geo.siting.plan import OnProgress, ShouldStop

logger = logging.getLogger(__name__)
Result = TypeVar("Result")


@dataclass
class Job(Generic[Result]):
    """One running or finished piece of work; the page reads it, its thread writes it."""

    work: Callable[[OnProgress, ShouldStop], Result]
    best: float | None = None
    bound: float | None = None
    sites: tuple[int, ...] = ()
    result: Result | None = None
    error: GeoError | None = None
    has_failed: bool = False
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> "Job[Result]":
        """Begin, and return the job."""
        self._thread = threading.Thread(target=self._run, name="siting", daemon=True)
        self._thread.start()
        return self

    def cancel(self) -> None:
        """End soon, with the best result so far."""
        self._stop.set()

    def wait(self, seconds: float) -> bool:
        """Wait some time for the end; return whether it is reached."""
        if self._thread is not None:
            self._thread.join(seconds)
        return not self.is_running

    @property
    def is_running(self) -> bool:
        """Whether there is more to come."""
        return self._thread is not None and self._thread.is_alive()

    def _run(self) -> None:
        try:
            self.result = self.work(self._hear, self._stop.is_set)
        except GeoError as error:
            self.error = error
        except Exception:  # the page says that it failed; the log says why
            logger.exception("Work beside the page failed")
            self.has_failed = True

    def _hear(self, best: float, bound: float, sites: tuple[int, ...]) -> None:
        self.best, self.bound, self.sites = best, bound, sites
