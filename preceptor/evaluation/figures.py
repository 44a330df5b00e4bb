"""What the reports have in common: shares, calibration, and how figures are written and shown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

_BINS = 10


def share(hits: Iterable[bool]) -> float:
    """Return the share of hits, 0 if there is nothing to count."""
    counted = list(hits)
    return sum(counted) / len(counted) if counted else 0.0


def calibration_error(confidence: Sequence[float], right: Sequence[bool]) -> float:
    """Return the expected calibration error, 0 if there is nothing to count.

    That is the mean distance between confidence and accuracy over ten bins of equal width, each
    weighed by its size (Naeini et al. 2015).
    """
    values, hits = np.array(confidence, dtype=float), np.array(right, dtype=float)
    bins = np.minimum((values * _BINS).astype(int), _BINS - 1)
    gaps = np.bincount(bins, weights=hits) - np.bincount(bins, weights=values)
    return float(np.abs(gaps).sum() / max(len(values), 1))


def lines_of(values: Mapping[str, Any]) -> list[str]:
    """Return figures for people, one per line."""
    return [
        f"{name:28} {value:.4f}" if isinstance(value, float) else f"{name:28} {value}"
        for name, value in values.items()
    ]


def write_report(home: Path, name: str, content: Mapping[str, Any]) -> Path:
    """Write a report as JSON into the folder `reports`, and return its path."""
    path = home / "reports" / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False), "utf-8")
    return path
