"""The declared safety protocols: whole, short, without what must not be in them."""

import re

import pytest

from preceptor.conversation.protocols import CONTINUED, Protocol, Saying, protocols
from preceptor.intents import intents

PROTOCOLS = protocols()
SAYINGS = [
    (f"{protocol.kind}/{name}", saying)
    for protocol in PROTOCOLS.values()
    for name, saying in [*((o.name, o) for o in protocol.first), *protocol.steps.items()]
]


def test_every_danger_has_a_protocol_and_is_declared_once():
    declared = {n for n in intents().in_group("safety") if n != "ask_who_to_call"}
    assert {protocol.intent for protocol in PROTOCOLS.values()} == declared
    assert len(PROTOCOLS) == len(declared)


@pytest.mark.parametrize("kind", [kind for kind, each in PROTOCOLS.items() if each.holds])
def test_a_protocol_goes_on_and_ends(kind: str):
    steps = PROTOCOLS[kind].steps
    assert CONTINUED in steps and PROTOCOLS[kind].check
    assert any(step.ends for step in steps.values())
    assert any(step.deals for step in steps.values())


@pytest.mark.parametrize(("name", "saying"), SAYINGS, ids=[name for name, _ in SAYINGS])
def test_what_is_said_is_short_and_kind(name: str, saying: Saying):
    for says in saying.says:
        assert len(says.split()) <= 125, name
        # Numbers about suicide, and sending somebody back to the perpetrator.
        assert not re.search(r"\d+ ?%|per ?cent|one in \w+", says), name
        assert not re.search(r"speak to him in private|assume stress|commit suicide", says), name


@pytest.mark.parametrize("kind", ["exposure", "fever", "assault", "beyond_competence", "crisis"])
def test_the_advice_of_an_opening_has_its_sources(kind: str):
    for opening in PROTOCOLS[kind].first:
        known = opening.sources or opening.based_on
        assert known or opening.name in ("human_bite", "threat"), opening.name
    if kind in ("crisis", "assault"):
        assert not any(opening.sources for opening in PROTOCOLS[kind].first)


@pytest.mark.parametrize(
    ("kind", "text", "opening"),
    [
        ("crisis", "I want to die", "first"),
        ("crisis", "my friend says she wants to die", "friend"),
        ("crisis", "my dad died and I want to die too", "first"),
        ("exposure", "stuck myself with a needle", "first"),
        ("exposure", "blood in my eye", "eye"),
        ("exposure", "a monkey scratched me", "animal"),
        ("exposure", "a patient bit me", "human_bite"),
        ("exposure", "amniotic fluid in my mouth", "mouth"),
        ("assault", "I was raped", "sexual"),
        ("assault", "he is blackmailing me with photos", "threat"),
        ("assault", "a relative punched me", "violence"),
        ("assault", "my supervisor keeps touching my back", "first"),
        ("assault", "my boss grabbed my breast", "first"),
    ],
)
def test_an_opening_fits_what_happened(kind: str, text: str, opening: str):
    assert PROTOCOLS[kind].opening(text).name == opening


def test_an_overdose_of_one_s_own_is_spoken_to_the_person():
    assert PROTOCOLS["emergency"].opening("took pills", {"express_crisis"}).name == "self"


@pytest.mark.parametrize(
    ("text", "hint"),
    [("he is bleeding heavily", "press hard"), ("she isn't breathing", "push hard and fast"),
     ("she took a whole packet of tablets", "packet"), ("a cobra bit him", "no tourniquet")],
)  # fmt: skip
def test_an_emergency_says_what_to_do_until_help_comes(text: str, hint: str):
    assert hint in " ".join(PROTOCOLS["emergency"].hints_for(text))


def test_a_protocol_that_names_what_is_not_there_is_refused():
    broken = {"says": "x", "yes": "nowhere"}
    protocol = Protocol(kind="x", intent="y", first=[{**broken, "name": "first"}], steps={})
    from preceptor.conversation.protocols import _faults

    faults = list(_faults(protocol, []))
    assert any("nowhere" in fault for fault in faults)
    assert any(CONTINUED in fault for fault in faults)


def test_a_step_gives_way_to_a_milder_one_after_a_milder_opening():
    assault = PROTOCOLS["assault"]
    assert assault.fitting("safe", ("first", "grade")) == "next_step"
    assert assault.fitting("safe", ("sexual",)) == "safe"


@pytest.mark.parametrize(
    ("kind", "text"),
    [("symptoms", "an old man on my ward died and I wonder what I overlooked"),
     ("assault", "my professor is well known and gets grants")],
)  # fmt: skip
def test_what_only_resembles_good_news_is_none(kind: str, text: str):
    step = PROTOCOLS[kind].step_of(text, "first", 0.65)
    assert step is None or not PROTOCOLS[kind].saying(step).deals_or_ends


@pytest.mark.parametrize(
    ("kind", "text", "opening"),
    [("exposure", "pricked myself two hours ago", "later"),
     ("exposure", "needle in my thumb, should I wash it", "first"),
     ("symptoms", "could I have adhd", "mind"), ("symptoms", "my back aches", "first")],
)  # fmt: skip
def test_what_was_said_already_is_not_asked(kind: str, text: str, opening: str):
    assert PROTOCOLS[kind].opening(text).name == opening
