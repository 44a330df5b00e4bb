"""What a message is, given the frame: plain values in and out."""

import pytest

from preceptor.conversation.decide import decided, leans
from preceptor.conversation.follow_ups import kind_of
from preceptor.conversation.frame import Danger, Frame, Person, told_of_oneself

ANSWERED = Frame(focus="letters/four-weeks", question="a letter after four weeks?")
CRISIS = Frame(danger=Danger(kind="crisis", said=("first",)))
EMERGENCY = Frame(danger=Danger(kind="emergency", said=("first",)))
EXPOSURE = Frame(danger=Danger(kind="exposure", said=("first",)))


def parsed(text: str, intent: str = "nlu_fallback", confidence: float = 0.4, **more) -> dict:
    return {"text": text, "intent": {"name": intent, "confidence": confidence}, "entities": [],
            **more}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("why?", "why"), ("BUT WHY", "why"), ("can u give me an example pls", "example"),
        ("what words would I use", "words"), ("is there any proof of that", "evidence"),
        ("are you really sure about it", "sure"), ("i still don't get what you mean", "meaning"),
        ("I've already tried that and it did nothing", "instead"),
        ("could you repeat that please", "repeat"), ("what do you remember about me", "about_me"),
        ("that doesn't answer my question at all", "not_answered"),
    ],
)  # fmt: skip
def test_a_follow_up_is_read_by_its_meaning(text: str, kind: str):
    done = decided(parsed(text), ANSWERED)
    assert (done["intent"]["name"], done["follow_up"]) == ("follow_up", kind)


@pytest.mark.parametrize("text", ["why?", "give me an example", "are you sure"])
def test_nothing_is_followed_up_before_anything_was_said(text: str):
    assert decided(parsed(text), Frame())["intent"]["name"] == "nlu_fallback"


@pytest.mark.parametrize(
    ("text", "intent"),
    [("how much is it", "ask_program_detail"), ("cheaper", "refine_search"),
     ("and in Peru?", "refine_search"), ("find me a placement in Kenya", "find_program"),
     ("do I need a visa", "ask_how_to_apply"), ("what is hepatitis", "out_of_scope")],
)  # fmt: skip
def test_a_question_of_its_own_is_no_follow_up(text: str, intent: str):
    assert decided(parsed(text, intent, 0.9), ANSWERED)["intent"]["name"] == intent


def step(message: dict, frame: Frame) -> str | None:
    done = decided(message, frame)
    if done["intent"]["name"] != "follow_up":
        return None
    return done["danger_step"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("no, nobody's here, i live on my own", "alone"), ("yes", "safe"), ("no", "not_safe"),
     ("can't I just talk to you instead", "talk"), ("I'm not calling anyone", "wont_call"),
     ("it's for a friend of mine", "friend")],
)  # fmt: skip
def test_after_a_crisis_the_next_message_is_still_about_it(text: str, expected: str):
    for intent in ("nlu_fallback", "deny", "express_crisis", "complain"):
        assert step(parsed(text, intent, 0.9), CRISIS) == expected


def test_what_yes_and_no_mean_depends_on_what_was_said_last():
    asked_who = Frame(danger=Danger(kind="crisis", said=("first", "alone")))
    assert step(parsed("yes"), asked_who) == "will_do"
    assert step(parsed("no"), asked_who) == "nobody"


def test_in_a_crisis_whatever_is_not_understood_goes_on_with_it():
    assert step(parsed("the weather is nice"), CRISIS) == "continued"
    assert step(parsed("the weather is nice", "express_crisis", 0.9), CRISIS) == "again"


def test_another_matter_leaves_a_crisis_only_if_it_is_sure():
    search = parsed("find surgery in Kenya", "find_program", 0.9)
    assert decided(search, CRISIS)["intent"]["name"] == "find_program"
    assert step(parsed("my list of things", "show_shortlist", 0.3), CRISIS) is not None
    low = parsed("I can't cope with any of it", "ask_stress_and_confidence", 0.9)
    assert step(low, CRISIS) is not None


