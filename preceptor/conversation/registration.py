"""Questions on registration: what is asked, for which country and by which route.

Pure functions of a message's words and entities, and of what was spoken of before; the words are
declared in registration.yml.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from preceptor.catalogue.cells import Route
from preceptor.conversation.decide import is_unclear, leans
from preceptor.conversation.follow_ups import ELSEWHERE, kind_of
from preceptor.conversation.frame import KIN
from preceptor.conversation.phrases import LIKELY
from preceptor.intents import FALLBACK, intents

PATH = Path(__file__).with_name("registration.yml")
INTENT = "ask_registration_requirement"
LENGTH = "ask_internship_length"
MOST_ASPECTS = 2
_BARE, _FEW_WORDS, _MOST_WORDS = 4, 7, 14
_SURE = 0.9
_ASPECT_OF = {"who": "regulator", "evidence": "source", "sure": "source", "disagree": "source"}
"""What of a rule a kind of follow-up asks for."""
_NEAR_TALK = 0.6
_SAME = frozenset({"repeat", "short"})
OTHER = "other"
"""What no column of the rules says."""
_CLAIMED = 0.5
_MOST_WORDS_OF_A_QUESTION = 40
DOUBTFUL = 0.6
"""Below this confidence a question on registration may be another one."""
COMPARED = "compare"
"""Which of several countries is easier."""
# What is asked of the exam or the way to registration as a whole.
_OF_THE_WAY = {"attempts", "fees", "total", COMPARED}
# What is asked of a regulator's exam and is none of its contents.
_OF_AN_EXAM = {"attempts", "fees", "language", "length", "needed", "time_limits", "total"}
# What is asked of other professions than doctors.
_OF_A_PROFESSION = {"attempts", COMPARED, "exam", "needed", "regulator", "steps"}
# What sentences have that say how often, how long and how much, of which rules have no column.
_ATTEMPTS = re.compile(
    r"\b(?:attempts?|(?:two|three|four|five|six|several|\d+) times|retake|resits?|twice"
    r"|repeat(?:ed)?)\b"
)
_TIMES = re.compile(r"\b(?:days|weeks)\b|(?<!within )\b[\w-]+ months\b")
_SUMS = re.compile(r"\bfees?\b|\b(?:euros?|pounds|dollars)\b|[£€$]\d|\b[A-Z]{3} ?\d{3}")
SAYING = {"attempts": _ATTEMPTS, "fees": _SUMS, "length": _TIMES, "total": _TIMES}
"""What the sentences of a text have that answer something asked."""
_SENTENCE_ENDS = re.compile(r"(?<=[.!?]) +")
_MOST_BESIDE = 3
# Aspects that a word for "need" is no further question beside.
_NEEDS_NO_NEED = {"length", "pattern", "pay"}
_POINTS = re.compile(r"\b(?:it|this|that|they|them|there|here|one)\b", re.IGNORECASE)
_TALK = frozenset({"reaction", "small_talk", "advisor"})
_BESIDE = frozenset({"advice", "search", "results", "reaction", "advisor"})

Entities = Iterable[Mapping[str, Any]]


@dataclass(frozen=True)
class _Words:
    aspects: dict[str, re.Pattern[str]]
    routes: dict[str, re.Pattern[str]]
    professions: dict[str, re.Pattern[str]]
    permits: dict[str, re.Pattern[str]]
    single: dict[str, re.Pattern[str]]


@lru_cache(maxsize=1)
def _words() -> _Words:
    def compiled(content: Mapping[str, Any]) -> dict[str, re.Pattern[str]]:
        joined = {k: v if isinstance(v, str) else "|".join(v) for k, v in content.items()}
        return {k: re.compile(f"(?P<{k}>{v})", re.IGNORECASE) for k, v in joined.items()}

    content = YAML(typ="safe").load(PATH.read_text("utf-8"))
    aspects, routes, professions, permits = (
        compiled(content.pop(name)) for name in ("aspects", "routes", "professions", "permits")
    )
    return _Words(aspects, routes, professions, permits, compiled(content))


def aspect_names() -> tuple[str, ...]:
    """Return everything that can be asked of a country's rules."""
    return tuple(_words().aspects)


