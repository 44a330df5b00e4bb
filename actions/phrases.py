"""Words for what the catalogue knows: prices, lengths, programmes, criteria. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from types import MappingProxyType

from babel import Locale
from babel.numbers import format_currency

from actions.words import say
from preceptor.catalogue.language_names import language_name
from preceptor.catalogue.money import Money
from preceptor.catalogue.programs import ProgramView
from preceptor.catalogue.records import SourcedRecord
from preceptor.catalogue.search import Hit, SearchQuery
from preceptor.conversation.cards import Price, ProgramItem, SourceLink

_FROM = {"advertised_from", "total_shortest_stay"}
# What a list says of price and length anyway is no doubt to look into.
_SHOWN_ANYWAY = {"price_unknown", "length_unknown", "price_is_fee_only", "dates_unknown"}
_PLURAL = Locale("en").plural_form
_THE_COUNTRY = re.compile(
    r"(?:United|Democratic|Republic of|Central African)\b|.*\b(?:Islands|Republic)$"
    r"|(?:Netherlands|Philippines|Gambia|Bahamas|Maldives|Comoros|Seychelles)$"
)
# The head of a name that takes an article in English, as "Medical internship plus …" does.
_THE_INTERNSHIP = re.compile(r"(?:internship|programme|traineeship|residency|year|job)s?$", re.I)
# Abbreviations and English names of bodies take an article.
_THE_BODY = re.compile(
    r"^[A-Z&]{2,6}$|\b(?i:councils?|commissions?|boards?|authorit(?:y|ies)|agency|ministry|offices?"
    r"|directorate|chambers?|regulators?|syndicate|association|order|department|committee)\b"
)
_BRACKETS = re.compile(r"\s*\([^)]*\)")
_HEAD_ENDS = re.compile(r"[,;:]|\b(?:plus|via|with|within|before|after|and)\b")


def joined(words: Iterable[str], last: str = "and") -> str:
    """Return "a", "a and b" or "a, b and c"."""
    items = list(words)
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def counted(number: Decimal | int, things: str) -> str:
    """Return a number with what it counts, which stands in words.yml: "1 programme"."""
    return say(f"count_{things}_{_PLURAL(number)}", number=_plain(number))


def _plain(number: Decimal | int) -> str:
    return f"{Decimal(number).normalize():f}"


def country(name: str) -> str:
    """Return a country's name as it stands in a sentence: "the United Kingdom"."""
    return f"the {name}" if _THE_COUNTRY.match(name) else name


def internship(name: str) -> str:
    """Return the name of a country's internship as it stands in a sentence.

    "the UK Foundation Programme (F1 and F2)", "housemanship (house job)", "Praktisches Jahr (PJ)".
    """
    head = _HEAD_ENDS.split(_BRACKETS.sub("", name), maxsplit=1)[0].strip()
    # A proper name has further capitals.
    if head[1:] == head[1:].lower():
        name = within(name)
    return f"the {name}" if _THE_INTERNSHIP.search(head) else name


def the_body(name: str) -> str:
    """Return a regulator's name as it stands in a sentence: "the GMC", "Socialstyrelsen"."""
    head = _BRACKETS.sub("", name)
    return f"the {name}" if _THE_BODY.search(head) and not name.startswith("The ") else name


def with_address(name: str, url: str | None) -> str:
    """Return a regulator with its address: "the General Medical Council (https://…)"."""
    return f"{the_body(name)} ({url})" if url else the_body(name)


def within(text: str) -> str:
    """Return a text as it stands within a sentence: no capital but that of an abbreviation."""
    return text if text[1:2].isupper() or text[1:2].isdigit() else text[:1].lower() + text[1:]


def money(amount: Money) -> str:
    """Return an amount with its currency's code: "USD 1,485", "EUR 21.20"."""
    whole = amount.amount == amount.amount.to_integral_value()
    pattern = "¤¤ #,##0" if whole else "¤¤ #,##0.00"
    text = format_currency(
        amount.amount, amount.currency, pattern, locale="en", currency_digits=False
    )
    return text.replace("\xa0", " ")


