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

from preceptor.channels.storage import Kept, metadata, serialise, writing

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
    # Until the workspace removes the app.
    info={"kept": Kept()},
)


def _of_person(person: str) -> sa.sql.ColumnElement:
    _, team, user = f"{person}::".split(":")[:3]
    answer = sa.and_(
        _memory.c.key.startswith("answer:"),
        _memory.c.value.contains(f'"user": {json.dumps(user)}', autoescape=True),
    )
    return sa.or_(_memory.c.key == f"person:{team}:{user}", answer)


_memory = sa.Table(
    "slack_memory",
    metadata,
    sa.Column("key", sa.String(255), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
    # NULL for what has been used since rows without an end were given one.
    sa.Column("expires_at", sa.Float, index=True),
    info={"kept": Kept(until="expires_at", of_person=_of_person)},
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
        enterprise, team = plain.get("enterprise_id") or "", plain.get("team_id") or ""
        sealed = self._fernet.encrypt(json.dumps(plain, default=str).encode()).decode()
        row = {"enterprise": enterprise, "team": team, "sealed": sealed}
        with writing(self._engine) as connection:
            connection.execute(_installations.delete().where(_at(enterprise, team)))
            connection.execute(_installations.insert().values(**row, installed_at=time.time()))

    def find(self, enterprise: str | None, team: str | None) -> dict[str, Any] | None:
        """Return a workspace's installation, or that of the whole organisation, or None.

        One that was encrypted with another secret counts as none; the log says so.
        """
        places = [(enterprise or "", team or ""), ("", team or "")]
        if enterprise:
            places.append((enterprise, ""))
        with self._engine.connect() as connection:
            for place in places:
                query = sa.select(_installations.c.sealed).where(_at(*place))
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
    """What came before, the advisor's threads, people's conversations, answers to be shared.

    All of it is JSON by a key; what has a time is forgotten when that is over. Methods with a
    connection are part of the caller's transaction.
    """

    def __init__(self, engine: Engine) -> None:
        """Keep them in an opened database."""
        self._engine = engine

    def remember(self, connection: Connection, key: str, seconds: float) -> bool:
        """Remember a key, at most 250 characters; return False if it is known."""
        key = f"seen:{key}"
        serialise(connection, key)
        connection.execute(_memory.delete().where(_memory.c.expires_at < time.time()))
        if _value(connection, key) is not None:
            return False
        _put(connection, key, True, seconds)
        return True

    def remember_once(self, key: str, seconds: float) -> bool:
        """Remember a key in a transaction of its own; return False if it is known."""
        with writing(self._engine) as connection:
            return self.remember(connection, key, seconds)

    def join(self, connection: Connection, team: str, channel: str, thread: str) -> None:
        """Remember that the advisor takes part in a thread."""
        _put(connection, f"thread:{team}:{channel}:{thread}", True)

    def takes_part(self, team: str, channel: str, thread: str) -> bool:
        """Say whether the advisor takes part in a thread."""
        with self._engine.connect() as connection:
            return _value(connection, f"thread:{team}:{channel}:{thread}") is not None

    def talked(self, connection: Connection, team: str, user: str, conversation: str) -> None:
        """Remember a person's conversation; only the latest five are kept."""
        key = f"person:{team}:{user}"
        earlier = [name for name in _value(connection, key) or [] if name != conversation]
        _put(connection, key, [conversation, *earlier][:CONVERSATIONS_KEPT])

    def conversations_of(self, team: str, user: str) -> list[str]:
        """Return a person's latest conversations, the latest first."""
        with self._engine.connect() as connection:
            return list(_value(connection, f"person:{team}:{user}") or [])

    def keep(self, answer: dict[str, Any]) -> str:
        """Keep an answer that its reader may share within a day; return its id."""
        number = secrets.token_urlsafe(12)
        with writing(self._engine) as connection:
            _put(connection, f"answer:{number}", answer, KEPT_SECONDS)
        return number

    def kept(self, number: str) -> dict[str, Any] | None:
        """Return a kept answer, or None once its day is over."""
        with self._engine.connect() as connection:
            return _value(connection, f"answer:{number}")

    def forget_team(self, team: str) -> None:
        """Forget a workspace that removed the app."""
        of_team = [_memory.c.key.startswith(f"{kind}:{team}:") for kind in ("thread", "person")]
        with writing(self._engine) as connection:
            connection.execute(_memory.delete().where(sa.or_(*of_team)))


def _value(connection: Connection, key: str) -> Any:
    good = sa.or_(_memory.c.expires_at.is_(None), _memory.c.expires_at > time.time())
    query = sa.select(_memory.c.value).where(_memory.c.key == key, good)
    value = connection.execute(query).scalar()
    return None if value is None else json.loads(value)


def _put(connection: Connection, key: str, value: Any, seconds: float | None = None) -> None:
    expires_at = None if seconds is None else time.time() + seconds
    connection.execute(_memory.delete().where(_memory.c.key == key))
    row = {"key": key, "value": json.dumps(value), "expires_at": expires_at}
    connection.execute(_memory.insert().values(row))


def _at(enterprise: str, team: str) -> sa.sql.ColumnElement:
    return sa.and_(_installations.c.enterprise == enterprise, _installations.c.team == team)
