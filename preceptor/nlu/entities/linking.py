"""Links words to the catalogue: places, specialties, stages, programmes and the rest."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from rapidfuzz.distance import OSA
from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc, Span

from preceptor.catalogue.vocabulary import Term, Vocabulary
from preceptor.nlu.entities.country_names import further_names, written_forms
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
_FOUR, _FEW_WORDS, _MOST_TYPOS = 4, 4, 200
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
            words mean this or another country ("Congo"; each is a link of its own), else None.
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
        terms: what they mean here: one term, or one for each country of an unclear name.
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
        self._anagrams: dict[str, list[str]] = {}
        for word in self._joined:
            if len(word) == _FOUR:
                self._anagrams.setdefault("".join(sorted(word)), []).append(word)
        self._mender = Mender(self._joined)
        self._names = _first_names(vocabulary)

    def _add(self, term: Term, besides: Collection[str] = ()) -> None:
        """Index a term as it is written and in the ways that spaCy splits differently.

        Those are small letters with points, and "U.A.E." as it stands before a question mark.
        """
        forms = [term.text]
        if "." in term.text:
            forms.append(term.text.lower())
        if re.fullmatch(r"(?:[A-Z]\.){2,}", term.text):
            forms += [form[:-1] for form in forms]
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
        found = [match for match in map(self._exact(doc), self._matcher(doc)) if match]
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

    def _exact(self, doc: Doc) -> Callable[[tuple[int, int, int]], _Match | None]:
        def chosen(match: tuple[int, int, int]) -> _Match | None:
            terms = self._terms[doc.vocab.strings[match[0]]]
            span = doc[match[1] : match[2]]
            meant = self._choose(span, terms)
            return _Match(span, meant, tuple(terms)) if meant else None

        return chosen

    def _choose(self, span: Span, terms: list[Term]) -> tuple[Term, ...]:
        """Return what the words mean here; empty if the context speaks against all."""
        likely = [t for t in terms if not t.ambiguous or _context_allows(span, t)]
        languages = [t for t in likely if t.kind == "language"]
        if languages and _speaks_of_language(span):
            return (languages[0],)
        if languages and len(likely) > 1:
            likely = [t for t in likely if t.kind != "language"]
        if not likely:
            return ()
        best = min(likely, key=lambda t: _ORDER[t.kind])
        if best.kind != "country":
            return (best,)
        # "Congo" is two countries.
        return tuple({t.id: t for t in likely if t.kind == "country"}.values())

    def _is_name(self, match: _Match) -> bool:
        """Tell whether a place's name is a person's: "I'm Kenya Jones", "Regards, India"."""
        term = match.terms[0]
        if term.kind not in _WHERE or fold(match.span.text) not in self._names:
            return False
        return _introduces(match.span) or _signs(match.span)

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
                terms = self._state_or_country(match)
                kept[-1:] = [replace(match, terms=terms, city=city.span)]
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

    def _state_or_country(self, match: _Match) -> tuple[Term, ...]:
        """Return the state behind a city that is unknown there ("Athens, Georgia")."""
        states = tuple(t for t in match.others if t.kind == "place")
        return states[:1] or match.terms

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
                if meant is None and width == 1 and len(text) == _FOUR and not is_english(text):
                    meant = self._four_letters(text)
                if meant is not None:
                    taken.update(window)
                    term = min(self._joined[meant], key=lambda t: _ORDER[t.kind])
                    yield _Match(doc[i : i + width], (term,), tuple(self._joined[meant]), False)

    def _four_letters(self, text: str) -> str | None:
        """Return a four-letter place whose letters were swapped ("prue" for "peru")."""
        for candidate in self._anagrams.get("".join(sorted(text)), ()):
            if OSA.distance(candidate, text) == 1:
                return candidate
        return None


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
        if term.kind in _WHERE:
            first.setdefault((term.kind, term.id), fold(term.text))
    return frozenset(first.values())


def _one_address(city: _Match, state: _Match, following: _Match | None) -> bool:
    """Tell whether two places are written as "city, state" and are no list."""
    kinds = (city.terms[0].kind, state.terms[0].kind)
    if kinds[0] != "place" or kinds[1] not in ("place", "country"):
        return False
    between = _between(city, state)
    if between == "," or (between == "" and kinds[1] == "country"):
        listed = following is not None and following.terms[0].kind in _WHERE
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
        role = _role(match.city or match.span, term, names)
        if role is None and len(match.terms) > 1:
            role = "unclear"
        span = match.span
        links.append(Link(term.kind, term.id, span.start_char, span.end_char, role, match.exact))
    return links


@lru_cache(maxsize=1)
def _word_count(doc: Doc) -> int:
    return sum(not (t.is_punct or t.is_space) for t in doc)


def _context_allows(span: Span, term: Term) -> bool:
    """Tell whether an ambiguous word is meant as the catalogue's thing."""
    doc = span.doc
    before = doc[span.start - 1].norm_ if span.start else ""
    after = doc[span.end].norm_ if span.end < len(doc) else ""
    if term.kind not in _WHERE:
        # A short name such as "er" or "psych": in capitals, or beside words of placements.
        near = {t.norm_ for t in doc[max(0, span.start - 3) : span.end + 3]}
        return (
            _word_count(doc) <= _FEW_WORDS or span.text.isupper() or bool(near & _PLACEMENT_WORDS)
        )
    if _word_count(doc) == len(span):
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


