"""The web channel: the widget's server side, as docs/web-protocol.md has it."""

from preceptor.channels.web.channel import WebInput

__all__ = ["WebInput"]
