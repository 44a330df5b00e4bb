"""Messages in other languages than English: which language, what they ask, and its English words.

The multilingual encoder knows sixteen languages. A message in one of them is read by a classifier
of its own, over that encoder's vectors alone: the n-grams and the other encoder know English only.
A message in any other language is declined in words.
"""

from __future__ import annotations

import json
import re
import runpy
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse
import spacy
from lingua import IsoCode639_1, LanguageDetector, LanguageDetectorBuilder
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from preceptor.nlu.component import TrainedStep, language_of
from preceptor.nlu.entities.extractor import extract, shared_linker
from preceptor.nlu.entities.glossary import GLOSS, gloss
from preceptor.nlu.intents.component import KIND, RANKING, label_of, ranked
from preceptor.nlu.intents.features import meaning
from preceptor.nlu.intents.ridge import QuadraticRidge
from preceptor.nlu.normalize import fold
from preceptor.nlu.questions.reader import QUESTIONS
from preceptor.nlu.safety import URGENCY
from preceptor.nlu.spelling import is_english
from preceptor.nlu.tokens import tokens_of

LANGUAGE = "language"
"""Output key: ISO 639-1 code of a message's language; absent where it is English."""

KNOWN = frozenset("ar de es fr it ja ko nl pl pt ru th tr zh".split())
"""The languages besides English that the encoder was trained on (Yang et al. 2019)."""

# Languages in Latin letters that are told apart. Those of the first row are read, of the second
# declined in words.
_LATIN = (
    "es fr de pt it nl pl tr "
    "id vi fi sv nb da cs hu ro hr tl af yo sw so zu"
).split()  # fmt: skip
# Scripts, the most telling first: Japanese mixes kana into Han characters, Persian and Ukrainian
# have letters that Arabic and Russian lack.
_SCRIPTS: tuple[tuple[str, float, re.Pattern[str]], ...] = tuple(
    (code, share, re.compile(f"[{letters}]"))
    for code, share, letters in (
        ("ja", 0.1, "\u3040-\u30ff"),
        ("zh", 0.4, "\u3400-\u9fff"),
        ("ko", 0.4, "\uac00-\ud7af\u1100-\u11ff"),
        ("th", 0.4, "\u0e00-\u0e7f"),
        ("uk", 0.01, "\u0456\u0457\u0454\u0491"),
        ("sr", 0.01, "\u0458\u0459\u045a\u045b\u0452\u045f"),
        ("ru", 0.4, "\u0400-\u04ff"),
        ("ur", 0.01, "\u0679\u0688\u0691\u06ba\u06d2"),
        ("fa", 0.01, "\u067e\u0686\u0698\u06af\u06a9\u06cc"),
        ("ar", 0.4, "\u0600-\u06ff\u0750-\u077f"),
        ("hi", 0.4, "\u0900-\u097f"),
        ("el", 0.4, "\u0370-\u03ff"),
        ("he", 0.4, "\u0590-\u05ff"),
        ("bn", 0.4, "\u0980-\u09ff"),
        ("ta", 0.4, "\u0b80-\u0bff"),
        ("te", 0.4, "\u0c00-\u0c7f"),
        ("am", 0.4, "\u1200-\u137f"),
    )
)
_WORD = re.compile(r"[^\W\d_]+")
_COMMON = 3
# From how many words on a language that can't be read is told from names and typos.
_ENOUGH_WORDS = 3
_FEW_WORDS = 5
_WHERE = frozenset({"country", "place", "region"})
_RELATIVE = frozenset({"cheaper", "shorter", "longer"})
_DECLINED = {"name": "out_of_scope", KIND: "other_languages"}


@cache
def _detector(languages: tuple[str, ...]) -> LanguageDetector:
    """Return lingua's detector; its small models take 34 MB, the large ones 600 MB and 6 s."""
    codes = [getattr(IsoCode639_1, code.upper()) for code in languages]
    return LanguageDetectorBuilder.from_iso_codes_639_1(*codes).with_low_accuracy_mode().build()


def _confidences(text: str, languages: Iterable[str]) -> dict[str, float]:
    found = _detector(tuple(languages)).compute_language_confidence_values(text)
    return {v.language.iso_code_639_1.name.lower(): v.value for v in found}


