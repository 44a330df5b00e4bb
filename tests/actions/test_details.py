"""Further questions on an answer: the sentence that speaks of them, and no other."""

from actions.answers import denies, detail_of
from preceptor.conversation.frame import Frame
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
    whole = "Rings and watches carry germs. Long nails do, too."
    assert detail_of(DRESS, "what about my rings") == [whole]
    assert any("ails" in sentence for sentence in detail_of(DRESS, "nails?"))


def test_a_further_question_that_no_sentence_speaks_of_has_no_answer_there():
    for text in ("and tattoos?", "why", "is that what they want", ""):
        assert detail_of(DRESS, text) == []


def follow(desk, text: str, kind: str, frame: Frame):
    message = desk.message(text, "follow_up", follow_up=kind)
    return desk.run("action_follow_up", slots={"frame": frame.dict()}, message=message)


def test_the_same_is_asked_of_another_place_and_a_question_without_places_is_searched(desk):
    visa = Frame(focus="visas/nepal", question="which visa do I need for an elective in Nepal?")
    assert (
        follow(desk, "and for India?", "elsewhere", visa).slots["frame"]["focus"] == "visas/india"
    )
    shoes = Frame(focus="ward/dress", question="what do I wear on the ward?")
    assert follow(desk, "and for India?", "elsewhere", shoes).slots["search_country"] == ["IN"]


def test_a_further_question_that_names_a_place_is_no_search(desk):
    shoes = Frame(focus="ward/dress", question="what do I wear on the ward?")
    done = follow(desk, "is that the same with coats in Germany", "detail", shoes)
    assert done.slots.get("search_country") is None
    assert done.text


def test_a_complaint_gets_words_even_if_no_question_is_there_to_read_again(desk):
    assert follow(desk, "not what I asked", "not_answered", Frame(focus="ward/dress")).text


def test_that_is_what_was_told_and_no_answer_of_another_matter(desk):
    vaccines = Frame(focus="health/which-vaccines", question="which vaccines for Ghana?")
    text = follow(desk, "how long does that take", "detail", vaccines).text
    assert "complaint" not in text and "PLAB" not in text
    attempts = Frame(focus="registration/plab-attempts", question="how often may I sit PLAB?")
    assert "usual time" in follow(desk, "how long does that take", "detail", attempts).text


def test_an_answer_that_is_denied_is_not_told_again(desk):
    assert denies("no, I don't mean my shoes, I asked about the door", DRESS)
    assert not denies("I don't have a car, and which shoes?", DRESS)
    assert not denies("which shoes don't slip?", DRESS)
    crush = Frame(focus="colleagues/crush", question="can I date my resident?")
    for kind in ("detail", "not_answered"):
        done = follow(desk, "I don't have a crush, it's him who keeps asking me out", kind, crush)
        assert "With a peer yes" not in done.text
        assert not any("I have a crush" in title for title in done.titles)


def test_a_menu_after_something_hard_has_a_kind_word(desk, monkeypatch):
    monkeypatch.setattr("actions.answers.LIKELY", 1.1)
    monkeypatch.setattr("actions.answers.NEAR", 0.0)
    for intent, hard in (("ask_difficult_coworkers", True), ("ask_timing", False)):
        done = desk.run("action_answer", "they were at it again about my shoes", intent)
        assert len(done.choices) > 1
        assert ("That sounds hard" in done.text) is hard


def test_after_a_story_what_is_offered_says_its_answer_in_short(desk, monkeypatch):
    monkeypatch.setattr("actions.answers.LIKELY", 1.1)
    told = "My aunt drove me to the clinic and " + "then it rained and we sat there, " * 4
    done = desk.run("action_answer", told, "ask_timing")
    steps = done.replies[0].steps
    assert len(steps) == len(done.choices) > 1
    for step, choice in zip(steps, done.choices, strict=True):
        question, short = step.split("”")
        assert question.strip("“").startswith(choice.title.rstrip("…")) and short.strip()


def test_what_is_not_known_keeps_the_thread(desk):
    death = Frame(focus="stress/first-death", question="my patient died")
    slots = {"frame": death.dict()}
    done = desk.run("action_answer", "which tram goes to the ward kitchen", "ask_timing", slots)
    assert "don't know" in done.text
    assert done.slots["frame"]["focus"] == "stress/first-death"


def test_a_story_that_goes_on_is_no_objection(desk):
    death = Frame(focus="stress/first-death", question="my patient died")
    assert (
        "What I can add"
        not in follow(desk, "my consultant only shrugged when I asked", "disagree", death).text
    )
    assert "What I can add" in follow(desk, "that sounds fake", "disagree", death).text


def test_an_example_of_a_letter_is_its_words(desk):
    mail = Frame(focus="applying/first-email", question="what do I write in the first e-mail?")
    assert "Subject:" in follow(desk, "show me an example of one", "example", mail).text


def test_what_an_answer_does_not_hold_is_told_from_the_one_beside_it(desk):
    mail = Frame(focus="applying/first-email", question="what do I write in the first e-mail?")
    done = follow(desk, "and if I hear nothing, when do I ask again", "detail", mail)
    assert done.slots["frame"]["focus"] == "applying/no-reply"


def test_no_sentence_of_an_example_is_told_by_itself():
    told = DRESS.copy(
        update={"sections": {"example": "A midwife in Lyon put her rings on a chain."}}
    )
    assert detail_of(told, "what about my rings") == []


def test_a_question_of_one_word_of_its_own_is_asked_anew(desk):
    told = Frame(
        focus="colleagues/complaint-how-long", question="what if the registrar shouts at me"
    ).dict()
    ranking = [{"name": "ask_difficult_coworkers", "confidence": 0.9}]
    message = desk.message(
        "is that bullying", "follow_up", follow_up="sure", intent_ranking=ranking
    )
    done = desk.run("action_follow_up", slots={"frame": told}, message=message)
    assert done.slots["frame"]["focus"] == "colleagues/is-this-bullying"
    message = desk.message("are you sure", "follow_up", follow_up="sure", intent_ranking=ranking)
    assert "read on" in desk.run("action_follow_up", slots={"frame": told}, message=message).text


def test_who_tells_something_is_not_told_that_a_detail_is_unknown(desk):
    visa = Frame(focus="visas/nepal", question="which visa do I need for an elective in Nepal?")
    told = follow(desk, "my sister plays the cello", "detail", visa)
    asked = follow(desk, "which cello does one take there", "detail", visa)
    assert told.text.startswith("Thanks for telling me") and told.choices
    assert not asked.text.startswith("Thanks for telling me")
