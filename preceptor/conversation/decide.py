"""What a message is, given what was said before: a follow-up, part of a crisis, or a new matter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from preceptor.conversation import talk_words as words
from preceptor.conversation.follow_ups import (
    ABOUT_ME,
    DETAIL,
    ELSEWHERE,
    FURTHER,
    GOOD_NIGHT,
    NEAR_FURTHER,
    NOT_ANSWERED,
    SURELY_FURTHER,
    kind_of,
)
from preceptor.conversation.frame import Danger, Frame, place_of_person
from preceptor.conversation.phrases import LIKELY, SURE
from preceptor.conversation.protocols import (
    AGAIN,
    CONTINUED,
    COUNTRY,
    MISREAD,
    Protocol,
    protocols,
)
from preceptor.conversation.search_turns import CHANGE_SEARCH, as_search, is_of_values
from preceptor.intents import FALLBACK, intents
from preceptor.nlu.safety import alarms, without_denials

FOLLOW_UP = "follow_up"
"""The intent of a message that follows up on what was said."""

# How sure another matter must be to leave a danger that was spoken of.
_ANOTHER_MATTER = 0.6
_GUESSED = 0.5
_HARDLY = 0.3
_SURE = 0.8
# How likely a message must be a follow-up that the classifier takes for danger: "but if I appeal,
# he'll mark me down".
_LIKELY_BESIDE_DANGER = 0.6
_OF_LISTS = frozenset({"repeat", "about_me", "more"})
_OBJECTIONS = frozenset({"disagree", "instead", "detail", "not_answered"})
# How many messages in a row that no step fits belong to a danger, if not one.
_PATIENCE = {"crisis": 2}
# Groups whose messages are a matter of their own.
_MATTERS = frozenset({"advice", "search", "results", "registration"})
_TALK = frozenset({"small_talk", "advisor", "reaction"})
_PLACES = frozenset({"country", "place"})
_LEAST_MEANT = 3
_MOST_BESIDE_A_PLACE = 3
_MOST_LEANING = 9
_MOST_OF_THANKS = 15
_SURE_THANKS = 0.8
_FEW_WORDS = 4
SHORT_STORY, STORY = 20, 30
"""From how many words on a message tells more than it asks, and is a story."""
# Up to how many words a part asks nothing, and from how many on one may only tell what happened.
_SCRAP, _TOLD = 2, 8
# How sure the classifier must be that a story is a search.
_SURE_SEARCH = 0.7
# How likely a step of a protocol must be.
_LIKELY_STEP = 0.65


def decided(
    parsed: Mapping[str, Any], frame: Frame, *, searching: bool = False, further: float = 0.0
) -> dict[str, Any]:
    """Return a message as read, with the intent changed if what was said before decides it.

    That is `follow_up` if it follows up on what was said; `follow_up` is then the kind, or
    `danger_step` the step of the protocol of the danger that was spoken of. It is that of a
    changed search if it changes the search that is open.

    Args:
        parsed: the message as the pipeline read it.
        frame: of the conversation so far.
        searching: whether a search is open.
        further: how near it is to what the last answer says people ask next, a cosine.
    """
    parsed = _without_fragments(parsed)
    if frame.danger and frame.danger.left and not protocols()[frame.danger.kind].holds:
        # What a doctor should see, and nothing more, is over with the next matter.
        frame = frame.copy(update={"danger": None})
    held = frame.danger is not None and frame.danger.kind != "crisis" and not frame.danger.dealt
    if _is_good_night(parsed) and not held:
        return _following(parsed, follow_up=GOOD_NIGHT)
    if words.OF_OWN_WORDS.search(parsed.get("text") or "") and not parsed.get("safety"):
        return _following(parsed, follow_up=ABOUT_ME)
    return _on_danger(parsed, frame) or _on_talk(
        parsed, frame, searching=searching, further=further
    )


def _on_danger(parsed: Mapping[str, Any], frame: Frame) -> dict[str, Any] | None:
    """Return a message that is about a danger, spoken of now or before; None if it isn't."""
    denied = _denies(parsed, frame)
    step = MISREAD if denied else _step(parsed, frame.danger) if frame.danger else None
    if step == MISREAD and _group(parsed) in _MATTERS - {"advice"} and _is_sure(parsed):
        return {**parsed, "misread": True}
    if step is not None:
        return _following(parsed, danger_step=step)
    return dict(parsed) if parsed.get("safety") else None