@dataclass(frozen=True)
class Words:
    """By which words a language is known.

    Attributes:
        english: folded words of the English training questions, with how many hold each.
        foreign: by language, words that are common in it and no English function words.
    """

    english: Mapping[str, int]
    foreign: Mapping[str, frozenset[str]]

    @classmethod
    def learn(cls, english: Iterable[str], foreign: Iterable[tuple[str, str]]) -> Words:
        """Learn from questions, the foreign ones as (language, text).

        Function words come from spaCy's lists of stop words (MIT).
        """
        counts: Counter[str] = Counter()
        for text in english:
            counts.update({fold(word) for word in _WORD.findall(text.lower())})
        of: dict[str, set[str]] = {code: set(_stop_words(code)) for code in _LATIN}
        for code, text in foreign:
            if code in of:
                of[code].update(_WORD.findall(text.lower()))
        plain = _stop_words("en")
        return cls(counts, {code: frozenset(words - plain) for code, words in of.items()})

    @cached_property
    def _readable(self) -> frozenset[str]:
        """Words of the languages in Latin letters that are read."""
        return frozenset().union(*(self.foreign[code] for code in KNOWN & set(self.foreign)))

    def save(self, path: Path) -> None:
        """Write as JSON."""
        foreign = {code: sorted(words) for code, words in self.foreign.items()}
        content = {"english": self.english, "foreign": foreign}
        path.write_text(json.dumps(content, ensure_ascii=False), "utf-8")

    @staticmethod
    def load(path: Path) -> Words:
        """Read back what `save` wrote."""
        content = json.loads(path.read_text("utf-8"))
        foreign = {code: frozenset(words) for code, words in content["foreign"].items()}
        return Words(content["english"], foreign)

    def language(self, text: str) -> str | None:
        """Return the language of a text as ISO 639-1 code, None where it may be English.

        When in doubt it is English: names, typos and greetings of the world occur in English
        messages too.
        """
        if not text.isascii():
            letters = sum(c.isalpha() for c in text)
            plain = sum(c.isascii() and c.isalpha() for c in text)
            if plain < letters / 2 and (code := _by_script(text, letters)):
                return code
        low = text.lower()
        words = _WORD.findall(low)
        count = len(words)
        folded = [fold(word) for word in words]
        usual = [self.english.get(word, 0) for word in folded]
        if count == 0 or (count <= 4 and all(usual)):
            return None
        english = [
            n >= 5 * _COMMON or (n >= _COMMON or is_english(f)) and w not in self._readable
            for n, f, w in zip(usual, folded, words, strict=True)
        ]
        hints = {code: sum(map(known.__contains__, words)) for code, known in self.foreign.items()}
        if (all(english) and not any(hints[c] for c in KNOWN & set(hints))) or (
            count >= 4 and sum(english) >= 0.8 * count
        ):
            return None
        sure = _confidences(low, ("en", *_LATIN))
        score = {
            code: (sure.get(code, 0.0) + hints[code] / count) * (1.0 if code in KNOWN else 0.9)
            for code in _LATIN
        }
        code = max(score, key=lambda each: score[each])
        evidence = hints[code] / count
        foreign = self.foreign[code]
        common = (
            sum(n >= _COMMON and w not in foreign for n, w in zip(usual, words, strict=True))
            / count
        )
        if code not in KNOWN and (count < _ENOUGH_WORDS or sure.get(code, 0.0) < 0.5):
            return None
        if sure.get("en", 0.0) > 0.3 and evidence < 0.6:
            return None
        if evidence >= 0.25 and evidence > 0.8 * common:
            return code
        surely = sure.get(code, 0.0) > 0.9 and count >= _ENOUGH_WORDS
        if surely and sum(english) < 0.35 * count:
            return code
        return code if surely and count >= 4 and evidence and common < 0.5 else None


def _stop_words(code: str) -> frozenset[str]:
    # By its file, since importing it also makes the language's tokenizer: seconds for all.
    file = Path(spacy.__file__).parent / "lang" / code / "stop_words.py"
    if not file.exists():
        return frozenset()
    words: set[str] = runpy.run_path(str(file))["STOP_WORDS"]
    return frozenset(word.lower() for word in words)


