"""What a question on registration asks, together with what was asked before it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, get_args

from pydantic import BaseModel

from actions.registration_text import OF_THE_REGULATOR
from actions.topic_action import Turn
from preceptor.catalogue.cells import Profession, Route
from preceptor.catalogue.facts import registration_rules
from preceptor.catalogue.records import RegistrationTermRecord
from preceptor.conversation import registration
from preceptor.conversation.choices import Country
from preceptor.conversation.registration import COMPARED, LENGTH, OTHER
from preceptor.intents import intents
from preceptor.knowledge.store import shared_answers
from preceptor.nlu.entities.glossary import glossed
from preceptor.nlu.normalize import fold

MOST_COUNTRIES = 3
"""How many countries are told at once."""
_ELLIPTIC_WORDS = 9


class Asked(BaseModel):
    """What a question on registration asks.

    Attributes:
        countries: where somebody wants to practise, ISO 3166-1 alpha-2.
        aspects: what is asked, see registration.yml.
        yes_no: whether yes or no answers it.
        route: the one that the words name, in this message or before.
        trained: the countries where somebody trained or did an internship.
        profession: whose registration it is; None is a doctor's.
        called: the words by which they named it.
        elsewhere: whether a graduate of the country asks about an internship in another.
        for_another: whether it is that of a relative or a friend.
        options: the countries that a name such as "NMC" may mean.
        spoken: the countries spoken of last, the newest last.
        pending: whether the advisor has just asked where somebody trained.
    """

    countries: tuple[str, ...] = ()
    aspects: tuple[str, ...] = ()
    yes_no: bool = False
    route: Route | None = None
    trained: tuple[str, ...] = ()
    elsewhere: bool = False
    profession: str | None = None
    called: str | None = None
    for_another: bool = False
    options: tuple[str, ...] = ()
    spoken: tuple[str, ...] = ()
    pending: bool = False

    class Config:
        """A record of what is declared here; what another version kept beside it is dropped."""

        frozen = True

    def changed(self, **values: Any) -> Asked:
        """Return the question with other values."""
        return self.copy(update=values)


def asked_of(turn: Turn, intent: str) -> Asked:
    """Return what the question asks, with what was asked before where it leaves that out."""
    before = before_of(turn)
    talk = turn.slots.get("topic") in intents().in_group("registration")
    if not talk:
        before = before.changed(aspects=(), route=None, profession=None, called=None, pending=False)
    if isinstance(turn.choice, Country):
        default = before.aspects if intent != LENGTH else ()
        aspects = turn.choice.asked or default or _default(intent)
        route = turn.choice.route or before.route
        return before.changed(countries=(turn.choice.country,), aspects=aspects, route=route)
    # "Say that again" asks what was asked before.
    text = "" if turn.parse.get("follow_up") else text_of(turn)
    asked = _with_profession(turn, text, before)
    asked = _with_countries(turn, asked, before, talk)
    if _is_done_elsewhere(turn, asked, text):
        asked = asked.changed(route="abroad")
    if aspect := turn.parse.get("aspect"):
        asked = asked.changed(aspects=(aspect,), yes_no=False)
    elif aspects := registration.aspects_of(text):
        way = _OF_THE_WAY.intersection(before.aspects) and _comes_from_abroad(asked)
        if aspects == ("length",) and way and not registration.names_the_internship(text):
            # "How long does that take?" after the steps is about all of them.
            aspects = ("total",)
        asked = asked.changed(aspects=aspects, yes_no=registration.is_yes_no(text))
    elif not before.aspects or _asks_anew(turn, text):
        asked = asked.changed(aspects=_default(intent, turn, asked), yes_no=False)
    if asked.elsewhere and asked.aspects in (("needed",), ("steps",)):
        return asked.changed(aspects=("from_abroad_counts",), yes_no=False)
    if asked.aspects == ("needed",) and asked.trained and registration.was_done(text):
        asked = asked.changed(aspects=("needed", "from_abroad_counts"))
    return asked


def _is_done_elsewhere(turn: Turn, asked: Asked, text: str) -> bool:
    """Tell whether somebody did an internship that the country calls otherwise.

    Nobody who trained in the UK calls the Foundation Year "my internship".
    """
    called = registration.own_internship(text)
    if called is None or asked.route or asked.trained or len(asked.countries) != 1:
        return False
    home = registration_rules(turn.catalogue, asked.countries[0]).get("home")
    return home is not None and called not in (home.name or "").lower()


# What of the way to registration is spoken of before "how long does that take?".
_OF_THE_WAY = {"exam", "from_abroad_counts", "steps", "total"}


def _with_countries(turn: Turn, asked: Asked, before: Asked, talk: bool) -> Asked:
    """Return the question with its countries and where somebody trained."""
    text = text_of(turn)
    places = {id: place.country for id, place in turn.catalogue.places.items()}
    own_words, entities = _in_own_words(turn)
    target = before.countries or _going(turn)
    known = before.trained or _countries(turn, turn.frame.person.origin)
    here = _countries(turn, filter(None, [turn.frame.person.here]))
    doctors = registration.is_about_doctors(text)
    terms = terms_of(turn, asked.profession or ("doctor" if doctors else None))
    firm = {
        *registration.permits_of(text),
        *(t.countries[0] for t in terms if len(t.countries) == 1 and not _is_unclear(turn, t)),
    }
    if target:
        # "Does my GMC registration help?" asks nothing of the GMC.
        firm -= {t.countries[0] for t in terms if _is_held(turn, t)}
    options = {c for t in terms for c in t.countries}
    found = registration.countries_of(
        own_words, entities, places, firm, talk=talk or bool(target),
        known={*known, *here} - set(target),
    )  # fmt: skip
    if not found.wanted and set(target) & {*found.trained, *found.out}:
        # The country told before was that of the degree: "no, I trained there, I'm in Oman".
        elsewhere_now = tuple(c for c in found.here if c not in target)
        found = replace(found, wanted=elsewhere_now)
    going = {*(found.wanted or target)}
    if not before.trained and not _in_training(turn):
        # Who lives in a country needn't have trained there.
        known = tuple(c for c in known if c not in going)
    trained = found.trained or known or _trains_in(turn, here, going)
    # A graduate of the country itself asks whether the internship may be done elsewhere.
    elsewhere = bool(found.interned) and bool({*trained} & {*found.wanted})
    told = found.trained or found.interned
    if not elsewhere:
        trained = (*found.trained, *found.interned) or trained
    by_term = next((t.route for t in terms if t.route), None)
    route = registration.route_of(text) or (None if told else by_term or before.route)
    if before.pending and found.wanted and not found.trained:
        # The advisor asked where they trained.
        return asked.changed(trained=found.wanted, countries=before.countries, pending=False)
    asked = asked.changed(
        route=route, trained=tuple(trained), countries=found.wanted, elsewhere=elsewhere
    )
    if asked.countries:
        return asked
    if len(before.spoken) > 1 and registration.is_of_all(text):
        return asked.changed(countries=before.spoken)
    if options and not firm and (any(_is_unclear(turn, t) for t in terms) or not target):
        near = (*before.countries, *_going(turn), *trained)
        fitting = tuple(next(([c] for c in near if c in options), sorted(options)))
        if len(fitting) > 1:
            return asked.changed(countries=(), options=fitting)
        return asked.changed(countries=fitting)
    return asked.changed(countries=before.countries or _going(turn))


def _comes_from_abroad(asked: Asked) -> bool:
    """Tell whether somebody trained in another country than the one asked about."""
    return bool(asked.trained) and not set(asked.countries) & set(asked.trained)


def text_of(turn: Turn) -> str:
    """Return the words of a question; of another language the English gloss and then its own."""
    if not turn.parse.get("gloss"):
        return turn.question.text
    return f"{turn.question.text} {turn.parse.get('text')}"


def _in_own_words(turn: Turn) -> tuple[str, list[dict[str, Any]]]:
    """Return the words of a question and its entities where they stand in them.

    A gloss has no words that tell where somebody studied, so the message's own are returned. A
    region of few countries is these: "Australia and New Zealand".
    """
    entities = [each for entity in turn.question.entities for each in _by_country(turn, entity)]
    if not turn.parse.get("gloss"):
        return turn.question.text, entities
    text = fold(turn.parse["text"])
    stands = {word.lower(): (a, b) for word, a, b in glossed(text, turn.parse["language"])}
    for entity in entities:
        start, end = stands.get(str(entity.get("text")).lower(), (0, len(text)))
        entity.update(start=start, end=end)
    return text, entities


def _by_country(turn: Turn, entity: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return an entity of its own for each country of a region of few."""
    within = (
        turn.catalogue.countries_within([entity["value"]]) if entity["entity"] == "region" else ()
    )
    if not 0 < len(within) <= MOST_COUNTRIES:
        return [dict(entity)]
    return [{**entity, "entity": "country", "value": country} for country in sorted(within)]


