"""Compliance reports, one file each: values are measured, and a report is put together from them."""
