"""Reading: a function of a message, what was trained, and the catalogue's vocabulary.

In this order: tokens within bounds, the language, the entities, the places to cut (never inside an
entity), the intents of each part. Beside it, from the untouched text, the verdict on safety, which
nothing overrules.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np
from spacy.tokens import Doc

from preceptor.intents import FALLBACK, Intents
from preceptor.nlu.entities.extractor import extract
from preceptor.nlu.entities.glossary import gloss
from preceptor.nlu.entities.linking import Linker
from preceptor.nlu.intents.classifier import IntentReader, by_intent, ranked
from preceptor.nlu.intents.features import InParts
from preceptor.nlu.language import KNOWN, LanguageReader, by_script
from preceptor.nlu.questions.cuts import is_story, parts_of, place_of
from preceptor.nlu.questions.model import CutModel, Piece, Roles, StoryModel
from preceptor.nlu.questions.reader import (
    Asked,
    behind_a_greeting,
    cry_for_help,
    is_surely_danger,
    questions_of,
)
from preceptor.nlu.questions.values import intent_of_values
from preceptor.nlu.safety import alarms, confirmed, least_confidence, without_denials
from preceptor.nlu.tokens import tokens_of

UNCLEAR = 0.25
"""Below this confidence of the likeliest intent a message is unclear, and the advisor asks back."""
RANKING_LENGTH = 10
MOST_ENTITIES = 60
"""How many entities of a message are kept, half of them its first and half its last."""
MOST_FOREIGN_NAMES = 20
"""In how many runs of other letters than Latin names are looked for in an English message."""
LONGEST_GLOSS = 1000
"""How many characters of a gloss are kept: a country may be two signs in one language."""

_WHERE = frozenset({"country", "place", "region"})
_RELATIVE = frozenset({"cheaper", "shorter", "longer"})
_WORD = re.compile(r"[^\W\d_]+")
_FEW_WORDS = 5
# Letters of other scripts than Latin inside an English message.
_OTHER_LETTERS = re.compile(r"[^\W\d_a-zA-Z\u00aa-\u02af\u1e00-\u1eff]{1,40}")

Ranking = list[dict[str, Any]]


@dataclass(frozen=True)
class Question:
    """One question of a message.

    Attributes:
        text: of the part that asks it.
        start: where that part begins in the message, in characters.
        end: where it ends.
        intent: what it asks.
        confidence: how likely the classifier holds that, between 0 and 1.
    """

    text: str
    start: int
    end: int
    intent: str
    confidence: float


@dataclass(frozen=True)
class Reading:
    """What is understood of a message.

    Attributes:
        ranking: the intents as Rasa writes them, `name`, `confidence` and for some `kind`; the
            message's own first. The others are in the order of their confidence. What a rule
            decided keeps the confidence that the classifier has in it.
        questions: what is asked, in order; empty where the whole message is one thing.
        entities: as Rasa writes them, see `preceptor.nlu.entities.extractor.extract`; of a message
            in another language those of the gloss, which are anywhere in the message.
        safety: the safety intents that the rules see in the untouched text, most urgent first.
        language: ISO 639-1 code; None for English.
        gloss: the English words of a message in another language, "" where none is known.
        dangers: how likely the classifier takes the message and its parts for any danger, between
            0 and 1; empty for another language.
    """

    ranking: Ranking
    questions: tuple[Question, ...] = ()
    entities: tuple[dict[str, Any], ...] = ()
    safety: tuple[str, ...] = ()
    language: str | None = None
    gloss: str | None = None
    dangers: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Models:
    """What was trained, and the declared intents.

    Attributes:
        intents: the classifier of English messages and parts.
        languages: reads other languages; None if none were trained.
        roles: what the models know of the trained intents.
        cuts: judges cuts; None if messages with several questions were not trained.
        stories: weighs sentences; None if stories were not trained.
        declared: all intents.
    """

    intents: IntentReader
    languages: LanguageReader | None
    roles: Roles
    cuts: CutModel | None
    stories: StoryModel | None
    declared: Intents

    @cached_property
    def summed(self) -> np.ndarray:
        """What sums the classifier's classes up to intents, shape (classes, intents)."""
        return by_intent(self.intents.labels)[1]


def read(text: str, models: Models, linker: Linker | None) -> Reading:
    """Return what is understood of a message.

    Args:
        text: what somebody wrote.
        models: what was trained.
        linker: knows the catalogue's things; None leaves them out.
    """
    text = without_denials(text)
    verdict = alarms(text)
    language = None
    if models.languages is not None:
        language = models.languages.language(text, lambda text: _without_names(text, linker))
    if language in KNOWN:
        reading = _read_translated(text, str(language), models, linker)
    else:
        reading = _read_english(text, models, linker)
        if language is not None:
            reading = _declined(reading, language, models.declared)
    verdict = confirmed(text, verdict, reading.dangers)
    if not verdict:
        reading = _without_doubtful_danger(text, reading, models.declared)
    return _heeding(reading, verdict, models.declared)


