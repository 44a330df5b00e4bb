"""What understanding tells the channel about the message of this turn.

The two run in one task but know nothing of each other: between them stands Rasa, which hands no
part of a parse to an output channel. A context variable reaches through.
"""

from __future__ import annotations

import contextvars
from dataclasses import dataclass


@dataclass
class Heard:
    """What is known of the message of a turn.

    Attributes:
        language: ISO 639-1 code of its language where it isn't English, else None.
        intent: how it was read.
    """

    language: str | None = None
    intent: str = ""


heard: contextvars.ContextVar[Heard | None] = contextvars.ContextVar(
    "preceptor_heard", default=None
)
"""Set by the channel's guard for the length of a turn; None outside of turns."""