def price(program: ProgramView) -> Price | None:
    """Return a programme's price with what it is a price of, or None where it isn't known."""
    basis = program.price_basis
    if program.price is None or basis is None:
        return None
    amount = money(program.price)
    if basis in _FROM:
        amount = say("price_from", amount=amount)
    date = program.price_date
    dated = say("price_as_of", date=date) if date else say("price_undated")
    if basis == "per_week":
        shown = say("price_per_week", amount=amount, dated=dated)
    else:
        shown = say("price_shown", amount=amount, basis=say(f"price_{basis}"), dated=dated)
    return Price(
        minor=program.price.minor,
        currency=program.price.currency,
        basis=basis,
        date=date,
        covers=program.price_covers,
        shown=shown,
    )


def weeks(low: float | None, high: float | None) -> str:
    """Return a length: "2 to 12 weeks", "from 4 weeks", "up to 10 days", "" if not known."""
    shortest, longest = _length(low), _length(high)
    if shortest and longest and shortest != longest:
        if shortest[1].rstrip("s") == longest[1].rstrip("s"):
            return f"{shortest[0]} to {longest[0]} {longest[1]}"
        return f"{' '.join(shortest)} to {' '.join(longest)}"
    if shortest and longest:
        return " ".join(shortest)
    if shortest:
        return f"from {' '.join(shortest)}"
    return f"up to {' '.join(longest)}" if longest else ""


def _length(number: float | None) -> tuple[str, str] | None:
    """Return a number of weeks with its unit, None for none.

    Whole weeks are weeks ("4", "weeks"), less than two of them days ("10", "days"), more are
    rounded ("about 17", "weeks").
    """
    if not number:
        return None
    if float(number).is_integer():
        return f"{number:g}", "week" if number == 1 else "weeks"
    if number < _IN_DAYS:
        days = max(1, round(7 * number))
        return str(days), "day" if days == 1 else "days"
    return f"about {round(number)}", "weeks"


_IN_DAYS = 2


def months(low: Decimal | None, high: Decimal | None) -> str:
    """Return a length in months: "12 months", "6 to 12 months", "at least 12 months"."""
    if low and high and low != high:
        return f"{_plain(low)} to {counted(high, 'months')}"
    if low:
        return counted(low, "months") if high else f"at least {counted(low, 'months')}"
    return f"up to {counted(high, 'months')}" if high else ""


def place(program: ProgramView) -> str:
    """Return where a programme is: "Arusha and Moshi, Tanzania"."""
    if program.worldwide and not program.place_names:
        return say("place_many")
    towns = list(program.place_names[:3])
    if len(program.place_names) > 3:
        towns.append(say("place_more"))
    countries = joined(program.country_names[:4])
    return f"{joined(towns)}, {countries}" if towns else countries


def source_link(row: SourcedRecord) -> SourceLink:
    """Return the source of a row of the catalogue as cards carry it."""
    return SourceLink(title=row.source_title, url=row.source_url, date=row.source_date)


def summary(program: ProgramView) -> tuple[str, str, str]:
    """Return what a list says of a programme: place, length and price."""
    known = price(program)
    return (
        place(program),
        weeks(program.min_weeks, program.max_weeks) or say("unknown_length"),
        known.shown if known else say("unknown_price"),
    )


def item(hit: Hit | ProgramView, number: int | None = None) -> ProgramItem:
    """Return a programme as cards carry it.

    Args:
        hit: the programme, or a search's hit, whose doubts are noted then.
        number: its number in the list on the screen.
    """
    program = hit.program if isinstance(hit, Hit) else hit
    return ProgramItem(
        id=program.id,
        number=number,
        name=program.name,
        title=title(program),
        summary=summary(program),
        organisation=program.organisation,
        listing=program.listing,
        place=place(program),
        specialties=list(program.specialty_names),
        kind=program.kind_name,
        who_for=program.who_for,
        min_weeks=program.min_weeks,
        max_weeks=program.max_weeks,
        price=price(program),
        languages=list(program.language_names),
        accommodation=program.accommodation,
        start_dates=program.start_dates,
        notes=_notes(hit) if isinstance(hit, Hit) else [],
        source=SourceLink(
            title=program.organisation, url=program.source_url, date=program.source_date
        ),
    )


