"""Counts become business figures with honest intervals. Pure."""
