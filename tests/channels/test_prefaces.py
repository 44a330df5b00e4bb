"""What is said before the answer to a message in another language."""

import asyncio
from typing import Any

import pytest
from rasa.core.channels.channel import UserMessage

from preceptor.channels.prefaces import Prefaces
from preceptor.channels.turns import Turns
from preceptor.conversation.plain_text import plain_text


def read_as(language: str | None, intent: str) -> dict[str, Any]:
    """Return what the parse of a message says of it."""
    return {"intent": {"name": intent}, **({"language": language} if language else {})}


SPANISH = read_as("es", "find_program")


def test_the_note_is_said_once_in_a_conversation():
    prefaces = Prefaces()
    assert "respondo en inglés" in (prefaces.before("a", SPANISH) or "")
    assert prefaces.before("a", SPANISH) is None
    # A short message may be taken for another language.
    assert prefaces.before("a", read_as("it", "find_program")) is None
    assert "respondo en inglés" in (prefaces.before("b", SPANISH) or "")


def test_what_to_do_in_an_emergency_is_said_every_time_and_first():
    prefaces = Prefaces()
    said = [prefaces.before("a", read_as("fr", "report_emergency")) for _ in range(2)]
    assert all(each and each.startswith("Appelez tout de suite") for each in said)
    assert "en anglais" in said[0] and "en anglais" not in said[1]


@pytest.mark.parametrize(
    "parse_data",
    [None, read_as(None, "greet"), read_as("fi", "out_of_scope"), read_as("xx", "")],
)
def test_english_and_languages_that_are_not_read_get_no_note(parse_data):
    assert Prefaces().before("a", parse_data) is None


def test_a_turn_s_first_message_carries_the_note_whatever_the_channel():
    async def turn(message: UserMessage) -> None:
        message.parse_data = SPANISH
        for text in ("Two programmes fit.", "Anything else?"):
            await message.output_channel.send_response(message.sender_id, {"text": text})

    async def talk() -> list[str]:
        turns = Turns("rest", turn)
        said = [await turns.replies("someone", "hola, busco algo") for _ in range(2)]
        return [plain_text(reply) for replies in said for reply in replies]

    first, *rest = asyncio.run(talk())
    assert first.startswith("Entiendo tu pregunta") and first.endswith("Two programmes fit.")
    assert rest == ["Anything else?", "Two programmes fit.", "Anything else?"]