def _by_script(text: str, letters: int) -> str | None:
    """Return the language of a text that is not in Latin letters, None for a script unknown."""
    for code, share, pattern in _SCRIPTS:
        if len(pattern.findall(text)) > share * letters:
            return code
    return None


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class LanguageReader(TrainedStep, IntentClassifier):
    """Read messages that are not in English.

    Sets `language`; for languages that the encoder knows `intent`, `intent_ranking`, the English
    `gloss` and the entities in it, for others the intent `out_of_scope` of the kind
    `other_languages`. Training questions in other languages carry `metadata: {language: es}`.

    Options: `encoders`; `most`, how many English questions a label are learnt from, since more
    cost time and gain nothing; `directions`, `dense_weight`, `linear_weight` and `penalty`, see
    `preceptor.nlu.intents.ridge.QuadraticRidge.fit`; `ranking_length`.
    """

    model: QuadraticRidge | None = None
    words: Words | None = None

    @staticmethod
    def required_packages() -> list[str]:
        """Return none: lingua's distribution has another name than its package."""
        return []

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the options."""
        return {
            "encoders": {"use": 1.0},
            "most": 150,
            "directions": 256,
            "dense_weight": 8.0,
            "linear_weight": 1.0,
            "penalty": 0.5,
            "ranking_length": 10,
        }

    def train(self, training_data: TrainingData) -> Resource:
        """Learn the languages' words, and the intents from questions in all languages."""
        asked = [e for e in training_data.intent_examples if e.get(TEXT) and e.get(INTENT)]
        foreign = [e for e in asked if language_of(e)]
        if not foreign:
            return self._resource
        english = [
            e for e in asked if not language_of(e) and not label_of(e).endswith("/other_languages")
        ]
        self.words = Words.learn(
            (e.get(TEXT) for e in english),
            ((str(language_of(e)), e.get(TEXT)) for e in foreign),
        )
        chosen = [*_thinned(english, self.config["most"]), *foreign]
        vectors = meaning([e.get(TEXT) for e in chosen], self.config["encoders"], keep=True)
        options = ("directions", "dense_weight", "linear_weight", "penalty")
        of_ridge = {k: self.config[k] for k in options}
        labels = [label_of(e) for e in chosen]
        self.model = QuadraticRidge.fit(vectors, _no_ngrams(len(chosen)), labels, **of_ridge)
        with self._model_storage.write_to(self._resource) as folder:
            self.model.save(folder / "languages.npz")
            self.words.save(folder / "words.json")
        return self._resource

    def read(self, folder: Path) -> None:
        """Read back what was learnt."""
        self.model = QuadraticRidge.load(folder / "languages.npz")
        self.words = Words.load(folder / "words.json")

    def process(self, messages: list[Message]) -> list[Message]:
        """Read the messages that are not in English; leave the others alone."""
        if self.words is None or self.model is None:
            return messages
        for message in messages:
            text = message.get(TEXT) or ""
            language = self.words.language(_without_names(text, message.get(ENTITIES) or []))
            if language in KNOWN:
                self._read(message, text, str(language))
            elif language:
                _decline(message, language)
        return messages

    def _read(self, message: Message, text: str, language: str) -> None:
        assert self.model is not None
        vectors = meaning([text], self.config["encoders"])
        row = self.model.probabilities(vectors, _no_ngrams(1))[0]
        ranking = ranked(self.model.labels, row, self.config["ranking_length"])
        linker = shared_linker().current()
        words = gloss(text, language)
        entities = extract(tokens_of(words), linker)
        if _changes_a_search(text, words, entities):
            # As sure as the reading that it replaces, see QuestionReader.
            decided = {"name": "refine_search", "confidence": ranking[0]["confidence"]}
            ranking = [decided, *(r for r in ranking if r["name"] != decided["name"])]
        for entity in entities:
            # What was found stands in the gloss; in the message it is anywhere.
            entity |= {"start": 0, "end": len(text)}
        message.set(LANGUAGE, language, add_to_output=True)
        message.set(GLOSS, words, add_to_output=True)
        message.set(ENTITIES, entities, add_to_output=True)
        message.set(RANKING, ranking, add_to_output=True)
        message.set(INTENT, ranking[0], add_to_output=True)
        message.set(QUESTIONS, [], add_to_output=True)


def _changes_a_search(text: str, words: str, entities: list[dict[str, Any]]) -> bool:
    """Tell whether a short message only names things to search for: "¿y en Kenia?".

    Args:
        text: the message.
        words: its gloss.
        entities: those of the gloss, with their offsets in it.
    """
    if len(_WORD.findall(text)) > _FEW_WORDS or not any(e["entity"] in _WHERE for e in entities):
        return False
    left = words
    for entity in sorted(entities, key=lambda e: -e["start"]):
        if entity["entity"] != "cheap":
            left = left[: entity["start"]] + left[entity["end"] :]
    return set(left.split()) <= _RELATIVE


def _without_names(text: str, entities: Iterable[Mapping[str, Any]]) -> str:
    """Return a text without the catalogue's names: they are the same in every language."""
    kept = list(text)
    for entity in entities:
        for i in range(entity["start"], entity["end"]):
            kept[i] = " "
    return "".join(kept)


def _thinned(examples: list[Message], most: int) -> list[Message]:
    """Return at most so many examples a label, spread evenly over the files."""
    of: dict[str, list[Message]] = {}
    for example in examples:
        of.setdefault(label_of(example), []).append(example)
    return [
        group[int(i)]
        for group in of.values()
        for i in np.linspace(0, len(group) - 1, min(most, len(group)))
    ]


def _no_ngrams(rows: int) -> scipy.sparse.csr_matrix:
    return scipy.sparse.csr_matrix((rows, 1), dtype=np.float32)


def _decline(message: Message, language: str) -> None:
    """Have a message in a language that can't be read declined, unless it sounds dangerous."""
    message.set(LANGUAGE, language, add_to_output=True)
    if (message.get(INTENT) or {}).get("name") in URGENCY:
        return
    declined = {**_DECLINED, "confidence": 1.0}
    rest = [r for r in message.get(RANKING) or [] if r["name"] != declined["name"]]
    message.set(INTENT, declined, add_to_output=True)
    message.set(RANKING, [declined, *rest], add_to_output=True)
    message.set(QUESTIONS, [], add_to_output=True)
