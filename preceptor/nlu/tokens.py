"""spaCy's tokens, as all reading uses them, and the bounds of what spaCy is given.

spaCy's tokenizer splits signs off a run of characters one by one and looks at the whole rest each
time, so its time grows with the square of the run's length: 8,000 brackets took 13 s.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import spacy
from spacy.language import Language
from spacy.tokens import Doc

from preceptor.nlu.normalize import fold

LONGEST_RUN = 40
"""How many characters without a blank among them spaCy is given at a time."""
MOST_TOKENS = 1000
"""How many tokens a text has at most, about 5,000 characters of an essay."""
OPAQUE = "…"
"""The `norm_` of a token that no rule looks into: a very long word, a link, a run of signs."""

_FIRST_TOKENS = 300
_LONG = re.compile(rf"\S{{{LONGEST_RUN + 1},}}")
# What a long run falls apart into, of which only the last is for spaCy.
_PIECE = re.compile(
    rf"(?P<opaque>https?://\S+|\w{{{LONGEST_RUN + 1},}}|[^\w\s]{{9,}})"
    rf"|\S{{1,{LONGEST_RUN}}}(?!\w)|\S{{1,{LONGEST_RUN}}}"
)


@cache
def blank_english() -> Language:
    """Return the blank English pipeline: spaCy's tokenizer, made once per process.

    It splits a range or an option ("6-8", "kenya/tanzania", "2000usd") into its parts as well.
    """
    nlp = spacy.blank("en")
    infixes = [
        *(nlp.Defaults.infixes or []),
        r"(?<=[A-Za-z0-9])/(?=[A-Za-z0-9])",
        r"(?<=[0-9])(?:-|–|—)(?=[0-9])",
        r"(?<=[0-9])(?=[A-Za-z$€£])",
        r"(?<=[$€£])(?=[0-9])",
        r"(?<=[a-z][,;!?])(?=[A-Za-z])",
        r"(?<=[A-Za-z])[,;!?](?=[A-Za-z0-9])",
    ]
    nlp.tokenizer.infix_finditer = spacy.util.compile_infix_regex(infixes).finditer
    return nlp


def tokens_of(text: str) -> Doc:
    """Tokenize with spaCy, within bounds; each token's `norm_` is its folded form.

    Whatever the text, its tokens put together are the text, so offsets refer to it. In a text of
    more than `MOST_TOKENS` tokens the middle is one token, since questions stand at the start or
    the end.
    """
    doc = _joined(text) if _LONG.search(text) else blank_english().make_doc(text)
    if len(doc) > MOST_TOKENS:
        doc = _without_middle(doc)
    for token in doc:
        token.norm_ = OPAQUE if len(token) > LONGEST_RUN else fold(token.text)
    return doc


def _joined(text: str) -> Doc:
    """Tokenize a text with long runs of characters piece by piece."""
    words: list[str] = []
    spaces: list[bool] = []
    for piece, opaque in _pieces(text):
        if opaque:
            words.append(piece)
            spaces.append(False)
            continue
        if piece[0] == " " and words and not spaces[-1]:
            spaces[-1], piece = True, piece[1:]
        if piece:
            doc = blank_english().make_doc(piece)
            words += [token.text for token in doc]
            spaces += [bool(token.whitespace_) for token in doc]
    return Doc(blank_english().vocab, words=words, spaces=spaces)


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the pieces of a text in order, and whether each is a token as it stands."""
    done = 0
    for run in _LONG.finditer(text):
        if done < run.start():
            yield text[done : run.start()], False
        for piece in _PIECE.finditer(run.group()):
            yield piece.group(), piece["opaque"] is not None
        done = run.end()
    if done < len(text):
        yield text[done:], False


def _without_middle(doc: Doc) -> Doc:
    """Return the first and the last tokens, with what stands between them as one token."""
    last = len(doc) - (MOST_TOKENS - _FIRST_TOKENS - 1)
    middle = doc[_FIRST_TOKENS:last]
    kept = [*doc[:_FIRST_TOKENS], *doc[last:]]
    words = [token.text for token in kept]
    spaces = [bool(token.whitespace_) for token in kept]
    words.insert(_FIRST_TOKENS, middle.text)
    spaces.insert(_FIRST_TOKENS, bool(middle[-1].whitespace_))
    return Doc(doc.vocab, words=words, spaces=spaces)
