"""What the figures of the load's benchmark say of more people."""

from typing import Any

from benchmarks.load import outlook


def row(servers: str, turns_per_second: float) -> dict[str, Any]:
    used = {"postgresql": 2.0}
    return {
        "servers": servers,
        "turns_per_second": turns_per_second,
        "turns": 100,
        "processor_seconds": used,
    }


def test_the_best_rows_say_how_many_servers_many_conversations_need() -> None:
    rows = [row("1, SQLite", 99), row("1, PostgreSQL", 10), row("1, PostgreSQL", 20)]
    rows += [row("2, PostgreSQL", 25), row("2, PostgreSQL", 30)]
    found = outlook({"load": rows, "stored_bytes_per_turn": 1_000})
    assert found["two_servers_ratio"] == 1.5
    # 1,000,000 conversations of 6 messages, a tenth in one hour, servers 60 % busy.
    assert found["needs"]["1,000,000"] == {
        "turns_per_second_at_the_peak": 166.7,
        "servers": 14,
        "database_cores": 5.6,
        "gb_in_30_days": 180,
    }
