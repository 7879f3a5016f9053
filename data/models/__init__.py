"""The tables, one a module."""

from data.models.base import Base, Datum, Geometry
from data.models.base_feature import BaseFeature, BaseKind
from data.models.building import Building
from data.models.candidate_site import CandidateSite
from data.models.community import Community
from data.models.compound import Compound
from data.models.gate import Gate
from data.models.grid import Grid
from data.models.import_batch import ImportBatch
from data.models.member import Member, MemberKind
from data.models.network_version import NetworkVersion
from data.models.refused_row import RefusedRow
from data.models.remembered_mapping import RememberedMapping
from data.models.saved_scenario import SavedScenario
from data.models.station import Station, StationState

__all__ = [
    "Base",
    "BaseFeature",
    "BaseKind",
    "Building",
    "CandidateSite",
    "Community",
    "Compound",
    "Datum",
    "Gate",
    "Geometry",
    "Grid",
    "ImportBatch",
    "Member",
    "MemberKind",
    "NetworkVersion",
    "RefusedRow",
    "RememberedMapping",
    "SavedScenario",
    "Station",
    "StationState",
]
