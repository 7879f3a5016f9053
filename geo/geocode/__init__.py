"""Addresses to positions, all of it local: parsing, one way of writing, matching with certainty."""

from geo.geocode.address import canonical_key
from geo.geocode.gazetteer import Gazetteer
from geo.geocode.levels import CLAIM_CONFIDENCE, Candidate, Match, MatchLevel
from geo.geocode.parse import parse
from geo.geocode.tokens import Label, Token

__all__ = [
    "CLAIM_CONFIDENCE",
    "Candidate",
    "Gazetteer",
    "Label",
    "Match",
    "MatchLevel",
    "Token",
    "canonical_key",
    "parse",
]
