"""Further questions on an answer: the sentence that speaks of them, and no other."""

from actions.answers import detail_of
from preceptor.knowledge.answers import Answer

DRESS = Answer.parse_obj(
    {
        "id": "ward/dress",
        "question": "What do I wear on the ward, and which shoes?",
        "asked_as": ["dress code"],
        "topics": ["ask_professional_skills"],
        "text": ["Plain and clean, with closed shoes. Nails short and bare.", "Ask your host."],
        "sections": {"why": "Rings and watches carry germs. Long nails do, too."},
    }
)


def test_the_sentence_that_speaks_of_a_further_question_answers_it():
    assert detail_of(DRESS, "and shoes?") == ["Plain and clean, with closed shoes."]
    assert detail_of(DRESS, "what about my rings") == ["Rings and watches carry germs."]
    assert len(detail_of(DRESS, "nails?")) == 2


def test_a_further_question_that_no_sentence_speaks_of_has_no_answer_there():
    for text in ("and tattoos?", "why", "is that what they want", ""):
        assert detail_of(DRESS, text) == []
