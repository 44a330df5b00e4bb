"""Ridge regression on intent indicators, with squares and products of the dense features.

The kernel is `a ((z·z')² + 2 c x·x' + c²) / (1 + c)² + s·s'` for n-gram rows s and dense features
x, centred and of unit length, with z their main directions. It is solved over the training
questions, which gives the leave-one-out scores at little cost (Rifkin & Lippert 2007, "Notes on
Regularized Least Squares"), and is then written out as weights, so that reading a message costs
the same however many training questions there were. scikit-learn's KernelRidge solves the same
equations but gives neither the leave-one-out scores nor the weights, and its RidgeClassifierCV
has no place for the kernel.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import scipy.linalg
import scipy.sparse
from scipy.linalg import blas
from scipy.special import log_softmax, softmax
from threadpoolctl import ThreadpoolController

# From which share of the rows on a column counts as dense.
_OFTEN = 0.02
# How many questions are left out in turn to calibrate the probabilities.
_SAMPLE = 2000
# How many weights of a class are multiplied at a time: those of all classes fit a core's cache.
_BLOCK = 2048
# How many rows of n-grams are multiplied at a time.
_ROWS = 512


@dataclass(frozen=True)
class QuadraticRidge:
    """A fitted model for `c` classes, `d` dense features reduced to `k`, and `m` n-grams.

    Attributes:
        labels: the classes, length c.
        centre: shape (d,), the mean of the dense features.
        basis: shape (d, k), their main directions.
        products: shape (blocks, c, 2048), weights of the products z_i z_j with i <= j, of which
            there are k (k + 1) / 2, and zeros behind them.
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
        sparse: scipy.sparse.csr_matrix,
        labels: list[str],
        **options: Any,
    ) -> QuadraticRidge:
        """Fit to `n` questions; the options are those of `fit_and_leave_out`."""
        return cls.fit_and_leave_out(dense, sparse, labels, (), **options)[0]

    @classmethod
    def fit_and_leave_out(
        cls,
        dense: np.ndarray,
        sparse: scipy.sparse.csr_matrix,
        labels: list[str],
        groups: Sequence[np.ndarray],
        *,
        directions: int,
        dense_weight: float,
        linear_weight: float,
        penalty: float,
    ) -> tuple[QuadraticRidge, list[QuadraticRidge]]:
        """Fit to `n` questions and, at little cost, to all but each group of them.

        Args:
            dense: shape (n, d).
            sparse: shape (n, m).
            labels: length n.
            groups: rows that are left out together.
            directions: k, of how many directions products are taken.
            dense_weight: a, the weight of the dense part beside the n-grams.
            linear_weight: c, the weight of the dense features beside their products.
            penalty: the ridge penalty.

        Returns:
            The model of all questions, and for each group one that has not learnt from it.
        """
        order, groups = _last(len(labels), groups)
        dense, sparse = dense[order], sparse[order]
        classes, truth = np.unique(np.array(labels)[order], return_inverse=True)
        targets = (truth[:, None] == np.arange(len(classes))).astype(np.float32)
        centre = dense.mean(axis=0)
        x = _unit(dense - centre)
        basis = _main_directions(x, directions)
        z = x @ basis
        scale = dense_weight / (1 + linear_weight) ** 2
        factor = _factorise(_kernel(x, z, sparse, scale, linear_weight), penalty)
        alpha = _substitute(factor, _substitute(factor, targets), transposed=True)
        # One number is learnt from them, so a sample serves as well as all of them.
        end = (len(truth) - sum(map(len, groups))) or len(truth)
        chosen = np.arange(max(0, end - _SAMPLE), end)
        sharpness = _sharpness(_left_out(factor, alpha, targets, chosen), truth[chosen])
        # A product z_i z_j with i < j stands in the sum twice.
        twice = np.where(np.equal(*_triangle(z.shape[1])), scale, 2 * scale).astype(np.float32)

        def model(alpha: np.ndarray) -> QuadraticRidge:
            products = [
                _blocks(twice * _upper((z.T * a) @ z)) for a in np.ascontiguousarray(alpha.T)
            ]
            return cls(
                labels=classes,
                centre=centre,
                basis=basis,
                products=np.stack(products, axis=1),
                linear=(2 * linear_weight * scale * x.T @ alpha).astype(np.float32),
                offset=(linear_weight**2 * scale * alpha.sum(axis=0)).astype(np.float32),
                ngrams=np.asarray(sparse.T @ alpha, dtype=np.float32),
                sharpness=sharpness,
            )

        left_out = [model(_without(factor, alpha, group)) for group in groups]
        return model(alpha), left_out

    def scores(self, dense: np.ndarray, sparse: scipy.sparse.csr_matrix) -> np.ndarray:
        """Return each class's score for `n` messages, shape (n, c); 1 is a clear yes."""
        x = _unit(dense - self.centre)
        with _one_thread():
            z = x @ self.basis
            first, second = _triangle(z.shape[1])
            pairs = np.stack([_blocks(row[first] * row[second]) for row in z], axis=1)
            # Block by block the weights, of which a message reads all, come from far memory once;
            # one product of the whole copies them first.
            scores = np.matmul(pairs, self.products.transpose(0, 2, 1)).sum(axis=0)
            scores += x @ self.linear
        scores += self.offset
        scores += sparse @ self.ngrams
        return np.asarray(scores)

    def probabilities(self, dense: np.ndarray, sparse: scipy.sparse.csr_matrix) -> np.ndarray:
        """Return each class's probability for `n` messages, shape (n, c)."""
        return np.asarray(softmax(self.sharpness * self.scores(dense, sparse), axis=1))

    def save(self, path: Path) -> None:
        """Write the model as plain arrays: reading it back runs no code."""
        # Rasa packs models at zlib's highest level, which takes many seconds for bare numbers.
        np.savez_compressed(
            path,
            labels=self.labels,
            centre=self.centre,
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


def _unit(rows: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-9), dtype=np.float32)


