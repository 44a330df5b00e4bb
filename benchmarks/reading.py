"""How the time of reading grows with a message's length, for the worst texts that are known.

`make bench-reading` runs it. Reading must stay linear: a message of four times the length may take
about four times as long, whatever it says.
"""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path
from typing import Any

import click

from benchmarks.report import ROOT, machine, machine_line, table, write_json, write_section
from preceptor.evaluation.report import TEST_SET, read_test_set
from preceptor.runtime.models import choose_model
from preceptor.runtime.settings import load_settings, quiet_environment

SHORT, LONG = 2000, 8000
"""Characters: the longest message of the web, and of Slack and REST."""
PATTERNS = (
    "(", "_", '"', ",", "$", "\U0001f600", "?", "usd 1 ", "first 3 of the first ",
    "1st and 2nd and ", "….", "[", "a\u0301", "\u200b", "我Жa", "肯尼亚", "x", "a,b", "kenya/",
    "( ", "a.", "1-", "don't ", "how is it? ", "i want to die ", "kenya ", "not ", "e\n", "'s",
    "https://example.org/", "@", "#", "%", "q z ", "four hundred and ", "¿cuánto cuesta? ",
    "сколько стоит ", "ɐ", "ﷺ", "½ ", "to ", "between 1 and ", "🇰🇪", "1️⃣", "é", "é ",
)  # fmt: skip
"""What is repeated, besides texts of random letters, words and signs."""


def texts(length: int) -> dict[str, str]:
    """Return texts of a length in characters by what they are made of."""
    chance = random.Random(0)
    letters = "abcdefghijklmnopqrstuvwxyz"

    def word(shortest: int, longest: int) -> str:
        return "".join(chance.choices(letters, k=chance.randint(shortest, longest)))

    asked = [text for text, _ in read_test_set(ROOT / TEST_SET)]
    made = {repr(pattern): pattern * length for pattern in PATTERNS}
    made["words of random letters"] = " ".join(word(3, 11) for _ in range(length))
    made["half English, half random"] = " ".join(f"the {word(5, 11)}" for _ in range(length))
    made["random signs"] = "".join(chance.choices("()[]{}.,;:!?'\"-/ $€0123456789ab", k=length))
    made["an essay"] = " ".join(chance.choices(asked, k=length))
    return {name: text[:length] for name, text in made.items()}


async def measure(model: Path, tries: int) -> dict[str, list[float]]:
    """Return the seconds that the shorter and the longer text took, the best of some tries."""
    from rasa.core.agent import Agent

    agent = Agent.load(str(model))
    await agent.parse_message("hello")
    found: dict[str, list[float]] = {}
    for length in (SHORT, LONG):
        for name, text in texts(length).items():
            took = []
            for _ in range(tries):
                started = time.perf_counter()
                await agent.parse_message(text)
                took.append(time.perf_counter() - started)
            found.setdefault(name, []).append(min(took))
    return found


def section(result: dict[str, Any], found: dict[str, list[float]]) -> str:
    """Return this benchmark's part of docs/benchmarks.md."""
    worst = sorted(found.items(), key=lambda each: -each[1][1])[:10]
    rows = table(
        [
            ["text", f"s at {SHORT:,} characters", f"s at {LONG:,}", "ratio"],
            *(
                [f"`{name}`", f"{short:.3f}", f"{long:.3f}", f"{long / short:.1f}"]
                for name, (short, long) in worst
            ),
        ]
    )
    return f"""
## Long messages: `make bench-reading`

{machine_line(result["machine"])}

What is repeated up to a length, the ten texts of {len(found)} that take longest. Reading is bounded
(longest run of characters, number of tokens, words mended, entities, tokens encoded), so that its
time grows no faster than a message.

{rows}
"""


@click.command()
@click.option("--tries", default=3, help="How often each text is read; the best counts.")
@click.option("--no-page", is_flag=True, help="Leave docs/benchmarks.md as it is.")
def main(tries: int, no_page: bool) -> None:
    """Measure the reading of long messages."""
    from preceptor.rasa_ext.lean_imports import import_rasa
    from preceptor.runtime.logs import configure_logging

    model, _ = choose_model(load_settings())
    quiet_environment()
    configure_logging()
    import_rasa()
    found = asyncio.run(measure(model, tries))
    name, (short, long) = max(found.items(), key=lambda each: each[1][1])
    result = {
        "machine": machine(),
        "worst": name,
        f"seconds_at_{SHORT}": short,
        f"seconds_at_{LONG}": long,
        "ratio": long / short,
        "texts": found,
    }
    write_json(ROOT / "reports" / "bench-reading.json", result)
    text = section(result, found)
    click.echo(text)
    if not no_page:
        write_section("bench-reading", text)


if __name__ == "__main__":
    main()
