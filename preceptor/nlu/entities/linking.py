"""Links words to the catalogue: places, specialties, stages, programmes and the rest."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc, Span

from preceptor.catalogue.language_names import language_code
from preceptor.catalogue.vocabulary import Term, Vocabulary
from preceptor.nlu.entities.country_names import further_names, written_forms
from preceptor.nlu.entities.roles import WHERE, is_own_name, role_of
from preceptor.nlu.normalize import fold
from preceptor.nlu.spelling import Mender, is_english
from preceptor.nlu.tokens import blank_english, tokens_of

# Where two things share the same words, the earlier kind wins.
_ORDER = {
    kind: rank
    for rank, kind in enumerate(
        ("program", "organisation", "country", "place", "region", "specialty", "language", "stage",
         "kind", "registration")
    )
}  # fmt: skip
_UNCLEAR = {"country", "registration"}
_TYPOS = {"country", "place", "region", "specialty"}
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
# "I speak English and French", but not "I speak English and go to French hospitals".
_SPEAK = {"speak", "speaks", "fluent", "languages"}
_GO = {"in", "to", "want", "at", "for", "from"}
# "Do I need Spanish for Peru?" needs the language, "I need Spanish hospitals" does not.
_NEEDED_BEFORE = {"need", "needs", "needed", "require", "requires"}
_NEEDED_AFTER = {"", "?", ".", "!", ",", "for", "in", "to", "at", "before", "there", "if", "or"}
_FEW_WORDS, _MOST_TYPOS = 4, 200
_IN_COUNTRY_AFTER = {"hospital", "hospitals", "doctor", "doctors", "clinic", "clinics", "medical"}


@dataclass(frozen=True)
class Link:
    """A stretch of text that means a thing of the catalogue.

    Attributes:
        kind: the thing's kind, one of `preceptor.catalogue.vocabulary.TermKind`.
        id: its key in the catalogue.
        start: offset of its first character in the text.
        end: offset behind its last character.
        role: `excluded` if the text says that it is not wanted ("not in Asia"), `origin` if
            somebody comes from there ("I'm from Egypt", "an Egyptian student"), `unclear` if the
            words mean this or another country or regulator ("Congo", "NMC"; each is a link of
            its own), else None.
        exact: False if a typo was forgiven.
    """

    kind: str
    id: str
    start: int
    end: int
    role: str | None = None
    exact: bool = True


@dataclass(frozen=True)
class _Match:
    """Tokens that match terms of the same text.

    Attributes:
        span: the tokens.
        terms: what they mean here: one term, or one for each thing of an unclear name.
        others: what else the same words mean in other messages.
        exact: False if a typo was forgiven.
        city: the city in front of a country or state: what is said of it is said of them.
    """

    span: Span
    terms: tuple[Term, ...]
    others: tuple[Term, ...] = ()
    exact: bool = True
    city: Span | None = None


class Linker:
    """Finds the catalogue's things in texts; built once per version of the vocabulary."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        """Index the terms: as token patterns, and as folded words for typos."""
        self.version = vocabulary.version
        self._place_countries = vocabulary.place_countries
        nlp = blank_english()
        self._matcher = PhraseMatcher(nlp.vocab, attr="NORM")
        self._terms: dict[str, list[Term]] = {}
        self._joined: dict[str, list[Term]] = {}
        for term in vocabulary.terms:
            self._add(term)
            if term.kind in _TYPOS and not term.ambiguous:
                self._joined.setdefault(fold(term.text).replace(" ", ""), []).append(term)
        named = frozenset(self._terms)
        for term in _further_terms(vocabulary):
            # A name that the catalogue has for something keeps that meaning.
            self._add(term, besides=named)
        self._mender = Mender(self._joined)
        self._names = _first_names(vocabulary)

    def _add(self, term: Term, besides: Collection[str] = ()) -> None:
        """Index a term as it is written and in the ways that spaCy splits differently.

        Those are small letters with points, "U.A.E." as it stands before a question mark, and the
        year of a course as "yr".
        """
        forms = [term.text]
        if "." in term.text:
            forms.append(term.text.lower())
        if re.fullmatch(r"(?:[A-Z]\.){2,}", term.text):
            forms += [form[:-1] for form in forms]
        if term.kind == "stage":
            forms.append(re.sub(r"\byear\b", "yr", term.text))
        for text in dict.fromkeys(forms):
            doc = tokens_of(text)
            key = " ".join(token.norm_ for token in doc)
            if not key or key in besides:
                continue
            if key not in self._terms:
                self._matcher.add(key, [doc])
            terms = self._terms.setdefault(key, [])
            if term not in terms:
                terms.append(term)

    def links(self, doc: Doc) -> list[Link]:
        """Return what the text speaks of, in order, without overlaps.

        Args:
            doc: the text's tokens, from `preceptor.nlu.tokens.tokens_of`.
        """
        found = list(self._exact(doc))
        taken = {i for match in found for i in range(match.span.start, match.span.end)}
        found += self._typos(doc, taken)
        # The longer match wins, then the kind that comes first.
        found.sort(key=lambda m: (-len(m.span), _ORDER[m.terms[0].kind], m.span.start))
        used: set[int] = set()
        kept = []
        for match in found:
            tokens = range(match.span.start, match.span.end)
            if used.isdisjoint(tokens):
                used.update(tokens)
                kept.append(match)
        kept.sort(key=lambda match: match.span.start)
        kept = self._with_addresses([match for match in kept if not self._is_name(match)])
        return [link for m in self._made_clear(kept) for link in _links_of(m, self._names)]

    def _exact(self, doc: Doc) -> Iterator[_Match]:
        """Yield the words that the catalogue has."""
        for key, start, end in self._matcher(doc):
            terms, span = self._terms[doc.vocab.strings[key]], doc[start:end]
            if meant := self._choose(span, terms):
                yield _Match(span, meant, tuple(terms))

    def _choose(self, span: Span, terms: list[Term]) -> tuple[Term, ...]:
        """Return what the words mean here; empty if the context speaks against all."""
        likely = [t for t in terms if not t.ambiguous or _context_allows(span, t)]
        languages = [t for t in likely if t.kind == "language"]
        # Of a language that no programme asks for, the catalogue has only the people. Nauru's is
        # named as the country is.
        if (
            not languages
            and fold(span.text) not in self._names
            and (code := language_code(span.text))
        ):
            languages = [Term("language", code, span.text)]
        if languages and _speaks_of_language(span):
            return (languages[0],)
        if len(likely) > 1:
            likely = [t for t in likely if t.kind != "language"]
        if not likely:
            return ()
        best = min(likely, key=lambda t: _ORDER[t.kind])
        if best.kind not in _UNCLEAR:
            return (best,)
        # "Congo" is two countries, "NMC" two regulators.
        return tuple({t.id: t for t in likely if t.kind == best.kind}.values())

    def _is_name(self, match: _Match) -> bool:
        """Tell whether a place's name is a person's: "I'm Kenya Jones", "Regards, India"."""
        term = match.terms[0]
        if term.kind not in WHERE or fold(match.span.text) not in self._names:
            return False
        return is_own_name(match.span)

    def _country(self, term: Term) -> str | None:
        return term.id if term.kind == "country" else self._place_countries.get(term.id)

    def _with_addresses(self, matches: list[_Match]) -> list[_Match]:
        """Read "city, state" and "city, country" as one place.

        In "Atlanta, Georgia" the second is the state, since Atlanta lies in it; in "Newcastle,
        South Africa" no Newcastle of the catalogue is meant, but the country is.
        """
        kept: list[_Match] = []
        for i, match in enumerate(matches):
            following = matches[i + 1] if i + 1 < len(matches) else None
            if not kept or not _one_address(kept[-1], match, following):
                kept.append(match)
                continue
            city = kept[-1]
            home = self._country(city.terms[0])
            inside = [t for t in match.others if home and self._country(t) == home]
            if not inside:
                # A city that is unknown there: "Athens, Georgia" is in the state.
                states = tuple(t for t in match.others if t.kind == "place")
                kept[-1:] = [replace(match, terms=states[:1] or match.terms, city=city.span)]
            elif country := next((t for t in inside if t.kind == "country"), None):
                kept.append(replace(match, terms=(country,), city=city.span))
        return kept

    def _made_clear(self, matches: list[_Match]) -> list[_Match]:
        """Tell which country an unclear name means by the others in the text: "Congo (DRC)"."""
        others = {self._country(m.terms[0]) for m in matches if len(m.terms) == 1}
        clear = []
        for match in matches:
            meant = tuple(t for t in match.terms if t.id in others)
            clear.append(replace(match, terms=meant) if len(meant) == 1 else match)
        return clear

    def _typos(self, doc: Doc, taken: set[int]) -> Iterator[_Match]:
        """Yield near misses: single words, and two words written apart ("sri lnka")."""
        tried = 0
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
                # No message has so many typos: it is no English, and each costs a search.
                tried += not all(map(is_english, norms))
                if tried > _MOST_TYPOS:
                    return
                text = "".join(norms)
                meant = self._mender.mend(text)
                if meant is not None:
                    taken.update(window)
                    term = min(self._joined[meant], key=lambda t: _ORDER[t.kind])
                    yield _Match(doc[i : i + width], (term,), tuple(self._joined[meant]), False)