def test_a_danger_that_is_dealt_with_gives_way_and_one_that_was_left_more_so():
    dealt = Frame(danger=Danger(kind="crisis", said=("safe",), dealt=True))
    left = Frame(danger=Danger(kind="crisis", said=("continued",), dealt=True, left=True))
    assert step(parsed("the weather is nice"), dealt) is None
    there = parsed("Nigeria", "refine_search", 0.9,
                   entities=[{"entity": "country", "value": "NG"}])  # fmt: skip
    assert step(there, dealt) == "country"
    assert step(there, left) is None
    assert step(parsed("I'm not safe"), left) == "not_safe"


def test_a_new_and_more_urgent_danger_is_never_a_follow_up():
    alarm = parsed("I took all the pills", "report_emergency", 0.9, safety=["report_emergency"])
    for frame in (ANSWERED, CRISIS, EXPOSURE):
        assert decided(alarm, frame)["intent"]["name"] == "report_emergency"
    want = parsed("I want to die", "express_crisis", 0.9, safety=["express_crisis"])
    assert decided(want, EXPOSURE)["intent"]["name"] == "express_crisis"
    assert decided(want, EMERGENCY)["intent"]["name"] == "express_crisis"


def test_what_the_classifier_alone_takes_for_a_danger_is_no_change_of_a_search():
    cry = parsed("I can't do it any longer", "express_crisis", 0.9)
    assert decided(cry, Frame(), searching=True)["intent"]["name"] == "express_crisis"
    longer = parsed("something longer", "complain", 0.9)
    assert decided(longer, Frame(), searching=True)["intent"]["name"] == "refine_search"


def test_an_objection_is_no_danger_and_a_cry_for_help_no_objection():
    objection = parsed("but she signs my form", "express_crisis", 0.7)
    assert decided(objection, ANSWERED)["follow_up"] == "disagree"
    cry = parsed("I don't want to be here any more", "express_crisis", 0.7)
    assert decided(cry, ANSWERED)["intent"]["name"] == "express_crisis"


def test_what_is_hardly_understood_after_an_answer_is_a_further_question_on_it():
    for text, intent in (
        ("is coffee at 3 ok", "describe_own_symptoms"),
        ("can we", "nlu_fallback"),
    ):
        assert decided(parsed(text, intent, 0.3), ANSWERED)["follow_up"] == "detail"
        assert decided(parsed(text, intent, 0.3), Frame())["intent"]["name"] == intent
    ill = parsed("my stomach hurts and I feel dizzy", "describe_own_symptoms", 0.95)
    assert decided(ill, ANSWERED)["intent"]["name"] == "describe_own_symptoms"


def test_a_danger_that_nothing_said_fits_is_left_after_a_while():
    search = parsed("the weather is nice")
    once = Frame(danger=Danger(kind="crisis", said=("first", "continued")))
    assert step(search, once) == "continued"
    twice = Frame(danger=Danger(kind="crisis", said=("continued", "continued")))
    assert step(search, twice) is None
    emergency = Frame(danger=Danger(kind="emergency", said=("first", "continued")))
    assert step(search, emergency) is None


def test_the_country_that_was_asked_for_is_a_step_and_a_question_about_it_is_not():
    country = [{"entity": "country", "value": "NG"}]
    assert step(parsed("Nigeria", "refine_search", 0.9, entities=country), CRISIS) == "country"
    rules = parsed("do I need an internship in Nigeria", "ask_registration_requirement", 0.9,
                   entities=country)  # fmt: skip
    assert step(rules, CRISIS) is None


def test_after_an_emergency_what_to_do_until_help_comes():
    assert step(parsed("nobody picks up!!"), EMERGENCY) == "nobody_answers"
    assert step(parsed("the ambulance took her"), EMERGENCY) == "over"


