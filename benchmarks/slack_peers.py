"""Rasa's own Slack connector, pointed at the fake Slack and otherwise unchanged.

Slack's address is fixed in slack-sdk's client, so `get_output_channel` changes that of the client
which Rasa makes. Nothing else differs.
"""

import os

from rasa.core.channels.channel import OutputChannel
from rasa.core.channels.slack import SlackInput


class RasaSlack(SlackInput):
    """Rasa's connector with the settings of its credentials.yml."""

    def get_output_channel(
        self, channel: str | None = None, thread_id: str | None = None
    ) -> OutputChannel:
        output = super().get_output_channel(channel, thread_id)
        output.client.base_url = os.environ["FAKE_SLACK_API_URL"]
        return output
