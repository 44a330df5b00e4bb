"""What the Slack channel remembers: workspaces with their tokens, threads, people, answers."""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import structlog
from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy.engine import Engine

from preceptor.channels.storage import metadata

STATE_SECONDS = 600
KEPT_SECONDS = 24 * 3600
CONVERSATIONS_KEPT = 5

log = structlog.get_logger(__name__)

_installations = sa.Table(
    "slack_workspaces",
    metadata,
    # "" instead of NULL if there is none: NULLs are never equal, so a key of NULLs is not unique.
    sa.Column("enterprise", sa.String(32), primary_key=True),
    sa.Column("team", sa.String(32), primary_key=True),
    sa.Column("sealed", sa.Text, nullable=False),
    sa.Column("installed_at", sa.Float, nullable=False),
)
_states = sa.Table(
    "slack_oauth_states",
    metadata,
    sa.Column("state", sa.String(64), primary_key=True),
    sa.Column("expires_at", sa.Float, nullable=False),
)
_threads = sa.Table(
    "slack_threads",
    metadata,
    sa.Column("team", sa.String(32), primary_key=True),
    sa.Column("channel", sa.String(32), primary_key=True),
    sa.Column("thread", sa.String(32), primary_key=True),
    sa.Column("joined_at", sa.Float, nullable=False),
)
_conversations = sa.Table(
    "slack_conversations",
    metadata,
    sa.Column("team", sa.String(32), primary_key=True),
    sa.Column("user", sa.String(32), primary_key=True),
    sa.Column("conversation", sa.String(255), primary_key=True),
    sa.Column("at", sa.Float, nullable=False),
)
_kept = sa.Table(
    "slack_answers",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("answer", sa.Text, nullable=False),
    sa.Column("expires_at", sa.Float, nullable=False),
)


class Installations:
    """Workspaces that installed the app, with their tokens encrypted (Fernet).

    What is kept is slack-sdk's `Installation` as a dict; its datetimes become seconds.
    """

    def __init__(self, engine: Engine, key: bytes) -> None:
        """Keep installations in a database opened by `open_channels`.

        Args:
            engine: The database.
            key: 32 bytes, the same on all servers.
        """
        self._engine = engine
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def save(self, installation: Mapping[str, Any]) -> None:
        """Keep an installation, in place of an earlier one of the same workspace."""
        plain: dict[str, Any] = {
            name: value.timestamp() if isinstance(value, datetime) else value
            for name, value in installation.items()
        }
        enterprise, team = _place(plain.get("enterprise_id"), plain.get("team_id"))
        sealed = self._fernet.encrypt(json.dumps(plain, default=str).encode()).decode()
        with self._engine.begin() as connection:
            connection.execute(_installations.delete().where(_at(enterprise, team)))
            connection.execute(
                _installations.insert().values(
                    enterprise=enterprise, team=team, sealed=sealed, installed_at=time.time()
                )
            )

    def find(self, enterprise: str | None, team: str | None) -> dict[str, Any] | None:
        """Return a workspace's installation, or that of the whole organisation, or None.

        One that was encrypted with another secret counts as none; the log says so.
        """
        places = [_place(enterprise, team), _place(None, team)]
        if enterprise:
            places.append(_place(enterprise, None))
        with self._engine.connect() as connection:
            for place in places:
                query = sa.select(_installations.c.sealed).where(_at(*place))
                sealed = connection.execute(query).scalar()
                if sealed:
                    return self._opened(sealed, team)
        return None

    def delete(self, enterprise: str | None, team: str | None) -> None:
        """Forget a workspace's installation."""
        with self._engine.begin() as connection:
            for place in (_place(enterprise, team), _place(None, team)):
                connection.execute(_installations.delete().where(_at(*place)))

    def _opened(self, sealed: str, team: str | None) -> dict[str, Any] | None:
        try:
            plain = json.loads(self._fernet.decrypt(sealed.encode()))
        except InvalidToken:
            log.error(
                "slack.token_unreadable",
                team=team,
                why="it was encrypted with another PRECEPTOR_SECRET; please install again",
            )
            return None
        return dict(plain)


def _place(enterprise: str | None, team: str | None) -> tuple[str, str]:
    return enterprise or "", team or ""


