"""Programmes for tests of what channels draw."""

from typing import Any

from preceptor.conversation.cards import Price, ProgramItem, SourceLink

SOURCE = SourceLink(title="Work the World", url="https://a.example/kandy", date="2026-11")


def program(**more: Any) -> ProgramItem:
    """Return a programme as cards carry it, with some values of its own."""
    price = Price(
        minor=148500, currency="USD", basis="advertised_from", date="2026-11", covers=None,
        shown="from USD 1,485 (advertised starting price)",
    )  # fmt: skip
    values: dict[str, Any] = {
        "id": "p1", "name": "Nursing in Kandy", "title": "Nursing in Kandy – Work the World",
        "organisation": "Work the World", "listing": "open_call", "place": "Kandy, Sri Lanka",
        "summary": ("Kandy, Sri Lanka", "2 to 12 weeks", price.shown),
        "specialties": ["Nursing"], "kind": "elective", "who_for": None, "min_weeks": 2,
        "max_weeks": 12, "price": price, "languages": ["English"], "accommodation": "yes",
        "start_dates": None, "notes": [], "source": SOURCE,
    }  # fmt: skip
    return ProgramItem(**{**values, **more})
