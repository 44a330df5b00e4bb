"""What a text says of a place or a term: not wanted, where somebody is from, somebody's name."""

from __future__ import annotations

import re
from collections.abc import Collection

from spacy.tokens import Doc, Span

from preceptor.catalogue.vocabulary import Term
from preceptor.nlu.normalize import fold

WHERE = frozenset({"country", "place", "region"})
"""Kinds of terms that are places."""

_NOTS = {
    "not",
    "n't",
    "nt",
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
                ("nt", "want"),
                ("not", "want"), ("dont", "want"), ("forget", "about")}  # fmt: skip
_NOT_A_NOT = {"matter", "mind", "only", "sure", "know", "find", "visa"}
# "No, in Portugal", "no I am from Cairo": an answer, which denies what was said and not what follows.
_ANSWERED = {"no", "in", "at", "from", "i", "i'm", "im", "it", "its", "that", "this", "we", "my"}


def role_of(span: Span, term: Term, names: Collection[str]) -> str | None:
    """Return the role of a term in a text: `excluded`, `origin`, `mentioned` or None.

    What is `mentioned` is neither asked for nor refused: "Goa is in India", "I paid for Malawi",
    "no worse than Spain", "an African American", "Tygerberg is said to be full". Of stages of
    training those of other people are: "the nurses on the unit".

    Args:
        span: the term's tokens.
        term: what they mean.
        names: folded names of places that are no adjectives.
    """
    place = term.kind in WHERE
    if place and _is_own_place(span):
        return "origin"
    if place and (_is_located(span, names) or _is_only_spoken_of(span)):
        return "mentioned"
    if excluded(span.doc, span.start, names) or _is_unwanted(span):
        return "excluded"
    if not place:
        examined = term.kind == "specialty" and _is_examined(span)
        another = term.id in _PEOPLE and term.kind == "stage" and _is_somebody_else(span)
        return "mentioned" if examined or another else None
    outside = term.kind != "place" and _is_outside(span)
    if outside or _is_rejected(span, names) or _is_shown_again(span):
        return "excluded"
    adjective = term.kind != "place" and fold(span.text) not in names
    of_a_country = adjective and term.kind == "country"
    before = span.doc.text[max(0, span.start_char - 40) : span.start_char]
    of_a_people = of_a_country and _is_a_people(span, term)
    if of_a_people or _comes_from(span, adjective) or _FROM_THERE.search(before):
        return "origin"
    return "mentioned" if _is_past(span) else None


# What stands before the country of somebody's degree in other languages: "diplômé en Algérie".
_FROM_THERE = re.compile(
    r"(?:\b(?:dipl[oô]m[eé]e?s?|form[eé]e?s?|je viens|nous venons|originaires?|graduad[oa]s?"
    r"|egresad[oa]s?|titulad[oa]s?|licenciad[oa]s?|soy|vengo|formad[oa]s?|sou|venho|komme|stamme"
    r"|absolvent(?:in)?|studienabschluss|abschluss|diplom|laureat[oa]|vengo)|متخرجة?|خريجة?|تخرجت)"
    r"\s+(?:\w+\s+){0,2}?(?:en|au|aux|de|des|du|del|da|do|dos|em|no|na|aus|in|من|في|d['’])\s*"
    r"(?:(?:der|the|la|el|l['’])\s*)?$",
    re.IGNORECASE,
)
_NOES = {"no", "nope", "nah"}
_AFTER_A_NO = {"", ",", ".", "!", ";", "i", "im", "i'm", "we", "my", "thanks", "thank", "thx", "way",
               "please", "pls", "sorry", "only", "just"}  # fmt: skip


def _is_rejected(span: Span, names: Collection[str]) -> bool:
    """Tell whether a "no" follows a place and is about it: "Tanzania??? no, only …"."""
    behind = span.doc[span.end : span.end + 6]
    at = next((i for i, t in enumerate(behind) if t.text.strip("?!,. ")), None)
    if at is None or behind[at].norm_ not in _NOES:
        return False
    following = behind[at + 1].norm_ if at + 1 < len(behind) else ""
    return following in _AFTER_A_NO or following in names