def _on_talk(
    parsed: Mapping[str, Any], frame: Frame, *, searching: bool, further: float
) -> dict[str, Any]:
    """Return a message in the middle of a talk: of its own, or following up on an answer."""
    # "I can't do this any longer" asks for no longer placement.
    calm = not frame.danger and (not _dangers(parsed) or _is_weak_danger(parsed))
    if calm and frame.focus and _asks_of_another_place(parsed):
        return _following(parsed, follow_up=ELSEWHERE)
    if calm and (search := as_search(parsed, searching=searching)):
        return search
    if other := _otherwise(parsed, searching=calm and searching):
        return {**parsed, "intent": {"name": other, "confidence": 1.0}, "questions": []}
    of_lists = _group(parsed) in _MATTERS - {"advice"} and _is_sure(parsed)
    if calm and frame.focus and not of_lists and meant(str(parsed.get("text") or "")):
        return _following(parsed, follow_up=NOT_ANSWERED)
    if calm and frame.spoken_of and further >= (SURELY_FURTHER if of_lists else NEAR_FURTHER):
        return _following(parsed, follow_up=FURTHER)
    kind = _kind(parsed, frame)
    adds = bool(frame.question) and (_adds_to_a_question(parsed) or _only_tells(parsed))
    tells = calm and not searching and (adds or _tells_of_oneself(parsed))
    if kind is None and frame.focus and tells:
        kind = DETAIL
    if kind is not None and not (frame.danger and not frame.danger.dealt):
        return _following(parsed, follow_up=kind)
    doubtful = _is_doubtful_search(parsed) or _is_doubtful_talk(parsed, frame)
    hardly = not searching and _is_hardly_read(parsed, frame)
    return _unclear(parsed) if doubtful or hardly or (tells and frame.question) else dict(parsed)


def _unclear(parsed: Mapping[str, Any]) -> dict[str, Any]:
    return {**parsed, "intent": {**parsed["intent"], "name": FALLBACK}, "questions": []}


def _otherwise(parsed: Mapping[str, Any], *, searching: bool) -> str | None:
    """Return the intent of a message that is taken for danger or a question and is neither."""
    if searching and parsed.get("entities") and _is_weak_danger(parsed):
        # "He's now doing paeds"
        return intents().with_role("change_search")
    return intents().with_role("thank") if _is_thanks(parsed) else None


def _is_thanks(parsed: Mapping[str, Any]) -> bool:
    """Tell whether a message thanks and asks nothing: "thank you. I feel a bit better"."""
    text = parsed.get("text") or ""
    thanks = words.THANKS.match(text)
    thank = intents().with_role("thank")
    if (parsed["intent"]["name"] == thank or not _is_sure(parsed)) and not _dangers(parsed):
        # "You said that already, but thanks" complains, and "God bless you, medaase" may have been
        # cut into a blessing and a question.
        chances = {r["name"]: r["confidence"] for r in parsed.get("intent_ranking") or []}
        if chances.get(thank, 0.0) >= _SURE_THANKS and "?" not in text and not new_matter(text):
            return True
    return bool(
        thanks
        and not new_matter(text)
        and not _dangers(parsed)
        and not parsed.get("entities")
        and not words.ASKS.search(text[thanks.end() :])
        and len(text.split()) <= _MOST_OF_THANKS
    )


