"""Trains a Rasa project and writes down how long its classifier's epochs took.

Run as `python -m benchmarks.train_default FOLDER`, a process of its own, so that the time of
the whole process is what `rasa train` takes.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any


def main(folder: Path) -> None:
    """Train the project in `folder` into `models/`; write `epochs.json`, seconds by epoch."""
    os.environ["RASA_CACHE_DIRECTORY"] = str(folder / "cache")
    os.chdir(folder)

    from rasa.model_training import train
    from rasa.utils import train_utils

    clocks: list[Any] = []

    class Clock(train_utils.RasaTrainingLogger):  # type: ignore[misc]
        """Rasa's progress bar, which also takes the time of each batch."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.batches: list[list[float]] = []
            clocks.append(self)

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.batches.append([])

        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            self.started = time.perf_counter()

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.batches[-1].append(time.perf_counter() - self.started)

    # Only to measure: Rasa has no setting for a further callback.
    train_utils.RasaTrainingLogger = Clock
    result = train("domain.yml", "config.yml", ["data"], "models", force_training=True)
    if not result.model:
        raise SystemExit("The default could not be trained.")
    # The median leaves out the first batch, in which TensorFlow traces its graph.
    epochs = [len(batches) * statistics.median(batches) for batches in clocks[0].batches]
    Path("epochs.json").write_text(json.dumps(epochs))


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
