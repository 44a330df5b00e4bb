"""What is asked after a story is read with the story."""

import pytest

STORY = (
    "I'm a second-year student nurse on a children's ward. My mentor tells the others in the "
    "break room that I'm useless, and laughs about my accent in front of parents."
)


@pytest.mark.parametrize(("story", "read"), [(STORY, True), ("I've a free week in May", False)])
def test_a_short_question_is_read_with_the_story_before_the_last_message(desk, story, read):
    asked = [story, "it all began in the second week", "could I ask for someone else"]
    done = desk.talk(*(("action_answer", text, "ask_difficult_coworkers") for text in asked))
    told = done.slots["frame"]["focus"] == "colleagues/nurse-mentor-picks-on-me"
    assert told is read