def _asks_anew(turn: Turn, text: str) -> bool:
    """Tell whether a question that names nothing of a rule is one of its own all the same."""
    if registration.corrects(text):
        return False
    names = turn.question.of_kind("registration") and not registration.was_done(text)
    return bool(names) or len(text.split()) > _ELLIPTIC_WORDS


def _default(intent: str, turn: Turn | None = None, asked: Asked | None = None) -> tuple[str, ...]:
    """Return what a question asks that says no more than its intent."""
    if intent == LENGTH:
        return ("length",)
    if turn and asked:
        terms = terms_of(turn)
        if terms and registration.is_but_names(turn.question.text, turn.question.entities):
            return ("exam",) if terms[0].kind == "exam" else ("regulator", "needed")
        if asked.route or asked.trained:
            return ("steps",)
    return ("needed",)


def terms_of(turn: Turn, profession: str | None = None) -> list[RegistrationTermRecord]:
    """Return the regulators, exams and programmes that the question names.

    Args:
        turn: the turn.
        profession: of an unclear name such as "NMC", only the one of this profession.
    """
    known = turn.catalogue.all(RegistrationTermRecord)
    entities = [e for e in turn.question.entities if e["entity"] == "registration"]
    terms = [known[e["value"]] for e in entities if e["value"] in known]
    fitting = [t for t in terms if not _is_unclear(turn, t) or t.profession == profession]
    return fitting or terms


