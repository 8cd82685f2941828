"""Frames become figures. Pure."""
