"""Leads and a date become features. Pure."""
