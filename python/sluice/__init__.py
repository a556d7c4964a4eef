"""Sluice: runs unmodified PySpark programs against its own server on this machine."""

__version__ = "0.1.0"
