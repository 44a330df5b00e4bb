"""The channels' database when its server is silent."""

import os
import signal
import time

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from preceptor.channels import storage
from preceptor.channels.storage import engine_of


def test_a_postgresql_that_is_silent_is_not_waited_for_for_ever(
    new_database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "_POSTGRES_SECONDS", 1.0)
    engine = engine_of(new_database())
    with engine.connect() as connection:
        backend = connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()
        os.kill(backend, signal.SIGSTOP)
        began = time.monotonic()
        try:
            with pytest.raises(OperationalError, match="no answer within"):
                connection.execute(sa.text("SELECT 1"))
        finally:
            os.kill(backend, signal.SIGCONT)
        assert time.monotonic() - began < 30
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT 1")).scalar_one() == 1
    engine.dispose()


def test_a_statement_that_takes_too_long_is_ended_by_the_server(new_database) -> None:
    engine = engine_of(new_database())
    with engine.connect() as connection:
        for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
            shown = connection.execute(sa.text(f"SHOW {name}")).scalar_one()
            assert shown.endswith("s") and int(shown[:-1]) < 10
    engine.dispose()
