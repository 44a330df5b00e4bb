"""Words for what the catalogue knows: prices, lengths, programmes, criteria. Pure functions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from types import MappingProxyType

from babel.numbers import format_currency

from preceptor.catalogue.language_names import language_name
from preceptor.catalogue.money import Money
from preceptor.catalogue.programs import ProgramView
from preceptor.catalogue.records import Source
from preceptor.catalogue.search import Hit, SearchQuery
from preceptor.conversation.cards import Price, ProgramItem, SourceLink

BASIS = {
    "total_shortest_stay": "for the shortest stay",
    "advertised_from": "advertised starting price",
    "per_week": "a week",
    "estimated_trip_cost": "estimated cost of the whole trip",
    "exchange_fee": "exchange fee, not the cost of the stay",
    "application_fee_only": "application fee only, not the cost of the stay",
}
_FROM = {"advertised_from", "total_shortest_stay"}
NOTES = {
    "specialty_unknown": "its departments aren't listed",
    "stage_unknown": "it doesn't say which stage of training it takes",
    "language_unknown": "its languages aren't listed",
    "length_unknown": "its length isn't listed",
    "price_unknown": "its price isn't published",
    "price_is_fee_only": "only a fee is published, not the cost",
    "price_for_shorter_stay": "its price is for a shorter stay",
}


def joined(words: Iterable[str], last: str = "and") -> str:
    """Return "a", "a and b" or "a, b and c"."""
    items = list(words)
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


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
    if program.price is None or program.price_basis is None:
        return None
    start = "from " if program.price_basis in _FROM else ""
    dated = f"as of {program.price_date}" if program.price_date else "page undated"
    shown = f"{start}{money(program.price)} ({BASIS[program.price_basis]}, {dated})"
    if program.price_basis == "per_week":
        shown = f"{money(program.price)} a week ({dated})"
    return Price(
        minor=program.price.minor,
        currency=program.price.currency,
        basis=program.price_basis,
        date=program.price_date,
        covers=program.price_covers,
        shown=shown,
    )


def weeks(low: float | None, high: float | None) -> str:
    """Return a length: "2 to 12 weeks", "from 4 weeks", "up to 8 weeks", "" where not known."""
    shortest, longest = _whole(low), _whole(high)
    if shortest and longest and shortest != longest:
        return f"{shortest} to {longest} weeks"
    if shortest and longest:
        return f"{shortest} week{'s' * (shortest != '1')}"
    if shortest:
        return f"from {shortest} week{'s' * (shortest != '1')}"
    return f"up to {longest} week{'s' * (longest != '1')}" if longest else ""


def _whole(number: float | None) -> str:
    """Return a number of weeks: "4", "about 17" for 17.3, "" for none."""
    if not number:
        return ""
    return f"{number:g}" if float(number).is_integer() else f"about {max(1, round(number))}"


def months(low: Decimal | None, high: Decimal | None) -> str:
    """Return a length in months: "12 months", "6 to 12 months", "at least 12 months"."""
    if low and high:
        return (
            f"{low.normalize():f} to {high.normalize():f} months"
            if low != high
            else (f"{low.normalize():f} month{'s' * (low != 1)}")
        )
    if low:
        return f"at least {low.normalize():f} months"
    return f"up to {high.normalize():f} months" if high else ""


def place(program: ProgramView) -> str:
    """Return where a programme is: "Arusha and Moshi, Tanzania"."""
    if program.worldwide and not program.place_names:
        return "many countries"
    towns = list(program.place_names[:3])
    if len(program.place_names) > 3:
        towns.append("elsewhere")
    countries = joined(program.country_names[:4])
    return f"{joined(towns)}, {countries}" if towns else countries


def source_link(source: Source) -> SourceLink:
    """Return a fact's source as cards carry it."""
    return SourceLink(title=source.title, url=source.url, date=source.date)


def cite(source: Source) -> str:
    """Return a source in brackets: "(Title, 2019: https://…)"."""
    titled = ", ".join(part for part in (source.title, (source.date or "")[:4]) if part)
    if source.url:
        return f"({titled}: {source.url})" if titled else f"({source.url})"
    return f"({titled})" if titled else ""


