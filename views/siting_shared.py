"""What sessions share of the siting page, read-only and by small keys: cases, drafts, layers."""

import gc
import json
from collections.abc import Sequence
from dataclasses import replace
from weakref import WeakKeyDictionary

import geopandas as gpd
import streamlit as st

from data.viewer import Viewer
from geo.coverage import Coverage, cover
from geo.ground import lay_ground
from geo.planning import SitingCase, make_case
from geo.profiles import speed_profile
from geo.sites import candidate_sites, drawn_sites
from geo.text import Language
from geo.whatif import STATION_EDITS, NewStation, apply_edits, edits_from_json
from layers.draft import link_layer, new_gate_layer, new_station_layer
from layers.grid import grid_layer
from layers.map_layer import MapLayer
from layers.service_area import service_area_layer
from layers.station import station_layer
from views.shared import Asked, ground_at, study_of

_plain: WeakKeyDictionary[MapLayer, MapLayer] = WeakKeyDictionary()
Places = tuple[tuple[float, float], ...]
Candidates = tuple[str, int, Places]  # where from, every how many metres, drawn places


@st.cache_resource(show_spinner=False, max_entries=16)
def candidates_of(
    database: str, viewer: Viewer, version: str, source: Candidates
) -> gpd.GeoDataFrame:
    """Return the candidate sites: drawn, from a table, along the ways, at gates or entrances."""
    study = study_of(database, viewer, version)
    kind, every_m, places = source
    if kind == "drawn":
        return drawn_sites(study, places)
    return candidate_sites(study, kind, every_m=float(every_m))


@st.cache_resource(show_spinner=False, max_entries=16)
def case_of(asked: Asked, source: Candidates) -> SitingCase:
    """Return the siting case for these choices."""
    candidates = candidates_of(*asked.key, source)
    case = make_case(ground_at(asked), candidates, minutes=asked.minutes, at=asked.at)
    gc.freeze()
    return case


@st.cache_resource(show_spinner=False, max_entries=64)
def draft_coverage(asked: Asked, edits: str) -> Coverage:
    """Return the coverage as it would be with edits (JSON)."""
    changes = edits_from_json(json.loads(edits))
    study = apply_edits(study_of(*asked.key), changes)
    if all(isinstance(edit, STATION_EDITS) for edit in changes):
        ground = ground_at(asked)
    else:
        ground = lay_ground(study, speed_profile(asked.profile), asked.at)
    coverage = cover(
        study, profile=asked.profile, minutes=asked.minutes, at=asked.at, ground=ground
    )
    gc.freeze()
    return coverage


@st.cache_resource(show_spinner=False, max_entries=64)
def draft_layers(asked: Asked, edits: str, figure: str, lang: Language) -> list[MapLayer]:
    """Return the grids, rings and stations as they would be, and what is new."""
    coverage = draft_coverage(asked, edits)
    changes = edits_from_json(json.loads(edits))
    n_new = sum(isinstance(edit, NewStation) for edit in changes)
    n_old = len(coverage.stations) - n_new
    return [
        grid_layer(coverage.grids, figure, lang),
        service_area_layer(coverage.areas, lang),
        link_layer(changes, lang),
        new_gate_layer(changes, lang),
        station_layer(coverage.stations.iloc[:n_old], lang),
        new_station_layer(coverage.stations.iloc[n_old:], lang),
    ]


def without_legends(layers: Sequence[MapLayer]) -> list[MapLayer]:
    """Return layers for a small map beside one that has the legend; each is made once."""
    for layer in layers:
        if layer not in _plain:
            _plain[layer] = replace(layer, legend=None)
    return [_plain[layer] for layer in layers]
