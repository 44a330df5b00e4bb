"""Plain text functions that every step of the pipeline shares."""

from __future__ import annotations

import re
import unicodedata

import spacy
from spacy.language import Language
from spacy.tokens import Doc

_TYPOGRAPHIC = str.maketrans({"’": "'", "‘": "'", "`": "'", "“": '"', "”": '"', "–": "-", "—": "-"})
_STRETCHED = re.compile(r"([a-z])\1{2,}")


def fold(text: str) -> str:
    """Lower-case, without accents and typographic signs: "Perú’s" becomes "peru's".

    The result may be longer or shorter than the text; use it on single tokens where offsets
    matter.
    """
    decomposed = unicodedata.normalize("NFKD", text.translate(_TYPOGRAPHIC))
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()


def squeeze(text: str) -> str:
    """Shorten stretched letters to two ("pleeeease" to "pleease") and white space to one blank."""
    return " ".join(_STRETCHED.sub(r"\1\1", text).split())


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
            r"(?<=[A-Za-z])[,;!?](?=[A-Za-z])",
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
