"""Forms of a text in which accents, case and stretched letters make no difference."""

from __future__ import annotations

import re
import unicodedata

_TYPOGRAPHIC = str.maketrans({"’": "'", "‘": "'", "`": "'", "“": '"', "”": '"', "–": "-", "—": "-"})
_STRETCHED = re.compile(r"([a-z])\1{2,}")


def fold(text: str) -> str:
    """Lower-case, without accents and typographic signs: "Perú’s" becomes "peru's".

    The result may be longer or shorter than the text; use it on single tokens where offsets
    matter.
    """
    plain = text.translate(_TYPOGRAPHIC)
    if plain.isascii():
        # Most words by far: there is nothing to take apart.
        return plain.lower()
    decomposed = unicodedata.normalize("NFKD", plain)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()


def squeeze(text: str) -> str:
    """Shorten stretched letters to two ("pleeeease" to "pleease") and white space to one blank."""
    return " ".join(_STRETCHED.sub(r"\1\1", text).split())