def test_questions_on_an_exposure_are_answered_from_knowledge_and_stay_with_it():
    question = parsed("how often is the blood test repeated", "ask_health_and_safety", 0.9)
    assert decided(question, EXPOSURE)["intent"]["name"] == "ask_health_and_safety"
    assert step(parsed("it's been three days"), EXPOSURE) == "late"


def test_long_messages_are_no_follow_ups():
    assert kind_of("why " * 25, on_answer=True) is None
    assert kind_of("", on_answer=True) is None


@pytest.mark.parametrize(
    ("text", "does"),
    [("and for nurses?", True), ("what about Ireland", True), ("but she grades me", True),
     ("how do I apply for an elective", False), ("and " * 12, False)],
)  # fmt: skip
def test_a_question_leans_on_the_one_before(text: str, does: bool):
    assert leans(text) == does


def test_what_somebody_says_of_themselves_is_kept():
    entities = [
        {"entity": "stage", "value": "nurse"},
        {"entity": "country", "value": "NG", "role": "origin"},
        {"entity": "country", "value": "KE"},
        {"entity": "country", "value": "PE", "role": "excluded"},
        {"entity": "duration", "value": {"min_weeks": 4, "max_weeks": 6}},
        {"entity": "money", "value": {"amount": "1500", "currency": "USD"}},
        {"entity": "language", "value": "fr"},
    ]
    person = told_of_oneself(Person(languages=("en",)), entities)
    assert person == Person(
        stages=("nurse",), origin=("NG",), going=("KE",), weeks=(4, 6), budget=(150000, "USD"),
        languages=("en", "fr"),
    )  # fmt: skip
    assert told_of_oneself(person, []) is person


def test_years_are_those_of_the_profession_that_was_told():
    def stages(person: Person, *named: str) -> tuple[str, ...]:
        entities = [{"entity": "stage", "value": stage, "text": "x"} for stage in named]
        return told_of_oneself(person, entities).stages

    assert stages(Person(), "allied_health", "final_year_student") == ("allied_health",)
    assert stages(Person(stages=("nursing_student",)), "clinical_student") == ("nursing_student",)
    assert stages(Person(stages=("premed",)), "clinical_student") == ("clinical_student",)


def test_a_profession_is_a_specialty_and_experience_no_stay():
    dental = [{"entity": "stage", "value": "allied_health", "text": "dental student"}]
    assert told_of_oneself(Person(), dental).specialties == ("dentistry",)
    years = [{"entity": "duration", "value": {"min_weeks": 104.0, "max_weeks": 104.0}}]
    assert told_of_oneself(Person(), years).weeks is None


def test_the_year_that_somebody_is_in_is_theirs():
    def stages(text: str) -> tuple[str, ...]:
        start = text.index("second year")
        entity = {"entity": "stage", "value": "preclinical_student", "text": "second year"}
        return told_of_oneself(Person(), [{**entity, "start": start}], text).stages

    assert stages("I'm in my second year in Lagos") == ("preclinical_student",)
    assert stages("her second year was worse") == ()


@pytest.mark.parametrize(
    ("text", "word", "stages"),
    [
        ("a nurse here", "nurse", ("nurse",)),
        ("the nurse laughed", "nurse", ()),
        ("there's a nurse who keeps touching me", "nurse", ()),
        ("my brother is a nurse", "nurse", ()),
        ("do nurses need that too", "nurses", ()),
        ("I'm a nurse from Lagos", "nurse", ("nurse",)),
        ("we are nurses", "nurses", ("nurse",)),
        ("nurse, looking for 4 weeks", "nurse", ("nurse",)),
        ("my son is a nurse", "nurse", ("nurse",)),
        ("the head nurse scares me", "nurse", ()),
    ],
)
def test_a_stage_is_that_of_who_speaks(text: str, word: str, stages: tuple[str, ...]):
    start = text.index(word)
    entity = {"entity": "stage", "value": "nurse", "text": word, "start": start}
    assert told_of_oneself(Person(), [entity], text).stages == stages