def _role(span: Span, term: Term, names: Collection[str]) -> str | None:
    if excluded(span.doc, span.start):
        return "excluded"
    if term.kind not in _WHERE:
        return None
    adjective = term.kind == "country" and fold(span.text) not in names
    return "origin" if _comes_from(span, adjective) else None


_PERSONS = {
    "doctor", "doctors", "student", "students", "nurse", "nurses", "graduate", "graduates", "citizen",
    "citizens", "national", "passport", "intern", "interns", "medic", "dentist", "premed", "girl",
    "boy", "guy", "midwife", "physio", "resident", "img", "imgs", "degree", "mbbs", "undergraduate",
}  # fmt: skip
_SELF = {"i", "i'm", "im", "we", "me", "my", "am", "come", "coming", "originally", "graduated",
         "hail"} | _PERSONS  # fmt: skip
_NOT_COMING = {"far", "away", "apart", "different", "aside", "except", "offer", "letter", "reply",
               "email", "answer", "programme", "program", "switch", "change", "back"}  # fmt: skip
# "I study in Kenya", "my school is in Kenya".
_LIVES = {
    "study", "studying", "studied", "trained", "training", "graduated", "graduate", "qualified",
    "live", "living", "based", "born", "enrolled", "student", "citizen", "resident", "degree",
    "mbbs", "school", "university", "college", "raised", "grew", "finished", "completed", "did",
}  # fmt: skip
_LIVED = {"born", "trained", "graduated", "qualified", "studied", "studying", "educated", "citizen",
          "citizens", "raised"}  # fmt: skip
_WISHES_IN = {
    "want", "wish", "like", "looking", "look", "find", "elective", "electives", "internship",
    "internships", "placement", "placements", "rotation", "rotations", "shadow", "shadowing",
    "volunteer", "volunteering", "observership", "go", "going", "apply", "applying", "practise",
    "practice", "interested", "hoping", "hope", "plan", "planning", "exchange", "abroad", "programme",
    "program", "need", "register", "work", "working", "externship", "clerkship", "surgery", "do",
}  # fmt: skip
_PRONOUNS = {"i", "i'm", "im", "we", "my", "am", "we're", "our"}
_SENTENCE_ENDS = {".", "?", "!", ";"}
_SCHOOLS = {"university", "medical", "college", "school"}
_AFTER_SELF = {"and", "but", "who", "with", "from", "in", "looking", "so", "wanting", "hoping",
               "trained", "by", "currently", "studying", "living", "-"}  # fmt: skip


def _comes_from(span: Span, adjective: bool) -> bool:
    """Tell whether the text says that somebody comes from there.

    Args:
        span: a place.
        adjective: whether it is an adjective or a people ("Egyptian").
    """
    doc = span.doc
    after = doc[span.end].norm_ if span.end < len(doc) else ""
    start = span.start
    if start and doc[start - 1].norm_ in {"the", "a", "an"}:
        start -= 1
    before = doc[start - 1].norm_ if start else ""
    if after in _PERSONS and before not in {"in", "for"}:
        return True
    if adjective and before in _BEFORE_SELF and _describes_a_person(doc, span.end):
        return True
    clause = _clause_before(doc, start)
    if before == "from":
        told = clause[-2] if len(clause) > 1 else ""
        return told not in _NOT_COMING and bool(_SELF.intersection(clause))
    if adjective and before in {"am", "'m", "i'm", "im", "as", "being"}:
        return not after.isalpha() or after in _AFTER_SELF
    if before in {"in", "at", "of"} or (before == "," and after in _SCHOOLS):
        return _lives_there(clause[:-1])
    return False


