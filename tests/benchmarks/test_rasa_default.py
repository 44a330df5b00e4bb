"""How long Rasa's training will take, by its own progress."""

import pytest

from benchmarks.rasa_default import estimated_seconds


@pytest.mark.parametrize(
    ("output", "seconds"),
    [
        ("", None),
        ("Epochs:   4%|4| 4/100 [00:40<16:00, 10.0s/it]", None),
        ("Epochs:   2%|2| 2/100 [01:00<49:00, 30.0s/it]", None),
        ("Epochs:   1%|1| 1/100 [02:00<99:00, 120s/it]", None),
        ("Epochs:   2%|2| 2/100 [01:01<49:00, 30.5s/it]", 3050),
        ("Epochs:   5%|5| 5/100 [00:40<12:40,  8.0s/it, t_loss=4.1]", 800),
        ("Epochs:  5%| 5/100 [00:40<1]\rEpochs:  50%|#| 50/100 [1:00:00<1:00:00,  72s/it]", 7200),
    ],
)
def test_the_last_line_of_progress_counts(output, seconds):
    assert estimated_seconds(output, limit=1000) == seconds
