"""The classifier's arithmetic on small data."""

import numpy as np
import pytest
import scipy.sparse

from preceptor.nlu.intents import ridge
from preceptor.nlu.intents.ridge import QuadraticRidge

OPTIONS = {"directions": 6, "dense_weight": 2.0, "linear_weight": 0.4, "penalty": 0.3}


@pytest.fixture
def questions():
    random = np.random.default_rng(7)
    labels = ["a", "b", "c"] * 8
    centres = {label: random.normal(size=8) for label in "abc"}
    dense = np.stack([centres[label] + 0.6 * random.normal(size=8) for label in labels])
    dense = (dense / np.linalg.norm(dense, axis=1, keepdims=True)).astype(np.float32)
    sparse = scipy.sparse.random(24, 12, 0.2, "csr", dtype=np.float32, random_state=3)
    return dense, sparse, labels


def kernel(dense: np.ndarray, sparse, model: QuadraticRidge) -> np.ndarray:
    x = dense - dense.mean(axis=0)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    z = x @ model.basis
    c = OPTIONS["linear_weight"]
    products = (z @ z.T) ** 2 + 2 * c * x @ x.T + c**2
    return OPTIONS["dense_weight"] / (1 + c) ** 2 * products + (sparse @ sparse.T).toarray()


def test_leaving_one_out_gives_what_training_without_it_gives(questions, monkeypatch):
    dense, sparse, labels = questions
    seen = {}
    monkeypatch.setattr(
        ridge,
        "_sharpness",
        lambda left_out, truth: seen.update(scores=left_out, truth=truth) or 1.0,
    )
    model = QuadraticRidge.fit(dense, sparse, labels, **OPTIONS)
    whole = kernel(dense, sparse, model)
    targets = (np.asarray(labels)[:, None] == model.labels[None]).astype(float)
    order, _ = ridge._last(len(labels), [])
    assert list(model.labels[seen["truth"]]) == [labels[i] for i in order]
    for row, i in enumerate(order):
        rest = np.arange(len(labels)) != i
        system = whole[np.ix_(rest, rest)] + OPTIONS["penalty"] * np.eye(rest.sum())
        score = whole[i, rest] @ np.linalg.solve(system, targets[rest])
        assert np.allclose(score, seen["scores"][row], atol=1e-3)


def test_the_weights_give_what_the_kernel_gives(questions):
    dense, sparse, labels = questions
    model = QuadraticRidge.fit(dense, sparse, labels, **OPTIONS)
    whole = kernel(dense, sparse, model)
    targets = (np.asarray(labels)[:, None] == model.labels[None]).astype(float)
    alpha = np.linalg.solve(whole + OPTIONS["penalty"] * np.eye(len(labels)), targets)
    scores = model.sharpness * (whole @ alpha)
    expected = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    assert np.allclose(model.probabilities(dense, sparse), expected, atol=1e-3)


def test_of_many_questions_the_last_before_the_groups_calibrate(questions, monkeypatch):
    dense, sparse, labels = questions
    seen = {}
    monkeypatch.setattr(ridge, "_SAMPLE", 5)
    monkeypatch.setattr(
        ridge, "_sharpness", lambda left_out, truth: seen.update(scores=left_out) or 1.0
    )
    groups = [np.array([2, 9]), np.array([5])]
    model, _ = QuadraticRidge.fit_and_leave_out(dense, sparse, labels, groups, **OPTIONS)
    order, places = ridge._last(24, groups)
    assert [list(order[place]) for place in places] == [[2, 9], [5]]
    assert sorted(order) == list(range(24))
    whole = kernel(dense, sparse, model)
    targets = (np.asarray(labels)[:, None] == model.labels[None]).astype(float)
    for row, i in enumerate(order[16:21]):
        rest = np.arange(24) != i
        system = whole[np.ix_(rest, rest)] + OPTIONS["penalty"] * np.eye(rest.sum())
        score = whole[i, rest] @ np.linalg.solve(system, targets[rest])
        assert np.allclose(score, seen["scores"][row], atol=1e-3)


@pytest.mark.parametrize("group", [[20, 21, 23], [3], [0, 7, 8, 19]])
def test_leaving_a_group_out_gives_what_training_without_it_gives(questions, group):
    dense, sparse, labels = questions
    groups = [np.array(group)]
    model, (without,) = QuadraticRidge.fit_and_leave_out(dense, sparse, labels, groups, **OPTIONS)
    whole = kernel(dense, sparse, model)
    targets = (np.asarray(labels)[:, None] == model.labels[None]).astype(float)
    rest = np.setdiff1d(np.arange(24), group)
    system = whole[np.ix_(rest, rest)] + OPTIONS["penalty"] * np.eye(len(rest))
    expected = whole[:, rest] @ np.linalg.solve(system, targets[rest])
    assert np.allclose(without.scores(dense, sparse), expected, atol=1e-3)
    assert not np.allclose(model.scores(dense, sparse), expected, atol=1e-2)


def test_probabilities_add_up_and_find_the_training_labels(questions):
    dense, sparse, labels = questions
    found = QuadraticRidge.fit(dense, sparse, labels, **OPTIONS).probabilities(dense, sparse)
    assert np.allclose(found.sum(axis=1), 1)
    assert (np.asarray(list("abc"))[found.argmax(axis=1)] == labels).mean() > 0.9


def test_a_saved_model_reads_the_same(questions, tmp_path):
    dense, sparse, labels = questions
    model = QuadraticRidge.fit(dense, sparse, labels, **OPTIONS)
    model.save(tmp_path / "model.npz")
    again = QuadraticRidge.load(tmp_path / "model.npz")
    assert list(again.labels) == list(model.labels)
    assert np.array_equal(again.probabilities(dense, sparse), model.probabilities(dense, sparse))


def test_a_saved_model_that_holds_code_is_refused(tmp_path):
    np.savez(tmp_path / "bad.npz", labels=np.array([object()], dtype=object))
    with pytest.raises(ValueError, match="pickle"):
        QuadraticRidge.load(tmp_path / "bad.npz")


@pytest.mark.parametrize("rows", [5, 24, 100])
def test_frequent_and_rare_ngrams_are_multiplied_alike(questions, monkeypatch, rows):
    _, sparse, _ = questions
    sparse = scipy.sparse.hstack([sparse, np.eye(24, 2)], format="csr", dtype=np.float32)
    monkeypatch.setattr(ridge, "_ROWS", rows)
    monkeypatch.setattr(ridge, "_OFTEN", 0.2)
    kernel = np.ones((24, 24), dtype=np.float32, order="F")
    ridge._add_products_of_ngrams(sparse, kernel)
    exact = 1 + (sparse @ sparse.T).toarray()
    assert np.allclose(np.tril(kernel), np.tril(exact), atol=1e-6)
