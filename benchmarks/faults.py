"""People talk over REST, the web and Slack while something breaks: what is lost, doubled or late.

One server on SQLite, then two on PostgreSQL behind a plain balancer, all real processes.
`make bench-faults` runs it; with `ARGS="--only kill"` the faults whose names begin so.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from benchmarks.report import ROOT, machine, machine_line, table, write_json, write_section
from tests.support.faults import ONE_SERVER, TWO_SERVERS, talk, tally
from tests.support.site import running_site


def section(result: dict[str, Any]) -> str:
    """Return the section of docs/benchmarks.md."""
    names = {fault.__name__: fault.__doc__ for fault in (*ONE_SERVER, *TWO_SERVERS)}
    faults = {str(names[each]): found for each, found in result["faults"].items()}
    keys = [name.replace("_", " ") for name in next(iter(faults.values()))]
    rows = [[fault.rstrip("."), *found.values()] for fault, found in faults.items()]
    return (
        "## Faults: `make bench-faults`\n\n"
        f"{machine_line(result['machine'])}\n\n"
        "A third of the people each over REST, the web and Slack; the first six faults with one "
        "server on SQLite, the others with two on PostgreSQL. A wait, in seconds, is from saying "
        "something to its answer, with all that had to be sent again.\n\n"
        f"{table([['fault', *keys], *rows])}"
    )


@click.command()
@click.option("--only", default="", help="The faults whose names begin so.")
def main(only: str) -> None:
    """Try all faults; write reports/faults.json and the section of docs/benchmarks.md."""
    result: dict[str, Any] = {"machine": machine(), "faults": {}}
    for count, faults in ((1, ONE_SERVER), (2, TWO_SERVERS)):
        chosen = [fault for fault in faults if fault.__name__.startswith(only)]
        if not chosen:
            continue
        with TemporaryDirectory() as folder, running_site(Path(folder), count) as site:
            for fault in chosen:
                people = asyncio.run(talk(site, fault))
                result["faults"][fault.__name__] = tally(site, people)
                click.echo(f"{fault.__doc__} {result['faults'][fault.__name__]}")
    write_json(ROOT / "reports" / "faults.json", result)
    if not only:
        write_section("bench-faults", section(result))


if __name__ == "__main__":
    main()
