"""What all benchmarks share: the machine, a JSON file, a section of docs/benchmarks.md."""

from __future__ import annotations

import json
import os
import platform
import re
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"
_PACKAGES = (
    "rasa", "tensorflow", "numpy", "scipy", "scikit-learn", "onnxruntime", "spacy",
)  # fmt: skip
_TITLE = """# Benchmarks

Every section is written by its command, between its two markers, and never edited by hand.
"""


def machine() -> dict[str, Any]:
    """Return what the figures depend on: `cpu`, `cores`, `memory_gib`, `system`, `versions`."""
    installed = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            installed[package] = version(package)
        except PackageNotFoundError:
            continue
    pages, page = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return {
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(pages * page / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "versions": installed,
    }


def _cpu() -> str:
    """Return the processor's name; `platform.processor()` is empty on most Linux systems."""
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.M)
    except OSError:
        found = None
    return found.group(1).strip() if found else platform.processor() or "unknown"


def machine_line(of: dict[str, Any]) -> str:
    """Return the result of `machine` as one sentence."""
    versions = ", ".join(f"{name} {number}" for name, number in of["versions"].items())
    return (
        f"Measured on {of['cores']} cores of {of['cpu']}, {of['memory_gib']} GiB,"
        f" {of['system']}: {versions}."
    )


def write_json(path: Path, data: dict[str, Any]) -> None:
    """Write a report; its folder is made if it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", "utf-8")


def table(rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table; the first row is its head, the first column stands left."""
    head, *body = [[_cell(value) for value in row] for row in rows]
    line = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, line, *body])


def _cell(value: object) -> str:
    if value is None:
        return ""
    return str(value).replace("|", "\\|")


def write_section(name: str, markdown: str, page: Path = PAGE) -> None:
    """Put a command's text between its markers in docs/benchmarks.md.

    The markers are `<!-- name:begin -->` and `<!-- name:end -->`; the page, or the markers at
    its end, are added where they are missing. Other sections stay as they are.
    """
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    text = page.read_text("utf-8") if page.exists() else _TITLE
    section = f"{begin}\n{markdown.strip()}\n{end}"
    if begin in text and end in text:
        before, rest = text.split(begin, 1)
        text = before + section + rest.split(end, 1)[1]
    else:
        text = f"{text.rstrip()}\n\n{section}\n"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(text, "utf-8")
