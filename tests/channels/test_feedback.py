"""Ratings on a real SQLite file."""

from pathlib import Path

from preceptor.channels.feedback import Ratings
from preceptor.channels.storage import open_channels
from preceptor.runtime.settings import Settings


def test_a_later_rating_replaces_the_earlier_and_none_takes_it_back(tmp_path: Path) -> None:
    ratings = Ratings(open_channels(Settings(home=tmp_path)), "web")
    ratings.rate("a", "1", "up")
    ratings.rate("a", "1", "down")
    ratings.rate("a", "2", "up")
    assert ratings.of("a") == {"1": "down", "2": "up"}
    ratings.rate("a", "2", None)
    assert ratings.of("a") == {"1": "down"}


def test_ratings_of_other_channels_and_conversations_are_apart(tmp_path: Path) -> None:
    engine = open_channels(Settings(home=tmp_path))
    Ratings(engine, "web").rate("a", "1", "up")
    assert Ratings(engine, "slack").of("a") == {}
    assert Ratings(engine, "web").of("b") == {}