def _at(enterprise: str, team: str) -> sa.sql.ColumnElement:
    return sa.and_(_installations.c.enterprise == enterprise, _installations.c.team == team)


class OAuthStates:
    """The one-time values that tie an installation's end to its beginning."""

    def __init__(self, engine: Engine) -> None:
        """Keep them in a database opened by `open_channels`."""
        self._engine = engine

    def issue(self) -> str:
        """Return a new value, good for ten minutes."""
        state = secrets.token_urlsafe(24)
        now = time.time()
        with self._engine.begin() as connection:
            connection.execute(_states.delete().where(_states.c.expires_at < now))
            connection.execute(_states.insert().values(state=state, expires_at=now + STATE_SECONDS))
        return state

    def consume(self, state: str) -> bool:
        """Say whether a value was issued and not used yet, and use it up."""
        good = sa.and_(_states.c.state == state, _states.c.expires_at > time.time())
        with self._engine.begin() as connection:
            return bool(connection.execute(_states.delete().where(good)).rowcount)


class SlackMemory:
    """Threads in which the advisor takes part, people's conversations, answers to be shared."""

    def __init__(self, engine: Engine) -> None:
        """Keep them in a database opened by `open_channels`."""
        self._engine = engine

    def join(self, team: str, channel: str, thread: str) -> None:
        """Remember that the advisor takes part in a thread."""
        row = {"team": team, "channel": channel, "thread": thread, "joined_at": time.time()}
        try:
            with self._engine.begin() as connection:
                connection.execute(_threads.insert().values(row))
        except sa.exc.IntegrityError:
            # It does already.
            return

    def takes_part(self, team: str, channel: str, thread: str) -> bool:
        """Say whether the advisor takes part in a thread."""
        query = sa.select(_threads.c.thread).where(
            _threads.c.team == team, _threads.c.channel == channel, _threads.c.thread == thread
        )
        with self._engine.connect() as connection:
            return connection.execute(query).first() is not None

    def talked(self, team: str, user: str, conversation: str) -> None:
        """Remember a person's conversation; only the latest five are kept."""
        c = _conversations.c
        of_user = sa.and_(c.team == team, c.user == user)
        row = {"team": team, "user": user, "conversation": conversation, "at": time.time()}
        with self._engine.begin() as connection:
            connection.execute(
                _conversations.delete().where(of_user, c.conversation == conversation)
            )
            connection.execute(_conversations.insert().values(row))
            latest = sa.select(c.at).where(of_user).order_by(c.at.desc())
            times = connection.execute(latest).scalars().all()
            if len(times) > CONVERSATIONS_KEPT:
                connection.execute(
                    _conversations.delete().where(of_user, c.at < times[CONVERSATIONS_KEPT - 1])
                )

    def conversations_of(self, team: str, user: str) -> list[str]:
        """Return a person's latest conversations, the latest first."""
        c = _conversations.c
        query = (
            sa.select(c.conversation)
            .where(c.team == team, c.user == user)
            .order_by(c.at.desc(), c.conversation)
        )
        with self._engine.connect() as connection:
            return list(connection.execute(query).scalars())

    def keep(self, answer: dict[str, Any]) -> str:
        """Keep an answer that its reader may share within a day; return its id."""
        number = secrets.token_urlsafe(12)
        now = time.time()
        with self._engine.begin() as connection:
            connection.execute(_kept.delete().where(_kept.c.expires_at < now))
            connection.execute(
                _kept.insert().values(
                    id=number, answer=json.dumps(answer), expires_at=now + KEPT_SECONDS
                )
            )
        return number

    def kept(self, number: str) -> dict[str, Any] | None:
        """Return a kept answer, or None once its day is over."""
        query = sa.select(_kept.c.answer).where(
            _kept.c.id == number, _kept.c.expires_at > time.time()
        )
        with self._engine.connect() as connection:
            found = connection.execute(query).scalar()
        return json.loads(found) if found else None

    def forget_team(self, team: str) -> None:
        """Forget a workspace that removed the app."""
        with self._engine.begin() as connection:
            connection.execute(_threads.delete().where(_threads.c.team == team))
            connection.execute(_conversations.delete().where(_conversations.c.team == team))
