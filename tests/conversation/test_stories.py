"""Rules on safety in long messages: what stays of what they see."""

from preceptor.nlu.safety import alarms, confirmed

SEEN = "I'd be better off dead."
STORY = (
    f"I moved here in spring and the nurses are kind to me. {SEEN} We get our results on Friday."
)


def kept(chance: float, whole: float = 0.0, text: str = STORY) -> list[str]:
    return confirmed(
        text, alarms(text), {text: whole, SEEN: chance, "We get our results on Friday.": 0.9}
    )


def test_in_a_story_a_rule_counts_where_the_classifier_gives_its_sentence_a_chance():
    assert kept(0.3) == ["express_crisis"] == kept(0.0, whole=0.3)
    assert kept(0.1) == []


def test_in_a_few_words_the_rules_of_a_crisis_decide_alone():
    assert kept(0.0, text=SEEN) == ["express_crisis"]


def test_what_was_not_read_in_parts_stays():
    assert confirmed(STORY, alarms(STORY), {}) == ["express_crisis"]