def aspects_of(text: str) -> tuple[str, ...]:
    """Return what a question asks about, see registration.yml, in the order of the words."""
    # A story before the question may have any of the words: "the salary is nothing here. Which …?"
    asking = " ".join(s for s in _SENTENCE_ENDS.split(text) if s.endswith("?"))
    found = _found(asking) or _found(text)
    if found.keys() - _NEEDS_NO_NEED - {"needed"}:
        found.pop("needed", None)
    if found.keys() & {"provisional", "time_limits"}:
        # "How long does provisional registration last?"
        found.pop("total", None)
    if "total" in found:
        # "How long does recognition take?"
        found.pop("from_abroad_counts", None)
    if found.keys() & _OF_THE_WAY:
        for name in ("length", "exam", "steps"):
            found.pop(name, None)
    if "gaps" in found:
        # "Must I repeat it after a break?"
        found.pop("from_abroad_counts", None)
        found.pop("pattern", None)
    if "time_limits" in found:
        # "How long after graduation", "my provisional licence expires".
        found.pop("length", None)
        found.pop("provisional", None)
    return tuple(sorted(found, key=lambda name: found[name].start()))[:MOST_ASPECTS]


def _found(text: str) -> dict[str, re.Match[str]]:
    return {name: m for name, p in _words().aspects.items() if (m := p.search(text))}


def is_yes_no(text: str) -> bool:
    """Tell whether a question is one that yes or no answers."""
    return bool(_words().single["yes_no"].search(text))


def route_of(text: str) -> Route | None:
    """Return the route that the words themselves name: "IMG", "EU degree", "local graduate"."""
    return next((name for name, p in _words().routes.items() if p.search(text)), None)  # type: ignore[misc]


def is_a_search(text: str) -> bool:
    """Tell whether a text has words of a search or of a placement that one chooses."""
    single = _words().single
    return bool(single["searching"].search(single["unwanted"].sub(" ", text)))


def is_absence(text: str) -> bool:
    """Tell whether somebody is away from an internship: "a month off"."""
    return bool(_words().single["absence"].search(text))


def names_the_internship(text: str) -> bool:
    """Tell whether a text names the internship or what it is for: "house job", "registration"."""
    return bool(_words().single["internship"].search(text))


def was_done(text: str) -> bool:
    """Tell whether somebody says that their internship is done: "a completed house job"."""
    return bool(_words().single["was_done"].search(text))


def own_internship(text: str) -> str | None:
    """Return what somebody calls the internship that they have done: "my house job is done"."""
    own = _words().single["own_internship"].search(text)
    return own["called"].lower() if own and was_done(text) else None


def is_of_a_stay(text: str) -> bool:
    """Tell whether a text is about doing a placement that one chooses: "do an observership"."""
    return bool(_words().single["stay"].search(text))


def asks_meaning(text: str, entities: Entities) -> bool:
    """Tell whether a question asks what the name of a regulator or exam means: "what's PLAB?"."""
    named = [e for e in entities if e["entity"] == "registration"]
    return bool(named and _words().single["meaning"].search(text) and not aspects_of(text))


def is_about_doctors(text: str) -> bool:
    """Tell whether a text has words of doctors' training: "MBBS", "internship"."""
    return bool(_words().single["doctors"].search(text))


def is_about_oneself(text: str) -> bool:
    """Tell whether somebody speaks of themselves: "back to me", "do I need an exam?"."""
    return bool(_words().single["oneself"].search(text))


def is_of_kin(text: str) -> bool:
    """Tell whether the profession that a text names first is a relative's or a friend's.

    "My wife is a nurse" is of the wife, "I'm a dentist, my husband is in Ohio" is not of him.
    """
    named = _first_profession(text)
    return bool(KIN.search(text[: named.start()] if named else text))


