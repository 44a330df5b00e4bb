"""Links words to the catalogue: places, specialties, stages, programmes and the rest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rapidfuzz.distance import OSA
from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc, Span

from preceptor.catalogue.vocabulary import Term, Vocabulary
from preceptor.nlu.normalize import fold
from preceptor.nlu.spelling import Mender, is_english
from preceptor.nlu.tokens import blank_english, tokens_of

# Where two things share the same words, the earlier kind wins.
_ORDER = {
    kind: rank
    for rank, kind in enumerate(
        ("program", "organisation", "country", "place", "region", "specialty", "language", "stage",
         "kind")
    )
}  # fmt: skip
_WHERE = {"country", "place", "region"}
_TYPOS = {"country", "place", "region", "specialty"}
_NOTS = {
    "not",
    "n't",
    "dont",
    "never",
    "no",
    "except",
    "excluding",
    "without",
    "besides",
    "nor",
    "avoid",
    "hate",
}
_NOT_PHRASES = {("anything", "but"), ("other", "than"), ("instead", "of"), ("anywhere", "but"),
                ("rather", "than"), ("apart", "from"), ("aside", "from"), ("n't", "want"),
                ("not", "want"), ("dont", "want"), ("forget", "about")}  # fmt: skip
_NOT_A_NOT = {"matter", "mind", "only", "sure", "know"}
_BEFORE_PLACE = {
    "in", "to", "from", "at", "near", "around", "within", "across", "into", "towards", "via", "of",
    "for", "and", "or", "about", "visit", "visiting", "inside", "outside", "than", "between",
}  # fmt: skip
_FIRM_BEFORE_PLACE = {"in", "to", "from", "within", "across", "near", "around", "into"}
_BEFORE_PERSON = {
    "dr", "dr.", "doctor", "mr", "mr.", "mrs", "mrs.", "ms", "ms.", "prof", "professor", "sister",
    "nurse", "friend", "colleague", "named", "called", "name", "boss", "consultant", "am", "i'm",
    "im", "this", "mate", "resident", "intern", "registrar", "attending", "patient", "hi", "hey",
    "hello", "dear", "uncle", "cousin",
}  # fmt: skip
_AFTER_PERSON = {
    "says", "said", "told", "keeps", "is", "was", "has", "shouts", "shouted", "bullies", "yells",
    "thinks", "wants", "here", "refuses", "hates", "ignores", "always", "never", "and",
}  # fmt: skip
_LANGUAGE_BEFORE = {
    "speak", "speaks", "speaking", "spoken", "learn", "learning", "know", "knowing", "fluent",
    "my", "no", "poor", "any", "basic", "good", "bad", "only", "without", "medical", "in", "zero",
    "understand", "some", "little", "level", "intermediate", "conversational", "decent", "much",
}  # fmt: skip
_LANGUAGE_AFTER = {"speaking", "language", "course", "courses", "lessons", "level", "fluently",
                   "classes", "speaker", "speakers", "skills", "only", "-", "needed", "required",
                   "taught", "test", "exam", "ok", "well", "enough", "b1", "b2"}  # fmt: skip
_IN_COUNTRY_AFTER = {"hospital", "hospitals", "doctor", "doctors", "clinic", "clinics", "medical"}


@dataclass(frozen=True)
class Link:
    """A stretch of text that means a thing of the catalogue.

    Attributes:
        kind: the thing's kind, one of `preceptor.catalogue.vocabulary.TermKind`.
        id: its key in the catalogue.
        start: offset of its first character in the text.
        end: offset behind its last character.
        role: `excluded` where the text says that it is not wanted ("not in Asia"), `origin`
            where somebody comes from there ("I'm from Egypt", "an Egyptian student"), else None.
        exact: False where a typo was forgiven.
    """

    kind: str
    id: str
    start: int
    end: int
    role: str | None = None
    exact: bool = True


class Linker:
    """Finds the catalogue's things in texts; built once a version of the vocabulary."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        """Index the terms: as token patterns, and as folded words for typos."""
        self.version = vocabulary.version
        nlp = blank_english()
        self._matcher = PhraseMatcher(nlp.vocab, attr="NORM")
        self._terms: dict[str, list[Term]] = {}
        joined: dict[str, list[Term]] = {}
        patterns: dict[str, list[Doc]] = {}
        for term in vocabulary.terms:
            doc = tokens_of(term.text)
            if not len(doc):
                continue
            key = " ".join(t.norm_ for t in doc)
            self._terms.setdefault(key, []).append(term)
            patterns.setdefault(key, [doc])
            if term.kind in _TYPOS and not term.ambiguous:
                joined.setdefault(fold(term.text).replace(" ", ""), []).append(term)
        for key, docs in patterns.items():
            self._matcher.add(key, docs)
        self._joined = joined
        self._mender = Mender(joined)

    def links(self, doc: Doc) -> list[Link]:
        """Return what the text speaks of, in order, without overlaps.

        Args:
            doc: the text's tokens, from `preceptor.nlu.tokens.tokens_of`.
        """
        found: list[tuple[int, int, Term, bool]] = []
        for match_id, start, end in self._matcher(doc):
            terms = self._terms[doc.vocab.strings[match_id]]
            term = self._choose(doc[start:end], terms)
            if term is not None:
                found.append((start, end, term, True))
        taken = {i for start, end, _, _ in found for i in range(start, end)}
        found += [(s, e, t, False) for s, e, t in self._typos(doc, taken)]
        # The longer match wins, then the kind that comes first.
        found.sort(key=lambda f: (-(f[1] - f[0]), _ORDER[f[2].kind], f[0]))
        used: set[int] = set()
        links = []
        for start, end, term, exact in found:
            if used.isdisjoint(range(start, end)):
                used.update(range(start, end))
                span = doc[start:end]
                links.append(
                    Link(
                        term.kind,
                        term.id,
                        span.start_char,
                        span.end_char,
                        role=_role(span, term),
                        exact=exact,
                    )
                )
        return sorted(links, key=lambda link: link.start)

    def _choose(self, span: Span, terms: list[Term]) -> Term | None:
        """Return what the words mean here, or None where the context speaks against all."""
        likely = [t for t in terms if not t.ambiguous or _context_allows(span, t)]
        languages = [t for t in likely if t.kind == "language"]
        if languages and _speaks_of_language(span):
            return languages[0]
        if languages and len(likely) > 1:
            likely = [t for t in likely if t.kind != "language"]
        return min(likely, key=lambda t: _ORDER[t.kind], default=None)

    def _typos(self, doc: Doc, taken: set[int]) -> Iterable[tuple[int, int, Term]]:
        """Yield near misses: single words, and two words written apart ("sri lnka")."""
        for width in (2, 1):
            for i in range(len(doc) - width + 1):
                window = range(i, i + width)
                if not taken.isdisjoint(window):
                    continue
                norms = [doc[j].norm_ for j in window]
                if not all(n.isalpha() for n in norms):
                    continue
                if width == 2 and (min(map(len, norms)) < 3 or all(map(is_english, norms))):
                    continue
                text = "".join(norms)
                meant = self._mender.mend(text)
                if meant is None and width == 1 and len(text) == 4 and not is_english(text):
                    meant = self._four_letters(text)
                if meant is not None:
                    taken.update(window)
                    yield i, i + width, min(self._joined[meant], key=lambda t: _ORDER[t.kind])

    def _four_letters(self, text: str) -> str | None:
        """Return a four-letter place whose letters were swapped ("kneya" is five, "prue" four)."""
        for candidate in self._joined:
            if len(candidate) == 4 and sorted(candidate) == sorted(text):
                if OSA.distance(candidate, text) == 1:
                    return candidate
        return None


