"""Frames to map layers: what is drawn, its legend, its tooltip; one file a layer."""

from layers.base import base_layers
from layers.building import building_layer
from layers.candidate import candidate_layer
from layers.density import density_layer
from layers.figures import Figure, grid_figure
from layers.folium_map import folium_html
from layers.grid import grid_layer
from layers.map_layer import Bounds, Legend, LegendItem, MapLayer, TooltipField, joint_bounds
from layers.route import route_layer
from layers.service_area import service_area_layer
from layers.station import station_layer

__all__ = [
    "Bounds",
    "Figure",
    "Legend",
    "LegendItem",
    "MapLayer",
    "TooltipField",
    "base_layers",
    "building_layer",
    "candidate_layer",
    "density_layer",
    "folium_html",
    "grid_figure",
    "grid_layer",
    "joint_bounds",
    "route_layer",
    "service_area_layer",
    "station_layer",
]