def _is_doubtful_talk(parsed: Mapping[str, Any], frame: Frame) -> bool:
    """Tell whether a sentence is hardly the small talk or the complaint that it is taken for.

    It may be a question: "what do I say if I don't know the answer", "is that a scam" after one.
    """
    text = str(parsed.get("text") or "")
    count = len(text.split())
    says_more = count > _FEW_WORDS and not _is_sure(parsed)
    guessed = count > 1 and _confidence(parsed) < _GUESSED
    points = bool(frame.question) and _group(parsed) == "advisor" and leans(text)
    return _group(parsed) in _TALK and (says_more or guessed or points)


def _is_doubtful_search(parsed: Mapping[str, Any]) -> bool:
    """Tell whether a story is hardly the search that it is taken for.

    Places, fields and weeks stand in most stories, and most of them ask for something else.
    """
    is_story = len(str(parsed.get("text") or "").split()) >= STORY
    return is_story and _group(parsed) == "search" and _confidence(parsed) < _SURE_SEARCH


def _is_hardly_read(parsed: Mapping[str, Any], frame: Frame) -> bool:
    """Tell whether a message is hardly on a list of programmes or on symptoms, as it is taken for.

    Whoever asked for advice and has no list may ask which exams to write: "so which ones now?".
    """
    of_lists = _group(parsed) == "results" and bool(frame.question)
    symptoms = _group(parsed) == "safety" and not parsed.get("safety")
    holds = any(protocols()[kind].holds for kind in _kinds_of_danger(parsed))
    least = _GUESSED if of_lists else _HARDLY if symptoms and not holds else 0.0
    weak = bool(frame.question) and not frame.danger and _is_weak_danger(parsed)
    return weak or _confidence(parsed) < least


def _is_good_night(parsed: Mapping[str, Any]) -> bool:
    """Tell whether somebody goes to bed: "thanks, I'll try to sleep"."""
    return not _dangers(parsed) and bool(words.GOOD_NIGHT.search(parsed.get("text") or ""))


def _denies(parsed: Mapping[str, Any], frame: Frame) -> bool:
    """Tell whether a message denies a danger and speaks of none beside it.

    It denies the one that was spoken of, or it would sound like one without the "not". "Nobody is
    hurt, he only faints at blood" alarms the classifier, which knows no "not"; of somebody's own
    despair it is believed all the same.
    """
    text = parsed.get("text") or ""
    if without_denials(text) == text or parsed.get("safety"):
        return False
    own = "crisis" in _kinds_of_danger(parsed)
    in_crisis = own or (frame.danger is not None and frame.danger.kind == "crisis")
    if _dangers(parsed) and in_crisis and not meant(text):
        return False
    sounds = bool(_dangers(parsed) or alarms(text))
    return frame.danger is not None or (sounds and not _is_sure_matter(parsed))