def _heeding(reading: Reading, verdict: list[str], declared: Intents) -> Reading:
    """Return a reading with the verdict on safety, as its intent unless it is as urgent itself."""
    reading = replace(reading, safety=tuple(verdict))
    urgency = declared.in_group("safety")
    intent = reading.ranking[0]["name"]
    as_urgent = intent in urgency and verdict and urgency.index(intent) <= urgency.index(verdict[0])
    if not verdict or as_urgent:
        return reading
    return replace(reading, ranking=_first(reading.ranking, verdict[0]), questions=())


def _without_doubtful_danger(text: str, reading: Reading, declared: Intents) -> Reading:
    """Return a reading without a danger that the classifier alone suspects and is unsure of."""
    top = reading.ranking[0]
    intent = declared.get(top["name"])
    urgent = intent is not None and intent.group == "safety" and intent.does == "hand_over"
    if not urgent or top["confidence"] >= least_confidence(text, top["name"]):
        return reading
    rest = [each for each in reading.ranking if each is not top]
    return replace(reading, ranking=[*_unclear_first(rest), top], questions=()) if rest else reading


def _read_english(text: str, models: Models, linker: Linker | None) -> Reading:
    """Return what is understood of an English message."""
    doc = tokens_of(text)
    entities = _entities(doc, linker)
    # "Cheap" is found in a message as a whole.
    named = [(e["start"], e["end"]) for e in entities if e["entity"] != "cheap"]
    cuts, spans = parts_of(doc, named)
    story = is_story(doc)
    places = list(map(place_of, spans.values()))
    rows = models.intents.probabilities([InParts(text, places, story=story)])
    pieces = {
        part: Piece.of(span, row @ models.summed)
        for (part, span), row in zip(spans.items(), rows, strict=True)
    }
    safety = models.roles.safety
    dangers = {each.text: float(each.chances[safety].sum()) for each in pieces.values()}
    # Of a very long message the last sentences are read; what rules see before them stays.
    begins = min((start for start, end in places if end - start < len(text)), default=0)
    dangers |= {text[:begins]: 1.0}
    return replace(_of_pieces(doc, entities, cuts, spans, pieces, rows, models), dangers=dangers)


def _of_pieces(
    doc: Doc,
    entities: tuple[dict[str, Any], ...],
    cuts: list[Any],
    spans: dict[tuple[int, int], Any],
    pieces: Mapping[tuple[int, int], Piece],
    rows: np.ndarray,
    models: Models,
) -> Reading:
    """Return what an English message says, given what the classifier says of its parts."""
    story = is_story(doc)
    all_of_it = (0, max(last for _, last in spans))
    whole = pieces[all_of_it]
    ranking = _ranked(models, rows[list(spans).index(all_of_it)])
    decided = intent_of_values(doc, entities, ranking, models.declared)
    if decided is not None:
        return _of_intent(doc, _first(ranking, decided), entities)
    if is_surely_danger(whole, models.roles, story=story):
        return _of_intent(doc, ranking, entities)
    asked = _asked(cuts, pieces, whole, models)
    if asked:
        names = models.roles.names
        questions = tuple(
            Question(spans[q.part].text, *place_of(spans[q.part]), names[q.intent], q.confidence)
            for q in asked
        )
        return Reading(_first(ranking, questions[0].intent), questions, entities)
    if story and models.stories is not None and len(pieces) > 1:
        sentences = [piece for part, piece in pieces.items() if part != all_of_it]
        weights = models.stories.weights(sentences, whole)
        ranking = _ranked(models, weights @ rows)
    return _of_intent(doc, _unclear_first(ranking), entities)


def _asked(
    cuts: list[Any], pieces: Mapping[tuple[int, int], Piece], whole: Piece, models: Models
) -> list[Asked]:
    """Return the parts of a message that decide what it asks; none where the whole does."""
    danger = cry_for_help(pieces, whole, models.roles)
    if danger is not None:
        return [danger]
    if models.cuts is None or not cuts:
        return []
    asked = questions_of(cuts, pieces, models.cuts)
    if len(asked) > 1:
        return asked
    if models.roles.small_talk[whole.top]:
        one = behind_a_greeting(asked, pieces, models.roles)
        return [] if one is None else [one]
    return []