def holds_registration(turn: Turn) -> bool:
    """Tell whether a question names a regulator on whose register somebody is, and no other."""
    terms = terms_of(turn)
    return bool(terms) and all(_is_held(turn, term) for term in terms)


def _is_held(turn: Turn, term: RegistrationTermRecord) -> bool:
    """Tell whether somebody is on the register of a regulator."""
    own = [e for e in turn.question.entities if e["value"] == term.id]
    text = turn.question.text
    return term.kind == "regulator" and any(registration.is_held(text, e) for e in own)


def _is_unclear(turn: Turn, term: RegistrationTermRecord) -> bool:
    own = [e for e in turn.question.entities if e["value"] == term.id]
    return any(e.get("role") == "unclear" for e in own)


def _countries(turn: Turn, ids: Iterable[str]) -> tuple[str, ...]:
    """Return the countries of some countries and places; regions have none."""
    places = turn.catalogue.places
    found = (places[i].country if i in places else i for i in ids)
    return tuple(dict.fromkeys(i for i in found if i in turn.catalogue.countries))


def _going(turn: Turn) -> tuple[str, ...]:
    """Return the one country where the person said they want to go."""
    going = _countries(turn, turn.frame.person.going)
    return going if len(going) == 1 else ()


def _trains_in(turn: Turn, here: tuple[str, ...], wanted: Iterable[str]) -> tuple[str, ...]:
    """Return where somebody is now, if they train there or ask about another country."""
    return here if _in_training(turn) or not set(here) & set(wanted) else ()


def _in_training(turn: Turn) -> bool:
    return any(s == "resident" or s.endswith("_student") for s in turn.frame.person.stages)


def profession_of_terms(turn: Turn) -> str | None:
    """Return the profession of the regulators and exams named, if it isn't doctors'."""
    clear = {t.profession for t in terms_of(turn) if not _is_unclear(turn, t)}
    return clear.pop() if len(clear) == 1 and "doctor" not in clear else None


_AS_STUDENT = {"nursing_student": "nurse", "midwifery_student": "midwife"}


def _with_profession(turn: Turn, text: str, before: Asked) -> Asked:
    """Return the question with whose registration it asks about.

    A friend's profession is left with "I": "do I need an exam?".
    """
    entities = turn.question.entities
    if named := registration.profession_of(text, entities):
        meanwhile = before.profession and "provisional" in registration.aspects_of(text)
        if meanwhile and named != before.profession:
            # What somebody would work as until they are registered isn't what they are.
            return before
        called, kin = registration.called_of(text, entities), registration.is_of_kin(text)
        return before.changed(profession=named, called=called, for_another=kin)
    if by_term := profession_of_terms(turn):
        return before.changed(profession=by_term, called=None)
    stages = [_AS_STUDENT.get(stage, stage) for stage in turn.frame.person.stages]
    own = next((name for name in get_args(Profession) if name in stages), None)
    if own == "allied_health" and "physiotherapy" in turn.frame.person.specialties:
        own = "physiotherapist"
    if before.for_another and registration.is_about_oneself(text):
        return before.changed(profession=own, for_another=False)
    return before.changed(profession=before.profession or own)


def keep(turn: Turn, asked: Asked, *, pending: bool = False) -> None:
    """Keep what was asked; `pending` if the advisor asks back where somebody trained."""
    rule = [each for each in asked.aspects if each not in {*OF_THE_REGULATOR, COMPARED, OTHER}]
    # "Who can I ask?" is not asked again of the next country.
    before = before_of(turn)
    spoken = [c for c in before.spoken if c not in asked.countries]
    kept = asked.changed(pending=pending, spoken=(*spoken, *asked.countries)[-MOST_COUNTRIES:])
    if not rule:
        kept = kept.changed(aspects=before.aspects, yes_no=before.yes_no)
    turn.set(licensing_asked=kept.dict(exclude={"countries", "options"}))


def before_of(turn: Turn) -> Asked:
    """Return what was asked last; an empty question if nothing was."""
    countries = tuple(turn.slots.get("licensing_country") or ())
    asked = turn.slots.get("licensing_asked") or {}
    focus = turn.frame.focus
    answers = shared_answers().current() if focus else None
    told = answers.get(focus) if answers and focus else None
    if told is not None and told.folder == "registration":
        # An answer of knowledge/ was told since, perhaps by a click.
        if told.places:
            countries = tuple(c for c in countries if c in told.places) or tuple(told.places)
        if named := registration.profession_of(told.question):
            asked = {"called": registration.called_of(told.question), **asked, "profession": named}
    return Asked.parse_obj({**asked, "countries": countries})