def _further_terms(vocabulary: Vocabulary) -> Iterator[Term]:
    """Yield countries' official and shortened names and flags, and places' hyphenated names."""
    countries: dict[str, list[Term]] = {}
    for term in vocabulary.of_kind("country"):
        countries.setdefault(term.id, []).append(term)
    for iso2, terms in countries.items():
        unclear = {fold(t.text) for t in terms if t.ambiguous}
        for name in further_names(iso2, [t.text for t in terms]):
            if fold(name) not in unclear:
                yield Term("country", iso2, name)
    for term in (*vocabulary.of_kind("place"), *vocabulary.of_kind("region")):
        if not term.ambiguous:
            for name in written_forms(term.text):
                yield Term(term.kind, term.id, name)


def _first_names(vocabulary: Vocabulary) -> frozenset[str]:
    """Return the folded names of places that are no adjectives: "kenya", but not "kenyan"."""
    first: dict[tuple[str, str], str] = {}
    for term in vocabulary.terms:
        if term.kind in WHERE:
            first.setdefault((term.kind, term.id), fold(term.text))
    return frozenset(first.values())


def _one_address(city: _Match, state: _Match, following: _Match | None) -> bool:
    """Tell whether two places are written as "city, state" and are no list."""
    kinds = (city.terms[0].kind, state.terms[0].kind)
    if kinds[0] != "place" or kinds[1] not in ("place", "country"):
        return False
    between = _between(city, state)
    if between == "," or (between == "" and kinds[1] == "country"):
        listed = following is not None and following.terms[0].kind in WHERE
        return not (listed and following and _between(state, following) in _LISTED)
    return False


