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
from sqlalchemy.engine import Connection, Engine

from preceptor.channels.storage import metadata, writing

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
_seen = sa.Table(
    "slack_seen",
    metadata,
    sa.Column("key", sa.String(255), primary_key=True),
    sa.Column("expires_at", sa.Float, nullable=False, index=True),
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
        """Keep installations in an opened database, encrypted with a key of 32 bytes."""
        self._engine = engine
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def save(self, installation: Mapping[str, Any]) -> None:
        """Keep an installation, in place of an earlier one of the same workspace."""
        plain: dict[str, Any] = {
            name: value.timestamp() if isinstance(value, datetime) else value
            for name, value in installation.items()
        }
        place = {
            "enterprise": plain.get("enterprise_id") or "",
            "team": plain.get("team_id") or "",
        }
        sealed = self._fernet.encrypt(json.dumps(plain, default=str).encode()).decode()
        row = {**place, "sealed": sealed, "installed_at": time.time()}
        with writing(self._engine) as connection:
            connection.execute(_installations.delete().where(_matches(_installations, **place)))
            connection.execute(_installations.insert().values(row))

    def find(self, enterprise: str | None, team: str | None) -> dict[str, Any] | None:
        """Return a workspace's installation, or that of the whole organisation, or None.

        One that was encrypted with another secret counts as none; the log says so.
        """
        places = [(enterprise or "", team or ""), ("", team or "")]
        if enterprise:
            places.append((enterprise, ""))
        with self._engine.connect() as connection:
            for place in places:
                where = _matches(_installations, enterprise=place[0], team=place[1])
                query = sa.select(_installations.c.sealed).where(where)
                if sealed := connection.execute(query).scalar():
                    return self._opened(sealed, team)
        return None

    def delete(self, enterprise: str | None, team: str | None) -> None:
        """Forget a workspace's installation."""
        of_team = sa.and_(
            _installations.c.team == (team or ""),
            _installations.c.enterprise.in_([enterprise or "", ""]),
        )
        with writing(self._engine) as connection:
            connection.execute(_installations.delete().where(of_team))

    def _opened(self, sealed: str, team: str | None) -> dict[str, Any] | None:
        try:
            return dict(json.loads(self._fernet.decrypt(sealed.encode())))
        except InvalidToken:
            why = "it was encrypted with another PRECEPTOR_SECRET; please install again"
            log.error("slack.token_unreadable", team=team, why=why)
            return None


class SlackMemory:
    """What came before, the advisor's threads, people's conversations, answers to be shared."""

    def __init__(self, engine: Engine) -> None:
        """Keep them in an opened database."""
        self._engine = engine

    def remember(self, connection: Connection, key: str, seconds: float) -> bool:
        """Remember a key, within the caller's transaction; return False if it is known.

        Args:
            connection: The transaction.
            key: What something is recognised by, at most 255 characters.
            seconds: For how long it is remembered.
        """
        now = time.time()
        connection.execute(_seen.delete().where(_seen.c.expires_at < now))
        if connection.execute(sa.select(_seen).where(_seen.c.key == key)).first():
            return False
        connection.execute(_seen.insert().values(key=key, expires_at=now + seconds))
        return True

    def remember_once(self, key: str, seconds: float) -> bool:
        """Remember a key in a transaction of its own; return False if it is known."""
        with writing(self._engine) as connection:
            return self.remember(connection, key, seconds)

    def join(self, connection: Connection, team: str, channel: str, thread: str) -> None:
        """Remember, within the caller's transaction, that the advisor takes part in a thread."""
        place = {"team": team, "channel": channel, "thread": thread}
        connection.execute(_threads.delete().where(_matches(_threads, **place)))
        connection.execute(_threads.insert().values(**place, joined_at=time.time()))

    def takes_part(self, team: str, channel: str, thread: str) -> bool:
        """Say whether the advisor takes part in a thread."""
        where = _matches(_threads, team=team, channel=channel, thread=thread)
        with self._engine.connect() as connection:
            return connection.execute(sa.select(_threads).where(where)).first() is not None

    def talked(self, connection: Connection, team: str, user: str, conversation: str) -> None:
        """Remember a person's conversation, within the caller's transaction; five are kept."""
        of_user = _matches(_conversations, team=team, user=user)
        at, name = _conversations.c.at, _conversations.c.conversation
        connection.execute(_conversations.delete().where(of_user, name == conversation))
        row = {"team": team, "user": user, "conversation": conversation, "at": time.time()}
        connection.execute(_conversations.insert().values(row))
        latest = sa.select(name).where(of_user).order_by(at.desc()).limit(CONVERSATIONS_KEPT)
        kept = list(connection.execute(latest).scalars())
        connection.execute(_conversations.delete().where(of_user, name.not_in(kept)))

    def conversations_of(self, team: str, user: str) -> list[str]:
        """Return a person's latest conversations, the latest first."""
        c = _conversations.c
        query = sa.select(c.conversation).where(_matches(_conversations, team=team, user=user))
        with self._engine.connect() as connection:
            return list(connection.execute(query.order_by(c.at.desc())).scalars())

    def keep(self, answer: dict[str, Any]) -> str:
        """Keep an answer that its reader may share within a day; return its id."""
        number = secrets.token_urlsafe(12)
        now = time.time()
        row = {"id": number, "answer": json.dumps(answer), "expires_at": now + KEPT_SECONDS}
        with writing(self._engine) as connection:
            connection.execute(_kept.delete().where(_kept.c.expires_at < now))
            connection.execute(_kept.insert().values(row))
        return number

    def kept(self, number: str) -> dict[str, Any] | None:
        """Return a kept answer, or None once its day is over."""
        good = sa.and_(_kept.c.id == number, _kept.c.expires_at > time.time())
        with self._engine.connect() as connection:
            answer = connection.execute(sa.select(_kept.c.answer).where(good)).scalar()
        return json.loads(answer) if answer else None

    def forget_team(self, team: str) -> None:
        """Forget a workspace that removed the app."""
        with writing(self._engine) as connection:
            for table in (_threads, _conversations):
                connection.execute(table.delete().where(table.c.team == team))


def _matches(table: sa.Table, **values: str) -> sa.sql.ColumnElement:
    return sa.and_(*(table.c[name] == value for name, value in values.items()))