def _is_shown_again(span: Span) -> bool:
    """Tell whether somebody has seen enough of a place.

    "Why do you keep showing me Africa" says so, and "these are all in Africa".
    """
    clause = _clause_before(span.doc, span.start)
    before = set(clause[-5:])
    again = not _ON_AND_ON.isdisjoint(before) and not _SHOWING.isdisjoint(before)
    return again or bool(_ALL_THERE.search(" ".join(clause)))


_ALL_THERE = re.compile(
    r"(?<!are )\b(?:these|those|they|them)(?: are| '?re)? (?:all|only|just|mostly) in$"
)
_ON_AND_ON = {"keep", "keeps", "kept", "stop", "always"}
_SHOWING = {"showing", "giving", "sending", "offering", "suggesting", "recommending", "show"}


def _is_own_place(span: Span) -> bool:
    """Tell whether the text explains a place as somebody's own: "Leeds is just my uni"."""
    after = span.doc[span.end : span.end + 6].text.lower()
    return bool(_OWN.match(after))


_OWN = re.compile(
    r"(?:is|was|'s|=) (?:just |only |actually )?(?:my|our) (?:own )?"
    r"(?:uni\w*|(?:med(?:ical)? )?school|college|home\w*|city|town|country)\b"
    r"|(?:is|'s) (?:just |only )?where (?:i|we) (?:study|live|am|come|work)\b"
)


def _is_unwanted(span: Span) -> bool:
    """Tell whether the text says of a thing that it isn't wanted: "surgery isn't what I want"."""
    return bool(_UNWANTED.match(span.doc[span.end : span.end + 5].text.lower()))


_UNWANTED = re.compile(r"(?:is|was) ?(?:not|n'?t) what (?:i|we|she|he)\b")


def _is_examined(span: Span) -> bool:
    """Tell whether a specialty is the subject of an exam: "I failed pharmacology"."""
    before = [t.norm_ for t in span.doc[max(0, span.start - 3) : span.start]]
    after = [t.norm_ for t in span.doc[span.end : span.end + 1]]
    return not _EXAMINED.isdisjoint(before) or not _RESITS.isdisjoint(after)


_EXAMINED = {
    "failed",
    "fail",
    "failing",
    "flunked",
    "passed",
    "resit",
    "resitting",
    "retake",
    "retaking",
}
_RESITS = {"resit", "retake", "supplementary", "viva"}


def _is_outside(span: Span) -> bool:
    """Tell whether somebody wants to leave a country: "training outside Egypt"."""
    before = [t.norm_ for t in span.doc[max(0, span.start - 4) : span.start]]
    while before and before[-1] in {"of", "the"}:
        before.pop()
    return before[-1:] == ["outside"] and before[-2:-1] not in (["from"], ["trained"])


def _is_located(span: Span, names: Collection[str]) -> bool:
    """Tell whether the text only says where something lies or doesn't: "Goa isn't in Nepal"."""
    doc = span.doc
    after = [t.norm_ for t in doc[span.end : span.end + 3]]
    before = [t.norm_ for t in doc[max(0, span.start - 4) : span.start]]
    if after[:2] == ["is", "in"] or (after[:1] == ["is"] and after[1:] in _NOT_IN):
        return True
    lies = before[-2:] == ["is", "in"] or (before[-3:-2] == ["is"] and before[-2:] in _NOT_IN)
    named = before[-3:-2] if before[-2:] == ["is", "in"] else before[-4:-3]
    return lies and not set(named).isdisjoint(names)


_NOT_IN = (["not", "in"], ["n't", "in"])


def _is_only_spoken_of(span: Span) -> bool:
    """Tell whether a place is compared, denied, part of a descent or told to be full."""
    told = _TOLD_OF.match(span.doc[span.end : span.end + 4].text.lower())
    return bool(told) or _is_denied(span) or _is_compared(span) or _is_descent(span)


