"""The thread of a conversation: what a bare country means depends on what was spoken of."""

from __future__ import annotations

from actions import licensing, safety_help
from actions.topic_action import Turn


def follow_up(turn: Turn) -> bool:
    """Answer a bare country after an emergency, a crisis or a question on licensing.

    Returns:
        False where the message is no such follow-up; nothing is said then.
    """
    return safety_help.follow_up(turn) or licensing.follow_up(turn)
