"""Channels: how a person's message comes in and how the advisor's words go out."""
