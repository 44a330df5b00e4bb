"""Clauses: where one message may hold several questions, and the sentences of a story."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from spacy.tokens import Doc, Span, Token

_ENDS = {".", "?", "!", ";", "…", "...", "??", "?!", "!!", "???"}
_ADD = {"also", "plus", "btw", "additionally", "oh", "furthermore", "then"}
_AND = {"and", "n", "nd", "&", "+"}
_JOINS = _ADD | _AND | {"or", "but", "so"}
WHO = {
    "what", "whats", "what's", "how", "hows", "how's", "when", "whens", "where", "wheres", "who",
    "whos", "which", "why", "wats", "wat", "wht", "hw", "whn", "whr", "whose", "whether", "wich",
}  # fmt: skip
VERBS = {
    "is", "are", "am", "do", "does", "did", "can", "could", "should", "would", "will", "may",
    "must", "shud", "cn", "cud", "wud", "has", "have", "was", "were", "isn't", "aren't", "don't",
    "doesn't", "shoud", "dose", "cant", "dont",
}  # fmt: skip
_REQUESTS = {
    "tell", "show", "give", "find", "compare", "explain", "recommend", "list", "search",
    "describe", "put", "say", "help", "suggest", "get", "advise", "looking", "need", "want",
    "please", "pls", "any", "let", "save", "start", "something", "more", "only", "cheaper",
    "shorter", "longer", "if",
}  # fmt: skip
_SUBJECTS = {
    "i", "i'm", "im", "my", "we", "you", "u", "your", "the", "a", "an", "they", "he", "she", "it",
    "this", "that", "there", "our", "no", "not", "people", "students", "nurses", "volunteering",
    "internships", "one", "anyone", "english",
}  # fmt: skip
_PREPOSITIONS = {
    "in", "at", "on", "for", "to", "of", "with", "about", "by", "from", "under", "as", "like",
    "after", "before", "during", "since", "because", "when", "while",
}  # fmt: skip
_TELL = {"tell", "show", "ask", "asked", "asks", "give", "explain", "help", "teach", "let"}
# After these a question word only goes on with the same sentence: "tell me how", "find out who".
_LEARN = {"learn", "find", "out", "say", "show"}
_KNOW = {
    "know", "tell", "me", "wonder", "wondering", "see", "ask", "asked", "explain", "understand",
    "decide", "sure", "matter", "if", "and", "or", "remember", "depends", "depend", "idea", "to",
    "not", "exactly", "just", "even", "also",
}  # fmt: skip
_ASKERS = WHO | VERBS | _REQUESTS | {"kindly", "and", "also", "as", "i'm", "im", "i"}
_MAX_WORDS, _MAX_TOKENS, _MAX_CUTS, _MAX_SENTENCES = 40, 160, 4, 24

KINDS = ("wh", "verb", "request", "subject", "preposition", "join", "other")
"""What a clause's first word can be, see `kind_of`."""


@dataclass(frozen=True)
class Cut:
    """A place where one question may end and another one begin.

    Attributes:
        end: the token behind the left clause.
        start: the right clause's first token; what joins them lies between.
        sign: what stands there: "end" (of a sentence or line), "comma", "" or "bare" (nothing).
        join: "also", "and", "or", "but" or "".
    """

    end: int
    start: int
    sign: str
    join: str


def kind_of(token: Token) -> str:
    """Return which of `KINDS` a word is."""
    word = token.norm_
    for kind, words in zip(
        KINDS, (WHO, VERBS, _REQUESTS, _SUBJECTS, _PREPOSITIONS, _JOINS), strict=False
    ):
        if word in words:
            return kind
    return "other"


def words_of(tokens: Iterable[Token]) -> list[Token]:
    """Return the tokens that are words or numbers."""
    return [t for t in tokens if not (t.is_punct or t.is_space)]


def asks(text: str) -> bool:
    """Tell whether a clause has the form of a question or a request."""
    words = text.casefold().replace("’", "'").split()
    return "?" in text or (bool(words) and words[0].strip(",.:") in _ASKERS)


def complete(words: list[Token]) -> bool:
    """Tell whether a question word among these has a verb: "how long is it", but not "how long"."""
    norms = [w.norm_ for w in words]
    if not any(w in WHO for w in norms):
        return True
    return any(
        w in VERBS or w in {"i", "it", "to", "s", "'s", "whats", "wats", "what's", "how's"}
        for w in norms
    )


def is_story(doc: Doc) -> bool:
    """Tell whether a message is too long to be a question or two."""
    return len(doc) > _MAX_TOKENS or len(words_of(doc)) > _MAX_WORDS


def sentences(doc: Doc) -> list[Span]:
    """Return the last 24 sentences and lines that have at least two words."""
    cuts = [0, *(t.i for t in doc if t.i and _ended(doc, t.i) and t.text not in _ENDS), len(doc)]
    spans = [_trimmed(doc[a:b]) for a, b in zip(cuts, cuts[1:], strict=False)]
    return [span for span in spans if len(words_of(span)) > 1][-_MAX_SENTENCES:]