def permits_of(text: str) -> set[str]:
    """Return the countries that a text names by a permit to stay there: "on an H4"."""
    return {country for country, p in _words().permits.items() if p.search(text)}


def is_held(text: str, entity: Mapping[str, Any]) -> bool:
    """Tell whether somebody has what an entity names: "my GMC registration"."""
    return bool(_words().single["held_before"].search(text[: entity["start"]]))


def corrects(text: str) -> bool:
    """Tell whether a text says that the answer was read into it: "no, I study in India"."""
    return bool(_words().single["corrects"].search(text))


def is_of_all(text: str) -> bool:
    """Tell whether a question is about all that was spoken of: "which of the three?"."""
    return bool(_words().single["of_all"].search(text))


def is_of_a_placement(text: str) -> bool:
    """Tell whether a text names a placement of students by law: "Famulatur", "PJ"."""
    return bool(_words().single["student_placement"].search(text))


def points_at_it(text: str) -> bool:
    """Tell whether a question is about what was spoken of: "is it paid?", "in which order?"."""
    return leans(text) or bool(_POINTS.search(text)) or len(text.split()) <= _BARE


def is_but_names(text: str, entities: Entities) -> bool:
    """Tell whether a text is nothing but regulators, exams and countries: "GMC?"."""
    return words_beside(text, entities) <= 1


def words_beside(text: str, entities: Entities) -> int:
    """Return how many words a text has beside what is named in it; letters alone are none."""
    spans = [(e["start"], e["end"]) for e in entities]
    rest = "".join(c for i, c in enumerate(text) if not any(a <= i < b for a, b in spans))
    return len(re.findall(r"\w{2,}", rest))


def profession_of(text: str, entities: Entities = ()) -> str | None:
    """Return whose registration is asked about; None if nobody is named, "doctor" included.

    Args:
        text: the question.
        entities: those in it; a regulator's name ("Medical and Dental Council") says nothing of
            who asks.
    """
    text = _less_terms(text, entities)
    if named := _first_profession(text):
        return named.lastgroup
    return "doctor" if _words().single["doctor"].search(text) else None


def called_of(text: str, entities: Entities = ()) -> str | None:
    """Return the words by which a text names the profession that it is about."""
    named = _first_profession(_less_terms(text, entities))
    return named[0].lower() if named else None


def _less_terms(text: str, entities: Entities) -> str:
    for entity in entities:
        if entity["entity"] == "registration":
            text = text.replace(str(entity.get("text")), " ")
    return text


def _first_profession(text: str) -> re.Match[str] | None:
    """Return the profession that is named first, by its longest name: "dental nurse"."""
    found = [m for p in _words().professions.values() if (m := p.search(text))]
    return min(found, key=lambda m: (m.start(), -m.end()), default=None)


@dataclass(frozen=True)
class Countries:
    """The countries of a question, ISO 3166-1 alpha-2.

    Attributes:
        wanted: where somebody wants to practise.
        trained: where they trained or come from.
        interned: where they did their internship, or would do it.
        here: where they live or are now.
        out: those that somebody leaves out.
    """

    wanted: tuple[str, ...] = ()
    trained: tuple[str, ...] = ()
    interned: tuple[str, ...] = ()
    here: tuple[str, ...] = ()
    out: tuple[str, ...] = ()


