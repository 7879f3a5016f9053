"""Frames to map layers: what is drawn, its legend, its tooltip; one file a layer."""
