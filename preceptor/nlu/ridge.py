"""Ridge regression on intent indicators, with squares and products of the dense features.

The kernel is `a (z·z' + 1)² / 2 + s·s'` for unit-length dense features z (reduced to their main
directions) and n-gram rows s. It is solved over the training questions, which gives the
leave-one-out scores at no cost (Rifkin & Lippert 2007, "Notes on Regularized Least Squares"), and
is then written out as weights, so that reading a message costs the same however many training
questions there were. scikit-learn's KernelRidge solves the same equations but gives neither the
leave-one-out scores nor the weights, and its RidgeClassifierCV has no place for the kernel.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.linalg
import scipy.sparse
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax


@dataclass(frozen=True)
class QuadraticRidge:
    """A fitted model for `c` classes, `d` dense features reduced to `k`, and `m` n-grams.

    Attributes:
        labels: the classes, length c.
        basis: shape (d, k), the main directions of the dense features.
        squares: shape (k, c * k): for each class a symmetric (k, k), side by side.
        linear: shape (c, k).
        offset: shape (c,).
        ngrams: shape (m, c).
        sharpness: by which scores are multiplied before the softmax.
    """

    labels: np.ndarray
    basis: np.ndarray
    squares: np.ndarray
    linear: np.ndarray
    offset: np.ndarray
    ngrams: np.ndarray
    sharpness: float

    @classmethod
    def fit(
        cls,
        dense: np.ndarray,
        sparse: scipy.sparse.csr_matrix,
        labels: list[str],
        *,
        directions: int,
        dense_weight: float,
        penalty: float,
    ) -> QuadraticRidge:
        """Fit to `n` questions.

        Args:
            dense: shape (n, d).
            sparse: shape (n, m).
            labels: length n.
            directions: k, to how many directions the dense features are reduced.
            dense_weight: a, the weight of the dense part beside the n-grams.
            penalty: the ridge penalty.
        """
        classes = np.unique(labels)
        targets = (np.asarray(labels)[:, None] == classes[None]).astype(np.float32)
        _, _, rows = np.linalg.svd(dense, full_matrices=False)
        basis = np.ascontiguousarray(rows[:directions].T, dtype=np.float32)
        z = dense @ basis
        kernel = dense_weight / 2 * (z @ z.T + 1) ** 2
        kernel += (sparse @ sparse.T).toarray()
        kernel[np.diag_indices_from(kernel)] += penalty
        inverse = _inverse(kernel.astype(np.float32))
        alpha = inverse @ targets
        left_out = targets - alpha / np.diag(inverse)[:, None]
        half = dense_weight / 2
        return cls(
            labels=classes,
            basis=basis,
            squares=np.hstack([half * (z.T * a) @ z for a in alpha.T]).astype(np.float32),
            linear=(2 * half * alpha.T @ z).astype(np.float32),
            offset=(half * alpha.sum(axis=0)).astype(np.float32),
            ngrams=np.asarray(sparse.T @ alpha, dtype=np.float32),
            sharpness=_sharpness(left_out, targets),
        )

    def probabilities(self, dense: np.ndarray, sparse: scipy.sparse.csr_matrix) -> np.ndarray:
        """Return each class's probability for `n` messages, shape (n, c)."""
        z = dense @ self.basis
        mixed = (z @ self.squares).reshape(len(z), len(self.labels), -1)
        scores = (mixed @ z[:, :, None])[:, :, 0]
        scores += z @ self.linear.T + self.offset + sparse @ self.ngrams
        return np.asarray(softmax(self.sharpness * scores, axis=1))

    def save(self, path: Path) -> None:
        """Write the model as plain arrays: reading it back runs no code."""
        np.savez(
            path,
            labels=self.labels,
            basis=self.basis,
            squares=self.squares,
            linear=self.linear,
            offset=self.offset,
            ngrams=self.ngrams,
            sharpness=np.array(self.sharpness),
        )

    @classmethod
    def load(cls, path: Path) -> QuadraticRidge:
        """Read a model that `save` wrote."""
        with np.load(path, allow_pickle=False) as arrays:
            fields = {name: arrays[name] for name in arrays.files}
        return cls(**{**fields, "sharpness": float(fields["sharpness"])})


def _inverse(matrix: np.ndarray) -> np.ndarray:
    """Return the inverse of a symmetric positive definite matrix, overwriting it."""
    factor, info = scipy.linalg.lapack.spotrf(matrix, lower=1, overwrite_a=1)
    if info == 0:
        factor, info = scipy.linalg.lapack.spotri(factor, lower=1, overwrite_c=1)
    if info != 0:
        raise np.linalg.LinAlgError("The kernel is not positive definite; raise the penalty.")
    lower = np.tril(factor)
    return np.asarray(lower + np.tril(lower, -1).T)


def _sharpness(scores: np.ndarray, targets: np.ndarray) -> float:
    """Return the factor at which the leave-one-out probabilities fit best (Guo et al. 2017)."""
    truth = targets.argmax(axis=1)

    def loss(log_factor: float) -> float:
        logs = log_softmax(np.exp(log_factor) * scores, axis=1)
        return -float(logs[np.arange(len(truth)), truth].mean())

    return float(np.exp(minimize_scalar(loss, bounds=(0, 4), method="bounded").x))