def countries_of(
    text: str,
    entities: Entities,
    place_countries: Mapping[str, str],
    named: Collection[str] = (),
    *,
    talk: bool = False,
    known: Collection[str] = (),
) -> Countries:
    """Return which countries a question is about, and from which somebody comes.

    Args:
        text: the question.
        entities: those in it, with offsets into `text`.
        place_countries: the country of each place.
        named: the countries that its regulators, exams and programmes name.
        talk: whether a country is spoken of already.
        known: where somebody is known to come from or to have trained; while another country is
            spoken of, its name alone asks nothing of it: "Nigeria isn't on that list".
    """
    entities = list(entities)
    bare = words_beside(text, entities) <= _MOST_BESIDE
    parts: dict[str, list[str]] = {name: [] for name in _PARTS}
    part, end = "", 0
    placed = [e for e in entities if e["entity"] in ("country", "place", "region")]
    for entity, following in zip_longest(placed, placed[1:]):
        country = _country(entity, place_countries)
        listed = part and _words().single["list_between"].fullmatch(text[end : entity["start"]])
        own = _part_of(text, entity)
        if following and _words().single["way"].fullmatch(text[entity["end"] : following["start"]]):
            own = "origin"
        part, end = part if listed and own == "wanted" else own, entity["end"]
        if country is None:
            continue
        if part == "present" and talk and bare:
            part = "wanted"
        idle = talk and country in known and not bare and not _is_asked_about(text, entity)
        if not (part == "wanted" and idle):
            parts[part].append(country)
    studied, origin, living, present = (
        parts[name] for name in ("studied", "origin", "living", "present")
    )
    # What is left out once is so in the whole message.
    wanted = [c for c in parts["going"] or parts["wanted"] if c not in parts["out"]]
    for less in ([*studied, *origin, *known], [*living, *present]):
        wanted = [c for c in wanted if c not in less] or wanted
    interned = parts["interned"]
    done = [c for c in interned if c not in named] if wanted or named else []
    wanted = wanted or sorted(named) or interned
    if not wanted and not talk:
        # "I studied in Poland and come from India" is about both, "I'm a citizen of Peru and
        # studied in Cuba" about Peru.
        wanted = [c for c in living if c not in studied] or [*studied, *origin] or present
    trained = studied or origin or [c for c in living if c not in wanted]
    found = (wanted, trained, done, [*living, *present], parts["out"])
    return Countries(*(tuple(dict.fromkeys(each)) for each in found))


# What a country in a question may be.
_PARTS = ("out", "studied", "going", "living", "origin", "interned", "present", "wanted")


def _part_of(text: str, entity: Mapping[str, Any]) -> str:
    """Return what a country is by the words beside it, see `_PARTS`."""
    if entity.get("role") == "excluded" or _is_out(text, entity):
        return "out"
    if _stands_by("trained", text, entity) or _is_own_paper(text, entity):
        return "studied"
    if _stands_by("going", text, entity):
        return "going"
    if _stands_by("lives", text, entity):
        return "living"
    if entity.get("role") == "origin":
        return "origin"
    if _stands_by("internship", text, entity):
        return "interned"
    return "present" if _stands_by("present", text, entity) else "wanted"


def _is_out(text: str, entity: Mapping[str, Any]) -> bool:
    """Tell whether somebody leaves a country out: "so the UK is out"."""
    return bool(_words().single["out_after"].match(text[entity["end"] :]))


def _is_asked_about(text: str, entity: Mapping[str, Any]) -> bool:
    """Tell whether a country stands as one that is asked about: "in Nigeria"."""
    return bool(_words().single["asked_before"].search(text[: entity["start"]]))


def _is_own_paper(text: str, entity: Mapping[str, Any]) -> bool:
    """Tell whether somebody has a paper from a country: "my Peruvian licence"."""
    after = _words().single["held_after"].match(text[entity["end"] :])
    return after is not None and is_held(text, entity)


def _country(entity: Mapping[str, Any], place_countries: Mapping[str, str]) -> str | None:
    if entity["entity"] == "country":
        return str(entity["value"])
    return place_countries.get(entity["value"]) if entity["entity"] == "place" else None


def _stands_by(what: str, text: str, entity: Mapping[str, Any]) -> bool:
    """Tell whether words of `what` stand right before or right after an entity."""
    single = _words().single
    before, after = text[: entity["start"]], text[entity["end"] :]
    return bool(single[f"{what}_before"].search(before) or single[f"{what}_after"].match(after))