def cuts_of(doc: Doc, whole: Iterable[tuple[int, int]] = ()) -> list[Cut]:
    """Return the at most four likeliest places to cut a message, in order.

    They are found by cheap signs, so that most messages with one question have none and cost
    nothing more: the end of a sentence or line; "and", "also", a comma and the like before what
    may begin a question; a question without anything before it ("how do i apply what does it
    cost").

    Args:
        doc: the message's tokens.
        whole: what no cut may part, as offsets in its text: "three and a half months".
    """
    inside = [range(start + 1, end) for start, end in whole]
    cuts, i, last = [], 1, 0
    while i < len(doc):
        sign = _sign(doc, i, last)
        if sign is None:
            i += 1
            continue
        start, joins = _begin(doc, i)
        if start == len(doc):
            break
        cut = Cut(i, start, sign, "" if sign == "bare" else _join(joins))
        parted = any(doc[start].idx in span for span in inside)
        listed = cut.join == "or" and not sign
        if not parted and not listed and words_of(doc[last:i]):
            cuts.append(cut)
            last = start
        i = start + 1
    likeliest = sorted(cuts, key=lambda cut: _rank(doc, cut))[:_MAX_CUTS]
    return sorted(likeliest, key=lambda cut: cut.end)


def _begin(doc: Doc, i: int) -> tuple[int, set[str]]:
    """Return where a clause begins behind a sign or a joint at token `i`, and what joins it."""
    start, joins = i, set()
    while start < len(doc) and (
        doc[start].is_punct
        or doc[start].is_space
        or doc[start].norm_ in _JOINS
        or _numbers(doc, start)
    ):
        joins.add(doc[start].norm_)
        start += 1
    return start, joins


def pieces_of(doc: Doc, cuts: list[Cut]) -> dict[tuple[int, int], Span]:
    """Return the text between any two cuts by the numbers of its first and last clause."""
    starts = [0, *(cut.start for cut in cuts)]
    ends = [*(cut.end for cut in cuts), len(doc)]
    return {
        (first, last): _trimmed(doc[starts[first] : ends[last]])
        for first in range(len(starts))
        for last in range(first, len(ends))
    }


def _ended(doc: Doc, i: int) -> bool:
    before = doc[i - 1]
    return before.text in _ENDS or (before.is_space and "\n" in before.text)


def _numbers(doc: Doc, i: int) -> bool:
    """Tell whether token `i` is the number of an item: "(2)", "2)"."""
    return doc[i].is_digit and i + 1 < len(doc) and doc[i + 1].text == ")"


def _trimmed(span: Span) -> Span:
    while len(span) > 1 and span[0].is_space:
        span = span[1:]
    while len(span) > 1 and span[-1].is_space:
        span = span[:-1]
    return span


def _sign(doc: Doc, i: int, last: int) -> str | None:
    """Return what a clause could end with before token `i`, None if with nothing."""
    token, before = doc[i], doc[i - 1]
    opened = token.text == "(" and i + 1 < len(doc) and _numbers(doc, i + 1)
    if _ended(doc, i) or opened or (_numbers(doc, i) and before.text != "("):
        return "end"
    dash = before.text in {"-", "–", "—"} and before.whitespace_ and doc[max(i - 2, 0)].whitespace_
    if before.text in {",", ":"} or dash or (before.text == "/" and before.whitespace_):
        return "comma"
    if token.norm_ in _JOINS:
        return ""
    return "bare" if token.norm_ in WHO | VERBS and _begins_bare(doc, i, last) else None


def _join(words: set[str]) -> str:
    if words & _ADD:
        return "also"
    if words & _AND:
        return "and"
    if "or" in words:
        return "or"
    return "but" if words & {"but", "so"} else ""


def _begins_bare(doc: Doc, i: int, last: int) -> bool:
    """Tell whether token `i` begins a question though nothing stands before it."""
    word, before = doc[i].norm_, doc[i - 1].norm_
    left = words_of(doc[last:i])
    after = [t.norm_ for t in doc[i + 1 : i + 5]]
    told = before == "me" and doc[max(i - 2, 0)].norm_ not in _TELL
    goes_on = before in WHO | _PREPOSITIONS | VERBS | _KNOW and not told
    if goes_on or not (after and left and complete(left)):
        return False
    if word in {"who", "which", "when", "where"}:
        return after[0] in VERBS
    if word in WHO:
        asks_on = any(w in VERBS for w in after[:3]) or after[0] in {"much", "many", "long", "to"}
        return before not in _LEARN and (
            asks_on or word in {"whats", "wats", "what's", "wat", "hw"}
        )
    # "what i | can do" is one clause, "how long is it | can i go" are two.
    open_subject = _SUBJECTS - {"it", "there", "you", "that", "this", "english"}
    return len(left) > 2 and after[0] in _SUBJECTS and before not in open_subject


def _rank(doc: Doc, cut: Cut) -> int:
    if cut.sign == "end":
        return 0
    if kind_of(doc[cut.start]) in {"wh", "verb", "request"} and cut.sign != "bare":
        return 1
    if cut.sign == "bare":
        return 2
    if cut.join == "also" or (cut.join == "and" and kind_of(doc[cut.start]) != "other"):
        return 3
    return 4


def parts_of(
    doc: Doc, whole: Iterable[tuple[int, int]] = ()
) -> tuple[list[Cut], dict[tuple[int, int], Span]]:
    """Return a message's cuts, and all its parts that are read by the numbers of their clauses.

    Of a story the clauses are its sentences, and there are no cuts. The part from the first clause
    to the last is all of the message.

    Args:
        doc: the message's tokens.
        whole: what no cut may part, see `cuts_of`.
    """
    if not is_story(doc):
        cuts = cuts_of(doc, whole)
        parts = pieces_of(doc, cuts)
        return cuts, parts | {(0, len(cuts)): doc[:]}
    found = {(i, i): span for i, span in enumerate(sentences(doc))}
    return [], found | {(0, max(0, len(found) - 1)): doc[:]}


def place_of(span: Span) -> tuple[int, int]:
    """Return where a part begins and ends in its message, in characters."""
    whole = len(span) == len(span.doc)
    return (0, len(span.doc.text)) if whole else (span.start_char, span.end_char)
