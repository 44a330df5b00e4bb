"""The intent classifier and its features."""
