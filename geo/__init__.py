"""Geometry and mathematics: CRS, network, reach, coverage. Imports none of ours."""
