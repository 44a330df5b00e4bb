"""Files of answers: what is read from them, and how each fault is told by file and line."""

from pathlib import Path

import pytest

from preceptor.knowledge.answers import Answer, Vocabulary, read_answers

KNOWN = Vocabulary(
    {"ask_timing", "ask_resume_value"}, {"US", "KE", "bali"}, {"img", "medical_student"}
)
FILE = """---
question: When do I ask for a letter?
asked_as:
  - letter when
  - is the last day too late to ask
  - how early do I ask my attending
  - should i wait until the end
  - best moment for a lor request
  - do I ask in week one
audience: [img]
places: [US]
topics: [ask_timing]
class: legal
sources:
  - title: "Letters: a guide"
    publisher: A college
    url: https://example.org/letters
    read: 2026-11-29
    page_date: 2024-08
    supports: the last week
leads_to: []
---
In the last week, in person. Wait for a quiet
moment.

- say what you apply for
- offer
  your CV

Thank them either way.

## Why
They still remember you.

## Words to say
- "Could you write me a strong letter?"
"""


def write(folder: Path, text: str = FILE, name: str = "when") -> Path:
    file = folder / "knowledge" / "letters" / f"{name}.md"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
    return folder / "knowledge"


def faults(folder: Path, text: str) -> list[str]:
    return [str(fault) for fault in read_answers(write(folder, text), KNOWN)[1]]


def test_all_parts_of_an_answer_are_read(tmp_path: Path):
    (answer,), wrong = read_answers(write(tmp_path), KNOWN)
    assert wrong == []
    assert isinstance(answer, Answer) and answer.id == "letters/when"
    assert answer.text == ("In the last week, in person. Wait for a quiet moment.",)
    assert answer.steps == ("say what you apply for", "offer your CV")
    assert answer.closing == ("Thank them either way.",)
    assert answer.sections == {
        "why": "They still remember you.",
        "words": '• "Could you write me a strong letter?"',
    }
    assert answer.first_sentence == "In the last week, in person."
    assert answer.sources[0].link().date == "2024-08"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("  - best moment for a lor request\n", "", ":3: asked_as has 5; 6 to 56"),
        ("places: [US]", "places: [XX]", ":11: places: nothing is known as XX"),
        ("audience: [img]", "audience: [cats]", ":10: audience: nothing is known as cats"),
        ("[ask_timing]", "[ask_tea]", ":12: topics: nothing is known as ask_tea"),
        ("class: legal", "class: secret", ":13: class: unexpected value"),
        ("https://example.org/letters", "letters", ":14: sources.0.url"),
        ("leads_to: []", "leads_to: [letters/no]", ":1: leads_to: there is no answer letters/no"),
        ("a letter?", "a letter", ":2: question: it must end with a question mark"),
        ("question: When", "question: [When", ":2: the head is not valid YAML"),
        ("## Why", "## Because", ":32: there is no section “Because”"),
        ("Thank them", "word " * 80 + "Thank them", ":23: the answer has 103 words; at most 80"),
        ("colour", "colour", ""),
    ],
)
def test_a_fault_is_told_by_file_and_line(tmp_path: Path, old: str, new: str, told: str):
    found = faults(tmp_path, FILE.replace(old, new, 1))
    if not told:
        assert found == []
    else:
        assert any(f"knowledge/letters/when.md{told}" in each for each in found), found


def test_a_legal_answer_needs_a_source(tmp_path: Path):
    start, end = FILE.index("sources:"), FILE.index("leads_to")
    (told,) = faults(tmp_path, FILE[:start] + FILE[end:])
    assert told.endswith(":13: a legal answer needs a source")


def test_a_question_of_two_answers_is_told(tmp_path: Path):
    write(tmp_path, FILE.replace("When do I", "At what time do I"), "other")
    told = faults(tmp_path, FILE)
    assert len(told) == 6 and any("“letter when” too" in each for each in told), told


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"no head", b"---\n- a list\n---\ntext"])
def test_what_is_no_answer_is_a_fault_and_no_crash(tmp_path: Path, content: bytes):
    folder = write(tmp_path)
    (folder / "letters" / "bad.md").write_bytes(content)
    answers, wrong = read_answers(folder, KNOWN)
    assert [answer.id for answer in answers] == ["letters/when"]
    assert [fault.file for fault in wrong] == ["knowledge/letters/bad.md"]


def test_a_changed_file_is_read_again(tmp_path: Path):
    folder = write(tmp_path)
    read_answers(folder, KNOWN)
    write(tmp_path, FILE.replace("In the last week, in person.", "Early."))
    (answer,), _ = read_answers(folder, KNOWN)
    assert answer.first_sentence == "Early."


NEXT = """
## Asked next

### he said no / what if she refuses / and if they won't
Ask somebody else who saw you work,
and keep it short.

### by mail or in person / email ok? / do i write or go there
See: letters/how
"""


def test_what_people_ask_next_is_read(tmp_path: Path):
    write(tmp_path, FILE.replace("letter when", "letter how").replace("letter?", "it?"), "how")
    read, _ = read_answers(write(tmp_path, FILE + NEXT), KNOWN)
    first, second = read[-1].further
    assert first.asked_as == ("he said no", "what if she refuses", "and if they won't")
    assert first.text == "Ask somebody else who saw you work, and keep it short."
    assert (second.text, second.see) == ("", "letters/how")
    assert read[-1].sections["words"] == '• "Could you write me a strong letter?"'
    assert read[0].further == ()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("See: letters/how", "See: letters/where", ":1: See: there is no answer letters/where"),
        (" / what if she refuses", "", ":40: write at least 3 wordings, with “ / ” between them"),
        ("### he said no", "he said no", ":40: a further question begins with ### and wordings"),
        ("See: letters/how", "", ":44: it has 0 words; 1 to 60"),
        ("See: letters/how", "word " * 61, ":44: it has 61 words; 1 to 60"),
        ("See: letters/how", "Yes.\n\n## Why\nSo.", "“Asked next” is the last section"),
    ],
)
def test_faults_in_what_people_ask_next_are_told_by_line(
    tmp_path: Path, old: str, new: str, told: str
):
    write(tmp_path, FILE.replace("letter when", "letter how"), "how")
    found = faults(tmp_path, FILE + NEXT.replace(old, new))
    assert any(told in each for each in found if "when.md" in each), found
