"""Ridge regression on intent indicators, with squares and products of the dense features.

The kernel is `a ((z·z')² + 2 c x·x' + c²) / (1 + c)² + s·s'` for n-gram rows s and dense features
x, centred and of unit length, with z their main directions. It is solved over the training
questions, which gives the scores of held-out questions at little cost (Rifkin & Lippert 2007,
"Notes on Regularized Least Squares"), and is then written out as weights, so that reading a
message costs the same however many training questions there were. scikit-learn's KernelRidge
solves the same equations but gives neither the held-out scores nor the weights, and its
RidgeClassifierCV has no place for the kernel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import scipy.linalg
import scipy.sparse
from scipy.linalg import blas
from scipy.special import log_softmax, softmax

# From which share of the rows on a column counts as dense.
_OFTEN = 0.02
# How many questions are held out to calibrate the probabilities; at most a tenth of all.
_SAMPLE = 2000
# How many rows of n-grams are multiplied at a time.
_ROWS = 512


@dataclass(frozen=True)
class QuadraticRidge:
    """A fitted model for `c` classes, `d` dense features reduced to `k`, and `m` n-grams.

    Attributes:
        labels: the classes, length c.
        centre: shape (d,), the mean of the dense features.
        basis: shape (d, k), their main directions.
        products: shape (k (k + 1) / 2, c), weights of the products z_i z_j with i <= j.
        linear: shape (d, c).
        offset: shape (c,).
        ngrams: shape (m, c).
        sharpness: by which scores are multiplied before the softmax.
    """

    labels: np.ndarray
    centre: np.ndarray
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
        labels: list[str],
        sparse: scipy.sparse.csr_matrix | None = None,
        **options: Any,
    ) -> QuadraticRidge:
        """Fit to `n` questions; the arguments are those of `fit_and_hold_out`."""
        return cls.fit_and_hold_out(dense, labels, (), sparse, **options)[0]

    @classmethod
    def fit_and_hold_out(
        cls,
        dense: np.ndarray,
        labels: list[str],
        groups: Sequence[np.ndarray],
        sparse: scipy.sparse.csr_matrix | None = None,
        *,
        directions: int,
        dense_weight: float,
        linear_weight: float,
        penalty: float,
    ) -> tuple[QuadraticRidge, list[QuadraticRidge]]:
        """Fit to `n` questions and, at little cost, to all but each group of them.

        Args:
            dense: shape (n, d).
            labels: length n.
            groups: rows that are held out together.
            sparse: shape (n, m); None for a model without n-grams.
            directions: k, of how many directions products are taken.
            dense_weight: a, the weight of the dense part beside the n-grams.
            linear_weight: c, the weight of the dense features beside their products.
            penalty: the ridge penalty.

        Returns:
            The model of all questions, and for each group one that has not learnt from it.

        Raises:
            LinAlgError: The kernel is not positive definite; a higher penalty helps.
        """
        order, sample, *groups = _order(len(labels), groups)
        dense, sparse = dense[order], _or_none(sparse, len(labels))[order]
        classes, truth = np.unique(np.array(labels)[order], return_inverse=True)
        targets = (truth[:, None] == np.arange(len(classes))).astype(np.float32)
        centre = dense.mean(axis=0)
        x = _unit(dense - centre)
        basis = _main_directions(x, directions)
        z = x @ basis
        scale = dense_weight / (1 + linear_weight) ** 2
        kernel = _kernel(x, z, sparse, scale, linear_weight)
        kernel[np.diag_indices_from(kernel)] += np.float32(penalty)
        factor = scipy.linalg.cholesky(kernel, lower=True, overwrite_a=True, check_finite=False)
        alpha = scipy.linalg.cho_solve((factor, True), targets, check_finite=False)
        _, errors = _hold_out(factor, alpha, sample)
        sharpness = _sharpness(targets[sample] - errors, truth[sample])
        first, second = _triangle(z.shape[1])
        # A product z_i z_j with i < j stands in the sum twice.
        twice = np.where(first == second, scale, 2 * scale).astype(np.float32)

        def model(alpha: np.ndarray) -> QuadraticRidge:
            squares = ((z.T * a) @ z for a in np.ascontiguousarray(alpha.T))
            return cls(
                labels=classes,
                centre=centre,
                basis=basis,
                products=np.stack([twice * each[first, second] for each in squares], axis=1),
                linear=(2 * linear_weight * scale * x.T @ alpha).astype(np.float32),
                offset=(linear_weight**2 * scale * alpha.sum(axis=0)).astype(np.float32),
                ngrams=np.asarray(sparse.T @ alpha, dtype=np.float32),
                sharpness=sharpness,
            )

        return model(alpha), [model(_hold_out(factor, alpha, group)[0]) for group in groups]

    def scores(
        self, dense: np.ndarray, sparse: scipy.sparse.csr_matrix | None = None
    ) -> np.ndarray:
        """Return each class's score for `n` messages, shape (n, c); 1 is a clear yes."""
        x = _unit(dense - self.centre)
        z = x @ self.basis
        first, second = _triangle(z.shape[1])
        scores = (z[:, first] * z[:, second]) @ self.products + x @ self.linear + self.offset
        return np.asarray(scores + _or_none(sparse, len(dense)) @ self.ngrams)

    def probabilities(
        self, dense: np.ndarray, sparse: scipy.sparse.csr_matrix | None = None
    ) -> np.ndarray:
        """Return each class's probability for `n` messages, shape (n, c)."""
        return np.asarray(softmax(self.sharpness * self.scores(dense, sparse), axis=1))

    def save(self, path: Path) -> None:
        """Write the model as plain arrays: reading it back runs no code."""
        # Rasa packs models at zlib's highest level, which takes many seconds for bare numbers.
        np.savez_compressed(path, **vars(self))

    @classmethod
    def load(cls, path: Path) -> QuadraticRidge:
        """Read a model that `save` wrote."""
        with np.load(path, allow_pickle=False) as arrays:
            fields = {name: arrays[name] for name in arrays.files}
        return cls(**{**fields, "sharpness": float(fields["sharpness"])})