def test_who_is_no_nurse_is_none_any_longer():
    entity = {"entity": "stage", "value": "nurse", "text": "nurse", "start": 12, "role": "excluded"}
    assert told_of_oneself(Person(stages=("nurse",)), [entity], "I am not a nurse").stages == ()


def test_what_a_question_speaks_of_is_no_wish():
    entities = [
        {"entity": "country", "value": "KE", "start": 0},
        {"entity": "money", "value": {"amount": "1500", "currency": "USD"}, "start": 0},
        {"entity": "duration", "value": {"min_weeks": 4, "max_weeks": 4}, "start": 0},
        {"entity": "language", "value": "de", "start": 0},
    ]
    asked = told_of_oneself(Person(), entities, "do I need that there", wishes=False)
    assert asked == Person(going=("KE",))
    wished = Person(going=("PE",))
    assert told_of_oneself(wished, entities, "is it safe there", wishes=False) == wished


def test_a_specialty_that_is_only_spoken_of_is_no_wish():
    surgeon = [{"entity": "specialty", "value": "surgery"}]
    assert told_of_oneself(Person(), surgeon, wishes=False).specialties == ()
    assert told_of_oneself(Person(), surgeon).specialties == ("surgery",)


def test_who_somebody_is_outlasts_what_they_look_for():
    person = Person(stages=("nurse",), languages=("en",), origin=("KE",), going=("PE",),
                    weeks=(4, 4), budget=(100, "USD"), when=("in July",))  # fmt: skip
    assert person.less_wishes() == Person(stages=("nurse",), languages=("en",), origin=("KE",))


def _at(text: str, words: str, kind: str, **more: object) -> dict:
    start = text.index(words)
    return {"entity": kind, "value": "x", "text": words, "start": start,
            "end": start + len(words), **more}  # fmt: skip


def test_a_question_whether_there_is_any_somewhere_searches():
    for text in ("is there anything near Lima?", "are there really any placements in Lima"):
        named = ("Lima", "place")
        assert searched(text, named, intent="ask_eligibility", searching=False) == "find_program"
    risks = "are there many risks in Lima"
    assert searched(risks, ("Lima", "place"), intent="ask_eligibility") == "ask_eligibility"


def test_a_price_in_other_money_is_asked_of_a_programme():
    for text in ("what's that in rupees", "convert this to Swiss francs please"):
        assert searched(text) == "ask_program_detail"
        assert searched(text, searching=False) == "thank"
    assert searched("how much is it to live in Lima", intent="complain") == "complain"


def searched(text: str, *named: tuple, intent: str = "thank", searching: bool = True) -> str:
    entities = [_at(text, *each) for each in named]
    done = decided(parsed(text, intent, 0.9, entities=entities), Frame(), searching=searching)
    return done["intent"]["name"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("thanks. six weeks then", [("six weeks", "duration")]),
        ("no, six weeks", [("six weeks", "duration")]),
        ("make it Peru", [("Peru", "country")]),
        ("forget Peru", [("Peru", "country")]),
        ("doesn't have to be surgery", [("surgery", "specialty")]),
        ("that isn't physiotherapy", [("physiotherapy", "specialty")]),
        ("she's thinking of Kenya", [("Kenya", "country")]),
        ("typo, 1500 not 15000", []),
        ("no wait, only two", []),
        ("never mind the budget", []),
        ("money is not a problem", []),
        ("no, euros", []),
        ("something cheaper", []),
        ("so those programmes again", []),
        ("a safe one please", []),
        ("why only two?", []),
        (
            "thanks a lot for that. now show me again the surgery ones for Peru",
            [("Peru", "country")],
        ),
        ("please stop sending me Peru", [("Peru", "country")]),
        ("I finished medicine, those are for a premed", [("premed", "stage")]),
    ],
)
def test_what_changes_a_search_does_so_whatever_it_looks_like_and_only_an_open_one(text, named):
    for intent in ("thank", "complain", "deny", "ask_how_long"):
        assert searched(text, *named, intent=intent) == "refine_search"
    assert searched(text, *named, searching=False) != "refine_search"


