"""What is asked after a story is read with the story."""

import pytest
from rasa_sdk.executor import CollectingDispatcher

from actions.answers import choose
from actions.topic_action import Question, Turn
from preceptor.catalogue.snapshot import shared_catalogue
from preceptor.conversation.frame import Frame

STORY = (
    "I'm a second-year student nurse on a children's ward. My mentor tells the others in the "
    "break room that I'm useless, and laughs about my accent in front of parents."
)


@pytest.mark.parametrize(("story", "read"), [(STORY, True), ("I've a free week in May", False)])
def test_a_short_question_is_read_with_the_story_before_the_last_message(story, read):
    text = "could I ask for someone else"
    turn = Turn(
        Question("ask_difficult_coworkers", text),
        (),
        True,
        {"frame": Frame(question=story).dict()},
        {"text": text, "intent_ranking": [{"name": "ask_difficult_coworkers", "confidence": 1.0}]},
        shared_catalogue().current(),
        CollectingDispatcher(),
        said=(story, "it all began in the second week", text),
    )
    best = choose(turn).matches[0].answer.id
    assert (best == "colleagues/nurse-mentor-picks-on-me") is read
