"""The Slack channel, on Bolt: what Slack tells, the advisor's turns, Block Kit, what is sent."""

from preceptor.channels.slack.channel import SlackInput

__all__ = ["SlackInput"]