@pytest.mark.parametrize(
    ("text", "named", "intent"),
    [
        ("the cheapest of those", [], "compare_programs"),
        ("which one is the cheapest", [], "compare_programs"),
        ("is it cheaper to live there", [], "ask_cost_and_funding"),
        ("why is Kenya so cheap", [("Kenya", "country")], "ask_cost_and_funding"),
        ("do I need a visa for Kenya", [("Kenya", "country")], "ask_how_to_apply"),
        ("how much is the one in Kenya", [("Kenya", "country")], "ask_program_detail"),
        ("2", [], "show"),
        ("are there scholarships", [], "ask_cost_and_funding"),
        ("I don't want any programmes in Kenya", [("Kenya", "country")], "deny"),
    ],
)
def test_a_question_beside_an_open_search_stays_one(text, named, intent):
    assert searched(text, *named, intent=intent) == intent


def test_values_behind_a_search_are_no_question_of_their_own():
    text = "paediatrics in Asia, english speaking"
    entities = [_at(text, "paediatrics", "specialty"), _at(text, "english", "language")]

    def asked(second: str) -> dict:
        at = text.index("english")
        return {"questions": [
            {"text": text[:19], "start": 0, "end": 19, "intent": "find_program"},
            {"text": second, "start": at, "end": len(text), "intent": "ask_language_barrier"},
        ]}  # fmt: skip

    one = decided(parsed(text, "find_program", 0.9, entities=entities, **asked(text[21:])), Frame())
    assert one["questions"] == []
    two = asked("english enough, or do they")
    both = decided(parsed(text, "find_program", 0.9, entities=entities, **two), Frame())
    assert len(both["questions"]) == 2


def test_a_request_for_programmes_is_one_whatever_they_should_be():
    text = "find me a safe hands-on elective in Nepal"
    for intent, name in (("ask_health_and_safety", "find_program"), ("correct", "correct")):
        assert searched(text, ("Nepal", "country"), intent=intent, searching=False) == name


@pytest.mark.parametrize(
    ("text", "here"),
    [("I'm on an elective in Kenya", "KE"), ("we are currently in Kenya", "KE"),
     ("an elective in Kenya", None), ("I'm looking for a placement; maybe in Kenya", None)],
)  # fmt: skip
def test_where_somebody_is_counts_only_if_they_say_so(text: str, here: str | None):
    entity = {"entity": "country", "value": "KE", "start": text.index("Kenya")}
    assert told_of_oneself(Person(), [entity], text).here == here


def test_a_frame_survives_the_tracker_and_one_of_another_version_counts_as_none():
    frame = ANSWERED.with_told("letters/when", "when?")
    assert Frame.of(frame.dict()) == frame
    assert Frame.of({"colour": "red"}) == Frame() == Frame.of(None)


@pytest.mark.parametrize(
    ("text", "intent"),
    [("he's now doing paeds, is that ok", "report_emergency"),
     ("not the flights, I mean dengue", "report_fever"),
     ("the NGO posts hundreds of them", "refine_search")],
)  # fmt: skip
def test_a_weak_reading_in_the_middle_of_a_talk_goes_on_with_it(text: str, intent: str):
    sure = 0.9 if "I mean" in text else 0.55
    done = decided(parsed(text, intent, sure), ANSWERED)
    assert done["intent"]["name"] == "follow_up"
    assert decided(parsed(text, intent, 0.55), Frame())["intent"]["name"] == intent


def test_a_danger_that_a_rule_sees_or_the_classifier_is_sure_of_is_no_weak_reading():
    text = "he fell over and isn't breathing"
    ruled = parsed(text, "report_emergency", 0.55, safety=["report_emergency"])
    sure = parsed(text, "report_emergency", 0.95)
    for message in (ruled, sure):
        assert decided(message, ANSWERED)["intent"]["name"] == "report_emergency"


