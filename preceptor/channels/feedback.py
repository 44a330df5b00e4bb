"""People's ratings of the advisor's answers, per channel."""

from __future__ import annotations

import time
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from preceptor.channels.storage import Kept, metadata, writing

Rating = Literal["up", "down"]

_ratings = sa.Table(
    "answer_ratings",
    metadata,
    sa.Column("channel", sa.String(16), primary_key=True),
    sa.Column("conversation", sa.String(255), primary_key=True),
    sa.Column("message", sa.String(128), primary_key=True),
    sa.Column("rating", sa.String(8), nullable=False),
    sa.Column("rated_at", sa.Float, nullable=False),
    info={"kept": Kept(conversation="conversation", since="rated_at")},
)


class Ratings:
    """Ratings of answers; a later one of the same answer replaces the earlier."""

    def __init__(self, engine: Engine, channel: str) -> None:
        """Keep ratings of one channel in a database opened by `open_channels`."""
        self._engine = engine
        self._channel = channel

    def rate(self, conversation: str, message: str, rating: Rating | None) -> None:
        """Set an answer's rating, or take it back with None.

        Args:
            conversation: The conversation's id.
            message: The channel's id of the answer.
            rating: `up`, `down`, or None.
        """
        row = {"channel": self._channel, "conversation": conversation, "message": message}
        with writing(self._engine) as connection:
            connection.execute(
                _ratings.delete().where(*(_ratings.c[k] == v for k, v in row.items()))
            )
            if rating is not None:
                connection.execute(
                    _ratings.insert().values(**row, rating=rating, rated_at=time.time())
                )

    def of(self, conversation: str) -> dict[str, Rating]:
        """Return a conversation's ratings by answer."""
        query = sa.select(_ratings.c.message, _ratings.c.rating).filter_by(
            channel=self._channel, conversation=conversation
        )
        with self._engine.connect() as connection:
            return {message: rating for message, rating in connection.execute(query)}
