"""Collects the replies of one turn as Rasa sends them, whole."""

from __future__ import annotations

from typing import Any

from rasa.core.channels.channel import OutputChannel


class SlackOutput(OutputChannel):
    """Keeps every reply with its text, buttons and card together, in order.

    Rasa's own way, through one method a part, loses what belongs together: a card would come
    without its text.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self.replies: list[dict[str, Any]] = []

    @classmethod
    def name(cls) -> str:
        """Return the channel's name, by which responses can be written for it."""
        return "slack"

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Keep one reply."""
        kept = {
            key: message[key]
            for key in ("text", "custom", "image", "attachment")
            if message.get(key)
        }
        buttons = [*(message.get("buttons") or []), *(message.get("quick_replies") or [])]
        if kept or buttons:
            self.replies.append({**kept, "buttons": buttons})

    async def send_text_message(self, recipient_id: str, text: str, **kwargs: Any) -> None:
        """Keep a plain text."""
        self.replies.append({"text": text, "buttons": []})
