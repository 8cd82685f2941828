"""Measurements of the main job against plain references; run by `make bench`."""

# first of all, since it settles how threads wait before the libraries are loaded
import leadscore  # noqa: F401