def _or_none(sparse: scipy.sparse.csr_matrix | None, rows: int) -> scipy.sparse.csr_matrix:
    """Return the rows of n-grams, or rows without any."""
    return scipy.sparse.csr_matrix((rows, 1), dtype=np.float32) if sparse is None else sparse


def _unit(rows: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-9), dtype=np.float32)


@cache
def _triangle(size: int) -> tuple[np.ndarray, np.ndarray]:
    return np.triu_indices(size)


def _add_products(rows: np.ndarray, weight: float, kernel: np.ndarray) -> None:
    """Add `weight * rows @ rows.T` to the lower triangle of a kernel.

    The kernel is in Fortran's order, in which the library changes it in place.
    """
    blas.ssyrk(weight, rows.T, beta=1.0, c=kernel, trans=True, lower=True, overwrite_c=True)


def _add_products_of_ngrams(rows: scipy.sparse.csr_matrix, kernel: np.ndarray) -> None:
    """Add `rows @ rows.T` to the lower triangle of a kernel.

    The few columns that most rows have are multiplied as dense ones: a sparse product costs the
    square of a column's length.
    """
    often = np.asarray((rows != 0).sum(axis=0)).ravel() > _OFTEN * rows.shape[0]
    columns = rows.tocsc()
    _add_products(columns[:, often].toarray(order="C"), 1.0, kernel)
    seldom = columns[:, ~often].tocsr()
    upper = kernel.T
    for first in range(0, rows.shape[0], _ROWS):
        block = seldom[first : first + _ROWS] @ seldom[first:].T
        upper[first : first + _ROWS, first:] += block.toarray()


def _main_directions(x: np.ndarray, count: int) -> np.ndarray:
    """Return the eigenvectors of `x.T @ x` with the largest eigenvalues, shape (d, count)."""
    _, directions = np.linalg.eigh(x.T @ x)
    return np.ascontiguousarray(directions[:, ::-1][:, :count], dtype=np.float32)


def _kernel(
    x: np.ndarray, z: np.ndarray, sparse: scipy.sparse.csr_matrix, scale: float, linear: float
) -> np.ndarray:
    """Return the lower triangle of the kernel matrix, shape (n, n), in Fortran's order."""
    # Every pass over the whole matrix takes its time, so weights go into the factors.
    kernel = np.zeros((len(x), len(x)), dtype=np.float32, order="F")
    _add_products(z, scale**0.5, kernel)
    np.square(kernel, out=kernel)
    constant = np.full((len(x), 1), (linear / 2) ** 0.5, dtype=np.float32)
    _add_products(np.hstack([x, constant]), 2 * linear * scale, kernel)
    if sparse.nnz:
        _add_products_of_ngrams(sparse, kernel)
    return kernel


def _order(rows: int, groups: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return an order of the rows, and where in it the sample for calibrating and the groups are.

    What is held out costs the less the nearer to the end it is. The others are in random order,
    so that those right before the groups are a sample of them.
    """
    grouped = np.concatenate([np.empty(0, dtype=int), *groups])
    others = np.random.default_rng(0).permutation(np.setdiff1d(np.arange(rows), grouped))
    last = len(others) or rows
    sample = np.arange(last)[-min(_SAMPLE, -(-last // 10)) :]
    ends = len(others) + np.cumsum([0, *map(len, groups)])
    places = [np.arange(a, b) for a, b in zip(ends, ends[1:], strict=False)]
    return [np.concatenate([others, grouped]), sample, *places]


def _hold_out(
    factor: np.ndarray, alpha: np.ndarray, group: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the solution of a system without a group of its rows, and their errors under it.

    With K the matrix and G the group the errors, which are targets less scores, are
    `K⁻¹[G, G]⁻¹ alpha[G]`, and the solution is `alpha - K⁻¹[:, G] errors`, zero in the group.

    Args:
        factor: the lower Cholesky factor of K, shape (n, n).
        alpha: the solution of the whole system, shape (n, c).
        group: consecutive rows.
    """
    # Nothing before the group's first row has a part in the forward substitution.
    first = int(group[0])
    units = np.eye(len(alpha) - first, len(group), dtype=np.float32)
    halves = scipy.linalg.solve_triangular(
        factor[first:, first:], units, lower=True, check_finite=False
    )
    errors = scipy.linalg.solve(halves.T @ halves, alpha[group], assume_a="pos")
    right = np.zeros_like(alpha)
    right[first:] = halves @ errors
    change = scipy.linalg.solve_triangular(factor, right, lower=True, trans="T", check_finite=False)
    return np.asarray(alpha - change), errors


def _sharpness(scores: np.ndarray, truth: np.ndarray) -> float:
    """Return the factor at which held-out questions' probabilities fit best (Guo et al. 2017)."""
    # A server fits nothing: it goes without these 11 MiB.
    from scipy.optimize import minimize_scalar

    def loss(log_factor: float) -> float:
        logs = log_softmax(np.exp(log_factor) * scores, axis=1)
        return -float(logs[np.arange(len(truth)), truth].mean())

    return float(np.exp(minimize_scalar(loss, bounds=(0, 4), method="bounded").x))
