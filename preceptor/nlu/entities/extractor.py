"""Entities: the catalogue's things, lengths, money and positions in a message."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import lru_cache
from typing import Any

import structlog
from spacy.tokens import Doc

from preceptor.catalogue.database import CatalogueError
from preceptor.catalogue.snapshot import CatalogueCache, shared_catalogue
from preceptor.catalogue.vocabulary import Vocabulary
from preceptor.nlu.entities.currencies import currency_words
from preceptor.nlu.entities.durations import durations
from preceptor.nlu.entities.linking import Link, Linker
from preceptor.nlu.entities.money import amounts, wants_cheap
from preceptor.nlu.entities.numbers import Quantity
from preceptor.nlu.entities.positions import positions
from preceptor.nlu.entities.roles import WHERE
from preceptor.nlu.normalize import fold

EXTRACTOR = "CatalogueEntityExtractor"
_log = structlog.get_logger(__name__)


class CatalogueLinker:
    """The linker for the catalogue as it is now: an import is seen at the next message."""

    def __init__(self, cache: CatalogueCache) -> None:
        """Build nothing yet: the catalogue may be imported later."""
        self._cache = cache
        self._linker: Linker | None = None
        self._told = ""

    def current(self) -> Linker | None:
        """Return the linker, or None (logged) if no catalogue can be read."""
        try:
            catalogue = self._cache.current()
        except CatalogueError as error:
            # Without entities the advisor still answers its questions; it keeps the last ones.
            if str(error) != self._told:
                _log.error("entities.catalogue_unreadable", cause=str(error))
            self._told = str(error)
            return self._linker
        self._told = ""
        if self._linker is None or self._linker.version != catalogue.version:
            self._linker = Linker(Vocabulary.of(catalogue))
        return self._linker


@lru_cache(maxsize=1)
def shared_linker() -> CatalogueLinker:
    """Return the process's linker."""
    return CatalogueLinker(shared_catalogue())


def extract(doc: Doc, linker: Linker | None) -> list[dict[str, Any]]:
    """Return a text's entities as Rasa writes them.

    Args:
        doc: the text's tokens.
        linker: knows the catalogue's things; None leaves them out.

    Returns:
        One dict per entity with `entity`, `value`, `start`, `end`, `text`, `extractor`, and
        `role` (see `preceptor.nlu.entities.linking.Link`) and `typo` (True) where they apply; in
        the order of the text. The entity is a kind of term with its id as value, or `duration`,
        `money`, `ordinal`, `cheap`; for their values see the functions that find them.
    """
    links = linker.links(doc) if linker else []
    quantities = _quantities(doc, links)
    found = [
        _of_link(link)
        for link in links
        if not _is_part(link, quantities) and not _names_money(doc, link)
    ]
    # "US clinical experience" is a kind of placement, and says where.
    found += [e | {"entity": "country", "value": "US"} for e in found if _is_in_us(doc, e)]
    starts = [token.idx for token in doc]
    for quantity in quantities:
        first = max(0, bisect_right(starts, quantity.start) - 1)
        said = _role_of_quantity(doc, first, quantity)
        role: dict[str, Any] = {"role": said} if said else {}
        found.append(
            {
                "entity": quantity.entity,
                "value": quantity.value,
                "start": quantity.start,
                "end": quantity.end,
            }
            | role
        )
    _join_professions(doc, found)
    if (pupil := _PUPIL.search(doc.text)) and not any(e["entity"] == "stage" for e in found):
        start, end = pupil.span(pupil.lastgroup or 0)
        found.append({"entity": "stage", "value": "pre_university", "start": start, "end": end})
    if wants_cheap(doc) and not any(e["entity"] == "money" for e in found):
        found.append({"entity": "cheap", "value": True, "start": 0, "end": len(doc.text)})
    text = doc.text
    for entity in found:
        entity["text"] = text[entity["start"] : entity["end"]]
        entity["extractor"] = EXTRACTOR
    return sorted(found, key=lambda e: (e["start"], e["end"]))


def _is_in_us(doc: Doc, entity: dict[str, Any]) -> bool:
    text = doc.text[entity["start"] : entity["end"]]
    return entity["entity"] == "kind" and text.startswith(("US ", "USCE", "U.S."))


# Who is of that age is at school.
_PUPIL = re.compile(
    r"\b(?:i'?m|i am|he is|she is|(?:he|she|daughter|son|kid|child|brother|sister)"
    r"(?:'?s| is)?|girl|boy)"
    r"(?: (?:only |just )?| of |, (?:aged )?)"
    r"(?P<age>1[3-7])\b(?! ?(?:weeks?|wks?|months?|days?|hours?|%|[.,:/-]\d))"
    r"|\b(?P<old>1[3-7])[- ]?(?:years?|yrs?)[- ]olds?\b",
    re.IGNORECASE,
)


