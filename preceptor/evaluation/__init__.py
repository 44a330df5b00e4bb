"""Measuring how well messages are understood."""