def _without_fragments(parsed: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a message of two questions on advice as one if a side of it asks nothing.

    "He asks me things in front of everyone, and I freeze" is understood as a whole, and so is a
    story with one question at its end.
    """
    asked = parsed.get("questions") or []
    text = str(parsed.get("text") or "")
    declared = [intents().get(q["intent"]) for q in asked]
    advice = all(each is not None and each.group == "advice" for each in declared)
    is_story = len(text.split()) >= SHORT_STORY
    fragments = [q for q in asked if _is_scrap(q["text"]) or (is_story and _tells(q["text"]))]
    if len(asked) != 2 or not advice or not fragments:
        return parsed
    whole = max(asked, key=lambda q: len(q["text"]))
    one = {**whole, "text": text, "start": 0, "end": len(text)}
    intent = {"name": whole["intent"], "confidence": whole["confidence"]}
    return {**parsed, "intent": intent, "questions": [one]}


def _is_scrap(part: str) -> bool:
    """Tell whether a part of a message is too short to ask anything."""
    return len(part.split()) <= _SCRAP and "?" not in part


def _tells(part: str) -> bool:
    """Tell whether a part of a message tells what happened and asks nothing."""
    long = len(part.split()) >= _TOLD
    return long and not words.ASKS.search(part) and not words.WANTS.search(part)


def _kind(parsed: Mapping[str, Any], frame: Frame) -> str | None:
    """Return the kind of follow-up that a message is, None if it is another matter."""
    # In the middle of a talk the classifier is alarmed by objections and failures, too; only what
    # surely follows up is none.
    holds = any(protocols()[each].holds for each in _kinds_of_danger(parsed))
    sure = _is_sure_matter(parsed)
    held = holds and not _is_weak_danger(parsed)
    least = SURE if sure else _LIKELY_BESIDE_DANGER if held else LIKELY
    text = parsed.get("text") or ""
    if new_matter(text):
        return None
    kind = kind_of(text, on_answer=frame.focus is not None, least=least)
    if sure and kind in _OF_LISTS and _group(parsed) in ("search", "results"):
        # "Show me the previous ones again", "what have I saved?"
        return None
    if (kind == "forget_me" and parsed.get("entities")) or (kind == DETAIL and sure):
        return None
    if held and kind is not None and kind not in _OBJECTIONS:
        kind = kind_of(text, on_answer=frame.focus is not None, least=SURE)
    return DETAIL if kind is None and frame.focus and is_unclear(parsed) else kind


def _asks_of_another_place(parsed: Mapping[str, Any]) -> bool:
    """Tell whether a question was asked of a place and is asked of another: "and for India?"."""
    text = parsed.get("text") or ""
    entities = parsed.get("entities") or []
    named = sum(len(str(e.get("text") or "").split()) for e in entities)
    places = bool(entities) and {e["entity"] for e in entities} <= _PLACES
    few = len(text.split()) - named <= _MOST_BESIDE_A_PLACE
    return places and few and bool(words.OF_ANOTHER.match(text))


def is_unclear(parsed: Mapping[str, Any]) -> bool:
    """Tell whether a message was hardly understood: "is coffee at 3 ok" is no symptom."""
    if parsed["intent"]["name"] == FALLBACK:
        return len((parsed.get("text") or "").split()) > 1
    if _group(parsed) == "search":
        # A change of a search that names no value of one.
        return not _is_sure(parsed) and not parsed.get("entities")
    if _group(parsed) == "refusal":
        # "How do I get it back", after an answer on a swindle.
        return _confidence(parsed) < _GUESSED
    kinds = _kinds_of_danger(parsed)
    own = bool(kinds) and not any(protocols()[kind].holds for kind in kinds)
    return _is_weak_danger(parsed) or (own and _confidence(parsed) < _SURE)


def _tells_of_oneself(parsed: Mapping[str, Any]) -> bool:
    """Tell whether what sounds like a search only tells of somebody: "I only have 8 weeks".

    After an answer that is a detail to it.
    """
    text = str(parsed.get("text") or "")
    kinds = {e["entity"] for e in parsed.get("entities") or []}
    telling = bool(words.TELLS.match(text)) and not words.WANTS.search(text)
    own = kinds == {"stage"} or (telling and kinds <= {"stage", "duration", "money", "language"})
    return _group(parsed) in ("search", "results") and bool(kinds) and own


def _adds_to_a_question(parsed: Mapping[str, Any]) -> bool:
    """Tell whether what would change a search, if one were open, tells more of a case.

    "I already sent it to Berlin, can I change now" does so.
    """
    says_more = len(str(parsed.get("text") or "").split()) > _FEW_WORDS
    return says_more and _name(parsed) == CHANGE_SEARCH and not is_of_values(parsed)


def _only_tells(parsed: Mapping[str, Any]) -> bool:
    """Tell whether a message only tells of somebody, though it was read as one to turn away.

    "My flight is on Friday" is no question to decline, and "she says I'm too slow" no complaint
    about the advisor.
    """
    text = str(parsed.get("text") or "")
    if words.ASKS.search(text) or words.WANTS.search(text):
        return False
    # Homework and other kinds of refusal have words of their own.
    general = _group(parsed) == "refusal" and parsed["intent"].get("kind", "general") == "general"
    foreign = general and bool(words.TELLS.match(text))
    return foreign or (_group(parsed) == "reaction" and bool(words.OF_OTHERS.match(text)))


def _is_weak_danger(parsed: Mapping[str, Any]) -> bool:
    """Tell whether the classifier alone takes a few words for danger, and isn't sure.

    In the middle of a talk "he's now doing paeds" goes on with it, and so do "not the visa, I mean
    malaria" and what names no harm, however sure it is: "he says it's my attitude". Of somebody's
    own despair a suspicion is enough.
    """
    text = parsed.get("text") or ""
    few = len(text.split()) <= _MOST_LEANING
    alone = _group(parsed) == "safety" and not parsed.get("safety")
    own = "crisis" in _kinds_of_danger(parsed)
    holds = any(protocols()[kind].holds for kind in _kinds_of_danger(parsed))
    harmless = holds and not parsed.get("gloss") and not words.OF_HARM.search(text)
    unsure = harmless or _confidence(parsed) < _SURE or bool(words.MEANT.search(text))
    return alone and few and not own and unsure


def _kinds_of_danger(parsed: Mapping[str, Any]) -> list[str]:
    """Return the kinds of the protocols that a message would begin."""
    begun = (protocols().of_intent(intent) for intent in _dangers(parsed))
    return [protocol.kind for protocol in begun if protocol is not None]


def _following(parsed: Mapping[str, Any], **more: str) -> dict[str, Any]:
    intent = {"name": FOLLOW_UP, "confidence": 1.0}
    return {**parsed, "intent": intent, "questions": [], **more}


def _is_sure_matter(parsed: Mapping[str, Any]) -> bool:
    """Tell whether a message surely is a matter of its own, which small talk never is."""
    return _group(parsed) in _MATTERS and _confidence(parsed) >= _SURE


def _step(parsed: Mapping[str, Any], danger: Danger) -> str | None:
    """Return the step of a danger's protocol that a message means, None if it is another matter."""
    protocol = protocols()[danger.kind]
    urgency = intents().in_group("safety")
    seen = {*(parsed.get("safety") or ())}
    by_rules = seen - {protocol.intent}
    if any(
        urgency.index(each) < urgency.index(protocol.intent) or intents()[each].does == "hand_over"
        for each in by_rules
    ):
        return None
    text = parsed.get("text") or ""
    if not danger.left and _names_only_a_country(parsed) and len(text.split()) <= _FEW_WORDS:
        return COUNTRY
    again = protocol.intent in _dangers(parsed) and danger.kind != "crisis"
    least = SURE if again or by_rules or _is_sure_matter(parsed) else _LIKELY_STEP
    step = protocol.step_of(text, danger.said[-1], least)
    if step == MISREAD and not _may_deny(parsed, protocol):
        step = None
    if protocol.intent in seen and AGAIN not in protocol.steps:
        # It is told anew, with more of what to do, unless that is dealt with.
        return step if step and protocol.saying(step).deals_or_ends else None
    if step is not None or danger.left or by_rules or _is_another_danger(parsed, protocol):
        return step
    return _other_step(parsed, danger, protocol)


def _may_deny(parsed: Mapping[str, Any], protocol: Protocol) -> bool:
    """Tell whether a message that sounds like a denial can be one.

    A correction names the danger again: "no, not like that, he only touched me because he's
    confused". Of somebody's own despair it isn't believed.
    """
    dangers = _dangers(parsed)
    corrects = bool(words.CORRECTS.match(parsed.get("text") or ""))
    return not dangers or (corrects and dangers == [protocol.intent] and protocol.kind != "crisis")


def _other_step(parsed: Mapping[str, Any], danger: Danger, protocol: Protocol) -> str | None:
    """Return the step of a message that is near to no phrase, None if it is another matter."""
    if protocol.intent in _dangers(parsed):
        return AGAIN if AGAIN in protocol.steps else None
    if not danger.country and _names_only_a_country(parsed):
        return COUNTRY
    if danger.dealt or _is_another_matter(parsed, protocol) or _goes_nowhere(danger):
        return None
    return CONTINUED


def _goes_nowhere(danger: Danger) -> bool:
    """Tell whether so much was said that no step fits that the danger can't be what it is about."""
    patience = _PATIENCE.get(danger.kind, 1)
    return danger.said[-patience:] == (CONTINUED,) * patience


def _dangers(parsed: Mapping[str, Any]) -> list[str]:
    """Return the safety intents of a message, by the rules and by the classifier."""
    name = str((parsed.get("intent") or {}).get("name"))
    own = [name] if _group(parsed) == "safety" else []
    return list(dict.fromkeys([*own, *(parsed.get("safety") or ())]))


def _name(parsed: Mapping[str, Any]) -> str:
    return str((parsed.get("intent") or {}).get("name"))


def _group(parsed: Mapping[str, Any]) -> str | None:
    declared = intents().get((parsed.get("intent") or {}).get("name") or FALLBACK)
    return declared.group if declared else None


def _confidence(parsed: Mapping[str, Any]) -> float:
    return float((parsed.get("intent") or {}).get("confidence") or 0.0)


def _is_another_danger(parsed: Mapping[str, Any], protocol: Protocol) -> bool:
    """Tell whether the classifier is sure of another danger that calls for a person."""
    declared = intents().get(parsed["intent"]["name"])
    hands_over = declared is not None and declared.does == "hand_over"
    own = parsed["intent"]["name"] == protocol.intent
    return hands_over and _group(parsed) == "safety" and not own and _is_sure(parsed)


def _is_another_matter(parsed: Mapping[str, Any], protocol: Protocol) -> bool:
    if parsed["intent"]["name"] in protocol.topics:
        # "Can I ask to swap patients?"
        plain = protocol.kind not in ("crisis", "emergency") and words.BEGINS_TO_ASK.match(
            parsed.get("text") or ""
        )
        return protocol.knowledge or bool(plain)
    groups = _MATTERS if protocol.kind == "crisis" else {*_MATTERS, "refusal"}
    return _group(parsed) in groups and _is_sure(parsed)


def _is_sure(parsed: Mapping[str, Any]) -> bool:
    return _confidence(parsed) >= _ANOTHER_MATTER


def _names_only_a_country(parsed: Mapping[str, Any]) -> bool:
    """Tell whether a message says where somebody is: it names a country and asks nothing else."""
    entities = parsed.get("entities") or []
    if place_of_person(entities, str(parsed.get("text") or "")):
        return True
    kinds = {e["entity"] for e in entities}
    changes = parsed["intent"]["name"] == intents().with_role("change_search")
    return bool(kinds) and kinds <= _PLACES and (changes or _group(parsed) not in _MATTERS)


def leans(text: str) -> bool:
    """Tell whether a question can only be read with the one before it."""
    return len(text.split()) <= _MOST_LEANING and bool(words.LEANS.match(text))


def meant(text: str) -> str | None:
    """Return what a correction says was meant, None if it says nothing of it.

    "No, not the vaccines. I mean who looks after her at night" means the second sentence.
    """
    for pattern in (words.MEANT, words.REJECTED):
        found = pattern.search(text)
        rest = text[found.end() :].strip(" .,;:!") if found else ""
        if len(rest.split()) >= _LEAST_MEANT:
            return rest
    return None


def new_matter(text: str) -> str | None:
    """Return the words of a matter that is said to be another one, None if none is.

    "Other thing: may I treat patients?"
    """
    *_, last = [None, *words.NEW_MATTER.finditer(text)]
    return text[last.end() :].strip() or None if last else None
