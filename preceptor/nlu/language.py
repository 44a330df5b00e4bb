"""Which language a message is in, and what a message in another language than English asks.

The multilingual encoder knows sixteen languages. A message in one of them is read by a classifier
of its own, over that encoder's vectors alone: the n-grams and the other encoder know English only.
A message in any other language is declined in words.
"""

from __future__ import annotations

import json
import re
import runpy
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import spacy
from lingua import IsoCode639_1, LanguageDetector, LanguageDetectorBuilder

from preceptor.nlu.intents.features import meaning
from preceptor.nlu.intents.ridge import QuadraticRidge
from preceptor.nlu.normalize import fold
from preceptor.nlu.spelling import is_english

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
# In how many training questions a word must stand to count as English.
_COMMON = 3
# How much a share of words counts beside what the detector says, by how much another language must
# lead, and what a language that can't be read must lead by besides.
_WORDS_WEIGH, _LEAD, _LEAD_UNREADABLE = 1.5, 0.4, 0.2
# From how many words on, and how sure, a language that can't be read is told from names and typos.
_ENOUGH_WORDS, _SURE = 3, 0.5
_FEW_WORDS = 4
# The kind of out-of-scope questions in languages that are not told apart.
_DECLINED = "/other_languages"
# How many characters of a text's start and of its end tell its language.
_ENOUGH = 1000


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
        """Return the language of a text as ISO 639-1 code, None if it may be English.

        When in doubt it is English: names, typos and greetings of the world occur in English
        messages too.
        """
        if len(text) > 2 * _ENOUGH:
            text = f"{text[:_ENOUGH]} {text[-_ENOUGH:]}"
        return by_script(text) or self._by_words(text.lower())

    def _by_words(self, low: str) -> str | None:
        """Return the language of a text in Latin letters and lower case, None if English."""
        words = _WORD.findall(low)
        count = len(words)
        seen = [self.english.get(fold(word), 0) for word in words]
        if count == 0 or (count <= _FEW_WORDS and all(seen)):
            return None
        english = [
            (n >= _COMMON or is_english(fold(word))) and word not in self._readable
            for n, word in zip(seen, words, strict=True)
        ]
        if all(english):
            return None
        sure = _confidences(low, ("en", *_LATIN))
        score = {
            code: sure.get(code, 0.0)
            + _WORDS_WEIGH * sum(map(self.foreign[code].__contains__, words)) / count
            - (0.0 if code in KNOWN else _LEAD_UNREADABLE)
            for code in _LATIN
        }
        code = max(score, key=lambda each: score[each])
        if code not in KNOWN and (count < _ENOUGH_WORDS or sure.get(code, 0.0) < _SURE):
            return None
        leads = score[code] - sure.get("en", 0.0) - _WORDS_WEIGH * sum(english) / count
        return code if leads > _LEAD else None


def by_script(text: str) -> str | None:
    """Return the language of a text that is mostly in other letters than Latin, otherwise None."""
    if text.isascii():
        return None
    letters = sum(c.isalpha() for c in text)
    if 2 * sum(c.isascii() and c.isalpha() for c in text) >= letters:
        return None
    for code, share, pattern in _SCRIPTS:
        if len(pattern.findall(text)) > share * letters:
            return code
    return None


def _stop_words(code: str) -> frozenset[str]:
    # By its file, since importing it also makes the language's tokenizer: seconds for all.
    file = Path(spacy.__file__).parent / "lang" / code / "stop_words.py"
    if not file.exists():
        return frozenset()
    words: set[str] = runpy.run_path(str(file))["STOP_WORDS"]
    return frozenset(word.lower() for word in words)


@dataclass(frozen=True)
class LanguageReader:
    """Tells languages apart and reads what is asked in those that the encoder knows.

    Attributes:
        words: by which a language is known.
        model: the classifier over the multilingual encoder's vectors.
        encoder: that encoder's name.
    """

    words: Words
    model: QuadraticRidge
    encoder: str

    @classmethod
    def fit(
        cls,
        english: Sequence[tuple[str, str]],
        foreign: Sequence[tuple[str, str, str]],
        *,
        encoder: str,
        most: int,
        **ridge: float,
    ) -> LanguageReader:
        """Learn the languages' words, and the intents from questions in all languages.

        Args:
            english: questions and their labels.
            foreign: languages, questions and their labels.
            encoder: see the class.
            most: how many English questions per label are learnt from: more cost time and gain
                nothing.
            ridge: see `QuadraticRidge.fit_and_hold_out`.
        """
        # What is declined for its language is no English.
        plain = [each for each in english if not each[1].endswith(_DECLINED)]
        words = Words.learn(
            (text for text, _ in plain), ((code, text) for code, text, _ in foreign)
        )
        of_label: dict[str, list[str]] = {}
        for text, label in plain:
            of_label.setdefault(label, []).append(text)
        # Spread evenly over the files.
        asked = [
            (texts[int(i)], label)
            for label, texts in of_label.items()
            for i in np.linspace(0, len(texts) - 1, min(most, len(texts)))
        ]
        asked += [(text, label) for _, text, label in foreign]
        rows = meaning([text for text, _ in asked], {encoder: 1.0})
        model = QuadraticRidge.fit(rows, [label for _, label in asked], **ridge)
        return cls(words, model, encoder)

    def language(self, text: str, without_names: Callable[[str], str]) -> str | None:
        """Return a message's language, None if it may be English.

        Args:
            text: the message.
            without_names: blanks out the catalogue's names, which are the same in every language.
        """
        found = self.words.language(text)
        if found is None or by_script(text):
            return found
        return self.words.language(without_names(text))

    def probabilities(self, text: str) -> np.ndarray:
        """Return the probability of each class of the model for a message, shape (c,)."""
        (row,) = self.model.probabilities(meaning([text], {self.encoder: 1.0}))
        return np.asarray(row)

    def save(self, folder: Path) -> None:
        """Write what was learnt as plain data: reading it back runs no code."""
        self.model.save(folder / "languages.npz")
        self.words.save(folder / "languages.json")

    @classmethod
    def load(cls, folder: Path, encoder: str) -> LanguageReader | None:
        """Read back what `save` wrote, None if there were no questions in other languages."""
        if not (folder / "languages.npz").exists():
            return None
        model = QuadraticRidge.load(folder / "languages.npz")
        return cls(Words.load(folder / "languages.json"), model, encoder)