@pytest.mark.parametrize(
    "text", ["leave out the country", "ok back, and make it 4", "money's no object now"]
)
def test_what_gives_up_or_changes_a_value_is_a_change_of_the_open_search(text: str):
    done = decided(parsed(text), ANSWERED, searching=True)
    assert done["intent"]["name"] == "refine_search"


def test_a_fragment_is_no_question_of_its_own_and_a_short_question_is():
    def message(*parts: str) -> dict:
        asked = [
            {"text": part, "intent": intent, "confidence": 0.9, "start": 0, "end": 9}
            for part, intent in zip(
                parts, ("ask_difficult_coworkers", "ask_stress_and_confidence"), strict=True
            )
        ]
        return parsed(" and ".join(parts), "ask_difficult_coworkers", 0.9, questions=asked)

    one = decided(message("he asks me things in front of everyone", "i freeze"), Frame())
    assert [q["text"] for q in one["questions"]] == [one["text"]]
    two = message("he asks me things in front of everyone", "sleep?")
    assert len(decided(two, Frame())["questions"]) == 2


def test_a_story_with_one_question_at_its_end_asks_one():
    told = "I looked after a man on the stroke ward all week with his wife beside the bed"
    asks = "she made two of the nurses cry, how do I deal with that"
    costs = "she made two of the nurses cry, so I need to know what to say"
    for first, second, count in ((told, asks, 1), (asks, costs, 2)):
        questions = [
            {"text": text, "intent": intent, "confidence": 0.9, "start": 0, "end": 9}
            for text, intent in (
                (first, "ask_difficult_patients"),
                (second, "ask_difficult_coworkers"),
            )
        ]
        read = parsed(f"{first} and {second}", "ask_difficult_patients", 0.9, questions=questions)
        assert len(decided(read, Frame())["questions"]) == count


def test_the_same_question_of_another_place_goes_on_with_the_answer():
    india = [{"entity": "country", "value": "IN", "text": "India", "start": 8, "end": 13}]
    message = parsed("and for India?", "refine_search", 0.9, entities=india)
    assert decided(message, ANSWERED, searching=True)["follow_up"] == "elsewhere"
    assert decided(message, Frame(), searching=True)["intent"]["name"] == "refine_search"


def test_the_profession_of_a_relative_is_not_ones_own():
    def told(text: str, *values: str) -> tuple[str, ...]:
        entities = [
            {"entity": "stage", "value": value, "text": value, "start": text.index(value)}
            for value in values
        ]
        return told_of_oneself(Person(stages=("graduate",)), entities, text).stages

    assert told("my husband is a nurse", "nurse") == ("graduate",)
    assert told("I'm a nurse and my cousin is a doctor", "nurse", "doctor") == ("nurse",)


@pytest.mark.parametrize(
    "text", ["I'm not suicidal, just worn out", "nobody touched me, you misunderstood me"]
)
def test_a_denial_ends_a_danger(text: str):
    frame = Frame(danger=Danger(kind="assault", said=("first",)))
    for spoken_of in (frame, CRISIS, EXPOSURE):
        assert step(parsed(text), spoken_of) == "misread"


def test_a_denial_counts_only_if_no_danger_stands_beside_it():
    both = parsed("I'm not suicidal but I want to die", "express_crisis", 0.9,
                  safety=["express_crisis"])  # fmt: skip
    assert step(both, CRISIS) != "misread"


def test_a_correction_may_name_the_danger_again():
    frame = Frame(danger=Danger(kind="assault", said=("first",)))
    text = "no, nobody hurt me. she has dementia and only held my arm"
    message = parsed(text, "report_assault", 0.8, safety=["report_assault"])
    assert step(message, frame) == "misread"
    assert step({**message, "text": text.removeprefix("no, ")}, frame) != "misread"


def test_a_plain_question_of_the_same_topic_leaves_an_assault():
    frame = Frame(danger=Danger(kind="assault", said=("first",)))
    asked = parsed("could they give me other patients next week", "ask_difficult_patients", 0.4)
    assert step(asked, frame) is None
    told = parsed("the other patients saw it all", "ask_difficult_patients", 0.4)
    assert step(told, frame) is not None


