"""Geometry and mathematics on arrays and frames: CRS, network, reach, coverage. Imports none of ours."""