_TOLD_OF = re.compile(
    r"(?:is|are|was|sounds?|seems?) (?:\w+ )?"
    r"(?:supposed|said|rumou?red|known|reputed|oversubscribed|overbooked|full|booked)\b"
)


def _is_descent(span: Span) -> bool:
    """Tell whether a word is part of what somebody is: "African American"."""
    doc, word = span.doc, span.text.lower()
    if word in _AMERICAN:
        return bool(_OF_DESCENT.search(doc[max(0, span.start - 2) : span.start].text.lower()))
    after = doc[span.end : span.end + 2].text.lower().strip("- ").split("-")[-1].split()
    return bool(_OF_DESCENT.search(word)) and after[:1] != [] and after[0] in _AMERICAN


_AMERICAN = {"american", "americans"}
_OF_DESCENT = re.compile(r"\b(?:\w{3,}(?:an|ese)|native)[ -]*$")


# Stages that are said of people, and not of a year that somebody is in.
_PEOPLE = {"resident", "doctor", "nurse", "nursing_student", "midwifery_student", "allied_health"}
_OTHERS = re.compile(
    r"(?<!\bas )(?<!\bfor )(?<!\bam )(?<!'m )(?<!\bare )(?<!'re )"
    r"(?:\b(?:the|their|his|her|those|these)"
    r"|(?<!\bin )(?<!\bduring )(?<!\bafter )(?<!\bbefore )(?<!\bsince )\b(?:my|our)"
    r"|(?<!question )(?<!hello )(?<!hi )\b(?:from|by|with|under) an?)"
    r"(?: (?:senior|junior|chief|head|charge|old|new|\w+ing|emergency|family|male|female))*\s+$",
    re.IGNORECASE,
)
_NO_PEOPLE = re.compile(
    r"\s*(?:ones?|program\w*|placements?|electives?|internships?|options?|level|stage)\b", re.I
)


def _is_somebody_else(span: Span) -> bool:
    """Tell whether a stage is somebody else's: "a letter from a physician", "my senior nurse"."""
    text = span.doc.text
    others = _OTHERS.search(text[max(0, span.start_char - 60) : span.start_char])
    school = span.text.lower().endswith("school")
    return bool(others) and not school and not _NO_PEOPLE.match(text[span.end_char :])


def _is_compared(span: Span) -> bool:
    """Tell whether something is compared with a place: "no worse than Spain"."""
    before = [t.norm_ for t in span.doc[max(0, span.start - 2) : span.start]]
    return before[-1:] == ["than"] and tuple(before) not in _NOT_PHRASES


def _is_denied(span: Span) -> bool:
    """Tell whether the text says what somebody isn't: "she isn't Irish"."""
    before = [t.norm_ for t in span.doc[max(0, span.start - 3) : span.start]]
    return len(before) == 3 and before[1] in _BEING and before[2] in _NOT and before[0] in _WHO


_WHO = {"i", "he", "she", "we", "they"}
_BEING = {"am", "is", "are", "'m", "'s", "'re"}
_NOT = {"not", "n't", "nt"}


_PAST = {"did", "made", "done", "completed", "finished", "had"}
_STAYS = {"elective", "electives", "placement", "observership", "rotation", "attachment"}
_HOPES = {"want", "wish", "like", "looking", "find", "hope", "hoping", "plan", "planning", "need",
          "would", "interested", "thinking", "if", "where", "can"}  # fmt: skip


def _is_past(span: Span) -> bool:
    """Tell whether somebody has been there or paid for it: "I did an elective in Nepal".

    So it is with what somebody else sells: "a company is selling trips to Honduras".
    """
    clause = set(_clause_before(span.doc, span.start))
    if clause & {"selling", "sells", "sold"}:
        return True
    done = bool(clause & _PAST and clause & _STAYS) or {"paid", "for"} <= clause
    return done and bool(clause & _PRONOUNS) and not clause & _HOPES