def test_a_denial_with_a_request_is_the_request():
    search = parsed("I'm not ill, find surgery in Kenya", "find_program", 0.9)
    done = decided(search, CRISIS)
    assert (done["intent"]["name"], done["misread"]) == ("find_program", True)


def test_a_denial_that_nothing_asked_for_is_one_only_if_it_sounds_like_danger():
    assert decided(parsed("I'm not ill"), Frame())["intent"]["name"] == "nlu_fallback"
    assert step(parsed("I won't hurt myself"), Frame()) == "misread"


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("thanks, good night", True), ("Danke, gute Nacht!", True), ("i'll try to sleep now", True),
     ("im off to bed", True), ("I'm scared of going to bed", False),
     ("how do I get a good night's sleep", False)],
)  # fmt: skip
def test_a_good_night_is_one_in_any_state(text: str, is_one: bool):
    for frame in (Frame(), ANSWERED, CRISIS):
        assert (decided(parsed(text), frame).get("follow_up") == "good_night") == is_one


def test_a_denial_is_believed_though_the_classifier_is_alarmed_and_not_of_despair():
    text = "No, nobody is hurt! May somebody become a doctor who passes out at needles?"
    assert step(parsed(text, "report_emergency", 0.95), Frame()) == "misread"
    assert step(parsed(text, "express_crisis", 0.95), Frame()) is None
    over = "he is fine now, everybody is well. do I write a report"
    assert step(parsed(over, "report_emergency", 0.6), EMERGENCY) != "misread"


def test_despair_of_nobody_that_is_denied_with_what_was_meant_is_none():
    text = "what? nobody is suicidal, I asked about a visitor who shouts"
    assert step(parsed(text, "express_crisis", 0.8), CRISIS) == "misread"
    assert step(parsed("nobody is suicidal", "express_crisis", 0.8), CRISIS) != "misread"


def test_a_story_is_hardly_a_search_if_the_classifier_is_not_sure():
    story = "my sister paid for the course in Lisbon and I have to work at night " * 3
    for words, sure, searched in ((story, 0.6, False), (story, 0.9, True), ("in Oslo", 0.6, True)):
        read = decided(parsed(words, "find_program", sure), Frame())
        assert (read["intent"]["name"] == "find_program") is searched


def test_a_list_that_was_never_shown_is_hardly_asked_about_in_a_talk():
    text, talk = "then three of two or two of three?", Frame(question="one letter or two?")
    for sure, frame, searching, read in (
        (0.4, talk, False, "nlu_fallback"),
        (0.4, talk, True, "compare_programs"),
        (0.8, talk, False, "compare_programs"),
        (0.4, Frame(), False, "compare_programs"),
    ):
        done = decided(parsed(text, "compare_programs", sure), frame, searching=searching)
        assert done["intent"]["name"] == read


@pytest.mark.parametrize(("sure", "read"), [(0.2, "nlu_fallback"), (0.9, "describe_own_symptoms")])
def test_symptoms_are_told_only_if_they_were_read(sure: float, read: str):
    message = parsed("the ogas shift my things about every day", "describe_own_symptoms", sure)
    assert decided(message, Frame(question="how do I cope?"))["intent"]["name"] == read


def test_what_somebody_tells_after_a_question_starts_no_search():
    entities = [{"entity": "duration", "value": {}, "text": "six weeks", "start": 11, "end": 20}]
    message = parsed("I only get six weeks in all", "refine_search", 0.9, entities=entities)
    for frame, read in ((Frame(question="one letter or two?"), "nlu_fallback"),
                        (Frame(), "refine_search"), (ANSWERED, "follow_up")):  # fmt: skip
        assert decided(message, frame)["intent"]["name"] == read


