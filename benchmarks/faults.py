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

from benchmarks.report import ROOT, machine, write_json
from tests.support.faults import ONE_SERVER, TWO_SERVERS, talk, tally
from tests.support.site import running_site


@click.command()
@click.option("--only", default="", help="The faults whose names begin so.")
def main(only: str) -> None:
    """Try all faults; write reports/faults.json."""
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


if __name__ == "__main__":
    main()
