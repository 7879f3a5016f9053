"""The tables, one a module."""

from data.models.address_alias import AddressAlias
from data.models.base import Base, Datum, Geometry
from data.models.base_feature import BaseFeature, BaseKind
from data.models.building import Building
from data.models.candidate_site import CandidateSite
from data.models.community import Community
from data.models.compound import Compound
from data.models.gate import Gate
from data.models.geocode_answer import GeocodeAnswer
from data.models.grid import Grid
from data.models.import_batch import ImportBatch
from data.models.link import Link
from data.models.location_check import LocationCheck, LocationState
from data.models.member import Member, MemberKind
from data.models.network_version import NetworkVersion
from data.models.refused_row import RefusedRow
from data.models.remembered_mapping import RememberedMapping
from data.models.review_item import ReviewItem, ReviewReason, ReviewState
from data.models.saved_scenario import SavedScenario
from data.models.station import Station, StationState

__all__ = [
    "AddressAlias",
    "Base",
    "BaseFeature",
    "BaseKind",
    "Building",
    "CandidateSite",
    "Community",
    "Compound",
    "Datum",
    "Gate",
    "GeocodeAnswer",
    "Geometry",
    "Grid",
    "ImportBatch",
    "Link",
    "LocationCheck",
    "LocationState",
    "Member",
    "MemberKind",
    "NetworkVersion",
    "RefusedRow",
    "RememberedMapping",
    "ReviewItem",
    "ReviewReason",
    "ReviewState",
    "SavedScenario",
    "Station",
    "StationState",
]