def _one_thread() -> AbstractContextManager[object]:
    """Keep products of one message on one thread: handing parts to others takes longer."""
    return _blas().limit(limits=1, user_api="blas")


@cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController()


def _upper(square: np.ndarray) -> np.ndarray:
    """Return the upper triangle of a square matrix, row by row."""
    return square[_triangle(len(square))]


def _blocks(values: np.ndarray) -> np.ndarray:
    """Return numbers in rows of `_BLOCK`, with zeros behind them."""
    rows = -(-len(values) // _BLOCK)
    padded = np.zeros(rows * _BLOCK, dtype=np.float32)
    padded[: len(values)] = values
    return padded.reshape(rows, _BLOCK)


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

    def add(first: int) -> None:
        block = seldom[first : first + _ROWS] @ seldom[first:].T
        upper[first : first + _ROWS, first:] += block.toarray()

    # The products leave Python's lock; each thread holds a block of them.
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(0, rows.shape[0], _ROWS)))


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
    _add_products_of_ngrams(sparse, kernel)
    return kernel


def _factorise(kernel: np.ndarray, penalty: float) -> np.ndarray:
    """Return the lower Cholesky factor of a kernel with the penalty on its diagonal.

    The matrix is overwritten; its upper triangle is not read.
    """
    kernel[np.diag_indices_from(kernel)] += np.float32(penalty)
    try:
        return np.asarray(
            scipy.linalg.cho_factor(kernel, lower=True, overwrite_a=True, check_finite=False)[0]
        )
    except np.linalg.LinAlgError as error:
        raise np.linalg.LinAlgError(
            "The kernel is not positive definite; raise the penalty."
        ) from error


def _substitute(factor: np.ndarray, right: np.ndarray, *, transposed: bool = False) -> np.ndarray:
    """Solve `factor @ x = right`, or with the factor transposed."""
    return np.asarray(
        scipy.linalg.solve_triangular(
            factor, right, lower=True, trans="T" if transposed else "N", check_finite=False
        )
    )


def _last(rows: int, groups: Sequence[np.ndarray]) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return an order of the rows with the groups' at the end, and where the groups are then.

    What is left out costs the less the nearer to the end it is. The others are in random order,
    so that those before the groups are a sample of them.
    """
    grouped = np.concatenate([np.empty(0, dtype=int), *groups])
    others = np.setdiff1d(np.arange(rows), grouped)
    order = np.concatenate([np.random.default_rng(0).permutation(others), grouped])
    ends = np.cumsum([len(others), *map(len, groups)])
    return order, [np.arange(a, b) for a, b in zip(ends, ends[1:], strict=False)]


def _without(factor: np.ndarray, alpha: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Return the solution of a system without a group of its rows; those rows are zero in it.

    With K the matrix and G the group it is `alpha - K⁻¹[:, G] K⁻¹[G, G]⁻¹ alpha[G]`.
    """
    # Nothing before the group's first row has a part in the forward substitution.
    first = int(group.min())
    units = np.zeros((len(alpha) - first, len(group)), dtype=np.float32)
    units[group - first, np.arange(len(group))] = 1
    halves = _substitute(factor[first:, first:], units)
    inside = scipy.linalg.solve(halves.T @ halves, alpha[group], assume_a="pos")
    right = np.zeros_like(alpha)
    right[first:] = halves @ inside
    return np.asarray(alpha - _substitute(factor, right, transposed=True))


def _left_out(
    factor: np.ndarray, alpha: np.ndarray, targets: np.ndarray, chosen: np.ndarray
) -> np.ndarray:
    """Return what the chosen questions, a range, would score if each were left out."""
    first, count = int(chosen[0]), len(chosen)
    units = np.eye(len(alpha) - first, count, dtype=np.float32)
    halves = _substitute(factor[first:, first:], units)
    # The inverse's diagonal: the squared lengths of the columns of the factor's inverse.
    diagonal = np.einsum("ij,ij->j", halves, halves)
    return np.asarray(targets[chosen] - alpha[chosen] / diagonal[:, None])


def _sharpness(scores: np.ndarray, truth: np.ndarray) -> float:
    """Return the factor at which the leave-one-out probabilities fit best (Guo et al. 2017)."""
    # A server fits nothing: it goes without these 11 MiB.
    from scipy.optimize import minimize_scalar

    def loss(log_factor: float) -> float:
        logs = log_softmax(np.exp(log_factor) * scores, axis=1)
        return -float(logs[np.arange(len(truth)), truth].mean())

    return float(np.exp(minimize_scalar(loss, bounds=(0, 4), method="bounded").x))