def test_what_would_change_a_search_adds_to_a_question_if_it_says_more_than_values():
    there = {"entity": "place", "value": "berlin", "text": "Berlin", "start": 26, "end": 32}
    text = "my papers have arrived in Berlin last week, shall I wait"
    read = decided(parsed(text, "refine_search", 0.9, entities=[there]), ANSWERED)
    assert read["follow_up"] == "detail"
    there = {**there, "start": 8, "end": 14}
    read = decided(parsed("then in Berlin", "refine_search", 0.9, entities=[there]), ANSWERED)
    assert read["intent"]["name"] == "refine_search"


def test_what_a_doctor_should_see_is_over_with_the_next_matter():
    symptoms = Danger(kind="symptoms", said=("first",), dealt=True)
    text = "not what I meant, I mean the rash that patients have"
    here = step(parsed(text), Frame(danger=symptoms))
    later = step(parsed(text), Frame(danger=symptoms.copy(update={"left": True})))
    assert here is not None and later is None


@pytest.mark.parametrize(
    ("text", "name", "sure", "is_one"),
    [
        ("bless you, cheers", "ask_cost_and_funding", 0.03, True),
        ("you told me so before but thx all the same", "thank", 0.85, True),
        ("cheers. and which vaccines", "ask_health_and_safety", 0.9, False),
        ("thx, is it paid?", "ask_cost_and_funding", 0.3, False),
    ],
)
def test_thanks_are_thanks_however_the_message_was_cut(text, name, sure, is_one):
    ranking = [{"name": "thank", "confidence": 0.85}, {"name": name, "confidence": sure}]
    message = parsed(text, name, sure, intent_ranking=ranking)
    told = Frame(focus="ward/dress", question="what do I wear?")
    assert (decided(message, told)["intent"]["name"] == "thank") == is_one


@pytest.mark.parametrize(
    ("text", "intent", "kind", "follows"),
    [
        ("my train leaves on Monday", "out_of_scope", "general", True),
        ("she calls me clumsy every day", "complain", None, True),
        ("he keeps sighing at me", "complain", None, True),
        ("my essay on kidneys is due tomorrow", "out_of_scope", "homework", False),
        ("my neighbour snores, what can be done", "out_of_scope", "general", False),
        ("you are hopeless", "complain", None, False),
    ],
)
def test_what_only_tells_of_somebody_is_neither_declined_nor_a_complaint(
    text: str, intent: str, kind: str | None, follows: bool
):
    message = parsed(text, intent, 0.95)
    message["intent"] |= {"kind": kind} if kind else {}
    done = decided(message, ANSWERED)
    assert (done.get("follow_up") == "detail") is follows
    assert follows or done["intent"]["name"] == intent
    # Before anything was asked it is what it was read as.
    assert decided(message, Frame())["intent"]["name"] == intent


@pytest.mark.parametrize(("sure", "read"), [(0.35, "follow_up"), (0.9, "out_of_scope")])
def test_after_an_answer_a_refusal_must_be_likely(sure: float, read: str):
    message = parsed("what is the boiling point of nitrogen", "out_of_scope", sure)
    assert decided(message, ANSWERED)["intent"]["name"] == read


@pytest.mark.parametrize(
    ("intent", "sure", "near", "is_further"),
    [("nlu_fallback", 0.3, 0.5, True), ("ask_how_to_apply", 0.95, 0.5, True),
     ("ask_how_to_apply", 0.95, 0.45, False), ("find_program", 0.95, 0.5, False),
     ("find_program", 0.95, 0.6, True)],
)  # fmt: skip
def test_what_the_answer_says_people_ask_next_goes_on_with_it(
    intent: str, sure: float, near: float, is_further: bool
):
    message = parsed("she keeps the only copy in her drawer", intent, sure)
    done = decided(message, ANSWERED, further=near)
    assert (done.get("follow_up") == "further") is is_further
    # Without an answer there is nothing to go on with.
    assert decided(message, Frame(), further=near).get("follow_up") != "further"


def test_danger_is_no_further_question():
    message = parsed("I want to die", "express_crisis", 0.97) | {"safety": ["express_crisis"]}
    assert decided(message, ANSWERED, further=0.9)["intent"]["name"] == "express_crisis"
