"""Preceptor's library: the catalogue, language components, channels, stores and command line."""

__version__ = "0.1.0"