def _is_a_people(span: Span, term: Term) -> bool:
    """Tell whether a text speaks of people from somewhere: "which is easiest for Peruvians?"."""
    before = span.doc[span.start - 1].norm_ if span.start else ""
    named = fold(span.text).startswith(fold(term.text))
    return named and span.text.endswith("s") and before in {"for", "as", "we", "us"}


_PERSONS = {
    "doctor", "doctors", "student", "students", "nurse", "nurses", "graduate", "graduates", "citizen",
    "citizens", "national", "passport", "intern", "interns", "medic", "dentist", "premed", "girl",
    "boy", "guy", "midwife", "physio", "resident", "img", "imgs", "degree", "mbbs", "undergraduate",
    "surgeon", "surgeons", "physician", "physicians", "gp", "pharmacist", "pharmacists", "dentists",
    "physiotherapist", "physiotherapists", "radiographer", "paramedic", "specialist", "therapist",
    "diploma", "muslim", "muslims", "hindu", "christian", "jew", "descent", "heritage", "woman", "man",
}  # fmt: skip
_SELF = {"i", "i'm", "im", "we", "me", "my", "am", "come", "coming", "originally", "graduated",
         "hail"} | _PERSONS  # fmt: skip
_LEARNERS = {"student", "medic", "undergraduate", "intern"}
_NOT_OF_ONESELF = {"for", "who", "what", "how", "which", "does", "become", "becoming", "as"}
_NOT_COMING = {"far", "away", "apart", "different", "aside", "except", "offer", "letter", "reply",
               "email", "answer", "programme", "program", "switch", "change", "back"}  # fmt: skip
# "I study in Kenya", "my school is in Kenya".
_LIVES = {
    "study", "studying", "studied", "trained", "training", "graduated", "graduate", "qualified",
    "live", "living", "based", "born", "enrolled", "student", "citizen", "resident", "degree",
    "mbbs", "school", "university", "college", "year", "raised", "grew", "finished", "completed", "did",
}  # fmt: skip
_LIVED = {"born", "trained", "graduated", "qualified", "studied", "studying", "educated", "citizen",
          "citizens", "raised", "living"}  # fmt: skip
_YEARS = {"years", "yrs", "year", "yr"}
_WISHES_IN = {
    "want", "wish", "like", "looking", "look", "find", "elective", "electives", "internship",
    "internships", "placement", "placements", "rotation", "rotations", "shadow", "shadowing",
    "volunteer", "volunteering", "observership", "go", "going", "apply", "applying", "practise",
    "practice", "interested", "hoping", "hope", "plan", "planning", "exchange", "abroad", "programme",
    "program", "need", "register", "work", "working", "love", "externship", "clerkship", "surgery", "do",
    "thinking", "considering", "moving", "move", "relocate", "relocating", "emigrate",
}  # fmt: skip
_PRONOUNS = {"i", "i'm", "im", "we", "my", "am", "we're", "our"}
_AM = {"i'm", "im", "am", "'m", "m", "we're", "are", "'re"}
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
    if before == "(" and start > 2:
        # "I study in Egypt (Cairo)"
        start -= 2
        before = doc[start - 1].norm_
    of_person = adjective and before in _BEFORE_SELF and _describes_a_person(doc, span.end)
    if of_person or (after in _PERSONS and before not in {"in", "for"}):
        return True
    clause = _clause_before(doc, start)
    if before == "from":
        told = clause[-2] if len(clause) > 1 else ""
        # "Final year from Leeds"
        in_year = told in _YEARS and not _OF_PERSONS.isdisjoint(clause[-3:-2])
        return in_year or (told not in _NOT_COMING and bool(_SELF.intersection(clause)))
    if adjective and before in {"am", "'m", "m", "i'm", "im"}:
        return True
    if adjective and before in {"as", "being"}:
        return not after.isalpha() or after in _AFTER_SELF
    if before in {"in", "at", "of"} or (before == "," and after in _SCHOOLS):
        return _lives_there(clause[:-1])
    return False