def _of_link(link: Link) -> dict[str, Any]:
    return (
        {"entity": link.kind, "value": link.id, "start": link.start, "end": link.end}
        | ({"role": link.role} if link.role else {})
        | ({} if link.exact else {"typo": True})
    )


_YEARS = {"preclinical_student", "clinical_student", "final_year_student"}
_STUDENTS = {"nursing": "nursing_student", "midwifery": "midwifery_student"} | dict.fromkeys(
    ("dentistry", "pharmacy", "physiotherapy", "occupational-therapy", "speech-therapy"),
    "allied_health",
)


def _join_professions(doc: Doc, found: list[dict[str, Any]]) -> None:
    """Read a year beside another profession as one of its course: "3rd year nursing"."""
    professions = [e for e in found if e["entity"] == "specialty" and e["value"] in _STUDENTS]
    years = [e for e in found if e["entity"] == "stage" and e["value"] in _YEARS]
    for stage in years:
        for profession in professions:
            first, last = sorted((stage, profession), key=lambda e: e["start"])
            if doc.text[first["end"] : last["start"]].strip().lower() in {"", "of", "in", ","}:
                stage["value"] = _STUDENTS[profession["value"]]


# "Two years' experience", "one year house job done" is no length of a stay.
_PAST = re.compile(
    r"\W*(?:of |full |clinical |work |post |my |house ?(?:job|manship) ?|internship )*"
    r"(?:experience|exp\b|qualified|ago\b|old\b|post-?grad|done\b|completed\b|finished\b|pause\b"
    r"|gap\b|break\b)",
    re.IGNORECASE,
)
# "I already paid them 800 pounds", "the agency wants €2,400" is no budget.
_PAID = re.compile(
    r"\b(?:paid|lost|transferred|owe|charg(?:es?|ed|ing)|deposit|costs? me"
    r"|(?:they|agency|agent|company|he|she) (?:is |are )?(?:wants?|asks?|asking|demands?))\b"
    r"[^.?!,;]{0,25}$",
    re.IGNORECASE,
)


# "A company at my school sells a 2 week trip for 3 grand" wishes for neither.
_SOLD = re.compile(r"\b(?:selling|sells|sold|advertis\w*)\b[^.?!;]{0,60}$", re.IGNORECASE)

# "I worked there for six months" says how long something was.
_LASTED = re.compile(
    r"\b(?:worked|studied|lived|trained|volunteered|shadowed|served|practi[sc]ed|taught|waited"
    r"|been \w+ing)\b[^.?!;]{0,60}\bfor (?:about |around |almost |over |nearly )?$",
    re.IGNORECASE,
)


def _quantities(doc: Doc, links: list[Link]) -> list[Quantity]:
    """Return the quantities outside names.

    A week in a price per week is no length of stay, the 1st of June no entry of a list.
    """
    sums = amounts(doc)
    lengths = [
        d
        for d in durations(doc)
        if not any(_overlap(d, s) for s in sums) and not _PAST.match(doc.text[d.end : d.end + 30])
    ]
    picks = [p for p in positions(doc) if not any(_overlap(p, q) for q in (*lengths, *sums))]
    named = [link for link in links if link.kind in ("program", "organisation")]
    return [
        quantity
        for quantity in (*lengths, *sums, *picks)
        if not any(_overlap(quantity, name) for name in named)
    ]


def _is_part(link: Link, quantities: list[Quantity]) -> bool:
    """Tell whether a term only belongs to a quantity: "US" to dollars, "year 6" to 6 months."""
    kinds = {"duration": {"stage"}, "money": _IN_SUMS}
    return any(link.kind in kinds.get(q.entity, ()) and _overlap(link, q) for q in quantities)


def _names_money(doc: Doc, link: Link) -> bool:
    """Tell whether a country only names a currency: "how much is it in Kenyan shillings?"."""
    if link.kind not in WHERE:
        return False
    after = re.match(r"\s+(\w+)", doc.text[link.end :])
    phrase = f"{doc.text[link.start : link.end]} {after[1]}" if after else ""
    return fold(phrase) in currency_words()


_IN_SUMS = {"country", "place", "region", "language"}


def _overlap(one: Link | Quantity, other: Link | Quantity) -> bool:
    return one.start < other.end and other.start < one.end


def _role_of_quantity(doc: Doc, first: int, quantity: Quantity) -> str | None:
    """Return `excluded` for "4 weeks, not 4 months", `mentioned` for what is paid, sold or past."""
    if first > 0 and doc[first - 1].norm_ in {"not", "n't"}:
        return "excluded"
    before = doc.text[: quantity.start]
    paid = quantity.entity == "money" and _PAID.search(before)
    lasted = quantity.entity == "duration" and _LASTED.search(before)
    return "mentioned" if paid or lasted or _SOLD.search(before) else None