def as_registration(parsed: Mapping[str, Any], topic: str | None) -> dict[str, Any]:
    """Return a message with the intent of registration where it asks about that.

    "Is the house job in Pakistan paid?" is near to what placements cost, and "is it paid?" is
    about the rules that were just spoken of.

    Args:
        parsed: the message as it was read and decided on so far.
        topic: what was spoken of last: an intent, or `search`.
    """
    talk = topic in intents().in_group("registration")
    if parsed.get("danger_step"):
        return dict(parsed)
    if parsed.get("follow_up") and _names_its_matter(parsed, talk):
        own = {key: value for key, value in parsed.items() if key != "follow_up"}
        return _changed(own, 1.0 if talk else _CLAIMED)
    if talk and parsed.get("follow_up") == ELSEWHERE:
        return _changed({key: value for key, value in parsed.items() if key != "follow_up"})
    if parsed.get("follow_up"):
        again = talk and parsed["follow_up"] == "repeat"
        return _changed(parsed) if again else dict(parsed)
    asked = parsed.get("questions") or []
    if len(asked) > 1:
        return _of_several(parsed, asked, talk)
    intent = parsed.get("intent") or {}
    name, sure = intent.get("name") or FALLBACK, float(intent.get("confidence") or 0)
    if _claims(parsed.get("text") or "", name, sure, parsed.get("entities") or [], talk):
        # Outside a talk on registration it may be another question with one of its words.
        return _changed(parsed, 1.0 if talk else _CLAIMED)
    return (_following_up(parsed, sure) if talk else None) or dict(parsed)


def _is_of_another_profession(text: str, entities: Entities, *, talk: bool = False) -> bool:
    """Tell whether a question asks how nurses and the like get to work in a country.

    In a `talk` on rules the country is the one spoken of.
    """
    kinds = {e["entity"] for e in entities}
    where = talk or bool(kinds & {"country", "place"})
    profession = profession_of(text, entities)
    if profession in (None, "doctor") or not where or is_a_search(text):
        return False
    # What a stay costs nurses is asked outside a talk on rules.
    asked = {*_OF_A_PROFESSION, "fees"} if talk else _OF_A_PROFESSION
    return bool(asked.intersection(aspects_of(text))) and "duration" not in kinds


def _names_its_matter(parsed: Mapping[str, Any], talk: bool) -> bool:
    """Tell whether a question names what it is about, and so is none on the last answer."""
    text, entities = parsed.get("text") or "", parsed.get("entities") or []
    if _is_of_another_profession(text, entities, talk=talk):
        return True
    if talk and _is_short(text) and leans(text) and profession_of(text, entities):
        # "And for midwives?"
        return True
    if talk and _compares(text):
        return True
    named = any(e["entity"] == "registration" for e in entities)
    return named and bool(aspects_of(text) or asks_meaning(text, entities))


def _is_of_the_next(text: str, entities: Entities) -> bool:
    """Tell whether a message goes on to another country: "and Malta? my aunt works there"."""
    first = _words().single["next_country"].match(text)
    return first is not None and any(
        e["entity"] in ("country", "place") and e["end"] <= first.end() for e in entities
    )


def _compares(text: str) -> bool:
    """Tell whether a question compares countries: "which one is cheaper?"."""
    aspects = aspects_of(text)
    return COMPARED in aspects or ("fees" in aspects and is_of_all(text))


def _following_up(parsed: Mapping[str, Any], sure: float) -> dict[str, Any] | None:
    """Return a message that follows up on the rule that was told, None if it is another matter."""
    declared = intents().get((parsed.get("intent") or {}).get("name") or FALLBACK)
    talk = declared is not None and declared.group in _TALK
    if parsed.get("safety") or parsed.get("entities") or (sure >= _SURE and not talk):
        return None
    # "Who confirms all this?" is near to "who are you?".
    kind = kind_of(parsed.get("text") or "", on_answer=True, least=_NEAR_TALK if talk else LIKELY)
    if kind in _SAME:
        return _changed(parsed, follow_up=str(kind))
    if kind in _ASPECT_OF:
        return _changed(parsed, aspect=_ASPECT_OF[kind])
    return _changed(parsed, aspect=OTHER) if is_unclear(parsed) else None


