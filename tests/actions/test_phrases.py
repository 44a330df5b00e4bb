"""Lengths in words."""

import pytest

from actions.phrases import weeks


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (4.0, 4.0, "4 weeks"),
        (1.0, 1.0, "1 week"),
        (0.1, 0.1, "1 day"),
        (0.4, 0.4, "3 days"),
        (1.4, 1.4, "10 days"),
        (17.3, 17.3, "about 17 weeks"),
        (2, 12, "2 to 12 weeks"),
        (1.0, 2.0, "1 to 2 weeks"),
        (0.4, 0.7, "3 to 5 days"),
        (0.4, 2.0, "3 days to 2 weeks"),
        (0.1, 0.3, "1 to 2 days"),
        (1.0, None, "from 1 week"),
        (4.0, None, "from 4 weeks"),
        (None, 0.4, "up to 3 days"),
        (None, 1.0, "up to 1 week"),
        (None, None, ""),
    ],
)
def test_lengths_of_stay_read_as_people_say_them(low, high, expected):
    assert weeks(low, high) == expected