def item(hit: Hit | ProgramView) -> ProgramItem:
    """Return a programme as cards carry it."""
    program = hit.program if isinstance(hit, Hit) else hit
    notes = [NOTES[n] for n in hit.notes] if isinstance(hit, Hit) else []
    return ProgramItem(
        id=program.id,
        name=program.name,
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
        notes=notes,
        source=SourceLink(
            title=program.organisation, url=program.source_url, date=program.source_date
        ),
    )


def title(program: ProgramView) -> str:
    """Return a programme's name, with its organisation where the name doesn't hold it."""
    organisation = program.organisation.partition(" (")[0]
    if organisation.casefold() in program.name.casefold():
        return program.name
    return f"{program.name} – {organisation}"


def line(number: int, hit: Hit) -> str:
    """Return a search result as one paragraph of plain text."""
    program = hit.program
    known = price(program)
    parts = [
        place(program),
        weeks(program.min_weeks, program.max_weeks) or "length not given",
        known.shown if known else "price not published",
    ]
    text = f"{number}. {title(program)}\n   {' · '.join(parts)}"
    unsure = [
        NOTES[n]
        for n in hit.notes
        if n not in {"price_unknown", "length_unknown", "price_is_fee_only"}
    ]
    if unsure:
        text += f"\n   Check: {joined(unsure)}."
    if program.source_url:
        text += f"\n   {program.source_url}"
    return text


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
    return found + sorted(names.get(("country", c), c) for c in left)


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

    def named(kind: str, ids: Iterable[str], last: str = "or") -> str:
        return joined([names.get((kind, i), i) for i in ids], last)

    subject = named("specialty", query.specialties).lower() or "any specialty"
    if query.kinds:
        subject = f"{named('kind', query.kinds).lower()} in {subject}"
    where = [
        *(names.get(("place", i), i) for i in query.places),
        *(names.get(("country", i), i) for i in query.countries),
        *(names.get(("region", i), i) for i in query.regions),
    ]
    parts = [f"{subject} in {joined(where, 'or')}" if where else f"{subject} anywhere"]
    if query.excluded_countries:
        parts.append(f"not in {joined(_outside(query, names, regions), 'or')}")
    if query.excluded_specialties:
        parts.append(f"not {named('specialty', query.excluded_specialties).lower()}")
    if length := weeks(query.min_weeks, query.max_weeks):
        parts.append(length)
    if query.budget:
        parts.append(f"up to {money(query.budget)}")
    if query.stages:
        parts.append(f"stage: {named('stage', query.stages).lower()}")
    if query.languages:
        parts.append(f"in {joined([language_name(c) for c in query.languages], 'or')}")
    return ", ".join(parts)


CONSTRAINT_NAMES = {
    "budget": "the budget",
    "max_weeks": "the length of stay",
    "min_weeks": "the length of stay",
    "languages": "the language",
    "kinds": "the kind of placement",
    "excluded_specialties": "the specialties you don't want",
    "specialties": "the specialty",
    "places": "the place",
    "excluded_countries": "the countries you don't want",
    "countries": "the country",
    "regions": "the region",
    "stages": "your stage of training",
}


def details(program: ProgramView) -> list[str]:
    """Return what is known of a programme, a line each, in the order people ask for it."""
    known = price(program)
    lines = [
        f"Where: {place(program)}",
        f"Kind: {program.kind_name}",
    ]
    if program.specialty_names or program.departments:
        lines.append(f"Departments: {program.departments or joined(program.specialty_names)}")
    lines.append(f"Length: {weeks(program.min_weeks, program.max_weeks) or 'not given'}")
    cost = known.shown if known else "not published"
    if program.price_covers:
        cost += f". {program.price_covers}"
    lines.append(f"Price: {cost}")
    if program.who_for:
        lines.append(f"For whom: {program.who_for}")
    languages = program.languages_note or joined(program.language_names)
    if languages:
        lines.append(f"Languages: {languages}")
    if program.start_dates:
        lines.append(f"Starts: {program.start_dates}")
    if housing := accommodation(program):
        lines.append(f"Accommodation: {housing}")
    return lines


def accommodation(program: ProgramView) -> str:
    """Return what is known of housing: "included (host family)", "" where nothing is."""
    answer = {"yes": "included", "no": "not included", "optional": "can be had"}.get(
        program.accommodation or "", ""
    )
    note = program.accommodation_note or ""
    return f"{answer} ({note})" if answer and note else answer or note