def _of_intent(doc: Doc, ranking: Ranking, entities: tuple[dict[str, Any], ...]) -> Reading:
    """Return the reading of a message that asks one thing."""
    text, intent = doc.text, ranking[0]
    one = Question(text, 0, len(text), intent["name"], intent["confidence"])
    return Reading(ranking, (one,), entities)


def _ranked(models: Models, row: np.ndarray) -> Ranking:
    return ranked(models.intents.labels, row, RANKING_LENGTH)


def _first(ranking: Ranking, intent: str) -> Ranking:
    """Return a ranking with an intent first that something else than the classifier decided."""
    own = next((r for r in ranking if r["name"] == intent), {"name": intent, "confidence": 0.0})
    return [own, *(each for each in ranking if each["name"] != intent)]


def _unclear_first(ranking: Ranking) -> Ranking:
    """Return a ranking with the fallback first if its likeliest intent is not likely."""
    chance = ranking[0]["confidence"]
    unclear = {"name": FALLBACK, "confidence": 1.0 - chance}
    return [unclear, *ranking] if chance < UNCLEAR else ranking


def _entities(doc: Doc, linker: Linker | None) -> tuple[dict[str, Any], ...]:
    """Return the entities of an English message, with names that stand in other letters."""
    found = extract(doc, linker)
    for match in islice(_OTHER_LETTERS.finditer(doc.text), MOST_FOREIGN_NAMES):
        language = by_script(match[0])
        if language in KNOWN:
            named = extract(tokens_of(gloss(match[0], str(language))), linker)
            found += [e | {"start": match.start(), "end": match.end()} for e in named]
    half = MOST_ENTITIES // 2
    return tuple(found if len(found) <= MOST_ENTITIES else [*found[:half], *found[-half:]])


_STUDIES = re.compile(r"\b(?:[ée]tudi|estud|stud[ie]|учусь|студент)", re.IGNORECASE)


def _cities(text: str, linker: Linker | None) -> list[dict[str, Any]]:
    """Return the cities of a message in another language, which no glossary holds.

    Beside words of studying they are where somebody comes from as likely as where they want to go.
    """
    if _STUDIES.search(text):
        return []
    return [
        entity
        for entity in extract(tokens_of(text), linker)
        if entity["entity"] == "place" and not entity.get("typo") and entity["text"][0].isupper()
    ]


def _read_translated(text: str, language: str, models: Models, linker: Linker | None) -> Reading:
    """Return what is understood of a message in a language that the encoder knows."""
    assert models.languages is not None
    labels = models.languages.model.labels
    ranking = ranked(labels, models.languages.probabilities(text), RANKING_LENGTH)
    words = gloss(text, language)[:LONGEST_GLOSS]
    entities = extract(tokens_of(words), linker)
    if all(e.get("role") == "origin" for e in entities if e["entity"] == "country"):
        # "Soy enfermera mexicana y vivo en Madrid"
        entities += _cities(text, linker)
    entities = entities[:MOST_ENTITIES]
    change = models.declared.with_role("change_search")
    if change and _changes_a_search(text, words, entities):
        ranking = _first(ranking, change)
    else:
        ranking = _unclear_first(ranking)
    # What was found stands in the gloss; in the message it is anywhere.
    placed = tuple(entity | {"start": 0, "end": len(text)} for entity in entities)
    return Reading(ranking, (), placed, language=language, gloss=words)


def _changes_a_search(text: str, words: str, entities: list[dict[str, Any]]) -> bool:
    """Tell whether a short message only names things to search for: "¿y en Kenia?".

    Args:
        text: the message.
        words: its gloss.
        entities: those of the gloss, with their offsets in it.
    """
    if len(_WORD.findall(text)) > _FEW_WORDS or not any(e["entity"] in _WHERE for e in entities):
        return False
    named = [entity for entity in entities if entity["entity"] != "cheap"]
    return set(_blanked(words, named).split()) <= _RELATIVE


def _declined(reading: Reading, language: str, declared: Intents) -> Reading:
    """Return a reading that declines a language that can't be read, unless it sounds dangerous."""
    decline = declared.with_role("decline")
    top = declared.get(reading.ranking[0]["name"])
    if decline is None or (top is not None and top.group == "safety"):
        return replace(reading, language=language)
    own, *rest = _first(reading.ranking, decline)
    ranking = [{**own, "kind": "other_languages"}, *rest]
    return replace(reading, language=language, ranking=ranking, questions=())


def _without_names(text: str, linker: Linker | None) -> str:
    return _blanked(text, extract(tokens_of(text), linker))


def _blanked(text: str, entities: Iterable[Mapping[str, Any]]) -> str:
    """Return a text with blanks in the place of its entities."""
    kept = list(text)
    for entity in entities:
        start, end = entity["start"], entity["end"]
        kept[start:end] = " " * (end - start)
    return "".join(kept)
