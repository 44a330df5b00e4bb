"""spaCy's tokens, as every step of the pipeline uses them."""

from __future__ import annotations

import spacy
from spacy.language import Language
from spacy.tokens import Doc

from preceptor.nlu.normalize import fold

_nlp: Language | None = None


def blank_english() -> Language:
    """Return the blank English pipeline: spaCy's tokenizer, made once a process.

    It splits a range or an option ("6-8", "kenya/tanzania", "2000usd") into its parts as well.
    """
    global _nlp
    if _nlp is None:
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
        _nlp = nlp
    return _nlp


def tokens_of(text: str) -> Doc:
    """Tokenize with spaCy; each token's `norm_` is its folded form."""
    doc = blank_english().make_doc(text)
    for token in doc:
        token.norm_ = fold(token.text)
    return doc
