"""Invented leads: a size and a seed go in, a file to try everything on comes out. Pure."""
