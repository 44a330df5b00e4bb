"""What the buttons of cards say is understood for every programme of the catalogue."""

import pytest

from preceptor.catalogue.database import engine_from_url
from preceptor.catalogue.programs import ProgramView
from preceptor.catalogue.snapshot import Catalogue
from tests.support.advisor import Advisor


@pytest.fixture(scope="module")
def programs(advisor: Advisor) -> list[ProgramView]:
    engine = engine_from_url(advisor.catalogue_url)
    found = list(Catalogue.load(engine).programs)
    engine.dispose()
    return found


def test_every_programme_s_details_can_be_asked_for(advisor, programs):
    missed = []
    for program in programs:
        text = f"Tell me about {program.name} by {program.organisation}"
        done = advisor.say(text, f"details-{program.id}")
        if done.slots.get("program_focus") != program.id:
            missed.append((text, done.intent))
    assert missed == []


def test_every_programme_can_be_saved_and_removed(advisor, programs):
    missed = []
    for program in programs:
        text, sender = f"{program.name} by {program.organisation}", f"saves-{program.id}"
        saved = advisor.say(f"Save {text} to my shortlist", sender)
        kept = [each["id"] for each in saved.slots.get("shortlist") or []]
        removed = advisor.say(f"Remove {text} from my shortlist", sender)
        if kept != [program.id] or removed.slots.get("shortlist"):
            missed.append((text, saved.intent, removed.intent))
    assert missed == []
