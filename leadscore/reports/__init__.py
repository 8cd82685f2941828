"""Dated, branded reports: plain values in, one file out that needs nothing else."""
