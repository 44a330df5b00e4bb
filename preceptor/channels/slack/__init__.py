"""The Slack channel, on Bolt: what Slack tells, the advisor's turns, Block Kit, what is sent."""

from typing import Any

__all__ = ["SlackInput"]


def __getattr__(name: str) -> Any:
    # Imported when Rasa asks for it: the check on the command line must not load TensorFlow.
    if name == "SlackInput":
        from preceptor.channels.slack.channel import SlackInput

        return SlackInput
    raise AttributeError(name)