def _notes(hit: Hit) -> list[str]:
    """Return what there is to ask the host of a search's hit."""
    program = hit.program
    notes = [say(f"note_{doubt}") for doubt in hit.notes if doubt not in _SHOWN_ANYWAY]
    if "dates_unknown" in hit.notes:
        dates = program.start_dates
        notes.append(say("note_dates", dates=dates) if dates else say("note_no_dates"))
    if hit.is_stale and program.source_date:
        notes.append(say("note_checked", date=program.source_date))
    return notes


def title(program: ProgramView) -> str:
    """Return a programme's name, with its organisation where the name doesn't hold it."""
    organisation = program.organisation.partition(" (")[0]
    if organisation.casefold() in program.name.casefold():
        return program.name
    return f"{program.name} – {organisation}"


def _outside(
    query: SearchQuery,
    names: Mapping[tuple[str, str], str],
    regions: Mapping[str, Collection[str]],
) -> list[str]:
    """Return the excluded countries by name, whole regions as one."""
    left = set(query.excluded_countries)
    found = []
    for region, countries in sorted(regions.items(), key=lambda pair: -len(pair[1])):
        if len(countries) > 1 and left.issuperset(countries):
            found.append(names.get(("region", region), region))
            left -= set(countries)
    return found + sorted(country(names.get(("country", c), c)) for c in left)


def criteria(
    query: SearchQuery,
    names: Mapping[tuple[str, str], str],
    regions: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> str:
    """Return a search in words: "surgery in Kenya or Tanzania, 4 weeks, up to USD 2,000".

    Args:
        query: the search.
        names: the names of ids, by (kind, id).
        regions: the countries of each region, so that "not in Asia" reads back as that.
    """
    subject = _either("specialty", query.specialties, names) or say("criteria_any_specialty")
    if query.kinds:
        subject = say("criteria_kind", kind=_either("kind", query.kinds, names), subject=subject)
    where = [
        *(names.get(("place", i), i) for i in query.places),
        *(country(names.get(("country", i), i)) for i in query.countries),
        *(names.get(("region", i), i) for i in query.regions),
    ]
    words = "criteria_where" if where else "criteria_anywhere"
    parts = [say(words, subject=subject, places=joined(where, "or"))]
    # Of what was named, the others are no part anyway.
    if query.excluded_countries and (query.regions or not where):
        outside = joined(_outside(query, names, regions), "or")
        parts.append(say("criteria_not_in", places=outside))
    if query.excluded_specialties:
        unwanted = _either("specialty", query.excluded_specialties, names)
        parts.append(say("criteria_not", specialties=unwanted))
    return ", ".join([*parts, *_limits(query, names)])


def _either(kind: str, ids: Iterable[str], names: Mapping[tuple[str, str], str]) -> str:
    return joined([names.get((kind, i), i) for i in ids], "or").lower()


def _whom(stages: Iterable[str], names: Mapping[tuple[str, str], str]) -> str:
    """Return stages of training as whom: "a nurse or a nursing student"."""
    whom = [within(names.get(("stage", stage), stage)) for stage in stages]
    return joined([f"{'an' if each[0] in 'aeiou' else 'a'} {each}" for each in whom], "or")


def _limits(query: SearchQuery, names: Mapping[tuple[str, str], str]) -> list[str]:
    """Return what a search asks for besides specialty and place."""
    parts = []
    if length := weeks(query.min_weeks, query.max_weeks):
        parts.append(length)
    if query.when:
        parts.append(joined(query.when))
    if query.budget:
        amount = money(query.budget)
        words = "criteria_budget_week" if query.budget_per == "week" else "criteria_budget"
        parts.append(say(words, amount=amount))
    if query.stages:
        parts.append(say("criteria_stage", stages=_whom(query.stages, names)))
    if query.languages:
        languages = joined([language_name(code) for code in query.languages], "or")
        parts.append(say("criteria_language", languages=languages))
    return parts


def constraint(field: str) -> str:
    """Return what a field of `SearchQuery` constrains: "the length of stay"."""
    return say("constraint_length" if field.endswith("_weeks") else f"constraint_{field}")
