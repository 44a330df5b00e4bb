"""Entities: quantities, and words that name things of the catalogue."""
