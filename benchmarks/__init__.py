"""Measurements of the main job against plain references; run by `make bench`."""