# "a Sudanese refugee doctor", "an Indian medical graduate"
_BEFORE_SELF = {"", "am", "'m", "i'm", "im", "as", "being", "are", ",", "."}
_OF_PERSONS = {
    "medical", "med", "nursing", "dental", "clinical", "final", "year", "first", "second", "third",
    "fourth", "fifth", "junior", "senior", "young", "trained", "qualified", "refugee", "-", "2nd",
    "3rd", "4th", "5th", "6th", "pharmacy", "female", "male", "st", "nd", "rd", "th",
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
    if _works_now(words):
        return True
    selves = [i for i, word in enumerate(words) if word in _PRONOUNS]
    if not selves:
        # "Born in Kenya, trained in Russia", "3 years A&E in Cork", "4th year student in Leeds"
        # say it without "I".
        years = any(a.isdigit() and b in _YEARS for a, b in zip(words, words[1:], strict=False))
        last = words[-1] if words else ""
        # "Who registers doctors in Finland?" says it of nobody.
        years = years or (last in _LEARNERS and _NOT_OF_ONESELF.isdisjoint(words))
        lived = last in _LIVED
        return lived or (years and not _WISHES_IN.intersection(words))
    said = set(words[selves[-1] + 1 :])
    # "I'm an intern doctor in Kenya"
    am = bool(_AM.intersection(words[selves[-1] : selves[-1] + 2]))
    is_one = am and bool(said & {"a", "an"}) and words[-1] in _PERSONS
    return (is_one or bool(said & _LIVES)) and not said & _WISHES_IN


def _works_now(words: list[str]) -> bool:
    """Tell whether somebody has a job there: "I'm working in Riyadh", "now working as a GP in"."""
    if "working" not in words[1:]:
        return False
    at = len(words) - 1 - words[::-1].index("working")
    works = words[at - 1] in _NOW or words[at + 1 : at + 2] == ["as"]
    return works and _WISHES_IN.isdisjoint(words[at + 1 :])


_NOW = _AM | {"currently", "now", "been", "still"}


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


def is_own_name(span: Span) -> bool:
    """Tell whether a place's name is that of who speaks: "I'm Kenya Jones", "Regards, India"."""
    return _introduces(span) or _signs(span)


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


def excluded(doc: Doc, start: int, names: Collection[str] = ()) -> bool:
    """Tell whether a "not" before token `start` is about it, with nothing between that ends it.

    "not in Asia", "anything but surgery", "I don't want to go to India" are; "not Uganda, Kenya",
    "no, I meant Kenya" and "no in Kenya I mean" are not.

    Args:
        doc: the text.
        start: a token.
        names: folded names of places; a "no" behind one is about that: "Uganda? no Kenya".
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
        if word == "no" and "no" in window[max(0, i - 1) : i] + following[:1]:
            # "No no, Kenya" puts right, and wishes nothing away.
            continue
        if word in _NOT and following[:1] == ["there"]:
            # "Isn't there something in Moshi?"
            continue
        if (word, following[0] if following else "") in _NOT_PHRASES:
            return True
        if word in _NOES and (following[:1] == [] and _follows_a_place(doc, start - 1, names)):
            continue
        if word == "no" and following and following[0] in _ANSWERED:
            continue
        if word in _NOTS and not _NOT_A_NOT.intersection(following):
            near = len(following) <= 3
            if near or _WISHES.intersection(following[:2]):
                return True
    return False


def _follows_a_place(doc: Doc, at: int, names: Collection[str]) -> bool:
    """Tell whether a place stands before token `at`, with no more than signs between."""
    while at and not doc[at - 1].text.strip("?!,. "):
        at -= 1
    return at > 0 and doc[at - 1].norm_ in names


_WISHES = {"want", "like", "wish", "send", "go", "going", "interested", "wanna", "fancy", "care"}
