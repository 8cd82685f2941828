"""Bytes become typed, validated leads. Pure: no files, no clock, no network."""
