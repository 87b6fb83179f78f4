"""A recommendation engine whose editors have the last word."""

__version__ = "0.1.0"
