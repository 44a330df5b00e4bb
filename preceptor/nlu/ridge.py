"""Ridge regression on intent indicators, with squares and products of the dense features.

The kernel is `a (z·z' + 1)² / 2 + s·s'` for unit-length dense features z (reduced to their main
directions) and n-gram rows s. It is solved over the training questions, which gives the
leave-one-out scores at little cost (Rifkin & Lippert 2007, "Notes on Regularized Least Squares"),
and is then written out as weights, so that reading a message costs the same however many training
questions there were. scikit-learn's KernelRidge solves the same equations but gives neither the
leave-one-out scores nor the weights, and its RidgeClassifierCV has no place for the kernel.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import scipy.linalg
import scipy.sparse
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

# From which share of the rows on a column counts as dense.
_OFTEN = 0.05


@dataclass(frozen=True)
class QuadraticRidge:
    """A fitted model for `c` classes, `d` dense features reduced to `k`, and `m` n-grams.

    Attributes:
        labels: the classes, length c.
        basis: shape (d, k), the main directions of the dense features.
        products: shape (k (k + 1) / 2, c), weights of the products z_i z_j with i <= j.
        linear: shape (c, k).
        offset: shape (c,).
        ngrams: shape (m, c).
        sharpness: by which scores are multiplied before the softmax.
    """

    labels: np.ndarray
    basis: np.ndarray
    products: np.ndarray
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
        classes, truth = np.unique(labels, return_inverse=True)
        targets = (truth[:, None] == np.arange(len(classes))).astype(np.float32)
        _, directions_of = np.linalg.eigh(dense.T @ dense)
        basis = np.ascontiguousarray(directions_of[:, ::-1][:, :directions], dtype=np.float32)
        z = dense.astype(np.float32) @ basis
        half = np.float32(dense_weight / 2)
        kernel = z @ z.T
        kernel += 1
        kernel *= kernel
        kernel *= half
        kernel += _gram(sparse)
        kernel[np.diag_indices_from(kernel)] += np.float32(penalty)
        factor = _factorise(kernel)
        alpha = scipy.linalg.cho_solve(factor, targets, check_finite=False)
        # A product z_i z_j with i < j stands in the sum twice.
        twice = np.where(np.equal(*np.triu_indices(z.shape[1])), half, 2 * half)
        return cls(
            labels=classes,
            basis=basis,
            products=np.stack(
                [twice * _upper((z.T * a) @ z) for a in np.ascontiguousarray(alpha.T)], axis=1
            ),
            linear=(2 * half * alpha.T @ z).astype(np.float32),
            offset=(half * alpha.sum(axis=0)).astype(np.float32),
            ngrams=np.asarray(sparse.T @ alpha, dtype=np.float32),
            sharpness=_sharpness(_left_out(factor, alpha, targets), truth),
        )

    def probabilities(self, dense: np.ndarray, sparse: scipy.sparse.csr_matrix) -> np.ndarray:
        """Return each class's probability for `n` messages, shape (n, c)."""
        z = dense @ self.basis
        scores = np.stack([_upper(np.outer(row, row)) for row in z]) @ self.products
        scores += z @ self.linear.T + self.offset + sparse @ self.ngrams
        return np.asarray(softmax(self.sharpness * scores, axis=1))

    def save(self, path: Path) -> None:
        """Write the model as plain arrays: reading it back runs no code."""
        np.savez(
            path,
            labels=self.labels,
            basis=self.basis,
            products=self.products,
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


def _upper(square: np.ndarray) -> np.ndarray:
    """Return the upper triangle of a square matrix, row by row."""
    return square[_triangle(len(square))]


@cache
def _triangle(size: int) -> tuple[np.ndarray, np.ndarray]:
    return np.triu_indices(size)


def _gram(rows: scipy.sparse.csr_matrix) -> np.ndarray:
    """Return `rows @ rows.T` as a dense matrix.

    The few columns that most rows have are multiplied as dense ones: a sparse product costs the
    square of a column's length.
    """
    often = np.asarray((rows != 0).sum(axis=0)).ravel() > _OFTEN * rows.shape[0]
    columns = rows.tocsc()
    dense = columns[:, often].toarray()
    seldom = columns[:, ~often].tocsr()
    gram = dense @ dense.T
    gram += (seldom @ seldom.T).toarray()
    return np.asarray(gram)


def _factorise(matrix: np.ndarray) -> tuple[np.ndarray, bool]:
    """Return the Cholesky factor of a positive definite matrix, as SciPy wants it."""
    try:
        return scipy.linalg.cho_factor(matrix, lower=True, overwrite_a=True, check_finite=False)
    except np.linalg.LinAlgError as error:
        raise np.linalg.LinAlgError(
            "The kernel is not positive definite; raise the penalty."
        ) from error


def _left_out(
    factor: tuple[np.ndarray, bool], alpha: np.ndarray, targets: np.ndarray
) -> np.ndarray:
    """Return what each question would score if it were left out of the training.

    The factor is overwritten.
    """
    inverse, info = scipy.linalg.lapack.spotri(factor[0], lower=1, overwrite_c=1)
    assert info == 0, "a factorised kernel has an inverse"
    return np.asarray(targets - alpha / np.diag(inverse)[:, None])


def _sharpness(scores: np.ndarray, truth: np.ndarray) -> float:
    """Return the factor at which the leave-one-out probabilities fit best (Guo et al. 2017)."""

    def loss(log_factor: float) -> float:
        logs = log_softmax(np.exp(log_factor) * scores, axis=1)
        return -float(logs[np.arange(len(truth)), truth].mean())

    return float(np.exp(minimize_scalar(loss, bounds=(0, 4), method="bounded").x))