def _changed(parsed: Mapping[str, Any], confidence: float = 1.0, **more: str) -> dict[str, Any]:
    intent = {"name": INTENT, "confidence": confidence}
    return {**parsed, "intent": intent, "questions": [], **more}


def _of_several(
    parsed: Mapping[str, Any], asked: list[dict[str, Any]], talk: bool
) -> dict[str, Any]:
    """Return a message of several questions; those on registration are one."""
    entities = parsed.get("entities") or []
    registration = intents().in_group("registration")
    any_of_it = talk or any(q["intent"] in registration for q in asked)
    within = [[e for e in entities if q["start"] <= e["start"] < q["end"]] for q in asked]
    ours = [
        q["intent"] in registration
        or _claims(q["text"], q["intent"], q["confidence"], own, any_of_it)
        # "No, I mean the registration in Peru, how many months?"
        or (q["intent"] == "correct" and any_of_it and bool(own and aspects_of(parsed["text"])))
        for q, own in zip(asked, within, strict=True)
    ]
    return _changed(parsed) if all(ours) else dict(parsed)


def _claims(text: str, intent: str, sure: float, entities: Entities, talk: bool) -> bool:
    """Tell whether a question that was read as something else is one on registration."""
    if not talk and len(text.split()) > _MOST_WORDS_OF_A_QUESTION:
        # A story in which a nurse or a house officer stands has words of rules, too.
        return False
    declared = intents().get(intent)
    group = declared.group if declared else None
    aspects = set(aspects_of(text))
    # "Are you sure?" is near to yes, "how do you know?" to "who are you?".
    doubts = talk and group in _TALK and _is_short(text) and "source" in aspects
    matter = group in ("advice", "refusal") or intent == FALLBACK
    other = matter and _is_of_another_profession(text, entities)
    if asks_meaning(text, entities) or doubts or other:
        return True
    kinds = {e["entity"] for e in entities if e.get("role") != "excluded"}
    if group == "refusal":
        # What an exam asks is refused, and what doctors earn; its fees are the regulator's matter.
        ours = aspects & _OF_AN_EXAM if "registration" in kinds else set()
        asked = aspects - {"pay"} if talk and _is_short(text) else ours
        return bool(asked) and not _words().single["contents"].search(text)
    if group == "registration" or (group is not None and group not in _BESIDE):
        return False
    short = talk and _is_short(text)
    if short and (_compares(text) or _is_of_the_next(text, entities)):
        return True
    if intent in ("correct", "affirm", "deny") or is_a_search(text):
        return False
    return (short and is_of_all(text)) or _asks_of_rules(text, intent, sure, entities, talk)


def _asks_of_rules(text: str, intent: str, sure: float, entities: Entities, talk: bool) -> bool:
    """Tell whether a question that is no other matter for sure asks of rules."""
    kinds = {e["entity"] for e in entities if e.get("role") != "excluded"}
    where = bool(kinds & {"country", "place"})
    # What a stay costs is asked of programmes, unless rules are spoken of or an exam is named.
    ours = talk or "registration" in kinds
    beside = set() if ours else {"fees", COMPARED}
    if _words().single["salary"].search(text):
        beside = {*beside, "pay"}
    asks = bool(set(aspects_of(text)) - beside)
    named = "registration" in kinds or names_the_internship(text)
    if named and asks and (ours or where):
        return True
    profession = profession_of(text, entities)
    if profession not in (None, "doctor"):
        # "A physiotherapist" is read as a specialty, too.
        kinds.discard("specialty")
    unsure = intent == FALLBACK or sure < DOUBTFUL
    if asks and where and unsure and (talk or profession is not None):
        return True
    if "pattern" in aspects_of(text):
        # "How many months of surgery?"
        kinds.discard("specialty")
    if not talk or not _is_short(text) or kinds & {"specialty", "money", "program"}:
        return False
    who = route_of(text) is not None or profession is not None
    points = points_at_it(text) or len(text.split()) <= _FEW_WORDS or where
    return (asks or who) and (points or unsure or sure < _SURE)


def _is_short(text: str) -> bool:
    return len(text.split()) <= _MOST_WORDS
