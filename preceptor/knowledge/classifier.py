"""Which of all answers a text asks for: softmax regression on its vector.

Nearness looks at one answer after the other. The classifier learns in which directions the answers
differ, so it tells neighbours apart. Written here since scikit-learn's takes twice the memory and
time (it computes with 64 bits), and because answers written since the last import are fitted beside
the others, which stay.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize

# Vectors of length 1 are short for the method that finds the weights.
_LENGTH = 10.0
_PENALTY = 2.0


def fitted(
    vectors: np.ndarray,
    owners: np.ndarray,
    rows: np.ndarray,
    free: Sequence[int],
    rounds: int,
) -> np.ndarray:
    """Return one row of weights per answer, of which some are fitted and the others stay.

    Args:
        vectors: of texts, shape (n, d).
        owners: the answer of each text, shape (n,), from 0 on.
        rows: what is known, shape (answers, d + 1), the offset last; it is where fitting begins.
        free: the answers to fit.
        rounds: how many steps of L-BFGS are taken at most.
    """
    centre = vectors.mean(axis=0)
    columns = np.hstack([_LENGTH * (vectors - centre), np.ones((len(vectors), 1))])
    columns = columns.astype(np.float32)
    stay = np.setdiff1d(np.arange(len(rows)), list(free))
    fixed = _logsumexp(logits(rows[stay], vectors)) if len(stay) else None
    place = np.full(len(rows), -1)
    place[list(free)] = np.arange(len(free))
    # The texts whose own answer is fitted, and the column of that answer.
    texts = np.flatnonzero(place[owners] >= 0)
    columns_of = place[owners[texts]]

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        weights = flat.reshape(len(free), -1).astype(np.float32)
        scores = columns @ weights.T
        every = _logsumexp(scores)
        if fixed is not None:
            every = np.logaddexp(every, fixed)
        value = every.sum() - scores[texts, columns_of].sum()
        np.exp(scores - every[:, None], out=scores)
        scores[texts, columns_of] -= 1
        gradient = scores.T @ columns
        gradient[:, :-1] += 2 * _PENALTY * weights[:, :-1]
        value += _PENALTY * np.square(weights[:, :-1]).sum()
        return float(value) / len(columns), gradient.ravel().astype(np.float64) / len(columns)

    start = rows[list(free)].astype(np.float64)
    start[:, -1] += start[:, :-1] @ centre
    start[:, :-1] /= _LENGTH
    solution = minimize(
        loss, start.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": rounds}
    ).x.reshape(len(free), -1)
    solution[:, :-1] *= _LENGTH
    solution[:, -1] -= solution[:, :-1] @ centre
    result = rows.astype(np.float32)
    result[list(free)] = solution
    return result


def logits(rows: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Return the scores of answers for texts, shape (texts, answers).

    Args:
        rows: weights, shape (answers, d + 1).
        vectors: of texts, shape (texts, d).
    """
    return np.asarray(vectors @ rows[:, :-1].T + rows[:, -1])


def log_chances(rows: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Return the logarithms of the answers' probabilities, shaped as `logits`."""
    scores = logits(rows, vectors)
    return np.asarray(scores - _logsumexp(scores)[:, None])


def _logsumexp(scores: np.ndarray) -> np.ndarray:
    """Return the logarithm of each row's summed exponentials; SciPy's copies the whole thrice."""
    most = scores.max(axis=1)
    return np.asarray(most + np.log(np.exp(scores - most[:, None]).sum(axis=1)))