def _context_allows(span: Span, term: Term) -> bool:
    """Tell whether an ambiguous word is meant as the catalogue's thing."""
    doc = span.doc
    before = doc[span.start - 1].norm_ if span.start else ""
    after = doc[span.end].norm_ if span.end < len(doc) else ""
    words = [t for t in doc if not (t.is_punct or t.is_space)]
    if term.kind not in _WHERE:
        # A short name such as "er" or "psych": in capitals, or beside words of placements.
        near = {t.norm_ for t in doc[max(0, span.start - 3) : span.end + 3]}
        return len(words) <= 4 or span.text.isupper() or bool(near & _PLACEMENT_WORDS)
    if len(words) == len(span):
        return True
    if before in _BEFORE_PERSON or after in _AFTER_PERSON - {"and", "is"} or after in {"'s", "’s"}:
        return False
    if after == "is" and before not in _FIRM_BEFORE_PLACE:
        return False
    if before in _FIRM_BEFORE_PLACE:
        return fold(span.text) not in _NEVER_AFTER_IN or any(t.text[0].isupper() for t in span)
    if before in _BEFORE_PLACE or before in {",", "/", "&"} or after in {"?", "!"}:
        return any(t.text[0].isupper() for t in span)
    return span.text.isupper() and len(span.text) > 1 and not doc.text.isupper()