_LISTED = {",", "or", "and", ", or", ", and", "/", "&"}


def _between(left: _Match, right: _Match) -> str:
    doc = left.span.doc
    if right.span.start - left.span.end > 2:
        return "…"
    return str(doc[left.span.end : right.span.start].text.strip().lower())


def _links_of(match: _Match, names: Collection[str]) -> list[Link]:
    links = []
    for term in match.terms:
        role = role_of(match.city or match.span, term, names)
        if role is None and len(match.terms) > 1:
            role = "unclear"
        span = match.span
        links.append(Link(term.kind, term.id, span.start_char, span.end_char, role, match.exact))
    if match.terms[0].kind == "stage":
        # "FY1" is a stage of training and the name of what one country demands.
        links += [
            Link(other.kind, other.id, match.span.start_char, match.span.end_char)
            for other in match.others
            if other.kind == "registration"
        ]
    return links


@lru_cache(maxsize=1)
def _word_count(doc: Doc) -> int:
    return sum(not (t.is_punct or t.is_space) for t in doc)


def _context_allows(span: Span, term: Term) -> bool:
    """Tell whether an ambiguous word is meant as the catalogue's thing."""
    doc = span.doc
    before = doc[span.start - 1].norm_ if span.start else ""
    after = doc[span.end].norm_ if span.end < len(doc) else ""
    if term.kind not in WHERE:
        return _is_a_term(span, term)
    alone = _word_count(doc) == len(span)
    if alone or fold(span.text) in _GERMAN_WORDS:
        return alone or before in _IN_GERMAN
    if before in _BEFORE_PERSON or after in _AFTER_PERSON - {"and", "is"} or after in {"'s", "’s"}:
        return False
    if after == "is" and before not in _FIRM_BEFORE_PLACE:
        return False
    if before in _FIRM_BEFORE_PLACE:
        return fold(span.text) not in _NEVER_AFTER_IN or any(t.text[0].isupper() for t in span)
    if before in _BEFORE_PLACE or before in {",", "/", "&"} or after in {"?", "!"}:
        return any(t.text[0].isupper() for t in span)
    return span.text.isupper() and len(span.text) > 1 and not doc.text.isupper()


def _is_a_term(span: Span, term: Term) -> bool:
    """Tell whether an ambiguous word that is no place is meant as the catalogue's thing."""
    doc = span.doc
    near = {t.norm_ for t in doc[max(0, span.start - 3) : span.end + 3]}
    if term.kind == "registration":
        # "NExT", "Step 1": as it is written, or beside words of examinations.
        written = span.text == term.text and not doc.text.isupper()
        return written or bool(near & _EXAM_WORDS)
    # A short name such as "er" or "psych": in capitals, or beside words of placements.
    return _word_count(doc) <= _FEW_WORDS or span.text.isupper() or bool(near & _PLACEMENT_WORDS)


_EXAM_WORDS = {
    "exam", "exams", "examination", "test", "score", "usmle", "pass", "passed", "passing",
    "cleared", "clearing", "took", "taken", "residency", "nmc",
}  # fmt: skip
# "Essen reichen" is said of meals, with a capital as German has it.
_GERMAN_WORDS = {"essen"}
_IN_GERMAN = _FIRM_BEFORE_PLACE | {"nach", "aus", "bei"}
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
    if after in _IN_COUNTRY_AFTER and before in {"in", "a", "an", "the", "any", "some"}:
        return False
    needed = before in _NEEDED_BEFORE and after in _NEEDED_AFTER
    words = [token.norm_ for token in doc[max(0, span.start - 6) : span.start]]
    if words[-2:] in (["bit", "of"], ["knowledge", "of"]):
        return True
    if before in {"and", ",", "or"} and _SPEAK.intersection(words) and not _GO.intersection(words):
        return True
    return needed or before in _LANGUAGE_BEFORE or after in _LANGUAGE_AFTER
