"""What others make of the same queries: rapidfuzz on the raw strings, alone and behind a parser."""

import importlib.resources
import sys
import types
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from geocode_cases import Case
from rapidfuzz import fuzz, process

CLAIM_SCORE = 90.0  # of 100; 0 would claim everything

Cut = Callable[[str], str]


def parsers() -> Iterator[tuple[str, Cut]]:
    """Yield what is done to a text before rapidfuzz sees it; parsers only where installed."""
    yield "rapidfuzz", str
    try:
        with _lent_resource_stream():
            import cpca
    except ImportError:
        pass
    else:
        yield "cpca + rapidfuzz", lambda text: str(cpca.transform([text])["地址"].iloc[0] or text)
    try:
        import jionlp
    except ImportError:
        pass
    else:
        yield "jionlp + rapidfuzz", lambda text: jionlp.parse_location(text)["detail"] or text


@contextmanager
def _lent_resource_stream() -> Iterator[None]:
    """Give cpca the one function of pkg_resources that it asks for; setuptools has dropped that."""
    lent = types.ModuleType("pkg_resources")
    lent.resource_stream = lambda package, name: (  # type: ignore[attr-defined]
        importlib.resources.files(package).joinpath(name).open("rb")
    )
    is_lent = sys.modules.setdefault("pkg_resources", lent) is lent
    try:
        yield
    finally:
        if is_lent:
            del sys.modules["pkg_resources"]


def nearest(case: Case, texts: Sequence[str], cut: Cut) -> list[tuple[object, bool]]:
    """Return for each text the id of the most similar entry, and whether it is claimed.

    `process.extractOne` with its default scorer, WRatio.
    """
    table = case.addresses
    if case.want_building:
        entries = table["address"].tolist()
    else:
        parts = (table["city"], table["district"], table["address"], table["name"])
        entries = ["".join(row) for row in zip(*parts, strict=True)]
    known = [cut(entry) for entry in entries]
    ids = table["id"].tolist()
    found = []
    for text in texts:
        best = process.extractOne(cut(text), known, scorer=fuzz.WRatio)
        found.append((ids[best[2]], best[1] >= CLAIM_SCORE) if best else (None, False))
    return found