_NEVER_AFTER_IN = {"us", "nice", "reading", "bath", "mobile", "split"}
_PLACEMENT_WORDS = {
    "placement", "placements", "elective", "electives", "internship", "internships", "rotation",
    "rotations", "shadow", "shadowing", "department", "program", "programme", "programs",
    "observership", "clerkship", "volunteer", "ward", "specialty", "speciality", "and", "or", "in",
}  # fmt: skip


def _speaks_of_language(span: Span) -> bool:
    """Tell whether "Spanish" is the language here and not the country."""
    doc = span.doc
    before = doc[span.start - 1].norm_ if span.start else ""
    after = doc[span.end].norm_ if span.end < len(doc) else ""
    if after in _IN_COUNTRY_AFTER and before in {"in", "a", "the"}:
        return False
    return before in _LANGUAGE_BEFORE or after in _LANGUAGE_AFTER


def _role(span: Span, term: Term) -> str | None:
    if excluded(span.doc, span.start):
        return "excluded"
    return "origin" if term.kind in _WHERE and _comes_from(span) else None


_PERSONS = {
    "doctor", "doctors", "student", "students", "nurse", "nurses", "graduate", "graduates", "citizen",
    "citizens", "national", "passport", "intern", "interns", "medic", "dentist", "premed", "girl",
    "boy", "guy", "midwife", "physio", "resident", "img", "imgs", "degree", "mbbs", "undergraduate",
}  # fmt: skip
_SELF = {"i", "i'm", "im", "we", "me", "my", "am", "come", "coming", "originally", "graduated",
         "hail"} | _PERSONS  # fmt: skip


def _comes_from(span: Span) -> bool:
    """Tell whether the text says that somebody comes from there."""
    doc = span.doc
    after = doc[span.end].norm_ if span.end < len(doc) else ""
    before = doc[span.start - 1].norm_ if span.start else ""
    if after in _PERSONS and before not in {"in", "for"}:
        return True
    if before != "from":
        return False
    return bool(_SELF & {t.norm_ for t in doc[max(0, span.start - 6) : span.start - 1]})


def excluded(doc: Doc, start: int) -> bool:
    """Tell whether a "not" before token `start` is about it, with nothing between that ends it.

    "not in Asia", "anything but surgery", "I don't want to go to India" are; "not Uganda, Kenya"
    and "no, I meant Kenya" are not.
    """
    window: list[str] = []
    for token in reversed(doc[max(0, start - 7) : start]):
        if token.norm_ in {",", ".", ";", "?", "!", "meant", "mean", ":"}:
            break
        if token.norm_ == "but" and not (
            token.i and doc[token.i - 1].norm_ in {"anything", "anywhere", "everything"}
        ):
            break
        window.insert(0, token.norm_)
    for i, word in enumerate(window):
        following = window[i + 1 :]
        if (word, following[0] if following else "") in _NOT_PHRASES:
            return True
        if word in _NOTS and not _NOT_A_NOT.intersection(following):
            near = len(following) <= 3
            if near or _WISHES.intersection(following[:2]):
                return True
    return False


_WISHES = {"want", "like", "wish", "send", "go", "going", "interested", "wanna", "fancy", "care"}
