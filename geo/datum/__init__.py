"""The datum of a file, found by what is already on the map."""

from geo.datum.detect import detect_datum
from geo.datum.hypotheses import Hypothesis
from geo.datum.known import KnownPlaces, lines_of
from geo.datum.reading import DatumFinding, Reading
from geo.datum.shapes import detect_datum_of_shapes

__all__ = [
    "DatumFinding",
    "Hypothesis",
    "KnownPlaces",
    "Reading",
    "detect_datum",
    "detect_datum_of_shapes",
    "lines_of",
]