# "a Sudanese refugee doctor", "an Indian medical graduate"
_BEFORE_SELF = {"", "am", "'m", "i'm", "im", "as", "being", "are", ",", "."}
_OF_PERSONS = {
    "medical", "med", "nursing", "dental", "clinical", "final", "year", "first", "second", "third",
    "fourth", "fifth", "junior", "senior", "young", "trained", "qualified", "refugee", "-", "2nd",
    "3rd", "4th", "5th", "6th", "pharmacy", "female", "male",
}  # fmt: skip


def _describes_a_person(doc: Doc, at: int) -> bool:
    """Tell whether words such as "medical" and then a person follow."""
    for token in doc[at : at + 5]:
        if token.norm_ in _PERSONS:
            return True
        if token.norm_ not in _OF_PERSONS:
            return False
    return False


def _clause_before(doc: Doc, start: int, most: int = 18) -> list[str]:
    """Return the folded words before a token, back to the beginning of its sentence."""
    words: list[str] = []
    for token in reversed(doc[max(0, start - most) : start]):
        if token.text in _SENTENCE_ENDS or "\n" in token.text:
            break
        words.insert(0, token.norm_)
    return words


def _lives_there(words: list[str]) -> bool:
    """Tell whether words such as "I study medicine" lead to a place, with no wish among them."""
    selves = [i for i, word in enumerate(words) if word in _PRONOUNS]
    if not selves:
        # "Born in Kenya, trained in Russia" says it without "I".
        return bool(words) and words[-1] in _LIVED
    said = set(words[selves[-1] + 1 :])
    return bool(said & _LIVES) and not said & _WISHES_IN


_NAME_IS = {("name", "is"), ("name", "'s"), ("names", "is"), ("call", "me"), ("named",)}
_I_AM = {("i", "am"), ("i", "'m"), ("i'm",), ("im",)}
_THIS_IS = {("this", "is"), ("it", "'s")}
# "I'm London based" and "I am Kenya trained" are no names.
_NOT_AFTER_A_NAME = {"based", "bound", "trained", "born", "-", "citizen", "national", "passport"}
_CLOSING = re.compile(
    r"\b(?:(?:regards|sincerely|faithfully)[,.!]?\s*"
    r"|(?:wishes|cheers|yours|best|love|xx?)(?:,\s*|\s*\n\s*)"
    r"|(?:thanks?|thank you|thx|advance)[,.!]?\s*\n\s*"
    r"|(?P<thanks>(?:thanks?|thank you|thx),? ?))$"
    r"|\n\s*[-–—]+\s*$"
)
_GREETINGS = {"", "hi", "hello", "hey", "dear", ",", ".", "!"}


def _introduces(span: Span) -> bool:
    """Tell whether the speaker says their name: "my name is Kenya", "this is Jordan from …"."""
    doc = span.doc
    before = [t.norm_ for t in doc[max(0, span.start - 2) : span.start] if not t.is_space]
    pairs = {tuple(before), tuple(before[-1:])}
    after = doc[span.end].norm_ if span.end < len(doc) else ""
    if pairs & _NAME_IS:
        return True
    if pairs & _I_AM:
        # Nobody is a country: "I'm Kenya Jones", "I'm Sydney and …".
        return after not in _NOT_AFTER_A_NAME and after not in _PERSONS
    if pairs & _THIS_IS:
        return after in {"from", "here", "again", "speaking"} or _surname(doc, span.end)
    return after == "here" and (before[-1] if before else "") in _GREETINGS


def _surname(doc: Doc, at: int) -> bool:
    """Tell whether a surname stands there: a capital and small letters, no word of English."""
    if at >= len(doc):
        return False
    text = doc[at].text
    return text.istitle() and text.isalpha() and len(text) > 1 and doc[at].norm_ not in _AFTER_SELF


def _signs(span: Span) -> bool:
    """Tell whether the name ends the message as a signature: "Best regards, Kenya Jones"."""
    doc = span.doc
    rest = [t for t in doc[span.end : span.end + 4] if not t.is_space]
    if len(rest) > 2 or not all(t.text.istitle() or t.is_punct for t in rest):
        return False
    closing = _CLOSING.search(doc[max(0, span.start - 5) : span.start].text_with_ws.lower())
    if closing is None:
        return False
    # "thanks, Kenya" may answer a question; on a line of its own or with a surname it is a name.
    return not closing["thanks"] or bool(rest and rest[0].text.istitle())


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
