"""Lead scoring workbench: rank the leads of a file by their chance to convert, and say why."""

__version__ = "0.1.0"
